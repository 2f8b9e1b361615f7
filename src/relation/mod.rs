//! How objects hang together: owners and what they own, references and where they point.
//!
//! All ties have one direction: what stands *above* depends on what stands *below*. An owner stands
//! above what it owns, because it is ready when that is; an object stands above what its fields
//! name. So a root cause is found downwards ([`root_cause`]), and what a failure or a deletion
//! affects upwards, with what the garbage collector takes along ([`affected_by`]).
//!
//! Everything is a pure function of a [`Relations`]: a timeline as it is now, or as it was at a
//! moment ([`Past`]).

mod affected;
mod graph;
mod past;
mod root_cause;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod world;

pub use affected::{Affected, Affection, Effect, affected_by};
pub use graph::{Branch, Edge, Graph, GraphLimits, Node, Side, What, graph_around};
pub use past::Past;
pub use root_cause::{Cause, RootCause, root_cause};

use std::sync::Arc;

use crate::{
    model::{Readiness, ReadinessStatus, ResourceKey, Scope, WatchStatus},
    schema::{Link, LinkKind, TargetNamespace, conventions::is_cluster_scoped},
    timeline::{ObjectHistory, ObjectId, RelationIndex, Timeline},
};

/// Why the target of a link is not there.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Absence {
    /// Its kind is not watched: it may well exist.
    NotWatched,
    /// Its kind is watched, and no such object was ever seen.
    NotSeen,
    /// It was deleted.
    Gone,
    /// Another incarnation has its name: the owner that is meant was deleted.
    Replaced,
}

impl Absence {
    /// In words, for a line of text.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Absence::NotWatched => "not watched",
            Absence::NotSeen => "not seen",
            Absence::Gone => "deleted",
            Absence::Replaced => "replaced by another of that name",
        }
    }
}

/// The target of a link that is not there.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Absent {
    /// Its API group.
    pub group: Arc<str>,
    /// Its kind.
    pub kind: Arc<str>,
    /// Its namespace, where the link tells.
    pub namespace: Option<Arc<str>>,
    /// Its name.
    pub name: Arc<str>,
    /// Why.
    pub why: Absence,
}

impl Absent {
    /// `shop/payments-tls`, or the name alone.
    #[must_use]
    pub fn key(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{namespace}/{}", self.name),
            None => self.name.to_string(),
        }
    }
}

/// The other end of a tie.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum End {
    /// An object that exists.
    Object(ObjectId),
    /// One that does not, or is not known to.
    Absent(Absent),
}

/// One tie of an object, up or down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tie {
    /// The other end.
    pub end: End,
    /// How they are tied.
    pub kind: LinkKind,
    /// The field that says so, of the owned or of the referring object.
    pub field: Arc<str>,
}

/// The relations of all objects that exist at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Relations<'a> {
    timeline: &'a Timeline,
    index: &'a RelationIndex,
    past: Option<&'a Past>,
}

impl<'a> Relations<'a> {
    /// As they are now.
    #[must_use]
    pub fn now(timeline: &'a Timeline) -> Self {
        Self {
            timeline,
            index: timeline.relations(),
            past: None,
        }
    }

    /// As they were.
    #[must_use]
    pub fn then(timeline: &'a Timeline, past: &'a Past) -> Self {
        Self {
            timeline,
            index: past.index(),
            past: Some(past),
        }
    }

