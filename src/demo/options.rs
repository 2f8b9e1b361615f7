//! The query of a request. (apimachinery's ListOptions, PatchOptions and DeleteOptions.)

use serde::Deserialize;

use super::status_error::ApiError;

/// Everything that a client may put into the query, as text.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(super) struct Options {
    pub(super) field_selector: String,
    pub(super) label_selector: String,
    limit: String,
    #[serde(rename = "continue")]
    pub(super) continue_token: String,
    resource_version: String,
    pub(super) resource_version_match: String,
    watch: String,
    allow_watch_bookmarks: String,
    send_initial_events: String,
    timeout_seconds: String,
    pub(super) include_object: String,
    pub(super) field_manager: String,
    dry_run: String,
}

impl Options {
    pub(super) fn watch(&self) -> bool {
        flag(&self.watch)
    }

    pub(super) fn bookmarks(&self) -> bool {
        flag(&self.allow_watch_bookmarks)
    }

    pub(super) fn send_initial_events(&self) -> bool {
        flag(&self.send_initial_events)
    }

    /// Whether `sendInitialEvents` is there at all.
    pub(super) fn says_initial_events(&self) -> bool {
        !self.send_initial_events.is_empty()
    }

    pub(super) fn dry_run(&self) -> bool {
        self.dry_run == "All"
    }

    /// Page size; none means everything.
    pub(super) fn limit(&self) -> Result<Option<usize>, ApiError> {
        Ok(number("limit", &self.limit)?.filter(|limit| *limit > 0))
    }

    pub(super) fn timeout_seconds(&self) -> Result<Option<u64>, ApiError> {
        number("timeoutSeconds", &self.timeout_seconds)
    }

    /// `None` for "the newest"; `Some(0)` for "any".
    pub(super) fn resource_version(&self) -> Result<Option<u64>, ApiError> {
        number("resourceVersion", &self.resource_version)
    }
}

fn flag(text: &str) -> bool {
    matches!(text, "true" | "1")
}

fn number<T: std::str::FromStr>(name: &str, text: &str) -> Result<Option<T>, ApiError> {
    if text.is_empty() {
        return Ok(None);
    }
    text.parse()
        .map(Some)
        .map_err(|_| ApiError::bad_request(format!("{name}: not a number: {text:?}")))
}
