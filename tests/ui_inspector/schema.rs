//! The Schema tab, and what the schema adds to the lines of an object.

use std::{sync::Arc, time::Duration};

use egui::accesskit::Role;
use egui_kittest::{
    Harness, Node,
    kittest::{NodeT, Queryable},
};
use kronika::{
    model::ResourceKind,
    ui::{
        Command, View,
        views::{ObjectView, SchemaView},
    },
};
use serde_json::{Value, json};

use super::{
    fixture::{World, at, clock},
    inspector::Screen,
};
use crate::support::wait;

fn crd(spec: Value) -> Value {
    let version = |name: &str, storage: bool, schema: Value| {
        json!({"name": name, "served": true, "storage": storage, "deprecated": !storage,
               "subresources": {"status": {}}, "schema": {"openAPIV3Schema": schema}})
    };
    let object = |spec: Value| json!({"type": "object", "properties": {"spec": spec}});
    let older = json!({"type": "object", "properties": {"size": {"type": "integer"}}});
    json!({
        "group": "stable.example.com", "scope": "Namespaced",
        "names": {"kind": "Database", "plural": "databases", "shortNames": ["db"]},
        "versions": [version("v1", true, object(spec)), version("v1beta1", false, object(older))],
    })
}

fn database() -> Value {
    json!({"type": "object", "required": ["engine"], "properties": {
        "engine": {"type": "string", "enum": ["postgres", "mysql"], "description": "What runs it.",
            "x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "engine cannot change"}]},
        "replicas": {"type": "integer", "default": 1, "description": "Members of the cluster."},
        "size": {"type": "string", "description": "Deprecated: use storage."},
        "users": {"type": "array", "items": {"type": "object", "properties": {
            "name": {"type": "string", "description": "Who LOGS in."}}}},
    }})
}

/// A database whose CRD changed at 14:31.
fn world() -> (World, Arc<ResourceKind>) {
    let mut world = World::new();
    let kind = world.kind("stable.example.com", "Database");
    world.define(clock(14, 2, 0, 0), &kind, &crd(database()));
    let mut changed = database();
    changed["properties"]["replicas"]["maximum"] = 5.into();
    changed["properties"]["storage"] = json!({"type": "string"});
    changed["properties"]["size"]["description"] = "Deprecated: use storage instead.".into();
    world.define(clock(14, 31, 0, 0), &kind, &crd(changed));
    let spec =
        json!({"engine": "postgres", "replicas": 1, "size": "10Gi", "users": [{"name": "app"}]});
    world.watch(
        clock(14, 40, 0, 0),
        &kind,
        "orders",
        json!({"metadata": {}, "spec": spec}),
    );
    (world, kind)
}

fn screen(view: Box<dyn View>) -> Harness<'static, Screen> {
    let (world, kind) = world();
    let (kind_id, object) = (world.kind_id(&kind), world.object(&kind, "orders"));
    let mut harness = Screen::harness(world, clock(14, 41, 0, 0), view);
    harness.state_mut().selection.kind = Some(kind_id);
    harness.state_mut().selection.object = object;
    harness.run_ok();
    harness
}

/// Schemas are read on a thread of their own.
fn until(harness: &mut Harness<'_, Screen>, label: &str) {
    let limit = Duration::from_secs(20);
    let shown = wait::within(limit, || {
        harness.run_ok();
        harness.query_by_label(label).map(|_| ())
    });
    assert!(shown.is_some(), "no {label:?} in {:?}", labels(harness));
}

fn labels(harness: &Harness<'_, Screen>) -> Vec<String> {
    let all = harness.query_all_by(|_| true);
    all.filter_map(|node| node.accesskit_node().label())
        .collect()
}

fn fields(harness: &Harness<'_, Screen>) -> Vec<String> {
    let rows: Vec<Node<'_>> = harness.get_all_by_role(Role::TreeItem).collect();
    let label = |node: &Node<'_>| node.accesskit_node().label().unwrap_or_default();
    rows.iter().map(label).collect()
}

fn tree() -> Harness<'static, Screen> {
    let mut harness = screen(Box::new(SchemaView::default()));
    until(&mut harness, "spec.engine string required immutable");
    harness
}

#[test]
fn the_tree_has_types_and_marks_and_opens_lists() {
    let mut harness = tree();
    assert_eq!(
        fields(&harness),
        [
            "spec object",
            "spec.engine string required immutable",
            "spec.replicas integer",
            "spec.size string deprecated",
            "spec.storage string",
            "spec.users []object",
            "apiVersion string",
            "kind string",
            "metadata object",
        ]
    );
    harness.get_by_label("spec.users []object").click();
    harness.run_ok();
    harness.get_by_label("spec.users[].name string");
}

