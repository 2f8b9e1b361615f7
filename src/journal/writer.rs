//! Writes one context's recording into a session file.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension, params};

use super::{
    JournalError,
    codes::{self, DELTA, KEYFRAME},
    session_file::Shared,
};
use crate::{
    model::{
        Change, ContextName, Definition, Gap, GapCause, Moment, PrinterColumn, ResourceKey,
        ResourceKind,
    },
    timeline::{Encoded, ReadySign, RecordSink, Recorded, RevisionEncoder, SinkError},
};

/// Distinct lists of managers or paths to remember; beyond it they are looked up in the file.
const LISTS: usize = 50_000;

/// Records one context into a [`super::SessionFile`]. Writes go into one transaction, which
/// `flush` commits.
#[derive(Debug)]
pub struct SessionWriter {
    shared: Arc<Shared>,
    recording: i64,
    context: i64,
    known: Known,
    /// [`super::session_file::Store::lost_batches`] when `known` was right.
    lost_batches: u64,
    /// A batch was lost and the file does not say so yet.
    owes_gap: bool,
    /// The last change that is on disk for sure (before the first flush, the first change).
    durable: Option<Moment>,
    newest: Option<Moment>,
    encoder: RevisionEncoder,
}

/// Ids of rows that exist already.
#[derive(Debug, Default)]
struct Known {
    kinds: HashMap<ResourceKind, KnownKind>,
    managers: HashMap<String, i64>,
    paths: HashMap<String, i64>,
}

#[derive(Debug)]
struct KnownKind {
    id: i64,
    objects: HashMap<ResourceKey, KnownObject>,
}

#[derive(Debug)]
struct KnownObject {
    id: i64,
    uid: Arc<str>,
    incarnation: i64,
    /// The file holds the body that the next delta builds on.
    has_base: bool,
}

impl SessionWriter {
    pub(super) fn start(shared: Arc<Shared>, context: &ContextName) -> Result<Self, JournalError> {
        let (context, recording, lost_batches) = {
            let mut store = shared.store.lock();
            let ids = store.in_batch(&shared.path, |connection| {
                let context = upsert(
                    connection,
                    "SELECT id FROM contexts WHERE name = ?1",
                    "INSERT INTO contexts (name) VALUES (?1)",
                    params![&*context.0],
                )?;
                connection.execute(
                    "INSERT INTO recordings (context_id, started_at, recorder) VALUES (?1, ?2, ?3)",
                    params![
                        context,
                        Timestamp::now().as_microsecond(),
                        concat!("kronika ", env!("CARGO_PKG_VERSION")),
                    ],
                )?;
                Ok((context, connection.last_insert_rowid()))
            })?;
            // What follows may be rolled back; these rows must not be.
            store.commit(&shared.path)?;
            (ids.0, ids.1, store.lost_batches)
        };
        Ok(Self {
            shared,
            recording,
            context,
            known: Known::default(),
            lost_batches,
            owes_gap: false,
            durable: None,
            newest: None,
            encoder: RevisionEncoder::default(),
        })
    }

    /// Runs `write` in the batch; after a lost batch first forgets what may not be in the file.
    fn write<T>(
        &mut self,
        write: impl FnOnce(&Connection, &mut Self) -> rusqlite::Result<T>,
    ) -> Result<T, SinkError> {
        let shared = Arc::clone(&self.shared);
        let mut store = shared.store.lock();
        if self.lost_batches != store.lost_batches {
            self.lost_batches = store.lost_batches;
            self.known = Known::default();
            self.owes_gap = true;
        }
        store
            .in_batch(&shared.path, |connection| write(connection, self))
            .map_err(sink_error)
    }

    /// Says in the file what a lost batch covered, once there is a moment up to which.
    fn settle(&mut self, connection: &Connection, at: Moment) -> rusqlite::Result<()> {
        if std::mem::take(&mut self.owes_gap) {
            let from = self.durable.unwrap_or(at);
            let gap = Gap {
                from,
                to: at,
                cause: GapCause::Evicted,
                kind: None,
            };
            self.insert_gap(connection, &gap)?;
        }
        Ok(())
    }

