//! The history list on screen: a row for each revision, gaps hatched between them.

use std::{collections::HashMap, ops::Range};

use egui::{Align, Key, Modifiers, Response, Role, ScrollArea, Sense, Ui, WidgetInfo, vec2};

use super::{
    history::{HistoryIndex, HistoryRow},
    history_paint::{gap_text, incarnation_text, link, paint_revision, paint_separator},
    revision_row::{Badge, RevisionRow},
    selection::Compared,
    summary,
};
use crate::{
    diff,
    model::{Json, Moment},
    timeline::{ChangeId, ObjectId, Timeline},
    ui::{
        Command, ViewContext, format, theme,
        widgets::{label, paint_gap},
    },
};

const ROW: f32 = 28.0;
const NOTICE: f32 = 26.0;
/// Revisions whose values are compared within one frame, for their words.
const WORDS_PER_FRAME: usize = 4;
/// Changes of more fields than this are not compared for words.
const WORTH_COMPARING: usize = 12;

/// The list and what it remembers.
#[derive(Debug, Default)]
pub(super) struct HistoryList {
    index: HistoryIndex,
    of: Option<(Moment, ObjectId)>,
    show_heartbeats: bool,
    words: HashMap<ChangeId, Option<String>>,
    offset: f32,
    height: f32,
    rows: usize,
    wanted: Option<usize>,
}

impl HistoryList {
    /// Brings the rows up to date. Call before anything else in a frame.
    pub(super) fn update(&mut self, timeline: &Timeline, object: ObjectId) {
        let of = timeline.extent().map(|(first, _)| (first, object));
        if self.of != of {
            let show_heartbeats = self.show_heartbeats;
            *self = Self {
                of,
                show_heartbeats,
                ..Self::default()
            };
        }
        self.index.update(timeline, object, self.show_heartbeats);
        let added = self.index.len().saturating_sub(self.rows);
        if self.offset > 0.0 && self.rows > 0 {
            // New rows come in above: what is read stays where it is.
            self.offset += added as f32 * ROW;
        }
        self.rows = self.index.len();
    }

    /// The rows.
    #[must_use]
    pub(super) fn index(&self) -> &HistoryIndex {
        &self.index
    }

    /// Height that all rows would take, at most `limit`.
    #[must_use]
    pub(super) fn wanted_height(&self, limit: f32) -> f32 {
        (self.index.len() as f32 * ROW + NOTICE).min(limit)
    }

    /// Shows the list over everything that is available.
    pub(super) fn show(&mut self, ui: &mut Ui, cx: &mut ViewContext<'_>) {
        let compared = Compared::of(cx.selection, &self.index);
        self.notices(ui, cx, compared);
        let focus = ui.scope_id().with("history");
        self.keys(ui, cx, compared, focus);
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        let area = ui.available_rect_before_wrap();
        let list = ui.interact(area, focus, Sense::focusable_noninteractive());
        list.widget_info(|| WidgetInfo::labeled(Role::List, true, "History"));
        let mut offset = self.offset;
        if let Some(place) = self.wanted.take() {
            let top = place as f32 * ROW;
            offset = offset.clamp((top + ROW - self.height).max(0.0), top);
        }
        let shown = ScrollArea::vertical()
            .id_salt("history")
            .auto_shrink(false)
            .vertical_scroll_offset(offset)
            .show_rows(ui, ROW, self.index.len(), |ui, range| {
                self.rows(ui, cx, compared, range, focus);
            });
        self.offset = shown.state.clamped_offset().y;
        self.height = shown.inner_rect.height();
    }

