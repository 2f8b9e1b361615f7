//! When something was observed.

use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// A moment on the observer's two clocks, in microseconds.
///
/// Durations are taken between `monotonic` values, which no clock change can bend; `wall` says
/// when it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Moment {
    /// Microseconds since the Unix epoch.
    pub wall: i64,
    /// Microseconds on the monotonic clock of the recording.
    pub monotonic: u64,
}

impl Moment {
    /// The wall clock's time.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        Timestamp::from_microsecond(self.wall).unwrap_or(Timestamp::UNIX_EPOCH)
    }

    /// Time that passed since an earlier moment of the same recording; zero if it was later.
    #[must_use]
    pub fn since(self, earlier: Moment) -> Duration {
        Duration::from_micros(self.monotonic.saturating_sub(earlier.monotonic))
    }

    /// The moment this much later.
    #[must_use]
    pub fn after(self, wait: Duration) -> Moment {
        let micros = u64::try_from(wait.as_micros()).unwrap_or(u64::MAX);
        Moment {
            wall: self.wall.saturating_add_unsigned(micros),
            monotonic: self.monotonic.saturating_add(micros),
        }
    }

    /// RFC 3339 in UTC with microseconds, as every output of Kronika prints times.
    #[must_use]
    pub fn rfc3339(self) -> String {
        format!("{:.6}", self.timestamp())
    }
}

/// Gives [`Moment`]s whose wall times never run backwards: the wall clock is read once, then the
/// monotonic clock carries it on.
#[derive(Debug, Clone, Copy)]
pub struct Clock {
    wall: i64,
    start: Instant,
}

impl Clock {
    /// Starts now.
    #[must_use]
    pub fn start() -> Self {
        Self {
            wall: Timestamp::now().as_microsecond(),
            start: Instant::now(),
        }
    }

    /// This moment.
    #[must_use]
    pub fn now(&self) -> Moment {
        let monotonic = u64::try_from(self.start.elapsed().as_micros()).unwrap_or(u64::MAX);
        Moment {
            wall: self.wall.saturating_add_unsigned(monotonic),
            monotonic,
        }
    }
}

/// A stretch of time in its two largest units: `1 m 12 s`, `3 h 05 m`, `2 d 4 h`.
#[must_use]
pub fn spoken_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (minutes, hours, days) = (seconds / 60, seconds / 3_600, seconds / 86_400);
    if days > 0 {
        format!("{days} d {} h", hours % 24)
    } else if hours > 0 {
        format!("{hours} h {:02} m", minutes % 60)
    } else if minutes > 0 {
        format!("{minutes} m {:02} s", seconds % 60)
    } else {
        format!("{seconds} s")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_microseconds_in_utc() {
        let moment = Moment {
            wall: 1_700_000_000_000_000,
            monotonic: 0,
        };
        assert_eq!(moment.rfc3339(), "2023-11-14T22:13:20.000000Z");
    }

    #[test]
    fn durations_ignore_the_wall_clock() {
        let early = Moment {
            wall: 10_000_000,
            monotonic: 1_000,
        };
        let late = Moment {
            wall: 0,
            monotonic: 3_000,
        };
        assert_eq!(late.since(early), Duration::from_millis(2));
        assert_eq!(early.since(late), Duration::ZERO);
    }

    #[test]
    fn durations_in_words() {
        for (seconds, text) in [
            (9, "9 s"),
            (72, "1 m 12 s"),
            (364, "6 m 04 s"),
            (11_100, "3 h 05 m"),
            (187_200, "2 d 4 h"),
        ] {
            assert_eq!(spoken_duration(Duration::from_secs(seconds)), text);
        }
    }
}
