//! Cards and lines.

use egui::{
    Align, Align2, Color32, CornerRadius, FontId, Painter, Pos2, Rect, Role, Sense, Shape, Stroke,
    StrokeKind, Ui, Vec2, WidgetInfo, pos2,
};

use super::{NOT_WATCHED, model::Model, node_label};
use crate::{
    model::ReadinessStatus,
    relation::{Absence, Edge, Relations, What},
    schema::LinkKind,
    timeline::ObjectId,
    ui::{
        ViewContext, theme,
        theme::Palette,
        widgets::{Dot, paint_dot, paint_elided, paint_text},
    },
};

const ZOOM: std::ops::RangeInclusive<f32> = 0.25..=1.6;
/// A graph is not made smaller than this to fit: nobody could read it.
const LEAST_FITTING: f32 = 0.62;
const PADDING: f32 = 24.0;
/// How near to a line the pointer touches it.
const NEAR: f32 = 5.0;

/// Where the drawing is looked at from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Camera {
    pub(super) offset: Vec2,
    pub(super) zoom: f32,
    canvas: Rect,
}

impl Default for Camera {
    fn default() -> Self {
        Self {
            offset: Vec2::ZERO,
            zoom: 1.0,
            canvas: Rect::NOTHING,
        }
    }
}

impl Camera {
    /// Shows all of a drawing, or its middle where that would be too small.
    pub(super) fn fitting(bounds: Rect, canvas: Rect) -> Self {
        let room = canvas.shrink(PADDING).size();
        let fitting = (room.x / bounds.width()).min(room.y / bounds.height());
        let zoom = fitting.clamp(LEAST_FITTING, 1.0);
        let center = if fitting < LEAST_FITTING {
            // As much as fits, with the object in it.
            let span = |low: f32, high: f32, room: f32| {
                let half = room / zoom / 2.0;
                let middle = f32::midpoint(low, high);
                middle.clamp(-(half - 100.0).max(0.0), (half - 100.0).max(0.0))
            };
            pos2(
                span(bounds.left(), bounds.right(), room.x),
                span(bounds.top(), bounds.bottom(), room.y),
            )
        } else {
            bounds.center()
        };
        Self {
            offset: canvas.center().to_vec2() - center.to_vec2() * zoom,
            zoom,
            canvas,
        }
    }

    /// Follows the canvas when the window or a panel changes its size.
    pub(super) fn keep_in(&mut self, canvas: Rect) {
        if self.canvas != Rect::NOTHING {
            self.offset += canvas.center() - self.canvas.center();
        }
        self.canvas = canvas;
    }

    pub(super) fn zoom_at(&mut self, pointer: Pos2, by: f32) {
        let zoom = (self.zoom * by).clamp(*ZOOM.start(), *ZOOM.end());
        let at = (pointer.to_vec2() - self.offset) / self.zoom;
        self.offset = pointer.to_vec2() - at * zoom;
        self.zoom = zoom;
    }

    fn point(&self, at: Pos2) -> Pos2 {
        (at.to_vec2() * self.zoom + self.offset).to_pos2()
    }

    fn rect(&self, rect: Rect) -> Rect {
        Rect::from_min_max(self.point(rect.min), self.point(rect.max))
    }

    fn font(&self, font: FontId) -> FontId {
        FontId::new(font.size * self.zoom, font.family)
    }
}

/// What was done to the graph.
#[derive(Debug, Default)]
pub(super) struct Painted {
    pub(super) clicked: Option<ObjectId>,
    pub(super) double_clicked: Option<ObjectId>,
}