    fn notices(&mut self, ui: &mut Ui, cx: &mut ViewContext<'_>, compared: Compared) {
        let hidden = self.index.hidden_heartbeats();
        let newer = cx.selection.revision_b.and(compared.b).map_or(0, |b| {
            let place = self.index.place(b).unwrap_or_default();
            (0..place)
                .filter(|p| matches!(self.index.row(*p), Some(HistoryRow::Change(_))))
                .count()
        });
        if hidden == 0 && newer == 0 && !self.show_heartbeats {
            ui.add_space(5.0);
            return;
        }
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), NOTICE), Sense::hover());
        let inner = rect.shrink2(vec2(theme::MARGIN, 0.0));
        let palette = cx.palette;
        let layout = egui::Layout::left_to_right(Align::Center);
        ui.scope_builder(
            egui::UiBuilder::new().max_rect(inner).layout(layout),
            |ui| {
                ui.spacing_mut().item_spacing.x = 6.0;
                if self.show_heartbeats {
                    if link(ui, palette, "hide heartbeats").clicked() {
                        self.show_heartbeats = false;
                    }
                } else if hidden > 0 {
                    let text = format!("{} hidden", format::counted(hidden, "heartbeat"));
                    label(ui, &text, theme::caption(), palette.faint)
                        .on_hover_text("Revisions in which nothing but timestamps changed.");
                    if link(ui, palette, "show").clicked() {
                        self.show_heartbeats = true;
                    }
                }
                if newer > 0 {
                    ui.with_layout(egui::Layout::right_to_left(Align::Center), |ui| {
                        if link(ui, palette, &format!("{newer} newer, follow")).clicked() {
                            cx.send(Command::SelectChange { a: None, b: None });
                            self.wanted = Some(0);
                        }
                    });
                }
            },
        );
    }

    fn keys(&mut self, ui: &Ui, cx: &mut ViewContext<'_>, compared: Compared, focus: egui::Id) {
        if !ui.memory(|memory| memory.has_focus(focus)) {
            return;
        }
        let filter = egui::EventFilter {
            vertical_arrows: true,
            ..egui::EventFilter::default()
        };
        ui.memory_mut(|memory| memory.set_focus_lock_filter(focus, filter));
        #[expect(clippy::cast_possible_truncation, reason = "rows on a screen")]
        let page = ((self.height / ROW) as isize - 1).max(1);
        let older = ui.input_mut(|input| {
            let mut pressed = |key| input.consume_key(Modifiers::NONE, key);
            match () {
                () if pressed(Key::ArrowDown) => 1,
                () if pressed(Key::ArrowUp) => -1,
                () if pressed(Key::PageDown) => page,
                () if pressed(Key::PageUp) => -page,
                () => 0,
            }
        });
        if older != 0
            && let Some(next) = compared.step(older, &self.index)
        {
            self.wanted = self.index.place(next);
            cx.send(Compared::pick(next));
        }
    }

    fn rows(
        &mut self,
        ui: &mut Ui,
        cx: &mut ViewContext<'_>,
        compared: Compared,
        range: Range<usize>,
        focus: egui::Id,
    ) {
        let mut budget = WORDS_PER_FRAME;
        for place in range {
            let Some(row) = self.index.row(place).cloned() else {
                continue;
            };
            let size = vec2(ui.available_width(), ROW);
            let (rect, response) = ui.allocate_exact_size(size, Sense::click());
            match row {
                HistoryRow::Change(id) => {
                    let words = self.words_of(cx.timeline, id, &mut budget);
                    let row = RevisionRow::of(cx.timeline, id, cx.zone, words.as_deref());
                    let Some(row) = row else { continue };
                    let mark = mark_of(id, compared);
                    paint_revision(ui.painter(), cx, rect, &row, mark, response.hovered());
                    tell(&response, &row, mark);
                    act(ui, cx, &response, id, compared, focus);
                    response.on_hover_text(&row.details);
                }
                HistoryRow::Gap { from, to, cause } => {
                    let text = gap_text(from, to, &cause, cx);
                    let inner = rect.shrink2(vec2(theme::MARGIN, 4.0));
                    paint_gap(ui.painter(), cx.palette, inner, &text);
                    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &text));
                    response.on_hover_text(format!(
                        "{text}\nChanges in this stretch may be missing from the history."
                    ));
                }
                HistoryRow::NewIncarnation { incarnation } => {
                    let text = "another object of the same name";
                    paint_separator(ui.painter(), cx.palette, rect, text);
                    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
                    response.on_hover_text(incarnation_text(cx.timeline, self.of, incarnation));
                }
            }
        }
        if budget == 0 {
            ui.ctx().request_repaint();
        }
    }

    /// Better words than the changed fields alone give; compared once, a few in a frame.
    fn words_of(
        &mut self,
        timeline: &Timeline,
        id: ChangeId,
        budget: &mut usize,
    ) -> Option<String> {
        if let Some(known) = self.words.get(&id) {
            return known.clone();
        }
        if *budget == 0 {
            return None;
        }
        let (words, compared) = compare_values(timeline, id);
        *budget -= usize::from(compared);
        self.words.insert(id, words.clone());
        words
    }
}

/// The words, and whether revisions had to be decoded for them.
fn compare_values(timeline: &Timeline, id: ChangeId) -> (Option<String>, bool) {
    let Some(change) = timeline.change(id) else {
        return (None, false);
    };
    let badge = Badge::of(change);
    let fields = timeline.paths(change).len();
    if !matches!(badge, Badge::Spec | Badge::Status) || !(1..=WORTH_COMPARING).contains(&fields) {
        return (None, false);
    }
    let previous = timeline.object(change.object).and_then(|object| {
        let at = object.changes.binary_search(&id).ok()?;
        object.changes.get(at.checked_sub(1)?).copied()
    });
    let Some(previous) = previous else {
        return (None, false);
    };
    let topology = timeline.topology(change.object);
    let bodies = (timeline.body(previous), timeline.body(id));
    let (Ok(old), Ok(new)) = bodies else {
        return (None, true);
    };
    let (Ok(old), Ok(new)) = (Json::parse(&old), Json::parse(&new)) else {
        return (None, true);
    };
    (
        summary::from_values(badge, &diff::compare_with(&old, &new, topology), &new),
        true,
    )
}

fn mark_of(id: ChangeId, compared: Compared) -> Option<&'static str> {
    if compared.b == Some(id) {
        Some("B")
    } else if compared.a == Some(id) {
        Some("A")
    } else {
        None
    }
}

fn tell(response: &Response, row: &RevisionRow, mark: Option<&str>) {
    response.widget_info(|| {
        let mark = mark.map(|mark| format!("{mark} ")).unwrap_or_default();
        let by = if row.managers.is_empty() {
            String::new()
        } else {
            format!(", {}", row.managers)
        };
        let text = format!(
            "{mark}{}{} {} {}{by}",
            row.clock,
            row.millis,
            row.badge.label(),
            row.summary
        );
        WidgetInfo::selected(Role::ListItem, true, !mark.is_empty(), text)
    });
}

fn act(
    ui: &Ui,
    cx: &mut ViewContext<'_>,
    response: &Response,
    id: ChangeId,
    compared: Compared,
    focus: egui::Id,
) {
    let shift = ui.input(|input| input.modifiers.shift);
    if response.secondary_clicked() || (response.clicked() && shift) {
        cx.send(compared.compare_from(id));
    } else if response.clicked() {
        cx.send(Compared::pick(id));
    } else {
        return;
    }
    ui.memory_mut(|memory| memory.request_focus(focus));
}
