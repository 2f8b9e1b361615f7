//! Which kinds are served: from the CRDs, followed while they change, or from API discovery where
//! CRDs may not be read or a built-in kind was asked for.

use std::{
    collections::{HashMap, HashSet},
    pin::pin,
    sync::Arc,
    time::Duration,
};

use futures::StreamExt;
use kube::{
    Api, Client,
    api::ApiResource,
    core::Version,
    discovery::{Discovery, Scope as ServedScope, verbs},
    runtime::watcher::{self, Event},
};
use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use super::{
    ClusterError, WatchScope,
    backoff::Backoff,
    raw_object::RawObject,
    watch::{WatchContext, watch_kind},
};
use crate::model::{
    ConnectionState, Json, Observation, PrinterColumn, ResourceKind, Scope, conditions,
};

/// How often API discovery is asked where CRDs may not be watched.
const POLL_INTERVAL: Duration = Duration::from_secs(15);

/// How long the watches may take to end when the session closes.
const FAREWELL: Duration = Duration::from_secs(3);

/// Groups that every API server serves itself. What is in none of them comes from a CRD or an
/// aggregated API.
const BUILT_IN_GROUPS: &[&str] = &[
    "",
    "admissionregistration.k8s.io",
    "apiextensions.k8s.io",
    "apiregistration.k8s.io",
    "apps",
    "authentication.k8s.io",
    "authorization.k8s.io",
    "autoscaling",
    "batch",
    "certificates.k8s.io",
    "coordination.k8s.io",
    "discovery.k8s.io",
    "events.k8s.io",
    "extensions",
    "flowcontrol.apiserver.k8s.io",
    "internal.apiserver.k8s.io",
    "metrics.k8s.io",
    "networking.k8s.io",
    "node.k8s.io",
    "policy",
    "rbac.authorization.k8s.io",
    "resource.k8s.io",
    "scheduling.k8s.io",
    "storage.k8s.io",
    "storagemigration.k8s.io",
];

/// A kind that is served, and its columns.
#[derive(Debug, Clone, PartialEq)]
struct Served {
    kind: ResourceKind,
    columns: Vec<PrinterColumn>,
}

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
                        if std::mem::take(&mut failing) {
                            let state = ConnectionState::Connected {
                                server_version: Arc::clone(&server_version),
                            };
                            self.context
                                .sender
                                .send(Observation::Connection(state))
                                .await;
                        }
                        self.crd_event(event, &mut listed, &mut backoff).await;
                    }
                    Err(error) => match &error {
                        watcher::Error::InitialListFailed(kube::Error::Api(status))
                            if status.code == 403 =>
                        {
                            tracing::warn!("CRDs may not be listed: using API discovery");
                            self.poll_discovery().await;
                        }
                        watcher::Error::WatchStartFailed(kube::Error::Api(status))
                            if status.code == 410 =>
                        {
                            // kube's watcher would ask for the same version for ever.
                            break;
                        }
                        watcher::Error::InitialListFailed(cause)
                        | watcher::Error::WatchStartFailed(cause)
                        | watcher::Error::WatchFailed(cause) => {
                            failing = true;
                            self.wait_after(cause, &mut backoff).await;
                        }
                        watcher::Error::WatchError(_) | watcher::Error::NoResourceVersion => {
                            tokio::time::sleep(backoff.next(None)).await;
                        }
                    },
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
                let columns = served.columns.clone().into();
                running.served = served;
                let kind = Arc::clone(&running.kind);
                self.context
                    .sender
                    .send(Observation::Kind { kind, columns })
                    .await;
                return;
            }
            self.stop(name).await;
        }
        let kind = Arc::new(served.kind.clone());
        let columns = served.columns.clone().into();
        self.context
            .sender
            .send(Observation::Kind {
                kind: Arc::clone(&kind),
                columns,
            })
            .await;
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

    /// Kinds that were asked for by name and are not custom ones.
    async fn start_built_in(&mut self) {
        let missing = self.scope.kinds.iter().any(|wanted| {
            !self
                .running
                .values()
                .any(|running| WatchScope::names(wanted, &running.kind))
        });
        if missing && let Ok(served) = served_by_discovery(&self.context.client).await {
            let wanted: Vec<_> = served
                .into_iter()
                .filter(|kind| self.scope.wants(kind))
                .collect();
            for kind in wanted {
                let name = kind.qualified_plural();
                self.start(
                    &name,
                    Served {
                        kind,
                        columns: Vec::new(),
                    },
                )
                .await;
            }
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
                        self.scope.wants(kind)
                            && (!is_built_in(&kind.group) || !self.scope.kinds.is_empty())
                    })
                    .collect();
                let names: HashSet<_> = wanted.iter().map(ResourceKind::qualified_plural).collect();
                self.stop_all_but(&names).await;
                for kind in wanted {
                    let name = kind.qualified_plural();
                    self.start(
                        &name,
                        Served {
                            kind,
                            columns: Vec::new(),
                        },
                    )
                    .await;
                }
            }
            Err(error) => tracing::warn!(%error, "API discovery failed"),
        }
        tokio::time::sleep(POLL_INTERVAL).await;
    }
}

