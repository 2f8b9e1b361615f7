//! Deletions that wait.
//!
//! The server removes an object that is being deleted when its last finalizer is gone; each finalizer
//! is a controller that has asked to clean up first. A deletion is *held* when finalizers are left
//! `after` since it was asked for, and since the last finalizer went.
//!
//! Who a finalizer belongs to: the field manager that owns its entry in `metadata.finalizers`, which is
//! who added it; else the API server's own finalizers by name; else a controller of its domain.

use serde::{Deserialize, Serialize};

use super::{Answer, Context, Evidence, Finding, Severity, evidence::with_body, listed, micros};
use crate::{
    model::{ChangeKind, FieldSet, Json, PathElement, Provenance, ReadinessStatus, managed_fields},
    timeline::{ChangeEntry, ChangeId},
};

/// When a deletion counts as held.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct HeldDeletionSettings {
    /// After this; 300 s, which is how long Helm waits by default (`--timeout 5m`).
    pub after_seconds: u64,
}

impl Default for HeldDeletionSettings {
    fn default() -> Self {
        Self { after_seconds: 300 }
    }
}

/// What one object shows: nothing before its deletion was asked for.
#[derive(Debug, Default)]
pub(super) struct HeldDeletion {
    held: Option<Held>,
}

#[derive(Debug)]
struct Held {
    since: i64,
    /// When the last finalizer went.
    progress: i64,
    /// The change that asked for it, or the first that shows it.
    asked: ChangeId,
    finalizers: Vec<Finalizer>,
}

#[derive(Debug, Clone, PartialEq)]
struct Finalizer {
    name: String,
    /// Who added it.
    by: Option<String>,
}

impl HeldDeletion {
    /// Whether an object that was listed has to be looked at: it is being deleted, or is gone by now.
    pub(super) fn may_concern(cx: Context<'_>, change: &ChangeEntry) -> bool {
        cx.timeline.object(change.object).is_some_and(|object| {
            object.incarnations.len() > 1
                || object
                    .live
                    .as_ref()
                    .is_none_or(|live| live.readiness.status == ReadinessStatus::Terminating)
        })
    }

    pub(super) fn observe(&mut self, cx: Context<'_>, id: ChangeId, change: &ChangeEntry) {
        let concerns = match change.change {
            ChangeKind::Added => Self::may_concern(cx, change),
            ChangeKind::Modified if change.touches.metadata => {
                cx.timeline.paths(change).any(|path| {
                    let pointer = path.as_pointer();
                    pointer == "/metadata/deletionTimestamp"
                        || self.held.is_some() && pointer.starts_with("/metadata/finalizers")
                })
            }
            _ => false,
        };
        if !concerns {
            return;
        }
        let Some((timestamp, finalizers)) = with_body(cx.timeline, id, |json| {
            let timestamp = json.at(&["metadata", "deletionTimestamp"])?.as_str()?;
            Some((timestamp.parse::<jiff::Timestamp>().ok(), finalizers(json)))
        })
        .flatten() else {
            return;
        };
        match &mut self.held {
            Some(held) => {
                if finalizers.len() < held.finalizers.len() {
                    held.progress = cx.at;
                }
                held.finalizers = finalizers;
            }
            None => {
                // The watch tells when; a list only what the object says, by the server's clock.
                let since = match (change.provenance, timestamp) {
                    (Provenance::InitialList | Provenance::Relist, Some(timestamp)) => {
                        timestamp.as_microsecond().min(cx.at)
                    }
                    _ => cx.at,
                };
                self.held = Some(Held {
                    since,
                    progress: since,
                    asked: id,
                    finalizers,
                });
            }
        }
    }

    /// Whether the object is being deleted.
    pub(super) fn is_asked(&self) -> bool {
        self.held.is_some()
    }

    pub(super) fn check(&self, cx: Context<'_>) -> Answer {
        let Some(held) = self
            .held
            .as_ref()
            .filter(|held| !held.finalizers.is_empty())
        else {
            return Answer::default();
        };
        let due = held
            .progress
            .saturating_add(micros(cx.settings.held_deletion.after_seconds));
        if cx.at < due {
            return Answer::later(due);
        }
        let names: Vec<_> = held.finalizers.iter().map(|of| of.name.as_str()).collect();
        let whose: Vec<_> = held.finalizers.iter().map(Finalizer::whose).collect();
        let finding = Finding {
            detail: String::new(),
            severity: Severity::Warning,
            since: held.since,
            title: format!("deletion held by {}", listed(&names)),
            explanation: format!("The deletion waits for {}.", listed(&whose)),
            evidence: vec![Evidence::Change {
                id: held.asked,
                note: "the deletion was asked for".to_owned(),
            }],
        };
        Answer {
            findings: vec![finding],
            due: None,
        }
    }
}

impl Finalizer {
    /// The finalizer and who is to remove it.
    fn whose(&self) -> String {
        let name = &self.name;
        if let Some(by) = &self.by {
            return format!("{name}, which {by} added");
        }
        match name.as_str() {
            "foregroundDeletion" => {
                format!("{name} (the garbage collector, until all dependents are gone)")
            }
            "orphan" => format!("{name} (the garbage collector)"),
            "kubernetes" => {
                format!("{name} (the namespace controller, until the namespace is empty)")
            }
            "kubernetes.io/pvc-protection" => format!("{name} (until no Pod uses the claim)"),
            "kubernetes.io/pv-protection" => format!("{name} (until no claim is bound)"),
            _ => match name.split_once('/') {
                Some((domain, _)) => format!("{name} (a controller of {domain})"),
                None => format!("{name} (whose is not said)"),
            },
        }
    }
}

fn finalizers(object: &Json<'_>) -> Vec<Finalizer> {
    let names = object
        .at(&["metadata", "finalizers"])
        .map_or(&[][..], Json::items);
    let entries = managed_fields(object);
    let added_by = |name: &str| {
        let owns = |fields: FieldSet<'_>| {
            let set = fields
                .field("metadata")
                .and_then(|set| set.field("finalizers"));
            let mut elements = set.into_iter().flat_map(FieldSet::elements);
            elements.any(|(element, _)| {
                matches!(element, PathElement::Value(value) if value.as_str() == Some(name))
            })
        };
        let mut owners = entries.iter().filter(|entry| owns(entry.fields));
        owners
            .next()
            .map(|entry| entry.manager.manager.clone().into_owned())
    };
    names
        .iter()
        .filter_map(Json::as_str)
        .map(|name| Finalizer {
            name: name.to_owned(),
            by: added_by(name),
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finalizer_is_of_who_added_it_else_of_its_domain() {
        let text = br#"{"metadata":{"finalizers":["a.io/x","b.io/y","orphan"],"managedFields":[
            {"manager":"operator","operation":"Update","apiVersion":"v1",
             "fieldsV1":{"f:metadata":{"f:finalizers":{".":{},"v:\"a.io/x\"":{}}}}}]}}"#;
        let json = Json::parse(text).unwrap();
        let whose: Vec<_> = finalizers(&json).iter().map(Finalizer::whose).collect();
        assert_eq!(
            whose,
            [
                "a.io/x, which operator added",
                "b.io/y (a controller of b.io)",
                "orphan (the garbage collector)"
            ]
        );
    }
}
