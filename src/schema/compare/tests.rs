use fastrand::Rng;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use super::*;

fn schema(version: &Value) -> Schema {
    let spec = json!({
        "group": "x.io", "scope": "Namespaced", "names": {"kind": "App", "plural": "apps"},
        "versions": [version],
    });
    Schema::parse(spec.to_string().as_bytes(), "v1").unwrap()
}

fn of_root(root: &Value) -> Schema {
    schema(
        &json!({"name": "v1", "served": true, "storage": true, "schema": {"openAPIV3Schema": root}}),
    )
}

/// Path, what and impact of each change of `spec.x`.
fn of_x(old: Value, new: Value) -> Vec<(String, Impact)> {
    let root = |x: Value| json!({"type": "object", "properties": {"x": x}});
    let changes = compare(&of_root(&root(old)), &of_root(&root(new)));
    changes
        .into_iter()
        .inspect(|change| assert!(change.path.starts_with('x'), "{change:?}"))
        .map(|change| (change.what, change.impact))
        .collect()
}

#[test]
fn every_aspect_of_a_field_is_told_and_judged() {
    use Impact::{Breaking, Compatible, Documentation};
    for (old, new, expected) in [
        (
            json!({"type": "integer"}),
            json!({"type": "string"}),
            ("type integer → string", Breaking),
        ),
        (
            json!({"type": "integer"}),
            json!({"type": "number"}),
            ("type integer → number", Compatible),
        ),
        (
            json!({"type": "string"}),
            json!({"x-kubernetes-int-or-string": true}),
            ("type string → integer or string", Compatible),
        ),
        (
            json!({"type": "object", "properties": {"a": {"type": "string"}}}),
            json!({"type": "object", "additionalProperties": {"type": "string"}}),
            ("type object → map[string]string", Breaking),
        ),
        (
            json!({"nullable": true}),
            json!({}),
            ("may no longer be null", Breaking),
        ),
        (
            json!({"default": 1}),
            json!({"default": 2}),
            ("default 1 → 2", Breaking),
        ),
        (
            json!({}),
            json!({"default": {"a": 1}}),
            ("default {\"a\":1} added", Compatible),
        ),
        (
            json!({"enum": ["a", "b"]}),
            json!({"enum": ["b"]}),
            ("may no longer be a", Breaking),
        ),
        (
            json!({"enum": ["b"]}),
            json!({"enum": ["c", "b"]}),
            ("may also be c", Compatible),
        ),
        (
            json!({}),
            json!({"enum": ["a", "b"]}),
            ("limited to a, b", Breaking),
        ),
        (
            json!({"minimum": 1}),
            json!({"minimum": 2}),
            ("minimum tightened: 1 → 2", Breaking),
        ),
        (
            json!({"maxLength": 1}),
            json!({"maxLength": 2}),
            ("maxLength loosened: 1 → 2", Compatible),
        ),
        (
            json!({"pattern": "a"}),
            json!({"pattern": "b"}),
            ("pattern changed", Breaking),
        ),
        (
            json!({"pattern": "a"}),
            json!({}),
            ("pattern a removed", Compatible),
        ),
        (
            json!({}),
            json!({"format": "date"}),
            ("format date added", Breaking),
        ),
        (
            json!({}),
            json!({"x-kubernetes-validations": [{"rule": "self == oldSelf", "message": "frozen"}]}),
            ("rule added: frozen", Breaking),
        ),
        (
            json!({"x-kubernetes-validations": [{"rule": "true", "message": "a"}]}),
            json!({"x-kubernetes-validations": [{"rule": "true", "message": "b"}]}),
            ("message of a rule changed", Documentation),
        ),
        (
            json!({"type": "array", "x-kubernetes-list-type": "atomic"}),
            json!({"type": "array", "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"]}),
            ("merged as atomic list → list by name", Breaking),
        ),
        (
            json!({"x-kubernetes-preserve-unknown-fields": true}),
            json!({}),
            ("unknown fields are no longer kept", Breaking),
        ),
        (
            json!({"description": "A."}),
            json!({"description": "B."}),
            ("description changed", Documentation),
        ),
        (
            json!({"description": "A."}),
            json!({"description": "A.\n\nDeprecated: use b."}),
            ("deprecated", Compatible),
        ),
        (
            json!({"title": "a"}),
            json!({"title": "b"}),
            ("title changed", Documentation),
        ),
        (
            json!({}),
            json!({"x-vendor": 1}),
            ("x-vendor changed", Breaking),
        ),
        (
            json!({"type": "object"}),
            json!({"type": "object", "properties": {"a": {"type": "array", "items": {
                "type": "object", "properties": {"b": {}}}}}}),
            ("added: an optional []object with 1 field", Compatible),
        ),
        (
            json!({"type": "object", "properties": {"a": {"type": "string"}}}),
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}),
            ("became required", Breaking),
        ),
        (
            json!({"type": "object"}),
            json!({"type": "object", "properties": {"a": {"type": "string"}}, "required": ["a"]}),
            ("added: a required string", Breaking),
        ),
    ] {
        let expected = vec![(expected.0.to_owned(), expected.1)];
        assert_eq!(of_x(old.clone(), new.clone()), expected, "{old} → {new}");
    }
}

