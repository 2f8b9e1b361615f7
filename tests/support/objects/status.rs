//! A status as the controllers of a project write it: conditions with the types that they use.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::value::ValueGenerator;
use super::{Extent, columns};
use crate::support::crds::CatalogueCrd;

/// Condition types by project, from the constants of its API packages; where there are none, what most use.
const TYPES: &[(&str, &[&str])] = &[
    ("argo-cd", &["ComparisonError", "SyncError"]),
    (
        "argo-rollouts",
        &["Progressing", "Available", "Healthy", "Completed"],
    ),
    ("argo-workflows", &["PodRunning", "Completed"]),
    ("aws-controllers", &["ACK.ResourceSynced", "ACK.Terminal"]),
    ("cert-manager", &["Ready", "Issuing", "Approved"]),
    (
        "cluster-api",
        &["Available", "Ready", "Paused", "Deleting", "RollingOut"],
    ),
    ("contour", &["Valid"]),
    ("envoy-gateway", &["Accepted", "Overridden"]),
    ("flux-kustomize", &["Ready", "Reconciling", "Healthy"]),
    (
        "flux-source",
        &["Ready", "Reconciling", "ArtifactInStorage", "FetchFailed"],
    ),
    (
        "gateway-api",
        &["Accepted", "Programmed", "ResolvedRefs", "Conflicted"],
    ),
    (
        "karpenter",
        &["Launched", "Registered", "Initialized", "Drifted", "Ready"],
    ),
    ("katib", &["Created", "Running", "Succeeded", "Failed"]),
    ("keda", &["Ready", "Active", "Fallback", "Paused"]),
    (
        "knative-serving",
        &["ConfigurationsReady", "RoutesReady", "Ready"],
    ),
    (
        "kuberay",
        &[
            "HeadPodReady",
            "RayClusterProvisioned",
            "RayClusterSuspended",
        ],
    ),
    (
        "kueue",
        &["QuotaReserved", "Admitted", "Evicted", "Finished"],
    ),
    ("prometheus-operator", &["Available", "Reconciled"]),
    ("velero", &["Ready"]),
    (
        "vertical-pod-autoscaler",
        &["RecommendationProvided", "LowConfidence"],
    ),
];

pub(super) fn status(crd: &CatalogueCrd, generator: &mut ValueGenerator) -> Value {
    let schema = &crd.schema()["properties"]["status"];
    let mut status = generator.value("status", schema);
    if schema["properties"].get("observedGeneration").is_some() {
        status["observedGeneration"] = json!(1);
    }
    let conditions = &schema["properties"]["conditions"];
    if conditions["items"]["properties"].get("type").is_some() {
        status["conditions"] = conditions_of(crd, generator, &conditions["items"]);
    }
    status
}

fn conditions_of(crd: &CatalogueCrd, generator: &mut ValueGenerator, item: &Value) -> Value {
    let by_project = TYPES.iter().find(|(project, _)| *project == crd.project);
    let types = by_project.map_or(&["Ready", "Progressing"][..], |(_, types)| types);
    let asked = columns(crd)
        .filter(|path| path.starts_with(".status.conditions[?("))
        .filter_map(|path| path.split(['"', '\'']).nth(1));
    // Each type once: it is the key of the list.
    let types: BTreeSet<&str> = types.iter().copied().chain(asked).collect();
    generator.extent = Extent::Full;
    let all = types.into_iter().enumerate().map(|(i, type_)| {
        let mut condition = generator.value("conditions", item);
        let known = &item["properties"]["type"]["enum"];
        if known.is_null() {
            condition["type"] = type_.into();
        }
        if item["properties"]["status"]["type"] == "string" {
            condition["status"] = ["True", "False", "Unknown"][i % 3].into();
        }
        if item["properties"].get("reason").is_some()
            && item["properties"]["reason"]["enum"].is_null()
        {
            condition["reason"] = format!("{}Because", type_.replace(['.', '/', '-'], "")).into();
        }
        if item["properties"].get("message").is_some() {
            condition["message"] = "größer als erwartet: 3 of 4\nthe second line".into();
        }
        condition
    });
    all.collect()
}
