//! The fields of a schema as a tree, and all that is known of the one that is chosen.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use egui::{
    Align, Align2, Color32, Key, Modifiers, Rect, Response, Role, ScrollArea, Sense, Stroke, Ui,
    WidgetInfo, pos2, vec2,
};

use super::{
    card::{FieldCard, Mark, type_text},
    marks,
    tree::{self, Found, TreeRow},
};
use crate::{
    schema::{Field, Schema},
    ui::{
        Command, ViewContext,
        background::{Background, Progress},
        theme::{self, Palette},
        widgets::{ghost_button, paint_elided, paint_tag, paint_text},
    },
};

/// Points that a field lies further to the right than the one that it is in.
const INDENT: f32 = 14.0;
/// Height of the card until the user moves its edge.
const CARD: f32 = 230.0;
/// What is kept of rows that were painted.
const MOST_CELLS: usize = 4_000;

/// What stands beside the name of a field.
#[derive(Debug)]
struct Cells {
    name: String,
    type_text: String,
    default: Option<String>,
    marks: Vec<Mark>,
    summary: String,
}

impl Cells {
    fn of(field: &Field<'_>) -> Self {
        let default = field.default_text().map(|text| format!("= {text}"));
        let values = || {
            let values = field.enum_values()?;
            let all: Vec<_> = values
                .iter()
                .map(|value| crate::schema::plain(value))
                .collect();
            Some(all.join(" | "))
        };
        Self {
            name: field.name().to_owned(),
            type_text: type_text(field),
            default: default.or_else(values),
            marks: super::card::marks(field),
            summary: field.summary().unwrap_or_default().into_owned(),
        }
    }
}

/// The tree and what it remembers.
#[derive(Debug)]
pub(super) struct FieldsPane {
    /// What the tree is of, and how many there were before.
    of: Option<Arc<Schema>>,
    number: u64,
    open: HashSet<String>,
    rows: Vec<TreeRow>,
    cells: HashMap<String, Cells>,
    pub(super) chosen: Option<String>,
    card: Option<(String, FieldCard)>,
    searches: Background<(u64, String), Found>,
    searched: Option<Arc<Found>>,
    pub(super) filter: String,
    scroll_to: Option<String>,
    offset: f32,
    height: f32,
}

impl Default for FieldsPane {
    fn default() -> Self {
        Self {
            of: None,
            number: 0,
            open: HashSet::new(),
            rows: Vec::new(),
            cells: HashMap::new(),
            chosen: None,
            card: None,
            searches: Background::new(8),
            searched: None,
            filter: String::new(),
            scroll_to: None,
            offset: 0.0,
            height: 0.0,
        }
    }
}

impl FieldsPane {
    fn take(&mut self, schema: &Arc<Schema>) {
        if self.of.as_ref().is_some_and(|of| Arc::ptr_eq(of, schema)) {
            return;
        }
        let is_other_kind = self
            .of
            .as_ref()
            .is_none_or(|of| of.overview().names != schema.overview().names);
        if is_other_kind {
            self.open = HashSet::from(["spec".to_owned()]);
            self.chosen = self
                .chosen
                .take()
                .filter(|path| schema.find(path).is_some());
        }
        self.of = Some(Arc::clone(schema));
        self.number += 1;
        self.cells.clear();
        self.card = None;
        self.searched = None;
        self.rows = tree::visible(schema, &self.open);
        // A field that was asked for before its schema was there.
        if let Some(path) = self.scroll_to.clone() {
            self.reveal(&path);
        }
    }

    /// Chooses a field, and opens everything around it.
    pub(super) fn reveal(&mut self, path: &str) {
        self.chosen = Some(path.to_owned());
        self.scroll_to = Some(path.to_owned());
        self.filter.clear();
        let Some(schema) = self.of.clone() else {
            return;
        };
        if let Some(field) = schema.find(path) {
            self.open.extend(tree::ways(&field));
            self.rows = tree::visible(&schema, &self.open);
        }
    }

