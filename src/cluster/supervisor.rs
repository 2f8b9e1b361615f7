//! All open contexts of the process.

use std::{collections::BTreeMap, sync::Arc, thread};

use tokio::runtime::Handle;

use super::{
    Kubeconfigs,
    session::{Recording, Session, Wake},
};
use crate::{
    model::{Clock, ContextName, ResourceKind},
    timeline::{KindRules, RecordSink, SharedTimeline},
};

/// What of a context is watched.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WatchScope {
    /// Kinds by `plural.group`, plural or kind; empty for every custom kind.
    pub kinds: Vec<String>,
    /// Kinds that are watched as well, named in the same way: built-in ones such as
    /// `deployments.apps`.
    pub also: Vec<String>,
    /// Namespaces; empty for all.
    pub namespaces: Vec<String>,
    /// Label selector.
    pub label_selector: Option<String>,
    /// Fields of custom resources whose values are replaced by a keyed hash before they are kept, as
    /// JSONPaths of plain members, for example `.spec.users[*].token`.
    pub redact: Vec<String>,
}

impl WatchScope {
    /// Whether a custom kind is to be watched.
    pub(super) fn wants(&self, kind: &ResourceKind) -> bool {
        self.kinds.is_empty() || self.asks_for(kind)
    }

    /// Whether a kind was asked for by its name.
    pub(super) fn asks_for(&self, kind: &ResourceKind) -> bool {
        self.named().any(|name| Self::names(name, kind))
    }

    /// The names of kinds that were asked for.
    pub(super) fn named(&self) -> impl Iterator<Item = &String> {
        self.kinds.iter().chain(&self.also)
    }

    /// Whether a word names a kind.
    pub(super) fn names(word: &str, kind: &ResourceKind) -> bool {
        word.eq_ignore_ascii_case(&kind.qualified_plural())
            || word.eq_ignore_ascii_case(&kind.plural)
            || word.eq_ignore_ascii_case(&kind.kind)
    }
}

/// Opens and closes contexts; one session each.
pub struct Supervisor {
    runtime: Handle,
    clock: Clock,
    wake: Wake,
    rules: Arc<KindRules>,
    sessions: BTreeMap<ContextName, Session>,
}

impl std::fmt::Debug for Supervisor {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Supervisor")
            .field("open", &self.sessions.keys())
            .finish_non_exhaustive()
    }
}

impl Supervisor {
    /// `wake` is called from recorder threads whenever there is something new to show; kinds are
    /// judged by `rules`.
    #[must_use]
    pub fn new(
        runtime: Handle,
        clock: Clock,
        wake: Arc<dyn Fn() + Send + Sync>,
        rules: Arc<KindRules>,
    ) -> Self {
        Self {
            runtime,
            clock,
            wake,
            rules,
            sessions: BTreeMap::new(),
        }
    }

    /// Opens a context, or gives the timeline of one that is open. Returns at once: how the
    /// connection fares shows as [`crate::timeline::Timeline::connection`].
    pub fn open(
        &mut self,
        kubeconfigs: &Kubeconfigs,
        context: &ContextName,
        scope: WatchScope,
        sinks: Vec<Box<dyn RecordSink>>,
    ) -> SharedTimeline {
        let session = self.sessions.entry(context.clone()).or_insert_with(|| {
            Session::open(
                &self.runtime,
                Arc::new(kubeconfigs.clone()),
                context,
                scope,
                self.clock,
                Recording {
                    rules: Arc::clone(&self.rules),
                    sinks,
                    wake: Arc::clone(&self.wake),
                },
            )
        });
        Arc::clone(&session.timeline)
    }

    /// The timeline of an open context.
    #[must_use]
    pub fn timeline(&self, context: &ContextName) -> Option<SharedTimeline> {
        self.sessions
            .get(context)
            .map(|session| Arc::clone(&session.timeline))
    }

    /// Closes a context: its watches end, what is under way is recorded and made durable. Blocks
    /// for that long; must not be called on a runtime thread.
    pub fn close(&mut self, context: &ContextName) {
        if let Some(session) = self.sessions.remove(context) {
            session.close(&self.runtime);
        }
    }

    /// The same without waiting: for a caller that must not block, such as a window.
    pub fn close_in_background(&mut self, context: &ContextName) {
        let Some(session) = self.sessions.remove(context) else {
            return;
        };
        let runtime = self.runtime.clone();
        let closing = thread::Builder::new()
            .name(format!("closing {context}"))
            .spawn(move || session.close(&runtime));
        if let Err(error) = closing {
            // Dropping a session cancels its watches all the same.
            tracing::error!(%context, %error, "cannot start a thread to close a context");
        }
    }

    /// Closes every context.
    pub fn shutdown(mut self) {
        for (_, session) in std::mem::take(&mut self.sessions) {
            session.close(&self.runtime);
        }
    }
}
