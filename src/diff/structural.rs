//! What changed between two revisions, field by field.
//!
//! The granularity is that of a JSON Patch: the root of an added or removed subtree, the leaf of a
//! replaced scalar, the value itself where its type changed. The order of an object's keys never
//! matters.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use jiff::Timestamp;

use crate::model::{FieldPath, Json, Number, Touched};

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

/// Fields that the server keeps for itself and changes with every write.
const BOOKKEEPING: [&str; 3] = ["managedFields", "resourceVersion", "generation"];

/// Up to this many entries a linear search beats a hash map and allocates nothing.
const SMALL: usize = 24;

/// One field that differs between two revisions.
#[derive(Debug, Clone)]
pub struct FieldChange<'a> {
    /// Where. Items of arrays are counted in the new revision, removed items in the old one.
    pub path: FieldPath,
    /// The value before; `None` for an added field.
    pub old: Option<&'a Json<'a>>,
    /// The value after; `None` for a removed field.
    pub new: Option<&'a Json<'a>>,
}

/// The changes between two revisions of an object, without the server's bookkeeping
/// (`managedFields`, `resourceVersion` and `generation` in `metadata`).
///
/// Items of an array are matched by their merge key where all items on both sides have a unique
/// one (`type`, else `name`, `key`, `id`, …); if they only stand in another order, or in another
/// order too, the array itself is the one change. Other arrays are compared position by position
/// between their common beginning and end.
#[must_use]
pub fn compare<'a>(old: &'a Json<'a>, new: &'a Json<'a>) -> Vec<FieldChange<'a>> {
    run(old, new, false)
}

/// [`compare`] with the server's bookkeeping.
#[must_use]
pub fn compare_all<'a>(old: &'a Json<'a>, new: &'a Json<'a>) -> Vec<FieldChange<'a>> {
    run(old, new, true)
}

/// The parts of the object that the changes touch. A change is a heartbeat when there is at least
/// one change and each replaces one RFC 3339 timestamp by another.
#[must_use]
pub fn touched(changes: &[FieldChange<'_>]) -> Touched {
    let mut touched = Touched::default();
    let (mut any, mut only_timestamps) = (false, true);
    for change in changes
        .iter()
        .filter(|change| !is_bookkeeping(&change.path))
    {
        let pointer = change.path.as_pointer();
        match pointer.split('/').nth(1) {
            Some("metadata") => touched.metadata = true,
            Some("status") => touched.status = true,
            _ => touched.spec = true,
        }
        any = true;
        only_timestamps &=
            change.old.is_some_and(is_timestamp) && change.new.is_some_and(is_timestamp);
    }
    touched.heartbeat = any && only_timestamps;
    touched
}

/// Whether two values are equal, whatever the order of the keys in their objects.
pub(crate) fn same(old: &Json<'_>, new: &Json<'_>) -> bool {
    match (old, new) {
        (Json::Object(old), Json::Object(new)) => {
            old.len() == new.len()
                && old.iter().enumerate().all(|(i, (name, value))| {
                    let counterpart = match &new[i] {
                        (other, found) if other == name => Some(found),
                        _ => new.iter().find(|(other, _)| other == name).map(|(_, v)| v),
                    };
                    counterpart.is_some_and(|found| same(value, found))
                })
        }
        (Json::Array(old), Json::Array(new)) => {
            old.len() == new.len() && old.iter().zip(new).all(|(old, new)| same(old, new))
        }
        _ => old == new,
    }
}

fn is_bookkeeping(path: &FieldPath) -> bool {
    let mut tokens = path.as_pointer().split('/').skip(1);
    tokens.next() == Some("metadata")
        && tokens
            .next()
            .is_some_and(|name| BOOKKEEPING.contains(&name))
}

fn is_timestamp(value: &Json<'_>) -> bool {
    value.as_str().is_some_and(|text| {
        // The shape first: parsing every changed string would cost more than the comparison.
        text.len() >= 20
            && text.as_bytes()[4] == b'-'
            && text.as_bytes()[10] == b'T'
            && text.parse::<Timestamp>().is_ok()
    })
}

fn run<'a>(old: &'a Json<'a>, new: &'a Json<'a>, bookkeeping: bool) -> Vec<FieldChange<'a>> {
    let mut comparison = Comparison {
        steps: Vec::with_capacity(16),
        bookkeeping,
        changes: Vec::new(),
    };
    comparison.values(old, new);
    comparison.changes
}

#[derive(Clone, Copy)]
enum Step<'a> {
    Field(&'a str),
    Index(usize),
}

/// A walk along both revisions. The path is kept as borrowed steps and becomes text only where
/// something differs.
struct Comparison<'a> {
    steps: Vec<Step<'a>>,
    bookkeeping: bool,
    changes: Vec<FieldChange<'a>>,
}

impl<'a> Comparison<'a> {
    fn values(&mut self, old: &'a Json<'a>, new: &'a Json<'a>) {
        match (old, new) {
            (Json::Object(_), Json::Object(_)) => self.objects(old, new),
            (Json::Array(old_items), Json::Array(new_items)) => {
                self.arrays((old, old_items), (new, new_items));
            }
            _ if old == new => {}
            _ => self.report(Some(old), Some(new)),
        }
    }

