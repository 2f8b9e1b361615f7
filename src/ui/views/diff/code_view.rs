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
        /// Who owns it, as short as it fits, and in full.
        owner: Option<(&'a str, &'a str)>,
        /// Whether it folds.
        fold: Fold,
    },
    /// Lines that are left out.
    Folded {
        /// How many.
        lines: usize,
    },
}

/// Shows rows over everything that is available, scrolled to the top where `from_top` says so. Returns the place of a row that was clicked to
/// fold or unfold.
pub(crate) fn show<'a>(
    ui: &mut Ui,
    palette: &Palette,
    id: &str,
    len: usize,
    from_top: bool,
    row_at: impl Fn(usize) -> Option<CodeRow<'a>>,
) -> Option<usize> {
    rows(ui, id, len, from_top, |ui, place| {
        let row = row_at(place)?;
        Some(show_row(ui, palette, &row, LineNote::default()).is_clicked)
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
) -> Option<usize> {
    rows(ui, id, len, from_top, |ui, place| {
        let row = row_at(place)?;
        let line = line_at(place);
        let note = line.map(|line| notes.note(line)).unwrap_or_default();
        let shown = show_row(ui, cx.palette, &row, note);
        if let (Some(text), Some(line)) = (&shown.text, line) {
            notes.hover((cx.palette, cx.commands), text, &line.path);
        }
        Some(shown.is_clicked)
    })
}

/// `show_row` tells whether a row was clicked. Returns the place of the one that was.
fn rows(
    ui: &mut Ui,
    id: &str,
    len: usize,
    from_top: bool,
    mut show_row: impl FnMut(&mut Ui, usize) -> Option<bool>,
) -> Option<usize> {
    ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
    let mut clicked = None;
    let mut area = ScrollArea::vertical().id_salt(id).auto_shrink(false);
    if from_top {
        area = area.vertical_scroll_offset(0.0);
    }
    area.show_rows(ui, LINE, len, |ui, range| {
        for place in range {
            if show_row(ui, place) == Some(true) {
                clicked = Some(place);
            }
        }
    });
    clicked
}

/// What came of a row.
struct Shown {
    /// Whether it was clicked to fold or unfold.
    is_clicked: bool,
    /// Its text, where it is a line.
    text: Option<Response>,
}

fn show_row(ui: &mut Ui, palette: &Palette, row: &CodeRow<'_>, note: LineNote) -> Shown {
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
                is_clicked: response.clicked(),
                text: None,
            }
        }
        CodeRow::Line {
            number,
            sign,
            text,
            owner,
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
            let is_clicked = fold_mark(ui, palette, rect, *fold, text);
            let right = if owner.is_some() {
                rect.right() - BLAME - 8.0
            } else {
                rect.right() - 12.0
            };
            let place = rect.with_min_x(rect.left() + TEXT).with_max_x(right);
            let response = line_text(ui, place, text, color, note);
            paint_note(
                ui,
                palette,
                place.with_min_x(response.rect.right() + 7.0),
                note,
            );
            if let Some((short, full)) = owner {
                blame(ui, palette, rect, short, full);
            }
            Shown {
                is_clicked,
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

fn blame(ui: &Ui, palette: &Palette, rect: Rect, short: &str, full: &str) {
    let at = rect
        .with_min_x(rect.right() - BLAME)
        .with_max_x(rect.right() - 8.0);
    paint_elided(
        ui.painter(),
        at,
        Align::LEFT,
        short,
        theme::mono(),
        palette.faint,
    );
    let id = ui.scope_id().with(("owner", rect.top().to_bits()));
    ui.interact(at, id, Sense::hover()).on_hover_text(full);
}
