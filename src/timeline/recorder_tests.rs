//! The recorder and the timeline together, against a naive model.

use std::{collections::HashMap, sync::Arc};

use parking_lot::{Mutex, RwLock};
use proptest::prelude::*;

use super::*;
use crate::model::{
    Change, ChangeKind, ConnectionState, Definition, Gap, GapCause, Generation, Moment,
    ObjectState, Observation, PrinterColumn, Provenance, ReadinessStatus, ResourceKey,
    ResourceKind, Scope, Touched, Uid,
};

fn kind() -> Arc<ResourceKind> {
    Arc::new(ResourceKind {
        group: "x.io".into(),
        version: "v1".into(),
        kind: "App".into(),
        plural: "apps".into(),
        scope: Scope::Namespaced,
    })
}

fn at(second: i64) -> Moment {
    Moment {
        wall: second * 1_000_000,
        monotonic: second.unsigned_abs() * 1_000_000,
    }
}

fn key(name: &str) -> ResourceKey {
    ResourceKey {
        namespace: Some("n".into()),
        name: name.into(),
    }
}

fn object(
    name: &str,
    uid: &str,
    version: u64,
    change: ChangeKind,
    second: i64,
    body: Option<&str>,
) -> Observation {
    Observation::Object(ObjectState {
        kind: kind(),
        key: key(name),
        uid: Uid(uid.into()),
        resource_version: version.to_string().as_str().into(),
        generation: Some(Generation(1)),
        change,
        provenance: if body.is_some() {
            Provenance::Watch
        } else {
            Provenance::Relist
        },
        observed_at: at(second),
        body: body.map(|body| body.as_bytes().into()),
    })
}

type Row = (Change, Option<Encoded>, ReconcileSignal);

/// Keeps what a journal would.
#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<Row>>>);

impl RecordSink for Kept {
    fn kind(&mut self, _: &ResourceKind, _: &[PrinterColumn]) -> Result<(), SinkError> {
        Ok(())
    }

    fn change(&mut self, recorded: &Recorded<'_>) -> Result<(), SinkError> {
        self.0.lock().push((
            recorded.change.clone(),
            recorded.encoded.cloned(),
            recorded.signal,
        ));
        Ok(())
    }

    fn gap(&mut self, _: &Gap) -> Result<(), SinkError> {
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Err(SinkError {
            what: "cannot flush".into(),
            source: "on purpose".into(),
        })
    }
}

fn recorder(sinks: Vec<Box<dyn RecordSink>>) -> (Recorder, SharedTimeline) {
    let timeline: SharedTimeline = Arc::new(RwLock::new(Timeline::new("test".into())));
    let mut recorder = Recorder::new(Arc::clone(&timeline), sinks);
    recorder.observe(Observation::Kind {
        kind: kind(),
        columns: [].into(),
    });
    (recorder, timeline)
}

const FIRST: &str = r#"{"metadata":{"name":"a","generation":1,"managedFields":[
    {"manager":"argocd","operation":"Update","apiVersion":"x.io/v1","time":"2026-01-01T00:00:00Z",
     "fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:replicas":{}}}}]},"spec":{"replicas":1}}"#;
const SECOND: &str = r#"{"metadata":{"name":"a","generation":2,"managedFields":[
    {"manager":"kubectl","operation":"Update","apiVersion":"x.io/v1","time":"2026-01-01T00:00:09Z",
     "fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:replicas":{}}}}]},"spec":{"replicas":2}}"#;

#[test]
fn a_change_knows_its_parts_managers_and_paths() {
    let (mut recorder, timeline) = recorder(Vec::new());
    recorder.observe(object("a", "u", 1, ChangeKind::Added, 1, Some(FIRST)));
    recorder.observe(object("a", "u", 2, ChangeKind::Modified, 2, Some(SECOND)));
    let timeline = timeline.read();
    let change = timeline.full_change(ChangeId(1)).unwrap();
    assert_eq!(
        change.touches,
        Touched {
            spec: true,
            ..Touched::default()
        }
    );
    assert_eq!(change.managers, ["kubectl".into()]);
    assert_eq!(
        change
            .paths
            .iter()
            .map(|path| path.as_pointer())
            .collect::<Vec<_>>(),
        ["/spec/replicas"]
    );
    assert_eq!(timeline.body(ChangeId(0)).unwrap(), FIRST.as_bytes());
    assert_eq!(timeline.body(ChangeId(1)).unwrap(), SECOND.as_bytes());
}

