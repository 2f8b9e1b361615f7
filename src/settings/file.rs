//! The settings' file: read at the start, written whole when something changed.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use super::Settings;

/// Settings that could not be read or written. The window goes on with what it has.
#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    /// The file cannot be understood and was moved aside.
    #[error("the settings were reset: {path} cannot be read ({error}); it was moved to {aside}")]
    Broken {
        /// The file.
        path: String,
        /// Where it is now.
        aside: String,
        /// What is wrong with it.
        error: String,
    },
    /// The file cannot be reached.
    #[error("cannot {action} the settings file {path}: {source}")]
    Io {
        /// `read` or `write`.
        action: &'static str,
        /// The file.
        path: String,
        /// Why.
        #[source]
        source: io::Error,
    },
}

/// Where settings are kept.
#[derive(Debug, Clone)]
pub struct SettingsFile {
    path: PathBuf,
}

impl SettingsFile {
    /// The file of this user, by the conventions of the platform; `None` where there is no home
    /// directory.
    #[must_use]
    pub fn of_user() -> Option<Self> {
        let directories = directories::ProjectDirs::from("", "", "kronika")?;
        Some(Self::at(directories.config_dir().join("settings.json")))
    }

    /// A file at a path.
    #[must_use]
    pub fn at(path: PathBuf) -> Self {
        Self { path }
    }

    /// Reads it. A file that is not there is the default; a broken one is set aside, and the
    /// default is used.
    pub fn load(&self) -> (Settings, Option<SettingsError>) {
        let text = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return (Settings::default(), None);
            }
            Err(source) => {
                return (Settings::default(), Some(self.io_error("read", source)));
            }
        };
        match serde_json::from_str(&text) {
            Ok(settings) => (settings, None),
            Err(error) => (
                Settings::default(),
                Some(self.set_aside(&error.to_string())),
            ),
        }
    }

    /// Writes it, whole or not at all.
    ///
    /// # Errors
    /// When the file or its directory cannot be written.
    pub fn save(&self, settings: &Settings) -> Result<(), SettingsError> {
        let write = || -> io::Result<()> {
            if let Some(directory) = self.path.parent() {
                fs::create_dir_all(directory)?;
            }
            let text = serde_json::to_string_pretty(settings)?;
            let fresh = self.path.with_extension("json.new");
            fs::write(&fresh, text + "\n")?;
            fs::rename(&fresh, &self.path)
        };
        write().map_err(|source| self.io_error("write", source))
    }

    fn set_aside(&self, error: &str) -> SettingsError {
        let aside = self.path.with_extension("json.broken");
        match fs::rename(&self.path, &aside) {
            Ok(()) => SettingsError::Broken {
                path: show(&self.path),
                aside: show(&aside),
                error: error.to_owned(),
            },
            Err(source) => self.io_error("write", source),
        }
    }

    fn io_error(&self, action: &'static str, source: io::Error) -> SettingsError {
        SettingsError::Io {
            action,
            path: show(&self.path),
            source,
        }
    }
}

fn show(path: &Path) -> String {
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{settings::ThemeChoice, timeline::LatencyOverride};

    #[test]
    fn what_was_saved_comes_back() {
        let directory = tempfile::tempdir().unwrap();
        let file = SettingsFile::at(directory.path().join("sub/settings.json"));
        assert_eq!(file.load().0, Settings::default());
        let settings = Settings {
            theme: ThemeChoice::Light,
            redact: vec![".spec.token".into()],
            watch: vec!["pods".into()],
            latency: vec![LatencyOverride {
                kind: "pipelines.example.org".into(),
                ready_path: Some(".status.stage".into()),
                ready_values: vec!["Live".into()],
                ..LatencyOverride::default()
            }],
            readiness: vec![serde_json::json!({"kind": "Widget"})],
            ..Settings::default()
        };
        file.save(&settings).unwrap();
        let (loaded, error) = file.load();
        assert_eq!(loaded, settings);
        assert!(error.is_none());
    }

    #[test]
    fn a_broken_file_is_set_aside_and_said_so() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("settings.json");
        fs::write(&path, "{\"theme\": 7").unwrap();
        let (settings, error) = SettingsFile::at(path.clone()).load();
        assert_eq!(settings, Settings::default());
        assert!(error.unwrap().to_string().contains("settings.json.broken"));
        assert!(!path.exists());
        assert_eq!(
            fs::read_to_string(path.with_extension("json.broken")).unwrap(),
            "{\"theme\": 7"
        );
    }

    #[test]
    fn a_field_of_a_newer_version_is_no_error() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("settings.json");
        fs::write(&path, "{\"theme\":\"dark\",\"density\":\"airy\"}").unwrap();
        let (settings, error) = SettingsFile::at(path).load();
        assert_eq!(settings.theme, ThemeChoice::Dark);
        assert!(error.is_none());
    }
}