pub(super) fn show(
    ui: &mut Ui,
    cx: &ViewContext<'_>,
    canvas: Rect,
    camera: &Camera,
    model: &Model,
) -> Painted {
    let mut painted = Painted::default();
    let relations = Relations::now(cx.timeline);
    let painter = ui.painter_at(canvas);
    let over_card = model
        .layout
        .cards
        .iter()
        .map(|card| camera.rect(*card))
        .collect::<Vec<_>>();
    let pointer = ui.ctx().pointer_hover_pos().filter(|at| {
        ui.rect_contains_pointer(canvas) && !over_card.iter().any(|r| r.contains(*at))
    });
    let mut touched = None;
    for (i, (edge, line)) in model
        .graph
        .edges
        .iter()
        .zip(&model.layout.lines)
        .enumerate()
    {
        let points: Vec<_> = line.iter().map(|point| camera.point(*point)).collect();
        let near = touched.is_none() && pointer.is_some_and(|at| is_near(&points, at));
        if near {
            touched = Some(edge);
        }
        let dim = model.bright.is_some() && !model.bright_edges.contains(&i);
        paint_line(&painter, cx.palette, model, edge, points, near, dim);
    }
    if let Some(edge) = touched {
        let text = tie_text(edge);
        ui.interact(canvas, ui.scope_id().with("line"), Sense::hover())
            .on_hover_text_at_pointer(text);
    }
    for (i, (node, rect)) in model.graph.nodes.iter().zip(over_card).enumerate() {
        if !canvas.intersects(rect) {
            continue;
        }
        let shown = rect.intersect(canvas);
        let response = ui.interact(shown, ui.scope_id().with(("card", i)), Sense::click());
        let label = accessible(&relations, &node.what);
        let is_selected =
            matches!(node.what, What::Object(object) if cx.selection.object == Some(object));
        response.widget_info(|| WidgetInfo::selected(Role::Button, true, is_selected, &label));
        let dim = model
            .bright
            .as_ref()
            .is_some_and(|bright| !bright.contains(&i));
        let card = Card {
            painter: &painter,
            palette: cx.palette,
            camera,
            rect,
            is_center: i == 0,
            is_selected,
            is_hovered: response.hovered() || response.has_focus(),
            strength: if dim { 0.35 } else { 1.0 },
        };
        let effect = model.effects.get(&i).map(|effect| effect.words());
        card.paint(cx, &relations, &node.what, effect);
        if let What::Object(object) = node.what {
            if response.double_clicked() {
                painted.double_clicked = Some(object);
            }
            if response.clicked() {
                painted.clicked = Some(object);
            }
        }
        response.on_hover_text(explain(&relations, &node.what, effect));
    }
    painted
}

fn is_near(points: &[Pos2], at: Pos2) -> bool {
    points.windows(2).any(|pair| {
        let (a, along) = (pair[0], pair[1] - pair[0]);
        let length = along.length_sq();
        let t = if length > 0.0 {
            ((at - a).dot(along) / length).clamp(0.0, 1.0)
        } else {
            0.0
        };
        (a + along * t).distance(at) < NEAR
    })
}

/// How a tie reads: `controls, by metadata.ownerReferences[0]`.
fn tie_text(edge: &Edge) -> String {
    match edge.kind {
        None => "Choose the object that they belong to for all of them".to_owned(),
        Some(kind) => format!("{}: {}", tie_words(kind), edge.field),
    }
}

fn tie_words(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Owner {
            controller: true,
            block_deletion: true,
        } => "controller; its foreground deletion waits for what it owns",
        LinkKind::Owner {
            controller: true, ..
        } => "controller",
        LinkKind::Owner {
            block_deletion: true,
            ..
        } => "owner; its foreground deletion waits for what it owns",
        LinkKind::Owner { .. } => "owner",
        LinkKind::Managed => "manager",
        LinkKind::Reference => "reference",
    }
}

fn paint_line(
    painter: &Painter,
    palette: &Palette,
    model: &Model,
    edge: &Edge,
    points: Vec<Pos2>,
    near: bool,
    dim: bool,
) {
    let Some((end, before)) = points
        .last()
        .copied()
        .zip(points.iter().rev().nth(1).copied())
    else {
        return;
    };
    let absence =
        [edge.to, edge.from]
            .into_iter()
            .find_map(|node| match &model.graph.nodes[node].what {
                What::Absent(absent) => Some(absent.why),
                _ => None,
            });
    let dangles = absence.is_some();
    let emphasised = model.bright.is_some() && !dim;
    let color = match (near || emphasised, absence) {
        (true, _) => palette.accent,
        (false, Some(Absence::NotSeen | Absence::Gone | Absence::Replaced)) => palette.warn,
        (false, Some(Absence::NotWatched) | None) => palette.tick,
    };
    let color = if dim {
        color.gamma_multiply(0.35)
    } else {
        color
    };
    let width = match edge.kind {
        Some(LinkKind::Owner {
            controller: true, ..
        }) => 2.0,
        _ => 1.25,
    };
    let stroke = Stroke::new(if near { width + 0.75 } else { width }, color);
    match (edge.kind, dangles) {
        (None, _) | (_, true) => painter.extend(Shape::dotted_line(&points, color, 5.0, 1.0)),
        (Some(LinkKind::Reference), _) => {
            painter.extend(Shape::dashed_line(&points, stroke, 5.0, 4.0));
        }
        (Some(LinkKind::Managed), _) => {
            painter.extend(Shape::dashed_line(&points, stroke, 9.0, 3.0));
        }
        (Some(LinkKind::Owner { .. }), _) => {
            painter.add(Shape::line(points, stroke));
        }
    }
    arrow(painter, before, end, color);
}

fn arrow(painter: &Painter, before: Pos2, end: Pos2, color: Color32) {
    let along = (end - before).normalized();
    let across = along.rot90() * 3.5;
    let back = end - along * 7.0;
    painter.add(Shape::convex_polygon(
        vec![end, back + across, back - across],
        color,
        Stroke::NONE,
    ));
}

