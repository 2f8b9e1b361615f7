//! The rules of the tracker, one by one.

use std::{sync::Arc, time::Duration};

use super::{
    LatencyMethod, LatencyQuery, LatencyRule, LatencySummary, ReadySign, ReconcileSample,
    ReconcileSignal, ReconcileTrigger, SampleState, StoredSignal, tracker::LatencyTracker,
    tracker::Step,
};
use crate::{
    model::{ChangeKind, Gap, GapCause, Generation, Moment, Provenance, Touched},
    timeline::{ChangeEntry, ChangeId, ObjectId},
};

const USER: u32 = 0;
const CONTROLLER: u32 = 1;
const MS: u64 = 1_000;

/// A history that is told step by step.
#[derive(Default)]
struct Story {
    tracker: LatencyTracker,
    entries: Vec<ChangeEntry>,
    now: u64,
}

/// One step; [`Story::step`] takes it.
#[derive(Clone, Copy)]
struct Write {
    object: u32,
    change: ChangeKind,
    provenance: Provenance,
    generation: Option<i64>,
    touches: Touched,
    manager: u32,
    signal: StoredSignal,
}

const SPEC: Touched = touched(true, false, false);
const STATUS: Touched = touched(false, true, false);

const fn touched(spec: bool, status: bool, metadata: bool) -> Touched {
    Touched {
        spec,
        status,
        metadata,
        heartbeat: false,
    }
}

/// A write of the spec by the user, with the status as it stands.
fn spec(generation: i64, signal: StoredSignal) -> Write {
    Write {
        object: 0,
        change: ChangeKind::Modified,
        provenance: Provenance::Watch,
        generation: Some(generation),
        touches: SPEC,
        manager: USER,
        signal,
    }
}

/// A write of the status by the controller.
fn status(generation: i64, signal: StoredSignal) -> Write {
    Write {
        touches: STATUS,
        manager: CONTROLLER,
        ..spec(generation, signal)
    }
}

fn added(provenance: Provenance, generation: i64, signal: StoredSignal) -> Write {
    Write {
        change: ChangeKind::Added,
        provenance,
        ..spec(generation, signal)
    }
}

fn signs(signs: &[(ReadySign, bool)]) -> StoredSignal {
    let mut signal = StoredSignal::default();
    for (sign, holds) in signs {
        signal.signs_shown |= sign.bit();
        signal.signs_hold |= if *holds { sign.bit() } else { 0 };
    }
    signal
}

/// `status.observedGeneration` and a `Ready` condition.
fn at(observed: i64, ready: bool) -> StoredSignal {
    StoredSignal {
        by_status: Some(observed),
        ..signs(&[(ReadySign::Ready, ready)])
    }
}

fn suspended(signal: StoredSignal) -> StoredSignal {
    StoredSignal { flags: 2, ..signal }
}

fn deleting(signal: StoredSignal) -> StoredSignal {
    StoredSignal { flags: 1, ..signal }
}

impl Story {
    /// Begins with an object that was there and at rest.
    fn at_rest(generation: i64, signal: StoredSignal) -> Self {
        let mut story = Self::default();
        story.step(0, added(Provenance::InitialList, generation, signal));
        story
    }

    fn moment(&self) -> Moment {
        Moment {
            wall: 0,
            monotonic: 7_000_000 + self.now,
        }
    }

    fn step(&mut self, ms: u64, write: Write) -> &mut Self {
        self.now += ms * MS;
        let id = ChangeId(u32::try_from(self.entries.len()).unwrap());
        let entry = ChangeEntry {
            object: ObjectId(write.object),
            incarnation: 0,
            change: write.change,
            provenance: write.provenance,
            touches: write.touches,
            at: self.moment(),
            resource_version: "1".into(),
            generation: write.generation.map(Generation),
            signal: ReconcileSignal::from_stored(write.signal),
            revision: 0,
            managers: [write.manager].into(),
            paths: [].into(),
        };
        let restart = self.tracker.observe(id, &entry);
        self.entries.push(entry);
        if restart.0 {
            let steps = (0u32..)
                .zip(&self.entries)
                .map(|(id, entry)| Step::Change(ChangeId(id), entry));
            self.tracker.remeasure(steps);
        }
        self
    }

