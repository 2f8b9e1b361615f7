//! What is wrong on a real API server, found through a recording of it.

use std::time::{Duration, Instant};

use kronika::insight::{InsightSettings, Rule, evaluate};
use kronika::model::{Clock, WatchStatus};
use kube::Api;
use kube::api::{
    ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch, PatchParams,
};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::support::control_plane::ControlPlane;
use crate::support::recording::Recording;
use crate::support::wait;

const LIMIT: Duration = Duration::from_secs(20);
const GROUP: &str = "insight.example.org";

/// Creates the CRD `gears.GROUP`, with a status of its own.
async fn gears(plane: &ControlPlane) -> Api<DynamicObject> {
    let crds = Api::<DynamicObject>::all_with(
        plane.client().await,
        &ApiResource::from_gvk(&GroupVersionKind::gvk(
            "apiextensions.k8s.io",
            "v1",
            "CustomResourceDefinition",
        )),
    );
    let any = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": format!("gears.{GROUP}")},
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": {"kind": "Gear", "plural": "gears"},
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": {"type": "object",
                    "properties": {"spec": any, "status": any}}},
            }],
        },
    });
    let params = PatchParams::apply("test").force();
    crds.patch(&format!("gears.{GROUP}"), &params, &Patch::Apply(crd))
        .await
        .unwrap();
    let kind = GroupVersionKind::gvk(GROUP, "v1", "Gear");
    let client = plane.client().await;
    let api = Api::namespaced_with(client, "default", &ApiResource::from_gvk(&kind));
    let end = Instant::now() + LIMIT;
    while api.list(&ListParams::default()).await.is_err() {
        assert!(Instant::now() < end, "gears.{GROUP} is not served");
        tokio::task::yield_now().await;
    }
    api
}

/// Applies a part of an object as a manager, with force: conflicts are taken over.
async fn apply(api: &Api<DynamicObject>, by: &str, name: &str, part: Value) {
    let mut object = json!({"apiVersion": format!("{GROUP}/v1"), "kind": "Gear",
        "metadata": {"name": name}});
    for (key, value) in part.as_object().unwrap() {
        object[key] = value.clone();
    }
    let params = PatchParams::apply(by).force();
    api.patch(name, &params, &Patch::Apply(object))
        .await
        .unwrap();
}

async fn status(api: &Api<DynamicObject>, name: &str, status: Value) {
    let params = PatchParams {
        field_manager: Some("gear-operator".into()),
        ..PatchParams::default()
    };
    let patch = Patch::Merge(json!({"status": status}));
    api.patch_status(name, &params, &patch).await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_fight_a_loop_and_a_held_deletion_are_found_and_nothing_else() {
    let plane = ControlPlane::shared();
    let api = gears(plane).await;
    let ready = json!({"observedGeneration": 1,
        "conditions": [{"type": "Ready", "status": "True", "reason": "Done"}]});
    for name in ["calm", "fought", "looping", "held"] {
        apply(
            &api,
            "gitops",
            name,
            json!({"spec": {"replicas": 3, "size": "s"}}),
        )
        .await;
        status(&api, name, ready.clone()).await;
    }
    let clock = Clock::start();
    let kind = format!("gears.{GROUP}");
    let recording = Recording::open(&Handle::current(), plane.admin_kubeconfig(), &[&kind]);
    wait::until(LIMIT, "the kind is watched", || {
        let timeline = recording.timeline.read();
        let mut kinds = timeline.kinds();
        kinds
            .any(|(_, kind)| kind.status == WatchStatus::Watching && kind.live_count() == 4)
            .then_some(())
    });

    for replicas in 0..4 {
        apply(&api, "scaler", "fought", json!({"spec": {"replicas": 5}})).await;
        apply(
            &api,
            "gitops",
            "fought",
            json!({"spec": {"replicas": 3, "size": "s"}}),
        )
        .await;
        // A calm object changes as well, by two managers.
        apply(
            &api,
            "gitops",
            "calm",
            json!({"spec": {"replicas": 3, "size": format!("v{replicas}")}}),
        )
        .await;
        let generation = replicas + 2;
        status(&api, "calm", json!({"observedGeneration": generation})).await;
    }
    let finalizers = Patch::Merge(json!({"metadata": {"finalizers": ["gears.example.org/drain"]}}));
    let by = |manager: &str| PatchParams {
        field_manager: Some(manager.into()),
        ..PatchParams::default()
    };
    api.patch("held", &by("gear-operator"), &finalizers)
        .await
        .unwrap();
    api.delete("held", &DeleteParams::default()).await.unwrap();

    // Windows that a test has the time for.
    let mut settings = InsightSettings::default();
    settings.hot_loop.window_seconds = 6;
    settings.held_deletion.after_seconds = 2;
    let begun = Instant::now();
    let mut attempts = 0;
    let mut ticks = tokio::time::interval(Duration::from_millis(250));
    while begun.elapsed() < Duration::from_secs(8) {
        ticks.tick().await;
        attempts += 1;
        status(&api, "looping", json!({"attempts": attempts})).await;
    }

    let found = wait::until(LIMIT, "the last write is judged", || {
        let timeline = recording.timeline.read();
        let engine = evaluate(&timeline, clock.now(), &settings);
        let mut found: Vec<_> = engine
            .active()
            .into_iter()
            .map(|insight| {
                (
                    insight.rule,
                    insight.subject(&timeline),
                    insight.explanation.clone(),
                )
            })
            .collect();
        found.sort();
        (found.len() >= 3).then_some(found)
    });
    let [fight, hot_loop, held] = &found[..] else {
        panic!("three things are wrong, not {found:#?}");
    };
    assert_eq!((fight.0, &*fight.1), (Rule::Fight, "Gear default/fought"));
    assert_eq!(
        fight.2,
        "gitops (4 writes) and scaler (4 writes) undid each other's writes 6 times: 5 ↔ 3."
    );
    assert_eq!(
        (hot_loop.0, &*hot_loop.1),
        (Rule::HotLoop, "Gear default/looping")
    );
    assert!(
        hot_loop
            .2
            .starts_with("gear-operator writes status.attempts"),
        "{}",
        hot_loop.2
    );
    assert_eq!(
        (held.0, &*held.1),
        (Rule::HeldDeletion, "Gear default/held")
    );
    assert_eq!(
        held.2,
        "The deletion waits for gears.example.org/drain, which gear-operator added."
    );

    // The object goes when its finalizer goes, and what was wrong with it has ended.
    let released = Patch::Merge(json!({"metadata": {"finalizers": null}}));
    api.patch("held", &by("test"), &released).await.unwrap();
    wait::until(LIMIT, "the held deletion has ended", || {
        let timeline = recording.timeline.read();
        let engine = evaluate(&timeline, clock.now(), &settings);
        engine
            .ended()
            .any(|insight| insight.rule == Rule::HeldDeletion)
            .then_some(())
    });
}
