//! Who wrote a change, as far as `metadata.managedFields` tells.
//!
//! How the API server keeps it (`k8s.io/apimachinery/pkg/util/managedfields`): an Update takes every
//! field that it adds or changes from all other managers and gets the current time; their times stay.
//! An Update that only removes fields leaves no trace of itself. An Apply owns what it sent, may share
//! equal values with others, and gets the current time when the object changed. Times have whole
//! seconds. One watch event is one write, and so one entry.

use std::borrow::Cow;

use super::{
    FieldChange,
    field_set::{Hold, holding},
};
use crate::model::{FieldManager, FieldPath, Json, ManagedFieldsEntry, Operation, managed_fields};

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
/// it (relist, poll) every manager that wrote since is named. `old` is `None` for a creation and for
/// objects that existed before anyone looked: then it is who wrote last.
#[must_use]
pub fn writers<'a>(
    old: Option<&'a Json<'a>>,
    new: &'a Json<'a>,
    changes: &[FieldChange<'_>],
    single_write: bool,
) -> Writers<'a> {
    let after = managed_fields(new);
    let Some(old) = old else {
        return named(newest(
            after
                .iter()
                .filter(|entry| !filed_by_server(entry))
                .collect(),
        ));
    };
    let before = managed_fields(old);
    let entries: Vec<_> = after
        .iter()
        .map(|entry| Entry::of(entry, &before))
        .collect();
    let moved: Vec<_> = entries
        .iter()
        .filter(|entry| entry.moved && !filed_by_server(entry.now))
        .collect();
    if single_write && let [writer] = moved[..] {
        return named(vec![writer.now]);
    }

    let ownership = Ownership::of(&entries, &before, new, changes);
    if !single_write {
        let all = moved.iter().map(|entry| entry.now);
        return named(all.chain(ownership.all()).collect());
    }
    if moved.is_empty() {
        return named(ownership.narrow(entries.iter().collect(), changes));
    }
    named(ownership.narrow(moved, changes))
}

/// The managers that own a field, by the most exact statements of their field sets. For an object or
/// array that nobody owns as a whole: those that own something in it.
#[must_use]
pub fn owners<'a>(object: &'a Json<'a>, path: &FieldPath) -> Vec<FieldManager<'a>> {
    let entries = managed_fields(object);
    let held: Vec<_> = entries
        .iter()
        .filter_map(|entry| {
            let all = entries.iter().map(|entry| entry.fields);
            let holding = holding(entry.fields, all, object, path, None)?;
            Some((holding.depth, &entry.manager))
        })
        .collect();
    let deepest = held.iter().map(|(depth, _)| *depth).max();
    held.into_iter()
        .filter(|(depth, _)| Some(*depth) == deepest)
        .map(|(_, manager)| manager.clone())
        .collect()
}

/// An entry of the new revision beside the same one of the old.
struct Entry<'e, 'a> {
    now: &'e ManagedFieldsEntry<'a>,
    was: Option<&'e ManagedFieldsEntry<'a>>,
    /// It is new, or has another time: it was written.
    moved: bool,
}

impl<'e, 'a> Entry<'e, 'a> {
    fn of(now: &'e ManagedFieldsEntry<'a>, before: &'e [ManagedFieldsEntry<'a>]) -> Self {
        let was = before.iter().find(|was| is_same_entry(was, now));
        let moved = was.is_none_or(|was| was.manager.time != now.manager.time);
        Self { now, was, moved }
    }

    /// Whether its field set differs.
    fn is_reshaped(&self) -> bool {
        self.was.is_none_or(|was| was.fields != self.now.fields)
    }
}

/// The server's identity of an entry: an applier keeps its one entry across API versions.
fn is_same_entry(a: &ManagedFieldsEntry<'_>, b: &ManagedFieldsEntry<'_>) -> bool {
    a.manager.manager == b.manager.manager
        && a.manager.operation == b.manager.operation
        && a.manager.subresource == b.manager.subresource
        && (a.manager.operation == Operation::Apply || a.api_version == b.api_version)
}

fn filed_by_server(entry: &ManagedFieldsEntry<'_>) -> bool {
    FILED_BY_SERVER.contains(&&*entry.manager.manager)
}

/// What the field sets say about the changed fields.
struct Ownership<'e, 'a> {
    /// For each changed field that has owners now: those with the most exact statement.
    owners: Vec<Vec<&'e ManagedFieldsEntry<'a>>>,
    /// Old entries that owned a field that is gone, and that nobody owns now.
    lost: Vec<&'e ManagedFieldsEntry<'a>>,
}

