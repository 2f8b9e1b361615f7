//! The tracker, step by step and against a random cluster.

use proptest::prelude::*;
use std::{collections::HashMap, sync::Arc};

use super::tracker::*;
use crate::model::{
    ChangeKind, GapCause, Moment, Observation, ResourceKey, ResourceKind, Scope, Uid,
};

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
    let mut fresh = self::tracker();
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
