//! A kube client against the running demo cluster, and the storylines on simulated time.

mod reading;
mod stories;
mod watching;
mod writing;

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
