//! Lines of code on screen: numbers, signs, text, and at the right who owns the line.
//!
//! Only the lines in sight are laid out.

use std::borrow::Cow;

use egui::{
    Align, Align2, Color32, Label, Layout, Rect, Response, RichText, Role, ScrollArea, Sense, Ui,
    WidgetInfo, pos2, vec2,
};

use crate::{
    diff::YamlLine,
    ui::{
        ViewContext,
        theme::{self, Palette},
        views::schema::{
            card::Mark,
            marks,
            notes::{LineNote, LineNotes},
        },
        widgets::{paint_elided, paint_text},
    },
};

/// Height of a line.
const LINE: f32 = 19.0;
/// Right edge of the numbers, place of the sign, and begin of the text, from the left edge.
const NUMBER: f32 = 30.0;
const SIGN: f32 = 42.0;
const TEXT: f32 = 52.0;
/// Width of the lock of a field that cannot change.
const LOCK: f32 = 14.0;
/// Width at the right that names the owner.
const BLAME: f32 = 114.0;

/// What a line is against the other revision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Sign {
    /// In both.
    #[default]
    Same,
    /// In the newer one only.
    Added,
    /// In the older one only.
    Removed,
    /// A heading between lines.
    Heading,
}

/// Whether lines below a line can be folded away.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum Fold {
    /// Nothing below it.
    #[default]
    None,
    /// They are shown.
    Open,
    /// They are hidden.
    Closed,
}

/// Who wrote a line, and since when it is as it is.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct LineBlame<'a> {
    /// The owner, as short as it fits; empty where nobody owns it.
    pub short: &'a str,
    /// All that is known, under the pointer.
    pub full: String,
    /// Whether the revision that changed it last is known.
    pub has_origin: bool,
    /// Whether the one before that is known.
    pub has_previous: bool,
}

/// What a row was asked for, by its place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CodeClick {
    /// To fold or unfold what is below it.
    Fold(usize),
    /// To show the revision that changed it last.
    Origin(usize),
    /// To show the change before that.
    Previous(usize),
}

/// One row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CodeRow<'a> {
    /// A line.
    Line {
        /// Number in its revision, from 1.
        number: Option<usize>,
        /// Against the other revision.
        sign: Sign,
        /// The line.
        text: Cow<'a, str>,
        /// Who wrote it.
        blame: Option<LineBlame<'a>>,
        /// Whether it folds.
        fold: Fold,
    },
    /// Lines that are left out.
    Folded {
        /// How many.
        lines: usize,
    },
}

/// Shows rows over everything that is available, scrolled to the top where `from_top` says so. Returns what a row was
/// clicked for.
pub(crate) fn show<'a>(
    ui: &mut Ui,
    palette: &Palette,
    id: &str,
    len: usize,
    from_top: bool,
    row_at: impl Fn(usize) -> Option<CodeRow<'a>>,
) -> Option<CodeClick> {
    rows(ui, id, len, from_top, |ui, place| {
        let row = row_at(place)?;
        show_row(ui, palette, place, &row, LineNote::default()).clicked
    })
}

/// The same, with what a schema says of the lines.
pub(crate) fn show_with_notes<'a>(
    ui: &mut Ui,
    cx: &mut ViewContext<'_>,
    id: &str,
    len: usize,
    from_top: bool,
    row_at: impl Fn(usize) -> Option<CodeRow<'a>>,
    (notes, line_at): (&LineNotes, &dyn Fn(usize) -> Option<&'a YamlLine>),
) -> Option<CodeClick> {
    rows(ui, id, len, from_top, |ui, place| {
        let row = row_at(place)?;
        let line = line_at(place);
        let note = line.map(|line| notes.note(line)).unwrap_or_default();
        let shown = show_row(ui, cx.palette, place, &row, note);
        if let (Some(text), Some(line)) = (&shown.text, line) {
            notes.hover((cx.palette, cx.commands), text, &line.path);
        }
        shown.clicked
    })
}

/// `show_row` tells what a row was clicked for. Returns it.
fn rows(
    ui: &mut Ui,
    id: &str,
    len: usize,
    from_top: bool,
    mut show_row: impl FnMut(&mut Ui, usize) -> Option<CodeClick>,
) -> Option<CodeClick> {
    ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
    let mut clicked = None;
    let mut area = ScrollArea::vertical().id_salt(id).auto_shrink(false);
    if from_top {
        area = area.vertical_scroll_offset(0.0);
    }
    area.show_rows(ui, LINE, len, |ui, range| {
        for place in range {
            clicked = show_row(ui, place).or(clicked);
        }
    });
    clicked
}

