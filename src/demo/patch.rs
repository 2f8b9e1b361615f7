//! Merge patches, JSON patches and what a modest server-side apply needs.

use serde::Deserialize;
use serde_json::{Map, Value};

/// One operation of a JSON patch. (RFC 6902)
#[derive(Debug, Deserialize)]
#[serde(tag = "op", rename_all = "lowercase")]
pub(super) enum Operation {
    Add { path: String, value: Value },
    Remove { path: String },
    Replace { path: String, value: Value },
    Move { from: String, path: String },
    Copy { from: String, path: String },
    Test { path: String, value: Value },
}

/// Applies a JSON patch; the error says which operation does not fit.
pub(super) fn apply_operations(target: &mut Value, patch: &[Operation]) -> Result<(), String> {
    for operation in patch {
        match operation {
            Operation::Add { path, value } => add(target, path, value.clone())?,
            Operation::Remove { path } => drop(remove(target, path)?),
            Operation::Replace { path, value } => *existing(target, path)? = value.clone(),
            Operation::Move { from, path } => {
                let value = remove(target, from)?;
                add(target, path, value)?;
            }
            Operation::Copy { from, path } => {
                let value = existing(target, from)?.clone();
                add(target, path, value)?;
            }
            Operation::Test { path, value } => {
                if existing(target, path)? != value {
                    return Err(format!("testing path {path} failed"));
                }
            }
        }
    }
    Ok(())
}

fn existing<'a>(target: &'a mut Value, path: &str) -> Result<&'a mut Value, String> {
    target
        .pointer_mut(path)
        .ok_or_else(|| format!("nothing at path {path}"))
}

/// The container that a path's last segment is in, and that segment.
fn parent<'a>(target: &'a mut Value, path: &str) -> Result<(&'a mut Value, String), String> {
    let (parent, last) = path
        .rsplit_once('/')
        .ok_or_else(|| format!("not a path: {path}"))?;
    let last = last.replace("~1", "/").replace("~0", "~");
    Ok((existing(target, parent)?, last))
}

fn add(target: &mut Value, path: &str, value: Value) -> Result<(), String> {
    if path.is_empty() {
        *target = value;
        return Ok(());
    }
    let (parent, last) = parent(target, path)?;
    match parent {
        Value::Object(fields) => {
            fields.insert(last, value);
            Ok(())
        }
        Value::Array(items) => {
            let place = if last == "-" {
                Some(items.len())
            } else {
                last.parse().ok().filter(|place| *place <= items.len())
            };
            let place = place.ok_or_else(|| format!("no such place: {path}"))?;
            items.insert(place, value);
            Ok(())
        }
        _ => Err(format!("nothing can be added at path {path}")),
    }
}

fn remove(target: &mut Value, path: &str) -> Result<Value, String> {
    let (parent, last) = parent(target, path)?;
    match parent {
        Value::Object(fields) => fields.remove(&last),
        Value::Array(items) => last
            .parse()
            .ok()
            .filter(|place| *place < items.len())
            .map(|place: usize| items.remove(place)),
        _ => None,
    }
    .ok_or_else(|| format!("nothing at path {path}"))
}

/// RFC 7386: maps are merged, null removes, everything else replaces.
pub(super) fn merge(target: &mut Value, patch: &Value) {
    let Value::Object(patch) = patch else {
        *target = patch.clone();
        return;
    };
    if !target.is_object() {
        *target = Value::Object(Map::new());
    }
    if let Value::Object(fields) = target {
        for (name, value) in patch {
            if value.is_null() {
                fields.remove(name);
            } else {
                merge(fields.entry(name.clone()).or_insert(Value::Null), value);
            }
        }
    }
}

/// What an apply says about an object, without what only identifies it.
pub(super) fn intent(mut applied: Value) -> Value {
    if let Some(metadata) = applied.get_mut("metadata").and_then(Value::as_object_mut) {
        metadata.retain(|name, _| {
            matches!(
                name.as_str(),
                "labels" | "annotations" | "finalizers" | "ownerReferences"
            )
        });
    }
    applied
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn merge_follows_the_examples_of_the_rfc() {
        for (target, patch, result) in [
            (json!({"a": "b"}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": "b", "b": "c"}),
                json!({"a": null}),
                json!({"b": "c"}),
            ),
            (json!({"a": ["b"]}), json!({"a": "c"}), json!({"a": "c"})),
            (
                json!({"a": {"b": "c"}}),
                json!({"a": {"b": "d", "c": null}}),
                json!({"a": {"b": "d"}}),
            ),
            (json!({"a": "foo"}), json!("bar"), json!("bar")),
            (
                json!({}),
                json!({"a": {"bb": {"ccc": null}}}),
                json!({"a": {"bb": {}}}),
            ),
        ] {
            let mut merged = target.clone();
            merge(&mut merged, &patch);
            assert_eq!(merged, result, "{target} with {patch}");
        }
    }

    #[test]
    fn json_patches_change_places() {
        let mut object = json!({"spec": {"a": 1, "b/c": [1, 2]}});
        let patch = json!([
            {"op": "test", "path": "/spec/a", "value": 1},
            {"op": "replace", "path": "/spec/a", "value": 2},
            {"op": "add", "path": "/spec/b~1c/-", "value": 3},
            {"op": "add", "path": "/spec/b~1c/0", "value": 0},
            {"op": "remove", "path": "/spec/b~1c/1"},
            {"op": "copy", "from": "/spec/a", "path": "/x"},
            {"op": "move", "from": "/spec/a", "path": "/y"},
        ]);
        let patch: Vec<Operation> = serde_json::from_value(patch).unwrap();
        apply_operations(&mut object, &patch).unwrap();
        assert_eq!(object, json!({"spec": {"b/c": [0, 2, 3]}, "x": 2, "y": 2}));
        for bad in [
            json!({"op": "test", "path": "/x", "value": 1}),
            json!({"op": "remove", "path": "/nothing"}),
            json!({"op": "replace", "path": "/nothing", "value": 1}),
            json!({"op": "add", "path": "/spec/b~1c/9", "value": 1}),
        ] {
            let bad: Vec<Operation> = serde_json::from_value(json!([bad])).unwrap();
            assert!(apply_operations(&mut object, &bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn an_apply_does_not_claim_the_name() {
        let sent = json!({"metadata": {"name": "a", "labels": {"b": "c"}}, "spec": {}});
        let kept = json!({"metadata": {"labels": {"b": "c"}}, "spec": {}});
        assert_eq!(intent(sent), kept);
    }
}
