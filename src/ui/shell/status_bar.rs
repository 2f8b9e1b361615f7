//! The bar at the bottom: what is connected, what is held, how fast it comes.

use std::time::Duration;

use egui::{Align, Color32, Layout, Ui, UiBuilder, vec2};

use super::Shell;
use crate::{
    model::{ConnectionState, Moment, WatchStatus},
    timeline::Timeline,
    ui::{
        format,
        theme::{self, Palette},
        widgets::{Dot, label, paint_dot},
    },
};

/// Seconds over which the rate of changes is taken.
const RATE_SECONDS: i64 = 10;

pub(super) fn show(ui: &mut Ui, shell: &Shell<'_>, palette: &Palette) {
    let bar = ui.available_rect_before_wrap();
    let Some((_, timeline, workspace)) = &shell.active else {
        if let Some(notice) = shell.notice {
            let builder = UiBuilder::new().max_rect(bar.shrink2(vec2(12.0, 0.0)));
            ui.scope_builder(builder.layout(Layout::left_to_right(Align::Center)), |ui| {
                label(ui, notice, theme::small(), palette.warn);
            });
        }
        return;
    };
    let right = UiBuilder::new()
        .max_rect(bar.shrink2(vec2(15.0, 0.0)))
        .layout(Layout::right_to_left(Align::Center));
    ui.scope_builder(right, |ui| {
        ui.spacing_mut().item_spacing.x = 20.0;
        let memory = format!("memory {}", format::bytes(timeline.encoded_bytes()));
        say(ui, &memory, palette.muted).on_hover_text("Compressed revisions");
        if timeline.sink_errors() > 0 {
            let text = format!(
                "not saved: {}",
                format::counted(as_usize(timeline.sink_errors()), "change")
            );
            say(ui, &text, palette.error);
        }
        if let Some(notice) = shell.notice {
            let width = (ui.available_width() * 0.5).max(80.0);
            crate::ui::widgets::elided(ui, notice, theme::small(), palette.warn, width);
        }
    });
    let left = UiBuilder::new()
        .max_rect(bar.with_min_x(bar.left() + 27.0))
        .layout(Layout::left_to_right(Align::Center));
    let dot = Dot::of_connection(&timeline.connection);
    paint_dot(
        ui.painter(),
        palette,
        bar.left_center() + vec2(14.0, 0.0),
        4.0,
        dot,
    );
    ui.scope_builder(left, |ui| {
        ui.spacing_mut().item_spacing.x = 18.0;
        say(
            ui,
            &format!("{} · {}", server(timeline), kinds(timeline)),
            palette.muted,
        );
        let held = format!(
            "{} · {}",
            format::counted(timeline.live_count(), "object"),
            format::counted(timeline.change_count(), "revision"),
        );
        say(ui, &held, palette.muted);
        if timeline.connection == ConnectionState::Recorded {
            return;
        }
        say(
            ui,
            &format!("{} changes/s", rate(timeline, shell.now)),
            palette.muted,
        );
        if let Some(lag) = workspace.lag() {
            say(
                ui,
                &format!("on screen in {}", lag_text(lag)),
                palette.muted,
            )
            .on_hover_text("From the arrival of the newest changes to the frame that shows them");
        }
    });
}

fn say(ui: &mut Ui, text: &str, color: Color32) -> egui::Response {
    label(ui, text, theme::small(), color)
}

fn lag_text(lag: Duration) -> String {
    if lag < Duration::from_millis(1) {
        "1 ms".into()
    } else {
        format::latency(lag)
    }
}

fn server(timeline: &Timeline) -> String {
    match &timeline.connection {
        ConnectionState::Connected { server_version } => server_version.to_string(),
        ConnectionState::Connecting => "connecting".into(),
        ConnectionState::Failed { .. } => "not connected".into(),
        ConnectionState::Recorded => "recording".into(),
        ConnectionState::Closed => "closed".into(),
    }
}

fn kinds(timeline: &Timeline) -> String {
    if timeline.connection == ConnectionState::Recorded {
        return format::counted(timeline.kinds().count(), "kind");
    }
    let watched = timeline
        .kinds()
        .filter(|(_, kind)| is_watched(&kind.status))
        .count();
    format!("{} watched", format::counted(watched, "kind"))
}

fn is_watched(status: &WatchStatus) -> bool {
    matches!(
        status,
        WatchStatus::Watching | WatchStatus::Listing { .. } | WatchStatus::Polling
    )
}

/// Changes per second over the last whole seconds, rounded.
pub(super) fn rate(timeline: &Timeline, now: Moment) -> i64 {
    let second = now.wall.div_euclid(1_000_000);
    let buckets = timeline.activity().range(second - RATE_SECONDS, second);
    let sum: i64 = buckets
        .iter()
        .map(|b| i64::from(b.spec) + i64::from(b.other))
        .sum();
    (sum + RATE_SECONDS / 2) / RATE_SECONDS
}

fn as_usize(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}
