//! Schemas against a real API server: how they come, and whether what is said of rules is what it does.

use std::time::Duration;

use kronika::{
    model::Definition,
    schema::{Impact, Schema, Verdict, compare},
};
use kube::{
    Api,
    api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams, PostParams},
};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::support::{control_plane::ControlPlane, recording::Recording, wait};

const LIMIT: Duration = Duration::from_secs(20);

/// Creates or changes the CRD `widgets.GROUP`, with this schema of `spec`.
async fn apply(plane: &ControlPlane, group: &str, spec: Value) {
    let kind = GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
    let client = plane.client().await;
    let crds = Api::<DynamicObject>::all_with(client, &ApiResource::from_gvk(&kind));
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": format!("widgets.{group}") },
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": { "kind": "Widget", "plural": "widgets" },
            "versions": [{
                "name": "v1", "served": true, "storage": true,
                "schema": { "openAPIV3Schema": { "type": "object", "properties": { "spec": spec } } },
            }],
        },
    });
    let params = PatchParams::apply("test").force();
    let name = format!("widgets.{group}");
    crds.patch(&name, &params, &Patch::Apply(crd))
        .await
        .unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_crd_that_is_updated_while_it_is_watched_has_two_definitions_that_can_be_compared() {
    let plane = ControlPlane::shared();
    let group = "schema.example.org";
    let spec = |more: Value| {
        let mut spec = json!({"type": "object", "properties": {
            "size": {"type": "integer", "maximum": 9, "description": "How large."},
            "old": {"type": "string"}}});
        for (name, value) in more.as_object().unwrap() {
            spec["properties"][name] = value.clone();
        }
        spec
    };
    apply(plane, group, spec(json!({}))).await;
    let recording = Recording::open(
        &Handle::current(),
        plane.admin_kubeconfig(),
        &[&format!("widgets.{group}")],
    );
    let definitions = || {
        let timeline = recording.timeline.read();
        let kind = timeline
            .kinds()
            .find(|(_, kind)| kind.kind.group == group)?
            .1;
        Some(kind.definitions.clone())
    };
    let at_least = |count: usize| move |known: &Vec<_>| known.len() >= count;
    wait::until(LIMIT, "the first definition", || {
        definitions().filter(at_least(1))
    });
    let size = json!({"type": "integer", "maximum": 5, "description": "How large."});
    let new = json!({"type": "string", "enum": ["a", "b"], "default": "a"});
    apply(plane, group, spec(json!({"size": size, "new": new}))).await;
    let known = wait::until(LIMIT, "the second definition", || {
        definitions().filter(at_least(2))
    });
    assert_eq!(known.len(), 2);
    assert!(known[0].at < known[1].at);
    let parse = |at: usize| Schema::of(&known[at].definition, "v1").unwrap();
    let changes = compare(&parse(0), &parse(1));
    let told: Vec<_> = changes
        .iter()
        .map(|change| (change.path.as_str(), change.what.as_str(), change.impact))
        .collect();
    assert_eq!(
        told,
        [
            ("spec.new", "added: an optional string", Impact::Compatible),
            ("spec.size", "maximum tightened: 9 → 5", Impact::Breaking),
        ]
    );
}

/// Rules of an object about its field `x`, and rules of `x` itself.
const RULES: [(&str, bool); 14] = [
    ("self.x == oldSelf.x", false),
    ("oldSelf.x == self.x", false),
    ("!has(oldSelf.x) || self.x == oldSelf.x", false),
    (
        "!has(oldSelf.x) || (has(self.x) && self.x == oldSelf.x)",
        false,
    ),
    ("!has(self.x) || self.x == oldSelf.x", false),
    (
        "!has(self.x) || !has(oldSelf.x) || self.x == oldSelf.x",
        false,
    ),
    ("has(self.x) == has(oldSelf.x)", false),
    (
        "has(self.x) == has(oldSelf.x) && (!has(self.x) || self.x == oldSelf.x)",
        false,
    ),
    ("!has(oldSelf.x) || has(self.x)", false),
    (
        "has(oldSelf.x) ? has(self.x) && self.x == oldSelf.x : true",
        false,
    ),
    ("self == oldSelf", false),
    ("self.y == oldSelf.y", false),
    ("self == oldSelf", true),
    ("oldSelf == self", true),
];

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_is_said_of_transition_rules_is_what_the_server_does() {
    let plane = ControlPlane::shared();
    let group = "rules.example.org";
    let mut spec = json!({"type": "object", "properties": {}});
    for (at, (rule, is_own)) in RULES.iter().enumerate() {
        let rules = json!([{"rule": rule}]);
        let mut x = json!({"type": "string", "maxLength": 9});
        let mut around = json!({"type": "object"});
        let owner = if *is_own { &mut x } else { &mut around };
        owner["x-kubernetes-validations"] = rules;
        around["properties"] = json!({"x": x, "y": {"type": "string", "maxLength": 9}});
        spec["properties"][format!("r{at}")] = around;
    }
    apply(plane, group, spec.clone()).await;
    let text = json!({"versions": [{"name": "v1", "schema": {"openAPIV3Schema": {
        "type": "object", "properties": {"spec": spec}}}}]});
    let definition = Definition::new(&text.to_string()).unwrap();
    let schema = Schema::of(&definition, "v1").unwrap();

    let kind = GroupVersionKind::gvk(group, "v1", "Widget");
    let client = plane.client().await;
    let api: Api<DynamicObject> =
        Api::namespaced_with(client, "default", &ApiResource::from_gvk(&kind));
    // An object for each rule: a rule that fails on what another one is about refuses every write.
    for at in 0..RULES.len() {
        for (name, value) in [
            ("with", json!({"x": "a", "y": "-"})),
            ("without", json!({"y": "-"})),
        ] {
            let object = json!({"apiVersion": format!("{group}/v1"), "kind": "Widget",
                "metadata": {"name": format!("{name}-{at}")},
                "spec": {format!("r{at}"): value}});
            let object: DynamicObject = serde_json::from_value(object).unwrap();
            // Established is said a moment before the resource is served.
            let end = std::time::Instant::now() + LIMIT;
            while let Err(error) = api.create(&PostParams::default(), &object).await {
                assert!(std::time::Instant::now() < end, "{error}");
                tokio::task::yield_now().await;
            }
        }
    }
    for (at, (rule, _)) in RULES.iter().enumerate() {
        let field = schema.find(&format!("spec.r{at}.x")).unwrap();
        let said = field
            .immutability()
            .map(|known| known.transitions)
            .unwrap_or_default();
        for (what, object, value, said) in [
            ("change", "with", json!("b"), said.change),
            ("set", "without", json!("b"), said.set),
            ("remove", "with", Value::Null, said.remove),
        ] {
            let patch = json!({"spec": {format!("r{at}"): {"x": value}}});
            let dry = PatchParams {
                dry_run: true,
                ..PatchParams::default()
            };
            let name = format!("{object}-{at}");
            let refused = match api.patch(&name, &dry, &Patch::Merge(patch)).await {
                Ok(_) => false,
                Err(kube::Error::Api(status)) if status.code == 422 => true,
                Err(error) => panic!("{rule}: {error}"),
            };
            let expected = if refused {
                Verdict::Refused
            } else {
                Verdict::Allowed
            };
            assert_eq!(said, expected, "{what}: {rule}");
        }
    }
}
