//! The figures of the Latency tab: quantiles per kind, open reconciles, points of the plot.

use std::{collections::HashMap, sync::Arc, time::Duration};

use crate::{
    model::Moment,
    timeline::{
        Censored, ChangeId, KindHistory, KindId, KindMeasure, LatencyMethod, LatencyQuery,
        LatencySummary, ObjectId, ReconcileSample, ReconcileTrigger, SampleState, Timeline,
        quantile,
    },
    ui::format,
};

/// Which end of a reconcile is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Measure {
    /// Until the controller said that it saw the new generation.
    Observed,
    /// Until the object was ready.
    #[default]
    Ready,
}

impl Measure {
    /// The latency of a sample by this measure.
    #[must_use]
    pub fn of(self, sample: &ReconcileSample) -> Option<Duration> {
        match self {
            Measure::Observed => sample.observed_latency(),
            Measure::Ready => sample.ready_latency(),
        }
    }

    /// p50, p95, p99 by this measure.
    #[must_use]
    pub fn quantiles(self, summary: &LatencySummary) -> Option<[Duration; 3]> {
        match self {
            Measure::Observed => summary.observed,
            Measure::Ready => summary.ready,
        }
    }

    /// As in "Time from spec change to ready".
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Measure::Observed => "observed",
            Measure::Ready => "ready",
        }
    }

    /// The end that is looked at: deletions have but one.
    #[must_use]
    pub fn end_of(self, trigger: ReconcileTrigger) -> &'static str {
        match trigger {
            ReconcileTrigger::Deleted => "gone",
            _ => self.label(),
        }
    }
}

/// What opens a reconcile, as it is called on screen.
#[must_use]
pub fn trigger_words(trigger: ReconcileTrigger) -> &'static str {
    match trigger {
        ReconcileTrigger::SpecChanged => "spec change",
        ReconcileTrigger::Created => "creation",
        ReconcileTrigger::Deleted => "deletion",
    }
}

/// One kind in figures.
#[derive(Debug, Clone, PartialEq)]
pub struct KindLatency {
    /// The kind.
    pub kind: KindId,
    /// Its name.
    pub name: String,
    /// Its figures.
    pub summary: LatencySummary,
    /// How it is measured.
    pub measure: KindMeasure,
}

/// One object in figures.
#[derive(Debug, Clone, PartialEq)]
pub struct ObjectLatency {
    /// The object.
    pub object: ObjectId,
    /// `namespace/name`.
    pub name: String,
    /// Its figures.
    pub summary: LatencySummary,
}

impl KindLatency {
    /// What the figures were measured by; an error in words where nothing of the kind tells.
    ///
    /// # Errors
    /// When no object of the kind says anything about the controller's progress.
    pub fn measured_by(&self) -> Result<&'static str, &'static str> {
        self.summary
            .method
            .map(LatencyMethod::label)
            .ok_or("not supported: no generation in status")
    }

    /// Whether there is more to say than the plain quantiles do: something was censored, left out or
    /// kept apart.
    #[must_use]
    pub fn has_estimate(&self) -> bool {
        let censored = |estimate: Option<Censored>| estimate.is_some_and(|e| e.censored > 0);
        censored(self.summary.observed_estimate)
            || censored(self.summary.ready_estimate)
            || !self.counts().is_empty()
    }

    /// What else was seen of it, in words, the more telling first.
    #[must_use]
    pub fn counts(&self) -> Vec<String> {
        let summary = &self.summary;
        let counts = [
            (summary.superseded, "superseded"),
            (summary.suspended, "suspended"),
            (summary.failed, "failed"),
            (summary.abandoned, "deleted before"),
            (summary.inexact, "inexact"),
            (summary.by_controller, "by the controller"),
            (summary.not_told, "not told"),
            (summary.cut_off, "cut off"),
        ];
        let told = counts.into_iter().filter(|(count, _)| *count > 0);
        told.map(|(count, word)| format!("{} {word}", format::count(count)))
            .collect()
    }
}

