//! Writes, and what the controllers make of them.

use super::*;

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
