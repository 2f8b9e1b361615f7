//! What a CustomResourceDefinition serves.

use std::sync::Arc;

use kube::core::Version;

use crate::model::{Definition, Json, PrinterColumn, ResourceKind, Scope, conditions};

/// A kind that is served, its columns, and all that its CRD says.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Served {
    pub(super) kind: ResourceKind,
    pub(super) columns: Vec<PrinterColumn>,
    /// `None` for kinds of which only API discovery is known.
    pub(super) definition: Option<Arc<Definition>>,
}

/// The kind that an established CRD serves, at the version that the API server prefers.
pub(super) fn served_by(crd: &Json<'_>) -> Option<Served> {
    if !conditions(crd)
        .any(|condition| condition.type_ == "Established" && condition.status == "True")
    {
        return None;
    }
    let spec = crd.get("spec")?;
    let text = |value: Option<&Json<'_>>| value.and_then(Json::as_str).map(str::to_owned);
    let served = spec
        .get("versions")?
        .items()
        .iter()
        .filter(|version| version.get("served").and_then(Json::as_bool) == Some(true));
    let preferred = served.max_by_key(|version| {
        Version::parse(
            version
                .get("name")
                .and_then(Json::as_str)
                .unwrap_or_default(),
        )
        .priority()
    })?;
    let columns = preferred
        .get("additionalPrinterColumns")
        .map_or(&[][..], Json::items);
    let definition = Definition::new(&spec.to_compact())
        .inspect_err(|error| tracing::error!(%error, "cannot compress a CRD"))
        .ok()
        .map(Arc::new);
    Some(Served {
        definition,
        kind: ResourceKind {
            group: text(spec.get("group"))?,
            version: text(preferred.get("name"))?,
            kind: text(spec.at(&["names", "kind"]))?,
            plural: text(spec.at(&["names", "plural"]))?,
            scope: match spec.get("scope").and_then(Json::as_str) {
                Some("Cluster") => Scope::Cluster,
                _ => Scope::Namespaced,
            },
        },
        columns: columns
            .iter()
            .filter_map(|column| {
                Some(PrinterColumn {
                    name: text(column.get("name"))?,
                    type_: text(column.get("type"))?,
                    format: text(column.get("format")).unwrap_or_default(),
                    description: text(column.get("description")).unwrap_or_default(),
                    priority: column
                        .get("priority")
                        .and_then(Json::as_i64)
                        .and_then(|priority| i32::try_from(priority).ok())
                        .unwrap_or_default(),
                    json_path: text(column.get("jsonPath"))?,
                })
            })
            .collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crd(established: &str) -> String {
        format!(
            r#"{{"metadata":{{"name":"apps.x.io"}},"spec":{{"group":"x.io","scope":"Namespaced",
            "names":{{"kind":"App","plural":"apps"}},"versions":[
              {{"name":"v1beta1","served":true,"storage":true}},
              {{"name":"v2","served":false}},
              {{"name":"v1","served":true,"additionalPrinterColumns":[
                {{"name":"Replicas","type":"integer","jsonPath":".spec.replicas","priority":1}}]}}]}},
            "status":{{"conditions":[{{"type":"Established","status":"{established}"}}]}}}}"#
        )
    }

    #[test]
    fn the_preferred_served_version_and_its_columns() {
        let text = crd("True");
        let served = served_by(&Json::parse(text.as_bytes()).unwrap()).unwrap();
        assert_eq!(served.kind.api_version(), "x.io/v1");
        assert_eq!(served.columns[0].json_path, ".spec.replicas");
        assert_eq!(served.columns[0].priority, 1);
        let spec = served.definition.unwrap().spec().unwrap();
        let spec = Json::parse(&spec).unwrap();
        assert_eq!(spec.get("versions").map(|v| v.items().len()), Some(3));
    }

    #[test]
    fn a_crd_that_is_not_established_is_not_served() {
        assert_eq!(
            served_by(&Json::parse(crd("False").as_bytes()).unwrap()),
            None
        );
    }
}
