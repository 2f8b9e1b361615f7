//! Moments as wall clock times of the reader's time zone, where [`crate::ui::format`] is too short.

use jiff::tz::TimeZone;

use crate::model::Moment;

/// Date and time with microseconds and offset, for tooltips: it can be told to anyone.
#[must_use]
pub(super) fn full(moment: Moment, zone: &TimeZone) -> String {
    moment
        .timestamp()
        .to_zoned(zone.clone())
        .strftime("%Y-%m-%d %H:%M:%S%.6f %:z")
        .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_of_the_readers_zone() {
        let moment = Moment {
            wall: 1_700_000_000_201_999,
            monotonic: 0,
        };
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(full(moment, &zone), "2023-11-15 00:13:20.201999 +02:00");
    }
}