    fn gone(&mut self, ms: u64, provenance: Provenance) -> &mut Self {
        let gone = Write {
            change: ChangeKind::Deleted,
            provenance,
            touches: Touched::default(),
            ..spec(1, StoredSignal::default())
        };
        self.step(ms, gone)
    }

    fn samples(&self) -> &[ReconcileSample] {
        self.tracker.samples()
    }

    fn only(&self) -> &ReconcileSample {
        let [only] = self.samples() else {
            panic!("{:?}", self.samples())
        };
        only
    }

    fn states(&self) -> Vec<SampleState> {
        self.samples().iter().map(|sample| sample.state).collect()
    }

    fn summary(&self, query: LatencyQuery) -> LatencySummary {
        let now = Some(self.moment());
        let query = LatencyQuery { now, ..query };
        LatencySummary::of(self.samples(), self.tracker.measure(), &query)
    }
}

fn ms(value: u64) -> Option<Duration> {
    Some(Duration::from_millis(value))
}

use SampleState::{Abandoned, CutOff, Done, Failed, Open, Superseded, Suspended};

#[test]
fn observed_then_ready() {
    let mut story = Story::at_rest(1, at(1, true));
    story.step(5, spec(2, at(1, true)));
    story.step(40, status(2, at(2, false)));
    assert!(story.only().is_open());
    story.step(60, status(2, at(2, true)));
    let sample = story.only();
    assert_eq!(sample.observed_latency(), ms(40));
    assert_eq!(sample.ready_latency(), ms(100));
    assert!(sample.is_exact() && sample.state == Done);
    assert_eq!(sample.opened_by, ChangeId(1));
    assert_eq!(sample.observed_by(), Some(ChangeId(2)));
    assert_eq!(sample.ended_by(), Some(ChangeId(3)));
}

#[test]
fn a_status_for_the_generation_before_ends_nothing() {
    let mut story = Story::at_rest(1, at(1, true));
    story.step(5, spec(2, at(1, true)));
    story.step(10, status(2, at(1, true)));
    assert!(story.only().is_open() && story.only().observed_latency().is_none());
}

#[test]
fn a_creation_runs_to_the_first_ready_whatever_changes_meanwhile() {
    let mut story = Story::default();
    story.step(0, added(Provenance::Watch, 1, StoredSignal::default()));
    story.step(10, spec(2, StoredSignal::default()));
    story.step(10, status(2, at(2, false)));
    story.step(10, status(2, at(2, true)));
    let [created, changed] = story.samples() else {
        panic!("{:?}", story.samples())
    };
    assert_eq!(created.trigger, ReconcileTrigger::Created);
    assert_eq!(
        (created.observed_latency(), created.ready_latency()),
        (ms(20), ms(30))
    );
    assert_eq!(changed.trigger, ReconcileTrigger::SpecChanged);
    assert_eq!(changed.ready_latency(), ms(20));
}

#[test]
fn a_listed_object_at_rest_is_no_sample_and_a_lagging_one_is_inexact() {
    assert!(Story::at_rest(4, at(4, true)).samples().is_empty());
    let mut story = Story::at_rest(3, at(2, true));
    assert!(story.only().is_open() && !story.only().is_exact());
    story.step(10, status(3, at(3, true)));
    assert!(story.only().state == Done && !story.only().is_exact());
    let exact = story.summary(LatencyQuery::default());
    assert_eq!(
        (exact.count, exact.inexact, exact.ready_estimate),
        (0, 1, None)
    );
    let all = LatencyQuery {
        include_inexact: true,
        ..LatencyQuery::default()
    };
    assert_eq!(story.summary(all).count, 1);
}

