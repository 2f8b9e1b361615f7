//! What the server knows of a kind: names, printer columns and the shape of its lists.

use serde_json::Value;

use super::jsonpath::JsonPath;
use super::shape::Shape;

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
    pub(super) columns: Vec<Column>,
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
            columns: Vec::new(),
            shape: Shape::default(),
            schema: Value::Null,
        }
    }

    /// `v1` Namespace.
    pub(super) fn namespaces() -> Self {
        let mut definition = Self::builtin("", "Namespace", "namespaces", "ns");
        definition.columns = vec![
            Column::builtin("Status", "string", ".status.phase"),
            Column::builtin("Age", "date", ".metadata.creationTimestamp"),
        ];
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
        definition.columns = vec![Column::builtin(
            "Created At",
            "string",
            ".metadata.creationTimestamp",
        )];
        definition
    }
}

/// One entry of `additionalPrinterColumns`.
#[derive(Debug)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) kind: String,
    pub(super) format: String,
    pub(super) description: String,
    pub(super) priority: i32,
    /// `None` when the path does not parse: its cells are empty then.
    pub(super) path: Option<JsonPath>,
}

impl Column {
    fn builtin(name: &str, kind: &str, path: &str) -> Self {
        Self {
            name: name.to_owned(),
            kind: kind.to_owned(),
            format: String::new(),
            description: String::new(),
            priority: 0,
            path: JsonPath::parse(path).ok(),
        }
    }
}
