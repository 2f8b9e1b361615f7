//! Random objects, judged by kstatus itself (`tests/kstatus`, a program around the real module) and by Kronika.

use std::{
    collections::BTreeMap,
    fs,
    io::{Seek, Write},
    path::{Path, PathBuf},
    process::Command,
};

use fastrand::Rng;
use kronika::{
    model::{Json, Readiness, ReadinessStatus},
    readiness::RuleBook,
};
use serde_json::{Value, json};

/// Objects of each kind.
const OBJECTS: usize = 1500;

/// The kinds that kstatus has rules for, and some that it and Kronika judge by the rules for all.
const KINDS: &[(&str, &str)] = &[
    ("v1", "Service"),
    ("v1", "Pod"),
    ("v1", "Secret"),
    ("v1", "ConfigMap"),
    ("v1", "PersistentVolumeClaim"),
    ("apps/v1", "StatefulSet"),
    ("apps/v1", "DaemonSet"),
    ("apps/v1", "Deployment"),
    ("apps/v1", "ReplicaSet"),
    ("extensions/v1beta1", "DaemonSet"),
    ("extensions/v1beta1", "Deployment"),
    ("extensions/v1beta1", "ReplicaSet"),
    ("policy/v1", "PodDisruptionBudget"),
    ("batch/v1", "CronJob"),
    ("batch/v1", "Job"),
    ("apiextensions.k8s.io/v1", "CustomResourceDefinition"),
    ("example.org/v1", "Widget"),
    ("source.toolkit.fluxcd.io/v1", "GitRepository"),
    ("helm.toolkit.fluxcd.io/v2", "HelmRelease"),
    ("kustomize.toolkit.fluxcd.io/v1", "Kustomization"),
    // Kinds of a name that kstatus knows, in another group.
    ("serving.example.org/v1", "Service"),
    ("batch.example.org/v1", "Job"),
];

/// Where Kronika says something else on purpose: the whole list (see `src/readiness/mod.rs`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Deliberate {
    /// kstatus found none of its signs and assumes that the object is Current. Kronika looks further, and
    /// says Unknown where nothing tells.
    NothingTold,
    /// The deciding condition is about an older generation, which kstatus does not look at.
    Outdated,
    /// What is suspended is not on its way.
    Suspended,
    /// kstatus refuses the object: a field has an unexpected type, or a Pod's phase is not one.
    OddShape,
}

fn deliberate(theirs: &Verdict, ours: &Readiness) -> Option<Deliberate> {
    if theirs.status == "Error" {
        Some(Deliberate::OddShape)
    } else if ours.suspended && ours.status == ReadinessStatus::Current {
        Some(Deliberate::Suspended)
    } else if ours.status == ReadinessStatus::InProgress
        && ours.reason.contains("is about generation")
    {
        Some(Deliberate::Outdated)
    } else if theirs.status == "Current" && theirs.message == "Resource is current" {
        Some(Deliberate::NothingTold)
    } else {
        None
    }
}

#[test]
fn says_what_kstatus_says_but_for_the_listed_differences() {
    let rng = &mut Rng::with_seed(20_190_511);
    let objects: Vec<Value> = KINDS
        .iter()
        .flat_map(|kind| std::iter::repeat_n(kind, OBJECTS))
        .map(|(api_version, kind)| object(rng, api_version, kind))
        .collect();
    let theirs = kstatus(&objects);
    assert_eq!(theirs.len(), objects.len());

    let book = RuleBook::default();
    let mut agreed: BTreeMap<String, usize> = BTreeMap::new();
    let mut differences: BTreeMap<Deliberate, usize> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for (object, theirs) in objects.iter().zip(&theirs) {
        let text = object.to_string();
        let ours = judge(&book, object, &text);
        if format!("{:?}", ours.status) == theirs.status {
            *agreed.entry(theirs.status.clone()).or_default() += 1;
        } else if let Some(reason) = deliberate(theirs, &ours) {
            *differences.entry(reason).or_default() += 1;
        } else {
            unexplained.push(format!(
                "{text}\n  kstatus: {} ({})\n  Kronika: {:?} ({})",
                theirs.status, theirs.message, ours.status, ours.reason
            ));
        }
    }
    let count = unexplained.len();
    unexplained.truncate(5);
    assert_eq!(
        count,
        0,
        "unexplained, of {}:\n{}",
        objects.len(),
        unexplained.join("\n")
    );
    // The comparison is about something: every result and every difference occurs often.
    for status in ["Current", "InProgress", "Failed", "Terminating"] {
        assert!(
            agreed.get(status).is_some_and(|n| *n > 500),
            "{status}: {agreed:?}"
        );
    }
    assert!(
        differences.len() == 4 && differences.values().all(|n| *n > 20),
        "{differences:?}"
    );
    let total: usize = agreed.values().sum();
    assert!(
        total * 10 > objects.len() * 7,
        "{total} of {} agree",
        objects.len()
    );
    println!(
        "{} objects; agreed {agreed:?}; different {differences:?}",
        objects.len()
    );
}

