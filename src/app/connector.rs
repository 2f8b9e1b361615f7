//! What the window needs of the world of clusters; tests put histories of their own in its place.

use crate::{model::ContextName, timeline::SharedTimeline};

/// A context that can be opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownContext {
    /// Its name.
    pub name: ContextName,
    /// Cluster, user and server, for the tooltip.
    pub about: String,
}

/// Opens and closes contexts. Nothing of it may block for long: it is called between two frames.
pub trait Connector {
    /// The contexts that can be opened, in the order of the kubeconfig.
    fn contexts(&self) -> Vec<KnownContext>;

    /// Opens a context, or gives the history of one that is open. How the connection fares shows
    /// as [`crate::timeline::Timeline::connection`].
    fn open(&mut self, context: &ContextName) -> SharedTimeline;

    /// Closes a context; its watches end.
    fn close(&mut self, context: &ContextName);

    /// Contexts whose history is another one now: [`Connector::open`] gives it. Called before each
    /// frame.
    fn replaced(&mut self) -> Vec<ContextName> {
        Vec::new()
    }
}
