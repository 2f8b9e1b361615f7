//! The place of a field in an object.

use std::{fmt, sync::Arc};

use serde::{Deserialize, Serialize};

/// A JSON pointer (RFC 6901) into an object, for example `/spec/replicas`. The empty pointer is
/// the whole object.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct FieldPath(Arc<str>);

/// One step of a [`FieldPath`].
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum PathStep {
    /// A member of an object.
    Field(String),
    /// An item of an array. In a pointer it looks like a field, so only a walk along an object
    /// can tell them apart.
    Index(usize),
}

impl FieldPath {
    /// The whole object.
    #[must_use]
    pub fn root() -> Self {
        Self("".into())
    }

    /// Takes a JSON pointer as it is.
    #[must_use]
    pub fn from_pointer(pointer: &str) -> Self {
        Self(pointer.into())
    }

    /// Takes a shared JSON pointer as it is.
    #[must_use]
    pub fn from_shared(pointer: Arc<str>) -> Self {
        Self(pointer)
    }

    /// Joins steps.
    #[must_use]
    pub fn from_steps(steps: &[PathStep]) -> Self {
        let mut pointer = String::new();
        for step in steps {
            push_step(&mut pointer, step);
        }
        Self(pointer.into())
    }

    /// This path and one more step.
    #[must_use]
    pub fn join(&self, step: &PathStep) -> Self {
        let mut pointer = self.0.to_string();
        push_step(&mut pointer, step);
        Self(pointer.into())
    }

    /// The JSON pointer.
    #[must_use]
    pub fn as_pointer(&self) -> &str {
        &self.0
    }

    /// The pointer's shared text.
    #[must_use]
    pub fn shared(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }

    /// The unescaped tokens of the pointer.
    pub fn tokens(&self) -> impl Iterator<Item = String> + '_ {
        self.0
            .split('/')
            .skip(1)
            .map(|token| token.replace("~1", "/").replace("~0", "~"))
    }

    /// As people write it: `spec.replicas`, `status.conditions[0].status`.
    #[must_use]
    pub fn dotted(&self) -> String {
        let mut text = String::new();
        for token in self.tokens() {
            let is_index = !token.is_empty() && token.bytes().all(|b| b.is_ascii_digit());
            if is_index || token.contains(['.', '/']) {
                text.push_str(&format!("[{token}]"));
            } else {
                if !text.is_empty() {
                    text.push('.');
                }
                text.push_str(&token);
            }
        }
        text
    }

    /// Whether this path is `other` or lies below it.
    #[must_use]
    pub fn is_within(&self, other: &FieldPath) -> bool {
        self.0
            .strip_prefix(&*other.0)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }
}

/// Appends one step to a pointer under construction.
fn push_step(pointer: &mut String, step: &PathStep) {
    pointer.push('/');
    match step {
        PathStep::Field(name) => {
            for c in name.chars() {
                match c {
                    '~' => pointer.push_str("~0"),
                    '/' => pointer.push_str("~1"),
                    c => pointer.push(c),
                }
            }
        }
        PathStep::Index(index) => pointer.push_str(&index.to_string()),
    }
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn escapes_and_unescapes_tokens() {
        let path = FieldPath::from_steps(&[
            PathStep::Field("metadata".into()),
            PathStep::Field("annotations".into()),
            PathStep::Field("a.b/c~d".into()),
        ]);
        assert_eq!(path.as_pointer(), "/metadata/annotations/a.b~1c~0d");
        assert_eq!(path.tokens().last().as_deref(), Some("a.b/c~d"));
        assert_eq!(path.dotted(), "metadata.annotations[a.b/c~d]");
    }

    #[test]
    fn a_sibling_with_the_same_prefix_is_not_within() {
        let spec = FieldPath::from_pointer("/spec");
        assert!(FieldPath::from_pointer("/spec/a").is_within(&spec));
        assert!(!FieldPath::from_pointer("/specification").is_within(&spec));
    }
}
