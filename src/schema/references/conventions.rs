//! What projects document about their references beyond their schemas: data, each with its source.

use super::{Link, LinkKind, TargetNamespace};
use crate::model::Json;

/// A group and a kind that a typed reference means where neither the object nor its schema says.
#[derive(Debug, Clone, Copy)]
pub struct TypedDefault {
    /// Group of the object that refers; a leading `*` matches what ends so.
    pub of: &'static str,
    /// The field.
    pub field: &'static str,
    /// Group of the target.
    pub group: &'static str,
    /// Kind of the target; empty: it must say.
    pub kind: &'static str,
}

/// Defaults of typed references.
pub const TYPED_DEFAULTS: &[TypedDefault] = &[
    // cert-manager API reference, ObjectReference: "Kind … defaults to 'Issuer'", "Group … defaults
    // to 'cert-manager.io'".
    typed("*cert-manager.io", "issuerRef", "cert-manager.io", "Issuer"),
    // Gateway API reference: ParentReference, BackendRef, SecretObjectReference.
    typed(
        "gateway.networking.k8s.io",
        "parentRefs",
        "gateway.networking.k8s.io",
        "Gateway",
    ),
    typed(
        "gateway.networking.k8s.io",
        "parentRef",
        "gateway.networking.k8s.io",
        "Gateway",
    ),
    typed("gateway.networking.k8s.io", "backendRefs", "", "Service"),
    typed("gateway.networking.k8s.io", "backendRef", "", "Service"),
    typed("gateway.networking.k8s.io", "certificateRefs", "", "Secret"),
    // The same types, used by Envoy Gateway and Envoy AI Gateway.
    typed(
        "*envoyproxy.io",
        "parentRefs",
        "gateway.networking.k8s.io",
        "Gateway",
    ),
    // Flux source API: CrossNamespaceObjectReference of Kustomizations and HelmReleases.
    typed(
        "*toolkit.fluxcd.io",
        "sourceRef",
        "source.toolkit.fluxcd.io",
        "",
    ),
    typed(
        "*toolkit.fluxcd.io",
        "chartRef",
        "source.toolkit.fluxcd.io",
        "",
    ),
    // External Secrets API: SecretStoreRef, "Kind of the SecretStore resource … Defaults to SecretStore".
    typed(
        "external-secrets.io",
        "secretStoreRef",
        "external-secrets.io",
        "SecretStore",
    ),
    typed(
        "external-secrets.io",
        "secretStoreRefs",
        "external-secrets.io",
        "SecretStore",
    ),
    typed(
        "external-secrets.io",
        "storeRef",
        "external-secrets.io",
        "SecretStore",
    ),
    // KEDA, "Scaling Deployments": "apiVersion … Default: apps/v1", "kind … Default: Deployment".
    typed("keda.sh", "scaleTargetRef", "apps", "Deployment"),
    // KEDA, "Authentication": "kind: TriggerAuthentication or ClusterTriggerAuthentication".
    typed(
        "keda.sh",
        "authenticationRef",
        "keda.sh",
        "TriggerAuthentication",
    ),
    // Tekton, "TaskRun" and "PipelineRun": `kind: Task` is the default.
    typed("tekton.dev", "taskRef", "tekton.dev", "Task"),
    typed("tekton.dev", "pipelineRef", "tekton.dev", "Pipeline"),
];

const fn typed(
    of: &'static str,
    field: &'static str,
    group: &'static str,
    kind: &'static str,
) -> TypedDefault {
    TypedDefault {
        of,
        field,
        group,
        kind,
    }
}

/// The default of a field of objects of a group.
pub(super) fn typed_default(group: &str, field: &str) -> Option<&'static TypedDefault> {
    TYPED_DEFAULTS
        .iter()
        .find(|default| default.field == field && group_matches(default.of, group))
}

/// Fields with the shape of a typed reference that go by another name: PersistentVolumeClaim's and
/// autoscaling's (`core/v1`, `autoscaling/v2`).
pub const TYPED_NAMES: [&str; 2] = ["dataSource", "describedObject"];

/// A built-in kind that names stand for where a field's description says so.
#[derive(Debug, Clone, Copy)]
pub struct NamedKind {
    /// Ends of field names before `Name`.
    pub stems: &'static [&'static str],
    /// How descriptions call it, in lower case.
    pub words: &'static [&'static str],
    /// Its group.
    pub group: &'static str,
    /// Its kind.
    pub kind: &'static str,
}

