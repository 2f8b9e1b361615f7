//! What is wrong now: one list, the most severe first, each with what it rests on.

mod list;
mod paint;

pub(in crate::ui) use list::is_in_namespace;

use std::time::Duration;

use egui::{ScrollArea, Ui};

use crate::{
    insight::{Insight, Rule, Severity},
    timeline::{ChangeId, ObjectId},
    ui::{
        Command, View, ViewContext, format, theme,
        views::latency::end_of,
        widgets::{EmptyIcon, EmptyState, dropdown, fit_menu, ghost_toggle, label, menu_item},
    },
};
use list::{Choice, List};

/// The Insights tab.
#[derive(Debug, Default)]
pub struct InsightsView {
    rule: Option<Rule>,
    hides_ended: bool,
    list: List,
    /// The row that shows what it rests on.
    opened: Option<Opened>,
}

/// A row by what it is about.
#[derive(Debug, Clone, PartialEq)]
struct Opened {
    rule: Rule,
    object: Option<ObjectId>,
    title: String,
    since: i64,
}

impl Opened {
    fn of(insight: &Insight) -> Self {
        Self {
            rule: insight.rule,
            object: insight.object,
            title: insight.title.clone(),
            since: insight.since,
        }
    }

    /// The title of some tells figures that change.
    fn is(&self, insight: &Insight) -> bool {
        self.rule == insight.rule && self.object == insight.object && self.since == insight.since
    }
}

/// What was asked for in a row.
enum Asked {
    /// The row itself.
    Row,
    /// A change of its evidence.
    Change(ChangeId),
}

impl InsightsView {
    fn update(&mut self, cx: &ViewContext<'_>) {
        self.list.update(
            cx,
            Choice {
                kind: cx.selection.kind,
                namespace: cx.selection.namespace.clone(),
                filter: cx.filter.to_owned(),
                rule: self.rule,
                hides_ended: self.hides_ended,
            },
        );
    }

    fn act(&mut self, cx: &mut ViewContext<'_>, insight: &Insight, asked: &Asked) {
        let (change, opens) = match asked {
            Asked::Change(id) => (Some(*id), true),
            Asked::Row => (
                insight.changes().next_back(),
                !self
                    .opened
                    .as_ref()
                    .is_some_and(|opened| opened.is(insight)),
            ),
        };
        self.opened = opens.then(|| Opened::of(insight));
        // What is about a kind leads to the object of its evidence, if that is one.
        let of_change = change.and_then(|id| Some(cx.timeline.change(id)?.object));
        if let Some(object) = insight.object.or(of_change) {
            cx.send(Command::SelectObject(object));
            if of_change == Some(object) {
                cx.send(Command::SelectChange { a: None, b: change });
            }
        }
    }
}

impl View for InsightsView {
    fn id(&self) -> &'static str {
        super::INSIGHTS
    }

    fn title(&self) -> &'static str {
        "Insights"
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut ViewContext<'_>) {
        self.update(cx);
        if self.list.is_empty() {
            explain(ui, cx, &self.list);
            return;
        }
        let now = end_of(cx);
        let mut asked = None;
        ScrollArea::vertical()
            .id_salt("insights")
            .auto_shrink(false)
            .show(ui, |ui| {
                ui.spacing_mut().item_spacing = egui::Vec2::ZERO;
                for (index, insight) in self.list.shown().iter().enumerate() {
                    if self.list.ended_from() == index {
                        paint::section(ui, cx, "Ended");
                    }
                    let opened = self
                        .opened
                        .as_ref()
                        .is_some_and(|opened| opened.is(insight));
                    if let Some(what) = paint::row(ui, cx, insight, opened, now.wall) {
                        asked = Some((index, what));
                    }
                }
                if self.list.left_out() > 0 {
                    let text = format!(
                        "{} more: choose a kind, a namespace or a rule to see them",
                        format::count(self.list.left_out())
                    );
                    paint::section(ui, cx, &text);
                }
                ui.add_space(theme::MARGIN);
            });
        if let Some((index, what)) = asked {
            let insight = self.list.shown()[index].clone();
            self.act(cx, &insight, &what);
        }
        if now == cx.now {
            // Ages tick.
            ui.ctx().request_repaint_after(Duration::from_secs(1));
        }
    }

    fn toolbar(&mut self, ui: &mut Ui, cx: &mut ViewContext<'_>) {
        // The toolbar is painted before the list: its count must not be a frame behind.
        self.update(cx);
        let palette = cx.palette;
        ui.spacing_mut().item_spacing.x = 9.0;
        let name = |rule: Option<Rule>| rule.map_or("any", Rule::label);
        let text = format!("rule: {}", name(self.rule).to_lowercase());
        dropdown(ui, palette, &text, &text, |ui| {
            let choices = std::iter::once(None).chain(Rule::ALL.map(Some));
            fit_menu(ui, choices.clone().map(name));
            for choice in choices {
                let item = menu_item(ui, palette, name(choice), self.rule == choice);
                let definition = choice.map(|rule| rule.definition(cx.insights.settings()));
                let item = match definition {
                    Some(definition) => item.on_hover_text(definition),
                    None => item,
                };
                if item.clicked() {
                    self.rule = choice;
                }
            }
        });
        if ghost_toggle(ui, palette, "ended", !self.hides_ended)
            .on_hover_text("Show what has ended lately as well")
            .clicked()
        {
            self.hides_ended = !self.hides_ended;
        }
        label(ui, &self.list.counts(), theme::body(), palette.muted);
    }
}

/// Nothing is wrong: by which rules, and with which thresholds.
fn explain(ui: &mut Ui, cx: &ViewContext<'_>, list: &List) {
    let settings = cx.insights.settings();
    if list.is_narrowed() {
        let state = EmptyState {
            icon: EmptyIcon::Filtered,
            title: "Nothing here",
            explanation: "No insight is about this kind, namespace and rule.",
            hint: "Everything, at the left, shows those of all kinds.",
            action: None,
        };
        state.show(ui, cx.palette);
        return;
    }
    let rules: Vec<String> = Rule::ALL
        .into_iter()
        .filter(|rule| settings.wants(*rule))
        .map(|rule| format!("{}: {}.", rule.label(), rule.definition(settings)))
        .collect();
    let state = EmptyState {
        icon: EmptyIcon::Nothing,
        title: "Nothing is wrong by these rules",
        explanation: &rules.join("\n"),
        hint: "Thresholds are set in settings.json, under insights.",
        action: None,
    };
    state.show(ui, cx.palette);
}

/// The colour of a severity; its icon and its word say the same.
fn color(palette: &theme::Palette, severity: Severity) -> egui::Color32 {
    match severity {
        Severity::Critical => palette.error,
        Severity::Warning => palette.warn,
        Severity::Notice => palette.muted,
    }
}
