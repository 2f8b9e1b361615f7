//! The schemas that views look at. A megabyte of schema takes longer to parse than a frame may, so
//! that is done in the background.

use std::sync::Arc;

use super::{
    background::{Background, Progress},
    views::diff::model::DiffModel,
};
use crate::{
    model::{Definition, Topology},
    schema::{Schema, SchemaChange, compare, version_text},
    timeline::KindHistory,
};

/// Parsed schemas that are kept: those of the kinds that were looked at last.
const SCHEMAS: usize = 8;
/// Comparisons that are kept.
const COMPARISONS: usize = 4;

/// One version of a definition.
#[derive(Debug, Clone)]
pub struct SchemaKey {
    definition: Arc<Definition>,
    version: String,
}

impl SchemaKey {
    /// One version of a definition.
    #[must_use]
    pub fn new(definition: &Arc<Definition>, version: &str) -> Self {
        Self {
            definition: Arc::clone(definition),
            version: version.to_owned(),
        }
    }

    /// What the CRD of a kind said at a moment (microseconds since the epoch); before it was first
    /// seen, what was seen first. `None` for kinds of which only API discovery is known.
    #[must_use]
    pub fn at(kind: &KindHistory, wall: i64) -> Option<Self> {
        let seen = kind
            .definitions
            .partition_point(|known| known.at.wall <= wall);
        let known = kind.definitions.get(seen.saturating_sub(1))?;
        Some(Self::new(&known.definition, &kind.kind.version))
    }

    /// The name of the version.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }
}

impl PartialEq for SchemaKey {
    /// A definition is kept alive by its key, so that its place tells it apart.
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.definition, &other.definition) && self.version == other.version
    }
}

/// Two schemas compared, and their texts.
#[derive(Debug)]
pub struct Comparison {
    /// What differs.
    pub changes: Vec<SchemaChange>,
    /// The YAML of both.
    pub text: DiffModel,
}

/// The schemas of one context.
#[derive(Debug)]
pub struct Schemas {
    schemas: Background<SchemaKey, Schema>,
    comparisons: Background<(SchemaKey, SchemaKey), Comparison>,
}

impl Default for Schemas {
    fn default() -> Self {
        Self {
            schemas: Background::new(SCHEMAS),
            comparisons: Background::new(COMPARISONS),
        }
    }
}

impl Schemas {
    /// The schema of one version of a definition.
    pub fn get(&mut self, ctx: &egui::Context, key: &SchemaKey) -> Progress<Schema> {
        self.schemas.get(ctx, key, parse)
    }

    /// An older and a newer one, compared.
    pub fn compare(
        &mut self,
        ctx: &egui::Context,
        older: &SchemaKey,
        newer: &SchemaKey,
    ) -> Progress<Comparison> {
        let key = (older.clone(), newer.clone());
        self.comparisons.get(ctx, &key, |(older, newer)| {
            let text = |key: &SchemaKey| {
                version_text(&key.definition, &key.version).map_err(|error| error.to_string())
            };
            Ok(Comparison {
                changes: compare(&parse(older)?, &parse(newer)?),
                text: DiffModel::of(
                    Some(text(older)?.as_bytes()),
                    text(newer)?.as_bytes(),
                    true,
                    Topology::unknown(),
                )?,
            })
        })
    }
}

fn parse(key: &SchemaKey) -> Result<Schema, String> {
    Schema::of(&key.definition, &key.version).map_err(|error| error.to_string())
}
