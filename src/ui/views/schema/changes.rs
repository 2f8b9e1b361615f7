//! What differs between two schemas of a kind: a list, or the YAML of both.

use std::{collections::HashSet, sync::Arc};

use egui::{Align, Layout, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2, vec2};

use super::BAR;
use crate::{
    schema::{Impact, SchemaChange},
    timeline::KindHistory,
    ui::{
        Command, ViewContext,
        background::Progress,
        format,
        schemas::{Comparison, SchemaKey},
        theme::{self, Palette},
        views::{
            diff::{
                code_view::{self, CodeClick},
                line_row,
                model::RowRef,
            },
            object::quiet_line,
        },
        widgets::{
            EmptyIcon, EmptyState, dropdown, fit_menu, ghost_button, ghost_toggle, label,
            menu_item, paint_elided, paint_tag, segmented,
        },
    },
};

/// One schema that can be compared: the place of its definition among those that were seen, and a
/// version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Side {
    pub(super) definition: usize,
    pub(super) version: String,
}

/// The comparison and what it remembers.
#[derive(Debug, Default)]
pub(super) struct ChangesPane {
    /// What was chosen; `None` follows the newest.
    a: Option<Side>,
    b: Option<Side>,
    hidden: HashSet<Impact>,
    is_text: bool,
    unfolded: HashSet<usize>,
    /// The rows of the text, and of which comparison they are.
    rows: Option<(Arc<Comparison>, Vec<RowRef>)>,
}

/// The two schemas that are compared unless others are chosen: the newest definition and the one
/// before; where there is only one, its versions. `versions` are those of the newest.
pub(super) fn sides(
    definitions: usize,
    version: &str,
    versions: &[String],
) -> Option<(Side, Side)> {
    let newest = definitions.checked_sub(1)?;
    let side = |definition, version: &str| Side {
        definition,
        version: version.to_owned(),
    };
    let b = side(newest, version);
    if let Some(before) = newest.checked_sub(1) {
        return Some((side(before, version), b));
    }
    let other = versions.iter().find(|other| *other != version)?;
    Some((side(newest, other), b))
}

impl ChangesPane {
    /// Forgets what was chosen, for another kind.
    pub(super) fn forget(&mut self) {
        (self.a, self.b, self.rows) = (None, None, None);
        self.unfolded.clear();
    }

