//! How lists and maps are told apart item by item, from a structural schema.
//!
//! `x-kubernetes-list-type` is `atomic` (also where it is missing), `set` or `map`, the latter with the
//! key fields in `x-kubernetes-list-map-keys`; `x-kubernetes-map-type` is `granular` (also where it is
//! missing) or `atomic`. Sources: the API reference of `JSONSchemaProps` (apiextensions.k8s.io/v1) and
//! KEP-555.

use std::borrow::Cow;

use crate::model::{Json, ListKey, ListType, Topology, TopologyNode, object_meta};

/// Schemas are not recursive, but a damaged file must not overflow the stack.
const MAX_DEPTH: usize = 64;

/// The topology that a CRD's `openAPIV3Schema` tells.
pub(super) fn topology_of(schema: &Json<'_>) -> Topology {
    Topology::new(node(schema, 0))
}

fn node(schema: &Json<'_>, depth: usize) -> TopologyNode {
    let mut node = TopologyNode::default();
    if depth > MAX_DEPTH {
        return node;
    }
    let text = |name| schema.get(name).and_then(Json::as_str);
    node.atomic_map = text("x-kubernetes-map-type") == Some("atomic");
    node.list = match text("x-kubernetes-list-type") {
        Some("set") => Some(ListType::Set),
        Some("map") => map_keys(schema).map(ListType::Map),
        _ => None,
    };
    for (name, below) in schema.get("properties").map_or(&[][..], Json::members) {
        node.insert(name, self::node(below, depth + 1));
    }
    let is_embedded = schema
        .get("x-kubernetes-embedded-resource")
        .and_then(Json::as_bool);
    if is_embedded == Some(true) {
        node.insert("metadata", object_meta());
    }
    let rest = schema.get("items").or(schema.get("additionalProperties"));
    node.rest = rest
        .map(|rest| self::node(rest, depth + 1))
        .filter(|rest| !rest.is_plain())
        .map(Box::new);
    node
}

fn map_keys(schema: &Json<'_>) -> Option<Box<[ListKey]>> {
    let names = schema.get("x-kubernetes-list-map-keys")?.items();
    let keys = names.iter().map(|name| {
        let name = name.as_str()?;
        let default = schema.at(&["items", "properties", name, "default"]);
        Some(ListKey {
            name: name.into(),
            default: default.and_then(scalar),
        })
    });
    let keys: Box<[ListKey]> = keys.collect::<Option<_>>()?;
    (!keys.is_empty()).then_some(keys)
}

/// Keys are scalars.
fn scalar(value: &Json<'_>) -> Option<Json<'static>> {
    match value {
        Json::Bool(value) => Some(Json::Bool(*value)),
        Json::Number(number) => Some(Json::Number(*number)),
        Json::String(text) => Some(Json::String(Cow::Owned(text.to_string()))),
        Json::Null | Json::Array(_) | Json::Object(_) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEMA: &str = r#"{"type":"object","properties":{
        "metadata":{"type":"object"},
        "spec":{"type":"object","properties":{
            "ports":{"type":"array","x-kubernetes-list-type":"map","x-kubernetes-list-map-keys":["port","protocol"],
                "items":{"type":"object","properties":{
                    "port":{"type":"integer"},"protocol":{"type":"string","default":"TCP"},
                    "hosts":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}}}}},
            "args":{"type":"array","x-kubernetes-list-type":"atomic","items":{"type":"string"}},
            "plain":{"type":"array","items":{"type":"string"}},
            "selector":{"type":"object","x-kubernetes-map-type":"atomic","additionalProperties":{"type":"string"}},
            "groups":{"type":"object","additionalProperties":{"type":"object","properties":{
                "members":{"type":"array","x-kubernetes-list-type":"set","items":{"type":"string"}}}}},
            "template":{"type":"object","x-kubernetes-embedded-resource":true},
            "broken":{"type":"array","x-kubernetes-list-type":"map"}}}}}"#;

    #[test]
    fn every_topology_of_a_schema_is_read() {
        let topology = topology_of(&Json::parse(SCHEMA.as_bytes()).unwrap());
        let root = topology.root();
        let spec = root.field("spec");
        let Some(ListType::Map(keys)) = spec.field("ports").list() else {
            panic!("ports are told apart by their keys");
        };
        assert_eq!(keys[0], ListKey::new("port"));
        assert_eq!(keys[1].default, Some(Json::String("TCP".into())));
        let hosts = spec.field("ports").item().field("hosts");
        assert_eq!(hosts.list(), Some(&ListType::Set));
        let list = Json::Array(Vec::new());
        for name in ["args", "plain", "broken", "unheard-of"] {
            assert_eq!(spec.field(name).is_atomic(&list), Some(true), "{name}");
        }
        let map = Json::Object(Vec::new());
        assert_eq!(spec.field("selector").is_atomic(&map), Some(true));
        assert_eq!(spec.field("groups").is_atomic(&map), Some(false));
        let members = spec.field("groups").field("any").field("members");
        assert_eq!(members.list(), Some(&ListType::Set));
        for meta in [
            root.field("metadata"),
            spec.field("template").field("metadata"),
        ] {
            assert!(meta.field("ownerReferences").list().is_some());
        }
    }
}
