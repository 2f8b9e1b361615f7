//! Which status of a condition is the good one.
//!
//! Conditions have no polarity of their own: `Ready=True` is good, `MemoryPressure=True` is bad, and
//! `Progressing=True` is neither (API conventions, typical status properties). It is read from the
//! name: the vocabulary in `conditions.yaml` knows whole names and the words that names are made of.

use std::{collections::HashMap, sync::LazyLock};

use serde::{Deserialize, Serialize};

/// Which status of a condition is the good one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum Polarity {
    /// True is good: `Ready`.
    Positive,
    /// True is bad ("abnormal-true"): `Degraded`.
    Negative,
    /// Neither is good or bad (`Progressing`, `Paused`), or nobody knows.
    Neutral,
}

/// What a condition says about its object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ConditionHealth {
    /// As it should be.
    Good,
    /// Not as it should be.
    Bad,
    /// The controller does not know: status `Unknown`, or a word of its own.
    Unknown,
    /// A condition without polarity.
    Neutral,
}

impl Polarity {
    /// What a status of a condition with this polarity says.
    #[must_use]
    pub fn health(self, status: &str) -> ConditionHealth {
        match (self, status) {
            (Polarity::Neutral, _) => ConditionHealth::Neutral,
            (Polarity::Positive, "True") | (Polarity::Negative, "False") => ConditionHealth::Good,
            (Polarity::Positive, "False") | (Polarity::Negative, "True") => ConditionHealth::Bad,
            _ => ConditionHealth::Unknown,
        }
    }
}

/// What the vocabulary knows of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) enum Meaning {
    /// True sums up that the desired state is reached: `Available`.
    Success,
    /// True is good, of a part or a step: `SecretSynced`.
    Good,
    /// True says that something failed: `Degraded`.
    Failure,
    /// True is worth a look, and the object may well be as desired: `Deprecated`.
    Warning,
    /// Neither: `Progressing`.
    Neutral,
}

impl Meaning {
    pub(super) fn polarity(self) -> Polarity {
        match self {
            Meaning::Success | Meaning::Good => Polarity::Positive,
            Meaning::Failure | Meaning::Warning => Polarity::Negative,
            Meaning::Neutral => Polarity::Neutral,
        }
    }