/// Built-in kinds (Kubernetes API reference) and Gateway API's class.
pub const NAMED_KINDS: &[NamedKind] = &[
    named(&["Secret"], &["secret"], "", "Secret"),
    named(
        &["ConfigMap"],
        &["configmap", "config map"],
        "",
        "ConfigMap",
    ),
    named(
        &["ServiceAccount"],
        &["serviceaccount", "service account"],
        "",
        "ServiceAccount",
    ),
    named(
        &["Claim", "PVC"],
        &["persistentvolumeclaim", "persistent volume claim"],
        "",
        "PersistentVolumeClaim",
    ),
    named(
        &["Volume"],
        &["persistentvolume ", "persistent volume "],
        "",
        "PersistentVolume",
    ),
    named(
        &["StorageClass"],
        &["storageclass", "storage class"],
        "storage.k8s.io",
        "StorageClass",
    ),
    named(
        &["IngressClass"],
        &["ingressclass", "ingress class"],
        "networking.k8s.io",
        "IngressClass",
    ),
    named(
        &["PriorityClass"],
        &["priorityclass", "priority class"],
        "scheduling.k8s.io",
        "PriorityClass",
    ),
    named(
        &["RuntimeClass"],
        &["runtimeclass", "runtime class"],
        "node.k8s.io",
        "RuntimeClass",
    ),
    named(
        &["GatewayClass"],
        &["gatewayclass"],
        "gateway.networking.k8s.io",
        "GatewayClass",
    ),
];

/// Kinds that fields often name and whose objects have no namespace, for where the server's own word
/// is not known. Source: the API reference of each.
const CLUSTER_SCOPED: [(&str, &str); 13] = [
    ("", "Namespace"),
    ("", "Node"),
    ("", "PersistentVolume"),
    ("cert-manager.io", "ClusterIssuer"),
    ("external-secrets.io", "ClusterSecretStore"),
    ("gateway.networking.k8s.io", "GatewayClass"),
    ("networking.k8s.io", "IngressClass"),
    ("node.k8s.io", "RuntimeClass"),
    ("rbac.authorization.k8s.io", "ClusterRole"),
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"),
    ("scheduling.k8s.io", "PriorityClass"),
    ("storage.k8s.io", "CSIDriver"),
    ("storage.k8s.io", "StorageClass"),
];

/// Whether the objects of a kind that is not watched are known to have no namespace.
#[must_use]
pub fn is_cluster_scoped(group: &str, kind: &str) -> bool {
    CLUSTER_SCOPED.contains(&(group, kind))
}

const fn named(
    stems: &'static [&'static str],
    words: &'static [&'static str],
    group: &'static str,
    kind: &'static str,
) -> NamedKind {
    NamedKind {
        stems,
        words,
        group,
        kind,
    }
}

/// What a known field holds.
#[derive(Debug, Clone, Copy)]
pub enum Target {
    /// The name of an object of this group and kind.
    Name(&'static str, &'static str),
    /// An object with the name of one of this group and kind.
    Object(&'static str, &'static str),
    /// The same, and another kind where this member is true.
    Switch(&'static str, &'static str, &'static str, &'static str),
    /// A typed reference; `None`: of the object's own group; no kind: it must say.
    Typed(Option<&'static str>, &'static str),
}

/// A reference field that its project documents.
#[derive(Debug, Clone, Copy)]
pub struct KnownField {
    /// Group of the object that refers; a leading `*` matches what ends so.
    pub group: &'static str,
    /// Its kinds; none: every kind of the group.
    pub kinds: &'static [&'static str],
    /// The field, `[]` for the items of an array.
    pub path: &'static str,
    /// What it holds.
    pub target: Target,
}

impl KnownField {
    pub(super) fn applies_to(&self, group: &str, kind: &str) -> bool {
        group_matches(self.group, group) && (self.kinds.is_empty() || self.kinds.contains(&kind))
    }
}

fn group_matches(pattern: &str, group: &str) -> bool {
    match pattern.strip_prefix('*') {
        Some(end) => group.ends_with(end),
        None => group == pattern,
    }
}

const fn known(
    group: &'static str,
    kinds: &'static [&'static str],
    path: &'static str,
    target: Target,
) -> KnownField {
    KnownField {
        group,
        kinds,
        path,
        target,
    }
}

