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
    ui::{
        View, ViewContext, theme,
        widgets::{EmptyIcon, EmptyState, ghost_toggle, segmented},
    },
};
use axes::DurationScale;
use model::{LatencyKey, LatencyModel, Measure};
use scatter::ScatterCache;

/// The Latency tab.
#[derive(Debug, Default)]
pub struct LatencyView {
    measure: Measure,
    scale: DurationScale,
    /// Of which recording and of which state of it the model is.
    of: Option<(Moment, LatencyKey)>,
    model: LatencyModel,
    scatter: ScatterCache,
    /// When the model was made, and how long that took.
    made: Option<(Instant, Duration)>,
}

/// At most this part of the time goes into keeping the figures up to date.
const SHARE: u32 = 20;

impl LatencyView {
    fn update(&mut self, ui: &Ui, cx: &ViewContext<'_>) {
        let Some((first, _)) = cx.timeline.extent() else {
            *self = Self {
                measure: self.measure,
                scale: self.scale,
                ..Self::default()
            };
            return;
        };
        let key = LatencyKey::of(cx.timeline, cx.selection.kind, self.measure);
        if self
            .of
            .as_ref()
            .is_some_and(|(of, known)| *of == first && *known == key)
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
        self.model = LatencyModel::of(cx.timeline, cx.selection.kind, self.measure);
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
        if self.model.points.is_empty() && self.model.open.is_empty() {
            let supported = self
                .model
                .kinds
                .iter()
                .any(|kind| kind.summary.method.is_some());
            if self.model.kinds.is_empty() || supported || self.model.kinds.len() == 1 {
                explain(ui, cx, &self.model);
                return;
            }
        }
        let now = end_of(cx);
        ScrollArea::vertical()
            .id_salt("latency")
            .auto_shrink(false)
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
                let height = (ui.clip_rect().height() * 0.52).clamp(220.0, 372.0);
                self.scatter
                    .show(ui, cx, &self.model, self.measure, self.scale, height, now);
                tables::quantiles(ui, cx, &self.model.kinds);
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
fn end_of(cx: &ViewContext<'_>) -> Moment {
    match (&cx.timeline.connection, cx.timeline.extent()) {
        (ConnectionState::Recorded, Some((_, last))) => last,
        _ => cx.now,
    }
}

fn explain(ui: &mut Ui, cx: &ViewContext<'_>, model: &LatencyModel) {
    let unsupported = model
        .kinds
        .first()
        .filter(|kind| kind.summary.method.is_none());
    let title = match unsupported {
        Some(kind) => format!("{} cannot be measured", kind.name),
        None => "No reconcile seen yet".to_owned(),
    };
    let explanation = match unsupported {
        Some(_) => {
            "Its status has no observedGeneration and no Ready condition, so nothing tells from \
             outside when its controller caught up with a change."
        }
        None => {
            "Latency is measured from outside: from the moment a spec change is seen \
             (metadata.generation goes up) until status.observedGeneration has caught up, and on \
             until the object is ready."
        }
    };
    let state = EmptyState {
        icon: if unsupported.is_some() {
            EmptyIcon::Nothing
        } else {
            EmptyIcon::Waiting
        },
        title: &title,
        explanation,
        hint: if unsupported.is_some() {
            ""
        } else {
            "Change or create an object to see the first one."
        },
        action: None,
    };
    state.show(ui, cx.palette);
}
