//! `kronika insights`, on a session in which an autoscaler and a GitOps tool disagree.

use std::{fs, sync::Arc};

use kronika::{
    journal::SessionFile,
    model::{
        ChangeKind, Generation, Moment, ObjectState, Observation, Provenance, ResourceKey,
        ResourceKind, Scope, Uid,
    },
    timeline::{Recorder, Timeline},
};
use parking_lot::RwLock;
use serde_json::json;

use super::{command, run, succeed, text};

/// 2023-11-14T22:13:20Z.
const START: i64 = 1_700_000_000_000_000;

/// `web/shop` is scaled to 5 by `hpa` and back to 3 by `argocd`, every two seconds from 22:13:22 on,
/// eight writes in all.
fn session(dir: &tempfile::TempDir) -> String {
    let path = dir.path().join("run.kronika");
    let file = SessionFile::create(&path).unwrap();
    let kind = Arc::new(ResourceKind {
        group: "example.com".into(),
        version: "v1".into(),
        kind: "Database".into(),
        plural: "databases".into(),
        scope: Scope::Namespaced,
    });
    let timeline = Arc::new(RwLock::new(Timeline::new("blue".into())));
    let writer = file.writer(&"blue".into()).unwrap();
    let mut recorder = Recorder::new(timeline, vec![Box::new(writer)]);
    recorder.observe(Observation::Kind {
        kind: Arc::clone(&kind),
        columns: [].into(),
    });
    for n in 0..9_i64 {
        let by = if n % 2 == 1 { "hpa" } else { "argocd" };
        let time = jiff::Timestamp::from_microsecond(START + n * 2_000_000).unwrap();
        let body = json!({
            "metadata": {"name": "shop", "namespace": "web", "uid": "u1", "generation": n + 1,
                "managedFields": [{"manager": by, "operation": "Update", "apiVersion": "example.com/v1",
                    "time": time.to_string(), "fieldsType": "FieldsV1",
                    "fieldsV1": {"f:spec": {"f:replicas": {}}}}]},
            "spec": {"replicas": if n % 2 == 1 { 5 } else { 3 }},
        });
        recorder.observe(Observation::Object(ObjectState {
            kind: Arc::clone(&kind),
            key: ResourceKey {
                namespace: Some("web".into()),
                name: "shop".into(),
            },
            uid: Uid("u1".into()),
            resource_version: (n + 1).to_string().as_str().into(),
            generation: Some(Generation(n + 1)),
            change: if n == 0 {
                ChangeKind::Added
            } else {
                ChangeKind::Modified
            },
            provenance: if n == 0 {
                Provenance::InitialList
            } else {
                Provenance::Watch
            },
            observed_at: Moment {
                wall: START + n * 2_000_000,
                monotonic: u64::try_from(n).unwrap() * 2_000_000,
            },
            body: Some(body.to_string().into_bytes().into()),
        }));
    }
    recorder.flush();
    drop(recorder);
    file.close().unwrap();
    // As if it had been recorded then, for another minute.
    let database = rusqlite::Connection::open(&path).unwrap();
    database
        .execute(
            "UPDATE recordings SET started_at = ?1, ended_at = ?2",
            [START, START + 76_000_000],
        )
        .unwrap();
    text(&path).to_owned()
}

#[test]
fn what_is_wrong_is_a_table_and_exits_with_3() {
    let dir = tempfile::tempdir().unwrap();
    let file = session(&dir);
    let ran = run(&["insights", &file]);
    assert_eq!((ran.code, ran.stderr.as_str()), (Some(3), ""), "{ran:?}");
    let lines: Vec<Vec<_>> = ran
        .stdout
        .lines()
        .map(|line| {
            line.split("  ")
                .map(str::trim)
                .filter(|cell| !cell.is_empty())
                .collect()
        })
        .collect();
    assert_eq!(
        lines[0],
        ["SEVERITY", "RULE", "SUBJECT", "SINCE", "FOR", "WHAT", "WHY"]
    );
    assert_eq!(
        lines[1],
        [
            "warning",
            "fight",
            "Database web/shop",
            "2023-11-14T22:13:22Z",
            "1 m 14 s",
            "fight over spec.replicas",
            "argocd (4 writes) and hpa (4 writes) undid each other's writes 6 times: 5 ↔ 3.",
        ]
    );
    assert_eq!(lines.len(), 2);
}

#[test]
fn json_has_the_evidence() {
    let dir = tempfile::tempdir().unwrap();
    let file = session(&dir);
    let ran = run(&["insights", &file, "--json", "--rule", "fight"]);
    assert_eq!(ran.code, Some(3), "{ran:?}");
    let json: serde_json::Value = serde_json::from_str(&ran.stdout).unwrap();
    let insight = &json[0];
    assert_eq!(insight["rule"], "fight");
    assert_eq!(insight["apiVersion"], "example.com/v1");
    assert_eq!(
        (&insight["namespace"], &insight["name"]),
        (&json!("web"), &json!("shop"))
    );
    assert_eq!(
        insight["evidence"][0],
        json!({"observedAt": "2023-11-14T22:13:22.000000Z", "resourceVersion": "2", "note": "hpa set 5"})
    );
    assert_eq!(insight["evidence"].as_array().unwrap().len(), 8);
}

#[test]
fn nothing_wrong_exits_with_0() {
    let dir = tempfile::tempdir().unwrap();
    let file = session(&dir);
    for args in [
        &["--rule", "stuck"][..],
        &["-n", "db"],
        &["--at", "22:13:27"],
    ] {
        let text = succeed(&[&["insights", file.as_str()], args].concat());
        assert_eq!(text.lines().count(), 1, "{args:?}: {text}");
    }
    assert_eq!(
        succeed(&["insights", &file, "--rule", "stuck", "-o", "json"]),
        "[]\n"
    );
}

#[test]
fn what_has_ended_is_there_on_request() {
    let dir = tempfile::tempdir().unwrap();
    let file = session(&dir);
    let late = ["insights", &file, "--at", "22:19:00"];
    assert_eq!(succeed(&late).lines().count(), 1);
    let text = succeed(&[&late[..], &["--ended"]].concat());
    assert!(text.lines().nth(1).unwrap().starts_with("ended "), "{text}");
}

#[test]
fn the_users_thresholds_count() {
    let dir = tempfile::tempdir().unwrap();
    let file = session(&dir);
    let config = dir.path().join("kronika");
    fs::create_dir_all(&config).unwrap();
    let settings =
        json!({"insights": {"fight": {"reversals": 7, "alternations": 9}, "off": ["coverage"]}});
    fs::write(config.join("settings.json"), settings.to_string()).unwrap();
    let mut command = command(&["insights", &file]);
    let output = command.env("XDG_CONFIG_HOME", dir.path()).output().unwrap();
    assert_eq!(output.status.code(), Some(0), "{output:?}");
}

#[test]
fn the_rules_are_printed_with_their_thresholds() {
    let dir = tempfile::tempdir().unwrap();
    let text = succeed(&["insights", &session(&dir), "--rules"]);
    assert_eq!(text.lines().count(), 10);
    assert!(
        text.contains("undo each other's writes of a field 3 times within 10 m 00 s"),
        "{text}"
    );
}
