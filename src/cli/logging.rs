//! Logging for people who look for a fault: to stderr, quiet by default.

use std::io;

use tracing_subscriber::EnvFilter;

/// The variable with the filters.
const VARIABLE: &str = "KRONIKA_LOG";

/// Starts logging to stderr, by the filters in `KRONIKA_LOG` (for example `debug`, or
/// `kronika=trace`), default `warn`.
pub fn init() {
    let filter = EnvFilter::try_from_env(VARIABLE).unwrap_or_else(|_| EnvFilter::new("warn"));
    // Fails only where a subscriber is set already, and then that one logs.
    let _ = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(io::stderr)
        .try_init();
}