const SOURCES: &str = "source.toolkit.fluxcd.io";
const CNPG: &str = "postgresql.cnpg.io";
const CNPG_MEMBERS: &[&str] = &[
    "Backup",
    "ScheduledBackup",
    "Pooler",
    "Database",
    "Publication",
    "Subscription",
];

/// Fields whose schema does not say it, but whose documentation does.
pub const KNOWN_FIELDS: &[KnownField] = &[
    // cert-manager API reference: CertificateSpec.secretName, CAIssuer.secretName,
    // VenafiTPP.credentialsRef.
    known(
        "cert-manager.io",
        &["Certificate"],
        "spec.secretName",
        Target::Name("", "Secret"),
    ),
    known(
        "cert-manager.io",
        &["Issuer"],
        "spec.ca.secretName",
        Target::Name("", "Secret"),
    ),
    known(
        "cert-manager.io",
        &["Issuer"],
        "spec.venafi.tpp.credentialsRef",
        Target::Object("", "Secret"),
    ),
    // Gateway API reference: GatewaySpec.gatewayClassName.
    known(
        "gateway.networking.k8s.io",
        &["Gateway"],
        "spec.gatewayClassName",
        Target::Name("gateway.networking.k8s.io", "GatewayClass"),
    ),
    // Argo CD, application specification: spec.project names an AppProject.
    known(
        "argoproj.io",
        &["Application"],
        "spec.project",
        Target::Name("argoproj.io", "AppProject"),
    ),
    // Argo Rollouts, specification: the services of canary and blue-green.
    known(
        "argoproj.io",
        &["Rollout"],
        "spec.strategy.canary.stableService",
        Target::Name("", "Service"),
    ),
    known(
        "argoproj.io",
        &["Rollout"],
        "spec.strategy.canary.canaryService",
        Target::Name("", "Service"),
    ),
    known(
        "argoproj.io",
        &["Rollout"],
        "spec.strategy.blueGreen.activeService",
        Target::Name("", "Service"),
    ),
    known(
        "argoproj.io",
        &["Rollout"],
        "spec.strategy.blueGreen.previewService",
        Target::Name("", "Service"),
    ),
    known(
        "argoproj.io",
        &["Rollout"],
        "spec.workloadRef",
        Target::Typed(Some("apps"), "Deployment"),
    ),
    // Argo Workflows, field reference: WorkflowTemplateRef.clusterScope.
    known(
        "argoproj.io",
        &["Workflow"],
        "spec.workflowTemplateRef",
        Target::Switch(
            "argoproj.io",
            "WorkflowTemplate",
            "clusterScope",
            "ClusterWorkflowTemplate",
        ),
    ),
    known(
        "argoproj.io",
        &["CronWorkflow"],
        "spec.workflowSpec.workflowTemplateRef",
        Target::Switch(
            "argoproj.io",
            "WorkflowTemplate",
            "clusterScope",
            "ClusterWorkflowTemplate",
        ),
    ),
    // CloudNativePG API reference: LocalObjectReference of a Cluster, BackupSource.
    known(
        CNPG,
        CNPG_MEMBERS,
        "spec.cluster",
        Target::Object(CNPG, "Cluster"),
    ),
    known(
        CNPG,
        &["Cluster"],
        "spec.bootstrap.recovery.backup",
        Target::Object(CNPG, "Backup"),
    ),
    known(
        CNPG,
        &["Cluster"],
        "spec.superuserSecret",
        Target::Object("", "Secret"),
    ),
    known(
        CNPG,
        &["Cluster"],
        "spec.bootstrap.initdb.secret",
        Target::Object("", "Secret"),
    ),
    known(
        CNPG,
        &["Cluster"],
        "spec.storage.storageClass",
        Target::Name("storage.k8s.io", "StorageClass"),
    ),
    known(
        CNPG,
        &["Cluster"],
        "spec.imageCatalogRef",
        Target::Typed(None, ""),
    ),
    // Cluster API book, "Contract": every object names its Cluster.
    known(
        "*cluster.x-k8s.io",
        &[],
        "spec.clusterName",
        Target::Name("cluster.x-k8s.io", "Cluster"),
    ),
    // Flux: dependsOn names objects of the same kind; providerRef, imageRepositoryRef.
    known(
        "kustomize.toolkit.fluxcd.io",
        &["Kustomization"],
        "spec.dependsOn[]",
        Target::Object("kustomize.toolkit.fluxcd.io", "Kustomization"),
    ),
    known(
        "helm.toolkit.fluxcd.io",
        &["HelmRelease"],
        "spec.dependsOn[]",
        Target::Object("helm.toolkit.fluxcd.io", "HelmRelease"),
    ),
    known(
        "helm.toolkit.fluxcd.io",
        &["HelmRelease"],
        "spec.chart.spec.sourceRef",
        Target::Typed(Some(SOURCES), ""),
    ),
    known(
        "notification.toolkit.fluxcd.io",
        &["Alert"],
        "spec.providerRef",
        Target::Object("notification.toolkit.fluxcd.io", "Provider"),
    ),
    known(
        "image.toolkit.fluxcd.io",
        &["ImagePolicy"],
        "spec.imageRepositoryRef",
        Target::Object("image.toolkit.fluxcd.io", "ImageRepository"),
    ),
    known(
        "image.toolkit.fluxcd.io",
        &["ImageUpdateAutomation"],
        "spec.sourceRef",
        Target::Typed(Some(SOURCES), "GitRepository"),
    ),
    // External Secrets API: ExternalSecretTarget.name is the Secret that is made.
    known(
        "external-secrets.io",
        &["ExternalSecret"],
        "spec.target",
        Target::Object("", "Secret"),
    ),
    // Kueue, concepts: Workload, LocalQueue, ClusterQueue.
    known(
        "kueue.x-k8s.io",
        &["Workload"],
        "spec.queueName",
        Target::Name("kueue.x-k8s.io", "LocalQueue"),
    ),
    known(
        "kueue.x-k8s.io",
        &["LocalQueue"],
        "spec.clusterQueue",
        Target::Name("kueue.x-k8s.io", "ClusterQueue"),
    ),
    known(
        "kueue.x-k8s.io",
        &["ClusterQueue"],
        "spec.resourceGroups[].flavors[]",
        Target::Object("kueue.x-k8s.io", "ResourceFlavor"),
    ),
    known(
        "kueue.x-k8s.io",
        &["ClusterQueue"],
        "spec.admissionChecks[]",
        Target::Name("kueue.x-k8s.io", "AdmissionCheck"),
    ),
    // Envoy AI Gateway API reference, AIGatewayRouteRuleBackendRef: an AIServiceBackend by default.
    known(
        "aigateway.envoyproxy.io",
        &["AIGatewayRoute"],
        "spec.rules[].backendRefs[]",
        Target::Typed(None, "AIServiceBackend"),
    ),
    // Velero API types: Restore, Backup, Schedule.
    known(
        "velero.io",
        &["Restore"],
        "spec.backupName",
        Target::Name("velero.io", "Backup"),
    ),
    known(
        "velero.io",
        &["Backup"],
        "spec.storageLocation",
        Target::Name("velero.io", "BackupStorageLocation"),
    ),
    // snapshot.storage.k8s.io, API reference.
    known(
        "snapshot.storage.k8s.io",
        &["VolumeSnapshot"],
        "spec.volumeSnapshotClassName",
        Target::Name("snapshot.storage.k8s.io", "VolumeSnapshotClass"),
    ),
    known(
        "snapshot.storage.k8s.io",
        &["VolumeSnapshot"],
        "spec.source.persistentVolumeClaimName",
        Target::Name("", "PersistentVolumeClaim"),
    ),
    known(
        "snapshot.storage.k8s.io",
        &["VolumeSnapshot"],
        "spec.source.volumeSnapshotContentName",
        Target::Name("snapshot.storage.k8s.io", "VolumeSnapshotContent"),
    ),
    // Kubernetes API reference: the built-in kinds, whose schemas no CRD tells.
    known(
        "",
        &["Pod"],
        "spec.serviceAccountName",
        Target::Name("", "ServiceAccount"),
    ),
    known("", &["Pod"], "spec.nodeName", Target::Name("", "Node")),
    known(
        "",
        &["Pod"],
        "spec.priorityClassName",
        Target::Name("scheduling.k8s.io", "PriorityClass"),
    ),
    known(
        "",
        &["Pod"],
        "spec.imagePullSecrets[]",
        Target::Object("", "Secret"),
    ),
    known(
        "",
        &["Pod"],
        "spec.volumes[].secret.secretName",
        Target::Name("", "Secret"),
    ),
    known(
        "",
        &["Pod"],
        "spec.volumes[].configMap",
        Target::Object("", "ConfigMap"),
    ),
    known(
        "",
        &["Pod"],
        "spec.volumes[].persistentVolumeClaim.claimName",
        Target::Name("", "PersistentVolumeClaim"),
    ),
    known(
        "",
        &["Pod"],
        "spec.containers[].envFrom[].secretRef",
        Target::Object("", "Secret"),
    ),
    known(
        "",
        &["Pod"],
        "spec.containers[].envFrom[].configMapRef",
        Target::Object("", "ConfigMap"),
    ),
    known(
        "",
        &["Pod"],
        "spec.containers[].env[].valueFrom.secretKeyRef",
        Target::Object("", "Secret"),
    ),
    known(
        "",
        &["Pod"],
        "spec.containers[].env[].valueFrom.configMapKeyRef",
        Target::Object("", "ConfigMap"),
    ),
    known(
        "apps",
        WORKLOADS,
        "spec.template.spec.serviceAccountName",
        Target::Name("", "ServiceAccount"),
    ),
    known(
        "apps",
        WORKLOADS,
        "spec.template.spec.imagePullSecrets[]",
        Target::Object("", "Secret"),
    ),
    known(
        "apps",
        WORKLOADS,
        "spec.template.spec.volumes[].secret.secretName",
        Target::Name("", "Secret"),
    ),
    known(
        "apps",
        WORKLOADS,
        "spec.template.spec.volumes[].configMap",
        Target::Object("", "ConfigMap"),
    ),
    known(
        "apps",
        WORKLOADS,
        "spec.template.spec.volumes[].persistentVolumeClaim.claimName",
        Target::Name("", "PersistentVolumeClaim"),
    ),
    known(
        "apps",
        WORKLOADS,
        "spec.template.spec.containers[].envFrom[].secretRef",
        Target::Object("", "Secret"),
    ),
    known(
        "apps",
        WORKLOADS,
        "spec.template.spec.containers[].envFrom[].configMapRef",
        Target::Object("", "ConfigMap"),
    ),
    known(
        "apps",
        WORKLOADS,
        "spec.template.spec.containers[].env[].valueFrom.secretKeyRef",
        Target::Object("", "Secret"),
    ),
    known(
        "apps",
        WORKLOADS,
        "spec.template.spec.containers[].env[].valueFrom.configMapKeyRef",
        Target::Object("", "ConfigMap"),
    ),
    known(
        "",
        &["PersistentVolumeClaim"],
        "spec.storageClassName",
        Target::Name("storage.k8s.io", "StorageClass"),
    ),
    known(
        "",
        &["PersistentVolumeClaim"],
        "spec.volumeName",
        Target::Name("", "PersistentVolume"),
    ),
    known(
        "",
        &["PersistentVolume"],
        "spec.storageClassName",
        Target::Name("storage.k8s.io", "StorageClass"),
    ),
    known(
        "networking.k8s.io",
        &["Ingress"],
        "spec.ingressClassName",
        Target::Name("networking.k8s.io", "IngressClass"),
    ),
    known(
        "networking.k8s.io",
        &["Ingress"],
        "spec.tls[].secretName",
        Target::Name("", "Secret"),
    ),
    known(
        "networking.k8s.io",
        &["Ingress"],
        "spec.defaultBackend.service",
        Target::Object("", "Service"),
    ),
    known(
        "networking.k8s.io",
        &["Ingress"],
        "spec.rules[].http.paths[].backend.service",
        Target::Object("", "Service"),
    ),
    known(
        "autoscaling",
        &["HorizontalPodAutoscaler"],
        "spec.scaleTargetRef",
        Target::Typed(Some(""), ""),
    ),
];

