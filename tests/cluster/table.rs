//! The table of the window and `kubectl get`, cell by cell.

use std::time::Duration;

use kronika::columns::CompiledColumns;
use kronika::model::WatchStatus;
use kube::Api;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::support::control_plane::ControlPlane;
use crate::support::recording::Recording;
use crate::support::wait;

const LIMIT: Duration = Duration::from_secs(20);
const GROUP: &str = "table.example.org";

fn column(name: &str, kind: &str, path: &str, priority: i32) -> Value {
    json!({ "name": name, "type": kind, "jsonPath": path, "priority": priority })
}

fn definition() -> Value {
    json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("cells.{GROUP}") },
        "spec": {
            "group": GROUP,
            "scope": "Namespaced",
            "names": { "kind": "Cell", "plural": "cells" },
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "subresources": { "status": {} },
                "schema": { "openAPIV3Schema": {
                    "type": "object", "x-kubernetes-preserve-unknown-fields": true } },
                "additionalPrinterColumns": [
                    column("Ready", "string", ".status.conditions[?(@.type==\"Ready\")].status", 0),
                    column("Replicas", "integer", ".spec.replicas", 0),
                    column("Ratio", "number", ".spec.ratio", 0),
                    column("Paused", "boolean", ".spec.paused", 0),
                    column("Hosts", "string", ".spec.hosts", 0),
                    column("First", "string", ".spec.hosts[0]", 0),
                    column("Last", "string", ".spec.hosts[-1:]", 1),
                    column("All", "string", ".spec.hosts[*]", 1),
                    column("Label", "string", ".metadata.labels.app\\.kubernetes\\.io/name", 0),
                    column("Map", "string", ".spec.map", 1),
                    column("Due", "date", ".spec.due", 0),
                    column("Age", "date", ".metadata.creationTimestamp", 0),
                ],
            }],
        },
    })
}

fn objects() -> Vec<Value> {
    let spec = |spec: Value| spec;
    [
        ("plain", spec(json!({ "replicas": 3, "ratio": 0.5, "paused": false, "hosts": ["a.example", "b.example"],
            "map": { "k": "v", "n": 1 }, "due": "2020-01-01T00:00:00Z" }))),
        ("empty", spec(json!({}))),
        ("large", spec(json!({ "replicas": 9_007_199_254_740_993_i64, "ratio": 1e21, "hosts": [] }))),
        ("nulls", spec(json!({ "replicas": null, "hosts": null, "due": null }))),
        ("wrong", spec(json!({ "replicas": "many", "ratio": "half", "paused": "no", "due": "yesterday" }))),
        ("unicode", spec(json!({ "hosts": ["größe", "日本", "a b"], "map": [1, "two", { "three": 3 }] }))),
        ("future", spec(json!({ "due": "2999-01-01T00:00:00Z", "ratio": 3, "replicas": 1.5 }))),
    ]
    .into_iter()
    .map(|(name, spec)| {
        json!({
            "apiVersion": format!("{GROUP}/v1"), "kind": "Cell",
            "metadata": { "name": name, "labels": { "app.kubernetes.io/name": name } },
            "spec": spec,
        })
    })
    .collect()
}

/// The cells of `kubectl get -A` by row, cut where the headings begin.
fn cells_of(table: &str) -> Vec<Vec<String>> {
    let mut lines = table.lines();
    let header: Vec<char> = lines.next().expect("headings").chars().collect();
    let starts: Vec<usize> = (0..header.len())
        .filter(|i| header[*i] != ' ' && (*i == 0 || header[i - 1] == ' '))
        .collect();
    lines
        .map(|line| {
            let line: Vec<char> = line.chars().collect();
            let ends = starts.iter().skip(1).copied().chain([usize::MAX]);
            starts
                .iter()
                .zip(ends)
                .map(|(start, end)| {
                    let end = end.min(line.len());
                    line.get(*start..end)
                        .map_or(String::new(), |cell| cell.iter().collect::<String>())
                })
                .map(|cell| cell.trim_end().to_owned())
                .collect()
        })
        .collect()
}

fn rows(recording: &Recording, wide: bool) -> Vec<Vec<String>> {
    let now = jiff::Timestamp::now();
    let timeline = recording.timeline.read();
    let Some((_, kind)) = timeline.kinds().find(|(_, kind)| kind.kind.group == GROUP) else {
        return Vec::new();
    };
    let columns: &CompiledColumns = &kind.columns;
    let mut rows = Vec::new();
    for object in kind.objects().filter_map(|id| timeline.object(id)) {
        let Some(live) = &object.live else { continue };
        let namespace = object.key.namespace.as_deref().unwrap_or_default();
        let mut row = vec![namespace.to_owned(), object.key.name.to_string()];
        let shown = columns.headings().iter().zip(&live.cells);
        row.extend(
            shown
                .filter(|(heading, _)| wide || heading.priority == 0)
                .map(|(_, cell)| cell.display(now).trim_end().to_owned()),
        );
        rows.push(row);
    }
    rows
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_table_is_what_kubectl_get_prints_cell_by_cell() {
    let plane = ControlPlane::shared();
    let client = plane.client().await;
    let crds = GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
    let crds = Api::<DynamicObject>::all_with(client.clone(), &ApiResource::from_gvk(&crds));
    let name = format!("cells.{GROUP}");
    crds.patch(
        &name,
        &PatchParams::apply("test"),
        &Patch::Apply(definition()),
    )
    .await
    .unwrap();
    let cells = ApiResource::from_gvk(&GroupVersionKind::gvk(GROUP, "v1", "Cell"));
    let cells = Api::<DynamicObject>::namespaced_with(client, "default", &cells);
    for object in objects() {
        let object: DynamicObject = serde_json::from_value(object).unwrap();
        let end = std::time::Instant::now() + LIMIT;
        // Served a moment after it is established.
        while let Err(error) = cells.create(&PostParams::default(), &object).await {
            assert!(std::time::Instant::now() < end, "{error}");
            tokio::task::yield_now().await;
        }
    }
    let status = json!({ "status": { "conditions": [
        { "type": "Synced", "status": "False" }, { "type": "Ready", "status": "True" }] } });
    cells
        .patch_status("plain", &PatchParams::default(), &Patch::Merge(status))
        .await
        .unwrap();
    let recording = Recording::open(&Handle::current(), plane.admin_kubeconfig(), &[&name]);
    wait::until(LIMIT, "the kind is watched", || {
        let timeline = recording.timeline.read();
        timeline
            .kinds()
            .any(|(_, kind)| kind.status == WatchStatus::Watching)
            .then_some(())
    });
    for wide in [false, true] {
        let arguments: &[&str] = if wide {
            &["get", &name, "-A", "-o", "wide"]
        } else {
            &["get", &name, "-A"]
        };
        let mut last = (Vec::new(), Vec::new());
        let agreed = wait::within(LIMIT, || {
            // Ages tick between the two.
            last = (cells_of(&plane.kubectl(arguments)), rows(&recording, wide));
            (last.0 == last.1).then_some(())
        });
        assert!(
            agreed.is_some(),
            "wide {wide}:\n{:#?}\n{:#?}",
            last.0,
            last.1
        );
    }
}
