//! Histories for tests of what is kept up change by change: a few objects that come, change and go.

use std::sync::Arc;

use parking_lot::RwLock;
use proptest::prelude::*;

use crate::{
    model::{
        ChangeKind, Moment, ObjectState, Observation, PrinterColumn, Provenance, ResourceKey,
        ResourceKind, Scope, Uid,
    },
    timeline::{Recorder, SharedTimeline, Timeline},
};

/// One event.
#[derive(Debug, Clone)]
pub(super) struct Event {
    kind: usize,
    namespace: usize,
    name: usize,
    /// Status of the Ready condition; `None` deletes.
    ready: Option<bool>,
    replicas: u8,
}

/// Any events over two kinds, two namespaces and a handful of names.
pub(super) fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = (
        0..2usize,
        0..2usize,
        0..6usize,
        any::<Option<bool>>(),
        0..4u8,
    )
        .prop_map(|(kind, namespace, name, ready, replicas)| Event {
            kind,
            namespace,
            name,
            ready,
            replicas,
        });
    prop::collection::vec(event, 0..60)
}

/// Records events.
pub(super) struct History {
    pub(super) timeline: SharedTimeline,
    recorder: Recorder,
    kinds: [Arc<ResourceKind>; 2],
    revision: u32,
}

impl History {
    pub(super) fn new() -> Self {
        let timeline = Arc::new(RwLock::new(Timeline::new("test".into())));
        let mut recorder = Recorder::new(Arc::clone(&timeline), Vec::new());
        let kinds = ["Widget", "Gadget"].map(|kind| {
            Arc::new(ResourceKind {
                group: "example.com".into(),
                version: "v1".into(),
                kind: kind.into(),
                plural: format!("{}s", kind.to_lowercase()),
                scope: Scope::Namespaced,
            })
        });
        let replicas = PrinterColumn {
            name: "Replicas".into(),
            type_: "integer".into(),
            format: String::new(),
            description: String::new(),
            priority: 0,
            json_path: ".spec.replicas".into(),
        };
        for kind in &kinds {
            let columns = [replicas.clone()].into();
            recorder.observe(Observation::Kind {
                kind: Arc::clone(kind),
                columns,
            });
        }
        Self {
            timeline,
            recorder,
            kinds,
            revision: 0,
        }
    }

    pub(super) fn record(&mut self, event: &Event) {
        let kind = Arc::clone(&self.kinds[event.kind]);
        let key = ResourceKey {
            namespace: Some(format!("ns-{}", event.namespace).into()),
            name: format!("object-{}", event.name).into(),
        };
        let lives = {
            let timeline = self.timeline.read();
            let id = timeline
                .kind_id(&kind)
                .and_then(|id| timeline.find(id, &key));
            id.and_then(|id| timeline.object(id))
                .is_some_and(|object| object.live.is_some())
        };
        let change = match (lives, event.ready) {
            (false, None) => return,
            (false, Some(_)) => ChangeKind::Added,
            (true, Some(_)) => ChangeKind::Modified,
            (true, None) => ChangeKind::Deleted,
        };
        self.revision += 1;
        let ready = if event.ready == Some(true) {
            "True"
        } else {
            "False"
        };
        let body = format!(
            r#"{{"metadata":{{"name":"{}"}},"spec":{{"replicas":{}}},"status":{{"conditions":[{{"type":"Ready","status":"{ready}"}}]}}}}"#,
            key.name, event.replicas,
        );
        self.recorder.observe(Observation::Object(ObjectState {
            uid: Uid(format!("{}-{key}", kind.kind).into()),
            kind,
            key,
            resource_version: self.revision.to_string().as_str().into(),
            generation: None,
            change,
            provenance: Provenance::Watch,
            observed_at: Moment {
                wall: i64::from(self.revision) * 1_000,
                monotonic: u64::from(self.revision) * 1_000,
            },
            body: Some(body.into_bytes().into()),
        }));
    }
}
