//! Since when each field is as it is, and who made it so.

use std::{borrow::Cow, collections::HashMap, sync::Arc};

use super::{
    alignment::Alignment,
    holders::{Hold, Holders},
};
use crate::model::{
    FieldPath, Json, ManagedFieldsEntry, Operation, Topology, TopologyPlace, managed_fields,
};

/// How a revision came about, as far as it was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Seen {
    /// One write made it from the revision before, or created the object.
    OneWrite,
    /// Any number of writes lie between the revision before and this one.
    SomeWrites,
    /// It was there before anyone looked.
    Before,
}

/// One revision of an object.
#[derive(Debug, Clone)]
pub struct BlameRevision<'r, I> {
    /// Its name.
    pub id: I,
    /// The object; `None` where it is not held any more.
    pub body: Option<&'r [u8]>,
    /// Who wrote it. More than one: one of them. None: not known.
    pub managers: Vec<Arc<str>>,
    /// How it came about.
    pub seen: Seen,
}

/// A manager that wrote a field.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Writer {
    /// Its name.
    pub manager: Arc<str>,
    /// How it wrote, where the object tells.
    pub operation: Option<Operation>,
    /// Through which subresource; empty for the object itself.
    pub subresource: Arc<str>,
}

/// Since when a field is as it is.
#[derive(Debug, Clone, PartialEq)]
pub struct FieldOrigin<I> {
    /// The revision that gave it its value. For an object or array: that added it.
    pub revision: I,
    /// How that revision came about: with [`Seen::SomeWrites`] the field changed after the revision before
    /// it, with [`Seen::Before`] at that revision or any time before.
    pub seen: Seen,
    /// Who wrote it. More than one: one of them. None: not known.
    pub writers: Arc<[Writer]>,
    /// The revision that gave it the value before.
    pub previous: Option<I>,
}

/// Follows every field through the revisions of one incarnation, from the oldest to the newest.
///
/// Items of lists are followed as [`super::compare_with`] matches them, wherever they move.
/// `metadata.managedFields` is left out. What a revision changed whose body is missing or unreadable
/// counts for the next one, which then stands for several writes.
#[derive(Debug, Clone)]
pub struct Blame<I> {
    revisions: Vec<(I, Seen)>,
    /// The newest body and the origin of each of its values.
    newest: Option<(Box<[u8]>, Origin)>,
    /// Managers of revisions that could not be read; `None`: no such revision since the newest body.
    unread: Option<Vec<Arc<str>>>,
    writers: Vec<Arc<[Writer]>>,
}

impl<I> Default for Blame<I> {
    fn default() -> Self {
        Self {
            revisions: Vec::new(),
            newest: None,
            unread: None,
            writers: Vec::new(),
        }
    }
}

impl<I: Clone> Blame<I> {
    /// Takes the next revision.
    pub fn push(&mut self, next: BlameRevision<'_, I>, topology: &Topology) {
        let BlameRevision {
            id,
            body,
            mut managers,
            mut seen,
        } = next;
        let parsed = body.and_then(|body| Some((body, Json::parse(body).ok()?)));
        let Some((body, object)) = parsed else {
            self.unread.get_or_insert_default().extend(managers);
            return;
        };
        if let Some(unread) = self.unread.take() {
            seen = match self.newest {
                Some(_) => Seen::SomeWrites,
                None => Seen::Before,
            };
            managers.extend(unread);
        }
        managers.sort();
        managers.dedup();
        let revision = number(self.revisions.len());
        self.revisions.push((id, seen));
        let mut origin = match self.newest.take() {
            None => Origin::fresh(&object, revision),
            Some((old_body, origin)) => match Json::parse(&old_body) {
                Ok(old) => follow(&old, origin, &object, revision, topology.root()),
                Err(_) => Origin::fresh(&object, revision),
            },
        };
        let entries = managed_fields(&object);
        let sets = entries.iter().map(|entry| entry.fields);
        let mut assign = Assign {
            revision,
            seen,
            managers: &managers,
            entries: &entries,
            writers: &mut self.writers,
        };
        assign.walk(&mut origin, &Holders::root(&object, topology.root(), sets));
        self.newest = Some((body.into(), origin));
    }