#[test]
fn a_spec_changed_again_supersedes_and_is_censored() {
    let mut story = Story::at_rest(1, at(1, true));
    story.step(10, spec(2, at(1, true)));
    story.step(10, spec(3, at(1, true)));
    story.step(10, status(3, at(2, true)));
    assert_eq!(story.states(), [Superseded, Open]);
    story.step(10, status(3, at(3, true)));
    assert_eq!(story.states(), [Superseded, Done]);
    let summary = story.summary(LatencyQuery::default());
    assert_eq!((summary.count, summary.superseded, summary.open), (1, 1, 0));
    assert_eq!(summary.ready, Some([Duration::from_millis(20); 3]));
    let estimate = summary.ready_estimate.unwrap();
    assert_eq!((estimate.quantiles[0], estimate.censored), (ms(20), 1));
}

#[test]
fn observed_before_it_is_superseded_counts_as_observed() {
    let mut story = Story::at_rest(1, at(1, true));
    story.step(10, spec(2, at(1, true)));
    story.step(10, status(2, at(2, false)));
    story.step(10, spec(3, at(2, false)));
    let summary = story.summary(LatencyQuery::default());
    assert_eq!(summary.observed, Some([Duration::from_millis(10); 3]));
    assert_eq!((summary.ready, summary.superseded), (None, 1));
}

#[test]
fn a_generation_that_jumps_opens_one_sample_for_the_newest() {
    let mut story = Story::at_rest(1, at(1, true));
    story.step(10, spec(5, at(1, true)));
    story.step(10, status(5, at(4, true)));
    assert!(story.only().is_open(), "4 is not 5");
    story.step(10, status(5, at(5, true)));
    assert_eq!(story.only().ready_latency(), ms(20));
}

#[test]
fn a_suspended_object_is_neither_open_nor_in_the_quantiles_until_it_is_resumed() {
    let mut story = Story::at_rest(1, at(1, true));
    story.step(10, spec(2, at(1, true)));
    story.step(10, spec(3, suspended(at(1, true))));
    assert_eq!(story.states(), [Suspended, Suspended]);
    assert!(story.tracker.open(ObjectId(0)).is_none());
    story.step(9_000, spec(4, at(1, true)));
    story.step(30, status(4, at(4, true)));
    let resumed = story.samples()[2];
    assert_eq!(resumed.ready_latency(), ms(30));
    let summary = story.summary(LatencyQuery::default());
    assert_eq!((summary.count, summary.suspended, summary.open), (1, 2, 0));
    assert_eq!(summary.ready_estimate.unwrap().censored, 0);
}

#[test]
fn an_annotation_suspends_and_resumes_without_a_generation() {
    let annotate = |write: Write| Write {
        touches: touched(false, false, true),
        ..write
    };
    let mut story = Story::at_rest(1, at(1, true));
    story.step(10, annotate(spec(1, suspended(at(1, true)))));
    story.step(10, annotate(spec(1, at(1, true))));
    assert!(story.samples().is_empty(), "nothing waited");
    story.step(10, annotate(spec(1, suspended(at(1, true)))));
    story.step(10, spec(2, suspended(at(1, true))));
    story.step(10, annotate(spec(2, at(1, true))));
    story.step(10, status(2, at(2, true)));
    assert_eq!(story.states(), [Suspended, Done]);
    assert_eq!(story.samples()[1].ready_latency(), ms(10));
}

#[test]
fn a_ready_condition_alone_needs_a_status_write_after_the_change() {
    let ready = |ready| signs(&[(ReadySign::Ready, ready)]);
    let mut story = Story::at_rest(1, ready(true));
    story.step(10, spec(2, ready(true)));
    assert!(story.only().is_open());
    story.step(20, status(2, ready(false)));
    story.step(20, status(2, ready(true)));
    assert_eq!(story.only().ready_latency(), ms(40));
    assert_eq!(story.only().observed_latency(), None);
    let measure = story.tracker.measure();
    assert_eq!(measure.method, Some(LatencyMethod::ReadyCondition));
}

