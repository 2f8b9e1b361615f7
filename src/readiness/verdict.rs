//! A judgement while it is being made, and the words for it.

use crate::model::{Condition, Json, ReadinessStatus};

/// Messages of controllers are shown up to here: some carry the whole output of a tool, and one is
/// kept for every live object.
const MESSAGE_CHARS: usize = 400;

/// What one rule says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Verdict {
    pub(super) status: ReadinessStatus,
    pub(super) suspended: bool,
    pub(super) reason: String,
}

impl Verdict {
    pub(super) fn new(status: ReadinessStatus, reason: impl Into<String>) -> Self {
        Self {
            status,
            suspended: false,
            reason: reason.into(),
        }
    }

    pub(super) fn current(reason: impl Into<String>) -> Self {
        Self::new(ReadinessStatus::Current, reason)
    }

    pub(super) fn in_progress(reason: impl Into<String>) -> Self {
        Self::new(ReadinessStatus::InProgress, reason)
    }

    pub(super) fn failed(reason: impl Into<String>) -> Self {
        Self::new(ReadinessStatus::Failed, reason)
    }

    /// What a condition says, unless it was written for an older generation.
    pub(super) fn of_condition(
        status: ReadinessStatus,
        condition: &Condition<'_>,
        object: &Json<'_>,
    ) -> Self {
        match outdated(condition, object) {
            Some(reason) => Self::in_progress(reason),
            None => Self::new(status, explain(condition)),
        }
    }
}

/// Why a condition says nothing about the object's present generation, if so.
pub(super) fn outdated(condition: &Condition<'_>, object: &Json<'_>) -> Option<String> {
    let generation = object.at(&["metadata", "generation"])?.as_i64()?;
    let seen = condition.observed_generation?;
    (seen < generation).then(|| {
        format!(
            "{} is about generation {seen}, and generation {generation} waits to be observed",
            condition.type_
        )
    })
}

/// A condition in words: `Ready is False (DoesNotExist): the secret does not exist`.
pub(super) fn explain(condition: &Condition<'_>) -> String {
    let mut text = format!("{} is {}", condition.type_, condition.status);
    if !condition.reason.is_empty() && condition.reason != condition.type_ {
        text.push_str(" (");
        text.push_str(condition.reason);
        text.push(')');
    }
    if !condition.message.trim().is_empty() {
        text.push_str(": ");
        push_shortened(&mut text, condition.message.trim());
    }
    text
}

/// Appends a text, shortened to what is worth keeping for every object.
pub(super) fn push_shortened(into: &mut String, text: &str) {
    match text.char_indices().nth(MESSAGE_CHARS) {
        Some((end, _)) => {
            into.push_str(text[..end].trim_end());
            into.push('…');
        }
        None => into.push_str(text),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn condition<'a>(reason: &'a str, message: &'a str) -> Condition<'a> {
        Condition {
            type_: "Ready",
            status: "False",
            reason,
            message,
            observed_generation: None,
            last_transition_time: None,
        }
    }

    #[test]
    fn a_condition_is_told_with_what_it_has() {
        for (reason, message, words) in [
            ("", "", "Ready is False"),
            ("Pending", "", "Ready is False (Pending)"),
            ("", "no issuer", "Ready is False: no issuer"),
            (
                "Pending",
                "no issuer\n",
                "Ready is False (Pending): no issuer",
            ),
            ("Ready", "", "Ready is False"),
        ] {
            assert_eq!(explain(&condition(reason, message)), words);
        }
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let message = "é".repeat(5000);
        let text = explain(&condition("", &message));
        assert!(text.ends_with("é…"), "{text}");
        assert!(text.chars().count() < 450);
    }
}
