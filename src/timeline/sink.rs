//! Where recorded changes go besides the timeline: a journal, or a stream of JSON lines.

use super::{Encoded, ReconcileSignal};
use crate::model::{Change, Definition, Gap, Moment, PrinterColumn, ResourceKind};

/// A change as the recorder hands it to its sinks.
#[derive(Debug)]
pub struct Recorded<'a> {
    /// The change and all that was derived.
    pub change: &'a Change,
    /// The object as the server sent it; `None` for a deletion that a relist implied.
    pub body: Option<&'a [u8]>,
    /// The same, encoded against the object's previous revision.
    pub encoded: Option<&'a Encoded>,
    /// What the revision says about the controller's progress.
    pub signal: ReconcileSignal,
}

/// A sink that could not take what was recorded.
#[derive(Debug, thiserror::Error)]
#[error("{what}: {source}")]
pub struct SinkError {
    /// What failed, and to what.
    pub what: String,
    /// Why.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}

/// Takes everything that is recorded, in order, on the recorder's thread.
pub trait RecordSink: Send {
    /// A kind is served, or its columns changed.
    ///
    /// # Errors
    /// When the sink cannot take it.
    fn kind(&mut self, kind: &ResourceKind, columns: &[PrinterColumn]) -> Result<(), SinkError>;

    /// What the CRD of a kind says from a moment on; the kind came before.
    ///
    /// # Errors
    /// When the sink cannot take it.
    fn definition(
        &mut self,
        _kind: &ResourceKind,
        _definition: &Definition,
        _at: Moment,
    ) -> Result<(), SinkError> {
        Ok(())
    }

    /// A change was recorded.
    ///
    /// # Errors
    /// When the sink cannot take it.
    fn change(&mut self, recorded: &Recorded<'_>) -> Result<(), SinkError>;

    /// A stretch was not watched.
    ///
    /// # Errors
    /// When the sink cannot take it.
    fn gap(&mut self, gap: &Gap) -> Result<(), SinkError>;

    /// The server's version is known.
    ///
    /// # Errors
    /// When the sink cannot take it.
    fn server_version(&mut self, _version: &str) -> Result<(), SinkError> {
        Ok(())
    }

    /// Makes what was taken durable. Called at least every 250 ms while changes come, and at the
    /// end.
    ///
    /// # Errors
    /// When the sink cannot write.
    fn flush(&mut self) -> Result<(), SinkError>;
}