#[test]
fn the_kind_itself_is_compared() {
    let column = |path: &str| json!({"name": "Ready", "type": "string", "jsonPath": path});
    let old = schema(&json!({
        "name": "v1", "served": true, "storage": true, "additionalPrinterColumns": [column(".a")],
        "subresources": {"scale": {"specReplicasPath": ".spec.replicas"}},
    }));
    let new = schema(&json!({
        "name": "v1", "served": true, "storage": true, "additionalPrinterColumns": [column(".b")],
        "deprecated": true, "deprecationWarning": "use v2", "subresources": {"status": {}},
        "selectableFields": [{"jsonPath": ".spec.class"}],
    }));
    let words: Vec<_> = compare(&old, &new)
        .into_iter()
        .map(|change| change.what)
        .collect();
    assert_eq!(
        words,
        [
            "version v1 is deprecated: use v2",
            "status subresource added",
            "scale subresource removed",
            "selectable field .spec.class added",
            "column Ready changed",
        ]
    );
}

/// A random schema, at most `depth` objects deep.
fn random_schema(rng: &mut Rng, depth: usize) -> Value {
    let scalar = |rng: &mut Rng| match rng.u8(0..4) {
        0 => json!({"type": "string", "enum": ["a", "b", "c"]}),
        1 => json!({"type": "integer", "minimum": 5, "default": 7}),
        2 => json!({"type": "boolean"}),
        _ => json!({"type": "string", "maxLength": 20}),
    };
    let mut node = match if depth == 0 { 0 } else { rng.u8(0..6) } {
        0..=1 => scalar(rng),
        2 => json!({"type": "array", "items": random_schema(rng, depth - 1)}),
        3 => json!({"type": "object", "additionalProperties": random_schema(rng, depth - 1)}),
        _ => random_object(rng, depth),
    };
    if rng.bool() {
        node["description"] = "What it is.".into();
    }
    node
}

fn random_object(rng: &mut Rng, depth: usize) -> Value {
    let names = ["alpha", "beta", "gamma", "delta", "dotted.name"];
    let mut properties = Map::new();
    let mut required = Vec::new();
    for name in &names[..rng.usize(1..=names.len())] {
        properties.insert((*name).to_owned(), random_schema(rng, depth - 1));
        if rng.u8(0..3) == 0 {
            required.push(*name);
        }
    }
    json!({"type": "object", "properties": properties, "required": required})
}