/// How long an open reconcile takes, against what is usual for its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Slowness {
    /// Within p95, or nothing to compare with.
    Usual,
    /// Longer than p95.
    Slow,
    /// Longer than ten times p99.
    Stuck,
}

/// A reconcile that is still awaited.
#[derive(Debug, Clone, PartialEq)]
pub struct OpenReconcile {
    /// Whose.
    pub object: ObjectId,
    /// `namespace/name`.
    pub name: String,
    /// Since when.
    pub since: Moment,
    /// p50, p95, p99 of its kind to the same end.
    pub usual: Option<[Duration; 3]>,
    /// Whether `since` was seen as it happened; else it has been open for longer.
    pub exact: bool,
    /// Whether the end that is looked at was reached, and only a later one is awaited.
    pub reached: bool,
    /// What opened it.
    pub trigger: ReconcileTrigger,
    /// The change that opened it.
    pub opened_by: ChangeId,
}

impl OpenReconcile {
    /// How long it has been open.
    #[must_use]
    pub fn age(&self, now: Moment) -> Duration {
        now.since(self.since)
    }

    /// Against what is usual.
    #[must_use]
    pub fn slowness(&self, now: Moment) -> Slowness {
        let age = self.age(now);
        match self.usual {
            Some([_, _, p99]) if age > p99 * 10 => Slowness::Stuck,
            Some([_, p95, _]) if age > p95 => Slowness::Slow,
            _ => Slowness::Usual,
        }
    }
}

/// How well the latency of a point is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PointClass {
    /// Seen as it happened.
    Exact,
    /// Its begin or end lies in a stretch that was not watched, or before the first list.
    Inexact,
}

/// One finished reconcile in the plot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LatencyPoint {
    /// Whose.
    pub object: ObjectId,
    /// When it began, wall microseconds.
    pub wall: i64,
    /// How long it took.
    pub seconds: f64,
    /// How well that is known.
    pub class: PointClass,
    /// The change that opened it.
    pub opened_by: ChangeId,
}

/// Everything the tab shows of its kinds but ages, which tick.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LatencyModel {
    /// What opened the reconciles that are shown.
    pub trigger: ReconcileTrigger,
    /// One row for each kind that has objects or samples.
    pub kinds: Vec<KindLatency>,
    /// Of one kind its objects, slowest first; empty while several kinds are shown.
    pub objects: Vec<ObjectLatency>,
    /// Oldest first: what waits longest leads.
    pub open: Vec<OpenReconcile>,
    /// Finished reconciles, by their begin.
    pub points: Vec<LatencyPoint>,
    /// p50, p95, p99 over all points; `None` without any.
    pub quantiles: Option<[Duration; 3]>,
    has_samples: bool,
}

/// What is looked at.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Choice {
    /// One kind, or all of a context.
    pub kind: Option<KindId>,
    /// One namespace, or all. Objects without a namespace stay.
    pub namespace: Option<Arc<str>>,
    /// Which end of a reconcile.
    pub measure: Measure,
    /// What opened it; `None`: what there are figures of, spec changes first.
    pub trigger: Option<ReconcileTrigger>,
    /// Take also what was not seen as it happened.
    pub include_inexact: bool,
}

