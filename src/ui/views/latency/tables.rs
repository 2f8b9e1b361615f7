//! The tables below the plot: quantiles per kind, and reconciles that are still awaited.

use std::time::Duration;

use egui::{Align, Align2, Color32, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{
    figures::running_text,
    model::{KindLatency, OpenReconcile, Slowness},
};
use crate::{
    model::Moment,
    timeline::LatencyMethod,
    ui::{
        Command, ViewContext, format,
        theme::{self, Palette},
        widgets::{paint_badge, paint_elided, paint_text},
    },
};

const INDENT: f32 = 10.0;

/// A column: heading, width, and where its text stands.
struct Column {
    heading: &'static str,
    width: Width,
    align: Align,
}

/// How wide a column is.
#[derive(Clone, Copy)]
enum Width {
    /// In points.
    Points(f32),
    /// A share of what the others leave.
    Share(f32),
}

const fn figures(heading: &'static str, points: f32) -> Column {
    Column {
        heading,
        width: Width::Points(points),
        align: Align::RIGHT,
    }
}

const fn words(heading: &'static str, share: f32) -> Column {
    Column {
        heading,
        width: Width::Share(share),
        align: Align::LEFT,
    }
}

const QUANTILES: [Column; 8] = [
    words("Kind", 0.35),
    figures("Reconciles", 86.0),
    figures("observed p50", 104.0),
    figures("ready p50", 80.0),
    figures("ready p95", 80.0),
    figures("ready p99", 80.0),
    figures("Open", 58.0),
    words("Measured by", 0.65),
];

/// The same with less room.
const NARROW_QUANTILES: [Column; 8] = [
    words("Kind", 0.6),
    figures("Count", 68.0),
    figures("obs. p50", 68.0),
    figures("p50", 66.0),
    figures("p95", 66.0),
    figures("p99", 66.0),
    figures("Open", 52.0),
    words("By", 0.4),
];

/// Below this width the table is the narrow one.
const NARROW: f32 = 740.0;

const OPEN: [Column; 4] = [
    words("Object", 0.66),
    words("Kind", 0.34),
    figures("Since", 118.0),
    figures("Usual p95", 110.0),
];

/// Most rows of what is open; the longest waiting come first.
const MOST_OPEN: usize = 200;

fn cells<const N: usize>(columns: &[Column; N], row: Rect) -> [Rect; N] {
    let inner = row.shrink2(vec2(INDENT, 0.0));
    let fixed: f32 = columns
        .iter()
        .map(|column| match column.width {
            Width::Points(points) => points,
            Width::Share(_) => 0.0,
        })
        .sum();
    let left_over = (inner.width() - fixed).max(0.0);
    let mut left = inner.left();
    std::array::from_fn(|i| {
        let width = match columns[i].width {
            Width::Points(points) => points,
            Width::Share(share) => left_over * share,
        };
        let cell = Rect::from_min_max(pos2(left, row.top()), pos2(left + width, row.bottom()));
        left += width;
        cell.with_max_x(cell.right() - 16.0)
    })
}

fn head<const N: usize>(ui: &mut Ui, palette: &Palette, columns: &[Column; N]) {
    let size = vec2(ui.available_width(), theme::TABLE_HEAD);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter().rect_filled(rect, 0.0, palette.panel);
    let line = egui::Stroke::new(1.0, palette.border);
    ui.painter()
        .hline(rect.x_range(), rect.bottom() - 0.5, line);
    for (column, cell) in columns.iter().zip(cells(columns, rect)) {
        let anchor = Align2([column.align, Align::Center]);
        paint_text(
            ui.painter(),
            cell,
            anchor,
            column.heading,
            theme::heading(),
            palette.muted,
        );
    }
    response.widget_info(|| {
        let headings: Vec<_> = columns.iter().map(|column| column.heading).collect();
        WidgetInfo::labeled(Role::Label, true, headings.join(", "))
    });
}

fn row(ui: &mut Ui, palette: &Palette, index: usize, selected: bool) -> (Rect, Response) {
    let size = vec2(ui.available_width(), theme::ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let ground = match (selected, response.hovered()) {
        (true, _) => palette.selection,
        (false, true) => palette.hover,
        (false, false) if index.is_multiple_of(2) => palette.zebra,
        (false, false) => Color32::TRANSPARENT,
    };
    ui.painter().rect_filled(rect, 0.0, ground);
    (rect, response)
}

fn title(ui: &mut Ui, palette: &Palette, text: &str) {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 40.0), Sense::hover());
    let at = rect.shrink2(vec2(theme::MARGIN, 0.0));
    paint_text(
        ui.painter(),
        at,
        Align2::LEFT_CENTER,
        text,
        theme::body_strong(),
        palette.text,
    );
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
}

/// A figure, or a dash where there is none.
fn figure(duration: Option<Duration>) -> String {
    duration.map_or_else(|| "–".to_owned(), format::latency)
}

