//! Round trips through a session file, and files that are none.

use std::{fs, path::Path, sync::Arc};

use parking_lot::RwLock;
use proptest::prelude::*;
use rusqlite::Connection;

use super::*;
use crate::{
    model::{
        Change, ChangeKind, ConnectionState, Definition, Gap, GapCause, Generation, Moment,
        ObjectState, Observation, PrinterColumn, Provenance, ResourceKey, ResourceKind, Scope, Uid,
    },
    timeline::{
        Encoded, KindHistory, ReconcileSignal, RecordSink, Recorded, Recorder, SampleState,
        SharedTimeline, Timeline,
    },
};

const START: i64 = 1_700_000_000_000_000;

fn moment(ms: u64) -> Moment {
    Moment {
        wall: START + i64::try_from(ms).unwrap() * 1_000,
        monotonic: ms * 1_000,
    }
}

fn kind(name: &str, scope: Scope) -> Arc<ResourceKind> {
    Arc::new(ResourceKind {
        group: "example.com".into(),
        version: "v1".into(),
        kind: name.into(),
        plural: format!("{}s", name.to_lowercase()),
        scope,
    })
}

fn body(name: &str, uid: &str, generation: i64, observed: i64, ready: bool) -> Box<[u8]> {
    let status = if ready { "True" } else { "False" };
    format!(
        r#"{{"metadata":{{"name":"{name}","uid":"{uid}","generation":{generation},"managedFields":[
        {{"manager":"operator","operation":"Update","apiVersion":"v1","time":"2026-01-02T03:04:05Z",
        "fieldsType":"FieldsV1","subresource":"status","fieldsV1":{{"f:status":{{"f:observedGeneration":{{}}}}}}}}]}},
        "spec":{{"size":{generation}}},"status":{{"observedGeneration":{observed},
        "conditions":[{{"type":"Ready","status":"{status}"}}]}}}}"#
    )
    .into_bytes()
    .into()
}

struct Recording {
    timeline: SharedTimeline,
    recorder: Recorder,
    version: u64,
}

impl Recording {
    fn new(context: &str, writer: SessionWriter) -> Self {
        let timeline = Arc::new(RwLock::new(Timeline::new(context.into())));
        let sinks: Vec<Box<dyn RecordSink>> = vec![Box::new(writer)];
        Self {
            recorder: Recorder::new(Arc::clone(&timeline), sinks),
            timeline,
            version: 100,
        }
    }

    fn announce(&mut self, kind: &Arc<ResourceKind>) {
        let column = PrinterColumn {
            name: "Size".into(),
            type_: "integer".into(),
            format: String::new(),
            description: String::new(),
            priority: 0,
            json_path: ".spec.size".into(),
        };
        let columns = [column].into();
        self.recorder.observe(Observation::Kind {
            kind: Arc::clone(kind),
            columns,
        });
    }

    fn define(&mut self, ms: u64, kind: &Arc<ResourceKind>, spec: &str) {
        self.recorder.observe(Observation::Definition {
            kind: Arc::clone(kind),
            definition: Arc::new(Definition::new(spec).unwrap()),
            at: moment(ms),
        });
    }

    fn object(
        &mut self,
        ms: u64,
        kind: &Arc<ResourceKind>,
        name: &str,
        uid: &str,
        change: ChangeKind,
        body: Option<Box<[u8]>>,
    ) {
        self.version += 1;
        let namespace = (kind.scope == Scope::Namespaced).then(|| Arc::from("web"));
        self.recorder.observe(Observation::Object(ObjectState {
            kind: Arc::clone(kind),
            key: ResourceKey {
                namespace,
                name: name.into(),
            },
            uid: Uid(uid.into()),
            resource_version: self.version.to_string().as_str().into(),
            generation: Some(Generation(1)),
            change,
            provenance: if body.is_some() {
                Provenance::Watch
            } else {
                Provenance::Relist
            },
            observed_at: moment(ms),
            body,
        }));
    }

