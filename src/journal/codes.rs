//! The small numbers and words that `schema.sql` names.

use crate::{
    model::{ChangeKind, GapCause, Provenance, Scope},
    timeline::LatencyMethod,
};

pub(super) const KEYFRAME: i64 = 1;
pub(super) const DELTA: i64 = 2;

const CHANGES: [ChangeKind; 3] = [ChangeKind::Added, ChangeKind::Modified, ChangeKind::Deleted];

const PROVENANCES: [Provenance; 4] = [
    Provenance::InitialList,
    Provenance::Watch,
    Provenance::Relist,
    Provenance::Poll,
];

pub(super) fn change_code(change: ChangeKind) -> i64 {
    match change {
        ChangeKind::Added => 0,
        ChangeKind::Modified => 1,
        ChangeKind::Deleted => 2,
    }
}

pub(super) fn provenance_code(provenance: Provenance) -> i64 {
    match provenance {
        Provenance::InitialList => 0,
        Provenance::Watch => 1,
        Provenance::Relist => 2,
        Provenance::Poll => 3,
    }
}

/// Signs of readiness have columns of their own.
pub(super) fn method_code(method: LatencyMethod) -> i64 {
    match method {
        LatencyMethod::StatusObservedGeneration => 0,
        LatencyMethod::ConditionObservedGeneration => 1,
        LatencyMethod::ReadyCondition | LatencyMethod::OtherSign(_) => 2,
    }
}

pub(super) fn scope_word(scope: Scope) -> &'static str {
    match scope {
        Scope::Namespaced => "Namespaced",
        Scope::Cluster => "Cluster",
    }
}

pub(super) fn change_of(code: i64) -> Option<ChangeKind> {
    nth(&CHANGES, code)
}

pub(super) fn provenance_of(code: i64) -> Option<Provenance> {
    nth(&PROVENANCES, code)
}

pub(super) fn scope_of(word: &str) -> Option<Scope> {
    match word {
        "Namespaced" => Some(Scope::Namespaced),
        "Cluster" => Some(Scope::Cluster),
        _ => None,
    }
}

/// The word of a cause as the JSON export writes it.
pub(super) fn cause_word(cause: &GapCause) -> String {
    match serde_json::to_value(cause) {
        Ok(serde_json::Value::String(word)) => word,
        // A unit variant is always a string; the name for people is the next best.
        _ => cause.to_string(),
    }
}

pub(super) fn cause_of(word: &str) -> Option<GapCause> {
    serde_json::from_value(serde_json::Value::String(word.to_owned())).ok()
}

fn nth<T: Copy>(all: &[T], code: i64) -> Option<T> {
    all.get(usize::try_from(code).ok()?).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_comes_back() {
        for change in CHANGES {
            assert_eq!(change_of(change_code(change)), Some(change));
        }
        for provenance in PROVENANCES {
            assert_eq!(provenance_of(provenance_code(provenance)), Some(provenance));
        }
        for scope in [Scope::Namespaced, Scope::Cluster] {
            assert_eq!(scope_of(scope_word(scope)), Some(scope));
        }
        for cause in [
            GapCause::Expired,
            GapCause::ConnectionLost,
            GapCause::NotRunning,
        ] {
            assert_eq!(cause_of(&cause_word(&cause)), Some(cause));
        }
    }

    #[test]
    fn unknown_codes_are_none() {
        assert_eq!(change_of(3), None);
        assert_eq!(provenance_of(-1), None);
        assert_eq!(cause_of("boredom"), None);
    }
}
