//! The state of the window: open contexts, each with its history and its view state.

use egui::{ThemePreference, Ui};
use jiff::tz::TimeZone;

use super::Connector;
use crate::{
    model::{ConnectionState, ContextName, Moment},
    settings::{Settings, SettingsError, SettingsFile, ThemeChoice},
    timeline::{SharedTimeline, Timeline},
    ui::{
        Command,
        shell::{ContextTab, Shell, Workspace},
    },
};

/// An open context.
pub(super) struct Open {
    pub(super) name: ContextName,
    pub(super) timeline: SharedTimeline,
    pub(super) workspace: Workspace,
}

/// Everything behind the window, but for the window.
pub struct AppState {
    pub(super) connector: Box<dyn Connector>,
    clock: Box<dyn Fn() -> Moment>,
    zone: TimeZone,
    pub(super) settings: Settings,
    pub(super) settings_file: Option<SettingsFile>,
    pub(super) open: Vec<Open>,
    pub(super) active: Option<ContextName>,
    pub(super) notice: Option<String>,
}

impl AppState {
    /// A window on nothing yet. `clock` is that of the histories; times are shown in `zone`.
    #[must_use]
    pub fn new(
        connector: Box<dyn Connector>,
        clock: Box<dyn Fn() -> Moment>,
        zone: TimeZone,
    ) -> Self {
        Self {
            connector,
            clock,
            zone,
            settings: Settings::default(),
            settings_file: None,
            open: Vec::new(),
            active: None,
            notice: None,
        }
    }

    /// Takes what was loaded from a settings file, and keeps it there from now on.
    #[must_use]
    pub fn with_settings(
        mut self,
        file: SettingsFile,
        (settings, error): (Settings, Option<SettingsError>),
    ) -> Self {
        self.settings = settings;
        self.settings_file = Some(file);
        if let Some(error) = error {
            self.notify(&error.to_string());
        }
        self
    }

    /// Opens a recording beside the contexts. It is not the context that it was made of: both may
    /// be open.
    pub fn open_recording(&mut self, timeline: SharedTimeline) {
        let name = ContextName(format!("{} (recording)", timeline.read().context).into());
        self.open.retain(|open| open.name != name);
        self.open.push(Open {
            name: name.clone(),
            timeline,
            workspace: Workspace::default(),
        });
        self.active = Some(name);
    }

    /// Tells the user something, in the status bar.
    pub fn notify(&mut self, text: &str) {
        tracing::warn!("{text}");
        self.notice = Some(match self.notice.take() {
            Some(before) => format!("{before} · {text}"),
            None => text.to_owned(),
        });
    }

    /// The context in front.
    #[must_use]
    pub fn active(&self) -> Option<&ContextName> {
        self.active.as_ref()
    }

    /// The view state of the context in front.
    #[must_use]
    pub fn workspace(&self) -> Option<&Workspace> {
        let active = self.active.as_ref()?;
        self.open
            .iter()
            .find(|open| open.name == *active)
            .map(|open| &open.workspace)
    }

    /// Paints one frame and acts on what it asks for.
    pub fn show(&mut self, ui: &mut Ui) {
        for name in self.connector.replaced() {
            let fresh = self.connector.open(&name);
            if let Some(open) = self.open.iter_mut().find(|open| open.name == name) {
                open.timeline = fresh;
                open.workspace = Workspace::default();
            }
        }
        ui.ctx().set_theme(preference(self.settings.theme));
        let commands = self.paint(ui);
        if !commands.is_empty() {
            for command in commands {
                self.act(command, ui.ctx());
            }
            // What was asked for shows at once, and not with the next event.
            ui.ctx().request_repaint();
        }
    }

    fn paint(&mut self, ui: &mut Ui) -> Vec<Command> {
        let contexts = self.tabs();
        let live_now = (self.clock)();
        let notice = self.notice.as_deref();
        let (theme, zone) = (self.settings.theme, &self.zone);
        let front = self
            .active
            .as_ref()
            .and_then(|active| self.open.iter_mut().find(|open| open.name == *active));
        let Some(front) = front else {
            let shell = Shell {
                contexts: &contexts,
                active: None,
                now: live_now,
                zone,
                theme,
                notice,
            };
            return shell.show(ui);
        };
        front.workspace.judge_by(&self.settings.insights);
        let timeline = front.timeline.read();
        let now = now_of(&timeline, live_now);
        let active = Some((&front.name, &*timeline, &mut front.workspace));
        Shell {
            contexts: &contexts,
            active,
            now,
            zone,
            theme,
            notice,
        }
        .show(ui)
    }

    /// All contexts as the top bar shows them: those of the kubeconfig, then the recordings.
    fn tabs(&self) -> Vec<ContextTab> {
        let known = self.connector.contexts();
        let state = |open: &Open| open.timeline.read().connection.clone();
        let recordings = self
            .open
            .iter()
            .filter(|open| known.iter().all(|known| known.name != open.name))
            .map(|open| ContextTab {
                name: open.name.clone(),
                state: state(open),
                about: "A recording".into(),
            });
        known
            .iter()
            .map(|known| {
                let open = self.open.iter().find(|open| open.name == known.name);
                ContextTab {
                    name: known.name.clone(),
                    // Not yet connecting is open all the same.
                    state: open.map_or(ConnectionState::Closed, |open| match state(open) {
                        ConnectionState::Closed => ConnectionState::Connecting,
                        state => state,
                    }),
                    about: known.about.clone(),
                }
            })
            .chain(recordings)
            .collect()
    }
}

/// A recording stands still at its last change; everything else is now.
fn now_of(timeline: &Timeline, live_now: Moment) -> Moment {
    match (&timeline.connection, timeline.extent()) {
        (ConnectionState::Recorded, Some((_, last))) => last,
        _ => live_now,
    }
}

fn preference(choice: ThemeChoice) -> ThemePreference {
    match choice {
        ThemeChoice::System => ThemePreference::System,
        ThemeChoice::Dark => ThemePreference::Dark,
        ThemeChoice::Light => ThemePreference::Light,
    }
}
