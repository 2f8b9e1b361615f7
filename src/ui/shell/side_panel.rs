//! The kinds at the left, by API group, with their counts and what wants attention.

use std::collections::BTreeMap;

use egui::{
    Align, Align2, Color32, CornerRadius, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, vec2,
};

use super::top_bar::retry_in;
use crate::{
    insight::Severity,
    model::{ConnectionState, Moment, WatchStatus},
    timeline::{KindHistory, KindId},
    ui::{
        Command, ViewContext, format,
        tally::{Counts, Tally},
        theme, views,
        widgets::{paint_badge, paint_badge_right, paint_elided, paint_text},
    },
};

const HEADING: f32 = 29.0;

/// A kind as the panel lists it.
struct Entry<'a> {
    id: KindId,
    kind: &'a KindHistory,
    counts: Counts,
    /// What stands in place of the count.
    note: Option<String>,
}

pub(super) fn show(ui: &mut Ui, tally: &Tally, front: &'static str, cx: &mut ViewContext<'_>) {
    let mut groups: BTreeMap<&str, Vec<Entry<'_>>> = BTreeMap::new();
    let mut unwatched = Vec::new();
    let timeline = cx.timeline;
    if timeline.kinds().next().is_none() {
        // An empty panel would shrink, and stay so.
        ui.advance_cursor_after_rect(ui.available_rect_before_wrap());
        return;
    }
    // A recording is not watched any more, and all of it is as good as it was.
    let recorded = timeline.connection == ConnectionState::Recorded;
    for (id, kind) in timeline.kinds() {
        if !kind.served && kind.live_count() == 0 && cx.selection.kind != Some(id) {
            continue;
        }
        let counts = tally.of(id, cx.selection.namespace.as_ref());
        let note = if recorded { None } else { note(kind, cx.now) };
        let entry = Entry {
            id,
            kind,
            counts,
            note,
        };
        if !recorded && is_unwatched(kind) {
            unwatched.push(entry);
        } else {
            groups.entry(&kind.kind.group).or_default().push(entry);
        }
    }
    let by_name = |a: &Entry<'_>, b: &Entry<'_>| a.kind.kind.kind.cmp(&b.kind.kind.kind);
    unwatched.sort_by(by_name);
    ScrollArea::vertical().auto_shrink(false).show(ui, |ui| {
        ui.spacing_mut().item_spacing.y = 0.0;
        ui.add_space(9.0);
        let shows_insights = front == views::INSIGHTS && cx.selection.kind.is_none();
        everything(ui, &groups, shows_insights, cx);
        insights(ui, shows_insights, cx);
        for (group, entries) in &mut groups {
            entries.sort_by(by_name);
            heading(ui, if group.is_empty() { "core" } else { group }, cx);
            for entry in entries {
                row(ui, entry, true, cx);
            }
        }
        if !unwatched.is_empty() {
            heading(ui, "NOT WATCHED", cx);
            for entry in &unwatched {
                row(ui, entry, false, cx);
            }
        }
        ui.add_space(9.0);
    });
}

/// Whether the panel lists a kind apart: nothing of it is known to be current.
fn is_unwatched(kind: &KindHistory) -> bool {
    match kind.status {
        WatchStatus::Forbidden { .. } | WatchStatus::Stopped => true,
        WatchStatus::BackingOff { .. } => kind.live_count() == 0,
        _ => false,
    }
}

fn note(kind: &KindHistory, now: Moment) -> Option<String> {
    match &kind.status {
        WatchStatus::Forbidden { .. } => Some("no permission".into()),
        WatchStatus::BackingOff { until, .. } => Some(retry_in(*until, now)),
        WatchStatus::Stopped if !kind.served => Some("not served".into()),
        WatchStatus::Stopped => Some("stopped".into()),
        WatchStatus::Polling => Some(format!("polled · {}", format::count(kind.live_count()))),
        WatchStatus::Connecting if kind.live_count() == 0 => Some("waiting".into()),
        WatchStatus::Listing { .. } => {
            Some(format!("listing {}", format::count(kind.live_count())))
        }
        _ => None,
    }
}

/// Why a kind is not watched, for the tooltip.
fn why(kind: &KindHistory) -> Option<String> {
    match &kind.status {
        WatchStatus::Forbidden { error } => Some(format!(
            "{error}\nTo watch it, allow list and watch on {} to your user.",
            kind.kind.qualified_plural()
        )),
        WatchStatus::BackingOff { error, .. } => Some(error.to_string()),
        WatchStatus::Polling => Some(
            "watch is not allowed, list is: it is listed again and again, and what happens between two lists is not seen."
                .into(),
        ),
        _ => None,
    }
}

fn everything(
    ui: &mut Ui,
    groups: &BTreeMap<&str, Vec<Entry<'_>>>,
    shows_insights: bool,
    cx: &mut ViewContext<'_>,
) {
    let total: usize = groups
        .values()
        .flatten()
        .map(|entry| entry.counts.live)
        .sum();
    let chosen = cx.selection.kind.is_none() && !shows_insights;
    let count = format::count(total);
    let (rect, clicked) = row_ground(
        ui,
        chosen,
        &format!("Everything, {}", format::counted(total, "object")),
        None,
        cx,
    );
    let painter = ui.painter();
    let (text, muted) = (cx.palette.text, cx.palette.muted);
    paint_text(
        painter,
        rect,
        Align2::LEFT_CENTER,
        "Everything",
        theme::body_strong(),
        text,
    );
    paint_text(
        painter,
        rect,
        Align2::RIGHT_CENTER,
        &count,
        theme::small(),
        muted,
    );
    if clicked {
        if shows_insights {
            cx.send(Command::ShowView(views::RESOURCES));
        }
        cx.send(Command::SelectKind(None));
    }
}

