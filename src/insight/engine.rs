//! Keeps the answers of all rules up, change by change.

use std::{
    collections::{BTreeSet, HashMap},
    sync::Arc,
    time::{Duration, Instant},
};

use super::{
    Answer, Context, Insight, InsightSettings, Rule, SECOND, coverage,
    evidence::previous,
    held_deletion::HeldDeletion,
    micros,
    never_observed::{NeverObserved, Unobserved},
    object_state::ObjectState,
    register::{Register, Subject},
    stuck::{self, Pace, has_ended, is_observed},
    unusual_rate::UnusualRate,
};
use crate::{
    model::{ChangeKind, GapCause, Moment, Provenance},
    timeline::{ChangeEntry, ChangeId, KindId, ObjectId, ReconcileTrigger, Timeline},
};

/// After a gap, the time until what happened meanwhile has come in.
const AFTER_GAP: i64 = 5 * SECOND;
/// Changes between two looks at the clock, where time is limited.
const PORTION: u32 = 64;

/// Finds insights in a history as it grows.
///
/// Belongs to whoever shows or reports them; it holds no lock and spends no more time than it is
/// given. What it says at a moment is what [`evaluate`] says of the same history at that moment.
#[derive(Debug, Default)]
pub struct InsightEngine {
    settings: Arc<InsightSettings>,
    /// The next change to be taken.
    next: u32,
    /// Up to where time was judged (microseconds since the epoch).
    clock: i64,
    kinds: Vec<KindState>,
    objects: HashMap<ObjectId, ObjectState>,
    timers: BTreeSet<(i64, Subject)>,
    register: Register,
    /// Since when the connection is lost.
    lost_since: Option<i64>,
}

/// What is kept of one kind.
#[derive(Debug, Default)]
struct KindState {
    due: Option<i64>,
    /// The next of its samples to be taken.
    next_sample: usize,
    /// How often its history had been measured anew by then.
    measured: u32,
    pace: Pace,
    /// Whether any object tells how far its controller is.
    tells: bool,
    /// Objects that wait for their controller.
    waiting: BTreeSet<ObjectId>,
    never_observed: NeverObserved,
    unusual_rate: UnusualRate,
    /// Since when its watch is in the state that coverage tells of.
    uncovered_since: Option<i64>,
}

/// Finds what holds at a moment, and what has ended before it, from scratch.
#[must_use]
pub fn evaluate(timeline: &Timeline, now: Moment, settings: &InsightSettings) -> InsightEngine {
    let mut engine = InsightEngine::new(settings.clone());
    engine.update(timeline, now);
    engine
}

impl InsightEngine {
    /// Knows nothing yet.
    #[must_use]
    pub fn new(settings: InsightSettings) -> Self {
        Self {
            settings: Arc::new(settings),
            ..Self::default()
        }
    }

    /// The thresholds in force.
    #[must_use]
    pub fn settings(&self) -> &InsightSettings {
        &self.settings
    }

    /// What holds, most severe first, then the longest.
    #[must_use]
    pub fn active(&self) -> Vec<&Insight> {
        let mut active: Vec<_> = self.register.active().collect();
        active.sort_by_key(|insight| (insight.severity, insight.rule, insight.since));
        active
    }

    /// What holds, in no order that matters to anybody.
    pub fn unsorted(&self) -> impl Iterator<Item = &Insight> {
        self.register.active()
    }

    /// What has ended and is still worth a line, the last to end first.
    pub fn ended(&self) -> impl Iterator<Item = &Insight> {
        let from = self.clock - micros(self.settings.keep_ended_seconds);
        self.register
            .ended()
            .filter(move |insight| insight.until.is_some_and(|until| until >= from))
    }

    /// What holds on an object.
    pub fn of_object(&self, object: ObjectId) -> impl Iterator<Item = &Insight> {
        self.register.of(Subject::Object(object))
    }

