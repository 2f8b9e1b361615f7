//! Durations that tick, ages and gridlines; finished latencies are [`crate::ui::format::latency`].

use std::time::Duration;

use crate::ui::format;

/// How long something has been going on, calm enough to tick: `0.4 s`, `3.2 s`, `6 m 04 s`.
#[must_use]
pub fn running_text(duration: Duration) -> String {
    if duration < Duration::from_secs(60) {
        // Cut and not rounded: 59.97 s is not 60.0 s yet.
        let tenths = duration.as_millis() / 100;
        format!("{}.{} s", tenths / 10, tenths % 10)
    } else {
        format::spoken_duration(duration)
    }
}

/// An age in its largest unit, as in "4 m old".
#[must_use]
pub fn age_text(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3_600 => format!("{} m", seconds / 60),
        3_600..86_400 => format!("{} h", seconds / 3_600),
        _ => format!("{} d", seconds / 86_400),
    }
}

/// A gridline of the latency axis: `10 ms`, `1 s`, `100 s`.
#[must_use]
pub fn axis_text(seconds: f64) -> String {
    if seconds <= 0.0 {
        "0".into()
    } else if seconds < 0.000_999 {
        format!("{} µs", trimmed(seconds * 1e6))
    } else if seconds < 0.999 {
        format!("{} ms", trimmed(seconds * 1e3))
    } else {
        format!("{} s", trimmed(seconds))
    }
}

fn trimmed(value: f64) -> String {
    let text = format!("{value:.2}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn running_times_tick_by_tenths_and_never_run_ahead() {
        for (millis, text) in [
            (0, "0.0 s"),
            (3_290, "3.2 s"),
            (59_999, "59.9 s"),
            (60_000, "1 m 00 s"),
            (364_000, "6 m 04 s"),
            (90_000_000, "1 d 1 h"),
        ] {
            assert_eq!(running_text(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn ages_use_one_unit() {
        for (seconds, text) in [(59, "59 s"), (252, "4 m"), (7_300, "2 h"), (200_000, "2 d")] {
            assert_eq!(age_text(Duration::from_secs(seconds)), text);
        }
    }

    #[test]
    fn gridlines_have_no_needless_digits() {
        for (seconds, text) in [
            (0.01, "10 ms"),
            (0.1, "100 ms"),
            (1.0, "1 s"),
            (2.5, "2.5 s"),
            (100.0, "100 s"),
        ] {
            assert_eq!(axis_text(seconds), text);
        }
    }
}
