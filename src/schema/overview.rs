//! What a CRD says of its kind beside the fields.

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::model::PrinterColumn;

/// A CRD without its schemas.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Overview {
    /// API group.
    pub group: String,
    /// `Namespaced` or `Cluster`.
    pub scope: String,
    /// Its names.
    pub names: Names,
    /// How objects get from one version to another: `None` only changes `apiVersion`, `Webhook` asks
    /// a webhook.
    pub conversion: String,
    /// All versions, in the order of the CRD.
    pub versions: Vec<VersionFacts>,
}

/// The names of a kind.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Names {
    /// CamelCase, singular.
    pub kind: String,
    /// As it stands in URLs.
    pub plural: String,
    /// For `kubectl get`.
    pub singular: String,
    /// Abbreviations.
    pub short_names: Vec<String>,
    /// Groups of kinds: `kubectl get all`.
    pub categories: Vec<String>,
}

/// One version of a CRD without its schema.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct VersionFacts {
    /// `v1beta1`.
    pub name: String,
    /// Whether the API server serves it.
    pub served: bool,
    /// Whether objects are stored in it.
    pub storage: bool,
    /// Whether it is deprecated, and what clients that use it are told.
    pub deprecated: Option<String>,
    /// Whether it has the status subresource.
    pub has_status: bool,
    /// Where the scale subresource finds its figures.
    pub scale: Option<Scale>,
    /// Its printer columns.
    pub columns: Vec<PrinterColumn>,
    /// Fields that field selectors may name.
    pub selectable_fields: Vec<String>,
}

/// The scale subresource.
#[derive(Debug, Clone, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Scale {
    /// JSONPath of the wanted number of replicas.
    pub spec_replicas_path: String,
    /// JSONPath of their actual number.
    pub status_replicas_path: String,
    /// JSONPath of the selector of their pods; empty for none.
    pub label_selector_path: String,
}

impl Overview {
    /// A version by its name.
    #[must_use]
    pub fn version(&self, name: &str) -> Option<&VersionFacts> {
        self.versions.iter().find(|version| version.name == name)
    }
}

impl VersionFacts {
    /// `served, storage`.
    #[must_use]
    pub fn states(&self) -> Vec<&'static str> {
        let served = if self.served { "served" } else { "not served" };
        let all = [
            (true, served),
            (self.storage, "storage"),
            (self.deprecated.is_some(), "deprecated"),
        ];
        all.into_iter()
            .filter_map(|(is, word)| is.then_some(word))
            .collect()
    }
}

/// A CRD's `spec` with the schemas left as text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawSpec<'a> {
    #[serde(default)]
    group: String,
    #[serde(default)]
    scope: String,
    #[serde(default)]
    names: Names,
    #[serde(default)]
    conversion: RawConversion,
    #[serde(borrow, default)]
    pub(super) versions: Vec<RawVersion<'a>>,
}

#[derive(Deserialize, Default)]
struct RawConversion {
    #[serde(default)]
    strategy: String,
}

/// One version with its schema left as text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct RawVersion<'a> {
    #[serde(default)]
    pub(super) name: String,
    #[serde(default)]
    served: bool,
    #[serde(default)]
    storage: bool,
    #[serde(default)]
    deprecated: bool,
    #[serde(default)]
    deprecation_warning: Option<String>,
    #[serde(default)]
    subresources: Option<RawSubresources<'a>>,
    #[serde(default)]
    additional_printer_columns: Vec<PrinterColumn>,
    #[serde(default)]
    selectable_fields: Vec<RawSelectable>,
    #[serde(borrow, default)]
    pub(super) schema: Option<RawSchema<'a>>,
}

#[derive(Deserialize)]
struct RawSubresources<'a> {
    #[serde(borrow, default)]
    status: Option<&'a RawValue>,
    #[serde(default)]
    scale: Option<Scale>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawSelectable {
    json_path: String,
}

#[derive(Deserialize)]
pub(super) struct RawSchema<'a> {
    #[serde(borrow, default, rename = "openAPIV3Schema")]
    pub(super) schema: Option<&'a RawValue>,
}

impl RawSpec<'_> {
    pub(super) fn overview(&self) -> Overview {
        Overview {
            group: self.group.clone(),
            scope: self.scope.clone(),
            names: self.names.clone(),
            conversion: match self.conversion.strategy.as_str() {
                "" => "None".to_owned(),
                strategy => strategy.to_owned(),
            },
            versions: self.versions.iter().map(RawVersion::facts).collect(),
        }
    }
}

impl RawVersion<'_> {
    fn facts(&self) -> VersionFacts {
        let subresources = self.subresources.as_ref();
        let warning = self.deprecation_warning.clone().unwrap_or_default();
        VersionFacts {
            name: self.name.clone(),
            served: self.served,
            storage: self.storage,
            deprecated: self.deprecated.then_some(warning),
            has_status: subresources.is_some_and(|known| known.status.is_some()),
            scale: subresources.and_then(|known| known.scale.clone()),
            columns: self.additional_printer_columns.clone(),
            selectable_fields: self
                .selectable_fields
                .iter()
                .map(|field| field.json_path.clone())
                .collect(),
        }
    }
}
