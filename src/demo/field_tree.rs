//! Trees of owned fields, in the form of `fieldsV1`.
//!
//! A tree is the JSON itself: a member that is an empty map is owned, one with members of its own is
//! owned only where it holds a `.`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::shape::{ListType, Shape};

/// A tree, or a part of one.
pub(super) type Tree = Map<String, Value>;

/// Metadata that belongs to the server or names the object, and that nobody owns.
const UNOWNED_METADATA: [&str; 12] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generateName",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "resourceVersion",
    "selfLink",
    "uid",
    "clusterName",
];

/// Finds out which leaves of an object are new or have another value, and which are gone.
pub(super) fn differ_object(
    old: Option<&Value>,
    new: &Value,
    shape: &Shape,
    changed: &mut Tree,
    removed: &mut Tree,
) {
    static NULL: Value = Value::Null;
    let old = old.unwrap_or(&NULL);
    let names = member_names(old, new);
    for name in names {
        match name {
            "apiVersion" | "kind" => {}
            "metadata" => {
                let (old, new) = (&old["metadata"], &new["metadata"]);
                let (mut inner_changed, mut inner_removed) = (Tree::new(), Tree::new());
                for name in member_names(old, new) {
                    if !UNOWNED_METADATA.contains(&name) {
                        differ_member(
                            &format!("f:{name}"),
                            (old.get(name), new.get(name)),
                            shape.field("metadata").field(name),
                            &mut inner_changed,
                            &mut inner_removed,
                        );
                    }
                }
                insert_unless_empty(changed, "f:metadata", inner_changed);
                insert_unless_empty(removed, "f:metadata", inner_removed);
            }
            _ => differ_member(
                &format!("f:{name}"),
                (old.get(name), new.get(name)),
                shape.field(name),
                changed,
                removed,
            ),
        }
    }
}

fn member_names<'a>(old: &'a Value, new: &'a Value) -> Vec<&'a str> {
    let keys = |value: &'a Value| value.as_object().into_iter().flat_map(Map::keys);
    let mut names: Vec<&str> = keys(old).chain(keys(new)).map(String::as_str).collect();
    names.sort_unstable();
    names.dedup();
    names
}

fn differ_member(
    element: &str,
    (old, new): (Option<&Value>, Option<&Value>),
    shape: &Shape,
    changed: &mut Tree,
    removed: &mut Tree,
) {
    match (old, new) {
        (None, None) => {}
        (None, Some(new)) => {
            changed.insert(element.to_owned(), Value::Object(leaves(new, shape)));
        }
        (Some(old), None) => {
            removed.insert(element.to_owned(), Value::Object(leaves(old, shape)));
        }
        (Some(old), Some(new)) if old == new => {}
        (Some(old), Some(new)) => match (members(old, shape), members(new, shape)) {
            (Some(old), Some(new)) => {
                let (mut inner_changed, mut inner_removed) = (Tree::new(), Tree::new());
                for (element, (before, shape)) in &old {
                    let after = new.get(element).map(|(value, _)| *value);
                    let values = (Some(*before), after);
                    differ_member(
                        element,
                        values,
                        shape,
                        &mut inner_changed,
                        &mut inner_removed,
                    );
                }
                for (element, (after, shape)) in &new {
                    if !old.contains_key(element) {
                        let values = (None, Some(*after));
                        differ_member(
                            element,
                            values,
                            shape,
                            &mut inner_changed,
                            &mut inner_removed,
                        );
                    }
                }
                insert_unless_empty(changed, element, inner_changed);
                insert_unless_empty(removed, element, inner_removed);
            }
            _ => {
                changed.insert(element.to_owned(), Value::Object(leaves(new, shape)));
            }
        },
    }
}

fn insert_unless_empty(tree: &mut Tree, element: &str, inner: Tree) {
    if !inner.is_empty() {
        tree.insert(element.to_owned(), Value::Object(inner));
    }
}

/// The parts of a value that are owned separately, by path element; nothing for a leaf.
fn members<'a>(
    value: &'a Value,
    shape: &'a Shape,
) -> Option<BTreeMap<String, (&'a Value, &'a Shape)>> {
    match (value, shape.list()) {
        (Value::Object(fields), _) => Some(
            fields
                .iter()
                .map(|(name, value)| (format!("f:{name}"), (value, shape.field(name))))
                .collect(),
        ),
        (Value::Array(items), ListType::Map(keys)) => Some(
            items
                .iter()
                .map(|item| {
                    let key: Tree = keys
                        .iter()
                        .map(|key| (key.clone(), item[key.as_str()].clone()))
                        .collect();
                    (format!("k:{}", Value::Object(key)), (item, shape.item()))
                })
                .collect(),
        ),
        (Value::Array(items), ListType::Set) => Some(
            items
                .iter()
                .map(|item| (format!("v:{item}"), (item, shape.item())))
                .collect(),
        ),
        _ => None,
    }
}

/// Everything below a value that is new: each leaf, and each map and list itself.
fn leaves(value: &Value, shape: &Shape) -> Tree {
    let mut tree = Tree::new();
    for (element, (member, shape)) in members(value, shape).unwrap_or_default() {
        tree.insert(element, Value::Object(leaves(member, shape)));
    }
    if !tree.is_empty() {
        tree.insert(".".to_owned(), json!({}));
    }
    tree
}

/// An apply owns its leaves and its list items, not the maps around them.
pub(super) fn without_dots(tree: &mut Tree) {
    for (element, inner) in tree.iter_mut() {
        if let Value::Object(inner) = inner {
            if !element.starts_with("k:") {
                inner.remove(".");
            }
            without_dots(inner);
        }
    }
}

/// Adds what `other` owns.
pub(super) fn unite(tree: &mut Tree, other: Tree) {
    for (element, theirs) in other {
        let Value::Object(theirs) = theirs else {
            continue;
        };
        match tree.get_mut(&element) {
            Some(Value::Object(ours)) => {
                let one_is_leaf = ours.is_empty() != theirs.is_empty();
                unite(ours, theirs);
                if one_is_leaf {
                    ours.insert(".".to_owned(), json!({}));
                }
            }
            _ => {
                tree.insert(element, Value::Object(theirs));
            }
        }
    }
}

/// Takes away what `other` owns.
pub(super) fn subtract(tree: &mut Tree, other: &Tree) {
    for (element, theirs) in other {
        let (Some(Value::Object(ours)), Value::Object(theirs)) = (tree.get_mut(element), theirs)
        else {
            continue;
        };
        if theirs.is_empty() {
            ours.remove(".");
        } else if ours.is_empty() {
            if !theirs.contains_key(".") {
                continue;
            }
        } else {
            subtract(ours, theirs);
        }
        if ours.is_empty() {
            tree.remove(element);
        } else if ours.len() == 1 && ours.contains_key(".") {
            ours.clear();
        }
    }
}
