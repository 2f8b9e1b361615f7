//! One reconcile as it was seen.

use std::time::Duration;

use super::LatencyMethod;
use crate::{
    model::Moment,
    timeline::{ChangeId, ObjectId},
};

/// Stands for "not yet" among durations and changes.
const NEVER: u64 = u64::MAX;
const NO_CHANGE: ChangeId = ChangeId(u32::MAX);

/// What opened a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum ReconcileTrigger {
    /// The desired state changed (the generation was bumped), or the object was resumed with a
    /// change waiting. Ends when that generation is ready.
    #[default]
    SpecChanged,
    /// The object was created. Ends when it is ready for the first time, whatever is changed
    /// meanwhile.
    Created,
    /// Its deletion was requested (`metadata.deletionTimestamp`). Ends when it is gone.
    Deleted,
}

impl ReconcileTrigger {
    /// All of them.
    pub const ALL: [ReconcileTrigger; 3] = [
        ReconcileTrigger::SpecChanged,
        ReconcileTrigger::Created,
        ReconcileTrigger::Deleted,
    ];
}

/// Where a sample stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SampleState {
    /// Its end is awaited.
    Open,
    /// It reached its end.
    Done,
    /// The desired state changed again before.
    Superseded,
    /// The object was suspended before, or was while its desired state changed.
    Suspended,
    /// Deletion of the object was requested, or it was gone, before.
    Abandoned,
    /// The controller gave up on it.
    Failed,
    /// The object is ready and does not tell generations as others of its kind do: another
    /// controller keeps it.
    NotTold,
    /// The recording ended before.
    CutOff,
}

/// One reconcile, from the change of the desired state to ready.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReconcileSample {
    /// Whose.
    pub object: ObjectId,
    /// The change that opened it; its generation is the one to be reached.
    pub opened_by: ChangeId,
    observed_by: ChangeId,
    ended_by: ChangeId,
    /// When it was opened.
    pub spec_seen_at: Moment,
    /// All three in microseconds since it was opened, on the monotonic clock.
    observed_after: u64,
    ended_after: u64,
    watched_for: u64,
    /// What opened it.
    pub trigger: ReconcileTrigger,
    /// Where it stands.
    pub state: SampleState,
    /// Its begin was seen as it happened: not in a list, a relist or a poll.
    pub starts_exactly: bool,
    /// The controller changed the desired state itself: the one who wrote it writes the status of
    /// this kind as well.
    pub by_controller: bool,
    /// Its kind has no sign of readiness: it ended when it was observed.
    pub(super) ends_observed: bool,
}

impl ReconcileSample {
    pub(super) fn open(
        object: ObjectId,
        by: ChangeId,
        at: Moment,
        trigger: ReconcileTrigger,
        starts_exactly: bool,
    ) -> Self {
        Self {
            object,
            opened_by: by,
            observed_by: NO_CHANGE,
            ended_by: NO_CHANGE,
            spec_seen_at: at,
            observed_after: NEVER,
            ended_after: NEVER,
            watched_for: NEVER,
            trigger,
            state: SampleState::Open,
            starts_exactly,
            by_controller: false,
            ends_observed: false,
        }
    }

    fn micros_to(&self, at: Moment) -> u64 {
        at.monotonic.saturating_sub(self.spec_seen_at.monotonic)
    }

    pub(super) fn observe(&mut self, by: ChangeId, at: Moment) {
        if self.observed_after == NEVER {
            (self.observed_by, self.observed_after) = (by, self.micros_to(at));
        }
    }

    /// It leaves, in this state.
    pub(super) fn end(&mut self, state: SampleState, by: Option<ChangeId>, at: Moment) {
        self.state = state;
        self.ended_by = by.unwrap_or(NO_CHANGE);
        self.ended_after = self.micros_to(at);
    }

    /// What came after this moment was not seen as it happened.
    pub(super) fn unwatched_since(&mut self, at: Moment) {
        self.watched_for = self.watched_for.min(self.micros_to(at));
    }

    /// The gap in which its end was found began at this moment and not before.
    pub(super) fn watched_until(&mut self, at: Moment) {
        self.watched_for = self.micros_to(at);
    }

