//! The objects of every kind, with one counter of resourceVersions over all of them.
//!
//! A kind has two locks. Writers to it take turns (`writer`), and do the slow part of a write there:
//! decode, change, compare. The state's own lock is held to take the next resourceVersion, encode
//! and publish; a reader that holds it therefore sees every change up to the counter's value.

use std::collections::BTreeMap;
use std::ops::Bound;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::body::Bytes;
use parking_lot::{Mutex, RwLock};
use serde_json::Value;
use tokio::sync::watch;

use super::definition::Definition;
use super::ring::{Event, EventKind, Key, LINE_END, Ring, Stored};
use super::status_error::ApiError;

/// Where the counter starts: like a cluster that has lived for a while.
pub(super) const FIRST_REVISION: u64 = 417_300;

/// Index of a kind in the store.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct KindId(pub(super) usize);

/// Bounds of what is kept per kind.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    pub(super) ring_events: usize,
    pub(super) ring_bytes: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            ring_events: 4096,
            ring_bytes: 16 << 20,
        }
    }
}

/// All kinds.
#[derive(Debug)]
pub(super) struct Store {
    kinds: Vec<Kind>,
    revision: AtomicU64,
}

#[derive(Debug)]
struct Kind {
    definition: Arc<Definition>,
    writer: Mutex<()>,
    state: RwLock<State>,
    /// The newest revision of this kind, for watches to wait on.
    newest: watch::Sender<u64>,
}

#[derive(Debug)]
struct State {
    objects: BTreeMap<Key, Arc<Stored>>,
    ring: Ring,
}

/// What a writer wants done.
pub(super) enum Action {
    /// Create or replace; a value equal to the present one is no write at all.
    Put(Value),
    /// Remove; this is the last state that watches see.
    Remove(Value),
    /// Only answer with this.
    Nothing(Value),
}

/// What came of it.
#[derive(Debug)]
pub(super) struct Written {
    pub(super) value: Value,
    /// `None` when nothing changed.
    pub(super) event: Option<EventKind>,
    /// The desired state is another than before: a controller has something to do.
    pub(super) generation_moved: bool,
}

impl Written {
    fn nothing(value: Value) -> Self {
        Self {
            value,
            event: None,
            generation_moved: false,
        }
    }
}

/// Part of a list.
pub(super) struct Chunk {
    pub(super) objects: Vec<Arc<Stored>>,
    /// The revision that the list shows.
    pub(super) revision: u64,
    /// Where the next chunk starts; `None` after the last object.
    pub(super) resume: Option<Key>,
}

impl Store {
    pub(super) fn new(definitions: Vec<Definition>, limits: Limits) -> Self {
        let kinds = definitions
            .into_iter()
            .map(|definition| Kind {
                definition: Arc::new(definition),
                writer: Mutex::new(()),
                state: RwLock::new(State {
                    objects: BTreeMap::new(),
                    ring: Ring::new(limits.ring_events, limits.ring_bytes, FIRST_REVISION),
                }),
                newest: watch::Sender::new(FIRST_REVISION),
            })
            .collect();
        Self {
            kinds,
            revision: AtomicU64::new(FIRST_REVISION),
        }
    }

    /// Every kind with its number.
    pub(super) fn definitions(&self) -> impl Iterator<Item = (KindId, &Arc<Definition>)> {
        self.kinds
            .iter()
            .enumerate()
            .map(|(index, kind)| (KindId(index), &kind.definition))
    }

    /// The kind that a request names.
    pub(super) fn find(&self, group: &str, version: &str, plural: &str) -> Option<KindId> {
        self.definitions()
            .find(|(_, definition)| {
                definition.group == group
                    && definition.version == version
                    && definition.plural == plural
            })
            .map(|(id, _)| id)
    }

    pub(super) fn definition(&self, kind: KindId) -> &Arc<Definition> {
        &self.kinds[kind.0].definition
    }

    /// Wakes when objects of the kind change.
    pub(super) fn subscribe(&self, kind: KindId) -> watch::Receiver<u64> {
        self.kinds[kind.0].newest.subscribe()
    }

    /// The newest version of one object.
    pub(super) fn get(&self, kind: KindId, key: &Key) -> Option<Arc<Stored>> {
        self.kinds[kind.0].state.read().objects.get(key).cloned()
    }

    /// The current revision: every change of the kind up to it is visible.
    pub(super) fn revision(&self, kind: KindId) -> u64 {
        let _state = self.kinds[kind.0].state.read();
        self.revision.load(Ordering::Acquire)
    }

    /// Ends the initial population: its changes cannot be watched.
    pub(super) fn forget_history(&self) {
        for kind in &self.kinds {
            let mut state = kind.state.write();
            state.ring.clear(self.revision.load(Ordering::Acquire));
        }
    }

