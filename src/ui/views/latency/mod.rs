//! How long controllers take: a scatter of all reconciles, quantiles per kind, and what is open.

mod aggregate;
mod axes;
pub mod figures;
pub mod model;
mod scatter;
mod tables;

use std::time::{Duration, Instant};

use egui::{ScrollArea, Ui};

use crate::{
    model::{ConnectionState, Moment},
    timeline::ReconcileTrigger,
    ui::{
        View, ViewContext, theme,
        widgets::{EmptyIcon, EmptyState, ghost_toggle, segmented},
    },
};
use axes::DurationScale;
use model::{Choice, LatencyKey, LatencyModel, Measure};
use scatter::ScatterCache;

/// The Latency tab.
#[derive(Debug, Default)]
pub struct LatencyView {
    measure: Measure,
    /// `None` until one is chosen: what there are figures of.
    trigger: Option<ReconcileTrigger>,
    include_inexact: bool,
    scale: DurationScale,
    /// Of which recording and of which state of it the model is.
    of: Option<(Moment, LatencyKey)>,
    model: LatencyModel,
    scatter: ScatterCache,
    /// When the model was made, and how long that took.
    made: Option<(Instant, Duration)>,
    /// Up to which monotonic microsecond open reconciles were counted as open.
    made_for: u64,
}

/// The estimates of open reconciles are made anew after this many microseconds without a change.
const ESTIMATES_LAST: u64 = 10_000_000;

/// At most this part of the time goes into keeping the figures up to date.
const SHARE: u32 = 20;

impl LatencyView {
    /// Open reconciles count as longer with time, whether or not anything changes.
    fn estimates_are_old(&self, now: Moment) -> bool {
        !self.model.open.is_empty() && now.monotonic > self.made_for + ESTIMATES_LAST
    }

    fn update(&mut self, ui: &Ui, cx: &ViewContext<'_>) {
        let Some((first, _)) = cx.timeline.extent() else {
            *self = Self {
                measure: self.measure,
                trigger: self.trigger,
                include_inexact: self.include_inexact,
                scale: self.scale,
                ..Self::default()
            };
            return;
        };
        let choice = Choice {
            kind: cx.selection.kind,
            namespace: cx.selection.namespace.clone(),
            measure: self.measure,
            trigger: self.trigger,
            include_inexact: self.include_inexact,
        };
        let now = end_of(cx);
        let key = LatencyKey::of(cx.timeline, choice.clone());
        if self
            .of
            .as_ref()
            .is_some_and(|(of, known)| *of == first && *known == key)
            && !self.estimates_are_old(now)
        {
            return;
        }
        if let (Some((made, took)), Some((of, known))) = (self.made, &self.of)
            && *of == first
            && known.is_same_choice(&key)
            && made.elapsed() < took * SHARE
        {
            ui.ctx().request_repaint_after(took * SHARE);
            return;
        }
        let start = Instant::now();
        self.model = LatencyModel::of(cx.timeline, &choice, now);
        self.made_for = now.monotonic;
        self.made = Some((start, start.elapsed()));
        self.scatter.forget();
        self.of = Some((first, key));
    }
}

impl View for LatencyView {
    fn id(&self) -> &'static str {
        "latency"
    }

    fn title(&self) -> &'static str {
        "Latency"
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut ViewContext<'_>) {
        self.update(ui, cx);
        if !self.model.has_figures() {
            explain(ui, cx, &self.model);
            return;
        }
        let now = end_of(cx);
        ScrollArea::vertical()
            .id_salt("latency")
            .auto_shrink(false)
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
                let (measure, inexact) = (self.measure, self.include_inexact);
                if let Some(trigger) = scatter::title(ui, cx, &self.model, measure, inexact) {
                    self.trigger = Some(trigger);
                }
                let height = plot_height(ui.clip_rect().height(), &self.model);
                self.scatter
                    .show(ui, cx, &self.model, self.measure, self.scale, height, now);
                tables::quantiles(ui, cx, &self.model);
                tables::objects(ui, cx, &self.model);
                tables::open_now(ui, cx, &self.model.open, now);
                ui.add_space(theme::MARGIN);
            });
        if !self.model.open.is_empty() && now == cx.now {
            // Ages tick.
            ui.ctx().request_repaint_after(Duration::from_secs(1));
        }
    }

    fn toolbar(&mut self, ui: &mut Ui, cx: &mut ViewContext<'_>) {
        let log = self.scale == DurationScale::Log;
        if ghost_toggle(ui, cx.palette, "log", log)
            .on_hover_text("Scale by decades, or evenly")
            .clicked()
        {
            self.scale = if log {
                DurationScale::Linear
            } else {
                DurationScale::Log
            };
        }
        // Laid out from the right.
        let inexact = self.include_inexact;
        if ghost_toggle(ui, cx.palette, "inexact", inexact)
            .on_hover_text(
                "Take also reconciles whose begin or end was not seen as it happened: found by a \
                 list, in a gap, or by polling. Their durations are bounds.",
            )
            .clicked()
        {
            self.include_inexact = !inexact;
        }
        if self.model.trigger == ReconcileTrigger::Deleted {
            return;
        }
        let measures = [Measure::Ready, Measure::Observed];
        let on = measures
            .iter()
            .position(|measure| *measure == self.measure)
            .unwrap_or_default();
        if let Some(clicked) = segmented(ui, cx.palette, &measures.map(Measure::label), on) {
            self.measure = measures[clicked];
        }
    }
}

/// The moment up to which ages run: now, or the end of a recording.
pub(crate) fn end_of(cx: &ViewContext<'_>) -> Moment {
    match (&cx.timeline.connection, cx.timeline.extent()) {
        (ConnectionState::Recorded, Some((_, last))) => last,
        _ => cx.now,
    }
}

/// As high as the design has it, and lower where the tables below would not be in sight.
fn plot_height(available: f32, model: &LatencyModel) -> f32 {
    let estimates = model
        .kinds
        .iter()
        .filter(|kind| kind.has_estimate())
        .count();
    let rows = model.kinds.len() + estimates + model.open.len().clamp(1, 4);
    let tables = rows as f32 * theme::ROW + 2.0 * theme::TABLE_HEAD + 40.0 + theme::MARGIN;
    let most = (available * 0.52).clamp(220.0, 372.0);
    (available - tables - 34.0).clamp(220.0, most)
}

fn explain(ui: &mut Ui, cx: &ViewContext<'_>, model: &LatencyModel) {
    let is_unsupported =
        !model.kinds.is_empty() && model.kinds.iter().all(|kind| kind.summary.method.is_none());
    let title = match &model.kinds[..] {
        [kind] if is_unsupported => format!("{} cannot be measured", kind.name),
        _ if is_unsupported => "No kind here can be measured".to_owned(),
        _ => "No reconcile seen yet".to_owned(),
    };
    let (icon, explanation, hint) = if is_unsupported {
        (
            EmptyIcon::Nothing,
            "The status has no observedGeneration, no Ready condition and no other sign of being \
             done, so nothing tells from outside when the controller caught up with a change. \
             Settings can name a field that does (latency).",
            "",
        )
    } else {
        (
            EmptyIcon::Waiting,
            "Latency is measured from outside: from the moment a spec change is seen \
             (metadata.generation goes up) until status.observedGeneration has caught up, and on \
             until the object is ready.",
            "Change or create an object to see the first one.",
        )
    };
    let state = EmptyState {
        icon,
        title: &title,
        explanation,
        hint,
        action: None,
    };
    state.show(ui, cx.palette);
}
