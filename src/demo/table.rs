//! The Table representation, which `kubectl get` prints.
//! (KEP-555's `meta.k8s.io/v1` Table; cells as apiextensions' table convertor makes them.)

use jiff::Timestamp;
use serde_json::{Value, json};

use super::definition::{Column, Definition};
use super::ring::Stored;
use super::status_error::ApiError;
use super::store::decode;

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
    let others = definition.columns.iter().map(|column| {
        json!({
            "name": column.name,
            "type": column.kind,
            "format": column.format,
            "description": column.description,
            "priority": column.priority,
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
    let name = Value::from(&*stored.key.name);
    let cells: Value = std::iter::once(name)
        .chain(
            definition
                .columns
                .iter()
                .map(|column| cell(column, &object, now)),
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

fn cell(column: &Column, object: &Value, now: Timestamp) -> Value {
    let found = column.path.as_ref().map(|path| path.find(object));
    // The first result only, as simple JSONPath promises no more.
    let Some(value) = found.and_then(|found| found.first().copied()) else {
        return Value::Null;
    };
    match (column.kind.as_str(), value) {
        (_, Value::Null) => Value::Null,
        ("string", Value::String(text)) => text.clone().into(),
        ("string", other) => other.to_string().into(),
        ("integer", Value::Number(number)) => whole(number).map_or(Value::Null, Value::from),
        ("number", Value::Number(_)) | ("boolean", Value::Bool(_)) => value.clone(),
        ("date", Value::String(text)) => match text.parse::<Timestamp>() {
            Ok(time) => age(now.as_second() - time.as_second()).into(),
            Err(_) => "<invalid>".into(),
        },
        _ => Value::Null,
    }
}

/// A number cut to an integer.
fn whole(number: &serde_json::Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        let text = format!("{:.0}", number.as_f64()?.trunc());
        text.parse().ok()
    })
}

/// A span in seconds as kubectl prints ages (apimachinery's `duration.HumanDuration`).
fn age(seconds: i64) -> String {
    const MINUTE: i64 = 60;
    const HOUR: i64 = 60 * MINUTE;
    const DAY: i64 = 24 * HOUR;
    const YEAR: i64 = 365 * DAY;
    let pair = |big: i64, big_unit: &str, small: i64, small_unit: &str| {
        if small == 0 {
            format!("{big}{big_unit}")
        } else {
            format!("{big}{big_unit}{small}{small_unit}")
        }
    };
    match seconds {
        ..=-2 => "<invalid>".to_owned(),
        -1 => "0s".to_owned(),
        0..120 => format!("{seconds}s"),
        120..600 => pair(seconds / MINUTE, "m", seconds % MINUTE, "s"),
        600..10_800 => format!("{}m", seconds / MINUTE),
        10_800..28_800 => pair(seconds / HOUR, "h", seconds % HOUR / MINUTE, "m"),
        28_800..172_800 => format!("{}h", seconds / HOUR),
        172_800..691_200 => pair(seconds / DAY, "d", seconds % DAY / HOUR, "h"),
        691_200..63_072_000 => format!("{}d", seconds / DAY),
        63_072_000..252_288_000 => pair(seconds / YEAR, "y", seconds % YEAR / DAY, "d"),
        _ => format!("{}y", seconds / YEAR),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::crds;

    #[test]
    fn ages_read_as_kubectl_prints_them() {
        for (seconds, text) in [
            (-5, "<invalid>"),
            (0, "0s"),
            (119, "119s"),
            (120, "2m"),
            (252, "4m12s"),
            (3_600, "60m"),
            (11_000, "3h3m"),
            (90_000, "25h"),
            (200_000, "2d7h"),
            (5_270_400, "61d"),
            (70_000_000, "2y80d"),
            (300_000_000, "9y"),
        ] {
            assert_eq!(age(seconds), text, "{seconds}");
        }
    }

    #[test]
    fn cells_follow_the_column_type() {
        let loaded = crds::load().unwrap();
        let (databases, _) = loaded
            .iter()
            .find(|(definition, _)| definition.kind == "Database")
            .unwrap();
        let object = json!({
            "metadata": {"creationTimestamp": "1970-01-01T00:00:00Z"},
            "spec": {"engine": "redis", "version": 7, "replicas": 3.0, "public": true},
            "status": {"load": 0.5, "lastBackupTime": "yesterday", "conditions": [
                {"type": "Ready", "status": "True"},
            ]},
        });
        let now = Timestamp::from_second(90).unwrap();
        let cells: Vec<Value> = databases
            .columns
            .iter()
            .map(|column| cell(column, &object, now))
            .collect();
        let expected = json!(["redis", "7", 3, "True", "<invalid>", 0.5, true, null, "90s"]);
        assert_eq!(Value::from(cells), expected);
    }

    #[test]
    fn a_list_in_a_string_column_prints_as_json() {
        let column = Column {
            name: "Hostnames".into(),
            kind: "string".into(),
            format: String::new(),
            description: String::new(),
            priority: 0,
            path: crate::demo::jsonpath::JsonPath::parse(".spec.hostnames").ok(),
        };
        let object = json!({"spec": {"hostnames": ["a", "b"]}});
        let text = cell(&column, &object, Timestamp::UNIX_EPOCH);
        assert_eq!(text, json!(r#"["a","b"]"#));
    }
}
