//! What a view shows when it has nothing to show: why, and what to do.

use egui::{
    Align2, Color32, CornerRadius, Painter, Rect, Role, Sense, Stroke, StrokeKind, Ui, WidgetInfo,
    pos2, vec2,
};

use super::ghost_button;
use crate::ui::theme::{self, Palette};

/// The picture above the words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EmptyIcon {
    /// Something is on its way.
    Waiting,
    /// There is nothing of the kind.
    Nothing,
    /// A filter hides everything.
    Filtered,
    /// It failed.
    Failed,
    /// Nothing is chosen.
    Choose,
}

/// An empty state.
#[derive(Debug, Clone, Copy)]
pub struct EmptyState<'a> {
    /// The picture.
    pub icon: EmptyIcon,
    /// What is the case, in a few words.
    pub title: &'a str,
    /// Why, in a sentence.
    pub explanation: &'a str,
    /// What to try; empty for none.
    pub hint: &'a str,
    /// A button that helps.
    pub action: Option<&'a str>,
}

impl EmptyState<'_> {
    /// Shows it in the middle of what is available. Returns whether the button was clicked.
    pub fn show(&self, ui: &mut Ui, palette: &Palette) -> bool {
        let area = ui.available_rect_before_wrap();
        let width = (area.width() - 2.0 * theme::MARGIN).clamp(0.0, 460.0);
        let height = 190.0_f32.min(area.height());
        let column = Align2::CENTER_CENTER.align_size_within_rect(vec2(width, height), area);
        let mut clicked = false;
        let builder = egui::UiBuilder::new()
            .max_rect(column)
            .layout(egui::Layout::top_down(egui::Align::Center));
        ui.scope_builder(builder, |ui| {
            ui.spacing_mut().item_spacing.y = 8.0;
            let (icon, _) = ui.allocate_exact_size(vec2(40.0, 40.0), Sense::hover());
            paint_icon(ui.painter(), palette, icon, self.icon);
            let title_color = if self.icon == EmptyIcon::Failed {
                palette.error
            } else {
                palette.text
            };
            paragraph(ui, self.title, theme::title(), title_color);
            paragraph(ui, self.explanation, theme::body(), palette.muted);
            if !self.hint.is_empty() {
                paragraph(ui, self.hint, theme::small(), palette.faint);
            }
            if let Some(action) = self.action {
                ui.add_space(4.0);
                clicked = ghost_button(ui, palette, action).clicked();
            }
        });
        ui.advance_cursor_after_rect(area);
        clicked
    }
}

fn paragraph(ui: &mut Ui, text: &str, font: egui::FontId, color: Color32) {
    let mut job = egui::text::LayoutJob::simple(text.to_owned(), font, color, ui.available_width());
    job.halign = egui::Align::Center;
    let galley = ui.painter().layout_job(job);
    let size = vec2(ui.available_width(), galley.size().y);
    let (rect, response) = ui.allocate_exact_size(size, Sense::hover());
    ui.painter().galley(rect.center_top(), galley, color);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
}

fn paint_icon(painter: &Painter, palette: &Palette, rect: Rect, icon: EmptyIcon) {
    let color = if icon == EmptyIcon::Failed {
        palette.error
    } else {
        palette.faint
    };
    let line = Stroke::new(1.75, color);
    let center = rect.center();
    match icon {
        EmptyIcon::Waiting => {
            for (i, strength) in [1.0, 0.65, 0.35].into_iter().enumerate() {
                let x = center.x + [-11.0, 0.0, 11.0][i];
                painter.circle_filled(pos2(x, center.y), 3.5, color.gamma_multiply(strength));
            }
        }
        EmptyIcon::Nothing => {
            for (i, y) in [-9.0, 0.0, 9.0].into_iter().enumerate() {
                let width = [26.0, 26.0, 15.0][i];
                let bar = Rect::from_min_size(center + vec2(-13.0, y - 2.5), vec2(width, 5.0));
                painter.rect_stroke(bar, CornerRadius::same(2), line, StrokeKind::Inside);
            }
        }
        EmptyIcon::Filtered => {
            for (y, half) in [(-8.0, 14.0), (0.0, 9.0), (8.0, 4.0)] {
                painter.hline(center.x - half..=center.x + half, center.y + y, line);
            }
        }
        EmptyIcon::Failed => {
            painter.circle_stroke(center, 14.0, line);
            painter.vline(center.x, center.y - 7.0..=center.y + 2.0, line);
            painter.circle_filled(pos2(center.x, center.y + 6.5), 1.4, color);
        }
        EmptyIcon::Choose => {
            let page = Rect::from_center_size(center, vec2(30.0, 26.0));
            painter.rect_stroke(page, CornerRadius::same(4), line, StrokeKind::Inside);
            painter.vline(center.x + 4.0, page.y_range(), line);
            for y in [-5.0, 0.0, 5.0] {
                painter.hline(page.left() + 5.0..=center.x - 1.0, center.y + y, line);
            }
        }
    }
}
