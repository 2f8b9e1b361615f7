//! Reconciles that take too long.
//!
//! A reconcile is open from the change of the desired state until the controller has observed it and
//! the object is ready ([`ReconcileSample`]). It is *stuck* when it has been open for `factor` times
//! the p99 of the reconciles of its kind with the same trigger (creations take longer than changes),
//! and for no less than `floor`. The p99 is that of the last 1,000 that were seen from end to end
//! before that moment. With fewer than `samples` of them nobody can say what is usual: then it is
//! stuck after `fallback` without any sign of progress, which is an observed generation or a status
//! write with more than timestamps in it.
//!
//! A spec that is changed again before it was observed does not start the wait anew. Objects that are
//! suspended or paused wait on purpose and are left out, and so are kinds whose objects tell
//! nothing of how far their controller is.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{
    Answer, Context, Evidence, Finding, Severity, evidence::with_body, micros, nearest_rank,
    stretch,
};
use crate::{
    model::{Readiness, ReadinessStatus, spoken_duration},
    timeline::{ChangeId, KindId, ReconcileSample, ReconcileTrigger, SampleState},
};

/// Reconciles that the p99 is taken of.
const RECENT: usize = 1_000;

/// When a reconcile is stuck.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StuckSettings {
    /// How many times the kind's p99; 3, so that a p99 of few samples has room.
    pub factor: u32,
    /// No less than this; 60 s, because controllers retry with an exponential backoff that begins
    /// in milliseconds, and nobody can act sooner.
    pub floor_seconds: u64,
    /// Reconciles that must be known for a p99; 20.
    pub samples: usize,
    /// Without a p99; 600 s, as a Deployment is given (`progressDeadlineSeconds`).
    pub fallback_seconds: u64,
}

impl Default for StuckSettings {
    fn default() -> Self {
        Self {
            factor: 3,
            floor_seconds: 60,
            samples: 20,
            fallback_seconds: 600,
        }
    }
}

/// How long the reconciles of a kind took lately, by what opened them.
#[derive(Debug, Default)]
pub(super) struct Pace {
    created: Recent,
    changed: Recent,
}

#[derive(Debug, Default)]
struct Recent {
    by_age: VecDeque<u64>,
    sorted: Vec<u64>,
}

impl Recent {
    fn push(&mut self, took: u64) {
        if self.by_age.len() == RECENT
            && let Some(oldest) = self.by_age.pop_front()
        {
            let place = self.sorted.partition_point(|known| *known < oldest);
            self.sorted.remove(place);
        }
        self.by_age.push_back(took);
        let place = self.sorted.partition_point(|known| *known < took);
        self.sorted.insert(place, took);
    }
}

/// For how long a reconcile may be open, and why.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Limit {
    pub(super) micros: i64,
    /// The p99, and of how many; `None` where too few are known.
    p99: Option<(i64, usize)>,
}

impl Limit {
    pub(super) fn is_measured(&self) -> bool {
        self.p99.is_some()
    }

    pub(super) fn words(&self) -> String {
        match self.p99 {
            Some((p99, of)) => format!(
                "99 % of the last {of} took no more than {}",
                brief(stretch(p99))
            ),
            None => format!(
                "too few are known to say what is usual, the limit is {}",
                spoken_duration(stretch(self.micros))
            ),
        }
    }
}

impl Pace {
    /// Takes a reconcile that has ended.
    pub(super) fn push(&mut self, trigger: ReconcileTrigger, took: u64) {
        match trigger {
            ReconcileTrigger::Created => self.created.push(took),
            ReconcileTrigger::SpecChanged => self.changed.push(took),
            ReconcileTrigger::Deleted => {}
        }
    }

    /// The shorter of both limits.
    pub(super) fn least_limit(&self, settings: &StuckSettings) -> i64 {
        let of = |trigger| self.limit(trigger, settings).micros;
        of(ReconcileTrigger::Created).min(of(ReconcileTrigger::SpecChanged))
    }

