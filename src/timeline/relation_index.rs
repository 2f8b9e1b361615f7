//! Who points to whom, kept up to date with every change.
//!
//! Links are kept as four numbers each; targets, namespaces and fields are shared. A link costs 16
//! bytes and 4 more at its target, an object without links 16, a target about 150, however many
//! objects point to it.

use std::{
    collections::{HashMap, hash_map::Entry},
    sync::Arc,
};

use super::{ObjectId, timeline::Names};
use crate::schema::{Link, LinkKind, TargetNamespace};

/// What objects point to: by uid, or by kind and name. A namespace is the link's affair, because
/// only the target's kind tells whether it has one.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Target {
    group: Arc<str>,
    kind: Arc<str>,
    name: Arc<str>,
    uid: Option<Arc<str>>,
}

#[derive(Debug, Default)]
struct TargetEntry {
    target: Option<Target>,
    /// Who points here, sorted; twice where it does so by two links.
    referrers: Vec<ObjectId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct StoredLink {
    target: u32,
    namespace: u32,
    field: u32,
    kind: LinkKind,
}

/// Namespaces that are no names.
const OWN: u32 = u32::MAX;
const UNKNOWN: u32 = u32::MAX - 1;

/// The links of all objects that exist.
#[derive(Debug, Default)]
pub struct RelationIndex {
    /// By object.
    links: Vec<Box<[StoredLink]>>,
    /// Incarnations that exist.
    uids: HashMap<Arc<str>, ObjectId>,
    targets: Vec<TargetEntry>,
    target_ids: HashMap<Target, u32>,
    free: Vec<u32>,
    /// Groups and kinds.
    words: Names,
    namespaces: Names,
    fields: Names,
    epoch: u64,
}

impl RelationIndex {
    /// Counts up whenever a link or an incarnation comes or goes.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The object that exists with this uid.
    #[must_use]
    pub fn by_uid(&self, uid: &str) -> Option<ObjectId> {
        self.uids.get(uid).copied()
    }

    /// The links of an object: owners first, in the order in which it has them.
    pub fn links(&self, object: ObjectId) -> impl Iterator<Item = Link> + '_ {
        let stored = self.links.get(object.0 as usize);
        stored
            .into_iter()
            .flat_map(|links| links.iter())
            .filter_map(|link| self.link(link))
    }

    /// The objects that point to this uid as their owner; sorted.
    #[must_use]
    pub fn owned_by(&self, group: &str, kind: &str, name: &str, uid: &str) -> Vec<ObjectId> {
        self.referrers(group, kind, name, Some(uid))
    }

    /// The objects that point to this kind and name in any namespace, by a field or a label; sorted.
    #[must_use]
    pub fn pointing_to(&self, group: &str, kind: &str, name: &str) -> Vec<ObjectId> {
        self.referrers(group, kind, name, None)
    }

    fn referrers(&self, group: &str, kind: &str, name: &str, uid: Option<&str>) -> Vec<ObjectId> {
        let target = Target {
            group: group.into(),
            kind: kind.into(),
            name: name.into(),
            uid: uid.map(Into::into),
        };
        let Some(id) = self.target_ids.get(&target) else {
            return Vec::new();
        };
        let mut referrers = self.targets[*id as usize].referrers.clone();
        referrers.dedup();
        referrers
    }

    fn link(&self, stored: &StoredLink) -> Option<Link> {
        let target = self.targets.get(stored.target as usize)?.target.as_ref()?;
        Some(Link {
            kind: stored.kind,
            group: Arc::clone(&target.group),
            target_kind: Arc::clone(&target.kind),
            namespace: match stored.namespace {
                OWN => TargetNamespace::Own,
                UNKNOWN => TargetNamespace::Unknown,
                id => TargetNamespace::Named(Arc::clone(self.namespaces.get(id)?)),
            },
            name: Arc::clone(&target.name),
            uid: target.uid.clone(),
            field: Arc::clone(self.fields.get(stored.field)?),
        })
    }

    /// Takes what an object says now, and which incarnation it is.
    pub fn set(&mut self, object: ObjectId, uid: &Arc<str>, links: &[Link]) {
        let slot = object.0 as usize;
        if self.links.len() <= slot {
            self.links.resize_with(slot + 1, Box::default);
        }
        if self.uids.get(uid) != Some(&object) {
            self.uids.insert(Arc::clone(uid), object);
            self.epoch += 1;
        }
        // Nearly every change leaves them as they are.
        let known = &self.links[slot];
        let same = known.len() == links.len()
            && known
                .iter()
                .zip(links)
                .all(|(known, link)| self.link(known).as_ref() == Some(link));
        if same {
            return;
        }
        self.unlink(object);
        let stored: Box<[_]> = links.iter().map(|link| self.store(object, link)).collect();
        self.links[slot] = stored;
        self.epoch += 1;
    }

    /// Forgets an incarnation that is gone, and what it said.
    pub fn remove(&mut self, object: ObjectId, uid: &str) {
        if self.uids.get(uid) == Some(&object) {
            self.uids.remove(uid);
        }
        self.unlink(object);
        self.epoch += 1;
    }

    fn store(&mut self, object: ObjectId, link: &Link) -> StoredLink {
        let target = Target {
            group: self.words.shared(&link.group),
            kind: self.words.shared(&link.target_kind),
            name: Arc::clone(&link.name),
            uid: link.uid.clone(),
        };
        let id = match self.target_ids.entry(target) {
            Entry::Occupied(known) => *known.get(),
            Entry::Vacant(vacant) => {
                let id = self.free.pop().unwrap_or_else(|| {
                    self.targets.push(TargetEntry::default());
                    u32::try_from(self.targets.len() - 1).unwrap_or(u32::MAX)
                });
                self.targets[id as usize].target = Some(vacant.key().clone());
                *vacant.insert(id)
            }
        };
        let referrers = &mut self.targets[id as usize].referrers;
        let place = referrers.partition_point(|known| *known < object);
        referrers.insert(place, object);
        StoredLink {
            target: id,
            namespace: match &link.namespace {
                TargetNamespace::Own => OWN,
                TargetNamespace::Unknown => UNKNOWN,
                TargetNamespace::Named(name) => self.namespaces.intern(name),
            },
            field: self.fields.intern(&link.field),
            kind: link.kind,
        }
    }

