//! Reconcile samples of a real API server, held against the log of the controller that made them: by the
//! revisions that opened, observed and ended each, which is exact where times are not.

use std::time::Duration;

use kronika::model::{ChangeKind, WatchStatus};
use kronika::timeline::{
    LatencyMethod, ReadySign, ReconcileSample, ReconcileTrigger, SampleState, Timeline,
};
use kube::api::{
    Api, ApiResource, DeleteParams, DynamicObject, GroupVersionKind, ListParams, Patch,
    PatchParams, PostParams,
};
use serde_json::{Value, json};
use tokio::runtime::Handle;

use crate::support::control_plane::ControlPlane;
use crate::support::recording::Recording;
use crate::support::wait;

const LIMIT: Duration = Duration::from_secs(30);
const OBJECTS: usize = 3;

/// How a controller says how far it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Style {
    /// `status.observedGeneration` when it begins.
    AtStart,
    /// `status.observedGeneration` when it is done.
    AtEnd,
    /// `observedGeneration` of its conditions.
    Conditions,
    /// Only a Ready condition.
    ReadyOnly,
    /// Not at all.
    Never,
}

const STYLES: [Style; 5] = [
    Style::AtStart,
    Style::AtEnd,
    Style::Conditions,
    Style::ReadyOnly,
    Style::Never,
];

impl Style {
    fn group(self) -> String {
        format!("{self:?}.latency.example.org").to_lowercase()
    }

    fn method(self) -> Option<LatencyMethod> {
        match self {
            Style::AtStart | Style::AtEnd => Some(LatencyMethod::StatusObservedGeneration),
            Style::Conditions => Some(LatencyMethod::ConditionObservedGeneration),
            Style::ReadyOnly => Some(LatencyMethod::ReadyCondition),
            Style::Never => None,
        }
    }

    /// The status that it writes for a generation, at the begin or when it is done.
    fn status(self, generation: i64, done: bool, turn: u32) -> Value {
        let ready = if done { "True" } else { "False" };
        let mut condition = json!({"type": "Ready", "status": ready, "reason": "Reconciling"});
        if self == Style::Conditions {
            condition["observedGeneration"] = generation.into();
        }
        match self {
            Style::AtStart => {
                json!({"observedGeneration": generation, "conditions": [condition], "turn": turn})
            }
            Style::AtEnd if done => {
                json!({"observedGeneration": generation, "conditions": [condition], "turn": turn})
            }
            Style::AtEnd | Style::Conditions | Style::ReadyOnly => {
                json!({"conditions": [condition], "turn": turn})
            }
            Style::Never => json!({"turn": turn}),
        }
    }
}

/// What the log says of a sample: what opened it and how it ended, and the versions of the revisions that
/// opened, observed and ended it. How a deletion ends is told by the kind of its last change.
type Logged = (
    ReconcileTrigger,
    SampleState,
    String,
    Option<String>,
    Option<String>,
);

/// What happens to every object, in this order.
#[derive(Debug, Clone, Copy)]
enum Act {
    Create,
    ChangeSpec,
    Begin,
    Finish,
    Suspend,
    Resume,
    RequestDeletion,
    Finalise,
}

const LIFE: [Act; 18] = [
    Act::Create,
    Act::Begin,
    Act::Finish,
    Act::ChangeSpec,
    Act::Begin,
    Act::Finish,
    // Changed again before anyone looked.
    Act::ChangeSpec,
    Act::ChangeSpec,
    Act::Begin,
    // Changed again after it was begun.
    Act::ChangeSpec,
    Act::Begin,
    Act::Finish,
    Act::Suspend,
    Act::Resume,
    Act::Begin,
    Act::Finish,
    Act::RequestDeletion,
    Act::Finalise,
];

/// One object, and the controller's log of it.
struct Subject {
    style: Style,
    api: Api<DynamicObject>,
    name: String,
    generation: i64,
    turn: u32,
    log: Vec<Logged>,
}

impl Subject {
    fn params(manager: &str) -> PatchParams {
        PatchParams {
            field_manager: Some(manager.to_owned()),
            ..PatchParams::default()
        }
    }

    async fn change_spec(&mut self, suspend: bool) -> String {
        self.turn += 1;
        let patch = Patch::Merge(json!({"spec": {"size": self.turn, "suspend": suspend}}));
        let params = Self::params("latency-user");
        let patched = self.api.patch(&self.name, &params, &patch).await.unwrap();
        self.generation = patched.metadata.generation.unwrap();
        patched.metadata.resource_version.unwrap()
    }

