//! Dots of state. Shape tells them apart as well as colour does.

use egui::{Color32, Painter, Pos2, Rect, Stroke, epaint::PathShape, pos2, vec2};

use crate::{
    model::{ConnectionState, Readiness, ReadinessStatus},
    ui::theme::Palette,
};

/// A state as a dot.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dot {
    /// Good: a disc.
    Good,
    /// On its way: a diamond.
    Busy,
    /// Failed: a square.
    Bad,
    /// Going away: an open diamond.
    Leaving,
    /// Resting since somebody asked for it: two bars.
    Paused,
    /// Nothing is known: a ring.
    Unknown,
    /// Not open: a small disc.
    Off,
}

impl Dot {
    /// The dot of a readiness.
    #[must_use]
    pub fn of_readiness(readiness: &Readiness) -> Self {
        match readiness.status {
            ReadinessStatus::Failed => Dot::Bad,
            ReadinessStatus::Terminating => Dot::Leaving,
            ReadinessStatus::InProgress => Dot::Busy,
            ReadinessStatus::Unknown => Dot::Unknown,
            ReadinessStatus::Current if readiness.suspended => Dot::Paused,
            ReadinessStatus::Current => Dot::Good,
        }
    }

    /// The dot of a connection. A failed one that is tried again is on its way.
    #[must_use]
    pub fn of_connection(state: &ConnectionState) -> Self {
        match state {
            ConnectionState::Closed => Dot::Off,
            ConnectionState::Connecting => Dot::Busy,
            ConnectionState::Connected { .. } => Dot::Good,
            ConnectionState::Failed {
                retry_at: Some(_), ..
            } => Dot::Busy,
            ConnectionState::Failed { retry_at: None, .. } => Dot::Bad,
            ConnectionState::Recorded => Dot::Unknown,
        }
    }

    /// Its colour.
    #[must_use]
    pub fn color(self, palette: &Palette) -> Color32 {
        match self {
            Dot::Good => palette.ok,
            Dot::Busy | Dot::Leaving => palette.warn,
            Dot::Bad => palette.error,
            Dot::Paused => palette.muted,
            Dot::Unknown | Dot::Off => palette.faint,
        }
    }
}

/// Paints a dot about as large as a disc of this radius.
pub fn paint_dot(painter: &Painter, palette: &Palette, center: Pos2, radius: f32, dot: Dot) {
    let color = dot.color(palette);
    let diamond = |r: f32| {
        vec![
            pos2(center.x, center.y - r),
            pos2(center.x + r, center.y),
            pos2(center.x, center.y + r),
            pos2(center.x - r, center.y),
        ]
    };
    match dot {
        Dot::Good => {
            painter.circle_filled(center, radius, color);
        }
        Dot::Off => {
            painter.circle_filled(center, radius * 0.8, color);
        }
        Dot::Unknown => {
            painter.circle_stroke(center, radius - 0.75, Stroke::new(1.5, color));
        }
        Dot::Bad => {
            let square = Rect::from_center_size(center, vec2(radius, radius) * 1.8);
            painter.rect_filled(square, 2.0, color);
        }
        Dot::Paused => {
            let bar = vec2(radius * 0.55, radius * 1.7);
            for side in [-1.0, 1.0] {
                let middle = center + vec2(side * radius * 0.55, 0.0);
                painter.rect_filled(Rect::from_center_size(middle, bar), 1.0, color);
            }
        }
        Dot::Busy => {
            painter.add(PathShape::convex_polygon(
                diamond(radius * 1.3),
                color,
                Stroke::NONE,
            ));
        }
        Dot::Leaving => {
            painter.add(PathShape::closed_line(
                diamond(radius * 1.15),
                Stroke::new(1.5, color),
            ));
        }
    }
}
