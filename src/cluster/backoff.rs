//! How long to wait before the next try.

use std::time::Duration;

/// Grows from half a second to half a minute, with jitter, and starts anew only when told that
/// something really succeeded: a list completed or an object arrived. (kube's own resets when a
/// list is *begun*, so on a failing list it never grows.)
#[derive(Debug, Clone)]
pub(super) struct Backoff {
    failures: u32,
    rng: fastrand::Rng,
}

const FIRST: Duration = Duration::from_millis(500);
const LONGEST: Duration = Duration::from_secs(30);

impl Backoff {
    pub(super) fn new() -> Self {
        Self {
            failures: 0,
            rng: fastrand::Rng::new(),
        }
    }

    /// Something succeeded.
    pub(super) fn reset(&mut self) {
        self.failures = 0;
    }

    /// The wait after another failure, never shorter than what the server asked for
    /// (`Retry-After`).
    pub(super) fn next(&mut self, asked_for: Option<Duration>) -> Duration {
        let full = FIRST
            .saturating_mul(1 << self.failures.min(10))
            .min(LONGEST);
        self.failures = self.failures.saturating_add(1);
        let jittered = full.mul_f64(0.5 + self.rng.f64() * 0.5);
        jittered.max(asked_for.unwrap_or_default())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grows_stays_bounded_and_resets() {
        let mut backoff = Backoff::new();
        let waits: Vec<_> = (0..20).map(|_| backoff.next(None)).collect();
        assert!(waits[0] <= FIRST && waits[6] > waits[0] * 4, "{waits:?}");
        assert!(
            waits
                .iter()
                .all(|wait| *wait <= LONGEST && *wait >= FIRST / 2)
        );
        backoff.reset();
        assert!(backoff.next(None) <= FIRST);
    }

    #[test]
    fn honours_retry_after() {
        assert_eq!(
            Backoff::new().next(Some(Duration::from_secs(90))),
            Duration::from_secs(90)
        );
    }
}
