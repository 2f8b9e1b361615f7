//! Who wrote a change, as far as `metadata.managedFields` tells.
//!
//! How the API server keeps it (`k8s.io/apimachinery/pkg/util/managedfields`): a write takes every
//! field that it adds or changes from all other managers, so a value that just changed has one owner,
//! the writer. An Update gets the current time when it added or changed something; one that only
//! removes fields leaves no trace of itself. An Apply owns what it sent, may share equal values with
//! others, and gets the current time when the object changed. What the server fills in after an Apply
//! (defaults, admission) has no owner. Times have whole seconds. One watch event is one write.

use std::borrow::Cow;

use super::{
    Difference, FieldChange,
    holders::{Hold, Holders},
};
use crate::model::{
    FieldManager, FieldPath, Json, ManagedFieldsEntry, Operation, Topology, managed_fields,
};

/// Names under which the server files fields for which it has no manager: updates from before the
/// first apply, and the oldest entries when there are more than ten. Their times move with the
/// writes of others.
const FILED_BY_SERVER: [&str; 2] = ["before-first-apply", "ancient-changes"];

/// Field managers that wrote a change.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Writers<'a> {
    /// One: it was this one. Several: one of them. None: the object does not tell.
    pub managers: Vec<Cow<'a, str>>,
}

/// Who wrote the changes from `old` to `new`.
///
/// `single_write` says that exactly one write lies between the two, as with a watch event; without
/// it (relist, poll) every manager is named that is known to have written since. `old` is `None` for
/// a creation and for objects that existed before anyone looked: then it is who wrote last.
#[must_use]
pub fn writers<'a>(
    old: Option<&'a Json<'a>>,
    new: &'a Json<'a>,
    changes: &[FieldChange<'a>],
    single_write: bool,
    topology: &Topology,
) -> Writers<'a> {
    let after = managed_fields(new);
    let Some(old) = old else {
        let entries = after.iter().filter(|entry| !filed_by_server(entry));
        return named(newest(entries.collect()));
    };
    let before = managed_fields(old);
    let newest_before = newest_time(&before);
    let entries: Vec<_> = after
        .iter()
        .map(|entry| Entry::of(entry, &before, newest_before))
        .collect();
    let advanced: Vec<_> = entries
        .iter()
        .filter(|entry| entry.advanced && !filed_by_server(entry.now))
        .collect();
    if single_write && let [writer] = advanced[..] {
        return named(vec![writer.now]);
    }

    let evidence = Evidence::of(new, &entries, &before, changes, topology);
    if single_write {
        return named(one_writer(&entries, &advanced, &before, evidence, changes));
    }
    let moved = entries.iter().filter(|entry| entry.moved);
    let mut all: Vec<_> = moved.map(|entry| entry.now).collect();
    all.extend(evidence.owners.into_iter().flatten().map(|entry| entry.now));
    if !all.is_empty() {
        // Who lost fields may have removed them, or another one did.
        all.extend(evidence.lost);
    }
    all.retain(|entry| !filed_by_server(entry));
    named(all)
}

/// The managers that own a field, by the most exact statements of their field sets. For an object or
/// array that nobody owns as a whole: those that own something in it.
#[must_use]
pub fn owners<'a>(
    object: &'a Json<'a>,
    path: &FieldPath,
    topology: &Topology,
) -> Vec<FieldManager<'a>> {
    let entries = managed_fields(object);
    let sets = entries.iter().map(|entry| entry.fields);
    let place = Holders::root(object, topology.root(), sets).at(path, None);
    let held = place.held().into_iter();
    held.map(|(at, _)| entries[at].manager.clone()).collect()
}

/// An entry of the new revision beside the same one of the old.
struct Entry<'e, 'a> {
    now: &'e ManagedFieldsEntry<'a>,
    was: Option<&'e ManagedFieldsEntry<'a>>,
    /// It is new, or has another time.
    moved: bool,
    /// It moved to a time that no other entry was beyond. An entry that moved back may have been
    /// restored by someone who sent an old copy of the object.
    advanced: bool,
}

