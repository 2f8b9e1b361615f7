//! The user's settings, as far as they concern the command line.

use super::output;
use crate::settings::{Settings, SettingsFile};

/// The settings of the user; the default ones, with a note, where they cannot be read.
pub(super) fn user_settings() -> Settings {
    let Some(file) = SettingsFile::of_user() else {
        return Settings::default();
    };
    let (settings, problem) = file.load();
    if let Some(problem) = problem {
        output::note(&problem.to_string());
    }
    settings
}
