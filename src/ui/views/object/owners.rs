//! What the object hangs together with, as a tree: what depends on it above it, what it depends on
//! below.

use egui::{Align, Align2, CornerRadius, Rect, Role, ScrollArea, Sense, Ui, WidgetInfo, pos2};

use crate::{
    model::{Moment, ReadinessStatus},
    relation::{Absence, Branch, Graph, GraphLimits, Relations, Side, What, graph_around},
    schema::LinkKind,
    timeline::{ObjectId, Timeline},
    ui::{
        Command, ViewContext,
        theme::{self, Palette},
        views::{
            RELATIONS,
            relations::{NOT_WATCHED, node_label, status_words},
        },
        widgets::{
            Dot, EmptyIcon, EmptyState, ghost_button, label, paint_dot, paint_elided, paint_text,
        },
    },
};

const INDENT: f32 = 16.0;
const WORD: f32 = 92.0;
const LIMITS: GraphLimits = GraphLimits {
    above: 4,
    below: 4,
    per_node: 12,
    nodes: 160,
    owners: true,
    references: true,
};

/// The Owners tab of the inspector.
#[derive(Debug, Default)]
pub(super) struct OwnersPane {
    of: Option<(Moment, ObjectId, u64)>,
    graph: Graph,
    above: Vec<Branch>,
    below: Vec<Branch>,
}

impl OwnersPane {
    /// The tree changes with the ties alone; readiness is read as it is painted.
    fn update(&mut self, timeline: &Timeline, object: ObjectId) {
        let Some((first, _)) = timeline.extent() else {
            return;
        };
        let of = Some((first, object, timeline.relations().epoch()));
        if self.of == of {
            return;
        }
        self.graph = graph_around(&Relations::now(timeline), object, LIMITS);
        self.above = self.graph.tree(Side::Above);
        self.below = self.graph.tree(Side::Below);
        self.of = of;
    }

    pub(super) fn show(&mut self, ui: &mut Ui, cx: &mut ViewContext<'_>, object: ObjectId) {
        self.update(cx.timeline, object);
        if self.above.is_empty() && self.below.is_empty() {
            let empty = EmptyState {
                icon: EmptyIcon::Nothing,
                title: "Nothing hangs together with it",
                explanation: "It has no owner, owns nothing that is watched, and neither refers to anything nor is referred to.",
                hint: "Built-in kinds are watched where they are named: \"watch\" in settings.json, or record --also.",
                action: None,
            };
            empty.show(ui, cx.palette);
            return;
        }
        ScrollArea::vertical()
            .id_salt("owners")
            .auto_shrink(false)
            .show(ui, |ui| {
                ui.add_space(8.0);
                heading(ui, cx.palette, "NEEDED BY");
                self.side(ui, cx, &self.above, "Nothing depends on it.");
                ui.add_space(10.0);
                heading(ui, cx.palette, "NEEDS");
                self.side(
                    ui,
                    cx,
                    &self.below,
                    "It owns nothing that is watched and refers to nothing.",
                );
                ui.add_space(12.0);
                ui.horizontal(|ui| {
                    ui.add_space(theme::MARGIN);
                    if ghost_button(ui, cx.palette, "Show as a graph").clicked() {
                        cx.send(Command::ShowView(RELATIONS));
                    }
                });
                ui.add_space(12.0);
            });
    }

    fn side(&self, ui: &mut Ui, cx: &mut ViewContext<'_>, branches: &[Branch], nothing: &str) {
        if branches.is_empty() {
            ui.horizontal(|ui| {
                ui.add_space(theme::MARGIN);
                label(ui, nothing, theme::body(), cx.palette.faint);
            });
        }
        for branch in branches {
            self.row(ui, cx, branch);
        }
    }

