//! A history that the real recorder wrote, with a clock of the test's own.

use std::sync::Arc;

use kronika::{
    model::{
        ChangeKind, ContextName, Definition, Gap, GapCause, Generation, Moment, ObjectState,
        Observation, Provenance, ResourceKey, ResourceKind, Scope, Uid,
    },
    timeline::{KindId, ObjectId, Recorder, SharedTimeline, Timeline},
};
use serde_json::{Value, json};

/// 14:00:00 UTC on some day.
const BASE: i64 = 1_795_356_000_000_000;

/// A moment this many milliseconds after 14:00:00 UTC.
pub(super) fn at(ms: u64) -> Moment {
    Moment {
        wall: BASE + i64::try_from(ms).unwrap() * 1_000,
        monotonic: 5_000_000 + ms * 1_000,
    }
}

/// Hours, minutes, seconds and milliseconds of that day.
pub(super) fn clock(hour: u64, minute: u64, second: u64, ms: u64) -> Moment {
    at((((hour - 14) * 60 + minute) * 60 + second) * 1_000 + ms)
}

/// A recording under construction.
pub(super) struct World {
    pub(super) timeline: SharedTimeline,
    recorder: Recorder,
    next_version: u64,
}

/// One write.
pub(super) struct Write<'a> {
    pub(super) kind: &'a Arc<ResourceKind>,
    pub(super) name: &'a str,
    pub(super) uid: &'a str,
    pub(super) change: ChangeKind,
    pub(super) provenance: Provenance,
    pub(super) body: Value,
}

impl World {
    pub(super) fn new() -> Self {
        let timeline = Timeline::new(ContextName::from("prod-eu-1"));
        let timeline = Arc::new(parking_lot::RwLock::new(timeline));
        let recorder = Recorder::new(Arc::clone(&timeline), Vec::new());
        Self {
            timeline,
            recorder,
            next_version: 1_000,
        }
    }

    pub(super) fn kind(&mut self, group: &str, kind: &str) -> Arc<ResourceKind> {
        let kind = Arc::new(ResourceKind {
            group: group.into(),
            version: "v1".into(),
            kind: kind.into(),
            plural: format!("{}s", kind.to_lowercase()),
            scope: Scope::Namespaced,
        });
        let columns = Vec::new().into();
        self.recorder.observe(Observation::Kind {
            kind: Arc::clone(&kind),
            columns,
        });
        kind
    }

    /// What the CRD of a kind says from a moment on.
    pub(super) fn define(&mut self, at: Moment, kind: &Arc<ResourceKind>, spec: &Value) {
        let definition = Definition::new(&spec.to_string()).unwrap();
        self.recorder.observe(Observation::Definition {
            kind: Arc::clone(kind),
            definition: Arc::new(definition),
            at,
        });
    }

    pub(super) fn write(&mut self, at: Moment, write: Write<'_>) {
        self.next_version += 1;
        let Write {
            kind,
            name,
            uid,
            change,
            provenance,
            mut body,
        } = write;
        body["metadata"]["name"] = json!(name);
        body["metadata"]["namespace"] = json!("shop");
        body["metadata"]["uid"] = json!(uid);
        body["metadata"]["resourceVersion"] = json!(self.next_version.to_string());
        let generation = body["metadata"]["generation"].as_i64().map(Generation);
        self.recorder.observe(Observation::Object(ObjectState {
            kind: Arc::clone(kind),
            key: ResourceKey {
                namespace: Some("shop".into()),
                name: name.into(),
            },
            uid: Uid(uid.into()),
            resource_version: self.next_version.to_string().as_str().into(),
            generation,
            change,
            provenance,
            observed_at: at,
            body: Some(serde_json::to_vec(&body).unwrap().into()),
        }));
    }

    /// A write seen by the watch.
    pub(super) fn watch(&mut self, at: Moment, kind: &Arc<ResourceKind>, name: &str, body: Value) {
        let known = self.object(kind, name).is_some_and(|id| {
            self.timeline
                .read()
                .object(id)
                .is_some_and(|object| object.live.is_some())
        });
        let change = if known {
            ChangeKind::Modified
        } else {
            ChangeKind::Added
        };
        let uid = format!("uid-of-{name}");
        let provenance = Provenance::Watch;
        self.write(
            at,
            Write {
                kind,
                name,
                uid: &uid,
                change,
                provenance,
                body,
            },
        );
    }

    /// A write that the server sent cut short.
    pub(super) fn broken(&mut self, at: Moment, kind: &Arc<ResourceKind>, name: &str) {
        self.next_version += 1;
        self.recorder.observe(Observation::Object(ObjectState {
            kind: Arc::clone(kind),
            key: ResourceKey {
                namespace: Some("shop".into()),
                name: name.into(),
            },
            uid: Uid(format!("uid-of-{name}").as_str().into()),
            resource_version: self.next_version.to_string().as_str().into(),
            generation: None,
            change: ChangeKind::Modified,
            provenance: Provenance::Watch,
            observed_at: at,
            body: Some(b"{\"metadata\":{".as_slice().into()),
        }));
    }

