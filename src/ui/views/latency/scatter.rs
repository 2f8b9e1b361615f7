//! The plot of the Latency tab: what of the model becomes which mark.

use egui::{Align2, Ui, vec2};
use egui_plot::PlotPoint;

use super::{
    aggregate::{self, Mark, Scale},
    axes::{self, DurationScale},
    figures::running_text,
    model::{LatencyModel, Measure, OpenReconcile, PointClass, trigger_words},
};
use crate::{
    model::Moment,
    timeline::{ChangeId, ObjectId, ReconcileTrigger, Timeline},
    ui::{
        Command, ViewContext, format,
        plot::{self, LevelLine, MarkHit, MarkSeries, MarkShape, PlotAxis, Scatter},
        theme,
        widgets::{paint_text, segmented},
    },
};

const TITLE: f32 = 34.0;

/// The finished reconciles as marks, kept while neither they nor the axes change.
#[derive(Debug, Default)]
pub(super) struct ScatterCache {
    of: Option<(PlotAxis, PlotAxis, [u32; 2], bool, ReconcileTrigger)>,
    marks: Vec<[Vec<Mark>; 2]>,
    series: Vec<MarkSeries>,
}

/// Classes in the order of their series; the surer is on top.
const CLASSES: [PointClass; 2] = [PointClass::Inexact, PointClass::Exact];

impl ScatterCache {
    /// The points have changed.
    pub(super) fn forget(&mut self) {
        self.of = None;
    }