impl<'e, 'a> Entry<'e, 'a> {
    fn of(
        now: &'e ManagedFieldsEntry<'a>,
        before: &'e [ManagedFieldsEntry<'a>],
        newest_before: Option<jiff::Timestamp>,
    ) -> Self {
        let was = before.iter().find(|was| is_same_entry(was, now));
        let time = now.manager.time;
        let moved = was.is_none_or(|was| was.manager.time != time);
        Self {
            now,
            was,
            moved,
            // An Apply that changed nothing but ownership may come without a time.
            advanced: moved && (time.is_none() || time >= newest_before),
        }
    }

    fn is_reshaped(&self) -> bool {
        self.was
            .is_none_or(|was| !was.fields.is_same(self.now.fields))
    }

    fn has_grown(&self) -> bool {
        self.was
            .is_none_or(|was| self.now.fields.exceeds(was.fields))
    }
}

/// The server's identity of an entry: an applier keeps its one entry across API versions. Those of the
/// scale subresource take the version of whichever request comes by, and have no time.
fn is_same_entry(a: &ManagedFieldsEntry<'_>, b: &ManagedFieldsEntry<'_>) -> bool {
    a.manager.manager == b.manager.manager
        && a.manager.operation == b.manager.operation
        && a.manager.subresource == b.manager.subresource
        && (a.manager.operation == Operation::Apply
            || a.manager.subresource == "scale"
            || a.api_version == b.api_version)
}

fn filed_by_server(entry: &ManagedFieldsEntry<'_>) -> bool {
    FILED_BY_SERVER.contains(&&*entry.manager.manager)
}

/// What the field sets say about the changed fields.
struct Evidence<'s, 'e, 'a> {
    /// For each value that was added or changed and has owners: those.
    owners: Vec<Vec<&'s Entry<'e, 'a>>>,
    /// Old entries that owned a field that is gone.
    lost: Vec<&'e ManagedFieldsEntry<'a>>,
}

impl<'s, 'e, 'a> Evidence<'s, 'e, 'a> {
    fn of(
        new: &'a Json<'a>,
        entries: &'s [Entry<'e, 'a>],
        before: &'e [ManagedFieldsEntry<'a>],
        changes: &[FieldChange<'a>],
        topology: &Topology,
    ) -> Self {
        let mut evidence = Self {
            owners: Vec::new(),
            lost: Vec::new(),
        };
        // The old sets tell which values are granular.
        let sets = || {
            let now = entries.iter().map(|entry| entry.now.fields);
            now.chain(before.iter().map(|entry| entry.fields))
        };
        for change in changes {
            // The server does not compare the order of a list that it merges.
            if change.difference == Difference::Order {
                continue;
            }
            let root = Holders::root(new, topology.root(), sets());
            let place = root.at(&change.path, change.old.filter(|_| change.new.is_none()));
            let mut add = |found: Vec<usize>| {
                let owners: Vec<_> = found.iter().filter_map(|at| entries.get(*at)).collect();
                if !owners.is_empty() {
                    evidence.owners.push(owners);
                }
            };
            if change.new.is_some() {
                place.each_leaf(&mut add);
                continue;
            }
            // What is gone from an atomic value changed that value.
            add(place.held_as_whole());
            let lost = place.held().into_iter().filter_map(|(at, hold)| {
                let old = before.get(at.checked_sub(entries.len())?)?;
                (hold == Hold::Itself && !filed_by_server(old)).then_some(old)
            });
            evidence.lost.extend(lost);
        }
        evidence
    }
}