#[test]
fn the_chosen_field_has_its_card() {
    let mut harness = tree();
    harness
        .get_by_label("spec.engine string required immutable")
        .click();
    harness.run_ok();
    for label in [
        "What runs it.",
        "postgres · mysql",
        "Immutable. engine cannot change",
    ] {
        harness.get_by_label(label);
    }
    // The arrows go on from there.
    harness.key_press(egui::Key::ArrowDown);
    harness.run_ok();
    harness.get_by_label("Members of the cluster.");
    harness.get_by_label("at most 5");
    harness.key_press(egui::Key::ArrowLeft);
    harness.run_ok();
    harness.key_press(egui::Key::ArrowLeft);
    harness.run_ok();
    assert!(harness.query_by_label("spec.replicas integer").is_none());
}

#[test]
fn a_search_goes_through_names_and_descriptions() {
    let mut harness = tree();
    harness.get_by_role(Role::TextInput).focus();
    harness.run_ok();
    harness.get_by_role(Role::TextInput).type_text("logs in");
    until(&mut harness, "1 field");
    assert_eq!(
        fields(&harness),
        [
            "spec object",
            "spec.users []object",
            "spec.users[].name string"
        ]
    );
}

#[test]
fn a_field_that_is_asked_for_is_opened() {
    let mut harness = tree();
    harness.state_mut().selection.field = Some("spec.users[].name".into());
    harness.run_ok();
    harness.get_by_label("spec.users[].name string");
    harness.get_by_label("Who LOGS in.");
}

#[test]
fn other_versions_have_their_own_fields() {
    let mut harness = tree();
    harness.get_by_label("Version").click();
    harness.run_ok();
    harness.get_by_label("v1beta1  served, deprecated").click();
    until(&mut harness, "spec.size integer");
    assert!(
        !fields(&harness)
            .iter()
            .any(|row| row.starts_with("spec.engine"))
    );
}

#[test]
fn what_changed_is_a_list_and_a_diff() {
    let mut harness = tree();
    harness
        .get_by_label("2 definitions seen: 14:02:00 → 14:31:00")
        .click();
    until(&mut harness, "breaking spec.replicas maximum 5 added");
    harness.get_by_label("compatible spec.storage added: an optional string");
    harness.get_by_label("documentation spec.size description changed");
    // Only the breaking ones.
    harness.get_by_label("1 docs").click();
    harness.get_by_label("1 compatible").click();
    harness.run_ok();
    assert!(harness.query_by_label_contains("spec.storage").is_none());
    harness.get_by_label("YAML").click();
    harness.run_ok();
    harness.get_by_label_contains("maximum: 5");
    harness.get_by_label("List").click();
    harness.run_ok();
    harness
        .get_by_label("breaking spec.replicas maximum 5 added")
        .click();
    harness.run_ok();
    harness.get_by_label("Members of the cluster.");
}

#[test]
fn versions_can_be_compared_as_well() {
    let mut harness = tree();
    harness
        .get_by_label("2 definitions seen: 14:02:00 → 14:31:00")
        .click();
    until(&mut harness, "Schema A");
    harness.get_by_label("Schema A").click();
    harness.run_ok();
    harness.get_by_label("v1beta1 · 14:31:00").click();
    until(&mut harness, "breaking spec.size type integer → string");
}

#[test]
fn a_kind_without_a_definition_and_no_kind_are_explained() {
    let mut world = World::new();
    let kind = world.kind("apps", "Deployment");
    let id = world.kind_id(&kind);
    let mut harness = Screen::harness(world, at(0), Box::new(SchemaView::default()));
    harness.get_by_label("No kind selected");
    harness.state_mut().selection.kind = Some(id);
    harness.run_ok();
    harness.get_by_label("The schema of Deployment is not known");
}

#[test]
fn lines_of_the_object_are_marked_and_lead_to_the_schema() {
    let mut harness = screen(Box::new(ObjectView::default()));
    harness.get_by_role_and_label(Role::Tab, "YAML").click();
    until(&mut harness, "immutable");
    harness.get_by_label("deprecated");
    harness.get_by_label("default");
    harness.get_by_label("  engine: postgres").click_secondary();
    harness.run_ok();
    harness.get_by_label("Show in schema").click();
    harness.run_ok();
    let commands = &harness.state().commands;
    assert!(
        commands.contains(&Command::ShowField("spec.engine".into())),
        "{commands:?}"
    );
}

#[test]
fn the_card_of_a_line_shows_under_the_pointer() {
    let mut harness = screen(Box::new(ObjectView::default()));
    harness.get_by_role_and_label(Role::Tab, "YAML").click();
    until(&mut harness, "immutable");
    harness.get_by_label("  engine: postgres").hover();
    until(&mut harness, "Immutable. engine cannot change");
    harness.get_by_label("spec.engine");
}
