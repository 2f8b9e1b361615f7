//! The bar above the view: the views' tabs at the left, the view's own buttons at the right.

use egui::{Align, Layout, Rect, Stroke, Ui, UiBuilder, vec2};

use crate::ui::{
    Command, View, ViewContext, theme,
    widgets::{Tab, tab_bar},
};

pub(super) fn show(
    ui: &mut Ui,
    tabs: &mut [Box<dyn View>],
    front: &'static str,
    cx: &mut ViewContext<'_>,
) {
    let area = ui.available_rect_before_wrap();
    let bar = Rect::from_min_size(area.min, vec2(area.width(), theme::TAB_BAR));
    let line = Stroke::new(1.0, cx.palette.border);
    ui.painter().hline(bar.x_range(), bar.bottom() - 0.5, line);
    let inner = bar.with_max_y(bar.bottom() - 1.0);
    let left = UiBuilder::new()
        .max_rect(inner.with_min_x(inner.left() + 12.0))
        .layout(Layout::left_to_right(Align::Center));
    ui.scope_builder(left, |ui| {
        let labels: Vec<_> = tabs
            .iter()
            .map(|view| Tab {
                value: view.id(),
                label: view.title(),
            })
            .collect();
        if let Some(id) = tab_bar(ui, cx.palette, &labels, front) {
            cx.send(Command::ShowView(id));
        }
    });
    let right = UiBuilder::new()
        .max_rect(inner.with_max_x(inner.right() - 12.0))
        .layout(Layout::right_to_left(Align::Center));
    ui.scope_builder(right, |ui| {
        if let Some(view) = tabs.iter_mut().find(|view| view.id() == front) {
            view.toolbar(ui, cx);
        }
    });
    ui.advance_cursor_after_rect(bar);
}