    /// Shows title and plot.
    #[expect(
        clippy::too_many_arguments,
        reason = "what the tab knows, without a struct for one call"
    )]
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        cx: &mut ViewContext<'_>,
        model: &LatencyModel,
        measure: Measure,
        scale: DurationScale,
        height: f32,
        now: Moment,
    ) {
        let of_trigger = |open: &&OpenReconcile| !open.reached && open.trigger == model.trigger;
        let awaited: Vec<_> = model.open.iter().filter(of_trigger).collect();
        let ages: Vec<_> = awaited
            .iter()
            .map(|open| open.age(now).as_secs_f64())
            .collect();
        let seconds = || {
            model
                .points
                .iter()
                .map(|point| point.seconds)
                .chain(ages.iter().copied())
        };
        let y = scale.axis(
            seconds().fold(f64::INFINITY, f64::min),
            seconds().fold(0.0, f64::max),
        );
        let first = model.points.first().map(|point| point.wall);
        let first_open = awaited.first().map(|open| open.since.wall);
        let first = [first, first_open]
            .into_iter()
            .flatten()
            .min()
            .unwrap_or(now.wall);
        let x = axes::time_axis(first, now.wall, cx.zone);
        let size = vec2(ui.available_width(), height);
        self.update(cx, model, scale, &x, &y, plot::area(size));

        let mut series = std::mem::take(&mut self.series);
        series.push(MarkSeries {
            name: "open",
            color: cx.palette.warn,
            shape: MarkShape::Triangle,
            points: awaited
                .iter()
                .zip(&ages)
                .map(|(open, age)| {
                    let begin = (open.since.wall as f64).max(x.start);
                    PlotPoint::new(begin, scale.value(*age))
                })
                .collect(),
        });
        let lines = lines(cx, model, scale);
        let empty = match (model.trigger, measure) {
            (ReconcileTrigger::Deleted, _) => "No deletion was followed to its end yet.",
            (_, Measure::Observed) => "Nothing was seen to be observed yet.",
            (_, Measure::Ready) => "Nothing was seen to become ready yet. Look at “observed”.",
        };
        let scatter = Scatter {
            x: &x,
            y: &y,
            series: &series,
            lines: &lines,
            empty,
        };
        let (response, hit) = scatter.show(ui, height);
        series.pop();
        self.series = series;

        let Some(target) = hit.and_then(|hit| self.target(model, &awaited, hit)) else {
            return;
        };
        if response.clicked() {
            select(cx, &target);
        }
        let text = target.text(cx, model, measure, now);
        response
            .on_hover_cursor(egui::CursorIcon::PointingHand)
            .on_hover_text_at_pointer(text);
    }

    fn update(
        &mut self,
        cx: &ViewContext<'_>,
        model: &LatencyModel,
        scale: DurationScale,
        x: &PlotAxis,
        y: &PlotAxis,
        area: egui::Vec2,
    ) {
        let of = (
            x.clone(),
            y.clone(),
            [area.x.to_bits(), area.y.to_bits()],
            cx.palette.dark,
            model.trigger,
        );
        if self.of.as_ref() == Some(&of) {
            return;
        }
        let span = |axis: &PlotAxis, length: f32| Scale {
            start: axis.start,
            end: axis.end,
            length: f64::from(length),
        };
        let marks = aggregate::marks(&model.points, span(x, area.x), span(y, area.y), |point| {
            scale.value(point.seconds)
        });
        self.series.clear();
        self.marks.clear();
        for class in CLASSES {
            // One mark for many points is drawn stronger.
            let (many, single): (Vec<Mark>, Vec<Mark>) = marks
                .iter()
                .copied()
                .filter(|mark| mark.class == class)
                .partition(|mark| mark.count > 3);
            let (name, color) = match class {
                PointClass::Exact => (
                    trigger_words(model.trigger),
                    trigger_color(cx, model.trigger),
                ),
                PointClass::Inexact => ("inexact", cx.palette.faint),
            };
            for (marks, strength) in [(&single, 0.72), (&many, 1.0)] {
                let points = marks.iter().map(|mark| &model.points[mark.point]);
                self.series.push(MarkSeries {
                    name,
                    color: color.gamma_multiply(strength),
                    shape: MarkShape::Dot,
                    points: points
                        .map(|p| PlotPoint::new(p.wall as f64, scale.value(p.seconds)))
                        .collect(),
                });
            }
            self.marks.push([single, many]);
        }
        self.of = Some(of);
    }

    fn target(
        &self,
        model: &LatencyModel,
        awaited: &[&OpenReconcile],
        hit: MarkHit,
    ) -> Option<Target> {
        if hit.series == CLASSES.len() * 2 {
            let open = awaited.get(hit.point)?;
            return Some(Target {
                object: open.object,
                wall: open.since.wall,
                opened_by: open.opened_by,
                mark: None,
            });
        }
        let mark = *self
            .marks
            .get(hit.series / 2)?
            .get(hit.series % 2)?
            .get(hit.point)?;
        let point = model.points.get(mark.point)?;
        Some(Target {
            object: point.object,
            wall: point.wall,
            opened_by: point.opened_by,
            mark: Some(mark),
        })
    }
}

/// What a mark leads to.
struct Target {
    object: ObjectId,
    wall: i64,
    opened_by: ChangeId,
    /// `None` for an open reconcile.
    mark: Option<Mark>,
}

impl Target {
    fn text(
        &self,
        cx: &ViewContext<'_>,
        model: &LatencyModel,
        measure: Measure,
        now: Moment,
    ) -> String {
        let name = object_name(cx.timeline, self.object);
        let at = format!(
            "{}{}",
            format::clock(self.wall, cx.zone),
            format::clock_millis(self.wall)
        );
        let Some(mark) = self.mark else {
            let is_it = |open: &&OpenReconcile| open.opened_by == self.opened_by;
            let open = model.open.iter().find(is_it);
            let age = open
                .map(|open| running_text(open.age(now)))
                .unwrap_or_default();
            return format!("{name}\nopen for {age}, since {at}");
        };
        let point = &model.points[mark.point];
        let took = format::latency(std::time::Duration::from_secs_f64(point.seconds));
        let trigger = trigger_words(model.trigger);
        let how = match point.class {
            PointClass::Exact => "",
            PointClass::Inexact => " (inexact: not watched all along)",
        };
        let more = match mark.count {
            0 | 1 => String::new(),
            count => format!("\nand {} more here", count - 1),
        };
        format!(
            "{name}\n{} after {took}{how}\n{trigger} at {at}{more}",
            measure.end_of(model.trigger)
        )
    }
}

