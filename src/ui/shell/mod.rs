//! The window: bars, panels, and the view in the middle.

mod freshness;
mod side_panel;
mod stage;
mod status_bar;
mod tab_strip;
mod time_strip;
mod top_bar;
mod workspace;

pub use workspace::Workspace;

use std::time::Duration;

use egui::{CentralPanel, Frame, Key, Modifiers, Panel, Stroke, Ui};
use jiff::tz::TimeZone;

use super::{
    Command, ViewContext,
    theme::{self, Palette},
};
use crate::{
    insight::InsightEngine,
    model::{ConnectionState, ContextName, Moment},
    settings::ThemeChoice,
    timeline::Timeline,
};

/// Time that a frame has for finding insights, and how often an idle window looks for those that
/// time alone brings.
const JUDGING: Duration = Duration::from_millis(2);
const RARELY: Duration = Duration::from_secs(10);

/// A context as the top bar shows it.
#[derive(Debug, Clone, PartialEq)]
pub struct ContextTab {
    /// Its name.
    pub name: ContextName,
    /// State of its connection; [`ConnectionState::Closed`] for one that is not open.
    pub state: ConnectionState,
    /// Cluster, user and server, for the tooltip.
    pub about: String,
}

impl ContextTab {
    /// Whether it is open: it has a tab. The others are in the menu.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.state != ConnectionState::Closed
    }
}

/// What the window shows in one frame.
pub struct Shell<'a> {
    /// All contexts, in the order of the kubeconfig.
    pub contexts: &'a [ContextTab],
    /// The context in front, its history and its view state.
    pub active: Option<(&'a ContextName, &'a Timeline, &'a mut Workspace)>,
    /// This moment, by the clock of the history.
    pub now: Moment,
    /// The zone in which times are shown.
    pub zone: &'a TimeZone,
    /// The theme that was chosen.
    pub theme: ThemeChoice,
    /// What the user must know: settings that were reset, kubeconfig files that do not load.
    pub notice: Option<&'a str>,
}

impl Shell<'_> {
    /// Paints the window and returns what was asked for.
    pub fn show(mut self, ui: &mut Ui) -> Vec<Command> {
        let palette = theme::palette(ui.ctx());
        let mut commands = Vec::new();
        if let Some((_, timeline, workspace)) = &mut self.active {
            workspace.tally.update(timeline);
            workspace.note_painted(timeline, self.now);
            judge(ui, &mut workspace.insights, timeline, self.now);
        }
        if let Some(due) = freshness::due(&self) {
            ui.ctx().request_repaint_after(due);
        }
        shortcuts(ui, &mut commands);
        bar(&palette, Panel::top("top bar"), theme::TOP_BAR).show(ui, |ui| {
            top_bar::show(ui, &mut self, &palette, &mut commands);
        });
        bar(&palette, Panel::bottom("status bar"), theme::STATUS_BAR)
            .show(ui, |ui| status_bar::show(ui, &self, &palette));
        if let Some((name, timeline, workspace)) = &mut self.active {
            // Each context scrolls for itself.
            let salt = name.0.clone();
            let mut cx = ViewContext {
                timeline,
                insights: &workspace.insights,
                now: self.now,
                zone: self.zone,
                palette: &palette,
                selection: &workspace.selection,
                schemas: &mut workspace.schemas,
                filter: &workspace.filter_lower,
                commands: &mut commands,
            };
            bar(&palette, Panel::bottom("time strip"), theme::TIME_STRIP)
                .show(ui, |ui| time_strip::show(ui, &mut cx));
            side(&palette, Panel::left("kinds"))
                .resizable(true)
                .default_size(theme::SIDE_PANEL)
                .size_range(170.0..=420.0)
                .show(ui, |ui| {
                    ui.push_id(&salt, |ui| {
                        side_panel::show(ui, &workspace.tally, workspace.front, &mut cx);
                    });
                });
            if workspace.selection.object.is_some() {
                let width = (ui.available_width() * 0.4).clamp(360.0, theme::INSPECTOR);
                side(&palette, Panel::right("inspector"))
                    .resizable(true)
                    .default_size(width)
                    .size_range(300.0..=900.0)
                    .show(ui, |ui| {
                        ui.push_id(&salt, |ui| workspace.inspector.ui(ui, &mut cx));
                    });
            }
            CentralPanel::no_frame()
                .frame(Frame::new().fill(palette.canvas))
                .show(ui, |ui| {
                    ui.push_id(&salt, |ui| {
                        stage::show(ui, &mut workspace.tabs, workspace.front, &mut cx);
                    });
                });
        } else {
            CentralPanel::no_frame()
                .frame(Frame::new().fill(palette.canvas))
                .show(ui, |ui| stage::nothing_open(ui, &palette));
        }
        commands
    }
}

/// Brings the insights up to date, in no more time than a frame has for it.
fn judge(ui: &Ui, insights: &mut InsightEngine, timeline: &Timeline, now: Moment) {
    if !insights.update_within(timeline, now, JUDGING) {
        ui.ctx().request_repaint();
    } else if let Some(due) = insights.next_due()
        && timeline.connection != ConnectionState::Recorded
    {
        let wait = u64::try_from(due - now.wall).unwrap_or_default();
        ui.ctx()
            .request_repaint_after(Duration::from_micros(wait).max(RARELY));
    }
}

fn bar(palette: &Palette, panel: Panel, height: f32) -> Panel {
    panel
        .resizable(false)
        .exact_size(height)
        .show_separator_line(true)
        .frame(Frame::new().fill(palette.panel).stroke(Stroke::NONE))
}

fn side(palette: &Palette, panel: Panel) -> Panel {
    panel
        .show_separator_line(true)
        .frame(Frame::new().fill(palette.panel))
}

fn shortcuts(ui: &Ui, commands: &mut Vec<Command>) {
    let writing = ui.ctx().egui_wants_keyboard_input();
    let search = ui.input_mut(|input| {
        input.consume_key(Modifiers::COMMAND, Key::K)
            || (!writing && input.consume_key(Modifiers::NONE, Key::Slash))
    });
    if search {
        commands.push(Command::FocusSearch);
    }
    if !writing && ui.input_mut(|input| input.consume_key(Modifiers::NONE, Key::Escape)) {
        commands.push(Command::ClearObject);
    }
}
