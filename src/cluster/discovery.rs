//! Keeps one watch running per kind that is served: from the CRDs, followed while they change, or
//! from API discovery where CRDs may not be read or a built-in kind was asked for.

use std::{
    collections::{HashMap, HashSet},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use futures::StreamExt;
use kube::{
    Api,
    api::ApiResource,
    runtime::watcher::{self, Event},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{
    WatchScope,
    api_discovery::{is_built_in, served_by_discovery},
    backoff::Backoff,
    crd::{Served, served_by},
    raw_object::RawObject,
    watch::{WatchContext, watch_kind},
};
use crate::model::{ConnectionState, Json, Observation, ResourceKind, Scope};

/// How often API discovery is asked where CRDs may not be watched.
const POLL_INTERVAL: Duration = Duration::from_secs(15);

/// How long the watches may take to end when the session closes.
const FAREWELL: Duration = Duration::from_secs(3);

/// A kind that is being watched.
struct Running {
    served: Served,
    kind: Arc<ResourceKind>,
    cancel: CancellationToken,
}

/// Keeps one watch running per kind that is served and wanted.
pub(super) struct Kinds {
    context: WatchContext,
    scope: WatchScope,
    running: HashMap<String, Running>,
    tasks: JoinSet<()>,
}

impl Kinds {
    pub(super) fn new(context: WatchContext, scope: WatchScope) -> Self {
        Self {
            context,
            scope,
            running: HashMap::new(),
            tasks: JoinSet::new(),
        }
    }

    /// Follows the CRDs for ever.
    pub(super) async fn follow(&mut self, server_version: Arc<str>) {
        let resource = ApiResource {
            group: "apiextensions.k8s.io".into(),
            version: "v1".into(),
            api_version: "apiextensions.k8s.io/v1".into(),
            kind: "CustomResourceDefinition".into(),
            plural: "customresourcedefinitions".into(),
        };
        let crds: Api<RawObject> = Api::all_with(self.context.client.clone(), &resource);
        let mut backoff = Backoff::new();
        let mut failing = false;
        loop {
            let mut events = pin!(kube::runtime::watcher(
                crds.clone(),
                watcher::Config::default()
            ));
            let mut listed = HashSet::new();
            while let Some(event) = events.next().await {
                match event {
                    Ok(event) => {
                        // A list that begins has not been answered yet.
                        let answered = !matches!(event, Event::Init);
                        if answered && std::mem::take(&mut failing) {
                            let server_version = Arc::clone(&server_version);
                            let state = ConnectionState::Connected { server_version };
                            self.context
                                .sender
                                .send(Observation::Connection(state))
                                .await;
                        }
                        self.crd_event(event, &mut listed, &mut backoff).await;
                    }
                    Err(watcher::Error::InitialListFailed(kube::Error::Api(status)))
                        if status.code == 403 =>
                    {
                        self.poll_discovery().await;
                    }
                    // Listed anew rather than resumed: kube's watcher would resume without a word,
                    // and where the version has expired it would ask for it for ever.
                    Err(
                        watcher::Error::InitialListFailed(cause)
                        | watcher::Error::WatchStartFailed(cause)
                        | watcher::Error::WatchFailed(cause),
                    ) => {
                        failing = true;
                        self.wait_after(&cause, &mut backoff).await;
                        break;
                    }
                    Err(watcher::Error::WatchError(_) | watcher::Error::NoResourceVersion) => {
                        tokio::time::sleep(backoff.next(None)).await;
                    }
                }
            }
        }
    }

    /// Waits until every watch has told what it knows; the session is cancelled.
    pub(super) async fn finish(mut self) {
        let ended = async { while self.tasks.join_next().await.is_some() {} };
        if tokio::time::timeout(FAREWELL, ended).await.is_err() {
            tracing::warn!("some watches did not end in time");
        }
    }

    async fn wait_after(&self, cause: &kube::Error, backoff: &mut Backoff) {
        let wait = backoff.next(self.context.retry_after.remaining());
        let state = ConnectionState::Failed {
            error: super::error::api_error_text(cause).into(),
            hint: super::error::hint_for(cause).map(Into::into),
            retry_at: Some(self.context.clock.now().after(wait)),
        };
        self.context
            .sender
            .send(Observation::Connection(state))
            .await;
        tokio::time::sleep(wait).await;
    }

    async fn crd_event(
        &mut self,
        event: Event<RawObject>,
        listed: &mut HashSet<String>,
        backoff: &mut Backoff,
    ) {
        match event {
            Event::Init => listed.clear(),
            Event::InitApply(crd) => {
                backoff.reset();
                listed.extend(crd.meta.name.clone());
                self.crd_applied(&crd).await;
            }
            Event::InitDone => {
                backoff.reset();
                self.stop_all_but(listed).await;
                self.start_built_in().await;
            }
            Event::Apply(crd) => self.crd_applied(&crd).await,
            Event::Delete(crd) => {
                if let Some(name) = crd.meta.name {
                    self.stop(&name).await;
                }
            }
        }
    }

    async fn crd_applied(&mut self, crd: &RawObject) {
        let (Some(name), Ok(json)) = (&crd.meta.name, Json::parse(crd.body.get().as_bytes()))
        else {
            return;
        };
        match served_by(&json) {
            Some(served) if self.scope.wants(&served.kind) => self.start(name, served).await,
            _ => self.stop(name).await,
        }
    }

    async fn start(&mut self, name: &str, served: Served) {
        if let Some(running) = self.running.get_mut(name) {
            if running.served == served {
                return;
            }
            if running.served.kind == served.kind {
                running.served = served.clone();
                let kind = Arc::clone(&running.kind);
                self.announce(kind, served).await;
                return;
            }
            self.stop(name).await;
        }
        let kind = Arc::new(served.kind.clone());
        self.announce(Arc::clone(&kind), served.clone()).await;
        let cancel = self.context.session.child_token();
        let namespaces: Vec<_> = match (kind.scope, self.scope.namespaces.is_empty()) {
            (Scope::Namespaced, false) => self.scope.namespaces.iter().cloned().map(Some).collect(),
            _ => vec![None],
        };
        for namespace in namespaces {
            self.tasks.spawn(watch_kind(
                self.context.clone(),
                Arc::clone(&kind),
                namespace,
                cancel.clone(),
            ));
        }
        self.running.insert(
            name.to_owned(),
            Running {
                served,
                kind,
                cancel,
            },
        );
        // Tasks that ended are not kept.
        while self.tasks.try_join_next().is_some() {}
    }

    /// Tells the recorder of a kind, or what changed about it.
    async fn announce(&self, kind: Arc<ResourceKind>, served: Served) {
        let sender = &self.context.sender;
        let columns = served.columns.into();
        sender
            .send(Observation::Kind {
                kind: Arc::clone(&kind),
                columns,
            })
            .await;
        if let Some(definition) = served.definition {
            let at = self.context.clock.now();
            sender
                .send(Observation::Definition {
                    kind,
                    definition,
                    at,
                })
                .await;
        }
    }

    async fn stop(&mut self, name: &str) {
        if let Some(running) = self.running.remove(name) {
            running.cancel.cancel();
            let at = self.context.clock.now();
            self.context
                .sender
                .send(Observation::KindRemoved {
                    kind: running.kind,
                    at,
                })
                .await;
        }
    }

    async fn stop_all_but(&mut self, listed: &HashSet<String>) {
        let gone: Vec<_> = self
            .running
            .iter()
            .filter(|(name, running)| !listed.contains(*name) && !is_built_in(&running.kind.group))
            .map(|(name, _)| name.clone())
            .collect();
        for name in gone {
            self.stop(&name).await;
        }
    }

    /// Starts kinds of which only API discovery is known.
    async fn start_without_columns(&mut self, kinds: Vec<ResourceKind>) {
        for kind in kinds {
            let name = kind.qualified_plural();
            let served = Served {
                kind,
                columns: Vec::new(),
                definition: None,
            };
            self.start(&name, served).await;
        }
    }

    /// Kinds that were asked for by name and are not custom ones.
    async fn start_built_in(&mut self) {
        let missing = self.scope.named().any(|wanted| {
            !self
                .running
                .values()
                .any(|running| WatchScope::names(wanted, &running.kind))
        });
        if missing && let Ok(served) = served_by_discovery(&self.context.client).await {
            let wanted: Vec<_> = served
                .into_iter()
                .filter(|kind| self.scope.asks_for(kind))
                .collect();
            self.start_without_columns(wanted).await;
        }
    }

    /// Where CRDs may not be read: asks API discovery from time to time. Printer columns are not
    /// part of it.
    async fn poll_discovery(&mut self) {
        match served_by_discovery(&self.context.client).await {
            Ok(kinds) => {
                let wanted: Vec<_> = kinds
                    .into_iter()
                    .filter(|kind| {
                        if is_built_in(&kind.group) {
                            self.scope.asks_for(kind)
                        } else {
                            self.scope.wants(kind)
                        }
                    })
                    .collect();
                let names: HashSet<_> = wanted.iter().map(ResourceKind::qualified_plural).collect();
                self.stop_all_but(&names).await;
                self.start_without_columns(wanted).await;
            }
            Err(error) => tracing::warn!(%error, "API discovery failed"),
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}
