//! Follows the objects of a kind and makes reconcile samples of what their revisions tell.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use super::{
    KindMeasure, LatencyRule, ReconcileSample, ReconcileTrigger, SampleState,
    evidence::{Evidence, Shown, is_observed, shows_ready},
    sample::observes,
};
use crate::{
    model::{ChangeKind, Gap, Moment, Provenance},
    timeline::{ChangeEntry, ChangeId, ObjectId},
};

/// Follows the objects of one kind.
///
/// The samples are at any time those that the whole history gives by the kind's present measure:
/// when [`LatencyTracker::observe`] learns a better one it says so, and the owner of the history
/// has it measured again.
#[derive(Debug, Default)]
pub(in crate::timeline) struct LatencyTracker {
    rule: Option<Arc<LatencyRule>>,
    evidence: Evidence,
    shown: HashMap<ObjectId, Shown>,
    measure: KindMeasure,
    sampler: Sampler,
    times_measured: u32,
}

/// The kind is measured in another way from now on: its history has to be measured again, change by
/// change, with [`LatencyTracker::remeasure`].
#[must_use]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::timeline) struct Restart(pub(in crate::timeline) bool);

/// One step of a kind's history, to be measured again.
#[derive(Debug, Clone, Copy)]
pub(in crate::timeline) enum Step<'a> {
    Change(ChangeId, &'a ChangeEntry),
    Gap(&'a Gap),
    /// A recording ended; another clock counts from here.
    RecordingEnds(Moment),
}

impl LatencyTracker {
    /// Follows a kind by what the user set for it, if anything.
    pub(in crate::timeline) fn new(rule: Option<Arc<LatencyRule>>) -> Self {
        Self {
            rule,
            ..Self::default()
        }
    }

    pub(in crate::timeline) fn samples(&self) -> &[ReconcileSample] {
        &self.sampler.samples
    }

    /// How often the history was measured again.
    pub(in crate::timeline) fn times_measured(&self) -> u32 {
        self.times_measured
    }

    /// How the kind is measured.
    pub(in crate::timeline) fn measure(&self) -> &KindMeasure {
        &self.measure
    }

    /// The sample that an object is waiting for, if any: the newest of a changed spec before that of
    /// its creation.
    pub(in crate::timeline) fn open(&self, object: ObjectId) -> Option<&ReconcileSample> {
        let slots = &self.sampler.objects.get(&object)?.slots;
        let newest = slots[CHANGED].or(slots[CREATED]).or(slots[OWN])?;
        self.sampler.samples.get(newest.sample as usize)
    }

    /// What the user set for the kind.
    pub(in crate::timeline) fn rule(&self) -> Option<&Arc<LatencyRule>> {
        self.rule.as_ref()
    }

    /// Takes the next change of an object, in order.
    pub(in crate::timeline) fn observe(&mut self, id: ChangeId, change: &ChangeEntry) -> Restart {
        if change.change == ChangeKind::Added {
            self.shown.remove(&change.object);
        }
        let shown = self.shown.entry(change.object).or_default();
        self.evidence.take(change, shown);
        if change.change == ChangeKind::Deleted {
            self.shown.remove(&change.object);
        }
        let restart = self.learned();
        if !restart.0 {
            self.sampler.observe(&self.measure, id, change);
        }
        restart
    }

    /// A stretch was not watched.
    pub(in crate::timeline) fn gap(&mut self, gap: &Gap) {
        self.sampler.gap(gap);
    }

    /// A recording ended at this moment; what follows is of another, with another monotonic clock.
    pub(in crate::timeline) fn recording_ends(&mut self, last: Moment) {
        self.shown.clear();
        self.sampler.recording_ends(last);
    }

    /// Measures the whole history again by the present measure.
    pub(in crate::timeline) fn remeasure<'a>(&mut self, history: impl Iterator<Item = Step<'a>>) {
        self.sampler = Sampler::default();
        self.times_measured += 1;
        for step in history {
            match step {
                Step::Change(id, change) => self.sampler.observe(&self.measure, id, change),
                Step::Gap(gap) => self.sampler.gap(gap),
                Step::RecordingEnds(last) => self.sampler.recording_ends(last),
            }
        }
    }

    fn learned(&mut self) -> Restart {
        let measure = self.evidence.measure(self.rule.as_deref());
        let changed = measure != self.measure;
        self.measure = measure;
        Restart(changed)
    }
}

