//! The rules of kstatus for all kinds.
//!
//! Source: `sigs.k8s.io/cli-utils/pkg/kstatus/status`, `generic.go` and `status.go`.

use super::verdict::Verdict;
use crate::model::{Json, ReadinessStatus, conditions, observed_generation};

/// What holds for every kind, before any rule of its own: deletion, the generation that was
/// observed, then the first of `Reconciling` and `Stalled` that is True.
pub(super) fn generic(object: &Json<'_>) -> Option<Verdict> {
    if let Some(verdict) = deletion(object) {
        return Some(verdict);
    }
    let generation = object
        .at(&["metadata", "generation"])
        .and_then(Json::as_i64);
    let observed = observed_generation(object);
    if let (Some(generation), Some(observed)) = (generation, observed)
        && observed != generation
    {
        return Some(Verdict::in_progress(format!(
            "generation {generation} waits to be observed, the last one was {observed}"
        )));
    }
    conditions(object)
        .filter(|condition| condition.status == "True")
        .find_map(|condition| {
            let status = match condition.type_ {
                "Reconciling" => ReadinessStatus::InProgress,
                "Stalled" => ReadinessStatus::Failed,
                _ => return None,
            };
            Some(Verdict::of_condition(status, &condition, object))
        })
}

fn deletion(object: &Json<'_>) -> Option<Verdict> {
    let since = object.at(&["metadata", "deletionTimestamp"])?.as_str()?;
    if since.is_empty() {
        return None;
    }
    let finalizers = object
        .at(&["metadata", "finalizers"])
        .map_or(&[][..], Json::items);
    let mut reason = String::new();
    for name in finalizers.iter().filter_map(Json::as_str) {
        reason.push_str(if reason.is_empty() {
            "deletion waits for "
        } else {
            ", "
        });
        reason.push_str(name);
    }
    if reason.is_empty() {
        reason.push_str("being deleted");
    }
    Some(Verdict::new(ReadinessStatus::Terminating, reason))
}

/// The `Ready` condition: the first one whose status is True, False or Unknown.
///
/// kstatus calls Ready=False InProgress, since nothing tells whether progress is being made.
pub(super) fn ready(object: &Json<'_>) -> Option<Verdict> {
    conditions(object)
        .filter(|condition| condition.type_ == "Ready")
        .find_map(|condition| {
            let status = match condition.status {
                "True" => ReadinessStatus::Current,
                "False" | "Unknown" => ReadinessStatus::InProgress,
                _ => return None,
            };
            Some(Verdict::of_condition(status, &condition, object))
        })
}

#[cfg(test)]
mod tests {
    use ReadinessStatus::{Current, Failed, InProgress, Terminating};

    use super::*;

    fn judged(text: &str) -> Option<(ReadinessStatus, String)> {
        let object = Json::parse(text.as_bytes()).unwrap();
        generic(&object)
            .or_else(|| ready(&object))
            .map(|verdict| (verdict.status, verdict.reason))
    }

    fn conditions_of(items: &[(&str, &str)]) -> String {
        let items: Vec<_> = items
            .iter()
            .map(|(name, status)| format!(r#"{{"type":"{name}","status":"{status}"}}"#))
            .collect();
        format!(r#"{{"status":{{"conditions":[{}]}}}}"#, items.join(","))
    }

    #[test]
    fn deletion_outranks_every_condition_and_names_what_it_waits_for() {
        let text = r#"{"metadata":{"deletionTimestamp":"2026-01-01T00:00:00Z","finalizers":["a/b","c/d"]},
            "status":{"conditions":[{"type":"Stalled","status":"True"}]}}"#;
        let reason = "deletion waits for a/b, c/d".to_owned();
        assert_eq!(judged(text), Some((Terminating, reason)));
    }

    #[test]
    fn a_generation_that_was_not_observed_is_in_progress_whatever_ready_says() {
        for (generation, observed, expected) in [
            (3, "3", Current),
            (3, "2", InProgress),
            // After a restore from a backup; kstatus asks for equality.
            (3, "4", InProgress),
            (3, "\"2\"", InProgress),
            (3, "\"3\"", Current),
            // Not a generation at all: early Argo Rollouts wrote a hash.
            (3, "\"7c9f\"", Current),
        ] {
            let text = format!(
                r#"{{"metadata":{{"generation":{generation}}},"status":{{"observedGeneration":{observed},
                "conditions":[{{"type":"Ready","status":"True"}}]}}}}"#
            );
            assert_eq!(judged(&text).unwrap().0, expected, "{observed}");
        }
    }

    #[test]
    fn the_first_true_one_of_reconciling_and_stalled_decides() {
        for (items, expected) in [
            (&[("Stalled", "True"), ("Ready", "True")][..], Some(Failed)),
            (
                &[("Reconciling", "True"), ("Ready", "True")],
                Some(InProgress),
            ),
            (
                &[("Reconciling", "True"), ("Stalled", "True")],
                Some(InProgress),
            ),
            (
                &[("Stalled", "True"), ("Reconciling", "True")],
                Some(Failed),
            ),
            (&[("Stalled", "False"), ("Ready", "True")], Some(Current)),
            (&[("Stalled", "Unknown"), ("Reconciling", "False")], None),
        ] {
            let result = judged(&conditions_of(items)).map(|(status, _)| status);
            assert_eq!(result, expected, "{items:?}");
        }
    }

    #[test]
    fn ready_decides_where_nothing_else_does() {
        for (items, expected) in [
            (&[("Ready", "True")][..], Some(Current)),
            (&[("Ready", "False")], Some(InProgress)),
            (&[("Ready", "Unknown")], Some(InProgress)),
            (&[("Ready", "true")], None),
            (&[("Ready", ""), ("Ready", "True")], Some(Current)),
            (&[("Healthy", "True")], None),
        ] {
            let result = judged(&conditions_of(items)).map(|(status, _)| status);
            assert_eq!(result, expected, "{items:?}");
        }
    }

    #[test]
    fn a_condition_about_an_older_generation_tells_nothing_about_this_one() {
        for name in ["Ready", "Stalled"] {
            let text = format!(
                r#"{{"metadata":{{"generation":3}},"status":{{"conditions":[
                {{"type":"{name}","status":"True","observedGeneration":2}}]}}}}"#
            );
            let reason =
                format!("{name} is about generation 2, and generation 3 waits to be observed");
            assert_eq!(judged(&text), Some((InProgress, reason)));
        }
    }
}