    /// For how long a reconcile may be open.
    pub(super) fn limit(&self, trigger: ReconcileTrigger, settings: &StuckSettings) -> Limit {
        let recent = match trigger {
            ReconcileTrigger::Created => &self.created.sorted,
            ReconcileTrigger::SpecChanged | ReconcileTrigger::Deleted => &self.changed.sorted,
        };
        let p99 = nearest_rank(recent, 99)
            .filter(|_| recent.len() >= settings.samples)
            .map(|p99| (i64::try_from(p99).unwrap_or(i64::MAX), recent.len()));
        let micros = match p99 {
            Some((p99, _)) => p99
                .saturating_mul(i64::from(settings.factor))
                .max(micros(settings.floor_seconds)),
            None => micros(settings.fallback_seconds),
        };
        Limit { micros, p99 }
    }
}

/// What an object waits for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    /// Since when (microseconds since the epoch).
    pub(super) since: i64,
    /// Its newest sample, by its place in the kind's.
    pub(super) sample: usize,
    pub(super) trigger: ReconcileTrigger,
    /// Newest sign of progress.
    progress: i64,
}

/// What one object shows.
#[derive(Debug, Default)]
pub(super) struct Stuck {
    pub(super) waiting: Option<Waiting>,
    /// What the object says of itself, by its newest change when it was looked at.
    readiness: Option<(ChangeId, Readiness)>,
}

impl Stuck {
    /// A sample was opened.
    pub(super) fn open(
        &mut self,
        index: usize,
        sample: &ReconcileSample,
        before: Option<&ReconcileSample>,
    ) {
        let at = sample.spec_seen_at.wall;
        // What was observed is done with, although it never got ready: the new wait is another one.
        let goes_on = before.is_some_and(|before| !is_observed(before, at));
        let since = match self.waiting {
            Some(waiting) if goes_on => waiting.since,
            _ => at,
        };
        self.waiting = Some(Waiting {
            since,
            sample: index,
            trigger: sample.trigger,
            progress: at,
        });
    }

    /// The object was written: looks whether the wait is over, and gives how long it took where that
    /// is a figure to learn from.
    pub(super) fn written(
        &mut self,
        sample: Option<&ReconcileSample>,
        at: i64,
        is_progress: bool,
    ) -> Option<(ReconcileTrigger, u64)> {
        let waiting = self.waiting.as_mut()?;
        let sample = sample?;
        if is_progress {
            waiting.progress = at;
        } else if let Some(seen) = sample.observed_at().filter(|seen| seen.wall <= at) {
            waiting.progress = waiting.progress.max(seen.wall);
        }
        if !has_ended(sample, at) {
            return None;
        }
        self.waiting = None;
        figure(sample).map(|(_, trigger, took)| (trigger, took))
    }

