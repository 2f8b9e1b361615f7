//! What the server knows of a kind: names, printer columns and the shape of its lists, all read
//! from the CustomResourceDefinition that it also serves.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde_json::Value;

use super::DemoError;
use super::jsonpath::JsonPath;

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

/// What field ownership needs of a schema: which lists are merged by key. Everything else follows
/// from the values themselves, because unlisted lists are atomic.
/// (KEP-555, `x-kubernetes-list-type`.)
#[derive(Debug, Default, Clone)]
pub(super) struct Shape {
    fields: BTreeMap<String, Shape>,
    items: Option<Box<Shape>>,
    list: ListType,
}

/// How a list is owned.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) enum ListType {
    /// As one value.
    #[default]
    Atomic,
    /// Item by item, found by the values of these keys.
    Map(Vec<String>),
    /// Item by item, found by value.
    Set,
}

/// The shape of whatever the schema says nothing about.
static UNKNOWN: Shape = Shape {
    fields: BTreeMap::new(),
    items: None,
    list: ListType::Atomic,
};

impl Shape {
    /// The shape of a field.
    pub(super) fn field(&self, name: &str) -> &Shape {
        self.fields.get(name).unwrap_or(&UNKNOWN)
    }

    /// The shape of a list's items.
    pub(super) fn item(&self) -> &Shape {
        self.items.as_deref().unwrap_or(&UNKNOWN)
    }

    /// How the list here is owned.
    pub(super) fn list(&self) -> &ListType {
        &self.list
    }

    fn list_of(list: ListType) -> Self {
        Self {
            list,
            ..Self::default()
        }
    }

    fn from_schema(schema: &Value) -> Self {
        let fields = schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.clone(), Self::from_schema(schema)))
            .collect();
        let list = match schema["x-kubernetes-list-type"].as_str() {
            Some("map") => ListType::Map(strings(&schema["x-kubernetes-list-map-keys"])),
            Some("set") => ListType::Set,
            _ => ListType::Atomic,
        };
        let items = schema
            .get("items")
            .map(|items| Box::new(Self::from_schema(items)));
        Self {
            fields,
            items,
            list,
        }
    }

    /// The schema's shape, with that of ObjectMeta, which CRDs do not spell out.
    fn of_object(schema: &Value) -> Self {
        let mut shape = Self::from_schema(schema);
        let metadata = Self {
            fields: BTreeMap::from([
                ("finalizers".to_owned(), Self::list_of(ListType::Set)),
                (
                    "ownerReferences".to_owned(),
                    Self::list_of(ListType::Map(vec!["uid".to_owned()])),
                ),
            ]),
            ..Self::default()
        };
        shape.fields.insert("metadata".to_owned(), metadata);
        shape
    }
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

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
    additional_printer_columns: Vec<CrdColumn>,
    schema: Value,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CrdColumn {
    name: String,
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    format: String,
    #[serde(default)]
    description: String,
    #[serde(default)]
    priority: i32,
    json_path: String,
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
    let columns = version
        .additional_printer_columns
        .into_iter()
        .map(|column| Column {
            path: JsonPath::parse(&column.json_path).ok(),
            name: column.name,
            kind: column.kind,
            format: column.format,
            description: column.description,
            priority: column.priority,
        })
        .collect();
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
            assert!(!definition.columns.is_empty(), "{name}");
            for column in &definition.columns {
                assert!(column.path.is_some(), "{name}: {}", column.name);
            }
        }
    }

    #[test]
    fn shape_knows_lists_that_are_merged_by_key() {
        let loaded = load().unwrap();
        let certificate = &loaded[0].0.shape;
        let conditions = certificate.field("status").field("conditions");
        assert_eq!(conditions.list(), &ListType::Map(vec!["type".into()]));
        let names = certificate.field("spec").field("dnsNames");
        assert_eq!(names.list(), &ListType::Atomic);
        let finalizers = certificate.field("metadata").field("finalizers");
        assert_eq!(finalizers.list(), &ListType::Set);
    }
}
