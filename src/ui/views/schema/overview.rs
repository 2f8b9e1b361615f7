//! What a CRD says beside the fields: versions, names, subresources, printer columns.

use egui::{Align, Color32, Role, ScrollArea, Sense, Ui, WidgetInfo, vec2};

use crate::{
    schema::{Overview, Schema},
    timeline::KindHistory,
    ui::{
        ViewContext, format,
        theme::{self, Palette},
        widgets::{label, paint_elided},
    },
};

const NAMES: f32 = 130.0;

/// Shows it over everything that is available.
pub(super) fn show(ui: &mut Ui, cx: &ViewContext<'_>, kind: &KindHistory, schema: &Schema) {
    let overview = schema.overview();
    let palette = cx.palette;
    ScrollArea::vertical()
        .id_salt("definition")
        .auto_shrink(false)
        .show(ui, |ui| {
            ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
            facts(ui, cx, kind, overview);
            versions(ui, palette, overview);
            columns(ui, palette, schema);
            ui.add_space(theme::MARGIN);
        });
}

fn facts(ui: &mut Ui, cx: &ViewContext<'_>, kind: &KindHistory, overview: &Overview) {
    heading(ui, cx.palette, "Definition");
    let names = &overview.names;
    let list = |names: &[String]| names.join(", ");
    let conversion = match overview.conversion.as_str() {
        "None" => "None: only apiVersion changes from one version to another".to_owned(),
        other => other.to_owned(),
    };
    let seen: Vec<_> = kind
        .definitions
        .iter()
        .map(|known| format::clock(known.at.wall, cx.zone))
        .collect();
    for (name, text) in [
        ("Kind", names.kind.clone()),
        ("Resource", format!("{}.{}", names.plural, overview.group)),
        ("Singular", names.singular.clone()),
        ("Short names", list(&names.short_names)),
        ("Categories", list(&names.categories)),
        ("Scope", overview.scope.clone()),
        ("Conversion", conversion),
        ("Seen", seen.join(" → ")),
    ] {
        if text.is_empty() {
            continue;
        }
        let (rect, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), 22.0), Sense::hover());
        let inner = rect.shrink2(vec2(theme::MARGIN, 0.0));
        let (left, right) = (
            inner.with_max_x(inner.left() + NAMES),
            inner.with_min_x(inner.left() + NAMES),
        );
        let painter = ui.painter();
        paint_elided(
            painter,
            left,
            Align::LEFT,
            name,
            theme::body(),
            cx.palette.muted,
        );
        let cut = paint_elided(
            painter,
            right,
            Align::LEFT,
            &text,
            theme::body(),
            cx.palette.text,
        );
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, format!("{name} {text}")));
        if cut {
            response.on_hover_text(&text);
        }
    }
}

fn versions(ui: &mut Ui, palette: &Palette, overview: &Overview) {
    heading(ui, palette, "Versions");
    head(ui, palette, &VERSIONS);
    for (at, version) in overview.versions.iter().enumerate() {
        let mut subresources = Vec::new();
        if version.has_status {
            subresources.push("status");
        }
        if version.scale.is_some() {
            subresources.push("scale");
        }
        let note = match &version.deprecated {
            Some(warning) if warning.is_empty() => "deprecated".to_owned(),
            Some(warning) => format!("deprecated: {warning}"),
            None => String::new(),
        };
        let fields = version.selectable_fields.join(", ");
        let cells = [
            (version.name.clone(), palette.text),
            (yes(version.served), palette.text),
            (yes(version.storage), palette.text),
            (subresources.join(", "), palette.text),
            (fields, palette.muted),
            (note, palette.warn),
        ];
        row(ui, palette, at, &VERSIONS, &cells);
    }
}

fn columns(ui: &mut Ui, palette: &Palette, schema: &Schema) {
    let facts = schema.overview().version(schema.version());
    let Some(facts) = facts.filter(|facts| !facts.columns.is_empty()) else {
        return;
    };
    heading(ui, palette, &format!("Printer columns of {}", facts.name));
    head(ui, palette, &COLUMNS);
    for (at, column) in facts.columns.iter().enumerate() {
        let wide = if column.priority > 0 { "wide" } else { "" };
        let cells = [
            (column.name.clone(), palette.text),
            (column.type_.clone(), palette.muted),
            (column.json_path.clone(), palette.text),
            (wide.to_owned(), palette.muted),
            (column.description.clone(), palette.muted),
        ];
        row(ui, palette, at, &COLUMNS, &cells);
    }
}

fn yes(is: bool) -> String {
    if is { "yes" } else { "no" }.to_owned()
}

/// Headings, and the share of the width that each column takes.
const VERSIONS: [(&str, f32); 6] = [
    ("Version", 0.14),
    ("Served", 0.09),
    ("Storage", 0.09),
    ("Subresources", 0.15),
    ("Selectable fields", 0.2),
    ("Note", 0.33),
];
const COLUMNS: [(&str, f32); 5] = [
    ("Column", 0.17),
    ("Type", 0.1),
    ("JSONPath", 0.33),
    ("Shown", 0.08),
    ("Description", 0.32),
];

fn heading(ui: &mut Ui, palette: &Palette, text: &str) {
    ui.add_space(theme::MARGIN);
    ui.horizontal(|ui| {
        ui.add_space(theme::MARGIN);
        label(ui, text, theme::body_strong(), palette.text);
    });
    ui.add_space(6.0);
}

fn cells(rect: egui::Rect, columns: &[(&str, f32)]) -> Vec<egui::Rect> {
    let inner = rect.shrink2(vec2(theme::MARGIN, 0.0));
    let mut left = inner.left();
    columns
        .iter()
        .map(|(_, share)| {
            let width = inner.width() * share;
            let cell = inner.with_min_x(left).with_max_x(left + width - 12.0);
            left += width;
            cell
        })
        .collect()
}

fn head(ui: &mut Ui, palette: &Palette, columns: &[(&str, f32)]) {
    let size = vec2(ui.available_width(), theme::TABLE_HEAD);
    let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
    let painter = ui.painter();
    painter.rect_filled(rect, 0.0, palette.panel);
    let line = egui::Stroke::new(1.0, palette.border);
    painter.hline(rect.x_range(), rect.bottom() - 0.5, line);
    for ((text, _), cell) in columns.iter().zip(cells(rect, columns)) {
        paint_elided(
            painter,
            cell,
            Align::LEFT,
            text,
            theme::heading(),
            palette.muted,
        );
    }
}

fn row(
    ui: &mut Ui,
    palette: &Palette,
    at: usize,
    columns: &[(&str, f32)],
    texts: &[(String, Color32)],
) {
    let size = vec2(ui.available_width(), theme::ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    let painter = ui.painter();
    if at.is_multiple_of(2) {
        painter.rect_filled(rect, 0.0, palette.zebra);
    }
    let mut cut = Vec::new();
    for ((text, color), cell) in texts.iter().zip(cells(rect, columns)) {
        if paint_elided(painter, cell, Align::LEFT, text, theme::body(), *color) {
            cut.push(text.as_str());
        }
    }
    let spoken: Vec<_> = texts.iter().map(|(text, _)| text.as_str()).collect();
    response.widget_info(|| WidgetInfo::labeled(Role::Row, true, spoken.join(" ").trim()));
    if !cut.is_empty() {
        response.on_hover_text(cut.join("\n"));
    }
}
