//! The columns of a kind, and the row of an object.

use super::{
    Cell,
    evaluate::{Value, first},
    go_text,
    json_path::{self, Node},
};
use crate::model::{Json, Number, PrinterColumn};

/// The heading of a column. `kubectl` prints its name in capitals.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Heading {
    /// Name, as the CRD has it.
    pub name: Box<str>,
    /// OpenAPI type: `string`, `integer`, `number`, `boolean` or `date`.
    pub type_: Box<str>,
    /// 0 is always shown, anything else only in wide view.
    pub priority: i32,
    /// What the column means, in the server's words where the CRD has none.
    pub description: Box<str>,
}

impl Heading {
    /// Whether `kubectl get` shows the column only with `-o wide`.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        self.priority != 0
    }
}

/// Columns that a CRD has and its table has not: from the first path that cannot be read on, the server drops
/// them all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DroppedColumns {
    /// Their names; the first is the one with the path.
    pub names: Vec<Box<str>>,
    /// What is wrong with the path.
    pub error: Box<str>,
}

/// The printer columns of a kind, ready to make rows of its objects.
///
/// Neither headings nor rows include the namespace and the name, which the key has. A CRD without columns
/// has one: `Age`.
#[derive(Debug, Clone)]
pub struct CompiledColumns {
    headings: Vec<Heading>,
    paths: Vec<Vec<Vec<Node>>>,
    dropped: Option<DroppedColumns>,
}

impl CompiledColumns {
    /// Compiles the columns of a CRD version.
    #[must_use]
    pub fn new(columns: &[PrinterColumn]) -> Self {
        let age = [PrinterColumn {
            name: "Age".to_owned(),
            type_: "date".to_owned(),
            format: String::new(),
            description: "When the object was created".to_owned(),
            priority: 0,
            json_path: ".metadata.creationTimestamp".to_owned(),
        }];
        let columns = if columns.is_empty() { &age } else { columns };
        let mut compiled = Self {
            headings: Vec::with_capacity(columns.len()),
            paths: Vec::with_capacity(columns.len()),
            dropped: None,
        };
        for (i, column) in columns.iter().enumerate() {
            match json_path::parse(&column.json_path) {
                Ok(path) => {
                    compiled.headings.push(heading(column));
                    compiled.paths.push(path);
                }
                Err(error) => {
                    compiled.dropped = Some(DroppedColumns {
                        names: columns[i..]
                            .iter()
                            .map(|c| c.name.as_str().into())
                            .collect(),
                        error: error.to_string().into(),
                    });
                    break;
                }
            }
        }
        compiled
    }

    /// The columns that the server drops, if any.
    #[must_use]
    pub fn dropped(&self) -> Option<&DroppedColumns> {
        self.dropped.as_ref()
    }

    /// The headings, in the order of the cells.
    #[must_use]
    pub fn headings(&self) -> &[Heading] {
        &self.headings
    }

    /// The cells of an object, one for each heading.
    #[must_use]
    pub fn row(&self, object: &Json<'_>) -> Vec<Cell> {
        let columns = self.headings.iter().zip(&self.paths);
        columns
            .map(|(heading, path)| {
                first(path, object).map_or(Cell::Empty, |value| cell(&heading.type_, value))
            })
            .collect()
    }
}

fn heading(column: &PrinterColumn) -> Heading {
    let description = if column.description.is_empty() {
        format!(
            "Custom resource definition column (in JSONPath format): {}",
            column.json_path
        )
    } else {
        column.description.clone()
    };
    Heading {
        name: column.name.as_str().into(),
        type_: column.type_.as_str().into(),
        priority: column.priority,
        description: description.into(),
    }
}

/// The server's conversion (`cellForJSONValue`); string columns print whatever is there.
fn cell(type_: &str, value: Value<'_>) -> Cell {
    let number = match value {
        Value::Json(Json::Number(n)) => Some(*n),
        // A whole number of the expression is of a Go type that the conversion does not know.
        Value::Float(n) => Some(Number::Float(n)),
        _ => None,
    };
    let cell = match type_ {
        "string" => Some(Cell::Text(printed(value))),
        "integer" => number.map(|n| Cell::Integer(integer(n))),
        "number" => number.map(|n| Cell::Number(float(n))),
        "boolean" => match value {
            Value::Json(Json::Bool(b)) => Some(Cell::Boolean(*b)),
            Value::Bool(b) => Some(Cell::Boolean(b)),
            _ => None,
        },
        "date" => value.text().map(Cell::date),
        _ => None,
    };
    cell.unwrap_or_default()
}

fn integer(number: Number) -> i64 {
    match number {
        Number::Integer(n) => n,
        Number::Unsigned(_) => i64::MIN,
        Number::Float(n) => go_integer(n),
    }
}

#[expect(clippy::cast_precision_loss, reason = "the server rounds here too")]
fn float(number: Number) -> f64 {
    match number {
        Number::Integer(n) => n as f64,
        Number::Unsigned(n) => n as f64,
        Number::Float(n) => n,
    }
}

/// Go's `int64(float64)` on amd64: cut towards zero, and the smallest number for what does not fit.
#[expect(
    clippy::cast_possible_truncation,
    reason = "the range is checked before"
)]
fn go_integer(value: f64) -> i64 {
    const LIMIT: f64 = 9_223_372_036_854_775_808.0;
    if (-LIMIT..LIMIT).contains(&value) {
        value as i64
    } else {
        i64::MIN
    }
}

fn printed(value: Value<'_>) -> Box<str> {
    match value {
        Value::Text(text) => text.into(),
        Value::Integer(n) => n.to_string().into(),
        Value::Float(n) => go_text::float(n).into(),
        Value::Bool(b) | Value::Json(&Json::Bool(b)) => b.to_string().into(),
        Value::Byte(b) => b.to_string().into(),
        Value::Json(Json::String(text)) => (&**text).into(),
        Value::Json(Json::Number(n)) => go_text::number(*n).into(),
        // Go's word for a nil that is printed as text.
        Value::Json(Json::Null) => "<no value>".into(),
        Value::Json(json) => go_text::json(json).into(),
    }
}

#[cfg(test)]
#[path = "compiled_tests.rs"]
mod tests;