const CREATED: usize = 0;
const CHANGED: usize = 1;
/// Changed by the controller itself.
const OWN: usize = 2;
const DELETED: usize = 3;

/// Makes samples by one measure.
#[derive(Debug, Default)]
struct Sampler {
    samples: Vec<ReconcileSample>,
    objects: HashMap<ObjectId, Progress>,
    /// Managers that were seen to write status and nothing else: controllers of this kind.
    status_writers: HashSet<u32>,
    /// Samples that a list found at their end, since the last gap: it is told after the list.
    relisted: Vec<u32>,
}

/// Where one object stands.
#[derive(Debug, Default)]
struct Progress {
    generation: Option<i64>,
    deleting: bool,
    suspended: bool,
    /// A change of the desired state waits for the end of the suspension.
    waits_for_resume: bool,
    /// The last moment at which its state was known.
    known_at: Option<Moment>,
    /// Samples that are awaited, at most one of each sort.
    slots: [Option<Awaited>; 4],
}

/// An open sample.
#[derive(Debug, Clone, Copy)]
struct Awaited {
    sample: u32,
    generation: Option<i64>,
    /// Who wrote the change that opened it, where that is certain.
    writer: Option<u32>,
}

impl Sampler {
    fn observe(&mut self, measure: &KindMeasure, id: ChangeId, change: &ChangeEntry) {
        if change.provenance == Provenance::Watch {
            self.relisted.clear();
        }
        if change.touches.status
            && !change.touches.spec
            && let [writer] = &*change.managers
        {
            self.status_writers.insert(*writer);
        }
        let mut progress = match change.change {
            ChangeKind::Added => None,
            _ => self.objects.remove(&change.object),
        }
        .unwrap_or_default();
        match change.change {
            ChangeKind::Added => self.added(measure, &mut progress, id, change),
            ChangeKind::Modified => self.modified(measure, &mut progress, id, change),
            ChangeKind::Deleted => {
                self.leave(
                    &mut progress,
                    [CREATED, CHANGED, OWN],
                    SampleState::Abandoned,
                    id,
                    change,
                );
                self.leave(&mut progress, [DELETED], SampleState::Done, id, change);
                return;
            }
        }
        progress.generation = change.generation.map(|generation| generation.0);
        progress.deleting = change.signal.is_deleting();
        progress.suspended = change.signal.is_suspended();
        progress.known_at = Some(change.at);
        self.objects.insert(change.object, progress);
    }

    fn added(
        &mut self,
        measure: &KindMeasure,
        progress: &mut Progress,
        id: ChangeId,
        change: &ChangeEntry,
    ) {
        if change.signal.is_deleting() {
            self.open(
                measure,
                progress,
                DELETED,
                ReconcileTrigger::Deleted,
                id,
                change,
            );
            return;
        }
        let generation = change.generation.map(|generation| generation.0);
        let observed = is_observed(measure, &change.signal, generation);
        let (awaited, trigger) = match change.provenance {
            // It may only lag where a generation tells so, and where that is not bumped by telling.
            Provenance::InitialList => (
                observes(measure.method)
                    && !does_not_tell(measure, change)
                    && !measure.status_bumps_generation
                    && !change.signal.is_suspended()
                    && !observed,
                if generation.is_some_and(|generation| generation > 1) {
                    ReconcileTrigger::SpecChanged
                } else {
                    ReconcileTrigger::Created
                },
            ),
            Provenance::Watch | Provenance::Relist | Provenance::Poll => (
                measure.method.is_some() && !Self::is_done(measure, generation, change),
                ReconcileTrigger::Created,
            ),
        };
        if awaited {
            let slot = match trigger {
                ReconcileTrigger::Created => CREATED,
                _ => CHANGED,
            };
            self.open(measure, progress, slot, trigger, id, change);
        }
    }

