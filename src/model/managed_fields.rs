//! Field managers, as `metadata.managedFields` lists them (KEP-555, server-side apply).

use std::borrow::Cow;

use jiff::Timestamp;

use super::{FieldSet, Json};

/// How a manager wrote its fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Operation {
    /// Server-side apply.
    Apply,
    /// Create, update or patch.
    Update,
}

/// Who wrote fields, how, through which subresource and when last.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FieldManager<'a> {
    /// Name of the manager.
    pub manager: Cow<'a, str>,
    /// Apply or Update.
    pub operation: Operation,
    /// Subresource, for example `status`; empty for the object itself.
    pub subresource: Cow<'a, str>,
    /// When the entry changed last; the server keeps whole seconds.
    pub time: Option<Timestamp>,
}

/// One entry of `metadata.managedFields`.
#[derive(Debug, Clone, PartialEq)]
pub struct ManagedFieldsEntry<'a> {
    /// The manager.
    pub manager: FieldManager<'a>,
    /// `apiVersion` that the field set is written in.
    pub api_version: Cow<'a, str>,
    /// What it owns (`fieldsV1`).
    pub fields: FieldSet<'a>,
}

/// The entries of an object; none where they were stripped.
#[must_use]
pub fn managed_fields<'a>(object: &'a Json<'a>) -> Vec<ManagedFieldsEntry<'a>> {
    let Some(entries) = object.at(&["metadata", "managedFields"]) else {
        return Vec::new();
    };
    entries.items().iter().filter_map(entry).collect()
}

fn entry<'a>(json: &'a Json<'a>) -> Option<ManagedFieldsEntry<'a>> {
    let text = |name| {
        json.get(name)
            .and_then(Json::as_str)
            .map_or(Cow::Borrowed(""), Cow::Borrowed)
    };
    Some(ManagedFieldsEntry {
        manager: FieldManager {
            manager: text("manager"),
            operation: if text("operation") == "Apply" {
                Operation::Apply
            } else {
                Operation::Update
            },
            subresource: text("subresource"),
            time: text("time").parse().ok(),
        },
        api_version: text("apiVersion"),
        fields: FieldSet::new(json.get("fieldsV1")?),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_entries_and_skips_what_has_no_fields() {
        let text = br#"{"metadata":{"managedFields":[
            {"manager":"argocd","operation":"Apply","apiVersion":"v1","time":"2026-01-02T03:04:05Z",
             "fieldsType":"FieldsV1","fieldsV1":{"f:spec":{}}},
            {"manager":"x","operation":"Update","subresource":"status","apiVersion":"v1"}]}}"#;
        let object = Json::parse(text).unwrap();
        let entries = managed_fields(&object);
        assert_eq!(entries.len(), 1);
        assert_eq!(entries[0].manager.manager, "argocd");
        assert_eq!(entries[0].manager.operation, Operation::Apply);
        assert_eq!(entries[0].manager.time, "2026-01-02T03:04:05Z".parse().ok());
    }
}
