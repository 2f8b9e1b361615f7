//! What differs between two revisions of an object, and who wrote it.

mod field_set;
mod ownership;
mod structural;
mod yaml;
mod yaml_scalar;

pub use ownership::{Writers, owners, writers};
pub use structural::{FieldChange, compare, compare_all, touched};
pub use yaml::{Noise, YamlLine, to_yaml, yaml_lines};
