//! Figures and times in words.

use std::time::Duration;

use jiff::{Timestamp, tz::TimeZone};

pub use crate::model::spoken_duration;

/// A count with its thousands apart by thin spaces: `184 302`.
#[must_use]
pub fn count(number: usize) -> String {
    let digits = number.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3 * 3);
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push('\u{2009}');
        }
        text.push(digit);
    }
    text
}

/// A count with its noun: `1 object`, `2 objects`.
#[must_use]
pub fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{} {noun}{plural}", count(number))
}

/// Bytes by their largest binary unit: `71 MiB`, `1.4 GiB`.
#[must_use]
pub fn bytes(number: usize) -> String {
    const UNITS: [&str; 4] = ["KiB", "MiB", "GiB", "TiB"];
    if number < 1024 {
        return format!("{number} B");
    }
    #[expect(clippy::cast_precision_loss, reason = "shown with two digits")]
    let mut value = number as f64 / 1024.0;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    if value < 10.0 {
        format!("{value:.1} {}", UNITS[unit])
    } else {
        format!("{value:.0} {}", UNITS[unit])
    }
}

/// A latency with three digits: `41 ms`, `1.26 s`, `31.0 s`, `6 m 04 s`.
#[must_use]
pub fn latency(duration: Duration) -> String {
    let seconds = duration.as_secs_f64();
    if seconds < 0.001 {
        format!("{} µs", duration.as_micros())
    } else if seconds < 0.9995 {
        format!("{:.0} ms", seconds * 1_000.0)
    } else if seconds < 9.995 {
        format!("{seconds:.2} s")
    } else if seconds < 119.95 {
        format!("{seconds:.1} s")
    } else {
        spoken_duration(duration)
    }
}

/// `14:32:08` in a zone.
#[must_use]
pub fn clock(wall_micros: i64, zone: &TimeZone) -> String {
    zoned(wall_micros, zone, "%H:%M:%S")
}

/// `14:32` in a zone.
#[must_use]
pub fn clock_minutes(wall_micros: i64, zone: &TimeZone) -> String {
    zoned(wall_micros, zone, "%H:%M")
}

/// Milliseconds of a wall time, as they follow [`clock`]: `.201`.
#[must_use]
pub fn clock_millis(wall_micros: i64) -> String {
    format!(".{:03}", wall_micros.rem_euclid(1_000_000) / 1_000)
}

fn zoned(wall_micros: i64, zone: &TimeZone, pattern: &str) -> String {
    let timestamp = Timestamp::from_microsecond(wall_micros).unwrap_or(Timestamp::UNIX_EPOCH);
    timestamp
        .to_zoned(zone.clone())
        .strftime(pattern)
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (number, text) in [
            (0, "0"),
            (999, "999"),
            (1_000, "1 000"),
            (184_302, "184 302"),
        ] {
            assert_eq!(count(number).replace('\u{2009}', " "), text);
        }
        assert_eq!(counted(1, "object"), "1 object");
    }

    #[test]
    fn bytes_by_unit() {
        for (number, text) in [
            (512, "512 B"),
            (1_536, "1.5 KiB"),
            (71 << 20, "71 MiB"),
            (3 << 29, "1.5 GiB"),
        ] {
            assert_eq!(bytes(number), text);
        }
    }

    #[test]
    fn latencies_keep_three_digits() {
        for (millis, text) in [
            (41, "41 ms"),
            (999, "999 ms"),
            (1_260, "1.26 s"),
            (31_000, "31.0 s"),
            (84_200, "84.2 s"),
            (364_000, "6 m 04 s"),
        ] {
            assert_eq!(latency(Duration::from_millis(millis)), text);
        }
    }

    #[test]
    fn times_follow_the_zone() {
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(clock(1_700_000_000_201_000, &zone), "00:13:20");
        assert_eq!(
            clock_minutes(1_700_000_000_201_000, &TimeZone::UTC),
            "22:13"
        );
        assert_eq!(clock_millis(1_700_000_000_201_000), ".201");
    }
}
