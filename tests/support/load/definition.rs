//! The kind that the load writes, and what its objects look like.

use serde_json::{Map, Value, json};

pub(super) const VERSION: &str = "v1";
pub(super) const KIND: &str = "Widget";
pub(super) const PLURAL: &str = "widgets";

/// A CRD with a status subresource and printer columns of every sort: numbers, a JSONPath with a filter, dates,
/// wide ones, and one whose field is missing at first. The group is filled in.
const DEFINITION: &str = r#"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {}
spec:
  scope: Namespaced
  names: {kind: Widget, plural: widgets, singular: widget, listKind: WidgetList}
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    additionalPrinterColumns:
    - {name: Replicas, type: integer, jsonPath: .spec.replicas}
    - {name: Ready, type: string, jsonPath: '.status.conditions[?(@.type=="Ready")].status'}
    - {name: Phase, type: string, jsonPath: .status.phase}
    - {name: Image, type: string, jsonPath: .spec.image, priority: 1}
    - {name: Heartbeat, type: date, jsonPath: .status.lastHeartbeat, priority: 1}
    - {name: Age, type: date, jsonPath: .metadata.creationTimestamp}
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              replicas: {type: integer, format: int64}
              image: {type: string}
              paused: {type: boolean}
              settings: {type: object, additionalProperties: {type: string}}
              endpoints:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [host]
                items:
                  type: object
                  required: [host]
                  properties:
                    host: {type: string}
                    port: {type: integer, format: int64}
                    weight: {type: integer, format: int64}
                    note: {type: string}
          status:
            type: object
            properties:
              observedGeneration: {type: integer, format: int64}
              phase: {type: string}
              readyReplicas: {type: integer, format: int64}
              checks: {type: integer, format: int64}
              lastHeartbeat: {type: string, format: date-time}
              conditions:
                type: array
                x-kubernetes-list-type: map
                x-kubernetes-list-map-keys: [type]
                items:
                  type: object
                  required: [type, status]
                  properties:
                    type: {type: string}
                    status: {type: string}
                    reason: {type: string}
                    message: {type: string}
                    observedGeneration: {type: integer, format: int64}
                    lastTransitionTime: {type: string, format: date-time}
"#;

/// The CRD `widgets.GROUP`.
pub(super) fn definition(group: &str) -> Value {
    let mut definition: Value = serde_yaml::from_str(DEFINITION).expect("the definition is YAML");
    definition["metadata"]["name"] = format!("{PLURAL}.{group}").into();
    definition["spec"]["group"] = group.into();
    definition
}

/// A new object: about 4 KB as the API server keeps it, with its `managedFields`.
pub(super) fn object(api_version: &str, name: &str, random: &mut fastrand::Rng) -> Value {
    let mut word = |length: usize| -> String {
        std::iter::repeat_with(|| random.alphanumeric())
            .take(length)
            .collect()
    };
    let settings: Map<String, Value> = (0..14)
        .map(|index| (format!("setting-{index:02}"), word(36).into()))
        .collect();
    let endpoints: Vec<Value> = (0..8)
        .map(|index| {
            json!({
                "host": format!("node-{index}.example.org"),
                "port": 8000 + index,
                "weight": 10,
                "note": word(56),
            })
        })
        .collect();
    json!({
        "apiVersion": api_version,
        "kind": KIND,
        "metadata": {
            "name": name,
            "labels": { "app.kubernetes.io/name": name, "app.kubernetes.io/part-of": "load" },
        },
        "spec": {
            "replicas": 1,
            "image": "registry.example.org/widget:v1",
            "paused": false,
            "settings": settings,
            "endpoints": endpoints,
        },
    })
}

/// Where two objects differ, as JSON pointers; see [`super::Write::paths`].
pub(super) fn differences(before: &Value, after: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    for part in ["spec", "status"] {
        compare(
            before.get(part),
            after.get(part),
            &format!("/{part}"),
            &mut paths,
        );
    }
    for part in ["labels", "annotations"] {
        let pointer = format!("/metadata/{part}");
        compare(
            before.pointer(&pointer),
            after.pointer(&pointer),
            &pointer,
            &mut paths,
        );
    }
    paths
}

fn compare(before: Option<&Value>, after: Option<&Value>, path: &str, paths: &mut Vec<String>) {
    match (before, after) {
        (Some(Value::Object(before)), Some(Value::Object(after))) => {
            let mut names: Vec<&String> = before.keys().chain(after.keys()).collect();
            names.sort();
            names.dedup();
            for name in names {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                compare(
                    before.get(name),
                    after.get(name),
                    &format!("{path}/{escaped}"),
                    paths,
                );
            }
        }
        (Some(Value::Array(before)), Some(Value::Array(after))) => {
            for index in 0..before.len().max(after.len()) {
                compare(
                    before.get(index),
                    after.get(index),
                    &format!("{path}/{index}"),
                    paths,
                );
            }
        }
        _ if before != after => paths.push(path.to_owned()),
        _ => {}
    }
}
