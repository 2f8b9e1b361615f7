//! A session file, loaded.

use std::path::PathBuf;

use clap::Args;

use super::{CliError, user_settings::kind_rules};
use crate::{
    journal::{self, SessionSpan},
    timeline::Timeline,
};

/// What every command on a session takes.
#[derive(Debug, Args)]
pub(super) struct SessionArgs {
    /// Session file
    pub(super) file: PathBuf,
    /// Only this context, where the session has several
    #[arg(long, value_name = "CONTEXT")]
    context: Option<String>,
}

/// The timelines of a session, by context.
#[derive(Debug)]
pub(super) struct Session {
    pub(super) timelines: Vec<Timeline>,
    pub(super) span: SessionSpan,
    /// Whether the file has more than one context.
    pub(super) several: bool,
}

impl SessionArgs {
    pub(super) fn load(&self) -> Result<Session, CliError> {
        let span = journal::session_span(&self.file)?;
        let rules = kind_rules();
        let mut timelines = journal::read_session(&self.file, &rules)?;
        let several = timelines.len() > 1;
        if let Some(wanted) = &self.context {
            let known: Vec<_> = timelines
                .iter()
                .map(|known| known.context.to_string())
                .collect();
            timelines.retain(|timeline| *timeline.context.0 == **wanted);
            if timelines.is_empty() {
                let what = format!("no context {wanted:?} in {}", self.file.display());
                return Err(CliError::new(what).hint(format!("it has {}", known.join(", "))));
            }
        }
        Ok(Session {
            timelines,
            span,
            several,
        })
    }
}
