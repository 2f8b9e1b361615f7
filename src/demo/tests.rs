//! A kube client against the running demo cluster, and the storylines on simulated time.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use futures::{AsyncBufReadExt, StreamExt, TryStreamExt};
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch,
    PatchParams, PostParams, VersionMatch, WatchEvent, WatchParams,
};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::runtime::watcher;
use kube::{Client, Config, ResourceExt};
use serde_json::{Value, json};

use super::kinds::DATABASE;
use super::ring::Key;
use super::store::{Limits, decode};
use super::{DemoCluster, DemoOptions, Tuning, build};

const LIMIT: Duration = Duration::from_secs(60);

fn quiet(objects: usize) -> DemoOptions {
    DemoOptions {
        objects,
        rate: 0.0,
        seed: 3,
        port: None,
    }
}

async fn client(cluster: &DemoCluster) -> Client {
    let kubeconfig = Kubeconfig::from_yaml(&cluster.kubeconfig()).unwrap();
    let options = KubeConfigOptions::default();
    let config = Config::from_custom_kubeconfig(kubeconfig, &options).await;
    let mut config = config.unwrap();
    // An error is to be seen at once, not after the fifteenth attempt.
    config.default_retry = false;
    Client::try_from(config).unwrap()
}

async fn quiet_cluster(objects: usize, tuning: Tuning) -> (DemoCluster, Client) {
    let cluster = DemoCluster::start_tuned(quiet(objects), tuning)
        .await
        .unwrap();
    let client = client(&cluster).await;
    (cluster, client)
}

fn databases(client: &Client) -> Api<DynamicObject> {
    Api::all_with(client.clone(), &database())
}

fn databases_in(client: &Client, namespace: &str) -> Api<DynamicObject> {
    Api::namespaced_with(client.clone(), namespace, &database())
}

fn database() -> ApiResource {
    ApiResource::from_gvk(&GroupVersionKind::gvk(
        "stable.example.com",
        "v1",
        "Database",
    ))
}

async fn touch(client: &Client, namespace: &str, name: &str, value: usize) -> DynamicObject {
    let patch = Patch::Merge(json!({"metadata": {"annotations": {"touched": value.to_string()}}}));
    let api = databases_in(client, namespace);
    api.patch(name, &PatchParams::default(), &patch)
        .await
        .unwrap()
}

async fn raw(client: &Client, path: &str, accept: &str) -> Value {
    let request = http::Request::get(path)
        .header("accept", accept)
        .body(Vec::new())
        .unwrap();
    let text = client.request_text(request).await.unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The lines of a watch, until `enough` says so or it ends.
async fn watch_lines(
    client: &Client,
    query: &str,
    accept: &str,
    mut enough: impl FnMut(&[Value]) -> bool,
) -> Vec<Value> {
    let path = format!("/apis/stable.example.com/v1/databases?watch=true&{query}");
    let request = http::Request::get(path)
        .header("accept", accept)
        .body(Vec::new())
        .unwrap();
    let mut lines = client.request_stream(request).await.unwrap().lines();
    let mut events = Vec::new();
    let reading = async {
        while let Some(line) = lines.try_next().await.unwrap() {
            events.push(serde_json::from_str(&line).unwrap());
            if enough(&events) {
                break;
            }
        }
    };
    tokio::time::timeout(LIMIT, reading).await.unwrap();
    events
}

#[tokio::test(flavor = "multi_thread")]
async fn discovery_finds_every_kind_both_ways() {
    let (_cluster, client) = quiet_cluster(50, Tuning::default()).await;
    let plain = kube::discovery::Discovery::new(client.clone())
        .run()
        .await
        .unwrap();
    let aggregated = kube::discovery::Discovery::new(client.clone())
        .run_aggregated()
        .await
        .unwrap();
    for discovery in [plain, aggregated] {
        let kinds: HashSet<String> = discovery
            .groups()
            .flat_map(|group| group.recommended_resources())
            .map(|(resource, _)| format!("{}.{}", resource.kind, resource.group))
            .collect();
        for kind in [
            "Certificate.cert-manager.io",
            "HTTPRoute.gateway.networking.k8s.io",
            "Namespace.",
            "CustomResourceDefinition.apiextensions.k8s.io",
        ] {
            assert!(kinds.contains(kind), "{kind} is not in {kinds:?}");
        }
    }
    let version = client.apiserver_version().await.unwrap();
    assert_eq!(version.major, "1");
    let crds = raw(
        &client,
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
        "application/json",
    )
    .await;
    let crds = crds["items"].as_array().unwrap();
    assert_eq!(crds.len(), 12);
    assert_eq!(crds[0]["status"]["conditions"][1]["type"], "Established");
}

#[tokio::test(flavor = "multi_thread")]
async fn without_the_token_nothing_is_answered() {
    let (cluster, _) = quiet_cluster(20, Tuning::default()).await;
    let mut kubeconfig = Kubeconfig::from_yaml(&cluster.kubeconfig()).unwrap();
    let user = kubeconfig.auth_infos[0].auth_info.as_mut().unwrap();
    user.token = Some("wrong".to_owned().into());
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default()).await;
    let client = Client::try_from(config.unwrap()).unwrap();
    let error = client.apiserver_version().await.unwrap_err();
    let kube::Error::Api(status) = error else {
        panic!("{error}");
    };
    assert_eq!((status.code, status.reason.as_str()), (401, "Unauthorized"));
}

