//! The clockwork of the simulated controllers: a queue of what happens when, on a time of its own.
//!
//! One task works it off in order. With the same seed the same things happen in the same order,
//! however busy the machine is; only the times that stand in the objects are those of the wall.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use jiff::Timestamp;
use serde_json::Value;
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::kinds::{self, APPLICATION, Scene, Stage};
use super::managed_fields::Author;
use super::objects::{self, new_uid};
use super::ring::{EventKind, Key};
use super::server::UserWrite;
use super::status_error::ApiError;
use super::store::{Action, KindId, Store, Written, decode};
use super::storylines::Story;

/// How far the simulation may lag behind the wall before it lets go of the difference.
const MAX_LAG: Duration = Duration::from_secs(2);
/// One reconcile in so many takes ten times as long.
const SLOW_ONE_IN: u32 = 40;

/// Something that will happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Task {
    /// The next piece of everyday traffic.
    Traffic,
    /// The next turn of a storyline.
    Story(Story),
    /// A controller gets to this stage; outdated when another reconcile has begun since.
    Reconcile {
        kind: KindId,
        key: Key,
        run: u64,
        stage: u32,
    },
    /// A controller lets go of a deleted object.
    Release { kind: KindId, key: Key },
    /// Somebody deletes an object.
    Delete { kind: KindId, key: Key },
    /// The certificate that a request was for is up to date again.
    Renewed { key: Key },
}

#[derive(Debug, PartialEq, Eq)]
struct Due {
    at: Duration,
    sequence: u64,
    task: Task,
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// All controllers, users and pipelines of the cluster.
pub(super) struct Simulation {
    pub(super) store: Arc<Store>,
    pub(super) rng: Rng,
    /// Changes per second that are wanted.
    pub(super) rate: f64,
    /// The objects of each kind that traffic chooses from.
    pub(super) cast: Vec<Vec<Key>>,
    /// Objects whose controller never gets round to them.
    pub(super) stuck: HashSet<(KindId, Key)>,
    /// Objects whose finalizer is never removed.
    pub(super) held: HashSet<(KindId, Key)>,
    /// Until when cert-manager is slow, in simulated time.
    pub(super) slow_until: Duration,
    pub(super) now: Duration,
    queue: BinaryHeap<Reverse<Due>>,
    sequence: u64,
    runs: HashMap<(KindId, Key), u64>,
}

impl Simulation {
    pub(super) fn new(store: Arc<Store>, rng: Rng, rate: f64) -> Self {
        Self {
            store,
            rng,
            rate,
            cast: vec![Vec::new(); kinds::KINDS.len()],
            stuck: HashSet::new(),
            held: HashSet::new(),
            slow_until: Duration::ZERO,
            now: Duration::ZERO,
            queue: BinaryHeap::new(),
            sequence: 0,
            runs: HashMap::new(),
        }
    }

    /// Has something happen `seconds` from now.
    pub(super) fn schedule(&mut self, seconds: f64, task: Task) {
        let delay = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO);
        self.sequence += 1;
        self.queue.push(Reverse(Due {
            at: self.now + delay,
            sequence: self.sequence,
            task,
        }));
    }

    /// When the next thing happens.
    fn next_at(&self) -> Option<Duration> {
        self.queue.peek().map(|Reverse(due)| due.at)
    }

    /// Has the next thing happen, and moves the time to it.
    pub(super) fn step(&mut self) {
        let Some(Reverse(due)) = self.queue.pop() else {
            return;
        };
        self.now = self.now.max(due.at);
        match due.task {
            Task::Traffic => self.traffic(),
            Task::Story(story) => self.tell(story),
            Task::Reconcile {
                kind,
                key,
                run,
                stage,
            } => self.reconcile(kind, key, run, stage),
            Task::Release { kind, key } => self.release(kind, &key),
            Task::Delete { kind, key } => self.delete(kind, &key),
            Task::Renewed { key } => self.begin_reconcile(kinds::CERTIFICATE, &key),
        }
    }

    /// Runs in real time, and reacts to what clients write.
    pub(super) async fn run(mut self, mut user_writes: mpsc::Receiver<UserWrite>) {
        let mut start = Instant::now();
        loop {
            let next = self.next_at().map(|at| start + at);
            let lag = next.map_or(Duration::ZERO, |at| at.elapsed());
            if lag > MAX_LAG {
                start += lag;
            }
            let at = next.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
            tokio::select! {
                biased;
                write = user_writes.recv() => match write {
                    Some(write) => {
                        self.now = self.now.max(start.elapsed());
                        self.react(write);
                    }
                    None => return,
                },
                // Yields even when it is late, so that a busy simulation starves nobody.
                () = tokio::time::sleep_until(at) => self.step(),
            }
        }
    }

    fn react(&mut self, write: UserWrite) {
        let UserWrite {
            kind,
            key,
            generation_moved,
        } = write;
        let Some(stored) = self.store.get(kind, &key) else {
            return;
        };
        let Ok(object) = decode(&stored) else {
            return;
        };
        if object["metadata"]["deletionTimestamp"].is_string() {
            self.schedule(1.5, Task::Release { kind, key });
        } else if generation_moved {
            self.begin_reconcile(kind, &key);
        }
    }

    /// A controller will notice that an object's spec changed.
    pub(super) fn begin_reconcile(&mut self, kind: KindId, key: &Key) {
        if self.stuck.contains(&(kind, key.clone())) {
            return;
        }
        self.sequence += 1;
        let run = self.sequence;
        self.runs.insert((kind, key.clone()), run);
        let pace = kinds::behaviour(kind).pace();
        let seconds = pace.observed.sample(&mut self.rng) * self.slowness(kind);
        let key = key.clone();
        self.schedule(
            seconds,
            Task::Reconcile {
                kind,
                key,
                run,
                stage: 0,
            },
        );
    }

