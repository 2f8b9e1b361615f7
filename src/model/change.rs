//! What the watch saw, and what it did not see.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{
    ConnectionState, Definition, FieldPath, Generation, Moment, PrinterColumn, ResourceKey,
    ResourceKind, ResourceVersion, Uid, WatchStatus,
};

/// What happened to an object. Derived from our own last known state, because a watch that
/// reconnects or relists does not say it reliably.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ChangeKind {
    /// The first revision of an incarnation that we know.
    Added,
    /// Another revision of a known incarnation.
    Modified,
    /// The incarnation is gone.
    Deleted,
}

/// How we came to know a change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Provenance {
    /// Present in the first list: it existed before we looked.
    InitialList,
    /// An event of the watch: seen as it happened.
    Watch,
    /// Found by listing again after the watch was lost: it happened somewhere inside the gap.
    Relist,
    /// Found by polling where `watch` is not allowed.
    Poll,
}

/// The parts of an object that a change touched.
///
/// `metadata` leaves out the server's bookkeeping (`managedFields`, `resourceVersion`,
/// `generation`). Fields beside `metadata` and `status` count as `spec`, as the API server does
/// when it bumps `generation`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Touched {
    /// Desired state.
    pub spec: bool,
    /// Observed state.
    pub status: bool,
    /// Labels, annotations, finalizers, owner references, deletion.
    pub metadata: bool,
    /// Nothing but timestamps changed (heartbeats, renewals).
    pub heartbeat: bool,
}

impl Touched {
    /// The parts by name, in the order spec, status, metadata.
    pub fn names(self) -> impl Iterator<Item = &'static str> {
        [
            (self.spec, "spec"),
            (self.status, "status"),
            (self.metadata, "metadata"),
        ]
        .into_iter()
        .filter_map(|(touched, name)| touched.then_some(name))
    }

    /// Packs into one byte, for storage.
    #[must_use]
    pub fn bits(self) -> u8 {
        u8::from(self.spec)
            | u8::from(self.status) << 1
            | u8::from(self.metadata) << 2
            | u8::from(self.heartbeat) << 3
    }

    /// Unpacks [`Touched::bits`].
    #[must_use]
    pub fn from_bits(bits: u8) -> Self {
        Self {
            spec: bits & 1 != 0,
            status: bits & 2 != 0,
            metadata: bits & 4 != 0,
            heartbeat: bits & 8 != 0,
        }
    }
}

/// One recorded change, with all that was derived from the two revisions around it.
#[derive(Debug, Clone, PartialEq)]
pub struct Change {
    /// When the event arrived.
    pub observed_at: Moment,
    /// Kind of the object.
    pub kind: Arc<ResourceKind>,
    /// Name of the object.
    pub key: ResourceKey,
    /// Incarnation of the object.
    pub uid: Uid,
    /// Version that the server gave this revision.
    pub resource_version: ResourceVersion,
    /// `metadata.generation`, where the kind has one.
    pub generation: Option<Generation>,
    /// What happened.
    pub change: ChangeKind,
    /// How we know.
    pub provenance: Provenance,
    /// Parts that changed.
    pub touches: Touched,
    /// Field managers that wrote the change. More than one: it was one of them.
    pub managers: Vec<Arc<str>>,
    /// Fields that changed, as JSON pointers; empty for the first revision of an incarnation.
    pub paths: Vec<FieldPath>,
}

/// One object as the tracker passes it on: the bytes that the server sent, and what the watch
/// already had to know about them.
#[derive(Debug, Clone)]
pub struct ObjectState {
    /// Kind of the object.
    pub kind: Arc<ResourceKind>,
    /// Name of the object.
    pub key: ResourceKey,
    /// Incarnation of the object.
    pub uid: Uid,
    /// Version that the server gave this revision.
    pub resource_version: ResourceVersion,
    /// `metadata.generation`, where the kind has one.
    pub generation: Option<Generation>,
    /// What happened, by our last known state.
    pub change: ChangeKind,
    /// How we know.
    pub provenance: Provenance,
    /// When the event arrived.
    pub observed_at: Moment,
    /// The object as the server sent it; `None` for a deletion that a relist implied.
    pub body: Option<Box<[u8]>>,
}

/// Everything that flows from the cluster to the recorder, in one order.
#[derive(Debug, Clone)]
pub enum Observation {
    /// A kind is served (again), with these printer columns.
    Kind {
        /// The kind.
        kind: Arc<ResourceKind>,
        /// Its additional printer columns.
        columns: Arc<[PrinterColumn]>,
    },
    /// What the CRD of a kind says, first and whenever it changes. Comes after the kind.
    Definition {
        /// The kind.
        kind: Arc<ResourceKind>,
        /// What the CRD says.
        definition: Arc<Definition>,
        /// When that was seen.
        at: Moment,
    },
    /// A kind is not served any more.
    KindRemoved {
        /// The kind.
        kind: Arc<ResourceKind>,
        /// When that was seen.
        at: Moment,
    },
    /// The watch of a kind changed its state.
    Status {
        /// The kind.
        kind: Arc<ResourceKind>,
        /// Its new state.
        status: WatchStatus,
    },
    /// The context's connection changed its state.
    Connection(ConnectionState),
    /// An object changed.
    Object(ObjectState),
    /// A stretch was not watched.
    Gap(Gap),
}

/// Why a stretch was not watched.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum GapCause {
    /// The server no longer had the events since our last one (410 Gone).
    Expired,
    /// The connection was lost and the watch could not resume.
    ConnectionLost,
    /// The server's changes came faster than they could be kept.
    Evicted,
    /// Permission was missing.
    Forbidden,
    /// The kind was polled, so anything between two polls is unknown.
    Polled,
    /// An object could not be decoded.
    Undecodable,
    /// Kronika was not running.
    NotRunning,
}

impl fmt::Display for GapCause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            GapCause::Expired => "history expired on the server",
            GapCause::ConnectionLost => "connection lost",
            GapCause::Evicted => "evicted",
            GapCause::Forbidden => "no permission",
            GapCause::Polled => "polled",
            GapCause::Undecodable => "undecodable object",
            GapCause::NotRunning => "not running",
        })
    }
}

/// A stretch in which changes may have happened that we did not see.
#[derive(Debug, Clone, PartialEq)]
pub struct Gap {
    /// Last moment that we know to have watched.
    pub from: Moment,
    /// First moment at which the state was known again.
    pub to: Moment,
    /// Why.
    pub cause: GapCause,
    /// The kind that was not watched; `None` for the whole context.
    pub kind: Option<Arc<ResourceKind>>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn touched_survives_its_byte() {
        for bits in 0..16 {
            assert_eq!(Touched::from_bits(bits).bits(), bits);
        }
    }
}