    /// The change in which the controller said to have seen it.
    #[must_use]
    pub fn observed_by(&self) -> Option<ChangeId> {
        Some(self.observed_by).filter(|id| *id != NO_CHANGE)
    }

    /// The change that ended it: the one that said ready, that the object was gone, or with which it
    /// left in another way.
    #[must_use]
    pub fn ended_by(&self) -> Option<ChangeId> {
        Some(self.ended_by).filter(|id| *id != NO_CHANGE)
    }

    /// Spec change to observed; `None` while open, or where the method cannot tell.
    #[must_use]
    pub fn observed_latency(&self) -> Option<Duration> {
        known(self.observed_after)
    }

    /// Spec change to ready, creation to ready, or request for deletion to gone; `None` unless it
    /// came to that.
    #[must_use]
    pub fn ready_latency(&self) -> Option<Duration> {
        let done = self.state == SampleState::Done && !self.ends_observed;
        known(self.ended_after).filter(|_| done)
    }

    /// When the controller said to have seen it.
    #[must_use]
    pub fn observed_at(&self) -> Option<Moment> {
        Some(self.spec_seen_at.after(self.observed_latency()?))
    }

    /// When it was ready, or gone.
    #[must_use]
    pub fn ready_at(&self) -> Option<Moment> {
        Some(self.spec_seen_at.after(self.ready_latency()?))
    }

    /// When it ended or left; `None` while open.
    #[must_use]
    pub fn ended_at(&self) -> Option<Moment> {
        Some(self.spec_seen_at.after(self.ended_latency()?))
    }

    /// How long it was followed at most: until it ended or left. `None` while open.
    #[must_use]
    pub fn ended_latency(&self) -> Option<Duration> {
        known(self.ended_after)
    }

    /// How long it was watched without a gap; `None`: all along.
    #[must_use]
    pub fn watched_for(&self) -> Option<Duration> {
        known(self.watched_for)
    }

    /// Whether a latency of this sample is known exactly: its begin was seen as it happened, and it
    /// was watched without a gap until then.
    #[must_use]
    pub fn is_exact_to(&self, latency: Duration) -> bool {
        self.starts_exactly && self.watched_for().is_none_or(|watched| latency <= watched)
    }

    /// Whether everything that it says is known exactly.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        let end = self.ended_latency().or(self.observed_latency());
        self.starts_exactly
            && match (self.watched_for(), end) {
                (None, _) => true,
                (Some(watched), Some(end)) => end <= watched,
                (Some(_), None) => false,
            }
    }

    /// Its end is awaited.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state == SampleState::Open
    }
}

fn known(micros: u64) -> Option<Duration> {
    (micros != NEVER).then(|| Duration::from_micros(micros))
}

/// How it was measured is a property of the kind: see [`super::KindMeasure`].
pub(super) fn observes(method: Option<LatencyMethod>) -> bool {
    matches!(
        method,
        Some(LatencyMethod::StatusObservedGeneration | LatencyMethod::ConditionObservedGeneration)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_fits_a_cache_line() {
        assert_eq!(size_of::<ReconcileSample>(), 64);
    }

    #[test]
    fn exact_up_to_where_it_was_watched() {
        let moment = |ms: u64| Moment {
            wall: 0,
            monotonic: 5_000_000 + ms * 1_000,
        };
        let mut sample = ReconcileSample::open(
            ObjectId(0),
            ChangeId(0),
            moment(0),
            ReconcileTrigger::SpecChanged,
            true,
        );
        sample.observe(ChangeId(1), moment(10));
        sample.unwatched_since(moment(20));
        sample.end(SampleState::Done, Some(ChangeId(2)), moment(30));
        let [observed, ready] = [sample.observed_latency(), sample.ready_latency()];
        assert!(sample.is_exact_to(observed.unwrap()) && !sample.is_exact_to(ready.unwrap()));
        assert!(!sample.is_exact());
        assert_eq!(
            sample.ready_at(),
            Some(Moment {
                wall: 30_000,
                ..moment(30)
            })
        );
    }
}