    /// The newest revision that could be read.
    #[must_use]
    pub fn newest(&self) -> Option<&I> {
        self.revisions.last().map(|(id, _)| id)
    }

    /// The origin of every field of the newest revision.
    #[must_use]
    pub fn fields(&self) -> HashMap<FieldPath, FieldOrigin<I>> {
        let mut found = HashMap::new();
        if let Some((body, origin)) = &self.newest
            && let Ok(object) = Json::parse(body)
        {
            self.collect(&object, origin, &mut String::new(), &mut found);
        }
        found
    }

    fn collect(
        &self,
        value: &Json<'_>,
        origin: &Origin,
        pointer: &mut String,
        found: &mut HashMap<FieldPath, FieldOrigin<I>>,
    ) {
        if pointer == "/metadata/managedFields" {
            return;
        }
        let Some((revision, seen)) = self.revisions.get(origin.revision as usize) else {
            return;
        };
        let previous = origin
            .previous
            .and_then(|at| self.revisions.get(at as usize));
        let writers = origin.writers.and_then(|at| self.writers.get(at as usize));
        let field = FieldOrigin {
            revision: revision.clone(),
            seen: *seen,
            writers: writers.cloned().unwrap_or_default(),
            previous: previous.map(|(id, _)| id.clone()),
        };
        found.insert(FieldPath::from_pointer(pointer), field);
        let length = pointer.len();
        let mut descend = |step: &str, value: &Json<'_>, origin: &Origin| {
            pointer.push('/');
            pointer.push_str(step);
            self.collect(value, origin, pointer, found);
            pointer.truncate(length);
        };
        for ((name, value), origin) in value.members().iter().zip(&origin.below) {
            descend(&name.replace('~', "~0").replace('/', "~1"), value, origin);
        }
        for (index, (item, origin)) in value.items().iter().zip(&origin.below).enumerate() {
            descend(&index.to_string(), item, origin);
        }
    }
}

/// The origin of a value, and those of its members or items in their order.
#[derive(Debug, Clone, Default)]
struct Origin {
    revision: u32,
    previous: Option<u32>,
    /// Place among the known sets of writers; `None` until it is assigned.
    writers: Option<u32>,
    /// Whether this or something below is not assigned yet.
    is_open: bool,
    below: Vec<Origin>,
}

impl Origin {
    fn fresh(value: &Json<'_>, revision: u32) -> Self {
        let fresh = |value| Self::fresh(value, revision);
        let below = match value {
            Json::Object(members) => members.iter().map(|(_, value)| fresh(value)).collect(),
            Json::Array(items) => items.iter().map(fresh).collect(),
            _ => Vec::new(),
        };
        Self {
            revision,
            previous: None,
            writers: None,
            is_open: true,
            below,
        }
    }

    fn take(&mut self, at: usize) -> Self {
        let found = self.below.get_mut(at);
        found.map(std::mem::take).unwrap_or_default()
    }
}

fn is_empty(value: &Json<'_>) -> bool {
    value.is_container() && value.members().is_empty() && value.items().is_empty()
}

fn follow(
    old: &Json<'_>,
    mut origin: Origin,
    new: &Json<'_>,
    revision: u32,
    place: TopologyPlace<'_>,
) -> Origin {
    // `[]` and `{}` are values of their own.
    let replaced = |origin: Origin| Origin {
        previous: Some(origin.revision),
        ..Origin::fresh(new, revision)
    };
    let below: Vec<_> = match (old, new) {
        _ if is_empty(old) != is_empty(new) => return replaced(origin),
        (Json::Object(before), Json::Object(after)) => {
            let continued = |(at, (name, value)): (usize, &(Cow<'_, str>, Json<'_>))| {
                // The server sorts keys, so most stand where they stood.
                let found = match before.get(at) {
                    Some((other, _)) if other == name => Some(at),
                    _ => before.iter().position(|(other, _)| other == name),
                };
                match found {
                    Some(at) => {
                        let place = place.field(name);
                        follow(&before[at].1, origin.take(at), value, revision, place)
                    }
                    None => Origin::fresh(value, revision),
                }
            };
            after.iter().enumerate().map(continued).collect()
        }
        (Json::Array(before), Json::Array(after)) => {
            let continued = |(item, counterpart): (&Json<'_>, Option<usize>)| match counterpart {
                Some(at) => follow(&before[at], origin.take(at), item, revision, place.item()),
                None => Origin::fresh(item, revision),
            };
            let alignment = Alignment::of(before, after, place);
            after
                .iter()
                .zip(alignment.counterparts)
                .map(continued)
                .collect()
        }
        _ if old == new => return origin,
        _ => return replaced(origin),
    };
    Origin {
        is_open: below.iter().any(|origin: &Origin| origin.is_open),
        below,
        ..origin
    }
}

