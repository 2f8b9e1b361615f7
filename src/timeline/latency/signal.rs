//! What one revision says about the controller's progress.

use super::{
    LatencyMethod, LatencyRule, ReadySign,
    sign::{PhaseWord, Signs},
};
use crate::model::{Json, observed_generation};

/// Stands for "does not say" among generations.
const NONE: i64 = i64::MIN;

/// What one revision says about the controller's progress. Kept with every change and stored in
/// the session file, so that a restored history is measured as the recorded one was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ReconcileSignal {
    by_status: i64,
    by_conditions: i64,
    signs: Signs,
    flags: u8,
}

impl Default for ReconcileSignal {
    fn default() -> Self {
        Self {
            by_status: NONE,
            by_conditions: NONE,
            signs: Signs::default(),
            flags: 0,
        }
    }
}

const DELETING: u8 = 1;
const SUSPENDED: u8 = 2;
const FAILED: u8 = 4;

/// A [`ReconcileSignal`] as the session file stores it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StoredSignal {
    /// `status.observedGeneration`.
    pub by_status: Option<i64>,
    /// `observedGeneration` of the conditions.
    pub by_conditions: Option<i64>,
    /// Signs of readiness that the object shows, one bit each in the order of [`ReadySign::ALL`].
    pub signs_shown: u32,
    /// Those of them that say ready.
    pub signs_hold: u32,
    /// 1 being deleted, 2 suspended, 4 failed for good.
    pub flags: u8,
}

/// What the readiness rules say of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Judged {
    /// Whether it is ready by the rule of its kind; `None` where the kind has none.
    pub ready_by_rule: Option<bool>,
    /// Whether a field asks that nothing be reconciled.
    pub suspended: bool,
}

/// The conditions of an object, or of one parent of a route.
#[derive(Default)]
struct ConditionList {
    of_ready: Option<i64>,
    least: Option<i64>,
    without: bool,
    signs: Signs,
}

impl ReconcileSignal {
    /// Reads the signal of an object, with what the user's settings say of its kind.
    #[must_use]
    pub fn of(object: &Json<'_>, judged: Judged, rule: Option<&LatencyRule>) -> Self {
        let generation = object
            .at(&["metadata", "generation"])
            .and_then(Json::as_i64);
        // A generation that does not exist yet tells nothing: a status copied from elsewhere.
        let exists = |observed: &i64| generation.is_none_or(|newest| *observed <= newest);
        let by_status = observed_generation(object).filter(exists);
        let mut failed = false;
        let lists = condition_lists(object);
        let lists: Vec<_> = lists
            .into_iter()
            .map(|items| read_conditions(items, by_status, rule, &exists, &mut failed))
            .collect();
        let seen = |list: &ConditionList| list.of_ready.or(list.least.filter(|_| !list.without));
        let by_conditions = lists
            .iter()
            .map(seen)
            .reduce(|a, b| Some(a?.min(b?)))
            .flatten();
        let mut signs = Signs::default();
        for list in &lists {
            signs.shown |= list.signs.shown;
        }
        signs.hold = lists
            .iter()
            .map(|list| list.signs.hold)
            .reduce(|a, b| a & b)
            .unwrap_or_default();
        read_status(object, &mut signs, &mut failed);
        if let Some(ready) = judged.ready_by_rule {
            signs.set(ReadySign::KindRule, ready);
        }
        if let Some(ready) = rule.and_then(|rule| rule.ready_field(object)) {
            signs.set(ReadySign::Chosen, ready);
        }
        let deleting = object
            .at(&["metadata", "deletionTimestamp"])
            .is_some_and(|time| *time != Json::Null);
        let suspended = judged.suspended || rule.is_some_and(|rule| rule.is_suspended(object));
        let flag = |on: bool, bit: u8| if on { bit } else { 0 };
        Self {
            by_status: by_status.unwrap_or(NONE),
            by_conditions: by_conditions.unwrap_or(NONE),
            signs,
            flags: flag(deleting, DELETING) | flag(suspended, SUSPENDED) | flag(failed, FAILED),
        }
    }