fn judge(book: &RuleBook, object: &Value, text: &str) -> Readiness {
    let api_version = object["apiVersion"].as_str().unwrap_or_default();
    let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    let kind = object["kind"].as_str().unwrap_or_default();
    let json = Json::parse(text.as_bytes()).expect("an object of ours parses");
    book.judge(group, kind, &json, jiff::Timestamp::now())
}

/// What kstatus says.
struct Verdict {
    status: String,
    message: String,
}

fn kstatus(objects: &[Value]) -> Vec<Verdict> {
    let mut input = tempfile::tempfile().expect("a temporary file");
    for object in objects {
        writeln!(input, "{object}").expect("a line is written");
    }
    input.rewind().expect("the file is read from its start");
    let output = Command::new(program())
        .stdin(input)
        .output()
        .expect("kstatus runs");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "kstatus: {errors}");
    String::from_utf8(output.stdout)
        .expect("kstatus prints UTF-8")
        .lines()
        .map(|line| {
            let (status, message) = line.split_once('\t').expect("status, tab, message");
            Verdict {
                status: status.into(),
                message: message.into(),
            }
        })
        .collect()
}

/// Where `tests/kstatus/build.sh` puts the program.
fn program() -> PathBuf {
    let module = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/kstatus/go.mod");
    let module = fs::read_to_string(module).expect("go.mod is readable");
    let version = module
        .lines()
        .find_map(|line| line.trim().strip_prefix("sigs.k8s.io/cli-utils "))
        .expect("go.mod requires cli-utils");
    let target = Path::new(env!("CARGO_TARGET_TMPDIR"))
        .parent()
        .expect("target");
    let program = target.join("kstatus").join(version).join("kstatus");
    assert!(
        program.is_file(),
        "there is no {}: run tests/run.sh --prepare (or tests/kstatus/build.sh), which builds it once",
        program.display()
    );
    program
}

/// An object with what the rules of its kind look at, and now and then with what they should not mind.
fn object(rng: &mut Rng, api_version: &str, kind: &str) -> Value {
    let mut metadata = json!({"name": "a", "namespace": "b"});
    metadata["creationTimestamp"] = pick(
        rng,
        &[json!("2020-01-01T00:00:00Z"), json!("2090-01-01T00:00:00Z")],
    );
    if rng.u8(..100) < 60 {
        metadata["generation"] = json!(rng.i64(1..3));
    }
    if rng.u8(..100) < 5 {
        metadata["deletionTimestamp"] = pick(rng, &[json!("2026-01-01T00:00:00Z"), json!("")]);
        metadata["finalizers"] = json!(["example.org/cleanup"]);
    }
    json!({
        "apiVersion": api_version,
        "kind": kind,
        "metadata": metadata,
        "spec": spec(rng),
        "status": status(rng),
    })
}

fn spec(rng: &mut Rng) -> Value {
    let mut spec = json!({});
    maybe_number(
        rng,
        &mut spec,
        70,
        &["replicas", "parallelism", "completions"],
    );
    if rng.u8(..100) < 50 {
        spec["progressDeadlineSeconds"] = pick(rng, &[json!(600), json!(i32::MAX)]);
    }
    match rng.u8(..10) {
        0 => spec["updateStrategy"] = json!({"type": "OnDelete"}),
        1..4 => {
            spec["updateStrategy"] =
                json!({"type": "RollingUpdate", "rollingUpdate": {"partition": rng.i64(0..3)}});
        }
        _ => {}
    }
    if rng.u8(..100) < 50 {
        spec["type"] = pick(rng, &[json!("LoadBalancer"), json!("ClusterIP"), json!(1)]);
    }
    if rng.bool() {
        spec["clusterIP"] = pick(rng, &[json!("10.0.0.1"), json!(""), json!("None")]);
    }
    if rng.u8(..100) < 4 {
        let name = pick(rng, &["suspend", "paused"]);
        spec[name] = json!(true);
    }
    spec
}

