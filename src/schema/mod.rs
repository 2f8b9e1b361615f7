//! What the schema of a kind says about its fields.
//!
//! A [`crate::model::Definition`] is the CRD's text. [`KindSchema`] holds the few facts of it that
//! every change is judged by, worked out once per definition.

mod kind_schema;
mod list_keys;

pub use kind_schema::KindSchema;
