//! What known controllers write, step by step, and the samples that it must give.
//!
//! Each trace is how the project's controller writes status, read in its source: where the observed
//! generation goes, when, and which condition says that the object is ready.

use std::sync::Arc;

use parking_lot::RwLock;
use serde_json::{Value, json};

use super::{LatencyMethod, ReadySign, ReconcileTrigger, SampleState};
use crate::{
    model::{
        ChangeKind, Generation, Moment, ObjectState, Observation, Provenance, ResourceKey,
        ResourceKind, Scope, Uid,
    },
    timeline::{Recorder, SharedTimeline, Timeline},
};

/// One controller's way.
struct Trace {
    project: &'static str,
    /// Milliseconds since the start, who writes, and the whole object after it.
    steps: Vec<(u64, &'static str, Value)>,
    method: Option<LatencyMethod>,
    ready: Option<ReadySign>,
    samples: Vec<Expected>,
}

/// Trigger, state, milliseconds to observed and to ready.
type Expected = (ReconcileTrigger, SampleState, Option<u64>, Option<u64>);

use LatencyMethod::{
    ConditionObservedGeneration, OtherSign, ReadyCondition, StatusObservedGeneration,
};
use ReconcileTrigger::{Created, Deleted, SpecChanged};
use SampleState::{Abandoned, Done, Open, Suspended};

const USER: &str = "kubectl-client-side-apply";
const OWN: &str = "the-controller";

/// An object: its generation, its spec, its status (null for none).
fn object(generation: i64, spec: Value, status: Value) -> Value {
    let mut object = json!({"metadata": {"generation": generation}, "spec": spec});
    if !status.is_null() {
        object["status"] = status;
    }
    object
}

fn condition(type_: &str, status: &str, observed: Option<i64>) -> Value {
    let mut condition = json!({"type": type_, "status": status, "reason": "Because"});
    if let Some(observed) = observed {
        condition["observedGeneration"] = observed.into();
    }
    condition
}

fn cert_manager() -> Trace {
    let status = |observed: i64, ready: &str| json!({"conditions": [condition("Ready", ready, Some(observed))]});
    let spec = |names: u32| json!({"dnsNames": names});
    Trace {
        project: "cert-manager Certificate: observedGeneration in its conditions",
        steps: vec![
            (0, USER, object(1, spec(1), Value::Null)),
            (20, OWN, object(1, spec(1), status(1, "False"))),
            (400, OWN, object(1, spec(1), status(1, "True"))),
            (1_000, USER, object(2, spec(2), status(1, "True"))),
            // The trigger controller adds Issuing first, and leaves Ready as it is.
            (
                1_010,
                OWN,
                object(
                    2,
                    spec(2),
                    json!({"conditions": [condition("Ready", "True", Some(1)), condition("Issuing", "True", Some(2))]}),
                ),
            ),
            (1_041, OWN, object(2, spec(2), status(2, "False"))),
            (1_382, OWN, object(2, spec(2), status(2, "True"))),
        ],
        method: Some(ConditionObservedGeneration),
        ready: Some(ReadySign::Ready),
        samples: vec![
            (Created, Done, Some(20), Some(400)),
            (SpecChanged, Done, Some(41), Some(382)),
        ],
    }
}

fn argo_rollouts() -> Trace {
    let status = |observed: &str, healthy: &str, phase: &str| {
        json!({"observedGeneration": observed, "phase": phase,
            "conditions": [condition("Available", "True", None), condition("Healthy", healthy, None)]})
    };
    let spec = |image: &str| json!({"image": image});
    Trace {
        project: "Argo Rollouts Rollout: observedGeneration as a string",
        steps: vec![
            (0, USER, object(1, spec("a"), Value::Null)),
            (
                30,
                OWN,
                object(1, spec("a"), status("1", "True", "Healthy")),
            ),
            (
                500,
                USER,
                object(2, spec("b"), status("1", "True", "Healthy")),
            ),
            (
                522,
                OWN,
                object(2, spec("b"), status("2", "False", "Progressing")),
            ),
            (
                31_500,
                OWN,
                object(2, spec("b"), status("2", "True", "Healthy")),
            ),
        ],
        method: Some(StatusObservedGeneration),
        ready: Some(ReadySign::Healthy),
        samples: vec![
            (Created, Done, Some(30), Some(30)),
            (SpecChanged, Done, Some(22), Some(31_000)),
        ],
    }
}

fn gateway_api() -> Trace {
    let parent = |observed: i64, accepted: &str| {
        json!({"parentRef": {"name": "p"}, "conditions": [
        condition("Accepted", accepted, Some(observed)), condition("ResolvedRefs", "True", Some(observed))]})
    };
    let status = |parents: Vec<Value>| json!({ "parents": parents });
    let spec = |weight: u32| json!({ "weight": weight });
    let both = |a, b| status(vec![parent(a, "True"), parent(b, "True")]);
    Trace {
        project: "Gateway API HTTPRoute: conditions per parent, each by its own controller",
        steps: vec![
            (0, USER, object(1, spec(1), Value::Null)),
            (8, OWN, object(1, spec(1), status(vec![parent(1, "True")]))),
            (12, "other-controller", object(1, spec(1), both(1, 1))),
            (100, USER, object(2, spec(2), both(1, 1))),
            (110, OWN, object(2, spec(2), both(2, 1))),
            (144, "other-controller", object(2, spec(2), both(2, 2))),
        ],
        method: Some(ConditionObservedGeneration),
        ready: Some(ReadySign::Accepted),
        samples: vec![
            (Created, Done, Some(8), Some(8)),
            (SpecChanged, Done, Some(44), Some(44)),
        ],
    }
}

fn flux() -> Trace {
    let status = |observed: i64, ready: &str, of: i64| {
        json!({"observedGeneration": observed,
        "conditions": [condition("Ready", ready, Some(of))]})
    };
    let spec = |path: &str, suspend: bool| json!({"path": path, "suspend": suspend});
    Trace {
        project: "Flux Kustomization: -1 at first, the generation set at the end, suspend",
        steps: vec![
            (
                0,
                USER,
                object(1, spec("a", false), json!({"observedGeneration": -1})),
            ),
            (
                10,
                OWN,
                object(1, spec("a", false), status(-1, "Unknown", 1)),
            ),
            (900, OWN, object(1, spec("a", false), status(1, "True", 1))),
            (
                2_000,
                USER,
                object(2, spec("b", false), status(1, "True", 1)),
            ),
            (
                2_010,
                OWN,
                object(2, spec("b", false), status(1, "Unknown", 2)),
            ),
            (
                2_700,
                OWN,
                object(2, spec("b", false), status(2, "True", 2)),
            ),
            (
                3_000,
                USER,
                object(3, spec("b", true), status(2, "True", 2)),
            ),
            (
                9_000,
                USER,
                object(4, spec("b", false), status(2, "True", 2)),
            ),
            (
                9_300,
                OWN,
                object(4, spec("b", false), status(4, "True", 4)),
            ),
        ],
        method: Some(StatusObservedGeneration),
        ready: Some(ReadySign::Ready),
        samples: vec![
            (Created, Done, Some(900), Some(900)),
            (SpecChanged, Done, Some(700), Some(700)),
            (SpecChanged, Suspended, None, None),
            (SpecChanged, Done, Some(300), Some(300)),
        ],
    }
}

fn crossplane() -> Trace {
    let status = |synced: &str, ready: &str| {
        json!({"conditions": [
        condition("Synced", synced, None), condition("Ready", ready, None)]})
    };
    Trace {
        project: "Crossplane managed resource: Ready and Synced, no generation, late initialisation",
        steps: vec![
            (0, USER, object(1, json!({"region": "eu"}), Value::Null)),
            (
                50,
                OWN,
                object(1, json!({"region": "eu"}), status("True", "False")),
            ),
            // The provider fills in what the cloud chose.
            (
                1_080,
                OWN,
                object(
                    2,
                    json!({"region": "eu", "zone": "a"}),
                    status("True", "False"),
                ),
            ),
            (
                4_000,
                OWN,
                object(
                    2,
                    json!({"region": "eu", "zone": "a"}),
                    status("True", "True"),
                ),
            ),
            (
                5_000,
                USER,
                object(
                    3,
                    json!({"region": "us", "zone": "a"}),
                    status("True", "True"),
                ),
            ),
            (
                5_500,
                OWN,
                object(
                    3,
                    json!({"region": "us", "zone": "a"}),
                    status("True", "False"),
                ),
            ),
            (
                8_000,
                OWN,
                object(
                    3,
                    json!({"region": "us", "zone": "a"}),
                    status("True", "True"),
                ),
            ),
        ],
        method: Some(ReadyCondition),
        ready: Some(ReadySign::Ready),
        samples: vec![
            (Created, Done, None, Some(4_000)),
            // By the controller.
            (SpecChanged, Done, None, Some(2_920)),
            (SpecChanged, Done, None, Some(3_000)),
        ],
    }
}

fn cnpg() -> Trace {
    let status = |ready: &str, phase: &str| json!({"phase": phase, "conditions": [condition("Ready", ready, None)]});
    let spec = |instances: u32| json!({ "instances": instances });
    Trace {
        project: "CloudNativePG Cluster: Ready and a phase in words, no generation; finalizers",
        steps: vec![
            (0, USER, object(1, spec(1), Value::Null)),
            (
                100,
                OWN,
                object(1, spec(1), status("False", "Setting up primary")),
            ),
            (
                42_700,
                OWN,
                object(1, spec(1), status("True", "Cluster in healthy state")),
            ),
            (
                50_000,
                USER,
                object(2, spec(3), status("True", "Cluster in healthy state")),
            ),
            (
                50_200,
                OWN,
                object(2, spec(3), status("False", "Creating a new replica")),
            ),
            (51_000, USER, {
                let mut object = object(3, spec(3), status("False", "Creating a new replica"));
                object["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:51Z".into();
                object
            }),
            (58_000, OWN, Value::Null),
        ],
        method: Some(ReadyCondition),
        ready: Some(ReadySign::Ready),
        samples: vec![
            (Created, Done, None, Some(42_700)),
            (SpecChanged, Abandoned, None, None),
            (Deleted, Done, None, Some(7_000)),
        ],
    }
}

fn knative() -> Trace {
    let status = |observed: i64, ready: &str| {
        json!({"observedGeneration": observed,
        "conditions": [condition("ConfigurationsReady", "True", None), condition("Ready", ready, None)]})
    };
    let spec = |image: &str| json!({ "image": image });
    Trace {
        project: "Knative Service: the generation set at the start, Ready Unknown with it",
        steps: vec![
            (0, USER, object(1, spec("a"), Value::Null)),
            (15, OWN, object(1, spec("a"), status(1, "Unknown"))),
            (3_000, OWN, object(1, spec("a"), status(1, "True"))),
            (4_000, USER, object(2, spec("b"), status(1, "True"))),
            (4_012, OWN, object(2, spec("b"), status(2, "Unknown"))),
            (6_500, OWN, object(2, spec("b"), status(2, "True"))),
        ],
        method: Some(StatusObservedGeneration),
        ready: Some(ReadySign::Ready),
        samples: vec![
            (Created, Done, Some(15), Some(3_000)),
            (SpecChanged, Done, Some(12), Some(2_500)),
        ],
    }
}

fn argo_cd() -> Trace {
    let status = |sync: &str, health: &str, at: u32| {
        json!({"sync": {"status": sync},
        "health": {"status": health}, "reconciledAt": at})
    };
    let spec = |revision: &str| json!({ "targetRevision": revision });
    Trace {
        project: "Argo CD Application: no status subresource, every write bumps the generation",
        steps: vec![
            (0, USER, object(1, spec("v1"), Value::Null)),
            (
                200,
                OWN,
                object(2, spec("v1"), status("OutOfSync", "Missing", 1)),
            ),
            (
                2_000,
                OWN,
                object(3, spec("v1"), status("Synced", "Healthy", 2)),
            ),
            (
                60_000,
                OWN,
                object(4, spec("v1"), status("Synced", "Healthy", 3)),
            ),
            (
                61_000,
                USER,
                object(5, spec("v2"), status("Synced", "Healthy", 3)),
            ),
            (
                61_400,
                OWN,
                object(6, spec("v2"), status("OutOfSync", "Healthy", 4)),
            ),
            (
                63_000,
                OWN,
                object(7, spec("v2"), status("Synced", "Healthy", 5)),
            ),
        ],
        method: Some(OtherSign(ReadySign::HealthStatus)),
        ready: Some(ReadySign::HealthStatus),
        samples: vec![
            (Created, Done, None, Some(2_000)),
            (SpecChanged, Done, None, Some(2_000)),
        ],
    }
}

fn deployment() -> Trace {
    let status = |observed: i64, reason: &str| {
        json!({"observedGeneration": observed, "conditions": [
        {"type": "Available", "status": "True", "reason": "MinimumReplicasAvailable"},
        {"type": "Progressing", "status": "True", "reason": reason}]})
    };
    let spec = |image: &str| json!({ "image": image });
    let revised = |generation, image, status, revision: &str| {
        let mut object = object(generation, spec(image), status);
        object["metadata"]["annotations"] = json!({"deployment.kubernetes.io/revision": revision});
        object
    };
    let complete = "NewReplicaSetAvailable";
    Trace {
        project: "Deployment: Available all along, Progressing tells, an annotation bumps the generation",
        steps: vec![
            (0, USER, revised(1, "a", status(1, complete), "1")),
            (1_000, USER, revised(2, "b", status(1, complete), "1")),
            // The controller notes the revision: annotations bump a Deployment's generation.
            (1_010, OWN, revised(3, "b", status(1, complete), "2")),
            (
                1_020,
                OWN,
                revised(3, "b", status(3, "ReplicaSetUpdated"), "2"),
            ),
            (4_000, OWN, revised(3, "b", status(3, complete), "2")),
        ],
        method: Some(StatusObservedGeneration),
        ready: Some(ReadySign::RolledOut),
        samples: vec![
            // Superseded by a write whose writer was not yet known as the controller.
            (SpecChanged, SampleState::Superseded, None, None),
            (SpecChanged, Done, Some(10), Some(2_990)),
        ],
    }
}

fn job() -> Trace {
    let done = json!({"conditions": [condition("Complete", "True", None)]});
    Trace {
        project: "Job: a Complete condition that is not there before the end",
        steps: vec![
            (0, USER, object(1, json!({"parallelism": 1}), Value::Null)),
            (
                50,
                OWN,
                object(1, json!({"parallelism": 1}), json!({"active": 1})),
            ),
            (9_000, OWN, object(1, json!({"parallelism": 1}), done)),
        ],
        method: Some(OtherSign(ReadySign::Complete)),
        ready: Some(ReadySign::Complete),
        samples: vec![(Created, Done, None, Some(9_000))],
    }
}

fn silent() -> Trace {
    Trace {
        project: "a kind whose status never tells: not supported",
        steps: vec![
            (0, USER, object(1, json!({"a": 1}), Value::Null)),
            (50, OWN, object(1, json!({"a": 1}), json!({"seen": 1}))),
            (90, USER, object(2, json!({"a": 2}), json!({"seen": 1}))),
        ],
        method: None,
        ready: None,
        samples: vec![],
    }
}

fn never_again() -> Trace {
    let status =
        json!({"observedGeneration": 1, "conditions": [condition("Ready", "False", None)]});
    Trace {
        project: "a controller that stopped: its sample stays open",
        steps: vec![
            (0, USER, object(1, json!({"a": 1}), Value::Null)),
            (50, OWN, object(1, json!({"a": 1}), status.clone())),
            (90, USER, object(2, json!({"a": 2}), status)),
        ],
        method: Some(StatusObservedGeneration),
        ready: Some(ReadySign::Ready),
        samples: vec![
            (Created, Open, Some(50), None),
            (SpecChanged, Open, None, None),
        ],
    }
}

/// `managedFields` as the server keeps them: who wrote last, and everyone who wrote before.
fn managed_fields(written: &[(&str, u64)]) -> Value {
    let entry = |(manager, ms): &(&str, u64)| {
        json!({"manager": manager, "operation": "Update", "apiVersion": "x/v1",
            "time": format!("2026-01-01T00:{:02}:{:02}Z", ms / 60_000, ms / 1_000 % 60),
            "fieldsType": "FieldsV1", "fieldsV1": {format!("f:at-{ms}"): {}}})
    };
    written.iter().map(entry).collect()
}

fn recorded(trace: &Trace) -> SharedTimeline {
    let timeline: SharedTimeline = Arc::new(RwLock::new(Timeline::new("test".into())));
    let mut recorder = Recorder::new(Arc::clone(&timeline), Vec::new());
    let kind = Arc::new(ResourceKind {
        group: "x.io".into(),
        version: "v1".into(),
        kind: "X".into(),
        plural: "xs".into(),
        scope: Scope::Namespaced,
    });
    recorder.observe(Observation::Kind {
        kind: Arc::clone(&kind),
        columns: [].into(),
    });
    let mut written: Vec<(&str, u64)> = Vec::new();
    let mut last = Value::Null;
    for (i, (ms, manager, object)) in trace.steps.iter().enumerate() {
        let (change, object) = match (i, object) {
            (_, Value::Null) => (ChangeKind::Deleted, last.clone()),
            (0, object) => (ChangeKind::Added, object.clone()),
            (_, object) => (ChangeKind::Modified, object.clone()),
        };
        last = object.clone();
        written.retain(|(known, _)| known != manager);
        written.push((manager, *ms));
        let mut body = object;
        body["metadata"]["managedFields"] = managed_fields(&written);
        recorder.observe(Observation::Object(ObjectState {
            kind: Arc::clone(&kind),
            key: ResourceKey {
                namespace: Some("n".into()),
                name: "x".into(),
            },
            uid: Uid("u".into()),
            resource_version: i.to_string().as_str().into(),
            generation: body["metadata"]["generation"].as_i64().map(Generation),
            change,
            provenance: if i == 0
                && body
                    .get("status")
                    .is_some_and(|status| status["observedGeneration"] == 1)
            {
                Provenance::InitialList
            } else {
                Provenance::Watch
            },
            observed_at: Moment {
                wall: 0,
                monotonic: ms * 1_000,
            },
            body: Some(serde_json::to_vec(&body).unwrap().into()),
        }));
    }
    timeline
}

#[test]
fn known_controllers_give_exactly_these_samples() {
    for trace in [
        cert_manager(),
        argo_rollouts(),
        gateway_api(),
        flux(),
        crossplane(),
        cnpg(),
        knative(),
        argo_cd(),
        deployment(),
        job(),
        silent(),
        never_again(),
    ] {
        let timeline = recorded(&trace);
        let timeline = timeline.read();
        let (_, kind) = timeline.kinds().next().unwrap();
        let measure = kind.latency_measure();
        let ms = |latency: Option<std::time::Duration>| {
            latency.map(|latency| u64::try_from(latency.as_millis()).unwrap())
        };
        let samples: Vec<Expected> = kind
            .samples()
            .iter()
            .map(|sample| {
                let (observed, ready) = (sample.observed_latency(), sample.ready_latency());
                (sample.trigger, sample.state, ms(observed), ms(ready))
            })
            .collect();
        assert_eq!(
            (measure.method, measure.ready),
            (trace.method, trace.ready),
            "{}",
            trace.project
        );
        assert_eq!(samples, trace.samples, "{}", trace.project);
    }
}

#[test]
fn late_initialisation_is_the_controllers_own() {
    let timeline = recorded(&crossplane());
    let timeline = timeline.read();
    let (_, kind) = timeline.kinds().next().unwrap();
    let own: Vec<_> = kind
        .samples()
        .iter()
        .map(|sample| sample.by_controller)
        .collect();
    assert_eq!(own, [false, true, false]);
}
