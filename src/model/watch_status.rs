//! The states of a watch and of a context's connection.

use std::sync::Arc;

use super::Moment;

/// What to try when something failed, in one sentence.
pub type Hint = Arc<str>;

/// The state of one kind's watch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum WatchStatus {
    /// Asked for; goes to `Listing`, `Forbidden` or `BackingOff`.
    #[default]
    Connecting,
    /// Receiving the initial list.
    Listing {
        /// Objects received so far.
        seen: u64,
    },
    /// The list is complete and the watch is open.
    Watching,
    /// `watch` is not allowed: listed again and again instead.
    Polling,
    /// Failed; tried again at `until`.
    BackingOff {
        /// When it is tried again.
        until: Moment,
        /// What happened.
        error: Arc<str>,
    },
    /// The user may not list this kind; tried again from time to time.
    Forbidden {
        /// What the server said.
        error: Arc<str>,
    },
    /// Not watched any more: the kind is gone, or the session was closed.
    Stopped,
}

/// The state of a context's connection.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub enum ConnectionState {
    /// Not opened.
    #[default]
    Closed,
    /// Loading credentials and discovering kinds.
    Connecting,
    /// Discovered; the kinds have their own states.
    Connected {
        /// Git version of the server, for example `v1.36.1`.
        server_version: Arc<str>,
    },
    /// Failed; tried again at `retry_at` where that can help.
    Failed {
        /// What happened.
        error: Arc<str>,
        /// What to try.
        hint: Option<Hint>,
        /// When it is tried again.
        retry_at: Option<Moment>,
    },
    /// A session file: complete, nothing more will come.
    Recorded,
}
