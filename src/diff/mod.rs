//! What differs between two revisions of an object, and who wrote it.

mod blame;
mod field_set;
mod ownership;
mod structural;
mod text;
mod yaml;
mod yaml_scalar;

pub use blame::{HistoryBlame, blame_history, line_owners};
pub use ownership::{Writers, owners, writers};
pub use structural::{FieldChange, compare, compare_all, touched};
pub use text::{DiffLine, DiffLineKind, DiffRow, diff_lines, fold, unified_text};
pub use yaml::{Noise, YamlLine, to_yaml, yaml_lines};
