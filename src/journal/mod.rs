//! The session file: a recording as one SQLite database.
//!
//! `schema.sql` is the format's documentation. While a file is written it is in WAL mode and any
//! `sqlite3` can look on; [`SessionFile::close`] folds the log in, so that a closed session is one
//! file. A crash loses at most the batch that was not yet flushed.

mod codes;
mod error;
mod read;
mod schema;
mod session_file;
mod writer;

#[cfg(test)]
mod tests;

pub use error::JournalError;
pub use read::{SessionSpan, read_session, session_span};
pub use session_file::SessionFile;
pub use writer::SessionWriter;
