//! Two revisions of an object side by side: as YAML, or field by field.

pub mod code_view;
pub mod document;
pub mod model;
pub mod owner_name;

use std::{borrow::Cow, collections::HashSet};

use egui::{Align, Layout, Rect, Sense, Ui, vec2};
use jiff::tz::TimeZone;

use super::object::{
    NOISE,
    origins::{Origins, look_at},
    quiet_line,
    selection::Compared,
    undecodable,
};
use crate::{
    diff::{DiffLine, DiffLineKind},
    model::{ChangeKind, FieldPath, Moment, Provenance, Topology},
    timeline::{ChangeId, Timeline},
    ui::{
        Command, ViewContext, format, theme,
        views::schema::notes::LineNotes,
        widgets::{ghost_button, ghost_toggle, paint_elided, segmented},
    },
};
use code_view::{CodeClick, CodeRow, Fold, LineBlame, Sign};
use document::Owner;
use model::{DiffModel, FieldRow, RowRef};

const BAR: f32 = 40.0;
/// Height of the line that names reordered lists.
const ORDER_NOTE: f32 = 22.0;

/// How the difference is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Mode {
    #[default]
    Yaml,
    Fields,
}

/// What a comparison depends on: the recording, A, B, and whether noise is shown.
type DiffKey = (Moment, Option<ChangeId>, ChangeId, bool);

/// The pane below the history, and what it remembers.
#[derive(Debug)]
pub struct DiffPane {
    mode: Mode,
    show_noise: bool,
    of: Option<DiffKey>,
    model: Result<DiffModel, String>,
    unfolded: HashSet<usize>,
    rows: Vec<RowRef>,
    /// Another pair of revisions is shown from its top.
    from_top: bool,
    notes: LineNotes,
}

impl Default for DiffPane {
    fn default() -> Self {
        Self {
            mode: Mode::default(),
            show_noise: false,
            of: None,
            model: Ok(DiffModel::default()),
            unfolded: HashSet::new(),
            rows: Vec::new(),
            from_top: false,
            notes: LineNotes::default(),
        }
    }
}

impl DiffPane {
    fn update(&mut self, timeline: &Timeline, a: Option<ChangeId>, b: ChangeId) {
        let of = timeline
            .extent()
            .map(|(first, _)| (first, a, b, self.show_noise));
        if self.of == of {
            return;
        }
        let pair = |of: Option<DiffKey>| of.map(|(first, a, b, _)| (first, a, b));
        self.from_top = pair(self.of) != pair(of);
        self.model = compare(timeline, a, b, self.show_noise);
        self.of = of;
        self.unfolded.clear();
        self.find_rows();
    }

    fn find_rows(&mut self) {
        self.rows = self
            .model
            .as_ref()
            .map(|model| model.rows(&self.unfolded))
            .unwrap_or_default();
    }

    /// Shows the difference over everything that is available.
    pub fn show(
        &mut self,
        ui: &mut Ui,
        cx: &mut ViewContext<'_>,
        compared: Compared,
        origins: &Origins,
    ) {
        let Some(b) = compared.b else {
            quiet_line(ui, cx.palette, "No revision is held.");
            return;
        };
        self.update(cx.timeline, compared.a, b);
        self.notes.update(ui, cx, b);
        self.bar(ui, cx, compared.a, b);
        let from_top = std::mem::take(&mut self.from_top);
        let model = match &self.model {
            Ok(model) => model,
            Err(reason) => {
                undecodable(ui, cx.palette, reason);
                return;
            }
        };
        if !model.differs() && !model.is_whole() {
            let text = match &model.reordered[..] {
                [] => nothing_differs(cx.timeline, b, self.show_noise).to_owned(),
                lists => format!("Nothing differs but the order of {}.", lists.join(", ")),
            };
            quiet_line(ui, cx.palette, &text);
            return;
        }
        if !model.reordered.is_empty() && !self.show_noise && self.mode == Mode::Yaml {
            order_note(ui, cx.palette, &model.reordered);
        }
        if self.mode == Mode::Fields {
            show_fields(ui, cx, model, compared.a.is_some(), from_top);
            return;
        }
        let (timeline, zone) = (cx.timeline, cx.zone);
        let line = |place: usize| match self.rows.get(place)? {
            RowRef::Line(line) => Some(&model.line(*line)?.line),
            RowRef::Fold { .. } => None,
        };
        let clicked = code_view::show_with_notes(
            ui,
            cx,
            "diff",
            self.rows.len(),
            from_top,
            |place| {
                let row = *self.rows.get(place)?;
                Some(blamed_row(model, row, (timeline, zone), origins))
            },
            (&self.notes, &line),
        );
        let origin_at = |place: usize| match self.rows.get(place)? {
            RowRef::Line(line) => origins.get(in_newer(model.line(*line)?)?),
            RowRef::Fold { .. } => None,
        };
        match clicked {
            Some(CodeClick::Fold(place)) => {
                if let Some(RowRef::Fold { first, .. }) = self.rows.get(place) {
                    self.unfolded.insert(*first);
                    self.find_rows();
                }
            }
            Some(CodeClick::Origin(place)) => {
                let origin = origin_at(place).map(|origin| origin.revision);
                cx.commands.extend(origin.map(look_at));
            }
            Some(CodeClick::Previous(place)) => {
                let previous = origin_at(place).and_then(|origin| origin.previous);
                cx.commands.extend(previous.map(look_at));
            }
            None => {}
        }
    }