#[test]
fn a_better_method_measures_the_whole_history_again() {
    // The first object tells by its phase only, the second by a generation.
    let phase = signs(&[(ReadySign::PhaseUp, true)]);
    let mut story = Story::at_rest(1, phase);
    story.step(10, spec(2, phase));
    story.step(10, status(2, phase));
    let by_phase = LatencyMethod::OtherSign(ReadySign::PhaseUp);
    assert_eq!(story.tracker.measure().method, Some(by_phase));
    assert_eq!(story.states(), [Done]);
    let other = added(Provenance::InitialList, 3, at(3, true));
    story.step(10, Write { object: 1, ..other });
    let method = Some(LatencyMethod::StatusObservedGeneration);
    assert_eq!(story.tracker.measure().method, method);
    assert_eq!(story.tracker.measure().ready, Some(ReadySign::Ready));
    // By the kind's method now, neither the first object's creation nor its change was observed yet.
    assert_eq!(story.states(), [Open, Open]);
}

#[test]
fn a_frozen_generation_is_passed_over_until_it_moves() {
    let mut story = Story::at_rest(1, at(1, true));
    for generation in 2..5 {
        assert_eq!(
            story.tracker.measure().method,
            Some(LatencyMethod::StatusObservedGeneration)
        );
        story.step(100, spec(generation, at(1, true)));
        story.step(10, status(generation, at(1, false)));
        story.step(10, status(generation, at(1, true)));
    }
    assert_eq!(
        story.tracker.measure().method,
        Some(LatencyMethod::ReadyCondition)
    );
    assert_eq!(story.states(), [Done, Done, Done]);
    story.step(10, status(4, at(4, true)));
    let method = Some(LatencyMethod::StatusObservedGeneration);
    assert_eq!(story.tracker.measure().method, method, "it moved");
    assert_eq!(story.states(), [Superseded, Superseded, Done]);
}

#[test]
fn the_controllers_own_changes_are_kept_apart_and_supersede_no_user() {
    let mut story = Story::at_rest(1, at(1, true));
    story.step(0, status(1, at(1, true)));
    story.step(10, spec(2, at(1, true)));
    let own = Write {
        manager: CONTROLLER,
        ..spec(3, at(1, true))
    };
    story.step(10, own);
    story.step(10, status(3, at(3, true)));
    let [user, own] = story.samples() else {
        panic!("{:?}", story.samples())
    };
    assert!(!user.by_controller && own.by_controller);
    assert_eq!(
        (user.ready_latency(), own.ready_latency()),
        (ms(20), ms(10))
    );
    let summary = story.summary(LatencyQuery::default());
    assert_eq!(
        (summary.count, summary.by_controller, summary.superseded),
        (1, 1, 0)
    );
}

#[test]
fn defaulting_before_the_first_status_is_known_as_the_controllers_afterwards() {
    let mut story = Story::default();
    story.step(0, added(Provenance::Watch, 1, StoredSignal::default()));
    let own = Write {
        manager: CONTROLLER,
        ..spec(2, StoredSignal::default())
    };
    story.step(5, own);
    story.step(5, status(2, at(2, true)));
    let [created, own] = story.samples() else {
        panic!("{:?}", story.samples())
    };
    assert!(own.by_controller && !created.by_controller);
    assert_eq!(created.ready_latency(), ms(10));
}

#[test]
fn a_status_that_bumps_the_generation_asks_for_nothing() {
    // No status subresource: every write bumps.
    let mut story = Story::at_rest(7, at(6, true));
    assert_eq!(story.states(), [Open], "as if it lagged");
    story.step(10, status(8, at(7, true)));
    assert!(story.tracker.measure().status_bumps_generation);
    assert!(story.samples().is_empty(), "it is at rest");
    story.step(10, spec(9, at(7, true)));
    story.step(10, status(10, at(9, true)));
    assert_eq!(story.only().ready_latency(), ms(10));
}

#[test]
fn without_generations_the_spec_itself_opens() {
    let none = |write: Write| Write {
        generation: None,
        ..write
    };
    let ready = |ready| signs(&[(ReadySign::Ready, ready)]);
    let mut story = Story::default();
    story.step(0, none(added(Provenance::InitialList, 0, ready(true))));
    story.step(10, none(spec(0, ready(true))));
    story.step(10, none(status(0, ready(true))));
    assert_eq!(story.only().ready_latency(), ms(10));
}

