//! A history told write by write, with a clock of its own.

use std::{collections::HashMap, sync::Arc};

use serde_json::{Value, json};

use crate::{
    diff::{compare, touched},
    insight::{Insight, InsightEngine, InsightSettings, Rule, evaluate},
    model::{
        Change, ChangeKind, Gap, GapCause, Generation, Json, Moment, Provenance, ResourceKey,
        ResourceKind, Scope, Touched, Uid,
    },
    timeline::{Judged, ObjectId, ReconcileSignal, RevisionEncoder, Timeline},
};

/// Monday, 2026-01-05T00:00:00Z.
pub(super) const START: i64 = 1_767_571_200;

pub(super) fn moment(seconds: f64) -> Moment {
    #[expect(clippy::cast_possible_truncation, reason = "days in microseconds")]
    let micros = (seconds * 1e6) as i64;
    Moment {
        wall: START * 1_000_000 + micros,
        monotonic: micros.unsigned_abs(),
    }
}

/// Writes a history and asks what is wrong in it.
pub(super) struct Story {
    pub(super) timeline: Timeline,
    pub(super) settings: InsightSettings,
    /// Seconds since the beginning.
    pub(super) now: f64,
    kinds: HashMap<&'static str, Arc<ResourceKind>>,
    objects: HashMap<(&'static str, String), Value>,
    encoder: RevisionEncoder,
    version: u64,
}

impl Story {
    pub(super) fn new() -> Self {
        Self {
            timeline: Timeline::new("test".into()),
            settings: InsightSettings::default(),
            now: 0.0,
            kinds: HashMap::new(),
            objects: HashMap::new(),
            encoder: RevisionEncoder::default(),
            version: 0,
        }
    }

    fn kind(&mut self, name: &'static str) -> Arc<ResourceKind> {
        if let Some(kind) = self.kinds.get(name) {
            return Arc::clone(kind);
        }
        let kind = Arc::new(ResourceKind {
            group: "example.com".into(),
            version: "v1".into(),
            kind: name.into(),
            plural: format!("{}s", name.to_lowercase()),
            scope: Scope::Namespaced,
        });
        self.timeline.restore_kind((*kind).clone(), Vec::new());
        self.kinds.insert(name, Arc::clone(&kind));
        kind
    }

    pub(super) fn wait(&mut self, seconds: f64) {
        self.now += seconds;
    }

    /// An object that was there before we looked.
    pub(super) fn listed(&mut self, kind: &'static str, name: &str, object: Value) {
        self.record(
            kind,
            name,
            "",
            object,
            (ChangeKind::Added, Provenance::InitialList),
        );
    }

    pub(super) fn created(&mut self, kind: &'static str, name: &str, by: &str, object: Value) {
        self.record(
            kind,
            name,
            by,
            object,
            (ChangeKind::Added, Provenance::Watch),
        );
    }

    /// Writes an object as the server would: a changed spec bumps the generation.
    pub(super) fn edited(
        &mut self,
        kind: &'static str,
        name: &str,
        by: &str,
        edit: impl FnOnce(&mut Value),
    ) {
        let before = self.objects[&(kind, name.to_owned())].clone();
        let mut object = before.clone();
        edit(&mut object);
        if object["spec"] != before["spec"] {
            let generation = before["metadata"]["generation"].as_i64().unwrap_or(0);
            object["metadata"]["generation"] = json!(generation + 1);
        }
        self.record(
            kind,
            name,
            by,
            object,
            (ChangeKind::Modified, Provenance::Watch),
        );
    }

    /// The controller catches up, and the object is ready or not.
    pub(super) fn observed(&mut self, kind: &'static str, name: &str, ready: bool) {
        let time = moment(self.now).timestamp().to_string();
        self.edited(kind, name, "operator", |object| {
            let generation = object["metadata"]["generation"].clone();
            let status = if ready { "True" } else { "False" };
            let condition = &object["status"]["conditions"][0];
            let turned = condition["status"] != json!(status);
            let since = if turned {
                json!(time)
            } else {
                condition["lastTransitionTime"].clone()
            };
            object["status"]["observedGeneration"] = generation;
            object["status"]["conditions"] = json!([{"type": "Ready", "status": status,
                "reason": if ready { "Done" } else { "Working" }, "lastTransitionTime": since}]);
        });
    }

    pub(super) fn deleted(&mut self, kind: &'static str, name: &str) {
        let object = self.objects[&(kind, name.to_owned())].clone();
        self.record(
            kind,
            name,
            "",
            object,
            (ChangeKind::Deleted, Provenance::Watch),
        );
        self.objects.remove(&(kind, name.to_owned()));
    }