fn status(rng: &mut Rng) -> Value {
    let mut status = json!({});
    if rng.u8(..100) < 50 {
        status["observedGeneration"] = json!(rng.i64(1..3));
    }
    // Mostly done, so that the later rules are reached too.
    let counts = &[
        "replicas",
        "readyReplicas",
        "currentReplicas",
        "updatedReplicas",
        "availableReplicas",
        "fullyLabeledReplicas",
        "desiredNumberScheduled",
        "currentNumberScheduled",
        "updatedNumberScheduled",
        "numberAvailable",
        "numberReady",
        "succeeded",
        "active",
        "failed",
    ];
    if rng.u8(..100) < 60 {
        let all = rng.i64(0..3);
        for name in counts {
            status[*name] = json!(all);
        }
        if rng.bool() {
            let name = pick(rng, counts);
            status[name] = json!(rng.i64(0..4));
        }
    } else {
        maybe_number(rng, &mut status, 60, counts);
    }
    for name in ["currentRevision", "updateRevision"] {
        if rng.bool() {
            status[name] = pick(rng, &[json!("a"), json!("a"), json!("b")]);
        }
    }
    if rng.u8(..100) < 70 {
        let phases = [
            "Running",
            "Running",
            "Pending",
            "Pending",
            "Succeeded",
            "Failed",
            "Bound",
            "Lost",
            "Odd",
            "",
        ];
        status["phase"] = json!(pick(rng, &phases));
    }
    if rng.bool() {
        status["startTime"] = pick(rng, &[json!("2026-01-01T00:00:00Z"), json!("")]);
    }
    if rng.bool() {
        status["containerStatuses"] = (0..rng.u8(0..3)).map(|i| container(rng, i)).collect();
    }
    if rng.u8(..100) < 85 {
        status["conditions"] = (0..rng.u8(0..4)).map(|_| condition(rng)).collect();
    }
    // What the schema of the kind would not let pass.
    match rng.u8(..200) {
        0 => status["conditions"] = json!({"Ready": "True"}),
        1 => status["observedGeneration"] = json!("2"),
        2 => status["conditions"] = json!([{"type": "Ready", "status": true}]),
        3 => status = json!({}),
        _ => {}
    }
    status
}

fn maybe_number(rng: &mut Rng, into: &mut Value, percent: u8, names: &[&str]) {
    for name in names {
        if rng.u8(..100) < percent {
            into[*name] = match rng.u8(..100) {
                0 => json!(1.5),
                1 => json!("2"),
                2 => Value::Null,
                _ => json!(rng.i64(0..4)),
            };
        }
    }
}

fn container(rng: &mut Rng, number: u8) -> Value {
    let state = match rng.u8(..4) {
        0 => json!({"waiting": {"reason": "CrashLoopBackOff"}}),
        1 => json!({"waiting": {"reason": "ImagePullBackOff"}}),
        2 => json!({"running": {}}),
        _ => json!({"waiting": {}}),
    };
    json!({"name": format!("c{number}"), "state": state})
}

fn condition(rng: &mut Rng) -> Value {
    let types = [
        "Ready",
        "Ready",
        "Stalled",
        "Reconciling",
        "Available",
        "Progressing",
        "ReplicaFailure",
        "Complete",
        "Failed",
        "PodScheduled",
        "Established",
        "NamesAccepted",
        "Healthy",
        "Degraded",
        "Custom",
    ];
    let reasons = [
        "",
        "ProgressDeadlineExceeded",
        "NewReplicaSetAvailable",
        "NewReplicaSetAvailable",
        "Unschedulable",
        "Installing",
        "Whatever",
    ];
    let statuses = [
        "True", "True", "True", "False", "False", "Unknown", "", "true",
    ];
    let mut condition = json!({
        "type": pick(rng, &types),
        "status": pick(rng, &statuses),
        "reason": pick(rng, &reasons),
        "message": pick(rng, &["", "it is so"]),
    });
    if rng.u8(..100) < 10 {
        condition["observedGeneration"] = json!(rng.i64(1..3));
    }
    condition
}

fn pick<T: Clone>(rng: &mut Rng, choices: &[T]) -> T {
    choices[rng.usize(..choices.len())].clone()
}
