//! A session file while it is written: one connection, shared by the recorders of its contexts.

use std::{
    fs::OpenOptions,
    path::{Path, PathBuf},
    sync::Arc,
};

use jiff::Timestamp;
use parking_lot::Mutex;
use rusqlite::{Connection, OpenFlags};

use super::{JournalError, SessionWriter, schema};
use crate::model::ContextName;

/// A session file that is being written. Give each context's recorder a [`SessionFile::writer`],
/// and [`close`](SessionFile::close) it when they are done.
#[derive(Debug)]
pub struct SessionFile {
    shared: Arc<Shared>,
}

/// What the writers of one file share.
#[derive(Debug)]
pub(super) struct Shared {
    pub(super) path: PathBuf,
    pub(super) store: Mutex<Store>,
}

/// The connection and the state of its batch.
#[derive(Debug)]
pub(super) struct Store {
    /// `None` once closed.
    connection: Option<Connection>,
    /// Counts the batches that were lost: what writers know of rows from before may be gone.
    pub(super) lost_batches: u64,
    /// The first failure, which `close` passes on.
    first_error: Option<JournalError>,
}

impl SessionFile {
    /// Creates a session file that only its owner may read.
    ///
    /// # Errors
    /// When the file exists already, or cannot be created.
    pub fn create(path: &Path) -> Result<Self, JournalError> {
        create_private(path)?;
        let failed = |source| JournalError::sqlite("create", path, source);
        let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let mut connection = Connection::open_with_flags(path, flags).map_err(failed)?;
        prepare(&mut connection).map_err(failed)?;
        Ok(Self {
            shared: Arc::new(Shared {
                path: path.to_owned(),
                store: Mutex::new(Store {
                    connection: Some(connection),
                    lost_batches: 0,
                    first_error: None,
                }),
            }),
        })
    }

    /// Starts the recording of a context.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn writer(&self, context: &ContextName) -> Result<SessionWriter, JournalError> {
        SessionWriter::start(Arc::clone(&self.shared), context)
    }

    /// Ends all recordings and folds the log in: after this the session is one file. Writers that
    /// are still around fail from now on.
    ///
    /// # Errors
    /// The first error that any writer met, or one of closing.
    pub fn close(self) -> Result<(), JournalError> {
        let mut store = self.shared.store.lock();
        let Some(connection) = store.connection.take() else {
            return Ok(());
        };
        let closed = finish(&connection);
        drop(connection);
        if let Some(error) = store.first_error.take() {
            return Err(error);
        }
        closed.map_err(|source| JournalError::sqlite("close", &self.shared.path, source))
    }

    /// Runs a statement in the batch, to make the next one fail.
    #[cfg(test)]
    pub(super) fn sabotage(&self, sql: &str) {
        let mut store = self.shared.store.lock();
        let done = store.in_batch(&self.shared.path, |connection| {
            connection.execute_batch(sql)
        });
        done.expect("the statement is valid");
    }

    /// Removes the file again: nothing came to be recorded.
    pub fn discard(self) {
        drop(self.shared.store.lock().connection.take());
        // A file that stays behind is a nuisance and no loss.
        if let Err(error) = std::fs::remove_file(&self.shared.path) {
            tracing::debug!("cannot remove {}: {error}", self.shared.path.display());
        }
    }
}

impl Store {
    /// Runs `write` within the batch, which it begins where there is none. A failure loses the
    /// whole batch, because SQLite may have rolled it back already.
    pub(super) fn in_batch<T>(
        &mut self,
        path: &Path,
        write: impl FnOnce(&Connection) -> rusqlite::Result<T>,
    ) -> Result<T, JournalError> {
        let Some(connection) = &self.connection else {
            return Err(JournalError::Sqlite {
                action: "write to",
                path: path.to_owned(),
                source: rusqlite::Error::InvalidQuery,
            });
        };
        let begin = || match connection.is_autocommit() {
            true => connection.execute_batch("BEGIN"),
            false => Ok(()),
        };
        let result = begin().and_then(|()| write(connection));
        result.map_err(|source| self.lose(path, source))
    }

    /// Makes the batch durable.
    pub(super) fn commit(&mut self, path: &Path) -> Result<(), JournalError> {
        let Some(connection) = &self.connection else {
            return Ok(());
        };
        if connection.is_autocommit() {
            return Ok(());
        }
        connection
            .execute_batch("COMMIT")
            .map_err(|source| self.lose(path, source))
    }

    fn lose(&mut self, path: &Path, source: rusqlite::Error) -> JournalError {
        if let Some(connection) = &self.connection
            && !connection.is_autocommit()
            && let Err(error) = connection.execute_batch("ROLLBACK")
        {
            tracing::debug!("no rollback of {}: {error}", path.display());
        }
        self.lost_batches += 1;
        let what = source.to_string();
        let error = JournalError::sqlite("write to", path, source);
        if self.first_error.is_none() {
            tracing::error!("lost a batch of {}: {what}", path.display());
            self.first_error = Some(JournalError::Damaged {
                path: path.to_owned(),
                detail: format!("a part of the recording could not be written: {what}"),
            });
        }
        error
    }
}

/// Creates the file, which must not exist, readable by its owner only: it holds whatever the
/// cluster holds.
fn create_private(path: &Path) -> Result<(), JournalError> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    match options.open(path) {
        Ok(_) => Ok(()),
        Err(source) if source.kind() == std::io::ErrorKind::AlreadyExists => {
            Err(JournalError::Exists {
                path: path.to_owned(),
            })
        }
        Err(source) => Err(JournalError::Io {
            action: "create",
            path: path.to_owned(),
            source,
        }),
    }
}

fn prepare(connection: &mut Connection) -> rusqlite::Result<()> {
    connection.pragma_update(None, "journal_mode", "WAL")?;
    // A commit comes four times a second at most, so each may reach the disk: power loss then costs
    // one batch.
    connection.pragma_update(None, "synchronous", "FULL")?;
    // The writer hands out the ids itself.
    connection.pragma_update(None, "foreign_keys", "OFF")?;
    schema::migrate(connection)?;
    let mut meta = connection.prepare("INSERT INTO meta (key, value) VALUES (?1, ?2)")?;
    let recorder = concat!("kronika ", env!("CARGO_PKG_VERSION"));
    meta.execute(["created_by", recorder])?;
    meta.execute(["created_at", &Timestamp::now().to_string()])?;
    Ok(())
}

fn finish(connection: &Connection) -> rusqlite::Result<()> {
    let now = Timestamp::now().as_microsecond();
    if connection.is_autocommit() {
        connection.execute_batch("BEGIN")?;
    }
    connection.execute(
        "UPDATE recordings SET ended_at = ?1 WHERE ended_at IS NULL",
        [now],
    )?;
    connection.execute_batch("COMMIT")?;
    connection.execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")?;
    connection.flush_prepared_statement_cache();
    connection.execute_batch("PRAGMA journal_mode = DELETE")
}

impl Drop for Store {
    fn drop(&mut self) {
        if let Some(connection) = &self.connection
            && let Err(error) = finish(connection)
        {
            tracing::warn!("a session file was not closed cleanly: {error}");
        }
    }
}
