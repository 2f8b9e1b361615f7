//! Moments and durations as people type them.

use std::{str::FromStr, time::Duration};

use jiff::{Timestamp, civil, tz::TimeZone};

use crate::journal::SessionSpan;

/// A moment of a recording.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum TimeArg {
    /// RFC 3339.
    At(Timestamp),
    /// So long before the recording's end.
    Ago(Duration),
    /// A time (UTC, as all output) on the recording's day.
    OfDay(civil::Time),
}

impl FromStr for TimeArg {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if let Ok(timestamp) = text.parse() {
            return Ok(Self::At(timestamp));
        }
        if let Ok(duration) = parse_duration(text) {
            return Ok(Self::Ago(duration));
        }
        if text.contains(':')
            && let Ok(time) = text.parse()
        {
            return Ok(Self::OfDay(time));
        }
        Err("expected RFC 3339 (2026-01-02T03:04:05Z), a duration before the recording's end (5m), or a \
             time of its day in UTC (14:32:05)"
            .into())
    }
}

impl TimeArg {
    /// Microseconds since the Unix epoch.
    pub(super) fn resolve(self, span: SessionSpan) -> i64 {
        let (started, ended) = (span.started.as_microsecond(), span.ended.as_microsecond());
        match self {
            TimeArg::At(timestamp) => timestamp.as_microsecond(),
            TimeArg::Ago(duration) => {
                ended.saturating_sub(i64::try_from(duration.as_micros()).unwrap_or(i64::MAX))
            }
            TimeArg::OfDay(time) => {
                let day = span.started.to_zoned(TimeZone::UTC).date();
                let at = |day: civil::Date| {
                    let zoned = day.to_datetime(time).to_zoned(TimeZone::UTC);
                    zoned.map_or(started, |zoned| zoned.timestamp().as_microsecond())
                };
                // A recording over midnight has two days.
                match day.tomorrow() {
                    Ok(next) if at(day) < started && at(next) <= ended => at(next),
                    _ => at(day),
                }
            }
        }
    }
}

/// Reads `250ms`, `60s`, `5m`, `1h30m` or `2d`.
pub(super) fn parse_duration(text: &str) -> Result<Duration, String> {
    let wrong = || "expected a duration such as 60s, 5m or 1h30m".to_owned();
    let mut total = Duration::ZERO;
    let mut rest = text;
    while !rest.is_empty() {
        let digits = rest.find(|c: char| !c.is_ascii_digit()).ok_or_else(wrong)?;
        let (number, tail) = rest.split_at(digits);
        let unit_end = tail
            .find(|c: char| c.is_ascii_digit())
            .unwrap_or(tail.len());
        let (unit, tail) = tail.split_at(unit_end);
        let millis: u64 = match unit {
            "ms" => 1,
            "s" => 1_000,
            "m" => 60_000,
            "h" => 3_600_000,
            "d" => 86_400_000,
            _ => return Err(wrong()),
        };
        let number: u64 = number.parse().map_err(|_| wrong())?;
        let part = number
            .checked_mul(millis)
            .map(Duration::from_millis)
            .ok_or_else(wrong)?;
        total = total.checked_add(part).ok_or_else(wrong)?;
        rest = tail;
    }
    match text.is_empty() {
        true => Err(wrong()),
        false => Ok(total),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn span() -> SessionSpan {
        SessionSpan {
            started: "2026-01-02T23:50:00Z".parse().unwrap(),
            ended: "2026-01-03T00:10:00Z".parse().unwrap(),
        }
    }

    fn resolved(text: &str) -> String {
        let micros = text.parse::<TimeArg>().unwrap().resolve(span());
        Timestamp::from_microsecond(micros).unwrap().to_string()
    }

    #[test]
    fn the_three_forms() {
        assert_eq!(
            resolved("2026-01-02T03:04:05.000006+01:00"),
            "2026-01-02T02:04:05.000006Z"
        );
        assert_eq!(resolved("5m"), "2026-01-03T00:05:00Z");
        assert_eq!(resolved("23:55:01.5"), "2026-01-02T23:55:01.5Z");
    }

    #[test]
    fn a_time_after_midnight_is_the_next_day_of_the_recording() {
        assert_eq!(resolved("00:05"), "2026-01-03T00:05:00Z");
        assert_eq!(resolved("12:00"), "2026-01-02T12:00:00Z");
    }

    #[test]
    fn durations_add_up() {
        assert_eq!(parse_duration("1h30m"), Ok(Duration::from_secs(5_400)));
        assert_eq!(parse_duration("250ms"), Ok(Duration::from_millis(250)));
        for wrong in [
            "",
            "5",
            "m",
            "5 m",
            "-5m",
            "5y",
            "99999999999999999999s",
            "18446744073709551615d",
        ] {
            assert!(parse_duration(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn nonsense_is_no_time() {
        for wrong in ["", "yesterday", "2026-13-01T00:00:00Z", "25:00:00", "12"] {
            assert!(wrong.parse::<TimeArg>().is_err(), "{wrong}");
        }
    }
}
