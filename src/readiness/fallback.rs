//! What an object tells beyond the signs that kstatus knows.
//!
//! kstatus assumes that an object without any of its signs is Current. Here the conditions are read by
//! their polarity, and a generation that was observed is taken as a sign.

use super::{
    CompiledRule,
    polarity::{Meaning, Polarity, meaning},
    verdict::{Verdict, explain},
};
use crate::model::{Condition, Json, ReadinessStatus, conditions, observed_generation};

/// Reads the conditions of an object that has no Ready: a failure that is True, then a sign of success
/// that is not, then one that is.
pub(super) fn by_conditions(object: &Json<'_>, rule: Option<&CompiledRule>) -> Option<Verdict> {
    let mut awaited: Option<Verdict> = None;
    let mut reached: Option<Verdict> = None;
    for condition in conditions(object) {
        match (known(&condition, rule), condition.status) {
            (Meaning::Failure, "True") => {
                return Some(Verdict::of_condition(
                    ReadinessStatus::Failed,
                    &condition,
                    object,
                ));
            }
            (Meaning::Success, "True") if reached.is_none() => {
                let current = ReadinessStatus::Current;
                reached = Some(Verdict::of_condition(current, &condition, object));
            }
            (Meaning::Success, status) if status != "True" => {
                // For what runs to an end, False is the end (Knative, Tekton).
                let ended = condition.type_ == "Succeeded" && status == "False";
                let verdict = if ended {
                    ReadinessStatus::Failed
                } else {
                    ReadinessStatus::InProgress
                };
                let verdict = Verdict::of_condition(verdict, &condition, object);
                if awaited.is_none() || ended {
                    awaited = Some(verdict);
                }
            }
            _ => {}
        }
    }
    awaited.or(reached)
}

/// A rule that gives a condition a polarity speaks of a part, not of the whole.
fn known(condition: &Condition<'_>, rule: Option<&CompiledRule>) -> Meaning {
    match rule.and_then(|rule| rule.polarity(condition.type_)) {
        Some(Polarity::Positive) => Meaning::Good,
        Some(Polarity::Negative) => Meaning::Warning,
        Some(Polarity::Neutral) => Meaning::Neutral,
        None => meaning(condition.type_),
    }
}

/// The last sign: the controller has seen what is wanted, and says nothing against it.
pub(super) fn by_generation(object: &Json<'_>) -> Verdict {
    let observed = observed_generation(object);
    let generation = object
        .at(&["metadata", "generation"])
        .and_then(Json::as_i64);
    match (observed, generation) {
        (Some(observed), Some(generation)) if observed == generation => Verdict::current(format!(
            "generation {generation} is observed, and nothing is said against it"
        )),
        _ if object.get("status").is_none() => {
            Verdict::new(ReadinessStatus::Unknown, "it has no status")
        }
        _ => Verdict::new(
            ReadinessStatus::Unknown,
            "nothing in its status tells whether it is ready",
        ),
    }
}

/// A failure that an object with Ready=True tells beside: it stays Current, and the reason says so.
pub(super) fn but(verdict: Verdict, object: &Json<'_>, rule: Option<&CompiledRule>) -> Verdict {
    if verdict.status != ReadinessStatus::Current {
        return verdict;
    }
    let failure = conditions(object)
        .find(|condition| condition.status == "True" && known(condition, rule) == Meaning::Failure);
    match failure {
        Some(failure) => Verdict {
            reason: format!("{}, but {}", verdict.reason, explain(&failure)),
            ..verdict
        },
        None => verdict,
    }
}
