//! The recent changes of one kind, which watches read from and old list snapshots are rebuilt from.

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use axum::body::Bytes;

use super::status_error::ApiError;

/// Namespace and name; the namespace of a cluster-wide object is empty.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct Key {
    pub(super) namespace: Arc<str>,
    pub(super) name: Arc<str>,
}

impl Key {
    /// A key of its own strings.
    pub(super) fn new(namespace: &str, name: &str) -> Self {
        Self {
            namespace: namespace.into(),
            name: name.into(),
        }
    }
}

/// What happened to an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EventKind {
    Added,
    Modified,
    Deleted,
}

impl EventKind {
    /// The start of the watch line, up to the object.
    pub(super) fn prefix(self) -> &'static str {
        match self {
            Self::Added => r#"{"type":"ADDED","object":"#,
            Self::Modified => r#"{"type":"MODIFIED","object":"#,
            Self::Deleted => r#"{"type":"DELETED","object":"#,
        }
    }
}

/// The end of a watch line.
pub(super) const LINE_END: &str = "}\n";

/// One version of an object. It is encoded once, as the watch line that announces it; the object
/// itself is a slice of that line.
#[derive(Debug)]
pub(super) struct Stored {
    pub(super) key: Key,
    pub(super) revision: u64,
    kind: EventKind,
    line: Bytes,
}

impl Stored {
    pub(super) fn new(key: Key, revision: u64, kind: EventKind, line: Bytes) -> Self {
        Self {
            key,
            revision,
            kind,
            line,
        }
    }

    /// The object as JSON.
    pub(super) fn json(&self) -> Bytes {
        let start = self.kind.prefix().len();
        self.line.slice(start..self.line.len() - LINE_END.len())
    }

    /// The watch line with which this version was announced.
    pub(super) fn line(&self) -> Bytes {
        self.line.clone()
    }
}

/// One change.
#[derive(Debug)]
pub(super) struct Event {
    pub(super) kind: EventKind,
    pub(super) current: Arc<Stored>,
    /// The version before, which tells whether a selector matched it.
    pub(super) previous: Option<Arc<Stored>>,
}

impl Event {
    fn revision(&self) -> u64 {
        self.current.revision
    }
}

/// A bounded queue of changes, oldest first.
#[derive(Debug)]
pub(super) struct Ring {
    events: VecDeque<Arc<Event>>,
    bytes: usize,
    max_events: usize,
    max_bytes: usize,
    /// Every change after this revision is still here.
    floor: u64,
}

impl Ring {
    pub(super) fn new(max_events: usize, max_bytes: usize, floor: u64) -> Self {
        Self {
            events: VecDeque::new(),
            bytes: 0,
            max_events,
            max_bytes,
            floor,
        }
    }

    pub(super) fn push(&mut self, event: Arc<Event>) {
        self.bytes += event.current.line.len();
        self.events.push_back(event);
        while self.events.len() > self.max_events || self.bytes > self.max_bytes {
            let Some(oldest) = self.events.pop_front() else {
                break;
            };
            self.bytes -= oldest.current.line.len();
            self.floor = oldest.revision();
        }
    }

    /// Forgets the changes so far: what the initial population went through is nobody's history.
    pub(super) fn clear(&mut self, floor: u64) {
        self.events.clear();
        self.bytes = 0;
        self.floor = floor;
    }

    /// Up to `limit` changes after `revision`; 410 when some of them are gone.
    pub(super) fn after(&self, revision: u64, limit: usize) -> Result<Vec<Arc<Event>>, ApiError> {
        let start = self.position_after(revision)?;
        let events = self.events.range(start..).take(limit);
        Ok(events.map(Arc::clone).collect())
    }

    /// For each object that changed after `revision`, what it was at that moment.
    pub(super) fn undo(
        &self,
        revision: u64,
    ) -> Result<BTreeMap<Key, Option<Arc<Stored>>>, ApiError> {
        let start = self.position_after(revision)?;
        let mut states = BTreeMap::new();
        for event in self.events.range(start..) {
            states
                .entry(event.current.key.clone())
                .or_insert_with(|| event.previous.clone());
        }
        Ok(states)
    }

    fn position_after(&self, revision: u64) -> Result<usize, ApiError> {
        if revision < self.floor {
            return Err(ApiError::expired(revision, self.floor));
        }
        Ok(self
            .events
            .partition_point(|event| event.revision() <= revision))
    }
}
