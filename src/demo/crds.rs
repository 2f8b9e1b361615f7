//! The CustomResourceDefinitions that are built in: served as they are, and read for what the
//! server itself has to know.

use serde::Deserialize;
use serde_json::Value;

use super::DemoError;
use super::definition::Definition;
use super::shape::Shape;
use crate::{columns::CompiledColumns, model::PrinterColumn};

/// The CRDs, in the order in which their kinds are numbered.
const MANIFESTS: [&str; 12] = [
    include_str!("../../assets/demo/crds/certificates.cert-manager.io.yaml"),
    include_str!("../../assets/demo/crds/certificaterequests.cert-manager.io.yaml"),
    include_str!("../../assets/demo/crds/issuers.cert-manager.io.yaml"),
    include_str!("../../assets/demo/crds/applications.argoproj.io.yaml"),
    include_str!("../../assets/demo/crds/rollouts.argoproj.io.yaml"),
    include_str!("../../assets/demo/crds/gateways.gateway.networking.k8s.io.yaml"),
    include_str!("../../assets/demo/crds/httproutes.gateway.networking.k8s.io.yaml"),
    include_str!("../../assets/demo/crds/clusters.postgresql.cnpg.io.yaml"),
    include_str!("../../assets/demo/crds/backups.postgresql.cnpg.io.yaml"),
    include_str!("../../assets/demo/crds/databases.stable.example.com.yaml"),
    include_str!("../../assets/demo/crds/aigatewayroutes.aigateway.envoyproxy.io.yaml"),
    include_str!("../../assets/demo/crds/aiservicebackends.aigateway.envoyproxy.io.yaml"),
];

#[derive(Deserialize)]
struct CrdSpec {
    group: String,
    scope: String,
    names: CrdNames,
    versions: Vec<CrdVersion>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CrdNames {
    kind: String,
    list_kind: String,
    plural: String,
    singular: String,
    #[serde(default)]
    short_names: Vec<String>,
    #[serde(default)]
    categories: Vec<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CrdVersion {
    name: String,
    #[serde(default)]
    subresources: Value,
    #[serde(default)]
    additional_printer_columns: Vec<PrinterColumn>,
    schema: Value,
}

/// Every custom kind with the CRD object that defines it.
pub(super) fn load() -> Result<Vec<(Definition, Value)>, DemoError> {
    MANIFESTS.iter().map(|text| parse(text)).collect()
}

fn parse(text: &str) -> Result<(Definition, Value), DemoError> {
    let manifest: Value = serde_yaml::from_str(text)
        .map_err(|error| DemoError::Assets(format!("a CRD is not YAML: {error}")))?;
    let name = manifest["metadata"]["name"].to_string();
    let spec: CrdSpec = serde_json::from_value(manifest["spec"].clone())
        .map_err(|error| DemoError::Assets(format!("the CRD {name} does not parse: {error}")))?;
    let Some(version) = spec.versions.into_iter().next() else {
        return Err(DemoError::Assets(format!("the CRD {name} has no version")));
    };
    let schema = version.schema["openAPIV3Schema"].clone();
    let columns = CompiledColumns::new(&version.additional_printer_columns);
    let definition = Definition {
        group: spec.group,
        version: version.name,
        kind: spec.names.kind,
        list_kind: spec.names.list_kind,
        plural: spec.names.plural,
        singular: spec.names.singular,
        short_names: spec.names.short_names,
        categories: spec.names.categories,
        namespaced: spec.scope == "Namespaced",
        status_subresource: version.subresources.get("status").is_some(),
        writable: true,
        columns,
        shape: Shape::of_object(&schema),
        schema,
    };
    Ok((definition, manifest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_embedded_crd_loads_with_columns_that_parse() {
        let loaded = load().unwrap();
        assert_eq!(loaded.len(), 12);
        for (definition, manifest) in &loaded {
            let name = definition.qualified_plural();
            assert_eq!(manifest["metadata"]["name"], name.as_str());
            assert!(!definition.columns.headings().is_empty(), "{name}");
            assert_eq!(definition.columns.dropped(), None, "{name}");
        }
    }
}
