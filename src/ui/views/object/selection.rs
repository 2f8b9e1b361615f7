//! Which two revisions are compared: A, the older view, and B, the one that is looked at.

use super::history::HistoryIndex;
use crate::{
    timeline::ChangeId,
    ui::{Command, Selection},
};

/// The two revisions of a [`Selection`] after following the newest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Compared {
    /// Compared from; `None`: from nothing, B is the first revision that is known.
    pub a: Option<ChangeId>,
    /// Compared to; `None` only without any history.
    pub b: Option<ChangeId>,
}

impl Compared {
    /// The revisions that a selection means, given the rows that are shown.
    #[must_use]
    pub fn of(selection: &Selection, index: &HistoryIndex) -> Self {
        let b = selection.revision_b.or_else(|| index.newest());
        let a = selection.revision_a.or_else(|| index.before(b?));
        Self { a, b }
    }

    /// Looks at a revision, against the one before it: a click.
    #[must_use]
    pub fn pick(b: ChangeId) -> Command {
        Command::SelectChange {
            a: None,
            b: Some(b),
        }
    }

    /// Compares from a revision: a click with shift, or with the right button. B stays where it is,
    /// also where it only followed the newest.
    #[must_use]
    pub fn compare_from(self, a: ChangeId) -> Command {
        Command::SelectChange {
            a: Some(a),
            b: self.b,
        }
    }

    /// Looks at the revision this many places away, positive towards older ones, at most as far as
    /// the list goes.
    #[must_use]
    pub fn step(self, older: isize, index: &HistoryIndex) -> Option<ChangeId> {
        index.neighbour(self.b?, older)
    }
}
