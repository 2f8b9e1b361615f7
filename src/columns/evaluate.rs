//! Evaluating a JSONPath, as `k8s.io/client-go/util/jsonpath` does with missing keys allowed.

use std::cmp::Ordering;

use super::json_path::{Node, Slice};
use crate::model::{Json, Number};

/// A result: a part of the object, a literal of the expression, or a byte of a string, which is a list of bytes to
/// the server.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'j> {
    Json(&'j Json<'j>),
    Text(&'j str),
    Integer(i64),
    Float(f64),
    Bool(bool),
    Byte(u8),
}

impl<'j> Value<'j> {
    /// The part of the object; nothing for null, which every step passes over.
    fn json(self) -> Option<&'j Json<'j>> {
        match self {
            Self::Json(Json::Null) => None,
            Self::Json(json) => Some(json),
            _ => None,
        }
    }

    /// The text, of either origin.
    pub(super) fn text(self) -> Option<&'j str> {
        match self {
            Self::Json(Json::String(text)) => Some(text),
            Self::Text(text) => Some(text),
            _ => None,
        }
    }
}

/// The values so far; an error keeps what was there when it happened, because a filter for existence
/// counts that.
type Values<'j> = Result<Vec<Value<'j>>, Vec<Value<'j>>>;

/// The first result of a path; nothing when there is none or the path fails on this object.
pub(super) fn first<'j>(path: &'j [Vec<Node>], object: &'j Json<'j>) -> Option<Value<'j>> {
    let (nodes, others) = path.split_first()?;
    for other in others {
        evaluate(other, vec![Value::Json(object)]).ok()?;
    }
    // Most columns are a plain path: follow that without a list of values.
    let mut value = object;
    for (i, node) in nodes.iter().enumerate() {
        let Node::Field(name) = node else {
            let values = evaluate(&nodes[i..], vec![Value::Json(value)]);
            return values.ok()?.into_iter().next();
        };
        match value.get(name) {
            Some(member) => value = member,
            None => {
                let values = evaluate(&nodes[i + 1..], Vec::new());
                return values.ok()?.into_iter().next();
            }
        }
    }
    Some(Value::Json(value))
}

fn evaluate<'j>(nodes: &'j [Node], input: Vec<Value<'j>>) -> Values<'j> {
    nodes
        .iter()
        .try_fold(input, |values, node| step(node, values))
}

fn step<'j>(node: &'j Node, input: Vec<Value<'j>>) -> Values<'j> {
    let each = |literal: Value<'j>| Ok(vec![literal; input.len()]);
    match node {
        Node::Field(name) => Ok(input
            .iter()
            .filter_map(|value| value.json()?.get(name))
            .map(Value::Json)
            .collect()),
        Node::Slice(slice) => take_slices(*slice, input),
        Node::Filter {
            left,
            operator,
            right,
        } => filter(input, |item| compare(item, left, operator, right)),
        Node::Exists(path) => filter(input, |item| {
            let (Ok(found) | Err(found)) = evaluate(path, vec![item]);
            Some(!found.is_empty())
        }),
        Node::Wildcard => Ok(input.iter().flat_map(|value| children(*value)).collect()),
        Node::Recursive => {
            let mut found = Vec::new();
            descend(&input, &mut found);
            Ok(found)
        }
        Node::Union(paths) => {
            let mut all = Vec::new();
            for path in paths {
                match evaluate(path, input.clone()) {
                    Ok(found) => all.extend(found),
                    Err(_) => return Err(input),
                }
            }
            Ok(all)
        }
        Node::Text(text) => Ok(vec![Value::Text(text)]),
        Node::Integer(n) => each(Value::Integer(*n)),
        Node::Float(n) => each(Value::Float(*n)),
        Node::Bool(b) => each(Value::Bool(*b)),
        Node::Word(_) => Err(input),
    }
}

/// What is below a value. (The server takes the members of an object in random order.)
fn children(value: Value<'_>) -> Vec<Value<'_>> {
    if let Some(text) = value.text() {
        return text.bytes().map(Value::Byte).collect();
    }
    match value.json() {
        Some(Json::Array(items)) => items.iter().map(Value::Json).collect(),
        Some(Json::Object(members)) => members.iter().map(|(_, v)| Value::Json(v)).collect(),
        _ => Vec::new(),
    }
}

fn descend<'j>(values: &[Value<'j>], found: &mut Vec<Value<'j>>) {
    for value in values {
        let below = children(*value);
        if !below.is_empty() {
            found.push(*value);
            descend(&below, found);
        }
    }
}