/// What came of a row.
struct Shown {
    /// What it was clicked for.
    clicked: Option<CodeClick>,
    /// Its text, where it is a line.
    text: Option<Response>,
}

fn show_row(
    ui: &mut Ui,
    palette: &Palette,
    place: usize,
    row: &CodeRow<'_>,
    note: LineNote,
) -> Shown {
    let size = vec2(ui.available_width(), LINE);
    match row {
        CodeRow::Folded { lines } => {
            let (rect, response) = ui.allocate_exact_size(size, Sense::click());
            let ground = if response.hovered() {
                palette.hover
            } else {
                palette.canvas
            };
            ui.painter().rect_filled(rect, 0.0, ground);
            let text = match lines {
                1 => "⋯ 1 unchanged line".to_owned(),
                lines => format!("⋯ {lines} unchanged lines"),
            };
            let color = if response.hovered() {
                palette.text
            } else {
                palette.faint
            };
            let at = rect.with_min_x(rect.left() + TEXT - 7.0);
            paint_text(
                ui.painter(),
                at,
                Align2::LEFT_CENTER,
                &text,
                theme::mono(),
                color,
            );
            response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &text));
            let response = response.on_hover_cursor(egui::CursorIcon::PointingHand);
            Shown {
                clicked: response.clicked().then_some(CodeClick::Fold(place)),
                text: None,
            }
        }
        CodeRow::Line {
            number,
            sign,
            text,
            blame,
            fold,
        } => {
            let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
            let (ground, color) = match sign {
                Sign::Same => (Color32::TRANSPARENT, palette.text),
                Sign::Added => (palette.added_ground, palette.added_text),
                Sign::Removed => (palette.removed_ground, palette.removed_text),
                Sign::Heading => (palette.canvas, palette.muted),
            };
            ui.painter().rect_filled(rect, 0.0, ground);
            gutter(ui, palette, rect, *number, *sign);
            let folded = fold_mark(ui, palette, rect, *fold, text);
            let right = if blame.is_some() {
                rect.right() - BLAME - 8.0
            } else {
                rect.right() - 12.0
            };
            let room = rect.with_min_x(rect.left() + TEXT).with_max_x(right);
            let response = line_text(ui, room, text, color, note);
            paint_note(
                ui,
                palette,
                room.with_min_x(response.rect.right() + 7.0),
                note,
            );
            let asked = blame
                .as_ref()
                .and_then(|blame| show_blame(ui, palette, rect, place, blame, text));
            Shown {
                clicked: asked.or(folded.then_some(CodeClick::Fold(place))),
                text: Some(response),
            }
        }
    }
}

fn gutter(ui: &Ui, palette: &Palette, rect: Rect, number: Option<usize>, sign: Sign) {
    let font = theme::mono();
    if let Some(number) = number {
        let color = match sign {
            Sign::Added | Sign::Removed => palette.muted,
            Sign::Same | Sign::Heading => palette.faint,
        };
        let at = rect.with_max_x(rect.left() + NUMBER);
        let text = number.to_string();
        paint_text(
            ui.painter(),
            at,
            Align2::RIGHT_CENTER,
            &text,
            font.clone(),
            color,
        );
    }
    let (text, color) = match sign {
        Sign::Added => ("+", palette.added_text),
        Sign::Removed => ("−", palette.removed_text),
        Sign::Same | Sign::Heading => return,
    };
    let at = Rect::from_center_size(pos2(rect.left() + SIGN, rect.center().y), egui::Vec2::ZERO);
    paint_text(ui.painter(), at, Align2::CENTER_CENTER, text, font, color);
}

fn fold_mark(ui: &Ui, palette: &Palette, rect: Rect, fold: Fold, text: &str) -> bool {
    if fold == Fold::None {
        return false;
    }
    let center = pos2(rect.left() + SIGN, rect.center().y);
    let area = Rect::from_center_size(center, vec2(16.0, rect.height()));
    let id = ui.scope_id().with(("fold", rect.top().to_bits()));
    let response = ui.interact(area, id, Sense::click());
    let color = if response.hovered() {
        palette.text
    } else {
        palette.faint
    };
    let points = match fold {
        Fold::Closed => [vec2(-2.0, -3.5), vec2(2.5, 0.0), vec2(-2.0, 3.5)],
        _ => [vec2(-3.5, -2.0), vec2(3.5, -2.0), vec2(0.0, 2.5)],
    };
    let triangle = points.map(|offset| center + offset).to_vec();
    ui.painter().add(egui::Shape::convex_polygon(
        triangle,
        color,
        egui::Stroke::NONE,
    ));
    response.widget_info(|| {
        let verb = if fold == Fold::Closed {
            "Unfold"
        } else {
            "Fold"
        };
        WidgetInfo::labeled(
            Role::Button,
            true,
            format!("{verb} {}", text.trim().trim_end_matches(" ⋯")),
        )
    });
    response
        .on_hover_cursor(egui::CursorIcon::PointingHand)
        .clicked()
}

