//! Brings a session file back as timelines.

use std::{
    collections::{HashMap, VecDeque},
    path::Path,
    sync::Arc,
};

use jiff::Timestamp;
use rusqlite::{Connection, Row};

use super::{
    JournalError,
    codes::{self, DELTA, KEYFRAME},
    schema,
};
use crate::{
    model::{
        Change, ContextName, Definition, FieldPath, Gap, Generation, Moment, PrinterColumn,
        ResourceKey, ResourceKind, ResourceVersion, Touched, Uid,
    },
    timeline::{Encoded, KindRules, ReconcileSignal, StoredSignal, Timeline},
};

/// When a session was recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SessionSpan {
    /// When its first recording started.
    pub started: Timestamp,
    /// When its last recording ended; after a crash, its last change.
    pub ended: Timestamp,
}

/// Reads when a session was recorded. Cheap: tells whether the file is a session at all.
///
/// # Errors
/// When the file cannot be read, is no session, is of a newer version, or is damaged.
pub fn session_span(path: &Path) -> Result<SessionSpan, JournalError> {
    let connection = schema::open(path)?;
    let (started, ended, last_change, open): (Option<i64>, Option<i64>, Option<i64>, i64) =
        connection
            .query_row(
                "SELECT min(started_at), max(ended_at), \
             (SELECT observed_at FROM revisions ORDER BY id DESC LIMIT 1), \
             count(*) FILTER (WHERE ended_at IS NULL) FROM recordings",
                [],
                |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?)),
            )
            .map_err(|source| JournalError::sqlite("read", path, source))?;
    let started = started.unwrap_or_default();
    let ended = match ended {
        Some(ended) if open == 0 => ended,
        _ => last_change.max(ended).unwrap_or(started),
    };
    let timestamp = |micros| Timestamp::from_microsecond(micros).unwrap_or(Timestamp::UNIX_EPOCH);
    Ok(SessionSpan {
        started: timestamp(started),
        ended: timestamp(ended),
    })
}

/// Reads a whole session: one timeline per context, in the order of their first recording. Its kinds
/// are judged by `rules`.
///
/// # Errors
/// When the file cannot be read, is no session, is of a newer version, or is damaged.
pub fn read_session(path: &Path, rules: &Arc<KindRules>) -> Result<Vec<Timeline>, JournalError> {
    let connection = schema::open(path)?;
    let mut session = Session {
        rules: Arc::clone(rules),
        ..Session::default()
    };
    session.read(&connection).map_err(|problem| match problem {
        Problem::Sqlite(source) => JournalError::sqlite("read", path, source),
        Problem::Content(detail) => JournalError::Damaged {
            path: path.to_owned(),
            detail,
        },
    })?;
    Ok(session
        .contexts
        .into_iter()
        .map(|(_, timeline)| timeline)
        .collect())
}

/// What stopped the reading.
enum Problem {
    Sqlite(rusqlite::Error),
    Content(String),
}

impl From<rusqlite::Error> for Problem {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(error)
    }
}

type Outcome<T> = Result<T, Problem>;

/// A reference to a row that is not there, or a value that has no meaning.
fn no(what: &str, value: impl std::fmt::Display) -> Problem {
    Problem::Content(format!("no {what} {value}"))
}

#[derive(Default)]
struct Session {
    rules: Arc<KindRules>,
    contexts: Vec<(i64, Timeline)>,
    /// Kind and the index of its context.
    kinds: HashMap<i64, (usize, Arc<ResourceKind>)>,
    /// Kind's id and key.
    objects: HashMap<i64, (i64, ResourceKey)>,
    incarnations: HashMap<i64, Uid>,
    managers: HashMap<i64, Vec<Arc<str>>>,
    paths: HashMap<i64, Vec<FieldPath>>,
    /// By recording, each in the order in which they ended.
    gaps: HashMap<i64, VecDeque<(usize, Gap)>>,
    /// The recording of the newest change of each context.
    recordings: HashMap<usize, i64>,
}

impl Session {
    fn read(&mut self, connection: &Connection) -> Outcome<()> {
        // One snapshot, although the file may be written meanwhile.
        connection.execute_batch("BEGIN")?;
        self.read_contexts(connection)?;
        self.read_kinds(connection)?;
        self.read_definitions(connection)?;
        self.read_objects(connection)?;
        self.read_lists(connection)?;
        self.read_gaps(connection)?;
        self.read_revisions(connection)?;
        for (_, timeline) in &mut self.contexts {
            timeline.finish_restore();
        }
        Ok(())
    }

    fn read_contexts(&mut self, connection: &Connection) -> Outcome<()> {
        each(
            connection,
            "SELECT id, name FROM contexts ORDER BY id",
            |row| {
                let name: String = row.get(1)?;
                let context = ContextName(name.into());
                let timeline = Timeline::with_rules(context, Arc::clone(&self.rules));
                self.contexts.push((row.get(0)?, timeline));
                Ok(())
            },
        )
    }

