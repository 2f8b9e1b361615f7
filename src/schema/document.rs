//! The schema of one version of a CRD, parsed.

use std::io;

use super::{
    Field, Overview,
    field::Sources,
    overview::RawSpec,
    path::{self, Token},
    standard,
};
use crate::model::{Definition, FieldPath, Json, JsonError};

/// The schema of one version of a CRD. The parse takes milliseconds per megabyte, so it is no work
/// for a frame; what a field says is read from it when it is asked for.
#[derive(Debug)]
pub struct Schema {
    overview: Overview,
    version: String,
    root: Json<'static>,
}

/// A schema that cannot be had.
#[derive(Debug, thiserror::Error)]
pub enum SchemaError {
    /// The kept definition is damaged.
    #[error("the definition cannot be read back: {0}")]
    Damaged(#[from] io::Error),
    /// The definition is not JSON.
    #[error("the definition is {0}")]
    NotJson(#[from] JsonError),
    /// The definition is JSON, but not of a CRD.
    #[error("the definition is not that of a CRD: {0}")]
    NotACrd(#[from] serde_json::Error),
    /// There is no such version.
    #[error("the definition has no version {wanted}; it has {}", known.join(", "))]
    NoVersion {
        /// What was asked for.
        wanted: String,
        /// What there is.
        known: Vec<String>,
    },
}

impl Schema {
    /// Parses one version of a definition.
    ///
    /// # Errors
    /// When the definition is damaged, or has no such version.
    pub fn of(definition: &Definition, version: &str) -> Result<Self, SchemaError> {
        Self::parse(&definition.spec()?, version)
    }

    /// Parses one version of a CRD's `spec`.
    ///
    /// # Errors
    /// When it is not the `spec` of a CRD, or has no such version.
    pub fn parse(spec: &[u8], version: &str) -> Result<Self, SchemaError> {
        let spec: RawSpec<'_> = serde_json::from_slice(spec)?;
        let known = spec.versions.iter().find(|known| known.name == version);
        let Some(found) = known else {
            return Err(SchemaError::NoVersion {
                wanted: version.to_owned(),
                known: spec.versions.into_iter().map(|known| known.name).collect(),
            });
        };
        let text = found.schema.as_ref().and_then(|schema| schema.schema);
        let root = match text {
            Some(text) => Json::parse(text.get().as_bytes())?.into_owned(),
            None => Json::Object(Vec::new()),
        };
        Ok(Self {
            overview: spec.overview(),
            version: version.to_owned(),
            root,
        })
    }

    /// What the CRD says beside the fields.
    #[must_use]
    pub fn overview(&self) -> &Overview {
        &self.overview
    }

    /// The name of the version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Whether the version says anything of its fields.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.root.members().is_empty()
    }

    /// The object as a whole.
    #[must_use]
    pub fn root(&self) -> Field<'_> {
        Field::root(Sources::new(Some(&self.root), Some(standard::object())))
    }

    /// The field at a place of an object. `None` where the schema knows none.
    #[must_use]
    pub fn field(&self, path: &FieldPath) -> Option<Field<'_>> {
        let (field, rest) = self.nearest(path);
        (rest == 0).then_some(field)
    }

    /// The innermost known field on the way to a place of an object, and how many steps further the
    /// place is.
    #[must_use]
    pub fn nearest(&self, path: &FieldPath) -> (Field<'_>, usize) {
        let tokens: Vec<_> = path.tokens().collect();
        let mut field = self.root();
        for (at, token) in tokens.iter().enumerate() {
            let next = field
                .property(token)
                .or_else(|| {
                    let is_index = !token.is_empty() && token.bytes().all(|b| b.is_ascii_digit());
                    field.items().filter(|_| is_index)
                })
                .or_else(|| field.values());
            match next {
                Some(next) => field = next,
                None => return (field, tokens.len() - at),
            }
        }
        (field, 0)
    }

    /// The field that people write `spec.rules[].name`, `.spec.rules.name`, `spec.rules[0].name` or
    /// `/spec/rules/0/name`: lists and maps may be passed over, as `kubectl explain` does.
    #[must_use]
    pub fn find(&self, written: &str) -> Option<Field<'_>> {
        if written.starts_with('/') {
            return self.field(&FieldPath::from_pointer(written));
        }
        let tokens = path::tokens(written)?;
        tokens
            .iter()
            .try_fold(self.root(), |field, token| match token {
                Token::Name(name) => below(field, name),
                Token::Any => field.items().or_else(|| field.values()),
                Token::Key(key) => field
                    .items()
                    .or_else(|| field.property(key))
                    .or_else(|| field.values()),
            })
    }

    /// Every field, parents before children.
    pub fn fields(&self) -> impl Iterator<Item = Field<'_>> {
        let mut open = vec![self.root()];
        std::iter::from_fn(move || {
            let next = open.pop()?;
            let first = open.len();
            open.extend(next.children());
            open[first..].reverse();
            Some(next)
        })
    }
}

/// A field by its name, through lists and, if need be, as the key of a map.
fn below<'s>(field: Field<'s>, name: &str) -> Option<Field<'s>> {
    if let Some(found) = field.property(name) {
        return Some(found);
    }
    if let Some(items) = field.items() {
        return below(items, name);
    }
    let values = field.values()?;
    values.property(name).or(Some(values))
}

/// The text of one version of a CRD's `spec` for a reader: everything but the other versions.
///
/// # Errors
/// When the definition is damaged, or has no such version.
pub fn version_text(definition: &Definition, version: &str) -> Result<String, SchemaError> {
    let text = definition.spec()?;
    let spec = Json::parse(&text)?;
    let members = spec.members().iter().map(|(name, value)| {
        let value = match (&**name, value) {
            ("versions", Json::Array(versions)) => {
                let is_it = |of: &&Json<'_>| of.get("name").and_then(Json::as_str) == Some(version);
                Json::Array(versions.iter().filter(is_it).cloned().collect())
            }
            (_, value) => value.clone(),
        };
        (name.clone(), value)
    });
    Ok(Json::Object(members.collect()).to_compact())
}
