//! Two fields of one place compared, and all below them.

use super::{Aspect, Changes, Impact, limits};
use crate::{
    model::Json,
    schema::{Field, ListMerging, Rule, deprecation, plain, value::list},
};

/// Keywords that are compared by what they mean and not one by one.
const OWN_WORDS: [&str; 16] = [
    "type",
    "properties",
    "items",
    "additionalProperties",
    "required",
    "default",
    "enum",
    "nullable",
    "description",
    "deprecated",
    "x-kubernetes-int-or-string",
    "x-kubernetes-validations",
    "x-kubernetes-list-type",
    "x-kubernetes-list-map-keys",
    "x-kubernetes-map-type",
    "x-kubernetes-preserve-unknown-fields",
];

pub(super) fn compare(old: &Field<'_>, new: &Field<'_>, changes: &mut Changes) {
    let path = new.path();
    let same_shape = types(&path, old, new, changes);
    unknown_fields(&path, old, new, changes);
    default(&path, old, new, changes);
    if same_shape {
        enums(&path, old, new, changes);
        rules(&path, old, new, changes);
        merging(&path, old, new, changes);
        keywords(&path, old, new, changes);
    }
    words(&path, old, new, changes);
    if same_shape {
        below(old, new, changes);
    }
}

fn own<'s>(field: &Field<'s>, keyword: &str) -> Option<&'s Json<'static>> {
    field.sources().own?.get(keyword)
}

/// What a value is, as far as it decides on what may be below it.
fn shape<'s>(field: &Field<'s>) -> &'s str {
    if field.is_int_or_string() {
        return "integer or string";
    }
    match own(field, "type").and_then(Json::as_str) {
        Some("object") if field.values().is_some() => "map",
        Some(name) => name,
        None => "any",
    }
}

/// Returns whether both have one type.
fn types(path: &str, old: &Field<'_>, new: &Field<'_>, changes: &mut Changes) -> bool {
    if old.is_nullable() != new.is_nullable() {
        let (impact, what) = match new.is_nullable() {
            true => (Impact::Compatible, "may be null now"),
            false => (Impact::Breaking, "may no longer be null"),
        };
        changes.push((path, Aspect::Type, impact), what, None, None);
    }
    let shapes = (shape(old), shape(new));
    if shapes.0 == shapes.1 {
        return true;
    }
    let impact = match shapes {
        ("integer", "number" | "integer or string")
        | ("string", "integer or string")
        | (_, "any") => Impact::Compatible,
        _ => Impact::Breaking,
    };
    let (old, new) = (old.type_name(), new.type_name());
    let what = format!("type {old} → {new}");
    changes.push((path, Aspect::Type, impact), what, Some(old), Some(new));
    false
}

fn unknown_fields(path: &str, old: &Field<'_>, new: &Field<'_>, changes: &mut Changes) {
    let (before, after) = (
        old.preserves_unknown_fields(),
        new.preserves_unknown_fields(),
    );
    if before != after {
        let (impact, what) = match after {
            true => (Impact::Compatible, "unknown fields are kept now"),
            false => (Impact::Breaking, "unknown fields are no longer kept"),
        };
        changes.push((path, Aspect::UnknownFields, impact), what, None, None);
    }
}

fn default(path: &str, old: &Field<'_>, new: &Field<'_>, changes: &mut Changes) {
    let (before, after) = (own(old, "default"), own(new, "default"));
    if before == after {
        return;
    }
    let (before, after) = (before.map(plain), after.map(plain));
    // Stored objects that do not set the field get another value at their next read.
    let (impact, what) = match (&before, &after) {
        (None, Some(new)) => (
            Impact::Compatible,
            format!("default {} added", limits::short(new)),
        ),
        (Some(old), None) => (
            Impact::Breaking,
            format!("default {} removed", limits::short(old)),
        ),
        _ => (
            Impact::Breaking,
            format!(
                "default {} → {}",
                limits::short(before.as_deref().unwrap_or_default()),
                limits::short(after.as_deref().unwrap_or_default())
            ),
        ),
    };
    changes.push((path, Aspect::Default, impact), what, before, after);
}

