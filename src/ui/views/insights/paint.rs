//! One insight: what, about what, since when, why; opened, what it rests on.

use egui::{
    Align, Align2, Color32, Painter, Pos2, Rect, Role, Sense, Shape, Stroke, Ui, WidgetInfo, pos2,
    vec2,
};

use super::{Asked, color};
use crate::{
    insight::{Evidence, Insight, Severity},
    timeline::{ChangeId, ObjectId, Timeline},
    ui::{
        ViewContext, format,
        theme::{self, Palette},
        widgets::{paint_elided, paint_tag, paint_text},
    },
};

const ROW: f32 = 68.0;
const LINE: f32 = 22.0;
const SECTION: f32 = 34.0;
/// Where the words begin, behind the severity's icon and word.
const INDENT: f32 = 84.0;
/// Width of the figures at the right, and of the activity.
const FIGURES: f32 = 150.0;
const ACTIVITY: usize = 48;
/// What the activity covers.
const MINUTES: i64 = 30;

/// A line between two parts of the list.
pub(super) fn section(ui: &mut Ui, cx: &ViewContext<'_>, text: &str) {
    let size = vec2(ui.available_width(), SECTION);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    response.widget_info(|| WidgetInfo::labeled(Role::Heading, true, text));
    let place = Rect::from_min_max(rect.min + vec2(theme::MARGIN, 12.0), rect.max);
    paint_text(
        ui.painter(),
        place,
        Align2::LEFT_CENTER,
        text,
        theme::caption_strong(),
        cx.palette.faint,
    );
}

/// Shows an insight and returns what was clicked.
pub(super) fn row(
    ui: &mut Ui,
    cx: &ViewContext<'_>,
    insight: &Insight,
    opened: bool,
    now: i64,
) -> Option<Asked> {
    let size = vec2(ui.available_width(), ROW);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let subject = insight.subject(cx.timeline);
    let age = format::spoken_duration(insight.age(now));
    let state = if insight.is_active() {
        "for"
    } else {
        "ended, held for"
    };
    response.widget_info(|| {
        let text = format!(
            "{}, {}: {}, {subject}, {state} {age}. {}",
            insight.severity.label(),
            insight.rule.label(),
            insight.title,
            insight.explanation,
        );
        WidgetInfo::selected(Role::ListItem, true, opened, text)
    });
    if ui.is_rect_visible(rect) {
        let ground = match (opened, response.hovered() || response.has_focus()) {
            (true, _) => Some(cx.palette.selection),
            (false, true) => Some(cx.palette.hover),
            (false, false) => None,
        };
        if let Some(ground) = ground {
            ui.painter().rect_filled(rect, 0.0, ground);
        }
        let line = Stroke::new(1.0, cx.palette.grid);
        ui.painter()
            .hline(rect.x_range(), rect.bottom() - 0.5, line);
        if words(ui, cx, insight, rect, &subject, &age) {
            response.clone().on_hover_text(&insight.explanation);
        }
    }
    let mut asked = response.clicked().then_some(Asked::Row);
    if opened {
        for evidence in &insight.evidence {
            if let Some(id) = evidence_line(ui, cx, evidence) {
                asked = Some(Asked::Change(id));
            }
        }
    }
    asked
}

/// Paints the words of a row; returns whether some did not fit.
fn words(
    ui: &Ui,
    cx: &ViewContext<'_>,
    insight: &Insight,
    rect: Rect,
    subject: &str,
    age: &str,
) -> bool {
    let palette = cx.palette;
    let painter = ui.painter();
    let tone = if insight.is_active() {
        color(palette, insight.severity)
    } else {
        palette.faint
    };
    let at = |top: f32, left: f32, right: f32| {
        Rect::from_min_max(
            pos2(rect.left() + left, rect.top() + top),
            pos2(rect.right() - right, rect.top() + top + 18.0),
        )
    };
    let icon = pos2(rect.left() + theme::MARGIN + 8.0, rect.top() + 18.0);
    paint_severity(painter, icon, insight.severity, tone);
    let word = if insight.is_active() {
        insight.severity.label()
    } else {
        "ended"
    };
    paint_text(
        painter,
        at(9.0, theme::MARGIN + 21.0, 0.0),
        Align2::LEFT_CENTER,
        word,
        theme::caption(),
        tone,
    );

    // Title, rule.
    let right = FIGURES + 2.0 * theme::MARGIN;
    let line = at(8.0, INDENT, right);
    let title_color = if insight.is_active() {
        palette.text
    } else {
        palette.muted
    };
    let natural = painter
        .layout_no_wrap(insight.title.clone(), theme::body_strong(), title_color)
        .size()
        .x;
    let rule = insight.rule.label();
    let room = (line.width() - 8.0 - 6.5 * rule.len() as f32 - 14.0).max(60.0);
    let title = line.with_max_x(line.left() + natural.min(room) + 1.0);
    let mut cut = paint_elided(
        painter,
        title,
        Align::Min,
        &insight.title,
        theme::body_strong(),
        title_color,
    );
    paint_tag(
        painter,
        palette,
        title.right_center() + vec2(8.0, 0.0),
        rule,
        tone,
    );

    // Subject, explanation.
    cut |= paint_elided(
        painter,
        at(26.0, INDENT, right),
        Align::Min,
        subject,
        theme::small(),
        palette.muted,
    );
    let explanation_color = if insight.is_active() {
        palette.text
    } else {
        palette.faint
    };
    cut |= paint_elided(
        painter,
        at(44.0, INDENT, theme::MARGIN),
        Align::Min,
        &insight.explanation,
        theme::small(),
        explanation_color,
    );

    // Since when, how long, and what happened.
    let figures = at(8.0, rect.width() - FIGURES - theme::MARGIN, theme::MARGIN);
    let since = match insight.until {
        Some(until) => format!("until {}", format::clock(until, cx.zone)),
        None => format!("since {}", format::clock(insight.since, cx.zone)),
    };
    let anchor = Align2::RIGHT_CENTER;
    paint_text(painter, figures, anchor, age, theme::body(), title_color);
    let left = Align2::LEFT_CENTER;
    paint_text(
        painter,
        figures,
        left,
        &since,
        theme::small(),
        palette.muted,
    );
    if let Some(object) = insight.object {
        let place = at(28.0, rect.width() - FIGURES - theme::MARGIN, theme::MARGIN);
        let end = insight
            .until
            .unwrap_or(cx.now.wall.min(newest(cx.timeline)));
        activity(painter, palette, place, cx.timeline, object, end);
    }
    cut
}

