//! The figures of the Latency tab: quantiles per kind, open reconciles, points of the plot.

use std::{sync::Arc, time::Duration};

use crate::{
    model::Moment,
    timeline::{
        KindHistory, KindId, LatencyMethod, LatencySummary, ObjectId, ReconcileSample,
        ReconcileTrigger, Timeline, quantile,
    },
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

    /// Whether a sample counts: both ends were seen, and it was not overtaken before this one.
    fn counts(self, sample: &ReconcileSample) -> bool {
        sample.exact
            && match self {
                Measure::Observed => true,
                Measure::Ready => !sample.superseded && !sample.abandoned,
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

/// What the point of a sample stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PointClass {
    /// A changed spec.
    SpecChanged,
    /// A creation.
    Created,
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
    /// What it stands for.
    pub class: PointClass,
}

/// Everything the tab shows of its kinds but ages, which tick.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct LatencyModel {
    /// One row for each kind that has objects or samples.
    pub kinds: Vec<KindLatency>,
    /// Oldest first: what waits longest leads.
    pub open: Vec<OpenReconcile>,
    /// Finished reconciles, by their begin.
    pub points: Vec<LatencyPoint>,
    /// p50, p95, p99 over all points; `None` without any.
    pub quantiles: Option<[Duration; 3]>,
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
    /// Sums up what is chosen.
    #[must_use]
    pub fn of(timeline: &Timeline, choice: &Choice) -> Self {
        let mut model = Self::default();
        for (id, history) in choice.kinds(timeline) {
            if history.samples().is_empty() && history.live_count() == 0 {
                continue;
            }
            let summary = summary_of(timeline, history, choice);
            // Where nothing tells, nothing can be awaited either.
            if summary.method.is_some() {
                model.take_samples(timeline, history, &summary, choice);
            }
            model.kinds.push(KindLatency {
                kind: id,
                name: history.kind.kind.clone(),
                summary,
            });
        }
        model.kinds.sort_by(|a, b| {
            b.summary
                .method
                .is_some()
                .cmp(&a.summary.method.is_some())
                .then_with(|| a.name.cmp(&b.name))
        });
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

    /// Whether anything was measured, or is awaited.
    #[must_use]
    pub fn has_figures(&self) -> bool {
        let measured =
            |kind: &KindLatency| kind.summary.count > 0 || kind.summary.observed.is_some();
        !self.open.is_empty() || self.kinds.iter().any(measured)
    }

    fn take_samples(
        &mut self,
        timeline: &Timeline,
        history: &KindHistory,
        summary: &LatencySummary,
        choice: &Choice,
    ) {
        let measure = choice.measure;
        // A kind that tells one end only is measured to that one.
        let usual = measure
            .quantiles(summary)
            .or(summary.observed)
            .or(summary.ready);
        let samples = history.samples().iter();
        for sample in samples.filter(|sample| choice.has(timeline, sample.object)) {
            if sample.is_open()
                && !sample.superseded
                && let Some(object) = timeline.object(sample.object)
            {
                self.open.push(OpenReconcile {
                    object: sample.object,
                    name: object.key.to_string(),
                    since: sample.spec_seen_at,
                    usual,
                    exact: sample.exact,
                    reached: measure.of(sample).is_some(),
                });
            }
            if let Some(took) = measure.of(sample)
                && measure.counts(sample)
            {
                self.points.push(LatencyPoint {
                    object: sample.object,
                    wall: sample.spec_seen_at.wall,
                    seconds: took.as_secs_f64(),
                    class: match sample.trigger {
                        ReconcileTrigger::SpecChanged => PointClass::SpecChanged,
                        ReconcileTrigger::Created => PointClass::Created,
                    },
                });
            }
        }
    }
}

fn summary_of(timeline: &Timeline, history: &KindHistory, choice: &Choice) -> LatencySummary {
    if choice.namespace.is_none() {
        return history.latency_summary();
    }
    let samples = history.samples().iter();
    let mut summary =
        LatencySummary::of(samples.filter(|sample| choice.has(timeline, sample.object)));
    // What a kind is measured by does not depend on where its objects are.
    summary.method = summary.method.or_else(|| history.latency_summary().method);
    summary
}

fn three_quantiles(sorted: &[Duration]) -> Option<[Duration; 3]> {
    Some([
        quantile(sorted, 0.50)?,
        quantile(sorted, 0.95)?,
        quantile(sorted, 0.99)?,
    ])
}