    /// A change that the watch told, of this generation.
    fn object_of(
        &mut self,
        ms: u64,
        kind: &Arc<ResourceKind>,
        name: &str,
        uid: &str,
        generation: i64,
        body: Box<[u8]>,
    ) {
        self.version += 1;
        self.recorder.observe(Observation::Object(ObjectState {
            kind: Arc::clone(kind),
            key: ResourceKey {
                namespace: (kind.scope == Scope::Namespaced).then(|| Arc::from("web")),
                name: name.into(),
            },
            uid: Uid(uid.into()),
            resource_version: self.version.to_string().as_str().into(),
            generation: Some(Generation(generation)),
            change: ChangeKind::Modified,
            provenance: Provenance::Watch,
            observed_at: moment(ms),
            body: Some(body),
        }));
    }

    fn end(mut self) -> SharedTimeline {
        self.recorder.flush();
        self.timeline
    }
}

/// Everything that a restored timeline must have as the recorded one had it.
fn assert_same(restored: &Timeline, recorded: &SharedTimeline) {
    let recorded = recorded.read();
    assert_eq!(restored.context, recorded.context);
    assert_eq!(restored.connection, ConnectionState::Recorded);
    assert_eq!(restored.gaps(), recorded.gaps());
    assert_eq!(restored.change_count(), recorded.change_count());
    assert_eq!(restored.live_count(), recorded.live_count());
    for ((id, change), (other, _)) in recorded
        .range(i64::MIN, i64::MAX)
        .zip(restored.range(i64::MIN, i64::MAX))
    {
        assert_eq!(restored.full_change(other), recorded.full_change(id));
        assert_eq!(restored.change(other).unwrap().signal, change.signal);
        assert_eq!(restored.body(other).unwrap(), recorded.body(id).unwrap());
    }
    for ((_, restored_kind), (_, recorded_kind)) in restored.kinds().zip(recorded.kinds()) {
        assert_eq!(restored_kind.kind, recorded_kind.kind);
        assert_eq!(restored_kind.printer_columns, recorded_kind.printer_columns);
        assert_eq!(restored_kind.samples(), recorded_kind.samples());
        let definitions = |kind: &KindHistory| -> Vec<_> {
            let all = kind.definitions.iter();
            all.map(|known| (known.at, Arc::clone(&known.definition)))
                .collect()
        };
        assert_eq!(definitions(restored_kind), definitions(recorded_kind));
        assert_eq!(restored_kind.schema, recorded_kind.schema);
    }
    assert_eq!(restored.kinds().count(), recorded.kinds().count());
}