    fn read_kinds(&mut self, connection: &Connection) -> Outcome<()> {
        let sql = "SELECT id, context_id, api_group, version, kind, plural, scope, columns \
                   FROM kinds ORDER BY id";
        each(connection, sql, |row| {
            let context: i64 = row.get(1)?;
            let index = self
                .contexts
                .iter()
                .position(|(id, _)| *id == context)
                .ok_or_else(|| no("context", context))?;
            let scope: String = row.get(6)?;
            let kind = ResourceKind {
                group: row.get(2)?,
                version: row.get(3)?,
                kind: row.get(4)?,
                plural: row.get(5)?,
                scope: codes::scope_of(&scope).ok_or_else(|| no("scope", scope))?,
            };
            let columns: String = row.get(7)?;
            let columns: Vec<PrinterColumn> = serde_json::from_str(&columns)
                .map_err(|error| Problem::Content(format!("columns of {kind}: {error}")))?;
            self.kinds
                .insert(row.get(0)?, (index, Arc::new(kind.clone())));
            self.contexts[index].1.restore_kind(kind, columns);
            Ok(())
        })
    }

    fn read_definitions(&mut self, connection: &Connection) -> Outcome<()> {
        let sql = "SELECT kind_id, observed_at, monotonic, spec FROM definitions ORDER BY id";
        each(connection, sql, |row| {
            let id: i64 = row.get(0)?;
            let (context, kind) = self.kinds.get(&id).ok_or_else(|| no("kind", id))?;
            let at = moment(row.get(1)?, row.get(2)?);
            let spec = row.get_ref(3)?.as_blob().map_err(rusqlite::Error::from)?;
            let definition = Arc::new(Definition::from_compressed(spec));
            self.contexts[*context]
                .1
                .restore_definition(kind, &definition, at);
            Ok(())
        })
    }

    fn read_objects(&mut self, connection: &Connection) -> Outcome<()> {
        let mut namespaces: HashMap<String, Arc<str>> = HashMap::new();
        each(
            connection,
            "SELECT id, kind_id, namespace, name FROM objects",
            |row| {
                let namespace = row.get::<_, Option<String>>(2)?.map(|namespace| {
                    let shared = namespaces.entry(namespace);
                    Arc::clone(shared.or_insert_with_key(|text| text.as_str().into()))
                });
                let name: String = row.get(3)?;
                let key = ResourceKey {
                    namespace,
                    name: name.into(),
                };
                self.objects.insert(row.get(0)?, (row.get(1)?, key));
                Ok(())
            },
        )?;
        each(connection, "SELECT id, uid FROM incarnations", |row| {
            let uid: String = row.get(1)?;
            self.incarnations.insert(row.get(0)?, Uid(uid.into()));
            Ok(())
        })
    }

    fn read_lists(&mut self, connection: &Connection) -> Outcome<()> {
        each(connection, "SELECT id, names FROM manager_lists", |row| {
            self.managers
                .insert(row.get(0)?, list(&row.get::<_, String>(1)?)?);
            Ok(())
        })?;
        each(connection, "SELECT id, pointers FROM path_lists", |row| {
            let pointers = list(&row.get::<_, String>(1)?)?;
            let paths = pointers.into_iter().map(FieldPath::from_shared).collect();
            self.paths.insert(row.get(0)?, paths);
            Ok(())
        })
    }

    fn read_revisions(&mut self, connection: &Connection) -> Outcome<()> {
        let sql = "SELECT r.object_id, r.incarnation_id, r.observed_at, r.monotonic, \
                   r.resource_version, r.generation, r.change, r.provenance, r.touches, \
                   r.manager_list_id, r.path_list_id, \
                   iif(r.latency_method = 0, r.observed_generation, NULL), \
                   r.condition_generation, r.signs_shown, b.encoding, b.bytes, r.recording_id, \
                   r.signs_hold, r.progress \
                   FROM revisions r LEFT JOIN bodies b ON b.revision_id = r.id ORDER BY r.id";
        each(connection, sql, |row| self.restore_revision(row))?;
        let mut rest: Vec<_> = self.gaps.drain().collect();
        rest.sort_unstable_by_key(|(recording, _)| *recording);
        for (context, gap) in rest.into_iter().flat_map(|(_, gaps)| gaps) {
            self.contexts[context].1.restore_gap(gap);
        }
        Ok(())
    }

