//! stub
use egui::Ui;
use crate::{timeline::ChangeId, ui::ViewContext};
/// stub
#[derive(Debug, Default)]
pub struct YamlPane {}
impl YamlPane {
    /// stub
    pub fn show(&mut self, _ui: &mut Ui, _cx: &mut ViewContext<'_>, _b: Option<ChangeId>) {}
}
