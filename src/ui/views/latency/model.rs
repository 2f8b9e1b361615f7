//! The figures of the Latency tab: quantiles per kind, open reconciles, points of the plot.

use std::time::Duration;

use crate::{
    model::Moment,
    timeline::{
        KindHistory, KindId, LatencyMethod, LatencySummary, ObjectId, ReconcileSample,
        ReconcileTrigger, Timeline,
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

/// What a [`LatencyModel`] depends on. Equal keys give equal models.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct LatencyKey {
    measure: Measure,
    epochs: Vec<(KindId, u64)>,
}

impl LatencyKey {
    /// For one kind, or for all of a context.
    #[must_use]
    pub fn of(timeline: &Timeline, kind: Option<KindId>, measure: Measure) -> Self {
        let epochs = chosen(timeline, kind)
            .map(|(id, kind)| (id, kind.epoch()))
            .collect();
        Self { measure, epochs }
    }

    /// Whether another key differs only in what was recorded meanwhile.
    #[must_use]
    pub fn is_same_choice(&self, other: &Self) -> bool {
        self.measure == other.measure
            && self.epochs.len() == other.epochs.len()
            && self
                .epochs
                .iter()
                .zip(&other.epochs)
                .all(|(a, b)| a.0 == b.0)
    }
}

fn chosen(
    timeline: &Timeline,
    kind: Option<KindId>,
) -> impl Iterator<Item = (KindId, &KindHistory)> {
    timeline
        .kinds()
        .filter(move |(id, _)| kind.is_none_or(|kind| kind == *id))
}

impl LatencyModel {
    /// Sums up one kind, or all of a context.
    #[must_use]
    pub fn of(timeline: &Timeline, kind: Option<KindId>, measure: Measure) -> Self {
        let mut model = Self::default();
        for (id, history) in chosen(timeline, kind) {
            if history.samples().is_empty() && history.live_count() == 0 {
                continue;
            }
            let summary = history.latency_summary();
            // Where nothing tells, nothing can be awaited either.
            if summary.method.is_some() {
                model.take_samples(timeline, history, &summary, measure);
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

    fn take_samples(
        &mut self,
        timeline: &Timeline,
        history: &KindHistory,
        summary: &LatencySummary,
        measure: Measure,
    ) {
        // Kinds without readiness are measured to "observed" and nothing else.
        let usual = measure.quantiles(summary).or(summary.observed);
        for sample in history.samples() {
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

fn three_quantiles(sorted: &[Duration]) -> Option<[Duration; 3]> {
    use crate::timeline::quantile;
    Some([
        quantile(sorted, 0.50)?,
        quantile(sorted, 0.95)?,
        quantile(sorted, 0.99)?,
    ])
}