    fn bar(&mut self, ui: &mut Ui, cx: &mut ViewContext<'_>, a: Option<ChangeId>, b: ChangeId) {
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), BAR), Sense::hover());
        let line = egui::Stroke::new(1.0, cx.palette.border);
        ui.painter()
            .hline(rect.x_range(), rect.bottom() - 0.5, line);
        let inner = rect.shrink2(vec2(theme::MARGIN, 0.0));
        let is_whole = self.model.as_ref().is_ok_and(DiffModel::is_whole);
        let layout = Layout::right_to_left(Align::Center);
        let buttons = ui.scope_builder(
            egui::UiBuilder::new().max_rect(inner).layout(layout),
            |ui| {
                ui.spacing_mut().item_spacing.x = 7.0;
                let noise = ghost_toggle(ui, cx.palette, "Noise", self.show_noise);
                if noise.on_hover_text(NOISE).clicked() {
                    self.show_noise = !self.show_noise;
                }
                let copy = ghost_button(ui, cx.palette, "Copy");
                if copy
                    .on_hover_text("Copy the difference as diff -u writes it")
                    .clicked()
                    && let Ok(model) = &self.model
                {
                    let label = |id: Option<ChangeId>| {
                        id.and_then(|id| cx.timeline.change(id)).map_or_else(
                            || "/dev/null".to_owned(),
                            |change| {
                                format!(
                                    "resourceVersion {}\t{}",
                                    change.resource_version,
                                    change.at.rfc3339()
                                )
                            },
                        )
                    };
                    cx.send(Command::Copy(model.unified(&label(a), &label(Some(b)))));
                }
                // Laid out from the right.
                let modes = [Mode::Fields, Mode::Yaml];
                let on = modes
                    .iter()
                    .position(|mode| *mode == self.mode)
                    .unwrap_or_default();
                if let Some(clicked) = segmented(ui, cx.palette, &["Fields", "YAML"], on) {
                    self.mode = modes[clicked];
                }
                ui.min_rect().left()
            },
        );
        let room = inner.with_max_x(buttons.inner - 7.0);
        paint_revisions(ui, cx, room, a, b, is_whole);
    }
}

fn compare(
    timeline: &Timeline,
    a: Option<ChangeId>,
    b: ChangeId,
    show_noise: bool,
) -> Result<DiffModel, String> {
    let old = a.map(|a| document::load(timeline, a)).transpose()?;
    let new = document::load(timeline, b)?;
    let topology = timeline.change(b).map_or(Topology::unknown(), |change| {
        timeline.topology(change.object)
    });
    let seen_first = timeline
        .change(b)
        .is_some_and(|change| change.provenance == Provenance::InitialList);
    match old {
        None if seen_first => DiffModel::whole(&new, show_noise, topology),
        old => DiffModel::of(old.as_deref(), &new, show_noise, topology),
    }
}

/// Says that lists stand in another order: the lines below do not show it.
fn order_note(ui: &mut Ui, palette: &theme::Palette, lists: &[String]) {
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), ORDER_NOTE), Sense::hover());
    let text = format!("order changed: {}", lists.join(", "));
    let inner = rect.shrink2(vec2(theme::MARGIN, 0.0));
    paint_elided(
        ui.painter(),
        inner,
        Align::LEFT,
        &text,
        theme::caption(),
        palette.muted,
    );
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, text.as_str()));
    response.on_hover_text(format!(
        "{text}\nThe schema says that the order of these lists means nothing, so their items are \
         compared by key. Noise shows them as they stand."
    ));
}

fn nothing_differs(timeline: &Timeline, b: ChangeId, show_noise: bool) -> &'static str {
    match timeline.change(b).map(|change| change.change) {
        Some(ChangeKind::Deleted) => "Deleted. Its last state is the one before.",
        _ if show_noise => "The two revisions are equal.",
        _ => "Nothing differs but noise. The switch above shows it.",
    }
}

