//! Conditions, and what readiness is told in. The rules are in the layer `readiness`.

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
    let list = object.at(&["status", "conditions"]);
    list.into_iter().flat_map(conditions_in)
}

/// The conditions of a list of them, in their order.
pub fn conditions_in<'a>(list: &'a Json<'a>) -> impl Iterator<Item = Condition<'a>> {
    list.items().iter().filter_map(|item| {
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

/// The results of kstatus. NotFound has no place here: what is not there has no readiness.
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
    /// Somebody asked that nothing be reconciled: what would be InProgress is Current then.
    #[serde(default)]
    pub suspended: bool,
    /// The reason in words.
    pub reason: Box<str>,
}

impl Readiness {
    /// The result in a word or two, as kstatus names it: `In progress`, `Suspended`.
    #[must_use]
    pub fn label(&self) -> &'static str {
        match self.status {
            ReadinessStatus::Current if self.suspended => "Suspended",
            ReadinessStatus::Current => "Current",
            ReadinessStatus::InProgress => "In progress",
            ReadinessStatus::Failed => "Failed",
            ReadinessStatus::Terminating => "Terminating",
            ReadinessStatus::Unknown => "Unknown",
        }
    }

    /// The result with its reason: `Failed · Stalled is True (RetriesExceeded)`.
    #[must_use]
    pub fn sentence(&self) -> String {
        let label = self.label();
        if self.reason.is_empty() {
            label.to_owned()
        } else {
            format!("{label} · {}", self.reason)
        }
    }
}
