//! The facts of a definition that every change of the kind is judged by.

use super::{ReferenceFields, list_keys::topology_of};
use crate::model::{Definition, Json, ResourceKind, Topology};

/// What one served version of a CRD says about its objects. Empty for kinds of which only API
/// discovery is known.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct KindSchema {
    /// Whether the version has the status subresource: with it, writes of status do not bump
    /// `metadata.generation`; without it, every write does (API conventions, "metadata").
    /// `None`: not known.
    pub has_status: Option<bool>,
    /// How its lists and maps are told apart item by item.
    pub topology: Topology,
    /// The fields that name other objects.
    pub references: ReferenceFields,
}

impl KindSchema {
    /// What is known of a kind without a definition.
    #[must_use]
    pub fn undefined(kind: &ResourceKind) -> Self {
        Self {
            references: ReferenceFields::of_kind(kind),
            ..Self::default()
        }
    }

    /// Reads the facts of `version`. A definition that cannot be read gives none, with a log line.
    #[must_use]
    pub fn of(definition: &Definition, version: &str) -> Self {
        let spec = match definition.spec() {
            Ok(spec) => spec,
            Err(error) => {
                tracing::error!(%error, "a definition cannot be read back");
                return Self::default();
            }
        };
        Json::parse(&spec)
            .ok()
            .and_then(|spec| Some(Self::of_version(&spec, version_of(&spec, version)?)))
            .unwrap_or_default()
    }

    fn of_version(spec: &Json<'_>, version: &Json<'_>) -> Self {
        let text = |path: &[&str]| spec.at(path).and_then(Json::as_str).unwrap_or_default();
        Self {
            has_status: Some(version.at(&["subresources", "status"]).is_some()),
            topology: version
                .at(&["schema", "openAPIV3Schema"])
                .map(topology_of)
                .unwrap_or_default(),
            references: ReferenceFields::of(
                text(&["group"]),
                text(&["names", "kind"]),
                version.at(&["schema", "openAPIV3Schema"]),
            ),
        }
    }
}

/// The entry of `spec.versions` with this name.
fn version_of<'j, 'a>(spec: &'j Json<'a>, name: &str) -> Option<&'j Json<'a>> {
    let mut versions = spec.get("versions")?.items().iter();
    versions.find(|version| version.get("name").and_then(Json::as_str) == Some(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tells_whether_a_version_has_the_status_subresource() {
        let definition = Definition::new(
            r#"{"versions":[{"name":"v1","subresources":{"status":{}}},{"name":"v2"}]}"#,
        )
        .unwrap();
        let has_status = |version| KindSchema::of(&definition, version).has_status;
        assert_eq!(has_status("v1"), Some(true));
        assert_eq!(has_status("v2"), Some(false));
        assert_eq!(has_status("v3"), None);
        assert_eq!(
            KindSchema::of(&Definition::from_compressed(b""), "v1"),
            KindSchema::default()
        );
    }
}
