//! The built-in workload kinds, judged.

use super::*;
use crate::model::ReadinessStatus::{self, Current, Failed, InProgress, Unknown};

/// A status of one line per case: kind, spec, status, and what kstatus says.
fn check(kind: &str, cases: &[(&str, &str, ReadinessStatus, &str)]) {
    let (group, kind) = kind.rsplit_once('/').unwrap_or(("", kind));
    for (spec, status, expected, words) in cases {
        let text = format!(
            r#"{{"metadata":{{"generation":1,"creationTimestamp":"2026-01-01T00:00:00Z"}},
            "spec":{spec},"status":{status}}}"#
        );
        let object = Json::parse(text.as_bytes()).unwrap();
        let now = "2026-01-01T00:01:00Z".parse().unwrap();
        let verdict = judge(group, kind, &object, now).unwrap();
        assert_eq!(
            verdict.status, *expected,
            "{kind} {spec} {status}: {}",
            verdict.reason
        );
        assert!(
            verdict.reason.contains(words),
            "{kind}: {} has no {words}",
            verdict.reason
        );
    }
}

#[test]
fn deployments() {
    let done = r#"{"replicas":2,"updatedReplicas":2,"readyReplicas":2,"availableReplicas":2,"conditions":[
        {"type":"Progressing","status":"True","reason":"NewReplicaSetAvailable"},{"type":"Available","status":"True"}]}"#;
    let without = |what: &str, with: &str| done.replace(what, with);
    let deadline = r#"{"replicas":2,"progressDeadlineSeconds":600}"#;
    check(
        "apps/Deployment",
        &[
            (deadline, done, Current, "2 replicas are available"),
            (deadline, "{}", InProgress, "0 of 2 replicas exist"),
            ("{}", "{}", InProgress, "0 of 1 replicas exist"),
            (
                deadline,
                &without("\"updatedReplicas\":2", "\"updatedReplicas\":1"),
                InProgress,
                "1 of 2 replicas are updated",
            ),
            (
                deadline,
                &without("\"replicas\":2", "\"replicas\":3"),
                InProgress,
                "1 replicas more",
            ),
            (
                deadline,
                &without("\"availableReplicas\":2", "\"availableReplicas\":1"),
                InProgress,
                "1 of 2 replicas are available",
            ),
            (
                deadline,
                &without("\"readyReplicas\":2", "\"readyReplicas\":0"),
                InProgress,
                "0 of 2 replicas are ready",
            ),
            (
                deadline,
                &without("NewReplicaSetAvailable", "ReplicaSetUpdated"),
                InProgress,
                "new ReplicaSet",
            ),
            (
                r#"{"replicas":2}"#,
                &without("NewReplicaSetAvailable", "ReplicaSetUpdated"),
                Current,
                "",
            ),
            (
                r#"{"replicas":2,"progressDeadlineSeconds":2147483647}"#,
                &without("NewReplicaSetAvailable", "x"),
                Current,
                "",
            ),
            (
                deadline,
                &without(
                    "\"Available\",\"status\":\"True\"",
                    "\"Available\",\"status\":\"False\"",
                ),
                InProgress,
                "Available",
            ),
            (
                deadline,
                &without("NewReplicaSetAvailable", "ProgressDeadlineExceeded"),
                Failed,
                "ProgressDeadlineExceeded",
            ),
            (
                r#"{"replicas":0,"progressDeadlineSeconds":600}"#,
                r#"{"conditions":[
                {"type":"Progressing","status":"True","reason":"NewReplicaSetAvailable"},{"type":"Available","status":"True"}]}"#,
                Current,
                "0 replicas",
            ),
        ],
    );
}