    fn unlink(&mut self, object: ObjectId) {
        let Some(links) = self.links.get_mut(object.0 as usize) else {
            return;
        };
        for link in std::mem::take(links) {
            let entry = &mut self.targets[link.target as usize];
            if let Ok(place) = entry.referrers.binary_search(&object) {
                entry.referrers.remove(place);
            }
            if entry.referrers.is_empty()
                && let Some(target) = entry.target.take()
            {
                entry.referrers = Vec::new();
                self.target_ids.remove(&target);
                self.free.push(link.target);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// What a random event says.
    #[derive(Debug, Clone)]
    enum Event {
        Set {
            object: u32,
            incarnation: u32,
            links: Vec<(u8, u8, u8)>,
        },
        Remove {
            object: u32,
        },
    }

    fn events() -> impl Strategy<Value = Vec<Event>> {
        let links = prop::collection::vec((0u8..4, 0u8..6, 0u8..4), 0..4);
        let event = prop_oneof![
            3 => (0u32..8, 0u32..3, links).prop_map(|(object, incarnation, links)| Event::Set {
                object, incarnation, links,
            }),
            1 => (0u32..8).prop_map(|object| Event::Remove { object }),
        ];
        prop::collection::vec(event, 0..60)
    }

    fn link((kind, target, namespace): (u8, u8, u8)) -> Link {
        let owner = kind < 2;
        Link {
            kind: match kind {
                0 | 1 => LinkKind::Owner {
                    controller: kind == 0,
                    block_deletion: namespace == 0,
                },
                2 => LinkKind::Managed,
                _ => LinkKind::Reference,
            },
            group: "x.io".into(),
            target_kind: "Thing".into(),
            namespace: match namespace {
                0 => TargetNamespace::Own,
                1 => TargetNamespace::Unknown,
                n => TargetNamespace::Named(format!("ns{n}").into()),
            },
            name: format!("o{target}").into(),
            uid: owner.then(|| format!("o{target}-{namespace}").into()),
            field: format!("spec.f{kind}").into(),
        }
    }

    /// Everything that can be asked, in one order.
    fn seen(index: &RelationIndex) -> Vec<String> {
        let mut lines = Vec::new();
        for object in 0..8 {
            let links: Vec<_> = index.links(ObjectId(object)).collect();
            lines.push(format!("{object}: {links:?}"));
            for incarnation in 0..4 {
                let uid = format!("o{object}-{incarnation}");
                lines.push(format!("{uid}: {:?}", index.by_uid(&uid)));
                let owned = index.owned_by("x.io", "Thing", &format!("o{object}"), &uid);
                lines.push(format!("{uid} owns {owned:?}"));
            }
            let pointing = index.pointing_to("x.io", "Thing", &format!("o{object}"));
            lines.push(format!("to {object}: {pointing:?}"));
        }
        lines
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
        #[test]
        fn the_index_is_the_same_as_one_made_of_what_exists(events in events()) {
            let mut index = RelationIndex::default();
            let mut existing: HashMap<u32, (Arc<str>, Vec<Link>)> = HashMap::new();
            for event in events {
                match event {
                    Event::Set { object, incarnation, links } => {
                        let uid: Arc<str> = format!("o{object}-{incarnation}").into();
                        let links: Vec<_> = links.into_iter().map(link).collect();
                        if let Some((old, _)) = existing.get(&object).filter(|(old, _)| *old != uid) {
                            index.remove(ObjectId(object), old);
                        }
                        index.set(ObjectId(object), &uid, &links);
                        existing.insert(object, (uid, links));
                    }
                    Event::Remove { object } => {
                        if let Some((uid, _)) = existing.remove(&object) {
                            index.remove(ObjectId(object), &uid);
                        }
                    }
                }
            }
            let mut scratch = RelationIndex::default();
            let mut targets = std::collections::HashSet::new();
            for (object, (uid, links)) in &existing {
                scratch.set(ObjectId(*object), uid, links);
                targets.extend(links.iter().map(|link| (link.name.clone(), link.uid.clone())));
            }
            prop_assert_eq!(seen(&index), seen(&scratch));
            // Nothing is kept of what is not pointed to any more.
            prop_assert_eq!(index.target_ids.len(), targets.len());
            prop_assert_eq!(index.targets.len() - index.free.len(), targets.len());
        }
    }

    #[test]
    fn a_link_costs_sixteen_bytes() {
        assert_eq!(size_of::<StoredLink>(), 16);
        let per_target = size_of::<TargetEntry>() + size_of::<(Target, u32)>();
        assert!(per_target <= 168, "{per_target}");
    }

    #[test]
    fn an_unchanged_object_leaves_the_epoch() {
        let mut index = RelationIndex::default();
        let uid: Arc<str> = "u".into();
        let links = [link((0, 1, 0)), link((3, 2, 0))];
        index.set(ObjectId(3), &uid, &links);
        let epoch = index.epoch();
        index.set(ObjectId(3), &uid, &links);
        assert_eq!(index.epoch(), epoch);
        index.set(ObjectId(3), &uid, &links[..1]);
        assert!(index.epoch() > epoch);
    }
}
