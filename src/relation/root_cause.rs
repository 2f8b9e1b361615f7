//! The deepest thing below an object that is not ready: most likely why it is not.

use std::{cmp::Reverse, collections::HashMap, sync::Arc};

use super::{Absence, Absent, End, Relations, is_unready};
use crate::{
    model::{Moment, ReadinessStatus},
    schema::LinkKind,
    timeline::{ObjectId, ReadySign},
};

/// How many objects are looked at. More than that hang together only through a hub that half of the
/// cluster refers to.
const LIMIT: usize = 4096;

/// What lies at the end of the path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cause {
    /// An object that says that it is not ready.
    Object(ObjectId),
    /// An object that another one refers to and that does not exist.
    Missing(Absent),
}

/// The way from an object to the root cause.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RootCause {
    /// From the object itself down to the last object that exists.
    pub path: Vec<ObjectId>,
    /// The fields that tie each object of the path to the next, and the last to what is missing.
    pub ties: Vec<(LinkKind, Arc<str>)>,
    /// What lies at its end.
    pub cause: Cause,
    /// Since when it has not been ready, where the history tells.
    pub since: Option<Moment>,
}

/// Finds the root cause of an object: of all that it depends on, directly or not, the deepest that is
/// not ready. Between equally deep ones a failed one, then one that is on its way, then one that is being
/// deleted, then a missing one; then the one that has been so for longest.
///
/// The way leads only through what is not ready itself or does not tell: what lies below a ready
/// object is not why the object above it is not. The depth is that of the longest way; ways that
/// lead back to themselves are not followed round.
///
/// `None` for an object that is ready, or does not exist, or has nothing unready in and below it.
#[must_use]
pub fn root_cause(relations: &Relations<'_>, object: ObjectId) -> Option<RootCause> {
    let status = relations.readiness(object)?.status;
    if status == ReadinessStatus::Current {
        return None;
    }
    let search = Search::from(relations, object);
    let best = search.best()?;
    Some(search.path_to(best))
}

impl RootCause {
    /// How many levels below the object the cause lies.
    #[must_use]
    pub fn levels(&self) -> usize {
        self.ties.len()
    }

    /// In one sentence: `Not ready because Order shop/tls-1-34 (2 levels down): Invalid: …`.
    #[must_use]
    pub fn sentence(&self, relations: &Relations<'_>) -> String {
        let depth = match self.levels() {
            0 => None,
            1 => Some("1 level down".to_owned()),
            levels => Some(format!("{levels} levels down")),
        };
        match (&self.cause, depth) {
            (Cause::Object(object), depth) => {
                let reason = relations
                    .readiness(*object)
                    .map_or("", |readiness| &readiness.reason)
                    .replace('\n', " ");
                match depth {
                    None => format!("Not ready by its own word: {reason}"),
                    Some(depth) => {
                        let name = relations.label(*object);
                        format!("Not ready because {name} ({depth}): {reason}")
                    }
                }
            }
            (Cause::Missing(absent), depth) => {
                let depth = depth.unwrap_or_default();
                let (kind, key, why) = (&absent.kind, absent.key(), absent.why.words());
                format!("Not ready because {kind} {key} ({depth}): {why}")
            }
        }
    }
}

struct Visited {
    end: End,
    /// Steps of the longest way here, and its last step.
    depth: usize,
    via: Option<(usize, LinkKind, Arc<str>)>,
}

struct Search<'a, 'r> {
    relations: &'a Relations<'r>,
    found: Vec<Visited>,
}

struct Frame {
    node: usize,
    ties: std::vec::IntoIter<super::Tie>,
}