    /// Counts up whenever the list changes: what a view caches by.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.register.epoch()
    }

    /// Takes everything that came since the last time, and the time that has passed.
    pub fn update(&mut self, timeline: &Timeline, now: Moment) {
        self.take(timeline, now, None);
    }

    /// The same, for no longer than `budget`. Returns whether it is done.
    pub fn update_within(&mut self, timeline: &Timeline, now: Moment, budget: Duration) -> bool {
        self.take(timeline, now, Some(Instant::now() + budget))
    }

    /// When time alone may change the list.
    #[must_use]
    pub fn next_due(&self) -> Option<i64> {
        self.timers.first().map(|(due, _)| *due)
    }

    fn take(&mut self, timeline: &Timeline, now: Moment, end: Option<Instant>) -> bool {
        let known = u32::try_from(timeline.change_count()).unwrap_or(u32::MAX);
        if known < self.next || now.wall < self.clock {
            // Another history, or an earlier moment of it.
            *self = Self {
                settings: Arc::clone(&self.settings),
                ..Self::default()
            };
        }
        let mut taken = 0_u32;
        while let Some(change) = timeline.change(ChangeId(self.next)) {
            if change.at.wall > now.wall {
                break;
            }
            if let Some(end) = end
                && taken > 0
                && taken.is_multiple_of(PORTION)
                && Instant::now() >= end
            {
                return false;
            }
            taken += 1;
            let at = change.at.wall.max(self.clock);
            self.fire(timeline, at);
            self.clock = at;
            self.change(timeline, ChangeId(self.next), change);
            self.next += 1;
        }
        self.fire(timeline, now.wall);
        self.clock = now.wall;
        self.coverage(timeline);
        true
    }

    /// Asks again, in the order of time, wherever time alone may have changed the answer before a
    /// moment.
    fn fire(&mut self, timeline: &Timeline, before: i64) {
        let mut postponed = Vec::new();
        while let Some((due, subject)) = self.timers.first().copied()
            && due < before
        {
            self.timers.pop_first();
            let kind = match subject {
                Subject::Object(id) => self.objects.get(&id).map(|state| state.kind),
                Subject::Kind(id) => Some(id),
                Subject::Context => None,
            };
            let Some((id, kind)) = kind.and_then(|id| Some((id, timeline.kind(id)?))) else {
                continue;
            };
            if !coverage::is_judged(timeline, kind) {
                postponed.push((before, subject));
                continue;
            }
            if let Some(over) = end_of_gap(timeline, id, due) {
                self.set_due(subject, Some(over + AFTER_GAP));
                continue;
            }
            match subject {
                Subject::Object(id) => self.check_object(timeline, id, due),
                Subject::Kind(id) => self.check_kind(timeline, id, due),
                Subject::Context => {}
            }
        }
        for (due, subject) in postponed {
            self.set_due(subject, Some(due));
        }
    }

    fn change(&mut self, timeline: &Timeline, id: ChangeId, change: &ChangeEntry) {
        let Some(object) = timeline.object(change.object) else {
            return;
        };
        let kind_id = object.kind;
        let at = self.clock;
        let index = kind_id.0 as usize;
        if self.kinds.len() <= index {
            self.kinds.resize_with(index + 1, KindState::default);
        }
        let kind = &mut self.kinds[index];
        kind.unusual_rate.observe(change, at);
        kind.never_observed.observe(id, change, at);
        let told_before = kind.tells;
        kind.tells |= change.signal.tells();
        if kind.due.is_none() {
            self.set_due(Subject::Kind(kind_id), Some(UnusualRate::next_due(at)));
        }
        if change.change != ChangeKind::Modified {
            self.leave(timeline, change.object);
        }
        if change.change != ChangeKind::Deleted {
            let cx = Context {
                timeline,
                settings: &self.settings,
                at,
            };
            // Most of what is listed at first is at rest: nothing is kept of it.
            let is_at_rest = change.provenance == Provenance::InitialList
                && !HeldDeletion::may_concern(cx, change);
            if !is_at_rest {
                let state = self.objects.entry(change.object).or_insert_with(|| {
                    let before = (change.change == ChangeKind::Modified)
                        .then(|| previous(timeline, change.object, id))
                        .flatten()
                        .map(|(_, change)| change);
                    ObjectState::new(kind_id, id, at, before)
                });
                (state.newest, state.changed_at) = (id, at);
                state.fight.observe(cx, id, change);
                state.hot_loop.observe(cx, id, change);
                state.flapping.observe(cx, id, change);
                state.held_deletion.observe(cx, id, change);
                if cx.settings.wants(Rule::UnauthorisedManager) {
                    state.unauthorised.observe(cx, id, change);
                }
            }
            self.open_samples(timeline, kind_id, id);
            self.written(timeline, kind_id, change);
            self.check_object(timeline, change.object, at);
        }
        if !told_before && self.kinds[index].tells {
            for waiting in self.kinds[index].waiting.clone() {
                self.check_object(timeline, waiting, at);
            }
        }
        self.await_observation(timeline, kind_id, change.touches.status);
    }

    /// A change may end that a kind is never observed; that it begins is a matter of time.
    fn await_observation(&mut self, timeline: &Timeline, id: KindId, status_written: bool) {
        let at = self.clock;
        let of = self.register.of(Subject::Kind(id));
        let holds = of
            .into_iter()
            .any(|insight| insight.rule == Rule::NeverObserved);
        if holds && status_written {
            self.check_never_observed(timeline, id, at);
            return;
        }
        let kind = &self.kinds[id.0 as usize];
        if let Some(since) = kind.never_observed.enough_since(&self.settings) {
            let least = kind.pace.least_limit(&self.settings.stuck);
            let due = since.saturating_add(least).max(at + SECOND);
            let due = earliest(kind.due, Some(due));
            self.set_due(Subject::Kind(id), due);
        }
    }

    /// Takes the reconciles that were opened by now.
    fn open_samples(&mut self, timeline: &Timeline, kind_id: KindId, newest: ChangeId) {
        let at = self.clock;
        let Some(history) = timeline.kind(kind_id) else {
            return;
        };
        let kind = &mut self.kinds[kind_id.0 as usize];
        let samples = history.samples();
        // Samples that were made anew are taken from the first, with what became of them.
        let anew = kind.measured != history.times_measured();
        if anew {
            kind.measured = history.times_measured();
            kind.next_sample = 0;
            kind.pace = Pace::default();
            for object in std::mem::take(&mut kind.waiting) {
                let state = self.objects.get_mut(&object);
                if let Some(waiting) = state.and_then(|state| state.stuck.waiting.take()) {
                    let since = waiting.since;
                    kind.never_observed.done(Unobserved { since, object });
                }
            }
        }
        let mut took = Vec::new();
        while let Some(sample) = samples.get(kind.next_sample)
            && sample.spec_seen_at.wall <= at
        {
            let index = kind.next_sample;
            kind.next_sample += 1;
            // Deletions are the subject of a rule of their own.
            if sample.trigger == ReconcileTrigger::Deleted {
                continue;
            }
            if anew && has_ended(sample, at) {
                took.extend(stuck::figure(sample));
                continue;
            }
            let state = self
                .objects
                .entry(sample.object)
                .or_insert_with(|| ObjectState::new(kind_id, newest, at, None));
            let before = state.stuck.waiting;
            let sample_before = before.and_then(|waiting| samples.get(waiting.sample));
            state.stuck.open(index, sample, sample_before);
            if let Some(before) = before {
                kind.never_observed.done(Unobserved {
                    since: before.since,
                    object: sample.object,
                });
            }
            if let Some(waiting) = state.stuck.waiting
                && !is_observed(sample, at)
            {
                kind.never_observed.wait(Unobserved {
                    since: waiting.since,
                    object: sample.object,
                });
            }
            kind.waiting.insert(sample.object);
        }
        took.sort_unstable();
        for (_, trigger, took) in took {
            kind.pace.push(trigger, took);
        }
    }

    /// Looks whether an object's wait is over.
    fn written(&mut self, timeline: &Timeline, kind_id: KindId, change: &ChangeEntry) {
        let at = self.clock;
        let (Some(state), Some(history)) =
            (self.objects.get_mut(&change.object), timeline.kind(kind_id))
        else {
            return;
        };
        let Some(waiting) = state.stuck.waiting else {
            return;
        };
        let kind = &mut self.kinds[kind_id.0 as usize];
        let sample = history.samples().get(waiting.sample);
        let unobserved = Unobserved {
            since: waiting.since,
            object: change.object,
        };
        if sample.is_some_and(|sample| is_observed(sample, at)) {
            kind.never_observed.done(unobserved);
        }
        let is_progress = change.touches.status && !change.touches.heartbeat;
        let was_measured = kind
            .pace
            .limit(waiting.trigger, &self.settings.stuck)
            .is_measured();
        if let Some((trigger, took)) = state.stuck.written(sample, at, is_progress) {
            kind.pace.push(trigger, took);
        }
        if state.stuck.waiting.is_none() {
            kind.waiting.remove(&change.object);
            kind.never_observed.done(unobserved);
        }
        let is_measured = kind
            .pace
            .limit(waiting.trigger, &self.settings.stuck)
            .is_measured();
        if is_measured && !was_measured {
            // Now that it is known what is usual, those who wait are held against it.
            for waiting in kind.waiting.clone() {
                self.check_object(timeline, waiting, at);
            }
        }
    }

    /// Asks all rules about an object.
    fn check_object(&mut self, timeline: &Timeline, id: ObjectId, at: i64) {
        let subject = Subject::Object(id);
        let settings = Arc::clone(&self.settings);
        let cx = Context {
            timeline,
            settings: &settings,
            at,
        };
        let Some(state) = self.objects.get_mut(&id) else {
            return;
        };
        let kind = &self.kinds[state.kind.0 as usize];
        let stuck = match state.stuck.waiting {
            Some(waiting) if kind.tells => {
                let limit = kind.pace.limit(waiting.trigger, &settings.stuck);
                state.stuck.check(cx, state.kind, state.newest, limit)
            }
            _ => Answer::default(),
        };
        let answers = [
            (Rule::Stuck, stuck),
            (Rule::Fight, state.fight.check(cx)),
            (Rule::HotLoop, state.hot_loop.check(cx)),
            (Rule::Flapping, state.flapping.check(cx)),
            (Rule::HeldDeletion, state.held_deletion.check(cx)),
            (Rule::UnauthorisedManager, state.unauthorised.check(cx)),
        ];
        let mut due: Option<i64> = None;
        let mut holds = false;
        for (rule, answer) in answers {
            let findings = if settings.wants(rule) {
                answer.findings
            } else {
                Vec::new()
            };
            holds |= !findings.is_empty();
            due = earliest(due, answer.due);
            self.register
                .report(timeline, (subject, rule), findings, at);
        }
        // What is at rest for longer than any window is forgotten.
        let rest = state.changed_at + longest_window(&settings);
        let waits = state.stuck.waiting.is_some() || state.held_deletion.is_asked();
        if !holds && due.is_none() && !waits {
            if at >= rest {
                self.objects.remove(&id);
                return;
            }
            due = Some(rest);
        }
        self.set_due(subject, due);
    }

    fn check_kind(&mut self, timeline: &Timeline, id: KindId, at: i64) {
        let settings = Arc::clone(&self.settings);
        let cx = Context {
            timeline,
            settings: &settings,
            at,
        };
        let Some(kind) = self.kinds.get_mut(id.0 as usize) else {
            return;
        };
        // Due at the earliest of both rules: the rate is judged only at the ends of its buckets.
        let rate = kind.unusual_rate.check(cx, id);
        if settings.wants(Rule::UnusualRate) {
            self.register.report(
                timeline,
                (Subject::Kind(id), Rule::UnusualRate),
                rate.findings,
                at,
            );
        }
        kind.due = None;
        self.set_due(Subject::Kind(id), rate.due);
        self.check_never_observed(timeline, id, at);
    }

    fn check_never_observed(&mut self, timeline: &Timeline, id: KindId, at: i64) {
        let settings = Arc::clone(&self.settings);
        let cx = Context {
            timeline,
            settings: &settings,
            at,
        };
        let Some(kind) = self.kinds.get(id.0 as usize) else {
            return;
        };
        let objects = &mut self.objects;
        let answer = kind.never_observed.check(cx, |object| {
            let state = objects.get_mut(&object)?;
            let trigger = state.stuck.waiting?.trigger;
            let limit = kind.pace.limit(trigger, &settings.stuck);
            let suspended = state.stuck.is_suspended(cx, id, state.newest);
            Some((trigger, limit, suspended))
        });
        let due = earliest(kind.due, answer.due);
        if settings.wants(Rule::NeverObserved) {
            let of = (Subject::Kind(id), Rule::NeverObserved);
            self.register.report(timeline, of, answer.findings, at);
        }
        self.set_due(Subject::Kind(id), due);
    }

    /// An incarnation is gone, or another one has come: nothing of the old one holds.
    fn leave(&mut self, timeline: &Timeline, id: ObjectId) {
        let at = self.clock;
        let subject = Subject::Object(id);
        self.set_due(subject, None);
        let Some(state) = self.objects.remove(&id) else {
            return;
        };
        self.register.forget(subject, at);
        let kind = &mut self.kinds[state.kind.0 as usize];
        if let Some(waiting) = state.stuck.waiting {
            kind.waiting.remove(&id);
            kind.never_observed.done(Unobserved {
                since: waiting.since,
                object: id,
            });
            self.check_never_observed(timeline, state.kind, at);
        }
    }

    fn set_due(&mut self, subject: Subject, due: Option<i64>) {
        let known = match subject {
            Subject::Object(id) => self.objects.get_mut(&id).map(|state| &mut state.due),
            Subject::Kind(id) => self.kinds.get_mut(id.0 as usize).map(|kind| &mut kind.due),
            Subject::Context => None,
        };
        let Some(known) = known else { return };
        if let Some(before) = std::mem::replace(known, due) {
            self.timers.remove(&(before, subject));
        }
        if let Some(due) = due {
            self.timers.insert((due, subject));
        }
    }

    /// What is not watched now: read from the state of the watches, which is no part of the history.
    fn coverage(&mut self, timeline: &Timeline) {
        let at = self.clock;
        let wanted = self.settings.wants(Rule::Coverage);
        let lost = coverage::of_context(timeline, self.lost_since.unwrap_or(at)).filter(|_| wanted);
        if lost.is_some() || self.lost_since.is_some() {
            self.lost_since = lost.as_ref().map(|finding| finding.since);
            let of = (Subject::Context, Rule::Coverage);
            self.register
                .report(timeline, of, lost.into_iter().collect(), at);
        }
        for (id, kind) in timeline.kinds() {
            let index = id.0 as usize;
            let since = self.kinds.get(index).and_then(|kind| kind.uncovered_since);
            let finding = coverage::of_kind(timeline, kind, since.unwrap_or(at)).filter(|_| wanted);
            if finding.is_none() && since.is_none() {
                continue;
            }
            if self.kinds.len() <= index {
                self.kinds.resize_with(index + 1, KindState::default);
            }
            self.kinds[index].uncovered_since = finding.as_ref().map(|finding| finding.since);
            let findings = finding.into_iter().collect();
            self.register
                .report(timeline, (Subject::Kind(id), Rule::Coverage), findings, at);
        }
    }
}

fn earliest(a: Option<i64>, b: Option<i64>) -> Option<i64> {
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

/// For how long any rule looks back at an object's changes.
fn longest_window(settings: &InsightSettings) -> i64 {
    let windows = [
        settings.fight.window_seconds,
        settings.hot_loop.window_seconds,
        settings.flapping.window_seconds,
    ];
    micros(windows.into_iter().max().unwrap_or_default()) + SECOND
}

/// The end of a gap in which a moment lies, if any. Polling is one gap after the other, and its lists
/// are as good as what they show.
fn end_of_gap(timeline: &Timeline, kind: KindId, at: i64) -> Option<i64> {
    let gaps = timeline.gaps();
    let first = gaps.partition_point(|gap| gap.to.wall + AFTER_GAP <= at);
    let mut concerned = gaps[first..].iter().filter(|gap| {
        gap.from.wall <= at
            && gap.cause != GapCause::Polled
            && gap
                .kind
                .as_ref()
                .is_none_or(|of| timeline.kind_id(of) == Some(kind))
    });
    concerned.next().map(|gap| gap.to.wall)
}
