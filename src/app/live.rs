//! Real clusters behind the window: those of the kubeconfig, and the demo cluster.

use std::{
    path::PathBuf,
    sync::{Arc, mpsc},
};

use parking_lot::RwLock;
use tokio::runtime::Handle;

use super::{Connector, KnownContext};
use crate::{
    cluster::{Kubeconfigs, Supervisor, WatchScope},
    demo::{DemoCluster, DemoError, DemoOptions},
    model::{ConnectionState, ContextName},
    timeline::{SharedTimeline, Timeline},
};

/// The name of the demo cluster's context.
pub(super) const DEMO: &str = "demo";

pub(super) type Wake = Arc<dyn Fn() + Send + Sync>;

/// The demo cluster on its way up.
enum Demo {
    /// Not asked for yet.
    Off(DemoOptions),
    /// It starts on another thread; the window shows this history meanwhile.
    Starting(
        SharedTimeline,
        mpsc::Receiver<Result<DemoCluster, DemoError>>,
    ),
    /// It runs, as long as this is held.
    Running {
        _cluster: DemoCluster,
        kubeconfig: Box<Kubeconfigs>,
    },
}

/// The kubeconfig's contexts and the demo cluster.
pub(super) struct LiveConnector {
    kubeconfigs: Kubeconfigs,
    scope: WatchScope,
    supervisor: Supervisor,
    runtime: Handle,
    wake: Wake,
    demo: Demo,
    /// Where other clients find the demo cluster.
    demo_kubeconfig: Option<PathBuf>,
}

impl LiveConnector {
    pub(super) fn new(
        kubeconfigs: Kubeconfigs,
        scope: WatchScope,
        supervisor: Supervisor,
        demo: DemoOptions,
        demo_kubeconfig: Option<PathBuf>,
        runtime: Handle,
        wake: Wake,
    ) -> Self {
        Self {
            kubeconfigs,
            scope,
            supervisor,
            runtime,
            wake,
            demo: Demo::Off(demo),
            demo_kubeconfig,
        }
    }

    /// Whether a name means the demo cluster. A context of the kubeconfig with that name wins.
    fn is_demo(&self, context: &ContextName) -> bool {
        &*context.0 == DEMO && self.kubeconfigs.context(DEMO).is_err()
    }

    fn open_demo(&mut self, context: &ContextName) -> SharedTimeline {
        match &self.demo {
            Demo::Starting(timeline, _) => Arc::clone(timeline),
            Demo::Running { kubeconfig, .. } => {
                self.supervisor
                    .open(kubeconfig, context, self.scope.clone(), Vec::new())
            }
            Demo::Off(options) => {
                let (options, wake) = (*options, Arc::clone(&self.wake));
                let (sender, receiver) = mpsc::channel();
                self.runtime.spawn(async move {
                    // A closed window does not want it any more.
                    drop(sender.send(DemoCluster::start(options).await));
                    wake();
                });
                let mut timeline = Timeline::new(context.clone());
                timeline.connection = ConnectionState::Connecting;
                let timeline: SharedTimeline = Arc::new(RwLock::new(timeline));
                self.demo = Demo::Starting(Arc::clone(&timeline), receiver);
                timeline
            }
        }
    }
}

impl Connector for LiveConnector {
    fn contexts(&self) -> Vec<KnownContext> {
        let mut known: Vec<_> = self
            .kubeconfigs
            .contexts
            .iter()
            .map(|context| {
                let server = context.server.as_deref().unwrap_or("no server");
                let user = match context.user.as_str() {
                    "" => "no user",
                    user => user,
                };
                let about = format!("{} as {user}\n{server}", context.cluster);
                KnownContext {
                    name: context.name.clone(),
                    about,
                }
            })
            .collect();
        if self.kubeconfigs.context(DEMO).is_err() {
            known.push(KnownContext {
                name: DEMO.into(),
                about: "A simulated cluster inside Kronika".into(),
            });
        }
        known
    }

    fn open(&mut self, context: &ContextName) -> SharedTimeline {
        if self.is_demo(context) {
            return self.open_demo(context);
        }
        self.supervisor
            .open(&self.kubeconfigs, context, self.scope.clone(), Vec::new())
    }

    fn close(&mut self, context: &ContextName) {
        self.supervisor.close_in_background(context);
    }

    fn replaced(&mut self) -> Vec<ContextName> {
        let Demo::Starting(timeline, receiver) = &self.demo else {
            return Vec::new();
        };
        let Ok(started) = receiver.try_recv() else {
            return Vec::new();
        };
        let failed = |error: String| {
            timeline.write().connection = ConnectionState::Failed {
                error: error.into(),
                hint: Some("kronika demo --help shows what can be set.".into()),
                retry_at: None,
            };
            Vec::new()
        };
        let cluster = match started {
            Ok(cluster) => cluster,
            Err(error) => return failed(error.to_string()),
        };
        if let Some(Err(error)) = self
            .demo_kubeconfig
            .as_ref()
            .map(|path| cluster.write_kubeconfig(path))
        {
            return failed(error.to_string());
        }
        match Kubeconfigs::from_yaml(&cluster.kubeconfig()) {
            Ok(kubeconfig) => {
                self.demo = Demo::Running {
                    _cluster: cluster,
                    kubeconfig: Box::new(kubeconfig),
                };
                vec![DEMO.into()]
            }
            Err(error) => failed(error.to_string()),
        }
    }
}