impl Choice {
    fn kinds<'t>(
        &self,
        timeline: &'t Timeline,
    ) -> impl Iterator<Item = (KindId, &'t KindHistory)> + use<'t> {
        let chosen = self.kind;
        timeline
            .kinds()
            .filter(move |(id, _)| chosen.is_none_or(|chosen| chosen == *id))
    }

    /// The trigger to show: the chosen one, else the first with finished samples, else with any.
    fn trigger(&self, timeline: &Timeline) -> ReconcileTrigger {
        let of = |wanted: ReconcileTrigger, finished: bool| {
            let is_it = move |sample: &ReconcileSample| {
                sample.trigger == wanted && (!finished || sample.state == SampleState::Done)
            };
            let mut kinds = self.kinds(timeline);
            kinds.any(|(_, kind)| kind.samples().iter().any(is_it))
        };
        let all = ReconcileTrigger::ALL;
        self.trigger
            .or_else(|| all.into_iter().find(|trigger| of(*trigger, true)))
            .or_else(|| all.into_iter().find(|trigger| of(*trigger, false)))
            .unwrap_or_default()
    }

    fn has(&self, timeline: &Timeline, object: ObjectId) -> bool {
        let Some(namespace) = &self.namespace else {
            return true;
        };
        timeline.object(object).is_some_and(|object| {
            let of = object.key.namespace.as_ref();
            of.is_none_or(|of| of == namespace)
        })
    }
}

/// What a [`LatencyModel`] depends on. Equal keys of one recording give equal models.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LatencyKey {
    choice: Choice,
    epochs: Vec<(KindId, u64)>,
}

impl LatencyKey {
    /// The key of a choice at this state of the timeline.
    #[must_use]
    pub fn of(timeline: &Timeline, choice: Choice) -> Self {
        let epochs = choice
            .kinds(timeline)
            .map(|(id, kind)| (id, kind.epoch()))
            .collect();
        Self { choice, epochs }
    }

    /// Whether another key differs only in what was recorded meanwhile.
    #[must_use]
    pub fn is_same_choice(&self, other: &Self) -> bool {
        self.choice == other.choice
            && self.epochs.len() == other.epochs.len()
            && self
                .epochs
                .iter()
                .zip(&other.epochs)
                .all(|(a, b)| a.0 == b.0)
    }
}

impl LatencyModel {
    /// Sums up what is chosen. Open reconciles have been so until `now`.
    #[must_use]
    pub fn of(timeline: &Timeline, choice: &Choice, now: Moment) -> Self {
        let trigger = choice.trigger(timeline);
        let mut model = Self {
            trigger,
            ..Self::default()
        };
        for (id, history) in choice.kinds(timeline) {
            if history.samples().is_empty() && history.live_count() == 0 {
                continue;
            }
            let summary = summary_of(timeline, history, choice, trigger, now);
            model.take_samples(timeline, history, &summary, choice, now);
            model.kinds.push(KindLatency {
                kind: id,
                name: history.kind.kind.clone(),
                summary,
                measure: *history.latency_measure(),
            });
        }
        model.kinds.sort_by(|a, b| {
            b.summary
                .method
                .is_some()
                .cmp(&a.summary.method.is_some())
                .then_with(|| a.name.cmp(&b.name))
        });
        if let Some(history) = choice.kind.and_then(|kind| timeline.kind(kind)) {
            model.objects = objects_of(timeline, history, choice, trigger, now);
        }
        model.open.sort_by_key(|open| open.since);
        model.points.sort_by_key(|point| point.wall);
        let mut sorted: Vec<_> = model
            .points
            .iter()
            .map(|p| Duration::from_secs_f64(p.seconds))
            .collect();
        sorted.sort_unstable();
        model.quantiles = three_quantiles(&sorted);
        model
    }

    /// Whether anything was measured, or is awaited, whatever opened it.
    #[must_use]
    pub fn has_figures(&self) -> bool {
        self.has_samples
    }