    /// Shows it over everything that is available. Returns a field that was clicked.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        cx: &mut ViewContext<'_>,
        kind: &KindHistory,
        versions: &[String],
    ) -> Option<String> {
        let natural = sides(kind.definitions.len(), &kind.kind.version, versions);
        let Some(natural) = natural else {
            nothing_to_compare(ui, cx, kind);
            return None;
        };
        let a = self.a.clone().unwrap_or(natural.0);
        let b = self.b.clone().unwrap_or(natural.1);
        let key = |side: &Side| {
            let known = kind.definitions.get(side.definition)?;
            Some(SchemaKey::new(&known.definition, &side.version))
        };
        let (older, newer) = (key(&a)?, key(&b)?);
        let progress = cx.schemas.compare(ui.ctx(), &older, &newer);
        let comparison = match &progress {
            Progress::Done(comparison) => Some(&**comparison),
            _ => None,
        };
        self.bar(ui, cx, kind, versions, (&a, &b), comparison);
        match &progress {
            Progress::Working => quiet_line(ui, cx.palette, "Comparing …"),
            Progress::Failed(why) => quiet_line(ui, cx.palette, why),
            Progress::Done(comparison)
                if comparison.changes.is_empty() && !comparison.text.differs() =>
            {
                quiet_line(ui, cx.palette, "The two schemas are equal.");
            }
            Progress::Done(comparison) if self.is_text => self.text(ui, cx.palette, comparison),
            Progress::Done(comparison) => return self.list(ui, cx.palette, comparison),
        }
        None
    }

    fn bar(
        &mut self,
        ui: &mut Ui,
        cx: &mut ViewContext<'_>,
        kind: &KindHistory,
        versions: &[String],
        (a, b): (&Side, &Side),
        comparison: Option<&Comparison>,
    ) {
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), BAR), Sense::hover());
        let line = egui::Stroke::new(1.0, cx.palette.border);
        ui.painter()
            .hline(rect.x_range(), rect.bottom() - 0.5, line);
        let inner = rect.shrink2(vec2(theme::MARGIN, 0.0));
        let layout = Layout::left_to_right(Align::Center);
        let left = egui::UiBuilder::new().max_rect(inner).layout(layout);
        ui.scope_builder(left, |ui| {
            ui.spacing_mut().item_spacing.x = 7.0;
            label(ui, "A", theme::body_strong(), cx.palette.text);
            if let Some(side) = side_menu(ui, cx, kind, versions, "A", a) {
                self.a = Some(side);
                self.rows = None;
            }
            label(ui, "→", theme::body_strong(), cx.palette.text);
            label(ui, "B", theme::body_strong(), cx.palette.text);
            if let Some(side) = side_menu(ui, cx, kind, versions, "B", b) {
                self.b = Some(side);
                self.rows = None;
            }
        });
        let layout = Layout::right_to_left(Align::Center);
        let right = egui::UiBuilder::new().max_rect(inner).layout(layout);
        ui.scope_builder(right, |ui| {
            ui.spacing_mut().item_spacing.x = 7.0;
            // Laid out from the right.
            if let Some(clicked) = segmented(
                ui,
                cx.palette,
                &["YAML", "List"],
                usize::from(!self.is_text),
            ) {
                self.is_text = clicked == 0;
            }
            let Some(comparison) = comparison else { return };
            if ghost_button(ui, cx.palette, "Copy")
                .on_hover_text("Copy the differences as text")
                .clicked()
            {
                cx.send(Command::Copy(as_text(&comparison.changes)));
            }
            if self.is_text {
                return;
            }
            for impact in Impact::ALL.into_iter().rev() {
                let count = comparison
                    .changes
                    .iter()
                    .filter(|change| change.impact == impact)
                    .count();
                let is_on = count > 0 && !self.hidden.contains(&impact);
                let text = format!("{count} {}", short_name(impact));
                let toggle = ghost_toggle(ui, cx.palette, &text, is_on);
                if toggle.on_hover_text(meaning(impact)).clicked() && !self.hidden.remove(&impact) {
                    self.hidden.insert(impact);
                }
            }
        });
    }

    fn text(&mut self, ui: &mut Ui, palette: &Palette, comparison: &Arc<Comparison>) {
        let known = self.rows.as_ref();
        if known.is_none_or(|(of, _)| !Arc::ptr_eq(of, comparison)) {
            self.unfolded.clear();
            let rows = comparison.text.rows(&self.unfolded);
            self.rows = Some((Arc::clone(comparison), rows));
        }
        let Some((_, rows)) = &mut self.rows else {
            return;
        };
        let model = &comparison.text;
        let clicked = code_view::show(ui, palette, "schema diff", rows.len(), false, |place| {
            Some(line_row(model, *rows.get(place)?))
        });
        if let Some(CodeClick::Fold(place)) = clicked
            && let Some(RowRef::Fold { first, .. }) = rows.get(place)
        {
            self.unfolded.insert(*first);
            *rows = model.rows(&self.unfolded);
        }
    }

    fn list(&self, ui: &mut Ui, palette: &Palette, comparison: &Comparison) -> Option<String> {
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        let shown: Vec<_> = comparison
            .changes
            .iter()
            .filter(|change| !self.hidden.contains(&change.impact))
            .collect();
        if shown.is_empty() {
            quiet_line(ui, palette, "The buttons above hide all differences.");
            return None;
        }
        let mut clicked = None;
        ScrollArea::vertical()
            .id_salt("changes")
            .auto_shrink(false)
            .show_rows(ui, theme::ROW, shown.len(), |ui, range| {
                for at in range {
                    if row(ui, palette, at, shown[at]) {
                        clicked = Some(shown[at].path.clone());
                    }
                }
            });
        clicked.filter(|path| !path.is_empty())
    }
}

