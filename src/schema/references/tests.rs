use super::*;
use crate::model::Json;

fn fields(group: &str, kind: &str, spec: &str) -> Vec<String> {
    let text = format!(r#"{{"properties":{{"spec":{{"properties":{spec}}}}}}}"#);
    let schema = Json::parse(text.as_bytes()).unwrap();
    ReferenceFields::of(group, kind, Some(&schema)).describe()
}

const STRING: &str = r#"{"type":"string"}"#;

#[test]
fn a_typed_reference_needs_a_group_and_a_reference_name() {
    let typed =
        format!(r#"{{"properties":{{"name":{STRING},"kind":{STRING},"apiGroup":{STRING}}}}}"#);
    let of = |name: &str| fields("x.io", "Y", &format!(r#"{{"{name}":{typed}}}"#));
    assert_eq!(of("poolRef"), ["spec.poolRef => ?"]);
    assert!(of("subject").is_empty());
    let bare = format!(r#"{{"poolRef":{{"properties":{{"name":{STRING},"kind":{STRING}}}}}}}"#);
    assert!(fields("x.io", "Y", &bare).is_empty());
}

#[test]
fn defaults_of_the_schema_and_of_the_project_fill_in() {
    let parents = format!(
        r#"{{"parentRefs":{{"items":{{"properties":{{"name":{STRING},
            "group":{{"type":"string","default":"g.io"}},"kind":{{"type":"string","default":"K"}}}}}}}}}}"#
    );
    assert_eq!(
        fields("x.io", "Y", &parents),
        ["spec.parentRefs[] => g.io/K"]
    );
    let issuer = format!(
        r#"{{"issuerRef":{{"properties":{{"name":{STRING},"group":{STRING},"kind":{STRING}}}}}}}"#
    );
    assert_eq!(
        fields("cert-manager.io", "CertificateRequest", &issuer),
        ["spec.issuerRef => cert-manager.io/Issuer"]
    );
    assert_eq!(fields("x.io", "Y", &issuer), ["spec.issuerRef => ?/?"]);
}

#[test]
fn secrets_and_config_maps_by_name_and_shape() {
    let spec = format!(
        r#"{{"authSecretRef":{{"properties":{{"name":{STRING},"key":{STRING}}}}},
            "configMapRef":{{"properties":{{"name":{STRING}}}}},
            "password":{{"properties":{{"name":{STRING},"optional":{{"type":"boolean"}},
                "key":{{"type":"string","description":"The key of the secret to select from.  Must be a valid secret key."}}}}}},
            "vaultSecretRef":{{"properties":{{"name":{STRING},"engine":{STRING}}}}},
            "poolRef":{{"properties":{{"name":{STRING}}}}}}}"#
    );
    assert_eq!(
        fields("x.io", "Y", &spec),
        [
            "spec.authSecretRef -> Secret",
            "spec.configMapRef -> ConfigMap",
            "spec.password -> Secret",
        ]
    );
}

#[test]
fn a_name_counts_only_where_its_description_says_of_what() {
    let of = |description: &str| {
        let spec =
            format!(r#"{{"tlsSecretName":{{"type":"string","description":"{description}"}}}}"#);
        !fields("x.io", "Y", &spec).is_empty()
    };
    assert!(of("The name of the Kubernetes TLS Secret to use."));
    assert!(of(
        "TLSSecretName is the name of a secret in the same namespace."
    ));
    assert!(!of("Name of the vault entry. The secret is written there."));
    assert!(!of("What it is called."));
    assert!(!of(""));
}

fn links(group: &str, kind: &str, schema: Option<&str>, object: &str) -> Vec<String> {
    let schema = schema.map(|schema| Json::parse(schema.as_bytes()).unwrap());
    let fields = ReferenceFields::of(group, kind, schema.as_ref());
    let object = Json::parse(object.as_bytes()).unwrap();
    links_of(&object, &fields)
        .iter()
        .map(|link| {
            let namespace = match &link.namespace {
                TargetNamespace::Named(namespace) => format!("{namespace}/"),
                TargetNamespace::Own => String::new(),
                TargetNamespace::Unknown => "*/".to_owned(),
            };
            let (group, kind, name) = (&link.group, &link.target_kind, &link.name);
            format!("{} -> {group}/{kind} {namespace}{name}", link.field)
        })
        .collect()
}

#[test]
fn a_route_names_its_parents_and_backends() {
    let typed = r#"{"items":{"properties":{"name":{"type":"string"},"namespace":{"type":"string"},
        "group":{"type":"string"},"kind":{"type":"string"}}}}"#;
    let schema = format!(
        r#"{{"properties":{{"spec":{{"properties":{{"parentRefs":{typed},
            "rules":{{"items":{{"properties":{{"backendRefs":{typed}}}}}}}}}}}}}}}"#
    );
    let object = r#"{"spec":{"parentRefs":[{"name":"edge","namespace":"ingress"}],
        "rules":[{"backendRefs":[{"name":"a"},{"name":"b","group":"x.io","kind":"Pool"}]}]}}"#;
    assert_eq!(
        links(
            "gateway.networking.k8s.io",
            "HTTPRoute",
            Some(&schema),
            object
        ),
        [
            "spec.parentRefs[0] -> gateway.networking.k8s.io/Gateway ingress/edge",
            "spec.rules[0].backendRefs[0] -> /Service a",
            "spec.rules[0].backendRefs[1] -> x.io/Pool b",
        ]
    );
}

