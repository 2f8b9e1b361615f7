//! Blame over the recorded history of an object, a few revisions at a time.

use std::sync::Arc;

use super::{ChangeEntry, ChangeId, Timeline};
use crate::{
    diff::{Blame, BlameRevision, Seen},
    model::{ChangeKind, GapCause, Provenance},
};

/// Goes through the revisions of one incarnation up to a chosen one. A walk that is asked for a later
/// revision of the same incarnation goes on from where it is.
#[derive(Debug, Clone, Default)]
pub struct BlameWalk {
    blame: Blame<ChangeId>,
    last: Option<ChangeId>,
    target: Option<ChangeId>,
    is_done: bool,
}

impl BlameWalk {
    /// Whether it has reached this revision.
    #[must_use]
    pub fn has_reached(&self, target: ChangeId) -> bool {
        self.is_done && self.target == Some(target)
    }

    /// What it has found so far.
    #[must_use]
    pub fn blame(&self) -> &Blame<ChangeId> {
        &self.blame
    }

    /// Takes up to `steps` more revisions on the way to `target`, one of `changes` (oldest first, of one
    /// key). Says whether it is there.
    pub fn advance(
        &mut self,
        timeline: &Timeline,
        changes: &[ChangeId],
        target: ChangeId,
        steps: usize,
    ) -> bool {
        let incarnation = |id| timeline.change(id).map(|c| (c.object, c.incarnation));
        if self
            .last
            .is_some_and(|last| last > target || incarnation(last) != incarnation(target))
        {
            *self = Self::default();
        }
        self.target = Some(target);
        self.is_done = false;
        let from = changes.partition_point(|id| Some(*id) <= self.last);
        let until = changes.partition_point(|id| *id <= target);
        let ahead = changes.get(from..until).unwrap_or_default().iter().copied();
        let mut ahead = ahead.filter(|id| incarnation(*id) == incarnation(target));
        for id in ahead.by_ref().take(steps) {
            if let Some(change) = timeline.change(id) {
                self.take(timeline, id, change);
            }
        }
        self.is_done = ahead.next().is_none();
        self.is_done
    }

    fn take(&mut self, timeline: &Timeline, id: ChangeId, change: &ChangeEntry) {
        let before = self.last.replace(id).and_then(|last| timeline.change(last));
        // A deletion that a new list implied shares the body of the revision before.
        if change.change == ChangeKind::Deleted && change.provenance != Provenance::Watch {
            return;
        }
        let missed = before.is_some_and(|before| missed_one(timeline, before, change));
        let body = timeline.body(id).ok();
        let revision = BlameRevision {
            id,
            body: body.as_deref(),
            managers: timeline.managers(change).map(Arc::clone).collect(),
            seen: match change.provenance {
                Provenance::InitialList => Seen::Before,
                Provenance::Watch if !missed => Seen::OneWrite,
                Provenance::Watch | Provenance::Relist | Provenance::Poll => Seen::SomeWrites,
            },
        };
        self.blame.push(revision, timeline.topology(change.object));
    }
}

/// Whether an event that could not be decoded may lie between two changes.
fn missed_one(timeline: &Timeline, before: &ChangeEntry, after: &ChangeEntry) -> bool {
    let kind = timeline
        .object(after.object)
        .and_then(|object| Some(&timeline.kind(object.kind)?.kind));
    timeline.gaps().iter().any(|gap| {
        gap.cause == GapCause::Undecodable
            && gap.to.wall >= before.at.wall
            && gap.to.wall <= after.at.wall
            && gap.kind.as_ref().is_none_or(|of| Some(of) == kind)
    })
}
