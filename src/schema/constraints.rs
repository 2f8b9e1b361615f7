//! Validation keywords in words.

use super::value::{list, plain};
use crate::model::Json;

/// Alternatives that are spelled out; the rest is counted.
const ALTERNATIVES: usize = 6;

/// What a node's own keywords ask of a value. `enum`, `format` and `required` are told elsewhere.
pub(super) fn of(node: &Json<'static>) -> Vec<String> {
    let mut words = Vec::new();
    words.extend(bound(
        node,
        "minimum",
        "exclusiveMinimum",
        "at least",
        "above",
    ));
    words.extend(bound(
        node,
        "maximum",
        "exclusiveMaximum",
        "at most",
        "below",
    ));
    if let Some(factor) = node.get("multipleOf") {
        words.push(format!("a multiple of {}", plain(factor)));
    }
    words.extend(count(
        node,
        "minLength",
        "maxLength",
        ("character", "characters"),
    ));
    words.extend(count(node, "minItems", "maxItems", ("item", "items")));
    words.extend(count(
        node,
        "minProperties",
        "maxProperties",
        ("field", "fields"),
    ));
    if node.get("uniqueItems").and_then(Json::as_bool) == Some(true) {
        words.push("no item twice".to_owned());
    }
    if let Some(pattern) = node.get("pattern").and_then(Json::as_str) {
        words.push(format!("matches {pattern}"));
    }
    // That it is a number or a text is its type.
    let is_type = node
        .get("x-kubernetes-int-or-string")
        .and_then(Json::as_bool)
        == Some(true);
    if !is_type {
        words.extend(alternatives(node, "anyOf", "at least one of"));
    }
    words.extend(alternatives(node, "oneOf", "exactly one of"));
    if let Some(not) = node.get("not") {
        words.push(format!("not ({})", all(not)));
    }
    words
}

fn bound(
    node: &Json<'static>,
    keyword: &str,
    exclusive: &str,
    closed: &str,
    open: &str,
) -> Option<String> {
    let limit = node.get(keyword)?;
    let is_open = node.get(exclusive).and_then(Json::as_bool) == Some(true);
    let word = if is_open { open } else { closed };
    Some(format!("{word} {}", plain(limit)))
}

fn count(
    node: &Json<'static>,
    least: &str,
    most: &str,
    (one, many): (&str, &str),
) -> Option<String> {
    let noun = |n: i64| if n == 1 { one } else { many };
    let least = node.get(least).and_then(Json::as_i64).filter(|n| *n > 0);
    let most = node.get(most).and_then(Json::as_i64);
    match (least, most) {
        (Some(a), Some(b)) if a == b => Some(format!("exactly {a} {}", noun(a))),
        (Some(a), Some(b)) => Some(format!("{a} to {b} {}", noun(b))),
        (Some(a), None) => Some(format!("at least {a} {}", noun(a))),
        (None, Some(b)) => Some(format!("at most {b} {}", noun(b))),
        (None, None) => None,
    }
}

fn alternatives(node: &Json<'static>, keyword: &str, words: &str) -> Option<String> {
    let parts = node.get(keyword)?.items();
    let mut told: Vec<_> = parts.iter().take(ALTERNATIVES).map(all).collect();
    if parts.len() > ALTERNATIVES {
        told.push(format!("{} more", parts.len() - ALTERNATIVES));
    }
    Some(format!("{words}: {}", told.join("; ")))
}

/// Everything that an alternative asks for.
fn all(node: &Json<'static>) -> String {
    let mut words = Vec::new();
    if let Some(name) = node.get("type").and_then(Json::as_str) {
        words.push(name.to_owned());
    }
    if let Some(format) = node.get("format").and_then(Json::as_str) {
        words.push(format.to_owned());
    }
    if let Some(required) = node.get("required") {
        words.push(format!("{} set", list(required.items())));
    }
    if let Some(values) = node.get("enum") {
        words.push(format!("one of {}", list(values.items())));
    }
    words.extend(of(node));
    for part in node.get("allOf").map_or(&[][..], Json::items) {
        words.push(all(part));
    }
    for (name, property) in node.get("properties").map_or(&[][..], Json::members) {
        let inner = all(property);
        if !inner.is_empty() {
            words.push(format!("{name} {inner}"));
        }
    }
    for (keyword, name) in [("items", "items"), ("additionalProperties", "values")] {
        if let Some(inner) = node.get(keyword).map(all).filter(|inner| !inner.is_empty()) {
            words.push(format!("{name} {inner}"));
        }
    }
    words.join(" and ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        of(&Json::parse(text.as_bytes()).unwrap().into_owned())
    }

    #[test]
    fn limits_read_as_sentences_do() {
        for (schema, expected) in [
            (r#"{"minimum":1}"#, "at least 1"),
            (r#"{"maximum":9.5,"exclusiveMaximum":true}"#, "below 9.5"),
            (r#"{"minLength":1,"maxLength":63}"#, "1 to 63 characters"),
            (r#"{"minItems":1,"maxItems":1}"#, "exactly 1 item"),
            (r#"{"minProperties":2}"#, "at least 2 fields"),
            (r#"{"pattern":"^a$"}"#, "matches ^a$"),
            (
                r#"{"oneOf":[{"required":["a"]},{"required":["b","c"]}]}"#,
                "exactly one of: a set; b, c set",
            ),
            (
                r#"{"anyOf":[{"properties":{"kind":{"enum":["A","B"]}}},{"not":{"required":["x"]}}]}"#,
                "at least one of: kind one of A, B; not (x set)",
            ),
        ] {
            assert_eq!(words(schema), [expected]);
        }
        let int_or_string = r#"{"x-kubernetes-int-or-string":true,
            "anyOf":[{"type":"integer"},{"type":"string"}]}"#;
        assert!(words(int_or_string).is_empty());
    }
}
