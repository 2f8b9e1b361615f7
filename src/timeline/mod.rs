//! The change history of one context, in memory.
//!
//! [`Recorder`] derives everything that costs (parsing, diff, ownership, compression) before it
//! takes the write lock of the shared [`Timeline`]; views only read.

mod activity;
mod append;
mod blame_walk;
mod kind_rules;
mod latency;
mod object_history;
mod recorder;
#[cfg(test)]
mod recorder_tests;
mod relation_index;
mod revision_log;
mod sink;
#[expect(
    clippy::module_inception,
    reason = "the file of the type that gives the module its name"
)]
mod timeline;

pub use activity::{Activity, ActivityBucket};
pub use blame_walk::BlameWalk;
pub use kind_rules::KindRules;
pub use latency::{
    Censored, Judged, KindMeasure, LatencyMethod, LatencyOverride, LatencyQuery, LatencyRule,
    LatencyRuleError, LatencyRules, LatencySummary, LifetimeObservation, MethodChoice, ReadySign,
    ReconcileSample, ReconcileSignal, ReconcileTrigger, SampleState, StoredSignal, kaplan_meier,
    quantile,
};
pub use object_history::{ChangeEntry, ChangeId, Incarnation, LiveObject, ObjectHistory, ObjectId};
pub use recorder::Recorder;
pub use relation_index::RelationIndex;
pub use revision_log::{DecodeError, Encoded, RevisionEncoder, RevisionLog};
pub use sink::{RecordSink, Recorded, SinkError};
pub use timeline::{DefinitionAt, KindHistory, KindId, SharedTimeline, Timeline};
