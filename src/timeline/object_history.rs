//! The history of one key: its incarnations, their changes, and its newest state.

use jiff::Timestamp;

use super::{KindId, LatencyMethod, ReconcileSignal, RevisionLog};
use crate::{
    columns::Cell,
    model::{
        ChangeKind, Generation, Moment, Provenance, Readiness, ResourceKey, ResourceVersion,
        Touched, Uid,
    },
};

/// An object of the timeline: one key of one kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ObjectId(pub u32);

/// A change of the timeline; order is by arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ChangeId(pub u32);

/// One incarnation of a key.
#[derive(Debug, Clone)]
pub struct Incarnation {
    /// Its uid.
    pub uid: Uid,
    /// Its first change.
    pub first: ChangeId,
}

/// The newest state of an object that exists.
#[derive(Debug, Clone)]
pub struct LiveObject {
    /// Printer columns, without namespace and name.
    pub cells: Box<[Cell]>,
    /// What it says about itself.
    pub readiness: Readiness,
    /// `metadata.creationTimestamp`.
    pub created: Option<Timestamp>,
    /// `metadata.generation`.
    pub generation: Option<Generation>,
    /// The generation that the controller says to have seen, and where it says so.
    pub observed: Option<(Generation, LatencyMethod)>,
}

/// One change, compact. Managers and paths are numbers of the timeline's tables: see
/// [`super::Timeline::managers`] and [`super::Timeline::paths`].
#[derive(Debug, Clone)]
pub struct ChangeEntry {
    /// Whose change.
    pub object: ObjectId,
    /// Index into [`ObjectHistory::incarnations`].
    pub incarnation: u16,
    /// What happened.
    pub change: ChangeKind,
    /// How we know.
    pub provenance: Provenance,
    /// Parts that changed.
    pub touches: Touched,
    /// When the event arrived.
    pub at: Moment,
    /// Version of the revision.
    pub resource_version: ResourceVersion,
    /// `metadata.generation`.
    pub generation: Option<Generation>,
    /// What the revision says about the controller's progress.
    pub signal: ReconcileSignal,
    /// Revision in the object's log that holds the body. A deletion that a relist implied shares
    /// the one before it.
    pub(super) revision: u32,
    pub(super) managers: Box<[u32]>,
    pub(super) paths: Box<[u32]>,
}

/// The history of one key.
#[derive(Debug)]
pub struct ObjectHistory {
    /// Its kind.
    pub kind: KindId,
    /// Its name.
    pub key: ResourceKey,
    /// Oldest first; deleting and creating a name again adds one.
    pub incarnations: Vec<Incarnation>,
    /// Oldest first, over all incarnations.
    pub changes: Vec<ChangeId>,
    /// The newest state; `None` once deleted.
    pub live: Option<LiveObject>,
    pub(super) log: RevisionLog,
}

impl ObjectHistory {
    /// The newest change.
    #[must_use]
    pub fn newest(&self) -> Option<ChangeId> {
        self.changes.last().copied()
    }
}
