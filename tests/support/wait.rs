//! Waiting for a condition, with a limit: what tests do in place of sleeping.

use std::time::{Duration, Instant};

/// Looks every 20 ms until `condition` gives a value.
///
/// # Errors
/// When it gave none within `limit`.
pub(crate) fn within<T>(limit: Duration, mut condition: impl FnMut() -> Option<T>) -> Option<T> {
    let end = Instant::now() + limit;
    loop {
        if let Some(value) = condition() {
            return Some(value);
        }
        if Instant::now() >= end {
            return None;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// As [`within`], and a panic that says what was waited for.
#[track_caller]
pub(crate) fn until<T>(limit: Duration, what: &str, condition: impl FnMut() -> Option<T>) -> T {
    within(limit, condition).unwrap_or_else(|| panic!("not within {limit:?}: {what}"))
}
