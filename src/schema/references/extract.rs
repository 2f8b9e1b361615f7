//! Reads the links of one object.

use std::{fmt::Write as _, sync::Arc};

use super::{
    Form, Link, LinkKind, Node, ReferenceFields, TargetKind, TargetNamespace, conventions,
};
use crate::model::Json;

/// All that an object says about others: owners first, then labels, then fields in their order.
#[must_use]
pub fn links_of(object: &Json<'_>, fields: &ReferenceFields) -> Vec<Link> {
    let mut links = Vec::new();
    owners(object, &mut links);
    labels(object, &mut links);
    let mut path = String::new();
    fields.root.visit(object, &mut path, &mut links);
    conventions::argo_resources(object, &mut links);
    links
}

/// The group of `group/version`; a version alone is the core group.
pub(super) fn group_of(api_version: &str) -> &str {
    api_version.split_once('/').map_or("", |(group, _)| group)
}

fn owners(object: &Json<'_>, links: &mut Vec<Link>) {
    let references = object.at(&["metadata", "ownerReferences"]);
    for (i, reference) in references.map_or(&[][..], Json::items).iter().enumerate() {
        let text = |name: &str| reference.get(name).and_then(Json::as_str);
        let is = |name: &str| reference.get(name).and_then(Json::as_bool) == Some(true);
        let (Some(api_version), Some(kind), Some(name), Some(uid)) =
            (text("apiVersion"), text("kind"), text("name"), text("uid"))
        else {
            continue;
        };
        links.push(Link {
            kind: LinkKind::Owner {
                controller: is("controller"),
                block_deletion: is("blockOwnerDeletion"),
            },
            group: group_of(api_version).into(),
            target_kind: kind.into(),
            namespace: TargetNamespace::Own,
            name: name.into(),
            uid: Some(uid.into()),
            field: format!("metadata.ownerReferences[{i}]").into(),
        });
    }
}

fn labels(object: &Json<'_>, links: &mut Vec<Link>) {
    let own_kind = object
        .get("kind")
        .and_then(Json::as_str)
        .unwrap_or_default();
    let own_group = object
        .get("apiVersion")
        .and_then(Json::as_str)
        .map(group_of)
        .unwrap_or_default();
    for rule in conventions::LABELS {
        let Some(value) = object
            .at(&["metadata", "labels", rule.name])
            .and_then(Json::as_str)
            .filter(|value| !value.is_empty())
        else {
            continue;
        };
        if rule.only.is_some_and(|only| !only.contains(&own_kind))
            || (own_group == rule.group && own_kind == rule.kind)
        {
            continue;
        }
        let namespace = match rule.namespace {
            None => TargetNamespace::Own,
            Some(label) => match object
                .at(&["metadata", "labels", label])
                .and_then(Json::as_str)
            {
                Some(namespace) => TargetNamespace::Named(namespace.into()),
                None => continue,
            },
        };
        let kind = if rule.manages {
            LinkKind::Managed
        } else {
            LinkKind::Reference
        };
        let field = format!("metadata.labels[{}]", rule.name);
        links.push(Link::found(
            kind,
            (rule.group, rule.kind),
            namespace,
            value,
            field,
        ));
    }
    conventions::argo_tracking(object, links);
}

impl Node {
    fn visit(&self, value: &Json<'_>, path: &mut String, links: &mut Vec<Link>) {
        if let Some(form) = &self.form {
            links.extend(form.link(value, path));
        }
        let length = path.len();
        match value {
            Json::Object(members) => {
                for (name, value) in members {
                    let Some(node) = self.member(name).or(self.each.as_deref()) else {
                        continue;
                    };
                    if length > 0 {
                        path.push('.');
                    }
                    path.push_str(name);
                    node.visit(value, path, links);
                    path.truncate(length);
                }
            }
            Json::Array(items) => {
                let Some(each) = &self.each else {
                    return;
                };
                for (i, item) in items.iter().enumerate() {
                    // Writing to a string does not fail.
                    let _ = write!(path, "[{i}]");
                    each.visit(item, path, links);
                    path.truncate(length);
                }
            }
            _ => {}
        }
    }
}

impl Form {
    fn link(&self, value: &Json<'_>, path: &str) -> Option<Link> {
        let text = |name: &str| {
            value
                .get(name)
                .and_then(Json::as_str)
                .filter(|text| !text.is_empty())
        };
        let namespace = || match text("namespace") {
            Some(namespace) => TargetNamespace::Named(namespace.into()),
            None => TargetNamespace::Own,
        };
        let link = |group: &str, kind: &str, namespace, name: &str| Link {
            kind: LinkKind::Reference,
            group: group.into(),
            target_kind: kind.into(),
            namespace,
            name: name.into(),
            uid: None,
            field: path.into(),
        };
        match self {
            Form::Name(target) => {
                let name = value.as_str().filter(|name| !name.is_empty())?;
                Some(link(
                    &target.group,
                    &target.kind,
                    TargetNamespace::Own,
                    name,
                ))
            }
            Form::Local(target) => {
                let kind = target.kind_of(value);
                Some(link(&target.group, kind, namespace(), text("name")?))
            }
            Form::Typed { group, kind } => {
                let kind = text("kind").or(kind.as_deref())?;
                // An empty group is the core group, and not the same as none.
                let told = ["group", "apiGroup"]
                    .into_iter()
                    .find_map(|name| value.get(name).and_then(Json::as_str))
                    .or_else(|| text("apiVersion").map(group_of));
                let group = told.or(group.as_deref())?;
                Some(link(group, kind, namespace(), text("name")?))
            }
        }
    }
}

impl TargetKind {
    fn kind_of(&self, value: &Json<'_>) -> &str {
        match &self.switch {
            Some((member, other)) if value.get(member).and_then(Json::as_bool) == Some(true) => {
                other
            }
            _ => &self.kind,
        }
    }
}

impl Link {
    /// A reference that a convention found.
    pub(super) fn found(
        kind: LinkKind,
        (group, target_kind): (&str, &str),
        namespace: TargetNamespace,
        name: &str,
        field: impl Into<Arc<str>>,
    ) -> Self {
        Self {
            kind,
            group: group.into(),
            target_kind: target_kind.into(),
            namespace,
            name: name.into(),
            uid: None,
            field: field.into(),
        }
    }
}
