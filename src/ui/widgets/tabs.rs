//! A row of tabs, the chosen one underlined.

use egui::{Align2, Response, Role, Sense, Ui, WidgetInfo, vec2};

use super::paint_text;
use crate::ui::theme::{self, Palette};

const PADDING: f32 = 12.0;

/// One tab.
#[derive(Debug, Clone, Copy)]
pub struct Tab<'a, T> {
    /// What choosing it means.
    pub value: T,
    /// Its label.
    pub label: &'a str,
}

/// Shows tabs over the height that is available and returns the one that was clicked.
pub fn tab_bar<T: Copy + PartialEq>(
    ui: &mut Ui,
    palette: &Palette,
    tabs: &[Tab<'_, T>],
    chosen: T,
) -> Option<T> {
    let mut clicked = None;
    let height = ui.available_height();
    ui.spacing_mut().item_spacing.x = 0.0;
    for tab in tabs {
        if show(ui, palette, tab.label, tab.value == chosen, height).clicked() {
            clicked = Some(tab.value);
        }
    }
    clicked
}

fn show(ui: &mut Ui, palette: &Palette, text: &str, chosen: bool, height: f32) -> Response {
    // As wide chosen as not, so that the others stay where they are.
    let wide = ui
        .painter()
        .layout_no_wrap(text.to_owned(), theme::body_strong(), palette.text);
    let size = vec2((wide.size().x + 2.0 * PADDING).ceil(), height);
    let (rect, response) = ui.allocate_exact_size(size, Sense::click());
    response.widget_info(|| WidgetInfo::selected(Role::Tab, true, chosen, text));
    let (font, color) = match (chosen, response.hovered() || response.has_focus()) {
        (true, _) => (theme::body_strong(), palette.text),
        (false, true) => (theme::body(), palette.text),
        (false, false) => (theme::body(), palette.muted),
    };
    paint_text(ui.painter(), rect, Align2::CENTER_CENTER, text, font, color);
    if chosen {
        let line =
            egui::Rect::from_min_max(rect.left_bottom() - vec2(0.0, 2.0), rect.right_bottom());
        ui.painter().rect_filled(line, 0.0, palette.accent);
    }
    response
}
