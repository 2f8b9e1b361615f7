//! `kronika record` and the commands that read its file, on a real API server under load.

use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::support::control_plane::ControlPlane;
use crate::support::load::{Load, Plan};
use crate::support::recorder_process::{RecorderProcess, differences};
use crate::support::wait;

const LIMIT: Duration = Duration::from_secs(20);

fn kronika(arguments: &[&str]) -> Vec<u8> {
    let output = Command::new(env!("CARGO_BIN_EXE_kronika"))
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{arguments:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    output.stdout
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn record_writes_every_write_once_and_ends_cleanly() {
    let plane = ControlPlane::shared();
    let group = "recordcommand.load.example.org";
    let plan = Plan::new(group);
    let objects = plan.objects;
    let mut load = Load::create(plane.client().await, plan).await;
    let created = load.record().writes.len();
    let directory = tempfile::tempdir().unwrap();
    let kind = format!("widgets.{group}");
    let lines = directory.path().join("changes.ndjson");
    let process = RecorderProcess::start(plane.admin_kubeconfig(), &lines, &["--kind", &kind]);
    process.await_initial_list(objects);
    load.run(Duration::from_secs(5)).await;
    let record = load.record();
    let writes = &record.writes[created..];
    let last = writes.last().unwrap().resource_version.clone();
    wait::until(LIMIT, "the last write is on stdout", || {
        process
            .lines()
            .iter()
            .any(|line| line["resourceVersion"] == *last)
            .then_some(())
    });
    let lines = process.interrupt();
    let found = differences(&lines, writes);
    assert!(found.is_empty(), "{}", found.join("\n"));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_session_file_shows_each_revision_as_the_server_sent_it() {
    let plane = ControlPlane::shared();
    let group = "sessionfile.load.example.org";
    let plan = Plan {
        objects: 20,
        ..Plan::new(group)
    };
    let mut load = Load::create(plane.client().await, plan).await;
    let created = load.record().writes.len();
    let directory = tempfile::tempdir().unwrap();
    let kind = format!("widgets.{group}");
    let (file, stdout) = (
        directory.path().join("run.kronika"),
        directory.path().join("stdout"),
    );
    let out = file.to_str().unwrap();
    let process = RecorderProcess::start(
        plane.admin_kubeconfig(),
        &stdout,
        &["--kind", &kind, "--out", out],
    );
    wait::until(LIMIT, "the recorder has begun", || {
        file.exists().then_some(())
    });
    load.run(Duration::from_secs(4)).await;
    let record = load.record();
    let newest = record.writes.last().unwrap().resource_version.clone();
    let log = || -> Vec<Value> {
        let text = String::from_utf8(kronika(&["log", out, "-o", "json"])).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    };
    wait::until(LIMIT, "the last write is in the file", || {
        log()
            .iter()
            .any(|line| line["resourceVersion"] == *newest)
            .then_some(())
    });
    assert!(
        process.interrupt().is_empty(),
        "with --out nothing goes to stdout"
    );
    let log = log();
    for write in record.writes[created..].iter().rev().take(20) {
        assert!(
            log.iter()
                .any(|line| line["resourceVersion"] == *write.resource_version),
            "{write:?}"
        );
        let name = format!("{}/{}", write.namespace, write.name);
        let shown = kronika(&[
            "show",
            out,
            &kind,
            &name,
            "--revision",
            &write.resource_version,
            "-o",
            "json",
        ]);
        let audited = plane
            .audit_events()
            .into_iter()
            .find(|event| {
                event.object_ref.name == write.name
                    && event.written().is_some_and(|object| {
                        object.metadata.resource_version == write.resource_version
                    })
            })
            .and_then(|event| event.response_object)
            .unwrap();
        let shown: Value = serde_json::from_slice(&shown).unwrap();
        assert_eq!(shown, serde_json::from_str::<Value>(audited.get()).unwrap());
        let yaml = kronika(&[
            "show",
            out,
            &kind,
            &name,
            "--revision",
            &write.resource_version,
        ]);
        assert_eq!(serde_yaml::from_slice::<Value>(&yaml).unwrap(), shown);
    }
    let latency = kronika(&["latency", out, "-o", "json"]);
    let latency = String::from_utf8(latency).unwrap();
    assert!(latency.contains("status.observedGeneration"), "{latency}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_field_that_the_user_lists_never_reaches_the_output() {
    let plane = ControlPlane::shared();
    let group = "redacted.load.example.org";
    let plan = Plan {
        objects: 3,
        ..Plan::new(group)
    };
    let load = Load::create(plane.client().await, plan).await;
    let name = load.record().writes[0].name.clone();
    let namespace = load.record().writes[0].namespace.clone();
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("run.kronika");
    let (out, kind) = (file.to_str().unwrap(), format!("widgets.{group}"));
    let kubeconfig = plane.admin_kubeconfig().to_str().unwrap();
    let record = [
        "record",
        "--kubeconfig",
        kubeconfig,
        "--kind",
        &kind,
        "--for",
        "3s",
        "--out",
        out,
    ];
    kronika(&[&record[..], &["--redact", ".spec"]].concat());
    let shown = kronika(&[
        "show",
        out,
        &kind,
        &format!("{namespace}/{name}"),
        "-o",
        "json",
    ]);
    let shown: Value = serde_json::from_slice(&shown).unwrap();
    assert!(
        shown["spec"].as_str().unwrap().starts_with("redacted:"),
        "{shown}"
    );
}
