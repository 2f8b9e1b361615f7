//! Which kinds the API serves, by its discovery documents.

use kube::{
    Client,
    discovery::{Discovery, Scope as ServedScope, verbs},
};

use super::ClusterError;
use crate::model::{ResourceKind, Scope};

/// Groups that every API server serves itself. What is in none of them comes from a CRD or an
/// aggregated API.
const BUILT_IN_GROUPS: &[&str] = &[
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "metrics.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];

/// Whether a group is served by the API server itself.
pub(super) fn is_built_in(group: &str) -> bool {
    BUILT_IN_GROUPS.contains(&group)
}

/// Every kind that can be listed, at the version that its group prefers.
pub(super) async fn served_by_discovery(
    client: &Client,
) -> Result<Vec<ResourceKind>, ClusterError> {
    let discovery = Discovery::new(client.clone()).run_aggregated().await;
    let discovery = match discovery {
        Ok(discovery) => discovery,
        // Servers without aggregated discovery answer in the older shape.
        Err(_) => Discovery::new(client.clone()).run().await?,
    };
    Ok(discovery
        .groups()
        .flat_map(|group| group.recommended_resources())
        .filter(|(_, capabilities)| capabilities.supports_operation(verbs::LIST))
        .map(|(resource, capabilities)| ResourceKind {
            group: resource.group,
            version: resource.version,
            kind: resource.kind,
            plural: resource.plural,
            scope: match capabilities.scope {
                ServedScope::Cluster => Scope::Cluster,
                ServedScope::Namespaced => Scope::Namespaced,
            },
        })
        .collect())
}
