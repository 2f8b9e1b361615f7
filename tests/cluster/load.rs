//! The load generator: its record is what the server's own audit log says.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use crate::support::control_plane::ControlPlane;
use crate::support::load::{Convention, Load, Plan, Write};
use crate::support::wait;

/// By object, in the order of the writes.
fn by_object(writes: &[Write]) -> BTreeMap<(&str, &str), Vec<&Write>> {
    let mut objects = BTreeMap::<_, Vec<_>>::new();
    for write in writes {
        objects
            .entry((write.namespace.as_str(), write.name.as_str()))
            .or_default()
            .push(write);
    }
    objects
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_record_of_a_load_is_what_the_audit_log_shows() {
    let plane = ControlPlane::shared();
    let group = "recorded.load.example.org";
    let plan = Plan {
        namespaces: vec!["load-a".into(), "load-b".into()],
        ..Plan::new(group)
    };
    let objects = plan.objects;
    let mut load = Load::create(plane.client().await, plan).await;
    load.run(Duration::from_secs(6)).await;
    let record = load.record();
    assert!(record.failures.is_empty(), "{:?}", record.failures);

    let audited = || -> BTreeSet<(String, String, String, String)> {
        plane
            .audit_events()
            .iter()
            .filter(|event| event.object_ref.api_group == group)
            .filter_map(|event| {
                let manager = event.request_uri.split("fieldManager=").nth(1)?;
                let metadata = event.written()?.metadata;
                Some((
                    metadata.namespace,
                    metadata.name,
                    metadata.resource_version,
                    manager.split('&').next()?.to_owned(),
                ))
            })
            .collect()
    };
    let recorded: BTreeSet<_> = record
        .writes
        .iter()
        .map(|write| {
            (
                write.namespace.clone(),
                write.name.clone(),
                write.resource_version.clone(),
                write.manager.to_owned(),
            )
        })
        .collect();
    assert_eq!(
        recorded.len(),
        record.writes.len(),
        "every write made a version of its own"
    );
    wait::within(Duration::from_secs(10), || {
        (audited() == recorded).then_some(())
    });
    assert_eq!(audited(), recorded);

    let histories = by_object(&record.writes);
    assert_eq!(histories.len(), objects);
    let namespaces: BTreeSet<&str> = histories.keys().map(|(namespace, _)| *namespace).collect();
    assert_eq!(namespaces, BTreeSet::from(["load-a", "load-b"]));
    for history in histories.values() {
        assert!(
            history
                .windows(2)
                .all(|pair| pair[0].received <= pair[1].sent)
        );
        assert!(history.windows(2).all(|pair| pair[0].uid == pair[1].uid));
        assert_eq!(history[0].touches(), ["spec", "metadata"]);
        for pair in history.windows(2) {
            let touches = pair[1].touches();
            let expected: &[&str] = match pair[1].manager {
                "load-gitops" | "load-scaler" | "load-editor" => &["spec"],
                "load-controller" | "load-heartbeat" => &["status"],
                "load-labeller" => &["metadata"],
                other => panic!("unknown manager {other}"),
            };
            assert_eq!(touches, expected, "{:?}", pair[1]);
            let bumped = pair[1].generation > pair[0].generation;
            assert_eq!(bumped, touches == ["spec"], "{:?}", pair[1]);
        }
    }
    let writers: BTreeSet<&str> = record.writes.iter().map(|write| write.manager).collect();
    for writer in [
        "load-gitops",
        "load-scaler",
        "load-editor",
        "load-controller",
        "load-heartbeat",
    ] {
        assert!(
            writers.contains(writer),
            "{writer} wrote nothing: {writers:?}"
        );
    }
    let mean = record.writes.len() / objects;
    assert!(
        histories.values().any(|history| history.len() > 2 * mean),
        "some are hot"
    );
    let reconciled = |history: &&Vec<&Write>| history.iter().any(|write| write.reconciles);
    assert!(histories.values().filter(reconciled).count() > objects / 2);
    let no_status =
        |history: &&Vec<&Write>| !history.iter().any(|write| write.touches() == ["status"]);
    assert!(
        histories.values().filter(no_status).count() > 0,
        "some are never reconciled"
    );

    let resource = load.resource();
    let path = format!(
        "/apis/{}/namespaces/load-a/{}",
        resource.api_version, resource.plural
    );
    let list = plane.kubectl(&["get", "--raw", &path]);
    let list: serde_json::Value = serde_json::from_str(&list).unwrap();
    for item in list["items"].as_array().unwrap() {
        let size = item.to_string().len();
        assert!((3000..6500).contains(&size), "an object has {size} bytes");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn every_convention_says_that_it_caught_up_in_its_own_way() {
    let plane = ControlPlane::shared();
    for (convention, group) in [
        (
            Convention::ConditionGeneration,
            "conditions.load.example.org",
        ),
        (Convention::ReadyOnly, "ready.load.example.org"),
    ] {
        let plan = Plan {
            objects: 16,
            convention,
            ..Plan::new(group)
        };
        let mut load = Load::create(plane.client().await, plan).await;
        load.run(Duration::from_secs(4)).await;
        let record = load.record();
        let paths: BTreeSet<&str> = record
            .writes
            .iter()
            .flat_map(|write| write.paths.iter().map(String::as_str))
            .collect();
        assert!(paths.contains("/status/conditions/0/status"), "{paths:?}");
        assert!(!paths.contains("/status/observedGeneration"), "{paths:?}");
        assert_eq!(
            paths.contains("/status/conditions/0/observedGeneration"),
            convention == Convention::ConditionGeneration,
            "{paths:?}"
        );
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_load_outlives_a_restart_of_the_server_and_tells_what_failed() {
    let plane = ControlPlane::start();
    let mut load = Load::create(plane.client().await, Plan::new("restart.load.example.org")).await;
    let restart = tokio::task::spawn_blocking(move || {
        plane.kill_api_server();
        plane.start_api_server(&[]);
        plane
    });
    while !restart.is_finished() {
        load.run(Duration::from_millis(500)).await;
    }
    let plane = restart.await.unwrap();
    let written = load.record().writes.len();
    load.run(Duration::from_secs(2)).await;
    let record = load.record();
    let failure = record
        .failures
        .first()
        .expect("writes failed while the server was away");
    assert!(
        !failure.name.is_empty() && !failure.namespace.is_empty(),
        "{failure:?}"
    );
    assert!(
        !failure.manager.is_empty() && !failure.error.is_empty(),
        "{failure:?}"
    );
    assert!(record.writes.len() > written, "and went on after it");
    drop(plane);
}
