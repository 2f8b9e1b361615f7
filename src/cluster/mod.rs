//! Kubeconfig, discovery and watches: where changes come from.
//!
//! One [`Supervisor`] per process, one session per open context, one watch task per kind. The
//! watch tasks track what they saw and send [`crate::model::Observation`]s over a bounded channel
//! to the session's recorder thread.

mod api_discovery;
mod backoff;
mod channel;
mod client;
mod crd;
mod discovery;
mod error;
mod exec_plugin;
mod kubeconfig;
mod raw_object;
mod session;
mod supervisor;
mod tracker;
#[cfg(test)]
mod tracker_tests;
mod watch;
mod watch_error;

pub use error::ClusterError;
pub use kubeconfig::{ContextInfo, Kubeconfigs};
pub use supervisor::{Supervisor, WatchScope};
