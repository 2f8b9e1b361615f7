//! Label and field selectors of a list or watch.
//! (<https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/>)

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::Deserialize;

use super::ring::{Key, Stored};
use super::status_error::ApiError;

/// Both selectors and the namespace of the request.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Filter {
    namespace: Option<String>,
    fields: Vec<(Field, bool, String)>,
    labels: Vec<Requirement>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Field {
    Name,
    Namespace,
}

#[derive(Debug, Clone, PartialEq)]
enum Requirement {
    Exists(String),
    Absent(String),
    In(String, Vec<String>),
    /// Holds for objects without the label as well.
    NotIn(String, Vec<String>),
}

impl Filter {
    /// Parses what stands in the query.
    pub(super) fn parse(
        namespace: Option<String>,
        fields: &str,
        labels: &str,
    ) -> Result<Self, ApiError> {
        Ok(Self {
            namespace,
            fields: parse_fields(fields)?,
            labels: parse_labels(labels)?,
        })
    }

    pub(super) fn namespace(&self) -> Option<&str> {
        self.namespace.as_deref()
    }

    /// Whether there is more to it than the namespace.
    pub(super) fn is_selective(&self) -> bool {
        !self.fields.is_empty() || !self.labels.is_empty()
    }

    /// Whether an object belongs to the answer.
    pub(super) fn matches(&self, object: &Stored) -> bool {
        self.matches_key(&object.key)
            && (self.labels.is_empty() || {
                let json = object.json();
                let labels = labels_of(&json);
                self.labels.iter().all(|label| label.matches(&labels))
            })
    }

    fn matches_key(&self, key: &Key) -> bool {
        self.namespace
            .as_deref()
            .is_none_or(|namespace| &*key.namespace == namespace)
            && self.fields.iter().all(|(field, equal, value)| {
                let actual = match field {
                    Field::Name => &key.name,
                    Field::Namespace => &key.namespace,
                };
                (&**actual == value.as_str()) == *equal
            })
    }
}

impl Requirement {
    fn matches(&self, labels: &BTreeMap<Cow<'_, str>, Cow<'_, str>>) -> bool {
        let among = |name: &String, values: &Vec<String>| {
            labels
                .get(name.as_str())
                .is_some_and(|value| values.iter().any(|wanted| wanted == value))
        };
        match self {
            Self::Exists(name) => labels.contains_key(name.as_str()),
            Self::Absent(name) => !labels.contains_key(name.as_str()),
            Self::In(name, values) => among(name, values),
            Self::NotIn(name, values) => !among(name, values),
        }
    }
}

fn labels_of(json: &[u8]) -> BTreeMap<Cow<'_, str>, Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Object<'a> {
        #[serde(borrow)]
        metadata: Metadata<'a>,
    }
    #[derive(Deserialize)]
    struct Metadata<'a> {
        #[serde(borrow, default)]
        labels: BTreeMap<Cow<'a, str>, Cow<'a, str>>,
    }
    serde_json::from_slice::<Object<'_>>(json)
        .map(|object| object.metadata.labels)
        .unwrap_or_default()
}

fn parse_fields(text: &str) -> Result<Vec<(Field, bool, String)>, ApiError> {
    text.split(',')
        .map(str::trim)
        .filter(|term| !term.is_empty())
        .map(|term| {
            let (name, equal, value) = comparison(term)
                .ok_or_else(|| ApiError::bad_request(format!("invalid field selector: {term}")))?;
            let field = match name {
                "metadata.name" => Field::Name,
                "metadata.namespace" => Field::Namespace,
                _ => {
                    return Err(ApiError::bad_request(format!(
                        "field label not supported: {name}"
                    )));
                }
            };
            Ok((field, equal, value.to_owned()))
        })
        .collect()
}

/// `a=b`, `a==b` or `a!=b`; the flag says "equal".
fn comparison(term: &str) -> Option<(&str, bool, &str)> {
    if let Some((name, value)) = term.split_once("!=") {
        return Some((name.trim(), false, value.trim()));
    }
    let (name, value) = term.split_once('=')?;
    let value = value.strip_prefix('=').unwrap_or(value);
    Some((name.trim(), true, value.trim()))
}

