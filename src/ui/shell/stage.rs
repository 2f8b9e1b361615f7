//! The middle: the view in front, or why there is nothing to view yet.

use egui::{Rect, Sense, Ui, vec2};

use super::{tab_strip, top_bar::retry_in};
use crate::{
    model::{ConnectionState, Moment},
    ui::{
        Command, View, ViewContext, theme,
        theme::Palette,
        widgets::{EmptyIcon, EmptyState, paint_elided},
    },
};

const BANNER: f32 = 28.0;

pub(super) fn nothing_open(ui: &mut Ui, palette: &Palette) {
    let empty = EmptyState {
        icon: EmptyIcon::Choose,
        title: "No context is open",
        explanation: "Open one of the kubeconfig's contexts with the + at the top.",
        hint: "KUBECONFIG or --kubeconfig names the file; kronika demo starts a cluster to try.",
        action: None,
    };
    empty.show(ui, palette);
}

pub(super) fn show(
    ui: &mut Ui,
    tabs: &mut [Box<dyn View>],
    front: &'static str,
    cx: &mut ViewContext<'_>,
) {
    ui.spacing_mut().item_spacing.y = 0.0;
    let knows_nothing = cx.timeline.kinds().next().is_none();
    if knows_nothing && before_the_first_kind(ui, cx) {
        return;
    }
    tab_strip::show(ui, tabs, front, cx);
    banner(ui, cx);
    if let Some(view) = tabs.iter_mut().find(|view| view.id() == front) {
        view.ui(ui, cx);
    }
}

/// Shows the state of a connection that has brought nothing yet. Returns whether there is one to
/// show.
fn before_the_first_kind(ui: &mut Ui, cx: &mut ViewContext<'_>) -> bool {
    let context = cx.timeline.context.clone();
    match &cx.timeline.connection {
        ConnectionState::Closed => return false,
        ConnectionState::Connecting => {
            let empty = EmptyState {
                icon: EmptyIcon::Waiting,
                title: &format!("Connecting to {context}"),
                explanation: "Loading credentials and discovering the custom resources.",
                hint: "",
                action: None,
            };
            empty.show(ui, cx.palette);
        }
        ConnectionState::Failed {
            error,
            hint,
            retry_at,
        } => {
            let empty = EmptyState {
                icon: EmptyIcon::Failed,
                title: &format!("Cannot connect to {context}"),
                explanation: error,
                hint: &failed_hint(hint.as_deref(), *retry_at, cx.now),
                action: Some("Retry now"),
            };
            if empty.show(ui, cx.palette) {
                cx.send(Command::RetryContext(context));
            }
        }
        ConnectionState::Connected { .. } => {
            let empty = EmptyState {
                icon: EmptyIcon::Nothing,
                title: "No custom resources",
                explanation: "This cluster serves no CustomResourceDefinition, or your user may not list them.",
                hint: "Kinds show up here as soon as they are served.",
                action: None,
            };
            empty.show(ui, cx.palette);
        }
        ConnectionState::Recorded => {
            let empty = EmptyState {
                icon: EmptyIcon::Nothing,
                title: "An empty recording",
                explanation: "The session file holds no kinds.",
                hint: "",
                action: None,
            };
            empty.show(ui, cx.palette);
        }
    }
    true
}

fn failed_hint(hint: Option<&str>, retry_at: Option<Moment>, now: Moment) -> String {
    let retry = retry_at.map(|at| retry_in(at, now));
    [hint.map(str::to_owned), retry]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(" · ")
}

/// A line over the view while the connection is lost: what is below is what was last known.
fn banner(ui: &mut Ui, cx: &ViewContext<'_>) {
    let ConnectionState::Failed {
        error,
        hint,
        retry_at,
    } = &cx.timeline.connection
    else {
        return;
    };
    let retry = failed_hint(hint.as_deref(), *retry_at, cx.now);
    let text = format!("Not connected: {error} · {retry}");
    let (rect, response) =
        ui.allocate_exact_size(vec2(ui.available_width(), BANNER), Sense::hover());
    response.widget_info(|| egui::WidgetInfo::labeled(egui::Role::Alert, true, &text));
    ui.painter()
        .rect_filled(rect, 0.0, cx.palette.tint(cx.palette.error));
    let inner = Rect::from_min_max(
        rect.min + vec2(theme::MARGIN, 0.0),
        rect.max - vec2(theme::MARGIN, 0.0),
    );
    paint_elided(
        ui.painter(),
        inner,
        egui::Align::Min,
        &text,
        theme::small(),
        cx.palette.error,
    );
}
