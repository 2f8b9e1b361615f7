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
    /// Why the column stays empty. (The server drops such a column and all that follow it.)
    pub error: Option<Box<str>>,
}

impl Heading {
    /// Whether `kubectl get` shows the column only with `-o wide`.
    #[must_use]
    pub fn is_wide(&self) -> bool {
        self.priority != 0
    }
}

/// The printer columns of a kind, ready to make rows of its objects.
///
/// Neither headings nor rows include the namespace and the name, which the key has. A CRD without columns
/// has one: `Age`.
#[derive(Debug, Clone)]
pub struct CompiledColumns {
    headings: Vec<Heading>,
    /// `None` for a path that is no JSONPath.
    paths: Vec<Option<Vec<Node>>>,
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
        let (headings, paths) = columns.iter().map(compile).unzip();
        Self { headings, paths }
    }

    /// The headings, in the order of the cells.
    #[must_use]
    pub fn headings(&self) -> &[Heading] {
        &self.headings
    }

    /// The cells of an object, one for each heading.
    #[must_use]
    pub fn row(&self, object: &Json<'_>) -> Vec<Cell> {
        let cells = self.headings.iter().zip(&self.paths);
        cells
            .map(
                |(heading, path)| match path.as_ref().and_then(|path| first(path, object)) {
                    Some(value) => cell(&heading.type_, value),
                    None => Cell::Empty,
                },
            )
            .collect()
    }
}

fn compile(column: &PrinterColumn) -> (Heading, Option<Vec<Node>>) {
    let (path, error) = match json_path::parse(&column.json_path) {
        Ok(path) => (Some(path), None),
        Err(error) => (None, Some(error.to_string().into())),
    };
    let description = if column.description.is_empty() {
        format!(
            "Custom resource definition column (in JSONPath format): {}",
            column.json_path
        )
    } else {
        column.description.clone()
    };
    let heading = Heading {
        name: column.name.as_str().into(),
        type_: column.type_.as_str().into(),
        priority: column.priority,
        description: description.into(),
        error,
    };
    (heading, path)
}

/// The server's conversion (`cellForJSONValue`); string columns print whatever is there.
fn cell(type_: &str, value: Value<'_>) -> Cell {
    let Value::Json(json) = value else {
        return if type_ == "string" {
            literal(value)
        } else {
            Cell::Empty
        };
    };
    match (type_, json) {
        ("string", _) => Cell::Text(printed(json)),
        ("integer", Json::Number(Number::Integer(n))) => Cell::Integer(*n),
        ("integer", Json::Number(Number::Float(n))) => Cell::Integer(go_integer(*n)),
        ("integer", Json::Number(Number::Unsigned(_))) => Cell::Integer(i64::MIN),
        #[expect(clippy::cast_precision_loss, reason = "the server rounds here too")]
        ("number", Json::Number(n)) => Cell::Number(match *n {
            Number::Integer(n) => n as f64,
            Number::Unsigned(n) => n as f64,
            Number::Float(n) => n,
        }),
        ("boolean", Json::Bool(b)) => Cell::Boolean(*b),
        ("date", Json::String(text)) => Cell::date(text),
        _ => Cell::Empty,
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

fn printed(value: &Json<'_>) -> Box<str> {
    match value {
        Json::String(text) => (&**text).into(),
        Json::Bool(true) => "true".into(),
        Json::Bool(false) => "false".into(),
        Json::Number(n) => go_text::number(*n).into(),
        // Go's word for a nil that is printed as text.
        Json::Null => "<no value>".into(),
        Json::Array(_) | Json::Object(_) => go_text::json(value).into(),
    }
}

fn literal(value: Value<'_>) -> Cell {
    Cell::Text(match value {
        Value::Text(text) => text.into(),
        Value::Integer(n) => n.to_string().into(),
        Value::Float(n) => go_text::float(n).into(),
        Value::Bool(b) => b.to_string().into(),
        Value::Json(json) => printed(json),
    })
}

#[cfg(test)]
#[path = "compiled_tests.rs"]
mod tests;