fn parse_labels(text: &str) -> Result<Vec<Requirement>, ApiError> {
    split_outside_parentheses(text)
        .into_iter()
        .map(str::trim)
        .filter(|term| !term.is_empty())
        .map(|term| {
            requirement(term).ok_or_else(|| {
                ApiError::bad_request(format!("unable to parse requirement: {term}"))
            })
        })
        .collect()
}

fn split_outside_parentheses(text: &str) -> Vec<&str> {
    let mut terms = Vec::new();
    let (mut start, mut depth) = (0, 0_i32);
    for (at, character) in text.char_indices() {
        match character {
            '(' => depth += 1,
            ')' => depth -= 1,
            ',' if depth == 0 => {
                terms.push(&text[start..at]);
                start = at + 1;
            }
            _ => {}
        }
    }
    terms.push(&text[start..]);
    terms
}

fn requirement(term: &str) -> Option<Requirement> {
    if let Some(name) = term.strip_prefix('!') {
        return label_name(name).map(Requirement::Absent);
    }
    if let Some(open) = term.find('(') {
        let values = term[open + 1..].strip_suffix(')')?;
        let values = values.split(',').map(|value| value.trim().to_owned());
        let mut words = term[..open].split_whitespace();
        let (name, operator) = (label_name(words.next()?)?, words.next()?);
        return match operator {
            "in" => Some(Requirement::In(name, values.collect())),
            "notin" => Some(Requirement::NotIn(name, values.collect())),
            _ => None,
        };
    }
    match comparison(term) {
        Some((name, true, value)) => {
            label_name(name).map(|name| Requirement::In(name, vec![value.to_owned()]))
        }
        Some((name, false, value)) => {
            label_name(name).map(|name| Requirement::NotIn(name, vec![value.to_owned()]))
        }
        None => label_name(term).map(Requirement::Exists),
    }
}

fn label_name(text: &str) -> Option<String> {
    let text = text.trim();
    let allowed = |character: char| character.is_ascii_alphanumeric() || "-_./".contains(character);
    (!text.is_empty() && text.chars().all(allowed)).then(|| text.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::ring::{EventKind, LINE_END};
    use axum::body::Bytes;

    fn object(labels: &str) -> Stored {
        let kind = EventKind::Added;
        let json = format!(r#"{{"metadata":{{"labels":{labels}}},"spec":{{}}}}"#);
        let line = format!("{}{json}{LINE_END}", kind.prefix());
        Stored::new(Key::new("shop", "cart"), 1, kind, Bytes::from(line))
    }

    fn selects(fields: &str, labels: &str) -> bool {
        let filter = Filter::parse(None, fields, labels).unwrap();
        filter.matches(&object(r#"{"app":"cart","tier":"web"}"#))
    }

    #[test]
    fn label_operators() {
        for yes in [
            "app=cart",
            "app==cart,tier=web",
            "app!=other",
            "missing!=x",
            "app in (a, cart)",
            "app notin (a,b)",
            "missing notin (a)",
            "app",
            "!missing",
        ] {
            assert!(selects("", yes), "{yes}");
        }
        for no in [
            "app=other",
            "app!=cart",
            "app in (a,b)",
            "app notin (cart)",
            "missing",
            "!app",
            "app=cart,tier=db",
        ] {
            assert!(!selects("", no), "{no}");
        }
    }

    #[test]
    fn field_selectors() {
        assert!(selects("metadata.name=cart", ""));
        assert!(selects("metadata.name==cart,metadata.namespace!=data", ""));
        assert!(!selects("metadata.namespace=data", ""));
        let error = Filter::parse(None, "spec.x=1", "").unwrap_err();
        assert_eq!(error.to_status()["code"], 400);
    }

    #[test]
    fn nonsense_is_refused() {
        for bad in ["a in b", "a like (b)", "a b", "=x"] {
            assert!(Filter::parse(None, "", bad).is_err(), "{bad}");
        }
    }
}