    /// The history that they are of.
    #[must_use]
    pub fn timeline(&self) -> &'a Timeline {
        self.timeline
    }

    /// What an object says about itself; `None` for one that does not exist.
    #[must_use]
    pub fn readiness(&self, object: ObjectId) -> Option<&'a Readiness> {
        match self.past {
            Some(past) => past.readiness(object),
            None => Some(&self.timeline.object(object)?.live.as_ref()?.readiness),
        }
    }

    /// Whether an object is there.
    #[must_use]
    pub fn exists(&self, object: ObjectId) -> bool {
        self.readiness(object).is_some()
    }

    /// Whether it has not reached its desired state, by its own word.
    #[must_use]
    pub fn is_unready(&self, object: ObjectId) -> bool {
        self.readiness(object)
            .is_some_and(|readiness| is_unready(readiness.status))
    }

    /// Kind and key of an object: `Certificate shop/payments-tls`.
    #[must_use]
    pub fn label(&self, object: ObjectId) -> String {
        let named = self.named(object);
        named.map_or_else(String::new, |(history, _, kind)| {
            format!("{kind} {}", history.key)
        })
    }

    /// What depends on an object: its owners, what manages it, and what refers to it.
    #[must_use]
    pub fn above(&self, object: ObjectId) -> Vec<Tie> {
        let mut ties: Vec<_> = self
            .index
            .links(object)
            .filter(|link| link.kind != LinkKind::Reference)
            .map(|link| self.tie(object, link))
            .collect();
        let referrers = self.pointing_here(object);
        ties.extend(referrers.filter(|tie| tie.kind == LinkKind::Reference));
        ties
    }

    /// What an object depends on: what it owns or manages, and what its fields name.
    #[must_use]
    pub fn below(&self, object: ObjectId) -> Vec<Tie> {
        let mut ties = self.owned(object);
        let managed = self.pointing_here(object);
        ties.extend(managed.filter(|tie| tie.kind == LinkKind::Managed));
        ties.extend(
            self.index
                .links(object)
                .filter(|link| link.kind == LinkKind::Reference)
                .map(|link| self.tie(object, link)),
        );
        ties
    }

    /// What an object owns, by its uid.
    #[must_use]
    pub fn owned(&self, object: ObjectId) -> Vec<Tie> {
        let Some((history, group, kind)) = self.named(object) else {
            return Vec::new();
        };
        let Some(uid) = self.uid(object) else {
            return Vec::new();
        };
        let owned = self.index.owned_by(group, kind, &history.key.name, &uid);
        owned
            .into_iter()
            .filter_map(|dependent| {
                let mut links = self.index.links(dependent);
                let link = links.find(|link| link.uid.as_ref() == Some(&uid))?;
                Some(Tie {
                    end: End::Object(dependent),
                    kind: link.kind,
                    field: link.field,
                })
            })
            .collect()
    }

    /// The owners of an object.
    #[must_use]
    pub fn owners(&self, object: ObjectId) -> Vec<Tie> {
        self.index
            .links(object)
            .filter(|link| matches!(link.kind, LinkKind::Owner { .. }))
            .map(|link| self.tie(object, link))
            .collect()
    }

    /// What points to an object by a label or a field, the first of several.
    fn pointing_here(&self, object: ObjectId) -> impl Iterator<Item = Tie> + '_ {
        let named = self.named(object);
        let pointing = named.map_or_else(Vec::new, |(history, group, kind)| {
            self.index.pointing_to(group, kind, &history.key.name)
        });
        pointing.into_iter().filter_map(move |other| {
            let (history, group, kind) = named?;
            let link = self.index.links(other).find(|link| {
                link.uid.is_none()
                    && *link.group == *group
                    && *link.target_kind == *kind
                    && link.name == history.key.name
                    && self.resolve(other, link) == End::Object(object)
            })?;
            Some(Tie {
                end: End::Object(other),
                kind: link.kind,
                field: link.field,
            })
        })
    }

    fn tie(&self, object: ObjectId, link: Link) -> Tie {
        Tie {
            end: self.resolve(object, &link),
            kind: link.kind,
            field: link.field,
        }
    }

    fn named(&self, object: ObjectId) -> Option<(&'a ObjectHistory, &'a str, &'a str)> {
        let history = self.timeline.object(object)?;
        let kind = &self.timeline.kind(history.kind)?.kind;
        Some((history, &kind.group, &kind.kind))
    }

    fn uid(&self, object: ObjectId) -> Option<Arc<str>> {
        match self.past {
            Some(past) => past.uid(object),
            None => {
                let newest = self.timeline.object(object)?.incarnations.last()?;
                Some(Arc::clone(&newest.uid.0))
            }
        }
    }

    /// Finds what a link of an object points to.
    fn resolve(&self, from: ObjectId, link: &Link) -> End {
        let own = self
            .timeline
            .object(from)
            .and_then(|object| object.key.namespace.clone());
        let absent = |namespace: Option<Arc<str>>, why| {
            End::Absent(Absent {
                group: Arc::clone(&link.group),
                kind: Arc::clone(&link.target_kind),
                namespace,
                name: Arc::clone(&link.name),
                why,
            })
        };
        if let Some(object) = link.uid.as_deref().and_then(|uid| self.index.by_uid(uid)) {
            return End::Object(object);
        }
        let namespace = match &link.namespace {
            TargetNamespace::Named(namespace) => Some(Arc::clone(namespace)),
            TargetNamespace::Own => own,
            TargetNamespace::Unknown => None,
        };
        // A kind whose preferred version changed is there more than once.
        let mut is_watched = false;
        let mut was_there = false;
        let mut is_clustered = is_cluster_scoped(&link.group, &link.target_kind);
        for (id, kind) in self.timeline.kinds() {
            if kind.kind.group != *link.group || kind.kind.kind != *link.target_kind {
                continue;
            }
            is_watched |= !matches!(kind.status, WatchStatus::Forbidden { .. });
            is_clustered = kind.kind.scope == Scope::Cluster;
            if link.namespace == TargetNamespace::Unknown && !is_clustered {
                let mut named = kind.objects().filter(|object| {
                    let key = self.timeline.object(*object).map(|object| &object.key);
                    self.exists(*object) && key.is_some_and(|key| key.name == link.name)
                });
                // Several of that name: which one it is cannot be told.
                if let (Some(only), None) = (named.next(), named.next()) {
                    return End::Object(only);
                }
                continue;
            }
            let key = ResourceKey {
                namespace: if is_clustered {
                    None
                } else {
                    namespace.clone()
                },
                name: Arc::clone(&link.name),
            };
            let Some(object) = self.timeline.find(id, &key) else {
                continue;
            };
            if !self.exists(object) {
                was_there = true;
            } else if link.uid.is_some() {
                return absent(key.namespace, Absence::Replaced);
            } else {
                return End::Object(object);
            }
        }
        let namespace = if is_clustered { None } else { namespace };
        absent(
            namespace,
            match (is_watched, was_there) {
                (_, true) => Absence::Gone,
                (true, false) => Absence::NotSeen,
                (false, false) => Absence::NotWatched,
            },
        )
    }
}

/// Whether a state is short of the desired one, by the object's own word.
#[must_use]
pub fn is_unready(status: ReadinessStatus) -> bool {
    matches!(
        status,
        ReadinessStatus::Failed | ReadinessStatus::Terminating | ReadinessStatus::InProgress
    )
}
