//! What a watch means: pure, without time or network of its own.
//!
//! kube's `watcher` merges Added and Modified, swallows bookmarks, and after a 410 lists again
//! without a word on what was deleted meanwhile. The tracker knows the last state of every object
//! and makes changes, implied deletions and gaps of it.

use std::{
    collections::{HashMap, HashSet},
    mem,
    sync::Arc,
};

use crate::model::{
    ChangeKind, Gap, GapCause, Generation, Moment, ObjectState, Observation, Provenance,
    ResourceKey, ResourceKind, ResourceVersion, Uid,
};

/// One object of an event, as far as the tracker looks into it.
#[derive(Debug, Clone)]
pub(super) struct Seen {
    pub(super) key: ResourceKey,
    pub(super) uid: Uid,
    pub(super) resource_version: ResourceVersion,
    pub(super) generation: Option<Generation>,
    pub(super) body: Box<[u8]>,
}

#[derive(Debug, Clone)]
struct Known {
    uid: Uid,
    resource_version: ResourceVersion,
    generation: Option<Generation>,
}

#[derive(Debug)]
enum Phase {
    /// Never listed to the end.
    Fresh,
    /// Listed; the watch is open or will resume where it was.
    Current,
    /// Listing again.
    Relisting,
}

/// Follows one kind.
#[derive(Debug)]
pub(super) struct Tracker {
    kind: Arc<ResourceKind>,
    known: HashMap<ResourceKey, Known>,
    phase: Phase,
    listed: HashSet<ResourceKey>,
    polling: bool,
    /// Since when the watch is known to be lost, and why.
    lost: Option<(Moment, GapCause)>,
    last_seen: Option<Moment>,
}

impl Tracker {
    pub(super) fn new(kind: Arc<ResourceKind>) -> Self {
        Self {
            kind,
            known: HashMap::new(),
            phase: Phase::Fresh,
            listed: HashSet::new(),
            polling: false,
            lost: None,
            last_seen: None,
        }
    }

    /// Lists come from polling from now on.
    pub(super) fn set_polling(&mut self, polling: bool) {
        self.polling = polling;
    }

    /// How many objects the list under way has brought.
    pub(super) fn listed_count(&self) -> u64 {
        self.listed.len() as u64
    }

    /// The watch failed. Only the first failure counts until it is current again.
    pub(super) fn lost(&mut self, at: Moment, cause: GapCause) {
        match &mut self.lost {
            None => self.lost = Some((at, cause)),
            // The reason why it cannot resume says more than the cut itself.
            Some((_, known)) if cause == GapCause::Expired => *known = cause,
            Some(_) => {}
        }
    }

    /// The connection is dead, and has been since some time after its last sign of life.
    pub(super) fn lost_since_last_sign(&mut self, at: Moment) {
        self.lost(self.last_seen.unwrap_or(at), GapCause::ConnectionLost);
    }

    /// A bookmark: nothing changed up to here.
    pub(super) fn alive(&mut self, at: Moment) {
        if matches!(self.phase, Phase::Current) {
            self.resumed(at);
        }
    }

    /// The watch goes on where it was: nothing was missed.
    fn resumed(&mut self, at: Moment) {
        self.lost = None;
        self.last_seen = Some(at);
    }

    /// A list begins, the first or another.
    pub(super) fn list_begins(&mut self) {
        if !matches!(self.phase, Phase::Fresh) {
            self.phase = Phase::Relisting;
        }
        self.listed.clear();
    }

    /// The list brought an object.
    pub(super) fn listed(&mut self, seen: Seen, at: Moment) -> Vec<Observation> {
        self.listed.insert(seen.key.clone());
        let provenance = match self.phase {
            _ if self.polling && !matches!(self.phase, Phase::Fresh) => Provenance::Poll,
            Phase::Fresh => Provenance::InitialList,
            Phase::Current | Phase::Relisting => Provenance::Relist,
        };
        self.upsert(seen, provenance, at)
    }

