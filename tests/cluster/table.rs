//! Awkward printer columns: Kronika's table, the API server's and what `kubectl get` prints, cell by cell.

use std::time::Duration;

use jiff::Timestamp;
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams};
use kube::{Api, Client};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::support::control_plane::ControlPlane;
use crate::support::recording::Recording;
use crate::support::table;
use crate::support::wait;

const LIMIT: Duration = Duration::from_secs(20);

/// A CRD of its own group in the shared control plane.
struct Kind {
    plane: &'static ControlPlane,
    client: Client,
    group: &'static str,
}

impl Kind {
    async fn create(group: &'static str, columns: &[Value]) -> Self {
        let plane = ControlPlane::shared();
        let kind = Self {
            plane,
            client: plane.client().await,
            group,
        };
        kind.set_columns(columns).await;
        kind
    }

    fn name(&self) -> String {
        format!("cells.{}", self.group)
    }

    fn resource(&self) -> ApiResource {
        ApiResource::from_gvk(&GroupVersionKind::gvk(self.group, "v1", "Cell"))
    }

    /// Writes the CRD with these columns in place of those before.
    async fn set_columns(&self, columns: &[Value]) {
        let definition = json!({
            "apiVersion": "apiextensions.k8s.io/v1",
            "kind": "CustomResourceDefinition",
            "metadata": { "name": self.name() },
            "spec": {
                "group": self.group,
                "scope": "Namespaced",
                "names": { "kind": "Cell", "plural": "cells" },
                "versions": [{
                    "name": "v1", "served": true, "storage": true,
                    "subresources": { "status": {} },
                    "schema": { "openAPIV3Schema": {
                        "type": "object", "x-kubernetes-preserve-unknown-fields": true } },
                    "additionalPrinterColumns": columns,
                }],
            },
        });
        let crds = GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
        let crds =
            Api::<DynamicObject>::all_with(self.client.clone(), &ApiResource::from_gvk(&crds));
        let params = PatchParams::apply("test").force();
        crds.patch(&self.name(), &params, &Patch::Apply(definition))
            .await
            .unwrap();
    }

    async fn add(&self, name: &str, spec: Value) -> Api<DynamicObject> {
        let api = Api::namespaced_with(self.client.clone(), "default", &self.resource());
        let object = json!({
            "apiVersion": format!("{}/v1", self.group), "kind": "Cell",
            "metadata": { "name": name, "labels": { "app.kubernetes.io/name": name, "a.b": "dotted" } },
            "spec": spec,
        });
        let object: DynamicObject = serde_json::from_value(object).unwrap();
        let end = std::time::Instant::now() + LIMIT;
        // Served a moment after it is established.
        while let Err(error) = api.create(&PostParams::default(), &object).await {
            assert!(std::time::Instant::now() < end, "{error}");
            tokio::task::yield_now().await;
        }
        api
    }

    /// Waits until the three tables have these headings and agree: changes arrive, and ages tick between them.
    async fn agrees(&self, recording: &Recording, headings: &[&str], rows: usize) {
        let name = self.name();
        let end = std::time::Instant::now() + LIMIT;
        loop {
            let words = match self.disagreement(recording, &name, headings, rows).await {
                None => return,
                Some(words) => words,
            };
            assert!(std::time::Instant::now() < end, "{words}");
            tokio::task::yield_now().await;
        }
    }

    async fn disagreement(
        &self,
        recording: &Recording,
        name: &str,
        headings: &[&str],
        rows: usize,
    ) -> Option<String> {
        let from = Timestamp::now();
        let theirs = table::served(&self.client, &self.resource(), true).await;
        let Some(ours) = table::recorded(&recording.timeline.read(), name) else {
            return Some("the kind is not watched".to_owned());
        };
        let names: Vec<_> = ours
            .headings
            .iter()
            .map(|heading| heading.name.as_str())
            .collect();
        if names != headings || ours.rows.len() != rows {
            return Some(format!("{names:?} with {} rows", ours.rows.len()));
        }
        let differences = table::differences(&ours, &theirs, (from, Timestamp::now()));
        if !differences.is_empty() {
            return Some(differences.join("\n"));
        }
        for is_wide in [false, true] {
            let mut arguments = vec!["get", name, "-A"];
            arguments.extend(if is_wide { &["-o", "wide"][..] } else { &[] });
            let theirs = self.plane.kubectl(&arguments);
            let ours = table::kubectl_text(&ours, is_wide, Timestamp::now());
            if ours != theirs {
                return Some(format!("wide {is_wide}:\n{theirs}\n{ours}"));
            }
        }
        None
    }
}

fn column(name: &str, type_: &str, path: &str, priority: i32) -> Value {
    json!({ "name": name, "type": type_, "jsonPath": path, "priority": priority })
}

