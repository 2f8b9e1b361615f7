//! The embedded demo cluster: an API server on loopback with simulated controllers, which any
//! Kubernetes client can use.
//!
//! It speaks HTTPS (HTTP/1.1 and HTTP/2) with a certificate authority and a token of its own, and
//! goes through the same client path as every other cluster. Nothing of it touches the disk unless
//! [`DemoCluster::write_kubeconfig`] is called.

mod auth;
mod controllers;
mod crds;
mod definition;
mod discovery;
mod encoding;
mod field_tree;
mod kinds;
mod kubeconfig;
mod list;
mod managed_fields;
mod objects;
mod openapi;
mod options;
mod patch;
mod population;
mod resources;
mod ring;
mod selectors;
mod server;
mod shape;
mod simulation;
mod status_error;
mod store;
mod storylines;
mod table;
mod tls;
mod traffic;
mod view;
mod watch;
mod writes;

#[cfg(test)]
mod tests;

use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use parking_lot::Mutex;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, watch as signal};
use tokio::task::{AbortHandle, JoinSet};

use auth::Token;
use definition::Definition;
use server::App;
use simulation::Simulation;
use store::{Limits, Store};

/// The most objects that are simulated: more would take gigabytes.
const MAX_OBJECTS: usize = 1_000_000;

/// How large and how lively the demo cluster is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct DemoOptions {
    /// Custom resources at the start; those of the storylines are there in any case.
    pub objects: usize,
    /// Changes per second, roughly; 0 for a cluster in which only clients change anything.
    pub rate: f64,
    /// The same seed has the same things happen in the same order.
    pub seed: u64,
    /// The loopback port; a free one when there is none.
    pub port: Option<u16>,
}

impl Default for DemoOptions {
    fn default() -> Self {
        Self {
            objects: 300,
            rate: 4.0,
            seed: 7,
            port: None,
        }
    }
}

/// Why the demo cluster cannot do what it was asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum DemoError {
    /// The options make no sense.
    #[error("the demo cluster cannot start: {0}")]
    Options(String),
    /// The port is taken, or loopback is not there.
    #[error(
        "the demo cluster cannot listen on 127.0.0.1:{port} (another program may use the port; try another one, or none for a free one): {source}"
    )]
    Listen {
        /// The port that was asked for; 0 for any.
        port: u16,
        /// What the system says.
        source: std::io::Error,
    },
    /// Certificates or token could not be made.
    #[error("the demo cluster cannot set up TLS: {0}")]
    Tls(String),
    /// A fault in what is built in.
    #[error("the demo cluster's built-in data is broken (please report it): {0}")]
    Assets(String),
    /// The file belongs to somebody else.
    #[error(
        "{} exists and is not a demo kubeconfig: left as it is (name another file, or remove it first)",
        path.display()
    )]
    NotADemoKubeconfig {
        /// The file.
        path: PathBuf,
    },
    /// The file cannot be written.
    #[error(
        "the kubeconfig {} could not be written (check that its directory exists and is yours): {source}",
        path.display()
    )]
    WriteKubeconfig {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
}

/// Sizes and times that tests make small.
#[derive(Debug, Clone, Copy)]
struct Tuning {
    limits: Limits,
    bookmark_every: Duration,
}

impl Default for Tuning {
    fn default() -> Self {
        Self {
            limits: Limits::default(),
            bookmark_every: Duration::from_secs(20),
        }
    }
}

/// A running demo cluster. Dropping it stops the server, its connections and the controllers.
pub struct DemoCluster {
    url: String,
    kubeconfig: String,
    stopped: signal::Receiver<bool>,
    tasks: Mutex<Vec<AbortHandle>>,
}

impl DemoCluster {
    /// Fills the cluster and starts to serve it; ready when this returns.
    ///
    /// # Errors
    /// When the options make no sense, the port is taken or TLS cannot be set up.
    pub async fn start(options: DemoOptions) -> Result<Self, DemoError> {
        Self::start_tuned(options, Tuning::default()).await
    }

