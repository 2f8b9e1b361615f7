//! What a failed list or watch means for the watch of a kind.

use kube::Error;

/// What to do about a failure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Failure {
    /// The events since our last version, or the rest of the list, are gone: list again.
    Expired,
    /// The server refuses streaming lists: use LIST and WATCH.
    StreamingRefused,
    /// `list` is not allowed.
    ListForbidden,
    /// `watch` is not allowed, or not known.
    WatchForbidden,
    /// The kind is not served, or not yet.
    NotServed,
    /// One event could not be decoded; the stream goes on.
    Undecodable,
    /// Anything else: wait and try again.
    Retry,
}

/// What was being done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Doing {
    /// Receiving the initial events of a streaming list.
    StreamingList,
    /// Listing by pages.
    List,
    /// Watching from a known version.
    Watch,
}

/// Judges a failure.
pub(super) fn judge(error: &Error, doing: Doing) -> Failure {
    let status = match error {
        Error::Api(status) => status,
        Error::SerdeError(_) if doing != Doing::List => return Failure::Undecodable,
        _ => return Failure::Retry,
    };
    match (status.code, doing) {
        (410, _) => Failure::Expired,
        (404, _) => Failure::NotServed,
        // Refused as invalid by a server without the feature; 403 and 405 may be meant for
        // `watch` alone, and a plain list will tell.
        (400 | 403 | 405 | 422, Doing::StreamingList) => Failure::StreamingRefused,
        (403, Doing::List) => Failure::ListForbidden,
        (403 | 405, Doing::Watch) => Failure::WatchForbidden,
        _ => Failure::Retry,
    }
}

#[cfg(test)]
mod tests {
    use kube::core::Status;

    use super::*;

    fn judged(code: u16, doing: Doing) -> Failure {
        judge(
            &Error::Api(Box::new(Status {
                code,
                ..Status::default()
            })),
            doing,
        )
    }

    #[test]
    fn a_refused_streaming_list_is_not_a_missing_permission() {
        assert_eq!(judged(422, Doing::StreamingList), Failure::StreamingRefused);
        assert_eq!(judged(403, Doing::StreamingList), Failure::StreamingRefused);
        assert_eq!(judged(403, Doing::List), Failure::ListForbidden);
        assert_eq!(judged(403, Doing::Watch), Failure::WatchForbidden);
    }

    #[test]
    fn gone_lists_again_and_a_broken_server_is_waited_for() {
        assert_eq!(judged(410, Doing::Watch), Failure::Expired);
        assert_eq!(judged(410, Doing::List), Failure::Expired);
        assert_eq!(judged(429, Doing::Watch), Failure::Retry);
        assert_eq!(judged(503, Doing::List), Failure::Retry);
    }
}
