//! Versions of the schema, and what says that a database is ours.

use std::{
    fs::File,
    io::{self, Read},
    path::{Path, PathBuf},
};

use rusqlite::{Connection, OpenFlags, backup::Backup};

use super::JournalError;

/// "KRON", in the SQLite header where `file` and others look for the application.
pub(super) const APPLICATION_ID: i64 = 0x4B52_4F4E;

/// Step n brings version n to n + 1.
const MIGRATIONS: [&str; 2] = [include_str!("schema.sql"), include_str!("schema_2.sql")];

/// The newest version of the schema.
pub(super) const VERSION: i64 = MIGRATIONS.len() as i64;

/// First bytes of every SQLite database (its file format, section 1.3.1).
const MAGIC: &[u8] = b"SQLite format 3\0";
/// Bytes of the header (section 1.3).
const HEADER: usize = 100;

/// Brings an empty or older database to the newest version.
pub(super) fn migrate(connection: &mut Connection) -> rusqlite::Result<()> {
    let version = user_version(connection)?;
    let done = usize::try_from(version).unwrap_or(0);
    let transaction = connection.transaction()?;
    for step in MIGRATIONS.iter().skip(done) {
        transaction.execute_batch(step)?;
    }
    transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
    transaction.pragma_update(None, "user_version", VERSION)?;
    transaction.commit()
}

/// Opens a session for reading and says clearly why it is none. One of an older version comes as a
/// copy in memory, brought to the newest; the file stays as it is.
pub(super) fn open(path: &Path) -> Result<Connection, JournalError> {
    let io_error = |source| JournalError::Io {
        action: "open",
        path: path.to_owned(),
        source,
    };
    let foreign = || JournalError::Foreign {
        path: path.to_owned(),
    };
    let mut file = File::open(path).map_err(io_error)?;
    let mut header = [0; HEADER];
    match file.read_exact(&mut header) {
        Ok(()) if header.starts_with(MAGIC) => {}
        Ok(()) => return Err(foreign()),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Err(foreign()),
        Err(error) => return Err(io_error(error)),
    }
    let (size, whole) = (
        file.metadata().map_err(io_error)?.len(),
        size_by_header(&header),
    );
    drop(file);
    // SQLite does not notice a cut within the last page. While a file is written (it has a log
    // then), its header and its size change one after the other.
    if size < whole && !log_of(path).exists() {
        let detail = format!("the last {} of {whole} bytes are missing", whole - size);
        return Err(JournalError::Damaged {
            path: path.to_owned(),
            detail,
        });
    }

    let failed = |source| JournalError::sqlite("open", path, source);
    let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    let connection = Connection::open_with_flags(path, flags).map_err(failed)?;
    let application: i64 = connection
        .pragma_query_value(None, "application_id", |row| row.get(0))
        .map_err(failed)?;
    if application != APPLICATION_ID {
        return Err(foreign());
    }
    match user_version(&connection).map_err(failed)? {
        VERSION => Ok(connection),
        found if found > VERSION => Err(JournalError::Newer {
            path: path.to_owned(),
            found,
            known: VERSION,
        }),
        found if found > 0 => newest_copy(&connection).map_err(failed),
        found => Err(JournalError::Damaged {
            path: path.to_owned(),
            detail: format!("version {found} of the format never existed"),
        }),
    }
}

fn newest_copy(older: &Connection) -> rusqlite::Result<Connection> {
    let mut copy = Connection::open_in_memory()?;
    // A negative count of pages: all of them in one step.
    Backup::new(older, &mut copy)?.step(-1)?;
    migrate(&mut copy)?;
    Ok(copy)
}

/// Page size times page count (sections 1.3.2 and 1.3.7).
fn size_by_header(header: &[u8; HEADER]) -> u64 {
    let page_size = match u16::from_be_bytes([header[16], header[17]]) {
        1 => 65_536,
        size => u64::from(size),
    };
    let pages = u32::from_be_bytes([header[28], header[29], header[30], header[31]]);
    page_size * u64::from(pages)
}

/// Where SQLite keeps the log of a database that is being written.
fn log_of(path: &Path) -> PathBuf {
    let mut log = path.as_os_str().to_owned();
    log.push("-wal");
    log.into()
}

fn user_version(connection: &Connection) -> rusqlite::Result<i64> {
    connection.pragma_query_value(None, "user_version", |row| row.get(0))
}
