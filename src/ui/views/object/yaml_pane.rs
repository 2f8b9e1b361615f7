//! The whole object of one revision as YAML.

use std::{borrow::Cow, collections::HashSet};

use egui::{Align, Layout, Sense, Ui, vec2};
use jiff::tz::TimeZone;

use super::{
    origins::{Origins, look_at},
    quiet_line, undecodable,
};
use crate::{
    diff::Noise,
    model::{FieldPath, Moment, Topology},
    timeline::{ChangeId, Timeline},
    ui::{
        Command, ViewContext, format, theme,
        views::diff::{
            code_view::{self, CodeClick, CodeRow, Fold, Sign},
            document::{self, Document},
            line_blame,
        },
        views::schema::notes::LineNotes,
        widgets::{elided, ghost_button, ghost_toggle},
    },
};

const BAR: f32 = 40.0;

/// The pane and what it remembers.
#[derive(Debug)]
pub(super) struct YamlPane {
    show_noise: bool,
    of: Option<(Moment, ChangeId, bool)>,
    document: Result<Document, String>,
    folded: HashSet<FieldPath>,
    /// Lines in sight, by their place in the document.
    visible: Vec<usize>,
    /// Another object is shown from its top; another revision stays where it is.
    from_top: bool,
    notes: LineNotes,
}

impl Default for YamlPane {
    fn default() -> Self {
        // Long, and of interest to few.
        let managed_fields = FieldPath::from_pointer("/metadata/managedFields");
        Self {
            show_noise: false,
            of: None,
            document: Ok(Document::default()),
            folded: HashSet::from([managed_fields]),
            visible: Vec::new(),
            from_top: false,
            notes: LineNotes::default(),
        }
    }
}

/// What the pane says of its revision.
fn caption(cx: &ViewContext<'_>, id: ChangeId) -> String {
    cx.timeline.change(id).map_or_else(String::new, |change| {
        let clock = format::clock(change.at.wall, cx.zone);
        let millis = format::clock_millis(change.at.wall);
        format!(
            "{clock}{millis} · resourceVersion {}",
            change.resource_version
        )
    })
}

impl YamlPane {
    fn update(&mut self, timeline: &Timeline, id: ChangeId) {
        let of = timeline
            .extent()
            .map(|(first, _)| (first, id, self.show_noise));
        if self.of == of {
            return;
        }
        let object = |id: ChangeId| timeline.change(id).map(|change| change.object);
        self.from_top = self
            .of
            .is_none_or(|(_, shown, _)| object(shown) != object(id));
        let noise = if self.show_noise {
            Noise::all()
        } else {
            Noise::hidden()
        };
        let topology = object(id).map_or(Topology::unknown(), |object| timeline.topology(object));
        self.document = document::load(timeline, id)
            .and_then(|body| Ok(Document::of(&document::parse(&body)?, noise, topology)));
        self.of = of;
        self.find_visible();
    }

    fn find_visible(&mut self) {
        self.visible.clear();
        let Ok(document) = &self.document else { return };
        let mut line = 0;
        while let Some(of) = document.lines.get(line) {
            self.visible.push(line);
            let end = document.block_end(line);
            line = if self.folded.contains(&of.path) {
                end
            } else {
                line + 1
            };
        }
    }

    /// Shows the revision over everything that is available.
    pub(super) fn show(
        &mut self,
        ui: &mut Ui,
        cx: &mut ViewContext<'_>,
        id: Option<ChangeId>,
        origins: &Origins,
    ) {
        let Some(id) = id else {
            quiet_line(ui, cx.palette, "No revision is held.");
            return;
        };
        self.bar(ui, cx, id);
        self.update(cx.timeline, id);
        self.notes.update(ui, cx, id);
        let from_top = std::mem::take(&mut self.from_top);
        let document = match &self.document {
            Ok(document) => document,
            Err(reason) => {
                undecodable(ui, cx.palette, reason);
                return;
            }
        };
        let (timeline, zone) = (cx.timeline, cx.zone);
        let line = |place: usize| document.lines.get(*self.visible.get(place)?);
        let clicked = code_view::show_with_notes(
            ui,
            cx,
            "yaml",
            self.visible.len(),
            from_top,
            |place| {
                let line = *self.visible.get(place)?;
                row(document, &self.folded, line, (timeline, zone), origins)
            },
            (&self.notes, &line),
        );
        let path_at = |place: usize| Some(&document.lines.get(*self.visible.get(place)?)?.path);
        let path = match clicked {
            Some(CodeClick::Fold(place)) => path_at(place),
            Some(CodeClick::Origin(place)) => {
                let origin = path_at(place).and_then(|path| origins.get(path));
                cx.commands
                    .extend(origin.map(|origin| look_at(origin.revision)));
                None
            }
            Some(CodeClick::Previous(place)) => {
                let origin = path_at(place).and_then(|path| origins.get(path));
                let previous = origin.and_then(|origin| origin.previous);
                cx.commands.extend(previous.map(look_at));
                None
            }
            None => None,
        };
        if let Some(path) = path.cloned() {
            if !self.folded.remove(&path) {
                self.folded.insert(path);
            }
            self.find_visible();
        }
    }

    fn bar(&mut self, ui: &mut Ui, cx: &mut ViewContext<'_>, id: ChangeId) {
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), BAR), Sense::hover());
        let line = egui::Stroke::new(1.0, cx.palette.border);
        ui.painter()
            .hline(rect.x_range(), rect.bottom() - 0.5, line);
        let inner = rect.shrink2(vec2(theme::MARGIN, 0.0));
        let layout = Layout::right_to_left(Align::Center);
        ui.scope_builder(
            egui::UiBuilder::new().max_rect(inner).layout(layout),
            |ui| {
                ui.spacing_mut().item_spacing.x = 8.0;
                let noise = ghost_toggle(ui, cx.palette, "Noise", self.show_noise);
                if noise.on_hover_text(NOISE).clicked() {
                    self.show_noise = !self.show_noise;
                }
                let copy = ghost_button(ui, cx.palette, "Copy");
                if copy.on_hover_text("Copy this revision as YAML").clicked()
                    && let Ok(document) = &self.document
                {
                    cx.send(Command::Copy(document.to_text()));
                }
                let width = ui.available_width() - 8.0;
                ui.with_layout(Layout::left_to_right(Align::Center), |ui| {
                    elided(ui, &caption(cx, id), theme::body(), cx.palette.muted, width);
                });
            },
        );
    }
}

/// What the switch does.
pub(crate) const NOISE: &str = "Show managedFields, resourceVersion, generation, the copy of \
                                client-side apply, and lines in which only a timestamp changed";

fn row<'a>(
    document: &'a Document,
    folded: &HashSet<FieldPath>,
    line: usize,
    seen: (&Timeline, &TimeZone),
    origins: &Origins,
) -> Option<CodeRow<'a>> {
    let of = document.lines.get(line)?;
    let end = document.block_end(line);
    let (fold, more) = match (end > line + 1, folded.contains(&of.path)) {
        (false, _) => (Fold::None, ""),
        (true, false) => (Fold::Open, ""),
        (true, true) => (Fold::Closed, " ⋯"),
    };
    let blame = line_blame(document.owner(line), Some(&of.path), seen, origins);
    let text = Cow::Owned(document.text(line) + more);
    Some(CodeRow::Line {
        number: Some(line + 1),
        sign: Sign::Same,
        text,
        blame,
        fold,
    })
}