/// Finds out who wrote the values that a revision brought.
struct Assign<'w, 'a> {
    revision: u32,
    seen: Seen,
    managers: &'w [Arc<str>],
    entries: &'w [ManagedFieldsEntry<'a>],
    writers: &'w mut Vec<Arc<[Writer]>>,
}

impl Assign<'_, '_> {
    fn walk(&mut self, origin: &mut Origin, place: &Holders<'_, '_>) {
        if !std::mem::take(&mut origin.is_open) {
            return;
        }
        if origin.revision == self.revision && origin.writers.is_none() {
            origin.writers = Some(self.intern(self.writers_at(place)));
        }
        match place.value() {
            Some(Json::Object(members)) => {
                for ((name, _), origin) in members.iter().zip(&mut origin.below) {
                    if origin.is_open {
                        self.walk(origin, &place.step(name, None));
                    }
                }
            }
            Some(Json::Array(_)) => {
                for (index, origin) in origin.below.iter_mut().enumerate() {
                    if origin.is_open {
                        self.walk(origin, &place.step(&index.to_string(), None));
                    }
                }
            }
            _ => {}
        }
    }

    /// A value that just changed belongs to its writer. Where that is not told, it is one of those who
    /// wrote the revision.
    fn writers_at(&self, place: &Holders<'_, '_>) -> Vec<Writer> {
        let held = place.held().into_iter();
        let owners: Vec<_> = held
            .filter(|(_, hold)| *hold == Hold::Itself)
            .map(|(at, _)| writer(&self.entries[at]))
            .collect();
        let wrote = |owner: &Writer| self.managers.contains(&owner.manager);
        let of_both: Vec<_> = owners
            .iter()
            .filter(|owner| wrote(owner))
            .cloned()
            .collect();
        match self.seen {
            Seen::Before => owners,
            _ if !of_both.is_empty() => of_both,
            Seen::SomeWrites if !owners.is_empty() => owners,
            _ if self.managers.is_empty() => owners,
            _ => self
                .managers
                .iter()
                .map(|name| self.unspecified(name))
                .collect(),
        }
    }

    /// A manager of which the field does not tell how it wrote: as its entries do, where they agree.
    fn unspecified(&self, manager: &Arc<str>) -> Writer {
        let mut own = self
            .entries
            .iter()
            .filter(|entry| entry.manager.manager == **manager);
        match (own.next(), own.next()) {
            (Some(only), None) => writer(only),
            _ => Writer {
                manager: Arc::clone(manager),
                operation: None,
                subresource: "".into(),
            },
        }
    }

    fn intern(&mut self, writers: Vec<Writer>) -> u32 {
        let known = self.writers.iter().rposition(|known| **known == *writers);
        let at = known.unwrap_or_else(|| {
            self.writers.push(writers.into());
            self.writers.len() - 1
        });
        number(at)
    }
}

fn writer(entry: &ManagedFieldsEntry<'_>) -> Writer {
    Writer {
        manager: Arc::from(&*entry.manager.manager),
        operation: Some(entry.manager.operation),
        subresource: Arc::from(&*entry.manager.subresource),
    }
}

/// An object has fewer than 2³² revisions.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "blame_tests.rs"]
mod tests;