#[test]
fn stateful_sets() {
    let done = r#"{"replicas":3,"readyReplicas":3,"currentReplicas":3,"updatedReplicas":3,"currentRevision":"a","updateRevision":"a"}"#;
    let three = r#"{"replicas":3}"#;
    let partition = r#"{"replicas":3,"updateStrategy":{"rollingUpdate":{"partition":1}}}"#;
    check(
        "apps/StatefulSet",
        &[
            (three, done, Current, "3 replicas are ready"),
            (
                r#"{"replicas":3,"updateStrategy":{"type":"OnDelete"}}"#,
                "{}",
                Current,
                "OnDelete",
            ),
            (
                three,
                r#"{"replicas":1}"#,
                InProgress,
                "1 of 3 replicas exist",
            ),
            (
                three,
                r#"{"replicas":3,"readyReplicas":2}"#,
                InProgress,
                "2 of 3 replicas are ready",
            ),
            (
                three,
                r#"{"replicas":4,"readyReplicas":4}"#,
                InProgress,
                "1 replicas more",
            ),
            (
                three,
                r#"{"replicas":3,"readyReplicas":3,"currentReplicas":1}"#,
                InProgress,
                "1 of 3 replicas are current",
            ),
            (
                three,
                &done.replace("\"updateRevision\":\"a\"", "\"updateRevision\":\"b\""),
                InProgress,
                "update to b",
            ),
            (
                partition,
                r#"{"replicas":3,"readyReplicas":3,"updatedReplicas":1}"#,
                InProgress,
                "1 of 2 replicas above",
            ),
            (
                partition,
                r#"{"replicas":3,"readyReplicas":3,"updatedReplicas":2}"#,
                Current,
                "2 replicas above",
            ),
        ],
    );
}

#[test]
fn daemon_sets() {
    let done = r#"{"observedGeneration":1,"desiredNumberScheduled":3,"currentNumberScheduled":3,"updatedNumberScheduled":3,"numberAvailable":3,"numberReady":3}"#;
    let short = |name: &str| done.replace(&format!("\"{name}\":3"), &format!("\"{name}\":1"));
    check(
        "apps/DaemonSet",
        &[
            ("{}", done, Current, "3 replicas are ready"),
            ("{}", "{}", InProgress, "no generation is observed"),
            (
                "{}",
                r#"{"observedGeneration":1}"#,
                InProgress,
                "not known yet",
            ),
            (
                "{}",
                &short("currentNumberScheduled"),
                InProgress,
                "1 of 3 replicas are scheduled",
            ),
            (
                "{}",
                &short("updatedNumberScheduled"),
                InProgress,
                "1 of 3 replicas are updated",
            ),
            (
                "{}",
                &short("numberAvailable"),
                InProgress,
                "1 of 3 replicas are available",
            ),
            (
                "{}",
                &short("numberReady"),
                InProgress,
                "1 of 3 replicas are ready",
            ),
        ],
    );
}

#[test]
fn replica_sets() {
    let done = r#"{"replicas":2,"fullyLabeledReplicas":2,"availableReplicas":2,"readyReplicas":2}"#;
    let short = |name: &str| done.replace(&format!("\"{name}\":2"), &format!("\"{name}\":1"));
    let two = r#"{"replicas":2}"#;
    check(
        "apps/ReplicaSet",
        &[
            (two, done, Current, "2 replicas are available"),
            (two, &short("fullyLabeledReplicas"), InProgress, "labels"),
            (
                two,
                &short("availableReplicas"),
                InProgress,
                "1 of 2 replicas are available",
            ),
            (
                two,
                &short("readyReplicas"),
                InProgress,
                "1 of 2 replicas are ready",
            ),
            (
                two,
                &done.replace("\"replicas\":2", "\"replicas\":5"),
                InProgress,
                "3 replicas more",
            ),
            (
                two,
                r#"{"conditions":[{"type":"ReplicaFailure","status":"True","reason":"FailedCreate","message":"exceeded quota"}]}"#,
                InProgress,
                "exceeded quota",
            ),
        ],
    );
}

#[test]
fn jobs_are_current_while_they_run() {
    check(
        "batch/Job",
        &[
            ("{}", "{}", InProgress, "not started"),
            (
                r#"{"parallelism":4}"#,
                r#"{"startTime":"2026-01-01T00:00:00Z","active":2,"succeeded":1}"#,
                Current,
                "2 active, 1 of 4 succeeded",
            ),
            (
                r#"{"completions":2}"#,
                r#"{"succeeded":2,"conditions":[{"type":"Complete","status":"True"}]}"#,
                Current,
                "2 of 2",
            ),
            (
                "{}",
                r#"{"conditions":[{"type":"Failed","status":"True","reason":"BackoffLimitExceeded","message":"x"}]}"#,
                Failed,
                "BackoffLimitExceeded",
            ),
            (
                "{}",
                r#"{"conditions":[{"type":"Failed","status":"False"}],"startTime":"2026-01-01T00:00:00Z"}"#,
                Current,
                "running",
            ),
        ],
    );
}

