//! What the simulated controllers do: notice, reconcile in stages, report, let go.

use std::sync::Arc;

use fastrand::Rng;
use serde_json::Value;

use super::kinds::{self, APPLICATION, Scene, Stage};
use super::managed_fields::Author;
use super::objects::{self, new_uid};
use super::ring::{EventKind, Key};
use super::server::UserWrite;
use super::simulation::{Simulation, Task};
use super::status_error::ApiError;
use super::store::{Action, KindId, Written, decode};

/// One reconcile in so many takes ten times as long.
const SLOW_ONE_IN: u32 = 40;
/// How often an object is drawn until it is one that may be used.
const CHOICES: usize = 16;

impl Simulation {
    /// A client wrote: its controller notices.
    pub(super) fn react(&mut self, write: UserWrite) {
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
            self.runs.remove(&(kind, key.clone()));
            return;
        }
        let run = self.next_number();
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

    /// One stage of a reconcile.
    pub(super) fn reconcile(&mut self, kind: KindId, key: Key, run: u64, stage: u32) {
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
        let now = self.wall();
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
        let (author, now) = (Author::update(manager), self.wall());
        let rng = &mut self.rng;
        let written = objects::update(&self.store, kind, key, author, now, |object| {
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
        let (uid, now) = (new_uid(&mut self.rng), self.wall());
        let written = self.store.transact(kind, key, |present| {
            if present.is_some() {
                return Err(ApiError::already_exists(&definition, &key.name));
            }
            let author = Author::update(manager);
            let object = objects::created(&definition, key, draft, author, now, uid);
            Ok(Action::Put(object))
        })?;
        self.cast[kind.0].push(key.clone());
        self.begin_reconcile(kind, key);
        Ok(written)
    }

    /// Deletes an object; its controller lets go of it soon after.
    pub(super) fn delete(&mut self, kind: KindId, key: &Key) {
        let deleted = objects::delete(&self.store, kind, key, self.wall(), |_| Ok(()));
        if deleted.is_ok_and(|written| written.event == Some(EventKind::Modified)) {
            let key = key.clone();
            self.schedule(1.5, Task::Release { kind, key });
        }
    }

    /// A controller removes its finalizers.
    pub(super) fn release(&mut self, kind: KindId, key: &Key) {
        if self.held.contains(&(kind, key.clone())) {
            return;
        }
        let manager = kinds::behaviour(kind).controller(Stage::Observed);
        let (author, now) = (Author::update(manager), self.wall());
        let released = objects::update(&self.store, kind, key, author, now, |object| {
            if let Some(metadata) = object["metadata"].as_object_mut() {
                metadata.remove("finalizers");
            }
        });
        if let Err(error) = released {
            tracing::debug!(?error, "a deleted object of the demo was gone already");
        }
    }

    /// Any object of the kind that exists and that no story is about; forgets those that clients
    /// have deleted.
    pub(super) fn choose(&mut self, kind: KindId) -> Option<Key> {
        for _ in 0..CHOICES {
            let cast = &mut self.cast[kind.0];
            if cast.is_empty() {
                return None;
            }
            let place = self.rng.usize(..cast.len());
            let key = cast[place].clone();
            if self.store.get(kind, &key).is_none() {
                cast.swap_remove(place);
            } else if !self.reserved.contains(&(kind, key.clone())) {
                return Some(key);
            }
        }
        None
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
