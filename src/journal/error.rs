//! What can be wrong with a session file.

use std::{
    io,
    path::{Path, PathBuf},
};

/// A session file that could not be written or read.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// There is a file already, and nothing is ever overwritten.
    #[error("{} exists already", path.display())]
    Exists {
        /// The file.
        path: PathBuf,
    },
    /// The system refused to create or open the file.
    #[error("cannot {action} {}: {source}", path.display())]
    Io {
        /// `create` or `open`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A file of something else.
    #[error("{} is not a Kronika session", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// Written by a newer Kronika.
    #[error("{} has version {found} of the session format, this Kronika reads up to {known}", path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// Its version.
        found: i64,
        /// The newest version that is known here.
        known: i64,
    },
    /// The file is cut or its content contradicts itself.
    #[error("{} is damaged: {detail}", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        detail: String,
    },
    /// SQLite could not read or write.
    #[error("cannot {action} {}: {source}", path.display())]
    Sqlite {
        /// What was tried, for example `write to`.
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: rusqlite::Error,
    },
}

impl JournalError {
    /// Sorts an error of SQLite: damage and foreign files have their own kinds.
    pub(super) fn sqlite(action: &'static str, path: &Path, source: rusqlite::Error) -> Self {
        let path = path.to_owned();
        match source.sqlite_error_code() {
            Some(rusqlite::ErrorCode::NotADatabase) => Self::Foreign { path },
            Some(rusqlite::ErrorCode::DatabaseCorrupt) => {
                let detail = source.to_string();
                Self::Damaged { path, detail }
            }
            _ => Self::Sqlite {
                action,
                path,
                source,
            },
        }
    }

    /// What to try, in one sentence.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        Some(match self {
            JournalError::Exists { .. } => {
                "choose another name, or move the old recording away first".into()
            }
            JournalError::Io {
                action: "create",
                source,
                path,
            } => match source.kind() {
                io::ErrorKind::NotFound => {
                    let directory = path.parent().unwrap_or(Path::new("."));
                    format!("make the directory first: mkdir -p {}", directory.display())
                }
                io::ErrorKind::PermissionDenied => {
                    "choose a directory that you may write to".into()
                }
                _ => return None,
            },
            JournalError::Io { source, .. } => match source.kind() {
                io::ErrorKind::NotFound => {
                    "check the path; `kronika record --out FILE` writes a session".into()
                }
                io::ErrorKind::PermissionDenied => {
                    "session files are private to the user who recorded them (mode 0600)".into()
                }
                _ => return None,
            },
            JournalError::Foreign { .. } => {
                "a session is a file that `kronika record --out FILE` wrote".into()
            }
            JournalError::Newer { .. } => "update Kronika to read it".into(),
            JournalError::Damaged { path, .. } => format!(
                "copy the file again from where it was recorded; `sqlite3 {} .recover` gets out what \
                 is left",
                path.display()
            ),
            JournalError::Sqlite { source, .. } => match source.sqlite_error_code() {
                Some(rusqlite::ErrorCode::DiskFull) => "make room on the disk".into(),
                Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                    "another program holds the file: close it first".into()
                }
                _ => return None,
            },
        })
    }
}
