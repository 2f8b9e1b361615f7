//! What the CRD of a kind says: its fields, how they changed, and its versions.

pub(crate) mod card;
mod changes;
mod fields;
pub(crate) mod marks;
pub(crate) mod notes;
mod overview;
mod tree;

use std::sync::Arc;

use egui::{
    Align, CornerRadius, Key, Layout, Sense, Stroke, StrokeKind, TextEdit, Ui, WidgetInfo, vec2,
};

use changes::ChangesPane;
use fields::FieldsPane;

use crate::{
    model::Moment,
    schema::Schema,
    timeline::{KindHistory, KindId},
    ui::{
        View, ViewContext,
        background::Progress,
        format,
        schemas::SchemaKey,
        theme::{self, Palette},
        widgets::{
            EmptyIcon, EmptyState, dropdown, fit_menu, ghost_button, label, menu_item, segmented,
        },
    },
};

/// The Schema tab, as commands name it.
pub const SCHEMA: &str = "schema";
/// Height of the bar above fields and changes.
const BAR: f32 = 40.0;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
enum Mode {
    #[default]
    Fields,
    Changes,
    Definition,
}

impl Mode {
    fn label(self) -> &'static str {
        match self {
            Self::Fields => "Fields",
            Self::Changes => "Changes",
            Self::Definition => "Definition",
        }
    }
}

/// The Schema tab.
#[derive(Debug, Default)]
pub struct SchemaView {
    mode: Mode,
    /// Which kind of which recording is shown.
    of: Option<(Option<Moment>, KindId)>,
    /// The version whose fields are shown; `None` for the one that is watched.
    version: Option<String>,
    fields: FieldsPane,
    changes: ChangesPane,
    /// The field that was asked for last.
    asked: Option<Arc<str>>,
}

impl View for SchemaView {
    fn id(&self) -> &'static str {
        SCHEMA
    }

    fn title(&self) -> &'static str {
        "Schema"
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut ViewContext<'_>) {
        let Some((id, kind)) = kind(cx) else {
            choose(ui, cx.palette);
            return;
        };
        self.follow(cx, id);
        let Some(newest) = kind.definitions.last() else {
            unknown(ui, cx.palette, kind);
            return;
        };
        let version = self.version.as_deref().unwrap_or(&kind.kind.version);
        let key = SchemaKey::new(&newest.definition, version);
        let schema = match cx.schemas.get(ui.ctx(), &key) {
            Progress::Done(schema) => schema,
            Progress::Working => {
                reading(ui, cx.palette, kind);
                return;
            }
            Progress::Failed(why) => {
                // Another version may be gone since it was chosen.
                if self.version.take().is_some() {
                    ui.ctx().request_repaint();
                } else {
                    unreadable(ui, cx.palette, &why);
                }
                return;
            }
        };
        ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
        match self.mode {
            Mode::Fields => {
                self.bar(ui, cx, kind, &schema);
                self.fields.show(ui, cx, &schema);
            }
            Mode::Changes => {
                let versions = versions(&schema);
                if let Some(path) = self.changes.show(ui, cx, kind, &versions) {
                    self.mode = Mode::Fields;
                    self.fields.reveal(&path);
                    ui.ctx().request_repaint();
                }
            }
            Mode::Definition => overview::show(ui, cx, kind, &schema),
        }
    }

    fn toolbar(&mut self, ui: &mut Ui, cx: &mut ViewContext<'_>) {
        let Some((_, kind)) = kind(cx) else { return };
        if kind.definitions.is_empty() {
            return;
        }
        // Laid out from the right.
        let modes = [Mode::Definition, Mode::Changes, Mode::Fields];
        let on = modes
            .iter()
            .position(|mode| *mode == self.mode)
            .unwrap_or_default();
        if let Some(clicked) = segmented(ui, cx.palette, &modes.map(Mode::label), on) {
            self.mode = modes[clicked];
        }
        let name = format!("{} {}", kind.kind.kind, kind.kind.api_version());
        label(ui, &name, theme::body(), cx.palette.muted);
    }
}

/// The kind whose schema is shown: the one in the side panel, else that of the object in the
/// inspector.
fn kind<'a>(cx: &ViewContext<'a>) -> Option<(KindId, &'a KindHistory)> {
    let object = || Some(cx.timeline.object(cx.selection.object?)?.kind);
    let id = cx.selection.kind.or_else(object)?;
    Some((id, cx.timeline.kind(id)?))
}

impl SchemaView {
    /// Starts anew for another kind, and goes to a field that is asked for.
    fn follow(&mut self, cx: &ViewContext<'_>, id: KindId) {
        let of = Some((cx.timeline.extent().map(|(first, _)| first), id));
        if self.of != of {
            self.of = of;
            self.version = None;
            self.changes.forget();
        }
        if self.asked != cx.selection.field {
            self.asked.clone_from(&cx.selection.field);
            if let Some(path) = &self.asked {
                self.mode = Mode::Fields;
                self.fields.reveal(path);
            }
        }
    }