#[test]
fn owners_come_with_their_flags() {
    let object = r#"{"metadata":{"ownerReferences":[
        {"apiVersion":"apps/v1","kind":"ReplicaSet","name":"web","uid":"u1","controller":true,"blockOwnerDeletion":true},
        {"apiVersion":"v1","kind":"ConfigMap","name":"c","uid":"u2"},{"kind":"broken"}]}}"#;
    let links = links_of(
        &Json::parse(object.as_bytes()).unwrap(),
        &ReferenceFields::default(),
    );
    assert_eq!(links.len(), 2);
    let flags = |controller, block_deletion| LinkKind::Owner {
        controller,
        block_deletion,
    };
    assert_eq!(links[0].kind, flags(true, true));
    assert_eq!(&*links[0].group, "apps");
    assert_eq!(links[1].kind, flags(false, false));
    assert_eq!(links[1].uid.as_deref(), Some("u2"));
}

#[test]
fn an_argo_tracking_id_of_another_object_is_no_link() {
    let object = |id: &str| {
        format!(
            r#"{{"apiVersion":"apps/v1","kind":"Deployment","metadata":{{"name":"web","namespace":"shop",
                "annotations":{{"argocd.argoproj.io/tracking-id":"{id}"}}}}}}"#
        )
    };
    let of = |id: &str| links("apps", "Deployment", None, &object(id));
    let field = "metadata.annotations[argocd.argoproj.io/tracking-id]";
    assert_eq!(
        of("shop:apps/Deployment:shop/web"),
        [format!("{field} -> argoproj.io/Application */shop")]
    );
    assert_eq!(
        of("teams_shop:apps/Deployment:shop/web"),
        [format!("{field} -> argoproj.io/Application teams/shop")]
    );
    assert!(of("shop:apps/Deployment:shop/other").is_empty());
    assert!(of("shop:apps/StatefulSet:shop/web").is_empty());
    assert!(of("nonsense").is_empty());
}

#[test]
fn an_application_that_deploys_elsewhere_has_nothing_here() {
    let object = |server: &str| {
        format!(
            r#"{{"apiVersion":"argoproj.io/v1alpha1","kind":"Application","spec":{{"project":"shop",
                "destination":{{"server":"{server}"}}}},
                "status":{{"resources":[{{"group":"apps","kind":"Deployment","namespace":"shop","name":"web"}}]}}}}"#
        )
    };
    let of = |server: &str| links("argoproj.io", "Application", None, &object(server));
    assert_eq!(
        of("https://kubernetes.default.svc"),
        [
            "spec.project -> argoproj.io/AppProject shop",
            "status.resources[0] -> apps/Deployment shop/web"
        ]
    );
    assert_eq!(of("https://10.0.0.1").len(), 1);
}

#[test]
fn labels_name_what_manages_an_object() {
    let object = r#"{"apiVersion":"v1","kind":"ConfigMap","metadata":{"labels":{
        "kustomize.toolkit.fluxcd.io/name":"apps","kustomize.toolkit.fluxcd.io/namespace":"flux-system",
        "helm.toolkit.fluxcd.io/name":"no-namespace","strimzi.io/cluster":"not-a-topic"}}}"#;
    assert_eq!(
        links("", "ConfigMap", None, object),
        [
            "metadata.labels[kustomize.toolkit.fluxcd.io/name] -> kustomize.toolkit.fluxcd.io/Kustomization flux-system/apps"
        ]
    );
}

#[test]
fn a_cluster_scope_switch_means_the_other_kind() {
    let object = |scope: bool| {
        format!(r#"{{"spec":{{"workflowTemplateRef":{{"name":"t","clusterScope":{scope}}}}}}}"#)
    };
    let field = "spec.workflowTemplateRef";
    assert_eq!(
        links("argoproj.io", "Workflow", None, &object(true)),
        [format!("{field} -> argoproj.io/ClusterWorkflowTemplate t")]
    );
    assert_eq!(
        links("argoproj.io", "Workflow", None, &object(false)),
        [format!("{field} -> argoproj.io/WorkflowTemplate t")]
    );
}