#[test]
fn two_contexts_come_back_as_they_were_recorded() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.kronika");
    let file = SessionFile::create(&path).unwrap();
    let mut a = Recording::new("a", file.writer(&"a".into()).unwrap());
    let mut b = Recording::new("b", file.writer(&"b".into()).unwrap());
    let (app, node) = (kind("App", Scope::Namespaced), kind("Node", Scope::Cluster));
    for recording in [&mut a, &mut b] {
        recording.announce(&app);
        recording.announce(&node);
    }
    let version = |more: &str| format!(r#"{{"versions":[{{"name":"v1"{more}}}]}}"#);
    a.define(1, &app, &version(""));
    a.define(2, &app, &version(r#","subresources":{"status":{}}"#));
    // More revisions than one block has, two incarnations, a deletion that a relist implied.
    a.object(
        1,
        &app,
        "x",
        "u1",
        ChangeKind::Added,
        Some(body("x", "u1", 1, 0, false)),
    );
    for n in 2..60 {
        let b = body("x", "u1", n / 2, n / 3, n % 4 == 0);
        a.object(
            u64::try_from(n).unwrap(),
            &app,
            "x",
            "u1",
            ChangeKind::Modified,
            Some(b),
        );
    }
    b.object(
        61,
        &node,
        "n",
        "u9",
        ChangeKind::Added,
        Some(body("n", "u9", 1, 1, true)),
    );
    a.object(62, &app, "x", "u1", ChangeKind::Deleted, None);
    a.object(
        63,
        &app,
        "x",
        "u2",
        ChangeKind::Added,
        Some(body("x", "u2", 1, 1, true)),
    );
    for (cause, kind) in [
        (GapCause::Expired, Some(Arc::clone(&app))),
        (GapCause::ConnectionLost, None),
    ] {
        let gap = Gap {
            from: moment(62),
            to: moment(63),
            cause,
            kind,
        };
        a.recorder.observe(Observation::Gap(gap));
    }
    let (a, b) = (a.end(), b.end());
    file.close().unwrap();

    let restored = read_session(&path, &Arc::default()).unwrap();
    assert_eq!(restored.len(), 2);
    assert_same(&restored[0], &a);
    assert_same(&restored[1], &b);
    let left: Vec<_> = fs::read_dir(dir.path()).unwrap().collect();
    assert_eq!(left.len(), 1, "a closed session is one file: {left:?}");
    // Write and read version of the file format: 1 is a rollback journal, 2 a write-ahead log, which
    // would need a writable directory to be read.
    assert_eq!(fs::read(&path).unwrap()[18..20], [1, 1]);
    let span = session_span(&path).unwrap();
    assert!(span.ended >= span.started);
}

#[test]
fn a_session_that_was_not_closed_has_every_flushed_batch() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.kronika");
    let file = SessionFile::create(&path).unwrap();
    let mut a = Recording::new("a", file.writer(&"a".into()).unwrap());
    let app = kind("App", Scope::Namespaced);
    a.announce(&app);
    a.object(
        1,
        &app,
        "x",
        "u1",
        ChangeKind::Added,
        Some(body("x", "u1", 1, 0, false)),
    );
    a.recorder.flush();
    a.object(
        2,
        &app,
        "x",
        "u1",
        ChangeKind::Modified,
        Some(body("x", "u1", 2, 0, false)),
    );
    // What a killed process leaves behind: the files as they are now.
    let copy = dir.path().join("killed.kronika");
    fs::copy(&path, &copy).unwrap();
    fs::copy(
        dir.path().join("run.kronika-wal"),
        dir.path().join("killed.kronika-wal"),
    )
    .unwrap();
    let restored = read_session(&copy, &Arc::default()).unwrap();
    assert_eq!(restored[0].change_count(), 1);
    assert_eq!(session_span(&copy).unwrap().ended, moment(1).timestamp());
    // And one that is still written can be looked at.
    assert_eq!(
        read_session(&path, &Arc::default()).unwrap()[0].change_count(),
        1
    );
}

#[test]
fn the_views_are_readable() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.kronika");
    let file = SessionFile::create(&path).unwrap();
    let mut a = Recording::new("a", file.writer(&"a".into()).unwrap());
    let app = kind("App", Scope::Namespaced);
    a.announce(&app);
    a.object(
        1,
        &app,
        "x",
        "u1",
        ChangeKind::Added,
        Some(body("x", "u1", 1, 0, false)),
    );
    a.object(
        2,
        &app,
        "x",
        "u1",
        ChangeKind::Modified,
        Some(body("x", "u1", 1, 1, true)),
    );
    let cause = GapCause::ConnectionLost;
    a.recorder.observe(Observation::Gap(Gap {
        from: moment(2),
        to: moment(3),
        cause,
        kind: Some(app),
    }));
    a.end();
    file.close().unwrap();
    let connection = Connection::open(&path).unwrap();
    let row: String = connection
        .query_row(
            "SELECT concat_ws('|', observed_at, context, api_version, kind, namespace, name, uid, \
             resource_version, generation, change, provenance, touches, managers, paths) \
             FROM changes WHERE change = 'Modified'",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(
        row,
        "2023-11-14T22:13:20.002000Z|a|example.com/v1|App|web|x|u1|102|1|Modified|Watch|status|\
         [\"operator\"]|[\"/status/observedGeneration\",\"/status/conditions/0/status\"]"
    );
    let gap: String = connection
        .query_row(
            "SELECT concat_ws('|', from_at, to_at, cause, context, kind) FROM gap_times",
            [],
            |row| row.get(0),
        )
        .unwrap();
    assert_eq!(
        gap,
        "2023-11-14T22:13:20.002000Z|2023-11-14T22:13:20.003000Z|connectionLost|a|apps.example.com"
    );
}

#[cfg(unix)]
#[test]
fn only_the_owner_may_read_it() {
    use std::os::unix::fs::PermissionsExt;
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.kronika");
    let file = SessionFile::create(&path).unwrap();
    let writer = file.writer(&"a".into()).unwrap();
    for entry in fs::read_dir(dir.path()).unwrap() {
        let entry = entry.unwrap();
        let mode = entry.metadata().unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600, "{:?}", entry.path());
    }
    drop(writer);
    file.close().unwrap();
    assert_eq!(
        fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
}

#[test]
fn nothing_is_overwritten() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("precious");
    fs::write(&path, "precious").unwrap();
    let error = SessionFile::create(&path).unwrap_err();
    assert!(matches!(error, JournalError::Exists { .. }), "{error}");
    assert!(error.hint().is_some());
    assert_eq!(fs::read(&path).unwrap(), b"precious");
}

