//! The inspector: one object, its history, and any two of its revisions side by side.

mod clock_text;
pub mod header;
pub mod history;
mod history_list;
mod history_paint;
pub mod origins;
mod owners;
mod readiness_line;
pub mod revision_row;
pub mod selection;
pub mod summary;
mod yaml_pane;

pub(crate) use yaml_pane::NOISE;

use std::time::Duration;

use egui::{Align, Layout, Rect, Sense, Ui, pos2, vec2};

use super::{
    diff::DiffPane,
    latency::{end_of, figures::running_text},
};
use crate::{
    model::Moment,
    timeline::{ChangeId, ObjectHistory, ObjectId, Timeline},
    ui::{
        Command, View, ViewContext, format,
        theme::{self, Palette},
        widgets::{EmptyIcon, EmptyState, Tab, badge, elided, label, tab_bar},
    },
};
use header::Header;
use history_list::HistoryList;
use origins::Origins;
use owners::OwnersPane;
use readiness_line::readiness_line;
use selection::Compared;
use yaml_pane::YamlPane;

const HEAD: f32 = 58.0;
const TABS: f32 = 38.0;
/// Least height of the list and of the diff below it.
const LEAST: f32 = 96.0;
/// Height of the list until the user moves the divider.
const LIST: f32 = 231.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum ObjectTab {
    #[default]
    History,
    Yaml,
    Owners,
}

/// The selected object.
#[derive(Debug, Default)]
pub struct ObjectView {
    tab: ObjectTab,
    head: HeadCache,
    history: HistoryList,
    /// Height of the list, once the user moved the divider.
    list_height: Option<f32>,
    diff: DiffPane,
    yaml: YamlPane,
    origins: Origins,
    owners: OwnersPane,
}

/// The head of one object at one state of its kind.
#[derive(Debug, Default)]
struct HeadCache {
    of: Option<(Moment, ObjectId, u64)>,
    head: Option<Header>,
}

impl HeadCache {
    fn get(&mut self, timeline: &Timeline, object: ObjectId) -> Option<&Header> {
        let epoch = timeline
            .object(object)
            .and_then(|object| timeline.kind(object.kind))?
            .epoch();
        let of = Some((timeline.extent()?.0, object, epoch));
        if self.of != of {
            self.head = Header::of(timeline, object);
            self.of = of;
        }
        self.head.as_ref()
    }
}

impl View for ObjectView {
    fn id(&self) -> &'static str {
        "object"
    }

    fn title(&self) -> &'static str {
        "Object"
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut ViewContext<'_>) {
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        let Some(object) = cx.selection.object else {
            nothing_selected(ui, cx.palette);
            return;
        };
        let Some(head) = self.head.get(cx.timeline, object) else {
            nothing_selected(ui, cx.palette);
            return;
        };
        paint_head(ui, cx, head);
        self.tabs(ui, cx.palette);
        self.history.update(cx.timeline, object);
        let compared = Compared::of(cx.selection, self.history.index());
        match self.tab {
            ObjectTab::History => {
                self.find_origins(ui, cx, object, compared.b);
                self.history_and_diff(ui, cx, compared);
            }
            ObjectTab::Owners => self.owners.show(ui, cx, object),
            ObjectTab::Yaml => {
                // The newest, though it may be a heartbeat that the history hides.
                let newest = cx.timeline.object(object).and_then(ObjectHistory::newest);
                let shown = cx.selection.revision_b.or(newest);
                self.find_origins(ui, cx, object, shown);
                self.yaml.show(ui, cx, shown, &self.origins);
            }
        }
    }
}

impl ObjectView {
    fn find_origins(
        &mut self,
        ui: &Ui,
        cx: &ViewContext<'_>,
        object: ObjectId,
        shown: Option<ChangeId>,
    ) {
        if shown.is_some_and(|shown| self.origins.advance(cx.timeline, object, shown)) {
            ui.ctx().request_repaint();
        }
    }

    fn tabs(&mut self, ui: &mut Ui, palette: &Palette) {
        let size = vec2(ui.available_width(), TABS);
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        let line = egui::Stroke::new(1.0, palette.border);
        ui.painter()
            .hline(rect.x_range(), rect.bottom() - 0.5, line);
        let inner = rect.with_min_x(rect.left() + theme::MARGIN - 2.0);
        let builder = egui::UiBuilder::new()
            .max_rect(inner)
            .layout(Layout::left_to_right(Align::Center));
        let tabs = [
            Tab {
                value: ObjectTab::History,
                label: "History",
            },
            Tab {
                value: ObjectTab::Yaml,
                label: "YAML",
            },
            Tab {
                value: ObjectTab::Owners,
                label: "Owners",
            },
        ];
        let chosen = ui
            .scope_builder(builder, |ui| tab_bar(ui, palette, &tabs, self.tab))
            .inner;
        if let Some(tab) = chosen {
            self.tab = tab;
        }
    }

    fn history_and_diff(&mut self, ui: &mut Ui, cx: &mut ViewContext<'_>, compared: Compared) {
        let area = ui.available_rect_before_wrap();
        let most = (area.height() - LEAST).max(LEAST);
        let natural = self.history.wanted_height(LIST).min(area.height() * 0.45);
        let height = self
            .list_height
            .unwrap_or(natural)
            .clamp(LEAST.min(most), most);
        let divider_y = area.top() + height;
        let above = Rect::from_min_max(area.min, pos2(area.right(), divider_y));
        let below = Rect::from_min_max(pos2(area.left(), divider_y + 1.0), area.max);
        ui.scope_builder(
            egui::UiBuilder::new().max_rect(above).id_salt("history"),
            |ui| {
                ui.set_clip_rect(above.intersect(ui.clip_rect()));
                self.history.show(ui, cx);
            },
        );
        ui.scope_builder(
            egui::UiBuilder::new().max_rect(below).id_salt("diff"),
            |ui| {
                ui.set_clip_rect(below.intersect(ui.clip_rect()));
                self.diff.show(ui, cx, compared, &self.origins);
            },
        );
        self.divider(ui, cx.palette, above, height);
    }

