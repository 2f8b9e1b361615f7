//! Small worlds for the tests, written by the real recorder.

use std::sync::Arc;

use parking_lot::RwLock;
use serde_json::json;

use crate::{
    model::{
        ChangeKind, Definition, Moment, ObjectState, Observation, Provenance, ResourceKey,
        ResourceKind, Scope, Uid,
    },
    timeline::{ObjectId, Recorder, SharedTimeline, Timeline},
};

/// Objects of one kind in one namespace.
pub(super) struct World {
    pub(super) timeline: SharedTimeline,
    recorder: Recorder,
    kind: Arc<ResourceKind>,
    clock: u64,
}

/// One write.
#[derive(Debug, Clone, Default)]
pub(super) struct Put<'a> {
    /// `True`, `False`, `Stalled`, or empty for a status that says nothing.
    pub(super) ready: &'a str,
    /// Names of owners; `name@uid` for a certain incarnation.
    pub(super) owners: &'a [&'a str],
    pub(super) refs: &'a [&'a str],
}

impl World {
    pub(super) fn new() -> Self {
        let timeline: SharedTimeline = Arc::new(RwLock::new(Timeline::new("test".into())));
        let mut recorder = Recorder::new(Arc::clone(&timeline), Vec::new());
        let kind = Arc::new(ResourceKind {
            group: "x.io".into(),
            version: "v1".into(),
            kind: "Thing".into(),
            plural: "things".into(),
            scope: Scope::Namespaced,
        });
        recorder.observe(Observation::Kind {
            kind: Arc::clone(&kind),
            columns: [].into(),
        });
        let string = json!({"type": "string"});
        let reference = json!({"properties": {"name": string, "kind": string, "apiGroup": string}});
        let schema =
            json!({"properties": {"spec": {"properties": {"refs": {"items": reference}}}}});
        let version = json!({"name": "v1", "schema": {"openAPIV3Schema": schema}});
        let spec = json!({"group": "x.io", "names": {"kind": "Thing"}, "versions": [version]});
        recorder.observe(Observation::Definition {
            kind: Arc::clone(&kind),
            definition: Arc::new(Definition::new(&spec.to_string()).unwrap()),
            at: Moment {
                wall: 0,
                monotonic: 0,
            },
        });
        Self {
            timeline,
            recorder,
            kind,
            clock: 0,
        }
    }

    fn key(name: &str) -> ResourceKey {
        ResourceKey {
            namespace: Some("shop".into()),
            name: name.into(),
        }
    }

    pub(super) fn id(&self, name: &str) -> ObjectId {
        let timeline = self.timeline.read();
        let kind = timeline.kind_id(&self.kind).unwrap();
        timeline.find(kind, &Self::key(name)).unwrap()
    }

    /// The first incarnation has the name as its uid.
    pub(super) fn put(&mut self, name: &str, put: &Put<'_>) {
        self.put_as(name, name, put);
    }

    pub(super) fn put_as(&mut self, name: &str, uid: &str, put: &Put<'_>) {
        let owners: Vec<_> = put
            .owners
            .iter()
            .map(|owner| {
                let (name, uid) = owner.split_once('@').unwrap_or((owner, owner));
                json!({"apiVersion": "x.io/v1", "kind": "Thing", "name": name, "uid": uid,
                    "controller": true, "blockOwnerDeletion": true})
            })
            .collect();
        let refs: Vec<_> = put
            .refs
            .iter()
            .map(|name| match name.split_once('/') {
                Some((kind, name)) => {
                    let (group, kind) = kind.split_once(':').unwrap_or(("y.io", kind));
                    json!({"apiGroup": group, "kind": kind, "name": name})
                }
                None => json!({"apiGroup": "x.io", "kind": "Thing", "name": name}),
            })
            .collect();
        let conditions = match put.ready {
            "" => json!([]),
            "Stalled" => json!([{"type": "Stalled", "status": "True", "reason": "Broken"}]),
            ready => json!([{"type": "Ready", "status": ready, "reason": "Because"}]),
        };
        let body = json!({
            "apiVersion": "x.io/v1", "kind": "Thing",
            "metadata": {"name": name, "namespace": "shop", "uid": uid, "ownerReferences": owners},
            "spec": {"refs": refs}, "status": {"conditions": conditions},
        });
        self.observe(name, uid, ChangeKind::Modified, Some(body.to_string()));
    }

    pub(super) fn delete(&mut self, name: &str, uid: &str) {
        self.observe(name, uid, ChangeKind::Deleted, None);
    }

    fn observe(&mut self, name: &str, uid: &str, change: ChangeKind, body: Option<String>) {
        self.clock += 1;
        self.recorder.observe(Observation::Object(ObjectState {
            kind: Arc::clone(&self.kind),
            key: Self::key(name),
            uid: Uid(uid.into()),
            resource_version: self.clock.to_string().as_str().into(),
            generation: None,
            change,
            provenance: Provenance::Watch,
            observed_at: Moment {
                wall: i64::try_from(self.clock).unwrap() * 1_000_000,
                monotonic: self.clock * 1_000_000,
            },
            body: body.map(|body| body.into_bytes().into()),
        }));
    }
}