    fn insert_change(
        &mut self,
        connection: &Connection,
        recorded: &Recorded<'_>,
    ) -> rusqlite::Result<()> {
        let change = recorded.change;
        let managers = json_list(change.managers.iter().map(|name| &**name))?;
        let manager_list = list_id(
            connection,
            &mut self.known.managers,
            managers,
            "SELECT id FROM manager_lists WHERE names = ?1",
            "INSERT INTO manager_lists (names) VALUES (?1)",
        )?;
        let paths = json_list(change.paths.iter().map(|path| path.as_pointer()))?;
        let path_list = list_id(
            connection,
            &mut self.known.paths,
            paths,
            "SELECT id FROM path_lists WHERE pointers = ?1",
            "INSERT INTO path_lists (pointers) VALUES (?1)",
        )?;
        let object = self.object(connection, change)?;
        let signal = recorded.signal;
        let stored = signal.to_stored();
        let mut insert = connection.prepare_cached(
            "INSERT INTO revisions (recording_id, object_id, incarnation_id, observed_at, monotonic, \
             resource_version, generation, change, provenance, touches, manager_list_id, \
             path_list_id, observed_generation, latency_method, ready, condition_generation, \
             signs_shown, signs_hold, progress) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, \
             ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)",
        )?;
        let (object_id, incarnation, has_base) = (object.id, object.incarnation, object.has_base);
        insert.execute(params![
            self.recording,
            object_id,
            incarnation,
            change.observed_at.wall,
            monotonic(change.observed_at),
            change.resource_version.to_string(),
            change.generation.map(|generation| generation.0),
            codes::change_code(change.change),
            codes::provenance_code(change.provenance),
            change.touches.bits(),
            manager_list,
            path_list,
            signal.observed().map(|(generation, _)| generation),
            signal.observed().map(|(_, by)| codes::method_code(by)),
            signal.says(ReadySign::Ready),
            stored.by_conditions,
            stored.signs_shown,
            stored.signs_hold,
            stored.flags,
        ])?;
        let Some(body) = recorded.body else {
            return Ok(());
        };
        let own;
        let encoded = match recorded.encoded {
            Some(encoded @ Encoded::Keyframe(_)) => encoded,
            Some(encoded @ Encoded::Delta(_)) if has_base => encoded,
            // The body that the delta builds on is not in the file.
            _ => {
                own = self.encoder.encode(body, None).map_err(conversion_error)?;
                &own
            }
        };
        let encoding = match encoded {
            Encoded::Keyframe(_) => KEYFRAME,
            Encoded::Delta(_) => DELTA,
        };
        let revision = connection.last_insert_rowid();
        connection
            .prepare_cached(
                "INSERT INTO bodies (revision_id, encoding, bytes) VALUES (?1, ?2, ?3)",
            )?
            .execute(params![revision, encoding, encoded.bytes()])?;
        self.object(connection, change)?.has_base = true;
        Ok(())
    }

    /// The rows of a change's object and incarnation.
    fn object(
        &mut self,
        connection: &Connection,
        change: &Change,
    ) -> rusqlite::Result<&mut KnownObject> {
        let context = self.context;
        let kind = self.known.kind(connection, context, &change.kind)?;
        if !kind.objects.contains_key(&change.key) {
            let id = upsert(
                connection,
                "SELECT id FROM objects WHERE kind_id = ?1 AND name = ?3 \
                 AND coalesce(namespace, '') = coalesce(?2, '')",
                "INSERT INTO objects (kind_id, namespace, name) VALUES (?1, ?2, ?3)",
                params![kind.id, change.key.namespace.as_deref(), &*change.key.name],
            )?;
            let incarnation = incarnation_id(connection, id, &change.uid.0)?;
            let uid = Arc::clone(&change.uid.0);
            let object = KnownObject {
                id,
                uid,
                incarnation,
                has_base: false,
            };
            kind.objects.insert(change.key.clone(), object);
        }
        let object = kind
            .objects
            .get_mut(&change.key)
            .ok_or(rusqlite::Error::QueryReturnedNoRows)?;
        if object.uid != change.uid.0 {
            object.incarnation = incarnation_id(connection, object.id, &change.uid.0)?;
            object.uid = Arc::clone(&change.uid.0);
        }
        Ok(object)
    }

    fn insert_gap(&mut self, connection: &Connection, gap: &Gap) -> rusqlite::Result<()> {
        let kind = match &gap.kind {
            Some(kind) => Some(self.known.kind(connection, self.context, kind)?.id),
            None => None,
        };
        connection
            .prepare_cached(
                "INSERT INTO gaps (recording_id, kind_id, from_at, from_monotonic, to_at, \
                 to_monotonic, cause) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute(params![
                self.recording,
                kind,
                gap.from.wall,
                monotonic(gap.from),
                gap.to.wall,
                monotonic(gap.to),
                codes::cause_word(&gap.cause),
            ])?;
        Ok(())
    }
}