#[test]
fn a_discarded_file_is_gone() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.kronika");
    let file = SessionFile::create(&path).unwrap();
    let writer = file.writer(&"a".into()).unwrap();
    file.discard();
    drop(writer);
    assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 0);
}

fn closed_session(path: &Path) {
    let file = SessionFile::create(path).unwrap();
    let mut a = Recording::new("a", file.writer(&"a".into()).unwrap());
    let app = kind("App", Scope::Namespaced);
    a.announce(&app);
    for n in 0..200 {
        let name = format!("x{n}");
        a.object(
            n,
            &app,
            &name,
            &name,
            ChangeKind::Added,
            Some(body(&name, &name, 1, 1, true)),
        );
    }
    a.end();
    file.close().unwrap();
}

#[test]
fn files_that_are_no_session_say_so() {
    let dir = tempfile::tempdir().unwrap();
    let file = |name: &str| dir.path().join(name);
    fs::write(file("text"), "apiVersion: v1\nkind: Config\nclusters: []\n").unwrap();
    fs::write(file("empty"), "").unwrap();
    let other = Connection::open(file("other")).unwrap();
    other
        .execute_batch("CREATE TABLE t (a); PRAGMA user_version = 1")
        .unwrap();
    for name in ["text", "empty", "other"] {
        let error = read_session(&file(name), &Arc::default()).unwrap_err();
        assert!(
            matches!(error, JournalError::Foreign { .. }),
            "{name}: {error}"
        );
        assert!(error.hint().is_some());
    }
    let error = read_session(&file("missing"), &Arc::default()).unwrap_err();
    assert!(
        matches!(error, JournalError::Io { action: "open", .. }),
        "{error}"
    );
    assert!(error.hint().is_some());
}

#[test]
fn a_file_of_version_1_opens_and_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.kronika");
    let old = Connection::open(&path).unwrap();
    old.execute_batch(include_str!("schema.sql")).unwrap();
    old.execute_batch(
        "INSERT INTO contexts (id, name) VALUES (1, 'a');
         INSERT INTO kinds VALUES (1, 1, 'x.io', 'v1', 'App', 'apps', 'Namespaced', '[]');",
    )
    .unwrap();
    old.pragma_update(None, "application_id", 0x4B52_4F4E_i64)
        .unwrap();
    old.pragma_update(None, "user_version", 1).unwrap();
    old.close().unwrap();
    let before = fs::read(&path).unwrap();
    let timeline = read_session(&path, &Arc::default()).unwrap().remove(0);
    let (_, kind) = timeline.kinds().next().unwrap();
    assert_eq!(kind.kind.kind, "App");
    assert!(kind.definitions.is_empty());
    assert!(fs::read(&path).unwrap() == before);
}

#[test]
fn a_newer_version_says_so() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.kronika");
    closed_session(&path);
    Connection::open(&path)
        .unwrap()
        .pragma_update(None, "user_version", 3)
        .unwrap();
    let error = read_session(&path, &Arc::default()).unwrap_err();
    assert!(
        matches!(
            error,
            JournalError::Newer {
                found: 3,
                known: 2,
                ..
            }
        ),
        "{error}"
    );
}