/// In words, as on the second line of a card.
pub(in crate::ui) fn status_words(status: ReadinessStatus) -> &'static str {
    match status {
        ReadinessStatus::Current => "Ready",
        ReadinessStatus::InProgress => "In progress",
        ReadinessStatus::Failed => "Failed",
        ReadinessStatus::Terminating => "Terminating",
        ReadinessStatus::Unknown => "Not told",
    }
}

fn accessible(relations: &Relations<'_>, what: &What) -> String {
    let label = node_label(relations, what);
    match what {
        What::Object(object) => {
            let readiness = relations.readiness(*object);
            let word = readiness.map_or("Deleted", |readiness| status_words(readiness.status));
            format!("{label}, {word}")
        }
        What::Absent(absent) => format!("{label}, {}", absent.why.words()),
        What::More { .. } => label,
    }
}

fn explain(relations: &Relations<'_>, what: &What, effect: Option<&str>) -> String {
    let label = node_label(relations, what);
    match what {
        What::Object(object) => {
            let reason = relations
                .readiness(*object)
                .map_or("", |readiness| &*readiness.reason);
            let effect = effect.map_or_else(String::new, |effect| format!("\nWould be: {effect}"));
            format!("{label}\n{reason}{effect}\nDouble click puts it in the middle")
        }
        What::Absent(absent) => match absent.why {
            Absence::NotWatched => format!("{label}\n{NOT_WATCHED}"),
            Absence::NotSeen => {
                format!("{label}\nIts kind is watched, and no such object was seen.")
            }
            Absence::Gone => format!("{label}\nIt was deleted."),
            Absence::Replaced => {
                format!("{label}\nThe owner was deleted; another object has its name now.")
            }
        },
        What::More { .. } => {
            format!("{label}\nPut the object that they belong to in the middle to see more of them")
        }
    }
}

struct Card<'a> {
    painter: &'a Painter,
    palette: &'a Palette,
    camera: &'a Camera,
    rect: Rect,
    is_center: bool,
    is_selected: bool,
    is_hovered: bool,
    strength: f32,
}

impl Card<'_> {
    fn color(&self, color: Color32) -> Color32 {
        color.gamma_multiply(self.strength)
    }

    /// A line of the card, counted from the top.
    fn line(&self, line: f32) -> Rect {
        let zoom = self.camera.zoom;
        let top = self.rect.top() + (6.0 + line * 17.0) * zoom;
        Rect::from_min_max(
            pos2(self.rect.left() + 10.0 * zoom, top),
            pos2(self.rect.right() - 10.0 * zoom, top + 17.0 * zoom),
        )
    }

    fn text(&self, rect: Rect, text: &str, font: FontId, color: Color32) {
        let font = self.camera.font(font);
        paint_elided(
            self.painter,
            rect,
            Align::Min,
            text,
            font,
            self.color(color),
        );
    }

    fn ground(&self, line: Stroke, fill: Color32) {
        let radius = CornerRadius::same(theme::RADIUS);
        self.painter
            .rect(self.rect, radius, fill, line, StrokeKind::Inside);
    }

    fn paint(
        &self,
        cx: &ViewContext<'_>,
        relations: &Relations<'_>,
        what: &What,
        effect: Option<&str>,
    ) {
        let palette = self.palette;
        let (border, width) = match (self.is_selected, self.is_center) {
            (true, _) => (palette.accent, 1.5),
            (false, true) => (palette.text, 1.5),
            (false, false) => (palette.border, 1.0),
        };
        let fill = match (self.is_selected, self.is_hovered) {
            (true, _) => palette.selection,
            (false, true) => palette.hover,
            (false, false) => palette.panel,
        };
        let line = Stroke::new(width, self.color(border));
        match what {
            What::Object(object) => {
                self.ground(line, fill);
                self.object(cx, relations, *object, effect);
            }
            What::Absent(absent) => {
                let outline = self.rect.shrink(0.5);
                let corners = [
                    outline.left_top(),
                    outline.right_top(),
                    outline.right_bottom(),
                    outline.left_bottom(),
                    outline.left_top(),
                ];
                let color = if absent.why == Absence::NotWatched {
                    palette.faint
                } else {
                    palette.warn
                };
                self.painter.rect_filled(
                    self.rect,
                    CornerRadius::same(theme::RADIUS),
                    palette.canvas,
                );
                let stroke = Stroke::new(1.0, self.color(color));
                self.painter
                    .extend(Shape::dashed_line(&corners, stroke, 4.0, 3.0));
                let name = absent.key();
                self.text(self.line(0.0), &name, theme::body(), palette.muted);
                self.text(self.line(1.0), &absent.kind, theme::small(), palette.muted);
                let color = if absent.why == Absence::NotWatched {
                    palette.muted
                } else {
                    palette.warn
                };
                self.text(self.line(2.0), absent.why.words(), theme::caption(), color);
            }
            What::More { count, .. } => {
                let text = format!("and {count} more");
                let font = self.camera.font(theme::body());
                paint_text(
                    self.painter,
                    self.rect,
                    Align2::CENTER_CENTER,
                    &text,
                    font,
                    self.color(palette.muted),
                );
            }
        }
    }

    fn object(
        &self,
        cx: &ViewContext<'_>,
        relations: &Relations<'_>,
        object: ObjectId,
        effect: Option<&str>,
    ) {
        let palette = self.palette;
        let Some((history, kind)) = cx
            .timeline
            .object(object)
            .and_then(|history| Some((history, cx.timeline.kind(history.kind)?)))
        else {
            return;
        };
        let font = if self.is_center {
            theme::body_strong()
        } else {
            theme::body()
        };
        self.text(self.line(0.0), &history.key.name, font, palette.text);
        let what = match &history.key.namespace {
            Some(namespace) => format!("{} · {namespace}", kind.kind.kind),
            None => kind.kind.kind.clone(),
        };
        self.text(self.line(1.0), &what, theme::small(), palette.muted);
        let last = self.line(2.0);
        let zoom = self.camera.zoom;
        let status = relations
            .readiness(object)
            .map_or(ReadinessStatus::Unknown, |readiness| readiness.status);
        let dot = relations
            .readiness(object)
            .map_or(Dot::Unknown, Dot::of_readiness);
        if self.strength > 0.9 {
            let center = pos2(last.left() + 4.0 * zoom, last.center().y);
            paint_dot(self.painter, palette, center, 3.6 * zoom, dot);
        }
        let words = last.with_min_x(last.left() + 14.0 * zoom);
        let text = match effect {
            Some(effect) => effect.to_owned(),
            None => [Some(status_words(status).to_owned()), lag(cx, object)]
                .into_iter()
                .flatten()
                .collect::<Vec<_>>()
                .join(" · "),
        };
        let color = match status {
            ReadinessStatus::Current | ReadinessStatus::Unknown => palette.muted,
            status => palette.readiness(status),
        };
        self.text(words, &text, theme::caption(), color);
    }
}

