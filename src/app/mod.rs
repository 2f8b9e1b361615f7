//! The window's process: wires the views to the clusters.
//!
//! Views return [`crate::ui::Command`]s; [`state::AppState::act`] is the only place that acts on
//! them.

mod commands;
mod connector;
mod live;
mod state;
mod window;

use std::path::PathBuf;

pub use connector::{Connector, KnownContext};
pub use state::AppState;
pub use window::run;

use crate::{cluster::ClusterError, demo::DemoOptions, journal::JournalError};

/// What the window is started with.
#[derive(Debug, Default)]
pub struct AppOptions {
    /// The kubeconfig file in place of `KUBECONFIG` and `~/.kube/config`.
    pub kubeconfig: Option<PathBuf>,
    /// The context to open in place of the current one.
    pub context: Option<String>,
    /// Starts the demo cluster and opens it. It also starts where there is no context at all.
    pub demo: Option<DemoOptions>,
    /// Where to write a kubeconfig of the demo cluster, for other clients.
    pub demo_kubeconfig: Option<PathBuf>,
    /// The session file to open in place of a cluster.
    pub session: Option<PathBuf>,
}

/// Why there is no window.
#[derive(Debug, thiserror::Error)]
pub enum AppError {
    /// The kubeconfig that was named, or the context in it, cannot be used.
    #[error(transparent)]
    Cluster(#[from] ClusterError),
    /// The session file cannot be read.
    #[error(transparent)]
    Session(#[from] JournalError),
    /// The threads that talk to the clusters cannot be started.
    #[error("cannot start the threads that talk to the clusters: {0}")]
    Runtime(#[source] std::io::Error),
    /// The window cannot be opened.
    #[error("cannot open a window: {0}")]
    Window(#[source] eframe::Error),
}

impl AppError {
    /// What to try.
    #[must_use]
    pub fn hint(&self) -> Option<String> {
        match self {
            AppError::Cluster(error) => error.hint(),
            AppError::Session(error) => error.hint(),
            AppError::Runtime(_) => Some("Raise the limit on processes (ulimit -u).".into()),
            AppError::Window(_) => Some(
                "A window needs a display (DISPLAY or WAYLAND_DISPLAY) and OpenGL: on Debian the packages libgl1 and libegl1. \
                 Without one, kronika record works all the same."
                    .into(),
            ),
        }
    }
}