const WORKLOADS: &[&str] = &["Deployment", "StatefulSet", "DaemonSet", "ReplicaSet"];

/// A label that names another object.
#[derive(Debug, Clone, Copy)]
pub struct LabelRule {
    /// Its key.
    pub name: &'static str,
    /// The key that holds the namespace; `None`: the object's own.
    pub namespace: Option<&'static str>,
    /// Group of the object that it names.
    pub group: &'static str,
    /// Kind of the object that it names.
    pub kind: &'static str,
    /// Whether that object made this one and keeps it as it should be.
    pub manages: bool,
    /// Only on objects of these kinds; `None`: on all.
    pub only: Option<&'static [&'static str]>,
}

const fn label(name: &'static str, group: &'static str, kind: &'static str) -> LabelRule {
    LabelRule {
        name,
        namespace: None,
        group,
        kind,
        manages: true,
        only: None,
    }
}

/// Labels that projects document.
pub const LABELS: &[LabelRule] = &[
    // Cluster API book, "Labels and annotations".
    label(
        "cluster.x-k8s.io/cluster-name",
        "cluster.x-k8s.io",
        "Cluster",
    ),
    // Knative Serving, "Labels and annotations".
    label(
        "serving.knative.dev/service",
        "serving.knative.dev",
        "Service",
    ),
    // CloudNativePG, "Labels and annotations".
    label("cnpg.io/cluster", CNPG, "Cluster"),
    // Strimzi, "Custom resources: labels": topics and users belong to a Kafka.
    LabelRule {
        only: Some(&["KafkaTopic", "KafkaUser", "KafkaNodePool"]),
        ..label("strimzi.io/cluster", "kafka.strimzi.io", "Kafka")
    },
    // Kueue, "Labels and annotations": the queue that a job is submitted to.
    LabelRule {
        manages: false,
        ..label("kueue.x-k8s.io/queue-name", "kueue.x-k8s.io", "LocalQueue")
    },
    // Flux, Kustomization and HelmRelease API, "Labels".
    LabelRule {
        namespace: Some("kustomize.toolkit.fluxcd.io/namespace"),
        ..label(
            "kustomize.toolkit.fluxcd.io/name",
            "kustomize.toolkit.fluxcd.io",
            "Kustomization",
        )
    },
    LabelRule {
        namespace: Some("helm.toolkit.fluxcd.io/namespace"),
        ..label(
            "helm.toolkit.fluxcd.io/name",
            "helm.toolkit.fluxcd.io",
            "HelmRelease",
        )
    },
];