    pub(super) fn check(
        &mut self,
        cx: Context<'_>,
        kind: KindId,
        newest: ChangeId,
        limit: Limit,
    ) -> Answer {
        let Some(waiting) = self.waiting else {
            return Answer::default();
        };
        let samples = cx
            .timeline
            .kind(kind)
            .map_or(&[][..], |kind| kind.samples());
        let Some(sample) = samples.get(waiting.sample) else {
            return Answer::default();
        };
        let start = if limit.is_measured() {
            waiting.since
        } else {
            waiting.progress.max(waiting.since)
        };
        let due = start.saturating_add(limit.micros);
        if cx.at < due {
            return Answer::later(due);
        }
        if self.is_suspended(cx, kind, newest) {
            return Answer::default();
        }
        let opened_by = cx.timeline.change(sample.opened_by);
        let generation = opened_by.and_then(|change| change.generation);
        let generation = generation.map_or_else(|| "?".to_owned(), |known| known.to_string());
        let observed = sample.observed_at().filter(|seen| seen.wall <= cx.at);
        let (title, state) = match observed {
            None => (
                format!("generation {generation} is not observed"),
                format!("The controller has not observed generation {generation}"),
            ),
            Some(seen) => {
                let took = brief(seen.since(sample.spec_seen_at));
                let readiness = self.readiness(cx, kind, newest);
                let reason = readiness
                    .filter(|readiness| readiness.status != ReadinessStatus::Current)
                    .map_or_else(String::new, |readiness| format!(" ({})", readiness.reason));
                (
                    format!("generation {generation} does not get ready"),
                    format!(
                        "Generation {generation} was observed after {took} and is not ready{reason}"
                    ),
                )
            }
        };
        let opened = match sample.trigger {
            ReconcileTrigger::Created => "created",
            ReconcileTrigger::SpecChanged => "changed",
            ReconcileTrigger::Deleted => "to be deleted",
        };
        let finding = Finding {
            detail: String::new(),
            severity: Severity::Warning,
            since: waiting.since,
            title,
            explanation: format!("{state}; {}.", limit.words()),
            evidence: cx
                .timeline
                .latest_at(sample.object, sample.spec_seen_at.wall)
                .map(|id| Evidence::Change {
                    id,
                    note: format!("{opened}, generation {generation}"),
                })
                .into_iter()
                .chain([Evidence::Figure {
                    label: "limit",
                    value: spoken_duration(stretch(limit.micros)),
                }])
                .collect(),
        };
        Answer {
            findings: vec![finding],
            due: None,
        }
    }

    /// Whether somebody asked that the object be left alone.
    pub(super) fn is_suspended(&mut self, cx: Context<'_>, kind: KindId, newest: ChangeId) -> bool {
        self.readiness(cx, kind, newest)
            .is_some_and(|readiness| readiness.suspended)
    }

    fn readiness(&mut self, cx: Context<'_>, kind: KindId, newest: ChangeId) -> Option<&Readiness> {
        if self.readiness.as_ref().is_none_or(|(id, _)| *id != newest) {
            let kind = &cx.timeline.kind(kind)?.kind;
            let seen_at = cx.timeline.change(newest)?.at.timestamp();
            let rules = &cx.timeline.rules().readiness;
            let judged = with_body(cx.timeline, newest, |json| {
                rules.judge(&kind.group, &kind.kind, json, seen_at)
            });
            self.readiness = Some((newest, judged?));
        }
        self.readiness.as_ref().map(|(_, readiness)| readiness)
    }
}

/// Whether the controller had observed a sample's generation at a moment.
pub(super) fn is_observed(sample: &ReconcileSample, at: i64) -> bool {
    sample.observed_at().is_some_and(|seen| seen.wall <= at)
}

/// Whether nothing was awaited any more at a moment. What was superseded goes on in the next sample.
pub(super) fn has_ended(sample: &ReconcileSample, at: i64) -> bool {
    let over = !matches!(sample.state, SampleState::Open | SampleState::Superseded);
    over && sample.ended_at().is_some_and(|end| end.wall <= at)
}

/// When a sample reached its end, what had opened it, and how long it took, where that is a figure to
/// learn from.
pub(super) fn figure(sample: &ReconcileSample) -> Option<(i64, ReconcileTrigger, u64)> {
    let took = sample
        .ended_latency()
        .filter(|took| sample.is_exact_to(*took))?;
    let is_figure = sample.state == SampleState::Done && !sample.by_controller;
    let micros = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
    is_figure.then_some((sample.ended_at()?.wall, sample.trigger, micros))
}

/// A latency in words: milliseconds below a second, tenths below a minute.
fn brief(took: std::time::Duration) -> String {
    let seconds = took.as_secs_f64();
    if seconds < 1.0 {
        format!("{:.0} ms", seconds * 1_000.0)
    } else if seconds < 60.0 {
        format!("{seconds:.1} s")
    } else {
        spoken_duration(took)
    }
}