    async fn write_status(&mut self, done: bool) -> String {
        self.turn += 1;
        let status = self.style.status(self.generation, done, self.turn);
        let params = Self::params("latency-controller");
        let patch = Patch::Merge(json!({ "status": status }));
        let patched = self.api.patch_status(&self.name, &params, &patch).await;
        patched.unwrap().metadata.resource_version.unwrap()
    }

    /// Opens a sample in the log; the open one of a changed spec is left in this state.
    fn open(&mut self, trigger: ReconcileTrigger, by: &str, state: SampleState) {
        for (_, open, _, _, ended) in &mut self.log {
            if *open == SampleState::Open {
                (*open, *ended) = (state, Some(by.to_owned()));
            }
        }
        self.log
            .push((trigger, SampleState::Open, by.to_owned(), None, None));
    }

    async fn act(&mut self, act: Act) {
        match act {
            Act::Create => {
                let object = json!({
                    "apiVersion": format!("{}/v1", self.style.group()), "kind": "Engine",
                    "metadata": {"name": self.name, "finalizers": ["latency.example.org/held"]},
                    "spec": {"size": 0, "suspend": false},
                });
                let object = serde_json::from_value(object).unwrap();
                let params = PostParams {
                    field_manager: Some("latency-user".into()),
                    ..PostParams::default()
                };
                let created = self.api.create(&params, &object).await.unwrap();
                self.generation = 1;
                let version = created.metadata.resource_version.unwrap();
                self.open(ReconcileTrigger::Created, &version, SampleState::Open);
            }
            Act::ChangeSpec => {
                let version = self.change_spec(false).await;
                let trigger = ReconcileTrigger::SpecChanged;
                self.open(trigger, &version, SampleState::Superseded);
            }
            Act::Begin => {
                let version = self.write_status(false).await;
                if matches!(self.style, Style::AtStart | Style::Conditions) {
                    self.log.last_mut().unwrap().3 = Some(version);
                }
            }
            Act::Finish => {
                let version = self.write_status(true).await;
                let (_, state, _, observed, ended) = self.log.last_mut().unwrap();
                if self.style == Style::AtEnd {
                    *observed = Some(version.clone());
                }
                (*state, *ended) = (SampleState::Done, Some(version));
            }
            Act::Suspend => {
                let version = self.change_spec(true).await;
                let trigger = ReconcileTrigger::SpecChanged;
                let state = SampleState::Suspended;
                let ended = Some(version.clone());
                self.log.push((trigger, state, version, None, ended));
            }
            Act::Resume => {
                let version = self.change_spec(false).await;
                let trigger = ReconcileTrigger::SpecChanged;
                self.open(trigger, &version, SampleState::Superseded);
            }
            Act::RequestDeletion => {
                let deleted = self.api.delete(&self.name, &DeleteParams::default()).await;
                let held = deleted.unwrap().left().expect("a finalizer holds it");
                let version = held.metadata.resource_version.unwrap();
                self.open(ReconcileTrigger::Deleted, &version, SampleState::Abandoned);
            }
            Act::Finalise => {
                let patch = Patch::Merge(json!({"metadata": {"finalizers": null}}));
                let params = Self::params("latency-controller");
                self.api.patch(&self.name, &params, &patch).await.unwrap();
                self.log.last_mut().unwrap().1 = SampleState::Done;
            }
        }
    }

    /// What is to be seen of it by the method of its kind.
    fn expected(&self) -> Vec<Logged> {
        let deletions_only = self.style == Style::Never;
        let log = self.log.iter();
        log.filter(|(trigger, ..)| !deletions_only || *trigger == ReconcileTrigger::Deleted)
            .cloned()
            .collect()
    }
}

