//! Stretches that were not watched: hatched, never blank.

use egui::{Align2, Color32, Painter, Pos2, Rect, Stroke, pos2};

use super::paint_text;
use crate::{
    model::{Gap, GapCause},
    ui::{format, theme, theme::Palette},
};

/// Hatches a rectangle with lines of this width, this far apart.
pub fn paint_hatch(painter: &Painter, rect: Rect, color: Color32, width: f32, distance: f32) {
    let painter = painter.with_clip_rect(rect.intersect(painter.clip_rect()));
    let stroke = Stroke::new(width, color);
    // Lines stay where they are when the rectangle moves: start on a fixed grid.
    let height = rect.height();
    let mut x = (rect.left() / distance).floor() * distance;
    while x < rect.right() + height {
        painter.line_segment(
            [pos2(x - height, rect.bottom()), pos2(x, rect.top())],
            stroke,
        );
        x += distance;
    }
}

/// What is written beside a gap: `not watched 1 m 12 s`; `polled 40 s` where it was polled.
#[must_use]
pub fn gap_label(gap: &Gap) -> String {
    let length = format::spoken_duration(gap.to.since(gap.from));
    match gap.cause {
        GapCause::Polled => format!("polled {length}"),
        _ => format!("not watched {length}"),
    }
}

/// Paints a gap with its label at the top left. The label may run over the right edge.
pub fn paint_gap(painter: &Painter, palette: &Palette, rect: Rect, label: &str) {
    paint_hatch(painter, rect, palette.hatch(), 2.0, 8.5);
    if label.is_empty() {
        return;
    }
    let at = Rect::from_min_size(rect.min + egui::vec2(4.0, 1.0), egui::Vec2::ZERO);
    let width = painter
        .layout_no_wrap(label.to_owned(), theme::caption(), palette.warn)
        .size();
    let ground = Rect::from_min_size(
        Pos2::new(at.left() - 2.0, at.top()),
        width + egui::vec2(4.0, 0.0),
    );
    painter.rect_filled(ground, 2.0, palette.panel.gamma_multiply(0.8));
    paint_text(
        painter,
        at,
        Align2::LEFT_TOP,
        label,
        theme::caption(),
        palette.warn,
    );
}
