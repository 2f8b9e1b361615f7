//! The surroundings of an object, bounded.

use std::{
    collections::{HashMap, HashSet, VecDeque, hash_map::Entry},
    sync::Arc,
};

use super::{Absent, End, Relations, Tie};
use crate::{schema::LinkKind, timeline::ObjectId};

/// How much of the surroundings is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GraphLimits {
    /// How far up.
    pub above: usize,
    /// How far down.
    pub below: usize,
    /// How many neighbours of one node on one side; the others are "N more".
    pub per_node: usize,
    /// How many nodes in all.
    pub nodes: usize,
    /// Ties of owners and managers are followed.
    pub owners: bool,
    /// Ties of references are followed.
    pub references: bool,
}

impl Default for GraphLimits {
    fn default() -> Self {
        Self {
            above: 3,
            below: 4,
            per_node: 8,
            nodes: 120,
            owners: true,
            references: true,
        }
    }
}

/// On which side of a node something is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Side {
    /// What depends on it.
    Above,
    /// What it depends on.
    Below,
}

/// What a node stands for.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum What {
    /// An object.
    Object(ObjectId),
    /// The target of a link that is not there.
    Absent(Absent),
    /// So many more neighbours of a node.
    More {
        /// The node.
        of: usize,
        /// On this side of it.
        side: Side,
        /// How many.
        count: usize,
    },
}

/// A node of the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Node {
    /// What it stands for.
    pub what: What,
    /// How far below the object in the middle; negative above it.
    pub layer: i32,
}

/// A tie of the graph, from above to below.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    /// The node that depends.
    pub from: usize,
    /// The node that it depends on.
    pub to: usize,
    /// How they are tied; `None` to a node that stands for more.
    pub kind: Option<LinkKind>,
    /// The field that says so.
    pub field: Arc<str>,
}

/// The surroundings of an object. Node 0 is the object itself.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Graph {
    /// The nodes.
    pub nodes: Vec<Node>,
    /// Their ties.
    pub edges: Vec<Edge>,
}

impl Graph {
    /// The node of an object.
    #[must_use]
    pub fn node_of(&self, object: ObjectId) -> Option<usize> {
        self.nodes
            .iter()
            .position(|node| node.what == What::Object(object))
    }
}

/// One line of a graph that is written as a tree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Branch {
    /// The node.
    pub node: usize,
    /// For it and each of its ancestors, outermost first: whether it is the last of its siblings.
    pub last: Vec<bool>,
    /// How it is tied to its parent; `None` for a node that stands for more.
    pub kind: Option<LinkKind>,
    /// The fields that say so.
    pub fields: Vec<Arc<str>>,
    /// It stands further up as well, with what is beyond it.
    pub again: bool,
}

impl Graph {
    /// One side of the object in the middle as a tree, depth first.
    #[must_use]
    pub fn tree(&self, side: Side) -> Vec<Branch> {
        let mut branches = Vec::new();
        let mut seen = HashSet::from([0]);
        self.branch(0, side, &mut Vec::new(), &mut seen, &mut branches);
        branches
    }

    fn branch(
        &self,
        node: usize,
        side: Side,
        last: &mut Vec<bool>,
        seen: &mut HashSet<usize>,
        branches: &mut Vec<Branch>,
    ) {
        // The ties of one pair of nodes are one line.
        let mut next: Vec<(usize, Option<LinkKind>, Vec<Arc<str>>)> = Vec::new();
        for edge in &self.edges {
            let (here, there) = match side {
                Side::Above => (edge.to, edge.from),
                Side::Below => (edge.from, edge.to),
            };
            if here != node || there == node {
                continue;
            }
            match next.iter_mut().find(|(known, ..)| *known == there) {
                Some((.., fields)) => fields.push(Arc::clone(&edge.field)),
                None => next.push((there, edge.kind, vec![Arc::clone(&edge.field)])),
            }
        }
        let count = next.len();
        for (i, (there, kind, fields)) in next.into_iter().enumerate() {
            last.push(i + 1 == count);
            let again = !seen.insert(there);
            branches.push(Branch {
                node: there,
                last: last.clone(),
                kind,
                fields,
                again,
            });
            if !again {
                self.branch(there, side, last, seen, branches);
            }
            last.pop();
        }
    }
}