/// What is wrong, over all kinds: how much of it, in the colour of the worst.
fn insights(ui: &mut Ui, chosen: bool, cx: &mut ViewContext<'_>) {
    let namespace = cx.selection.namespace.as_ref();
    let mut count = 0;
    let mut worst = Severity::Notice;
    for insight in cx.insights.unsorted() {
        if views::is_in_namespace(cx.timeline, insight, namespace)
            && insight.severity != Severity::Notice
        {
            count += 1;
            worst = worst.min(insight.severity);
        }
    }
    let label = format!("Insights, {}", format::counted(count, "problem"));
    let (rect, clicked) = row_ground(ui, chosen, &label, None, cx);
    let painter = ui.painter();
    let (text, muted) = (cx.palette.text, cx.palette.muted);
    let (left, right) = (Align2::LEFT_CENTER, Align2::RIGHT_CENTER);
    paint_text(painter, rect, left, "Insights", theme::body(), text);
    let figure = format::count(count);
    if count == 0 {
        paint_text(painter, rect, right, &figure, theme::small(), muted);
    } else {
        let color = match worst {
            Severity::Critical => cx.palette.error,
            Severity::Warning | Severity::Notice => cx.palette.warn,
        };
        paint_badge_right(painter, cx.palette, rect.right_center(), &figure, color);
    }
    if clicked {
        cx.send(Command::SelectKind(None));
        cx.send(Command::ShowView(views::INSIGHTS));
    }
}

fn heading(ui: &mut Ui, text: &str, cx: &ViewContext<'_>) {
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), HEADING), Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, text));
    let place = Rect::from_min_max(
        rect.min + vec2(16.0, 9.0),
        rect.max - vec2(theme::MARGIN, 3.0),
    );
    let (font, color) = (theme::caption_strong(), cx.palette.faint);
    if paint_elided(ui.painter(), place, Align::Min, text, font, color) {
        response.on_hover_text(text);
    }
}

fn row(ui: &mut Ui, entry: &Entry<'_>, watched: bool, cx: &mut ViewContext<'_>) {
    let chosen = cx.selection.kind == Some(entry.id);
    let kind = &entry.kind.kind;
    let (rect, clicked) = row_ground(ui, chosen, &spoken(entry), why(entry.kind).as_deref(), cx);
    let palette = cx.palette;
    let painter = ui
        .painter()
        .with_clip_rect(rect.expand(2.0).intersect(ui.clip_rect()));
    let right_text = entry
        .note
        .clone()
        .unwrap_or_else(|| format::count(entry.counts.live));
    let quiet = entry.counts.live == 0 || !watched;
    let right_color = if quiet && entry.note.is_none() {
        palette.faint
    } else {
        palette.muted
    };
    let right = paint_text(
        &painter,
        rect,
        Align2::RIGHT_CENTER,
        &right_text,
        theme::small(),
        right_color,
    );
    let badges = [
        (entry.counts.failed, palette.error),
        (entry.counts.busy, palette.warn),
    ];
    let texts: Vec<(String, Color32)> = badges
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, color)| (format::count(count), color))
        .collect();
    #[expect(clippy::cast_precision_loss, reason = "at most two badges")]
    let reserved = texts.len() as f32 * 24.0;
    let name_color = if quiet { palette.muted } else { palette.text };
    let font = theme::body();
    let natural = painter
        .layout_no_wrap(kind.kind.clone(), font.clone(), name_color)
        .size()
        .x;
    let room = (right.left() - rect.left() - reserved - 10.0).max(20.0);
    let name = rect.with_max_x(rect.left() + natural.min(room) + 1.0);
    paint_elided(&painter, name, Align::Min, &kind.kind, font, name_color);
    let mut at = name.right_center() + vec2(7.0, 0.0);
    for (text, color) in &texts {
        at.x = paint_badge(&painter, palette, at, text, *color).right() + 5.0;
    }
    if clicked {
        cx.send(Command::SelectKind(Some(entry.id)));
    }
}

/// What a row says to those who cannot see it.
fn spoken(entry: &Entry<'_>) -> String {
    let mut text = entry.kind.kind.kind.clone();
    match &entry.note {
        Some(note) => text.push_str(&format!(", {note}")),
        None => {
            let objects = format::counted(entry.counts.live, "object");
            text.push_str(&format!(", {objects}"));
        }
    }
    if entry.counts.failed > 0 {
        text.push_str(&format!(", {} failed", entry.counts.failed));
    }
    if entry.counts.busy > 0 {
        text.push_str(&format!(", {} in progress", entry.counts.busy));
    }
    text
}

/// A row's ground; returns where its words go and whether it was clicked.
fn row_ground(
    ui: &mut Ui,
    chosen: bool,
    label: &str,
    tooltip: Option<&str>,
    cx: &ViewContext<'_>,
) -> (Rect, bool) {
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), theme::ROW), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::ListItem, true, chosen, label));
    let ground = rect.shrink2(vec2(8.0, 0.0));
    let color = if chosen {
        Some(cx.palette.selection)
    } else if response.hovered() || response.has_focus() {
        Some(cx.palette.hover)
    } else {
        None
    };
    if let Some(color) = color {
        ui.painter()
            .rect_filled(ground, CornerRadius::same(theme::RADIUS - 1), color);
    }
    let clicked = response.clicked();
    if let Some(tooltip) = tooltip {
        response.on_hover_text(tooltip);
    }
    (rect.shrink2(vec2(16.0, 0.0)), clicked)
}
