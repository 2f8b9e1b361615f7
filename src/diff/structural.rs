//! What changed between two revisions, field by field.
//!
//! The granularity is that of a JSON Patch: the root of an added or removed subtree, the leaf of a
//! replaced scalar, the value itself where its type changed. The order of an object's keys never
//! matters.

use std::{borrow::Cow, collections::HashMap};

use jiff::Timestamp;

use super::alignment::{Alignment, SMALL, common};
use crate::model::{FieldPath, Json, Topology, TopologyPlace, Touched};

/// Fields that the server keeps for itself and changes with every write.
const BOOKKEEPING: [&str; 3] = ["managedFields", "resourceVersion", "generation"];

/// In what a field differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Difference {
    /// It was added, removed, or has another value.
    #[default]
    Value,
    /// Nothing but the order of its items, in a list whose order means nothing: a `set` or `map` by its
    /// schema. Items that differ as well have changes of their own.
    Order,
}

/// One field that differs between two revisions.
#[derive(Debug, Clone)]
pub struct FieldChange<'a> {
    /// Where. Items of arrays are counted in the new revision, removed items in the old one.
    pub path: FieldPath,
    /// The value before; `None` for an added field.
    pub old: Option<&'a Json<'a>>,
    /// The value after; `None` for a removed field.
    pub new: Option<&'a Json<'a>>,
    /// In what it differs.
    pub difference: Difference,
}

/// The changes between two revisions of an object, without the server's bookkeeping
/// (`managedFields`, `resourceVersion` and `generation` in `metadata`).
///
/// Items of a list that is a `map` or a `set` by the topology are matched by their keys or values, in
/// whatever order they stand. Items of other lists are matched by a field that looks like a key (`type`,
/// else `name`, `key`, `id`, …) where all items on both sides have a unique one; if they stand in another
/// order, the array itself is the one change. What is left is compared position by position between the
/// common beginning and end.
#[must_use]
pub fn compare_with<'a>(
    old: &'a Json<'a>,
    new: &'a Json<'a>,
    topology: &Topology,
) -> Vec<FieldChange<'a>> {
    run(old, new, topology, false)
}

/// [`compare_with`] for a kind without a schema.
#[must_use]
pub fn compare<'a>(old: &'a Json<'a>, new: &'a Json<'a>) -> Vec<FieldChange<'a>> {
    run(old, new, Topology::unknown(), false)
}

/// [`compare_with`] and the server's bookkeeping.
#[must_use]
pub fn compare_all<'a>(
    old: &'a Json<'a>,
    new: &'a Json<'a>,
    topology: &Topology,
) -> Vec<FieldChange<'a>> {
    run(old, new, topology, true)
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

/// Whether a value is an RFC 3339 timestamp, as heartbeats and renewals write them.
#[must_use]
pub fn is_timestamp(value: &Json<'_>) -> bool {
    value.as_str().is_some_and(|text| {
        // The shape first: parsing every changed string would cost more than the comparison.
        text.len() >= 20
            && text.as_bytes()[4] == b'-'
            && text.as_bytes()[10] == b'T'
            && text.parse::<Timestamp>().is_ok()
    })
}

fn run<'a>(
    old: &'a Json<'a>,
    new: &'a Json<'a>,
    topology: &Topology,
    bookkeeping: bool,
) -> Vec<FieldChange<'a>> {
    let mut comparison = Comparison {
        steps: Vec::with_capacity(16),
        bookkeeping,
        changes: Vec::new(),
    };
    comparison.values(old, new, topology.root());
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
    fn values(&mut self, old: &'a Json<'a>, new: &'a Json<'a>, place: TopologyPlace<'_>) {
        match (old, new) {
            (Json::Object(_), Json::Object(_)) => self.objects(old, new, place),
            (Json::Array(old_items), Json::Array(new_items)) => {
                self.arrays((old, old_items), (new, new_items), place);
            }
            _ if old == new => {}
            _ => self.report(Some(old), Some(new), Difference::Value),
        }
    }

    fn objects(&mut self, old: &'a Json<'a>, new: &'a Json<'a>, place: TopologyPlace<'_>) {
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
                self.child(Step::Field(name), old, new, place);
            }
        }
        let (old, new) = (&old[in_step..], &new[in_step..]);
        if old.is_empty() && new.is_empty() {
            return;
        }
        let (in_old, in_new) = (Members::of(old), Members::of(new));
        for (name, value) in new.iter().filter(|(name, _)| !skipped(name)) {
            match in_old.get(name) {
                Some(before) => self.child(Step::Field(name), before, value, place),
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
        place: TopologyPlace<'_>,
    ) {
        if old_items.len() == new_items.len() && common(old_items, new_items) == new_items.len() {
            return;
        }
        let alignment = Alignment::of(old_items, new_items, place);
        if alignment.is_reordered() {
            if !alignment.by_schema {
                return self.report(Some(old), Some(new), Difference::Value);
            }
            self.report(Some(old), Some(new), Difference::Order);
        }
        let mut kept = vec![false; old_items.len()];
        for (index, (item, counterpart)) in new_items.iter().zip(alignment.counterparts).enumerate()
        {
            match counterpart {
                Some(before) => {
                    kept[before] = true;
                    self.child(Step::Index(index), &old_items[before], item, place);
                }
                None => self.report_child(Step::Index(index), None, Some(item)),
            }
        }
        for (index, item) in old_items.iter().enumerate().filter(|(i, _)| !kept[*i]) {
            self.report_child(Step::Index(index), Some(item), None);
        }
    }

    fn child(
        &mut self,
        step: Step<'a>,
        old: &'a Json<'a>,
        new: &'a Json<'a>,
        place: TopologyPlace<'_>,
    ) {
        if !old.is_container() && old == new {
            return;
        }
        let place = match step {
            Step::Field(name) => place.field(name),
            Step::Index(_) => place.item(),
        };
        self.steps.push(step);
        self.values(old, new, place);
        self.steps.pop();
    }

    fn report_child(
        &mut self,
        step: Step<'a>,
        old: Option<&'a Json<'a>>,
        new: Option<&'a Json<'a>>,
    ) {
        self.steps.push(step);
        self.report(old, new, Difference::Value);
        self.steps.pop();
    }

    fn report(
        &mut self,
        old: Option<&'a Json<'a>>,
        new: Option<&'a Json<'a>>,
        difference: Difference,
    ) {
        let path = FieldPath::from_pointer(&pointer(&self.steps));
        self.changes.push(FieldChange {
            path,
            old,
            new,
            difference,
        });
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

#[cfg(test)]
#[path = "structural_tests.rs"]
mod tests;
