//! What a write does to an object besides what it asks for: the metadata that the server keeps, the
//! generation, the separation of spec and status, deletion with finalizers.
//! (API conventions, "Metadata" and "Spec and Status".)

use jiff::Timestamp;
use serde_json::{Map, Value, json};

use super::definition::Definition;
use super::managed_fields::{self, Author};
use super::ring::Key;
use super::status_error::ApiError;
use super::store::{Action, KindId, Store, Written};

/// Metadata that a client cannot change.
const SERVER_METADATA: [&str; 8] = [
    "creationTimestamp",
    "deletionGracePeriodSeconds",
    "deletionTimestamp",
    "generation",
    "managedFields",
    "name",
    "namespace",
    "uid",
];

/// A time as `metav1.Time` prints it: whole seconds.
pub(super) fn rfc3339(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A random (version 4) UUID.
pub(super) fn new_uid(rng: &mut fastrand::Rng) -> String {
    let bits = (rng.u128(..) & !(0xf000_u128 << 64) & !(0xc000_u128 << 48))
        | (0x4000_u128 << 64)
        | (0x8000_u128 << 48);
    let hex = format!("{bits:032x}");
    format!(
        "{}-{}-{}-{}-{}",
        &hex[..8],
        &hex[8..12],
        &hex[12..16],
        &hex[16..20],
        &hex[20..]
    )
}

/// A new object out of what its creator sent.
pub(super) fn created(
    definition: &Definition,
    key: &Key,
    mut draft: Value,
    author: Author<'_>,
    now: Timestamp,
    uid: String,
) -> Value {
    let applied = (author.operation == managed_fields::Operation::Apply).then(|| draft.clone());
    draft["apiVersion"] = definition.api_version().into();
    draft["kind"] = definition.kind.clone().into();
    if definition.status_subresource
        && let Some(fields) = draft.as_object_mut()
    {
        fields.remove("status");
    }
    if !draft["metadata"].is_object() {
        draft["metadata"] = json!({});
    }
    if let Some(metadata) = draft["metadata"].as_object_mut() {
        for field in SERVER_METADATA {
            metadata.remove(field);
        }
        metadata.remove("generateName");
        metadata.insert("name".to_owned(), (&*key.name).into());
        if definition.namespaced {
            metadata.insert("namespace".to_owned(), (&*key.namespace).into());
        }
        metadata.insert("creationTimestamp".to_owned(), rfc3339(now).into());
        metadata.insert("generation".to_owned(), 1.into());
        metadata.insert("uid".to_owned(), uid.into());
    }
    let mut managed = Vec::new();
    managed_fields::record(
        &mut managed,
        author,
        &definition.api_version(),
        &rfc3339(now),
        (None, &draft),
        applied.as_ref(),
        &definition.shape,
    );
    draft["metadata"]["managedFields"] = managed.into();
    draft
}

/// `old` after its author asked for it to be `new`. Equal to `old` when that changes nothing.
pub(super) fn updated(
    definition: &Definition,
    old: &Value,
    mut new: Value,
    author: Author<'_>,
    now: Timestamp,
    applied: Option<&Value>,
) -> Value {
    if author.status {
        let status = new["status"].take();
        new = old.clone();
        set_or_remove(&mut new, "status", Some(status));
    } else {
        new["apiVersion"] = old["apiVersion"].clone();
        new["kind"] = old["kind"].clone();
        if !new["metadata"].is_object() {
            new["metadata"] = json!({});
        }
        for field in SERVER_METADATA.into_iter().chain(["resourceVersion"]) {
            let present = old["metadata"].get(field).cloned();
            set_or_remove(&mut new["metadata"], field, present);
        }
        if definition.status_subresource {
            set_or_remove(&mut new, "status", old.get("status").cloned());
        }
    }
    if new == *old && applied.is_none() {
        return new;
    }
    if desired_differs(definition, old, &new) {
        let generation = old["metadata"]["generation"].as_i64().unwrap_or(0);
        new["metadata"]["generation"] = (generation + 1).into();
    }
    let mut managed = match old["metadata"]["managedFields"].as_array() {
        Some(entries) => entries.clone(),
        None => Vec::new(),
    };
    managed_fields::record(
        &mut managed,
        author,
        &definition.api_version(),
        &rfc3339(now),
        (Some(old), &new),
        applied,
        &definition.shape,
    );
    new["metadata"]["managedFields"] = managed.into();
    new
}

/// Whether anything changed that a controller acts on: all but metadata, and but the status where
/// that is a subresource.
fn desired_differs(definition: &Definition, old: &Value, new: &Value) -> bool {
    let observed =
        |field: &str| field == "metadata" || (definition.status_subresource && field == "status");
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else {
        return false;
    };
    let differs = |(field, value): (&String, &Value), other: &Map<String, Value>| {
        !observed(field) && other.get(field) != Some(value)
    };
    old.iter().any(|member| differs(member, new)) || new.iter().any(|member| differs(member, old))
}

fn set_or_remove(object: &mut Value, field: &str, value: Option<Value>) {
    let Some(fields) = object.as_object_mut() else {
        return;
    };
    match value {
        None | Some(Value::Null) => {
            fields.remove(field);
        }
        Some(value) => {
            fields.insert(field.to_owned(), value);
        }
    }
}

/// Puts the result of an update, or removes the object when its last finalizer went.
pub(super) fn put_or_finish(new: Value) -> Action {
    let deleting = new["metadata"]["deletionTimestamp"].is_string();
    if deleting && !has_finalizers(&new) {
        Action::Remove(new)
    } else {
        Action::Put(new)
    }
}

fn has_finalizers(object: &Value) -> bool {
    object["metadata"]["finalizers"]
        .as_array()
        .is_some_and(|finalizers| !finalizers.is_empty())
}

/// Changes an object that must exist.
pub(super) fn update(
    store: &Store,
    kind: KindId,
    key: &Key,
    author: Author<'_>,
    now: Timestamp,
    change: impl FnOnce(&mut Value),
) -> Result<Written, ApiError> {
    let definition = store.definition(kind);
    store.transact(kind, key, |present| {
        let old = present.ok_or_else(|| ApiError::not_found(definition, &key.name))?;
        let mut new = old.clone();
        change(&mut new);
        Ok(put_or_finish(updated(
            definition, old, new, author, now, None,
        )))
    })
}

/// Deletes an object, or marks it as deleted while finalizers hold it.
pub(super) fn delete(
    store: &Store,
    kind: KindId,
    key: &Key,
    now: Timestamp,
    check: impl FnOnce(&Value) -> Result<(), ApiError>,
) -> Result<Written, ApiError> {
    let definition = store.definition(kind);
    store.transact(kind, key, |present| {
        let old = present.ok_or_else(|| ApiError::not_found(definition, &key.name))?;
        check(old)?;
        let mut new = old.clone();
        if !has_finalizers(old) {
            return Ok(Action::Remove(new));
        }
        if old["metadata"]["deletionTimestamp"].is_null() {
            let generation = old["metadata"]["generation"].as_i64().unwrap_or(0);
            new["metadata"]["deletionGracePeriodSeconds"] = 0.into();
            new["metadata"]["deletionTimestamp"] = rfc3339(now).into();
            new["metadata"]["generation"] = (generation + 1).into();
        }
        Ok(Action::Put(new))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::crds;
    use crate::demo::ring::EventKind;
    use crate::demo::store::Limits;

    fn store_with_certificate() -> (Store, KindId, Key) {
        let definitions = crds::load().unwrap();
        let definitions = definitions.into_iter().map(|(definition, _)| definition);
        let store = Store::new(definitions.collect(), Limits::default());
        let key = Key::new("shop", "a-tls");
        let kind = KindId(0);
        let draft = json!({
            "metadata": {"finalizers": ["example.com/hold"]},
            "spec": {"secretName": "a-tls"},
            "status": {"revision": 7},
        });
        let definition = store.definition(kind);
        let author = Author::update("kubectl");
        let uid = new_uid(&mut fastrand::Rng::with_seed(1));
        let object = created(definition, &key, draft, author, Timestamp::UNIX_EPOCH, uid);
        store
            .transact(kind, &key, |_| Ok(Action::Put(object)))
            .unwrap();
        (store, kind, key)
    }

    fn change(store: &Store, author: Author<'_>, edit: impl FnOnce(&mut Value)) -> Written {
        let (kind, key) = (KindId(0), Key::new("shop", "a-tls"));
        update(store, kind, &key, author, Timestamp::UNIX_EPOCH, edit).unwrap()
    }

    #[test]
    fn generation_moves_with_the_spec_only() {
        let (store, _, _) = store_with_certificate();
        let spec = change(&store, Author::update("me"), |object| {
            object["spec"]["secretName"] = "b".into();
            object["status"] = json!({"revision": 8});
        });
        assert_eq!(spec.value["metadata"]["generation"], 2);
        assert_eq!(spec.value.get("status"), None);
        let status = change(&store, Author::status("controller"), |object| {
            object["spec"]["secretName"] = "c".into();
            object["status"] = json!({"revision": 8});
        });
        assert_eq!(status.value["metadata"]["generation"], 2);
        assert_eq!(status.value["spec"]["secretName"], "b");
        assert_eq!(status.value["status"]["revision"], 8);
        let labels = change(&store, Author::update("me"), |object| {
            object["metadata"]["labels"] = json!({"a": "b"});
        });
        assert_eq!(labels.value["metadata"]["generation"], 2);
    }

    #[test]
    fn a_write_that_changes_nothing_takes_no_resource_version() {
        let (store, kind, _) = store_with_certificate();
        let before = store.revision(kind);
        let written = change(&store, Author::update("me"), |object| {
            object["spec"]["secretName"] = "a-tls".into();
        });
        assert_eq!(written.event, None);
        assert_eq!(store.revision(kind), before);
    }

    #[test]
    fn a_finalizer_holds_a_deletion_until_it_goes() {
        let (store, kind, key) = store_with_certificate();
        let held = delete(&store, kind, &key, Timestamp::UNIX_EPOCH, |_| Ok(())).unwrap();
        assert_eq!(held.event, Some(EventKind::Modified));
        assert_eq!(
            held.value["metadata"]["deletionTimestamp"],
            "1970-01-01T00:00:00Z"
        );
        assert!(store.get(kind, &key).is_some());
        let gone = change(&store, Author::update("controller"), |object| {
            object["metadata"]["finalizers"] = json!([]);
        });
        assert_eq!(gone.event, Some(EventKind::Deleted));
        assert!(store.get(kind, &key).is_none());
    }

    #[test]
    fn uids_are_version_4() {
        let uid = new_uid(&mut fastrand::Rng::with_seed(3));
        assert_eq!(uid.len(), 36);
        assert_eq!(&uid[14..15], "4");
        assert!("89ab".contains(&uid[19..20]), "{uid}");
    }
}
