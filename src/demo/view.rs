//! In which representation a client wants its answer: the objects, their metadata or a table.

use http::HeaderMap;
use http::header::ACCEPT;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::definition::Definition;
use super::ring::Stored;
use super::status_error::ApiError;
use super::table::{self, IncludeObject};

/// A representation.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum View {
    /// The objects as they are.
    Object,
    /// `PartialObjectMetadata`.
    Metadata,
    /// `Table`.
    Table(IncludeObject),
}

impl View {
    /// The first media type in Accept that this server can produce.
    pub(super) fn negotiate(headers: &HeaderMap, include: IncludeObject) -> Result<Self, ApiError> {
        let mut asked = false;
        for range in media_ranges(headers) {
            asked = true;
            match (range.media_type.as_str(), range.parameter("as")) {
                ("application/json", Some("Table")) if range.is_meta_v1() => {
                    return Ok(Self::Table(include));
                }
                (
                    "application/json",
                    Some("PartialObjectMetadata" | "PartialObjectMetadataList"),
                ) if range.is_meta_v1() => return Ok(Self::Metadata),
                ("application/json" | "application/*" | "*/*", None) => return Ok(Self::Object),
                _ => {}
            }
        }
        if asked {
            Err(ApiError::not_acceptable())
        } else {
            Ok(Self::Object)
        }
    }

    /// `apiVersion` and `kind` of a list or of a bookmark in this representation.
    pub(super) fn list_type(self, definition: &Definition) -> (String, String) {
        match self {
            Self::Object => (definition.api_version(), definition.list_kind.clone()),
            Self::Metadata => (
                "meta.k8s.io/v1".to_owned(),
                "PartialObjectMetadataList".to_owned(),
            ),
            Self::Table(_) => ("meta.k8s.io/v1".to_owned(), "Table".to_owned()),
        }
    }

    /// One object, as it stands in a list's `items` or a table's `rows`.
    pub(super) fn item(
        self,
        definition: &Definition,
        stored: &Stored,
        now: Timestamp,
    ) -> Result<Vec<u8>, ApiError> {
        match self {
            Self::Object => Ok(stored.json().to_vec()),
            Self::Metadata => partial_metadata(&stored.json()),
            Self::Table(include) => {
                table::row(definition, stored, include, now).map(|row| row.to_string().into_bytes())
            }
        }
    }

    /// One object on its own, as a GET answers it or a watch event carries it.
    pub(super) fn single(
        self,
        definition: &Definition,
        stored: &Stored,
        with_columns: bool,
        now: Timestamp,
    ) -> Result<Vec<u8>, ApiError> {
        let Self::Table(include) = self else {
            return self.item(definition, stored, now);
        };
        let columns = if with_columns {
            table::columns(definition)
        } else {
            Value::Null
        };
        let row = table::row(definition, stored, include, now)?;
        let table = json!({
            "kind": "Table",
            "apiVersion": "meta.k8s.io/v1",
            "metadata": {"resourceVersion": stored.revision.to_string()},
            "columnDefinitions": columns,
            "rows": [row],
        });
        Ok(table.to_string().into_bytes())
    }
}

fn partial_metadata(json: &[u8]) -> Result<Vec<u8>, ApiError> {
    #[derive(Deserialize)]
    struct Object<'a> {
        #[serde(borrow)]
        metadata: &'a RawValue,
    }
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct Partial<'a> {
        kind: &'a str,
        api_version: &'a str,
        metadata: &'a RawValue,
    }
    let unreadable = |error: serde_json::Error| ApiError::internal(error.to_string());
    let object: Object<'_> = serde_json::from_slice(json).map_err(unreadable)?;
    serde_json::to_vec(&Partial {
        kind: "PartialObjectMetadata",
        api_version: "meta.k8s.io/v1",
        metadata: object.metadata,
    })
    .map_err(unreadable)
}

/// One entry of an Accept header.
pub(super) struct MediaRange {
    pub(super) media_type: String,
    parameters: Vec<(String, String)>,
}

impl MediaRange {
    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }

    fn is_meta_v1(&self) -> bool {
        self.parameter("g") == Some("meta.k8s.io") && self.parameter("v") == Some("v1")
    }
}

/// The entries of Accept, in the client's order.
pub(super) fn media_ranges(headers: &HeaderMap) -> impl Iterator<Item = MediaRange> {
    headers
        .get_all(ACCEPT)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(','))
        .map(|range| {
            let mut parts = range.split(';').map(str::trim);
            MediaRange {
                media_type: parts.next().unwrap_or_default().to_ascii_lowercase(),
                parameters: parts
                    .filter_map(|part| part.split_once('='))
                    .map(|(key, value)| (key.to_owned(), value.to_owned()))
                    .collect(),
            }
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn negotiate(accept: &str) -> Result<View, ApiError> {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, accept.parse().unwrap());
        View::negotiate(&headers, IncludeObject::Metadata)
    }

    #[test]
    fn the_first_known_representation_wins() {
        let kubectl = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json";
        let table = View::Table(IncludeObject::Metadata);
        assert_eq!(negotiate(kubectl), Ok(table));
        let beta = "application/json;as=Table;v=v1beta1;g=meta.k8s.io,application/json";
        assert_eq!(negotiate(beta), Ok(View::Object));
        let metadata = "application/json;as=PartialObjectMetadataList;g=meta.k8s.io;v=v1";
        assert_eq!(negotiate(metadata), Ok(View::Metadata));
        let protobuf = "application/vnd.kubernetes.protobuf, */*";
        assert_eq!(negotiate(protobuf), Ok(View::Object));
        let only_protobuf = negotiate("application/vnd.kubernetes.protobuf");
        assert_eq!(only_protobuf, Err(ApiError::not_acceptable()));
    }
}
