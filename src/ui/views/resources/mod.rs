//! The live table of a kind, or of everything.

mod column;
mod rows;
mod sparkline;
mod table;
mod widths;

use std::collections::HashMap;

use egui::Ui;

use column::{Column, headings};
use rows::{Query, ReadyFilter, Rows};
use widths::Widths;

use crate::{
    columns::DroppedColumns,
    model::{ResourceKind, WatchStatus},
    timeline::{KindHistory, KindId},
    ui::{
        Command, View, ViewContext, format, theme,
        widgets::{EmptyIcon, EmptyState, dropdown, fit_menu, ghost_toggle, label, menu_item},
    },
};

/// The live table.
#[derive(Debug, Default)]
pub struct ResourcesView {
    rows: Rows,
    wide: bool,
    ready: ReadyFilter,
    sort: HashMap<Option<KindId>, (Column, bool)>,
    widths: HashMap<(Option<KindId>, bool), Widths>,
    scroll: table::Scroll,
}

impl View for ResourcesView {
    fn id(&self) -> &'static str {
        "resources"
    }

    fn title(&self) -> &'static str {
        "Resources"
    }

    fn ui(&mut self, ui: &mut Ui, cx: &mut ViewContext<'_>) {
        self.update(cx);
        let kind_id = cx.selection.kind;
        let kind = kind_id.and_then(|id| cx.timeline.kind(id));
        if self.rows.ids().is_empty() {
            self.empty(ui, kind, cx);
            return;
        }
        let headings = headings(kind, self.wide);
        let sort = self.sort.get(&kind_id).copied();
        let widths = self.widths.entry((kind_id, self.wide)).or_default();
        let mut table = table::Table {
            headings: &headings,
            ids: self.rows.ids(),
            widths,
            sort,
            scroll: &mut self.scroll,
        };
        if let Some(clicked) = table.show(ui, cx) {
            // Up, down, and back to the natural order.
            match sort {
                Some((column, false)) if column == clicked => {
                    self.sort.insert(kind_id, (clicked, true));
                }
                Some((column, true)) if column == clicked => {
                    self.sort.remove(&kind_id);
                }
                _ => {
                    self.sort.insert(kind_id, (clicked, false));
                }
            }
            ui.ctx().request_repaint();
        }
    }

    fn toolbar(&mut self, ui: &mut Ui, cx: &mut ViewContext<'_>) {
        // The toolbar is painted before the table: its count must not be a frame behind.
        self.update(cx);
        let palette = cx.palette;
        ui.spacing_mut().item_spacing.x = 9.0;
        let text = match self.ready {
            ReadyFilter::Any => "ready: any",
            ReadyFilter::NotReady => "ready: not yet",
            ReadyFilter::Failed => "ready: failed",
            ReadyFilter::Suspended => "ready: suspended",
        };
        let choices = [
            (ReadyFilter::Any, "any"),
            (ReadyFilter::NotReady, "not yet ready"),
            (ReadyFilter::Failed, "failed"),
            (ReadyFilter::Suspended, "suspended"),
        ];
        dropdown(ui, palette, text, text, |ui| {
            fit_menu(ui, choices.map(|(_, text)| text));
            for (choice, text) in choices {
                let item = menu_item(ui, palette, text, self.ready == choice);
                if item.clicked() {
                    self.ready = choice;
                }
            }
        });
        if cx.selection.kind.is_some()
            && ghost_toggle(ui, palette, "wide", self.wide)
                .on_hover_text("All printer columns, as kubectl get -o wide")
                .clicked()
        {
            self.wide = !self.wide;
        }
        let kind = cx.selection.kind.and_then(|id| cx.timeline.kind(id));
        let total = kind.map_or_else(|| cx.timeline.live_count(), KindHistory::live_count);
        let noun = |count| kind.map_or_else(|| objects(count), |kind| plural(&kind.kind, count));
        let shown = self.rows.ids().len();
        let text = if shown == total {
            format!("{} {}", format::count(total), noun(total))
        } else {
            format!(
                "{} of {} {}",
                format::count(shown),
                format::count(total),
                noun(total)
            )
        };
        label(ui, &text, theme::body(), palette.muted);
        if let Some(dropped) = kind.and_then(|kind| kind.columns.dropped()) {
            let (text, about) = left_out(dropped);
            label(ui, &text, theme::body(), palette.warn).on_hover_text(about);
        }
    }
}

/// That columns are missing, and why.
fn left_out(dropped: &DroppedColumns) -> (String, String) {
    let text = match dropped.names.len() {
        1 => "1 column left out".to_owned(),
        count => format!("{count} columns left out"),
    };
    let about = format!(
        "As the API server does, the table ends before {}: {}",
        dropped.names.join(", "),
        dropped.error
    );
    (text, about)
}

