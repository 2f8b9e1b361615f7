//! When the next frame is due although nothing happens. A window in which nothing moves asks for
//! none.

use std::time::Duration;

use super::{Shell, status_bar};
use crate::model::{ConnectionState, Moment, WatchStatus};

/// How long what is on screen stays true, as far as the bars and the side panel go.
pub(super) fn due(shell: &Shell<'_>) -> Option<Duration> {
    let retries = shell
        .contexts
        .iter()
        .filter_map(|context| match context.state {
            ConnectionState::Failed { retry_at, .. } => retry_at,
            _ => None,
        });
    let timeline = shell.active.as_ref().map(|(_, timeline, _)| *timeline);
    let kinds = timeline.into_iter().flat_map(|timeline| timeline.kinds());
    let backing_off = kinds.filter_map(|(_, kind)| match kind.status {
        WatchStatus::BackingOff { until, .. } => Some(until),
        _ => None,
    });
    let countdown = retries
        .chain(backing_off)
        .filter_map(|until| next_second(until, shell.now))
        .min();
    // The rate falls to nothing some seconds after the last change.
    let falling = timeline.is_some_and(|timeline| status_bar::rate(timeline, shell.now) > 0);
    countdown
        .into_iter()
        .chain(falling.then_some(Duration::from_secs(1)))
        .min()
}

/// When a countdown in seconds, rounded up, shows another number; `None` once it is over.
fn next_second(until: Moment, now: Moment) -> Option<Duration> {
    let left = until.since(now);
    if left.is_zero() {
        return None;
    }
    let beyond = Duration::from_nanos(u64::from(left.subsec_nanos()));
    Some(if beyond.is_zero() {
        Duration::from_secs(1)
    } else {
        beyond
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_countdown_moves_with_its_seconds() {
        let at = |millis: u64| Moment {
            wall: 0,
            monotonic: millis * 1_000,
        };
        assert_eq!(
            next_second(at(4_250), at(0)),
            Some(Duration::from_millis(250))
        );
        assert_eq!(next_second(at(4_000), at(0)), Some(Duration::from_secs(1)));
        assert_eq!(next_second(at(4_000), at(5_000)), None);
    }
}
