//! Follows the objects of a kind and makes reconcile samples of what their revisions tell.

use std::collections::HashMap;

use super::{ChangeEntry, LatencyMethod, ObjectId, ReconcileSample, ReconcileTrigger};
use crate::model::{ChangeKind, Generation, Provenance};

/// Superseded samples of one object that still wait to be observed. A hot object whose controller
/// is away would otherwise collect them without end.
const SUPERSEDED_KEPT: usize = 8;

/// Follows the objects of one kind and makes samples of what their revisions tell.
#[derive(Debug, Default)]
pub(super) struct LatencyTracker {
    samples: Vec<ReconcileSample>,
    objects: HashMap<ObjectId, Progress>,
    method: Option<LatencyMethod>,
    has_ready: bool,
}

/// Where one object stands.
#[derive(Debug, Default)]
struct Progress {
    generation: Option<Generation>,
    /// Samples still awaited, oldest first.
    open: Vec<usize>,
}

impl LatencyTracker {
    pub(super) fn samples(&self) -> &[ReconcileSample] {
        &self.samples
    }

    /// The most reliable method that any object of the kind allows.
    pub(super) fn method(&self) -> Option<LatencyMethod> {
        self.method
    }

    /// The sample that an object is waiting for, if any.
    pub(super) fn open(&self, object: ObjectId) -> Option<&ReconcileSample> {
        let newest = self.objects.get(&object)?.open.last()?;
        self.samples
            .get(*newest)
            .filter(|sample| sample.method.or(self.method).is_some())
    }

    /// Takes the next change of an object, in order.
    pub(super) fn observe(&mut self, change: &ChangeEntry) {
        let signal = change.signal;
        self.method = match (self.method, signal.method) {
            (Some(known), Some(new)) => Some(known.min(new)),
            (known, new) => known.or(new),
        };
        self.has_ready |= signal.ready.is_some();
        let progress = self.objects.entry(change.object).or_default();
        match change.change {
            ChangeKind::Deleted => {
                for index in progress.open.drain(..) {
                    let sample = &mut self.samples[index];
                    sample.abandoned = true;
                    sample.closed = true;
                }
                self.objects.remove(&change.object);
                return;
            }
            ChangeKind::Added => {
                let seen_before = change.provenance == Provenance::InitialList;
                let observed = match signal.method {
                    Some(LatencyMethod::ReadyCondition) => true,
                    Some(_) => signal.observed >= change.generation.map(|g| g.0),
                    None => false,
                };
                if let Some(generation) = change.generation
                    && (!seen_before || !observed)
                {
                    let trigger = if generation.0 <= 1 {
                        ReconcileTrigger::Created
                    } else {
                        ReconcileTrigger::SpecChanged
                    };
                    progress.open.push(self.samples.len());
                    self.samples.push(opened(change, generation, trigger));
                }
            }
            ChangeKind::Modified
                if change.generation > progress.generation && !requests_deletion(change) =>
            {
                for index in &progress.open {
                    let sample = &mut self.samples[*index];
                    sample.superseded = true;
                    sample.closed |= sample.observed_at.is_some();
                }
                progress.open.retain(|index| !self.samples[*index].closed);
                while progress.open.len() > SUPERSEDED_KEPT {
                    self.samples[progress.open.remove(0)].closed = true;
                }
                if let Some(generation) = change.generation {
                    progress.open.push(self.samples.len());
                    self.samples
                        .push(opened(change, generation, ReconcileTrigger::SpecChanged));
                }
            }
            ChangeKind::Modified => {}
        }
        progress.generation = change.generation;
        let has_ready = self.has_ready;
        for index in &progress.open {
            advance(&mut self.samples[*index], change, has_ready);
        }
        progress.open.retain(|index| !self.samples[*index].closed);
    }
}

/// A request for deletion bumps the generation as well, with nothing but metadata, and asks for no
/// reconcile.
fn requests_deletion(change: &ChangeEntry) -> bool {
    change.touches.metadata && !change.touches.spec && change.provenance == Provenance::Watch
}

fn opened(
    change: &ChangeEntry,
    generation: Generation,
    trigger: ReconcileTrigger,
) -> ReconcileSample {
    ReconcileSample {
        object: change.object,
        generation,
        trigger,
        spec_seen_at: change.at,
        observed_at: None,
        ready_at: None,
        method: None,
        exact: change.provenance == Provenance::Watch,
        superseded: false,
        abandoned: false,
        closed: false,
    }
}