impl ResourcesView {
    fn update(&mut self, cx: &ViewContext<'_>) {
        let query = Query {
            kind: cx.selection.kind,
            namespace: cx.selection.namespace.clone(),
            filter: cx.filter.to_owned(),
            ready: self.ready,
            sort: self.sort.get(&cx.selection.kind).copied(),
        };
        if self.rows.update(cx.timeline, &query) {
            self.scroll.rewind();
        }
    }

    /// Why there is not a single row.
    fn empty(&mut self, ui: &mut Ui, kind: Option<&KindHistory>, cx: &mut ViewContext<'_>) {
        let exists = kind.map_or_else(|| cx.timeline.live_count(), KindHistory::live_count) > 0;
        let name = kind.map_or_else(|| objects(2), |kind| plural(&kind.kind, 2));
        if exists {
            let empty = EmptyState {
                icon: EmptyIcon::Filtered,
                title: &format!("No {name} match"),
                explanation: "The filter, the namespace or the readiness hides all of them.",
                hint: "",
                action: Some("Show all"),
            };
            if empty.show(ui, cx.palette) {
                self.ready = ReadyFilter::Any;
                cx.send(Command::SetFilter(String::new()));
                cx.send(Command::SetNamespace(None));
            }
            return;
        }
        let watched = "They show up here as soon as one is created.";
        let (icon, title, explanation, hint) = match kind.map(|kind| &kind.status) {
            Some(WatchStatus::Forbidden { error }) => (
                EmptyIcon::Failed,
                format!("No permission to list {name}"),
                error.to_string(),
                "Allow list and watch on this kind to your user; it is tried again from time to time.",
            ),
            Some(WatchStatus::BackingOff { error, .. }) => {
                let hint = "It is tried again, less and less often.";
                (
                    EmptyIcon::Failed,
                    format!("Cannot list {name}"),
                    error.to_string(),
                    hint,
                )
            }
            Some(WatchStatus::Connecting | WatchStatus::Listing { .. }) => (
                EmptyIcon::Waiting,
                format!("Listing {name}"),
                "The first objects are on their way.".to_owned(),
                "",
            ),
            Some(WatchStatus::Stopped) => (
                EmptyIcon::Nothing,
                format!("{name} are not watched any more"),
                "The cluster does not serve this kind, or the context was closed.".to_owned(),
                "",
            ),
            Some(WatchStatus::Polling) | Some(WatchStatus::Watching) => (
                EmptyIcon::Nothing,
                format!("No {name}"),
                watched.to_owned(),
                "",
            ),
            None if cx
                .timeline
                .kinds()
                .any(|(_, kind)| is_arriving(&kind.status)) =>
            {
                (
                    EmptyIcon::Waiting,
                    "Listing objects".to_owned(),
                    "The first objects are on their way.".to_owned(),
                    "",
                )
            }
            None => (
                EmptyIcon::Nothing,
                format!("No {name}"),
                watched.to_owned(),
                "",
            ),
        };
        let empty = EmptyState {
            icon,
            title: &title,
            explanation: &explanation,
            hint,
            action: None,
        };
        empty.show(ui, cx.palette);
    }
}

fn is_arriving(status: &WatchStatus) -> bool {
    matches!(
        status,
        WatchStatus::Connecting | WatchStatus::Listing { .. }
    )
}

fn objects(count: usize) -> String {
    if count == 1 {
        "object".into()
    } else {
        "objects".into()
    }
}

/// The kind's name for so many of it: the resource name with the kind's capitals.
fn plural(kind: &ResourceKind, count: usize) -> String {
    if count == 1 {
        return kind.kind.clone();
    }
    let common = kind
        .kind
        .chars()
        .zip(kind.plural.chars())
        .take_while(|(a, b)| a.to_ascii_lowercase() == *b)
        .count();
    let tail: String = kind.plural.chars().skip(common).collect();
    kind.kind.chars().take(common).chain(tail.chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Scope;

    #[test]
    fn plurals_keep_the_capitals() {
        let kind = |kind: &str, plural: &str| ResourceKind {
            group: "example.com".into(),
            version: "v1".into(),
            kind: kind.into(),
            plural: plural.into(),
            scope: Scope::Namespaced,
        };
        for (name, resource, expected) in [
            ("Certificate", "certificates", "Certificates"),
            ("HTTPRoute", "httproutes", "HTTPRoutes"),
            ("NetworkPolicy", "networkpolicies", "NetworkPolicies"),
        ] {
            assert_eq!(plural(&kind(name, resource), 2), expected);
            assert_eq!(plural(&kind(name, resource), 1), name);
        }
    }
}