fn enums(path: &str, old: &Field<'_>, new: &Field<'_>, changes: &mut Changes) {
    let (before, after) = (own(old, "enum"), own(new, "enum"));
    let mut push = |impact, what: &str, old: &[&Json<'static>], new: &[&Json<'static>]| {
        let text =
            |values: &[&Json<'static>]| (!values.is_empty()).then(|| list(values.iter().copied()));
        let (old, new) = (text(old), text(new));
        let values = old.as_ref().or(new.as_ref()).cloned().unwrap_or_default();
        let what = format!("{what} {values}");
        changes.push((path, Aspect::Enum, impact), what, old, new);
    };
    match (before.map(Json::items), after.map(Json::items)) {
        (None, None) => {}
        (None, Some(new)) => {
            push(
                Impact::Breaking,
                "limited to",
                &[],
                &new.iter().collect::<Vec<_>>(),
            );
        }
        (Some(old), None) => {
            let old: Vec<_> = old.iter().collect();
            push(Impact::Compatible, "no longer limited to", &old, &[]);
        }
        (Some(old), Some(new)) => {
            let added: Vec<_> = new.iter().filter(|value| !old.contains(value)).collect();
            let removed: Vec<_> = old.iter().filter(|value| !new.contains(value)).collect();
            if !removed.is_empty() {
                push(Impact::Breaking, "may no longer be", &removed, &[]);
            }
            if !added.is_empty() {
                push(Impact::Compatible, "may also be", &[], &added);
            }
        }
    }
}

fn rules(path: &str, old: &Field<'_>, new: &Field<'_>, changes: &mut Changes) {
    let (before, after) = (old.rules(), new.rules());
    let mut unmatched = after.clone();
    let same = |a: &Rule<'_>, b: &Rule<'_>| {
        (a.rule.trim(), a.has_optional_old_self) == (b.rule.trim(), b.has_optional_old_self)
    };
    for rule in &before {
        let twin = unmatched.iter().position(|other| same(rule, other));
        match twin.map(|at| unmatched.swap_remove(at)) {
            None => {
                let what = format!("rule removed: {}", limits::short(rule.says()));
                let old = Some(rule.rule.to_owned());
                changes.push((path, Aspect::Rule, Impact::Compatible), what, old, None);
            }
            Some(twin) => {
                let message =
                    |rule: &Rule<'_>| rule.message.or(rule.message_expression).map(str::to_owned);
                let (old, new) = (message(rule), message(&twin));
                if old != new {
                    let what = "message of a rule changed";
                    let impact = Impact::Documentation;
                    changes.push((path, Aspect::Rule, impact), what, old, new);
                }
            }
        }
    }
    for rule in after.iter().filter(|rule| unmatched.contains(rule)) {
        let what = format!("rule added: {}", limits::short(rule.says()));
        let new = Some(rule.rule.to_owned());
        changes.push((path, Aspect::Rule, Impact::Breaking), what, None, new);
    }
}

/// Another way of merging moves ownership under server-side apply, and lets other lists through.
fn merging(path: &str, old: &Field<'_>, new: &Field<'_>, changes: &mut Changes) {
    let words = |field: &Field<'_>| match field.list_type() {
        Some(ListMerging::Atomic) => "atomic list".to_owned(),
        Some(ListMerging::Set) => "set".to_owned(),
        Some(ListMerging::Map(mut keys)) => {
            keys.sort_unstable();
            format!("list by {}", keys.join(", "))
        }
        Some(ListMerging::Other(name)) => format!("{name} list"),
        None if field.is_atomic_map() => "atomic object".to_owned(),
        None => "default".to_owned(),
    };
    let (before, after) = (words(old), words(new));
    if before != after {
        let what = format!("merged as {before} → {after}");
        let about = (path, Aspect::Merging, Impact::Breaking);
        changes.push(about, what, Some(before), Some(after));
    }
}

fn keywords(path: &str, old: &Field<'_>, new: &Field<'_>, changes: &mut Changes) {
    let mut names: Vec<&str> = Vec::new();
    for field in [new, old] {
        let own = field.sources().own;
        for (name, _) in own.map_or(&[][..], |own| own.members()) {
            if !names.contains(&&**name) {
                names.push(name);
            }
        }
    }
    for keyword in names.into_iter().filter(|name| !OWN_WORDS.contains(name)) {
        let (before, after) = (own(old, keyword), own(new, keyword));
        if limits::is_limit(keyword) {
            limits::compare(path, keyword, before, after, changes);
        } else if before != after {
            // `title`, `example` and `externalDocs` only tell; of others nobody knows.
            let impact = match keyword {
                "title" | "example" | "externalDocs" => Impact::Documentation,
                _ => Impact::Breaking,
            };
            let aspect = Aspect::Keyword(keyword.to_owned());
            let what = format!("{keyword} changed");
            changes.push(
                (path, aspect, impact),
                what,
                before.map(plain),
                after.map(plain),
            );
        }
    }
}

