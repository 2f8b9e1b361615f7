//! The view state of one context: each keeps its own when several are open.

use std::{sync::Arc, time::Duration};

use crate::{
    insight::{InsightEngine, InsightSettings},
    model::{Moment, Provenance},
    timeline::{ChangeId, Timeline},
    ui::{Command, Selection, View, schemas::Schemas, tally::Tally, views},
};

/// What one context's tab remembers.
pub struct Workspace {
    /// What is selected.
    pub selection: Selection,
    /// The text of the search field.
    pub filter: String,
    pub(super) filter_lower: String,
    pub(super) tally: Tally,
    pub(super) insights: InsightEngine,
    pub(super) schemas: Schemas,
    pub(super) front: &'static str,
    pub(super) tabs: Vec<Box<dyn View>>,
    pub(super) inspector: Box<dyn View>,
    pub(super) focus_search: bool,
    painted: Painted,
}

/// How long it takes from the wire to the screen.
#[derive(Debug, Default)]
struct Painted {
    changes: u32,
    lag: Option<Duration>,
}

impl Default for Workspace {
    fn default() -> Self {
        let tabs = views::tabs();
        Self {
            selection: Selection::default(),
            filter: String::new(),
            filter_lower: String::new(),
            tally: Tally::default(),
            insights: InsightEngine::default(),
            schemas: Schemas::default(),
            front: tabs.first().map_or("", |view| view.id()),
            tabs,
            inspector: views::inspector(),
            focus_search: false,
            painted: Painted::default(),
        }
    }
}

impl Workspace {
    /// Acts on a command that concerns the view of a context; the others are left to the caller.
    pub fn apply(&mut self, command: &Command) {
        match command {
            Command::SelectKind(kind) => {
                if self.selection.kind != *kind {
                    self.selection.kind = *kind;
                    self.set_filter(String::new());
                }
            }
            Command::SelectObject(object) => {
                if self.selection.object != Some(*object) {
                    self.selection.object = Some(*object);
                    self.selection.revision_a = None;
                    self.selection.revision_b = None;
                }
            }
            Command::ClearObject => {
                self.selection.object = None;
                self.selection.revision_a = None;
                self.selection.revision_b = None;
            }
            Command::SelectChange { a, b } => {
                self.selection.revision_a = *a;
                self.selection.revision_b = *b;
            }
            Command::ShowField(path) => {
                self.selection.field = Some(Arc::clone(path));
                self.front = views::SCHEMA;
            }
            Command::ShowView(id) => self.front = id,
            Command::SetNamespace(namespace) => self.selection.namespace.clone_from(namespace),
            Command::SetFilter(text) => self.set_filter(text.clone()),
            Command::FocusSearch => self.focus_search = true,
            Command::OpenContext(_)
            | Command::CloseContext(_)
            | Command::RetryContext(_)
            | Command::SetTheme(_)
            | Command::Copy(_) => {}
        }
    }

    /// Takes the thresholds that insights are judged by; what was found by others is found anew.
    pub fn judge_by(&mut self, settings: &InsightSettings) {
        if self.insights.settings() != settings {
            self.insights = InsightEngine::new(settings.clone());
        }
    }

    fn set_filter(&mut self, text: String) {
        self.filter_lower = text.trim().to_lowercase();
        self.filter = text;
    }

    /// Notes that everything that the timeline holds is about to be painted.
    pub(super) fn note_painted(&mut self, timeline: &Timeline, now: Moment) {
        let known = u32::try_from(timeline.change_count()).unwrap_or(u32::MAX);
        // The slowest of those that this frame brings. What a list brings did not happen just now.
        let first_new = (self.painted.changes..known)
            .filter_map(|id| timeline.change(ChangeId(id)))
            .find(|change| change.provenance == Provenance::Watch);
        if let Some(change) = first_new {
            self.painted.lag = Some(now.since(change.at));
        }
        self.painted.changes = known;
    }

    /// Time from the wire to the screen of the newest changes.
    #[must_use]
    pub fn lag(&self) -> Option<Duration> {
        self.painted.lag
    }
}
