//! What is not watched now, and so cannot be judged.

use super::{Evidence, Finding, Severity};
use crate::{
    model::{ConnectionState, WatchStatus},
    timeline::{KindHistory, Timeline},
};

/// What is to be said of the connection; nothing while there is one, or none is wanted yet.
pub(super) fn of_context(timeline: &Timeline, since: i64) -> Option<Finding> {
    let ConnectionState::Failed { error, .. } = &timeline.connection else {
        return None;
    };
    Some(Finding {
        detail: "connection".to_owned(),
        severity: Severity::Warning,
        since,
        title: "not connected".to_owned(),
        explanation: format!(
            "{error}. Nothing is watched; what happens meanwhile will show as a gap."
        ),
        evidence: Vec::new(),
    })
}

/// What is to be said of a kind's watch; nothing while all is well, and on a recording.
pub(super) fn of_kind(timeline: &Timeline, kind: &KindHistory, since: i64) -> Option<Finding> {
    if timeline.connection == ConnectionState::Recorded || !kind.served {
        return None;
    }
    let name = &kind.kind.kind;
    let plural = kind.kind.qualified_plural();
    let (detail, title, explanation) = match &kind.status {
        WatchStatus::Forbidden { error } => (
            "forbidden",
            "no permission".to_owned(),
            format!(
                "{name} cannot be listed: {error}. To watch it, allow list and watch on {plural}."
            ),
        ),
        WatchStatus::Polling => (
            "polling",
            "polled, not watched".to_owned(),
            format!(
                "{name} is listed again and again because watch is not allowed: what happens between two lists is not seen."
            ),
        ),
        WatchStatus::BackingOff { error, .. } => (
            "down",
            "not watched now".to_owned(),
            format!(
                "The watch of {name} is down: {error}. What happens meanwhile will show as a gap."
            ),
        ),
        _ => return None,
    };
    Some(Finding {
        detail: detail.to_owned(),
        severity: Severity::Notice,
        since,
        title,
        explanation,
        evidence: vec![Evidence::Figure {
            label: "objects known",
            value: kind.live_count().to_string(),
        }],
    })
}

/// Whether the watch of a kind is in a state in which time may be held against its objects.
pub(super) fn is_judged(timeline: &Timeline, kind: &KindHistory) -> bool {
    timeline.connection == ConnectionState::Recorded
        || matches!(kind.status, WatchStatus::Watching | WatchStatus::Polling)
}