const TRACKING_ID: &str = "argocd.argoproj.io/tracking-id";
const APPLICATION: (&str, &str) = ("argoproj.io", "Application");

/// Argo CD, "Resource tracking": `APP:GROUP/KIND:NAMESPACE/NAME`. An annotation that was copied
/// from another object does not name this one, and is no sign of anything.
pub(super) fn argo_tracking(object: &Json<'_>, links: &mut Vec<Link>) {
    let text = |path: &[&str]| object.at(path).and_then(Json::as_str).unwrap_or_default();
    let id = text(&["metadata", "annotations", TRACKING_ID]);
    let mut parts = id.splitn(3, ':');
    let (Some(application), Some(kind), Some(key)) = (parts.next(), parts.next(), parts.next())
    else {
        return;
    };
    let group = super::extract::group_of(text(&["apiVersion"]));
    let own_kind = format!("{group}/{}", text(&["kind"]));
    let name_matches =
        key.rsplit_once('/').map_or(key, |(_, name)| name) == text(&["metadata", "name"]);
    if application.is_empty() || kind != own_kind || !name_matches {
        return;
    }
    // Applications in any namespace are written as NAMESPACE_NAME; names have no underscores.
    let (namespace, name) = match application.split_once('_') {
        Some((namespace, name)) => (TargetNamespace::Named(namespace.into()), name),
        None => (TargetNamespace::Unknown, application),
    };
    links.push(Link::found(
        LinkKind::Managed,
        APPLICATION,
        namespace,
        name,
        format!("metadata.annotations[{TRACKING_ID}]"),
    ));
}