async fn engines(plane: &ControlPlane, group: &str) -> Api<DynamicObject> {
    let client = plane.client().await;
    let crds = Api::<DynamicObject>::all_with(
        client.clone(),
        &ApiResource::from_gvk(&GroupVersionKind::gvk(
            "apiextensions.k8s.io",
            "v1",
            "CustomResourceDefinition",
        )),
    );
    let name = format!("engines.{group}");
    let any = json!({"type": "object", "x-kubernetes-preserve-unknown-fields": true});
    let crd = json!({
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": { "name": name },
        "spec": {
            "group": group, "scope": "Namespaced",
            "names": { "kind": "Engine", "plural": "engines" },
            "versions": [{
                "name": "v1", "served": true, "storage": true, "subresources": {"status": {}},
                "schema": {"openAPIV3Schema": any},
            }],
        },
    });
    let params = PatchParams::apply("test").force();
    crds.patch(&name, &params, &Patch::Apply(crd))
        .await
        .unwrap();
    let kind = GroupVersionKind::gvk(group, "v1", "Engine");
    let api = Api::namespaced_with(client, "default", &ApiResource::from_gvk(&kind));
    let end = std::time::Instant::now() + LIMIT;
    while api.list(&ListParams::default()).await.is_err() {
        assert!(std::time::Instant::now() < end, "{name} is not served");
        tokio::task::yield_now().await;
    }
    api
}

fn seen(timeline: &Timeline, group: &str, name: &str) -> Vec<Logged> {
    let mut kinds = timeline.kinds();
    let Some((_, kind)) = kinds.find(|(_, kind)| kind.kind.group == group) else {
        return Vec::new();
    };
    let version = |id| timeline.change(id).unwrap().resource_version.to_string();
    let of_object = |sample: &&ReconcileSample| {
        let object = timeline.object(sample.object).unwrap();
        &*object.key.name == name
    };
    let samples = kind.samples().iter().filter(of_object);
    samples
        .map(|sample| {
            assert!(sample.is_exact() && !sample.by_controller, "{sample:?}");
            let deleted = sample.trigger == ReconcileTrigger::Deleted;
            if deleted && let Some(end) = sample.ended_by() {
                assert_eq!(timeline.change(end).unwrap().change, ChangeKind::Deleted);
            }
            (
                sample.trigger,
                sample.state,
                version(sample.opened_by),
                sample.observed_by().map(version).filter(|_| !deleted),
                sample.ended_by().map(version).filter(|_| !deleted),
            )
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn samples_are_those_of_the_controllers_log_revision_by_revision() {
    let plane = ControlPlane::shared();
    let mut subjects = Vec::new();
    for style in STYLES {
        let api = engines(plane, &style.group()).await;
        subjects.extend((0..OBJECTS).map(|index| Subject {
            style,
            api: api.clone(),
            name: format!("engine-{index}"),
            generation: 0,
            turn: 0,
            log: Vec::new(),
        }));
    }
    let kinds: Vec<_> = STYLES
        .iter()
        .map(|style| format!("engines.{}", style.group()))
        .collect();
    let kinds: Vec<_> = kinds.iter().map(String::as_str).collect();
    let recording = Recording::open(&Handle::current(), plane.admin_kubeconfig(), &kinds);
    wait::until(LIMIT, "the kinds are watched", || {
        let timeline = recording.timeline.read();
        let watched = |kind: &kronika::timeline::KindHistory| kind.status == WatchStatus::Watching;
        let count = timeline.kinds().filter(|(_, kind)| watched(kind)).count();
        (count == STYLES.len()).then_some(())
    });

    // Every object lives the same life, in an order among the objects that differs.
    let mut random = fastrand::Rng::with_seed(7);
    let mut lives: Vec<usize> = (0..subjects.len())
        .flat_map(|index| std::iter::repeat_n(index, LIFE.len()))
        .collect();
    random.shuffle(&mut lives);
    let mut at = vec![0; subjects.len()];
    for index in lives {
        subjects[index].act(LIFE[at[index]]).await;
        at[index] += 1;
    }

    wait::until(LIMIT, "the last deletion is recorded", || {
        let timeline = recording.timeline.read();
        (timeline.live_count() == 0 && timeline.change_count() > 0).then_some(())
    });
    let timeline = recording.timeline.read();
    for subject in &subjects {
        let group = subject.style.group();
        let seen = seen(&timeline, &group, &subject.name);
        assert_eq!(seen, subject.expected(), "{} in {group}", subject.name);
    }
    for (_, kind) in timeline.kinds() {
        let style = STYLES
            .into_iter()
            .find(|style| style.group() == kind.kind.group);
        let style = style.expect("one of ours");
        let measure = kind.latency_measure();
        assert_eq!(measure.method, style.method(), "{style:?}");
        let sign = (style != Style::Never).then_some(ReadySign::Ready);
        assert_eq!(measure.ready, sign, "{style:?}");
    }
}