/// The quantile table. A click selects the kind.
pub(super) fn quantiles(ui: &mut Ui, cx: &mut ViewContext<'_>, kinds: &[KindLatency]) {
    let palette = cx.palette;
    let narrow = ui.available_width() < NARROW;
    let columns = if narrow {
        &NARROW_QUANTILES
    } else {
        &QUANTILES
    };
    head(ui, palette, columns);
    for (index, kind) in kinds.iter().enumerate() {
        let (rect, response) = row(ui, palette, index, false);
        let cells = cells(columns, rect);
        let summary = &kind.summary;
        let supported = kind.measured_by().is_ok();
        let count = if supported {
            format::count(summary.count)
        } else {
            "–".to_owned()
        };
        let ready = |i: usize| figure(summary.ready.map(|quantiles| quantiles[i]));
        let texts = [
            kind.name.clone(),
            count,
            figure(summary.observed.map(|quantiles| quantiles[0])),
            ready(0),
            ready(1),
            ready(2),
        ];
        let painter = ui.painter();
        let mut cut = narrow;
        for (i, text) in texts.iter().enumerate() {
            let color = if i == 0 { palette.text } else { palette.muted };
            let align = columns[i].align;
            cut |= paint_elided(painter, cells[i], align, text, theme::body(), color);
        }
        let open = open_cell(ui, palette, cells[6], summary.open, supported);
        let (words, color) = match kind.measured_by() {
            Ok(words) => (words, palette.muted),
            Err(words) => (words, palette.faint),
        };
        let shown = if narrow {
            short_method(summary.method)
        } else {
            words
        };
        cut |= paint_elided(painter, cells[7], Align::LEFT, shown, theme::body(), color);
        response.widget_info(|| {
            let figures = texts.join(" ");
            WidgetInfo::labeled(Role::Row, true, format!("{figures} {open} {words}"))
        });
        if response.clicked() {
            cx.send(Command::SelectKind(Some(kind.kind)));
        }
        if cut {
            response.on_hover_text(format!(
                "{}, {} reconciles\nMeasured by: {words}",
                texts[0], texts[1]
            ));
        }
    }
}

/// Where the progress of a kind is told, in one word.
fn short_method(method: Option<LatencyMethod>) -> &'static str {
    match method {
        Some(LatencyMethod::StatusObservedGeneration) => "status",
        Some(LatencyMethod::ConditionObservedGeneration) => "condition",
        Some(LatencyMethod::ReadyCondition) => "Ready",
        None => "–",
    }
}

fn open_cell(ui: &Ui, palette: &Palette, cell: Rect, open: usize, supported: bool) -> String {
    let text = if supported {
        format::count(open)
    } else {
        "–".to_owned()
    };
    if supported && open > 0 {
        let font = theme::caption_strong();
        let wide = ui
            .painter()
            .layout_no_wrap(text.clone(), font, palette.warn)
            .size()
            .x
            + 12.0;
        let at = pos2(cell.right() - wide.max(18.0), cell.center().y);
        paint_badge(ui.painter(), palette, at, &text, palette.warn);
    } else {
        paint_text(
            ui.painter(),
            cell,
            Align2::RIGHT_CENTER,
            &text,
            theme::body(),
            palette.muted,
        );
    }
    text
}

/// What is still awaited. A click selects the object.
pub(super) fn open_now(ui: &mut Ui, cx: &mut ViewContext<'_>, open: &[OpenReconcile], now: Moment) {
    let palette = cx.palette;
    title(ui, palette, "Open now");
    if open.is_empty() {
        let (rect, response) =
            ui.allocate_exact_size(vec2(ui.available_width(), theme::ROW), Sense::hover());
        let text = "Every controller has caught up.";
        let at = rect.shrink2(vec2(theme::MARGIN, 0.0));
        paint_text(
            ui.painter(),
            at,
            Align2::LEFT_CENTER,
            text,
            theme::body(),
            palette.muted,
        );
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
        return;
    }
    head(ui, palette, &OPEN);
    for (index, item) in open.iter().take(MOST_OPEN).enumerate() {
        let selected = cx.selection.object == Some(item.object);
        let (rect, response) = row(ui, palette, index, selected);
        let [name, kind, since, usual] = cells(&OPEN, rect);
        let kind_name = cx
            .timeline
            .object(item.object)
            .and_then(|object| cx.timeline.kind(object.kind))
            .map_or("", |kind| &kind.kind.kind);
        let painter = ui.painter();
        let cut = paint_elided(
            painter,
            name,
            Align::LEFT,
            &item.name,
            theme::body(),
            palette.text,
        );
        paint_elided(
            painter,
            kind,
            Align::LEFT,
            kind_name,
            theme::body(),
            palette.muted,
        );
        let color = match item.slowness(now) {
            Slowness::Usual => palette.text,
            Slowness::Slow => palette.warn,
            Slowness::Stuck => palette.error,
        };
        let mut age = running_text(item.age(now));
        if !item.exact {
            age.insert_str(0, "over ");
        }
        paint_elided(painter, since, Align::RIGHT, &age, theme::body(), color);
        let p95 = figure(item.usual.map(|[_, p95, _]| p95));
        paint_elided(
            painter,
            usual,
            Align::RIGHT,
            &p95,
            theme::body(),
            palette.muted,
        );
        response.widget_info(|| {
            let text = format!("{} {kind_name} open for {age}, usual p95 {p95}", item.name);
            WidgetInfo::selected(Role::Row, true, selected, text)
        });
        if response.clicked() {
            cx.send(Command::SelectObject(item.object));
        }
        if cut {
            response.on_hover_text(&item.name);
        }
    }
    if open.len() > MOST_OPEN {
        title(
            ui,
            palette,
            &format!("and {} more", format::count(open.len() - MOST_OPEN)),
        );
    }
}
