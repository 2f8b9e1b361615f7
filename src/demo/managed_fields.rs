//! `metadata.managedFields`, kept as an API server keeps it: per manager, operation and subresource
//! a `fieldsV1` tree of the leaves that it set last. (KEP-555, server-side apply.)
//!
//! A tree is the JSON itself: a member that is an empty map is owned, one with members of its own is
//! owned only where it holds a `.`.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::definition::{ListType, Shape};

type Tree = Map<String, Value>;

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

/// Who writes, as an entry of managedFields names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Author<'a> {
    pub(super) manager: &'a str,
    pub(super) operation: Operation,
    /// Written through `…/status`.
    pub(super) status: bool,
}

/// How a manager writes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operation {
    /// Create, replace or patch.
    Update,
    /// Server-side apply.
    Apply,
}

impl Operation {
    fn name(self) -> &'static str {
        match self {
            Self::Update => "Update",
            Self::Apply => "Apply",
        }
    }
}

impl<'a> Author<'a> {
    /// A plain write of the object.
    pub(super) fn update(manager: &'a str) -> Self {
        Self {
            manager,
            operation: Operation::Update,
            status: false,
        }
    }

    /// A plain write of its status.
    pub(super) fn status(manager: &'a str) -> Self {
        Self {
            status: true,
            ..Self::update(manager)
        }
    }

    fn wrote(&self, entry: &Value) -> bool {
        let subresource = entry["subresource"].as_str().unwrap_or_default();
        entry["manager"] == self.manager
            && entry["operation"] == self.operation.name()
            && (subresource == "status") == self.status
    }
}

/// Brings `managed` up to date with a write by `author` that turned `old` into `new`. For an apply,
/// `applied` is what the author sent: it owns that and nothing else.
pub(super) fn record(
    managed: &mut Vec<Value>,
    author: Author<'_>,
    api_version: &str,
    time: &str,
    (old, new): (Option<&Value>, &Value),
    applied: Option<&Value>,
    shape: &Shape,
) {
    let mut changed = Tree::new();
    let mut removed = Tree::new();
    differ_object(old, new, shape, &mut changed, &mut removed);
    let owned = applied.map(|body| {
        let (mut owned, mut nothing) = (Tree::new(), Tree::new());
        differ_object(None, body, shape, &mut owned, &mut nothing);
        without_dots(&mut owned);
        owned
    });
    if changed.is_empty() && removed.is_empty() && owned.is_none() {
        return;
    }
    let mut mine = None;
    managed.retain_mut(|entry| {
        let is_mine = author.wrote(entry);
        let Some(Value::Object(fields)) = entry.get_mut("fieldsV1") else {
            return false;
        };
        subtract(fields, &removed);
        if is_mine {
            mine = Some(std::mem::take(fields));
            return false;
        }
        subtract(fields, &changed);
        !fields.is_empty()
    });
    let fields = owned.unwrap_or_else(|| {
        let mut fields = mine.unwrap_or_default();
        unite(&mut fields, changed);
        fields
    });
    if !fields.is_empty() {
        let mut entry = json!({
            "apiVersion": api_version,
            "fieldsType": "FieldsV1",
            "fieldsV1": fields,
            "manager": author.manager,
            "operation": author.operation.name(),
            "time": time,
        });
        if author.status {
            entry["subresource"] = "status".into();
        }
        managed.push(entry);
    }
    managed.sort_by(|left, right| sort_key(left).cmp(&sort_key(right)));
}

/// The order in which the real server lists entries.
fn sort_key(entry: &Value) -> (&str, &str, &str, &str) {
    let text = |key: &str| entry[key].as_str().unwrap_or_default();
    (
        text("operation"),
        text("time"),
        text("manager"),
        text("subresource"),
    )
}

