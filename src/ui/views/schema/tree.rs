//! Which fields of a schema are in sight: those whose parents are open, or those that a search finds.

use std::collections::HashSet;

use crate::schema::{Field, Schema, Step};

/// Most fields that a search shows.
pub(super) const MOST_FOUND: usize = 2_000;

/// A field in sight.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TreeRow {
    /// Its path, as [`Field::path`] writes it.
    pub(super) path: String,
    /// How many fields it lies in; items of lists and values of maps are no fields of their own here.
    pub(super) depth: usize,
    /// Whether it is open; `None` where nothing is below it.
    pub(super) is_open: Option<bool>,
    /// A search found it, and not only something below it.
    pub(super) is_hit: bool,
}

/// What a search found.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Found {
    pub(super) rows: Vec<TreeRow>,
    pub(super) hits: usize,
}

/// The fields right below a field, through lists and maps.
pub(super) fn members<'s>(field: &Field<'s>) -> Vec<Field<'s>> {
    let mut inner = field.clone();
    while let Some(next) = inner.items().or_else(|| inner.values()) {
        if !properties(&inner).is_empty() {
            break;
        }
        inner = next;
    }
    properties(&inner)
}

fn properties<'s>(field: &Field<'s>) -> Vec<Field<'s>> {
    let mut children = field.children();
    children.retain(|child| matches!(child.step(), Step::Property(_)));
    children
}

/// The fields that are in sight when these are open.
pub(super) fn visible(schema: &Schema, open: &HashSet<String>) -> Vec<TreeRow> {
    let mut rows = Vec::new();
    let mut waiting: Vec<_> = members(&schema.root())
        .into_iter()
        .rev()
        .map(|field| (field, 0))
        .collect();
    while let Some((field, depth)) = waiting.pop() {
        let (path, below) = (field.path(), members(&field));
        let is_open = (!below.is_empty()).then(|| open.contains(&path));
        if is_open == Some(true) {
            waiting.extend(below.into_iter().rev().map(|field| (field, depth + 1)));
        }
        rows.push(TreeRow {
            path,
            depth,
            is_open,
            is_hit: false,
        });
    }
    rows
}

/// The fields with a text, in lower case, in their path or description, and those that they are in.
pub(super) fn search(schema: &Schema, text: &str) -> Found {
    let mut found = Found::default();
    // The fields on the way to the one at hand, and whether they are among the rows.
    let mut way: Vec<(String, bool)> = Vec::new();
    let mut waiting: Vec<_> = members(&schema.root())
        .into_iter()
        .rev()
        .map(|field| (field, 0))
        .collect();
    while let Some((field, depth)) = waiting.pop() {
        way.truncate(depth);
        let path = field.path();
        let is_hit = field.name().to_lowercase().contains(text)
            || path.to_lowercase().ends_with(text)
            || field
                .description()
                .is_some_and(|description| description.to_lowercase().contains(text));
        way.push((path, false));
        found.hits += usize::from(is_hit);
        if is_hit && found.rows.len() < MOST_FOUND {
            for (at, (path, is_shown)) in way.iter_mut().enumerate() {
                if !std::mem::replace(is_shown, true) {
                    found.rows.push(TreeRow {
                        path: path.clone(),
                        depth: at,
                        is_open: None,
                        is_hit: at == depth,
                    });
                }
            }
        }
        let below = members(&field);
        waiting.extend(below.into_iter().rev().map(|field| (field, depth + 1)));
    }
    found
}

/// The fields that have to be open for a field to be in sight.
pub(super) fn ways(field: &Field<'_>) -> impl Iterator<Item = String> {
    let around: Vec<_> = field
        .ancestors()
        .skip(1)
        .filter(|around| matches!(around.step(), Step::Property(_)))
        .map(Field::path)
        .collect();
    around.into_iter()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn schema() -> Schema {
        let spec = r#"{"versions":[{"name":"v1","schema":{"openAPIV3Schema":{"type":"object","properties":{
            "spec":{"type":"object","properties":{
              "rules":{"type":"array","items":{"type":"object","properties":{
                 "port":{"type":"integer","description":"Where it LISTENS."}}}},
              "labels":{"type":"object","additionalProperties":{"type":"string"}}}}}}}}]}"#;
        Schema::parse(spec.as_bytes(), "v1").unwrap()
    }

    #[test]
    fn lists_open_into_the_fields_of_their_items() {
        let open = HashSet::from(["spec".to_owned(), "spec.rules".to_owned()]);
        let rows: Vec<_> = visible(&schema(), &open)
            .into_iter()
            .map(|row| (row.path, row.depth, row.is_open))
            .collect();
        let row = |path: &str, depth, is_open| (path.to_owned(), depth, is_open);
        assert_eq!(
            rows,
            [
                row("spec", 0, Some(true)),
                row("spec.rules", 1, Some(true)),
                row("spec.rules[].port", 2, None),
                row("spec.labels", 1, None),
                row("apiVersion", 0, None),
                row("kind", 0, None),
                row("metadata", 0, Some(false)),
            ]
        );
    }

    #[test]
    fn a_search_shows_what_it_found_and_where() {
        let found = search(&schema(), "listens");
        let rows: Vec<_> = found
            .rows
            .iter()
            .map(|row| (row.path.as_str(), row.depth, row.is_hit))
            .collect();
        assert_eq!(
            rows,
            [
                ("spec", 0, false),
                ("spec.rules", 1, false),
                ("spec.rules[].port", 2, true),
            ]
        );
        assert_eq!(found.hits, 1);
        assert_eq!(search(&schema(), "nowhere"), Found::default());
    }
}
