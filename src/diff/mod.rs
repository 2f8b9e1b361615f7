//! What differs between two revisions of an object, and who wrote it.

mod alignment;
mod blame;
mod holders;
mod line_owners;
mod order;
mod ownership;
mod structural;
mod text;
mod yaml;
mod yaml_scalar;

pub use blame::{Blame, BlameRevision, FieldOrigin, Seen, Writer};
pub use line_owners::line_owners;
pub use order::in_order_of;
pub use ownership::{Writers, owners, writers};
pub use structural::{
    Difference, FieldChange, compare, compare_all, compare_with, is_timestamp, touched,
};
pub use text::{DiffLine, DiffLineKind, DiffRow, diff_lines, fold, unified_text};
pub use yaml::{Noise, YamlLine, to_yaml, yaml_lines};