    fn slowness(&mut self, kind: KindId) -> f64 {
        let spell = self.now < self.slow_until;
        let group = &self.store.definition(kind).group;
        let slow = if spell && group == "cert-manager.io" {
            8.0
        } else {
            1.0
        };
        if self.rng.u32(..SLOW_ONE_IN) == 0 {
            slow * 10.0
        } else {
            slow
        }
    }

    fn reconcile(&mut self, kind: KindId, key: Key, run: u64, stage: u32) {
        if self.runs.get(&(kind, key.clone())) != Some(&run) {
            return;
        }
        let behaviour = kinds::behaviour(kind);
        let pace = behaviour.pace();
        let steps = pace.steps;
        let reached = match stage {
            0 => Stage::Observed,
            done if done <= steps => Stage::Progress { done, of: steps },
            _ => Stage::Ready,
        };
        let written = self.write_status(
            kind,
            &key,
            behaviour.controller(reached),
            |object, scene| behaviour.status(object, reached, scene),
        );
        if reached == Stage::Ready || written.is_err() {
            self.runs.remove(&(kind, key));
            return;
        }
        let seconds = pace.step.sample(&mut self.rng) * self.slowness(kind);
        self.schedule(
            seconds,
            Task::Reconcile {
                kind,
                key,
                run,
                stage: stage + 1,
            },
        );
    }

    /// Writes a new status computed from the object, as its controller.
    pub(super) fn write_status(
        &mut self,
        kind: KindId,
        key: &Key,
        manager: &str,
        status: impl FnOnce(&Value, &mut Scene<'_>) -> Value,
    ) -> Result<Written, ApiError> {
        let now = Timestamp::now();
        let author = status_author(kind, manager);
        let rng = &mut self.rng;
        objects::update(&self.store, kind, key, author, now, |object| {
            let mut scene = Scene { now, rng };
            object["status"] = status(object, &mut scene);
        })
    }

    /// Changes the object itself, as a user or a pipeline, and has its controller notice.
    pub(super) fn write_spec(
        &mut self,
        kind: KindId,
        key: &Key,
        manager: &str,
        edit: impl FnOnce(&mut Value, &mut Rng),
    ) -> Result<Written, ApiError> {
        let author = Author::update(manager);
        let rng = &mut self.rng;
        let written =
            objects::update(&self.store, kind, key, author, Timestamp::now(), |object| {
                edit(object, rng);
                if manager == "kubectl-client-side-apply" {
                    remember_applied(object);
                }
            })?;
        if written.generation_moved {
            self.begin_reconcile(kind, key);
        }
        Ok(written)
    }

    /// Creates an object and has its controller notice.
    pub(super) fn create(
        &mut self,
        kind: KindId,
        key: &Key,
        manager: &str,
        draft: Value,
    ) -> Result<Written, ApiError> {
        let definition = Arc::clone(self.store.definition(kind));
        let uid = new_uid(&mut self.rng);
        let written = self.store.transact(kind, key, |present| {
            if present.is_some() {
                return Err(ApiError::already_exists(&definition, &key.name));
            }
            let author = Author::update(manager);
            let object = objects::created(&definition, key, draft, author, Timestamp::now(), uid);
            Ok(Action::Put(object))
        })?;
        self.cast[kind.0].push(key.clone());
        self.begin_reconcile(kind, key);
        Ok(written)
    }

    pub(super) fn delete(&mut self, kind: KindId, key: &Key) {
        let deleted = objects::delete(&self.store, kind, key, Timestamp::now(), |_| Ok(()));
        if deleted.is_ok_and(|written| written.event == Some(EventKind::Modified)) {
            let key = key.clone();
            self.schedule(1.5, Task::Release { kind, key });
        }
    }

    fn release(&mut self, kind: KindId, key: &Key) {
        if self.held.contains(&(kind, key.clone())) {
            return;
        }
        let manager = kinds::behaviour(kind).controller(Stage::Observed);
        let author = Author::update(manager);
        let released =
            objects::update(&self.store, kind, key, author, Timestamp::now(), |object| {
                if let Some(metadata) = object["metadata"].as_object_mut() {
                    metadata.remove("finalizers");
                }
            });
        if let Err(error) = released {
            tracing::debug!(?error, "a deleted object of the demo was gone already");
        }
    }

    /// Any object of the kind that exists; forgets those that clients have deleted.
    pub(super) fn choose(&mut self, kind: KindId) -> Option<Key> {
        loop {
            let cast = &mut self.cast[kind.0];
            if cast.is_empty() {
                return None;
            }
            let place = self.rng.usize(..cast.len());
            if self.store.get(kind, &cast[place]).is_some() {
                return Some(cast[place].clone());
            }
            cast.swap_remove(place);
        }
    }
}

/// Who writes a status: through the subresource where the kind has one.
pub(super) fn status_author(kind: KindId, manager: &str) -> Author<'_> {
    if kind == APPLICATION {
        Author::update(manager)
    } else {
        Author::status(manager)
    }
}

/// What `kubectl apply` keeps in an annotation to find out next time what was removed.
pub(super) fn remember_applied(object: &mut Value) {
    const ANNOTATION: &str = "kubectl.kubernetes.io/last-applied-configuration";
    let metadata = &object["metadata"];
    let applied = serde_json::json!({
        "apiVersion": object["apiVersion"],
        "kind": object["kind"],
        "metadata": {
            "annotations": {},
            "labels": metadata["labels"],
            "name": metadata["name"],
            "namespace": metadata["namespace"],
        },
        "spec": object["spec"],
    });
    object["metadata"]["annotations"][ANNOTATION] = format!("{applied}\n").into();
}
