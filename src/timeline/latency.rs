//! Reconcile latency, measured from outside: generation bump → observed → ready.

use super::ObjectId;
use crate::model::{Generation, Json, Moment, conditions, observed_generation};

/// How a sample knows that the controller saw a generation, most reliable first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LatencyMethod {
    /// `status.observedGeneration` (API conventions: typical status properties).
    StatusObservedGeneration,
    /// `observedGeneration` of the conditions (`metav1.Condition`).
    ConditionObservedGeneration,
    /// Only a `Ready` condition: the first status write after the bump that says `True`.
    ReadyCondition,
}

impl LatencyMethod {
    /// As shown beside a figure.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            LatencyMethod::StatusObservedGeneration => "status.observedGeneration",
            LatencyMethod::ConditionObservedGeneration => "condition.observedGeneration",
            LatencyMethod::ReadyCondition => "Ready condition only",
        }
    }
}

/// What opened a sample.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ReconcileTrigger {
    /// The object was created.
    Created,
    /// Its generation was bumped.
    SpecChanged,
}

/// What one revision says about the controller's progress.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ReconcileSignal {
    /// The generation that the controller says to have seen, and where it says so. The method is
    /// [`LatencyMethod::ReadyCondition`], with no generation, where only readiness is told.
    pub observed: Option<i64>,
    /// Where.
    pub method: Option<LatencyMethod>,
    /// Status of the `Ready` condition; `None` where there is none.
    pub ready: Option<bool>,
}

impl ReconcileSignal {
    /// Reads the signal of an object.
    #[must_use]
    pub fn of(object: &Json<'_>) -> Self {
        let mut ready = None;
        let mut ready_observed = None;
        let mut any_observed = None;
        for condition in conditions(object) {
            if condition.type_ == "Ready" {
                ready = Some(condition.status == "True");
                ready_observed = condition.observed_generation;
            }
            any_observed = any_observed.max(condition.observed_generation);
        }
        let from_status = observed_generation(object);
        let from_conditions = ready_observed
            .or(any_observed)
            .or_else(|| of_parents(object));
        let (observed, method) = if from_status.is_some() {
            (from_status, Some(LatencyMethod::StatusObservedGeneration))
        } else if from_conditions.is_some() {
            (
                from_conditions,
                Some(LatencyMethod::ConditionObservedGeneration),
            )
        } else if ready.is_some() {
            (None, Some(LatencyMethod::ReadyCondition))
        } else {
            (None, None)
        };
        // Ready counts for the generation that its own condition names.
        let stale =
            matches!((ready_observed, observed), (Some(of_ready), Some(seen)) if of_ready < seen);
        Self {
            observed,
            method,
            ready: if stale { Some(false) } else { ready },
        }
    }
}

/// The generation that every parent has seen, for kinds whose status has conditions per parent
/// (`status.parents[].conditions` of the Gateway API's routes, `status.ancestors[]` of its policies).
fn of_parents(object: &Json<'_>) -> Option<i64> {
    let status = object.get("status")?;
    let parents = status.get("parents").or_else(|| status.get("ancestors"))?;
    let seen_by = |parent: &Json<'_>| {
        let conditions = parent.get("conditions")?.items().iter();
        conditions
            .filter_map(|condition| condition.get("observedGeneration")?.as_i64())
            .max()
    };
    parents.items().iter().map(seen_by).min().flatten()
}

/// One reconcile, from the change of the desired state to ready.
#[derive(Debug, Clone, PartialEq)]
pub struct ReconcileSample {
    /// Whose.
    pub object: ObjectId,
    /// The generation that was to be reached.
    pub generation: Generation,
    /// What opened it.
    pub trigger: ReconcileTrigger,
    /// When the new generation was seen.
    pub spec_seen_at: Moment,
    /// When the controller said to have seen it; `None` while open, or where the method cannot tell.
    pub observed_at: Option<Moment>,
    /// When it was ready; `None` while open, superseded, or for kinds without readiness.
    pub ready_at: Option<Moment>,
    /// How it was measured; `None` while nothing of the kind tells.
    pub method: Option<LatencyMethod>,
    /// Whether both ends were seen as they happened: not from a list, relist or poll.
    pub exact: bool,
    /// The desired state changed again before this one was reached.
    pub superseded: bool,
    /// The object was deleted before this was reached.
    pub abandoned: bool,
    /// Nothing more is awaited.
    pub closed: bool,
}

impl ReconcileSample {
    /// Generation bump to observed.
    #[must_use]
    pub fn observed_latency(&self) -> Option<std::time::Duration> {
        Some(self.observed_at?.since(self.spec_seen_at))
    }

    /// Generation bump to ready.
    #[must_use]
    pub fn ready_latency(&self) -> Option<std::time::Duration> {
        Some(self.ready_at?.since(self.spec_seen_at))
    }

    /// Still awaited.
    #[must_use]
    pub fn is_open(&self) -> bool {
        !self.closed
    }
}
