//! When an object changed in the last hour, as ticks.

use egui::{Painter, Rect, pos2};

use crate::{
    model::{Moment, Provenance},
    timeline::{ChangeId, ObjectHistory, Timeline},
    ui::theme::Palette,
};

const HOUR: i64 = 3_600 * 1_000_000;
/// Width of a tick and the distance to the next, in points.
const TICK: f32 = 2.0;
/// Changes that are looked at behind one tick to tell whether one of them touched the spec.
const LOOK: usize = 64;

/// What a tick stands for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Tick {
    /// Nothing changed.
    None,
    /// Only the observed state or metadata changed.
    Other,
    /// The desired state changed.
    Spec,
}

/// The ticks of the last hour, oldest first. Costs a search per tick, however many changes there
/// are.
pub(super) fn ticks(
    timeline: &Timeline,
    object: &ObjectHistory,
    now: Moment,
    count: usize,
) -> Vec<Tick> {
    let changes = &object.changes;
    let start_of = |i: usize| {
        let share = i64::try_from(i).unwrap_or(0) * HOUR;
        now.wall - HOUR + share / i64::try_from(count.max(1)).unwrap_or(1)
    };
    let first_from = |wall: i64| {
        changes.partition_point(|id| {
            timeline
                .change(*id)
                .is_some_and(|change| change.at.wall < wall)
        })
    };
    let mut ticks = Vec::with_capacity(count);
    let mut start = first_from(start_of(0));
    for i in 0..count {
        if start == changes.len() {
            ticks.push(Tick::None);
            continue;
        }
        let end = if i + 1 == count {
            changes.len()
        } else {
            first_from(start_of(i + 1))
        };
        ticks.push(tick(timeline, &changes[start..end.max(start)]));
        start = end.max(start);
    }
    ticks
}

fn tick(timeline: &Timeline, changes: &[ChangeId]) -> Tick {
    let mut tick = Tick::None;
    for change in changes
        .iter()
        .rev()
        .take(LOOK)
        .filter_map(|id| timeline.change(*id))
    {
        // What the first list brought did not happen then.
        if change.provenance == Provenance::InitialList {
            continue;
        }
        if change.touches.spec {
            return Tick::Spec;
        }
        tick = Tick::Other;
    }
    tick
}

/// Paints the last hour of an object.
pub(super) fn paint(
    painter: &Painter,
    palette: &Palette,
    rect: Rect,
    timeline: &Timeline,
    object: &ObjectHistory,
    now: Moment,
) {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count of pixels, not negative"
    )]
    let count = (rect.width().max(0.0) / (TICK + 1.0)) as usize;
    for (i, tick) in ticks(timeline, object, now, count).into_iter().enumerate() {
        let color = match tick {
            Tick::None => continue,
            Tick::Other => palette.tick,
            Tick::Spec => palette.accent,
        };
        #[expect(clippy::cast_precision_loss, reason = "a count of pixels")]
        let x = (rect.left() + i as f32 * (TICK + 1.0)).round();
        let top = rect.center().y.round() - 6.0;
        let mark = Rect::from_min_max(pos2(x, top), pos2(x + TICK, top + 12.0));
        painter.rect_filled(mark, 0.5, color);
    }
}