    /// `status.observedGeneration`.
    #[must_use]
    pub fn by_status(&self) -> Option<i64> {
        Some(self.by_status).filter(|observed| *observed != NONE)
    }

    /// `observedGeneration` of the conditions: the `Ready` condition's own, else what all of them
    /// have reached; over every parent of a route.
    #[must_use]
    pub fn by_conditions(&self) -> Option<i64> {
        Some(self.by_conditions).filter(|observed| *observed != NONE)
    }

    /// The generation that the controller says to have seen, and where it says so, by the more
    /// reliable method.
    #[must_use]
    pub fn observed(&self) -> Option<(i64, LatencyMethod)> {
        let status = self.by_status();
        let status = status.map(|seen| (seen, LatencyMethod::StatusObservedGeneration));
        let conditions = self.by_conditions();
        status.or(conditions.map(|seen| (seen, LatencyMethod::ConditionObservedGeneration)))
    }

    /// The generation seen by a method.
    pub(super) fn observed_by(&self, method: LatencyMethod) -> Option<i64> {
        match method {
            LatencyMethod::StatusObservedGeneration => self.by_status(),
            LatencyMethod::ConditionObservedGeneration => self.by_conditions(),
            LatencyMethod::ReadyCondition | LatencyMethod::OtherSign(_) => None,
        }
    }

    /// What a sign says; `None` where the object does not show it.
    #[must_use]
    pub fn says(&self, sign: ReadySign) -> Option<bool> {
        (self.signs.shown & sign.bit() != 0).then_some(self.signs.hold & sign.bit() != 0)
    }

    /// Whether anything in it tells how far the controller is.
    #[must_use]
    pub fn tells(&self) -> bool {
        self.observed().is_some() || self.signs.shown != 0
    }

    /// The signs that it shows.
    pub(super) fn shown(&self) -> u32 {
        self.signs.shown
    }

    /// Its deletion was requested.
    #[must_use]
    pub fn is_deleting(&self) -> bool {
        self.flags & DELETING != 0
    }

    /// Nobody is to reconcile it.
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        self.flags & SUSPENDED != 0
    }

    /// The controller has given up on this generation: `Failed` or `Stalled` is `True`, `Succeeded`
    /// is `False`, or the phase says so.
    #[must_use]
    pub fn has_failed(&self) -> bool {
        self.flags & FAILED != 0
    }

    /// For the session file.
    #[must_use]
    pub fn to_stored(self) -> StoredSignal {
        StoredSignal {
            by_status: self.by_status(),
            by_conditions: self.by_conditions(),
            signs_shown: self.signs.shown,
            signs_hold: self.signs.hold,
            flags: self.flags,
        }
    }

    /// From the session file.
    #[must_use]
    pub fn from_stored(stored: StoredSignal) -> Self {
        Self {
            by_status: stored.by_status.unwrap_or(NONE),
            by_conditions: stored.by_conditions.unwrap_or(NONE),
            signs: Signs {
                shown: stored.signs_shown,
                hold: stored.signs_hold,
            },
            flags: stored.flags,
        }
    }
}

/// `status.conditions`; else those of each parent, for kinds whose status has conditions per parent
/// (`status.parents[].conditions` of the Gateway API's routes, `status.ancestors[]` of its policies).
fn condition_lists<'a, 'j>(object: &'a Json<'j>) -> Vec<&'a [Json<'j>]> {
    let Some(status) = object.get("status") else {
        return Vec::new();
    };
    match status.get("conditions").map(Json::items) {
        Some(items) if !items.is_empty() => return vec![items],
        _ => {}
    }
    let parents = status.get("parents").or_else(|| status.get("ancestors"));
    let parents = parents.map_or(&[][..], Json::items);
    let conditions = |parent: &'a Json<'j>| parent.get("conditions").map_or(&[][..], Json::items);
    parents.iter().map(conditions).collect()
}

