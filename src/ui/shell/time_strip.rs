//! The strip at the bottom: how much changed when, and when nobody watched.

use egui::{Align2, Pos2, Rect, Role, Sense, Stroke, Ui, WidgetInfo, pos2, vec2};

use crate::{
    model::{Gap, GapCause},
    timeline::{KindId, Timeline},
    ui::{
        ViewContext, format, theme,
        widgets::{Dot, gap_label, paint_gap, paint_text},
    },
};

const SECOND: i64 = 1_000_000;

/// What the strip covers: seconds in all, seconds of a bar, seconds between two labels.
const SPANS: [Span; 4] = [
    Span {
        seconds: 600,
        bar: 2,
        tick: 120,
    },
    Span {
        seconds: 1_200,
        bar: 4,
        tick: 300,
    },
    Span {
        seconds: 1_800,
        bar: 5,
        tick: 300,
    },
    Span {
        seconds: 3_600,
        bar: 10,
        tick: 600,
    },
];

#[derive(Debug, Clone, Copy, PartialEq)]
struct Span {
    seconds: i64,
    bar: i64,
    tick: i64,
}

/// Changes of one bar.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Bar {
    spec: u32,
    other: u32,
}

impl Bar {
    fn total(self) -> u32 {
        self.spec + self.other
    }
}

/// Maps times to places.
#[derive(Debug, Clone, Copy)]
struct Axis {
    plot: Rect,
    /// Microseconds at the left and at the right edge.
    from: i64,
    to: i64,
}

impl Axis {
    fn x(&self, wall: i64) -> f32 {
        #[expect(clippy::cast_precision_loss, reason = "a place on the screen")]
        let share = (wall - self.from) as f64 / (self.to - self.from) as f64;
        #[expect(clippy::cast_possible_truncation, reason = "a place on the screen")]
        let share = share.clamp(0.0, 1.0) as f32;
        self.plot.left() + share * self.plot.width()
    }

    fn wall(&self, x: f32) -> i64 {
        let share = f64::from((x - self.plot.left()) / self.plot.width()).clamp(0.0, 1.0);
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            reason = "a time under the pointer"
        )]
        let offset = (share * (self.to - self.from) as f64) as i64;
        self.from + offset
    }
}

pub(super) fn show(ui: &mut Ui, cx: &mut ViewContext<'_>) {
    let area = ui.available_rect_before_wrap();
    let (rect, response) = ui.allocate_exact_size(area.size(), Sense::hover());
    let span = span(cx.timeline, cx.now.wall);
    let plot = Rect::from_min_max(
        pos2(rect.left() + 63.0, rect.top() + 7.0),
        pos2(rect.right() - 32.0, rect.top() + 58.0),
    );
    let axis = Axis {
        plot,
        from: cx.now.wall - span.seconds * SECOND,
        to: cx.now.wall,
    };
    let bars = bars(cx.timeline, span, &axis);
    let painter = ui.painter();
    let left = Rect::from_min_size(
        pos2(rect.left() + 10.0, plot.top() + 18.0),
        vec2(50.0, 26.0),
    );
    let (caption, muted) = (theme::caption(), cx.palette.muted);
    paint_text(
        painter,
        left,
        Align2::LEFT_TOP,
        "changes",
        caption.clone(),
        muted,
    );
    let per = format!("per {} s", span.bar);
    paint_text(painter, left, Align2::LEFT_BOTTOM, &per, caption, muted);
    before(painter, &axis, cx);
    ticks(painter, &axis, span, cx);
    paint_bars(painter, &axis, span, &bars, cx);
    let mut said = format!(
        "{} changes in the last {} minutes",
        sum(&bars),
        span.seconds / 60
    );
    for label in gaps(painter, &axis, cx) {
        said.push_str("; ");
        said.push_str(&label);
    }
    playhead(painter, &axis, cx);
    response.widget_info(|| WidgetInfo::labeled(Role::Figure, true, &said));
    if let Some(at) = response
        .hover_pos()
        .filter(|at| plot.expand(4.0).contains(*at))
    {
        hover(&response, at, &axis, span, &bars, cx);
    }
}

/// The shortest span that holds the whole recording, up to an hour.
fn span(timeline: &Timeline, now: i64) -> Span {
    let first = timeline.extent().map_or(now, |(first, _)| first.wall);
    let age = (now - first) / SECOND;
    SPANS
        .into_iter()
        .find(|span| age <= span.seconds)
        .unwrap_or(SPANS[SPANS.len() - 1])
}