fn take_slices<'j>(slice: Slice, input: Vec<Value<'j>>) -> Values<'j> {
    let mut taken = Vec::new();
    for value in &input {
        let Some(value) = value.json() else {
            match value {
                Value::Json(_) => continue,
                _ => return Err(input),
            }
        };
        let Json::Array(items) = value else {
            return Err(input);
        };
        let Ok(length) = i64::try_from(items.len()) else {
            return Err(input);
        };
        let mut start = slice.start.unwrap_or(0);
        if start < 0 {
            start = start.saturating_add(length);
        }
        let mut end = slice.end.unwrap_or(length);
        if end < 0 || (end == 0 && slice.is_index) {
            end = end.saturating_add(length);
        }
        if start == end {
            // The server stops here, with what it has so far.
            return Ok(taken);
        }
        let step = slice.step.unwrap_or(1);
        let within = (0..length).contains(&start) && (start..=length).contains(&end) && step > 0;
        let (true, Ok(start), Ok(end), Ok(step)) = (
            within,
            usize::try_from(start),
            usize::try_from(end),
            usize::try_from(step),
        ) else {
            return Err(input);
        };
        taken.extend(items[start..end].iter().step_by(step).map(Value::Json));
    }
    Ok(taken)
}

/// Keeps the items of arrays for which it holds; anything but an array, null too, is an error.
fn filter<'j>(input: Vec<Value<'j>>, holds: impl Fn(Value<'j>) -> Option<bool>) -> Values<'j> {
    let mut kept = Vec::new();
    for value in &input {
        let Some(Json::Array(items)) = value.json() else {
            return Err(input);
        };
        for item in items.iter().map(Value::Json) {
            match holds(item) {
                Some(true) => kept.push(item),
                Some(false) => {}
                None => return Err(input),
            }
        }
    }
    Ok(kept)
}

/// Compares two sides of a filter for one item; nothing when they cannot be compared. A side
/// without a value makes the comparison false.
fn compare<'j>(
    item: Value<'j>,
    left: &'j [Node],
    operator: &str,
    right: &'j [Node],
) -> Option<bool> {
    let side = |path| match evaluate(path, vec![item]).ok()?[..] {
        [] => Some(None),
        [value] => Some(Some(value)),
        _ => None,
    };
    let Some(left) = side(left)? else {
        return Some(false);
    };
    let Some(right) = side(right)? else {
        return Some(false);
    };
    let (left, right) = (scalar(left)?, scalar(right)?);
    let (ordering, is_ordered) = match (left, right) {
        (Scalar::Bool(a), Scalar::Bool(b)) => (a.cmp(&b), false),
        (Scalar::Integer(a), Scalar::Integer(b)) => (a.cmp(&b), true),
        (Scalar::Float(a), Scalar::Float(b)) => (a.partial_cmp(&b)?, true),
        (Scalar::Text(a), Scalar::Text(b)) => (a.cmp(b), true),
        _ => return None,
    };
    match operator {
        "==" => Some(ordering == Ordering::Equal),
        "!=" => Some(ordering != Ordering::Equal),
        "<" if is_ordered => Some(ordering == Ordering::Less),
        "<=" if is_ordered => Some(ordering != Ordering::Greater),
        ">" if is_ordered => Some(ordering == Ordering::Greater),
        ">=" if is_ordered => Some(ordering != Ordering::Less),
        _ => None,
    }
}

enum Scalar<'j> {
    Bool(bool),
    Integer(i64),
    Float(f64),
    Text(&'j str),
}

fn scalar(value: Value<'_>) -> Option<Scalar<'_>> {
    Some(match value {
        Value::Text(text) => Scalar::Text(text),
        Value::Integer(n) => Scalar::Integer(n),
        Value::Float(n) => Scalar::Float(n),
        Value::Bool(b) => Scalar::Bool(b),
        Value::Byte(b) => Scalar::Integer(b.into()),
        Value::Json(Json::String(text)) => Scalar::Text(text),
        Value::Json(Json::Bool(b)) => Scalar::Bool(*b),
        Value::Json(Json::Number(Number::Integer(n))) => Scalar::Integer(*n),
        Value::Json(Json::Number(Number::Float(n))) => Scalar::Float(*n),
        #[expect(
            clippy::cast_precision_loss,
            reason = "the server decodes it as a float"
        )]
        Value::Json(Json::Number(Number::Unsigned(n))) => Scalar::Float(*n as f64),
        Value::Json(_) => return None,
    })
}
