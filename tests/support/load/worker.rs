//! One sequence of writes: users who change specs, a controller that reconciles them, and what else writes.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use kube::api::{Patch, PatchParams, PostParams};
use kube::core::{ApiResource, DynamicObject};
use kube::{Api, Client, ResourceExt};
use serde_json::{Value, json};

use super::definition::{differences, object};
use super::{Convention, Failure, Plan, Record, WORKERS, Write};

/// How an object behaves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Temper {
    /// Takes half of all writes.
    Hot,
    Usual,
    /// Never reconciled: its status is never written.
    Ignored,
}

/// A step of the controller that is due at a time.
#[derive(Debug, Clone, Copy)]
enum Step {
    Begin(Instant),
    Finish(Instant),
}

struct Target {
    temper: Temper,
    current: DynamicObject,
    next: Option<Step>,
    /// The outcome of the last write is unknown: read the object before the next.
    stale: bool,
}

/// The owner of some of the objects.
pub(super) struct Worker {
    client: Client,
    resource: ApiResource,
    convention: Convention,
    random: fastrand::Rng,
    /// Namespace and name.
    names: Vec<(String, String)>,
    targets: Vec<Target>,
    /// Makes every written value a new one.
    turn: i64,
    pub(super) record: Record,
}

impl Worker {
    pub(super) fn new(client: Client, resource: ApiResource, plan: &Plan, index: usize) -> Self {
        let names = (index..plan.objects)
            .step_by(WORKERS)
            .map(|object| {
                let namespace = &plan.namespaces[object % plan.namespaces.len()];
                (namespace.clone(), format!("widget-{object:05}"))
            })
            .collect();
        let offset = u64::try_from(index).expect("a handful");
        Self {
            client,
            resource,
            convention: plan.convention,
            random: fastrand::Rng::with_seed(plan.seed.wrapping_mul(1000).wrapping_add(offset)),
            names,
            targets: Vec::new(),
            turn: 0,
            record: Record::default(),
        }
    }

    /// Creates the objects, with their users' first spec.
    pub(super) async fn create(&mut self) {
        for (index, (namespace, name)) in self.names.clone().into_iter().enumerate() {
            let body = object(&self.resource.api_version, &name, &mut self.random);
            let body: DynamicObject = serde_json::from_value(body).expect("the object is one");
            let params = PostParams {
                field_manager: Some("load-create".into()),
                ..PostParams::default()
            };
            let sent = Timestamp::now();
            let current = self
                .api(&namespace)
                .create(&params, &body)
                .await
                .unwrap_or_else(|error| panic!("cannot create {namespace}/{name}: {error}"));
            let temper = match index % 20 {
                0 => Temper::Hot,
                7 | 13 => Temper::Ignored,
                _ => Temper::Usual,
            };
            let created = write(&current, "load-create", sent, Timestamp::now());
            self.record.writes.push(created);
            let next = self.reconcile_soon(temper);
            self.targets.push(Target {
                temper,
                current,
                next,
                stale: false,
            });
        }
    }

