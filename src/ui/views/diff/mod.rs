//! stub
use egui::Ui;
use crate::ui::ViewContext;
use super::object::selection::Compared;
/// stub
#[derive(Debug, Default)]
pub struct DiffPane {}
impl DiffPane {
    /// stub
    pub fn show(&mut self, _ui: &mut Ui, _cx: &mut ViewContext<'_>, _compared: Compared) {}
}
