//! What the schema of a kind says about its fields.
//!
//! A [`crate::model::Definition`] is the CRD's text. [`KindSchema`] holds the few facts of it that
//! every change is judged by, worked out once per definition. [`Schema`] is one version of it,
//! parsed for a reader, and [`Field`] a place in it; [`compare`] tells two of them apart.

mod cel;
mod compare;
mod constraints;
mod deprecation;
mod document;
mod facts;
mod field;
mod immutability;
mod kind_schema;
mod list_keys;
mod overview;
mod path;
mod references;
mod standard;
mod transition;
mod value;

pub use compare::{Aspect, Impact, SchemaChange, compare};
pub use document::{Schema, SchemaError, version_text};
pub use facts::{ListMerging, Rule};
pub use field::{Field, Step};
pub use immutability::Immutability;
pub use kind_schema::KindSchema;
pub use overview::{Names, Overview, Scale, VersionFacts};
pub use references::{Link, LinkKind, ReferenceFields, TargetNamespace, conventions, links_of};
pub use transition::{Transitions, Verdict};
pub use value::plain;
