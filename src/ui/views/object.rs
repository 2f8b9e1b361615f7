//! The inspector: the selected object.

use crate::ui::{
    View, ViewContext,
    widgets::{EmptyIcon, EmptyState},
};

/// The selected object.
#[derive(Debug, Default)]
pub struct ObjectView {}

impl View for ObjectView {
    fn id(&self) -> &'static str {
        "object"
    }

    fn title(&self) -> &'static str {
        "Object"
    }

    fn ui(&mut self, ui: &mut egui::Ui, cx: &mut ViewContext<'_>) {
        let empty = EmptyState {
            icon: EmptyIcon::Choose,
            title: "Nothing selected",
            explanation: "Choose a row to see its history.",
            hint: "",
            action: None,
        };
        empty.show(ui, cx.palette);
    }
}
