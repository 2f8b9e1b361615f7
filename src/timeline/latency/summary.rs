//! Samples in figures.

use std::time::Duration;

use super::{
    KindMeasure, LatencyMethod, LifetimeObservation, ReconcileSample, ReconcileTrigger,
    SampleState, kaplan_meier,
};
use crate::model::Moment;

/// The `q` quantile (0 to 1) of sorted durations by the nearest-rank definition; `None` of none.
#[must_use]
pub fn quantile(sorted: &[Duration], q: f64) -> Option<Duration> {
    // A product such as 0.55 · 100 may come out above the whole number that it is.
    let rank = (q.clamp(0.0, 1.0) * sorted.len() as f64 - 1e-7).ceil();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank lies between 0 and the count"
    )]
    let rank = rank as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

const LEVELS: [f64; 3] = [0.50, 0.95, 0.99];

/// Which samples go into a [`LatencySummary`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct LatencyQuery {
    /// What opened them.
    pub trigger: ReconcileTrigger,
    /// Take those whose begin or end was not seen as it happened for as long as they look.
    pub include_inexact: bool,
    /// Until when open samples have been open; `None` leaves them out of the Kaplan–Meier figures.
    pub now: Option<Moment>,
}

/// Kaplan–Meier quantiles and how many of their observations were censored.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Censored {
    /// p50, p95, p99; `None`: longer than anything seen.
    pub quantiles: [Option<Duration>; 3],
    /// Samples that did not come to their end while they were watched.
    pub censored: usize,
}

/// The latency of a kind or an object in figures.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LatencySummary {
    /// Completed reconciles that the quantiles are of.
    pub count: usize,
    /// Begin to observed: p50, p95, p99.
    pub observed: Option<[Duration; 3]>,
    /// Begin to ready, or to gone: p50, p95, p99.
    pub ready: Option<[Duration; 3]>,
    /// [`LatencySummary::observed`] by Kaplan and Meier; `None` without any sample.
    pub observed_estimate: Option<Censored>,
    /// [`LatencySummary::ready`] by Kaplan and Meier; `None` without any sample.
    pub ready_estimate: Option<Censored>,
    /// Samples still awaited.
    pub open: usize,
    /// The desired state changed again before they ended.
    pub superseded: usize,
    /// Suspended before they ended, or changed while suspended.
    pub suspended: usize,
    /// Deleted before they ended.
    pub abandoned: usize,
    /// The controller gave up on them.
    pub failed: usize,
    /// Ready without a word on generations, unlike others of the kind.
    pub not_told: usize,
    /// The recording ended before they did.
    pub cut_off: usize,
    /// Not seen as they happened, whatever became of them.
    pub inexact: usize,
    /// The controller changed the desired state itself: kept apart from all the others.
    pub by_controller: usize,
    /// How the kind is measured; `None`: not supported.
    pub method: Option<LatencyMethod>,
}

impl LatencySummary {
    /// Sums up samples of one kind.
    #[must_use]
    pub fn of<'a>(
        samples: impl IntoIterator<Item = &'a ReconcileSample>,
        measure: &KindMeasure,
        query: &LatencyQuery,
    ) -> Self {
        let mut summary = Self {
            method: measure.method,
            ..Self::default()
        };
        let (mut observed, mut ready) = (Lifetimes::default(), Lifetimes::default());
        let of_trigger = |sample: &&ReconcileSample| sample.trigger == query.trigger;
        for sample in samples.into_iter().filter(of_trigger) {
            if sample.by_controller {
                summary.by_controller += 1;
                continue;
            }
            summary.inexact += usize::from(!sample.is_exact());
            match sample.state {
                // Counted below, as far as they are in the quantiles.
                SampleState::Done => {}
                SampleState::Open => summary.open += 1,
                SampleState::Superseded => summary.superseded += 1,
                SampleState::Suspended => summary.suspended += 1,
                SampleState::Abandoned => summary.abandoned += 1,
                SampleState::Failed => summary.failed += 1,
                SampleState::NotTold => summary.not_told += 1,
                SampleState::CutOff => summary.cut_off += 1,
            }
            if matches!(sample.state, SampleState::Suspended | SampleState::NotTold) {
                continue;
            }
            ready.take(sample, sample.ready_latency(), query);
            if query.trigger != ReconcileTrigger::Deleted {
                observed.take(sample, sample.observed_latency(), query);
            }
        }
        if query.trigger == ReconcileTrigger::Deleted || measure.ready.is_some() {
            summary.count = ready.plain.len();
            (summary.ready, summary.ready_estimate) = ready.figures();
        } else {
            summary.count = observed.plain.len();
        }
        if super::sample::observes(measure.method) {
            (summary.observed, summary.observed_estimate) = observed.figures();
        }
        summary
    }
}

/// Samples as they go into quantiles.
#[derive(Default)]
struct Lifetimes {
    plain: Vec<Duration>,
    all: Vec<LifetimeObservation>,
}

impl Lifetimes {
    fn take(&mut self, sample: &ReconcileSample, latency: Option<Duration>, query: &LatencyQuery) {
        if !sample.starts_exactly && !query.include_inexact {
            return;
        }
        let counts = |took: Duration| query.include_inexact || sample.is_exact_to(took);
        if let Some(took) = latency.filter(|took| counts(*took)) {
            self.plain.push(took);
            self.all.push(LifetimeObservation {
                after: took,
                ended: true,
            });
            return;
        }
        let followed = match (sample.ended_latency(), query.now) {
            (Some(ended), _) => Some(ended),
            (None, Some(now)) => Some(now.since(sample.spec_seen_at)),
            (None, None) => None,
        };
        let watched = sample.watched_for().filter(|_| !query.include_inexact);
        if let Some(after) = followed.map(|followed| watched.map_or(followed, |w| w.min(followed)))
        {
            self.all.push(LifetimeObservation {
                after,
                ended: false,
            });
        }
    }

    fn figures(mut self) -> (Option<[Duration; 3]>, Option<Censored>) {
        self.plain.sort_unstable();
        let [p50, p95, p99] = LEVELS.map(|q| quantile(&self.plain, q));
        let plain = (|| Some([p50?, p95?, p99?]))();
        let censored = self.all.len() - self.plain.len();
        let estimate = (!self.all.is_empty()).then(|| Censored {
            quantiles: kaplan_meier(&mut self.all, LEVELS),
            censored,
        });
        (plain, estimate)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_rank() {
        let ms: Vec<_> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(quantile(&ms, 0.50), Some(Duration::from_millis(50)));
        assert_eq!(quantile(&ms, 0.55), Some(Duration::from_millis(55)));
        assert_eq!(quantile(&ms, 0.99), Some(Duration::from_millis(99)));
        assert_eq!(quantile(&ms[..1], 0.95), Some(Duration::from_millis(1)));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
