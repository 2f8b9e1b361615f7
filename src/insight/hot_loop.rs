//! Objects that are written again and again, to no end.
//!
//! A controller whose own write triggers its next reconcile writes as fast as it can. An object is in a
//! *hot loop* when over the whole `window` (in each third of it, so that a burst does not count) at
//! least `writesPerMinute` writes come that lead nowhere, on one of three grounds:
//!
//! 1. *Settled*: the object says `Ready` and its generation does not change, all the while. What is
//!    ready and was not changed needs no status written. A job or rollout on its way is not ready yet,
//!    and counts as busy however often it is written.
//! 2. *Going around*: one manager writes, and of the last 12 writes no more than 4 leave a state that is
//!    another one (timestamps apart). Progress leads to states that were not there before.
//! 3. *Nothing but heartbeats*: writes that change timestamps only, or nothing, at
//!    `heartbeatsPerMinute`. Leases of leader election are renewed every 2 s, which is 30 a minute and
//!    calm; kubelets every 10 s.
//!
//! It has ended when the writes of a window are fewer than half of that.

use std::{
    collections::{HashSet, VecDeque},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
    Answer, Context, Evidence, Finding, Severity,
    evidence::{field_label, state_fingerprint, with_body},
    listed, micros,
};
use crate::{
    model::{ChangeKind, Generation, Provenance},
    timeline::{ChangeEntry, ChangeId, ReadySign},
};

/// Writes of one object that are remembered.
const WRITES: usize = 1_024;
/// Revisions that are compared for the second ground, and how many states they may be.
const COMPARED: usize = 12;
const STATES: usize = 4;
/// Changed fields that are named.
const NAMED: usize = 3;

/// When writes are a loop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HotLoopSettings {
    /// For how long it must go on; 90 s, longer than the bursts of a rollout's end.
    pub window_seconds: u64,
    /// Writes a minute; 20. Calm controllers resync every 30 s or less often.
    pub writes_per_minute: u32,
    /// Heartbeats a minute; 60, twice as many as leader election makes.
    pub heartbeats_per_minute: u32,
}