    fn negated(self) -> Self {
        match self {
            Meaning::Success | Meaning::Good => Meaning::Failure,
            Meaning::Failure | Meaning::Warning => Meaning::Good,
            Meaning::Neutral => Meaning::Neutral,
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Vocabulary {
    names: HashMap<Meaning, Vec<String>>,
    words: HashMap<Meaning, Vec<String>>,
    negations: Vec<String>,
}

struct Lookup {
    names: HashMap<String, Meaning>,
    words: HashMap<String, Meaning>,
    negations: Vec<String>,
}

static VOCABULARY: LazyLock<Lookup> = LazyLock::new(|| {
    let turned = |lists: HashMap<Meaning, Vec<String>>| {
        lists
            .into_iter()
            .flat_map(|(meaning, words)| words.into_iter().map(move |word| (word, meaning)))
            .collect()
    };
    // The file is part of the program, and a test reads it.
    let vocabulary: Vocabulary = serde_yaml::from_str(include_str!("conditions.yaml"))
        .unwrap_or_else(|error| {
            tracing::error!(%error, "the vocabulary of conditions cannot be read");
            Vocabulary {
                names: HashMap::new(),
                words: HashMap::new(),
                negations: Vec::new(),
            }
        });
    Lookup {
        names: turned(vocabulary.names),
        words: turned(vocabulary.words),
        negations: vocabulary.negations,
    }
});

/// What the name of a condition means, by the vocabulary. A prefix before `/` names whose it is.
pub(super) fn meaning(type_: &str) -> Meaning {
    let vocabulary = &*VOCABULARY;
    let name = type_.rsplit('/').next().unwrap_or(type_);
    if let Some(meaning) = vocabulary.names.get(name) {
        return *meaning;
    }
    let words = words(name);
    // A negation turns what follows it: NoConflicts, ServiceNotReady.
    let negation = words
        .iter()
        .rposition(|word| vocabulary.negations.iter().any(|negation| negation == word));
    if let Some(at) = negation {
        let rest = &words[at + 1..];
        return of_words(vocabulary, rest).map_or(Meaning::Neutral, Meaning::negated);
    }
    of_words(vocabulary, &words).unwrap_or(Meaning::Neutral)
}

/// The last word that tells decides: `InfrastructureReady`, `ReconcileError`. A neutral one gives
/// way to one before it: `FailedScheduling`.
fn of_words(vocabulary: &Lookup, words: &[&str]) -> Option<Meaning> {
    let known = words
        .iter()
        .rev()
        .filter_map(|word| vocabulary.words.get(*word).copied());
    let mut neutral = None;
    for meaning in known {
        if meaning != Meaning::Neutral {
            return Some(meaning);
        }
        neutral = Some(Meaning::Neutral);
    }
    neutral.or_else(|| {
        // Names are mostly participles of what was to be done, and adjectives of what is possible.
        let last = words.last()?;
        if last.ends_with("ed") || last.ends_with("able") {
            Some(Meaning::Good)
        } else if last.ends_with("ing") {
            Some(Meaning::Neutral)
        } else {
            None
        }
    })
}

/// `DNSRecordReady` → DNS, Record, Ready.
fn words(name: &str) -> Vec<&str> {
    let bytes = name.as_bytes();
    let mut words = Vec::new();
    let mut start = 0;
    for at in 0..bytes.len() {
        let here = bytes[at];
        let separator = here.is_ascii() && !here.is_ascii_alphanumeric();
        let begins = here.is_ascii_uppercase()
            && at > start
            && (!bytes[at - 1].is_ascii_uppercase()
                || bytes.get(at + 1).is_some_and(u8::is_ascii_lowercase));
        if begins || separator {
            if at > start
                && let Some(word) = name.get(start..at)
            {
                words.push(word);
            }
            start = if separator { at + 1 } else { at };
        }
    }
    if let Some(word) = name.get(start..).filter(|word| !word.is_empty()) {
        words.push(word);
    }
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_into_words() {
        for (name, expected) in [
            ("Ready", &["Ready"][..]),
            ("DNSRecordReady", &["DNS", "Record", "Ready"]),
            ("IsDNSReady", &["Is", "DNS", "Ready"]),
            ("ACK.ResourceSynced", &["ACK", "Resource", "Synced"]),
            ("ready-to-use", &["ready", "to", "use"]),
            ("Übergang", &["Übergang"]),
            ("", &[]),
        ] {
            assert_eq!(words(name), expected, "{name}");
        }
    }

    /// Conditions as the projects name them; `+` positive, `-` negative, `0` neutral.
    #[test]
    fn conditions_of_well_known_projects() {
        let groups = [
            // Kubernetes: Node, Pod, Deployment, Job, PDB, HPA, CRD, APIService, Namespace, PVC, Service.
            (
                "+",
                "Ready Available Initialized ContainersReady PodScheduled PodReadyToStartContainers Complete \
                   SuccessCriteriaMet DisruptionAllowed ScalingActive AbleToScale NamesAccepted Established",
            ),
            (
                "-",
                "MemoryPressure DiskPressure PIDPressure NetworkUnavailable ReplicaFailure Failed FailureTarget \
                   DisruptionTarget NonStructuralSchema NamespaceDeletionDiscoveryFailure \
                   NamespaceDeletionContentFailure FileSystemResizePending ControllerResizeError NodeResizeError",
            ),
            (
                "0",
                "Progressing Suspended Terminating ScalingLimited Resizing",
            ),
            // kstatus and Flux.
            ("-", "Stalled"),
            ("0", "Reconciling"),
            (
                "+",
                "Healthy Released TestSuccess Remediated ArtifactInStorage SourceVerified",
            ),
            (
                "-",
                "FetchFailed StorageOperationFailed BuildFailed ArtifactOutdated",
            ),
            // Gateway API.
            (
                "+",
                "Accepted Programmed ResolvedRefs SupportedVersion NoConflicts",
            ),
            (
                "-",
                "Conflicted OverlappingRules PartiallyInvalid OverlappingTLSConfig",
            ),
            // cert-manager.
            ("+", "Approved"),
            ("-", "Denied InvalidRequest"),
            ("0", "Issuing"),
            // Argo: Rollouts, Application sets, Events.
            (
                "+",
                "ResourcesUpToDate ParametersGenerated Deployed SourcesProvided",
            ),
            ("-", "ErrorOccurred InvalidSpec"),
            ("0", "Paused RolloutProgressing"),
            // Crossplane.
            (
                "+",
                "Synced Installed Offered RevisionHealthy RuntimeHealthy",
            ),
            // Cluster API.
            (
                "+",
                "InfrastructureReady ControlPlaneInitialized ControlPlaneReady BootstrapReady MachinesReady \
                   MachinesUpToDate UpToDate NodeHealthy NodeReady TopologyReconciled RemoteConnectionProbe \
                   HealthCheckSucceeded CertificatesAvailable EtcdClusterHealthy",
            ),
            ("0", "RollingOut ScalingUp ScalingDown Remediating Deleting"),
            // Kueue, JobSet.
            (
                "+",
                "QuotaReserved Admitted PodsReady Finished Active StartupPolicyCompleted Completed",
            ),
            ("-", "Evicted Preempted DeactivationTarget"),
            // Karpenter.
            (
                "+",
                "Launched Registered ConsistentStateFound ValidationSucceeded NodeClassReady SubnetsReady",
            ),
            ("0", "Drifted Empty Consolidatable Drained"),
            // Knative.
            (
                "+",
                "RoutesReady ConfigurationsReady ContainerHealthy ResourcesAvailable IngressReady CertificateProvisioned",
            ),
            // Prometheus operator, Strimzi, CloudNativePG.
            (
                "+",
                "Reconciled ContinuousArchiving LastBackupSucceeded ConsistentSystemID",
            ),
            ("-", "NotReady Warning"),
            ("0", "ReconciliationPaused"),
            // KEDA, external-secrets, KServe, Ray.
            ("-", "Fallback"),
            (
                "+",
                "PredictorReady PredictorConfigurationReady LatestDeploymentReady HeadPodReady RayClusterProvisioned",
            ),
            (
                "0",
                "UpgradeInProgress RayClusterSuspended RayClusterSuspending",
            ),
            // OpenShift, OLM.
            (
                "-",
                "Degraded CatalogSourcesUnhealthy ResolutionFailed BundleUnpackFailed InstallPlanFailed",
            ),
            ("+", "Upgradeable"),
            // Kubeflow, RabbitMQ, AWS Controllers for Kubernetes.
            (
                "+",
                "Running Succeeded AllReplicasReady ClusterAvailable ReconcileSuccess NoWarnings ACK.ResourceSynced",
            ),
            ("-", "ACK.Terminal ACK.Recoverable"),
            ("0", "Created Restarting"),
            // Others by their words alone.
            (
                "+",
                "DatabaseReady BackendReachable example.org/SidecarInjected LicenseValid",
            ),
            (
                "-",
                "ServiceNotReady QuotaExceeded CertificateExpired HasErrors ImagePullError Deprecated \
                   SomethingUnhealthy FailedScheduling VersionUnsupported",
            ),
            ("0", "Updating Whatever"),
        ];
        let mut wrong = Vec::new();
        let mut seen = 0;
        for (sign, names) in groups {
            let expected = match sign {
                "+" => Polarity::Positive,
                "-" => Polarity::Negative,
                _ => Polarity::Neutral,
            };
            for name in names.split_whitespace() {
                seen += 1;
                let found = meaning(name).polarity();
                if found != expected {
                    wrong.push(format!("{name} is {found:?}"));
                }
            }
        }
        assert!(wrong.is_empty(), "{}", wrong.join("\n"));
        assert!(seen > 130, "{seen}");
    }

    #[test]
    fn health_is_read_with_the_polarity() {
        use ConditionHealth::{Bad, Good, Neutral, Unknown};
        for (name, status, expected) in [
            ("Ready", "True", Good),
            ("Ready", "False", Bad),
            ("Ready", "Unknown", Unknown),
            ("Degraded", "True", Bad),
            ("Degraded", "False", Good),
            ("Degraded", "Unknown", Unknown),
            ("Progressing", "True", Neutral),
            ("Progressing", "Unknown", Neutral),
            // Prometheus operator writes a third word.
            ("Available", "Degraded", Unknown),
        ] {
            let health = meaning(name).polarity().health(status);
            assert_eq!(health, expected, "{name}={status}");
        }
    }

    #[test]
    fn the_vocabulary_can_be_read() {
        assert!(VOCABULARY.words.len() > 100);
    }
}