    fn row(&self, ui: &mut Ui, cx: &mut ViewContext<'_>, branch: &Branch) {
        let palette = cx.palette;
        let relations = Relations::now(cx.timeline);
        let what = &self.graph.nodes[branch.node].what;
        let size = egui::vec2(ui.available_width(), theme::ROW);
        let (rect, response) = ui.allocate_exact_size(size, Sense::click());
        let name = node_label(&relations, what);
        let (word, dot) = state_of(&relations, what);
        let spoken = format!("{name}, {word}");
        response.widget_info(|| WidgetInfo::labeled(Role::Button, true, &spoken));
        if !ui.is_rect_visible(rect) {
            return;
        }
        if response.hovered() || response.has_focus() {
            ui.painter()
                .rect_filled(rect, CornerRadius::ZERO, palette.hover);
        }
        #[expect(clippy::cast_precision_loss, reason = "a tree is a few levels deep")]
        let indent = (branch.last.len() - 1) as f32 * INDENT;
        let left = rect.left() + theme::MARGIN + indent;
        guides(ui, palette, rect, &branch.last);
        if let Some(dot) = dot {
            paint_dot(
                ui.painter(),
                palette,
                pos2(left + 5.0, rect.center().y),
                4.0,
                dot,
            );
        }
        let right = rect.right() - theme::MARGIN;
        let text = Rect::from_min_max(
            pos2(left + 16.0, rect.top()),
            pos2(right - WORD - 8.0, rect.bottom()),
        );
        let color = match what {
            What::Object(_) => palette.text,
            What::Absent(_) | What::More { .. } => palette.muted,
        };
        paint_elided(ui.painter(), text, Align::Min, &name, theme::body(), color);
        let word_color = match dot {
            Some(Dot::Bad | Dot::Busy | Dot::Leaving) => {
                dot.map_or(palette.muted, |dot| dot.color(palette))
            }
            _ => palette.muted,
        };
        let word_rect = rect.with_min_x(right - WORD).with_max_x(right);
        paint_text(
            ui.painter(),
            word_rect,
            Align2::RIGHT_CENTER,
            &word,
            theme::small(),
            word_color,
        );
        if response.clicked()
            && let What::Object(object) = what
        {
            cx.send(Command::SelectObject(*object));
        }
        response.on_hover_text(explanation(&relations, what, branch));
    }
}

fn heading(ui: &mut Ui, palette: &Palette, text: &str) {
    ui.horizontal(|ui| {
        ui.add_space(theme::MARGIN);
        label(ui, text, theme::caption_strong(), palette.faint);
    });
    ui.add_space(2.0);
}

fn state_of(relations: &Relations<'_>, what: &What) -> (String, Option<Dot>) {
    match what {
        What::Object(object) => {
            let readiness = relations.readiness(*object);
            let status = readiness.map_or(ReadinessStatus::Unknown, |readiness| readiness.status);
            let dot = readiness.map_or(Dot::Unknown, Dot::of_readiness);
            (status_words(status).to_owned(), Some(dot))
        }
        What::Absent(absent) => {
            let word = match absent.why {
                Absence::Replaced => "replaced",
                why => why.words(),
            };
            (word.to_owned(), Some(Dot::Off))
        }
        What::More { .. } => (String::new(), None),
    }
}

fn explanation(relations: &Relations<'_>, what: &What, branch: &Branch) -> String {
    let fields = branch.fields.join(", ");
    let how = match branch.kind {
        Some(LinkKind::Owner {
            controller: true, ..
        }) => format!("controller, by {fields}"),
        Some(LinkKind::Owner { .. }) => format!("owner, by {fields}"),
        Some(LinkKind::Managed) => format!("manager, by {fields}"),
        Some(LinkKind::Reference) => format!("by {fields}"),
        None => "Shown in the Relations tab, with it in the middle".to_owned(),
    };
    let more = match what {
        What::Object(object) => relations
            .readiness(*object)
            .map_or_else(String::new, |readiness| readiness.reason.to_string()),
        What::Absent(absent) if absent.why == Absence::NotWatched => NOT_WATCHED.to_owned(),
        What::Absent(_) | What::More { .. } => String::new(),
    };
    format!("{}\n{how}\n{more}", node_label(relations, what))
        .trim_end()
        .to_owned()
}

/// The lines that show which row belongs to which.
fn guides(ui: &Ui, palette: &Palette, rect: Rect, last: &[bool]) {
    let stroke = egui::Stroke::new(1.0, palette.border);
    let mut x = rect.left() + theme::MARGIN + 5.0;
    // The outermost siblings have no parent that is shown.
    for (level, last_here) in last.iter().enumerate().skip(1) {
        let own = level + 1 == last.len();
        if own {
            let bottom = if *last_here {
                rect.center().y
            } else {
                rect.bottom()
            };
            ui.painter().vline(x, rect.top()..=bottom, stroke);
            ui.painter()
                .hline(x..=x + INDENT - 7.0, rect.center().y, stroke);
        } else if !last_here {
            ui.painter().vline(x, rect.y_range(), stroke);
        }
        x += INDENT;
    }
}