    fn divider(&mut self, ui: &Ui, palette: &Palette, above: Rect, height: f32) {
        let grip = Rect::from_min_max(
            above.left_bottom() - vec2(0.0, 3.0),
            above.right_bottom() + vec2(0.0, 4.0),
        );
        let response = ui.interact(grip, ui.scope_id().with("divider"), Sense::drag());
        if response.dragged() {
            self.list_height = Some(height + response.drag_delta().y);
        }
        let active = response.hovered() || response.dragged();
        let color = if active {
            palette.accent
        } else {
            palette.border
        };
        let line = egui::Stroke::new(1.0, color);
        ui.painter()
            .hline(above.x_range(), above.bottom() + 0.5, line);
        response.on_hover_and_drag_cursor(egui::CursorIcon::ResizeVertical);
    }
}

fn nothing_selected(ui: &mut Ui, palette: &Palette) {
    let empty = EmptyState {
        icon: EmptyIcon::Choose,
        title: "Nothing selected",
        explanation: "Choose a row to see what changed in it, when, and by whom.",
        hint: "",
        action: None,
    };
    empty.show(ui, palette);
}

fn paint_head(ui: &mut Ui, cx: &mut ViewContext<'_>, head: &Header) {
    let (palette, now) = (cx.palette, end_of(cx));
    let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), HEAD), Sense::hover());
    let inner = Rect::from_min_max(
        rect.min + vec2(theme::MARGIN, 12.0),
        rect.max - vec2(theme::MARGIN, 0.0),
    );
    let builder = egui::UiBuilder::new()
        .max_rect(inner)
        .layout(Layout::top_down(Align::LEFT));
    ui.scope_builder(builder, |ui| {
        ui.spacing_mut().item_spacing = vec2(7.0, 1.0);
        let width = ui.available_width();
        let name = elided(ui, &head.name, theme::title(), palette.text, width);
        name.context_menu(|ui| {
            if ui.button("Copy name").clicked() {
                cx.commands.push(Command::Copy(head.name.clone()));
                ui.close();
            }
        });
        ui.horizontal(|ui| {
            let pill = pill(head, cx, now);
            let painter = ui.painter().clone();
            let wide = |text: &str, font| {
                let galley = painter.layout_no_wrap(text.to_owned(), font, palette.muted);
                galley.size().x.ceil() + 1.0
            };
            let room = pill
                .as_ref()
                .map_or(0.0, |(text, ..)| wide(text, theme::caption_strong()) + 20.0);
            let width = ui.available_width() - room;
            let lines = head.lines(now);
            let fits = lines.iter().find(|line| wide(line, theme::body()) <= width);
            let line = elided(
                ui,
                fits.unwrap_or(&lines[2]),
                theme::body(),
                palette.muted,
                width,
            );
            if fits != Some(&lines[0]) {
                line.on_hover_text(&lines[0]);
            }
            if let Some((text, color, explanation)) = pill {
                badge(ui, palette, &text, color).on_hover_text(explanation);
            }
        });
    });
    if let Some(readiness) = &head.readiness {
        // What was laid out within the head has moved the cursor back.
        ui.advance_cursor_after_rect(rect);
        let size = vec2(ui.available_width(), readiness_line::HEIGHT);
        let (line, _) = ui.allocate_exact_size(size, Sense::hover());
        let line = line.shrink2(vec2(theme::MARGIN, 0.0));
        readiness_line(ui, palette, readiness, line);
    }
    if let Some(since) = head.reconciling_since
        && now == cx.now
    {
        // Tenths are worth a frame while they matter.
        let wait = match now.since(since).as_secs() {
            0..10 => 200,
            _ => 1_000,
        };
        ui.ctx().request_repaint_after(Duration::from_millis(wait));
    }
}

fn pill(
    head: &Header,
    cx: &ViewContext<'_>,
    now: Moment,
) -> Option<(String, egui::Color32, String)> {
    if let Some(deleted) = head.deleted {
        let text = format!("deleted {}", format::clock(deleted.wall, cx.zone));
        return Some((
            text,
            cx.palette.error,
            "The object is gone; its history stays.".into(),
        ));
    }
    let since = head.reconciling_since?;
    let text = format!("reconciling {}", running_text(now.since(since)));
    let explanation = format!(
        "The desired state changed at {}; the controller has not said yet that it caught up.",
        format::clock(since.wall, cx.zone)
    );
    Some((text, cx.palette.warn, explanation))
}

/// A short explanation of why a revision cannot be shown.
pub(crate) fn undecodable(ui: &mut Ui, palette: &Palette, reason: &str) {
    let empty = EmptyState {
        icon: EmptyIcon::Failed,
        title: "This revision cannot be read",
        explanation: reason,
        hint: "The revisions before and after it may be fine: choose another one.",
        action: None,
    };
    empty.show(ui, palette);
}

/// A line that stands for missing text.
pub(crate) fn quiet_line(ui: &mut Ui, palette: &Palette, text: &str) {
    ui.add_space(theme::MARGIN);
    ui.horizontal(|ui| {
        ui.add_space(theme::MARGIN);
        label(ui, text, theme::body(), palette.muted);
    });
}
