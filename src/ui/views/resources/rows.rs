//! Which objects the table shows, in which order: kept up change by change.
//!
//! A change moves one row. Only when what is asked for changes, or very much at once, is the list
//! made anew.

use std::{cmp::Ordering, collections::HashSet, sync::Arc};

use super::column::{Column, Row, natural_order};
use crate::{
    model::{Readiness, ReadinessStatus},
    timeline::{ChangeId, KindId, ObjectId, Timeline},
};

/// Changes at once from which the list is made anew.
const BULK: usize = 512;
/// Changed objects at once from which they are taken out in one pass.
const FEW: usize = 16;

/// Which states of readiness are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum ReadyFilter {
    /// All.
    #[default]
    Any,
    /// Those that have not reached their desired state, failed ones included.
    NotReady,
    /// Those that failed.
    Failed,
    /// Those that rest since somebody asked for it.
    Suspended,
}

impl ReadyFilter {
    fn allows(self, readiness: &Readiness) -> bool {
        let status = readiness.status;
        match self {
            ReadyFilter::Any => true,
            ReadyFilter::NotReady => {
                !matches!(status, ReadinessStatus::Current | ReadinessStatus::Unknown)
            }
            ReadyFilter::Failed => status == ReadinessStatus::Failed,
            ReadyFilter::Suspended => readiness.suspended,
        }
    }
}

/// What the table is asked to show.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Query {
    pub(super) kind: Option<KindId>,
    pub(super) namespace: Option<Arc<str>>,
    /// In lower case.
    pub(super) filter: String,
    pub(super) ready: ReadyFilter,
    /// A column, and whether it runs downwards.
    pub(super) sort: Option<(Column, bool)>,
}

impl Query {
    fn wants(&self, row: &Row<'_>, timeline: &Timeline) -> bool {
        let here = match (&self.namespace, &row.object.key.namespace) {
            (Some(wanted), Some(namespace)) => wanted == namespace,
            _ => true,
        };
        here && self.kind.is_none_or(|kind| kind == row.object.kind)
            && self.ready.allows(&row.live.readiness)
            && (self.filter.is_empty() || row.matches(&self.filter, timeline))
    }

    fn order(&self, a: &Row<'_>, b: &Row<'_>, timeline: &Timeline) -> Ordering {
        let natural = || natural_order(a, b, timeline);
        match self.sort {
            None => natural(),
            Some((column, false)) => a.compare(b, column, timeline).then_with(natural),
            Some((column, true)) => b.compare(a, column, timeline).then_with(natural),
        }
    }
}

/// The rows of the table.
#[derive(Debug, Default)]
pub(super) struct Rows {
    query: Query,
    seen: u32,
    made: bool,
    ids: Vec<ObjectId>,
}

impl Rows {
    /// Brings the list up to date. Returns whether what is asked for is new.
    pub(super) fn update(&mut self, timeline: &Timeline, query: &Query) -> bool {
        let known = u32::try_from(timeline.change_count()).unwrap_or(u32::MAX);
        let new = self.query != *query || !self.made;
        if new {
            self.query = query.clone();
            self.made = true;
        }
        let behind = known.saturating_sub(self.seen) as usize;
        if new || behind > BULK {
            self.make(timeline);
        } else if behind > 0 {
            self.follow(timeline);
        }
        self.seen = known;
        new
    }

    /// The objects, in order. One that was deleted since the last update may be among them.
    pub(super) fn ids(&self) -> &[ObjectId] {
        &self.ids
    }

    fn make(&mut self, timeline: &Timeline) {
        let query = &self.query;
        let wanted =
            |id: &ObjectId| Row::of(timeline, *id).is_some_and(|row| query.wants(&row, timeline));
        let mut kinds: Vec<_> = timeline
            .kinds()
            .filter(|(id, _)| query.kind.is_none_or(|kind| kind == *id))
            .map(|(_, kind)| kind)
            .collect();
        kinds.sort_by(|a, b| (&a.kind.kind, &a.kind.group).cmp(&(&b.kind.kind, &b.kind.group)));
        self.ids = kinds
            .into_iter()
            .flat_map(|kind| kind.objects())
            .filter(wanted)
            .collect();
        // Kinds give their objects by namespace and name, which is the natural order.
        if query.sort.is_some() {
            sort(&mut self.ids, query, timeline);
        }
    }

    /// Moves the rows of the objects that changed since the last update.
    fn follow(&mut self, timeline: &Timeline) {
        let mut changed: Vec<ObjectId> = (self.seen..)
            .map_while(|id| timeline.change(ChangeId(id)))
            .map(|change| change.object)
            .collect();
        changed.sort_unstable();
        changed.dedup();
        if let Some(kind) = self.query.kind {
            changed.retain(|id| {
                timeline
                    .object(*id)
                    .is_some_and(|object| object.kind == kind)
            });
        }
        // All of them out before the first goes in again: the rest is in order then.
        if changed.len() <= FEW {
            for id in &changed {
                if let Some(at) = self.ids.iter().position(|known| known == id) {
                    self.ids.remove(at);
                }
            }
        } else {
            let changed: HashSet<_> = changed.iter().copied().collect();
            self.ids.retain(|id| !changed.contains(id));
        }
        for id in changed {
            let Some(row) = Row::of(timeline, id) else {
                continue;
            };
            if self.query.wants(&row, timeline) {
                let at = self.ids.partition_point(|known| {
                    Row::of(timeline, *known).is_some_and(|known| {
                        self.query.order(&known, &row, timeline) == Ordering::Less
                    })
                });
                self.ids.insert(at, id);
            }
        }
    }
}

fn sort(ids: &mut [ObjectId], query: &Query, timeline: &Timeline) {
    ids.sort_by(
        |a, b| match (Row::of(timeline, *a), Row::of(timeline, *b)) {
            (Some(a), Some(b)) => query.order(&a, &b, timeline),
            _ => a.cmp(b),
        },
    );
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ui::random_history::{History, events};

    fn query() -> impl Strategy<Value = Query> {
        let columns = [
            Column::Dot,
            Column::Name,
            Column::Namespace,
            Column::Printer(0),
            Column::LastHour,
        ];
        let sort = prop::option::of((prop::sample::select(columns.to_vec()), any::<bool>()));
        let kind = prop::option::of((0..2u32).prop_map(KindId));
        let namespace = prop::option::of(Just::<Arc<str>>("ns-1".into()));
        let filter = prop::sample::select(vec!["", "object-1", "2"]);
        let ready = prop::sample::select(vec![ReadyFilter::Any, ReadyFilter::NotReady]);
        (kind, namespace, filter, ready, sort).prop_map(|(kind, namespace, filter, ready, sort)| {
            Query {
                kind,
                namespace,
                filter: filter.to_owned(),
                ready,
                sort,
            }
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]
        #[test]
        fn rows_kept_up_are_rows_made_anew(
            events in events(),
            query in query(),
            every in 1..9usize,
        ) {
            let mut history = History::new();
            let mut rows = Rows::default();
            for (i, event) in events.iter().enumerate() {
                history.record(event);
                if i % every == 0 {
                    rows.update(&history.timeline.read(), &query);
                }
            }
            let timeline = history.timeline.read();
            rows.update(&timeline, &query);
            let mut anew = Rows::default();
            anew.update(&timeline, &query);
            prop_assert_eq!(rows.ids(), anew.ids());
        }
    }
}
