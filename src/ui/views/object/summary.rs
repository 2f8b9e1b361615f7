//! What a revision changed, in a few words.

use std::collections::BTreeSet;

use super::revision_row::Badge;
use crate::{
    diff::{Difference, FieldChange},
    model::{FieldPath, Json},
};

/// Longest value that is spelled out.
const SHORT: usize = 20;
/// With more fields than this beside the first one, a count says more.
const MORE: usize = 2;

/// By the changed fields alone: `labels`, `replicas`, `2 fields`.
#[must_use]
pub fn from_paths(badge: Badge, paths: impl ExactSizeIterator<Item = FieldPath>) -> String {
    let count = paths.len();
    match badge {
        Badge::Create => "created".into(),
        Badge::Found => "existed before".into(),
        Badge::Delete => "deleted".into(),
        Badge::Heartbeat => counted(count, "timestamp"),
        Badge::Meta => metadata_parts(paths),
        Badge::Status => counted(count, "field"),
        Badge::Spec => {
            let mut paths = paths;
            match (count, paths.next()) {
                (1, Some(path)) => leaf_name(&path),
                _ => counted(count, "field"),
            }
        }
    }
}

/// By the values, where they are worth telling: `replicas 2 → 3`, `dnsNames +1`,
/// `Ready True → False`. `None` where the fields alone say as much.
#[must_use]
pub fn from_values(badge: Badge, changes: &[FieldChange<'_>], new: &Json<'_>) -> Option<String> {
    match badge {
        Badge::Status => condition_words(changes, new).or_else(|| {
            let status: Vec<_> = changes
                .iter()
                .filter(|c| is_status(&c.path))
                .cloned()
                .collect();
            let telling: Vec<_> = status.iter().filter(|c| !is_progress(c)).cloned().collect();
            match status.first() {
                Some(progress) if telling.is_empty() => one_value(progress),
                _ => value_words(&telling),
            }
        }),
        Badge::Spec => {
            let spec: Vec<_> = changes
                .iter()
                .filter(|c| is_desired(&c.path))
                .cloned()
                .collect();
            value_words(&spec)
        }
        _ => None,
    }
}

/// Follows from every write of a controller, and so tells least.
fn is_progress(change: &FieldChange<'_>) -> bool {
    let timestamp = |value: Option<&Json<'_>>| {
        value
            .and_then(Json::as_str)
            .is_some_and(|text| text.parse::<jiff::Timestamp>().is_ok())
    };
    change.path.as_pointer().ends_with("/observedGeneration") || timestamp(change.new)
}

fn is_status(path: &FieldPath) -> bool {
    path.tokens().next().as_deref() == Some("status")
}

fn is_desired(path: &FieldPath) -> bool {
    let part = path.tokens().next();
    !matches!(part.as_deref(), Some("metadata" | "status"))
}