    pub(super) fn gap(&mut self, from: Moment, to: Moment, cause: GapCause) {
        self.recorder.observe(Observation::Gap(Gap {
            from,
            to,
            cause,
            kind: None,
        }));
    }

    pub(super) fn kind_id(&self, kind: &Arc<ResourceKind>) -> KindId {
        self.timeline.read().kind_id(kind).unwrap()
    }

    pub(super) fn object(&self, kind: &Arc<ResourceKind>, name: &str) -> Option<ObjectId> {
        let key = ResourceKey {
            namespace: Some("shop".into()),
            name: name.into(),
        };
        let timeline = self.timeline.read();
        timeline.find(timeline.kind_id(kind)?, &key)
    }
}

/// A certificate as cert-manager keeps it.
#[derive(Clone)]
pub(super) struct Certificate {
    pub(super) generation: i64,
    pub(super) observed: i64,
    pub(super) ready: bool,
    pub(super) reason: &'static str,
    pub(super) dns_names: Vec<&'static str>,
    pub(super) labels: Value,
    pub(super) renewal_time: &'static str,
    /// Seconds of the last spec and of the last status write.
    pub(super) written: (u32, u32),
    /// `status.revision`.
    pub(super) revision: u64,
}

impl Default for Certificate {
    fn default() -> Self {
        Self {
            generation: 1,
            observed: 1,
            ready: true,
            reason: "Ready",
            dns_names: vec!["pay.example.com"],
            labels: json!({"app": "payments"}),
            renewal_time: "2027-01-01T00:00:00Z",
            written: (0, 0),
            revision: 1,
        }
    }
}

impl Certificate {
    pub(super) fn json(&self) -> Value {
        let status = if self.ready { "True" } else { "False" };
        let issuing = if self.ready { "False" } else { "True" };
        let time =
            |second: u32| format!("2026-11-22T14:{:02}:{:02}Z", second / 60 % 60, second % 60);
        json!({
            "apiVersion": "cert-manager.io/v1",
            "kind": "Certificate",
            "metadata": {
                "creationTimestamp": "2026-11-22T13:57:31Z",
                "generation": self.generation,
                "labels": self.labels,
                "managedFields": [
                    {
                        "manager": "argocd-controller", "operation": "Update",
                        "apiVersion": "cert-manager.io/v1", "fieldsType": "FieldsV1",
                        "time": time(self.written.0),
                        "fieldsV1": {
                            "f:metadata": {"f:labels": {".": {}, "f:app": {}}},
                            "f:spec": {".": {}, "f:dnsNames": {}, "f:issuerRef": {".": {}, "f:name": {}, "f:kind": {}},
                                "f:privateKey": {".": {}, "f:algorithm": {}, "f:size": {}},
                                "f:duration": {}, "f:renewBefore": {}, "f:secretName": {}, "f:usages": {}}
                        }
                    },
                    {
                        "manager": "cert-manager-certificates-issuing", "operation": "Update",
                        "apiVersion": "cert-manager.io/v1", "fieldsType": "FieldsV1", "subresource": "status",
                        "time": time(self.written.1),
                        "fieldsV1": {"f:status": {".": {}, "f:conditions": {}, "f:observedGeneration": {},
                            "f:notAfter": {}, "f:notBefore": {}, "f:renewalTime": {}, "f:revision": {}}}
                    }
                ]
            },
            "spec": {
                "dnsNames": self.dns_names,
                "duration": "2160h0m0s",
                "issuerRef": {"kind": "ClusterIssuer", "name": "letsencrypt"},
                "privateKey": {"algorithm": "ECDSA", "size": 256},
                "renewBefore": "360h0m0s",
                "secretName": "payments-tls",
                "usages": ["digital signature", "key encipherment", "server auth"]
            },
            "status": {
                "conditions": [
                    {"lastTransitionTime": "2026-11-22T14:00:00Z", "message": "Certificate is up to date and has not expired",
                     "observedGeneration": self.observed, "reason": self.reason, "status": status, "type": "Ready"},
                    {"lastTransitionTime": "2026-11-22T14:00:00Z", "message": "Issuing certificate as Secret does not exist",
                     "observedGeneration": self.observed, "reason": self.reason, "status": issuing, "type": "Issuing"}
                ],
                "notAfter": "2027-02-01T00:00:00Z",
                "notBefore": "2026-11-03T00:00:00Z",
                "observedGeneration": self.observed,
                "renewalTime": self.renewal_time,
                "revision": self.revision
            }
        })
    }
}