#[tokio::test(flavor = "multi_thread")]
async fn pages_show_one_snapshot_while_objects_change() {
    let (_cluster, client) = quiet_cluster(400, Tuning::default()).await;
    let api = databases(&client);
    let whole = api.list(&ListParams::default()).await.unwrap();
    let version = whole.metadata.resource_version.clone();
    let expected: Vec<_> = whole
        .items
        .iter()
        .map(|o| (o.name_any(), o.resource_version()))
        .collect();
    assert!(expected.len() > 20);

    let mut seen = Vec::new();
    let mut token: Option<String> = None;
    loop {
        let mut params = ListParams::default().limit(7);
        params.continue_token = token;
        let page = api.list(&params).await.unwrap();
        assert_eq!(page.metadata.resource_version, version);
        seen.extend(
            page.items
                .iter()
                .map(|o| (o.name_any(), o.resource_version())),
        );
        let left = page.metadata.remaining_item_count.unwrap_or(0);
        assert_eq!(usize::try_from(left).unwrap(), expected.len() - seen.len());
        let round = seen.len();
        touch(&client, "platform", "users-db", round).await;
        if round == 7 {
            let gone = databases_in(&client, "platform");
            gone.delete("orders-db", &DeleteParams::default())
                .await
                .unwrap();
            let new = json!({
                "apiVersion": "stable.example.com/v1", "kind": "Database",
                "metadata": {"name": "zz-new"}, "spec": {"engine": "redis", "replicas": 1},
            });
            let new = serde_json::from_value(new).unwrap();
            gone.create(&PostParams::default(), &new).await.unwrap();
        }
        token = page.metadata.continue_.filter(|token| !token.is_empty());
        if token.is_none() {
            break;
        }
    }
    assert_eq!(seen, expected);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_snapshot_that_fell_out_of_the_ring_is_gone() {
    let tuning = Tuning {
        limits: Limits {
            ring_events: 4,
            ..Limits::default()
        },
        ..Tuning::default()
    };
    let (_cluster, client) = quiet_cluster(100, tuning).await;
    let api = databases(&client);
    let page = api.list(&ListParams::default().limit(2)).await.unwrap();
    let version = page.metadata.resource_version.unwrap();
    for value in 0..6 {
        touch(&client, "platform", "users-db", value).await;
    }
    let params = ListParams {
        continue_token: page.metadata.continue_,
        ..ListParams::default().limit(2)
    };
    let error = api.list(&params).await.unwrap_err();
    assert!(matches!(error, kube::Error::Api(status) if status.code == 410));

    // In the stream where the history has been left behind ...
    let query = format!("resourceVersion={version}");
    let events = watch_lines(&client, &query, "application/json", |_| false).await;
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["type"], "ERROR");
    assert_eq!(events[0]["object"]["code"], 410);
    assert_eq!(events[0]["object"]["reason"], "Expired");
    // ... and as the answer's status where it never was in it.
    let error = api
        .watch(&WatchParams::default(), "12")
        .await
        .err()
        .unwrap();
    assert!(matches!(error, kube::Error::Api(status) if status.code == 410));
}

