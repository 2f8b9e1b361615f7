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

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::model::Scope;

    fn tracker() -> Tracker {
        Tracker::new(Arc::new(ResourceKind {
            group: "x.io".into(),
            version: "v1".into(),
            kind: "App".into(),
            plural: "apps".into(),
            scope: Scope::Namespaced,
        }))
    }

    fn seen(name: &str, uid: u32, version: u32) -> Seen {
        Seen {
            key: ResourceKey {
                namespace: Some("n".into()),
                name: name.into(),
            },
            uid: Uid(uid.to_string().into()),
            resource_version: version.to_string().as_str().into(),
            generation: None,
            body: b"{}".as_slice().into(),
        }
    }

    fn at(second: i64) -> Moment {
        Moment {
            wall: second * 1_000_000,
            monotonic: second.unsigned_abs() * 1_000_000,
        }
    }

    /// Name, uid, version, change, provenance of each object; gaps as their extent and cause.
    fn told(observations: &[Observation]) -> Vec<String> {
        observations
            .iter()
            .map(|observation| match observation {
                Observation::Object(o) => format!(
                    "{} {} {} {:?} {:?}",
                    o.key.name, o.uid, o.resource_version, o.change, o.provenance
                ),
                Observation::Gap(gap) => format!(
                    "gap {}..{} {:?}",
                    gap.from.wall / 1_000_000,
                    gap.to.wall / 1_000_000,
                    gap.cause
                ),
                other => format!("{other:?}"),
            })
            .collect()
    }

    fn after_list() -> Tracker {
        let mut tracker = tracker();
        tracker.list_begins();
        assert_eq!(
            told(&tracker.listed(seen("a", 1, 10), at(0))),
            ["a 1 10 Added InitialList"]
        );
        tracker.listed(seen("b", 2, 11), at(0));
        assert!(
            tracker.list_ends(at(1)).is_empty(),
            "the first list leaves no gap"
        );
        tracker
    }

    #[test]
    fn apply_is_added_or_modified_by_our_own_knowledge() {
        let mut tracker = after_list();
        assert_eq!(
            told(&tracker.applied(seen("a", 1, 12), at(2))),
            ["a 1 12 Modified Watch"]
        );
        assert_eq!(
            told(&tracker.applied(seen("c", 3, 13), at(2))),
            ["c 3 13 Added Watch"]
        );
        assert_eq!(
            told(&tracker.deleted(seen("c", 3, 14), at(3))),
            ["c 3 14 Deleted Watch"]
        );
        assert_eq!(
            told(&tracker.applied(seen("c", 4, 15), at(4))),
            ["c 4 15 Added Watch"]
        );
    }

    #[test]
    fn a_version_told_twice_is_one_change() {
        let mut tracker = after_list();
        assert!(tracker.applied(seen("a", 1, 10), at(2)).is_empty());
        // A list that starts over because its continue token expired brings the same pages again.
        let mut fresh = super::tests::tracker();
        fresh.list_begins();
        fresh.listed(seen("a", 1, 10), at(0));
        fresh.list_begins();
        assert!(fresh.listed(seen("a", 1, 10), at(0)).is_empty());
    }

    #[test]
    fn a_relist_implies_deletions_and_leaves_a_gap() {
        let mut tracker = after_list();
        tracker.lost(at(5), GapCause::ConnectionLost);
        tracker.lost(at(9), GapCause::Expired);
        tracker.list_begins();
        assert_eq!(
            told(&tracker.listed(seen("a", 1, 20), at(10))),
            ["a 1 20 Modified Relist"]
        );
        assert_eq!(
            told(&tracker.listed(seen("c", 3, 21), at(10))),
            ["c 3 21 Added Relist"]
        );
        assert_eq!(
            told(&tracker.list_ends(at(11))),
            ["b 2 11 Deleted Relist", "gap 5..11 Expired"]
        );
    }

    #[test]
    fn a_watch_that_resumes_leaves_no_gap() {
        let mut tracker = after_list();
        tracker.lost(at(5), GapCause::ConnectionLost);
        tracker.applied(seen("a", 1, 12), at(6));
        tracker.lost(at(20), GapCause::Expired);
        tracker.list_begins();
        let ended = tracker.list_ends(at(21));
        assert_eq!(
            told(&ended).last().map(String::as_str),
            Some("gap 20..21 Expired")
        );
    }

    #[test]
    fn a_session_that_ends_while_the_watch_is_lost_leaves_a_gap() {
        let mut tracker = after_list();
        assert!(tracker.session_ends(at(2)).is_empty());
        tracker.lost(at(5), GapCause::ConnectionLost);
        assert_eq!(
            told(&tracker.session_ends(at(8))),
            ["gap 5..8 ConnectionLost"]
        );
    }

    #[test]
    fn a_name_used_again_is_a_second_incarnation() {
        let mut tracker = after_list();
        tracker.lost(at(5), GapCause::Expired);
        tracker.list_begins();
        assert_eq!(
            told(&tracker.listed(seen("a", 7, 20), at(6))),
            ["a 1 10 Deleted Relist", "a 7 20 Added Relist"]
        );
        tracker.listed(seen("b", 2, 11), at(6));
        tracker.list_ends(at(7));
        assert!(
            tracker.deleted(seen("a", 1, 19), at(8)).is_empty(),
            "the old end was told already"
        );
    }

    #[test]
    fn polling_says_so() {
        let mut tracker = after_list();
        tracker.set_polling(true);
        tracker.list_begins();
        assert_eq!(
            told(&tracker.listed(seen("a", 1, 12), at(3))),
            ["a 1 12 Modified Poll"]
        );
        assert_eq!(told(&tracker.list_ends(at(3))), ["b 2 11 Deleted Poll"]);
    }

    #[derive(Debug, Clone)]
    enum Step {
        Write(u8),
        Delete(u8),
        /// This many of the following events are not delivered, then the watch lists again.
        Lose(u8),
    }

    proptest! {
        /// A random cluster, watched with losses: what the tracker told, replayed, is the cluster.
        #[test]
        fn the_told_changes_rebuild_the_cluster(
            steps in prop::collection::vec(
                prop_oneof![
                    6 => (0u8..5).prop_map(Step::Write),
                    2 => (0u8..5).prop_map(Step::Delete),
                    1 => (1u8..6).prop_map(Step::Lose),
                ],
                0..80,
            )
        ) {
            let mut cluster: HashMap<u8, (u32, u32)> = HashMap::new();
            let mut replica: HashMap<String, (String, String)> = HashMap::new();
            let (mut version, mut lost) = (0, 0u8);
            let mut tracker = tracker();
            let mut replay = |observations: Vec<Observation>| -> Result<(), TestCaseError> {
                for observation in observations {
                    let Observation::Object(o) = observation else { continue };
                    let state = (o.uid.to_string(), o.resource_version.to_string());
                    let name = o.key.name.to_string();
                    match o.change {
                        ChangeKind::Added => prop_assert_eq!(replica.insert(name, state), None),
                        ChangeKind::Modified => {
                            let before = replica.insert(name, state.clone());
                            prop_assert_eq!(before.map(|b| b.0), Some(state.0));
                        }
                        ChangeKind::Deleted => {
                            prop_assert_eq!(replica.remove(&name).map(|b| b.0), Some(state.0));
                        }
                    }
                }
                Ok(())
            };
            tracker.list_begins();
            replay(tracker.list_ends(at(0)))?;
            for step in steps {
                version += 1;
                let observations = match step {
                    Step::Write(name) => {
                        let uid = cluster.get(&name).map_or(version, |(uid, _)| *uid);
                        cluster.insert(name, (uid, version));
                        (lost == 0).then(|| tracker.applied(seen(&name.to_string(), uid, version), at(1)))
                    }
                    Step::Delete(name) => cluster.remove(&name).and_then(|(uid, _)| {
                        (lost == 0).then(|| tracker.deleted(seen(&name.to_string(), uid, version), at(1)))
                    }),
                    Step::Lose(events) => {
                        if lost == 0 {
                            tracker.lost(at(1), GapCause::Expired);
                        }
                        lost = lost.max(events + 1);
                        None
                    }
                };
                replay(observations.unwrap_or_default())?;
                if lost > 0 {
                    lost -= 1;
                    if lost == 0 {
                        tracker.list_begins();
                        for (name, (uid, version)) in &cluster {
                            let listed = tracker.listed(seen(&name.to_string(), *uid, *version), at(2));
                            replay(listed)?;
                        }
                        replay(tracker.list_ends(at(2)))?;
                    }
                }
            }
            if lost == 0 {
                let expected: HashMap<_, _> = cluster
                    .iter()
                    .map(|(name, (uid, version))| (name.to_string(), (uid.to_string(), version.to_string())))
                    .collect();
                prop_assert_eq!(replica, expected);
            }
        }
    }
}
