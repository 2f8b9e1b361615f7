//! The relations of an earlier moment, read from the revisions of that time.

use std::{collections::HashMap, sync::Arc};

use crate::{
    model::{ChangeKind, Json, Readiness},
    schema::links_of,
    timeline::{ObjectId, RelationIndex, Timeline},
};

/// What existed at a moment, what it said about itself and about others.
#[derive(Debug, Default)]
pub struct Past {
    index: RelationIndex,
    states: HashMap<ObjectId, (Arc<str>, Readiness)>,
}

impl Past {
    /// Reads the state of every object at a moment (microseconds since the epoch). Reads one
    /// revision of every object: for a command line, not for a frame.
    #[must_use]
    pub fn at(timeline: &Timeline, wall: i64) -> Self {
        let mut past = Self::default();
        for (_, kind) in timeline.kinds() {
            for id in kind.objects() {
                let Some(object) = timeline.object(id) else {
                    continue;
                };
                let Some((change_id, change)) = timeline
                    .latest_at(id, wall)
                    .and_then(|id| Some((id, timeline.change(id)?)))
                    .filter(|(_, change)| change.change != ChangeKind::Deleted)
                else {
                    continue;
                };
                let incarnation = usize::from(change.incarnation);
                let Some(uid) = object
                    .incarnations
                    .get(incarnation)
                    .map(|known| &known.uid.0)
                else {
                    continue;
                };
                let Ok(body) = timeline.body(change_id) else {
                    continue;
                };
                let Ok(json) = Json::parse(&body) else {
                    continue;
                };
                let (group, name) = (&kind.kind.group, &kind.kind.kind);
                let rules = &timeline.rules().readiness;
                let readiness = rules.judge(group, name, &json, change.at.timestamp());
                past.index
                    .set(id, uid, &links_of(&json, &kind.schema.references));
                past.states.insert(id, (Arc::clone(uid), readiness));
            }
        }
        past
    }

    pub(super) fn index(&self) -> &RelationIndex {
        &self.index
    }

    pub(super) fn readiness(&self, object: ObjectId) -> Option<&Readiness> {
        self.states.get(&object).map(|(_, readiness)| readiness)
    }

    pub(super) fn uid(&self, object: ObjectId) -> Option<Arc<str>> {
        self.states.get(&object).map(|(uid, _)| Arc::clone(uid))
    }
}
