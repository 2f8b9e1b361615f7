//! What a failure or a deletion of an object affects.

use std::{
    collections::{HashMap, HashSet, VecDeque},
    sync::Arc,
};

use super::{Absence, End, Relations};
use crate::{schema::LinkKind, timeline::ObjectId};

/// What happens to an object when another one goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Effect {
    /// The garbage collector deletes it: none of its owners is left. (Kubernetes, "Garbage
    /// collection": owners and dependents.)
    Deleted {
        /// Under foreground deletion its owner waits for it (`blockOwnerDeletion`).
        blocks_owner: bool,
    },
    /// It loses an owner and stays: it has others, or owners that are not watched.
    LosesOwner,
    /// What made it and keeps it as it should be is no longer there.
    LosesManager,
    /// It refers to what is affected.
    Refers,
}

impl Effect {
    /// In words, for a line of text.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Effect::Deleted { blocks_owner: true } => "deleted with its owner, which waits for it",
            Effect::Deleted {
                blocks_owner: false,
            } => "deleted with its owner",
            Effect::LosesOwner => "loses an owner and stays",
            Effect::LosesManager => "no longer managed",
            Effect::Refers => "refers to it",
        }
    }
}

/// One object that is affected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Affected {
    /// The object.
    pub object: ObjectId,
    /// How.
    pub effect: Effect,
    /// What it is tied to: the object itself, or another one that is affected.
    pub through: ObjectId,
    /// Its field that ties it.
    pub field: Arc<str>,
    /// How many steps from the object.
    pub depth: usize,
}

/// All that is affected, nearest first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Affection {
    /// The objects.
    pub objects: Vec<Affected>,
    /// How many more there are beyond the limit, at least.
    pub more: usize,
}

/// Finds what would be affected if an object failed or were deleted: what the garbage collector takes
/// with it, what it manages, and all that refers to any of that, directly or not.
#[must_use]
pub fn affected_by(relations: &Relations<'_>, object: ObjectId, limit: usize) -> Affection {
    let deleted = collected_with(relations, object);
    let mut seen = HashSet::from([object]);
    let mut queue = VecDeque::from([(object, 0)]);
    let mut affection = Affection::default();
    while let Some((through, depth)) = queue.pop_front() {
        let goes = through == object || deleted.contains_key(&through);
        let below = if goes {
            relations.below(through)
        } else {
            Vec::new()
        };
        let ties = below
            .into_iter()
            .filter(|tie| tie.kind != LinkKind::Reference)
            .chain(
                relations
                    .above(through)
                    .into_iter()
                    .filter(|tie| tie.kind == LinkKind::Reference),
            );
        for tie in ties {
            let End::Object(other) = tie.end else {
                continue;
            };
            if !seen.insert(other) {
                continue;
            }
            if affection.objects.len() >= limit {
                affection.more += 1;
                continue;
            }
            let effect = match (tie.kind, deleted.get(&other)) {
                (_, Some(blocks_owner)) => Effect::Deleted {
                    blocks_owner: *blocks_owner,
                },
                (LinkKind::Owner { .. }, None) => Effect::LosesOwner,
                (LinkKind::Managed, None) => Effect::LosesManager,
                (LinkKind::Reference, None) => Effect::Refers,
            };
            affection.objects.push(Affected {
                object: other,
                effect,
                through,
                field: tie.field,
                depth: depth + 1,
            });
            // What merely loses an owner works on: nothing beyond it is affected.
            if effect != Effect::LosesOwner {
                queue.push_back((other, depth + 1));
            }
        }
    }
    affection
}

/// What the garbage collector deletes after an object, and whether an owner waits for it.
fn collected_with(relations: &Relations<'_>, object: ObjectId) -> HashMap<ObjectId, bool> {
    let mut collected = HashMap::new();
    let mut queue = vec![object];
    while let Some(owner) = queue.pop() {
        for tie in relations.owned(owner) {
            let End::Object(dependent) = tie.end else {
                continue;
            };
            if dependent == object || collected.contains_key(&dependent) {
                continue;
            }
            // An owner that was deleted before does not hold it; one that nobody watches may.
            let is_last = relations
                .owners(dependent)
                .iter()
                .all(|tie| match &tie.end {
                    End::Object(owner) => *owner == object || collected.contains_key(owner),
                    End::Absent(absent) => absent.why != Absence::NotWatched,
                });
            if is_last {
                let blocks_owner = matches!(
                    tie.kind,
                    LinkKind::Owner {
                        block_deletion: true,
                        ..
                    }
                );
                collected.insert(dependent, blocks_owner);
                queue.push(dependent);
            }
        }
    }
    collected
}
