//! Who wrote what, against a real API server: several managers write the same objects in every way that there
//! is, many times in a second. The truth is who sent each request.

mod naive;
mod writers;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use kronika::diff::{Blame, BlameRevision, Seen, owners};
use kronika::model::{
    Change, ChangeKind, FieldPath, Json, Operation, Provenance, Topology, WatchStatus,
};
use serde_json::Value;
use tokio::runtime::Handle;

use crate::support::control_plane::ControlPlane;
use crate::support::recording::{Kept, Recording};
use crate::support::wait;
use naive::Model;
use writers::Writers;

const LIMIT: Duration = Duration::from_secs(30);
const WRITES: usize = 500;
const GROUP: &str = "ownership.example.org";

#[derive(Debug, Default)]
struct Tally {
    exact: usize,
    one_of: usize,
    unknown: usize,
    wrong: Vec<String>,
}

impl Tally {
    fn count(&mut self, change: &Change, truth: &str) {
        match &change.managers[..] {
            [] => self.unknown += 1,
            [one] if **one == *truth => self.exact += 1,
            several if several.len() > 1 && several.iter().any(|name| **name == *truth) => {
                self.one_of += 1;
            }
            _ => self.wrong.push(format!("{truth} wrote {change:?}")),
        }
    }

    fn seen(&self) -> usize {
        self.exact + self.one_of + self.unknown + self.wrong.len()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn writers_owners_and_blame_are_what_was_written() {
    let plane = ControlPlane::shared();
    let mut writers = Writers::create(plane.client().await, GROUP, 7).await;
    let kind = format!("things.{GROUP}");
    let recording = Recording::open(&Handle::current(), plane.admin_kubeconfig(), &[&kind]);
    wait::until(LIMIT, "the kind is watched", || {
        let timeline = recording.timeline.read();
        let (_, kind) = timeline.kinds().next()?;
        (kind.status == WatchStatus::Watching && kind.schema.has_status.is_some()).then_some(())
    });
    for _ in 0..WRITES {
        writers.write().await;
    }
    let truth = &writers.truth;
    wait::until(LIMIT, "the last write is recorded", || {
        let changes = recording.record.changes();
        let last = truth.keys().max()?;
        changes
            .iter()
            .any(|kept| version(&kept.change) >= *last)
            .then_some(())
    });
    let changes = recording.record.changes();
    let topology = {
        let timeline = recording.timeline.read();
        let (_, kind) = timeline.kinds().next().expect("the kind is known");
        kind.schema.topology.clone()
    };

    let mut tally = Tally::default();
    for kept in &changes {
        if let (Some(writer), Provenance::Watch) =
            (truth.get(&version(&kept.change)), kept.change.provenance)
        {
            tally.count(&kept.change, writer);
        }
    }
    assert!(
        tally.wrong.is_empty(),
        "{:#?}\n{}",
        tally.wrong,
        wrong_bodies(&changes, truth)
    );
    assert_eq!(
        tally.seen(),
        truth.len(),
        "every write is recorded: {tally:?}"
    );
    assert!(
        tally.seen() > WRITES / 2,
        "most writes change something: {tally:?}"
    );
    // What is unknown was an Update that only removed something.
    assert!(tally.exact * 10 > tally.seen() * 7, "{tally:?}");

    let fields = compare_owners(&changes, &topology);
    let blamed = compare_blame(&changes, truth, &topology);
    assert!(fields > 5_000, "{fields}");
    assert!(blamed.0 > 100, "{blamed:?}");
}

/// The managedFields around each change whose writer was not named.
fn wrong_bodies(changes: &[Kept], truth: &BTreeMap<u64, &'static str>) -> String {
    let fields = |kept: &Kept| {
        let object: Value = serde_json::from_slice(kept.body.as_deref().unwrap_or(b"{}")).unwrap();
        object["metadata"]["managedFields"].to_string()
    };
    let mut text = String::new();
    for (at, kept) in changes.iter().enumerate() {
        let Some(writer) = truth.get(&version(&kept.change)) else {
            continue;
        };
        let names = &kept.change.managers;
        if names.is_empty() || names.iter().any(|name| **name == **writer) {
            continue;
        }
        let same = |other: &&Kept| other.change.key == kept.change.key;
        if let Some(before) = changes[..at].iter().rev().find(same) {
            text.push_str(&format!(
                "{writer}:\n  {}\n  {}\n",
                fields(before),
                fields(kept)
            ));
        }
    }
    text
}

fn version(change: &Change) -> u64 {
    change
        .resource_version
        .to_string()
        .parse()
        .expect("a number")
}

/// The owners of every field of every revision, against all paths of the sets spelled out.
fn compare_owners(changes: &[Kept], topology: &Topology) -> usize {
    let mut compared = 0;
    for body in changes.iter().filter_map(|kept| kept.body.as_deref()) {
        let object = Json::parse(body).unwrap();
        let model = Model::of(&serde_json::from_slice(body).unwrap());
        for leaf in &model.leaves {
            let path = FieldPath::from_pointer(&leaf.pointer);
            let mut found: Vec<String> = owners(&object, &path, topology)
                .iter()
                .map(|owner| match owner.operation {
                    Operation::Apply => format!("{} Apply {}", owner.manager, owner.subresource),
                    Operation::Update => format!("{} Update {}", owner.manager, owner.subresource),
                })
                .collect();
            found.sort();
            assert_eq!(
                found,
                model.owners(leaf),
                "{path} of {}",
                object.to_compact()
            );
            compared += 1;
        }
    }
    compared
}

/// The last revision that changed each field and who wrote it, against a replay of all writes: how many
/// fields, and for how many of them exactly one writer is named.
fn compare_blame(
    changes: &[Kept],
    truth: &BTreeMap<u64, &'static str>,
    topology: &Topology,
) -> (usize, usize) {
    let mut incarnations = BTreeMap::<&str, Vec<&Kept>>::new();
    for kept in changes
        .iter()
        .filter(|kept| kept.change.change != ChangeKind::Deleted)
    {
        incarnations
            .entry(&kept.change.uid.0)
            .or_default()
            .push(kept);
    }
    let (mut compared, mut exact) = (0, 0);
    for revisions in incarnations.values() {
        let mut blame = Blame::default();
        let mut replay = BTreeMap::<String, (Value, u64)>::new();
        let mut newest = None;
        for kept in revisions {
            let body = kept.body.as_deref().expect("a watch event has a body");
            let id = version(&kept.change);
            let revision = BlameRevision {
                id,
                body: Some(body),
                managers: kept.change.managers.clone(),
                seen: Seen::OneWrite,
            };
            blame.push(revision, topology);
            let model = Model::of(&serde_json::from_slice(body).unwrap());
            replay = model
                .leaves
                .iter()
                .map(|leaf| {
                    let known = replay
                        .remove(&leaf.path)
                        .filter(|(value, _)| *value == leaf.value);
                    (leaf.path.clone(), known.unwrap_or((leaf.value.clone(), id)))
                })
                .collect();
            newest = Some(model);
        }
        let origins = blame.fields();
        for leaf in newest.iter().flat_map(|model| &model.leaves) {
            // Items of an atomic list have no identity to follow.
            if leaf.in_atomic {
                continue;
            }
            let origin = &origins[&FieldPath::from_pointer(&leaf.pointer)];
            let (_, changed) = replay[&leaf.path];
            assert_eq!(origin.revision, changed, "{}", leaf.path);
            let names: Vec<Arc<str>> = origin
                .writers
                .iter()
                .map(|writer| Arc::clone(&writer.manager))
                .collect();
            if let Some(writer) = truth.get(&changed) {
                let is_there = names.iter().any(|name| **name == **writer);
                assert!(
                    is_there || names.is_empty(),
                    "{}: {names:?} and not {writer}",
                    leaf.path
                );
                compared += 1;
                exact += usize::from(names.len() == 1);
            }
        }
    }
    (compared, exact)
}
