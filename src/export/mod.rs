//! Changes and gaps in forms for other programs.

mod json;
mod ndjson;

pub use json::{change_line, gap_line};
pub use ndjson::NdjsonSink;
