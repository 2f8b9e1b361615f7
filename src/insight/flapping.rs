//! Conditions that go back and forth.
//!
//! A condition *turns* when its status goes from `True` to `False` or back; `Unknown` in between says
//! only that nobody knows yet, and controllers that report every pass that way (Flux) are well.
//! It flaps from `enter` turns within `window` on, and until no more than `leave` are left in the
//! window: two thresholds, so that the answer itself does not flap (the hysteresis of Nagios' flap
//! detection). Turns count under one generation only: a change of the desired state takes every
//! object through not ready and back, as often as it is changed.
//!
//! Work that is on its way is no turn either: `False` counts for nothing while the object says with a
//! condition of its own (`Issuing`, `Updating`, `Upgrading`, `Scaling`) what it is at. A certificate that
//! is issued again is not ready for as long as that takes.
//!
//! Conditions that are meant to come and go are not judged: those of progress, and those that say
//! whether there is load. `ignoredConditions` has their names.

use std::collections::{BTreeMap, VecDeque};

use serde::{Deserialize, Serialize};

use super::{
    Answer, Context, Evidence, Finding, Severity,
    evidence::{previous, with_body},
    micros, stretch,
};
use crate::{
    model::{ChangeKind, Generation, Json, conditions, spoken_duration},
    timeline::{ChangeEntry, ChangeId},
};

/// Writes of conditions, and turns of one condition, that are remembered.
const REMEMBERED: usize = 64;
/// Turns that are shown as evidence.
const SHOWN: usize = 8;

/// Conditions that say that work is on its way and that explain others that are `False` meanwhile.
/// `Progressing` is not one (a Deployment keeps it), nor is `Reconciling` (Flux keeps it between the
/// retries of what fails).
const AT_WORK: [&str; 4] = ["Issuing", "Updating", "Upgrading", "Scaling"];

/// When a condition flaps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FlappingSettings {
    /// The window; 600 s, as long as `CrashLoopBackOff` grows before it is reset.
    pub window_seconds: u64,
    /// Turns within the window from which on it flaps; 6: there and back three times.
    pub enter: usize,
    /// Turns within the window down to which it goes on; 2.
    pub leave: usize,
    /// Conditions that come and go by design.
    pub ignored_conditions: Vec<String>,
}

impl Default for FlappingSettings {
    fn default() -> Self {
        // kstatus: Reconciling; Deployment: Progressing; cert-manager: Issuing; KEDA and Knative: Active
        // (load or none); HPA: ScalingLimited and ScalingActive; operators: the others.
        let ignored = [
            "Reconciling",
            "Progressing",
            "Issuing",
            "Active",
            "ScalingLimited",
            "ScalingActive",
            "Running",
            "Updating",
            "Upgrading",
            "Scaling",
            "InProgress",
        ];
        Self {
            window_seconds: 600,
            enter: 6,
            leave: 2,
            ignored_conditions: ignored.map(str::to_owned).into(),
        }
    }
}

/// What one object shows.
#[derive(Debug, Default)]
pub(super) struct Flapping {
    /// Writes of some condition's status, before their bodies were looked at.
    suspects: VecDeque<(i64, ChangeId, Option<Generation>)>,
    /// What the bodies said, once there were enough suspects to look.
    looked: Option<BTreeMap<String, Turns>>,
}

#[derive(Debug, Default)]
struct Turns {
    status: Option<bool>,
    generation: Option<Generation>,
    turns: VecDeque<Turn>,
    flaps_since: Option<i64>,
}

#[derive(Debug, Clone)]
struct Turn {
    at: i64,
    id: ChangeId,
    to: bool,
    reason: String,
}

impl Flapping {
    pub(super) fn observe(&mut self, cx: Context<'_>, id: ChangeId, change: &ChangeEntry) {
        let is_suspect = change.change == ChangeKind::Modified
            && change.touches.status
            && cx
                .timeline
                .paths(change)
                .any(|path| is_of_conditions(path.as_pointer()));
        if !is_suspect {
            return;
        }
        let since = cx.at - micros(cx.settings.flapping.window_seconds);
        if self.suspects.back().is_some_and(|(at, ..)| *at <= since) {
            // Calm for a whole window.
            *self = Self::default();
        }
        while self.suspects.len() == REMEMBERED
            || self.suspects.front().is_some_and(|(at, ..)| *at <= since)
        {
            self.suspects.pop_front();
        }
        let suspect = (cx.at, id, change.generation);
        self.suspects.push_back(suspect);
        if self.looked.is_some() {
            self.look(cx, suspect);
        } else if self.suspects.len() >= cx.settings.flapping.enter.max(2) {
            self.looked = Some(BTreeMap::new());
            // What the first of them turned, only the revision before it tells.
            let first = self.suspects[0].1;
            let before = previous(cx.timeline, change.object, first);
            let before = before.map(|(id, change)| (change.at.wall, id, change.generation));
            for suspect in before.into_iter().chain(self.suspects.clone()) {
                self.look(cx, suspect);
            }
        }
    }