    /// Changes one object: `decide` gets its present value and says what to do.
    pub(super) fn transact(
        &self,
        kind: KindId,
        key: &Key,
        decide: impl FnOnce(Option<&Value>) -> Result<Action, ApiError>,
    ) -> Result<Written, ApiError> {
        let kind = &self.kinds[kind.0];
        let _turn = kind.writer.lock();
        let previous = kind.state.read().objects.get(key).cloned();
        let present = previous.as_deref().map(decode).transpose()?;
        let (mut value, event) = match decide(present.as_ref())? {
            Action::Nothing(value) => return Ok(Written::nothing(value)),
            Action::Put(value) if present.as_ref() == Some(&value) => {
                return Ok(Written::nothing(value));
            }
            Action::Put(value) if present.is_some() => (value, EventKind::Modified),
            Action::Put(value) => (value, EventKind::Added),
            Action::Remove(value) => (value, EventKind::Deleted),
        };
        let generation = |object: &Value| object["metadata"]["generation"].clone();
        let generation_moved = present.as_ref().map(generation) != Some(generation(&value));
        let mut state = kind.state.write();
        let revision = self.revision.fetch_add(1, Ordering::AcqRel) + 1;
        value["metadata"]["resourceVersion"] = revision.to_string().into();
        let line = encode(event, &value)?;
        let stored = Arc::new(Stored::new(key.clone(), revision, event, line));
        if event == EventKind::Deleted {
            state.objects.remove(key);
        } else {
            state.objects.insert(key.clone(), Arc::clone(&stored));
        }
        state.ring.push(Arc::new(Event {
            kind: event,
            current: stored,
            previous,
        }));
        drop(state);
        kind.newest.send_replace(revision);
        Ok(Written {
            value,
            event: Some(event),
            generation_moved,
        })
    }

    /// Up to `limit` changes after `revision`, and the revision up to which they are complete.
    pub(super) fn changes(
        &self,
        kind: KindId,
        revision: u64,
        limit: usize,
    ) -> Result<(Vec<Arc<Event>>, u64), ApiError> {
        let state = self.kinds[kind.0].state.read();
        let events = state.ring.after(revision, limit)?;
        let reached = match events.last() {
            Some(last) if events.len() == limit => last.current.revision,
            _ => self.revision.load(Ordering::Acquire).max(revision),
        };
        Ok((events, reached))
    }

    /// Up to `limit` objects after `after`, as they were at revision `at` (now, when there is none).
    pub(super) fn chunk(
        &self,
        kind: KindId,
        namespace: Option<&str>,
        after: Option<&Key>,
        at: Option<u64>,
        limit: usize,
    ) -> Result<Chunk, ApiError> {
        let state = self.kinds[kind.0].state.read();
        let now = self.revision.load(Ordering::Acquire);
        let revision = at.unwrap_or(now);
        let undone = if revision < now {
            state.ring.undo(revision)?
        } else {
            BTreeMap::new()
        };
        let first = match (after, namespace) {
            (Some(key), _) => Bound::Excluded(key.clone()),
            (None, Some(namespace)) => Bound::Included(Key::new(namespace, "")),
            (None, None) => Bound::Unbounded,
        };
        let inside = |key: &Key| namespace.is_none_or(|namespace| &*key.namespace == namespace);
        let range = (first, Bound::Unbounded);
        let mut present = state
            .objects
            .range(range.clone())
            .take_while(|(key, _)| inside(key))
            .peekable();
        let mut before = undone
            .range(range)
            .take_while(|(key, _)| inside(key))
            .peekable();
        let mut objects = Vec::new();
        loop {
            let (old, new) = match (before.peek(), present.peek()) {
                (None, None) => break,
                (Some((old, _)), Some((new, _))) => (old <= new, new <= old),
                (old, new) => (old.is_some(), new.is_some()),
            };
            let from_past = if old { before.next() } else { None };
            let from_now = if new { present.next() } else { None };
            let object = match (from_past, from_now) {
                (Some((_, state)), _) => state.clone(),
                (None, now) => now.map(|(_, object)| Arc::clone(object)),
            };
            objects.extend(object);
            if objects.len() > limit {
                break;
            }
        }
        let more = objects.len() > limit;
        objects.truncate(limit);
        let resume = objects.last().filter(|_| more).map(|last| last.key.clone());
        Ok(Chunk {
            objects,
            revision,
            resume,
        })
    }

    /// How many objects there are now.
    pub(super) fn count(&self, kind: KindId, namespace: Option<&str>) -> usize {
        let state = self.kinds[kind.0].state.read();
        match namespace {
            None => state.objects.len(),
            Some(namespace) => state
                .objects
                .range(Key::new(namespace, "")..)
                .take_while(|(key, _)| &*key.namespace == namespace)
                .count(),
        }
    }
}

/// An object as a tree.
pub(super) fn decode(stored: &Stored) -> Result<Value, ApiError> {
    serde_json::from_slice(&stored.json()).map_err(|error| {
        let name = &stored.key.name;
        ApiError::internal(format!("the stored object {name} does not decode: {error}"))
    })
}

fn encode(event: EventKind, value: &Value) -> Result<Bytes, ApiError> {
    let mut line = Vec::with_capacity(4096);
    line.extend_from_slice(event.prefix().as_bytes());
    serde_json::to_writer(&mut line, value)
        .map_err(|error| ApiError::internal(format!("an object does not encode: {error}")))?;
    line.extend_from_slice(LINE_END.as_bytes());
    line.shrink_to_fit();
    Ok(Bytes::from(line))
}
