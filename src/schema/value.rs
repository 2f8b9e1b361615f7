//! Values on one line.

use crate::model::Json;

/// A value as people write it: strings without quotes unless they are empty.
#[must_use]
pub fn plain(value: &Json<'_>) -> String {
    match value {
        Json::String(text) if !text.is_empty() => text.to_string(),
        other => other.to_compact(),
    }
}

/// Several values on one line.
pub(super) fn list<'v>(values: impl IntoIterator<Item = &'v Json<'static>>) -> String {
    let all: Vec<_> = values.into_iter().map(plain).collect();
    all.join(", ")
}
