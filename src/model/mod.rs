//! The words of Kronika: identities, versions, changes, gaps. No I/O, no async, no window.

mod change;
mod condition;
mod definition;
mod field_path;
mod field_set;
mod json;
mod key;
mod managed_fields;
mod moment;
mod redaction;
mod topology;
mod version;
mod watch_status;

pub use change::{
    Change, ChangeKind, Gap, GapCause, ObjectState, Observation, Provenance, Touched,
};
pub use condition::{
    Condition, Readiness, ReadinessStatus, conditions, conditions_in, observed_generation,
};
pub use definition::Definition;
pub use field_path::{FieldPath, PathStep};
pub use field_set::{FieldSet, Match, PathElement, equal};
pub use json::{Json, JsonError, Number};
pub use key::{ContextName, PrinterColumn, ResourceKey, ResourceKind, Scope, Uid};
pub use managed_fields::{FieldManager, ManagedFieldsEntry, Operation, managed_fields};
pub use moment::{Clock, Moment, spoken_duration};
pub use redaction::{RedactionKey, Redactor};
pub use topology::{ListKey, ListType, Topology, TopologyNode, TopologyPlace, object_meta};
pub use version::{Generation, ResourceVersion};
pub use watch_status::{ConnectionState, Hint, WatchStatus};
