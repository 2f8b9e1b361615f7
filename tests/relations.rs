//! The reference fields that are found in the schemas of CRDs that people run.

use std::collections::BTreeMap;

use kronika::{model::Json, schema::ReferenceFields};

use crate::support::crds::catalogue;

/// The reference fields of every kind of the catalogue, by `project kind.group`.
fn all() -> BTreeMap<String, Vec<String>> {
    catalogue()
        .iter()
        .map(|crd| {
            let text = crd.schema().to_string();
            let schema = Json::parse(text.as_bytes()).unwrap();
            let spec = &crd.definition["spec"];
            let (group, kind) = (&spec["group"], &spec["names"]["kind"]);
            let (group, kind) = (group.as_str().unwrap(), kind.as_str().unwrap());
            let fields = ReferenceFields::of(group, kind, Some(&schema));
            (format!("{kind}.{group}"), fields.describe())
        })
        .collect()
}

const EXACT: &[&str] = &[
    "Certificate.cert-manager.io",
    "HTTPRoute.gateway.networking.k8s.io",
    "Kustomization.kustomize.toolkit.fluxcd.io",
    "Machine.cluster.x-k8s.io",
    "ScaledObject.keda.sh",
];

/// `->` is always to that kind; `=>` says the kind itself, and this is what it leaves out.
const GOLDEN: &[(&str, &[&str])] = &[
    (
        "Certificate.cert-manager.io",
        &[
            "spec.issuerRef => cert-manager.io/Issuer",
            "spec.keystores.jks.passwordSecretRef -> Secret",
            "spec.keystores.pkcs12.passwordSecretRef -> Secret",
            "spec.secretName -> Secret",
        ],
    ),
    (
        "Issuer.cert-manager.io",
        &[
            "spec.acme.privateKeySecretRef -> Secret",
            "spec.acme.solvers[].http01.gatewayHTTPRoute.parentRefs[] => gateway.networking.k8s.io/Gateway",
            "spec.ca.secretName -> Secret",
        ],
    ),
    (
        "HTTPRoute.gateway.networking.k8s.io",
        &[
            "spec.parentRefs[] => gateway.networking.k8s.io/Gateway",
            "spec.rules[].backendRefs[] => Service",
            "spec.rules[].backendRefs[].filters[].extensionRef => ?",
            "spec.rules[].backendRefs[].filters[].requestMirror.backendRef => Service",
            "spec.rules[].filters[].extensionRef => ?",
            "spec.rules[].filters[].requestMirror.backendRef => Service",
        ],
    ),
    (
        "Gateway.gateway.networking.k8s.io",
        &[
            "spec.gatewayClassName -> gateway.networking.k8s.io/GatewayClass",
            "spec.listeners[].tls.certificateRefs[] => Secret",
        ],
    ),
    (
        "Kustomization.kustomize.toolkit.fluxcd.io",
        &[
            "spec.decryption.secretRef -> Secret",
            "spec.decryption.serviceAccountName -> ServiceAccount",
            "spec.dependsOn[] -> kustomize.toolkit.fluxcd.io/Kustomization",
            "spec.kubeConfig.configMapRef -> ConfigMap",
            "spec.kubeConfig.secretRef -> Secret",
            "spec.postBuild.substituteFrom[] => ?",
            "spec.serviceAccountName -> ServiceAccount",
            "spec.sourceRef => source.toolkit.fluxcd.io/?",
        ],
    ),
    (
        "ExternalSecret.external-secrets.io",
        &[
            "spec.secretStoreRef => external-secrets.io/SecretStore",
            "spec.target -> Secret",
        ],
    ),
    (
        "Machine.cluster.x-k8s.io",
        &[
            "spec.bootstrap.configRef => ?",
            "spec.bootstrap.dataSecretName -> Secret",
            "spec.clusterName -> cluster.x-k8s.io/Cluster",
            "spec.infrastructureRef => ?",
        ],
    ),
    (
        "LocalQueue.kueue.x-k8s.io",
        &["spec.clusterQueue -> kueue.x-k8s.io/ClusterQueue"],
    ),
    (
        "ScaledObject.keda.sh",
        &[
            "spec.scaleTargetRef => apps/Deployment",
            "spec.triggers[].authenticationRef => keda.sh/TriggerAuthentication",
        ],
    ),
];

/// `KRONIKA_PRINT_REFERENCES=1 cargo test ... -- --nocapture` prints all of them, to be read by eye.
#[test]
fn known_kinds_have_the_references_that_their_documentation_tells() {
    let all = all();
    if std::env::var_os("KRONIKA_PRINT_REFERENCES").is_some() {
        for (kind, fields) in &all {
            println!("{kind}");
            fields.iter().for_each(|field| println!("  {field}"));
        }
    }
    assert!(all.len() >= 200, "{}", all.len());
    let mut missing = Vec::new();
    for (kind, fields) in GOLDEN {
        for field in *fields {
            if !all[*kind].iter().any(|found| found == field) {
                missing.push(format!("{kind}: {field}"));
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    // Kinds of which all is listed, so that a wrong one shows.
    for kind in EXACT {
        let (_, fields) = GOLDEN.iter().find(|(known, _)| known == kind).unwrap();
        assert_eq!(all[*kind], *fields, "{kind}");
    }
}
