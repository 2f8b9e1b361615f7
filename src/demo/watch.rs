//! WATCH: JSON lines, one per change.
//! (<https://kubernetes.io/docs/reference/using-api/api-concepts/#efficient-detection-of-changes>;
//! streaming lists: KEP-3157; bookmarks: KEP-956.)

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures::stream;
use http::header;
use jiff::Timestamp;
use serde_json::json;
use tokio::sync::watch::Receiver;
use tokio::time::{Instant, sleep_until};

use super::definition::Definition;
use super::options::Options;
use super::ring::{Event, EventKind, Key, LINE_END, Stored};
use super::selectors::Filter;
use super::status_error::ApiError;
use super::store::{FIRST_REVISION, KindId, Store, decode};
use super::view::View;

/// How many objects or changes are taken under one lock.
const BATCH: usize = 256;
/// How long a watch lasts that does not say: the shorter end of what API servers choose.
const DEFAULT_TIMEOUT: Duration = Duration::from_secs(30 * 60);

/// One watch request on its way.
struct Watch {
    store: Arc<Store>,
    kind: KindId,
    filter: Filter,
    view: View,
    phase: Phase,
    /// Everything up to this revision has been sent.
    cursor: u64,
    lines: VecDeque<Bytes>,
    changed: Receiver<u64>,
    bookmarks: Option<Duration>,
    next_bookmark: Instant,
    deadline: Instant,
    columns_sent: bool,
}

enum Phase {
    /// The objects that exist, as ADDED events.
    Initial {
        after: Option<Key>,
        revision: Option<u64>,
        announce_end: bool,
    },
    Changes,
    Over,
}

/// Answers a WATCH; `bookmark_every` is the pause between bookmarks where the client allows them.
pub(super) fn watch(
    store: Arc<Store>,
    kind: KindId,
    filter: Filter,
    options: &Options,
    view: View,
    bookmark_every: Duration,
) -> Result<Response, ApiError> {
    let definition = store.definition(kind);
    let field_error = |field, message| Err(ApiError::invalid(definition, "", field, message));
    if options.says_initial_events() {
        if options.resource_version_match != "NotOlderThan" {
            return field_error(
                "resourceVersionMatch",
                "Forbidden: sendInitialEvents requires setting resourceVersionMatch to NotOlderThan",
            );
        }
    } else if !options.resource_version_match.is_empty() {
        return field_error(
            "resourceVersionMatch",
            "Forbidden: resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided",
        );
    }
    let requested = options.resource_version()?.unwrap_or(0);
    let changed = store.subscribe(kind);
    let current = store.revision(kind);
    if requested > current {
        return Err(ApiError::too_large_resource_version(requested, current));
    }
    let initial = if options.says_initial_events() {
        options.send_initial_events()
    } else {
        requested == 0
    };
    // What was never in this server's history is refused outright, as a compacted etcd does; what
    // fell out of it is said in the stream, as the watch cache does.
    if !initial && requested > 0 && requested < FIRST_REVISION {
        return Err(ApiError::expired(requested, FIRST_REVISION));
    }
    let phase = if initial {
        Phase::Initial {
            after: None,
            revision: None,
            announce_end: options.send_initial_events() && options.bookmarks(),
        }
    } else {
        Phase::Changes
    };
    let now = Instant::now();
    let timeout = match options.timeout_seconds()? {
        Some(seconds) if seconds > 0 => Duration::from_secs(seconds),
        _ => DEFAULT_TIMEOUT,
    };
    let watch = Watch {
        store,
        kind,
        filter,
        view,
        phase,
        cursor: if requested == 0 { current } else { requested },
        lines: VecDeque::new(),
        changed,
        bookmarks: options.bookmarks().then_some(bookmark_every),
        next_bookmark: now + bookmark_every,
        deadline: now + timeout.min(DEFAULT_TIMEOUT * 10),
        columns_sent: false,
    };
    let lines = stream::unfold(watch, |mut watch| async move {
        let line = watch.next_line().await?;
        Some((Ok::<_, std::convert::Infallible>(line), watch))
    });
    Ok((
        [(header::CONTENT_TYPE, "application/json")],
        Body::from_stream(lines),
    )
        .into_response())
}

impl Watch {
    async fn next_line(&mut self) -> Option<Bytes> {
        loop {
            if let Some(line) = self.lines.pop_front() {
                return Some(line);
            }
            let step = match self.phase {
                Phase::Initial { .. } => self.initial(),
                Phase::Changes => self.changes().await,
                Phase::Over => return None,
            };
            if let Err(error) = step {
                let status = error.to_status();
                let line = format!("{{\"type\":\"ERROR\",\"object\":{status}{LINE_END}");
                self.lines.push_back(Bytes::from(line));
                self.phase = Phase::Over;
            }
        }
    }

