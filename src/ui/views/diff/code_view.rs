//! Lines of code on screen: numbers, signs, text, and at the right who owns the line.
//!
//! Only the lines in sight are laid out.

use std::borrow::Cow;

use egui::{
    Align, Align2, Color32, Label, Layout, Rect, RichText, Role, ScrollArea, Sense, Ui, WidgetInfo,
    pos2, vec2,
};

use crate::ui::{
    theme::{self, Palette},
    widgets::{paint_elided, paint_text},
};

/// Height of a line.
const LINE: f32 = 19.0;
/// Right edge of the numbers, place of the sign, and begin of the text, from the left edge.
const NUMBER: f32 = 30.0;
const SIGN: f32 = 42.0;
const TEXT: f32 = 52.0;
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
    ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
    let mut clicked = None;
    let mut area = ScrollArea::vertical().id_salt(id).auto_shrink(false);
    if from_top {
        area = area.vertical_scroll_offset(0.0);
    }
    area.show_rows(ui, LINE, len, |ui, range| {
        for place in range {
            let Some(row) = row_at(place) else { continue };
            if show_row(ui, palette, &row) {
                clicked = Some(place);
            }
        }
    });
    clicked
}

fn show_row(ui: &mut Ui, palette: &Palette, row: &CodeRow<'_>) -> bool {
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
            response
                .on_hover_cursor(egui::CursorIcon::PointingHand)
                .clicked()
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
            let clicked = fold_mark(ui, palette, rect, *fold, text);
            let right = if owner.is_some() {
                rect.right() - BLAME - 8.0
            } else {
                rect.right() - 12.0
            };
            line_text(
                ui,
                rect.with_min_x(rect.left() + TEXT).with_max_x(right),
                text,
                color,
            );
            if let Some((short, full)) = owner {
                blame(ui, palette, rect, short, full);
            }
            clicked
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
fn line_text(ui: &mut Ui, rect: Rect, text: &str, color: Color32) {
    let builder = egui::UiBuilder::new()
        .max_rect(rect)
        .layout(Layout::left_to_right(Align::Center));
    let mut line = ui.new_child(builder);
    line.set_clip_rect(rect.intersect(ui.clip_rect()));
    let text = RichText::new(text).font(theme::mono()).color(color);
    line.add(Label::new(text).truncate().selectable(true));
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
