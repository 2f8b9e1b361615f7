//! One LIST and WATCH of one kind, kept up until it is cancelled.
//!
//! The loop is our own, over kube's typed requests. kube's `watcher` asks for the same version for
//! ever when 410 comes as the HTTP status of the watch request, never falls back from a refused
//! streaming list, and swallows bookmarks and the moment at which a watch is open again: all of
//! which an honest history needs to know.

use std::{pin::pin, sync::Arc, time::Duration};

use futures::{Stream, StreamExt};
use kube::{
    Api, Error,
    api::{ApiResource, ListParams, WatchEvent, WatchParams},
};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_util::sync::CancellationToken;

use super::{
    backoff::Backoff,
    channel::Sender,
    client::RetryAfter,
    error::api_error_text,
    raw_object::RawObject,
    tracker::{Seen, Tracker},
    watch_error::{Doing, Failure, judge},
};
use crate::model::{
    Clock, Gap, GapCause, Generation, Moment, Observation, Redactor, ResourceKey, ResourceKind,
    Scope, Uid, WatchStatus,
};

/// How often a kind that may not be listed is tried again: permissions are granted while we run.
const FORBIDDEN_RETRY: Duration = Duration::from_secs(30);
const POLL_INTERVAL: Duration = Duration::from_secs(10);
/// Progress of a list is told every so many objects.
const PROGRESS_STEP: u64 = 500;
const PAGE: u32 = 500;
/// The server ends a watch after this long, in seconds; kube allows less than 295.
const WATCH_TIMEOUT: u32 = 290;
/// Without a sign of life for longer the connection is dead: the server would have ended it.
const IDLE_LIMIT: Duration = Duration::from_secs(295);
/// A watch that ends sooner without a single event is taken for a failure.
const TOO_SHORT: Duration = Duration::from_secs(1);

/// What the watches of one context share.
#[derive(Clone)]
pub(super) struct WatchContext {
    pub(super) client: kube::Client,
    pub(super) retry_after: RetryAfter,
    pub(super) sender: Sender,
    pub(super) clock: Clock,
    pub(super) redactor: Arc<Redactor>,
    pub(super) label_selector: Option<String>,
    /// Bounds how many lists run at a time, so that a cluster with hundreds of kinds is not
    /// flooded when it is opened.
    pub(super) lists: Arc<Semaphore>,
    /// Cancelled when the session closes.
    pub(super) session: CancellationToken,
}

/// kube's description of a kind.
pub(super) fn api_resource(kind: &ResourceKind) -> ApiResource {
    ApiResource {
        group: kind.group.clone(),
        version: kind.version.clone(),
        api_version: kind.api_version(),
        kind: kind.kind.clone(),
        plural: kind.plural.clone(),
    }
}

/// Watches a kind, in one namespace or in all, until cancelled.
pub(super) async fn watch_kind(
    context: WatchContext,
    kind: Arc<ResourceKind>,
    namespace: Option<String>,
    cancel: CancellationToken,
) {
    let resource = api_resource(&kind);
    let api = match (&namespace, kind.scope) {
        (Some(namespace), Scope::Namespaced) => {
            Api::namespaced_with(context.client.clone(), namespace, &resource)
        }
        _ => Api::all_with(context.client.clone(), &resource),
    };
    let mut watch = Watch {
        tracker: Tracker::new(Arc::clone(&kind)),
        api,
        context,
        kind,
        backoff: Backoff::new(),
        streaming: true,
        told: None,
    };
    tokio::select! {
        () = cancel.cancelled() => {}
        () = watch.keep_up() => {}
    }
    let at = watch.context.clock.now();
    let last = if watch.context.session.is_cancelled() {
        // Nothing is gone, but what was not seen at the end is not seen for good.
        watch.tracker.session_ends(at)
    } else {
        // The kind is gone, and its objects with it.
        watch.tracker.removed(at)
    };
    watch.send_all(last).await;
}

struct Watch {
    context: WatchContext,
    kind: Arc<ResourceKind>,
    api: Api<RawObject>,
    tracker: Tracker,
    backoff: Backoff,
    streaming: bool,
    told: Option<WatchStatus>,
}

/// A failure, what was being done, and the version to go on from, if it is still known.
struct Failed {
    error: Error,
    doing: Doing,
    version: Option<String>,
}

impl Watch {
    /// Lists and watches for ever.
    async fn keep_up(&mut self) {
        let mut version = None;
        loop {
            let result = match version.take() {
                None if self.streaming => self.streaming_list().await,
                None => self.list().await,
                Some(version) => self.watch(version).await,
            };
            version = match result {
                Ok(version) => version,
                Err(failed) => self.recover(failed).await,
            };
        }
    }

