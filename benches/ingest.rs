//! Watch bytes → recorded change on one core, beside a kube-rs watch that only decodes.
//!
//! `cargo bench --bench ingest`. The input is generated: objects of about 4.5 KB with managedFields,
//! one spec change to nine status changes. Compare the ratio; absolute figures drift.

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints its figures, and stops where it cannot go on"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use kronika::diff::{compare, writers};
use kronika::model::{
    ChangeKind, Generation, Json, Moment, ObjectState, Observation, PrinterColumn, Provenance,
    ResourceKey, ResourceKind, Scope, Topology, Uid,
};
use kronika::timeline::{Recorder, RevisionEncoder, Timeline};
use kube::api::{DynamicObject, WatchEvent};
use parking_lot::RwLock;

const OBJECTS: usize = 1_000;
const REVISIONS: usize = 30;

/// The object as the API server writes it. `status` counts the status writes.
fn object(name: usize, spec: usize, status: usize) -> String {
    let conditions: Vec<_> = ["Ready", "Synced", "Available", "Progressing"]
        .iter()
        .enumerate()
        .map(|(i, kind)| {
            let value = if (status + i).is_multiple_of(3) { "False" } else { "True" };
            format!(
                r#"{{"lastTransitionTime":"2026-01-01T00:{:02}:{:02}Z","message":"attempt {status} of component {i}: {}","observedGeneration":{spec},"reason":"Reconcile{value}","status":"{value}","type":"{kind}"}}"#,
                status % 60,
                (status * 7 + i) % 60,
                "waiting for the backing resources to report that they are healthy".repeat(2),
            )
        })
        .collect();
    let replicas: Vec<_> = (0..14)
        .map(|i| {
            format!(
                r#"{{"address":"10.{}.{i}.{}","ready":{},"revision":"{:x}"}}"#,
                name % 250,
                status % 250,
                i % 2 == 0,
                name * 7_919 + i
            )
        })
        .collect();
    let env: Vec<_> = (0..12)
        .map(|i| {
            format!(
                r#"{{"name":"SETTING_{i}","value":"value-{:x}"}}"#,
                name * 31 + i * 17
            )
        })
        .collect();
    let owned = |names: &[&str]| {
        names
            .iter()
            .map(|name| format!(r#""f:{name}":{{}}"#))
            .collect::<Vec<_>>()
            .join(",")
    };
    format!(
        r#"{{"apiVersion":"bench.example.org/v1","kind":"Service","metadata":{{"annotations":{{"bench.example.org/owner":"team-{}"}},"creationTimestamp":"2025-12-01T00:00:00Z","generation":{spec},"labels":{{"app.kubernetes.io/instance":"service-{name}","app.kubernetes.io/name":"service"}},"managedFields":[{{"apiVersion":"bench.example.org/v1","fieldsType":"FieldsV1","fieldsV1":{{"f:metadata":{{"f:annotations":{{"f:bench.example.org/owner":{{}}}},"f:labels":{{"f:app.kubernetes.io/instance":{{}},"f:app.kubernetes.io/name":{{}}}}}},"f:spec":{{{}}}}},"manager":"argocd-controller","operation":"Apply","time":"2026-01-01T01:{:02}:00Z"}},{{"apiVersion":"bench.example.org/v1","fieldsType":"FieldsV1","fieldsV1":{{"f:status":{{{},"f:conditions":{{".":{{}},"k:{{\"type\":\"Available\"}}":{{".":{{}},{}}},"k:{{\"type\":\"Ready\"}}":{{".":{{}},{}}}}}}}}},"manager":"service-controller","operation":"Update","subresource":"status","time":"2026-01-01T02:{:02}:{:02}Z"}}],"name":"service-{name}","namespace":"bench-{}","resourceVersion":"{}","uid":"{name:08x}-0000-4000-8000-000000000000"}},"spec":{{"env":[{}],"image":"registry.example.org/service:{spec}","replicas":{}}},"status":{{"conditions":[{}],"observedGeneration":{spec},"replicas":[{}]}}}}"#,
        name % 20,
        owned(&["env", "image", "replicas"]),
        spec % 60,
        owned(&["observedGeneration", "replicas"]),
        owned(&[
            "lastTransitionTime",
            "message",
            "observedGeneration",
            "reason",
            "status",
            "type"
        ]),
        owned(&[
            "lastTransitionTime",
            "message",
            "observedGeneration",
            "reason",
            "status",
            "type"
        ]),
        status % 60,
        (status * 13) % 60,
        name % 20,
        1_000 + name * 1_000 + spec + status,
        env.join(","),
        spec % 9 + 1,
        conditions.join(","),
        replicas.join(","),
    )
}

/// Revision `n` of an object: every tenth changes the spec.
fn revision(name: usize, n: usize) -> String {
    object(name, 1 + n / 10, n - n / 10)
}

fn per_second(count: usize, took: Duration) -> f64 {
    count as f64 / took.as_secs_f64()
}

fn timed(what: &str, count: usize, work: impl FnOnce()) -> f64 {
    let began = Instant::now();
    work();
    let took = began.elapsed();
    let rate = per_second(count, took);
    println!("  {what:<44} {:>7.1} µs  {rate:>9.0}/s", 1e6 / rate);
    rate
}

fn main() {
    // `cargo test --benches` only asks whether it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let bodies: Vec<String> = (0..REVISIONS)
        .flat_map(|n| (0..OBJECTS).map(move |name| revision(name, n)))
        .collect();
    let bytes: usize = bodies.iter().map(String::len).sum();
    let count = bodies.len();
    println!(
        "{OBJECTS} objects × {REVISIONS} revisions of {} B",
        bytes / count
    );

    let lines: Vec<String> = bodies
        .iter()
        .map(|body| format!(r#"{{"type":"MODIFIED","object":{body}}}"#))
        .collect();
    let decode = timed("kube-rs: line → WatchEvent<DynamicObject>", count, || {
        for line in &lines {
            let event: WatchEvent<DynamicObject> = serde_json::from_str(line).unwrap();
            std::hint::black_box(&event);
        }
    });
    drop(lines);

    timed("parse", count, || {
        for body in &bodies {
            std::hint::black_box(Json::parse(body.as_bytes()).unwrap());
        }
    });
    let later = &bodies[OBJECTS..];
    timed("parse both, diff, ownership", later.len(), || {
        for (old, new) in bodies.iter().zip(later) {
            let (old, new) = (
                Json::parse(old.as_bytes()).unwrap(),
                Json::parse(new.as_bytes()).unwrap(),
            );
            let changes = compare(&old, &new);
            std::hint::black_box(writers(
                Some(&old),
                &new,
                &changes,
                true,
                Topology::unknown(),
            ));
        }
    });
    let mut encoder = RevisionEncoder::default();
    timed("encode as delta", later.len(), || {
        for (old, new) in bodies.iter().zip(later) {
            std::hint::black_box(
                encoder
                    .encode(new.as_bytes(), Some(old.as_bytes()))
                    .unwrap(),
            );
        }
    });

    let kind = Arc::new(ResourceKind {
        group: "bench.example.org".into(),
        version: "v1".into(),
        kind: "Service".into(),
        plural: "services".into(),
        scope: Scope::Namespaced,
    });
    let column = |name: &str, type_: &str, json_path: &str| PrinterColumn {
        name: name.into(),
        type_: type_.into(),
        format: String::new(),
        description: String::new(),
        priority: 0,
        json_path: json_path.into(),
    };
    let columns = [
        column(
            "Ready",
            "string",
            r#".status.conditions[?(@.type=="Ready")].status"#,
        ),
        column("Image", "string", ".spec.image"),
        column("Replicas", "integer", ".spec.replicas"),
        column("Age", "date", ".metadata.creationTimestamp"),
    ];
    let observations: Vec<_> = bodies
        .iter()
        .enumerate()
        .map(|(i, body)| {
            let (n, name) = (i / OBJECTS, i % OBJECTS);
            let micros = u64::try_from(i).unwrap() * 40;
            Observation::Object(ObjectState {
                kind: Arc::clone(&kind),
                key: ResourceKey {
                    namespace: Some(format!("bench-{}", name % 20).into()),
                    name: format!("service-{name}").into(),
                },
                uid: Uid(format!("{name:08x}-0000-4000-8000-000000000000").into()),
                resource_version: (1_000 + i).to_string().as_str().into(),
                generation: Some(Generation(i64::try_from(1 + n / 10).unwrap())),
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
                    wall: i64::try_from(micros).unwrap(),
                    monotonic: micros,
                },
                body: Some(body.as_bytes().into()),
            })
        })
        .collect();
    let timeline = Arc::new(RwLock::new(Timeline::new("bench".into())));
    let mut recorder = Recorder::new(Arc::clone(&timeline), Vec::new());
    recorder.observe(Observation::Kind {
        kind,
        columns: columns.into(),
    });
    let recorded = timed("everything: bytes → recorded change", count, || {
        for observation in observations {
            recorder.observe(observation);
        }
    });
    let timeline = timeline.read();
    let total = timeline.change_count();
    println!(
        "recorded {total} changes; {:.2} × kube-rs decoding alone (target 2, and 25,000/s)",
        recorded / decode
    );
    println!(
        "encoded revisions: {} B each, of {} B raw (target 256 with all that belongs to one)",
        timeline.encoded_bytes() / total,
        bytes / count
    );
}
