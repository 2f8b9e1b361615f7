//! Paints the table: headings, and the rows that are visible, never more.

use std::time::Duration;

use egui::{
    Align, CursorIcon, Key, Modifiers, Popup, Rect, Response, Role, ScrollArea, Sense, Stroke, Ui,
    WidgetInfo, epaint::PathShape, pos2, vec2,
};
use jiff::Timestamp;

use super::{
    column::{Column, Heading, Row},
    sparkline,
    widths::Widths,
};
use crate::{
    timeline::ObjectId,
    ui::{
        Command, ViewContext, theme,
        widgets::{Dot, fit_menu, menu_item, paint_dot, paint_elided},
    },
};

/// Where the table is scrolled to.
#[derive(Debug, Default)]
pub(super) struct Scroll {
    /// Taken up by the next frame.
    target: Option<f32>,
    offset: egui::Vec2,
    height: f32,
}

impl Scroll {
    /// Goes to the first row.
    pub(super) fn rewind(&mut self) {
        self.target = Some(0.0);
    }

    /// Brings a row into view, moving no further than it must.
    fn show_row(&mut self, index: usize) {
        #[expect(clippy::cast_precision_loss, reason = "a place on the screen")]
        let top = index as f32 * theme::ROW;
        if top < self.offset.y {
            self.target = Some(top);
        } else if top + theme::ROW > self.offset.y + self.height {
            self.target = Some(top + theme::ROW - self.height);
        }
    }

    fn page(&self) -> usize {
        rows_in(self.height).saturating_sub(1).max(1)
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a count of rows on the screen, not negative"
)]
fn rows_in(height: f32) -> usize {
    (height.max(0.0) / theme::ROW) as usize
}

/// One frame of the table.
pub(super) struct Table<'a> {
    pub(super) headings: &'a [Heading],
    pub(super) ids: &'a [ObjectId],
    pub(super) widths: &'a mut Widths,
    pub(super) sort: Option<(Column, bool)>,
    pub(super) scroll: &'a mut Scroll,
}

