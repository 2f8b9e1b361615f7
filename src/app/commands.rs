//! The only place where commands have effects.

use super::state::{AppState, Open};
use crate::{
    model::ContextName,
    ui::{Command, shell::Workspace},
};

impl AppState {
    /// Acts on a command.
    pub fn act(&mut self, command: Command, ctx: &egui::Context) {
        match command {
            Command::OpenContext(name) => self.open_context(&name),
            Command::CloseContext(name) => self.close_context(&name),
            Command::RetryContext(name) => self.retry_context(&name),
            Command::SetTheme(theme) => {
                self.settings.theme = theme;
                self.save_settings();
            }
            Command::Copy(text) => ctx.copy_text(text),
            // The rest concerns the context in front only.
            command => {
                if let Some(workspace) = self.front() {
                    workspace.apply(&command);
                }
            }
        }
    }

    /// Closes every context, when the window closes.
    pub fn close_all(&mut self) {
        for open in std::mem::take(&mut self.open) {
            self.connector.close(&open.name);
        }
    }

    fn front(&mut self) -> Option<&mut Workspace> {
        let active = self.active.as_ref()?;
        let open = self.open.iter_mut().find(|open| open.name == *active)?;
        Some(&mut open.workspace)
    }

    fn open_context(&mut self, name: &ContextName) {
        if !self.open.iter().any(|open| open.name == *name) {
            let timeline = self.connector.open(name);
            let workspace = Workspace::default();
            self.open.push(Open {
                name: name.clone(),
                timeline,
                workspace,
            });
        }
        self.active = Some(name.clone());
    }

    fn close_context(&mut self, name: &ContextName) {
        self.connector.close(name);
        self.open.retain(|open| open.name != *name);
        if self.active.as_ref() == Some(name) {
            self.active = self.open.last().map(|open| open.name.clone());
        }
    }

    /// Another attempt at once. Where there is a history already it is kept on screen until the
    /// connection is back: a session that has seen something goes on by itself.
    fn retry_context(&mut self, name: &ContextName) {
        let Some(open) = self.open.iter_mut().find(|open| open.name == *name) else {
            return;
        };
        if open.timeline.read().change_count() > 0 {
            return;
        }
        self.connector.close(name);
        open.timeline = self.connector.open(name);
        open.workspace = Workspace::default();
    }

    fn save_settings(&mut self) {
        let Some(file) = &self.settings_file else {
            return;
        };
        if let Err(error) = file.save(&self.settings) {
            self.notify(&error.to_string());
        }
    }
}
