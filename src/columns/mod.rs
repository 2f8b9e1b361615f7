//! The rows of a table: a row is a pure function of an object.
//!
//! Its cells are what the API server's table conversion gives for custom resources
//! (`k8s.io/apiextensions-apiserver/pkg/registry/customresource/tableconvertor`), and their text is
//! what `kubectl get` prints of them.

mod cell;
mod compiled;
mod evaluate;
mod go_text;
mod human_duration;
mod json_path;

pub use cell::Cell;
pub use compiled::{CompiledColumns, DroppedColumns, Heading};
pub use human_duration::human_duration;