    /// The list is complete: what it did not bring is gone, and between the loss and now anything
    /// may have happened.
    pub(super) fn list_ends(&mut self, at: Moment) -> Vec<Observation> {
        let mut out = Vec::new();
        let listed = mem::take(&mut self.listed);
        let mut gone: Vec<_> = self
            .known
            .keys()
            .filter(|key| !listed.contains(*key))
            .cloned()
            .collect();
        gone.sort_unstable();
        let provenance = if self.polling {
            Provenance::Poll
        } else {
            Provenance::Relist
        };
        for key in gone {
            out.extend(self.forget(&key, provenance, at));
        }
        let relisted = matches!(self.phase, Phase::Relisting);
        if relisted && !self.polling {
            let (from, cause) = self
                .lost
                .take()
                .or_else(|| Some((self.last_seen?, GapCause::ConnectionLost)))
                .unwrap_or((at, GapCause::ConnectionLost));
            out.push(Observation::Gap(Gap {
                from,
                to: at,
                cause,
                kind: Some(Arc::clone(&self.kind)),
            }));
        }
        self.phase = Phase::Current;
        self.resumed(at);
        out
    }

    /// The watch brought an added or modified object.
    pub(super) fn applied(&mut self, seen: Seen, at: Moment) -> Vec<Observation> {
        self.resumed(at);
        self.upsert(seen, Provenance::Watch, at)
    }

    /// The watch brought a deletion.
    pub(super) fn deleted(&mut self, seen: Seen, at: Moment) -> Vec<Observation> {
        self.resumed(at);
        let mut out = Vec::new();
        match self.known.get(&seen.key) {
            // The end of an incarnation that a newer one has already replaced was told then.
            Some(known) if known.uid != seen.uid => return out,
            _ => self.known.remove(&seen.key),
        };
        out.push(self.state(seen, ChangeKind::Deleted, Provenance::Watch, at));
        out
    }

    /// The kind is not served any more: every object of it is gone.
    pub(super) fn removed(&mut self, at: Moment) -> Vec<Observation> {
        let mut keys: Vec<_> = self.known.keys().cloned().collect();
        keys.sort_unstable();
        keys.iter()
            .filter_map(|key| self.forget(key, Provenance::Relist, at))
            .collect()
    }

    /// Watching ends. If it was lost by then, what came after the loss is unknown.
    pub(super) fn session_ends(&mut self, at: Moment) -> Vec<Observation> {
        if matches!(self.phase, Phase::Fresh) || self.polling {
            return Vec::new();
        }
        let gap = self.lost.take().map(|(from, cause)| Gap {
            from,
            to: at,
            cause,
            kind: Some(Arc::clone(&self.kind)),
        });
        gap.map(Observation::Gap).into_iter().collect()
    }

    fn upsert(&mut self, seen: Seen, provenance: Provenance, at: Moment) -> Vec<Observation> {
        let mut out = Vec::new();
        let change = match self.known.get(&seen.key) {
            Some(known) if known.uid != seen.uid => {
                // Deleted and created again, and the deletion was not seen.
                out.extend(self.forget(&seen.key, Provenance::Relist, at));
                ChangeKind::Added
            }
            Some(known) if known.resource_version == seen.resource_version => return out,
            Some(_) => ChangeKind::Modified,
            None => ChangeKind::Added,
        };
        self.known.insert(
            seen.key.clone(),
            Known {
                uid: seen.uid.clone(),
                resource_version: seen.resource_version.clone(),
                generation: seen.generation,
            },
        );
        out.push(self.state(seen, change, provenance, at));
        out
    }

    /// An implied deletion: without a body, under the last version that we know.
    fn forget(
        &mut self,
        key: &ResourceKey,
        provenance: Provenance,
        at: Moment,
    ) -> Option<Observation> {
        let known = self.known.remove(key)?;
        Some(Observation::Object(ObjectState {
            kind: Arc::clone(&self.kind),
            key: key.clone(),
            uid: known.uid,
            resource_version: known.resource_version,
            generation: known.generation,
            change: ChangeKind::Deleted,
            provenance,
            observed_at: at,
            body: None,
        }))
    }

    fn state(
        &self,
        seen: Seen,
        change: ChangeKind,
        provenance: Provenance,
        at: Moment,
    ) -> Observation {
        Observation::Object(ObjectState {
            kind: Arc::clone(&self.kind),
            key: seen.key,
            uid: seen.uid,
            resource_version: seen.resource_version,
            generation: seen.generation,
            change,
            provenance,
            observed_at: at,
            body: Some(seen.body),
        })
    }
}
