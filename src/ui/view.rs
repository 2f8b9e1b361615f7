//! What a view is, what it is given, and what it may ask for.

use std::sync::Arc;

use jiff::tz::TimeZone;

use super::{schemas::Schemas, theme::Palette};
use crate::{
    insight::InsightEngine,
    model::{ContextName, Moment},
    settings::ThemeChoice,
    timeline::{ChangeId, KindId, ObjectId, Timeline},
};

/// What a view is given for one frame.
pub struct ViewContext<'a> {
    /// The history that it shows.
    pub timeline: &'a Timeline,
    /// What is wrong in it.
    pub insights: &'a InsightEngine,
    /// This moment, by the same clock as the history's; tests inject it.
    pub now: Moment,
    /// The zone in which times are shown.
    pub zone: &'a TimeZone,
    /// The colours.
    pub palette: &'a Palette,
    /// What is selected in this context.
    pub selection: &'a Selection,
    /// The schemas of the context's kinds, as far as they have been looked at.
    pub schemas: &'a mut Schemas,
    /// What the search field says, in lower case; empty for everything.
    pub filter: &'a str,
    /// What the view asks for; acted on after the frame.
    pub commands: &'a mut Vec<Command>,
}

impl ViewContext<'_> {
    /// Asks for something.
    pub fn send(&mut self, command: Command) {
        self.commands.push(command);
    }
}

/// What is selected in one context.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Selection {
    /// The kind in the side panel; `None` is Everything.
    pub kind: Option<KindId>,
    /// The object in the inspector.
    pub object: Option<ObjectId>,
    /// Its older revision of the diff; `None`: the one before `revision_b`.
    pub revision_a: Option<ChangeId>,
    /// Its newer revision of the diff; `None`: the newest, as they come.
    pub revision_b: Option<ChangeId>,
    /// The field that the Schema tab was asked for, as [`crate::schema::Field::path`] writes it.
    pub field: Option<Arc<str>>,
    /// The only namespace that is shown; `None` shows all. Objects without a namespace stay.
    pub namespace: Option<Arc<str>>,
}

/// What a view, or a key, asks for. `app` acts on it after the frame.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// Opens a context, or comes back to one that is open.
    OpenContext(ContextName),
    /// Closes an open context and stops its watches.
    CloseContext(ContextName),
    /// Closes and opens a context, without waiting for its next attempt.
    RetryContext(ContextName),
    /// Shows a kind; `None` shows Everything.
    SelectKind(Option<KindId>),
    /// Shows an object in the inspector, its newest revision against the one before.
    SelectObject(ObjectId),
    /// Empties the inspector.
    ClearObject,
    /// Compares two revisions of the object in the inspector; see [`Selection`] for `None`.
    SelectChange {
        /// The older one.
        a: Option<ChangeId>,
        /// The newer one.
        b: Option<ChangeId>,
    },
    /// Shows a field of the selected object's kind in the Schema tab; see [`Selection::field`].
    ShowField(Arc<str>),
    /// Brings a view to the front, by [`View::id`].
    ShowView(&'static str),
    /// Shows one namespace only; `None` shows all.
    SetNamespace(Option<Arc<str>>),
    /// Filters the current table by text.
    SetFilter(String),
    /// Puts the text cursor into the search field.
    FocusSearch,
    /// Dark, light, or as the system is.
    SetTheme(ThemeChoice),
    /// Puts a text on the clipboard.
    Copy(String),
}

/// A view of a context: a tab in the middle, or the inspector at the right.
pub trait View {
    /// Names it in commands and tests; never shown.
    fn id(&self) -> &'static str;

    /// What its tab says.
    fn title(&self) -> &'static str;

    /// Paints it over everything that is available.
    fn ui(&mut self, ui: &mut egui::Ui, cx: &mut ViewContext<'_>);

    /// Its buttons in the tab bar, laid out from the right: the first stands rightmost.
    fn toolbar(&mut self, _ui: &mut egui::Ui, _cx: &mut ViewContext<'_>) {}
}
