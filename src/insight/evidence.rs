//! What an insight rests on, and reading it out of revisions.

use std::{
    borrow::Cow,
    collections::hash_map::DefaultHasher,
    hash::{Hash, Hasher},
};

use crate::{
    diff::is_timestamp,
    model::Json,
    timeline::{ChangeEntry, ChangeId, ObjectId, Timeline},
};

/// How many characters of a value are shown.
const SHOWN: usize = 48;

/// One piece of what an insight rests on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Evidence {
    /// A change, and what it did.
    Change {
        /// Which.
        id: ChangeId,
        /// What it did, in words: `argocd-controller set 3`.
        note: String,
    },
    /// A figure.
    Figure {
        /// What was counted or measured.
        label: &'static str,
        /// The figure with its unit.
        value: String,
    },
}

/// Looks at the object as a change left it. `None` where its bytes are not held or not readable.
pub(super) fn with_body<T>(
    timeline: &Timeline,
    id: ChangeId,
    look: impl FnOnce(&Json<'_>) -> T,
) -> Option<T> {
    let body = timeline.body(id).ok()?;
    let json = Json::parse(&body).ok()?;
    Some(look(&json))
}

/// The change of an object before another one.
pub(super) fn previous(
    timeline: &Timeline,
    object: ObjectId,
    id: ChangeId,
) -> Option<(ChangeId, &ChangeEntry)> {
    let changes = &timeline.object(object)?.changes;
    let place = changes.partition_point(|known| *known < id);
    let before = *changes.get(place.checked_sub(1)?)?;
    Some((before, timeline.change(before)?))
}

/// The value that a JSON pointer leads to.
pub(super) fn at_pointer<'j, 'a>(json: &'j Json<'a>, pointer: &str) -> Option<&'j Json<'a>> {
    pointer.split('/').skip(1).try_fold(json, |value, token| {
        if let Json::Array(items) = value {
            return items.get(token.parse::<usize>().ok()?);
        }
        if token.contains('~') {
            value.get(&token.replace("~1", "/").replace("~0", "~"))
        } else {
            value.get(token)
        }
    })
}

/// A pointer as people write it, with the items of lists by what they call themselves:
/// `status.conditions[Ready].status`.
pub(super) fn field_label(json: &Json<'_>, pointer: &str) -> String {
    let mut text = String::new();
    let mut value = Some(json);
    for token in pointer.split('/').skip(1) {
        let token = token.replace("~1", "/").replace("~0", "~");
        match value {
            Some(Json::Array(items)) => {
                let item = token.parse().ok().and_then(|i: usize| items.get(i));
                let name = item.and_then(|item| {
                    ["type", "name", "key", "id"]
                        .into_iter()
                        .find_map(|key| item.get(key)?.as_str())
                });
                text.push_str(&format!("[{}]", name.unwrap_or(&token)));
                value = item;
            }
            _ => {
                if token.contains(['.', '/']) {
                    text.push_str(&format!("[{token}]"));
                } else {
                    if !text.is_empty() {
                        text.push('.');
                    }
                    text.push_str(&token);
                }
                value = value.and_then(|value| value.get(&token));
            }
        }
    }
    text
}

/// A value on one line.
pub(super) fn shown(value: Option<&Json<'_>>) -> String {
    match value {
        None => "nothing".to_owned(),
        Some(Json::Null) => "null".to_owned(),
        Some(Json::Bool(value)) => value.to_string(),
        Some(Json::Number(number)) => number.to_string(),
        Some(Json::String(text)) if text.chars().count() > SHOWN => {
            let start: String = text.chars().take(SHOWN - 1).collect();
            format!("{start}…")
        }
        Some(Json::String(text)) => text.clone().into_owned(),
        Some(Json::Array(items)) => super::counted(items.len(), "item"),
        Some(Json::Object(members)) => super::counted(members.len(), "field"),
    }
}

/// A number that two values share when they are equal, whatever the order of their keys.
pub(super) fn fingerprint(value: Option<&Json<'_>>) -> u64 {
    let mut hasher = DefaultHasher::new();
    if let Some(value) = value {
        hash(value, &mut hasher, false);
    }
    hasher.finish()
}

/// The state of an object without what only says when it was written: the bookkeeping of its
/// metadata, and timestamps anywhere.
pub(super) fn state_fingerprint(object: &Json<'_>) -> u64 {
    let mut hasher = DefaultHasher::new();
    for (name, value) in object.members() {
        name.hash(&mut hasher);
        if name == "metadata" {
            for part in ["labels", "annotations", "finalizers", "ownerReferences"] {
                if let Some(part) = value.get(part) {
                    hash(part, &mut hasher, true);
                }
            }
        } else {
            hash(value, &mut hasher, true);
        }
    }
    hasher.finish()
}

fn hash(value: &Json<'_>, hasher: &mut DefaultHasher, skip_timestamps: bool) {
    std::mem::discriminant(value).hash(hasher);
    match value {
        Json::Null => {}
        Json::Bool(value) => value.hash(hasher),
        Json::Number(number) => number.to_string().hash(hasher),
        Json::String(_) if skip_timestamps && is_timestamp(value) => {}
        Json::String(text) => text.hash(hasher),
        Json::Array(items) => {
            items.len().hash(hasher);
            for item in items {
                hash(item, hasher, skip_timestamps);
            }
        }
        Json::Object(members) => {
            let mut members: Vec<&(Cow<'_, str>, Json<'_>)> = members.iter().collect();
            members.sort_unstable_by(|a, b| a.0.cmp(&b.0));
            for (name, value) in members {
                name.hash(hasher);
                hash(value, hasher, skip_timestamps);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Json<'_> {
        Json::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn pointers_lead_through_lists_and_escapes() {
        let json = parsed(r#"{"a":[{"x/y":1},{"type":"Ready","status":"True"}]}"#);
        assert_eq!(shown(at_pointer(&json, "/a/0/x~1y")), "1");
        assert_eq!(at_pointer(&json, "/a/7"), None);
        assert_eq!(field_label(&json, "/a/1/status"), "a[Ready].status");
        assert_eq!(field_label(&json, "/a/0/x~1y"), "a[0][x/y]");
    }

    #[test]
    fn a_fingerprint_ignores_the_order_of_keys_and_nothing_else() {
        let of = |text: &str| fingerprint(Some(&parsed(text)));
        assert_eq!(of(r#"{"a":1,"b":[2]}"#), of(r#"{"b":[2],"a":1}"#));
        assert_ne!(of(r#"{"a":1}"#), of(r#"{"a":"1"}"#));
        assert_ne!(of("[1,2]"), of("[2,1]"));
    }

    #[test]
    fn a_state_ignores_when_it_was_written() {
        let of = |text: &str| state_fingerprint(&parsed(text));
        let first =
            r#"{"metadata":{"resourceVersion":"1"},"status":{"at":"2026-01-01T00:00:00Z","n":1}}"#;
        let later =
            r#"{"metadata":{"resourceVersion":"2"},"status":{"at":"2026-01-01T00:00:09Z","n":1}}"#;
        assert_eq!(of(first), of(later));
        assert_ne!(of(first), of(&later.replace("\"n\":1", "\"n\":2")));
    }
}