fn counted(count: usize, what: &str) -> String {
    match count {
        0 => "no field".into(),
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}

fn metadata_parts(paths: impl Iterator<Item = FieldPath>) -> String {
    let parts: BTreeSet<String> = paths
        .filter_map(|path| path.tokens().nth(1))
        .map(|part| match part.as_str() {
            "deletionTimestamp" | "deletionGracePeriodSeconds" => "deletion asked for".into(),
            "ownerReferences" => "owners".into(),
            _ => part,
        })
        .collect();
    if parts.is_empty() {
        // A write that changed nothing but who owns the fields.
        return "ownership".into();
    }
    parts.into_iter().collect::<Vec<_>>().join(", ")
}

/// The field's own name; for an item of a list, the list's name and its number.
fn leaf_name(path: &FieldPath) -> String {
    let tokens: Vec<_> = path.tokens().collect();
    let named = tokens
        .iter()
        .rposition(|token| token.parse::<usize>().is_err());
    let Some(named) = named else {
        return path.dotted();
    };
    let mut name = tokens[named].clone();
    for index in &tokens[named + 1..] {
        name.push_str(&format!("[{index}]"));
    }
    name
}

/// Conditions whose status changed: what a reader looks for first in a status write.
fn condition_words(changes: &[FieldChange<'_>], new: &Json<'_>) -> Option<String> {
    let items = new.at(&["status", "conditions"])?.items();
    let mut words = Vec::new();
    for change in changes {
        let tokens: Vec<_> = change.path.tokens().collect();
        let [_, _, index, rest @ ..] = tokens.as_slice() else {
            continue;
        };
        if tokens[..2] != ["status", "conditions"] {
            continue;
        }
        let Some(condition) = index.parse().ok().and_then(|i: usize| items.get(i)) else {
            continue;
        };
        let Some(name) = condition.get("type").and_then(Json::as_str) else {
            continue;
        };
        match (rest, change.old, change.new) {
            ([field], Some(old), Some(new)) if field == "status" => {
                words.push(format!("{name} {} → {}", short(old)?, short(new)?));
            }
            ([], None, Some(added)) => {
                let status = added
                    .get("status")
                    .and_then(Json::as_str)
                    .unwrap_or("added");
                words.push(format!("{name} {status}"));
            }
            _ => {}
        }
    }
    with_rest(words)
}

fn value_words(changes: &[FieldChange<'_>]) -> Option<String> {
    if let Some(words) = list_words(changes) {
        return Some(words);
    }
    let (first, others) = changes.split_first()?;
    if others.len() > MORE {
        return None;
    }
    let words = one_value(first)?;
    Some(if others.is_empty() {
        words
    } else {
        format!("{words} +{}", others.len())
    })
}

fn one_value(change: &FieldChange<'_>) -> Option<String> {
    let name = leaf_name(&change.path);
    if change.difference == Difference::Order {
        return Some(format!("order of {name}"));
    }
    Some(match (change.old, change.new) {
        (_, Some(new)) if name == "observedGeneration" => format!("observed {}", short(new)?),
        (Some(old), Some(new)) => format!("{name} {} → {}", short(old)?, short(new)?),
        (None, Some(new)) if new.is_container() => format!("{name} added"),
        (None, Some(new)) => format!("{name} {}", short(new)?),
        (Some(_), None) => format!("{name} removed"),
        (None, None) => return None,
    })
}

/// All changes add items to one list, or take items from it.
fn list_words(changes: &[FieldChange<'_>]) -> Option<String> {
    let parent_of = |change: &FieldChange<'_>| {
        let pointer = change.path.as_pointer();
        let (parent, last) = pointer.rsplit_once('/')?;
        last.parse::<usize>().ok()?;
        Some(FieldPath::from_pointer(parent))
    };
    let list = parent_of(changes.first()?)?;
    let (mut added, mut removed) = (0, 0);
    for change in changes {
        if parent_of(change)? != list {
            return None;
        }
        match (change.old, change.new) {
            (None, Some(_)) => added += 1,
            (Some(_), None) => removed += 1,
            _ => return None,
        }
    }
    let name = leaf_name(&list);
    Some(match (added, removed) {
        (_, 0) => format!("{name} +{added}"),
        (0, _) => format!("{name} −{removed}"),
        _ => format!("{name} +{added} −{removed}"),
    })
}

fn with_rest(words: Vec<String>) -> Option<String> {
    let more = words.len().checked_sub(1)?;
    let first = words.into_iter().next()?;
    Some(if more == 0 {
        first
    } else {
        format!("{first} +{more}")
    })
}

fn short(value: &Json<'_>) -> Option<String> {
    let text = match value {
        Json::String(text) if text.is_empty() => "\"\"".to_owned(),
        Json::String(text) => text.to_string(),
        Json::Array(items) if items.is_empty() => "[]".to_owned(),
        Json::Object(members) if members.is_empty() => "{}".to_owned(),
        Json::Array(_) | Json::Object(_) => return None,
        other => other.to_compact(),
    };
    (text.chars().count() <= SHORT && !text.contains('\n')).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::compare;

    fn words(badge: Badge, old: &str, new: &str) -> Option<String> {
        let (old, new) = (
            Json::parse(old.as_bytes()).unwrap(),
            Json::parse(new.as_bytes()).unwrap(),
        );
        from_values(badge, &compare(&old, &new), &new)
    }

    fn by_paths(badge: Badge, pointers: &[&str]) -> String {
        from_paths(
            badge,
            pointers
                .iter()
                .map(|p| FieldPath::from_pointer(p))
                .collect::<Vec<_>>()
                .into_iter(),
        )
    }

    #[test]
    fn one_value_is_told() {
        let text = words(
            Badge::Spec,
            r#"{"spec":{"replicas":2}}"#,
            r#"{"spec":{"replicas":3}}"#,
        );
        assert_eq!(text.as_deref(), Some("replicas 2 → 3"));
    }

    #[test]
    fn items_of_a_list_are_counted() {
        let (two, three) = (
            r#"{"spec":{"dnsNames":["a","b"]}}"#,
            r#"{"spec":{"dnsNames":["a","b","c"]}}"#,
        );
        assert_eq!(
            words(Badge::Spec, two, three).as_deref(),
            Some("dnsNames +1")
        );
        assert_eq!(
            words(Badge::Spec, three, two).as_deref(),
            Some("dnsNames −1")
        );
    }

    #[test]
    fn a_flipped_condition_outranks_the_other_fields_of_a_status_write() {
        let status = |ready: &str, reason: &str| {
            format!(
                r#"{{"status":{{"observedGeneration":2,"conditions":[{{"type":"Ready","status":"{ready}","reason":"{reason}"}}]}}}}"#
            )
        };
        let text = words(
            Badge::Status,
            &status("True", "Ok"),
            &status("False", "Gone"),
        );
        assert_eq!(text.as_deref(), Some("Ready True → False"));
    }

    #[test]
    fn of_a_few_fields_the_first_is_told_and_of_many_none() {
        let spec = |n: usize, value: u8| {
            let fields: Vec<_> = (0..n).map(|i| format!(r#""f{i}":{value}"#)).collect();
            format!(r#"{{"spec":{{{}}}}}"#, fields.join(","))
        };
        let text = |n| words(Badge::Spec, &spec(n, 1), &spec(n, 2));
        assert_eq!(text(2).as_deref(), Some("f0 1 → 2 +1"));
        assert_eq!(text(4), None);
    }

    #[test]
    fn long_values_are_not_told() {
        let new = format!(r#"{{"spec":{{"a":"{}"}}}}"#, "x".repeat(40));
        assert_eq!(words(Badge::Spec, r#"{"spec":{"a":"y"}}"#, &new), None);
    }

    #[test]
    fn labels_that_came_with_a_status_write_are_not_its_words() {
        let object = |team: &str, phase: &str| {
            format!(
                r#"{{"metadata":{{"labels":{{"team":"{team}"}}}},"status":{{"phase":"{phase}"}}}}"#
            )
        };
        let text = words(Badge::Status, &object("a", "New"), &object("b", "Old"));
        assert_eq!(text.as_deref(), Some("phase New → Old"));
    }

    #[test]
    fn progress_is_told_only_when_nothing_else_changed() {
        let status = |observed: u8, phase: &str| {
            format!(r#"{{"status":{{"observedGeneration":{observed},"phase":"{phase}"}}}}"#)
        };
        let text = |phase| words(Badge::Status, &status(1, "Pending"), &status(2, phase));
        assert_eq!(text("Pending").as_deref(), Some("observed 2"));
        assert_eq!(text("Running").as_deref(), Some("phase Pending → Running"));
    }

    #[test]
    fn the_fields_alone_give_names_and_counts() {
        assert_eq!(by_paths(Badge::Spec, &["/spec/replicas"]), "replicas");
        assert_eq!(by_paths(Badge::Spec, &["/spec/dnsNames/1"]), "dnsNames[1]");
        assert_eq!(
            by_paths(Badge::Status, &["/status/a", "/status/b"]),
            "2 fields"
        );
        assert_eq!(
            by_paths(
                Badge::Meta,
                &[
                    "/metadata/labels/a",
                    "/metadata/labels/b",
                    "/metadata/finalizers/0"
                ]
            ),
            "finalizers, labels"
        );
        assert_eq!(by_paths(Badge::Meta, &[]), "ownership");
        assert_eq!(by_paths(Badge::Heartbeat, &["/status/seen"]), "1 timestamp");
    }
}