/// The moment up to which activity is drawn in a recording.
fn newest(timeline: &Timeline) -> i64 {
    timeline.extent().map_or(i64::MAX, |(_, last)| last.wall)
}

/// How often the object changed in the half hour before the end.
fn activity(
    painter: &Painter,
    palette: &Palette,
    place: Rect,
    timeline: &Timeline,
    object: ObjectId,
    end: i64,
) {
    let Some(history) = timeline.object(object) else {
        return;
    };
    let span = MINUTES * 60_000_000;
    let bars = i64::try_from(ACTIVITY).unwrap_or(1);
    let before = |wall: i64| {
        let changes = &history.changes;
        changes.partition_point(|id| timeline.change(*id).is_some_and(|c| c.at.wall <= wall))
    };
    let mut counts = [0_usize; ACTIVITY];
    let mut from = before(end - span);
    for (count, i) in counts.iter_mut().zip(1..) {
        let to = before(end - span + span * i / bars);
        *count = to - from;
        from = to;
    }
    let most = counts.iter().copied().max().unwrap_or(0).max(1);
    let width = place.width() / ACTIVITY as f32;
    for (i, count) in counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        #[expect(clippy::cast_precision_loss, reason = "heights of bars")]
        let height = (place.height() - 4.0) * (*count as f32 / most as f32).max(0.2);
        let left = place.left() + i as f32 * width;
        let bar = Rect::from_min_max(
            pos2(left, place.bottom() - height),
            pos2(left + (width - 1.0).max(1.0), place.bottom()),
        );
        painter.rect_filled(bar, 0.0, palette.tick);
    }
}

/// A line of what an opened insight rests on; returns the change that was clicked.
fn evidence_line(ui: &mut Ui, cx: &ViewContext<'_>, evidence: &Evidence) -> Option<ChangeId> {
    let (time, text, change) = match evidence {
        Evidence::Change { id, note } => {
            let wall = cx.timeline.change(*id)?.at.wall;
            let time = format::clock(wall, cx.zone) + &format::clock_millis(wall);
            (time, note.clone(), Some(*id))
        }
        Evidence::Figure { label, value } => (String::new(), format!("{label}: {value}"), None),
    };
    let sense = if change.is_some() {
        Sense::click()
    } else {
        Sense::hover()
    };
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), LINE), sense);
    response.widget_info(|| {
        let role = if change.is_some() {
            Role::Button
        } else {
            Role::Label
        };
        WidgetInfo::labeled(role, true, format!("{time} {text}").trim())
    });
    let palette = cx.palette;
    let chosen = change.is_some() && change == cx.selection.revision_b;
    if chosen || change.is_some() && (response.hovered() || response.has_focus()) {
        let ground = if chosen {
            palette.selection
        } else {
            palette.hover
        };
        ui.painter().rect_filled(rect, 0.0, ground);
    }
    let line = rect.with_min_x(rect.left() + INDENT);
    let left = Align2::LEFT_CENTER;
    paint_text(
        ui.painter(),
        line,
        left,
        &time,
        theme::mono(),
        palette.muted,
    );
    let indent = if time.is_empty() { 0.0 } else { 104.0 };
    let words = line
        .with_min_x(line.left() + indent)
        .with_max_x(line.right() - theme::MARGIN);
    let cut = paint_elided(
        ui.painter(),
        words,
        Align::Min,
        &text,
        theme::small(),
        palette.text,
    );
    let clicked = response.clicked();
    if cut {
        response.on_hover_text(text);
    }
    change.filter(|_| clicked)
}

/// A shape for each severity, so that its colour is not all that tells it.
fn paint_severity(painter: &Painter, center: Pos2, severity: Severity, color: Color32) {
    let line = Stroke::new(1.5, color);
    match severity {
        Severity::Critical => {
            painter.circle_filled(center, 7.0, color);
            let hole = painter.ctx().theme();
            let mark = if hole == egui::Theme::Dark {
                Palette::dark().canvas
            } else {
                Palette::light().panel
            };
            exclamation(painter, center, mark);
        }
        Severity::Warning => {
            let corners = [vec2(0.0, -7.0), vec2(7.0, 5.5), vec2(-7.0, 5.5)];
            let points = corners.map(|corner| center + corner).to_vec();
            painter.add(Shape::closed_line(points, line));
            exclamation(painter, center + vec2(0.0, 1.0), color);
        }
        Severity::Notice => {
            painter.circle_stroke(center, 6.5, line);
            painter.circle_filled(center + vec2(0.0, -3.0), 1.0, color);
            painter.vline(center.x, center.y - 0.5..=center.y + 3.5, line);
        }
    }
}

fn exclamation(painter: &Painter, center: Pos2, color: Color32) {
    painter.vline(
        center.x,
        center.y - 3.5..=center.y + 0.8,
        Stroke::new(1.6, color),
    );
    painter.circle_filled(center + vec2(0.0, 3.2), 1.0, color);
}
