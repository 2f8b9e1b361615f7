//! The bar above the view: the views' tabs at the left, the view's own buttons at the right, or in a
//! row of their own where both do not fit.

use egui::{Align, Layout, Rect, Stroke, Ui, UiBuilder, vec2};

use crate::ui::{
    Command, View, ViewContext, theme,
    widgets::{Tab, tab_bar},
};

/// Left and right of the bar, and least between the tabs and the buttons.
const MARGIN: f32 = 12.0;

pub(super) fn show(
    ui: &mut Ui,
    tabs: &mut [Box<dyn View>],
    front: &'static str,
    cx: &mut ViewContext<'_>,
) {
    // How wide both are is known once they are painted.
    let memory = ui.scope_id().with("tab strip").with(front);
    let fitted = ui
        .data(|data| data.get_temp::<bool>(memory))
        .unwrap_or(true);

    let area = ui.available_rect_before_wrap();
    let bar = Rect::from_min_size(area.min, vec2(area.width(), theme::TAB_BAR));
    let row = if fitted {
        bar
    } else {
        bar.translate(vec2(0.0, theme::TAB_BAR))
    };
    let line = Stroke::new(1.0, cx.palette.border);
    for bar in [bar, row] {
        ui.painter().hline(bar.x_range(), bar.bottom() - 0.5, line);
    }
    let inner = |bar: Rect| {
        bar.with_max_y(bar.bottom() - 1.0)
            .shrink2(vec2(MARGIN, 0.0))
    };
    let left = UiBuilder::new()
        .max_rect(inner(bar))
        .layout(Layout::left_to_right(Align::Center));
    let painted = ui.scope_builder(left, |ui| {
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
    let tabs_width = painted.response.rect.width();
    let right = UiBuilder::new()
        .max_rect(inner(row))
        .layout(Layout::right_to_left(Align::Center));
    let painted = ui.scope_builder(right, |ui| {
        if let Some(view) = tabs.iter_mut().find(|view| view.id() == front) {
            view.toolbar(ui, cx);
        }
    });
    let wanted = tabs_width + painted.response.rect.width() + 3.0 * MARGIN;
    let fits = wanted <= bar.width();
    if fits != fitted {
        ui.data_mut(|data| data.insert_temp(memory, fits));
        ui.ctx().request_discard("the buttons have another row");
    }
    ui.advance_cursor_after_rect(row);
}