    fn modified(
        &mut self,
        measure: &KindMeasure,
        progress: &mut Progress,
        id: ChangeId,
        change: &ChangeEntry,
    ) {
        let signal = change.signal;
        if signal.is_deleting() {
            if !progress.deleting {
                let awaited = [CREATED, CHANGED, OWN];
                self.leave(progress, awaited, SampleState::Abandoned, id, change);
                self.open(
                    measure,
                    progress,
                    DELETED,
                    ReconcileTrigger::Deleted,
                    id,
                    change,
                );
            }
            return;
        }
        if signal.is_suspended() && !progress.suspended {
            let awaited = [CREATED, CHANGED, OWN];
            progress.waits_for_resume |= awaited.iter().any(|slot| progress.slots[*slot].is_some());
            self.leave(progress, awaited, SampleState::Suspended, id, change);
        }
        let resumed = progress.suspended && !signal.is_suspended();
        let changed = changes_desired_state(progress, change);
        let generation = change.generation.map(|generation| generation.0);
        if (changed || (resumed && progress.waits_for_resume)) && measure.method.is_some() {
            let slot = if changed && self.is_by_controller(change) {
                self.leave(progress, [OWN], SampleState::Superseded, id, change);
                OWN
            } else {
                self.leave(
                    progress,
                    [CHANGED, OWN],
                    SampleState::Superseded,
                    id,
                    change,
                );
                CHANGED
            };
            if !Self::is_done(measure, generation, change) {
                self.open(
                    measure,
                    progress,
                    slot,
                    ReconcileTrigger::SpecChanged,
                    id,
                    change,
                );
            }
        }
        if resumed {
            progress.waits_for_resume = false;
        }
        for slot in [CREATED, CHANGED, OWN] {
            self.advance(measure, progress, slot, id, change);
        }
    }

    fn open(
        &mut self,
        measure: &KindMeasure,
        progress: &mut Progress,
        slot: usize,
        trigger: ReconcileTrigger,
        id: ChangeId,
        change: &ChangeEntry,
    ) {
        // An object that is deleted already when it is found has been so for longer.
        let exact = change.provenance == Provenance::Watch
            && (trigger != ReconcileTrigger::Deleted || change.change == ChangeKind::Modified);
        let mut sample = ReconcileSample::open(change.object, id, change.at, trigger, exact);
        sample.by_controller = slot == OWN;
        if is_observed(
            measure,
            &change.signal,
            change.generation.map(|generation| generation.0),
        ) {
            sample.observe(id, change.at);
        }
        if slot != DELETED && change.signal.is_suspended() {
            progress.waits_for_resume = true;
            sample.end(SampleState::Suspended, Some(id), change.at);
        } else {
            let by = &change.managers;
            progress.slots[slot] = Some(Awaited {
                writer: by.first().copied().filter(|_| by.len() == 1),
                // Beyond four thousand million changes there are no ids for more.
                sample: u32::try_from(self.samples.len()).unwrap_or(u32::MAX),
                generation: change.generation.map(|generation| generation.0),
            });
        }
        self.samples.push(sample);
    }

    /// Samples leave with this change.
    fn leave<const N: usize>(
        &mut self,
        progress: &mut Progress,
        slots: [usize; N],
        state: SampleState,
        id: ChangeId,
        change: &ChangeEntry,
    ) {
        for slot in slots {
            if let Some(awaited) = progress.slots[slot].take() {
                self.mark_unwatched(awaited, progress.known_at, change);
                if let Some(sample) = self.samples.get_mut(awaited.sample as usize) {
                    sample.end(state, Some(id), change.at);
                }
            }
        }
    }