impl<'e, 'a> Ownership<'e, 'a> {
    fn of(
        entries: &[Entry<'e, 'a>],
        before: &'e [ManagedFieldsEntry<'a>],
        new: &Json<'_>,
        changes: &[FieldChange<'_>],
    ) -> Self {
        let mut ownership = Self {
            owners: Vec::new(),
            lost: Vec::new(),
        };
        let all = || {
            let now = entries.iter().map(|entry| entry.now.fields);
            now.chain(before.iter().map(|entry| entry.fields))
        };
        for change in changes {
            let now = entries.iter().map(|entry| entry.now);
            let path = &change.path;
            if change.new.is_some() {
                ownership.add(deepest(now, |fields| {
                    Some(holding(fields, all(), new, path, None)?.depth)
                }));
                continue;
            }
            // An item that is gone from an atomic list: its owner is the list's, who changed it.
            let whole = deepest(now, |fields| {
                let holding = holding(fields, all(), new, path, change.old)?;
                let is_above = holding.hold == Hold::Leaf
                    && holding.depth < path.as_pointer().matches('/').count();
                is_above.then_some(holding.depth)
            });
            if whole.is_empty() {
                ownership.lost.extend(deepest(before.iter(), |fields| {
                    Some(holding(fields, all(), new, path, change.old)?.depth)
                }));
            } else {
                ownership.add(whole);
            }
        }
        ownership
    }

    fn add(&mut self, owners: Vec<&'e ManagedFieldsEntry<'a>>) {
        if !owners.is_empty() {
            self.owners.push(owners);
        }
    }

    fn all(self) -> impl Iterator<Item = &'e ManagedFieldsEntry<'a>> {
        self.owners.into_iter().flatten().chain(self.lost)
    }

    /// Those of the candidates that can have written the changes in one write.
    fn narrow(
        self,
        candidates: Vec<&Entry<'e, 'a>>,
        changes: &[FieldChange<'_>],
    ) -> Vec<&'e ManagedFieldsEntry<'a>> {
        let any_moved = candidates.iter().any(|entry| entry.moved);
        if self.owners.is_empty() {
            if any_moved {
                let is_lost = |entry: &&Entry<'_, '_>| {
                    self.lost.iter().any(|lost| is_same_entry(lost, entry.now))
                };
                return prefer(candidates, is_lost)
                    .iter()
                    .map(|entry| entry.now)
                    .collect();
            }
            if !changes.is_empty() {
                return removers(self.lost, &candidates);
            }
            // Only ownership changed: an Apply that took or gave up equal values.
            return candidates
                .iter()
                .filter(|entry| entry.is_reshaped())
                .map(|entry| entry.now)
                .collect();
        }
        // The writer owns every field that it wrote.
        let count = |entry: &&Entry<'_, '_>| {
            self.owners
                .iter()
                .filter(|owners| owners.iter().any(|o| std::ptr::eq(*o, entry.now)))
                .count()
        };
        let most = candidates.iter().map(count).max().unwrap_or_default();
        let mut left: Vec<_> = candidates;
        if most > 0 {
            left.retain(|entry| count(entry) == most);
        } else if !any_moved {
            return Vec::new();
        }
        left = prefer(left, |entry| !filed_by_server(entry.now));
        if left.len() > 1 {
            left = prefer(left, |entry| entry.is_reshaped());
        }
        if changes.iter().all(|change| is_status(&change.path)) {
            left = prefer(left, |entry| entry.now.manager.subresource == "status");
        }
        // Who wrote without getting another time wrote in the newest second of all.
        newest(left.into_iter().map(|entry| entry.now).collect())
    }
}

/// The entries with the most exact statement about a field.
fn deepest<'e, 'a: 'e>(
    entries: impl Iterator<Item = &'e ManagedFieldsEntry<'a>>,
    depth_of: impl Fn(&Json<'_>) -> Option<usize>,
) -> Vec<&'e ManagedFieldsEntry<'a>> {
    let mut best = Vec::new();
    let mut depth = 0;
    for entry in entries {
        match depth_of(entry.fields) {
            Some(found) if found > depth || best.is_empty() => {
                depth = found;
                best = vec![entry];
            }
            Some(found) if found == depth => best.push(entry),
            _ => {}
        }
    }
    best
}

/// Of the entries that lost fields, those that can have removed them without getting another time:
/// any Update, but an Apply only when it wrote before in that same second, the newest of all.
fn removers<'e, 'a>(
    lost: Vec<&'e ManagedFieldsEntry<'a>>,
    entries: &[&Entry<'e, 'a>],
) -> Vec<&'e ManagedFieldsEntry<'a>> {
    let newest = entries
        .iter()
        .filter_map(|entry| entry.now.manager.time)
        .max();
    lost.into_iter()
        .filter(|entry| !filed_by_server(entry))
        .filter(|entry| {
            entry.manager.operation == Operation::Update || entry.manager.time >= newest
        })
        .collect()
}

/// Those for which it holds, or all when it holds for none.
fn prefer<T>(items: Vec<T>, holds: impl Fn(&T) -> bool) -> Vec<T> {
    if items.iter().any(&holds) {
        items.into_iter().filter(|item| holds(item)).collect()
    } else {
        items
    }
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