#[test]
fn a_deletion_runs_from_its_request_until_the_object_is_gone() {
    let mut story = Story::at_rest(1, at(1, true));
    story.step(10, spec(2, at(1, true)));
    let request = Write {
        touches: touched(false, false, true),
        ..spec(3, deleting(at(1, true)))
    };
    story.step(10, request);
    story.step(50, status(3, deleting(at(3, false))));
    story.gone(50, Provenance::Watch);
    let [changed, deleted] = story.samples() else {
        panic!("{:?}", story.samples())
    };
    assert_eq!(
        (changed.state, changed.ended_latency()),
        (Abandoned, ms(10))
    );
    assert_eq!(deleted.trigger, ReconcileTrigger::Deleted);
    assert_eq!(deleted.ready_latency(), ms(100));
    assert!(deleted.is_exact());
    let trigger = ReconcileTrigger::Deleted;
    let summary = story.summary(LatencyQuery {
        trigger,
        ..LatencyQuery::default()
    });
    assert_eq!(
        (summary.count, summary.ready),
        (1, Some([Duration::from_millis(100); 3]))
    );
}

#[test]
fn an_object_that_is_found_being_deleted_is_inexact() {
    let mut story = Story::at_rest(2, deleting(at(1, true)));
    assert_eq!(story.only().trigger, ReconcileTrigger::Deleted);
    story.gone(10, Provenance::Watch);
    assert!(story.only().state == Done && !story.only().is_exact());
}

fn gap(from: u64, to: u64) -> Gap {
    let moment = |ms: u64| Moment {
        wall: 0,
        monotonic: 7_000_000 + ms * MS,
    };
    Gap {
        from: moment(from),
        to: moment(to),
        cause: GapCause::Expired,
        kind: None,
    }
}

#[test]
fn what_a_relist_ends_is_censored_where_the_gap_begins() {
    let mut story = Story::at_rest(1, at(1, true));
    story.step(10, spec(2, at(1, true)));
    let found = Write {
        provenance: Provenance::Relist,
        ..status(2, at(2, true))
    };
    story.step(100, found);
    story.tracker.gap(&gap(40, 110));
    let sample = story.only();
    assert!(sample.state == Done && !sample.is_exact());
    assert_eq!(sample.watched_for(), ms(30));
    let summary = story.summary(LatencyQuery::default());
    assert_eq!(
        (summary.count, summary.ready, summary.inexact),
        (0, None, 1)
    );
    assert_eq!(summary.ready_estimate.unwrap().censored, 1);
}

#[test]
fn a_gap_makes_what_is_open_inexact_and_leaves_what_came_before_it() {
    let mut story = Story::at_rest(1, at(1, true));
    story.step(10, spec(2, at(1, true)));
    story.step(10, status(2, at(2, false)));
    story.now = 60 * MS;
    story.tracker.gap(&gap(40, 60));
    story.step(10, status(2, at(2, true)));
    let sample = story.only();
    assert!(sample.is_exact_to(sample.observed_latency().unwrap()) && !sample.is_exact());
    let summary = story.summary(LatencyQuery::default());
    assert_eq!(summary.observed, Some([Duration::from_millis(10); 3]));
    assert_eq!(summary.ready, None);
}

#[test]
fn a_recording_that_ends_cuts_off_what_is_open() {
    let mut story = Story::at_rest(1, at(1, true));
    story.step(10, spec(2, at(1, true)));
    story.step(10, status(2, at(1, true)));
    story.tracker.recording_ends(story.moment());
    // The clock of the next recording begins anew.
    story.now = 0;
    story.step(0, added(Provenance::InitialList, 2, at(2, true)));
    assert_eq!(story.only().state, CutOff);
    assert_eq!(story.only().ended_latency(), ms(10));
    story.step(5, spec(3, at(2, true)));
    story.step(5, status(3, at(3, true)));
    assert_eq!(story.samples()[1].ready_latency(), ms(5));
}

