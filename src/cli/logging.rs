//! Logging for people who look for a fault: to stderr, quiet by default.

use std::io;

use tracing_subscriber::EnvFilter;

/// The variable with the filters.
const VARIABLE: &str = "KRONIKA_LOG";

/// Trouble with a cluster is a state that every view shows, so the client's own words about each
/// attempt are for those who ask.
const DEFAULT: &str = "warn,kronika::cluster=error,kube_client=off,kube_runtime=off";

/// Starts logging to stderr, by the filters in `KRONIKA_LOG` (for example `debug`, or
/// `kronika=trace`); by default warnings.
pub fn init() {
    let filter = EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new(DEFAULT));
    let logging = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .with_ansi(super::output::colours(&io::stderr()));
    // Fails only where a subscriber is set already, and then that one logs.
    let _ = logging.try_init();
}
