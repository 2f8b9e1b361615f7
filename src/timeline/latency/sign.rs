//! The signs by which objects say that they are ready.

/// A sign of readiness in a status, strongest first: a kind is measured by the strongest that any
/// of its objects shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[repr(u8)]
pub enum ReadySign {
    /// What the user's settings name for the kind.
    Chosen,
    /// The readiness rule of the kind, where it has one (`readiness/rules.yaml`, built-in workloads,
    /// the user's).
    KindRule,
    /// Condition `Ready` (API conventions, kstatus).
    Ready,
    /// Condition `Progressing` with the reason `NewReplicaSetAvailable` (Deployments, Argo Rollouts).
    RolledOut,
    /// Condition `Healthy` (Argo Rollouts, Crossplane packages).
    Healthy,
    /// Condition `Succeeded` (Tekton runs).
    Succeeded,
    /// Condition `Complete` (Jobs).
    Complete,
    /// Condition `Completed` (JobSet).
    Completed,
    /// Condition `Finished` (Kueue workloads).
    Finished,
    /// Condition `Programmed` (Gateway API).
    Programmed,
    /// `status.health.status` is `Healthy` and `status.sync.status`, if there, `Synced` (Argo CD).
    HealthStatus,
    /// Condition `Available` (APIServices, operators).
    Available,
    /// `status.ready` is `true` (Cluster API's contract v1beta1).
    ReadyField,
    /// `status.phase` or `status.state` says that it has ended well: `Succeeded`, `Completed`, ….
    PhaseFinished,
    /// `status.phase` or `status.state` says that it is up: `Ready`, `Running`, `Bound`, ….
    PhaseUp,
    /// Condition `Synced` (Sealed Secrets, Crossplane).
    Synced,
    /// Condition `Reconciled` (Prometheus operator).
    Reconciled,
    /// Condition `Established` (CustomResourceDefinitions).
    Established,
    /// Condition `Installed` (Crossplane packages, OLM).
    Installed,
    /// Condition `Accepted` (routes and policies of the Gateway API).
    Accepted,
}

impl ReadySign {
    /// All of them, strongest first.
    pub const ALL: [ReadySign; 20] = [
        ReadySign::Chosen,
        ReadySign::KindRule,
        ReadySign::Ready,
        ReadySign::RolledOut,
        ReadySign::Healthy,
        ReadySign::Succeeded,
        ReadySign::Complete,
        ReadySign::Completed,
        ReadySign::Finished,
        ReadySign::Programmed,
        ReadySign::HealthStatus,
        ReadySign::Available,
        ReadySign::ReadyField,
        ReadySign::PhaseFinished,
        ReadySign::PhaseUp,
        ReadySign::Synced,
        ReadySign::Reconciled,
        ReadySign::Established,
        ReadySign::Installed,
        ReadySign::Accepted,
    ];

    /// As shown: the condition's type, or the field.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            ReadySign::Chosen => "the sign set in the settings",
            ReadySign::KindRule => "readiness rule of the kind",
            ReadySign::Ready => "Ready condition",
            ReadySign::RolledOut => "Progressing condition (NewReplicaSetAvailable)",
            ReadySign::Healthy => "Healthy condition",
            ReadySign::Succeeded => "Succeeded condition",
            ReadySign::Complete => "Complete condition",
            ReadySign::Completed => "Completed condition",
            ReadySign::Finished => "Finished condition",
            ReadySign::Programmed => "Programmed condition",
            ReadySign::HealthStatus => "status.health",
            ReadySign::Available => "Available condition",
            ReadySign::ReadyField => "status.ready",
            ReadySign::PhaseFinished | ReadySign::PhaseUp => "status.phase",
            ReadySign::Synced => "Synced condition",
            ReadySign::Reconciled => "Reconciled condition",
            ReadySign::Established => "Established condition",
            ReadySign::Installed => "Installed condition",
            ReadySign::Accepted => "Accepted condition",
        }
    }

    /// Its bit in a set of signs, as the session file stores them.
    pub(super) fn bit(self) -> u32 {
        1 << self as u32
    }

    /// The sign of a condition type.
    pub(super) fn of_condition(type_: &str) -> Option<Self> {
        Some(match type_ {
            "Ready" => Self::Ready,
            "Healthy" => Self::Healthy,
            "Succeeded" => Self::Succeeded,
            "Complete" => Self::Complete,
            "Completed" => Self::Completed,
            "Finished" => Self::Finished,
            "Programmed" => Self::Programmed,
            "Available" => Self::Available,
            "Synced" => Self::Synced,
            "Reconciled" => Self::Reconciled,
            "Established" => Self::Established,
            "Installed" => Self::Installed,
            "Accepted" => Self::Accepted,
            _ => return None,
        })
    }

    /// The strongest sign of a set.
    pub(super) fn strongest(set: u32) -> Option<Self> {
        Self::ALL.into_iter().find(|sign| set & sign.bit() != 0)
    }
}

/// Signs that an object shows, and those of them that hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) struct Signs {
    pub(super) shown: u32,
    pub(super) hold: u32,
}

impl Signs {
    pub(super) fn set(&mut self, sign: ReadySign, holds: bool) {
        self.shown |= sign.bit();
        if holds {
            self.hold |= sign.bit();
        } else {
            self.hold &= !sign.bit();
        }
    }
}

/// What a word in `status.phase` or `status.state` says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum PhaseWord {
    Up,
    Finished,
    Failed,
    Other,
}

impl PhaseWord {
    pub(super) fn of(word: &str) -> Self {
        let is = |words: &[&str]| words.iter().any(|known| known.eq_ignore_ascii_case(word));
        if is(&["Succeeded", "Complete", "Completed", "Finished", "Done"]) {
            Self::Finished
        } else if is(&[
            "Ready",
            "Running",
            "Active",
            "Available",
            "Healthy",
            "Bound",
            "Deployed",
            "Synced",
            "Established",
            "Provisioned",
            "Online",
            "Up",
            "Valid",
        ]) {
            Self::Up
        } else if is(&["Failed", "Error"]) {
            Self::Failed
        } else {
            Self::Other
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_has_a_bit_of_its_own_in_order_of_strength() {
        let bits = ReadySign::ALL.map(ReadySign::bit);
        assert!(bits.is_sorted_by(|a, b| a < b));
        assert_eq!(ReadySign::strongest(u32::MAX), Some(ReadySign::Chosen));
        let weak = ReadySign::Accepted.bit() | ReadySign::PhaseUp.bit();
        assert_eq!(ReadySign::strongest(weak), Some(ReadySign::PhaseUp));
        assert_eq!(ReadySign::strongest(0), None);
    }

    #[test]
    fn words_of_a_phase() {
        assert_eq!(PhaseWord::of("succeeded"), PhaseWord::Finished);
        assert_eq!(PhaseWord::of("Running"), PhaseWord::Up);
        assert_eq!(PhaseWord::of("Failed"), PhaseWord::Failed);
        assert_eq!(PhaseWord::of("Provisioning"), PhaseWord::Other);
    }
}
