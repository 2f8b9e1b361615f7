//! How the rows of the history list look.

use egui::{
    Align, Align2, Color32, Painter, Rect, Response, Role, Sense, Ui, WidgetInfo, pos2, vec2,
};

use super::revision_row::{Badge, RevisionRow};
use crate::{
    model::{GapCause, Moment},
    timeline::{ObjectId, Timeline},
    ui::{
        ViewContext, format,
        theme::{self, Palette},
        widgets::{paint_elided, paint_tag, paint_text},
    },
};

/// Where the parts of a row begin, from the left edge.
const MARK_CENTER: f32 = 115.0;
const BADGE: f32 = 134.0;
/// Most of a row that the managers take, and what they keep when the summary is long.
const MANAGERS: f32 = 190.0;
const MANAGERS_LEAST: f32 = 96.0;

fn badge_color(palette: &Palette, badge: Badge) -> Color32 {
    match badge {
        Badge::Spec => palette.accent,
        Badge::Status | Badge::Found => palette.muted,
        Badge::Heartbeat => palette.faint,
        Badge::Meta => palette.violet,
        Badge::Create => palette.ok,
        Badge::Delete => palette.error,
    }
}

pub(super) fn paint_revision(
    painter: &Painter,
    cx: &ViewContext<'_>,
    rect: Rect,
    row: &RevisionRow,
    mark: Option<&str>,
    hovered: bool,
) {
    let palette = cx.palette;
    if mark.is_some() {
        painter.rect_filled(rect, 0.0, palette.selection);
    } else if hovered {
        painter.rect_filled(rect, 0.0, palette.hover);
    }
    let inner = rect.shrink2(vec2(theme::MARGIN, 0.0));
    let clock_color = if mark.is_some() {
        palette.muted
    } else {
        palette.tick
    };
    let clock = paint_text(
        painter,
        inner,
        Align2::LEFT_CENTER,
        &row.clock,
        theme::mono(),
        clock_color,
    );
    let rest = inner.with_min_x(clock.right());
    paint_text(
        painter,
        rest,
        Align2::LEFT_CENTER,
        &row.millis,
        theme::mono(),
        palette.faint,
    );
    if let Some(mark) = mark {
        let at = Rect::from_center_size(
            pos2(rect.left() + MARK_CENTER, rect.center().y),
            egui::Vec2::ZERO,
        );
        paint_text(
            painter,
            at,
            Align2::CENTER_CENTER,
            mark,
            theme::body(),
            palette.accent,
        );
    }
    let at = pos2(rect.left() + BADGE, rect.center().y);
    let mut end = paint_tag(
        painter,
        palette,
        at,
        row.badge.label(),
        badge_color(palette, row.badge),
    )
    .right();
    if let Some((note, _)) = row.note.filter(|_| row.badge != Badge::Found) {
        end = paint_tag(painter, palette, pos2(end + 4.0, at.y), note, palette.warn).right();
    }
    let free = inner.with_min_x(end + 7.0);
    let natural = |text: &str| {
        painter
            .layout_no_wrap(text.to_owned(), theme::body(), palette.text)
            .size()
            .x
            .ceil()
            + 1.0
    };
    let gap = 14.0;
    let room = (free.width() - natural(&row.summary) - gap).clamp(MANAGERS_LEAST, MANAGERS);
    let managers = natural(&row.managers).min(room);
    let split = free.right() - managers;
    let summary = free.with_max_x(split - gap);
    paint_elided(
        painter,
        summary,
        Align::LEFT,
        &row.summary,
        theme::body(),
        palette.text,
    );
    let right = free.with_min_x(split);
    paint_elided(
        painter,
        right,
        Align::RIGHT,
        &row.managers,
        theme::body(),
        palette.faint,
    );
}

pub(super) fn paint_separator(painter: &Painter, palette: &Palette, rect: Rect, text: &str) {
    let inner = rect.shrink2(vec2(theme::MARGIN, 0.0));
    let words = paint_text(
        painter,
        inner,
        Align2::CENTER_CENTER,
        text,
        theme::caption(),
        palette.faint,
    );
    let y = rect.center().y.round() + 0.5;
    let line = egui::Stroke::new(1.0, palette.border);
    painter.hline(inner.left()..=words.left() - 8.0, y, line);
    painter.hline(words.right() + 8.0..=inner.right(), y, line);
}

pub(super) fn gap_text(from: Moment, to: Moment, cause: &GapCause, cx: &ViewContext<'_>) -> String {
    let (from, to) = (
        format::clock(from.wall, cx.zone),
        format::clock(to.wall, cx.zone),
    );
    match cause {
        GapCause::Polled => format!("only polled {from} to {to}"),
        cause => format!("not watched {from} to {to} ({cause})"),
    }
}

pub(super) fn incarnation_text(
    timeline: &Timeline,
    of: Option<(Moment, ObjectId)>,
    incarnation: u16,
) -> String {
    let newer = usize::from(incarnation);
    let uid = |index: usize| {
        let object = timeline.object(of?.1)?;
        Some(object.incarnations.get(index)?.uid.to_string())
    };
    let unknown = || "unknown".to_owned();
    format!(
        "Deleted and created again: above it is uid {}, below it was {}.",
        uid(newer).unwrap_or_else(unknown),
        newer.checked_sub(1).and_then(uid).unwrap_or_else(unknown),
    )
}

pub(super) fn link(ui: &mut Ui, palette: &Palette, text: &str) -> Response {
    let galley = ui
        .painter()
        .layout_no_wrap(text.to_owned(), theme::caption(), palette.accent);
    let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::click());
    response.widget_info(|| WidgetInfo::labeled(Role::Link, true, text));
    let color = if response.hovered() {
        palette.text
    } else {
        palette.accent
    };
    ui.painter()
        .galley_with_override_text_color(rect.min, galley, color);
    response.on_hover_cursor(egui::CursorIcon::PointingHand)
}
