//! Versions of an object.

use std::fmt;

use serde::{Deserialize, Serialize};

/// `metadata.resourceVersion`: an opaque string. Order is by arrival, never by this value.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct ResourceVersion(Repr);

/// Nearly every server sends a decimal counter: keep that without a heap allocation.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Repr {
    Decimal(u64),
    Text(Box<str>),
}

impl From<&str> for ResourceVersion {
    fn from(text: &str) -> Self {
        let round_trips =
            text == "0" || (!text.starts_with('0') && text.bytes().all(|b| b.is_ascii_digit()));
        match text.parse() {
            Ok(number) if round_trips => Self(Repr::Decimal(number)),
            _ => Self(Repr::Text(text.into())),
        }
    }
}

impl fmt::Display for ResourceVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Repr::Decimal(number) => number.fmt(f),
            Repr::Text(text) => text.fmt(f),
        }
    }
}

impl Serialize for ResourceVersion {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for ResourceVersion {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Ok(String::deserialize(deserializer)?.as_str().into())
    }
}

/// `metadata.generation`: counts changes of the desired state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Generation(pub i64);

impl fmt::Display for Generation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_text_comes_back_as_it_was() {
        for text in [
            "0",
            "1",
            "007",
            "18446744073709551615",
            "18446744073709551616",
            "abc",
            "",
            "+5",
        ] {
            assert_eq!(ResourceVersion::from(text).to_string(), text);
        }
    }
}