    fn initial(&mut self) -> Result<(), ApiError> {
        let Phase::Initial {
            after,
            revision,
            announce_end,
        } = &mut self.phase
        else {
            return Ok(());
        };
        let announce_end = *announce_end;
        let namespace = self.filter.namespace();
        let chunk = self
            .store
            .chunk(self.kind, namespace, after.as_ref(), *revision, BATCH)?;
        *revision = Some(chunk.revision);
        *after = chunk.resume.clone();
        for object in chunk.objects {
            if self.filter.matches(&object) {
                self.push(EventKind::Added, &object)?;
            }
        }
        if chunk.resume.is_none() {
            self.cursor = chunk.revision;
            self.phase = Phase::Changes;
            if announce_end {
                self.push_bookmark(true);
            }
        }
        Ok(())
    }

    async fn changes(&mut self) -> Result<(), ApiError> {
        self.changed.mark_unchanged();
        let (events, reached) = self.store.changes(self.kind, self.cursor, BATCH)?;
        self.cursor = reached;
        for event in &events {
            self.push_event(event)?;
        }
        if events.is_empty() {
            let due = match self.bookmarks {
                Some(_) => self.deadline.min(self.next_bookmark),
                None => self.deadline,
            };
            tokio::select! {
                changed = self.changed.changed() => {
                    if changed.is_err() {
                        self.phase = Phase::Over;
                    }
                }
                () = sleep_until(due) => {}
            }
        }
        // Looked at after changes as well, for a busy kind never goes quiet.
        let now = Instant::now();
        let over = now >= self.deadline;
        if self.bookmarks.is_some() && (over || now >= self.next_bookmark) {
            self.push_bookmark(false);
        }
        if over {
            self.phase = Phase::Over;
        }
        Ok(())
    }

    /// A change as this watch's selectors see it: an object that starts to match is added, one that
    /// stops matching is deleted.
    fn push_event(&mut self, event: &Event) -> Result<(), ApiError> {
        let was = event
            .previous
            .as_ref()
            .is_some_and(|previous| self.filter.matches(previous));
        let is = event.kind != EventKind::Deleted && self.filter.matches(&event.current);
        match (was, is) {
            (false, false) => Ok(()),
            (false, true) => self.push(EventKind::Added, &event.current),
            (true, true) => self.push(EventKind::Modified, &event.current),
            (true, false) if event.kind == EventKind::Deleted => {
                self.push(EventKind::Deleted, &event.current)
            }
            (true, false) => match &event.previous {
                Some(previous) => self.push_departure(previous, event.current.revision),
                None => Ok(()),
            },
        }
    }

    /// The last version that matched, at the revision at which it stopped.
    fn push_departure(&mut self, previous: &Stored, revision: u64) -> Result<(), ApiError> {
        let mut object = decode(previous)?;
        object["metadata"]["resourceVersion"] = revision.to_string().into();
        let prefix = EventKind::Deleted.prefix();
        let line = Bytes::from(format!("{prefix}{object}{LINE_END}"));
        let departed = Stored::new(previous.key.clone(), revision, EventKind::Deleted, line);
        self.push(EventKind::Deleted, &departed)
    }

    fn push(&mut self, kind: EventKind, object: &Stored) -> Result<(), ApiError> {
        let line = object.line();
        if self.view == View::Object && line.starts_with(kind.prefix().as_bytes()) {
            self.lines.push_back(line);
            return Ok(());
        }
        let definition = self.definition();
        let columns = !std::mem::replace(&mut self.columns_sent, true);
        let json = self
            .view
            .single(&definition, object, columns, Timestamp::now())?;
        let parts = [kind.prefix().as_bytes(), &json, LINE_END.as_bytes()];
        self.lines.push_back(Bytes::from(parts.concat()));
        Ok(())
    }

    fn push_bookmark(&mut self, ends_initial_events: bool) {
        let definition = self.definition();
        let mut metadata = json!({
            "creationTimestamp": null,
            "resourceVersion": self.cursor.to_string(),
        });
        if ends_initial_events {
            metadata["annotations"] = json!({"k8s.io/initial-events-end": "true"});
        }
        let object = match self.view {
            View::Object => json!({
                "apiVersion": definition.api_version(),
                "kind": definition.kind,
                "metadata": metadata,
            }),
            View::Metadata => json!({
                "kind": "PartialObjectMetadata",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": metadata,
            }),
            View::Table(_) => json!({
                "kind": "Table",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": {"resourceVersion": self.cursor.to_string()},
                "columnDefinitions": null,
                "rows": [{"cells": [], "object": {
                    "kind": "PartialObjectMetadata",
                    "apiVersion": "meta.k8s.io/v1",
                    "metadata": metadata,
                }}],
            }),
        };
        let line = format!("{{\"type\":\"BOOKMARK\",\"object\":{object}{LINE_END}");
        self.lines.push_back(Bytes::from(line));
        if let Some(pause) = self.bookmarks {
            self.next_bookmark = Instant::now() + pause;
        }
    }

    fn definition(&self) -> Arc<Definition> {
        Arc::clone(self.store.definition(self.kind))
    }
}
