//! Who holds the value at a place of an object: a walk along the object and all its field sets at once.
//!
//! A manager that owns an atomic list or map owns everything in it, though its set ends there. A set
//! that ends at a granular object looks the same but owns only that the object is there. The topology
//! tells the two apart; without a schema, a set ends at an atomic value where no other set goes deeper.

use std::cell::OnceCell;

use crate::model::{FieldPath, FieldSet, Json, Match, PathElement, TopologyPlace};

/// How far a manager holds a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Hold {
    /// Something in it.
    Part,
    /// The value itself.
    Itself,
}

/// One manager at a place.
#[derive(Debug, Clone, Copy)]
struct Stand<'a> {
    /// Its set from here on.
    set: Option<FieldSet<'a>>,
    /// Depth of an atomic value above that it owns.
    whole: Option<usize>,
}

type Elements<'a> = Vec<(PathElement<'a>, FieldSet<'a>)>;

/// A place of an object.
#[derive(Debug)]
pub(super) struct Holders<'a, 't> {
    value: Option<&'a Json<'a>>,
    topology: TopologyPlace<'t>,
    depth: usize,
    stands: Vec<Stand<'a>>,
    /// The elements of each set here, read once for all items of a list.
    elements: OnceCell<Vec<Elements<'a>>>,
}

impl<'a, 't> Holders<'a, 't> {
    /// The whole object, with the sets of all managers.
    pub(super) fn root(
        object: &'a Json<'a>,
        topology: TopologyPlace<'t>,
        sets: impl IntoIterator<Item = FieldSet<'a>>,
    ) -> Self {
        let stand = |set| Stand {
            set: Some(set),
            whole: None,
        };
        Self {
            value: Some(object),
            topology,
            depth: 0,
            stands: sets.into_iter().map(stand).collect(),
            elements: OnceCell::new(),
        }
    }

    /// The value here, where the object has one.
    pub(super) fn value(&self) -> Option<&'a Json<'a>> {
        self.value
    }

    /// The place that a path leads to. `last` stands in for the value there where the object has it no
    /// more.
    pub(super) fn at(self, path: &FieldPath, last: Option<&'a Json<'a>>) -> Self {
        let mut tokens = path.tokens().peekable();
        let mut place = self;
        while let Some(token) = tokens.next() {
            let is_end = tokens.peek().is_none();
            place = place.step(&token, last.filter(|_| is_end));
        }
        place
    }

    /// A member of the object or an item of the list here. `gone` stands in for a value that the object
    /// has no more.
    pub(super) fn step(&self, token: &str, gone: Option<&'a Json<'a>>) -> Self {
        match self.value {
            Some(Json::Array(items)) => {
                let index: Option<usize> = token.parse().ok();
                let present = index.and_then(|index| items.get(index));
                self.item(items, index.unwrap_or(usize::MAX), gone.or(present))
            }
            value => {
                let value = value.and_then(|value| value.get(token)).or(gone);
                self.below(self.topology.field(token), value, |set, _| set.field(token))
            }
        }
    }

    fn item(&self, items: &[Json<'_>], index: usize, item: Option<&'a Json<'a>>) -> Self {
        let elements = self.elements.get_or_init(|| {
            let of = |stand: &Stand<'a>| stand.set.map(|set| set.elements().collect());
            self.stands
                .iter()
                .map(|stand| of(stand).unwrap_or_default())
                .collect()
        });
        self.below(self.topology.item(), item, |_, place| {
            let elements = elements.get(place)?;
            let mut found = None;
            for (element, below) in elements {
                match element.matches(item?, index) {
                    Match::Exact => return Some(*below),
                    // Another item may be the one that is meant.
                    Match::Defaulted
                        if items
                            .iter()
                            .enumerate()
                            .all(|(i, item)| element.matches(item, i) != Match::Exact) =>
                    {
                        found = Some(*below);
                    }
                    _ => {}
                }
            }
            found
        })
    }

    fn below(
        &self,
        topology: TopologyPlace<'t>,
        value: Option<&'a Json<'a>>,
        set: impl Fn(FieldSet<'a>, usize) -> Option<FieldSet<'a>>,
    ) -> Self {
        let is_atomic = self.is_atomic();
        let stand = |(place, stand): (usize, &Stand<'a>)| {
            let ends_here = stand.set.is_some_and(FieldSet::is_leaf);
            Stand {
                set: stand.set.and_then(|below| set(below, place)),
                whole: match ends_here && is_atomic {
                    true => Some(self.depth),
                    false => stand.whole,
                },
            }
        };
        Self {
            value,
            topology,
            depth: self.depth + 1,
            stands: self.stands.iter().enumerate().map(stand).collect(),
            elements: OnceCell::new(),
        }
    }

    fn is_atomic(&self) -> bool {
        let known = self.value.and_then(|value| self.topology.is_atomic(value));
        known.unwrap_or_else(|| {
            // The whole object is no field.
            self.depth > 0
                && self
                    .stands
                    .iter()
                    .all(|stand| stand.set.is_none_or(FieldSet::is_leaf))
        })
    }

    /// The managers with the most exact statement about the value here, by their place among the sets.
    /// Those who own it itself hide those who own something in it.
    pub(super) fn held(&self) -> Vec<(usize, Hold)> {
        let here = |wanted: Hold| -> Vec<(usize, Hold)> {
            let hold = |stand: &Stand<'_>| {
                stand.set.map(|set| match set.has_itself() {
                    true => Hold::Itself,
                    false => Hold::Part,
                })
            };
            (0..)
                .zip(&self.stands)
                .filter(|(_, stand)| hold(stand) == Some(wanted))
                .map(|(place, _)| (place, wanted))
                .collect()
        };
        let itself = here(Hold::Itself);
        if !itself.is_empty() {
            return itself;
        }
        let parts = here(Hold::Part);
        if !parts.is_empty() {
            return parts;
        }
        self.held_as_whole()
            .into_iter()
            .map(|place| (place, Hold::Itself))
            .collect()
    }

    /// The managers that own an atomic value which this place lies in.
    pub(super) fn held_as_whole(&self) -> Vec<usize> {
        let nearest = self.stands.iter().filter_map(|stand| stand.whole).max();
        (0..)
            .zip(&self.stands)
            .filter(|(_, stand)| stand.whole.is_some() && stand.whole == nearest)
            .map(|(place, _)| place)
            .collect()
    }

    /// The owners of every value in here that has owners of its own, down to the last ones.
    pub(super) fn each_leaf(&self, visit: &mut dyn FnMut(Vec<usize>)) {
        let goes_deeper = |stand: &Stand<'_>| stand.set.is_some_and(|set| !set.is_leaf());
        if self.stands.iter().any(goes_deeper) {
            match self.value {
                Some(Json::Object(members)) if !members.is_empty() => {
                    for (name, _) in members {
                        self.step(name, None).each_leaf(visit);
                    }
                    return;
                }
                Some(Json::Array(items)) if !items.is_empty() => {
                    for (index, item) in items.iter().enumerate() {
                        self.item(items, index, Some(item)).each_leaf(visit);
                    }
                    return;
                }
                _ => {}
            }
        }
        let owners = self
            .held()
            .into_iter()
            .filter(|(_, hold)| *hold == Hold::Itself);
        visit(owners.map(|(place, _)| place).collect());
    }
}