    /// Puts what ended before a change of a recording in its place: gaps, and recordings.
    fn settle(&mut self, context: usize, recording: i64, at: Moment) {
        if let Some(before) = self.recordings.insert(context, recording)
            && before != recording
        {
            for (context, gap) in self.gaps.remove(&before).into_iter().flatten() {
                self.contexts[context].1.restore_gap(gap);
            }
            self.contexts[context].1.begin_recording();
        }
        let Some(gaps) = self.gaps.get_mut(&recording) else {
            return;
        };
        // What a list brings while it ends a gap comes before the gap is told.
        while let Some((context, gap)) =
            gaps.pop_front_if(|(_, gap)| gap.to.monotonic < at.monotonic)
        {
            self.contexts[context].1.restore_gap(gap);
        }
    }

    fn restore_revision(&mut self, row: &Row<'_>) -> Outcome<()> {
        let object: i64 = row.get(0)?;
        let (kind_id, key) = self
            .objects
            .get(&object)
            .ok_or_else(|| no("object", object))?;
        let (context, kind) = self.kinds.get(kind_id).ok_or_else(|| no("kind", kind_id))?;
        let context = *context;
        let incarnation: i64 = row.get(1)?;
        let uid = self
            .incarnations
            .get(&incarnation)
            .ok_or_else(|| no("incarnation", incarnation))?;
        let (change, provenance): (i64, i64) = (row.get(6)?, row.get(7)?);
        let (managers, paths): (i64, i64) = (row.get(9)?, row.get(10)?);
        let version = row.get_ref(4)?.as_str().map_err(rusqlite::Error::from)?;
        let change = Change {
            observed_at: moment(row.get(2)?, row.get(3)?),
            kind: Arc::clone(kind),
            key: key.clone(),
            uid: uid.clone(),
            resource_version: ResourceVersion::from(version),
            generation: row.get::<_, Option<i64>>(5)?.map(Generation),
            change: codes::change_of(change).ok_or_else(|| no("change", change))?,
            provenance: codes::provenance_of(provenance)
                .ok_or_else(|| no("provenance", provenance))?,
            touches: Touched::from_bits(row.get(8)?),
            managers: self
                .managers
                .get(&managers)
                .ok_or_else(|| no("managers", managers))?
                .clone(),
            paths: self
                .paths
                .get(&paths)
                .ok_or_else(|| no("paths", paths))?
                .clone(),
        };
        let signal = ReconcileSignal::from_stored(StoredSignal {
            by_status: row.get(11)?,
            by_conditions: row.get(12)?,
            signs_shown: row.get(13)?,
            signs_hold: row.get(17)?,
            flags: row.get(18)?,
        });
        let encoded = match row.get::<_, Option<i64>>(14)? {
            None => None,
            Some(encoding) => {
                let bytes = row
                    .get_ref(15)?
                    .as_blob()
                    .map_err(rusqlite::Error::from)?
                    .into();
                Some(match encoding {
                    KEYFRAME => Encoded::Keyframe(bytes),
                    DELTA => Encoded::Delta(bytes),
                    other => return Err(no("encoding", other)),
                })
            }
        };
        self.settle(context, row.get(16)?, change.observed_at);
        self.contexts[context]
            .1
            .restore_change(&change, encoded, signal);
        Ok(())
    }

    fn read_gaps(&mut self, connection: &Connection) -> Outcome<()> {
        let sql = "SELECT r.context_id, g.kind_id, g.from_at, g.from_monotonic, g.to_at, \
                   g.to_monotonic, g.cause, g.recording_id \
                   FROM gaps g JOIN recordings r ON r.id = g.recording_id \
                   ORDER BY g.to_monotonic, g.id";
        each(connection, sql, |row| {
            let context: i64 = row.get(0)?;
            let kind = match row.get::<_, Option<i64>>(1)? {
                Some(id) => {
                    let (_, kind) = self.kinds.get(&id).ok_or_else(|| no("kind", id))?;
                    Some(Arc::clone(kind))
                }
                None => None,
            };
            let cause: String = row.get(6)?;
            let gap = Gap {
                from: moment(row.get(2)?, row.get(3)?),
                to: moment(row.get(4)?, row.get(5)?),
                cause: codes::cause_of(&cause).ok_or_else(|| no("cause", cause))?,
                kind,
            };
            let index = self.contexts.iter().position(|(id, _)| *id == context);
            let index = index.ok_or_else(|| no("context", context))?;
            let gaps = self.gaps.entry(row.get(7)?).or_default();
            gaps.push_back((index, gap));
            Ok(())
        })
    }
}

/// Calls `take` with every row.
fn each(
    connection: &Connection,
    sql: &str,
    mut take: impl FnMut(&Row<'_>) -> Outcome<()>,
) -> Outcome<()> {
    let mut statement = connection.prepare(sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        take(row)?;
    }
    Ok(())
}

fn list(json: &str) -> Outcome<Vec<Arc<str>>> {
    serde_json::from_str(json).map_err(|error| Problem::Content(format!("list {json:?}: {error}")))
}

fn moment(wall: i64, monotonic: i64) -> Moment {
    Moment {
        wall,
        monotonic: u64::try_from(monotonic).unwrap_or_default(),
    }
}