/// The second at which the first bar starts: bars stand on whole multiples of their length, so
/// that a change stays in its bar while time goes on.
fn first_bar(span: Span, axis: &Axis) -> i64 {
    axis.from.div_euclid(SECOND * span.bar) * span.bar
}

fn bars(timeline: &Timeline, span: Span, axis: &Axis) -> Vec<Bar> {
    let first = first_bar(span, axis);
    let last = axis.to.div_euclid(SECOND) + 1;
    let count = usize::try_from((last - first + span.bar - 1) / span.bar).unwrap_or(0);
    let mut bars = vec![Bar::default(); count];
    for bucket in timeline.activity().range(first, last) {
        let index = usize::try_from((bucket.second - first) / span.bar).unwrap_or(0);
        if let Some(bar) = bars.get_mut(index) {
            bar.spec += bucket.spec;
            bar.other += bucket.other;
        }
    }
    bars
}

fn sum(bars: &[Bar]) -> u32 {
    bars.iter().map(|bar| bar.total()).sum()
}

fn paint_bars(
    painter: &egui::Painter,
    axis: &Axis,
    span: Span,
    bars: &[Bar],
    cx: &ViewContext<'_>,
) {
    let highest = bars.iter().map(|bar| bar.total()).max().unwrap_or(0).max(8);
    let painter = painter.with_clip_rect(axis.plot.intersect(painter.clip_rect()));
    let first = first_bar(span, axis);
    let pixels = |changes: u32| {
        #[expect(clippy::cast_precision_loss, reason = "a height on the screen")]
        let share = changes as f32 / highest as f32;
        if changes == 0 {
            0.0
        } else {
            (share * (axis.plot.height() - 6.0)).max(1.0)
        }
    };
    let mut start = first;
    for bar in bars {
        let end = start + span.bar;
        if bar.total() > 0 {
            let (left, right) = (edge(axis, start), edge(axis, end));
            let right = (right - 1.0).max(left + 1.0);
            let bottom = axis.plot.bottom();
            let top = bottom - pixels(bar.total()).round();
            let middle = bottom - pixels(bar.spec).round();
            let other = Rect::from_min_max(pos2(left, top), pos2(right, middle));
            let spec = Rect::from_min_max(pos2(left, middle), pos2(right, bottom));
            painter.rect_filled(other, 0.0, cx.palette.bar);
            painter.rect_filled(spec, 0.0, cx.palette.accent);
        }
        start = end;
    }
}

/// The place of a second, without the clamp at the edges, on a whole point.
fn edge(axis: &Axis, second: i64) -> f32 {
    #[expect(
        clippy::cast_precision_loss,
        clippy::cast_possible_truncation,
        reason = "a place on the screen"
    )]
    let share = ((second * SECOND - axis.from) as f64 / (axis.to - axis.from) as f64) as f32;
    (axis.plot.left() + share * axis.plot.width()).round()
}

fn ticks(painter: &egui::Painter, axis: &Axis, span: Span, cx: &ViewContext<'_>) {
    // Whole minutes of the zone and not of UTC: some zones are 30 or 45 minutes off.
    let offset = cx.zone.to_offset(cx.now.timestamp()).seconds();
    let offset = i64::from(offset);
    let from = axis.from.div_euclid(SECOND) + offset;
    let mut local = from.div_euclid(span.tick) * span.tick + span.tick;
    while (local - offset) * SECOND <= axis.to {
        let wall = (local - offset) * SECOND;
        let x = axis.x(wall).round() + 0.5;
        let line = Stroke::new(1.0, cx.palette.grid);
        painter.vline(x, axis.plot.top()..=axis.plot.bottom() + 6.0, line);
        let label = format::clock_minutes(wall, cx.zone);
        let place = Rect::from_min_size(pos2(x + 4.0, axis.plot.bottom() + 8.0), vec2(40.0, 14.0));
        if place.left() + 30.0 < axis.plot.right() + 20.0 {
            let (font, color) = (theme::caption(), cx.palette.muted);
            paint_text(painter, place, Align2::LEFT_TOP, &label, font, color);
        }
        local += span.tick;
    }
}

/// Whether a gap belongs on the strip of what is selected. That a kind is polled or forbidden shows
/// with that kind only: it would hatch the strip of everything for ever.
fn concerns(gap: &Gap, kind: Option<KindId>, timeline: &Timeline) -> bool {
    let lasting = matches!(gap.cause, GapCause::Polled | GapCause::Forbidden);
    match (&gap.kind, kind) {
        (None, _) => true,
        (Some(_), None) => !lasting,
        (Some(of), Some(selected)) => timeline.kind_id(of) == Some(selected),
    }
}