fn names(columns: &[Value]) -> Vec<&str> {
    columns
        .iter()
        .map(|column| column["name"].as_str().unwrap())
        .collect()
}

fn awkward_columns() -> Vec<Value> {
    vec![
        column(
            "Ready",
            "string",
            ".status.conditions[?(@.type==\"Ready\")].status",
            0,
        ),
        column(
            "Not Ready",
            "string",
            ".status.conditions[?(@.type != 'Ready')].status",
            0,
        ),
        column(
            "Since",
            "date",
            ".status.conditions[?(@.type==\"Ready\")].lastTransitionTime",
            0,
        ),
        column("Large", "string", ".spec.pairs[?(@.n>=2)].name", 0),
        column("Exists", "string", ".spec.pairs[?(@.extra)].name", 0),
        column("Replicas", "integer", ".spec.replicas", 0),
        column("As Text", "string", ".spec.replicas", 0),
        column("As Number", "number", ".spec.replicas", 0),
        column("Ratio", "number", ".spec.ratio", 0),
        column("Ratio Text", "string", ".spec.ratio", 1),
        column("Ratio Whole", "integer", ".spec.ratio", 1),
        column("Paused", "boolean", ".spec.paused", 0),
        column("Paused Text", "string", ".spec.paused", 1),
        column("Hosts", "string", ".spec.hosts", 0),
        column("First", "string", ".spec.hosts[0]", 0),
        column("Last", "string", ".spec.hosts[-1]", 0),
        column("Last Of", "string", ".spec.hosts[-1:]", 1),
        column("Range", "string", ".spec.hosts[1:3]", 1),
        column("Step", "string", ".spec.hosts[::2]", 1),
        column("All", "string", ".spec.hosts[*]", 1),
        column("Union", "string", ".spec['missing','text']", 1),
        column("Deep", "string", ".spec..deep", 1),
        column(
            "Label",
            "string",
            ".metadata.labels.app\\.kubernetes\\.io/name",
            0,
        ),
        column("Label Quoted", "string", ".metadata.labels['a\\.b']", 0),
        column("Label Unescaped", "string", ".metadata.labels['a.b']", 0),
        column("Map", "string", ".spec.map", 1),
        column("Text", "string", ".spec.text", 0),
        column("Größe", "string", ".spec.größe", 0),
        column("Due", "date", ".spec.due", 0),
        column("Due Text", "string", ".spec.due", 1),
        column("Null", "string", ".spec.null", 0),
        column("Null Date", "date", ".spec.null", 1),
        column("Below Null", "string", ".spec.null.a", 1),
        column("Through Text", "string", ".spec.text.a", 1),
        column("Wrong Type", "integer", ".spec.text", 0),
        column("Object Number", "integer", ".spec.map", 1),
        column("Literal", "string", ".spec.text 'literal'", 1),
        column("Important", "string", ".spec.text", -1),
        column("Twice", "string", ".spec.hosts[0]", 0),
        column("Twice", "string", ".spec.hosts[1]", 0),
        column("Age", "date", ".metadata.creationTimestamp", 0),
    ]
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn awkward_columns_are_what_kubectl_prints() {
    let columns = awkward_columns();
    let kind = Kind::create("awkward.example.org", &columns).await;
    let specs = [
        (
            "plain",
            json!({ "replicas": 3, "ratio": 0.5, "paused": false, "hosts": ["a.example", "b.example", "c"],
            "map": { "z": "v", "a": { "deep": 1 } }, "due": "2020-01-01T00:00:00Z", "text": "plain", "größe": 1,
            "pairs": [{ "name": "one", "n": 1 }, { "name": "two", "n": 2, "extra": null }] }),
        ),
        ("empty", json!({})),
        (
            "large",
            json!({ "replicas": 9_007_199_254_740_993_i64, "ratio": 1e21, "hosts": [] }),
        ),
        (
            "huge",
            json!({ "replicas": u64::MAX, "ratio": -1e300, "hosts": ["one"] }),
        ),
        (
            "least",
            json!({ "replicas": i64::MIN, "ratio": 5e-324, "due": "0001-01-01T00:00:00Z" }),
        ),
        (
            "million",
            json!({ "replicas": 1_000_000, "ratio": 1_000_000.0, "due": "1600-01-01T00:00:00Z" }),
        ),
        (
            "fraction",
            json!({ "replicas": 1.5, "ratio": 1_234_567.25, "due": "2024-02-29T12:00:00.5+02:00" }),
        ),
        (
            "nulls",
            json!({ "replicas": null, "hosts": [null, null], "due": null, "null": null, "paused": null }),
        ),
        (
            "wrong",
            json!({ "replicas": "many", "ratio": "half", "paused": "no", "due": "yesterday",
            "hosts": "not a list", "pairs": [{ "name": "text", "n": "2" }], "map": [{ "deep": [1] }] }),
        ),
        (
            "unicode",
            json!({ "hosts": ["größe", "日本", "a b"], "map": [1, "two", { "three": "<&>" }],
            "text": "👩‍👩‍👧 \u{1b}[31mred\u{1b}[0m", "größe": "é" }),
        ),
        (
            "lines",
            json!({ "text": "first\nsecond", "hosts": ["\n", "a\r\nb", "\u{c}"], "due": "" }),
        ),
        (
            "future",
            json!({ "due": "2999-01-01T00:00:00Z", "ratio": 3, "text": "" }),
        ),
        (
            "odd-dates",
            json!({ "due": "2026-01-02T3:04:05Z", "text": "null" }),
        ),
    ];
    let count = specs.len();
    let mut api = None;
    for (name, spec) in specs {
        api = Some(kind.add(name, spec).await);
    }
    let status = json!({ "status": { "conditions": [
        { "type": "Synced", "status": "False" },
        { "type": "Ready", "status": "True", "lastTransitionTime": Timestamp::now().to_string() }] } });
    let api = api.unwrap();
    api.patch_status("plain", &PatchParams::default(), &Patch::Merge(status))
        .await
        .unwrap();
    let recording = Recording::open(
        &Handle::current(),
        kind.plane.admin_kubeconfig(),
        &[&kind.name()],
    );
    kind.agrees(&recording, &names(&columns), count).await;
}

/// Each step is seen by a recording that was opened before all of them.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn columns_that_change_while_running_are_followed() {
    let text = column("Text", "string", ".spec.text", 0);
    let kind = Kind::create("changing.example.org", std::slice::from_ref(&text)).await;
    kind.add("first", json!({ "text": "one", "n": 1, "who": "Ada" }))
        .await;
    let recording = Recording::open(
        &Handle::current(),
        kind.plane.admin_kubeconfig(),
        &[&kind.name()],
    );
    kind.agrees(&recording, &["Text"], 1).await;

    // None: there is the age.
    kind.set_columns(&[]).await;
    kind.agrees(&recording, &["Age"], 1).await;

    // Names that the table has by itself.
    let own = [
        column("Age", "integer", ".spec.n", 0),
        column("Name", "string", ".spec.who", 0),
        column("Namespace", "string", ".spec.text", 0),
    ];
    kind.set_columns(&own).await;
    kind.agrees(&recording, &["Age", "Name", "Namespace"], 1)
        .await;

    // A column that is no JSONPath takes those that follow it along.
    let broken = [
        text.clone(),
        column("Broken", "string", ".spec[", 0),
        own[0].clone(),
    ];
    kind.set_columns(&broken).await;
    kind.agrees(&recording, &["Text"], 1).await;
    let dropped: Vec<String> = {
        let timeline = recording.timeline.read();
        let dropped = timeline
            .kinds()
            .find_map(|(_, kind)| kind.columns.dropped().cloned());
        dropped
            .unwrap()
            .names
            .iter()
            .map(ToString::to_string)
            .collect()
    };
    assert_eq!(dropped, ["Broken", "Age"]);

    // The first of all: nothing but the name is left.
    kind.set_columns(&broken[1..]).await;
    kind.agrees(&recording, &[], 1).await;

    // Another type and path under the same name, and objects that come and change meanwhile.
    kind.set_columns(&[column("Text", "integer", ".spec.n", 1)])
        .await;
    let api = kind.add("second", json!({ "n": 2.5 })).await;
    let change = Patch::Merge(json!({ "spec": { "n": 9_007_199_254_740_993_i64 } }));
    api.patch("first", &PatchParams::default(), &change)
        .await
        .unwrap();
    kind.agrees(&recording, &["Text"], 2).await;
}

/// A moment passes between the two looks: the ages on screen move on as kubectl's do.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn ages_tick_as_kubectl_prints_them() {
    let columns = [column("Age", "date", ".metadata.creationTimestamp", 0)];
    let kind = Kind::create("ticking.example.org", &columns).await;
    kind.add("young", json!({})).await;
    let recording = Recording::open(
        &Handle::current(),
        kind.plane.admin_kubeconfig(),
        &[&kind.name()],
    );
    kind.agrees(&recording, &["Age"], 1).await;
    let name = kind.name();
    let shown = |now| {
        table::kubectl_text(
            &table::recorded(&recording.timeline.read(), &name).unwrap(),
            false,
            now,
        )
    };
    let first = shown(Timestamp::now());
    wait::until(LIMIT, "the age is another", || {
        (shown(Timestamp::now()) != first).then_some(())
    });
    kind.agrees(&recording, &["Age"], 1).await;
}