    /// What the search found; `None` when nothing is searched for. A search that is under way shows
    /// what the one before found.
    fn search(&mut self, ui: &Ui, schema: &Arc<Schema>) -> Option<Arc<Found>> {
        let text = self.filter.trim().to_lowercase();
        if text.is_empty() {
            self.searched = None;
            return None;
        }
        let searched = Arc::clone(schema);
        let key = (self.number, text);
        let progress = self.searches.get(ui.ctx(), &key, move |(_, text)| {
            Ok(tree::search(&searched, text))
        });
        if let Progress::Done(found) = progress {
            self.searched = Some(found);
        }
        Some(self.searched.clone().unwrap_or_default())
    }

    /// How many fields the search found.
    pub(super) fn hits(&self) -> Option<usize> {
        self.searched.as_ref().map(|found| found.hits)
    }

    /// Shows tree and card over everything that is available.
    pub(super) fn show(&mut self, ui: &mut Ui, cx: &mut ViewContext<'_>, schema: &Arc<Schema>) {
        self.take(schema);
        let found = self.search(ui, schema);
        let palette = cx.palette;
        if self.chosen.is_some() {
            let frame = egui::Frame::new()
                .fill(palette.panel)
                .inner_margin(egui::Margin {
                    left: 14,
                    right: 10,
                    top: 10,
                    bottom: 6,
                });
            egui::Panel::bottom("field")
                .resizable(true)
                .default_size(CARD.min(ui.available_height() * 0.5))
                .size_range(80.0..=(ui.available_height() - 120.0).max(81.0))
                .frame(frame)
                .show(ui, |ui| self.card(ui, cx, schema));
        }
        egui::CentralPanel::no_frame().show(ui, |ui| match &found {
            Some(found) if found.rows.is_empty() => {
                let text = "No field has this in its path or description.";
                crate::ui::views::object::quiet_line(ui, palette, text);
            }
            Some(found) => self.rows(ui, palette, schema, &found.rows),
            None => {
                let rows = std::mem::take(&mut self.rows);
                self.rows(ui, palette, schema, &rows);
                if self.rows.is_empty() {
                    self.rows = rows;
                }
            }
        });
    }

    fn card(&mut self, ui: &mut Ui, cx: &mut ViewContext<'_>, schema: &Schema) {
        let Some(path) = &self.chosen else { return };
        if self.card.as_ref().is_none_or(|(of, _)| of != path) {
            let card = schema.find(path).map(|field| FieldCard::of(&field));
            self.card = card.map(|card| (path.clone(), card));
        }
        let Some((path, card)) = &self.card else {
            crate::ui::views::object::quiet_line(ui, cx.palette, "This version has no such field.");
            return;
        };
        let corner = ui.available_rect_before_wrap();
        ScrollArea::vertical()
            .id_salt("card")
            .auto_shrink(false)
            .show(ui, |ui| {
                ui.set_max_width(760.0_f32.min(ui.available_width() - 70.0));
                card.show(ui, cx.palette);
            });
        let place = Rect::from_min_max(
            pos2(corner.right() - 60.0, corner.top()),
            pos2(corner.right(), corner.top() + 24.0),
        );
        let layout = egui::Layout::right_to_left(Align::Center);
        let builder = egui::UiBuilder::new().max_rect(place).layout(layout);
        ui.scope_builder(builder, |ui| {
            if ghost_button(ui, cx.palette, "Copy")
                .on_hover_text("Copy the path of the field")
                .clicked()
            {
                cx.send(Command::Copy(path.clone()));
            }
        });
    }

    fn rows(&mut self, ui: &mut Ui, palette: &Palette, schema: &Schema, rows: &[TreeRow]) {
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        self.keyboard(ui, schema, rows);
        let mut area = ScrollArea::vertical().id_salt("tree").auto_shrink(false);
        let target = self.scroll_to.take();
        if let Some(at) = target.and_then(|path| rows.iter().position(|row| row.path == path)) {
            #[expect(clippy::cast_precision_loss, reason = "a place on the screen")]
            let top = at as f32 * theme::ROW;
            if top < self.offset {
                area = area.vertical_scroll_offset(top);
            } else if top + theme::ROW > self.offset + self.height {
                let height = self.height.max(theme::ROW * 3.0);
                area = area.vertical_scroll_offset(top + theme::ROW - height);
            }
        }
        let mut clicked = None;
        let output = area.show_rows(ui, theme::ROW, rows.len(), |ui, range| {
            for at in range {
                if self.row(ui, palette, schema, at, &rows[at]) {
                    clicked = Some(at);
                }
            }
        });
        self.offset = output.state.clamped_offset().y;
        self.height = output.inner_rect.height();
        if let Some(row) = clicked.map(|at| &rows[at]) {
            let was_chosen = self.chosen.as_ref() == Some(&row.path);
            self.chosen = Some(row.path.clone());
            if was_chosen || row.is_open == Some(false) {
                self.toggle(schema, row);
            }
        }
    }