#[test]
fn a_new_incarnation_is_not_compared_with_the_old_one() {
    let (mut recorder, timeline) = recorder(Vec::new());
    recorder.observe(object("a", "u", 1, ChangeKind::Added, 1, Some(FIRST)));
    recorder.observe(object("a", "u", 2, ChangeKind::Deleted, 2, None));
    recorder.observe(object("a", "v", 3, ChangeKind::Added, 3, Some(SECOND)));
    let timeline = timeline.read();
    assert!(timeline.full_change(ChangeId(2)).unwrap().paths.is_empty());
    let object = timeline.object(ObjectId(0)).unwrap();
    assert_eq!(object.incarnations.len(), 2);
    assert_eq!(
        timeline.body(ChangeId(1)).unwrap(),
        FIRST.as_bytes(),
        "the last known state"
    );
}

#[test]
fn a_definition_is_kept_once_until_it_changes() {
    let (mut recorder, timeline) = recorder(Vec::new());
    let mut define = |spec: &str, at: u64| {
        recorder.observe(Observation::Definition {
            kind: kind(),
            definition: Arc::new(Definition::new(spec).unwrap()),
            at: Moment {
                wall: 0,
                monotonic: at,
            },
        });
    };
    define(r#"{"versions":[{"name":"v1"}]}"#, 1);
    define(r#"{"versions":[{"name":"v1"}]}"#, 2);
    let status = r#"{"versions":[{"name":"v1","subresources":{"status":{}}}]}"#;
    define(status, 3);
    let timeline = timeline.read();
    let (_, kind) = timeline.kinds().next().unwrap();
    let seen: Vec<_> = kind.definitions.iter().map(|d| d.at.monotonic).collect();
    assert_eq!(seen, [1, 3]);
    assert_eq!(kind.schema.has_status, Some(true));
    let newest = kind.definitions[1].definition.spec().unwrap();
    assert_eq!(newest, status.as_bytes());
}

#[test]
fn columns_that_change_while_running_change_the_cells() {
    let (mut recorder, timeline) = recorder(Vec::new());
    recorder.observe(object("a", "u", 1, ChangeKind::Added, 1, Some(FIRST)));
    let columns = [PrinterColumn {
        name: "Replicas".into(),
        type_: "integer".into(),
        format: String::new(),
        description: String::new(),
        priority: 0,
        json_path: ".spec.replicas".into(),
    }];
    recorder.observe(Observation::Kind {
        kind: kind(),
        columns: columns.into(),
    });
    let timeline = timeline.read();
    let cells = &timeline
        .object(ObjectId(0))
        .unwrap()
        .live
        .as_ref()
        .unwrap()
        .cells;
    assert_eq!(cells[0].display(jiff::Timestamp::UNIX_EPOCH), "1");
}

#[test]
fn a_sink_that_fails_is_counted() {
    let (mut recorder, timeline) = recorder(vec![Box::new(Kept::default())]);
    recorder.flush();
    assert_eq!(timeline.read().sink_errors(), 1);
}

#[test]
fn an_object_that_is_no_json_is_kept_and_unknown() {
    let (mut recorder, timeline) = recorder(Vec::new());
    recorder.observe(object("a", "u", 1, ChangeKind::Added, 1, Some("not json")));
    let timeline = timeline.read();
    assert_eq!(timeline.body(ChangeId(0)).unwrap(), b"not json");
    let live = timeline.object(ObjectId(0)).unwrap().live.as_ref().unwrap();
    assert_eq!(live.readiness.status, ReadinessStatus::Unknown);
}

#[test]
fn objects_are_judged_by_the_rules_of_the_timeline_live_and_restored() {
    let rule = serde_json::json!({"group": "x.io", "kind": "App", "clauses": [
        {"when": {"path": "spec.replicas", "equals": 1}, "then": "Failed", "reason": "only one"}]});
    let (readiness, problems) = crate::readiness::RuleBook::with_user_rules(&[rule]);
    assert_eq!(problems, []);
    let timeline = Timeline::with_rules(
        "c".into(),
        Arc::new(KindRules {
            readiness,
            ..KindRules::default()
        }),
    );
    let timeline = Arc::new(RwLock::new(timeline));
    let mut recorder = Recorder::new(Arc::clone(&timeline), Vec::new());
    recorder.observe(Observation::Kind {
        kind: kind(),
        columns: [].into(),
    });
    recorder.observe(object("a", "u", 1, ChangeKind::Added, 1, Some(FIRST)));
    let mut timeline = timeline.write();
    let judged = |timeline: &Timeline| {
        let live = timeline.object(ObjectId(0)).unwrap().live.as_ref().unwrap();
        live.readiness.sentence()
    };
    assert_eq!(judged(&timeline), "Failed · only one");
    timeline.objects[0].live = Some(LiveObject::unread());
    timeline.finish_restore();
    assert_eq!(judged(&timeline), "Failed · only one");
}

#[test]
fn gaps_and_connection_are_kept() {
    let (mut recorder, timeline) = recorder(Vec::new());
    let gap = Gap {
        from: at(1),
        to: at(2),
        cause: GapCause::Expired,
        kind: Some(kind()),
    };
    recorder.observe(Observation::Gap(gap.clone()));
    recorder.observe(Observation::Connection(ConnectionState::Connecting));
    assert_eq!(timeline.read().gaps(), [gap]);
    assert_eq!(timeline.read().connection, ConnectionState::Connecting);
}

/// Name, whether it exists after the step, and the text of its body.
fn steps() -> impl Strategy<Value = Vec<(u8, bool, String)>> {
    prop::collection::vec((0u8..4, prop::bool::weighted(0.8), "[a-z]{0,40}"), 1..150)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn latest_at_range_and_bodies_agree_with_a_naive_history(steps in steps()) {
        let kept = Kept::default();
        let (mut recorder, timeline) = recorder(vec![Box::new(kept.clone())]);
        // Naive: per name all (second, exists, body); and all changes in order.
        let mut naive: HashMap<u8, Vec<(i64, bool, String)>> = HashMap::new();
        let mut uids: HashMap<u8, u32> = HashMap::new();
        for (second, (name, exists, text)) in (1i64..).zip(&steps) {
            let history = naive.entry(*name).or_default();
            let before = history.last().is_some_and(|(_, exists, _)| *exists);
            let change = match (before, exists) {
                (false, true) => ChangeKind::Added,
                (true, true) => ChangeKind::Modified,
                (true, false) => ChangeKind::Deleted,
                (false, false) => continue,
            };
            let uid = uids.entry(*name).or_default();
            *uid += u32::from(change == ChangeKind::Added);
            let body = format!(r#"{{"metadata":{{"name":"{name}"}},"spec":{{"text":"{text}"}}}}"#);
            recorder.observe(object(&name.to_string(), &uid.to_string(), second.unsigned_abs(), change, second, Some(&body)));
            history.push((second, *exists, body));
        }
        let timeline = timeline.read();
        let mut restored = Timeline::new("test".into());
        restored.restore_kind((*kind()).clone(), Vec::new());
        for (change, encoded, signal) in kept.0.lock().iter() {
            restored.restore_change(change, encoded.clone(), *signal);
        }
        restored.finish_restore();
        for timeline in [&*timeline, &restored] {
            let kind_id = timeline.kind_id(&kind()).unwrap();
            let live = naive.values().filter(|history| history.last().is_some_and(|(_, exists, _)| *exists)).count();
            prop_assert_eq!(timeline.live_count(), live);
            prop_assert_eq!(timeline.change_count(), naive.values().map(Vec::len).sum::<usize>());
            let now = i64::try_from(steps.len()).unwrap() + 1;
            for (name, history) in &naive {
                let Some(id) = timeline.find(kind_id, &key(&name.to_string())) else {
                    prop_assert!(history.is_empty());
                    continue;
                };
                for second in 0..=now {
                    let expected = history.iter().rfind(|(when, ..)| *when <= second);
                    let found = timeline.latest_at(id, at(second).wall);
                    prop_assert_eq!(found.is_some(), expected.is_some());
                    if let (Some(found), Some((_, exists, body))) = (found, expected) {
                        let change = timeline.change(found).unwrap();
                        prop_assert_eq!(change.change != ChangeKind::Deleted, *exists);
                        prop_assert_eq!(timeline.body(found).unwrap(), body.as_bytes());
                    }
                }
            }
            let (from, to) = (now / 3, now / 2);
            let expected = naive.values().flatten().filter(|(when, ..)| (from..to).contains(when)).count();
            prop_assert_eq!(timeline.range(at(from).wall, at(to).wall).count(), expected);
        }
    }
}
