//! The words of one revision in the history list.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::{clock_text, summary};
use crate::{
    model::{ChangeKind, Provenance},
    timeline::{ChangeEntry, ChangeId, Timeline},
    ui::format,
};

/// What a revision did, as one coloured word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Badge {
    /// Desired state changed.
    Spec,
    /// Observed state changed.
    Status,
    /// Labels, annotations, finalizers, owners.
    Meta,
    /// Nothing but timestamps.
    Heartbeat,
    /// Created.
    Create,
    /// Existed before it was watched.
    Found,
    /// Gone.
    Delete,
}

impl Badge {
    /// Of a change. What the user asked for outranks what the controller said.
    #[must_use]
    pub fn of(change: &ChangeEntry) -> Self {
        let touches = change.touches;
        match (change.change, change.provenance) {
            (ChangeKind::Added, Provenance::InitialList) => Badge::Found,
            (ChangeKind::Added, _) => Badge::Create,
            (ChangeKind::Deleted, _) => Badge::Delete,
            _ if touches.heartbeat => Badge::Heartbeat,
            _ if touches.spec => Badge::Spec,
            _ if touches.status => Badge::Status,
            _ => Badge::Meta,
        }
    }

    /// The word.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Badge::Spec => "spec",
            Badge::Status => "status",
            Badge::Meta => "meta",
            Badge::Heartbeat => "beat",
            Badge::Create => "create",
            Badge::Found => "found",
            Badge::Delete => "delete",
        }
    }
}

/// How we know of a change that was not seen as it happened, in words.
#[must_use]
pub fn provenance_note(provenance: Provenance) -> Option<(&'static str, &'static str)> {
    match provenance {
        Provenance::Watch => None,
        Provenance::InitialList => Some((
            "list",
            "From the first list: it happened before Kronika watched.",
        )),
        Provenance::Relist => Some((
            "relist",
            "Found by listing again after the watch was lost: it happened some time in the gap below, \
             and revisions in between are unknown.",
        )),
        Provenance::Poll => Some((
            "poll",
            "Found by polling, as this user may not watch the kind: revisions in between are unknown.",
        )),
    }
}

/// One revision in words.
#[derive(Debug, Clone, PartialEq)]
pub struct RevisionRow {
    /// `15:01:44`.
    pub clock: String,
    /// `.201`.
    pub millis: String,
    /// What it did.
    pub badge: Badge,
    /// What changed.
    pub summary: String,
    /// Who: `argocd-controller`, or `one of a, b`.
    pub managers: String,
    /// The same with all that is known of the revision, for a tooltip.
    pub details: String,
    /// How we know, where it was not seen as it happened: a word and an explanation.
    pub note: Option<(&'static str, &'static str)>,
}

impl RevisionRow {
    /// The row of a change. `words` are better words for what changed, where the caller has them.
    #[must_use]
    pub fn of(
        timeline: &Timeline,
        id: ChangeId,
        zone: &TimeZone,
        words: Option<&str>,
    ) -> Option<Self> {
        let change = timeline.change(id)?;
        let managers: Vec<Arc<str>> = timeline.managers(change).cloned().collect();
        let badge = Badge::of(change);
        let summary = match words {
            Some(words) => words.to_owned(),
            None => summary::from_paths(badge, timeline.paths(change)),
        };
        Some(Self {
            clock: format::clock(change.at.wall, zone),
            millis: format::clock_millis(change.at.wall),
            badge,
            details: details(change, &summary, &managers, zone),
            summary,
            managers: match &managers[..] {
                [] | [_] => managers.join(""),
                several => format!("one of {}", several.join(", ")),
            },
            note: provenance_note(change.provenance),
        })
    }
}

fn details(change: &ChangeEntry, summary: &str, managers: &[Arc<str>], zone: &TimeZone) -> String {
    let mut text = format!("{summary}\n{}", clock_text::full(change.at, zone));
    match managers {
        [] if change.change == ChangeKind::Modified => text
            .push_str("\nmanager not known: an update that only removes fields leaves none behind"),
        [] => text.push_str("\nmanager not known"),
        [one] => text.push_str(&format!("\nby {one}")),
        several => text.push_str(&format!("\nby one of {}", several.join(", "))),
    }
    text.push_str(&format!("\nresourceVersion {}", change.resource_version));
    if let Some(generation) = change.generation {
        text.push_str(&format!(", generation {generation}"));
    }
    text.push_str("\n\nClick: what it changed. Shift or right click: compare from here.");
    text
}