    async fn start_tuned(options: DemoOptions, tuning: Tuning) -> Result<Self, DemoError> {
        if options.objects > MAX_OBJECTS {
            return Err(DemoError::Options(format!(
                "{} objects are too many (at most {MAX_OBJECTS})",
                options.objects
            )));
        }
        if !options.rate.is_finite() || options.rate < 0.0 {
            return Err(DemoError::Options(format!(
                "a rate of {} changes per second is not possible (give 0 or more)",
                options.rate
            )));
        }
        let port = options.port.unwrap_or(0);
        let failed = |source| DemoError::Listen { port, source };
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))
            .await
            .map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let simulation = tokio::task::spawn_blocking(move || build(options, tuning.limits))
            .await
            .map_err(|error| DemoError::Assets(error.to_string()))??;

        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let token = Token::new(&provider)?;
        let tls = tls::new(provider)?;
        let store = Arc::clone(&simulation.store);
        let namespaces = store
            .find("", "v1", "namespaces")
            .ok_or_else(|| DemoError::Assets("no namespaces".to_owned()))?;
        let (user_writes, written) = mpsc::channel(1024);
        let url = format!("https://{address}");
        let kubeconfig = kubeconfig::render(&url, &tls.ca_pem, token.reveal());
        let app = Arc::new(App {
            store,
            namespaces,
            token,
            bookmark_every: tuning.bookmark_every,
            user_writes,
        });
        let mut tasks = JoinSet::new();
        let handles = vec![
            tasks.spawn(server::run(listener, tls.acceptor, app)),
            tasks.spawn(simulation.run(written)),
        ];
        let (stop, stopped) = signal::channel(false);
        tokio::spawn(async move {
            // Neither ends by itself; whichever does takes the other along.
            tasks.join_next().await;
            tasks.shutdown().await;
            stop.send_replace(true);
        });
        Ok(Self {
            url,
            kubeconfig,
            stopped,
            tasks: Mutex::new(handles),
        })
    }

    /// Where it listens, as `https://127.0.0.1:PORT`.
    #[must_use]
    pub fn server_url(&self) -> &str {
        &self.url
    }

    /// A kubeconfig as YAML: one context, `demo`, with certificate authority and token inline.
    #[must_use]
    pub fn kubeconfig(&self) -> String {
        self.kubeconfig.clone()
    }

    /// Writes the kubeconfig to a file that only its owner can read, all or nothing.
    ///
    /// # Errors
    /// When the file exists and is not a demo kubeconfig, or cannot be written.
    pub fn write_kubeconfig(&self, path: &Path) -> Result<(), DemoError> {
        kubeconfig::write(path, &self.kubeconfig)
    }

    /// Waits until the cluster has stopped, which it does when [`DemoCluster::stop`] is called or
    /// something in it fails.
    pub async fn stopped(&self) {
        let mut stopped = self.stopped.clone();
        // An error means that the task that tells has gone with its runtime: stopped, too.
        drop(stopped.wait_for(|stopped| *stopped).await);
    }

    /// Stops serving; [`DemoCluster::stopped`] returns soon after.
    pub fn stop(&self) {
        for task in self.tasks.lock().drain(..) {
            task.abort();
        }
    }
}

impl std::fmt::Debug for DemoCluster {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The kubeconfig holds the token.
        formatter
            .debug_struct("DemoCluster")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

impl Drop for DemoCluster {
    fn drop(&mut self) {
        self.stop();
    }
}

/// The whole cluster in memory, with everything scheduled that will happen.
fn build(options: DemoOptions, limits: Limits) -> Result<Simulation, DemoError> {
    let broken = |error: status_error::ApiError| DemoError::Assets(format!("{error:?}"));
    let (mut definitions, manifests): (Vec<_>, Vec<_>) = crds::load()?.into_iter().unzip();
    definitions.extend([Definition::namespaces(), Definition::crds()]);
    let store = Arc::new(Store::new(definitions, limits));
    let mut rng = Rng::with_seed(options.seed);
    if let Some(kind) = store.find("apiextensions.k8s.io", "v1", "customresourcedefinitions") {
        for ((_, definition), manifest) in store.definitions().zip(manifests) {
            population::add_crd(&store, kind, definition, manifest, &mut rng).map_err(broken)?;
        }
    }
    let mut simulation = Simulation::new(store, rng, options.rate);
    population::populate(&mut simulation, options.objects).map_err(broken)?;
    simulation.begin_stories();
    simulation.begin_traffic();
    Ok(simulation)
}