/// A whole number, also in quotes.
fn number(value: &Json<'_>) -> Option<i64> {
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

fn read_conditions(
    items: &[Json<'_>],
    by_status: Option<i64>,
    rule: Option<&LatencyRule>,
    exists: &impl Fn(&i64) -> bool,
    failed: &mut bool,
) -> ConditionList {
    let mut list = ConditionList::default();
    let observed = |item: &Json<'_>| {
        let own = item.get("observedGeneration").and_then(number);
        own.filter(exists)
    };
    for item in items {
        let own = observed(item);
        if item.get("type").and_then(Json::as_str) == Some("Ready") {
            list.of_ready = own;
        }
        list.without |= own.is_none();
        list.least = match (list.least, own) {
            (Some(known), Some(own)) => Some(known.min(own)),
            (known, own) => known.or(own),
        };
    }
    for item in items {
        let text = |name: &str| item.get(name).and_then(Json::as_str);
        let (Some(type_), Some(status)) = (text("type"), text("status")) else {
            continue;
        };
        // A condition counts for the generation that it names itself.
        let stale = matches!((observed(item), by_status), (Some(own), Some(seen)) if own < seen);
        let holds = status == "True" && !stale;
        if let Some(sign) = ReadySign::of_condition(type_) {
            list.signs.set(sign, holds);
        }
        if rule.and_then(LatencyRule::ready_condition) == Some(type_) {
            list.signs.set(ReadySign::Chosen, holds);
        }
        match (type_, text("reason").unwrap_or_default()) {
            ("Progressing", "NewReplicaSetAvailable") => {
                list.signs.set(ReadySign::RolledOut, holds);
            }
            (
                "Progressing",
                "NewReplicaSetCreated"
                | "FoundNewReplicaSet"
                | "NewReplicaSetReason"
                | "ReplicaSetUpdated"
                | "ProgressDeadlineExceeded"
                | "DeploymentPaused"
                | "DeploymentResumed"
                | "RolloutPaused"
                | "RolloutResumed",
            ) => list.signs.set(ReadySign::RolledOut, false),
            _ => {}
        }
        *failed |= !stale
            && match type_ {
                "Failed" | "Stalled" => status == "True",
                "Succeeded" => status == "False",
                _ => false,
            };
    }
    list
}

/// Signs beside the conditions.
fn read_status(object: &Json<'_>, signs: &mut Signs, failed: &mut bool) {
    let Some(status) = object.get("status") else {
        return;
    };
    let phase = status.get("phase").or_else(|| status.get("state"));
    if let Some(word) = phase.and_then(Json::as_str).filter(|word| !word.is_empty()) {
        let word = PhaseWord::of(word);
        *failed |= word == PhaseWord::Failed;
        if word == PhaseWord::Finished {
            signs.set(ReadySign::PhaseFinished, true);
        }
        if matches!(word, PhaseWord::Up | PhaseWord::Finished) {
            signs.set(ReadySign::PhaseUp, true);
        }
    }
    if let Some(ready) = status.get("ready").and_then(Json::as_bool) {
        signs.set(ReadySign::ReadyField, ready);
    }
    if let Some(health) = status.get("health").and_then(|health| health.get("status")) {
        let sync = status.get("sync").and_then(|sync| sync.get("status"));
        let synced = sync.is_none_or(|sync| sync.as_str() == Some("Synced"));
        let healthy = health.as_str() == Some("Healthy");
        signs.set(ReadySign::HealthStatus, healthy && synced);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn signal(text: &str) -> ReconcileSignal {
        ReconcileSignal::of(
            &Json::parse(text.as_bytes()).unwrap(),
            Judged::default(),
            None,
        )
    }

    #[test]
    fn a_route_is_observed_when_its_last_parent_has_seen_it() {
        let route = signal(
            r#"{"status":{"parents":[
            {"conditions":[{"type":"Accepted","status":"True","observedGeneration":3}]},
            {"conditions":[{"type":"Accepted","status":"True","observedGeneration":2}]}]}}"#,
        );
        assert_eq!(route.by_conditions(), Some(2));
        assert_eq!(route.says(ReadySign::Accepted), Some(true));
        let half = signal(
            r#"{"status":{"parents":[
            {"conditions":[{"type":"Accepted","status":"True","observedGeneration":3}]},
            {"conditions":[]}]}}"#,
        );
        assert_eq!(
            (half.by_conditions(), half.says(ReadySign::Accepted)),
            (None, Some(false))
        );
    }

    #[test]
    fn ready_for_an_older_generation_does_not_count() {
        let stale = signal(
            r#"{"status":{"observedGeneration":2,"conditions":[
            {"type":"Ready","status":"True","observedGeneration":1}]}}"#,
        );
        assert_eq!(stale.by_status(), Some(2));
        assert_eq!(stale.says(ReadySign::Ready), Some(false));
    }

    #[test]
    fn the_ready_condition_speaks_for_the_others_which_speak_together() {
        let own = signal(
            r#"{"status":{"conditions":[
            {"type":"Ready","status":"True","observedGeneration":3},
            {"type":"Issuing","status":"False","observedGeneration":1}]}}"#,
        );
        assert_eq!(own.by_conditions(), Some(3));
        let all = signal(
            r#"{"status":{"conditions":[
            {"type":"Accepted","status":"True","observedGeneration":3},
            {"type":"Programmed","status":"True","observedGeneration":2}]}}"#,
        );
        assert_eq!(all.by_conditions(), Some(2));
    }

    #[test]
    fn generations_in_quotes_count_and_those_to_come_do_not() {
        let quoted = signal(r#"{"metadata":{"generation":7},"status":{"observedGeneration":"7"}}"#);
        assert_eq!(
            quoted.observed(),
            Some((7, LatencyMethod::StatusObservedGeneration))
        );
        let copied = signal(
            r#"{"metadata":{"generation":1},"status":{"observedGeneration":9,
            "conditions":[{"type":"Ready","status":"True","observedGeneration":9}]}}"#,
        );
        assert_eq!(copied.observed(), None);
    }

    #[test]
    fn flux_has_not_observed_anything_at_first() {
        let text = r#"{"metadata":{"generation":1},"status":{"observedGeneration":-1}}"#;
        assert_eq!(signal(text).by_status(), Some(-1));
    }

    #[test]
    fn other_signs() {
        let app =
            signal(r#"{"status":{"health":{"status":"Healthy"},"sync":{"status":"OutOfSync"}}}"#);
        assert_eq!(app.says(ReadySign::HealthStatus), Some(false));
        let backup = signal(r#"{"status":{"phase":"Completed"}}"#);
        assert_eq!(backup.says(ReadySign::PhaseFinished), Some(true));
        let run = signal(r#"{"status":{"conditions":[{"type":"Succeeded","status":"False"}]}}"#);
        assert!(run.has_failed());
        let rolled = signal(
            r#"{"status":{"conditions":[
            {"type":"Available","status":"True"},
            {"type":"Progressing","status":"True","reason":"ReplicaSetUpdated"}]}}"#,
        );
        assert_eq!(rolled.says(ReadySign::RolledOut), Some(false));
        assert!(
            signal(r#"{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z"}}"#).is_deleting()
        );
    }

    #[test]
    fn the_settings_name_a_condition() {
        let rule = LatencyRule::new(&super::super::LatencyOverride {
            ready_condition: Some("Deployed".into()),
            ..Default::default()
        })
        .unwrap();
        let text = br#"{"status":{"conditions":[{"type":"Deployed","status":"True"}]}}"#;
        let signal =
            ReconcileSignal::of(&Json::parse(text).unwrap(), Judged::default(), Some(&rule));
        assert_eq!(signal.says(ReadySign::Chosen), Some(true));
        assert_eq!(ReconcileSignal::from_stored(signal.to_stored()), signal);
    }

    #[test]
    fn a_signal_is_small() {
        assert_eq!(size_of::<ReconcileSignal>(), 32);
    }
}
