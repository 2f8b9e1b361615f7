//! A borrowed JSON tree.
//!
//! Kronika keeps the bytes that the server sent and looks into them only while a change is
//! recorded or a row is drawn. This tree borrows its strings from those bytes, keeps the order of
//! the keys and never turns an integer into a float.

use std::{borrow::Cow, fmt};

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

/// One JSON value that borrows from the text that it was parsed from.
#[derive(Debug, Clone, PartialEq, Default)]
pub enum Json<'a> {
    /// `null`.
    #[default]
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// Any number.
    Number(Number),
    /// A string, borrowed unless it holds an escape.
    String(Cow<'a, str>),
    /// An array.
    Array(Vec<Json<'a>>),
    /// An object, in the order of the text.
    Object(Vec<(Cow<'a, str>, Json<'a>)>),
}

/// A JSON number as the API server knows it: its decoder makes an `int64` or a `float64` of each.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Number {
    /// A whole number that fits.
    Integer(i64),
    /// A whole number beyond `i64`.
    Unsigned(u64),
    /// Everything else.
    Float(f64),
}

impl fmt::Display for Number {
    /// Prints as Go's `encoding/json` does: exponents below 1e-6 and from 1e21.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Number::Integer(n) => n.fmt(f),
            Number::Unsigned(n) => n.fmt(f),
            Number::Float(n) => {
                let size = n.abs();
                if size != 0.0 && !(1e-6..1e21).contains(&size) {
                    let text = format!("{n:e}");
                    match text.split_once('e') {
                        Some((digits, exponent)) if !exponent.starts_with('-') => {
                            write!(f, "{digits}e+{exponent:0>2}")
                        }
                        _ => f.write_str(&text),
                    }
                } else {
                    n.fmt(f)
                }
            }
        }
    }
}

/// Text that is not JSON.
#[derive(Debug, thiserror::Error)]
#[error("not valid JSON: {0}")]
pub struct JsonError(#[from] serde_json::Error);

impl<'a> Json<'a> {
    /// Parses one JSON document.
    ///
    /// # Errors
    /// When the bytes are not exactly one JSON value in UTF-8.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, JsonError> {
        Ok(serde_json::from_slice(bytes)?)
    }

    /// The member of an object with this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Json<'a>> {
        match self {
            Json::Object(members) => members.iter().find(|(key, _)| key == name).map(|(_, v)| v),
            _ => None,
        }
    }

    /// Follows member names from here, for example `["metadata", "name"]`.
    #[must_use]
    pub fn at(&self, names: &[&str]) -> Option<&Json<'a>> {
        names.iter().try_fold(self, |value, name| value.get(name))
    }

    /// The text of a string.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::String(text) => Some(text),
            _ => None,
        }
    }

    /// A whole number that fits into `i64`.
    #[must_use]
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Json::Number(Number::Integer(n)) => Some(*n),
            _ => None,
        }
    }

    /// A boolean.
    #[must_use]
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Json::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// The items of an array; none for anything else.
    #[must_use]
    pub fn items(&self) -> &[Json<'a>] {
        match self {
            Json::Array(items) => items,
            _ => &[],
        }
    }

    /// The members of an object in their order; none for anything else.
    #[must_use]
    pub fn members(&self) -> &[(Cow<'a, str>, Json<'a>)] {
        match self {
            Json::Object(members) => members,
            _ => &[],
        }
    }

    /// Whether this is an array or an object.
    #[must_use]
    pub fn is_container(&self) -> bool {
        matches!(self, Json::Array(_) | Json::Object(_))
    }

    /// The same value, with its own copy of every string.
    #[must_use]
    pub fn into_owned(self) -> Json<'static> {
        match self {
            Json::Null => Json::Null,
            Json::Bool(b) => Json::Bool(b),
            Json::Number(n) => Json::Number(n),
            Json::String(text) => Json::String(Cow::Owned(text.into_owned())),
            Json::Array(items) => Json::Array(items.into_iter().map(Json::into_owned).collect()),
            Json::Object(members) => {
                let owned = |(name, value): (Cow<'a, str>, Json<'a>)| {
                    (Cow::Owned(name.into_owned()), value.into_owned())
                };
                Json::Object(members.into_iter().map(owned).collect())
            }
        }
    }

    /// Writes compact JSON.
    pub fn write_compact(&self, out: &mut String) {
        match self {
            Json::Null => out.push_str("null"),
            Json::Bool(true) => out.push_str("true"),
            Json::Bool(false) => out.push_str("false"),
            Json::Number(n) => out.push_str(&n.to_string()),
            Json::String(text) => write_string(text, out),
            Json::Array(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    item.write_compact(out);
                }
                out.push(']');
            }
            Json::Object(members) => {
                out.push('{');
                for (i, (name, value)) in members.iter().enumerate() {
                    if i > 0 {
                        out.push(',');
                    }
                    write_string(name, out);
                    out.push(':');
                    value.write_compact(out);
                }
                out.push('}');
            }
        }
    }

    /// Compact JSON text.
    #[must_use]
    pub fn to_compact(&self) -> String {
        let mut out = String::new();
        self.write_compact(&mut out);
        out
    }
}

