//! What differs between two schemas: of one kind at two moments, or of two of its versions.

mod fields;
mod limits;
mod overview;
#[cfg(test)]
mod tests;

use std::fmt;

use super::Schema;

/// What a change of a schema means to those who use the kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Impact {
    /// What was right before may be refused, lost, or mean something else. So is everything of which
    /// a look at the schema cannot tell.
    Breaking,
    /// What was right before still is.
    Compatible,
    /// Only words changed.
    Documentation,
}

impl Impact {
    /// All of them, the worst first.
    pub const ALL: [Self; 3] = [Self::Breaking, Self::Compatible, Self::Documentation];

    /// Its name, in lower case.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Impact::Breaking => "breaking",
            Impact::Compatible => "compatible",
            Impact::Documentation => "documentation",
        }
    }
}

/// What a change is about.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Aspect {
    /// The field as a whole.
    Field,
    /// Its type.
    Type,
    /// Whether it has to be set.
    Required,
    /// Its default.
    Default,
    /// The values that it may have.
    Enum,
    /// A limit on its values, by its keyword.
    Limit(String),
    /// A CEL rule.
    Rule,
    /// How a list or a map is merged.
    Merging,
    /// What is kept of unknown fields.
    UnknownFields,
    /// Its description.
    Description,
    /// Whether it is deprecated.
    Deprecation,
    /// Another keyword of the schema.
    Keyword(String),
    /// A version of the CRD: whether it exists, is served, is stored.
    Version,
    /// A printer column.
    Column,
    /// A subresource.
    Subresource,
    /// Fields that selectors may name.
    SelectableField,
    /// Names, scope, conversion.
    Kind,
}

impl fmt::Display for Aspect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Aspect::Field => "field",
            Aspect::Type => "type",
            Aspect::Required => "required",
            Aspect::Default => "default",
            Aspect::Enum => "enum",
            Aspect::Limit(keyword) | Aspect::Keyword(keyword) => keyword,
            Aspect::Rule => "rule",
            Aspect::Merging => "merging",
            Aspect::UnknownFields => "unknown fields",
            Aspect::Description => "description",
            Aspect::Deprecation => "deprecation",
            Aspect::Version => "version",
            Aspect::Column => "column",
            Aspect::Subresource => "subresource",
            Aspect::SelectableField => "selectable field",
            Aspect::Kind => "kind",
        })
    }
}

/// One difference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SchemaChange {
    /// The field, as [`super::Field::path`] writes it; empty for what concerns the kind as a whole.
    pub path: String,
    /// What it is about.
    pub aspect: Aspect,
    /// What it means.
    pub impact: Impact,
    /// In words: `became required`.
    pub what: String,
    /// What was there before, where there was something.
    pub old: Option<String>,
    /// What is there now, where there is something.
    pub new: Option<String>,
}

/// Compares two schemas. The changes of the kind come first, then those of the fields in the order of
/// the newer schema, each removed field where it was.
#[must_use]
pub fn compare(old: &Schema, new: &Schema) -> Vec<SchemaChange> {
    let mut changes = Changes::default();
    overview::compare(old, new, &mut changes);
    fields::compare(&old.root(), &new.root(), &mut changes);
    changes.0
}

#[derive(Default)]
struct Changes(Vec<SchemaChange>);

impl Changes {
    fn push(
        &mut self,
        (path, aspect, impact): (&str, Aspect, Impact),
        what: impl Into<String>,
        old: Option<String>,
        new: Option<String>,
    ) {
        self.0.push(SchemaChange {
            path: path.to_owned(),
            aspect,
            impact,
            what: what.into(),
            old,
            new,
        });
    }
}
