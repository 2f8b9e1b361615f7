//! Finds the reference fields in a kind's schema.

use super::{
    Form, Node, ReferenceFields, TargetKind,
    conventions::{self, KnownField, Target},
};
use crate::model::{Json, ResourceKind};

/// Schemas are trees that the API server has checked; this only bounds a damaged file.
const MAX_DEPTH: usize = 64;

impl ReferenceFields {
    /// The fields of a kind with this `openAPIV3Schema`; without one, the known fields alone.
    #[must_use]
    pub fn of(group: &str, kind: &str, schema: Option<&Json<'_>>) -> Self {
        let mut root = Node::default();
        for (name, value) in schema
            .and_then(|schema| schema.get("properties"))
            .map_or(&[][..], Json::members)
        {
            // Metadata is the same for every kind; status repeats.
            if !matches!(&**name, "metadata" | "status" | "apiVersion" | "kind") {
                root.put(name, node_of(name, value, group, MAX_DEPTH));
            }
        }
        for known in conventions::KNOWN_FIELDS {
            if known.applies_to(group, kind) {
                root.add_known(known, group);
            }
        }
        root.sort();
        Self { root }
    }

    /// The fields of a kind of which no schema is known.
    #[must_use]
    pub fn of_kind(kind: &ResourceKind) -> Self {
        Self::of(&kind.group, &kind.kind, None)
    }
}

impl Node {
    fn put(&mut self, name: &str, node: Node) {
        if !node.is_empty() {
            self.members.push((name.into(), node));
        }
    }

    fn sort(&mut self) {
        self.members.sort_by(|(a, _), (b, _)| a.cmp(b));
        for (_, node) in &mut self.members {
            node.sort();
        }
        if let Some(each) = &mut self.each {
            each.sort();
        }
    }

    /// A known field is surer than what the schema seems to say.
    fn add_known(&mut self, known: &KnownField, group: &str) {
        let mut node = self;
        for step in known.path.split('.') {
            let (name, array) = match step.strip_suffix("[]") {
                Some(name) => (name, true),
                None => (step, false),
            };
            let place = node.members.iter().position(|(known, _)| **known == *name);
            let place = place.unwrap_or_else(|| {
                node.members.push((name.into(), Node::default()));
                node.members.len() - 1
            });
            node = &mut node.members[place].1;
            if array {
                node = node.each.get_or_insert_default();
            }
        }
        node.form = Some(match known.target {
            Target::Name(group, kind) => Form::Name(TargetKind::new(group, kind)),
            Target::Object(group, kind) => Form::Local(TargetKind::new(group, kind)),
            Target::Switch(group, kind, member, other) => Form::Local(TargetKind {
                switch: Some((member.into(), other.into())),
                ..TargetKind::new(group, kind)
            }),
            Target::Typed(default_group, kind) => Form::Typed {
                group: Some(default_group.unwrap_or(group).into()),
                kind: (!kind.is_empty()).then(|| kind.into()),
            },
        });
    }
}

/// What the schema of one field says.
fn node_of(name: &str, schema: &Json<'_>, group: &str, depth: usize) -> Node {
    let mut node = Node::default();
    let Some(depth) = depth.checked_sub(1) else {
        return node;
    };
    if let Some(items) = schema.get("items") {
        let item = node_of(name, items, group, depth);
        node.each = (!item.is_empty()).then(|| Box::new(item));
        return node;
    }
    if let Some(values @ Json::Object(_)) = schema.get("additionalProperties") {
        let value = node_of(name, values, group, depth);
        node.each = (!value.is_empty()).then(|| Box::new(value));
        return node;
    }
    match schema.get("properties") {
        Some(properties) => {
            node.form = object_form(name, schema, properties, group);
            for (name, value) in properties.members() {
                node.put(name, node_of(name, value, group, depth));
            }
        }
        None if is_string(schema) => {
            let description = schema.get("description").and_then(Json::as_str);
            node.form = description.and_then(|says| name_form(name, says));
        }
        None => {}
    }
    node
}

fn is_string(schema: &Json<'_>) -> bool {
    schema.get("type").and_then(Json::as_str) == Some("string")
}

fn default_of<'a>(schema: &'a Json<'_>, name: &str) -> Option<&'a str> {
    schema.at(&[name, "default"]).and_then(Json::as_str)
}

/// Rules 1 and 2.
fn object_form(field: &str, schema: &Json<'_>, properties: &Json<'_>, group: &str) -> Option<Form> {
    let has = |name: &str| properties.get(name).is_some_and(is_string);
    if !has("name") {
        return None;
    }
    if has("kind") {
        return typed_form(field, properties, group);
    }
    let plain = |allowed: &[&str]| {
        let members = properties.members();
        members.iter().all(|(name, _)| allowed.contains(&&**name))
    };
    let core = |kind: &str| Some(Form::Local(TargetKind::new("", kind)));
    if plain(&["name", "key", "optional", "namespace"]) {
        let ends = |ends: &[&str]| ends.iter().any(|end| ends_as_word(field, end));
        if ends(&["SecretRef", "SecretRefs", "SecretKeyRef", "SecretToRef"])
            || field == "imagePullSecrets"
        {
            return core("Secret");
        }
        if ends(&["ConfigMapRef", "ConfigMapRefs", "ConfigMapKeyRef"]) {
            return core("ConfigMap");
        }
        // core/v1 SecretKeySelector and ConfigMapKeySelector by their documentation.
        let key = properties
            .at(&["key", "description"])
            .and_then(Json::as_str)
            .unwrap_or_default();
        if key.starts_with("The key of the secret to select from") {
            return core("Secret");
        }
        if key.starts_with("The key to select.") && field.to_lowercase().contains("configmap") {
            return core("ConfigMap");
        }
        return described_form(field, schema);
    }
    if plain(&["name", "namespace", "audiences"]) && ends_as_word(field, "ServiceAccountRef") {
        return core("ServiceAccount");
    }
    // core/v1 SecretProjection, ConfigMapProjection and ConfigMapVolumeSource.
    if plain(&["name", "items", "optional", "defaultMode"]) && properties.get("items").is_some() {
        return match field {
            "secret" => core("Secret"),
            "configMap" => core("ConfigMap"),
            _ => None,
        };
    }
    None
}