    fn toggle(&mut self, schema: &Schema, row: &TreeRow) {
        match row.is_open {
            Some(true) => {
                self.open.remove(&row.path);
            }
            Some(false) => {
                self.open.insert(row.path.clone());
            }
            None => return,
        }
        self.rows = tree::visible(schema, &self.open);
    }

    /// Returns whether it was clicked.
    fn row(
        &mut self,
        ui: &mut Ui,
        palette: &Palette,
        schema: &Schema,
        at: usize,
        row: &TreeRow,
    ) -> bool {
        if !self.cells.contains_key(&row.path) {
            if self.cells.len() > MOST_CELLS {
                self.cells.clear();
            }
            if let Some(field) = schema.find(&row.path) {
                self.cells.insert(row.path.clone(), Cells::of(&field));
            }
        }
        let size = vec2(ui.available_width(), theme::ROW);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        let Some(cells) = self.cells.get(&row.path) else {
            return false;
        };
        let chosen = self.chosen.as_ref() == Some(&row.path);
        ground(ui, palette, rect, &response, at, chosen);
        let summary = paint_cells(ui, palette, rect, row, cells);
        let words: Vec<_> = cells.marks.iter().map(|mark| mark.word()).collect();
        let spoken = [&row.path, &cells.type_text, &words.join(" ")]
            .map(String::as_str)
            .join(" ");
        response.widget_info(|| WidgetInfo::selected(Role::TreeItem, true, chosen, spoken.trim()));
        let clicked = response.clicked();
        if let Some(text) = summary {
            response.on_hover_text_at_pointer(text);
        }
        clicked
    }

    /// Up and down choose, left and right close and open, where nothing else wants the keys.
    fn keyboard(&mut self, ui: &Ui, schema: &Schema, rows: &[TreeRow]) {
        if ui.ctx().egui_wants_keyboard_input() || ui.memory(|memory| memory.focused().is_some()) {
            return;
        }
        let keys = [
            Key::ArrowDown,
            Key::ArrowUp,
            Key::ArrowLeft,
            Key::ArrowRight,
            Key::Home,
            Key::End,
        ];
        let pressed = ui.input_mut(|input| {
            keys.into_iter()
                .find(|key| input.consume_key(Modifiers::NONE, *key))
        });
        let (Some(key), Some(last)) = (pressed, rows.len().checked_sub(1)) else {
            return;
        };
        let at = self
            .chosen
            .as_ref()
            .and_then(|path| rows.iter().position(|row| row.path == *path));
        let to = match (key, at) {
            (Key::Home, _) | (_, None) => 0,
            (Key::End, _) => last,
            (Key::ArrowDown, Some(at)) => (at + 1).min(last),
            (Key::ArrowUp, Some(at)) => at.saturating_sub(1),
            (Key::ArrowRight, Some(at)) if rows[at].is_open == Some(false) => {
                self.toggle(schema, &rows[at]);
                return;
            }
            (Key::ArrowLeft, Some(at)) if rows[at].is_open == Some(true) => {
                self.toggle(schema, &rows[at]);
                return;
            }
            (Key::ArrowLeft, Some(at)) => {
                let depth = rows[at].depth;
                rows[..at]
                    .iter()
                    .rposition(|row| row.depth < depth)
                    .unwrap_or(at)
            }
            (_, Some(at)) => at,
        };
        self.chosen = Some(rows[to].path.clone());
        self.scroll_to = self.chosen.clone();
    }
}

