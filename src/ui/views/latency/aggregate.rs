//! Fewer marks than points: what falls on the same spot of the screen is drawn once.

use std::collections::HashMap;

use super::model::{LatencyPoint, PointClass};

/// Above this many points, drawing each costs more than grouping them.
pub(super) const DRAW_EACH: usize = 5_000;

/// Side of a cell in points of the screen: a mark is about this wide.
const CELL: f64 = 3.0;

/// A mark of the plot.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Mark {
    /// The first point that it stands for, by its place in the model: the one that hovering tells
    /// about. Where it is within its spot differs, so that marks do not stand in a lattice.
    pub(super) point: usize,
    /// How many points it stands for.
    pub(super) count: u32,
    /// Their class.
    pub(super) class: PointClass,
}

/// From values to the screen; both axes linear in what they are given.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Scale {
    /// Value at the left or lower edge.
    pub(super) start: f64,
    /// Value at the right or upper edge.
    pub(super) end: f64,
    /// Length on screen, in points.
    pub(super) length: f64,
}

impl Scale {
    fn cell(self, value: f64) -> Option<i64> {
        let at = (value - self.start) / (self.end - self.start) * self.length / CELL;
        #[expect(clippy::cast_possible_truncation, reason = "a cell number on a screen")]
        at.is_finite().then_some(at.floor() as i64)
    }
}

/// The marks of points. `y` gives a point's value on the vertical scale.
#[must_use]
pub(super) fn marks(
    points: &[LatencyPoint],
    x_scale: Scale,
    y_scale: Scale,
    y: impl Fn(&LatencyPoint) -> f64,
) -> Vec<Mark> {
    let inside =
        |point: &LatencyPoint| (x_scale.start..=x_scale.end).contains(&(point.wall as f64));
    let mut marks = Vec::new();
    if points.len() <= DRAW_EACH {
        let each = points.iter().enumerate().filter(|(_, point)| inside(point));
        marks.extend(each.map(|(i, point)| Mark {
            point: i,
            count: 1,
            class: point.class,
        }));
        return marks;
    }
    let mut cells: HashMap<(i64, i64, PointClass), usize> = HashMap::new();
    for (i, point) in points.iter().enumerate().filter(|(_, point)| inside(point)) {
        let (Some(column), Some(row)) = (x_scale.cell(point.wall as f64), y_scale.cell(y(point)))
        else {
            continue;
        };
        let place = *cells.entry((column, row, point.class)).or_insert_with(|| {
            marks.push(Mark {
                point: i,
                count: 0,
                class: point.class,
            });
            marks.len() - 1
        });
        marks[place].count += 1;
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::timeline::{ChangeId, ObjectId};
    use proptest::prelude::*;

    const X: Scale = Scale {
        start: 0.0,
        end: 100_000.0,
        length: 900.0,
    };
    const Y: Scale = Scale {
        start: -2.0,
        end: 2.0,
        length: 300.0,
    };

    fn point(wall: i64, seconds: f64, exact: bool) -> LatencyPoint {
        let class = if exact {
            PointClass::Exact
        } else {
            PointClass::Inexact
        };
        LatencyPoint {
            object: ObjectId(0),
            wall,
            seconds,
            class,
            opened_by: ChangeId(0),
        }
    }

    #[test]
    fn few_points_are_drawn_each() {
        let points = [
            point(5, 0.1, false),
            point(5, 0.1, false),
            point(200_000, 0.1, false),
        ];
        let marks = marks(&points, X, Y, |p| p.seconds.log10());
        assert_eq!(marks.len(), 2, "the third is outside");
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 16, ..ProptestConfig::default() })]
        #[test]
        fn grouping_loses_no_point_and_bounds_the_marks(seed in any::<u64>()) {
            let mut state = seed;
            let mut next = move || {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                state >> 33
            };
            let points: Vec<_> = (0..20_000)
                .map(|_| point((next() % 100_000) as i64, (next() % 1_000 + 10) as f64 / 1e3, next() % 2 == 0))
                .collect();
            let marks = marks(&points, X, Y, |p| p.seconds.log10());
            prop_assert_eq!(marks.iter().map(|m| m.count as usize).sum::<usize>(), points.len());
            prop_assert!(marks.len() <= 2 * 300 * 100);
            prop_assert!(marks.iter().all(|m| points[m.point].class == m.class));
        }
    }
}