impl Known {
    fn kind(
        &mut self,
        connection: &Connection,
        context: i64,
        kind: &ResourceKind,
    ) -> rusqlite::Result<&mut KnownKind> {
        if !self.kinds.contains_key(kind) {
            let id = upsert(
                connection,
                "SELECT id FROM kinds WHERE context_id = ?1 AND api_group = ?2 AND version = ?3 \
                 AND kind = ?4 AND plural = ?5 AND scope = ?6",
                "INSERT INTO kinds (context_id, api_group, version, kind, plural, scope, columns) \
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, '[]')",
                params![
                    context,
                    kind.group,
                    kind.version,
                    kind.kind,
                    kind.plural,
                    codes::scope_word(kind.scope),
                ],
            )?;
            let known = KnownKind {
                id,
                objects: HashMap::new(),
            };
            self.kinds.insert(kind.clone(), known);
        }
        self.kinds
            .get_mut(kind)
            .ok_or(rusqlite::Error::QueryReturnedNoRows)
    }
}

impl RecordSink for SessionWriter {
    fn kind(&mut self, kind: &ResourceKind, columns: &[PrinterColumn]) -> Result<(), SinkError> {
        self.write(|connection, writer| {
            let columns = serde_json::to_string(columns).map_err(conversion_error)?;
            let id = writer.known.kind(connection, writer.context, kind)?.id;
            connection.execute(
                "UPDATE kinds SET columns = ?2 WHERE id = ?1",
                params![id, columns],
            )?;
            Ok(())
        })
    }

    fn definition(
        &mut self,
        kind: &ResourceKind,
        definition: &Definition,
        at: Moment,
    ) -> Result<(), SinkError> {
        self.write(|connection, writer| {
            let id = writer.known.kind(connection, writer.context, kind)?.id;
            connection.execute(
                "INSERT INTO definitions (kind_id, observed_at, monotonic, spec) \
                 VALUES (?1, ?2, ?3, ?4)",
                params![id, at.wall, monotonic(at), definition.compressed()],
            )?;
            Ok(())
        })
    }

    fn change(&mut self, recorded: &Recorded<'_>) -> Result<(), SinkError> {
        let at = recorded.change.observed_at;
        self.durable.get_or_insert(at);
        self.write(|connection, writer| {
            writer.settle(connection, at)?;
            writer.insert_change(connection, recorded)
        })?;
        self.newest = Some(at);
        Ok(())
    }

    fn gap(&mut self, gap: &Gap) -> Result<(), SinkError> {
        self.write(|connection, writer| {
            writer.settle(connection, gap.to)?;
            writer.insert_gap(connection, gap)
        })
    }

    fn server_version(&mut self, version: &str) -> Result<(), SinkError> {
        self.write(|connection, writer| {
            connection.execute(
                "UPDATE recordings SET server_version = ?2 WHERE id = ?1",
                params![writer.recording, version],
            )?;
            Ok(())
        })
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        self.shared
            .store
            .lock()
            .commit(&self.shared.path)
            .map_err(sink_error)?;
        self.durable = self.newest.or(self.durable);
        Ok(())
    }
}

/// The id of a row: found by `select`, else made by `insert`. Both take the same parameters.
fn upsert(
    connection: &Connection,
    select: &str,
    insert: &str,
    params: &[&dyn rusqlite::ToSql],
) -> rusqlite::Result<i64> {
    let found = connection
        .prepare_cached(select)?
        .query_row(params, |row| row.get(0))
        .optional()?;
    if let Some(id) = found {
        return Ok(id);
    }
    connection.prepare_cached(insert)?.insert(params)
}

fn incarnation_id(connection: &Connection, object: i64, uid: &str) -> rusqlite::Result<i64> {
    upsert(
        connection,
        "SELECT id FROM incarnations WHERE object_id = ?1 AND uid = ?2",
        "INSERT INTO incarnations (object_id, uid) VALUES (?1, ?2)",
        params![object, uid],
    )
}

fn list_id(
    connection: &Connection,
    known: &mut HashMap<String, i64>,
    list: String,
    select: &str,
    insert: &str,
) -> rusqlite::Result<i64> {
    if let Some(id) = known.get(&list) {
        return Ok(*id);
    }
    let id = upsert(connection, select, insert, params![list])?;
    if known.len() >= LISTS {
        known.clear();
    }
    known.insert(list, id);
    Ok(id)
}

fn json_list<'a>(items: impl Iterator<Item = &'a str>) -> rusqlite::Result<String> {
    serde_json::to_string(&items.collect::<Vec<_>>()).map_err(conversion_error)
}

/// SQLite's integers are signed; a monotonic clock that reaches their end is 292,000 years old.
fn monotonic(moment: Moment) -> i64 {
    i64::try_from(moment.monotonic).unwrap_or(i64::MAX)
}

fn conversion_error(error: impl std::error::Error + Send + Sync + 'static) -> rusqlite::Error {
    rusqlite::Error::ToSqlConversionFailure(Box::new(error))
}

fn sink_error(error: JournalError) -> SinkError {
    SinkError {
        what: "the session is incomplete".into(),
        source: Box::new(error),
    }
}