/// Argo CD, Application status: the resources that it manages, where it deploys to the cluster that
/// it runs in.
pub(super) fn argo_resources(object: &Json<'_>, links: &mut Vec<Link>) {
    let text = |path: &[&str]| object.at(path).and_then(Json::as_str).unwrap_or_default();
    let is_application =
        text(&["kind"]) == APPLICATION.1 && text(&["apiVersion"]).starts_with("argoproj.io/");
    let in_cluster = text(&["spec", "destination", "server"]) == "https://kubernetes.default.svc"
        || text(&["spec", "destination", "name"]) == "in-cluster";
    if !is_application || !in_cluster {
        return;
    }
    let resources = object
        .at(&["status", "resources"])
        .map_or(&[][..], Json::items);
    for (i, resource) in resources.iter().enumerate() {
        let text = |name: &str| resource.get(name).and_then(Json::as_str);
        let (Some(kind), Some(name)) = (text("kind"), text("name")) else {
            continue;
        };
        let namespace = match text("namespace") {
            Some(namespace) => TargetNamespace::Named(namespace.into()),
            None => TargetNamespace::Own,
        };
        let group = text("group").unwrap_or_default();
        links.push(Link::found(
            LinkKind::Reference,
            (group, kind),
            namespace,
            name,
            format!("status.resources[{i}]"),
        ));
    }
}
