//! How the lists and maps of a kind are told apart item by item.
//!
//! The words are those of the API: a list is `atomic`, a `set` or a `map`, a map is `granular` or
//! `atomic` (`x-kubernetes-list-type`, `x-kubernetes-list-map-keys`, `x-kubernetes-map-type`; KEP-555
//! calls this the topology of a type). Without a word lists are atomic and maps granular, also where
//! a schema leaves fields unknown, so only the exceptions are kept: a tree that is as small as they
//! are few.

use std::sync::LazyLock;

use super::Json;

/// How the items of a list are told apart.
#[derive(Debug, Clone, PartialEq)]
pub enum ListType {
    /// Each item once, by its value.
    Set,
    /// By these fields of each item.
    Map(Box<[ListKey]>),
}

/// A field that is part of the key of a list's items.
#[derive(Debug, Clone, PartialEq)]
pub struct ListKey {
    /// Name of the field.
    pub name: Box<str>,
    /// What an item without the field has.
    pub default: Option<Json<'static>>,
}

impl ListKey {
    /// A key without a default.
    #[must_use]
    pub fn new(name: &str) -> Self {
        Self {
            name: name.into(),
            default: None,
        }
    }

    /// What an item has for it.
    #[must_use]
    pub fn of<'j>(&'j self, item: &'j Json<'_>) -> Option<&'j Json<'j>> {
        item.get(&self.name).or(self.default.as_ref())
    }
}

/// What is known of one place: of itself, and of what is below it.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct TopologyNode {
    /// For a list that is not atomic.
    pub list: Option<ListType>,
    /// For an object that is owned as a whole.
    pub atomic_map: bool,
    /// Members with something to know, in the order of their names.
    pub fields: Vec<(Box<str>, TopologyNode)>,
    /// The items of the list, or all other members of the map.
    pub rest: Option<Box<TopologyNode>>,
}

impl TopologyNode {
    /// Whether there is nothing to know.
    #[must_use]
    pub fn is_plain(&self) -> bool {
        self.list.is_none() && !self.atomic_map && self.fields.is_empty() && self.rest.is_none()
    }

    /// Sets what is known of a member; for [`Topology::new`] the order does not matter.
    pub fn insert(&mut self, name: &str, node: TopologyNode) {
        self.fields.retain(|(known, _)| **known != *name);
        if !node.is_plain() {
            self.fields.push((name.into(), node));
        }
    }

    fn sort(&mut self) {
        self.fields.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (_, node) in &mut self.fields {
            node.sort();
        }
        if let Some(rest) = &mut self.rest {
            rest.sort();
        }
    }
}

/// The topology of a kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Topology {
    root: TopologyNode,
    from_schema: bool,
}

/// `metadata` is the same for every kind (`ObjectMeta` in `k8s.io/apimachinery/pkg/apis/meta/v1`).
#[must_use]
pub fn object_meta() -> TopologyNode {
    let list = |list| TopologyNode {
        list: Some(list),
        ..TopologyNode::default()
    };
    let mut meta = TopologyNode::default();
    meta.insert("finalizers", list(ListType::Set));
    meta.insert(
        "ownerReferences",
        list(ListType::Map([ListKey::new("uid")].into())),
    );
    meta
}

impl Topology {
    /// The topology that a schema tells.
    #[must_use]
    pub fn new(mut root: TopologyNode) -> Self {
        root.insert("metadata", object_meta());
        root.sort();
        Self {
            root,
            from_schema: true,
        }
    }

    /// Of a kind without a schema: nothing but `metadata` is known.
    #[must_use]
    pub fn unknown() -> &'static Self {
        static UNKNOWN: LazyLock<Topology> = LazyLock::new(|| Topology {
            from_schema: false,
            ..Topology::new(TopologyNode::default())
        });
        &UNKNOWN
    }

    /// The whole object.
    #[must_use]
    pub fn root(&self) -> TopologyPlace<'_> {
        TopologyPlace {
            node: Some(&self.root),
            is_known: self.from_schema,
        }
    }
}

impl Default for Topology {
    fn default() -> Self {
        Self::unknown().clone()
    }
}

/// A place on a walk along an object. Cheap to copy and to move on.
#[derive(Debug, Clone, Copy)]
pub struct TopologyPlace<'t> {
    node: Option<&'t TopologyNode>,
    is_known: bool,
}

impl<'t> TopologyPlace<'t> {
    /// A place of which nothing is known.
    #[must_use]
    pub fn nowhere() -> Self {
        Self {
            node: None,
            is_known: false,
        }
    }

    /// A member of the object here.
    #[must_use]
    pub fn field(self, name: &str) -> Self {
        let node = self.node.and_then(|node| {
            let named = node
                .fields
                .binary_search_by(|(known, _)| (**known).cmp(name));
            match named {
                Ok(at) => node.fields.get(at).map(|(_, below)| below),
                Err(_) => node.rest.as_deref(),
            }
        });
        Self {
            node,
            // What `metadata` is made of is known of every kind.
            is_known: self.is_known || node.is_some_and(|node| !node.fields.is_empty()),
        }
    }

    /// An item of the list here.
    #[must_use]
    pub fn item(self) -> Self {
        Self {
            node: self.node.and_then(|node| node.rest.as_deref()),
            is_known: self.is_known,
        }
    }

    /// How the items of the list here are told apart; `None` for an atomic list, and where nothing is
    /// known.
    #[must_use]
    pub fn list(self) -> Option<&'t ListType> {
        self.node?.list.as_ref()
    }

    /// Whether one owner holds a value here with everything in it; `None` where nothing is known.
    #[must_use]
    pub fn is_atomic(self, value: &Json<'_>) -> Option<bool> {
        self.is_known.then(|| match value {
            Json::Object(_) => self.node.is_some_and(|node| node.atomic_map),
            Json::Array(_) => self.list().is_none(),
            _ => true,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ports() -> TopologyNode {
        TopologyNode {
            list: Some(ListType::Map([ListKey::new("port")].into())),
            ..TopologyNode::default()
        }
    }

    #[test]
    fn walks_along_fields_items_and_other_members() {
        let mut item = TopologyNode::default();
        item.insert("ports", ports());
        let mut spec = TopologyNode::default();
        spec.insert(
            "servers",
            TopologyNode {
                rest: Some(Box::new(item)),
                ..TopologyNode::default()
            },
        );
        let mut root = TopologyNode::default();
        root.insert("spec", spec);
        let topology = Topology::new(root);
        let servers = topology.root().field("spec").field("servers");
        assert!(servers.list().is_none());
        assert!(servers.item().field("ports").list().is_some());
        assert!(servers.field("any").field("ports").list().is_some());
        assert!(servers.field("any").field("other").list().is_none());
        let list = Json::Array(Vec::new());
        assert_eq!(servers.is_atomic(&list), Some(true));
        assert_eq!(servers.item().field("ports").is_atomic(&list), Some(false));
    }

    #[test]
    fn metadata_is_known_of_every_kind_and_the_rest_of_none() {
        let root = Topology::unknown().root();
        let list = Json::Array(Vec::new());
        let finalizers = root.field("metadata").field("finalizers");
        assert_eq!(finalizers.list(), Some(&ListType::Set));
        assert_eq!(finalizers.is_atomic(&list), Some(false));
        assert_eq!(root.field("spec").is_atomic(&list), None);
    }
}