fn row(ui: &mut Ui, palette: &Palette, at: usize, change: &SchemaChange) -> bool {
    let size = vec2(ui.available_width(), theme::ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let ground = match (response.hovered(), at.is_multiple_of(2)) {
        (true, _) => palette.hover,
        (false, true) => palette.zebra,
        (false, false) => palette.canvas,
    };
    let painter = ui.painter();
    painter.rect_filled(rect, 0.0, ground);
    let at = pos2(rect.left() + theme::MARGIN, rect.center().y);
    let (word, color) = (short_name(change.impact), color(change.impact, palette));
    match change.impact {
        Impact::Documentation => super::marks::paint_outlined(painter, at, word, color),
        _ => paint_tag(painter, palette, at, word, color),
    };
    let left = rect.left() + theme::MARGIN + 84.0;
    let paths = (rect.width() * 0.4).clamp(130.0, 420.0);
    let place = Rect::from_min_max(
        pos2(left, rect.top()),
        pos2(left + paths - 12.0, rect.bottom()),
    );
    let path = if change.path.is_empty() {
        "the kind"
    } else {
        &change.path
    };
    // The end of a path tells more than its beginning.
    let is_cut = paint_path(ui, place, path, palette.text);
    let rest = rect
        .with_min_x(left + paths)
        .with_max_x(rect.right() - 12.0);
    let is_cut = paint_elided(
        painter,
        rest,
        Align::LEFT,
        &change.what,
        theme::body(),
        palette.muted,
    ) || is_cut;
    let spoken = format!("{} {path} {}", change.impact.name(), change.what);
    response.widget_info(|| WidgetInfo::labeled(Role::Row, true, &spoken));
    let clicked = response.clicked();
    let has_more = is_cut || change.old.is_some() || change.new.is_some();
    if has_more {
        response.on_hover_ui_at_pointer(|ui| details(ui, palette, path, change));
    }
    clicked
}

fn details(ui: &mut Ui, palette: &Palette, path: &str, change: &SchemaChange) {
    ui.set_max_width(520.0);
    ui.spacing_mut().item_spacing.y = 5.0;
    ui.label(
        egui::RichText::new(path)
            .font(theme::mono())
            .color(palette.text),
    );
    ui.label(
        egui::RichText::new(&change.what)
            .font(theme::body())
            .color(palette.text),
    );
    for (text, color) in [
        (&change.old, palette.removed_text),
        (&change.new, palette.added_text),
    ] {
        if let Some(text) = text {
            let short: String = text.chars().take(800).collect();
            ui.label(egui::RichText::new(short).font(theme::small()).color(color));
        }
    }
}

/// Returns whether it was cut, at its beginning.
fn paint_path(ui: &Ui, place: Rect, path: &str, color: egui::Color32) -> bool {
    let painter = ui.painter();
    let width = |text: &str| {
        let galley = painter.layout_no_wrap(text.to_owned(), theme::mono(), color);
        galley.size().x
    };
    let mut text = path.to_owned();
    let mut rest = path;
    while width(&text) > place.width() {
        let Some((_, after)) = rest.split_once('.') else {
            break;
        };
        rest = after;
        text = format!("….{rest}");
    }
    paint_elided(painter, place, Align::LEFT, &text, theme::mono(), color);
    text.len() != path.len()
}

fn side_menu(
    ui: &mut Ui,
    cx: &ViewContext<'_>,
    kind: &KindHistory,
    versions: &[String],
    name: &str,
    chosen: &Side,
) -> Option<Side> {
    let text = |side: &Side| {
        let at = kind
            .definitions
            .get(side.definition)
            .map(|known| known.at.wall);
        let clock = at.map_or_else(String::new, |wall| format::clock(wall, cx.zone));
        format!("{} · {clock}", side.version)
    };
    let sides: Vec<Side> = (0..kind.definitions.len())
        .rev()
        .flat_map(|definition| {
            versions.iter().map(move |version| Side {
                definition,
                version: version.clone(),
            })
        })
        .collect();
    let texts: Vec<_> = sides.iter().map(text).collect();
    dropdown(
        ui,
        cx.palette,
        &format!("Schema {name}"),
        &text(chosen),
        |ui| {
            fit_menu(ui, texts.iter().map(String::as_str));
            let mut picked = None;
            for (side, text) in sides.iter().zip(&texts) {
                if menu_item(ui, cx.palette, text, side == chosen).clicked() {
                    picked = Some(side.clone());
                }
            }
            picked
        },
    )
    .flatten()
}

fn nothing_to_compare(ui: &mut Ui, cx: &ViewContext<'_>, kind: &KindHistory) {
    let since = kind
        .definitions
        .first()
        .map_or_else(String::new, |first| format::clock(first.at.wall, cx.zone));
    let explanation = format!(
        "The CRD has one version, and it has not changed since it was first seen at {since}."
    );
    let empty = EmptyState {
        icon: EmptyIcon::Nothing,
        title: "Nothing to compare",
        explanation: &explanation,
        hint: "A changed schema shows up here as soon as the CRD is updated.",
        action: None,
    };
    empty.show(ui, cx.palette);
}

fn short_name(impact: Impact) -> &'static str {
    match impact {
        Impact::Breaking => "breaking",
        Impact::Compatible => "compatible",
        Impact::Documentation => "docs",
    }
}

fn meaning(impact: Impact) -> &'static str {
    match impact {
        Impact::Breaking => {
            "What was right before may be refused, lost, or mean something else; or it cannot be told"
        }
        Impact::Compatible => "What was right before still is",
        Impact::Documentation => "Only words changed",
    }
}

fn color(impact: Impact, palette: &Palette) -> egui::Color32 {
    match impact {
        Impact::Breaking => palette.error,
        Impact::Compatible => palette.ok,
        Impact::Documentation => palette.muted,
    }
}

fn as_text(changes: &[SchemaChange]) -> String {
    let line = |change: &SchemaChange| {
        let path = if change.path.is_empty() {
            ""
        } else {
            &change.path
        };
        format!("{}\t{path}\t{}\n", change.impact.name(), change.what)
    };
    changes.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_newest_is_compared_with_what_was_before_or_else_with_another_version() {
        let versions = ["v1".to_owned(), "v1beta1".to_owned()];
        let names = |definitions, versions: &[String]| {
            sides(definitions, "v1", versions)
                .map(|(a, b)| (a.definition, a.version, b.definition, b.version))
        };
        let v1 = || "v1".to_owned();
        assert_eq!(names(3, &versions), Some((1, v1(), 2, v1())));
        assert_eq!(
            names(1, &versions),
            Some((0, "v1beta1".to_owned(), 0, v1()))
        );
        assert_eq!(names(1, &versions[..1]), None);
        assert_eq!(names(0, &versions), None);
    }
}