fn ground(ui: &Ui, palette: &Palette, rect: Rect, response: &Response, at: usize, chosen: bool) {
    let color = if chosen {
        palette.selection
    } else if response.hovered() {
        palette.hover
    } else if at.is_multiple_of(2) {
        palette.zebra
    } else {
        Color32::TRANSPARENT
    };
    ui.painter().rect_filled(rect, 0.0, color);
}

/// Returns the summary where it was cut.
fn paint_cells(
    ui: &Ui,
    palette: &Palette,
    rect: Rect,
    row: &TreeRow,
    cells: &Cells,
) -> Option<String> {
    let painter = ui.painter();
    #[expect(clippy::cast_precision_loss, reason = "a place on the screen")]
    let left = rect.left() + 22.0 + row.depth as f32 * INDENT;
    if let Some(is_open) = row.is_open {
        triangle(ui, palette, pos2(left - 9.0, rect.center().y), is_open);
    }
    let names = (rect.width() * 0.34).clamp(150.0, 330.0);
    let types = (rect.width() * 0.2).clamp(96.0, 190.0);
    let name_end = (rect.left() + names).max(left + 60.0);
    let is_marked = |mark| cells.marks.contains(&mark);
    let color = if is_marked(Mark::Deprecated) {
        palette.muted
    } else {
        palette.text
    };
    let place = rect.with_min_x(left).with_max_x(name_end - 10.0);
    paint_elided(
        painter,
        place,
        Align::LEFT,
        &cells.name,
        theme::mono(),
        color,
    );
    let width = painter
        .layout_no_wrap(cells.name.clone(), theme::mono(), color)
        .size()
        .x
        .min(place.width());
    if is_marked(Mark::Deprecated) {
        let line = Stroke::new(1.0, palette.warn);
        painter.hline(left..=left + width, rect.center().y + 0.5, line);
    }
    if is_marked(Mark::Required) {
        let star = Rect::from_min_size(
            pos2(left + width + 3.0, rect.top()),
            vec2(8.0, rect.height()),
        );
        paint_text(
            painter,
            star,
            Align2::LEFT_CENTER,
            "*",
            theme::body_strong(),
            palette.accent,
        );
    }
    let place = rect
        .with_min_x(name_end)
        .with_max_x(name_end + types - 10.0);
    paint_elided(
        painter,
        place,
        Align::LEFT,
        &cells.type_text,
        theme::small(),
        palette.muted,
    );
    let mut rest = rect
        .with_min_x(name_end + types)
        .with_max_x(rect.right() - 12.0);
    for mark in cells.marks.iter().filter(|mark| **mark != Mark::Required) {
        let at = pos2(rest.left(), rest.center().y);
        let tag = match mark {
            Mark::Immutable => marks::paint_lock(painter, palette, at, mark.word()),
            _ => paint_tag(painter, palette, at, mark.word(), mark.color(palette)),
        };
        rest = rest.with_min_x((tag.right() + 7.0).min(rest.right()));
    }
    if let Some(default) = &cells.default {
        let most = rest.with_max_x(rest.left() + rest.width() * 0.55);
        paint_elided(
            painter,
            most,
            Align::LEFT,
            default,
            theme::mono(),
            palette.accent,
        );
        let width = painter
            .layout_no_wrap(default.clone(), theme::mono(), palette.accent)
            .size()
            .x
            .min(most.width());
        rest = rest.with_min_x((rest.left() + width + 10.0).min(rest.right()));
    }
    let cut = paint_elided(
        painter,
        rest,
        Align::LEFT,
        &cells.summary,
        theme::small(),
        palette.muted,
    );
    (cut || rest.width() < 20.0)
        .then(|| cells.summary.clone())
        .filter(|text| !text.is_empty())
}

fn triangle(ui: &Ui, palette: &Palette, center: egui::Pos2, is_open: bool) {
    let points = if is_open {
        [vec2(-3.5, -2.0), vec2(3.5, -2.0), vec2(0.0, 2.5)]
    } else {
        [vec2(-2.0, -3.5), vec2(2.5, 0.0), vec2(-2.0, 3.5)]
    };
    let points = points.map(|offset| center + offset).to_vec();
    ui.painter().add(egui::Shape::convex_polygon(
        points,
        palette.faint,
        Stroke::NONE,
    ));
}