#[tokio::test(flavor = "multi_thread")]
async fn watches_tell_what_happens_after_a_list() {
    let (_cluster, client) = quiet_cluster(100, Tuning::default()).await;
    let api = databases(&client);
    let list = api.list(&ListParams::default()).await.unwrap();
    let version = list.metadata.resource_version.unwrap();
    let patched = touch(&client, "platform", "users-db", 1).await;
    let gone = databases_in(&client, "platform");
    gone.delete("orders-db", &DeleteParams::default())
        .await
        .unwrap();
    let params = WatchParams::default();
    let events = api.watch(&params, &version).await.unwrap();
    let events: Vec<_> = events.take(2).try_collect().await.unwrap();
    let WatchEvent::Modified(first) = &events[0] else {
        panic!("{events:?}");
    };
    assert_eq!(first.resource_version(), patched.resource_version());
    assert!(matches!(&events[1], WatchEvent::Deleted(o) if o.name_any() == "orders-db"));
}

#[tokio::test(flavor = "multi_thread")]
async fn streaming_lists_end_with_their_bookmark_and_go_on() {
    let (_cluster, client) = quiet_cluster(300, Tuning::default()).await;
    let expected = databases(&client)
        .list(&ListParams::default())
        .await
        .unwrap()
        .items
        .len();
    let query = "sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true";
    let mut touched = false;
    let events = watch_lines(&client, query, "application/json", |events| {
        let last = events.last().unwrap();
        if last["type"] == "BOOKMARK" && !touched {
            touched = true;
            let client = client.clone();
            tokio::spawn(async move { touch(&client, "platform", "users-db", 1).await });
        }
        last["type"] == "MODIFIED"
    })
    .await;
    let (initial, rest) = events.split_at(expected);
    assert!(initial.iter().all(|event| event["type"] == "ADDED"));
    let end = &rest[0]["object"]["metadata"]["annotations"]["k8s.io/initial-events-end"];
    assert_eq!(
        (&rest[0]["type"], end),
        (&json!("BOOKMARK"), &json!("true"))
    );
    assert_eq!(rest[1]["object"]["metadata"]["name"], "users-db");
}

