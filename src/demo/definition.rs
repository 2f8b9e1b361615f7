//! What the server knows of a kind: names, printer columns and the shape of its lists.

use serde_json::Value;

use super::shape::Shape;
use crate::{columns::CompiledColumns, model::PrinterColumn};

/// One served kind.
#[derive(Debug)]
pub(super) struct Definition {
    pub(super) group: String,
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) list_kind: String,
    pub(super) plural: String,
    pub(super) singular: String,
    pub(super) short_names: Vec<String>,
    pub(super) categories: Vec<String>,
    pub(super) namespaced: bool,
    /// Writes to the object and to its status are separate requests.
    pub(super) status_subresource: bool,
    /// Clients may create, change and delete objects.
    pub(super) writable: bool,
    pub(super) columns: CompiledColumns,
    pub(super) shape: Shape,
    /// The OpenAPI schema, for `kubectl explain`; null for built-in kinds.
    pub(super) schema: Value,
}

impl Definition {
    /// `v1` or `group/v1`.
    pub(super) fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `databases.stable.example.com`, as error messages name a resource.
    pub(super) fn qualified_plural(&self) -> String {
        if self.group.is_empty() {
            self.plural.clone()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    fn builtin(group: &str, kind: &str, plural: &str, short_name: &str) -> Self {
        Self {
            group: group.to_owned(),
            version: "v1".to_owned(),
            kind: kind.to_owned(),
            list_kind: format!("{kind}List"),
            plural: plural.to_owned(),
            singular: kind.to_lowercase(),
            short_names: vec![short_name.to_owned()],
            categories: Vec::new(),
            namespaced: false,
            status_subresource: false,
            writable: false,
            columns: CompiledColumns::new(&[]),
            shape: Shape::default(),
            schema: Value::Null,
        }
    }

    /// `v1` Namespace.
    pub(super) fn namespaces() -> Self {
        let mut definition = Self::builtin("", "Namespace", "namespaces", "ns");
        definition.columns = CompiledColumns::new(&[
            column("Status", "string", ".status.phase"),
            column("Age", "date", ".metadata.creationTimestamp"),
        ]);
        definition
    }

    /// `apiextensions.k8s.io/v1` CustomResourceDefinition.
    pub(super) fn crds() -> Self {
        let mut definition = Self::builtin(
            "apiextensions.k8s.io",
            "CustomResourceDefinition",
            "customresourcedefinitions",
            "crd",
        );
        definition.categories = vec!["api-extensions".to_owned()];
        // Printed as a timestamp, not as an age, by the real server too.
        definition.columns = CompiledColumns::new(&[column(
            "Created At",
            "string",
            ".metadata.creationTimestamp",
        )]);
        definition
    }
}

fn column(name: &str, type_: &str, json_path: &str) -> PrinterColumn {
    PrinterColumn {
        name: name.to_owned(),
        type_: type_.to_owned(),
        format: String::new(),
        description: String::new(),
        priority: 0,
        json_path: json_path.to_owned(),
    }
}
