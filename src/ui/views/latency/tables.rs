//! The tables below the plot: quantiles per kind, and reconciles that are still awaited.

use std::time::Duration;

use egui::{Align, Align2, Color32, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2};

use super::{
    figures::running_text,
    model::{KindLatency, LatencyModel, OpenReconcile, Slowness, trigger_words},
};
use crate::{
    model::Moment,
    timeline::{Censored, LatencyMethod, LatencySummary},
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

const fn words_of(heading: &'static str, points: f32) -> Column {
    Column {
        heading,
        width: Width::Points(points),
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

const OPEN: [Column; 5] = [
    words("Object", 0.58),
    words("Kind", 0.42),
    words_of("After", 96.0),
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
pub(super) fn quantiles(ui: &mut Ui, cx: &mut ViewContext<'_>, model: &LatencyModel) {
    let palette = cx.palette;
    let narrow = ui.available_width() < NARROW;
    let columns = if narrow {
        &NARROW_QUANTILES
    } else {
        &QUANTILES
    };
    head(ui, palette, columns);
    for (index, kind) in model.kinds.iter().enumerate() {
        let (rect, response) = row(ui, palette, index, false);
        let cells = cells(columns, rect);
        let supported = kind.measured_by().is_ok();
        let texts = summary_texts(
            &kind.name,
            &kind.summary,
            supported || kind.summary.count > 0,
        );
        paint_summary(ui, palette, columns, &cells, &texts);
        let open = open_cell(ui, palette, cells[6], kind.summary.open, supported);
        let (words, color) = match kind.measured_by() {
            Ok(words) => (words, palette.muted),
            Err(words) => (words, palette.faint),
        };
        let shown = if narrow {
            short_method(kind.summary.method)
        } else {
            words
        };
        paint_elided(
            ui.painter(),
            cells[7],
            Align::LEFT,
            shown,
            theme::body(),
            color,
        );
        response.widget_info(|| {
            let figures = texts.join(" ");
            WidgetInfo::labeled(Role::Row, true, format!("{figures} {open} {words}"))
        });
        if response.clicked() {
            cx.send(Command::SelectKind(Some(kind.kind)));
        }
        response.on_hover_text(format!(
            "{}, {} reconciles\nMeasured by: {words}\n{}",
            texts[0],
            texts[1],
            kind.measure.explanation()
        ));
        if kind.has_estimate() {
            estimate(ui, palette, columns, kind, index);
        }
    }
}

/// Count and quantiles of one row.
fn summary_texts(name: &str, summary: &LatencySummary, supported: bool) -> [String; 6] {
    let count = if supported {
        format::count(summary.count)
    } else {
        "–".to_owned()
    };
    let ready = |i: usize| figure(summary.ready.map(|quantiles| quantiles[i]));
    [
        name.to_owned(),
        count,
        figure(summary.observed.map(|quantiles| quantiles[0])),
        ready(0),
        ready(1),
        ready(2),
    ]
}

fn paint_summary(
    ui: &Ui,
    palette: &Palette,
    columns: &[Column; 8],
    cells: &[Rect; 8],
    texts: &[String; 6],
) {
    for (i, text) in texts.iter().enumerate() {
        let color = if i == 0 { palette.text } else { palette.muted };
        let align = columns[i].align;
        paint_elided(ui.painter(), cells[i], align, text, theme::body(), color);
    }
}

/// What the Kaplan–Meier line is about.
const ESTIMATE: &str = "Kaplan–Meier quantiles (Kaplan and Meier, J. Am. Stat. Assoc. 53, 1958): \
    what is still open, was superseded, deleted or lost from sight counts as “longer than it was \
    watched”, where the plain quantiles leave it out. “>” means longer than anything seen to end.";

/// The line below a kind for which the plain quantiles are not the whole story.
fn estimate(
    ui: &mut Ui,
    palette: &Palette,
    columns: &[Column; 8],
    kind: &KindLatency,
    index: usize,
) {
    let (rect, response) = row(ui, palette, index, false);
    let cells = cells(columns, rect);
    let summary = &kind.summary;
    let longest = summary.ready.or(summary.observed).map(|[.., p99]| p99);
    let estimated = |estimate: Option<Censored>, i: usize| match estimate {
        None => String::new(),
        Some(estimate) => match (estimate.quantiles[i], longest) {
            (Some(quantile), _) => format::latency(quantile),
            (None, Some(longest)) => format!("> {}", format::latency(longest)),
            (None, None) => "–".to_owned(),
        },
    };
    let censored = summary.ready_estimate.or(summary.observed_estimate);
    let censored = censored.map_or(0, |estimate| estimate.censored);
    let texts = [
        "Kaplan–Meier".to_owned(),
        if censored > 0 {
            format!("+{}", format::count(censored))
        } else {
            String::new()
        },
        estimated(summary.observed_estimate, 0),
        estimated(summary.ready_estimate, 0),
        estimated(summary.ready_estimate, 1),
        estimated(summary.ready_estimate, 2),
    ];
    let name = cells[0].with_min_x(cells[0].left() + INDENT);
    for (i, text) in texts.iter().enumerate() {
        let cell = if i == 0 { name } else { cells[i] };
        let align = columns[i].align;
        paint_elided(
            ui.painter(),
            cell,
            align,
            text,
            theme::small(),
            palette.faint,
        );
    }
    let counts = kind.counts().join(" · ");
    let wide = cells[6].union(cells[7]).with_min_x(cells[6].left() + 16.0);
    let place = if counts.is_empty() { cells[7] } else { wide };
    paint_elided(
        ui.painter(),
        place,
        Align::LEFT,
        &counts,
        theme::small(),
        palette.faint,
    );
    response.widget_info(|| {
        let figures = texts.join(" ");
        WidgetInfo::labeled(Role::Row, true, format!("{} {figures} {counts}", kind.name))
    });
    let more = if counts.is_empty() {
        String::new()
    } else {
        format!("\n{counts}")
    };
    response.on_hover_text(format!(
        "{ESTIMATE}\n{} censored beside {} that ended.{more}",
        format::count(censored),
        format::count(summary.count)
    ));
}

const OBJECTS: [Column; 7] = [
    words("Object", 1.0),
    figures("Reconciles", 86.0),
    figures("observed p50", 104.0),
    figures("ready p50", 80.0),
    figures("ready p95", 80.0),
    figures("ready p99", 80.0),
    figures("Open", 58.0),
];

/// The same with less room.
const NARROW_OBJECTS: [Column; 7] = [
    words("Object", 1.0),
    figures("Count", 68.0),
    figures("obs. p50", 68.0),
    figures("p50", 66.0),
    figures("p95", 66.0),
    figures("p99", 66.0),
    figures("Open", 52.0),
];

/// Most rows of objects; the slowest come first.
const MOST_OBJECTS: usize = 100;

/// The objects of the kind that is selected. A click selects one.
pub(super) fn objects(ui: &mut Ui, cx: &mut ViewContext<'_>, model: &LatencyModel) {
    if model.objects.is_empty() {
        return;
    }
    let palette = cx.palette;
    title(ui, palette, "By object, slowest first");
    let columns = if ui.available_width() < NARROW {
        &NARROW_OBJECTS
    } else {
        &OBJECTS
    };
    head(ui, palette, columns);
    for (index, item) in model.objects.iter().take(MOST_OBJECTS).enumerate() {
        let selected = cx.selection.object == Some(item.object);
        let (rect, response) = row(ui, palette, index, selected);
        let cells = cells(columns, rect);
        let texts = summary_texts(&item.name, &item.summary, true);
        let mut cut = false;
        for (i, text) in texts.iter().enumerate() {
            let color = if i == 0 { palette.text } else { palette.muted };
            let align = columns[i].align;
            cut |= paint_elided(ui.painter(), cells[i], align, text, theme::body(), color);
        }
        let open = open_cell(ui, palette, cells[6], item.summary.open, true);
        response.widget_info(|| {
            let text = format!("{} {open}", texts.join(" "));
            WidgetInfo::selected(Role::Row, true, selected, text)
        });
        if response.clicked() {
            cx.send(Command::SelectObject(item.object));
        }
        if cut {
            response.on_hover_text(&item.name);
        }
    }
    if let Some(more) = model
        .objects
        .len()
        .checked_sub(MOST_OBJECTS)
        .filter(|n| *n > 0)
    {
        title(ui, palette, &format!("and {} more", format::count(more)));
    }
}

/// Where the progress of a kind is told, in one word.
fn short_method(method: Option<LatencyMethod>) -> &'static str {
    match method {
        Some(LatencyMethod::StatusObservedGeneration) => "status",
        Some(LatencyMethod::ConditionObservedGeneration) => "condition",
        Some(LatencyMethod::ReadyCondition) => "Ready",
        Some(LatencyMethod::OtherSign(_)) => "other",
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
        let [name, kind, after, since, usual] = cells(&OPEN, rect);
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
        paint_elided(
            painter,
            after,
            Align::LEFT,
            trigger_words(item.trigger),
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