    /// Receives the initial events over a watch, and stays on it.
    async fn streaming_list(&mut self) -> Result<Option<String>, Failed> {
        let permit = self.list_begins().await;
        let params = WatchParams {
            send_initial_events: true,
            ..self.watch_params()
        };
        let failed = |error| Failed {
            error,
            doing: Doing::StreamingList,
            version: None,
        };
        let stream = self.api.watch(&params, "").await.map_err(failed)?;
        let ended = self
            .follow(stream, Doing::StreamingList, None, permit)
            .await?;
        if ended.is_none() {
            let wait = self.wait();
            self.pause(wait, "the server ended the list early".into())
                .await;
        }
        Ok(ended)
    }

    /// Lists page by page.
    async fn list(&mut self) -> Result<Option<String>, Failed> {
        let _permit = self.list_begins().await;
        let failed = |error| Failed {
            error,
            doing: Doing::List,
            version: None,
        };
        let mut params = ListParams {
            label_selector: self.context.label_selector.clone(),
            limit: Some(PAGE),
            ..ListParams::default()
        };
        loop {
            let page = self.api.list(&params).await.map_err(failed)?;
            let at = self.context.clock.now();
            for object in page.items {
                self.listed(object, at).await;
            }
            params.continue_token = page.metadata.continue_.filter(|token| !token.is_empty());
            if params.continue_token.is_none() {
                self.list_ends(at).await;
                return Ok(page
                    .metadata
                    .resource_version
                    .filter(|version| !version.is_empty()));
            }
        }
    }

    /// Watches from a version on.
    async fn watch(&mut self, version: String) -> Result<Option<String>, Failed> {
        let opened = self.context.clock.now();
        let stream = match self.api.watch(&self.watch_params(), &version).await {
            Ok(stream) => stream,
            Err(error) => {
                return Err(Failed {
                    error,
                    doing: Doing::Watch,
                    version: Some(version),
                });
            }
        };
        self.status(WatchStatus::Watching).await;
        let ended = self
            .follow(stream, Doing::Watch, Some(version.clone()), None)
            .await?;
        let short = self.context.clock.now().since(opened) < TOO_SHORT;
        if short && ended.as_ref() == Some(&version) {
            let wait = self.wait();
            self.pause(wait, "the server ended the watch at once".into())
                .await;
        }
        Ok(ended)
    }

    /// Takes the events of an open stream until it ends. Gives the version to go on from.
    async fn follow(
        &mut self,
        stream: impl Stream<Item = Result<WatchEvent<RawObject>, Error>>,
        mut doing: Doing,
        mut version: Option<String>,
        mut permit: Option<OwnedSemaphorePermit>,
    ) -> Result<Option<String>, Failed> {
        let mut stream = pin!(stream);
        loop {
            let Ok(event) = tokio::time::timeout(IDLE_LIMIT, stream.next()).await else {
                self.tracker.lost_since_last_sign(self.context.clock.now());
                return Ok(version);
            };
            let at = self.context.clock.now();
            match event {
                None => return Ok(version),
                Some(Ok(WatchEvent::Added(object) | WatchEvent::Modified(object))) => {
                    if doing == Doing::StreamingList {
                        self.listed(object, at).await;
                    } else {
                        version = object.meta.resource_version.clone().or(version);
                        self.applied(object, at).await;
                    }
                }
                Some(Ok(WatchEvent::Deleted(object))) => {
                    version = object.meta.resource_version.clone().or(version);
                    self.deleted(object, at).await;
                }
                Some(Ok(WatchEvent::Bookmark(bookmark))) => {
                    self.tracker.alive(at);
                    if doing != Doing::StreamingList {
                        version = Some(bookmark.metadata.resource_version);
                    } else if bookmark
                        .metadata
                        .annotations
                        .contains_key("k8s.io/initial-events-end")
                    {
                        doing = Doing::Watch;
                        version = Some(bookmark.metadata.resource_version);
                        drop(permit.take());
                        self.list_ends(at).await;
                    }
                }
                Some(Ok(WatchEvent::Error(status))) => {
                    return Err(Failed {
                        error: Error::Api(status.boxed()),
                        doing,
                        version,
                    });
                }
                Some(Err(error)) if judge(&error, doing) == Failure::Undecodable => {
                    self.undecodable(at).await;
                }
                Some(Err(error)) => {
                    return Err(Failed {
                        error,
                        doing,
                        version,
                    });
                }
            }
        }
    }

