//! Counts by kind and namespace, kept up change by change.
//!
//! Counting 100,000 objects in every frame would be the frame; a change moves one object from one
//! count to another.

use std::{collections::BTreeMap, sync::Arc};

use crate::{
    model::ReadinessStatus,
    timeline::{ChangeId, KindId, ObjectId, Timeline},
};

/// How many objects exist, and how many of them want attention.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counts {
    /// Objects that exist.
    pub live: usize,
    /// Objects that say that they failed.
    pub failed: usize,
    /// Objects that the controller has not brought to their desired state yet.
    pub busy: usize,
}

impl Counts {
    fn add(&mut self, status: ReadinessStatus) {
        self.live += 1;
        self.failed += usize::from(status == ReadinessStatus::Failed);
        self.busy += usize::from(is_busy(status));
    }

    fn remove(&mut self, status: ReadinessStatus) {
        self.live -= 1;
        self.failed -= usize::from(status == ReadinessStatus::Failed);
        self.busy -= usize::from(is_busy(status));
    }
}

fn is_busy(status: ReadinessStatus) -> bool {
    matches!(
        status,
        ReadinessStatus::InProgress | ReadinessStatus::Terminating
    )
}

/// The namespace of an object; `None` for a cluster-scoped one.
type Namespace = Option<Arc<str>>;

/// Counts of a whole context.
#[derive(Debug, Default)]
pub struct Tally {
    seen: u32,
    /// What each object was counted as, by [`ObjectId`].
    counted: Vec<Option<ReadinessStatus>>,
    counts: BTreeMap<(KindId, Namespace), Counts>,
}

impl Tally {
    /// Takes the changes that came since the last time.
    pub fn update(&mut self, timeline: &Timeline) {
        while let Some(change) = timeline.change(ChangeId(self.seen)) {
            self.seen += 1;
            self.recount(timeline, change.object);
        }
    }

    /// Counts of a kind, in one namespace or in all. Objects without a namespace are in each.
    #[must_use]
    pub fn of(&self, kind: KindId, namespace: Option<&Arc<str>>) -> Counts {
        let mut sum = Counts::default();
        for ((_, of), counts) in self
            .counts
            .range((kind, None)..)
            .take_while(|((k, _), _)| *k == kind)
        {
            if namespace.is_none() || of.is_none() || of.as_ref() == namespace {
                sum.live += counts.live;
                sum.failed += counts.failed;
                sum.busy += counts.busy;
            }
        }
        sum
    }

    /// The namespaces that have objects, by name.
    #[must_use]
    pub fn namespaces(&self) -> Vec<Arc<str>> {
        let mut names: Vec<_> = self
            .counts
            .iter()
            .filter(|(_, counts)| counts.live > 0)
            .filter_map(|((_, namespace), _)| namespace.clone())
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    fn recount(&mut self, timeline: &Timeline, id: ObjectId) {
        let Some(object) = timeline.object(id) else {
            return;
        };
        let index = id.0 as usize;
        if self.counted.len() <= index {
            self.counted.resize(index + 1, None);
        }
        let now = object.live.as_ref().map(|live| live.readiness.status);
        if self.counted[index] == now {
            return;
        }
        let counts = self
            .counts
            .entry((object.kind, object.key.namespace.clone()))
            .or_default();
        if let Some(before) = self.counted[index] {
            counts.remove(before);
        }
        if let Some(now) = now {
            counts.add(now);
        }
        self.counted[index] = now;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::ui::random_history::{History, events};

    fn counted_anew(timeline: &Timeline, kind: KindId, namespace: Option<&Arc<str>>) -> Counts {
        let mut counts = Counts::default();
        let objects = timeline
            .kind(kind)
            .into_iter()
            .flat_map(|kind| kind.objects());
        for object in objects.filter_map(|id| timeline.object(id)) {
            let here = namespace.is_none() || object.key.namespace.as_ref() == namespace;
            if let Some(live) = object.live.as_ref().filter(|_| here) {
                counts.add(live.readiness.status);
            }
        }
        counts
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]
        #[test]
        fn counts_kept_up_are_counts_made_anew(events in events(), every in 1..9usize) {
            let mut history = History::new();
            let mut tally = Tally::default();
            for (i, event) in events.iter().enumerate() {
                history.record(event);
                if i % every == 0 {
                    tally.update(&history.timeline.read());
                }
            }
            let timeline = history.timeline.read();
            tally.update(&timeline);
            let namespace: Arc<str> = "ns-1".into();
            for (kind, _) in timeline.kinds() {
                for namespace in [None, Some(&namespace)] {
                    let anew = counted_anew(&timeline, kind, namespace);
                    prop_assert_eq!(tally.of(kind, namespace), anew);
                }
            }
        }
    }
}
