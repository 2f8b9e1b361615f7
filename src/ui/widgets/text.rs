//! Text on one line, cut with an ellipsis where there is no room.

use std::sync::Arc;

use egui::{
    Align, Align2, Color32, FontId, Galley, Painter, Rect, Response, Role, Sense, Ui, WidgetInfo,
    pos2, text::LayoutJob, vec2,
};

fn layout(painter: &Painter, text: &str, font: FontId, color: Color32, width: f32) -> Arc<Galley> {
    let mut job = LayoutJob::simple_singleline(text.to_owned(), font, color);
    job.wrap.max_width = width.max(0.0);
    job.wrap.max_rows = 1;
    job.wrap.break_anywhere = true;
    painter.layout_job(job)
}

/// Paints one line, anchored in `rect`, and returns where it went.
pub fn paint_text(
    painter: &Painter,
    rect: Rect,
    anchor: Align2,
    text: &str,
    font: FontId,
    color: Color32,
) -> Rect {
    let galley = painter.layout_no_wrap(text.to_owned(), font, color);
    let place = anchor.align_size_within_rect(galley.size(), rect);
    // Whole pixels keep the glyphs of neighbouring cells on one baseline.
    let min = pos2(
        place.min.x,
        painter.round_to_pixel_center(place.min.y) - 0.5,
    );
    painter.galley(min, galley, color);
    Rect::from_min_size(min, place.size())
}

/// Paints one line, vertically centred in `rect` and cut to its width. Returns whether it was cut.
pub fn paint_elided(
    painter: &Painter,
    rect: Rect,
    align: Align,
    text: &str,
    font: FontId,
    color: Color32,
) -> bool {
    if rect.width() < 1.0 || text.is_empty() {
        return false;
    }
    let galley = layout(painter, text, font, color, rect.width());
    let elided = galley.elided;
    let place = Align2([align, Align::Center]).align_size_within_rect(galley.size(), rect);
    let min = pos2(
        place.min.x,
        painter.round_to_pixel_center(place.min.y) - 0.5,
    );
    painter.galley(min, galley, color);
    elided
}

/// A line of text of its natural width.
pub fn label(ui: &mut Ui, text: &str, font: FontId, color: Color32) -> Response {
    let width = ui.available_width();
    elided(ui, text, font, color, width)
}

/// A line of text, at most `width` wide; cut, it shows the whole text under the pointer.
pub fn elided(ui: &mut Ui, text: &str, font: FontId, color: Color32, width: f32) -> Response {
    let galley = layout(ui.painter(), text, font, color, width);
    let cut = galley.elided;
    let size = vec2(galley.size().x.min(width), galley.size().y);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter().galley(rect.min, galley, color);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
    if cut {
        response.on_hover_text(text)
    } else {
        response
    }
}
