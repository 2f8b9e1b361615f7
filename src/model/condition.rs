//! Conditions, and readiness by the kstatus rules.
//!
//! Source of the rules: `sigs.k8s.io/cli-utils/pkg/kstatus` and the API conventions on typical
//! status properties.

use serde::{Deserialize, Serialize};

use super::Json;

/// One entry of `status.conditions` (`metav1.Condition`, or an older shape of it).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Condition<'a> {
    /// Type, for example `Ready`.
    pub type_: &'a str,
    /// `True`, `False` or `Unknown`.
    pub status: &'a str,
    /// CamelCase reason; empty where the kind has none.
    pub reason: &'a str,
    /// Message for people; empty where the kind has none.
    pub message: &'a str,
    /// Generation that the condition was written for.
    pub observed_generation: Option<i64>,
    /// When the status changed last, as the controller wrote it.
    pub last_transition_time: Option<&'a str>,
}

/// The conditions of an object, in their order.
pub fn conditions<'a>(object: &'a Json<'a>) -> impl Iterator<Item = Condition<'a>> {
    let items = object
        .at(&["status", "conditions"])
        .map_or(&[][..], Json::items);
    items.iter().filter_map(|item| {
        let text = |name: &str| item.get(name).and_then(Json::as_str);
        Some(Condition {
            type_: text("type")?,
            status: text("status")?,
            reason: text("reason").unwrap_or_default(),
            message: text("message").unwrap_or_default(),
            observed_generation: item.get("observedGeneration").and_then(Json::as_i64),
            last_transition_time: text("lastTransitionTime"),
        })
    })
}

/// `status.observedGeneration`, which most kinds write as a number and Argo Rollouts as a string
/// (`RolloutStatus.observedGeneration`).
#[must_use]
pub fn observed_generation(object: &Json<'_>) -> Option<i64> {
    let value = object.at(&["status", "observedGeneration"])?;
    value.as_i64().or_else(|| value.as_str()?.parse().ok())
}

/// The five results of kstatus.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum ReadinessStatus {
    /// A condition says that it cannot go on.
    Failed,
    /// Being deleted.
    Terminating,
    /// The controller has not reached the desired state yet.
    InProgress,
    /// Nothing in the object tells.
    Unknown,
    /// The desired state is reached.
    Current,
}

/// What an object says about itself, and why we think so.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Readiness {
    /// The result.
    pub status: ReadinessStatus,
    /// The reason in words.
    pub reason: Box<str>,
}

/// Judges an object by the generic kstatus rules, in their order: deletion, generation not
/// observed, `Stalled`, `Reconciling`, then `Ready`.
#[must_use]
pub fn readiness(object: &Json<'_>) -> Readiness {
    let result = |status, reason: String| Readiness {
        status,
        reason: reason.into(),
    };
    if object.at(&["metadata", "deletionTimestamp"]).is_some() {
        let finalizers = object
            .at(&["metadata", "finalizers"])
            .map_or(&[][..], Json::items);
        let names: Vec<_> = finalizers.iter().filter_map(Json::as_str).collect();
        let reason = if names.is_empty() {
            "being deleted".to_owned()
        } else {
            format!("deletion waits for {}", names.join(", "))
        };
        return result(ReadinessStatus::Terminating, reason);
    }
    let generation = object
        .at(&["metadata", "generation"])
        .and_then(Json::as_i64);
    let observed = observed_generation(object);
    if let (Some(generation), Some(observed)) = (generation, observed)
        && observed < generation
    {
        let reason = format!("generation {generation} not observed yet, last {observed}");
        return result(ReadinessStatus::InProgress, reason);
    }
    let explain = |condition: &Condition<'_>| match (condition.reason, condition.message) {
        ("", "") => format!("{} is {}", condition.type_, condition.status),
        (reason, "") => reason.to_owned(),
        ("", message) => message.to_owned(),
        (reason, message) => format!("{reason}: {message}"),
    };
    let all: Vec<_> = conditions(object).collect();
    let find = |name: &str| all.iter().find(|condition| condition.type_ == name);
    if let Some(stalled) = find("Stalled").filter(|c| c.status == "True") {
        return result(ReadinessStatus::Failed, explain(stalled));
    }
    if let Some(reconciling) = find("Reconciling").filter(|c| c.status == "True") {
        return result(ReadinessStatus::InProgress, explain(reconciling));
    }
    match find("Ready") {
        Some(ready) => {
            if let (Some(generation), Some(seen)) = (generation, ready.observed_generation)
                && seen < generation
            {
                let reason = format!("Ready is for generation {seen}, not {generation}");
                return result(ReadinessStatus::InProgress, reason);
            }
            match ready.status {
                "True" => result(ReadinessStatus::Current, explain(ready)),
                "False" => result(ReadinessStatus::InProgress, explain(ready)),
                _ => result(ReadinessStatus::InProgress, explain(ready)),
            }
        }
        None if observed.is_some() => result(
            ReadinessStatus::Current,
            "generation observed, no Ready condition".into(),
        ),
        None => result(ReadinessStatus::Unknown, "no Ready condition".into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn status_of(text: &str) -> ReadinessStatus {
        readiness(&Json::parse(text.as_bytes()).unwrap()).status
    }

    #[test]
    fn deletion_outranks_every_condition() {
        let text = r#"{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z","finalizers":["a/b"]},
            "status":{"conditions":[{"type":"Ready","status":"True"}]}}"#;
        let readiness = readiness(&Json::parse(text.as_bytes()).unwrap());
        assert_eq!(readiness.status, ReadinessStatus::Terminating);
        assert_eq!(&*readiness.reason, "deletion waits for a/b");
    }

    #[test]
    fn ready_for_an_older_generation_is_in_progress() {
        assert_eq!(
            status_of(
                r#"{"metadata":{"generation":3},"status":{"observedGeneration":2,
                "conditions":[{"type":"Ready","status":"True"}]}}"#
            ),
            ReadinessStatus::InProgress
        );
        assert_eq!(
            status_of(
                r#"{"metadata":{"generation":3},"status":{
                "conditions":[{"type":"Ready","status":"True","observedGeneration":2}]}}"#
            ),
            ReadinessStatus::InProgress
        );
    }

    #[test]
    fn an_observed_generation_in_quotes_counts() {
        let lagging = r#"{"metadata":{"generation":3},"status":{"observedGeneration":"2"}}"#;
        assert_eq!(status_of(lagging), ReadinessStatus::InProgress);
    }

    #[test]
    fn stalled_is_failed_and_ready_is_current() {
        assert_eq!(
            status_of(r#"{"status":{"conditions":[{"type":"Stalled","status":"True"}]}}"#),
            ReadinessStatus::Failed
        );
        assert_eq!(
            status_of(r#"{"status":{"conditions":[{"type":"Ready","status":"True"}]}}"#),
            ReadinessStatus::Current
        );
    }

    #[test]
    fn an_object_without_status_is_unknown() {
        assert_eq!(
            status_of(r#"{"metadata":{"generation":1}}"#),
            ReadinessStatus::Unknown
        );
    }
}