impl Default for HotLoopSettings {
    fn default() -> Self {
        Self {
            window_seconds: 90,
            writes_per_minute: 20,
            heartbeats_per_minute: 60,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Write {
    at: i64,
    id: ChangeId,
    /// Changes nothing, or timestamps only.
    quiet: bool,
    /// By an object that says to be ready, under the generation that the write before had.
    settled: bool,
}

/// Why writes lead nowhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ground {
    Settled,
    GoingAround,
    Heartbeats,
}

/// What one object shows.
#[derive(Debug, Default)]
pub(super) struct HotLoop {
    writes: VecDeque<Write>,
    generation: Option<Generation>,
    /// The newest write that was not settled: a new generation, or not ready.
    unsettled: Option<i64>,
    going: Option<(Ground, i64)>,
    /// Of how many writes the states were compared last, and what came of it.
    compared: (usize, bool),
    since_compared: usize,
}

impl HotLoop {
    /// An object that was at rest until now, as this change of it left it.
    pub(super) fn after(change: &ChangeEntry) -> Self {
        Self {
            generation: change.generation,
            unsettled: (change.signal.says(ReadySign::Ready) != Some(true))
                .then_some(change.at.wall),
            ..Self::default()
        }
    }

    pub(super) fn observe(&mut self, cx: Context<'_>, id: ChangeId, change: &ChangeEntry) {
        let is_listed = change.provenance == Provenance::InitialList;
        let moved = change.generation != self.generation && !is_listed;
        self.generation = change.generation;
        let is_ready = change.signal.says(ReadySign::Ready) == Some(true);
        if moved || !is_ready {
            self.unsettled = Some(cx.at);
        }
        if change.change != ChangeKind::Modified || change.provenance != Provenance::Watch {
            return;
        }
        if self.writes.len() == WRITES {
            self.writes.pop_front();
        }
        self.writes.push_back(Write {
            at: cx.at,
            id,
            quiet: change.touches.heartbeat || change.touches.names().next().is_none(),
            settled: !moved && is_ready,
        });
        self.since_compared += 1;
    }

    pub(super) fn check(&mut self, cx: Context<'_>) -> Answer {
        let settings = &cx.settings.hot_loop;
        let window = micros(settings.window_seconds.max(3));
        let start = cx.at - window;
        while self.writes.front().is_some_and(|write| write.at <= start) {
            self.writes.pop_front();
        }
        let (Some(first), Some(newest)) = (self.writes.front(), self.writes.back()) else {
            self.going = None;
            return Answer::default();
        };
        let (first_at, newest) = (first.at, *newest);
        let wanted = |per_minute: u32| f64::from(per_minute) * seconds(window) / 60.0;
        match self.going {
            Some((ground, _)) => {
                let least = 0.5 * wanted(per_minute(ground, settings));
                if (as_f64(self.count(ground, start)) < least) || !self.still(ground, start) {
                    self.going = None;
                }
            }
            None => {
                self.going = [Ground::Settled, Ground::Heartbeats, Ground::GoingAround]
                    .into_iter()
                    .find(|ground| {
                        let per_third = wanted(per_minute(*ground, settings)) / 3.0;
                        self.is_steady(*ground, start, window, per_third)
                            && self.holds(cx, *ground, start)
                    })
                    .map(|ground| (ground, first_at));
            }
        }
        let Some((ground, since)) = self.going else {
            return Answer::default();
        };
        Answer {
            findings: vec![self.finding(cx, ground, since, newest, start)],
            due: Some(cx.at + window / 3),
        }
    }

    /// The writes that count for a ground, after a moment.
    fn count(&self, ground: Ground, after: i64) -> usize {
        let from = self.writes.partition_point(|write| write.at <= after);
        self.writes
            .range(from..)
            .filter(|write| counts(ground, write))
            .count()
    }

    /// Whether enough writes came in each third of the window.
    fn is_steady(&self, ground: Ground, start: i64, window: i64, per_third: f64) -> bool {
        if as_f64(self.writes.len()) < per_third * 3.0 {
            return false;
        }
        let third = window / 3;
        (0..3).all(|n| {
            let (from, to) = (start + n * third, start + (n + 1) * third);
            let first = self.writes.partition_point(|write| write.at <= from);
            let end = self.writes.partition_point(|write| write.at <= to);
            let in_third = self.writes.range(first..end);
            as_f64(in_third.filter(|write| counts(ground, write)).count()) >= per_third
        })
    }

    /// Whether all the writes of the window are of a kind that lead nowhere.
    fn holds(&mut self, cx: Context<'_>, ground: Ground, start: i64) -> bool {
        match ground {
            Ground::Settled => self.still(ground, start),
            Ground::Heartbeats => true,
            Ground::GoingAround => self.goes_around(cx),
        }
    }

    /// What has to stay so while a loop goes on.
    fn still(&self, ground: Ground, start: i64) -> bool {
        ground != Ground::Settled || self.unsettled.is_none_or(|at| at <= start)
    }

    /// Whether the last writes are all by one manager and leave few states.
    fn goes_around(&mut self, cx: Context<'_>) -> bool {
        // Bodies are decoded for it: once for every few writes is enough.
        if self.since_compared < COMPARED / 2 && self.compared.0 > 0 {
            return self.compared.1;
        }
        self.since_compared = 0;
        let last: Vec<_> = self.writes.iter().rev().take(COMPARED).collect();
        let mut managers = HashSet::new();
        let mut states = HashSet::new();
        for write in &last {
            if let Some(change) = cx.timeline.change(write.id) {
                managers.extend(cx.timeline.managers(change));
            }
            states.insert(with_body(cx.timeline, write.id, state_fingerprint));
        }
        let around = last.len() == COMPARED
            && managers.len() <= 1
            && states.len() <= STATES
            && !states.contains(&None);
        self.compared = (last.len(), around);
        around
    }

    fn finding(
        &self,
        cx: Context<'_>,
        ground: Ground,
        since: i64,
        newest: Write,
        start: i64,
    ) -> Finding {
        let span = seconds(cx.at - self.writes.front().map_or(start, |write| write.at)).max(1.0);
        let intervals = self.count(ground, start).saturating_sub(1);
        let per_minute = (as_f64(intervals) * 60.0 / span).round();
        let change = cx.timeline.change(newest.id);
        let managers: Vec<&Arc<str>> = change
            .map(|change| cx.timeline.managers(change).collect())
            .unwrap_or_default();
        let who = match &managers[..] {
            [] => "Somebody".to_owned(),
            [one] => one.to_string(),
            several => format!("One of {}", listed(several)),
        };
        let mut fields: Vec<String> = Vec::new();
        if let Some(change) = change {
            with_body(cx.timeline, newest.id, |json| {
                let paths = cx.timeline.paths(change);
                fields = paths
                    .map(|path| field_label(json, path.as_pointer()))
                    .collect();
            });
        }
        let what = match fields.len() {
            0 => "nothing".to_owned(),
            n if n > NAMED => format!(
                "{} and {}",
                fields[..NAMED].join(", "),
                super::counted(n - NAMED, "more field")
            ),
            _ => listed(&fields),
        };
        let part = change.map_or("object", |change| {
            change.touches.names().next().unwrap_or("object")
        });
        let why = match ground {
            Ground::Settled => "the object is ready and its generation does not change",
            Ground::GoingAround => "the same values come back again and again",
            Ground::Heartbeats => "nothing but timestamps changes",
        };
        let (title, verb) = match ground {
            Ground::Heartbeats => (format!("{per_minute} heartbeats a minute"), "touches"),
            _ => (
                format!("{per_minute} {part} writes a minute, to no end"),
                "writes",
            ),
        };
        let shown = self.writes.iter().rev().take(3).rev();
        Finding {
            detail: String::new(),
            severity: Severity::Critical,
            since,
            title,
            explanation: format!("{who} {verb} {what} {per_minute} times a minute, and {why}."),
            evidence: shown
                .map(|write| Evidence::Change {
                    id: write.id,
                    note: format!("{who} {verb} {what}"),
                })
                .chain([Evidence::Figure {
                    label: "writes a minute",
                    value: per_minute.to_string(),
                }])
                .collect(),
        }
    }
}

fn counts(ground: Ground, write: &Write) -> bool {
    match ground {
        Ground::Settled => write.settled && !write.quiet,
        Ground::GoingAround => !write.quiet,
        Ground::Heartbeats => write.quiet,
    }
}

fn per_minute(ground: Ground, settings: &HotLoopSettings) -> u32 {
    match ground {
        Ground::Heartbeats => settings.heartbeats_per_minute,
        Ground::Settled | Ground::GoingAround => settings.writes_per_minute,
    }
}

#[expect(
    clippy::cast_precision_loss,
    reason = "spans of minutes, in whole seconds"
)]
fn seconds(micros: i64) -> f64 {
    micros as f64 / 1e6
}

#[expect(clippy::cast_precision_loss, reason = "counts of up to 1,024 writes")]
fn as_f64(count: usize) -> f64 {
    count as f64
}
