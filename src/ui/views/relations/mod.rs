//! How the selected object hangs together with others: a graph with live readiness, what depends on
//! it at the left, what it depends on at the right.

mod layout;
mod model;
mod paint;

use egui::{Rect, Sense, Ui, Vec2, vec2};

use crate::{
    relation::{Relations, What},
    timeline::ObjectId,
    ui::{
        Command, View, ViewContext, theme,
        widgets::{EmptyIcon, EmptyState, ghost_button, ghost_toggle, paint_elided},
    },
};
use model::{Choice, Emphasis, Model};
pub(in crate::ui) use paint::status_words;
use paint::{Camera, Painted};

/// The Relations tab.
#[derive(Debug)]
pub struct RelationsView {
    /// The object in the middle.
    center: Option<ObjectId>,
    /// The selection that was last seen, or caused here.
    selected: Option<ObjectId>,
    owners: bool,
    references: bool,
    emphasis: Emphasis,
    model: Model,
    camera: Camera,
    fit: bool,
}

impl Default for RelationsView {
    fn default() -> Self {
        Self {
            center: None,
            selected: None,
            owners: true,
            references: true,
            emphasis: Emphasis::default(),
            model: Model::default(),
            camera: Camera::default(),
            fit: true,
        }
    }
}

const SENTENCE: f32 = 32.0;
const LEGEND: f32 = 28.0;

impl View for RelationsView {
    fn id(&self) -> &'static str {
        super::RELATIONS
    }

    fn title(&self) -> &'static str {
        "Relations"
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut ViewContext<'_>) {
        if cx.selection.object != self.selected {
            self.selected = cx.selection.object;
            self.center = cx.selection.object;
        }
        let Some(center) = self.center.filter(|id| cx.timeline.object(*id).is_some()) else {
            empty(
                ui,
                cx,
                EmptyIcon::Choose,
                "Nothing selected",
                "Choose an object to see what owns it, what it owns, and what it refers to.",
            );
            return;
        };
        if !Relations::now(cx.timeline).exists(center) {
            empty(
                ui,
                cx,
                EmptyIcon::Nothing,
                "The object was deleted",
                "Relations are those of objects that exist.",
            );
            return;
        }
        let choice = Choice {
            center,
            owners: self.owners,
            references: self.references,
            emphasis: self.emphasis,
        };
        self.fit |= self.model.update(ui, cx.timeline, choice);
        let area = ui.available_rect_before_wrap();
        let mut canvas = area.with_max_y(area.bottom() - LEGEND);
        if let Some(sentence) = &self.model.sentence {
            let line = area.with_max_y(area.top() + SENTENCE);
            canvas.min.y = line.bottom();
            self.sentence(ui, cx, line, sentence);
        }
        let canvas_response = ui.interact(
            canvas,
            ui.scope_id().with("canvas"),
            Sense::click_and_drag(),
        );
        self.navigate(ui, &canvas_response, canvas);
        let painted = paint::show(ui, cx, canvas, &self.camera, &self.model);
        self.act(cx, &painted);
        let legend = area.with_min_y(area.bottom() - LEGEND);
        paint::legend(ui, cx.palette, legend);
        if self.model.graph.nodes.len() == 1 {
            alone(ui, cx, canvas);
        }
        ui.advance_cursor_after_rect(area);
    }

    fn toolbar(&mut self, ui: &mut Ui, cx: &mut ViewContext<'_>) {
        if ghost_button(ui, cx.palette, "Fit")
            .on_hover_text("Show the whole graph")
            .clicked()
        {
            self.fit = true;
        }
        for (emphasis, text, explanation) in [
            (
                Emphasis::RootCause,
                "Root cause",
                "The way to the deepest object below that is not ready",
            ),
            (
                Emphasis::Affected,
                "Affected",
                "What a failure or a deletion of the object in the middle would affect",
            ),
        ] {
            let on = self.emphasis == emphasis;
            if ghost_toggle(ui, cx.palette, text, on)
                .on_hover_text(explanation)
                .clicked()
            {
                self.emphasis = if on { Emphasis::None } else { emphasis };
            }
        }
        for (on, text, explanation) in [
            (
                &mut self.references,
                "references",
                "Follow the fields that name other objects",
            ),
            (
                &mut self.owners,
                "owners",
                "Follow owner references and the labels of managers",
            ),
        ] {
            if ghost_toggle(ui, cx.palette, text, *on)
                .on_hover_text(explanation)
                .clicked()
            {
                *on = !*on;
            }
        }
    }
}