impl Table<'_> {
    /// Shows it over everything that is available. Returns the heading that was clicked.
    pub(super) fn show(&mut self, ui: &mut Ui, cx: &mut ViewContext<'_>) -> Option<Column> {
        self.keyboard(ui, cx);
        let area = ui.available_rect_before_wrap();
        let available = area.width();
        let widths = self
            .widths
            .fit(
                ui.painter(),
                self.headings,
                self.ids,
                cx.timeline,
                available,
            )
            .to_vec();
        let clicked = self.head(ui, &widths, cx);
        let top = ui.cursor().top();
        let total: f32 = widths.iter().sum();
        #[expect(clippy::cast_precision_loss, reason = "a height on the screen")]
        let height = self.ids.len() as f32 * theme::ROW;
        let mut scroll_area = ScrollArea::both().auto_shrink(false).id_salt("table");
        if let Some(target) = self.scroll.target.take() {
            scroll_area = scroll_area.vertical_scroll_offset(target);
        }
        let output = scroll_area.show_viewport(ui, |ui, viewport| {
            ui.set_width(total.max(available));
            ui.set_height(height);
            let first = rows_in(viewport.min.y);
            let count = rows_in(viewport.height()) + 2;
            // Counted from the top of the window and not of the content, which may be millions of
            // points above: there a point is not a whole number any more.
            #[expect(clippy::cast_precision_loss, reason = "a place on the screen")]
            let first_top = top - (viewport.min.y - first as f32 * theme::ROW).round();
            let left = area.left() - viewport.min.x;
            let mut youngest = None;
            for (i, id) in self.ids.iter().enumerate().skip(first).take(count) {
                #[expect(clippy::cast_precision_loss, reason = "a place on the screen")]
                let y = first_top + (i - first) as f32 * theme::ROW;
                let rect = Rect::from_min_size(pos2(area.left(), y), vec2(available, theme::ROW));
                let Some(row) = Row::of(cx.timeline, *id) else {
                    continue;
                };
                youngest = youngest.max(row.live.created);
                self.row(ui, rect, left, i, &row, &widths, cx);
            }
            keep_ages_fresh(ui, youngest, cx.now.timestamp());
        });
        self.scroll.offset = output.state.clamped_offset();
        self.scroll.height = output.inner_rect.height();
        clicked
    }

    fn head(&mut self, ui: &mut Ui, widths: &[f32], cx: &ViewContext<'_>) -> Option<Column> {
        let (bar, _) = ui.allocate_exact_size(
            vec2(ui.available_width(), theme::TABLE_HEAD),
            Sense::hover(),
        );
        let painter = ui.painter().with_clip_rect(bar.intersect(ui.clip_rect()));
        painter.rect_filled(bar, 0.0, cx.palette.panel);
        painter.hline(
            bar.x_range(),
            bar.bottom() - 0.5,
            Stroke::new(1.0, cx.palette.border),
        );
        let mut clicked = None;
        let mut x = bar.left() - self.scroll.offset.x;
        for (i, heading) in self.headings.iter().enumerate() {
            let rect = Rect::from_min_size(pos2(x, bar.top()), vec2(widths[i], bar.height() - 1.0));
            x += widths[i];
            let id = ui.scope_id().with(("heading", i));
            let response = ui.interact(rect.intersect(bar), id, Sense::click());
            self.heading(&painter, rect, heading, &response, cx);
            if response.clicked() {
                clicked = Some(heading.column);
            }
            if !heading.about.is_empty() {
                response.on_hover_text(&heading.about);
            }
            self.resize_handle(ui, rect, i, widths[i], cx);
        }
        clicked
    }

    fn heading(
        &self,
        painter: &egui::Painter,
        rect: Rect,
        heading: &Heading,
        response: &Response,
        cx: &ViewContext<'_>,
    ) {
        let spoken = match heading.column {
            Column::Dot => "Sort by readiness",
            _ => &heading.title,
        };
        response.widget_info(|| WidgetInfo::labeled(Role::ColumnHeader, true, spoken));
        let sorted = self.sort.filter(|(column, _)| *column == heading.column);
        let lit = sorted.is_some() || response.hovered() || response.has_focus();
        let color = if lit {
            cx.palette.text
        } else {
            cx.palette.muted
        };
        let place = cell_rect(rect, heading);
        let text = &heading.title;
        let align = if heading.numeric {
            Align::Max
        } else {
            Align::Min
        };
        paint_elided(painter, place, align, text, theme::heading(), color);
        if let Some((_, descending)) = sorted {
            let width = painter
                .layout_no_wrap(text.clone(), theme::heading(), color)
                .size()
                .x;
            let x = match (heading.column, heading.numeric) {
                (Column::Dot, _) => rect.center().x,
                (_, true) => place.right() - width.min(place.width()) - 8.0,
                (_, false) => place.left() + width.min(place.width() - 10.0) + 8.0,
            };
            let tip = if descending { 3.0 } else { -3.0 };
            let at = pos2(x, rect.center().y);
            let triangle = vec![
                at + vec2(-3.5, -tip / 2.0),
                at + vec2(3.5, -tip / 2.0),
                at + vec2(0.0, tip),
            ];
            painter.add(PathShape::convex_polygon(
                triangle,
                cx.palette.accent,
                Stroke::NONE,
            ));
        }
    }

    fn resize_handle(&mut self, ui: &Ui, rect: Rect, i: usize, width: f32, cx: &ViewContext<'_>) {
        if self.headings[i].column == Column::Dot || i + 1 == self.headings.len() {
            return;
        }
        let edge = rect.right() - 11.0;
        let zone = Rect::from_x_y_ranges(edge - 4.0..=edge + 4.0, rect.y_range());
        let id = ui.scope_id().with(("resize", i));
        let response = ui.interact(zone, id, Sense::drag());
        if response.hovered() || response.dragged() {
            ui.set_cursor_icon(CursorIcon::ResizeHorizontal);
            let line = Stroke::new(1.0, cx.palette.faint);
            ui.painter().vline(
                edge.round() + 0.5,
                rect.shrink2(vec2(0.0, 6.0)).y_range(),
                line,
            );
        }
        if response.dragged() {
            self.widths.drag(i, width + response.drag_delta().x);
        }
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "a row is where all of a frame meets"
    )]
    fn row(
        &self,
        ui: &Ui,
        rect: Rect,
        left: f32,
        index: usize,
        row: &Row<'_>,
        widths: &[f32],
        cx: &mut ViewContext<'_>,
    ) {
        let id = ui.scope_id().with(("row", row.id));
        let response = ui.interact(rect, id, Sense::click());
        let chosen = cx.selection.object == Some(row.id);
        let name = row.object.key.to_string();
        response.widget_info(|| WidgetInfo::selected(Role::Row, true, chosen, &name));
        let ground = if chosen {
            cx.palette.selection
        } else if response.hovered() {
            cx.palette.hover
        } else if index.is_multiple_of(2) {
            cx.palette.zebra
        } else {
            cx.palette.canvas
        };
        let painter = ui.painter();
        painter.rect_filled(rect, 0.0, ground);
        let speaks = ui.ctx().has_accesskit_node(response.id);
        let now = cx.now.timestamp();
        let pointer = response.hover_pos();
        let mut tooltip = None;
        let mut x = left;
        for (i, heading) in self.headings.iter().enumerate() {
            let cell = Rect::from_min_size(pos2(x, rect.top()), vec2(widths[i], rect.height()));
            x += widths[i];
            if cell.right() < rect.left() || cell.left() > rect.right() {
                continue;
            }
            let under_pointer = pointer.is_some_and(|at| cell.x_range().contains(at.x));
            match heading.column {
                Column::Dot => {
                    let readiness = &row.live.readiness;
                    let dot = Dot::of_readiness(readiness);
                    let center = pos2(cell.left() + 16.0, cell.center().y);
                    paint_dot(painter, cx.palette, center, 5.0, dot);
                    if speaks {
                        let node = ui.interact(cell, response.id.with(i), Sense::hover());
                        node.widget_info(|| {
                            WidgetInfo::labeled(Role::Cell, true, readiness.label())
                        });
                    }
                    if under_pointer {
                        tooltip = Some(readiness.sentence());
                    }
                }
                Column::LastHour => {
                    let place = cell_rect(cell, heading);
                    sparkline::paint(painter, cx.palette, place, cx.timeline, row.object, cx.now);
                }
                column => {
                    let text = row.text(column, cx.timeline, now);
                    let color = row.color(heading, &text, cx.palette);
                    let place = cell_rect(cell, heading);
                    let align = if heading.numeric {
                        Align::Max
                    } else {
                        Align::Min
                    };
                    let cut = paint_elided(painter, place, align, &text, theme::body(), color);
                    if speaks {
                        let cell_id = response.id.with(i);
                        let node = ui.interact(cell, cell_id, Sense::hover());
                        node.widget_info(|| WidgetInfo::labeled(Role::Cell, true, &*text));
                    }
                    if cut && under_pointer {
                        tooltip = Some(text.into_owned());
                    }
                }
            }
        }
        self.act(ui, &response, row, &name, tooltip, cx);
    }

    fn act(
        &self,
        ui: &Ui,
        response: &Response,
        row: &Row<'_>,
        name: &str,
        tooltip: Option<String>,
        cx: &mut ViewContext<'_>,
    ) {
        if response.clicked() {
            // The keyboard goes on from here.
            ui.memory_mut(|memory| {
                if let Some(focused) = memory.focused() {
                    memory.surrender_focus(focused);
                }
            });
            cx.send(Command::SelectObject(row.id));
        }
        Popup::context_menu(response).show(|ui| {
            fit_menu(ui, ["Copy name", "Copy kubectl command"]);
            if menu_item(ui, cx.palette, "Copy name", false).clicked() {
                cx.send(Command::Copy(name.to_owned()));
            }
            let Some(kind) = cx.timeline.kind(row.object.kind) else {
                return;
            };
            let plural = kind.kind.qualified_plural();
            let command = match &row.object.key.namespace {
                Some(namespace) => {
                    format!(
                        "kubectl get {plural} -n {namespace} {} -o yaml",
                        row.object.key.name
                    )
                }
                None => format!("kubectl get {plural} {} -o yaml", row.object.key.name),
            };
            if menu_item(ui, cx.palette, "Copy kubectl command", false).clicked() {
                cx.send(Command::Copy(command));
            }
        });
        if let Some(tooltip) = tooltip.filter(|text| !text.is_empty()) {
            response.clone().on_hover_text_at_pointer(tooltip);
        }
    }

    /// Up, down, page up, page down, home, end and enter, where nothing else wants the keys.
    fn keyboard(&mut self, ui: &Ui, cx: &mut ViewContext<'_>) {
        let writing = ui.ctx().egui_wants_keyboard_input();
        if !writing && ui.memory(|memory| memory.focused().is_some()) {
            // A button that the tab key went to keeps its keys.
            return;
        }
        let pressed = ui.input_mut(|input| {
            [
                Key::ArrowDown,
                Key::ArrowUp,
                Key::PageDown,
                Key::PageUp,
                Key::Home,
                Key::End,
                Key::Enter,
            ]
            .into_iter()
            // In the search field the rows still follow the arrows.
            .filter(|key| !writing || matches!(key, Key::ArrowDown | Key::ArrowUp | Key::Enter))
            .find(|key| input.consume_key(Modifiers::NONE, *key))
        });
        let Some(key) = pressed else { return };
        let last = self.ids.len().saturating_sub(1);
        let at = cx
            .selection
            .object
            .and_then(|object| self.ids.iter().position(|id| *id == object));
        let to = match (key, at) {
            (Key::Home, _) | (Key::ArrowDown | Key::PageDown | Key::Enter, None) => 0,
            (Key::End, _) | (Key::ArrowUp | Key::PageUp, None) => last,
            (Key::ArrowDown, Some(at)) => (at + 1).min(last),
            (Key::ArrowUp, Some(at)) => at.saturating_sub(1),
            (Key::PageDown, Some(at)) => (at + self.scroll.page()).min(last),
            (Key::PageUp, Some(at)) => at.saturating_sub(self.scroll.page()),
            (_, Some(at)) => at,
            (_, None) => return,
        };
        self.scroll.show_row(to);
        if let Some(id) = self.ids.get(to) {
            cx.send(Command::SelectObject(*id));
        }
    }
}

/// Where the text of a cell goes.
fn cell_rect(cell: Rect, heading: &Heading) -> Rect {
    match heading.column {
        Column::Dot => cell,
        _ => cell.with_max_x(cell.right() - 14.0),
    }
}

/// Asks for the frame in which the youngest visible age is another one: kubectl prints seconds up to
/// ten minutes, then whole minutes. An hour after the last creation a still window costs nothing.
fn keep_ages_fresh(ui: &Ui, youngest: Option<Timestamp>, now: Timestamp) {
    let Some(created) = youngest else { return };
    let age = now.duration_since(created).unsigned_abs();
    let wait = if age < Duration::from_secs(600) {
        Duration::from_nanos(1_000_000_000 - u64::from(age.subsec_nanos()))
    } else {
        Duration::from_secs(60 - age.as_secs() % 60)
    };
    ui.ctx().request_repaint_after(wait);
}