    fn look(&mut self, cx: Context<'_>, (at, id, generation): (i64, ChangeId, Option<Generation>)) {
        let Some(looked) = &mut self.looked else {
            return;
        };
        let settings = &cx.settings.flapping;
        with_body(cx.timeline, id, |json| {
            let is_at_work =
                conditions(json).any(|of| of.status == "True" && AT_WORK.contains(&of.type_));
            for_each_condition(json, |name, condition| {
                let text = |field: &str| condition.get(field).and_then(Json::as_str);
                let status = match text("status") {
                    Some("True") => true,
                    Some("False") if !is_at_work => false,
                    _ => return,
                };
                let type_ = text("type").unwrap_or_default();
                if settings
                    .ignored_conditions
                    .iter()
                    .any(|ignored| ignored == type_)
                {
                    return;
                }
                let turns = looked.entry(name).or_default();
                if turns.generation != generation && turns.flaps_since.is_none() {
                    turns.turns.clear();
                }
                turns.generation = generation;
                if turns.status.is_some_and(|before| before != status) {
                    if turns.turns.len() == REMEMBERED {
                        turns.turns.pop_front();
                    }
                    let reason = text("reason").unwrap_or_default().to_owned();
                    turns.turns.push_back(Turn {
                        at,
                        id,
                        to: status,
                        reason,
                    });
                }
                turns.status = Some(status);
            });
        });
    }

    pub(super) fn check(&mut self, cx: Context<'_>) -> Answer {
        let settings = &cx.settings.flapping;
        let window = micros(settings.window_seconds);
        let mut answer = Answer::default();
        for (name, turns) in self.looked.iter_mut().flatten() {
            while turns
                .turns
                .front()
                .is_some_and(|turn| turn.at <= cx.at - window)
            {
                turns.turns.pop_front();
            }
            let count = turns.turns.len();
            if turns.flaps_since.is_some() && count <= settings.leave {
                turns.flaps_since = None;
                turns.turns.clear();
            } else if turns.flaps_since.is_none() && count >= settings.enter.max(2) {
                turns.flaps_since = turns.turns.front().map(|turn| turn.at);
            }
            if let Some(since) = turns.flaps_since {
                answer.findings.push(finding(name, turns, since, window));
                let leaves = &turns.turns[count - settings.leave.min(count - 1) - 1];
                let due = leaves.at.saturating_add(window);
                answer.due = Some(answer.due.map_or(due, |other| other.min(due)));
            }
        }
        answer
    }
}

/// Whether a path is that of a condition's status, or of something that holds conditions.
fn is_of_conditions(pointer: &str) -> bool {
    match pointer.rsplit_once("/conditions") {
        Some((_, "")) => true,
        Some((_, rest)) => rest.ends_with("/status") || rest.matches('/').count() == 1,
        None => false,
    }
}

/// The object's conditions, and those of its parents, ancestors and listeners (Gateway API), by name.
fn for_each_condition(object: &Json<'_>, mut each: impl FnMut(String, &Json<'_>)) {
    let Some(status) = object.get("status") else {
        return;
    };
    let mut of = |prefix: &str, holder: &Json<'_>| {
        let conditions = holder.get("conditions").map_or(&[][..], Json::items);
        for condition in conditions {
            if let Some(type_) = condition.get("type").and_then(Json::as_str) {
                each(format!("{prefix}{type_}"), condition);
            }
        }
    };
    of("", status);
    for list in ["parents", "ancestors", "listeners"] {
        let holders = status.get(list).map_or(&[][..], Json::items);
        for (index, holder) in holders.iter().enumerate() {
            let name = ["name", "controllerName"]
                .into_iter()
                .find_map(|key| holder.get(key)?.as_str())
                .map_or_else(|| index.to_string(), str::to_owned);
            of(&format!("{list}[{name}]."), holder);
        }
    }
}

fn finding(name: &str, turns: &Turns, since: i64, window: i64) -> Finding {
    let count = turns.turns.len();
    let span = turns.turns.back().map_or(0, |turn| turn.at)
        - turns.turns.front().map_or(0, |turn| turn.at);
    let cycle = 2 * span / i64::try_from(count.max(2) - 1).unwrap_or(1);
    let reason_of = |to: bool| {
        let turn = turns
            .turns
            .iter()
            .rev()
            .find(|turn| turn.to == to && !turn.reason.is_empty());
        turn.map_or_else(String::new, |turn| format!(" ({})", turn.reason))
    };
    let shown = turns.turns.iter().rev().take(SHOWN).rev();
    Finding {
        detail: name.to_owned(),
        severity: Severity::Warning,
        since,
        title: format!("condition {name} flaps"),
        explanation: format!(
            "{name} turned {count} times within {}, there and back every {}: True{} ↔ False{}.",
            spoken_duration(stretch(window)),
            spoken_duration(stretch(cycle)),
            reason_of(true),
            reason_of(false),
        ),
        evidence: shown
            .map(|turn| Evidence::Change {
                id: turn.id,
                note: format!("{name} {}", if turn.to { "True" } else { "False" }),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn which_paths_are_of_conditions() {
        for (pointer, expected) in [
            ("/status/conditions/0/status", true),
            ("/status/conditions/0", true),
            ("/status/conditions", true),
            ("/status/parents/0/conditions/1/status", true),
            ("/status/conditions/0/lastTransitionTime", false),
            ("/status/conditions/0/message", false),
            ("/status/replicas", false),
        ] {
            assert_eq!(is_of_conditions(pointer), expected, "{pointer}");
        }
    }
}