/// Paints the gaps, those that touch as one, and returns their labels.
fn gaps(painter: &egui::Painter, axis: &Axis, cx: &ViewContext<'_>) -> Vec<String> {
    let mut shown: Vec<Gap> = cx
        .timeline
        .gaps()
        .iter()
        .rev()
        .take_while(|gap| gap.to.wall >= axis.from - 3_600 * SECOND)
        .filter(|gap| gap.to.wall > axis.from && concerns(gap, cx.selection.kind, cx.timeline))
        .cloned()
        .collect();
    shown.sort_by_key(|gap| gap.from);
    let mut merged: Vec<Gap> = Vec::new();
    for gap in shown {
        match merged.last_mut().filter(|last| gap.from <= last.to) {
            Some(last) => last.to = last.to.max(gap.to),
            None => merged.push(gap),
        }
    }
    let mut labels = Vec::new();
    let mut free_from = f32::NEG_INFINITY;
    for gap in &merged {
        let (left, right) = (axis.x(gap.from.wall).round(), axis.x(gap.to.wall).round());
        let rect = axis.plot.with_min_x(left).with_max_x(right.max(left + 3.0));
        let label = gap_label(gap);
        let room = left >= free_from && left + 110.0 < axis.plot.right();
        paint_gap(painter, cx.palette, rect, if room { &label } else { "" });
        if room {
            free_from = left + 120.0;
        }
        labels.push(label);
    }
    labels
}

/// Marks the time before anything was watched, which is not the same as nothing having changed.
fn before(painter: &egui::Painter, axis: &Axis, cx: &ViewContext<'_>) {
    let since = cx.timeline.extent().map(|(first, _)| first.wall);
    if since.is_some_and(|since| since <= axis.from) {
        return;
    }
    let x = since.map_or(axis.plot.right(), |since| axis.x(since).round());
    let rect = axis.plot.with_max_x(x);
    painter.rect_filled(rect, 2.0, cx.palette.canvas);
    let text = match since {
        Some(since) => format!("watching since {}", format::clock(since, cx.zone)),
        None => "nothing watched yet".to_owned(),
    };
    let place = rect.shrink2(vec2(8.0, 3.0));
    let (font, color) = (theme::caption(), cx.palette.faint);
    let width = painter
        .layout_no_wrap(text.clone(), font.clone(), color)
        .size()
        .x;
    if place.width() > width {
        paint_text(painter, place, Align2::RIGHT_TOP, &text, font, color);
    }
}

fn playhead(painter: &egui::Painter, axis: &Axis, cx: &ViewContext<'_>) {
    let x = axis.plot.right().round();
    let color = Dot::of_connection(&cx.timeline.connection).color(cx.palette);
    let stroke = Stroke::new(2.0, color);
    painter.vline(x, axis.plot.top()..=axis.plot.bottom() + 6.0, stroke);
    painter.circle_filled(pos2(x, axis.plot.top() - 1.0), 4.5, color);
}

fn hover(
    response: &egui::Response,
    at: Pos2,
    axis: &Axis,
    span: Span,
    bars: &[Bar],
    cx: &ViewContext<'_>,
) {
    let wall = axis.wall(at.x);
    let first = first_bar(span, axis);
    let index = (wall.div_euclid(SECOND) - first) / span.bar;
    let Some(bar) = usize::try_from(index)
        .ok()
        .and_then(|index| bars.get(index))
    else {
        return;
    };
    let start = (first + index * span.bar) * SECOND;
    let from = format::clock(start, cx.zone);
    let to = format::clock(start + span.bar * SECOND, cx.zone);
    let gap = cx
        .timeline
        .gaps()
        .iter()
        .rev()
        .find(|gap| {
            (gap.from.wall..=gap.to.wall).contains(&wall)
                && concerns(gap, cx.selection.kind, cx.timeline)
        })
        .map(|gap| format!("{} ({})", gap_label(gap), gap.cause));
    response.clone().on_hover_ui_at_pointer(|ui| {
        ui.label(egui::RichText::new(format!("{from} – {to}")).color(cx.palette.muted));
        let total = usize::try_from(bar.total()).unwrap_or(usize::MAX);
        ui.label(format!(
            "{}, {} of them spec",
            format::counted(total, "change"),
            bar.spec
        ));
        if let Some(gap) = gap {
            ui.label(egui::RichText::new(gap).color(cx.palette.warn));
        }
    });
}