/// Those of whom one wrote all changes in one write. No entry tells by its time alone.
fn one_writer<'s, 'e, 'a>(
    entries: &'s [Entry<'e, 'a>],
    advanced: &[&'s Entry<'e, 'a>],
    before: &'e [ManagedFieldsEntry<'a>],
    evidence: Evidence<'s, 'e, 'a>,
    changes: &[FieldChange<'_>],
) -> Vec<&'e ManagedFieldsEntry<'a>> {
    let is_among = |entry: &Entry<'_, '_>, all: &[&Entry<'_, '_>]| {
        all.iter().any(|one| std::ptr::eq(*one, entry))
    };
    let now = |found: Vec<&'s Entry<'e, 'a>>| found.into_iter().map(|entry| entry.now).collect();
    if !evidence.owners.is_empty() {
        let newest = entries
            .iter()
            .filter_map(|entry| entry.now.manager.time)
            .max();
        let mut left: Vec<_> = entries
            .iter()
            .filter(|entry| !filed_by_server(entry.now))
            .filter(|entry| evidence.owners.iter().all(|owners| is_among(entry, owners)))
            // Who wrote without getting another time wrote in the newest second of all.
            .filter(|entry| {
                let time = entry.now.manager.time;
                entry.moved || time.is_none() || time == newest
            })
            .collect();
        left = prefer(left, |entry| is_among(entry, advanced));
        if left.len() > 1 {
            left = prefer(left, |entry| entry.is_reshaped());
        }
        if left.len() > 1 && changes.iter().all(|change| is_status(&change.path)) {
            left = prefer(left, |entry| entry.now.manager.subresource == "status");
        }
        if !left.is_empty() {
            return now(left);
        }
    }
    if !advanced.is_empty() {
        return now(advanced.to_vec());
    }
    if !changes.is_empty() {
        // Removed by an Update, by whomever, or filled in by the server.
        return Vec::new();
    }
    // Only ownership changed: an Apply that took equal values or gave them up.
    let applied = |entry: &ManagedFieldsEntry<'_>| entry.manager.operation == Operation::Apply;
    let applies = || entries.iter().filter(|entry| applied(entry.now));
    let grown: Vec<_> = applies().filter(|entry| entry.has_grown()).collect();
    if !grown.is_empty() {
        return now(grown);
    }
    let shrunk = applies()
        .filter(|entry| entry.is_reshaped())
        .map(|entry| entry.now);
    let is_gone = |was: &&ManagedFieldsEntry<'_>| {
        applied(was) && !entries.iter().any(|entry| is_same_entry(was, entry.now))
    };
    shrunk.chain(before.iter().filter(is_gone)).collect()
}

/// Those for which it holds, or all when it holds for none.
fn prefer<T>(items: Vec<T>, holds: impl Fn(&T) -> bool) -> Vec<T> {
    if items.iter().any(&holds) {
        items.into_iter().filter(|item| holds(item)).collect()
    } else {
        items
    }
}

fn newest_time(entries: &[ManagedFieldsEntry<'_>]) -> Option<jiff::Timestamp> {
    entries.iter().filter_map(|entry| entry.manager.time).max()
}

fn newest<'e, 'a>(mut entries: Vec<&'e ManagedFieldsEntry<'a>>) -> Vec<&'e ManagedFieldsEntry<'a>> {
    let newest = entries.iter().filter_map(|entry| entry.manager.time).max();
    entries.retain(|entry| entry.manager.time == newest);
    entries
}

fn is_status(path: &FieldPath) -> bool {
    let pointer = path.as_pointer();
    pointer == "/status" || pointer.starts_with("/status/")
}

fn named<'a>(entries: Vec<&ManagedFieldsEntry<'a>>) -> Writers<'a> {
    let mut managers: Vec<Cow<'a, str>> = Vec::new();
    for entry in entries {
        if !managers.contains(&entry.manager.manager) {
            managers.push(entry.manager.manager.clone());
        }
    }
    Writers { managers }
}

#[cfg(test)]
#[path = "ownership_tests.rs"]
mod tests;
