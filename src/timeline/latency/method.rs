//! How a kind's reconciles are measured.

use super::ReadySign;

/// How a kind tells that its controller saw a generation, most reliable first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LatencyMethod {
    /// `status.observedGeneration` (API conventions: typical status properties).
    StatusObservedGeneration,
    /// `observedGeneration` of the conditions (`metav1.Condition`).
    ConditionObservedGeneration,
    /// Only a `Ready` condition: the first status write after the bump that says `True`.
    ReadyCondition,
    /// Only another sign that it is done: the first status write after the bump that shows it.
    OtherSign(ReadySign),
}

impl LatencyMethod {
    /// As shown beside a figure.
    #[must_use]
    pub fn label(self) -> &'static str {
        match self {
            LatencyMethod::StatusObservedGeneration => "status.observedGeneration",
            LatencyMethod::ConditionObservedGeneration => "condition.observedGeneration",
            LatencyMethod::ReadyCondition => "Ready condition only",
            LatencyMethod::OtherSign(sign) => match sign {
                ReadySign::Chosen => "as set in the settings",
                ReadySign::KindRule => "readiness rule only",
                ReadySign::RolledOut => "Progressing condition only",
                ReadySign::Healthy => "Healthy condition only",
                ReadySign::Succeeded => "Succeeded condition only",
                ReadySign::Complete => "Complete condition only",
                ReadySign::Completed => "Completed condition only",
                ReadySign::Finished => "Finished condition only",
                ReadySign::Programmed => "Programmed condition only",
                ReadySign::HealthStatus => "status.health only",
                ReadySign::Available => "Available condition only",
                ReadySign::ReadyField => "status.ready only",
                ReadySign::PhaseFinished | ReadySign::PhaseUp => "status.phase only",
                ReadySign::Synced => "Synced condition only",
                ReadySign::Reconciled => "Reconciled condition only",
                ReadySign::Established => "Established condition only",
                ReadySign::Installed => "Installed condition only",
                ReadySign::Accepted => "Accepted condition only",
                ReadySign::Ready => "Ready condition only",
            },
        }
    }

    /// The method of a kind that tells nothing but a sign.
    pub(super) fn of_sign(sign: ReadySign) -> Self {
        match sign {
            ReadySign::Ready => LatencyMethod::ReadyCondition,
            other => LatencyMethod::OtherSign(other),
        }
    }
}

/// How the reconciles of one kind are measured, at a time for all of its objects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct KindMeasure {
    /// How it is told that a generation was seen; `None`: nothing tells, and nothing is measured.
    pub method: Option<LatencyMethod>,
    /// What says that an object is ready; `None`: observed is all that can be known.
    pub ready: Option<ReadySign>,
    /// The kind has no status subresource: the server bumps `metadata.generation` with every status
    /// write, and an object at rest lags behind itself.
    pub status_bumps_generation: bool,
}

impl KindMeasure {
    /// What the figures mean, in a sentence or two.
    #[must_use]
    pub fn explanation(&self) -> String {
        let ready = self.ready.map(ReadySign::name);
        let after = |seen: &str| match ready {
            Some(ready) => format!("{seen} Ready: and {ready} says so for it."),
            None => format!("{seen} No sign of readiness is known for this kind."),
        };
        match self.method {
            Some(LatencyMethod::StatusObservedGeneration) => {
                after("Observed: status.observedGeneration has reached the changed generation.")
            }
            Some(LatencyMethod::ConditionObservedGeneration) => after(
                "Observed: observedGeneration of the conditions (the Ready condition's own, else \
                 of all, over every parent of a route) has reached the changed generation.",
            ),
            Some(LatencyMethod::ReadyCondition | LatencyMethod::OtherSign(_)) => format!(
                "No generation in status. Ready: the first status write after the change in which \
                 {} says so. A late write for the state before cannot be told apart.",
                ready.unwrap_or("a sign")
            ),
            None => {
                "Nothing in the status of this kind tells when its controller caught up with a \
                     change."
                    .to_owned()
            }
        }
    }
}