/// The text can be selected over several lines, and says in full what does not fit.
fn line_text(ui: &mut Ui, rect: Rect, text: &str, color: Color32, note: LineNote) -> Response {
    // What is marked stays in sight beside a line that is too long.
    let room = if note.is_immutable { LOCK } else { 0.0 };
    let rect = rect.with_max_x((rect.right() - room).max(rect.left()));
    let builder = egui::UiBuilder::new()
        .max_rect(rect)
        .layout(Layout::left_to_right(Align::Center));
    let mut line = ui.new_child(builder);
    line.set_clip_rect(rect.intersect(ui.clip_rect()));
    let text = RichText::new(text).font(theme::mono()).color(color);
    line.add(Label::new(text).truncate().selectable(true))
}

/// A lock for what cannot change, words for what should not be used or need not be written.
fn paint_note(ui: &Ui, palette: &Palette, mut rest: Rect, note: LineNote) {
    let speak = |rect: Rect, word: &'static str| {
        let id = ui.scope_id().with((word, rect.top().to_bits()));
        let response = ui.interact(rect, id, Sense::hover());
        response.widget_info(|| WidgetInfo::labeled(Role::Image, true, word));
    };
    if note.is_immutable {
        let place = rest.with_max_x(rest.left() + LOCK - 2.0);
        let color = Mark::Immutable.color(palette);
        marks::paint_lock_icon(ui.painter(), place.center(), color);
        speak(place, "immutable");
        rest = rest.with_min_x(place.right() + 4.0);
    }
    let words = [
        (note.is_deprecated, "deprecated", palette.warn),
        (note.is_default, "default", palette.faint),
    ];
    for (is_on, word, color) in words {
        let painter = ui.painter();
        let font = theme::caption();
        let width = painter
            .layout_no_wrap(word.to_owned(), font.clone(), color)
            .size()
            .x;
        if !is_on || width > rest.width() {
            continue;
        }
        let place = rest.with_max_x(rest.left() + width);
        paint_text(painter, place, Align2::LEFT_CENTER, word, font, color);
        speak(place, word);
        rest = rest.with_min_x(place.right() + 7.0);
    }
}

fn show_blame(
    ui: &Ui,
    palette: &Palette,
    rect: Rect,
    place: usize,
    blame: &LineBlame<'_>,
    text: &str,
) -> Option<CodeClick> {
    let at = rect
        .with_min_x(rect.right() - BLAME)
        .with_max_x(rect.right() - 8.0);
    let id = ui.scope_id().with(("owner", rect.top().to_bits()));
    let sense = match blame.has_origin {
        true => Sense::click(),
        false => Sense::hover(),
    };
    let response = ui.interact(at, id, sense);
    let color = match blame.has_origin && response.hovered() {
        true => palette.accent,
        false => palette.faint,
    };
    let font = theme::mono();
    paint_elided(ui.painter(), at, Align::LEFT, blame.short, font, color);
    if !blame.has_origin {
        response.on_hover_text(&blame.full);
        return None;
    }
    response.widget_info(|| {
        WidgetInfo::labeled(
            Role::Button,
            true,
            format!("Last change of {}", text.trim()),
        )
    });
    let mut asked = None;
    response.context_menu(|ui| {
        if ui.button("Last change of this field").clicked() {
            asked = Some(CodeClick::Origin(place));
            ui.close();
        }
        let previous = egui::Button::new("Previous change of this field");
        if ui.add_enabled(blame.has_previous, previous).clicked() {
            asked = Some(CodeClick::Previous(place));
            ui.close();
        }
    });
    let response = response
        .on_hover_cursor(egui::CursorIcon::PointingHand)
        .on_hover_text(format!(
            "{}\n\nClick: that revision. Right click: more.",
            blame.full
        ));
    asked.or(response.clicked().then_some(CodeClick::Origin(place)))
}