/// Selects an object with the revision that began a reconcile.
fn select(cx: &mut ViewContext<'_>, target: &Target) {
    cx.send(Command::SelectObject(target.object));
    if target.mark.is_some() {
        cx.send(Command::SelectChange {
            a: None,
            b: Some(target.opened_by),
        });
    }
}

/// `Certificate shop/payments-tls`.
fn object_name(timeline: &Timeline, id: ObjectId) -> String {
    let Some(object) = timeline.object(id) else {
        return String::new();
    };
    let kind = timeline
        .kind(object.kind)
        .map_or("", |kind| &kind.kind.kind);
    format!("{kind} {}", object.key)
}

/// The colour of what a trigger opened.
fn trigger_color(cx: &ViewContext<'_>, trigger: ReconcileTrigger) -> egui::Color32 {
    match trigger {
        ReconcileTrigger::SpecChanged => cx.palette.accent,
        ReconcileTrigger::Created => cx.palette.violet,
        ReconcileTrigger::Deleted => cx.palette.error,
    }
}

/// Says what the plot shows, lets another trigger be chosen, and names the marks. Returns the
/// trigger that was clicked.
pub(super) fn title(
    ui: &mut Ui,
    cx: &ViewContext<'_>,
    model: &LatencyModel,
    measure: Measure,
    include_inexact: bool,
) -> Option<ReconcileTrigger> {
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), TITLE), egui::Sense::hover());
    let trigger = model.trigger;
    let text = format!(
        "Time from {} to {}",
        trigger_words(trigger),
        measure.end_of(trigger)
    );
    let palette = cx.palette;
    let inner = rect.shrink2(vec2(16.0, 0.0));
    let left = Align2::LEFT_CENTER;
    let font = theme::body_strong();
    let words = paint_text(ui.painter(), inner, left, &text, font, palette.text);
    let place = inner.with_min_x(words.right() + 18.0);
    let place = egui::UiBuilder::new()
        .max_rect(place)
        .layout(egui::Layout::left_to_right(egui::Align::Center));
    let (clicked, chooser) = ui
        .scope_builder(place, |ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            let all = ReconcileTrigger::ALL;
            let on = all.iter().position(|known| *known == trigger);
            let clicked = segmented(ui, palette, &TRIGGERS, on.unwrap_or_default());
            (clicked.map(|i| all[i]), ui.min_rect())
        })
        .inner;
    let mut legend = vec![
        (trigger_words(trigger), trigger_color(cx, trigger)),
        ("still open", palette.warn),
    ];
    if include_inexact {
        legend.push(("inexact", palette.faint));
    }
    let painter = ui.painter();
    let mut right = inner.right();
    for (name, color) in legend.into_iter().rev() {
        let at = inner.with_max_x(right);
        let anchor = Align2::RIGHT_CENTER;
        let font = theme::caption();
        let wide = painter.layout_no_wrap(name.to_owned(), font.clone(), palette.muted);
        if right - wide.size().x < chooser.right() + 30.0 {
            break;
        }
        let name = paint_text(painter, at, anchor, name, font, palette.muted);
        painter.circle_filled(name.left_center() - vec2(8.0, 0.0), 2.8, color);
        right = name.left() - 26.0;
    }
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, &text));
    clicked
}

/// The triggers as they are chosen, in the order of [`ReconcileTrigger::ALL`].
const TRIGGERS: [&str; 3] = ["spec change", "created", "deleted"];

fn lines(cx: &ViewContext<'_>, model: &LatencyModel, scale: DurationScale) -> Vec<LevelLine> {
    let Some(quantiles) = model.quantiles else {
        return Vec::new();
    };
    let looks = [
        ("p50", cx.palette.ok),
        ("p95", cx.palette.warn),
        ("p99", cx.palette.error),
    ];
    quantiles
        .into_iter()
        .zip(looks)
        .map(|(level, (label, color))| LevelLine {
            level: scale.value(level.as_secs_f64()),
            label,
            color,
        })
        .collect()
}
