//! The Table representation, which `kubectl get` prints.
//! (KEP-555's `meta.k8s.io/v1` Table; cells as apiextensions' table convertor makes them.)

use jiff::Timestamp;
use serde_json::{Value, json};

use super::definition::Definition;
use super::ring::Stored;
use super::status_error::ApiError;
use super::store::decode;
use crate::{columns::Cell, model::Json};

/// What `includeObject` asks to send beside the cells.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) enum IncludeObject {
    #[default]
    Metadata,
    Object,
    None,
}

impl IncludeObject {
    pub(super) fn parse(text: &str) -> Result<Self, ApiError> {
        match text {
            "" | "Metadata" => Ok(Self::Metadata),
            "Object" => Ok(Self::Object),
            "None" => Ok(Self::None),
            _ => Err(ApiError::bad_request(format!(
                "unrecognized includeObject value: {text}"
            ))),
        }
    }
}

/// `columnDefinitions` of a kind.
pub(super) fn columns(definition: &Definition) -> Value {
    let name = json!({
        "name": "Name",
        "type": "string",
        "format": "name",
        "description": "Name must be unique within a namespace.",
        "priority": 0,
    });
    let others = definition.columns.headings().iter().map(|heading| {
        json!({
            "name": heading.name,
            "type": heading.type_,
            "format": "",
            "description": heading.description,
            "priority": heading.priority,
        })
    });
    std::iter::once(name).chain(others).collect()
}

/// One object as a row.
pub(super) fn row(
    definition: &Definition,
    stored: &Stored,
    include: IncludeObject,
    now: Timestamp,
) -> Result<Value, ApiError> {
    let object = decode(stored)?;
    let bytes = stored.json();
    let json = Json::parse(&bytes).map_err(|error| ApiError::internal(error.to_string()))?;
    let cells: Value = std::iter::once(Value::from(&*stored.key.name))
        .chain(
            definition
                .columns
                .row(&json)
                .iter()
                .map(|cell| value(cell, now)),
        )
        .collect();
    let mut row = json!({ "cells": cells });
    match include {
        IncludeObject::Metadata => {
            row["object"] = json!({
                "kind": "PartialObjectMetadata",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": object["metadata"],
            });
        }
        IncludeObject::Object => row["object"] = object,
        IncludeObject::None => row["object"] = Value::Null,
    }
    Ok(row)
}

/// A cell as the server sends it: numbers as numbers, dates as an age.
fn value(cell: &Cell, now: Timestamp) -> Value {
    match cell {
        Cell::Empty => Value::Null,
        Cell::Text(text) => (&**text).into(),
        Cell::Integer(number) => (*number).into(),
        Cell::Number(number) => (*number).into(),
        Cell::Boolean(value) => (*value).into(),
        date => date.display(now).into(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::crds;

    #[test]
    fn cells_follow_the_column_type() {
        let loaded = crds::load().unwrap();
        let (databases, _) = loaded
            .iter()
            .find(|(definition, _)| definition.kind == "Database")
            .unwrap();
        let object = json!({
            "metadata": {"creationTimestamp": "1970-01-01T00:00:00Z"},
            "spec": {"engine": "redis", "version": "7", "replicas": 3, "public": true},
            "status": {"load": 0.5, "lastBackupTime": "yesterday", "conditions": [
                {"type": "Ready", "status": "True"},
            ]},
        });
        let text = object.to_string();
        let now = Timestamp::from_second(90).unwrap();
        let cells = databases
            .columns
            .row(&Json::parse(text.as_bytes()).unwrap());
        let cells: Vec<Value> = cells.iter().map(|cell| value(cell, now)).collect();
        let expected = json!(["redis", "7", 3, "True", "<invalid>", 0.5, true, null, "90s"]);
        assert_eq!(Value::from(cells), expected);
    }
}
