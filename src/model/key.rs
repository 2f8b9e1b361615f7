//! Identities: contexts, kinds, keys and incarnations.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// The name of a kubeconfig context.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ContextName(pub Arc<str>);

impl fmt::Display for ContextName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl From<&str> for ContextName {
    fn from(name: &str) -> Self {
        Self(name.into())
    }
}

/// Whether objects of a kind live in a namespace.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Scope {
    /// Objects live in a namespace.
    Namespaced,
    /// Objects belong to the whole cluster.
    Cluster,
}

/// A kind of resource as the API serves it (kube's `ApiResource` and its scope).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ResourceKind {
    /// API group; empty for the core group.
    pub group: String,
    /// API version, for example `v1beta1`.
    pub version: String,
    /// Kind, for example `Certificate`.
    pub kind: String,
    /// Resource name in URLs, for example `certificates`.
    pub plural: String,
    /// Scope of its objects.
    pub scope: Scope,
}

impl ResourceKind {
    /// `group/version`, or `version` alone for the core group.
    #[must_use]
    pub fn api_version(&self) -> String {
        if self.group.is_empty() {
            self.version.clone()
        } else {
            format!("{}/{}", self.group, self.version)
        }
    }

    /// `plural.group`, the name of the CRD and what `kubectl get` takes; `plural` for the core group.
    #[must_use]
    pub fn qualified_plural(&self) -> String {
        if self.group.is_empty() {
            self.plural.clone()
        } else {
            format!("{}.{}", self.plural, self.group)
        }
    }

    /// Whether this is the core `Secret`, whose values never leave the watch in clear.
    #[must_use]
    pub fn is_secret(&self) -> bool {
        self.group.is_empty() && self.kind == "Secret"
    }
}

impl fmt::Display for ResourceKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.qualified_plural())
    }
}

/// An additional printer column of a CRD version (`CustomResourceColumnDefinition`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct PrinterColumn {
    /// Heading.
    pub name: String,
    /// OpenAPI type: `string`, `integer`, `number`, `boolean` or `date`.
    #[serde(rename = "type")]
    pub type_: String,
    /// OpenAPI format, for example `date-time`; empty for none.
    #[serde(default)]
    pub format: String,
    /// What the column means; empty for none.
    #[serde(default)]
    pub description: String,
    /// 0 is always shown, above 0 only in wide view.
    #[serde(default)]
    pub priority: i32,
    /// Simple JSONPath into the object, for example `.spec.replicas`.
    pub json_path: String,
}

/// Names one object within a context. Version and uid stay out of equality: a deleted and
/// recreated object is another [`Uid`] under the same key.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ResourceKey {
    /// Namespace; `None` for cluster-scoped objects.
    pub namespace: Option<Arc<str>>,
    /// Name.
    pub name: Arc<str>,
}

impl fmt::Display for ResourceKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.namespace {
            Some(namespace) => write!(f, "{namespace}/{}", self.name),
            None => self.name.fmt(f),
        }
    }
}

/// One incarnation of a key (`metadata.uid`).
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Uid(pub Arc<str>);

impl fmt::Display for Uid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}