#[test]
fn a_reference_into_nothing_is_damage() {
    let dir = tempfile::tempdir().unwrap();
    for wreck in [
        "DELETE FROM objects",
        "DELETE FROM kinds",
        "DELETE FROM incarnations",
        "DELETE FROM path_lists",
        "DELETE FROM contexts",
        "UPDATE revisions SET change = 7",
        "UPDATE kinds SET columns = 'x'",
        "DROP TABLE bodies",
    ] {
        let path = dir.path().join(wreck.replace(' ', "_"));
        closed_session(&path);
        let connection = Connection::open(&path).unwrap();
        connection
            .pragma_update(None, "foreign_keys", "OFF")
            .unwrap();
        connection.execute_batch(wreck).unwrap();
        drop(connection);
        let error = read_session(&path, &Arc::default()).unwrap_err();
        assert!(
            matches!(
                error,
                JournalError::Damaged { .. } | JournalError::Sqlite { .. }
            ),
            "{wreck}: {error}"
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    /// Whatever is cut or overwritten: an error or a timeline, and no panic.
    #[test]
    fn damage_never_panics(cut in 0.0..1.0_f64, at in 0.0..1.0_f64, byte in any::<u8>()) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.kronika");
        closed_session(&path);
        let whole = fs::read(&path).unwrap();
        let place = |share: f64| {
            let percent = (1..100).take_while(|n| f64::from(*n) <= share * 100.0).count();
            whole.len() * percent / 100
        };
        let mut scratched = whole.clone();
        scratched[place(at)] = byte;
        fs::write(&path, &scratched).unwrap();
        drop(read_session(&path, &Arc::default()));
        fs::write(&path, &whole[..place(cut)]).unwrap();
        prop_assert!(read_session(&path, &Arc::default()).is_err());
    }
}

fn plain_change(ms: u64) -> Change {
    Change {
        observed_at: moment(ms),
        kind: kind("App", Scope::Namespaced),
        key: ResourceKey {
            namespace: Some("web".into()),
            name: "x".into(),
        },
        uid: Uid("u".into()),
        resource_version: ms.to_string().as_str().into(),
        generation: None,
        change: ChangeKind::Modified,
        provenance: Provenance::Watch,
        touches: crate::model::Touched::default(),
        managers: Vec::new(),
        paths: Vec::new(),
    }
}

#[test]
fn a_delta_without_its_base_in_the_file_is_written_as_a_keyframe() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.kronika");
    let file = SessionFile::create(&path).unwrap();
    let mut writer = file.writer(&"a".into()).unwrap();
    let delta = Encoded::Delta(b"against something else".as_slice().into());
    let recorded = Recorded {
        change: &plain_change(1),
        body: Some(b"{}"),
        encoded: Some(&delta),
        signal: ReconcileSignal::default(),
    };
    writer.change(&recorded).unwrap();
    drop(writer);
    file.close().unwrap();
    let timeline = read_session(&path, &Arc::default()).unwrap().remove(0);
    let (id, _) = timeline.range(i64::MIN, i64::MAX).next().unwrap();
    assert_eq!(timeline.body(id).unwrap(), b"{}");
}

#[test]
fn a_lost_batch_is_a_gap_and_an_error_at_the_end() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.kronika");
    let file = SessionFile::create(&path).unwrap();
    let mut writer = file.writer(&"a".into()).unwrap();
    let write = |writer: &mut SessionWriter, ms| {
        writer.change(&Recorded {
            change: &plain_change(ms),
            body: Some(b"{}"),
            encoded: None,
            signal: ReconcileSignal::default(),
        })
    };
    write(&mut writer, 1).unwrap();
    writer.flush().unwrap();
    write(&mut writer, 2).unwrap();
    // Rolled back with the batch that it breaks.
    file.sabotage("ALTER TABLE bodies RENAME TO hidden");
    write(&mut writer, 3).unwrap_err();
    write(&mut writer, 4).unwrap();
    write(&mut writer, 5).unwrap();
    writer.flush().unwrap();
    drop(writer);
    let error = file.close().unwrap_err();
    assert!(
        error.to_string().contains("could not be written"),
        "{error}"
    );
    let timeline = read_session(&path, &Arc::default()).unwrap().remove(0);
    let times: Vec<_> = timeline
        .range(i64::MIN, i64::MAX)
        .map(|(_, change)| change.at.monotonic / 1_000)
        .collect();
    assert_eq!(times, [1, 4, 5]);
    let gap = &timeline.gaps()[0];
    assert_eq!((gap.from, gap.to), (moment(1), moment(4)));
}