impl<'a, 'r> Search<'a, 'r> {
    /// Walks depth first without the steps that lead back onto the way, which leaves no cycles; then
    /// finds the longest way to each node.
    fn from(relations: &'a Relations<'r>, object: ObjectId) -> Self {
        let mut search = Self {
            relations,
            found: Vec::new(),
        };
        let mut ids: HashMap<End, usize> = HashMap::new();
        let mut on_way: Vec<bool> = Vec::new();
        let mut finished: Vec<usize> = Vec::new();
        let mut steps: Vec<Vec<(usize, LinkKind, Arc<str>)>> = Vec::new();
        let enter = |search: &mut Self, ids: &mut HashMap<End, usize>, end: End| {
            let node = search.found.len();
            let ties = match &end {
                End::Object(object) => search.relations.below(*object),
                End::Absent(_) => Vec::new(),
            };
            ids.insert(end.clone(), node);
            search.found.push(Visited {
                end,
                depth: 0,
                via: None,
            });
            Frame {
                node,
                ties: ties.into_iter(),
            }
        };
        let mut way = vec![enter(&mut search, &mut ids, End::Object(object))];
        on_way.push(true);
        steps.push(Vec::new());
        while let Some(frame) = way.last_mut() {
            let node = frame.node;
            let Some(tie) = frame.ties.next() else {
                on_way[node] = false;
                finished.push(node);
                way.pop();
                continue;
            };
            if !search.may_be_cause(&tie.end) {
                continue;
            }
            let (to, is_new) = match ids.get(&tie.end) {
                Some(known) => (*known, false),
                None if search.found.len() >= LIMIT => continue,
                None => {
                    way.push(enter(&mut search, &mut ids, tie.end));
                    on_way.push(true);
                    steps.push(Vec::new());
                    (search.found.len() - 1, true)
                }
            };
            if is_new || !on_way[to] {
                steps[node].push((to, tie.kind, tie.field));
            }
        }
        for from in finished.into_iter().rev() {
            for (to, kind, field) in std::mem::take(&mut steps[from]) {
                let depth = search.found[from].depth + 1;
                if depth > search.found[to].depth {
                    search.found[to].depth = depth;
                    search.found[to].via = Some((from, kind, field));
                }
            }
        }
        search
    }

    fn may_be_cause(&self, end: &End) -> bool {
        match end {
            End::Object(object) => self
                .relations
                .readiness(*object)
                .is_some_and(|readiness| readiness.status != ReadinessStatus::Current),
            End::Absent(absent) => matches!(absent.why, Absence::NotSeen | Absence::Gone),
        }
    }

    /// 0 is the most severe; `None` for what says nothing.
    fn severity(&self, end: &End) -> Option<u8> {
        match end {
            End::Object(object) => match self.relations.readiness(*object)?.status {
                ReadinessStatus::Failed => Some(0),
                ReadinessStatus::InProgress => Some(1),
                ReadinessStatus::Terminating => Some(2),
                ReadinessStatus::Unknown | ReadinessStatus::Current => None,
            },
            End::Absent(_) => Some(3),
        }
    }

    fn since(&self, end: &End) -> Option<Moment> {
        match end {
            End::Object(object) => unready_since(self.relations, *object),
            End::Absent(_) => None,
        }
    }

    fn best(&self) -> Option<usize> {
        let rated = self.found.iter().enumerate().filter_map(|(i, visited)| {
            let severity = self.severity(&visited.end)?;
            let since = self.since(&visited.end).map(|since| since.wall);
            let longest = since.unwrap_or(i64::MAX);
            Some(((Reverse(visited.depth), severity, longest, i), i))
        });
        rated.min_by_key(|(rank, _)| *rank).map(|(_, i)| i)
    }

    fn path_to(&self, end: usize) -> RootCause {
        let mut path = Vec::new();
        let mut ties = Vec::new();
        let mut node = end;
        loop {
            let visited = &self.found[node];
            if let End::Object(object) = visited.end {
                path.push(object);
            }
            let Some((from, kind, field)) = &visited.via else {
                break;
            };
            ties.push((*kind, Arc::clone(field)));
            node = *from;
        }
        path.reverse();
        ties.reverse();
        let end = &self.found[end].end;
        RootCause {
            path,
            ties,
            cause: match end {
                End::Object(object) => Cause::Object(*object),
                End::Absent(absent) => Cause::Missing(absent.clone()),
            },
            since: self.since(end),
        }
    }
}

/// Since when an object has not been ready: its first change after the last one that was ready, or
/// its first change of all. By its newest state, whatever the moment of the relations.
#[must_use]
fn unready_since(relations: &Relations<'_>, object: ObjectId) -> Option<Moment> {
    let timeline = relations.timeline();
    if !is_unready(relations.readiness(object)?.status) {
        return None;
    }
    let changes = timeline.object(object)?.changes.iter().rev();
    let mut since = None;
    for change in changes.filter_map(|id| timeline.change(*id)) {
        let mut signs = ReadySign::ALL.iter();
        if signs.find_map(|sign| change.signal.says(*sign)) == Some(true) {
            break;
        }
        since = Some(change.at);
    }
    since
}
