//! Buttons: outlined and quiet, as the design has them.

use egui::{
    Align2, Color32, CornerRadius, Painter, Popup, Rect, Response, Role, Sense, Stroke, StrokeKind,
    Ui, WidgetInfo, epaint::PathShape, pos2, vec2,
};

use super::{paint_elided, paint_text};
use crate::ui::theme::{self, Palette};

const HEIGHT: f32 = 23.0;
const PADDING: f32 = 9.0;
const CARET: f32 = 14.0;

fn outline(painter: &Painter, palette: &Palette, rect: Rect, response: &Response, on: bool) {
    let ground = if response.hovered() {
        palette.hover
    } else {
        Color32::TRANSPARENT
    };
    let line = if on || response.has_focus() {
        palette.accent
    } else {
        palette.border
    };
    let radius = CornerRadius::same(theme::RADIUS);
    painter.rect(
        rect,
        radius,
        ground,
        Stroke::new(1.0, line),
        StrokeKind::Inside,
    );
}

fn text_color(palette: &Palette, response: &Response, on: bool) -> Color32 {
    if on {
        palette.accent
    } else if response.hovered() || response.has_focus() {
        palette.text
    } else {
        palette.muted
    }
}

fn button(ui: &mut Ui, palette: &Palette, text: &str, on: bool, caret: bool) -> Response {
    let galley = ui
        .painter()
        .layout_no_wrap(text.to_owned(), theme::body(), palette.muted);
    let extra = if caret { CARET } else { 0.0 };
    let size = vec2((galley.size().x + 2.0 * PADDING + extra).ceil(), HEIGHT);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    let painter = ui.painter();
    outline(painter, palette, rect, &response, on);
    let color = text_color(palette, &response, on);
    let inner = rect.shrink2(vec2(PADDING, 0.0));
    paint_text(
        painter,
        inner,
        Align2::LEFT_CENTER,
        text,
        theme::body(),
        color,
    );
    if caret {
        let at = pos2(rect.right() - PADDING - 3.5, rect.center().y + 0.5);
        let triangle = vec![
            at + vec2(-4.0, -2.5),
            at + vec2(4.0, -2.5),
            at + vec2(0.0, 3.0),
        ];
        painter.add(PathShape::convex_polygon(triangle, color, Stroke::NONE));
    }
    response
}

/// An outlined button.
pub fn ghost_button(ui: &mut Ui, palette: &Palette, text: &str) -> Response {
    let response = button(ui, palette, text, false, false);
    response.widget_info(|| WidgetInfo::labeled(Role::Button, true, text));
    response
}

/// An outlined button that stays pressed: accented while `on`.
pub fn ghost_toggle(ui: &mut Ui, palette: &Palette, text: &str, on: bool) -> Response {
    let response = button(ui, palette, text, on, false);
    response.widget_info(|| WidgetInfo::selected(Role::Button, true, on, text));
    response
}

/// Several toggles of which one is on; returns the index of one that was clicked.
pub fn segmented(ui: &mut Ui, palette: &Palette, texts: &[&str], on: usize) -> Option<usize> {
    let mut clicked = None;
    for (i, text) in texts.iter().enumerate() {
        if ghost_toggle(ui, palette, text, i == on).clicked() {
            clicked = Some(i);
        }
    }
    clicked
}

/// A chip that opens a menu, for example `Namespace: all`. `name` is what it is called to those
/// who cannot see it.
pub fn dropdown<R>(
    ui: &mut Ui,
    palette: &Palette,
    name: &str,
    text: &str,
    menu: impl FnOnce(&mut Ui) -> R,
) -> Option<R> {
    let response = button(ui, palette, text, false, true);
    response.widget_info(|| WidgetInfo::labeled(Role::ComboBox, true, name));
    Popup::menu(&response)
        .gap(4.0)
        .show(menu)
        .map(|inner| inner.inner)
}

/// Makes a menu as wide as the widest of its lines.
pub fn fit_menu<'a>(ui: &mut Ui, texts: impl IntoIterator<Item = &'a str>) {
    let widest = texts
        .into_iter()
        .map(|text| {
            let galley =
                ui.painter()
                    .layout_no_wrap(text.to_owned(), theme::body(), Color32::PLACEHOLDER);
            galley.size().x
        })
        .fold(90.0, f32::max);
    ui.set_width((widest + 40.0).min(520.0));
    ui.spacing_mut().item_spacing.y = 1.0;
}

/// A line of a menu, with a dot before the one that is chosen.
pub fn menu_item(ui: &mut Ui, palette: &Palette, text: &str, chosen: bool) -> Response {
    let (rect, response) = ui.allocate_exact_size(vec2(ui.available_width(), 25.0), Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::MenuItem, true, chosen, text));
    if response.hovered() || response.has_focus() {
        ui.painter()
            .rect_filled(rect, CornerRadius::same(4), palette.hover);
    }
    if chosen {
        ui.painter()
            .circle_filled(rect.left_center() + vec2(10.0, 0.0), 2.5, palette.accent);
    }
    let place = rect.with_min_x(rect.left() + 20.0);
    paint_elided(
        ui.painter(),
        place,
        egui::Align::Min,
        text,
        theme::body(),
        palette.text,
    );
    response
}

/// A key as a keycap, painted with its right edge at the right of `rect`.
pub fn key_hint(painter: &Painter, palette: &Palette, rect: Rect, key: &str) -> Rect {
    let font = egui::FontId::new(10.5, egui::FontFamily::Proportional);
    let galley = painter.layout_no_wrap(key.to_owned(), font.clone(), palette.faint);
    let size = vec2((galley.size().x + 12.0).ceil(), 17.0);
    let cap = Align2::RIGHT_CENTER
        .align_size_within_rect(size, rect)
        .round_to_pixels(painter);
    let line = Stroke::new(1.0, palette.border);
    painter.rect_stroke(cap, CornerRadius::same(4), line, StrokeKind::Inside);
    paint_text(
        painter,
        cap,
        Align2::CENTER_CENTER,
        key,
        font,
        palette.faint,
    );
    cap
}

trait RoundToPixels {
    fn round_to_pixels(self, painter: &Painter) -> Self;
}

impl RoundToPixels for Rect {
    fn round_to_pixels(self, painter: &Painter) -> Self {
        let min = pos2(
            painter.round_to_pixel_center(self.min.x) - 0.5,
            painter.round_to_pixel_center(self.min.y) - 0.5,
        );
        Rect::from_min_size(min, self.size())
    }
}
