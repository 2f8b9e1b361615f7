//! What differs beside the fields: versions, columns, subresources, names.

use super::{Aspect, Changes, Impact};
use crate::{
    model::PrinterColumn,
    schema::{Overview, Schema, VersionFacts},
};

pub(super) fn compare(old: &Schema, new: &Schema, changes: &mut Changes) {
    kind(old.overview(), new.overview(), changes);
    versions(old.overview(), new.overview(), changes);
    let facts = (
        old.overview().version(old.version()),
        new.overview().version(new.version()),
    );
    if let (Some(old), Some(new)) = facts {
        subresources(old, new, changes);
        selectable_fields(old, new, changes);
        columns(&old.columns, &new.columns, changes);
    }
}

fn kind(old: &Overview, new: &Overview, changes: &mut Changes) {
    let mut differs = |what: &str, impact, old: String, new: String| {
        if old != new {
            let what = format!("{what} {old} → {new}");
            changes.push(("", Aspect::Kind, impact), what, Some(old), Some(new));
        }
    };
    let (breaking, compatible) = (Impact::Breaking, Impact::Compatible);
    differs("scope", breaking, old.scope.clone(), new.scope.clone());
    let names = |names: &[String]| match names.is_empty() {
        true => "none".to_owned(),
        false => names.join(", "),
    };
    let (before, after) = (&old.names, &new.names);
    differs("kind", breaking, before.kind.clone(), after.kind.clone());
    differs(
        "plural name",
        breaking,
        before.plural.clone(),
        after.plural.clone(),
    );
    differs(
        "singular name",
        compatible,
        before.singular.clone(),
        after.singular.clone(),
    );
    differs(
        "short names",
        compatible,
        names(&before.short_names),
        names(&after.short_names),
    );
    differs(
        "categories",
        compatible,
        names(&before.categories),
        names(&after.categories),
    );
    differs(
        "conversion",
        compatible,
        old.conversion.clone(),
        new.conversion.clone(),
    );
}

fn versions(old: &Overview, new: &Overview, changes: &mut Changes) {
    let mut push = |impact, what: String| {
        changes.push(("", Aspect::Version, impact), what, None, None);
    };
    for after in &new.versions {
        let name = &after.name;
        let Some(before) = old.version(name) else {
            let states = after.states().join(", ");
            push(
                Impact::Compatible,
                format!("version {name} added: {states}"),
            );
            continue;
        };
        match (before.served, after.served) {
            (true, false) => push(
                Impact::Breaking,
                format!("version {name} is no longer served"),
            ),
            (false, true) => push(Impact::Compatible, format!("version {name} is served now")),
            _ => {}
        }
        if !before.storage && after.storage {
            push(
                Impact::Compatible,
                format!("objects are stored in {name} now"),
            );
        }
        match (&before.deprecated, &after.deprecated) {
            (None, Some(warning)) => {
                let colon = if warning.is_empty() { "" } else { ": " };
                let what = format!("version {name} is deprecated{colon}{warning}");
                push(Impact::Compatible, what);
            }
            (Some(_), None) => {
                push(
                    Impact::Compatible,
                    format!("version {name} is no longer deprecated"),
                );
            }
            (Some(before), Some(after)) if before != after => {
                let what = format!("deprecation warning of {name} changed");
                push(Impact::Documentation, what);
            }
            _ => {}
        }
    }
    for before in old
        .versions
        .iter()
        .filter(|before| new.version(&before.name).is_none())
    {
        push(Impact::Breaking, format!("version {} removed", before.name));
    }
}

fn subresources(old: &VersionFacts, new: &VersionFacts, changes: &mut Changes) {
    let about = |impact| ("", Aspect::Subresource, impact);
    // Who writes status with the object has to write it apart, and the other way round.
    match (old.has_status, new.has_status) {
        (false, true) => {
            changes.push(
                about(Impact::Breaking),
                "status subresource added",
                None,
                None,
            );
        }
        (true, false) => {
            changes.push(
                about(Impact::Breaking),
                "status subresource removed",
                None,
                None,
            );
        }
        _ => {}
    }
    let impact_and_what = match (&old.scale, &new.scale) {
        (None, Some(_)) => (Impact::Compatible, "scale subresource added"),
        (Some(_), None) => (Impact::Breaking, "scale subresource removed"),
        (Some(old), Some(new)) if old != new => (Impact::Breaking, "paths of scale changed"),
        _ => return,
    };
    changes.push(about(impact_and_what.0), impact_and_what.1, None, None);
}

fn selectable_fields(old: &VersionFacts, new: &VersionFacts, changes: &mut Changes) {
    let mut push = |impact, what: String| {
        changes.push(("", Aspect::SelectableField, impact), what, None, None);
    };
    for field in &old.selectable_fields {
        if !new.selectable_fields.contains(field) {
            push(
                Impact::Breaking,
                format!("selectable field {field} removed"),
            );
        }
    }
    for field in &new.selectable_fields {
        if !old.selectable_fields.contains(field) {
            push(
                Impact::Compatible,
                format!("selectable field {field} added"),
            );
        }
    }
}

fn columns(old: &[PrinterColumn], new: &[PrinterColumn], changes: &mut Changes) {
    let named = |columns: &[PrinterColumn], name: &str| {
        columns.iter().find(|column| column.name == name).cloned()
    };
    let words = |column: &PrinterColumn| {
        let wide = if column.priority > 0 { ", wide" } else { "" };
        format!("{} {}{wide}", column.type_, column.json_path)
    };
    let mut push = |impact, what: String, old: Option<String>, new: Option<String>| {
        changes.push(("", Aspect::Column, impact), what, old, new);
    };
    for column in old
        .iter()
        .filter(|column| named(new, &column.name).is_none())
    {
        let what = format!("column {} removed", column.name);
        push(Impact::Compatible, what, Some(words(column)), None);
    }
    for column in new {
        match named(old, &column.name) {
            None => {
                let what = format!("column {} added", column.name);
                push(Impact::Compatible, what, None, Some(words(column)));
            }
            Some(before) if words(&before) != words(column) => {
                let what = format!("column {} changed", column.name);
                push(
                    Impact::Compatible,
                    what,
                    Some(words(&before)),
                    Some(words(column)),
                );
            }
            Some(before) if before != *column => {
                let what = format!("column {} described anew", column.name);
                push(Impact::Documentation, what, None, None);
            }
            Some(_) => {}
        }
    }
}