    pub(super) fn exists(&self, kind: &'static str, name: &str) -> bool {
        self.objects.contains_key(&(kind, name.to_owned()))
    }

    pub(super) fn gap(&mut self, from: f64, to: f64) {
        self.timeline.restore_gap(Gap {
            from: moment(from),
            to: moment(to),
            cause: GapCause::ConnectionLost,
            kind: None,
        });
    }

    fn record(
        &mut self,
        kind: &'static str,
        name: &str,
        by: &str,
        mut object: Value,
        (change, provenance): (ChangeKind, Provenance),
    ) {
        self.version += 1;
        let at = moment(self.now);
        object["metadata"]["name"] = json!(name);
        let resource = self.kind(kind);
        let place = (kind, name.to_owned());
        let before = self
            .objects
            .get(&place)
            .filter(|_| change == ChangeKind::Modified);
        let (old, new) = (before.map(ToString::to_string), object.to_string());
        let new_json = Json::parse(new.as_bytes()).unwrap();
        let (paths, touches) = match old.as_ref().map(|old| Json::parse(old.as_bytes()).unwrap()) {
            Some(old) => {
                let changes = compare(&old, &new_json);
                let touches = touched(&changes);
                (
                    changes.into_iter().map(|change| change.path).collect(),
                    touches,
                )
            }
            None => {
                let touches = Touched {
                    spec: object.get("spec").is_some(),
                    status: object.get("status").is_some(),
                    metadata: true,
                    heartbeat: false,
                };
                (Vec::new(), touches)
            }
        };
        let recorded = Change {
            observed_at: at,
            kind: resource,
            key: ResourceKey {
                namespace: Some("shop".into()),
                name: name.into(),
            },
            uid: Uid(format!("{kind}-{name}").into()),
            resource_version: self.version.to_string().as_str().into(),
            generation: object["metadata"]["generation"].as_i64().map(Generation),
            change,
            provenance,
            touches,
            managers: if by.is_empty() {
                Vec::new()
            } else {
                by.split('|').map(Arc::from).collect()
            },
            paths,
        };
        let encoded = self.encoder.encode(new.as_bytes(), None).unwrap();
        let signal = ReconcileSignal::of(&new_json, Judged::default(), None);
        self.timeline
            .restore_change(&recorded, Some(encoded), signal);
        self.objects.insert(place, object);
    }

    /// What the rules say now.
    pub(super) fn engine(&mut self) -> InsightEngine {
        self.timeline.finish_restore();
        evaluate(&self.timeline, moment(self.now), &self.settings)
    }

    /// What holds now, as `rule subject: title`.
    pub(super) fn found(&mut self) -> Vec<String> {
        let engine = self.engine();
        let active = engine.active();
        active.iter().map(|insight| self.line(insight)).collect()
    }

    /// What holds now, and what has ended before.
    pub(super) fn found_ever(&mut self) -> Vec<String> {
        self.settings.keep_ended_seconds = u64::MAX / 2_000_000;
        let engine = self.engine();
        let all = engine.active().into_iter().chain(engine.ended());
        all.map(|insight| self.line(insight)).collect()
    }

    fn line(&self, insight: &Insight) -> String {
        let subject = insight.subject(&self.timeline);
        format!(
            "{} {subject}: {}: {}",
            insight.rule.id(),
            insight.title,
            insight.explanation
        )
    }

    /// The only insight that holds.
    pub(super) fn only(&mut self, rule: Rule) -> Insight {
        let engine = self.engine();
        let active = engine.active();
        let [insight] = active[..] else {
            panic!("one insight, not {active:#?}");
        };
        assert_eq!(insight.rule, rule, "{insight:#?}");
        insight.clone()
    }

    pub(super) fn id(&self, kind: &'static str, name: &str) -> ObjectId {
        let key = ResourceKey {
            namespace: Some("shop".into()),
            name: name.into(),
        };
        let kind = self.timeline.kind_id(&self.kinds[kind]).unwrap();
        self.timeline.find(kind, &key).unwrap()
    }
}

/// An object whose controller is done with it.
pub(super) fn ready() -> Value {
    json!({"metadata": {"generation": 1}, "spec": {"replicas": 3},
        "status": {"observedGeneration": 1,
            "conditions": [{"type": "Ready", "status": "True", "reason": "Done",
                "lastTransitionTime": "2026-01-04T00:00:00Z"}]}})
}

/// An object that no controller has looked at yet.
pub(super) fn fresh() -> Value {
    json!({"metadata": {"generation": 1}, "spec": {"replicas": 3}})
}
