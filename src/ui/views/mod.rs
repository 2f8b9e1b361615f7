//! The views, and the registry that the window finds them in.
//!
//! A new view is a file here, a line in [`tabs`], and a test that finds it by its label.

pub mod diff;
mod insights;
pub mod latency;
pub mod object;
mod relations;
mod resources;
pub mod schema;

pub use insights::InsightsView;
pub(super) use insights::is_in_namespace;
pub use latency::LatencyView;
pub use object::ObjectView;
pub use relations::RelationsView;
pub use resources::ResourcesView;
pub use schema::{SCHEMA, SchemaView};

use super::View;

/// [`View::id`] of the views that others bring to the front.
pub(super) const RESOURCES: &str = "resources";
pub(super) const INSIGHTS: &str = "insights";
pub(super) const RELATIONS: &str = "relations";

/// The views of a context, in the order of their tabs.
#[must_use]
pub fn tabs() -> Vec<Box<dyn View>> {
    vec![
        Box::new(ResourcesView::default()),
        Box::new(RelationsView::default()),
        Box::new(LatencyView::default()),
        Box::new(InsightsView::default()),
        Box::new(SchemaView::default()),
    ]
}

/// What shows the selected object at the right.
#[must_use]
pub fn inspector() -> Box<dyn View> {
    Box::new(ObjectView::default())
}
