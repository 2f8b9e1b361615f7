//! The field sets of `metadata.managedFields` (`fieldsV1`).
//!
//! A set is a tree of objects whose keys are path elements: `f:NAME` is a member, `k:{"KEY":VALUE,…}`
//! an item of an associative list, `v:VALUE` an item of a set, `i:N` an item by its position, and `.`
//! the value that holds them. Source: `sigs.k8s.io/structured-merge-diff`, package `fieldpath`
//! (`serialize-pe.go`).

use super::{Json, Number};

/// One step of a field set.
#[derive(Debug, Clone, PartialEq)]
pub enum PathElement<'a> {
    /// A member of an object.
    Field(&'a str),
    /// The item with these key fields.
    Key(Json<'a>),
    /// The item that is this value.
    Value(Json<'a>),
    /// The item at this position.
    Index(usize),
}

impl<'a> PathElement<'a> {
    /// Reads an element; `None` for `.` and for what no API server writes.
    #[must_use]
    pub fn parse(text: &'a str) -> Option<Self> {
        let (kind, content) = text.split_once(':')?;
        match kind {
            "f" => Some(Self::Field(content)),
            "k" => Json::parse(content.as_bytes())
                .ok()
                .filter(|keys| !keys.members().is_empty())
                .map(Self::Key),
            "v" => Json::parse(content.as_bytes()).ok().map(Self::Value),
            "i" => content.parse().ok().map(Self::Index),
            _ => None,
        }
    }

    /// Whether it names an item of a list.
    ///
    /// A key field that the item lacks has its default on the server, so an item without the field may
    /// be meant as well: that is [`Match::Defaulted`].
    #[must_use]
    pub fn matches(&self, item: &Json<'_>, index: usize) -> Match {
        let exact = |is: bool| if is { Match::Exact } else { Match::No };
        match self {
            Self::Field(_) => Match::No,
            Self::Index(at) => exact(*at == index),
            Self::Value(value) => exact(equal(value, item)),
            Self::Key(keys) => {
                let mut found = Match::No;
                let mut lacks = false;
                for (name, key) in keys.members() {
                    match item.get(name) {
                        Some(value) if equal(value, key) => found = Match::Exact,
                        Some(_) => return Match::No,
                        None => lacks = true,
                    }
                }
                match found {
                    Match::Exact if lacks => Match::Defaulted,
                    found => found,
                }
            }
        }
    }
}

/// How surely an element names an item.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Match {
    /// Another one, or none.
    No,
    /// The fields that the item has are right; it lacks at least one other.
    Defaulted,
    /// This item.
    Exact,
}

/// The fields that a manager owns, or the part of them below one place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FieldSet<'a>(&'a Json<'a>);

impl<'a> FieldSet<'a> {
    /// Takes a `fieldsV1` as the server sent it.
    #[must_use]
    pub fn new(fields: &'a Json<'a>) -> Self {
        Self(fields)
    }

    /// Whether nothing below this place is in the set: the place itself is then.
    #[must_use]
    pub fn is_leaf(self) -> bool {
        self.0.members().is_empty()
    }

    /// Whether the value at this place is in the set, beside what may be below it.
    #[must_use]
    pub fn has_itself(self) -> bool {
        self.is_leaf() || self.0.get(".").is_some()
    }

    /// What is below a member.
    #[must_use]
    pub fn field(self, name: &str) -> Option<Self> {
        let members = self.0.members();
        let is_it = |element: &str| element.strip_prefix("f:") == Some(name);
        members
            .iter()
            .find(|(element, _)| is_it(element))
            .map(|(_, below)| Self(below))
    }

    /// All elements with what is below them, those that cannot be read left out.
    pub fn elements(self) -> impl Iterator<Item = (PathElement<'a>, Self)> {
        self.0
            .members()
            .iter()
            .filter_map(|(element, below)| Some((PathElement::parse(element)?, Self(below))))
    }

    /// Whether both hold the same fields, in whatever order.
    #[must_use]
    pub fn is_same(self, other: Self) -> bool {
        equal(self.0, other.0)
    }

    /// Whether this one has an element that the other lacks.
    #[must_use]
    pub fn exceeds(self, other: Self) -> bool {
        let (members, others) = (self.0.members(), other.0.members());
        (self.has_itself() && !other.has_itself())
            || members.iter().any(|(element, below)| {
                match others.iter().find(|(known, _)| known == element) {
                    Some((_, known)) => Self(below).exceeds(Self(known)),
                    None => true,
                }
            })
    }
}

/// Whether two values are equal as the API server compares them: key order does not matter, and
/// neither does whether a number was written as `1` or `1.0`.
#[must_use]
pub fn equal(a: &Json<'_>, b: &Json<'_>) -> bool {
    match (a, b) {
        (Json::Object(a), Json::Object(b)) => {
            a.len() == b.len()
                && a.iter().enumerate().all(|(i, (name, value))| {
                    let counterpart = match &b[i] {
                        (other, found) if other == name => Some(found),
                        _ => b.iter().find(|(other, _)| other == name).map(|(_, v)| v),
                    };
                    counterpart.is_some_and(|found| equal(value, found))
                })
        }
        (Json::Array(a), Json::Array(b)) => {
            a.len() == b.len() && a.iter().zip(b).all(|(a, b)| equal(a, b))
        }
        (Json::Number(Number::Float(float)), Json::Number(number))
        | (Json::Number(number), Json::Number(Number::Float(float))) =>
        {
            #[expect(
                clippy::cast_precision_loss,
                clippy::float_cmp,
                reason = "as Go compares them"
            )]
            match number {
                Number::Integer(n) => *n as f64 == *float,
                Number::Unsigned(n) => *n as f64 == *float,
                Number::Float(n) => n == float,
            }
        }
        _ => a == b,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn json(text: &str) -> Json<'_> {
        Json::parse(text.as_bytes()).unwrap()
    }

    #[test]
    fn elements_of_every_kind_are_read() {
        let text = r#"{".":{},"f:a/b.c:d":{},"f:":{},"k:{\"port\":80,\"protocol\":\"TCP\"}":{"f:x":{}},"v:\"x\"":{},"v:1.5":{},"v:null":{},"i:7":{},"q:1":{},"k:oops":{},"i:-1":{}}"#;
        let set = json(text);
        let elements: Vec<_> = FieldSet::new(&set).elements().map(|(e, _)| e).collect();
        assert_eq!(
            elements,
            [
                PathElement::Field("a/b.c:d"),
                PathElement::Field(""),
                PathElement::Key(json(r#"{"port":80,"protocol":"TCP"}"#)),
                PathElement::Value(json("\"x\"")),
                PathElement::Value(json("1.5")),
                PathElement::Value(json("null")),
                PathElement::Index(7),
            ]
        );
    }

    #[test]
    fn a_key_names_the_item_with_all_its_fields() {
        let element = PathElement::parse(r#"k:{"port":80,"protocol":"TCP"}"#).unwrap();
        let matches = |item| element.matches(&json(item), 0);
        assert_eq!(matches(r#"{"protocol":"TCP","port":80.0}"#), Match::Exact);
        assert_eq!(matches(r#"{"port":80}"#), Match::Defaulted);
        assert_eq!(matches(r#"{"port":80,"protocol":"UDP"}"#), Match::No);
        assert_eq!(matches(r#"{"port":"80","protocol":"TCP"}"#), Match::No);
        assert_eq!(matches(r#"{"name":"x"}"#), Match::No);
        assert_eq!(matches("80"), Match::No);
    }

    #[test]
    fn values_and_positions_name_items() {
        let matches = |element, item, index| {
            PathElement::parse(element)
                .unwrap()
                .matches(&json(item), index)
        };
        assert_eq!(matches("v:\"a\"", "\"a\"", 3), Match::Exact);
        assert_eq!(matches("v:1", "true", 3), Match::No);
        assert_eq!(matches("i:3", "{}", 3), Match::Exact);
        assert_eq!(matches("i:3", "{}", 2), Match::No);
    }

    #[test]
    fn a_set_exceeds_another_by_any_element() {
        let (small, large) = (
            json(r#"{"f:a":{"f:b":{}}}"#),
            json(r#"{"f:a":{".":{},"f:b":{}}}"#),
        );
        let (small, large) = (FieldSet::new(&small), FieldSet::new(&large));
        assert!(large.exceeds(small) && !small.exceeds(large) && !small.exceeds(small));
    }
}
