//! Watching a real API server, with faults where it does not make them itself.

use std::path::Path;
use std::time::Duration;

use k8s_openapi::api::rbac::v1::PolicyRule;
use kronika::model::{ChangeKind, ConnectionState, Gap, GapCause, Json, Provenance, WatchStatus};
use kronika::timeline::ChangeId;
use kube::Api;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams};
use serde_json::json;
use tokio::runtime::Handle;

use crate::support::control_plane::ControlPlane;
use crate::support::fault_proxy::{Fault, FaultProxy};
use crate::support::recording::Recording;
use crate::support::wait;

const LIMIT: Duration = Duration::from_secs(20);

/// Creates the CRD `gadgets.GROUP` and gives its objects in the namespace `default`.
async fn gadgets(plane: &ControlPlane, group: &str) -> Api<DynamicObject> {
    let client = plane.client().await;
    apply_crd(plane, group, ".spec.size").await;
    let kind = GroupVersionKind::gvk(group, "v1", "Gadget");
    let api = Api::namespaced_with(client, "default", &ApiResource::from_gvk(&kind));
    // Established is said a moment before the resource is served.
    let end = std::time::Instant::now() + LIMIT;
    while api.list(&kube::api::ListParams::default()).await.is_err() {
        assert!(
            std::time::Instant::now() < end,
            "gadgets.{group} is not served"
        );
        tokio::task::yield_now().await;
    }
    api
}

async fn apply_crd(plane: &ControlPlane, group: &str, column: &str) {
    let crds = Api::<DynamicObject>::all_with(
        plane.client().await,
        &ApiResource::from_gvk(&GroupVersionKind::gvk(
            "apiextensions.k8s.io",
            "v1",
            "CustomResourceDefinition",
        )),
    );
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("gadgets.{group}") },
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": { "kind": "Gadget", "plural": "gadgets" },
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": { "openAPIV3Schema": {
                    "type": "object", "x-kubernetes-preserve-unknown-fields": true } },
                "additionalPrinterColumns": [
                    { "name": "Shown", "type": "integer", "jsonPath": column }],
            }],
        },
    });
    let name = format!("gadgets.{group}");
    crds.patch(
        &name,
        &PatchParams::apply("test").force(),
        &Patch::Apply(crd),
    )
    .await
    .unwrap();
}

async fn create(api: &Api<DynamicObject>, group: &str, name: &str, size: u32) -> DynamicObject {
    let object = json!({
        "apiVersion": format!("{group}/v1"), "kind": "Gadget",
        "metadata": { "name": name }, "spec": { "size": size, "other": 7 },
    });
    let object = serde_json::from_value(object).unwrap();
    api.create(&PostParams::default(), &object).await.unwrap()
}

async fn resize(api: &Api<DynamicObject>, name: &str, size: u32) -> String {
    let patch = Patch::Merge(json!({ "spec": { "size": size } }));
    let patched = api
        .patch(name, &PatchParams::default(), &patch)
        .await
        .unwrap();
    patched.metadata.resource_version.unwrap()
}

fn open(kubeconfig: &Path, group: &str) -> Recording {
    let recording = Recording::open(
        &Handle::current(),
        kubeconfig,
        &[&format!("gadgets.{group}")],
    );
    wait::until(LIMIT, "the kind is watched", || {
        status(&recording, group).filter(|status| *status == WatchStatus::Watching)
    });
    recording
}

fn status(recording: &Recording, group: &str) -> Option<WatchStatus> {
    let timeline = recording.timeline.read();
    timeline
        .kinds()
        .find(|(_, kind)| kind.kind.group == group)
        .map(|(_, kind)| kind.status.clone())
}

/// Name, change and provenance of everything recorded of a group.
fn told(recording: &Recording, group: &str) -> Vec<(String, ChangeKind, Provenance)> {
    let timeline = recording.timeline.read();
    (0u32..)
        .map_while(|id| timeline.full_change(ChangeId(id)))
        .filter(|change| change.kind.group == group)
        .map(|change| {
            (
                change.key.name.to_string(),
                change.change,
                change.provenance,
            )
        })
        .collect()
}

fn await_told(
    recording: &Recording,
    group: &str,
    name: &str,
    change: ChangeKind,
    provenance: Provenance,
) {
    let wanted = (name.to_owned(), change, provenance);
    wait::until(LIMIT, &format!("{wanted:?}"), || {
        told(recording, group).contains(&wanted).then_some(())
    });
}

