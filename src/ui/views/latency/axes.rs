//! The axes of the latency plot: spans that stay put while time goes on, and round ticks.

use jiff::tz::TimeZone;

use super::figures::axis_text;
use crate::ui::{format, plot::PlotAxis};

/// How durations are scaled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub(super) enum DurationScale {
    /// By decades.
    #[default]
    Log,
    /// Evenly.
    Linear,
}

/// Shortest duration that the log axis can show; all shorter ones are drawn at it.
const SHORTEST: f64 = 1e-4;

impl DurationScale {
    /// A duration in seconds as a value of the axis.
    #[must_use]
    pub(super) fn value(self, seconds: f64) -> f64 {
        match self {
            DurationScale::Log => seconds.max(SHORTEST).log10(),
            DurationScale::Linear => seconds,
        }
    }

    /// The axis for durations from `least` to `most` seconds. The log axis has at least the decades
    /// from 10 ms to 100 s, so that plots of different kinds compare at a glance.
    #[must_use]
    pub(super) fn axis(self, least: f64, most: f64) -> PlotAxis {
        match self {
            DurationScale::Log => {
                let start = self.value(least).floor().min(-2.0);
                let end = self.value(most).ceil().max(2.0);
                let decades = (end - start).round();
                let ticks = successors(start, end, if decades > 6.0 { 2.0 } else { 1.0 })
                    .map(|exponent| (exponent, axis_text(10f64.powf(exponent))))
                    .collect();
                PlotAxis { start, end, ticks }
            }
            DurationScale::Linear => {
                let most = most.max(1e-3) * 1.05;
                let step = round_step(most / 4.0);
                let end = (most / step).ceil() * step;
                let ticks = successors(0.0, end, step)
                    .map(|s| (s, axis_text(s)))
                    .collect();
                PlotAxis {
                    start: 0.0,
                    end,
                    ticks,
                }
            }
        }
    }
}

/// 1, 2 or 5 times a power of ten, not below `least`.
fn round_step(least: f64) -> f64 {
    let power = 10f64.powf(least.log10().floor());
    [1.0, 2.0, 5.0, 10.0]
        .into_iter()
        .map(|n| n * power)
        .find(|step| *step >= least * 0.999)
        .unwrap_or(least)
}

fn successors(start: f64, end: f64, step: f64) -> impl Iterator<Item = f64> {
    (0..32)
        .map(move |n| f64::from(n).mul_add(step, start))
        .take_while(move |value| *value <= end + step * 1e-6)
}

const SECOND: i64 = 1_000_000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;

/// Spans of the time axis with the distance of their ticks, in microseconds.
const SPANS: [(i64, i64); 13] = [
    (MINUTE, 15 * SECOND),
    (5 * MINUTE, MINUTE),
    (15 * MINUTE, 5 * MINUTE),
    (30 * MINUTE, 10 * MINUTE),
    (HOUR, 15 * MINUTE),
    (90 * MINUTE, 15 * MINUTE),
    (2 * HOUR, 30 * MINUTE),
    (4 * HOUR, HOUR),
    (8 * HOUR, 2 * HOUR),
    (24 * HOUR, 6 * HOUR),
    (48 * HOUR, 12 * HOUR),
    (7 * 24 * HOUR, 24 * HOUR),
    (30 * 24 * HOUR, 7 * 24 * HOUR),
];

/// The time axis that shows `first` to `last` (wall microseconds). It moves in steps, so that it
/// does not change with every frame.
#[must_use]
pub(super) fn time_axis(first: i64, last: i64, zone: &TimeZone) -> PlotAxis {
    let longest = SPANS[SPANS.len() - 1];
    let needed = last.saturating_sub(first).max(1);
    // A fortieth of room for moving on.
    let (span, step) = SPANS
        .into_iter()
        .find(|(span, _)| span - span / 40 >= needed)
        .unwrap_or(longest);
    let move_by = span / 40;
    let end = last.div_euclid(move_by).saturating_add(1) * move_by;
    let start = end - span;
    // Ticks at round times of the reader's clock, also where its offset is not whole hours.
    let offset = jiff::Timestamp::from_microsecond(end)
        .map_or(0, |end| i64::from(zone.to_offset(end).seconds()) * SECOND);
    let first_tick = (start + offset).div_euclid(step) * step - offset;
    let ticks = (0..)
        .map(|n| first_tick + n * step)
        .skip_while(|tick| *tick < start)
        .take_while(|tick| *tick <= end)
        .map(|tick| {
            let label = if step < MINUTE {
                format::clock(tick, zone)
            } else {
                format::clock_minutes(tick, zone)
            };
            (tick as f64, label)
        })
        .collect();
    PlotAxis {
        start: start as f64,
        end: end as f64,
        ticks,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn labels(axis: &PlotAxis) -> Vec<&str> {
        axis.ticks.iter().map(|(_, label)| label.as_str()).collect()
    }

    #[test]
    fn the_log_axis_spans_four_decades_and_grows_with_the_data() {
        let axis = DurationScale::Log.axis(0.2, 7.0);
        assert_eq!(labels(&axis), ["10 ms", "100 ms", "1 s", "10 s", "100 s"]);
        let wide = DurationScale::Log.axis(0.002, 700.0);
        assert_eq!((wide.start, wide.end), (-3.0, 3.0));
    }

    #[test]
    fn the_linear_axis_begins_at_zero_with_round_steps() {
        let axis = DurationScale::Linear.axis(0.2, 7.0);
        assert_eq!(labels(&axis), ["0", "2 s", "4 s", "6 s", "8 s"]);
    }

    #[test]
    fn the_time_axis_stays_put_for_a_while_and_has_round_ticks() {
        let hour = 3_600 * SECOND;
        let start = 1_700_002_800 * SECOND; // 23:00 UTC
        let axis = time_axis(start, start + hour * 9 / 10, &TimeZone::UTC);
        let later = time_axis(start, start + hour * 9 / 10 + SECOND, &TimeZone::UTC);
        assert_eq!(axis, later);
        assert_eq!(labels(&axis), ["23:00", "23:15", "23:30", "23:45"]);
        assert!(axis.start <= start as f64 && axis.end >= (start + hour * 9 / 10) as f64);
    }

    #[test]
    fn every_moment_asked_for_is_on_the_time_axis() {
        for needed in [1, 59, 300, 4_000, 90_000, 600_000] {
            let last = 1_700_002_811 * SECOND;
            let axis = time_axis(last - needed * SECOND, last, &TimeZone::UTC);
            assert!(axis.start <= (last - needed * SECOND) as f64, "{needed}");
            assert!(axis.end >= last as f64, "{needed}");
            assert!(axis.ticks.len() >= 2, "{needed}: {:?}", axis.ticks);
        }
    }
}
