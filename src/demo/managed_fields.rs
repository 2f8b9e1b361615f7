//! `metadata.managedFields`, kept as an API server keeps it: per manager, operation and subresource
//! a `fieldsV1` tree of the leaves that it set last. (KEP-555, server-side apply.)

use serde_json::{Value, json};

use super::field_tree::{Tree, differ_object, subtract, unite, without_dots};
use super::shape::Shape;

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

#[cfg(test)]
mod tests {
    use super::*;

    fn shape() -> Shape {
        let loaded = super::super::crds::load().unwrap();
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
