//! The field sets of `metadata.managedFields` (`fieldsV1`).
//!
//! A set is a tree of objects: `f:NAME` is a member, `k:{"KEY":VALUE}` an item of a keyed list,
//! `v:VALUE` an item of a set, `i:N` an item by its position, and `.` the value that holds them. An
//! empty object is a leaf: the manager owns that field with everything below it, as with atomic
//! lists. But a manager that only has the `.` of an object whose fields others own is written as an
//! empty object too: it is a leaf only where no set goes deeper. Source:
//! `sigs.k8s.io/structured-merge-diff`, package `fieldpath`.

use super::structural::same;
use crate::model::{FieldPath, Json};

/// How far a manager holds a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hold {
    /// Something below it.
    Part,
    /// That it is there, but not all that is in it.
    Member,
    /// All of it.
    Leaf,
}

/// How a manager holds a field, and at which depth of the path its set says so. A deeper statement
/// is the more exact one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Holding {
    pub(super) hold: Hold,
    pub(super) depth: usize,
}

/// How a field set holds a path of an object, among all sets that are known of it.
///
/// The set names the items of lists by their content, so the path is walked along `object`.
/// `last` stands in for the value at the end of the path where the object has it no more.
pub(super) fn holding<'e>(
    fields: &Json<'_>,
    all: impl IntoIterator<Item = &'e Json<'e>>,
    object: &Json<'_>,
    path: &FieldPath,
    last: Option<&Json<'_>>,
) -> Option<Holding> {
    let (set, depth) = walk(fields, object, path, last)?;
    let is_end = depth == path.as_pointer().matches('/').count();
    let hold = if !set.members().is_empty() {
        if set.get(".").is_some() {
            Hold::Member
        } else {
            Hold::Part
        }
    } else if is_end || !goes_deeper(all, object, path, depth) {
        Hold::Leaf
    } else {
        return None;
    };
    Some(Holding { hold, depth })
}

/// Whether a set names something below the first steps of a path.
fn goes_deeper<'e>(
    all: impl IntoIterator<Item = &'e Json<'e>>,
    object: &Json<'_>,
    path: &FieldPath,
    steps: usize,
) -> bool {
    let pointer = path.as_pointer();
    let end = pointer
        .match_indices('/')
        .nth(steps)
        .map_or(pointer.len(), |(at, _)| at);
    let start = FieldPath::from_pointer(&pointer[..end]);
    all.into_iter().any(|fields| {
        walk(fields, object, &start, None)
            .is_some_and(|(set, depth)| depth == steps && !set.members().is_empty())
    })
}

/// The part of a set that a path leads to, and how many steps lead there: all, or fewer when the set
/// ends before. Nothing when the set goes elsewhere.
fn walk<'j, 'a>(
    fields: &'j Json<'a>,
    object: &Json<'_>,
    path: &FieldPath,
    last: Option<&Json<'_>>,
) -> Option<(&'j Json<'a>, usize)> {
    let (mut set, mut value) = (fields, Some(object));
    let mut depth = 0;
    let mut tokens = path.tokens().peekable();
    while let Some(token) = tokens.next() {
        if depth > 0 && set.members().is_empty() {
            break;
        }
        if let Some(Json::Array(items)) = value {
            let index = token.parse().ok();
            let item = match last {
                Some(last) if tokens.peek().is_none() => Some(last),
                _ => index.and_then(|index: usize| items.get(index)),
            };
            set = item_set(set, item?, index)?;
            value = item;
        } else {
            set = member_set(set, &token)?;
            value = value.and_then(|value| value.get(&token));
        }
        depth += 1;
    }
    Some((set, depth))
}

fn member_set<'j, 'a>(set: &'j Json<'a>, name: &str) -> Option<&'j Json<'a>> {
    let mut members = set.members().iter();
    members
        .find(|(element, _)| element.strip_prefix("f:") == Some(name))
        .map(|(_, below)| below)
}

fn item_set<'j, 'a>(
    set: &'j Json<'a>,
    item: &Json<'_>,
    index: Option<usize>,
) -> Option<&'j Json<'a>> {
    let mut members = set.members().iter();
    members
        .find(|(element, _)| names_item(element, item, index))
        .map(|(_, below)| below)
}

fn names_item(element: &str, item: &Json<'_>, index: Option<usize>) -> bool {
    let Some((kind, content)) = element.split_once(':') else {
        return false;
    };
    match kind {
        "k" => Json::parse(content.as_bytes()).is_ok_and(|keys| {
            !keys.members().is_empty()
                && keys
                    .members()
                    .iter()
                    .all(|(name, key)| item.get(name).is_some_and(|v| same(v, key)))
        }),
        "v" => Json::parse(content.as_bytes()).is_ok_and(|value| same(&value, item)),
        "i" => index.is_some() && content.parse().ok() == index,
        _ => false,
    }
}