fn differ_object(
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
fn without_dots(tree: &mut Tree) {
    for (element, inner) in tree.iter_mut() {
        if let Value::Object(inner) = inner {
            if !element.starts_with("k:") {
                inner.remove(".");
            }
            without_dots(inner);
        }
    }
}

fn unite(tree: &mut Tree, other: Tree) {
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

fn subtract(tree: &mut Tree, other: &Tree) {
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

#[cfg(test)]
mod tests {
    use super::*;

    fn shape() -> Shape {
        let loaded = super::super::definition::load().unwrap();
        loaded[0].0.shape.clone()
    }

    fn object(names: Value, ready: Option<&str>) -> Value {
        let mut object = json!({
            "apiVersion": "cert-manager.io/v1",
            "kind": "Certificate",
            "metadata": {"name": "a", "labels": {"app": "a"}},
            "spec": {"dnsNames": names, "issuerRef": {"name": "ca"}},
        });
        if let Some(ready) = ready {
            object["status"] = json!({"conditions": [{"type": "Ready", "status": ready}]});
        }
        object
    }

    fn write(
        managed: &mut Vec<Value>,
        author: Author<'_>,
        time: &str,
        old: Option<&Value>,
        new: &Value,
    ) {
        record(
            managed,
            author,
            "cert-manager.io/v1",
            time,
            (old, new),
            None,
            &shape(),
        );
    }

    #[test]
    fn create_owns_every_leaf_and_the_maps_around_them() {
        let mut managed = Vec::new();
        let new = object(json!(["a"]), None);
        write(&mut managed, Author::update("kubectl"), "1", None, &new);
        assert_eq!(
            managed[0]["fieldsV1"],
            json!({
                "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
                "f:spec": {".": {}, "f:dnsNames": {}, "f:issuerRef": {".": {}, "f:name": {}}},
            })
        );
    }

    #[test]
    fn a_change_moves_ownership_of_just_that_leaf() {
        let mut managed = Vec::new();
        let first = object(json!(["a"]), None);
        write(&mut managed, Author::update("argocd"), "1", None, &first);
        let second = object(json!(["a", "b"]), None);
        write(
            &mut managed,
            Author::update("kubectl"),
            "2",
            Some(&first),
            &second,
        );
        assert_eq!(managed.len(), 2);
        assert_eq!(managed[0]["fieldsV1"]["f:spec"].get("f:dnsNames"), None);
        assert_eq!(
            managed[1]["fieldsV1"],
            json!({"f:spec": {"f:dnsNames": {}}})
        );
        assert_eq!(managed[1]["time"], "2");
    }

    #[test]
    fn list_maps_are_owned_item_by_item_under_the_status_subresource() {
        let mut managed = Vec::new();
        let first = object(json!(["a"]), None);
        let second = object(json!(["a"]), Some("True"));
        let controller = Author::status("controller");
        write(&mut managed, controller, "1", Some(&first), &second);
        assert_eq!(managed[0]["subresource"], "status");
        assert_eq!(
            managed[0]["fieldsV1"]["f:status"]["f:conditions"],
            json!({".": {}, "k:{\"type\":\"Ready\"}": {".": {}, "f:status": {}, "f:type": {}}})
        );
    }

    #[test]
    fn a_manager_that_owns_nothing_any_more_disappears() {
        let mut managed = Vec::new();
        let first = object(json!(["a"]), Some("True"));
        let bare = object(json!(["a"]), None);
        write(
            &mut managed,
            Author::status("controller"),
            "1",
            Some(&bare),
            &first,
        );
        write(
            &mut managed,
            Author::update("kubectl"),
            "2",
            Some(&first),
            &bare,
        );
        assert_eq!(managed, Vec::<Value>::new());
    }

    #[test]
    fn apply_owns_exactly_what_was_sent() {
        let mut managed = Vec::new();
        let new = object(json!(["a"]), None);
        let sent = json!({"spec": {"issuerRef": {"name": "ca"}}});
        let author = Author {
            operation: Operation::Apply,
            ..Author::update("me")
        };
        let values = (None, &new);
        record(
            &mut managed,
            author,
            "v1",
            "1",
            values,
            Some(&sent),
            &shape(),
        );
        assert_eq!(
            managed[0]["fieldsV1"],
            json!({"f:spec": {"f:issuerRef": {"f:name": {}}}})
        );
    }
}