/// Brings an open sample forward by what a revision says.
fn advance(sample: &mut ReconcileSample, change: &ChangeEntry, kind_has_ready: bool) {
    let signal = change.signal;
    let Some(method) = signal.method else { return };
    let seen_as_it_happened = change.provenance == Provenance::Watch;
    match (method, signal.observed) {
        (LatencyMethod::ReadyCondition, _) => {
            if change.touches.status && signal.ready == Some(true) {
                sample.ready_at = (!sample.superseded).then_some(change.at);
                sample.closed = true;
            }
        }
        (_, Some(observed)) if observed >= sample.generation.0 => {
            // A later generation was observed: when this one was, nobody can say.
            if observed > sample.generation.0 && sample.superseded {
                sample.closed = true;
            } else if sample.observed_at.is_none() {
                sample.observed_at = Some(change.at);
                sample.exact &= seen_as_it_happened;
            }
            match signal.ready {
                _ if sample.superseded => sample.closed = true,
                Some(true) => {
                    sample.ready_at = Some(change.at);
                    sample.closed = true;
                }
                Some(false) => {}
                None => sample.closed |= !kind_has_ready,
            }
        }
        _ => return,
    }
    sample.method = Some(method);
    if sample.closed {
        sample.exact &= seen_as_it_happened;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Touched;
    use crate::{
        model::{Json, Moment},
        timeline::ReconcileSignal,
    };

    const STATUS: Option<LatencyMethod> = Some(LatencyMethod::StatusObservedGeneration);

    struct Story {
        tracker: LatencyTracker,
        now: u64,
    }

    impl Story {
        fn new() -> Self {
            Self {
                tracker: LatencyTracker::default(),
                now: 0,
            }
        }

        fn step(
            &mut self,
            ms: u64,
            change: ChangeKind,
            provenance: Provenance,
            generation: i64,
            signal: ReconcileSignal,
        ) {
            self.now += ms * 1_000;
            self.tracker.observe(&ChangeEntry {
                object: ObjectId(0),
                incarnation: 0,
                change,
                provenance,
                touches: Touched {
                    spec: true,
                    status: true,
                    ..Touched::default()
                },
                at: Moment {
                    wall: 0,
                    monotonic: self.now,
                },
                resource_version: "1".into(),
                generation: Some(Generation(generation)),
                signal,
                revision: 0,
                managers: [].into(),
                paths: [].into(),
            });
        }

        fn modified(&mut self, ms: u64, generation: i64, signal: ReconcileSignal) {
            self.step(
                ms,
                ChangeKind::Modified,
                Provenance::Watch,
                generation,
                signal,
            );
        }

        fn listed(generation: i64, signal: ReconcileSignal) -> Self {
            let mut story = Self::new();
            story.step(
                0,
                ChangeKind::Added,
                Provenance::InitialList,
                generation,
                signal,
            );
            story
        }

        fn only(&self) -> &ReconcileSample {
            assert_eq!(
                self.tracker.samples().len(),
                1,
                "{:?}",
                self.tracker.samples()
            );
            &self.tracker.samples()[0]
        }
    }

    fn at(observed: i64, ready: bool) -> ReconcileSignal {
        ReconcileSignal {
            observed: Some(observed),
            method: STATUS,
            ready: Some(ready),
        }
    }

    fn ms(value: u64) -> Option<std::time::Duration> {
        Some(std::time::Duration::from_millis(value))
    }

    #[test]
    fn observed_then_ready() {
        let mut story = Story::listed(1, at(1, true));
        story.modified(5, 2, at(1, true));
        story.modified(40, 2, at(2, false));
        assert!(story.only().is_open());
        story.modified(60, 2, at(2, true));
        let sample = story.only();
        assert_eq!(
            (sample.observed_latency(), sample.ready_latency()),
            (ms(40), ms(100))
        );
        assert!(sample.exact && sample.closed);
    }

    #[test]
    fn a_creation_is_a_sample_and_a_listed_object_that_is_current_is_not() {
        let mut story = Story::new();
        story.step(
            0,
            ChangeKind::Added,
            Provenance::Watch,
            1,
            ReconcileSignal::default(),
        );
        story.modified(30, 1, at(1, true));
        assert_eq!(story.only().trigger, ReconcileTrigger::Created);
        assert_eq!(story.only().ready_latency(), ms(30));
        assert!(Story::listed(4, at(4, true)).tracker.samples().is_empty());
    }

    #[test]
    fn a_lagging_object_in_the_list_is_open_and_inexact() {
        let mut story = Story::listed(3, at(2, true));
        assert!(story.only().is_open() && !story.only().exact);
        story.modified(10, 3, at(3, true));
        assert!(story.only().closed && !story.only().exact);
    }

    #[test]
    fn a_spec_changed_again_supersedes() {
        let mut story = Story::listed(1, at(1, true));
        story.modified(10, 2, at(1, true));
        story.modified(10, 3, at(1, true));
        story.modified(10, 3, at(3, true));
        let [first, second] = story.tracker.samples() else {
            panic!("two samples")
        };
        assert!(first.superseded && first.closed && first.observed_at.is_none());
        assert_eq!(second.ready_latency(), ms(10));
    }

    #[test]
    fn an_older_generation_observed_late_still_counts_as_observed() {
        let mut story = Story::listed(1, at(1, true));
        story.modified(10, 2, at(1, true));
        story.modified(10, 3, at(1, true));
        story.modified(10, 3, at(2, true));
        let first = &story.tracker.samples()[0];
        assert_eq!(first.observed_latency(), ms(20));
        assert_eq!(first.ready_latency(), None);
        assert!(story.tracker.samples()[1].is_open());
    }

    #[test]
    fn a_ready_condition_alone_needs_a_status_write_after_the_bump() {
        let only_ready = |ready| ReconcileSignal {
            observed: None,
            method: Some(LatencyMethod::ReadyCondition),
            ready: Some(ready),
        };
        let mut story = Story::listed(1, only_ready(true));
        story.tracker.observe(&ChangeEntry {
            touches: Touched {
                spec: true,
                ..Touched::default()
            },
            ..entry(2, only_ready(true), 1_000)
        });
        assert!(story.only().is_open());
        story.now = 1_000;
        story.modified(20, 2, only_ready(false));
        story.modified(20, 2, only_ready(true));
        assert_eq!(story.only().ready_latency(), ms(40));
        assert_eq!(story.only().method, Some(LatencyMethod::ReadyCondition));
    }

    fn entry(generation: i64, signal: ReconcileSignal, monotonic: u64) -> ChangeEntry {
        ChangeEntry {
            object: ObjectId(0),
            incarnation: 0,
            change: ChangeKind::Modified,
            provenance: Provenance::Watch,
            touches: Touched::default(),
            at: Moment { wall: 0, monotonic },
            resource_version: "1".into(),
            generation: Some(Generation(generation)),
            signal,
            revision: 0,
            managers: [].into(),
            paths: [].into(),
        }
    }

    #[test]
    fn a_request_for_deletion_opens_no_sample() {
        let mut story = Story::listed(1, at(1, true));
        story.tracker.observe(&ChangeEntry {
            touches: Touched {
                metadata: true,
                ..Touched::default()
            },
            ..entry(2, at(1, true), 1_000)
        });
        assert!(story.tracker.samples().is_empty());
    }

    #[test]
    fn deletion_abandons_what_is_open() {
        let mut story = Story::listed(1, at(1, true));
        story.modified(10, 2, at(1, true));
        story.step(10, ChangeKind::Deleted, Provenance::Watch, 2, at(1, true));
        assert!(story.only().abandoned && story.only().closed);
    }

    #[test]
    fn a_kind_whose_objects_tell_nothing_has_no_open_samples() {
        let mut story = Story::new();
        story.step(
            0,
            ChangeKind::Added,
            Provenance::Watch,
            1,
            ReconcileSignal::default(),
        );
        assert!(story.tracker.open(ObjectId(0)).is_none());
        assert_eq!(story.tracker.method(), None);
    }

    #[test]
    fn a_route_is_observed_when_its_last_parent_has_seen_it() {
        let text = br#"{"status":{"parents":[
            {"conditions":[{"type":"Accepted","status":"True","observedGeneration":3}]},
            {"conditions":[{"type":"Accepted","status":"True","observedGeneration":2}]}]}}"#;
        let signal = ReconcileSignal::of(&Json::parse(text).unwrap());
        assert_eq!(signal.observed, Some(2));
        assert_eq!(
            signal.method,
            Some(LatencyMethod::ConditionObservedGeneration)
        );
    }

    #[test]
    fn ready_for_an_older_generation_does_not_count() {
        let text = br#"{"status":{"observedGeneration":2,"conditions":[
            {"type":"Ready","status":"True","observedGeneration":1}]}}"#;
        let signal = ReconcileSignal::of(&Json::parse(text).unwrap());
        assert_eq!(
            signal,
            ReconcileSignal {
                observed: Some(2),
                method: STATUS,
                ready: Some(false)
            }
        );
    }
}