/// `A 15:01:41 → B 15:01:44`.
fn paint_revisions(
    ui: &Ui,
    cx: &ViewContext<'_>,
    rect: Rect,
    a: Option<ChangeId>,
    b: ChangeId,
    is_whole: bool,
) {
    let (painter, palette) = (ui.painter(), cx.palette);
    let clock = |id: Option<ChangeId>| {
        id.and_then(|id| cx.timeline.change(id)).map_or_else(
            || "nothing".to_owned(),
            |change| format::clock(change.at.wall, cx.zone),
        )
    };
    let (mut from, mut to) = (clock(a), clock(Some(b)));
    let moment = |id: ChangeId| cx.timeline.change(id).map(|change| change.at.wall);
    if let (Some(a), Some(b)) = (a.and_then(moment), moment(b))
        && from == to
    {
        // Both within a second: only the milliseconds tell them apart.
        from.push_str(&format::clock_millis(a));
        to = format::clock_millis(b);
    }
    let whole = [
        ("B", true),
        (to.as_str(), false),
        ("the first one known", false),
    ];
    let pair = [
        ("A", true),
        (from.as_str(), false),
        ("→", true),
        ("B", true),
        (to.as_str(), false),
    ];
    let words = if is_whole { &whole[..] } else { &pair[..] };
    let mut rest = rect;
    let mut is_cut = false;
    for (text, strong) in words {
        let (font, color) = match strong {
            true => (theme::body_strong(), palette.text),
            false => (theme::body(), palette.muted),
        };
        let room = rest.with_max_x(rect.right());
        is_cut |= paint_elided(painter, room, Align::LEFT, text, font.clone(), color);
        let width = painter
            .layout_no_wrap((*text).to_owned(), font, color)
            .size()
            .x;
        rest = rest.with_min_x((rest.left() + width + 7.0).min(rect.right()));
    }
    let mut bar = ui.interact(
        rect.with_max_x(rest.left()),
        ui.scope_id().with("revisions"),
        Sense::hover(),
    );
    let words: Vec<_> = words.iter().map(|(text, _)| *text).collect();
    let text = words.join(" ");
    if is_cut {
        bar = bar.on_hover_text(&text);
    }
    bar.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, text.as_str()));
}

/// The field of a line in the newer revision; a removed line has none there.
fn in_newer(line: &DiffLine) -> Option<&FieldPath> {
    (line.kind != DiffLineKind::Removed).then_some(&line.line.path)
}

/// What stands beside a line: its owner, and under the pointer since when it is as it is.
pub(crate) fn line_blame<'a>(
    owner: Option<&'a Owner>,
    path: Option<&FieldPath>,
    seen: (&Timeline, &TimeZone),
    origins: &Origins,
) -> Option<LineBlame<'a>> {
    let origin = path.and_then(|path| origins.get(path));
    let words = path.and_then(|path| origins.describe(path, seen));
    let texts = [words, owner.map(|owner| format!("owned by {}", owner.full))];
    let full: Vec<_> = texts.into_iter().flatten().collect();
    (!full.is_empty()).then(|| LineBlame {
        short: owner.map_or("", |owner| &owner.short),
        full: full.join("\n"),
        has_origin: origin.is_some(),
        has_previous: origin.is_some_and(|origin| origin.previous.is_some()),
    })
}

/// A row with the origins of the fields in the newer revision.
fn blamed_row<'a>(
    model: &'a DiffModel,
    row: RowRef,
    seen: (&Timeline, &TimeZone),
    origins: &Origins,
) -> CodeRow<'a> {
    let mut shown = line_row(model, row);
    if let (CodeRow::Line { blame, .. }, RowRef::Line(place)) = (&mut shown, row)
        && let Some(line) = model.line(place)
    {
        *blame = line_blame(model.owner(line), in_newer(line), seen, origins);
    }
    shown
}

pub(crate) fn line_row(model: &DiffModel, row: RowRef) -> CodeRow<'_> {
    let place = match row {
        RowRef::Fold { lines, .. } => return CodeRow::Folded { lines },
        RowRef::Line(place) => place,
    };
    let Some(line) = model.line(place) else {
        return CodeRow::Folded { lines: 0 };
    };
    let (sign, number) = match line.kind {
        DiffLineKind::Context => (Sign::Same, line.new_number),
        DiffLineKind::Added => (Sign::Added, line.new_number),
        DiffLineKind::Removed => (Sign::Removed, line.old_number),
    };
    CodeRow::Line {
        number: number.map(|number| number as usize),
        sign,
        text: Cow::Owned(model::text_of(line)),
        blame: model.owner(line).map(|owner| LineBlame {
            short: &owner.short,
            full: owner.full.clone(),
            ..LineBlame::default()
        }),
        fold: Fold::None,
    }
}

fn show_fields(
    ui: &mut Ui,
    cx: &ViewContext<'_>,
    model: &DiffModel,
    has_older: bool,
    from_top: bool,
) {
    if !has_older {
        let text = if model.is_whole() {
            "The first revision that is known: nothing to compare it with."
        } else {
            "The first revision: every field is new."
        };
        quiet_line(ui, cx.palette, text);
        return;
    }
    // A heading, and up to two values.
    let rows: Vec<(Sign, &str)> = model.fields.iter().flat_map(field_lines).collect();
    code_view::show(ui, cx.palette, "fields", rows.len(), from_top, |place| {
        let (sign, text) = *rows.get(place)?;
        let text = Cow::Borrowed(text);
        Some(CodeRow::Line {
            number: None,
            sign,
            text,
            blame: None,
            fold: Fold::None,
        })
    });
}

fn field_lines(field: &FieldRow) -> impl Iterator<Item = (Sign, &str)> {
    let heading = std::iter::once((Sign::Heading, field.path.as_str()));
    let old = field.old.as_deref().map(|old| (Sign::Removed, old));
    let new = field.new.as_deref().map(|new| (Sign::Added, new));
    heading.chain(old).chain(new)
}
