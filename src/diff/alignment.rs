//! Which item of a list continues which.
//!
//! Where the schema says how items are told apart, by that. Elsewhere by a field that looks like a key,
//! or by position between the common beginning and end.

use std::collections::{HashMap, HashSet};

use super::structural::same;
use crate::model::{Json, ListType, Number, TopologyPlace, equal};

/// Names that identify an item within its array, in the order of preference: conditions have a
/// `type`, containers and ports a `name`, owner references only their `uid` to themselves.
const MERGE_KEYS: [&str; 10] = [
    "type",
    "name",
    "key",
    "id",
    "ip",
    "containerPort",
    "port",
    "uid",
    "mountPath",
    "host",
];

/// Up to this many entries a linear search beats a hash map and allocates nothing.
pub(super) const SMALL: usize = 24;

/// Two lists, item by item.
pub(super) struct Alignment {
    /// For each new item the position of the old one that it continues.
    pub(super) counterparts: Vec<Option<usize>>,
    /// Whether that follows from the schema: the order of items then means nothing.
    pub(super) by_schema: bool,
}

impl Alignment {
    pub(super) fn of(old: &[Json<'_>], new: &[Json<'_>], place: TopologyPlace<'_>) -> Self {
        let by_schema = place
            .list()
            .and_then(|list| match_by_schema(list, old, new));
        Self {
            by_schema: by_schema.is_some(),
            counterparts: by_schema.unwrap_or_else(|| guess(old, new)),
        }
    }

    /// Whether items that stayed stand in another order.
    pub(super) fn is_reordered(&self) -> bool {
        !self.counterparts.iter().flatten().is_sorted()
    }
}

/// Nothing where an item lacks its key or shares it: the schema then does not tell.
fn match_by_schema(
    list: &ListType,
    old: &[Json<'_>],
    new: &[Json<'_>],
) -> Option<Vec<Option<usize>>> {
    if let ListType::Map(keys) = list {
        let same_key = |(old, new): (&Json<'_>, &Json<'_>)| {
            keys.iter().all(|key| match (key.of(old), key.of(new)) {
                (Some(old), Some(new)) => equal(old, new),
                _ => false,
            })
        };
        // Mostly nothing moved.
        if old.len() == new.len() && old.iter().zip(new).all(same_key) {
            return Some((0..new.len()).map(Some).collect());
        }
    }
    let places = |items: &[Json<'_>]| {
        let mut places = HashMap::with_capacity(items.len());
        for (place, item) in items.iter().enumerate() {
            if places.insert(schema_key(list, item)?, place).is_some() {
                return None;
            }
        }
        Some(places)
    };
    let (before, after) = (places(old)?, places(new)?);
    let mut counterparts = vec![None; new.len()];
    for (key, place) in after {
        counterparts[place] = before.get(&key).copied();
    }
    Some(counterparts)
}

fn schema_key(list: &ListType, item: &Json<'_>) -> Option<String> {
    let mut text = String::new();
    match list {
        ListType::Set => item.write_compact(&mut text),
        ListType::Map(keys) => {
            for key in keys {
                key.of(item)?.write_compact(&mut text);
                text.push('\n');
            }
        }
    }
    Some(text)
}

fn guess(old: &[Json<'_>], new: &[Json<'_>]) -> Vec<Option<usize>> {
    if let Some(name) = merge_key(old, new) {
        return match_items(name, old, new);
    }
    let head = common(old, new);
    let tail = common(old[head..].iter().rev(), new[head..].iter().rev());
    (0..new.len())
        .map(|index| {
            let from_end = new.len() - index;
            if from_end <= tail {
                Some(old.len() - from_end)
            } else {
                (index < old.len() - tail).then_some(index)
            }
        })
        .collect()
}

/// How many items are equal before the first that differs.
pub(super) fn common<'j, 'a: 'j>(
    old: impl IntoIterator<Item = &'j Json<'a>>,
    new: impl IntoIterator<Item = &'j Json<'a>>,
) -> usize {
    let pairs = old.into_iter().zip(new);
    pairs.take_while(|(old, new)| same(old, new)).count()
}

/// The value of a merge key.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Key<'a> {
    Text(&'a str),
    Number(i64),
}

fn key_of<'j>(item: &'j Json<'_>, name: &str) -> Option<Key<'j>> {
    match item.get(name)? {
        Json::String(text) => Some(Key::Text(text)),
        Json::Number(Number::Integer(number)) => Some(Key::Number(*number)),
        _ => None,
    }
}

/// The first merge key that every item of both sides has, unique on its side.
fn merge_key(old: &[Json<'_>], new: &[Json<'_>]) -> Option<&'static str> {
    let first = old.first().or(new.first())?;
    MERGE_KEYS.into_iter().find(|name| {
        key_of(first, name).is_some() && has_unique_keys(old, name) && has_unique_keys(new, name)
    })
}

fn has_unique_keys(items: &[Json<'_>], name: &str) -> bool {
    if items.len() <= SMALL {
        items.iter().enumerate().all(|(i, item)| {
            key_of(item, name).is_some_and(|key| {
                items[..i]
                    .iter()
                    .all(|other| key_of(other, name) != Some(key))
            })
        })
    } else {
        let mut seen = HashSet::with_capacity(items.len());
        items
            .iter()
            .all(|item| key_of(item, name).is_some_and(|key| seen.insert(key)))
    }
}

/// For each new item the position of the old one with its key.
fn match_items(name: &str, old: &[Json<'_>], new: &[Json<'_>]) -> Vec<Option<usize>> {
    let by_key: Option<HashMap<_, _>> = (old.len() > SMALL).then(|| {
        let keys = old.iter().enumerate();
        keys.filter_map(|(index, item)| Some((key_of(item, name)?, index)))
            .collect()
    });
    let find = |(index, item): (usize, &Json<'_>)| {
        let key = key_of(item, name);
        if old.get(index).is_some_and(|item| key_of(item, name) == key) {
            return Some(index);
        }
        match &by_key {
            Some(by_key) => by_key.get(&key?).copied(),
            None => old.iter().position(|item| key_of(item, name) == key),
        }
    };
    new.iter().enumerate().map(find).collect()
}
