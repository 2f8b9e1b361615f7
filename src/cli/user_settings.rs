//! The user's settings, as far as they concern the command line.

use std::sync::Arc;

use super::output;
use crate::{
    settings::{Settings, SettingsFile},
    timeline::KindRules,
};

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

/// The rules by which kinds are judged; a note for each of the user's that cannot be used.
pub(super) fn kind_rules() -> Arc<KindRules> {
    let (rules, problems) = user_settings().kind_rules();
    for problem in problems {
        output::note(&problem);
    }
    Arc::new(rules)
}