fn words(path: &str, old: &Field<'_>, new: &Field<'_>, changes: &mut Changes) {
    let text = |field: &Field<'_>| {
        let own = own(field, "description").and_then(Json::as_str);
        own.unwrap_or_default().trim().to_owned()
    };
    let note = |field: &Field<'_>, text: &str| {
        let flag = own(field, "deprecated") == Some(&Json::Bool(true));
        let note = deprecation::note(text).map(str::to_owned);
        note.or_else(|| flag.then(|| "Deprecated.".to_owned()))
    };
    let (before, after) = (text(old), text(new));
    match (note(old, &before), note(new, &after)) {
        (None, Some(note)) => {
            let about = (path, Aspect::Deprecation, Impact::Compatible);
            changes.push(about, "deprecated", None, Some(note));
        }
        (Some(note), None) => {
            let about = (path, Aspect::Deprecation, Impact::Compatible);
            changes.push(about, "no longer deprecated", Some(note), None);
        }
        _ if before != after => {
            let about = (path, Aspect::Description, Impact::Documentation);
            let what = match (before.is_empty(), after.is_empty()) {
                (true, _) => "described",
                (_, true) => "description removed",
                _ => "description changed",
            };
            let full = |text: String| (!text.is_empty()).then_some(text);
            changes.push(about, what, full(before), full(after));
        }
        _ => {}
    }
}

fn below(old: &Field<'_>, new: &Field<'_>, changes: &mut Changes) {
    // In the order of the newer schema, removed fields after those that they followed.
    let names = |field: &Field<'_>| -> Vec<String> {
        let properties = own(field, "properties").map_or(&[][..], Json::members);
        properties
            .iter()
            .map(|(name, _)| name.to_string())
            .collect()
    };
    let (before, after) = (names(old), names(new));
    let mut all = after.clone();
    for (at, name) in before.iter().enumerate() {
        if !all.contains(name) {
            let follows = before[..at].iter().rev();
            let place = follows
                .filter_map(|before| all.iter().position(|known| known == before))
                .next();
            all.insert(place.map_or(0, |place| place + 1), name.clone());
        }
    }
    for name in &all {
        match (old.property(name), new.property(name)) {
            (Some(old), Some(new)) if before.contains(name) && after.contains(name) => {
                required(&old, &new, changes);
                compare(&old, &new, changes);
            }
            (Some(old), _) if before.contains(name) => {
                let was = described(&old);
                let what = format!("removed: it was {was}");
                let about = (&*old.path(), Aspect::Field, Impact::Breaking);
                changes.push(about, what, Some(was), None);
            }
            (_, Some(new)) => {
                let is = described(&new);
                let impact = match new.is_required() && new.default_value().is_none() {
                    true => Impact::Breaking,
                    false => Impact::Compatible,
                };
                let what = format!("added: {is}");
                changes.push((&*new.path(), Aspect::Field, impact), what, None, Some(is));
            }
            _ => {}
        }
    }
    for (old, new) in [(old.items(), new.items()), (old.values(), new.values())] {
        if let (Some(old), Some(new)) = (old, new) {
            compare(&old, &new, changes);
        }
    }
}

fn required(old: &Field<'_>, new: &Field<'_>, changes: &mut Changes) {
    let (impact, what) = match (old.is_required(), new.is_required()) {
        (false, true) if new.default_value().is_some() => {
            (Impact::Compatible, "became required, with a default")
        }
        (false, true) => (Impact::Breaking, "became required"),
        (true, false) => (Impact::Compatible, "became optional"),
        _ => return,
    };
    changes.push((&*new.path(), Aspect::Required, impact), what, None, None);
}

/// `a required object with 3 fields`.
fn described(field: &Field<'_>) -> String {
    let need = if field.is_required() {
        "a required"
    } else {
        "an optional"
    };
    let mut open = field.children();
    let mut fields = 0_usize;
    while let Some(inner) = open.pop() {
        fields += usize::from(!inner.is_item_or_value());
        open.extend(inner.children());
    }
    let inside = match fields {
        0 => String::new(),
        1 => " with 1 field".to_owned(),
        fields => format!(" with {fields} fields"),
    };
    format!("{need} {}{inside}", field.type_name())
}