/// Changes a schema here and there, and writes down what it did.
fn edit(node: &mut Value, path: &str, rng: &mut Rng, done: &mut Vec<(String, Aspect, Impact)>) {
    let mut did = |aspect, impact| done.push((path.to_owned(), aspect, impact));
    match rng.u8(0..12) {
        0 => {
            node["description"] = format!("Something else {}.", rng.u32(..)).into();
            did(Aspect::Description, Impact::Documentation);
        }
        1 => {
            node["description"] = "Deprecated: do not.".into();
            did(Aspect::Deprecation, Impact::Compatible);
        }
        2 => {
            node["x-kubernetes-validations"] = json!([{"rule": "self == oldSelf"}]);
            did(Aspect::Rule, Impact::Breaking);
        }
        3 if node.get("enum").is_some() => {
            node["enum"] = json!(["c", "d", "b"]);
            did(Aspect::Enum, Impact::Breaking);
            did(Aspect::Enum, Impact::Compatible);
        }
        4 if node.get("minimum").is_some() => {
            node["minimum"] = 3.into();
            did(Aspect::Limit("minimum".into()), Impact::Compatible);
            node["default"] = 8.into();
            did(Aspect::Default, Impact::Breaking);
        }
        5 if node.get("maxLength").is_some() => {
            node["maxLength"] = 10.into();
            did(Aspect::Limit("maxLength".into()), Impact::Breaking);
        }
        6 if node["type"] == "boolean" => {
            node["type"] = "string".into();
            did(Aspect::Type, Impact::Breaking);
        }
        7 if node["type"] == "array" => {
            node["x-kubernetes-list-type"] = "atomic".into();
            did(Aspect::Merging, Impact::Breaking);
        }
        _ => {}
    }
    if let Some(items) = node.get_mut("items") {
        edit(items, &format!("{path}[]"), rng, done);
    }
    if let Some(values) = node.get_mut("additionalProperties") {
        edit(values, &format!("{path}[key]"), rng, done);
    }
    if node.get("properties").is_some() {
        edit_members(node, path, rng, done);
    }
}

fn edit_members(
    node: &mut Value,
    path: &str,
    rng: &mut Rng,
    done: &mut Vec<(String, Aspect, Impact)>,
) {
    let names: Vec<String> = node["properties"]
        .as_object()
        .unwrap()
        .keys()
        .cloned()
        .collect();
    for name in names {
        let mut below = path.to_owned();
        crate::schema::path::push_property(&mut below, &name);
        let required = node["required"].as_array_mut().unwrap();
        let at = required.iter().position(|known| *known == name.as_str());
        match rng.u8(0..8) {
            0 => {
                if let Some(at) = at {
                    required.remove(at);
                }
                node["properties"].as_object_mut().unwrap().remove(&name);
                done.push((below, Aspect::Field, Impact::Breaking));
                continue;
            }
            1 => {
                let has_default = node["properties"][&name].get("default").is_some();
                let required = node["required"].as_array_mut().unwrap();
                let impact = match at {
                    Some(at) => {
                        required.remove(at);
                        Impact::Compatible
                    }
                    None => {
                        required.push(name.clone().into());
                        if has_default {
                            Impact::Compatible
                        } else {
                            Impact::Breaking
                        }
                    }
                };
                done.push((below.clone(), Aspect::Required, impact));
            }
            _ => {}
        }
        edit(&mut node["properties"][&name], &below, rng, done);
    }
    if rng.u8(0..4) == 0 {
        node["properties"]["added"] = json!({"type": "string"});
        let mut below = path.to_owned();
        crate::schema::path::push_property(&mut below, "added");
        done.push((below, Aspect::Field, Impact::Compatible));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn the_comparison_names_exactly_what_was_edited(seed: u64) {
        let mut rng = Rng::with_seed(seed);
        let old = random_object(&mut rng, 4);
        prop_assert_eq!(compare(&of_root(&old), &of_root(&old)), vec![]);
        let mut new = old.clone();
        let mut expected = Vec::new();
        edit_members(&mut new, "", &mut rng, &mut expected);
        let mut found: Vec<_> = compare(&of_root(&old), &of_root(&new))
            .into_iter()
            .map(|change| (change.path, change.aspect, change.impact))
            .collect();
        found.sort();
        expected.sort();
        prop_assert_eq!(found, expected, "{}\n{}", old, new);
    }
}