/// What a step of a random history writes: which object, what happens, and with which status.
type Step = (usize, u8, i64, bool, bool);

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]
    #[test]
    fn a_restored_session_is_measured_as_the_recorded_one_was(
        steps in proptest::collection::vec(
            (0usize..3, 0u8..12, 0i64..3, any::<bool>(), any::<bool>()), 1..60,
        ),
    ) {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("run.kronika");
        let file = SessionFile::create(&path).unwrap();
        let mut a = Recording::new("a", file.writer(&"a".into()).unwrap());
        let app = kind("App", Scope::Namespaced);
        a.announce(&app);
        let mut generations = [0i64; 3];
        for (i, step) in steps.iter().enumerate() {
            random_step(&mut a, &app, &mut generations, u64::try_from(i).unwrap() * 10 + 10, *step);
        }
        let a = a.end();
        file.close().unwrap();
        let restored = read_session(&path, &Arc::default()).unwrap();
        assert_same(&restored[0], &a);
    }
}

fn random_step(
    recording: &mut Recording,
    app: &Arc<ResourceKind>,
    generations: &mut [i64; 3],
    ms: u64,
    (which, act, back, ready, only_ready): Step,
) {
    let name = ["x", "y", "z"][which];
    let generation = &mut generations[which];
    if *generation == 0 {
        *generation = 1;
        let created = br#"{"metadata":{"generation":1},"spec":{"size":1}}"#.as_slice().into();
        recording.object(ms, app, name, name, ChangeKind::Added, Some(created));
        return;
    }
    if act == 0 {
        *generation = 0;
        recording.object(ms, app, name, name, ChangeKind::Deleted, None);
        return;
    }
    if act == 1 {
        let gap = Gap {
            from: moment(ms - 5),
            to: moment(ms),
            cause: GapCause::Expired,
            kind: Some(Arc::clone(app)),
        };
        recording.recorder.observe(Observation::Gap(gap));
        return;
    }
    if act < 6 {
        *generation += 1;
    }
    let (observed, suspend, deleting) = (*generation - back, act == 2, act == 7 && back == 0);
    let deletion = if deleting {
        r#","deletionTimestamp":"2026-01-01T00:00:00Z""#
    } else {
        ""
    };
    let generation_seen = if only_ready {
        String::new()
    } else {
        format!(r#""observedGeneration":{observed},"#)
    };
    let status = if ready { "True" } else { "False" };
    let body = format!(
        r#"{{"metadata":{{"generation":{generation}{deletion}}},"spec":{{"size":{generation},"suspend":{suspend}}},
        "status":{{{generation_seen}"phase":"Running","conditions":[{{"type":"Ready","status":"{status}","observedGeneration":{observed}}}]}}}}"#
    );
    let body = body.into_bytes().into();
    recording.object_of(ms, app, name, name, *generation, body);
}

#[test]
fn recordings_of_one_file_are_measured_each_by_its_own_clock() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.kronika");
    let file = SessionFile::create(&path).unwrap();
    let app = kind("App", Scope::Namespaced);
    let write = |recording: &mut Recording, ms, generation, observed| {
        let body = body("x", "u", generation, observed, true);
        recording.object_of(ms, &app, "x", "u", generation, body);
    };
    let begin = |recording: &mut Recording, ms, generation| {
        recording.announce(&app);
        let body = body("x", "u", generation, generation, true);
        recording.object(ms, &app, "x", "u", ChangeKind::Added, Some(body));
    };
    let mut first = Recording::new("a", file.writer(&"a".into()).unwrap());
    begin(&mut first, 90_000, 1);
    write(&mut first, 90_010, 2, 1);
    first.end();
    // The clock of the second one starts anew, as that of a process does.
    let mut second = Recording::new("a", file.writer(&"a".into()).unwrap());
    begin(&mut second, 5, 2);
    write(&mut second, 10, 3, 2);
    write(&mut second, 40, 3, 3);
    second.end();
    file.close().unwrap();
    let restored = read_session(&path, &Arc::default()).unwrap();
    let (_, kind) = restored[0].kinds().next().unwrap();
    let seen: Vec<_> = kind
        .samples()
        .iter()
        .map(|sample| (sample.state, sample.ready_latency()))
        .collect();
    let took = std::time::Duration::from_millis(30);
    assert_eq!(
        seen,
        [(SampleState::CutOff, None), (SampleState::Done, Some(took))]
    );
}