    fn take_samples(
        &mut self,
        timeline: &Timeline,
        history: &KindHistory,
        summary: &LatencySummary,
        choice: &Choice,
        now: Moment,
    ) {
        let measure = choice.measure;
        // A kind that tells one end only is measured to that one.
        let to_an_end = |summary: &LatencySummary| {
            measure
                .quantiles(summary)
                .or(summary.observed)
                .or(summary.ready)
        };
        let usual = ReconcileTrigger::ALL.map(|trigger| {
            if trigger == self.trigger {
                to_an_end(summary)
            } else {
                to_an_end(&summary_of(timeline, history, choice, trigger, now))
            }
        });
        let usual_of = |trigger: ReconcileTrigger| match trigger {
            ReconcileTrigger::SpecChanged => usual[0].or(usual[1]),
            ReconcileTrigger::Created => usual[1].or(usual[0]),
            ReconcileTrigger::Deleted => usual[2],
        };
        let samples = history.samples().iter();
        for sample in samples.filter(|sample| choice.has(timeline, sample.object)) {
            self.has_samples = true;
            let latency = match sample.trigger {
                ReconcileTrigger::Deleted => sample.ready_latency(),
                _ => measure.of(sample),
            };
            if sample.is_open()
                && let Some(object) = timeline.object(sample.object)
            {
                self.open.push(OpenReconcile {
                    object: sample.object,
                    name: object.key.to_string(),
                    since: sample.spec_seen_at,
                    usual: usual_of(sample.trigger),
                    exact: sample.starts_exactly,
                    reached: latency.is_some(),
                    trigger: sample.trigger,
                    opened_by: sample.opened_by,
                });
            }
            if let Some(took) = latency
                && sample.trigger == self.trigger
                && !matches!(sample.state, SampleState::Suspended | SampleState::NotTold)
                && !sample.by_controller
            {
                let class = if sample.is_exact_to(took) {
                    PointClass::Exact
                } else if choice.include_inexact {
                    PointClass::Inexact
                } else {
                    continue;
                };
                self.points.push(LatencyPoint {
                    object: sample.object,
                    wall: sample.spec_seen_at.wall,
                    seconds: took.as_secs_f64(),
                    class,
                    opened_by: sample.opened_by,
                });
            }
        }
    }
}

fn summary_of(
    timeline: &Timeline,
    history: &KindHistory,
    choice: &Choice,
    trigger: ReconcileTrigger,
    now: Moment,
) -> LatencySummary {
    let query = query(choice, trigger, now);
    if choice.namespace.is_none() {
        return history.latency_summary(&query);
    }
    let samples = history.samples().iter();
    let here = samples.filter(|sample| choice.has(timeline, sample.object));
    LatencySummary::of(here, history.latency_measure(), &query)
}

fn query(choice: &Choice, trigger: ReconcileTrigger, now: Moment) -> LatencyQuery {
    LatencyQuery {
        trigger,
        include_inexact: choice.include_inexact,
        now: Some(now),
    }
}

fn objects_of(
    timeline: &Timeline,
    history: &KindHistory,
    choice: &Choice,
    trigger: ReconcileTrigger,
    now: Moment,
) -> Vec<ObjectLatency> {
    let mut samples: HashMap<ObjectId, Vec<&ReconcileSample>> = HashMap::new();
    for sample in history
        .samples()
        .iter()
        .filter(|sample| sample.trigger == trigger && choice.has(timeline, sample.object))
    {
        samples.entry(sample.object).or_default().push(sample);
    }
    let query = query(choice, trigger, now);
    let mut objects: Vec<_> = samples
        .into_iter()
        .filter_map(|(object, samples)| {
            Some(ObjectLatency {
                object,
                name: timeline.object(object)?.key.to_string(),
                summary: LatencySummary::of(samples, history.latency_measure(), &query),
            })
        })
        .collect();
    let median = |of: &ObjectLatency| {
        let to_end = choice.measure.quantiles(&of.summary);
        to_end.or(of.summary.observed).map(|[median, ..]| median)
    };
    objects.sort_by(|a, b| median(b).cmp(&median(a)).then_with(|| a.name.cmp(&b.name)));
    objects
}

fn three_quantiles(sorted: &[Duration]) -> Option<[Duration; 3]> {
    Some([
        quantile(sorted, 0.50)?,
        quantile(sorted, 0.95)?,
        quantile(sorted, 0.99)?,
    ])
}