    fn bar(&mut self, ui: &mut Ui, cx: &mut ViewContext<'_>, kind: &KindHistory, schema: &Schema) {
        let (rect, _) = ui.allocate_exact_size(vec2(ui.available_width(), BAR), Sense::hover());
        let line = Stroke::new(1.0, cx.palette.border);
        ui.painter()
            .hline(rect.x_range(), rect.bottom() - 0.5, line);
        let inner = rect.shrink2(vec2(theme::MARGIN, 0.0));
        let left = egui::UiBuilder::new()
            .max_rect(inner)
            .layout(Layout::left_to_right(Align::Center));
        // Children and no scopes: a scope would move what follows up to the end of its contents.
        let mut ui_left = ui.new_child(left);
        ui_left.spacing_mut().item_spacing.x = 9.0;
        search_field(&mut ui_left, cx.palette, &mut self.fields.filter);
        let versions = versions(schema);
        if versions.len() > 1 {
            self.version_menu(&mut ui_left, cx.palette, schema, &versions);
        }
        if let Some(hits) = self.fields.hits() {
            let text = format::counted(hits, "field");
            let most = if hits > tree::MOST_FOUND {
                ", the first are shown"
            } else {
                ""
            };
            label(
                &mut ui_left,
                &(text + most),
                theme::body(),
                cx.palette.muted,
            );
        }
        let right = egui::UiBuilder::new()
            .max_rect(inner)
            .layout(Layout::right_to_left(Align::Center));
        if let [first, .., last] = &kind.definitions[..] {
            let text = format!(
                "{} seen: {} → {}",
                format::counted(kind.definitions.len(), "definition"),
                format::clock(first.at.wall, cx.zone),
                format::clock(last.at.wall, cx.zone)
            );
            if ghost_button(&mut ui.new_child(right), cx.palette, &text)
                .on_hover_text("Show what changed")
                .clicked()
            {
                self.mode = Mode::Changes;
            }
        }
    }

    fn version_menu(
        &mut self,
        ui: &mut Ui,
        palette: &Palette,
        schema: &Schema,
        versions: &[String],
    ) {
        let overview = schema.overview();
        let text = |name: &String| {
            let states = overview
                .version(name)
                .map(|version| version.states().join(", "));
            format!("{name}  {}", states.unwrap_or_default())
        };
        let texts: Vec<_> = versions.iter().map(text).collect();
        let shown = format!("Version: {}", schema.version());
        dropdown(ui, palette, "Version", &shown, |ui| {
            fit_menu(ui, texts.iter().map(String::as_str));
            for (name, text) in versions.iter().zip(&texts) {
                if menu_item(ui, palette, text, name == schema.version()).clicked() {
                    self.version = Some(name.clone());
                }
            }
        });
    }
}

fn versions(schema: &Schema) -> Vec<String> {
    let all = schema.overview().versions.iter();
    all.map(|version| version.name.clone()).collect()
}

fn search_field(ui: &mut Ui, palette: &Palette, text: &mut String) {
    let hint = "Filter by name or description";
    let (rect, _) = ui.allocate_exact_size(vec2(230.0, 26.0), Sense::hover());
    let radius = CornerRadius::same(theme::RADIUS);
    ui.painter().rect_filled(rect, radius, palette.canvas);
    let field = ui.put(
        rect.shrink2(vec2(10.0, 1.0)),
        TextEdit::singleline(text)
            .id(ui.scope_id().with("fields"))
            .frame(egui::Frame::NONE)
            .font(theme::body())
            .margin(egui::Margin::ZERO)
            .align(egui::Align2::LEFT_CENTER)
            .hint_text(egui::RichText::new(hint).color(palette.faint)),
    );
    field.widget_info(|| WidgetInfo::text_edit(true, "", &*text, hint));
    let color = if field.has_focus() {
        palette.accent
    } else {
        palette.border
    };
    let line = Stroke::new(1.0, color);
    ui.painter()
        .rect_stroke(rect, radius, line, StrokeKind::Inside);
    if field.has_focus() && ui.input(|input| input.key_pressed(Key::Escape)) {
        text.clear();
        field.surrender_focus();
    }
}

fn choose(ui: &mut Ui, palette: &Palette) {
    let empty = EmptyState {
        icon: EmptyIcon::Choose,
        title: "No kind selected",
        explanation: "Choose a kind at the left to see what its fields mean, which are required, \
                      deprecated or immutable, and how its schema changed.",
        hint: "",
        action: None,
    };
    empty.show(ui, palette);
}

fn unknown(ui: &mut Ui, palette: &Palette, kind: &KindHistory) {
    let title = format!("The schema of {} is not known", kind.kind.kind);
    let empty = EmptyState {
        icon: EmptyIcon::Nothing,
        title: &title,
        explanation: "It comes from the CustomResourceDefinition. Of this kind only API discovery \
                      is known: it is built in, or your user may not list \
                      customresourcedefinitions.",
        hint: "packaging/rbac/clusterrole.yaml has the rule; sessions of older versions have no schemas.",
        action: None,
    };
    empty.show(ui, palette);
}

fn reading(ui: &mut Ui, palette: &Palette, kind: &KindHistory) {
    let empty = EmptyState {
        icon: EmptyIcon::Waiting,
        title: &format!("Reading the schema of {}", kind.kind.kind),
        explanation: "Large ones take a moment.",
        hint: "",
        action: None,
    };
    empty.show(ui, palette);
}

fn unreadable(ui: &mut Ui, palette: &Palette, why: &str) {
    let empty = EmptyState {
        icon: EmptyIcon::Failed,
        title: "The schema cannot be read",
        explanation: why,
        hint: "",
        action: None,
    };
    empty.show(ui, palette);
}