fn gaps(recording: &Recording) -> Vec<Gap> {
    recording.timeline.read().gaps().to_vec()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crd_made_changed_and_deleted_while_running_is_followed() {
    let plane = ControlPlane::shared();
    let group = "followed.example.org";
    let recording = Recording::open(&Handle::current(), plane.admin_kubeconfig(), &[]);
    let api = gadgets(plane, group).await;
    let created = create(&api, group, "one", 3).await;
    await_told(
        &recording,
        group,
        "one",
        ChangeKind::Added,
        Provenance::Watch,
    );
    let shown = || {
        let timeline = recording.timeline.read();
        let (id, _) = timeline
            .kinds()
            .find(|(_, kind)| kind.kind.group == group)?;
        let object = timeline.kind(id)?.objects().next()?;
        let cells = &timeline.object(object)?.live.as_ref()?.cells;
        Some(
            cells
                .first()?
                .display(jiff::Timestamp::UNIX_EPOCH)
                .into_owned(),
        )
    };
    assert_eq!(shown().as_deref(), Some("3"));
    apply_crd(plane, group, ".spec.other").await;
    wait::until(Duration::from_secs(2), "the new column", || {
        shown().filter(|text| text == "7")
    });
    wait::until(LIMIT, "both definitions are kept", || {
        let timeline = recording.timeline.read();
        let (_, kind) = timeline
            .kinds()
            .find(|(_, kind)| kind.kind.group == group)?;
        let spec = kind.definitions.last()?.definition.spec().ok()?;
        let spec = String::from_utf8(spec).ok()?;
        (kind.definitions.len() == 2 && spec.contains(".spec.other")).then_some(())
    });
    plane.kubectl(&["delete", "crd", &format!("gadgets.{group}")]);
    wait::until(LIMIT, "the kind is gone", || {
        let timeline = recording.timeline.read();
        let (_, kind) = timeline
            .kinds()
            .find(|(_, kind)| kind.kind.group == group)?;
        (!kind.served && kind.live_count() == 0).then_some(())
    });
    drop(created);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_name_used_again_has_two_histories() {
    let plane = ControlPlane::shared();
    let group = "again.example.org";
    let api = gadgets(plane, group).await;
    let recording = open(plane.admin_kubeconfig(), group);
    let first = create(&api, group, "one", 1).await;
    api.delete("one", &Default::default()).await.unwrap();
    let second = create(&api, group, "one", 2).await;
    assert_ne!(first.metadata.uid, second.metadata.uid);
    let expected = [ChangeKind::Added, ChangeKind::Deleted, ChangeKind::Added];
    wait::until(LIMIT, "three changes", || {
        (told(&recording, group).len() >= 3).then_some(())
    });
    assert!(
        told(&recording, group)
            .iter()
            .map(|(_, change, _)| *change)
            .eq(expected)
    );
    let timeline = recording.timeline.read();
    let (id, kind) = timeline
        .kinds()
        .find(|(_, kind)| kind.kind.group == group)
        .unwrap();
    let object = timeline.object(kind.objects().next().unwrap()).unwrap();
    assert_eq!(object.incarnations.len(), 2, "{id:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_kind_without_permission_is_its_own_state_and_the_others_go_on() {
    let plane = ControlPlane::shared();
    let (allowed, denied) = ("allowed.example.org", "denied.example.org");
    let api = gadgets(plane, allowed).await;
    gadgets(plane, denied).await;
    let rule = |groups: &str, resources: &str| PolicyRule {
        api_groups: Some(vec![groups.into()]),
        resources: Some(vec![resources.into()]),
        verbs: ["get", "list", "watch"].map(Into::into).to_vec(),
        ..PolicyRule::default()
    };
    let rules = [
        rule("apiextensions.k8s.io", "customresourcedefinitions"),
        rule(allowed, "gadgets"),
    ];
    let kubeconfig = plane.restricted_user("half", None, &rules);
    let kinds = [
        &*format!("gadgets.{allowed}"),
        &*format!("gadgets.{denied}"),
    ];
    let recording = Recording::open(&Handle::current(), &kubeconfig, &kinds);
    wait::until(LIMIT, "one is forbidden, one is watched", || {
        let forbidden = matches!(status(&recording, denied)?, WatchStatus::Forbidden { .. });
        (forbidden && status(&recording, allowed)? == WatchStatus::Watching).then_some(())
    });
    create(&api, allowed, "one", 1).await;
    await_told(
        &recording,
        allowed,
        "one",
        ChangeKind::Added,
        Provenance::Watch,
    );
    assert!(matches!(
        recording.timeline.read().connection,
        ConnectionState::Connected { .. }
    ));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn list_without_watch_is_polled_and_without_crds_discovered() {
    let plane = ControlPlane::shared();
    let group = "polled.example.org";
    let api = gadgets(plane, group).await;
    let rule = PolicyRule {
        api_groups: Some(vec![group.into()]),
        resources: Some(vec!["gadgets".into()]),
        verbs: vec!["list".into()],
        ..PolicyRule::default()
    };
    let kubeconfig = plane.restricted_user("lister", None, &[rule]);
    let recording = Recording::open(&Handle::current(), &kubeconfig, &[]);
    wait::until(LIMIT, "polling", || {
        status(&recording, group).filter(|status| *status == WatchStatus::Polling)
    });
    create(&api, group, "one", 1).await;
    await_told(
        &recording,
        group,
        "one",
        ChangeKind::Added,
        Provenance::Poll,
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_cut_connection_resumes_without_a_gap() {
    let plane = ControlPlane::shared();
    let group = "cut.example.org";
    let api = gadgets(plane, group).await;
    create(&api, group, "one", 1).await;
    let proxy = FaultProxy::start(plane.client().await).await;
    let recording = open(&proxy.kubeconfig(), group);
    proxy.cut();
    resize(&api, "one", 2).await;
    await_told(
        &recording,
        group,
        "one",
        ChangeKind::Modified,
        Provenance::Watch,
    );
    assert!(gaps(&recording).is_empty());
}

/// The watch has to go on from a version that the server no longer has: it says 410 in one way or
/// the other.
async fn after_expiry(group: &str, strike: impl Fn(&FaultProxy)) {
    let plane = ControlPlane::shared();
    let api = gadgets(plane, group).await;
    create(&api, group, "kept", 1).await;
    create(&api, group, "gone", 1).await;
    let proxy = FaultProxy::start(plane.client().await).await;
    let recording = open(&proxy.kubeconfig(), group);
    // What happens while nobody watches: the lists are held off until all of it has happened.
    proxy.plan(Fault {
        words: vec!["sendInitialEvents"],
        times: 3,
        status: 503,
        retry_after: None,
    });
    strike(&proxy);
    resize(&api, "kept", 2).await;
    api.delete("gone", &Default::default()).await.unwrap();
    create(&api, group, "new", 1).await;
    wait::until(LIMIT, "the gap", || gaps(&recording).first().cloned());
    let told = told(&recording, group);
    for (name, change) in [
        ("kept", ChangeKind::Modified),
        ("gone", ChangeKind::Deleted),
        ("new", ChangeKind::Added),
    ] {
        let wanted = (name.to_owned(), change, Provenance::Relist);
        assert_eq!(
            told.iter().filter(|told| **told == wanted).count(),
            1,
            "{wanted:?} in {told:?}"
        );
    }
    let gap = gaps(&recording).remove(0);
    assert_eq!(gap.cause, GapCause::Expired);
    assert!(gap.from < gap.to);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gone_inside_the_stream_lists_again_and_leaves_a_gap() {
    after_expiry("gone-inside.example.org", |proxy| {
        proxy.inject(
            r#"{"type":"ERROR","object":{"kind":"Status","apiVersion":"v1","status":"Failure","message":"too old resource version","reason":"Expired","code":410}}"#,
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn gone_as_the_status_of_the_watch_lists_again_and_leaves_a_gap() {
    after_expiry("gone-status.example.org", |proxy| {
        let words = vec!["gadgets", "watch=true", "resourceVersion="];
        proxy.plan(Fault {
            words,
            times: 1,
            status: 410,
            retry_after: None,
        });
        proxy.cut();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_refused_streaming_list_falls_back_to_pages() {
    let plane = ControlPlane::shared();
    let group = "refused.example.org";
    let api = gadgets(plane, group).await;
    create(&api, group, "one", 1).await;
    let proxy = FaultProxy::start(plane.client().await).await;
    proxy.plan(Fault {
        words: vec!["sendInitialEvents"],
        times: usize::MAX,
        status: 422,
        retry_after: None,
    });
    let recording = open(&proxy.kubeconfig(), group);
    await_told(
        &recording,
        group,
        "one",
        ChangeKind::Added,
        Provenance::InitialList,
    );
    assert_eq!(
        proxy.seen(&["gadgets", "sendInitialEvents"]).len(),
        1,
        "refused once, not asked again"
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_undecodable_event_is_a_gap_and_the_watch_goes_on() {
    let plane = ControlPlane::shared();
    let group = "undecodable.example.org";
    let api = gadgets(plane, group).await;
    create(&api, group, "one", 1).await;
    let proxy = FaultProxy::start(plane.client().await).await;
    let recording = open(&proxy.kubeconfig(), group);
    proxy.inject(r#"{"type":"MODIFIED","object":{"metadata":{"name":["no","name"]}}}"#);
    wait::until(LIMIT, "the gap", || gaps(&recording).first().cloned());
    assert_eq!(gaps(&recording)[0].cause, GapCause::Undecodable);
    resize(&api, "one", 2).await;
    await_told(
        &recording,
        group,
        "one",
        ChangeKind::Modified,
        Provenance::Watch,
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_comes_back_is_watched_and_connected_again() {
    let plane = ControlPlane::start();
    let group = "restarted.example.org";
    let api = gadgets(&plane, group).await;
    create(&api, group, "one", 1).await;
    let recording = open(plane.admin_kubeconfig(), group);
    plane.kill_api_server();
    wait::until(LIMIT, "the loss shows", || {
        let failed = matches!(
            recording.timeline.read().connection,
            ConnectionState::Failed { .. }
        );
        let waits = matches!(status(&recording, group)?, WatchStatus::BackingOff { .. });
        (failed && waits).then_some(())
    });
    plane.start_api_server(&[]);
    wait::until(Duration::from_secs(60), "connected and watching", || {
        let back = matches!(
            recording.timeline.read().connection,
            ConnectionState::Connected { .. }
        );
        (back && status(&recording, group)? == WatchStatus::Watching).then_some(())
    });
    resize(&api, "one", 2).await;
    await_told(
        &recording,
        group,
        "one",
        ChangeKind::Modified,
        Provenance::Watch,
    );
    assert_eq!(told(&recording, group).len(), 2, "found once, changed once");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn retry_after_is_honoured() {
    let plane = ControlPlane::shared();
    let group = "later.example.org";
    gadgets(plane, group).await;
    let proxy = FaultProxy::start(plane.client().await).await;
    proxy.plan(Fault {
        words: vec!["gadgets"],
        times: 1,
        status: 429,
        retry_after: Some(3),
    });
    let kind = format!("gadgets.{group}");
    let recording = Recording::open(&Handle::current(), &proxy.kubeconfig(), &[&kind]);
    let asked = wait::until(LIMIT, "backing off", || match status(&recording, group)? {
        WatchStatus::BackingOff { until, .. } => Some(until),
        _ => None,
    });
    let told = std::time::Instant::now();
    wait::until(LIMIT, "watched after all", || {
        status(&recording, group).filter(|status| *status == WatchStatus::Watching)
    });
    // Asked to wait 3 s; up to a poll of the test may have passed before it was seen.
    assert!(told.elapsed() > Duration::from_secs(2), "{asked:?}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_secret_value_never_reaches_the_history() {
    let plane = ControlPlane::shared();
    plane.kubectl(&[
        "create",
        "secret",
        "generic",
        "hidden",
        "--from-literal=token=hunter2",
    ]);
    let recording = Recording::open(&Handle::current(), plane.admin_kubeconfig(), &["secrets"]);
    wait::until(LIMIT, "secrets are watched", || {
        status(&recording, "").filter(|status| *status == WatchStatus::Watching)
    });
    plane.kubectl(&[
        "patch",
        "secret",
        "hidden",
        "-p",
        r#"{"stringData":{"token":"hunter3"}}"#,
    ]);
    await_told(
        &recording,
        "",
        "hidden",
        ChangeKind::Modified,
        Provenance::Watch,
    );
    let timeline = recording.timeline.read();
    for (id, change) in timeline.range(i64::MIN, i64::MAX) {
        let body = timeline.body(id).unwrap();
        let object = Json::parse(&body).unwrap();
        for (_, value) in object.get("data").map(Json::members).unwrap_or_default() {
            assert!(
                value.as_str().unwrap().starts_with("redacted:"),
                "{object:?}"
            );
        }
        if change.change == ChangeKind::Modified {
            let paths: Vec<_> = timeline
                .paths(change)
                .map(|path| path.to_string())
                .collect();
            assert_eq!(paths, ["/data/token"]);
        }
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_cluster_role_that_comes_with_kronika_is_enough() {
    let plane = ControlPlane::shared();
    let group = "role.example.org";
    let api = gadgets(plane, group).await;
    create(&api, group, "one", 1).await;
    let role: serde_json::Value =
        serde_yaml::from_str(include_str!("../../packaging/rbac/clusterrole.yaml")).unwrap();
    let mut rules: Vec<PolicyRule> = serde_json::from_value(role["rules"].clone()).unwrap();
    // The group that it leaves to be named.
    rules.last_mut().unwrap().api_groups = Some(vec![group.into()]);
    let kubeconfig = plane.restricted_user("viewer", None, &rules);
    let recording = open(&kubeconfig, group);
    await_told(
        &recording,
        group,
        "one",
        ChangeKind::Added,
        Provenance::InitialList,
    );
}
