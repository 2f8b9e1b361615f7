//! Objects of a CRD, made from its OpenAPI schema.
//!
//! They have the structure, the required fields, enums, formats, patterns and bounds that the schema asks for, with
//! edge values where it leaves the choice. What else a CRD wants (its CEL rules) is learned from the API server's
//! refusals: [`Draft::repair`] changes the fields that they name. The same seed makes the same objects.

mod populate;
mod repair;
mod status;
mod text;
mod value;

use serde_json::{Map, Value, json};

use self::value::ValueGenerator;
use super::crds::CatalogueCrd;

pub(crate) use populate::populate;

/// How much of its schema an object fills.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Extent {
    /// What is required.
    Minimal,
    /// Every other optional field.
    Some,
    /// Every field down to a depth.
    Full,
}

/// An object that the API server may still refuse.
#[derive(Debug, Clone)]
pub(crate) struct Draft {
    pub(crate) object: Value,
    crd: &'static CatalogueCrd,
    generator: ValueGenerator,
}

impl Draft {
    /// An object without a status, unless the CRD has no subresource for it.
    pub(crate) fn new(
        crd: &'static CatalogueCrd,
        namespace: &str,
        name: &str,
        extent: Extent,
        seed: u64,
    ) -> Self {
        let mut generator = ValueGenerator::new(extent, seed);
        let mut object = match generator.value("", crd.schema()) {
            Value::Object(object) => object,
            _ => Map::new(),
        };
        let resource = crd.resource();
        object.insert("apiVersion".into(), json!(resource.api_version));
        object.insert("kind".into(), json!(resource.kind));
        object.insert("metadata".into(), metadata(crd, namespace, name, extent));
        if crd.has_status() {
            object.remove("status");
        } else if object.contains_key("status") {
            object.insert("status".into(), status::status(crd, &mut generator));
        }
        Self {
            object: object.into(),
            crd,
            generator,
        }
    }

    /// The same object with a status as the project's controller would write it.
    pub(crate) fn with_status(&self) -> Self {
        let mut draft = self.clone();
        draft.generator.extent = Extent::Full;
        let status = status::status(self.crd, &mut draft.generator);
        draft.object = json!({ "status": status });
        draft
    }
}

/// Labels, annotations and owners that the printer columns look at are there, with the rest.
fn metadata(crd: &CatalogueCrd, namespace: &str, name: &str, extent: Extent) -> Value {
    let mut metadata = json!({ "name": name });
    if crd.is_namespaced() {
        metadata["namespace"] = namespace.into();
    }
    if extent == Extent::Minimal {
        return metadata;
    }
    metadata["labels"] = json!({ "app.kubernetes.io/name": name });
    metadata["annotations"] = json!({ "example.org/note": "größe ✓ \"quoted\" <&>\nsecond line" });
    for path in columns(crd) {
        for (field, value) in [("labels", "value-1"), ("annotations", "wert ✓")] {
            if let Some(key) = path.strip_prefix(&format!(".metadata.{field}")) {
                let key = key.trim_start_matches(['.', '[', '\'']);
                let key = key.trim_end_matches(['\'', ']']).replace('\\', "");
                metadata[field][key] = value.into();
            }
        }
        if let Some(owner) = path.strip_prefix(".metadata.ownerReferences[?(@.kind==\"") {
            let kind = owner.split('"').next().unwrap_or_default();
            metadata["ownerReferences"] = json!([{ "apiVersion": "example.org/v1", "kind": kind,
                "name": "owner-1", "uid": "00000000-0000-0000-0000-000000000001" }]);
        }
    }
    metadata
}

/// The paths of the printer columns.
fn columns(crd: &CatalogueCrd) -> impl Iterator<Item = &str> {
    let columns = crd.version()["additionalPrinterColumns"].as_array();
    columns
        .into_iter()
        .flatten()
        .filter_map(|column| column["jsonPath"].as_str())
}