    fn objects(&mut self, old: &'a Json<'a>, new: &'a Json<'a>) {
        let (old, new) = (old.members(), new.members());
        let skips = !self.bookkeeping && matches!(self.steps[..], [Step::Field("metadata")]);
        let skipped = |name: &str| skips && BOOKKEEPING.contains(&name);

        // The server sorts keys, so nearly always both sides run in step.
        let in_step = old
            .iter()
            .zip(new)
            .take_while(|(old, new)| old.0 == new.0)
            .count();
        for ((name, old), (_, new)) in old[..in_step].iter().zip(&new[..in_step]) {
            if !skipped(name) {
                self.child(Step::Field(name), old, new);
            }
        }
        let (old, new) = (&old[in_step..], &new[in_step..]);
        if old.is_empty() && new.is_empty() {
            return;
        }
        let (in_old, in_new) = (Members::of(old), Members::of(new));
        for (name, value) in new.iter().filter(|(name, _)| !skipped(name)) {
            match in_old.get(name) {
                Some(before) => self.child(Step::Field(name), before, value),
                None => self.report_child(Step::Field(name), None, Some(value)),
            }
        }
        for (name, value) in old.iter().filter(|(name, _)| !skipped(name)) {
            if in_new.get(name).is_none() {
                self.report_child(Step::Field(name), Some(value), None);
            }
        }
    }

    fn arrays(
        &mut self,
        (old, old_items): (&'a Json<'a>, &'a [Json<'a>]),
        (new, new_items): (&'a Json<'a>, &'a [Json<'a>]),
    ) {
        if old_items.len() == new_items.len() && common(old_items, new_items) == new_items.len() {
            return;
        }
        let counterparts = align(old_items, new_items);
        if !counterparts.iter().flatten().is_sorted() {
            return self.report(Some(old), Some(new));
        }
        for (index, (item, counterpart)) in new_items.iter().zip(&counterparts).enumerate() {
            match counterpart {
                Some(before) => self.child(Step::Index(index), &old_items[*before], item),
                None => self.report_child(Step::Index(index), None, Some(item)),
            }
        }
        let mut kept = counterparts.into_iter().flatten().peekable();
        for (index, item) in old_items.iter().enumerate() {
            if kept.next_if_eq(&index).is_none() {
                self.report_child(Step::Index(index), Some(item), None);
            }
        }
    }

    fn child(&mut self, step: Step<'a>, old: &'a Json<'a>, new: &'a Json<'a>) {
        if !old.is_container() && old == new {
            return;
        }
        self.steps.push(step);
        self.values(old, new);
        self.steps.pop();
    }

    fn report_child(
        &mut self,
        step: Step<'a>,
        old: Option<&'a Json<'a>>,
        new: Option<&'a Json<'a>>,
    ) {
        self.steps.push(step);
        self.report(old, new);
        self.steps.pop();
    }

    fn report(&mut self, old: Option<&'a Json<'a>>, new: Option<&'a Json<'a>>) {
        let path = FieldPath::from_pointer(&pointer(&self.steps));
        self.changes.push(FieldChange { path, old, new });
    }
}

fn pointer(steps: &[Step<'_>]) -> String {
    let mut pointer = String::with_capacity(64);
    for step in steps {
        pointer.push('/');
        match step {
            Step::Index(index) => pointer.push_str(&index.to_string()),
            Step::Field(name) if name.contains(['~', '/']) => {
                pointer.push_str(&name.replace('~', "~0").replace('/', "~1"));
            }
            Step::Field(name) => pointer.push_str(name),
        }
    }
    pointer
}

/// For each new item the position of the old one that it continues.
pub(super) fn align(old: &[Json<'_>], new: &[Json<'_>]) -> Vec<Option<usize>> {
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
fn common<'j, 'a: 'j>(
    old: impl IntoIterator<Item = &'j Json<'a>>,
    new: impl IntoIterator<Item = &'j Json<'a>>,
) -> usize {
    let pairs = old.into_iter().zip(new);
    pairs.take_while(|(old, new)| same(old, new)).count()
}

/// The members of an object by name.
enum Members<'a> {
    Few(&'a [(Cow<'a, str>, Json<'a>)]),
    Many(HashMap<&'a str, &'a Json<'a>>),
}

impl<'a> Members<'a> {
    fn of(members: &'a [(Cow<'a, str>, Json<'a>)]) -> Self {
        if members.len() <= SMALL {
            return Self::Few(members);
        }
        Self::Many(
            members
                .iter()
                .map(|(name, value)| (&**name, value))
                .collect(),
        )
    }

    fn get(&self, name: &str) -> Option<&'a Json<'a>> {
        match self {
            Self::Few(members) => members
                .iter()
                .find(|(other, _)| other == name)
                .map(|(_, v)| v),
            Self::Many(members) => members.get(name).copied(),
        }
    }
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

#[cfg(test)]
#[path = "structural_tests.rs"]
mod tests;
