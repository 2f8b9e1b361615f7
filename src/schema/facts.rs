//! What a schema says of a field.

use std::borrow::Cow;

use super::{Field, Step, constraints, deprecation, value::plain};
use crate::model::Json;

/// How the items of a list belong together (`x-kubernetes-list-type`).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ListMerging<'s> {
    /// One value: server-side apply replaces it as a whole.
    Atomic,
    /// No item twice.
    Set,
    /// Items are told apart by these fields.
    Map(Vec<&'s str>),
    /// None that the API server knows.
    Other(&'s str),
}

/// A validation rule (`x-kubernetes-validations`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule<'s> {
    /// The CEL expression that has to hold.
    pub rule: &'s str,
    /// What is said when it does not.
    pub message: Option<&'s str>,
    /// The CEL expression that makes the message.
    pub message_expression: Option<&'s str>,
    /// It is evaluated on creation too, with `oldSelf` as an optional.
    pub has_optional_old_self: bool,
}

impl<'s> Rule<'s> {
    fn of(rule: &'s Json<'static>) -> Option<Self> {
        let text = |name| rule.get(name).and_then(Json::as_str);
        Some(Self {
            rule: text("rule")?,
            message: text("message"),
            message_expression: text("messageExpression"),
            has_optional_old_self: rule.get("optionalOldSelf").and_then(Json::as_bool)
                == Some(true),
        })
    }

    /// Whether it compares with the state before.
    #[must_use]
    pub fn is_transition(&self) -> bool {
        self.rule.contains("oldSelf")
    }

    /// The message, or the rule itself where it has none of its own.
    #[must_use]
    pub fn says(&self) -> &'s str {
        self.message.unwrap_or(self.rule).trim()
    }
}

impl<'s> Field<'s> {
    fn text(&self, keyword: &str) -> Option<&'s str> {
        self.sources().get(keyword).and_then(Json::as_str)
    }

    fn flag(&self, keyword: &str) -> bool {
        self.sources().get(keyword).and_then(Json::as_bool) == Some(true)
    }

    /// What it means.
    #[must_use]
    pub fn description(&self) -> Option<&'s str> {
        self.text("description")
            .filter(|text| !text.trim().is_empty())
    }

    /// The first sentence of its description, on one line.
    #[must_use]
    pub fn summary(&self) -> Option<Cow<'s, str>> {
        let first = self.description()?.trim().split("\n\n").next()?;
        let end = first.find(". ").map_or(first.len(), |at| at + 1);
        let sentence = &first[..end];
        Some(match sentence.contains('\n') {
            true => Cow::Owned(sentence.split_whitespace().collect::<Vec<_>>().join(" ")),
            false => Cow::Borrowed(sentence),
        })
    }

    /// Its type as people write it: `string`, `integer or string`, `[]object`, `map[string]integer`,
    /// `any`.
    #[must_use]
    pub fn type_name(&self) -> String {
        if self.is_int_or_string() {
            return "integer or string".to_owned();
        }
        match self.text("type") {
            Some("array") => {
                let items = self
                    .items()
                    .map_or("any".to_owned(), |items| items.type_name());
                format!("[]{items}")
            }
            Some("object") => match self.values() {
                Some(values) => format!("map[string]{}", values.type_name()),
                None => "object".to_owned(),
            },
            Some(name) => name.to_owned(),
            None => "any".to_owned(),
        }
    }

    /// Whether `null` is a value of it.
    #[must_use]
    pub fn is_nullable(&self) -> bool {
        self.flag("nullable")
    }

    /// Whether it is a number or a text (`x-kubernetes-int-or-string`).
    #[must_use]
    pub fn is_int_or_string(&self) -> bool {
        self.flag("x-kubernetes-int-or-string")
    }

    /// Whether members that the schema does not know are kept
    /// (`x-kubernetes-preserve-unknown-fields`).
    #[must_use]
    pub fn preserves_unknown_fields(&self) -> bool {
        self.flag("x-kubernetes-preserve-unknown-fields")
            || self.sources().get("additionalProperties") == Some(&Json::Bool(true))
    }

    /// Whether it is a whole resource (`x-kubernetes-embedded-resource`).
    #[must_use]
    pub fn is_embedded_resource(&self) -> bool {
        self.flag("x-kubernetes-embedded-resource")
    }

    /// The format of its text or number: `date-time`, `int32`.
    #[must_use]
    pub fn format(&self) -> Option<&'s str> {
        self.text("format").filter(|format| !format.is_empty())
    }

    /// What it is where it is not set.
    #[must_use]
    pub fn default_value(&self) -> Option<&'s Json<'static>> {
        self.sources().get("default")
    }

    /// The only values that it may have, where it may not have all.
    #[must_use]
    pub fn enum_values(&self) -> Option<Vec<&'s Json<'static>>> {
        let mut lists = self.sources().all("enum").map(Json::items);
        let mut values: Vec<_> = lists.next()?.iter().collect();
        for list in lists {
            values.retain(|value| list.contains(value));
        }
        Some(values)
    }

    /// How its items belong together, where it is a list that says so.
    #[must_use]
    pub fn list_type(&self) -> Option<ListMerging<'s>> {
        let keys = || {
            let keys = self.sources().get("x-kubernetes-list-map-keys");
            let keys = keys.map_or(&[][..], Json::items);
            keys.iter().filter_map(Json::as_str).collect()
        };
        Some(match self.text("x-kubernetes-list-type")? {
            "atomic" => ListMerging::Atomic,
            "set" => ListMerging::Set,
            "map" => ListMerging::Map(keys()),
            other => ListMerging::Other(other),
        })
    }

    /// Whether server-side apply takes it as one value, where it is an object
    /// (`x-kubernetes-map-type`).
    #[must_use]
    pub fn is_atomic_map(&self) -> bool {
        self.text("x-kubernetes-map-type") == Some("atomic")
    }

    /// Its validation rules.
    #[must_use]
    pub fn rules(&self) -> Vec<Rule<'s>> {
        let rules = self.sources().get("x-kubernetes-validations");
        rules
            .map_or(&[][..], Json::items)
            .iter()
            .filter_map(Rule::of)
            .collect()
    }

    /// What else its values have to satisfy, in words: `at least 1`, `matches ^[a-z]+$`.
    #[must_use]
    pub fn constraints(&self) -> Vec<String> {
        let sources = self.sources();
        let parts = sources.own.into_iter().chain(sources.also.iter().copied());
        let mut words: Vec<String> = Vec::new();
        for part in parts {
            for word in constraints::of(part) {
                if !words.contains(&word) {
                    words.push(word);
                }
            }
        }
        words
    }

    /// Why it should not be used any more, by its own schema.
    #[must_use]
    pub fn deprecation(&self) -> Option<&'s str> {
        let described = self.description().and_then(deprecation::note);
        described.or_else(|| self.flag("deprecated").then_some("Deprecated."))
    }

    /// Its default on one line: `3`, `Delete`, `{"a":1}`.
    #[must_use]
    pub fn default_text(&self) -> Option<String> {
        self.default_value().map(plain)
    }

    /// Whether it only groups others: neither a value of its own nor a name.
    #[must_use]
    pub fn is_item_or_value(&self) -> bool {
        matches!(self.step(), Step::Item | Step::Value)
    }
}
