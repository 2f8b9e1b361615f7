//! Kinds that nothing seems to reconcile.
//!
//! A controller that is down leaves the same trace on every object of its kind: desired state changes,
//! status does not. The rule fires when at least `objects` of them have waited, unobserved, for
//! longer than the limit of the rule *stuck*, and not one status of the whole kind was written since
//! the first of those began to wait. A single status write in the kind proves that something runs, and
//! ends it.
//!
//! Kinds that never have a status (configuration, policies) are not expected to get one: only a kind of
//! which some object has had a status is judged. New objects count only where every other object
//! has one, because objects of a foreign class (`GatewayClass`, `IngressClass`) stay without for ever.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use super::{Answer, Context, Evidence, Finding, InsightSettings, Severity, counted, stuck::Limit};
use crate::{
    model::{ChangeKind, Provenance},
    timeline::{ChangeEntry, ChangeId, ObjectId, ReconcileTrigger},
};

/// Overdue objects that are shown as evidence.
const SHOWN: usize = 8;

/// When a kind counts as not reconciled by anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct NeverObservedSettings {
    /// Overdue objects; 3, because one or two may have troubles of their own.
    pub objects: usize,
}

impl Default for NeverObservedSettings {
    fn default() -> Self {
        Self { objects: 3 }
    }
}

/// An object that waits unobserved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Unobserved {
    pub(super) since: i64,
    pub(super) object: ObjectId,
}

/// What one kind shows.
#[derive(Debug, Default)]
pub(super) struct NeverObserved {
    waiting: BTreeSet<Unobserved>,
    had_status: bool,
    /// Some object was there before we looked, without a status.
    has_bare: bool,
    last_status: Option<(i64, ChangeId)>,
}

impl NeverObserved {
    pub(super) fn observe(&mut self, id: ChangeId, change: &ChangeEntry, at: i64) {
        match change.change {
            ChangeKind::Added => {
                self.had_status |= change.touches.status;
                self.has_bare |=
                    change.provenance == Provenance::InitialList && !change.touches.status;
            }
            ChangeKind::Modified if change.touches.status => {
                self.had_status = true;
                self.last_status = Some((at, id));
            }
            ChangeKind::Modified | ChangeKind::Deleted => {}
        }
    }

    pub(super) fn wait(&mut self, unobserved: Unobserved) {
        self.waiting.insert(unobserved);
    }

    pub(super) fn done(&mut self, unobserved: Unobserved) {
        self.waiting.remove(&unobserved);
    }

    /// The objects that wait since the last status of the kind was written.
    fn candidates(&self) -> impl Iterator<Item = &Unobserved> {
        let from = self.last_status.map_or(i64::MIN, |(at, _)| at);
        let first = Unobserved {
            since: from.saturating_add(1),
            object: ObjectId(0),
        };
        self.waiting.range(first..)
    }

    /// Since when there are enough objects that wait, where there are.
    pub(super) fn enough_since(&self, settings: &InsightSettings) -> Option<i64> {
        let wanted = settings.never_observed.objects.max(1);
        let enough = self.candidates().nth(wanted - 1)?;
        self.had_status.then_some(enough.since)
    }

    /// `judge` tells of an object what opened its wait, its limit, and whether it is suspended.
    pub(super) fn check(
        &self,
        cx: Context<'_>,
        mut judge: impl FnMut(ObjectId) -> Option<(ReconcileTrigger, Limit, bool)>,
    ) -> Answer {
        let wanted = cx.settings.never_observed.objects.max(1);
        if self.enough_since(cx.settings).is_none() {
            return Answer::default();
        }
        let mut overdue = Vec::new();
        let mut due: Option<i64> = None;
        for candidate in self.candidates() {
            let Some((trigger, limit, suspended)) = judge(candidate.object) else {
                continue;
            };
            if suspended || trigger == ReconcileTrigger::Created && self.has_bare {
                continue;
            }
            let end = candidate.since.saturating_add(limit.micros);
            if end <= cx.at {
                overdue.push(*candidate);
            } else {
                due = Some(due.map_or(end, |due| due.min(end)));
            }
        }
        let Some(first) = overdue.first().filter(|_| overdue.len() >= wanted) else {
            return Answer {
                findings: Vec::new(),
                due,
            };
        };
        let last = match self.last_status {
            Some(_) => "no status of this kind was written since",
            None => "no status of this kind was written since it is watched",
        };
        let mut evidence: Vec<_> = self
            .last_status
            .map(|(_, id)| Evidence::Change {
                id,
                note: "the last status that was written".to_owned(),
            })
            .into_iter()
            .collect();
        evidence.extend(overdue.iter().take(SHOWN).filter_map(|overdue| {
            let id = cx.timeline.latest_at(overdue.object, overdue.since)?;
            let key = &cx.timeline.object(overdue.object)?.key;
            let note = format!("{key} waits since then");
            Some(Evidence::Change { id, note })
        }));
        let finding = Finding {
            detail: String::new(),
            severity: Severity::Critical,
            since: first.since,
            title: "no controller seems to run".to_owned(),
            explanation: format!(
                "{} changed and nothing observed that; {last}.",
                counted(overdue.len(), "object"),
            ),
            evidence,
        };
        Answer {
            findings: vec![finding],
            due,
        }
    }
}
