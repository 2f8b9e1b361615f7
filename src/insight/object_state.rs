//! What the engine keeps of one object while something happens to it.

use super::{
    fight::Fight, flapping::Flapping, held_deletion::HeldDeletion, hot_loop::HotLoop, stuck::Stuck,
    unauthorised::Unauthorised,
};
use crate::timeline::{ChangeEntry, ChangeId, KindId};

/// The state of all rules on one object.
#[derive(Debug)]
pub(super) struct ObjectState {
    pub(super) kind: KindId,
    pub(super) newest: ChangeId,
    /// When it was changed last (microseconds since the epoch).
    pub(super) changed_at: i64,
    /// When it is looked at again.
    pub(super) due: Option<i64>,
    pub(super) stuck: Stuck,
    pub(super) fight: Fight,
    pub(super) hot_loop: HotLoop,
    pub(super) flapping: Flapping,
    pub(super) held_deletion: HeldDeletion,
    pub(super) unauthorised: Unauthorised,
}

impl ObjectState {
    /// `before` is the change before the one that something begins with, if there was one.
    pub(super) fn new(
        kind: KindId,
        newest: ChangeId,
        changed_at: i64,
        before: Option<&ChangeEntry>,
    ) -> Self {
        Self {
            kind,
            newest,
            changed_at,
            due: None,
            stuck: Stuck::default(),
            fight: Fight::default(),
            hot_loop: before.map(HotLoop::after).unwrap_or_default(),
            flapping: Flapping::default(),
            held_deletion: HeldDeletion::default(),
            unauthorised: Unauthorised::default(),
        }
    }
}