    /// Writes once in every `period`, beginning after `offset`. Turns that are missed are left out.
    pub(super) async fn run(&mut self, offset: Duration, period: Duration, duration: Duration) {
        if self.targets.is_empty() {
            return;
        }
        let begin = tokio::time::Instant::now();
        let mut turns = tokio::time::interval_at(begin + offset, period);
        turns.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Skip);
        while begin.elapsed() < duration {
            turns.tick().await;
            self.turn += 1;
            self.take_turn().await;
        }
    }

    async fn take_turn(&mut self) {
        // The controller never takes all turns, however much waits for it after the objects were created.
        let due = if self.random.u32(..100) < 60 {
            self.due()
        } else {
            None
        };
        let index = due.unwrap_or_else(|| self.choose());
        if self.targets[index].stale {
            let target = &self.targets[index];
            let (namespace, name) = (namespace(&target.current), target.current.name_any());
            match self.api(&namespace).get(&name).await {
                Ok(current) => self.targets[index].current = current,
                // Still away: the next turn tries again.
                Err(_) => return,
            }
            self.targets[index].stale = false;
        }
        if due.is_some() {
            return self.reconcile(index).await;
        }
        let ignored = self.targets[index].temper == Temper::Ignored;
        match self.random.u32(..100) {
            0..5 => self.label(index).await,
            5..45 => self.change_spec(index).await,
            _ if ignored => self.change_spec(index).await,
            _ => self.heartbeat(index).await,
        }
    }

    /// The object whose step came due last: what changes now is not behind what was created before.
    fn due(&self) -> Option<usize> {
        let now = Instant::now();
        self.targets
            .iter()
            .enumerate()
            .filter_map(|(index, target)| match target.next {
                Some(Step::Begin(at) | Step::Finish(at)) if at <= now => Some((at, index)),
                _ => None,
            })
            .max()
            .map(|(_, index)| index)
    }

    fn choose(&mut self) -> usize {
        let hot = |target: &Target| target.temper == Temper::Hot;
        if self.random.bool() {
            let hot: Vec<usize> = (0..self.targets.len())
                .filter(|index| hot(&self.targets[*index]))
                .collect();
            if let Some(index) = self.random.choice(hot) {
                return index;
            }
        }
        self.random.usize(..self.targets.len())
    }

    /// Users change the spec in the three ways that there are.
    async fn change_spec(&mut self, index: usize) {
        let turn = self.turn;
        let next = self.reconcile_soon(self.targets[index].temper);
        let written = match self.random.u32(..3) {
            0 => {
                let change = json!({
                    "apiVersion": self.resource.api_version,
                    "kind": self.resource.kind,
                    "spec": { "image": format!("registry.example.org/widget:v{turn}-{index}") },
                });
                let params = PatchParams::apply("load-gitops").force();
                self.patch(index, "load-gitops", &params, &Patch::Apply(change), false)
                    .await
            }
            1 => {
                let change = json!({ "spec": { "replicas": turn + 1 } });
                self.merge(index, "load-scaler", change).await
            }
            _ => {
                let mut body = self.targets[index].current.clone();
                let spec = &mut body.data["spec"];
                let setting = format!("setting-{:02}", self.random.u32(..14));
                spec["settings"][setting] = format!("edited in turn {turn}").into();
                spec["endpoints"][self.random.usize(..8)]["weight"] = turn.into();
                self.replace(index, "load-editor", &body).await
            }
        };
        if written {
            self.targets[index].next = next;
        }
    }

    async fn label(&mut self, index: usize) {
        let change = json!({ "metadata": { "labels": { "load/turn": self.turn.to_string() } } });
        self.merge(index, "load-labeller", change).await;
    }

    /// A status write that says nothing about the spec.
    async fn heartbeat(&mut self, index: usize) {
        let change = json!({
            "apiVersion": self.resource.api_version,
            "kind": self.resource.kind,
            "status": { "lastHeartbeat": Timestamp::now().to_string(), "checks": self.turn },
        });
        let params = PatchParams::apply("load-heartbeat").force();
        self.patch_status(
            index,
            "load-heartbeat",
            &params,
            &Patch::Apply(change),
            false,
        )
        .await;
    }

    /// The controller first says that it is at work, and later that it is done.
    async fn reconcile(&mut self, index: usize) {
        let target = &self.targets[index];
        let finishing = matches!(target.next, Some(Step::Finish(_)));
        let generation = target.current.metadata.generation.unwrap_or_default();
        let replicas = &target.current.data["spec"]["replicas"];
        let mut ready = json!({
            "type": "Ready",
            "status": if finishing { "True" } else { "False" },
            "reason": if finishing { "Reconciled" } else { "Reconciling" },
            "message": format!("turn {}", self.turn),
            "lastTransitionTime": Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
        });
        let mut status = json!({ "phase": if finishing { "Running" } else { "Progressing" } });
        if finishing {
            status["readyReplicas"] = replicas.clone();
            match self.convention {
                Convention::ObservedGeneration => status["observedGeneration"] = generation.into(),
                Convention::ConditionGeneration => ready["observedGeneration"] = generation.into(),
                Convention::ReadyOnly => {}
            }
        } else if self.convention == Convention::ConditionGeneration {
            let observed = target
                .current
                .data
                .pointer("/status/conditions/0/observedGeneration");
            ready["observedGeneration"] = observed.cloned().unwrap_or_else(|| json!(0));
        }
        status["conditions"] = json!([ready]);
        let params = PatchParams {
            field_manager: Some("load-controller".into()),
            ..PatchParams::default()
        };
        let change = Patch::Merge(json!({ "status": status }));
        let written = self
            .patch_status(index, "load-controller", &params, &change, finishing)
            .await;
        if written {
            let work = Duration::from_millis(self.random.u64(50..1500));
            self.targets[index].next = (!finishing).then(|| Step::Finish(Instant::now() + work));
        }
    }

    fn reconcile_soon(&mut self, temper: Temper) -> Option<Step> {
        let wait = Duration::from_millis(self.random.u64(20..400));
        (temper != Temper::Ignored).then(|| Step::Begin(Instant::now() + wait))
    }

    async fn merge(&mut self, index: usize, manager: &'static str, change: Value) -> bool {
        let params = PatchParams {
            field_manager: Some(manager.into()),
            ..PatchParams::default()
        };
        self.patch(index, manager, &params, &Patch::Merge(change), false)
            .await
    }

    async fn replace(&mut self, index: usize, manager: &'static str, body: &DynamicObject) -> bool {
        let params = PostParams {
            field_manager: Some(manager.into()),
            ..PostParams::default()
        };
        let (api, name) = self.address(index);
        let sent = Timestamp::now();
        let answer = api.replace(&name, &params, body).await;
        self.note(index, manager, answer, false, sent)
    }

    async fn patch(
        &mut self,
        index: usize,
        manager: &'static str,
        params: &PatchParams,
        change: &Patch<Value>,
        reconciles: bool,
    ) -> bool {
        let (api, name) = self.address(index);
        let sent = Timestamp::now();
        let answer = api.patch(&name, params, change).await;
        self.note(index, manager, answer, reconciles, sent)
    }

    async fn patch_status(
        &mut self,
        index: usize,
        manager: &'static str,
        params: &PatchParams,
        change: &Patch<Value>,
        reconciles: bool,
    ) -> bool {
        let (api, name) = self.address(index);
        let sent = Timestamp::now();
        let answer = api.patch_status(&name, params, change).await;
        self.note(index, manager, answer, reconciles, sent)
    }

    /// Records the outcome of a write, and says whether it was made.
    fn note(
        &mut self,
        index: usize,
        manager: &'static str,
        answer: kube::Result<DynamicObject>,
        reconciles: bool,
        sent: Timestamp,
    ) -> bool {
        let received = Timestamp::now();
        let target = &mut self.targets[index];
        match answer {
            Ok(after) => {
                let paths = differences(&value(&target.current), &value(&after));
                let mut written = write(&after, manager, sent, received);
                written.paths = paths;
                written.reconciles = reconciles;
                self.record.writes.push(written);
                target.current = after;
                true
            }
            Err(error) => {
                self.record.failures.push(Failure {
                    namespace: namespace(&target.current),
                    name: target.current.name_any(),
                    manager,
                    error: error.to_string(),
                });
                target.stale = true;
                false
            }
        }
    }

    fn address(&self, index: usize) -> (Api<DynamicObject>, String) {
        let current = &self.targets[index].current;
        (self.api(&namespace(current)), current.name_any())
    }

    fn api(&self, namespace: &str) -> Api<DynamicObject> {
        Api::namespaced_with(self.client.clone(), namespace, &self.resource)
    }
}

fn namespace(object: &DynamicObject) -> String {
    object.namespace().unwrap_or_default()
}

fn value(object: &DynamicObject) -> Value {
    serde_json::to_value(object).expect("an object is JSON")
}

fn write(
    after: &DynamicObject,
    manager: &'static str,
    sent: Timestamp,
    received: Timestamp,
) -> Write {
    Write {
        namespace: namespace(after),
        name: after.name_any(),
        uid: after.uid().unwrap_or_default(),
        resource_version: after.resource_version().unwrap_or_default(),
        generation: after.metadata.generation.unwrap_or_default(),
        manager,
        paths: Vec::new(),
        reconciles: false,
        sent,
        received,
    }
}
