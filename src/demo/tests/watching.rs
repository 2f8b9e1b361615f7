//! Watches: changes, streaming lists, bookmarks, 410.

use super::*;

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