#[test]
fn pods() {
    let unschedulable = r#"{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable","message":"0/3 nodes"}]}"#;
    check(
        "Pod",
        &[
            ("{}", "{}", InProgress, "not observed"),
            ("{}", r#"{"phase":"Succeeded"}"#, Current, "completed"),
            ("{}", r#"{"phase":"Failed"}"#, Current, "not successfully"),
            (
                "{}",
                r#"{"phase":"Running","conditions":[{"type":"Ready","status":"True"}]}"#,
                Current,
                "ready",
            ),
            (
                "{}",
                r#"{"phase":"Running","conditions":[{"type":"Ready","status":"False","reason":"ContainersNotReady"}]}"#,
                InProgress,
                "ContainersNotReady",
            ),
            ("{}", r#"{"phase":"Running"}"#, InProgress, "not ready"),
            (
                "{}",
                r#"{"phase":"Running","containerStatuses":[{"name":"web","state":{"waiting":{"reason":"CrashLoopBackOff"}}},{"name":"ok","state":{"running":{}}}]}"#,
                Failed,
                "crash loop: web",
            ),
            ("{}", r#"{"phase":"Pending"}"#, InProgress, "pending"),
            (
                "{}",
                r#"{"phase":"Pending","containerStatuses":[{"name":"web","state":{"waiting":{"reason":"ImagePullBackOff"}}}]}"#,
                InProgress,
                "web waits: ImagePullBackOff",
            ),
            ("{}", unschedulable, Failed, "0/3 nodes"),
            (
                "{}",
                r#"{"phase":"Pending","conditions":[{"type":"PodScheduled","status":"False","reason":"SchedulingGated"}]}"#,
                InProgress,
                "pending",
            ),
            ("{}", r#"{"phase":"Strange"}"#, Unknown, "Strange"),
        ],
    );
}

#[test]
fn a_pod_has_a_quarter_of_a_minute_to_be_scheduled() {
    let object = Json::parse(
        br#"{"metadata":{"creationTimestamp":"2026-01-01T00:00:00Z"},"status":{"phase":"Pending",
        "conditions":[{"type":"PodScheduled","status":"False","reason":"Unschedulable"}]}}"#,
    )
    .unwrap();
    let at = |now: &str| {
        judge("", "Pod", &object, now.parse().unwrap())
            .unwrap()
            .status
    };
    assert_eq!(at("2026-01-01T00:00:14Z"), InProgress);
    assert_eq!(at("2026-01-01T00:00:15Z"), Failed);
}

#[test]
fn claims_services_and_budgets() {
    check(
        "PersistentVolumeClaim",
        &[
            ("{}", r#"{"phase":"Bound"}"#, Current, "bound"),
            ("{}", r#"{"phase":"Pending"}"#, InProgress, "Pending"),
            ("{}", "{}", InProgress, "unknown"),
        ],
    );
    check(
        "Service",
        &[
            ("{}", "{}", Current, ""),
            (r#"{"type":"LoadBalancer"}"#, "{}", InProgress, "cluster IP"),
            (
                r#"{"type":"LoadBalancer","clusterIP":"10.0.0.1"}"#,
                "{}",
                Current,
                "",
            ),
        ],
    );
    check("policy/PodDisruptionBudget", &[("{}", "{}", Current, "")]);
    check("batch/CronJob", &[("{}", "{}", Current, "")]);
    check("ConfigMap", &[("{}", "{}", Current, "")]);
}

#[test]
fn definitions_of_custom_resources() {
    let conditions = |text: &str| format!(r#"{{"conditions":[{text}]}}"#);
    let accepted = r#"{"type":"NamesAccepted","status":"True"}"#;
    check(
        "apiextensions.k8s.io/CustomResourceDefinition",
        &[
            ("{}", "{}", InProgress, "installed"),
            (
                "{}",
                &conditions(&format!(
                    r#"{accepted},{{"type":"Established","status":"True"}}"#
                )),
                Current,
                "established",
            ),
            (
                "{}",
                &conditions(
                    r#"{"type":"NamesAccepted","status":"False","reason":"ListKindConflict","message":"in use"}"#,
                ),
                Failed,
                "in use",
            ),
            (
                "{}",
                &conditions(r#"{"type":"Established","status":"False","reason":"Installing"}"#),
                InProgress,
                "installed",
            ),
            (
                "{}",
                &conditions(r#"{"type":"Established","status":"False","reason":"NotAccepted"}"#),
                Failed,
                "NotAccepted",
            ),
        ],
    );
}
