//! Marks of fields: a lock for what cannot change, a word for what should not be used.

use egui::{Align2, CornerRadius, Painter, Pos2, Rect, Shape, Stroke, StrokeKind, pos2, vec2};

use super::card::Mark;
use crate::ui::{
    theme::{self, Palette},
    widgets::paint_text,
};

/// A lock, with its middle here.
pub(crate) fn paint_lock_icon(painter: &Painter, center: Pos2, color: egui::Color32) {
    let body = Rect::from_center_size(center + vec2(0.0, 1.5), vec2(7.0, 5.0));
    painter.rect_filled(body, CornerRadius::same(1), color);
    let bow = [
        vec2(-2.0, -1.0),
        vec2(-2.0, -3.0),
        vec2(-1.0, -4.2),
        vec2(1.0, -4.2),
        vec2(2.0, -3.0),
        vec2(2.0, -1.0),
    ];
    let points = bow.map(|offset| center + offset).to_vec();
    painter.add(Shape::line(points, Stroke::new(1.2, color)));
}

/// A tag with a lock and a word, its left edge here; returns where it went.
pub(super) fn paint_lock(
    painter: &Painter,
    palette: &Palette,
    left_center: Pos2,
    word: &str,
) -> Rect {
    let color = Mark::Immutable.color(palette);
    let font = egui::FontId::new(10.5, theme::caption_strong().family);
    let width = painter
        .layout_no_wrap(word.to_owned(), font.clone(), color)
        .size()
        .x;
    let min = pos2(left_center.x.round(), (left_center.y - 8.0).round());
    let rect = Rect::from_min_size(min, vec2((width + 23.0).ceil(), 16.0));
    painter.rect_filled(rect, CornerRadius::same(4), palette.tint(color));
    paint_lock_icon(painter, pos2(rect.left() + 9.5, rect.center().y), color);
    let text = rect.with_min_x(rect.left() + 17.0);
    paint_text(painter, text, Align2::LEFT_CENTER, word, font, color);
    rect
}

/// A tag whose ground is only an outline: what something means, beside what it says.
pub(super) fn paint_outlined(
    painter: &Painter,
    left_center: Pos2,
    word: &str,
    color: egui::Color32,
) -> Rect {
    let font = egui::FontId::new(10.5, theme::caption_strong().family);
    let width = painter
        .layout_no_wrap(word.to_owned(), font.clone(), color)
        .size()
        .x;
    let min = pos2(left_center.x.round(), (left_center.y - 8.0).round());
    let rect = Rect::from_min_size(min, vec2((width + 12.0).ceil(), 16.0));
    let line = Stroke::new(1.0, color);
    painter.rect_stroke(rect, CornerRadius::same(4), line, StrokeKind::Inside);
    paint_text(painter, rect, Align2::CENTER_CENTER, word, font, color);
    rect
}