/// How far the controller lags behind: `gen 3, seen 2`.
fn lag(cx: &ViewContext<'_>, object: ObjectId) -> Option<String> {
    let live = cx.timeline.object(object)?.live.as_ref()?;
    let (generation, (observed, _)) = live.generation.zip(live.observed)?;
    (observed < generation).then(|| format!("gen {generation}, seen {observed}"))
}

/// What the lines mean.
pub(super) fn legend(ui: &Ui, palette: &Palette, rect: Rect) {
    let painter = ui.painter_at(rect);
    let response = ui.interact(rect, ui.scope_id().with("legend"), Sense::hover());
    let all = "Left depends on right. Lines: thick controller, thin owner, dashed reference, dotted not seen";
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, all));
    let mut x = rect.left() + theme::MARGIN;
    let y = rect.center().y;
    let color = palette.tick;
    for (text, width, dash) in [
        ("controller", 2.0, None),
        ("owner", 1.25, None),
        ("manager", 1.25, Some((9.0, 3.0))),
        ("reference", 1.25, Some((5.0, 4.0))),
    ] {
        let points = [pos2(x, y), pos2(x + 24.0, y)];
        let stroke = Stroke::new(width, color);
        match dash {
            Some((dash, gap)) => painter.extend(Shape::dashed_line(&points, stroke, dash, gap)),
            None => {
                painter.line_segment(points, stroke);
            }
        }
        x = legend_text(&painter, palette, rect, x + 30.0, text);
    }
    let points = [pos2(x, y), pos2(x + 24.0, y)];
    painter.extend(Shape::dotted_line(&points, palette.warn, 5.0, 1.0));
    x = legend_text(&painter, palette, rect, x + 30.0, "not there");
    let hint = "left depends on right · double click: in the middle";
    let room = rect.with_min_x(x).with_max_x(rect.right() - theme::MARGIN);
    let width = painter
        .layout_no_wrap(hint.to_owned(), theme::caption(), palette.faint)
        .size()
        .x;
    if width < room.width() {
        paint_text(
            &painter,
            room,
            Align2::RIGHT_CENTER,
            hint,
            theme::caption(),
            palette.faint,
        );
    }
}

fn legend_text(painter: &Painter, palette: &Palette, rect: Rect, x: f32, text: &str) -> f32 {
    let place = rect.with_min_x(x);
    let painted = paint_text(
        painter,
        place,
        Align2::LEFT_CENTER,
        text,
        theme::caption(),
        palette.muted,
    );
    painted.right() + 18.0
}
