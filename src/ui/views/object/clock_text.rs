//! Moments as wall clock times of the reader's time zone, where [`crate::ui::format`] is too short.

use jiff::{Timestamp, tz::TimeZone};

use crate::model::Moment;

/// Date and time with microseconds and offset, for tooltips: it can be told to anyone.
#[must_use]
pub(super) fn full(moment: Moment, zone: &TimeZone) -> String {
    moment.timestamp().to_zoned(zone.clone()).strftime("%Y-%m-%d %H:%M:%S%.6f %:z").to_string()
}

/// The day where it is not today's, for lists that go back further: `21 Nov`.
#[must_use]
pub(super) fn other_day(moment: Moment, now: Moment, zone: &TimeZone) -> Option<String> {
    let day = |at: Timestamp| zone.to_datetime(at).date();
    let of = day(moment.timestamp());
    (of != day(now.timestamp())).then(|| of.strftime("%-d %b").to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_of_the_readers_zone() {
        let moment = Moment { wall: 1_700_000_000_201_999, monotonic: 0 };
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        assert_eq!(full(moment, &zone), "2023-11-15 00:13:20.201999 +02:00");
    }

    #[test]
    fn the_day_is_told_when_it_is_another() {
        let evening = Moment { wall: 1_700_000_000_000_000, monotonic: 0 };
        let later = Moment { wall: 1_700_010_000_000_000, monotonic: 0 };
        assert_eq!(other_day(evening, evening, &TimeZone::UTC), None);
        assert_eq!(other_day(evening, later, &TimeZone::UTC).as_deref(), Some("14 Nov"));
    }
}
