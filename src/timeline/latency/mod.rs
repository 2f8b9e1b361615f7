//! Reconcile latency, measured from outside: a change of the desired state → observed → ready.
//!
//! Each kind is measured by one method ([`KindMeasure`]), learned from what its objects show
//! ([`evidence`]) or set by the user ([`LatencyOverride`]). A [`ReconcileSignal`] is what one
//! revision says; the tracker makes [`ReconcileSample`]s of their sequence; a [`LatencySummary`]
//! puts samples into figures, with Kaplan–Meier quantiles beside the plain ones.

#[cfg(test)]
mod controller_traces;
mod evidence;
mod kaplan_meier;
mod method;
#[cfg(test)]
mod model_tests;
mod rule;
mod sample;
mod sign;
mod signal;
mod summary;
mod tracker;
#[cfg(test)]
mod tracker_tests;

pub use kaplan_meier::{Observation as LifetimeObservation, kaplan_meier};
pub use method::{KindMeasure, LatencyMethod};
pub use rule::{LatencyOverride, LatencyRule, LatencyRuleError, LatencyRules, MethodChoice};
pub use sample::{ReconcileSample, ReconcileTrigger, SampleState};
pub use sign::ReadySign;
pub use signal::{Judged, ReconcileSignal, StoredSignal};
pub use summary::{Censored, LatencyQuery, LatencySummary, quantile};
pub(super) use tracker::{LatencyTracker, Step};