impl RelationsView {
    fn sentence(&self, ui: &Ui, cx: &ViewContext<'_>, line: Rect, text: &str) {
        let response = ui.interact(line, ui.scope_id().with("sentence"), Sense::hover());
        response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Status, true, text));
        let palette = cx.palette;
        ui.painter().rect_filled(line, 0.0, palette.panel);
        let stroke = egui::Stroke::new(1.0, palette.border);
        ui.painter()
            .hline(line.x_range(), line.bottom() - 0.5, stroke);
        let inner = line.shrink2(vec2(theme::MARGIN, 0.0));
        let color = palette.text;
        let cut = paint_elided(
            ui.painter(),
            inner,
            egui::Align::Min,
            text,
            theme::body(),
            color,
        );
        if cut {
            response.on_hover_text(text);
        }
    }

    fn navigate(&mut self, ui: &Ui, response: &egui::Response, canvas: Rect) {
        if self.fit {
            self.camera = Camera::fitting(self.model.layout.bounds(), canvas);
            self.fit = false;
        }
        self.camera.keep_in(canvas);
        if response.dragged() {
            self.camera.offset += response.drag_delta();
        }
        let Some(pointer) = ui
            .ctx()
            .pointer_hover_pos()
            .filter(|at| canvas.contains(*at))
        else {
            return;
        };
        if !ui.rect_contains_pointer(canvas) {
            return;
        }
        let (scroll, pinch) = ui.input(|input| (input.smooth_scroll_delta(), input.zoom_delta()));
        let by = (scroll.y * 0.0025).exp() * pinch;
        if (by - 1.0).abs() > f32::EPSILON {
            self.camera.zoom_at(pointer, by);
        }
        if scroll.x != 0.0 {
            self.camera.offset += Vec2::new(scroll.x, 0.0);
        }
    }

    fn act(&mut self, cx: &mut ViewContext<'_>, painted: &Painted) {
        if let Some(object) = painted.clicked {
            self.selected = Some(object);
            cx.send(Command::SelectObject(object));
        }
        if let Some(object) = painted.double_clicked {
            self.center = Some(object);
        }
    }
}

/// Why nothing is known of an object, and what to do.
pub(in crate::ui) const NOT_WATCHED: &str = "Its kind is not watched, so whether it exists is not known. Built-in kinds are watched \
     where they are named: \"watch\" in settings.json, or record --also.";

fn empty(ui: &mut Ui, cx: &ViewContext<'_>, icon: EmptyIcon, title: &str, explanation: &str) {
    let empty = EmptyState {
        icon,
        title,
        explanation,
        hint: "",
        action: None,
    };
    empty.show(ui, cx.palette);
}

/// The object is all there is.
fn alone(ui: &Ui, cx: &ViewContext<'_>, canvas: Rect) {
    let text = "It has no owner, owns nothing that is watched, and neither refers to anything nor is referred to. \
                Built-in kinds are watched where they are named: \"watch\" in settings.json, or record --also.";
    let place = Rect::from_center_size(canvas.center() + vec2(0.0, 90.0), vec2(460.0, 60.0));
    let mut job = egui::text::LayoutJob::simple(
        text.to_owned(),
        theme::small(),
        cx.palette.muted,
        place.width().min(canvas.width() - 2.0 * theme::MARGIN),
    );
    job.halign = egui::Align::Center;
    let galley = ui.painter().layout_job(job);
    ui.painter()
        .galley(place.center_top(), galley, cx.palette.muted);
    let response = ui.interact(place, ui.scope_id().with("alone"), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Label, true, text));
}

/// What a node is called: kind and key.
pub(in crate::ui) fn node_label(relations: &Relations<'_>, what: &What) -> String {
    match what {
        What::Object(object) => relations.label(*object),
        What::Absent(absent) => format!("{} {}", absent.kind, absent.key()),
        What::More { count, .. } => format!("and {count} more"),
    }
}
