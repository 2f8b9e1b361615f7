//! The live table of a kind, or of everything.

use crate::ui::{View, ViewContext};

/// The live table.
#[derive(Debug, Default)]
pub struct ResourcesView {}

impl View for ResourcesView {
    fn id(&self) -> &'static str {
        "resources"
    }

    fn title(&self) -> &'static str {
        "Resources"
    }

    fn ui(&mut self, _ui: &mut egui::Ui, _cx: &mut ViewContext<'_>) {}
}
