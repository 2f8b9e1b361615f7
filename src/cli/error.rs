//! What a command that failed says: what happened, to what, and what to try.

use std::{fmt, io};

use crate::{cluster::ClusterError, demo::DemoError, journal::JournalError, timeline::DecodeError};

/// A command that failed, for stderr.
#[derive(Debug)]
pub struct CliError {
    message: String,
    hint: Option<String>,
    broken_pipe: bool,
}

impl CliError {
    /// What happened, to what.
    #[must_use]
    pub fn new(message: impl Into<String>) -> Self {
        Self {
            message: message.into(),
            hint: None,
            broken_pipe: false,
        }
    }

    /// The same with what to try.
    #[must_use]
    pub fn hint(self, hint: impl Into<String>) -> Self {
        Self {
            hint: Some(hint.into()),
            ..self
        }
    }

    /// Whether it is only that nobody reads stdout any more.
    pub(super) fn is_broken_pipe(&self) -> bool {
        self.broken_pipe
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "error: {}", self.message)?;
        match &self.hint {
            Some(hint) => write!(f, "\nhint: {hint}"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for CliError {}

impl From<JournalError> for CliError {
    fn from(error: JournalError) -> Self {
        Self {
            hint: error.hint(),
            ..Self::new(error.to_string())
        }
    }
}

impl From<ClusterError> for CliError {
    fn from(error: ClusterError) -> Self {
        Self {
            hint: error.hint(),
            ..Self::new(error.to_string())
        }
    }
}

impl From<DemoError> for CliError {
    fn from(error: DemoError) -> Self {
        let hint = match &error {
            DemoError::Listen { .. } => Some("leave out --port for a free one"),
            DemoError::NotADemoKubeconfig { .. } | DemoError::WriteKubeconfig { .. } => {
                Some("name another file with --write-kubeconfig")
            }
            _ => None,
        };
        Self {
            hint: hint.map(str::to_owned),
            ..Self::new(error.to_string())
        }
    }
}

impl From<DecodeError> for CliError {
    fn from(error: DecodeError) -> Self {
        Self::new(error.to_string()).hint("the session file is damaged: copy it again")
    }
}

impl From<io::Error> for CliError {
    fn from(error: io::Error) -> Self {
        let broken_pipe = error.kind() == io::ErrorKind::BrokenPipe;
        Self {
            broken_pipe,
            ..Self::new(format!("cannot write the output: {error}"))
        }
    }
}

impl From<serde_json::Error> for CliError {
    fn from(error: serde_json::Error) -> Self {
        match error.io_error_kind() {
            Some(kind) => io::Error::from(kind).into(),
            None => Self::new(format!("cannot write JSON: {error}")),
        }
    }
}
