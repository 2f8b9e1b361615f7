//! Durations as `kubectl` prints them.

use std::{fmt::Write as _, time::Duration};

use jiff::Timestamp;

/// The longest distance that Go's `time.Since` measures; it stops there on both sides.
const LONGEST_SECONDS: i64 = i64::MAX / 1_000_000_000;

/// A duration as `kubectl` prints it, with two or three significant figures: `61s`, `4m12s`, `61d`,
/// `2y3d` (`HumanDuration` of `k8s.io/apimachinery/pkg/util/duration`).
#[must_use]
pub fn human_duration(duration: Duration) -> String {
    human_seconds(i64::try_from(duration.as_secs()).unwrap_or(i64::MAX))
}

/// How long ago something was, as `kubectl` prints an age. Clocks may differ by less than two seconds;
/// what lies further in the future is `<invalid>`.
pub(super) fn human_age(then: Timestamp, now: Timestamp) -> String {
    // Whole seconds towards zero: 1.9 s in the future is still now.
    let seconds = now.duration_since(then).as_secs();
    match seconds {
        ..-1 => "<invalid>".to_owned(),
        -1..0 => "0s".to_owned(),
        seconds => human_seconds(seconds.min(LONGEST_SECONDS)),
    }
}

fn human_seconds(seconds: i64) -> String {
    let (minutes, hours, days) = (seconds / 60, seconds / 3600, seconds / 86_400);
    let years = days / 365;
    match () {
        () if seconds < 120 => format!("{seconds}s"),
        () if minutes < 10 => two(minutes, 'm', seconds % 60, 's'),
        () if minutes < 180 => format!("{minutes}m"),
        () if hours < 8 => two(hours, 'h', minutes % 60, 'm'),
        () if hours < 48 => format!("{hours}h"),
        () if days < 8 => two(days, 'd', hours % 24, 'h'),
        () if years < 2 => format!("{days}d"),
        () if years < 8 => two(years, 'y', days % 365, 'd'),
        () => format!("{years}y"),
    }
}

/// The second unit only where there is any of it.
fn two(large: i64, large_unit: char, small: i64, small_unit: char) -> String {
    let mut text = format!("{large}{large_unit}");
    if small > 0 {
        // Writing to a string cannot fail.
        let _ = write!(text, "{small}{small_unit}");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn prints_the_figures_that_kubectl_prints() {
        const MINUTE: u64 = 60;
        const HOUR: u64 = 60 * MINUTE;
        const DAY: u64 = 24 * HOUR;
        const YEAR: u64 = 365 * DAY;
        for (seconds, text) in [
            (0, "0s"),
            (61, "61s"),
            (119, "119s"),
            (120, "2m"),
            (4 * MINUTE + 12, "4m12s"),
            (10 * MINUTE - 1, "9m59s"),
            (10 * MINUTE + 59, "10m"),
            (3 * HOUR - 1, "179m"),
            (3 * HOUR, "3h"),
            (3 * HOUR + MINUTE, "3h1m"),
            (8 * HOUR - 1, "7h59m"),
            (8 * HOUR + 59 * MINUTE, "8h"),
            (48 * HOUR - 1, "47h"),
            (48 * HOUR, "2d"),
            (49 * HOUR, "2d1h"),
            (8 * DAY - 1, "7d23h"),
            (8 * DAY + 5 * HOUR, "8d"),
            (61 * DAY, "61d"),
            (2 * YEAR - 1, "729d"),
            (2 * YEAR, "2y"),
            (2 * YEAR + 3 * DAY, "2y3d"),
            (8 * YEAR - 1, "7y364d"),
            (8 * YEAR + 300 * DAY, "8y"),
        ] {
            assert_eq!(
                human_duration(Duration::from_secs(seconds)),
                text,
                "{seconds}"
            );
        }
    }

    /// The rules as `k8s.io/apimachinery/pkg/util/duration` has them, step by step in its units.
    fn reference(seconds: i64) -> String {
        let (minutes, hours) = (seconds / 60, seconds / 3600);
        let with = |large: String, small: i64, unit: char| match small {
            0 => large,
            small => format!("{large}{small}{unit}"),
        };
        if seconds < -1 {
            "<invalid>".to_owned()
        } else if seconds < 0 {
            "0s".to_owned()
        } else if seconds < 60 * 2 {
            format!("{seconds}s")
        } else if minutes < 10 {
            with(format!("{minutes}m"), seconds % 60, 's')
        } else if minutes < 60 * 3 {
            format!("{minutes}m")
        } else if hours < 8 {
            with(format!("{hours}h"), minutes % 60, 'm')
        } else if hours < 48 {
            format!("{hours}h")
        } else if hours < 24 * 8 {
            with(format!("{}d", hours / 24), hours % 24, 'h')
        } else if hours < 24 * 365 * 2 {
            format!("{}d", hours / 24)
        } else if hours < 24 * 365 * 8 {
            with(format!("{}y", hours / 24 / 365), hours / 24 % 365, 'd')
        } else {
            format!("{}y", hours / 24 / 365)
        }
    }

    proptest::proptest! {
        /// Around every edge of the rules, and anywhere.
        #[test]
        fn ages_follow_the_rules_of_kubectl(
            edge in proptest::sample::select(vec![
                0_i64, 60, 120, 600, 3600, 10_800, 28_800, 86_400, 172_800, 691_200, 31_536_000, 63_072_000, 252_288_000,
                2_000_000_000,
            ]),
            multiple in 1_i64..4,
            off in -130_i64..130,
            nanosecond in 0_i64..1_000_000_000,
        ) {
            let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
            let age = jiff::SignedDuration::new(edge * multiple + off, 0);
            let then = now - age - jiff::SignedDuration::from_nanos(nanosecond);
            // Towards zero: Go converts a float.
            let seconds = now.duration_since(then).as_secs();
            proptest::prop_assert_eq!(human_age(then, now), reference(seconds));
        }
    }

    #[test]
    fn a_future_within_clock_skew_is_now() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        let age = |then: &str| human_age(then.parse().unwrap(), now);
        assert_eq!(age("2026-01-02T03:04:05.5Z"), "0s");
        assert_eq!(age("2026-01-02T03:04:06.9Z"), "0s");
        assert_eq!(age("2026-01-02T03:04:07Z"), "<invalid>");
        assert_eq!(age("2026-01-02T03:00:00.999Z"), "4m4s");
    }

    #[test]
    fn go_measures_no_more_than_292_years() {
        let now: Timestamp = "2026-01-02T03:04:05Z".parse().unwrap();
        assert_eq!(
            human_age("0001-01-02T00:00:00Z".parse().unwrap(), now),
            "292y"
        );
    }
}
