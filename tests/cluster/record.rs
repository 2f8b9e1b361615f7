//! What is recorded of a real API server under load, with its own audit log as the truth.

use std::collections::BTreeMap;
use std::time::Duration;

use kronika::model::{ChangeKind, Json, Provenance, WatchStatus};
use tokio::runtime::Handle;

use crate::support::control_plane::ControlPlane;
use crate::support::load::{Load, Plan, Write};
use crate::support::recording::{Kept, Recording};
use crate::support::wait;

const LIMIT: Duration = Duration::from_secs(20);

fn watching(recording: &Recording) -> Option<()> {
    let timeline = recording.timeline.read();
    let mut kinds = timeline.kinds().peekable();
    kinds.peek()?;
    kinds
        .all(|(_, kind)| kind.status == WatchStatus::Watching)
        .then_some(())
}

/// `NAMESPACE/NAME VERSION` → the recorded changes with it.
fn by_version(changes: &[Kept]) -> BTreeMap<String, Vec<&Kept>> {
    let mut versions = BTreeMap::<_, Vec<_>>::new();
    for kept in changes {
        let id = format!("{} {}", kept.change.key, kept.change.resource_version);
        versions.entry(id).or_default().push(kept);
    }
    versions
}

fn written(write: &Write) -> String {
    format!(
        "{}/{} {}",
        write.namespace, write.name, write.resource_version
    )
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_write_of_a_load_is_recorded_once_with_its_parts_managers_and_paths() {
    let plane = ControlPlane::shared();
    let group = "watched.load.example.org";
    let mut load = Load::create(plane.client().await, Plan::new(group)).await;
    let before = load.record().writes.len();
    let kind = format!("widgets.{group}");
    let recording = Recording::open(&Handle::current(), plane.admin_kubeconfig(), &[&kind]);
    wait::until(LIMIT, "the kind is watched", || watching(&recording));
    load.run(Duration::from_secs(8)).await;
    let record = load.record();
    assert!(record.failures.is_empty(), "{:?}", record.failures);
    let writes = &record.writes[before..];
    assert!(
        writes.len() > 100,
        "a load worth the name: {}",
        writes.len()
    );
    wait::until(LIMIT, "the last write is recorded", || {
        let changes = recording.record.changes();
        let versions = by_version(&changes);
        writes
            .iter()
            .all(|write| versions.contains_key(&written(write)))
            .then_some(())
    });
    let changes = recording.record.changes();
    let versions = by_version(&changes);
    let watched = changes
        .iter()
        .filter(|kept| kept.change.provenance == Provenance::Watch)
        .count();
    assert_eq!(
        watched,
        writes.len(),
        "nothing is recorded that was not written"
    );
    for write in writes {
        let [kept] = versions[&written(write)][..] else {
            panic!("recorded more than once: {write:?}");
        };
        let change = &kept.change;
        assert_eq!(change.change, ChangeKind::Modified);
        assert_eq!(
            change.touches.names().collect::<Vec<_>>(),
            write.touches(),
            "{write:?} {change:?}"
        );
        assert_eq!(
            change.managers,
            [write.manager.into()],
            "{write:?} {change:?}"
        );
        let mut paths: Vec<_> = change.paths.iter().map(ToString::to_string).collect();
        let mut expected = write.paths.clone();
        paths.sort_unstable();
        expected.sort_unstable();
        assert_eq!(paths, expected, "{write:?} {change:?}");
        assert_eq!(
            change.generation.map(|generation| generation.0),
            Some(write.generation)
        );
        assert_eq!(&*change.uid.0, write.uid);
    }
    let order = |of: &mut dyn Iterator<Item = String>| {
        let mut objects = BTreeMap::<String, Vec<String>>::new();
        for id in of {
            let (object, version) = id.split_once(' ').expect("two words");
            objects
                .entry(object.to_owned())
                .or_default()
                .push(version.to_owned());
        }
        objects
    };
    let recorded = order(
        &mut changes
            .iter()
            .filter(|kept| kept.change.provenance == Provenance::Watch)
            .map(|kept| format!("{} {}", kept.change.key, kept.change.resource_version)),
    );
    assert_eq!(
        recorded,
        order(&mut writes.iter().map(written)),
        "in order per object"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn each_revision_is_kept_as_the_audit_log_shows_it() {
    let plane = ControlPlane::shared();
    let group = "bytes.load.example.org";
    let mut load = Load::create(plane.client().await, Plan::new(group)).await;
    let kind = format!("widgets.{group}");
    let recording = Recording::open(&Handle::current(), plane.admin_kubeconfig(), &[&kind]);
    wait::until(LIMIT, "the kind is watched", || watching(&recording));
    load.run(Duration::from_secs(3)).await;
    let newest = load.record().writes.last().map(written).expect("a write");
    wait::until(LIMIT, "the last write is recorded", || {
        by_version(&recording.record.changes())
            .contains_key(&newest)
            .then_some(())
    });
    let audited: BTreeMap<String, Box<serde_json::value::RawValue>> = plane
        .audit_events()
        .into_iter()
        .filter(|event| event.object_ref.api_group == group)
        .filter_map(|event| {
            let metadata = event.written()?.metadata;
            let id = format!(
                "{}/{} {}",
                metadata.namespace, metadata.name, metadata.resource_version
            );
            Some((id, event.response_object?))
        })
        .collect();
    let timeline = recording.timeline.read();
    let mut compared = 0;
    for (id, _) in timeline.range(i64::MIN, i64::MAX) {
        let change = timeline.full_change(id).expect("a change");
        let body = timeline.body(id).expect("its body");
        let sent = recording
            .record
            .changes()
            .into_iter()
            .find(|kept| kept.change == change)
            .and_then(|kept| kept.body)
            .expect("the same change in the sink");
        assert_eq!(
            body, &*sent,
            "the timeline gives back the bytes of the watch"
        );
        if let Some(object) = audited.get(&format!("{} {}", change.key, change.resource_version)) {
            let object = Json::parse(object.get().as_bytes()).expect("JSON");
            assert_eq!(Json::parse(&body).expect("JSON"), object);
            compared += 1;
        }
    }
    assert!(compared > 50, "{compared} revisions are in both");
}
