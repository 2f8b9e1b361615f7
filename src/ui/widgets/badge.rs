//! Badges (round, with a figure or a state) and tags (square, with the part that changed).

use egui::{
    Align2, Color32, CornerRadius, FontId, Painter, Pos2, Rect, Response, Role, Sense, Ui,
    WidgetInfo, pos2, vec2,
};

use super::paint_text;
use crate::ui::theme::{self, Palette};

const BADGE_HEIGHT: f32 = 15.0;
const TAG_HEIGHT: f32 = 16.0;

struct Shape<'a> {
    text: &'a str,
    font: FontId,
    color: Color32,
    height: f32,
    padding: f32,
    min_width: f32,
    radius: u8,
}

impl Shape<'_> {
    fn width(&self, painter: &Painter) -> f32 {
        let galley = painter.layout_no_wrap(self.text.to_owned(), self.font.clone(), self.color);
        (galley.size().x + 2.0 * self.padding)
            .max(self.min_width)
            .ceil()
    }

    fn paint(&self, painter: &Painter, palette: &Palette, left_center: Pos2) -> Rect {
        let size = vec2(self.width(painter), self.height);
        let min = pos2(
            left_center.x.round(),
            (left_center.y - self.height / 2.0).round(),
        );
        let rect = Rect::from_min_size(min, size);
        painter.rect_filled(
            rect,
            CornerRadius::same(self.radius),
            palette.tint(self.color),
        );
        paint_text(
            painter,
            rect,
            Align2::CENTER_CENTER,
            self.text,
            self.font.clone(),
            self.color,
        );
        rect
    }

    fn show(&self, ui: &mut Ui, palette: &Palette) -> Response {
        let size = vec2(self.width(ui.painter()), self.height);
        let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
        self.paint(ui.painter(), palette, rect.left_center());
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, self.text));
        response
    }
}

fn badge_shape(text: &str, color: Color32) -> Shape<'_> {
    Shape {
        text,
        font: theme::caption_strong(),
        color,
        height: BADGE_HEIGHT,
        padding: 6.0,
        min_width: 18.0,
        radius: 7,
    }
}

fn tag_shape(text: &str, color: Color32) -> Shape<'_> {
    let font = FontId::new(10.5, theme::caption_strong().family);
    Shape {
        text,
        font,
        color,
        height: TAG_HEIGHT,
        padding: 6.0,
        min_width: 0.0,
        radius: 4,
    }
}

/// A round badge in a state's colour: a count, `reconciling 3.2 s`.
pub fn badge(ui: &mut Ui, palette: &Palette, text: &str, color: Color32) -> Response {
    badge_shape(text, color).show(ui, palette)
}

/// A badge, painted; returns where it went.
pub fn paint_badge(
    painter: &Painter,
    palette: &Palette,
    left_center: Pos2,
    text: &str,
    color: Color32,
) -> Rect {
    badge_shape(text, color).paint(painter, palette, left_center)
}

/// A badge whose right edge is given, painted; returns where it went.
pub fn paint_badge_right(
    painter: &Painter,
    palette: &Palette,
    right_center: Pos2,
    text: &str,
    color: Color32,
) -> Rect {
    let shape = badge_shape(text, color);
    let left_center = right_center - vec2(shape.width(painter), 0.0);
    shape.paint(painter, palette, left_center)
}

/// A square tag: `spec`, `status`, `meta`, `create`.
pub fn tag(ui: &mut Ui, palette: &Palette, text: &str, color: Color32) -> Response {
    tag_shape(text, color).show(ui, palette)
}

/// The same, painted; returns where it went.
pub fn paint_tag(
    painter: &Painter,
    palette: &Palette,
    left_center: Pos2,
    text: &str,
    color: Color32,
) -> Rect {
    tag_shape(text, color).paint(painter, palette, left_center)
}