/// `{name}` in a field called `…Ref` whose description says to what.
fn described_form(field: &str, schema: &Json<'_>) -> Option<Form> {
    if !is_reference_name(field) {
        return None;
    }
    let says = schema.get("description").and_then(Json::as_str)?;
    let mut kinds = conventions::NAMED_KINDS.iter();
    let named = kinds.find(|named| {
        let field = field.trim_end_matches('s').trim_end_matches("Ref");
        ends_as_word(field, named.kind) && says_name_of(says, named.words)
    })?;
    Some(Form::Local(TargetKind::new(named.group, named.kind)))
}

fn typed_form(field: &str, properties: &Json<'_>, group: &str) -> Option<Form> {
    let text = |name: &str| properties.get(name).filter(|schema| is_string(schema));
    let kind_schema = text("kind")?;
    let kind = default_of(properties, "kind");
    let defaults = conventions::typed_default(group, field);
    let named_as_reference = is_reference_name(field) || conventions::TYPED_NAMES.contains(&field);
    let default_kind = defaults
        .map(|default| default.kind)
        .filter(|kind| !kind.is_empty());
    let group_schema = ["group", "apiGroup", "apiVersion"]
        .into_iter()
        .find_map(|name| Some((name, text(name)?)));
    if let Some((name, schema)) = group_schema
        && named_as_reference
    {
        let description = schema.get("description").and_then(Json::as_str);
        let by_schema = schema.get("default").and_then(Json::as_str).map(|default| {
            if name == "apiVersion" {
                super::extract::group_of(default)
            } else {
                default
            }
        });
        // core/v1 TypedLocalObjectReference: without an apiGroup, the kind is of the core group.
        let core = match name {
            "apiGroup" => true,
            "group" => description.is_some_and(|says| says.contains("core API group")),
            _ => false,
        };
        let fallback = defaults.map(|default| default.group);
        return Some(Form::Typed {
            group: by_schema
                .or(fallback)
                .or(core.then_some(""))
                .map(Into::into),
            kind: kind.or(default_kind).map(Into::into),
        });
    }
    let choices = kind_schema.get("enum").map_or(&[][..], Json::items);
    let only_core = !choices.is_empty()
        && choices
            .iter()
            .all(|choice| matches!(choice.as_str(), Some("Secret" | "ConfigMap")));
    if only_core {
        return Some(Form::Typed {
            group: Some("".into()),
            kind: kind.map(Into::into),
        });
    }
    let default = defaults?;
    Some(Form::Typed {
        group: Some(default.group.into()),
        kind: kind.or(default_kind).map(Into::into),
    })
}

/// Rule 3.
fn name_form(field: &str, description: &str) -> Option<Form> {
    let stem = field.strip_suffix("Name")?;
    let mut kinds = conventions::NAMED_KINDS.iter();
    let named = kinds.find(|named| {
        named.stems.iter().any(|known| ends_as_word(stem, known))
            && says_name_of(description, named.words)
    })?;
    Some(Form::Name(TargetKind::new(named.group, named.kind)))
}

fn is_reference_name(field: &str) -> bool {
    matches!(field, "ref" | "refs")
        || ["Ref", "Refs", "Reference", "References"]
            .iter()
            .any(|end| field.ends_with(end))
}

/// Whether a camelCase name ends with these words: `authSecretRef` and `secretRef` end with
/// `SecretRef`.
fn ends_as_word(field: &str, end: &str) -> bool {
    field.ends_with(end)
        || (field.len() == end.len() && field.is_ascii() && {
            let (first, rest) = field.split_at(1);
            let (wanted, others) = end.split_at(1);
            first.eq_ignore_ascii_case(wanted) && rest == others
        })
}

/// Whether a description says that the field holds the name of such an object: one of these
/// phrases, and the kind right after it.
fn says_name_of(description: &str, words: &[&str]) -> bool {
    const PHRASES: [&str; 6] = [
        "name of ",
        "reference to ",
        "refers to ",
        "references ",
        "name for ",
        "names ",
    ];
    /// As far as a noun may stand from its phrase: "the Kubernetes TLS Secret".
    const WORDS: usize = 5;
    let text = description.to_lowercase();
    PHRASES.iter().any(|phrase| {
        text.match_indices(phrase).any(|(at, found)| {
            let after = &text[at + found.len()..];
            let sentence = after.split(". ").next().unwrap_or(after);
            let near: Vec<_> = sentence.split_whitespace().take(WORDS).collect();
            let near = near.join(" ");
            words.iter().any(|word| near.contains(word))
        })
    })
}