    /// Answers a failure, and gives the version to go on from; `None`: list again.
    async fn recover(&mut self, failed: Failed) -> Option<String> {
        let Failed {
            error,
            doing,
            version,
        } = failed;
        let failure = judge(&error, doing);
        let text: Arc<str> = api_error_text(&error).into();
        tracing::info!(kind = %self.kind, error = %text, ?failure, ?doing, "watch failed");
        let at = self.context.clock.now();
        match failure {
            Failure::StreamingRefused => {
                self.streaming = false;
                None
            }
            Failure::Expired => {
                self.tracker.lost(at, GapCause::Expired);
                // Not straight away: a server that expires everything would be asked in a circle.
                let wait = self.wait();
                self.pause(wait, text).await;
                None
            }
            Failure::ListForbidden => {
                self.tracker.lost(at, GapCause::Forbidden);
                self.status(WatchStatus::Forbidden { error: text }).await;
                tokio::time::sleep(FORBIDDEN_RETRY).await;
                self.streaming = true;
                None
            }
            Failure::WatchForbidden => {
                self.tracker.set_polling(true);
                self.status(WatchStatus::Polling).await;
                tokio::time::sleep(POLL_INTERVAL).await;
                None
            }
            Failure::Undecodable => {
                self.undecodable(at).await;
                version
            }
            // A kind that was only just established answers 404 for a moment.
            Failure::NotServed | Failure::Retry => {
                self.tracker.lost(at, GapCause::ConnectionLost);
                let wait = self.wait();
                self.pause(wait, text).await;
                version
            }
        }
    }

    async fn list_begins(&mut self) -> Option<OwnedSemaphorePermit> {
        // Closed never happens: the semaphore lives as long as the session.
        let permit = Arc::clone(&self.context.lists).acquire_owned().await.ok();
        self.tracker.list_begins();
        self.status(WatchStatus::Listing { seen: 0 }).await;
        permit
    }

    async fn listed(&mut self, object: RawObject, at: Moment) {
        let Some(seen) = self.seen(object, at).await else {
            return;
        };
        let observations = self.tracker.listed(seen, at);
        self.send_all(observations).await;
        let seen = self.tracker.listed_count();
        if seen.is_multiple_of(PROGRESS_STEP) {
            self.status(WatchStatus::Listing { seen }).await;
        }
    }

    async fn list_ends(&mut self, at: Moment) {
        self.backoff.reset();
        let observations = self.tracker.list_ends(at);
        self.send_all(observations).await;
        self.status(WatchStatus::Watching).await;
    }

    async fn applied(&mut self, object: RawObject, at: Moment) {
        self.backoff.reset();
        let Some(seen) = self.seen(object, at).await else {
            return;
        };
        let observations = self.tracker.applied(seen, at);
        self.send_all(observations).await;
    }

    async fn deleted(&mut self, object: RawObject, at: Moment) {
        self.backoff.reset();
        let Some(seen) = self.seen(object, at).await else {
            return;
        };
        let observations = self.tracker.deleted(seen, at);
        self.send_all(observations).await;
    }

    fn watch_params(&self) -> WatchParams {
        WatchParams {
            label_selector: self.context.label_selector.clone(),
            timeout: Some(WATCH_TIMEOUT),
            bookmarks: true,
            ..WatchParams::default()
        }
    }

    fn wait(&mut self) -> Duration {
        self.backoff.next(self.context.retry_after.remaining())
    }

    /// Waits, and says until when and why.
    async fn pause(&mut self, wait: Duration, error: Arc<str>) {
        let until = self.context.clock.now().after(wait);
        self.status(WatchStatus::BackingOff { until, error }).await;
        tokio::time::sleep(wait).await;
    }

    /// An object whose metadata names it; any other is recorded as a gap of no extent.
    async fn seen(&mut self, object: RawObject, at: Moment) -> Option<Seen> {
        let meta = object.meta;
        let (Some(name), Some(uid), Some(version)) = (meta.name, meta.uid, meta.resource_version)
        else {
            self.undecodable(at).await;
            return None;
        };
        let body = object.body.get().as_bytes();
        let body = self
            .context
            .redactor
            .redact(&self.kind, body)
            .unwrap_or_else(|| body.into());
        Some(Seen {
            key: ResourceKey {
                namespace: meta.namespace.map(Into::into),
                name: name.into(),
            },
            uid: Uid(uid.into()),
            resource_version: version.as_str().into(),
            generation: meta.generation.map(Generation),
            body,
        })
    }

    async fn undecodable(&self, at: Moment) {
        tracing::error!(kind = %self.kind, "the server sent an object that cannot be read");
        let gap = Gap {
            from: at,
            to: at,
            cause: GapCause::Undecodable,
            kind: Some(Arc::clone(&self.kind)),
        };
        self.context.sender.send(Observation::Gap(gap)).await;
    }

    async fn send_all(&self, observations: Vec<Observation>) {
        for observation in observations {
            self.context.sender.send(observation).await;
        }
    }

    async fn status(&mut self, status: WatchStatus) {
        // While polling, lists are what polling does and no states of their own.
        if matches!(self.told, Some(WatchStatus::Polling))
            && matches!(status, WatchStatus::Listing { .. } | WatchStatus::Watching)
        {
            return;
        }
        if self.told.as_ref() != Some(&status) {
            self.told = Some(status.clone());
            self.context
                .sender
                .send(Observation::Status {
                    kind: Arc::clone(&self.kind),
                    status,
                })
                .await;
        }
    }
}