#[test]
fn a_controller_that_gives_up_ends_a_sample_without_a_latency() {
    let failed = StoredSignal {
        flags: 4,
        ..at(2, false)
    };
    let mut story = Story::at_rest(1, at(1, true));
    story.step(10, spec(2, at(1, true)));
    story.step(10, status(2, failed));
    assert_eq!(story.states(), [Failed]);
    assert_eq!(story.only().ready_latency(), None);
    assert_eq!(story.only().observed_latency(), ms(10));
}

#[test]
fn an_object_whose_controller_does_not_tell_as_its_kind_does_is_not_awaited() {
    let mut story = Story::at_rest(1, at(1, true));
    let other = |write: Write| Write { object: 1, ..write };
    let ready = signs(&[(ReadySign::Ready, true)]);
    story.step(0, other(added(Provenance::InitialList, 3, ready)));
    assert!(story.samples().is_empty());
    story.step(10, other(spec(4, ready)));
    story.step(10, other(status(4, ready)));
    assert_eq!(story.states(), [SampleState::NotTold]);
    let summary = story.summary(LatencyQuery::default());
    assert_eq!(
        (summary.open, summary.not_told, summary.ready_estimate),
        (0, 1, None)
    );
}

#[test]
fn a_kind_that_tells_nothing_has_no_samples_but_deletions() {
    let nothing = StoredSignal::default();
    let mut story = Story::default();
    story.step(0, added(Provenance::Watch, 1, nothing));
    story.step(10, spec(2, nothing));
    assert!(story.samples().is_empty() && story.tracker.measure().method.is_none());
    story.step(10, spec(3, deleting(nothing)));
    story.gone(10, Provenance::Watch);
    assert_eq!(story.only().ready_latency(), ms(10));
}

#[test]
fn without_a_sign_of_readiness_observed_is_the_end() {
    let seen = |observed| StoredSignal {
        by_status: Some(observed),
        ..StoredSignal::default()
    };
    let mut story = Story::at_rest(1, seen(1));
    story.step(10, spec(2, seen(1)));
    story.step(10, status(2, seen(2)));
    let sample = story.only();
    assert_eq!((sample.state, sample.ready_latency()), (Done, None));
    let summary = story.summary(LatencyQuery::default());
    assert_eq!((summary.count, summary.ready), (1, None));
    assert_eq!(summary.observed, Some([Duration::from_millis(10); 3]));
}

#[test]
fn what_the_user_sets_comes_first() {
    let rule =
        |text: &str| Arc::new(LatencyRule::new(&serde_json::from_str(text).unwrap()).unwrap());
    let method_by = |text| {
        let mut story = Story {
            tracker: LatencyTracker::new(Some(rule(text))),
            ..Story::default()
        };
        story.step(0, added(Provenance::InitialList, 1, at(1, true)));
        story.tracker.measure().method
    };
    let ready = method_by(r#"{"kind":"a.b","method":"readyOnly"}"#);
    assert_eq!(ready, Some(LatencyMethod::ReadyCondition));
    assert_eq!(method_by(r#"{"kind":"a.b","method":"notSupported"}"#), None);
    let learned = method_by(r#"{"kind":"a.b"}"#);
    assert_eq!(learned, Some(LatencyMethod::StatusObservedGeneration));
}

#[test]
fn open_samples_raise_the_estimate_with_time() {
    let mut story = Story::at_rest(1, at(1, true));
    story.step(10, spec(2, at(1, true)));
    story.step(10, status(2, at(2, true)));
    story.step(10, spec(3, at(2, true)));
    story.step(
        90_000,
        Write {
            object: 9,
            ..added(Provenance::InitialList, 1, at(1, true))
        },
    );
    let summary = story.summary(LatencyQuery::default());
    assert_eq!((summary.count, summary.open), (1, 1));
    assert_eq!(summary.ready, Some([Duration::from_millis(10); 3]));
    let estimate = summary.ready_estimate.unwrap();
    assert_eq!(estimate.quantiles, [ms(10), None, None]);
    assert_eq!(estimate.censored, 1);
}