#[tokio::test(flavor = "multi_thread")]
async fn kubes_watcher_fills_both_ways() {
    let (_cluster, client) = quiet_cluster(300, Tuning::default()).await;
    for config in [
        watcher::Config::default(),
        watcher::Config::default().streaming_lists(),
    ] {
        let mut events = std::pin::pin!(watcher(databases(&client), config));
        let mut names = HashSet::new();
        loop {
            match events.try_next().await.unwrap().unwrap() {
                watcher::Event::InitApply(object) => {
                    names.insert((object.namespace(), object.name_any()));
                }
                watcher::Event::InitDone => break,
                _ => {}
            }
        }
        assert!(names.len() > 20, "{}", names.len());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn bookmarks_come_by_themselves_and_before_the_end() {
    let tuning = Tuning {
        bookmark_every: Duration::from_millis(100),
        ..Tuning::default()
    };
    let (_cluster, client) = quiet_cluster(50, tuning).await;
    let list = databases(&client)
        .list(&ListParams::default())
        .await
        .unwrap();
    let version = list.metadata.resource_version.unwrap();
    let query = format!("resourceVersion={version}&allowWatchBookmarks=true&timeoutSeconds=1");
    let events = watch_lines(&client, &query, "application/json", |_| false).await;
    assert!(events.len() > 1, "{events:?}");
    for event in &events {
        assert_eq!(event["type"], "BOOKMARK");
        assert_eq!(event["object"]["kind"], "Database");
        assert_eq!(
            event["object"]["metadata"]["resourceVersion"],
            version.as_str()
        );
    }
    let silent = format!("resourceVersion={version}&timeoutSeconds=1");
    let events = watch_lines(&client, &silent, "application/json", |_| false).await;
    assert_eq!(events, Vec::<Value>::new());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_selective_watch_sees_objects_come_and_go() {
    let (_cluster, client) = quiet_cluster(100, Tuning::default()).await;
    let api = databases_in(&client, "platform");
    let list = api
        .list(&ListParams::default().labels("tier=gold"))
        .await
        .unwrap();
    assert!(list.items.is_empty());
    let version = list.metadata.resource_version.unwrap();
    for labels in [
        json!({"tier": "gold"}),
        json!({"tier": "gold", "a": "b"}),
        json!({"tier": null}),
    ] {
        let patch = Patch::Merge(json!({"metadata": {"labels": labels}}));
        api.patch("users-db", &PatchParams::default(), &patch)
            .await
            .unwrap();
    }
    let query = format!("resourceVersion={version}&labelSelector=tier%3Dgold");
    let events = watch_lines(&client, &query, "application/json", |e| e.len() == 3).await;
    let types: Vec<&Value> = events.iter().map(|event| &event["type"]).collect();
    assert_eq!(types, ["ADDED", "MODIFIED", "DELETED"]);
    assert_eq!(events[2]["object"]["metadata"]["labels"]["tier"], "gold");
    let one = ListParams::default().fields("metadata.name=users-db");
    assert_eq!(api.list(&one).await.unwrap().items.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn versions_are_managed_as_conflicts_and_exact_lists() {
    let (_cluster, client) = quiet_cluster(100, Tuning::default()).await;
    let api = databases_in(&client, "platform");
    let old = api.get("users-db").await.unwrap();
    let before = old.resource_version().unwrap();
    let new = touch(&client, "platform", "users-db", 5).await;
    assert_eq!(new.metadata.generation, old.metadata.generation);
    let error = api
        .replace("users-db", &PostParams::default(), &old)
        .await
        .unwrap_err();
    assert!(matches!(error, kube::Error::Api(status) if status.reason == "Conflict"));

    // As of the list before the write, which is what the first version is part of.
    let all = databases(&client);
    let now = all
        .list(&ListParams::default())
        .await
        .unwrap()
        .metadata
        .resource_version
        .unwrap();
    let exact = |version: u64| {
        let params = ListParams::default()
            .fields("metadata.name=users-db")
            .at(&version.to_string())
            .matching(VersionMatch::Exact);
        let all = all.clone();
        async move { all.list(&params).await }
    };
    let now: u64 = now.parse().unwrap();
    let then = exact(now - 1).await.unwrap();
    assert_eq!(then.items[0].resource_version(), Some(before));
    let error = exact(now + 100).await.unwrap_err();
    assert!(matches!(error, kube::Error::Api(status) if status.code == 504));
}

#[tokio::test(flavor = "multi_thread")]
async fn server_side_apply_creates_and_owns() {
    let (_cluster, client) = quiet_cluster(50, Tuning::default()).await;
    let api = databases_in(&client, "shop");
    let body = |replicas: u8| {
        Patch::Apply(json!({
            "apiVersion": "stable.example.com/v1", "kind": "Database",
            "metadata": {"name": "applied"}, "spec": {"engine": "redis", "replicas": replicas},
        }))
    };
    let params = PatchParams::apply("me").force();
    let created = api.patch("applied", &params, &body(1)).await.unwrap();
    let same = api.patch("applied", &params, &body(1)).await.unwrap();
    assert_eq!(created.resource_version(), same.resource_version());
    let changed = api.patch("applied", &params, &body(2)).await.unwrap();
    assert_eq!(changed.metadata.generation, Some(2));
    let managed = changed.managed_fields();
    assert_eq!(managed[0].operation.as_deref(), Some("Apply"));
    assert_eq!(managed[0].manager.as_deref(), Some("me"));
}

#[tokio::test(flavor = "multi_thread")]
async fn controllers_react_to_what_clients_change() {
    let (_cluster, client) = quiet_cluster(50, Tuning::default()).await;
    let api = databases_in(&client, "platform");
    let list = api.list(&ListParams::default()).await.unwrap();
    let version = list.metadata.resource_version.unwrap();
    let patch = Patch::Merge(json!({"spec": {"replicas": 6}}));
    api.patch("users-db", &PatchParams::default(), &patch)
        .await
        .unwrap();
    let query = format!("resourceVersion={version}");
    let events = watch_lines(&client, &query, "application/json", |e| e.len() == 3).await;
    let ready = |event: &Value| event["object"]["status"]["conditions"][0]["status"].clone();
    assert_eq!(
        (ready(&events[1]), ready(&events[2])),
        (json!("False"), json!("True"))
    );
    assert_eq!(events[2]["object"]["status"]["readyReplicas"], 6);
}

#[tokio::test(flavor = "multi_thread")]
async fn tables_are_what_kubectl_prints() {
    const TABLE: &str = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
    let (_cluster, client) = quiet_cluster(50, Tuning::default()).await;
    let path = "/apis/stable.example.com/v1/namespaces/platform/databases?limit=1";
    let table = raw(&client, path, TABLE).await;
    assert_eq!(table["kind"], "Table");
    let columns = table["columnDefinitions"].as_array().unwrap();
    let names: Vec<&Value> = columns.iter().map(|column| &column["name"]).collect();
    assert_eq!(names[0], "Name");
    assert_eq!(names[names.len() - 1], "Age");
    let row = &table["rows"][0];
    assert_eq!(row["cells"].as_array().unwrap().len(), columns.len());
    assert_eq!(row["object"]["kind"], "PartialObjectMetadata");
    assert_eq!(row["object"]["metadata"]["namespace"], "platform");
    let events = watch_lines(&client, "", TABLE, |events| events.len() == 2).await;
    assert!(events[0]["object"]["columnDefinitions"].is_array());
    assert!(events[1]["object"]["columnDefinitions"].is_null());
}

#[tokio::test(flavor = "multi_thread")]
async fn dropping_the_cluster_closes_its_port() {
    let (cluster, client) = quiet_cluster(20, Tuning::default()).await;
    let port = cluster.server_url().rsplit_once(':').unwrap().1.to_owned();
    client.apiserver_version().await.unwrap();
    cluster.stop();
    tokio::time::timeout(LIMIT, cluster.stopped())
        .await
        .unwrap();
    assert!(client.apiserver_version().await.is_err());
    drop(cluster);
    let again = DemoOptions {
        port: Some(port.parse().unwrap()),
        ..quiet(20)
    };
    DemoCluster::start(again).await.unwrap();
}

#[test]
fn nonsense_options_are_refused_with_a_hint() {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    for options in [
        DemoOptions {
            rate: -1.0,
            ..quiet(1)
        },
        DemoOptions {
            objects: usize::MAX,
            ..quiet(1)
        },
    ] {
        let error = runtime.block_on(DemoCluster::start(options)).unwrap_err();
        assert!(error.to_string().contains('('), "{error}");
    }
}

/// Every change of the first seconds: kind, object, what happened.
fn history(options: DemoOptions, seconds: u64) -> Vec<(usize, Key, Value)> {
    let mut simulation = build(options, Limits::default()).unwrap();
    let store = std::sync::Arc::clone(&simulation.store);
    let kinds: Vec<_> = store.definitions().map(|(kind, _)| kind).collect();
    let mut cursors: BTreeMap<_, _> = kinds
        .iter()
        .map(|kind| (*kind, store.revision(*kind)))
        .collect();
    let mut changes = Vec::new();
    while simulation.now < Duration::from_secs(seconds) {
        simulation.step();
        for kind in &kinds {
            let cursor = cursors.get_mut(kind).unwrap();
            let (events, reached) = store.changes(*kind, *cursor, usize::MAX).unwrap();
            *cursor = reached;
            for event in events {
                let key = event.current.key.clone();
                changes.push((kind.0, key, decode(&event.current).unwrap()));
            }
        }
    }
    changes
}

#[test]
fn every_story_has_begun_within_twenty_seconds() {
    let changes = history(DemoOptions::default(), 20);
    let of = |namespace: &str, name: &str| -> Vec<&Value> {
        let key = Key::new(namespace, name);
        let found = changes.iter().filter(|(_, candidate, _)| *candidate == key);
        found.map(|(_, _, object)| object).collect()
    };
    let stuck = of("ingress", "wildcard-eu");
    assert_eq!(stuck.len(), 1, "changed once and never observed");
    let generation = &stuck[0]["metadata"]["generation"];
    assert_ne!(
        &stuck[0]["status"]["conditions"][0]["observedGeneration"],
        generation
    );

    let fight = of("platform", "orders-db");
    let replicas: Vec<i64> = fight
        .iter()
        .filter_map(|o| o["spec"]["replicas"].as_i64())
        .collect();
    let flips = replicas
        .windows(2)
        .filter(|pair| pair[0] != pair[1])
        .count();
    assert!(flips >= 3, "{replicas:?}");

    let hot = of("platform", "users-db");
    assert!(hot.len() >= 10, "{} status writes", hot.len());
    assert!(
        hot.windows(2)
            .all(|o| o[0]["metadata"]["generation"] == o[1]["metadata"]["generation"])
    );

    let ready = |object: &&&Value| object["status"]["conditions"][0]["status"] == "False";
    assert!(of("data", "reports-db").iter().any(|o| ready(&o)));
    assert!(of("data", "reports-db").iter().any(|o| !ready(&o)));

    let held = of("shop", "legacy-cart-db");
    assert!(held.last().unwrap()["metadata"]["deletionTimestamp"].is_string());
    assert!(!of("data", "metrics-db").is_empty());
    assert!(
        changes
            .iter()
            .any(|(_, key, _)| key.name.starts_with("checkout-tls-"))
    );
    assert!(of("shop", "checkout").len() > 3);
    assert!(!of("platform", "llm").is_empty());
}

#[test]
fn the_same_seed_tells_the_same_story() {
    let steps = |seed| {
        let options = DemoOptions {
            seed,
            ..DemoOptions::default()
        };
        let changes = history(options, 30);
        changes
            .into_iter()
            .map(|(kind, key, object)| {
                let generation = object["metadata"]["generation"].clone();
                (
                    kind,
                    key.namespace,
                    key.name,
                    generation,
                    object["metadata"]["uid"].clone(),
                )
            })
            // The names of backups hold the date.
            .filter(|(kind, ..)| *kind != super::kinds::BACKUP.0)
            .collect::<Vec<_>>()
    };
    assert_eq!(steps(1), steps(1));
    assert_ne!(steps(1), steps(2));
}

#[test]
fn the_rate_is_about_what_was_asked_for() {
    for rate in [1.0, 4.0, 50.0] {
        let options = DemoOptions {
            rate,
            objects: 1000,
            ..DemoOptions::default()
        };
        let changes = history(options, 120);
        #[expect(clippy::cast_precision_loss, reason = "a count of a few thousands")]
        let actual = changes.len() as f64 / 120.0;
        assert!(
            (0.6 * rate..1.6 * rate).contains(&actual),
            "{actual} instead of {rate}"
        );
    }
}

#[test]
fn objects_look_like_those_of_a_real_server() {
    let simulation = build(quiet(300), Limits::default()).unwrap();
    let total: usize = (0..12)
        .map(|kind| simulation.store.count(super::store::KindId(kind), None))
        .sum();
    assert_eq!(total, 300);
    let stored = simulation
        .store
        .get(DATABASE, &Key::new("platform", "users-db"))
        .unwrap();
    let text = String::from_utf8(stored.json().to_vec()).unwrap();
    assert!(
        text.starts_with(r#"{"apiVersion":"stable.example.com/v1","kind":"Database","metadata":{"#)
    );
    let object = decode(&stored).unwrap();
    let metadata = object["metadata"].as_object().unwrap();
    for field in [
        "creationTimestamp",
        "generation",
        "managedFields",
        "resourceVersion",
        "uid",
    ] {
        assert!(metadata.contains_key(field), "{field}");
    }
    let managed = metadata["managedFields"].as_array().unwrap();
    assert_eq!(managed.len(), 2);
    assert!(managed.iter().any(|entry| entry["subresource"] == "status"));
}