    /// Brings an open sample forward by what a later revision says.
    fn advance(
        &mut self,
        measure: &KindMeasure,
        progress: &mut Progress,
        slot: usize,
        id: ChangeId,
        change: &ChangeEntry,
    ) {
        let Some(awaited) = progress.slots[slot] else {
            return;
        };
        // The first status that the writer of a spec writes shows that it is the controller.
        let by_controller = slot == CHANGED
            && awaited
                .writer
                .is_some_and(|writer| self.status_writers.contains(&writer));
        let Some(sample) = self.samples.get(awaited.sample as usize) else {
            return;
        };
        if sample.opened_by == id {
            return;
        }
        let signal = &change.signal;
        let observed = is_observed(measure, signal, awaited.generation);
        let told = observed || (!observes(measure.method) && change.touches.status);
        let done = told && (measure.ready.is_none() || shows_ready(measure, signal));
        let failed = told && signal.has_failed();
        let silent = change.touches.status && does_not_tell(measure, change);
        if observed && sample.observed_by().is_none() || done || failed || silent {
            self.mark_unwatched(awaited, progress.known_at, change);
        }
        let sample = &mut self.samples[awaited.sample as usize];
        sample.by_controller |= by_controller;
        if observed {
            sample.observe(id, change.at);
        }
        if done || failed || silent {
            let state = if done {
                SampleState::Done
            } else if failed {
                SampleState::Failed
            } else {
                SampleState::NotTold
            };
            sample.ends_observed = measure.ready.is_none();
            sample.end(state, Some(id), change.at);
            progress.slots[slot] = None;
        }
    }

    /// What a list found happened some time after the object was last seen.
    fn mark_unwatched(&mut self, awaited: Awaited, known_at: Option<Moment>, change: &ChangeEntry) {
        if change.provenance != Provenance::Watch
            && let Some(sample) = self.samples.get_mut(awaited.sample as usize)
        {
            if sample.watched_for().is_none() {
                self.relisted.push(awaited.sample);
            }
            sample.unwatched_since(known_at.unwrap_or(change.at));
        }
    }

    /// Whether the desired state was changed by managers that write the status of this kind.
    fn is_by_controller(&self, change: &ChangeEntry) -> bool {
        let mut writers = change.managers.iter();
        !change.managers.is_empty() && writers.all(|writer| self.status_writers.contains(writer))
    }

    /// Whether a revision says all that is awaited of a generation.
    fn is_done(measure: &KindMeasure, generation: Option<i64>, change: &ChangeEntry) -> bool {
        let observed = is_observed(measure, &change.signal, generation);
        let told = observed || (!observes(measure.method) && change.touches.status);
        told && (measure.ready.is_none() || shows_ready(measure, &change.signal))
    }

    fn gap(&mut self, gap: &Gap) {
        for index in std::mem::take(&mut self.relisted) {
            if let Some(sample) = self.samples.get_mut(index as usize) {
                sample.watched_until(gap.from);
            }
        }
        for progress in self.objects.values() {
            for awaited in progress.slots.iter().flatten() {
                if let Some(sample) = self.samples.get_mut(awaited.sample as usize) {
                    sample.unwatched_since(gap.from);
                }
            }
        }
    }

    fn recording_ends(&mut self, last: Moment) {
        for (_, progress) in self.objects.drain() {
            for awaited in progress.slots.into_iter().flatten() {
                if let Some(sample) = self.samples.get_mut(awaited.sample as usize) {
                    sample.end(SampleState::CutOff, None, last);
                }
            }
        }
        self.relisted.clear();
    }
}

/// Whether an object is ready without a word on generations, by which its kind is measured.
fn does_not_tell(measure: &KindMeasure, change: &ChangeEntry) -> bool {
    let field = measure.method.filter(|method| observes(Some(*method)));
    field.is_some_and(|field| change.signal.observed_by(field).is_none())
        && shows_ready(measure, &change.signal)
}

/// Whether a change asks the controller for something: the server bumped the generation, and not for
/// a status (a kind without the status subresource); without generations, the spec changed.
fn changes_desired_state(progress: &Progress, change: &ChangeEntry) -> bool {
    let touches = change.touches;
    match (change.generation, progress.generation) {
        (Some(new), Some(known)) => new.0 > known && (touches.spec || !touches.status),
        _ => touches.spec,
    }
}