fn is_built_in(group: &str) -> bool {
    BUILT_IN_GROUPS.contains(&group)
}

/// The kind that an established CRD serves, at the version that the API server prefers.
fn served_by(crd: &Json<'_>) -> Option<Served> {
    if !conditions(crd)
        .any(|condition| condition.type_ == "Established" && condition.status == "True")
    {
        return None;
    }
    let spec = crd.get("spec")?;
    let text = |value: Option<&Json<'_>>| value.and_then(Json::as_str).map(str::to_owned);
    let served = spec
        .get("versions")?
        .items()
        .iter()
        .filter(|version| version.get("served").and_then(Json::as_bool) == Some(true));
    let preferred = served.max_by_key(|version| {
        Version::parse(
            version
                .get("name")
                .and_then(Json::as_str)
                .unwrap_or_default(),
        )
        .priority()
    })?;
    let columns = preferred
        .get("additionalPrinterColumns")
        .map_or(&[][..], Json::items);
    Some(Served {
        kind: ResourceKind {
            group: text(spec.get("group"))?,
            version: text(preferred.get("name"))?,
            kind: text(spec.at(&["names", "kind"]))?,
            plural: text(spec.at(&["names", "plural"]))?,
            scope: match spec.get("scope").and_then(Json::as_str) {
                Some("Cluster") => Scope::Cluster,
                _ => Scope::Namespaced,
            },
        },
        columns: columns
            .iter()
            .filter_map(|column| {
                Some(PrinterColumn {
                    name: text(column.get("name"))?,
                    type_: text(column.get("type"))?,
                    format: text(column.get("format")).unwrap_or_default(),
                    description: text(column.get("description")).unwrap_or_default(),
                    priority: column
                        .get("priority")
                        .and_then(Json::as_i64)
                        .and_then(|priority| i32::try_from(priority).ok())
                        .unwrap_or_default(),
                    json_path: text(column.get("jsonPath"))?,
                })
            })
            .collect(),
    })
}

/// Every kind that can be listed, at the version that its group prefers.
async fn served_by_discovery(client: &Client) -> Result<Vec<ResourceKind>, ClusterError> {
    let discovery = Discovery::new(client.clone()).run_aggregated().await;
    let discovery = match discovery {
        Ok(discovery) => discovery,
        // Servers without aggregated discovery answer in the older shape.
        Err(_) => Discovery::new(client.clone()).run().await?,
    };
    Ok(discovery
        .groups()
        .flat_map(|group| group.recommended_resources())
        .filter(|(_, capabilities)| capabilities.supports_operation(verbs::LIST))
        .map(|(resource, capabilities)| ResourceKind {
            group: resource.group,
            version: resource.version,
            kind: resource.kind,
            plural: resource.plural,
            scope: match capabilities.scope {
                ServedScope::Cluster => Scope::Cluster,
                ServedScope::Namespaced => Scope::Namespaced,
            },
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crd(established: &str) -> String {
        format!(
            r#"{{"metadata":{{"name":"apps.x.io"}},"spec":{{"group":"x.io","scope":"Namespaced",
            "names":{{"kind":"App","plural":"apps"}},"versions":[
              {{"name":"v1beta1","served":true,"storage":true}},
              {{"name":"v2","served":false}},
              {{"name":"v1","served":true,"additionalPrinterColumns":[
                {{"name":"Replicas","type":"integer","jsonPath":".spec.replicas","priority":1}}]}}]}},
            "status":{{"conditions":[{{"type":"Established","status":"{established}"}}]}}}}"#
        )
    }

    #[test]
    fn the_preferred_served_version_and_its_columns() {
        let text = crd("True");
        let served = served_by(&Json::parse(text.as_bytes()).unwrap()).unwrap();
        assert_eq!(served.kind.api_version(), "x.io/v1");
        assert_eq!(served.columns[0].json_path, ".spec.replicas");
        assert_eq!(served.columns[0].priority, 1);
    }

    #[test]
    fn a_crd_that_is_not_established_is_not_served() {
        assert_eq!(
            served_by(&Json::parse(crd("False").as_bytes()).unwrap()),
            None
        );
    }
}
