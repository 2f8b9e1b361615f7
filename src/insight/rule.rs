//! The rules by name, and how much each matters.

use serde::{Deserialize, Serialize};

use super::InsightSettings;
use crate::model::spoken_duration;

/// How much an insight matters, most first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Severity {
    /// Something is broken, or does harm: look at it now.
    Critical,
    /// Something does not go on as it should.
    Warning,
    /// Good to know.
    Notice,
}

impl Severity {
    /// As shown beside its icon.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Severity::Critical => "critical",
            Severity::Warning => "warning",
            Severity::Notice => "notice",
        }
    }
}

/// A rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Rule {
    /// A reconcile is open for much longer than this kind takes.
    Stuck,
    /// Nothing seems to reconcile a kind.
    NeverObserved,
    /// Field managers undo each other's writes of one field.
    Fight,
    /// An object is written again and again, to no end.
    HotLoop,
    /// A condition goes back and forth.
    Flapping,
    /// A deletion waits for a finalizer.
    HeldDeletion,
    /// Somebody outside an allow-list wrote desired state.
    UnauthorisedManager,
    /// A kind changes far more than it usually does, or has fallen silent.
    UnusualRate,
    /// A kind that is not watched: no permission, polled only, or its watch is down now. Says what
    /// no other rule can be asked about.
    Coverage,
}

impl Rule {
    /// All of them.
    pub const ALL: [Self; 9] = [
        Self::Stuck,
        Self::NeverObserved,
        Self::Fight,
        Self::HotLoop,
        Self::Flapping,
        Self::HeldDeletion,
        Self::UnauthorisedManager,
        Self::UnusualRate,
        Self::Coverage,
    ];

    /// As settings and the command line write it: `hot-loop`.
    #[must_use]
    pub fn id(self) -> &'static str {
        match self {
            Self::Stuck => "stuck",
            Self::NeverObserved => "never-observed",
            Self::Fight => "fight",
            Self::HotLoop => "hot-loop",
            Self::Flapping => "flapping",
            Self::HeldDeletion => "held-deletion",
            Self::UnauthorisedManager => "unauthorised-manager",
            Self::UnusualRate => "unusual-rate",
            Self::Coverage => "coverage",
        }
    }

    /// As people read it: `Hot loop`.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            Self::Stuck => "Stuck",
            Self::NeverObserved => "Never observed",
            Self::Fight => "Fight",
            Self::HotLoop => "Hot loop",
            Self::Flapping => "Flapping",
            Self::HeldDeletion => "Held deletion",
            Self::UnauthorisedManager => "Unauthorised manager",
            Self::UnusualRate => "Unusual rate",
            Self::Coverage => "Coverage",
        }
    }

    /// What it looks for, with the thresholds in force.
    #[must_use]
    pub fn definition(self, settings: &InsightSettings) -> String {
        let seconds = |seconds: u64| spoken_duration(std::time::Duration::from_secs(seconds));
        match self {
            Self::Stuck => {
                let of = &settings.stuck;
                format!(
                    "a reconcile open for {} times its kind's p99, at least {}; {} where fewer than {} are known",
                    of.factor,
                    seconds(of.floor_seconds),
                    seconds(of.fallback_seconds),
                    of.samples,
                )
            }
            Self::NeverObserved => format!(
                "{} or more objects of a kind overdue by the limit of Stuck, and no status written anywhere in the kind since",
                settings.never_observed.objects,
            ),
            Self::Fight => {
                let of = &settings.fight;
                format!(
                    "field managers that undo each other's writes of a field {} times within {}",
                    of.reversals,
                    seconds(of.window_seconds),
                )
            }
            Self::HotLoop => {
                let of = &settings.hot_loop;
                format!(
                    "{} writes a minute for {} of an object that is ready and unchanged, or of values that it had before; {} of heartbeats",
                    of.writes_per_minute,
                    seconds(of.window_seconds),
                    of.heartbeats_per_minute,
                )
            }
            Self::Flapping => {
                let of = &settings.flapping;
                format!(
                    "a condition that turned {} times within {} under one generation, until no more than {}",
                    of.enter,
                    seconds(of.window_seconds),
                    of.leave,
                )
            }
            Self::HeldDeletion => format!(
                "a deletion that waits for its finalizers for {}",
                seconds(settings.held_deletion.after_seconds),
            ),
            Self::UnauthorisedManager => match settings.unauthorised.allow.len() {
                0 => "off until allow-lists are configured".to_owned(),
                lists => format!(
                    "desired state written by a manager that none of {lists} allow-lists names"
                ),
            },
            Self::UnusualRate => {
                let of = &settings.unusual_rate;
                format!(
                    "a kind with {} changes or more in {}, far beyond what this hour of the day has brought; or silence where there always were some",
                    of.minimum_changes,
                    seconds(super::unusual_rate::BUCKET_SECONDS),
                )
            }
            Self::Coverage => "kinds without permission, polled, or whose watch is down".to_owned(),
        }
    }
}