/// The graph around an object: breadth first on either side, so that the nearest are in it whatever
/// the limits are. Objects that are in it are tied to each other also where another way was found
/// first.
#[must_use]
pub fn graph_around(relations: &Relations<'_>, object: ObjectId, limits: GraphLimits) -> Graph {
    let mut builder = Builder {
        relations,
        limits,
        graph: Graph::default(),
        ids: HashMap::new(),
        edges: HashSet::new(),
    };
    builder.node(What::Object(object), 0);
    builder.grow(Side::Above, limits.above);
    builder.grow(Side::Below, limits.below);
    builder.tie_the_rest();
    builder.graph
}

struct Builder<'a, 'r> {
    relations: &'a Relations<'r>,
    limits: GraphLimits,
    graph: Graph,
    ids: HashMap<What, usize>,
    edges: HashSet<(usize, usize, Arc<str>)>,
}

impl Builder<'_, '_> {
    fn node(&mut self, what: What, layer: i32) -> (usize, bool) {
        let next = self.graph.nodes.len();
        match self.ids.entry(what.clone()) {
            Entry::Occupied(known) => (*known.get(), false),
            Entry::Vacant(vacant) => {
                vacant.insert(next);
                self.graph.nodes.push(Node { what, layer });
                (next, true)
            }
        }
    }

    fn follows(&self, tie: &Tie) -> bool {
        match tie.kind {
            LinkKind::Reference => self.limits.references,
            LinkKind::Owner { .. } | LinkKind::Managed => self.limits.owners,
        }
    }

    fn ties(&self, object: ObjectId, side: Side) -> Vec<Tie> {
        let mut ties = match side {
            Side::Above => self.relations.above(object),
            Side::Below => self.relations.below(object),
        };
        ties.retain(|tie| self.follows(tie));
        // What is unready matters most where not all have room.
        ties.sort_by_key(|tie| match &tie.end {
            End::Object(object) => !self.relations.is_unready(*object),
            End::Absent(_) => true,
        });
        ties
    }

    fn grow(&mut self, side: Side, depth: usize) {
        let mut queue = VecDeque::from([(0, 0)]);
        while let Some((from, level)) = queue.pop_front() {
            let What::Object(object) = self.graph.nodes[from].what else {
                continue;
            };
            if level == depth {
                continue;
            }
            let mut shown = HashSet::new();
            let mut left_out = HashSet::new();
            for tie in self.ties(object, side) {
                let what = match tie.end.clone() {
                    End::Object(object) => What::Object(object),
                    End::Absent(absent) => What::Absent(absent),
                };
                let known = self.ids.contains_key(&what);
                let has_room = shown.len() < self.limits.per_node
                    && self.graph.nodes.len() < self.limits.nodes;
                if !known && !has_room {
                    left_out.insert(what);
                    continue;
                }
                shown.insert(what.clone());
                let step = i32::try_from(level + 1).unwrap_or(i32::MAX);
                let layer = match side {
                    Side::Above => -step,
                    Side::Below => step,
                };
                let (to, is_new) = self.node(what, layer);
                self.edge(from, to, side, Some(tie.kind), &tie.field);
                if is_new {
                    queue.push_back((to, level + 1));
                }
            }
            if !left_out.is_empty() {
                let more = What::More {
                    of: from,
                    side,
                    count: left_out.len(),
                };
                let layer = self.graph.nodes[from].layer;
                let layer = match side {
                    Side::Above => layer - 1,
                    Side::Below => layer + 1,
                };
                let (to, _) = self.node(more, layer);
                self.edge(from, to, side, None, &Arc::from(""));
            }
        }
    }

    fn edge(
        &mut self,
        from: usize,
        to: usize,
        side: Side,
        kind: Option<LinkKind>,
        field: &Arc<str>,
    ) {
        let (from, to) = match side {
            Side::Above => (to, from),
            Side::Below => (from, to),
        };
        if self.edges.insert((from, to, Arc::clone(field))) {
            self.graph.edges.push(Edge {
                from,
                to,
                kind,
                field: Arc::clone(field),
            });
        }
    }

    fn tie_the_rest(&mut self) {
        for from in 0..self.graph.nodes.len() {
            let What::Object(object) = self.graph.nodes[from].what else {
                continue;
            };
            for tie in self.ties(object, Side::Below) {
                let what = match tie.end {
                    End::Object(object) => What::Object(object),
                    End::Absent(absent) => What::Absent(absent),
                };
                if let Some(to) = self.ids.get(&what).copied() {
                    self.edge(from, to, Side::Below, Some(tie.kind), &tie.field);
                }
            }
        }
    }
}