fn write_string(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            c if u32::from(c) < 0x20 => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
}

impl<'de: 'a, 'a> Deserialize<'de> for Json<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(JsonVisitor(std::marker::PhantomData))
    }
}

struct JsonVisitor<'a>(std::marker::PhantomData<&'a ()>);

impl<'de: 'a, 'a> Visitor<'de> for JsonVisitor<'a> {
    type Value = Json<'a>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Json<'a>, E> {
        Ok(Json::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Json<'a>, E> {
        Ok(Json::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Json<'a>, E> {
        Ok(Json::Number(Number::Integer(value)))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Json<'a>, E> {
        Ok(Json::Number(match i64::try_from(value) {
            Ok(value) => Number::Integer(value),
            Err(_) => Number::Unsigned(value),
        }))
    }

    fn visit_f64<E>(self, value: f64) -> Result<Json<'a>, E> {
        Ok(Json::Number(if value == 0.0 && value.is_sign_negative() {
            // The server writes `-0`, which its decoder takes for an integer; serde_json does not.
            Number::Integer(0)
        } else {
            Number::Float(value)
        }))
    }

    fn visit_str<E>(self, value: &str) -> Result<Json<'a>, E> {
        Ok(Json::String(Cow::Owned(value.to_owned())))
    }

    fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Json<'a>, E> {
        Ok(Json::String(Cow::Borrowed(value)))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Json<'a>, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = seq.next_element()? {
            items.push(item);
        }
        Ok(Json::Array(items))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Json<'a>, A::Error> {
        let mut members = Vec::new();
        while let Some(name) = map.next_key::<Name<'a>>()? {
            members.push((name.0, map.next_value()?));
        }
        Ok(Json::Object(members))
    }
}

/// A member's name: `Cow<str>` by itself always copies.
struct Name<'a>(Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for Name<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct NameVisitor<'a>(std::marker::PhantomData<&'a ()>);
        impl<'de: 'a, 'a> Visitor<'de> for NameVisitor<'a> {
            type Value = Name<'a>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a member name")
            }
            fn visit_str<E>(self, value: &str) -> Result<Name<'a>, E> {
                Ok(Name(Cow::Owned(value.to_owned())))
            }
            fn visit_borrowed_str<E>(self, value: &'de str) -> Result<Name<'a>, E> {
                Ok(Name(Cow::Borrowed(value)))
            }
        }
        deserializer.deserialize_str(NameVisitor(std::marker::PhantomData))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_key_order_and_integers() {
        let text = br#"{"b":12345678901234567,"a":[1,-2,18446744073709551615,1.5,null,true]}"#;
        let json = Json::parse(text).unwrap();
        assert_eq!(json.to_compact().as_bytes(), text);
    }

    #[test]
    fn borrows_plain_strings_and_unescapes_others() {
        let json = Json::parse(br#"{"plain":"a","escaped":"a\nb"}"#).unwrap();
        assert!(matches!(
            json.get("plain"),
            Some(Json::String(Cow::Borrowed("a")))
        ));
        assert_eq!(json.get("escaped").and_then(Json::as_str), Some("a\nb"));
    }

    #[test]
    fn there_is_no_negative_zero() {
        assert_eq!(
            Json::parse(b"-0").unwrap(),
            Json::Number(Number::Integer(0))
        );
    }

    #[test]
    fn prints_floats_as_go_does() {
        for (value, text) in [
            (1e21, "1e+21"),
            (1.5, "1.5"),
            (1e-7, "1e-7"),
            (1e20, "100000000000000000000"),
            (0.0, "0"),
        ] {
            assert_eq!(Number::Float(value).to_string(), text);
        }
    }

    #[test]
    fn refuses_what_is_not_json() {
        assert!(Json::parse(b"{} {}").is_err());
        assert!(Json::parse(b"{\"a\":}").is_err());
    }
}
