//! Which fields of a kind name other objects, and the links that an object has by them.
//!
//! A wrong edge is worse than none, so a field counts only where something says that it is a
//! reference and to what:
//!
//! 1. *Typed references*: an object whose schema has `name`, `kind` and one of `group`, `apiGroup`,
//!    `apiVersion`, in a field called `…Ref`, `…Refs`, `…Reference` (API conventions, "Object
//!    references"; Gateway API GEP-709 for groups). What the object leaves out comes from the
//!    schema's `default`, or from [`conventions::TYPED_DEFAULTS`].
//! 2. *Secrets and ConfigMaps*: `…SecretRef`, `…SecretKeyRef`, `…ConfigMapRef`, `…ConfigMapKeyRef`,
//!    `imagePullSecrets` and the volume sources with the members that `core/v1` gives those types,
//!    and enumerations of no other kind than these two.
//! 3. *Names*: `secretName`, `storageClassName` and the like where the field's description says
//!    that it is the name of such an object.
//! 4. *Known fields*: [`conventions::KNOWN_FIELDS`], each with its source.
//! 5. *Labels*: [`conventions::LABELS`], each with its source.
//!
//! `status` is left out: it repeats what `spec` says, or tells of objects that may be gone.

mod compile;
pub mod conventions;
mod extract;
#[cfg(test)]
mod tests;

use std::sync::Arc;

pub use extract::links_of;

/// How one object points to another.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum LinkKind {
    /// `metadata.ownerReferences`: the target owns the object.
    Owner {
        /// The target is its managing controller.
        controller: bool,
        /// The target is deleted after it (foreground deletion).
        block_deletion: bool,
    },
    /// A label or annotation says that the target manages the object.
    Managed,
    /// A field names the target.
    Reference,
}

/// In which namespace the target is, if its kind has namespaces.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum TargetNamespace {
    /// In this one.
    Named(Arc<str>),
    /// In the namespace of the object that points to it.
    Own,
    /// The convention does not tell.
    Unknown,
}

/// A link from an object to another one, as the object says it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Link {
    /// How it points.
    pub kind: LinkKind,
    /// API group of the target; empty for the core group.
    pub group: Arc<str>,
    /// Kind of the target.
    pub target_kind: Arc<str>,
    /// Where the target is.
    pub namespace: TargetNamespace,
    /// Name of the target.
    pub name: Arc<str>,
    /// Incarnation of the target: owner references name it.
    pub uid: Option<Arc<str>>,
    /// Where the object says so: `spec.rules[0].backendRefs[1]`.
    pub field: Arc<str>,
}

/// The fields of one version of a kind that name other objects, as a tree along the object.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ReferenceFields {
    root: Node,
}

/// One place of the tree.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(super) struct Node {
    /// Members by name, sorted.
    members: Vec<(Box<str>, Node)>,
    /// Items of an array, or values of a map.
    each: Option<Box<Node>>,
    /// What the value here names.
    form: Option<Form>,
}

/// How a value names an object.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Form {
    /// A string: the name.
    Name(TargetKind),
    /// An object with `name`, and `namespace` where it has one.
    Local(TargetKind),
    /// An object that also tells the kind; what it leaves out is filled in.
    Typed {
        /// The group where it tells none; `None`: then it names nothing.
        group: Option<Box<str>>,
        /// The kind where it tells none; `None`: then it names nothing.
        kind: Option<Box<str>>,
    },
}

/// A kind that a field names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct TargetKind {
    group: Box<str>,
    kind: Box<str>,
    /// A member that, being true, means another kind: `clusterScope`.
    switch: Option<(Box<str>, Box<str>)>,
}

impl TargetKind {
    fn new(group: &str, kind: &str) -> Self {
        Self {
            group: group.into(),
            kind: kind.into(),
            switch: None,
        }
    }
}

impl ReferenceFields {
    /// Whether no field names another object.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.root == Node::default()
    }

    /// Every reference field, as `spec.issuerRef -> cert-manager.io/Issuer`, in their order.
    #[must_use]
    pub fn describe(&self) -> Vec<String> {
        let mut lines = Vec::new();
        self.root.describe(String::new(), &mut lines);
        lines
    }
}

impl Node {
    fn is_empty(&self) -> bool {
        self.members.is_empty() && self.each.is_none() && self.form.is_none()
    }

    fn member(&self, name: &str) -> Option<&Node> {
        let place = self
            .members
            .binary_search_by(|(known, _)| (**known).cmp(name));
        Some(&self.members[place.ok()?].1)
    }

    fn describe(&self, path: String, lines: &mut Vec<String>) {
        let of = |group: &str, kind: &str| match group {
            "" => kind.to_owned(),
            group => format!("{group}/{kind}"),
        };
        match &self.form {
            Some(Form::Name(target) | Form::Local(target)) => {
                lines.push(format!("{path} -> {}", of(&target.group, &target.kind)));
            }
            Some(Form::Typed { group, kind }) => {
                let kind = kind.as_deref().unwrap_or("?");
                let target = group
                    .as_deref()
                    .map_or_else(|| format!("?/{kind}"), |group| of(group, kind));
                lines.push(format!("{path} => {target}"));
            }
            None => {}
        }
        for (name, node) in &self.members {
            let path = match path.as_str() {
                "" => name.to_string(),
                path => format!("{path}.{name}"),
            };
            node.describe(path, lines);
        }
        if let Some(each) = &self.each {
            each.describe(format!("{path}[]"), lines);
        }
    }
}
