//! The rows of the history list, newest first: which there are, and what one says.
//!
//! The index is a list of small references that grows with the history; the words of a row are
//! made only for rows on screen.

use crate::{
    model::{ChangeKind, GapCause, Moment, ResourceKind},
    timeline::{ChangeId, ObjectHistory, ObjectId, Timeline},
};

/// One row of the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum HistoryRow {
    /// A revision.
    Change(ChangeId),
    /// A stretch that was not watched.
    Gap {
        /// Last moment that we know to have watched.
        from: Moment,
        /// First moment at which the state was known again.
        to: Moment,
        /// Why.
        cause: GapCause,
    },
    /// What is above is another incarnation (uid) than what is below.
    NewIncarnation {
        /// Number of the newer incarnation in the object's history.
        incarnation: u16,
    },
}

/// The rows of one object's history.
#[derive(Debug, Default)]
pub struct HistoryIndex {
    of: Option<(ObjectId, bool)>,
    /// Oldest first, so that new rows are appended.
    rows: Vec<HistoryRow>,
    /// Changes and gaps of the timeline that the rows cover.
    changes: usize,
    gaps: usize,
    hidden_heartbeats: usize,
}

impl HistoryIndex {
    /// Brings the rows up to date; appends where only changes have come, else starts over.
    pub fn update(&mut self, timeline: &Timeline, object: ObjectId, show_heartbeats: bool) {
        let Some(history) = timeline.object(object) else {
            *self = Self::default();
            return;
        };
        let gaps = timeline.gaps().len();
        let grows = self.of == Some((object, show_heartbeats))
            && self.gaps == gaps
            && self.changes <= history.changes.len();
        if !grows {
            *self = Self {
                of: Some((object, show_heartbeats)),
                gaps,
                ..Self::default()
            };
        }
        if self.changes == history.changes.len() && self.changes > 0 {
            return;
        }
        self.append(timeline, history, show_heartbeats);
    }

    fn append(&mut self, timeline: &Timeline, history: &ObjectHistory, show_heartbeats: bool) {
        let start = self.changes;
        let mut previous = start
            .checked_sub(1)
            .and_then(|last| timeline.change(history.changes[last]));
        // A list that only grows ends with its trailing gaps, which newer changes come after.
        let mut gaps = match start {
            0 => relevant_gaps(timeline, history),
            _ => Vec::new(),
        }
        .into_iter()
        .peekable();
        for id in &history.changes[start..] {
            let Some(change) = timeline.change(*id) else {
                continue;
            };
            // What a relist found belongs above the gap, though it may carry the gap's own time.
            while let Some(gap) = gaps.next_if(|gap| gap.1.wall < change.at.wall) {
                if previous.is_some() {
                    self.push_gap(gap);
                }
            }
            if previous.is_some_and(|previous| previous.incarnation != change.incarnation) {
                self.rows.push(HistoryRow::NewIncarnation {
                    incarnation: change.incarnation,
                });
            }
            previous = Some(change);
            let heartbeat = change.touches.heartbeat && change.change == ChangeKind::Modified;
            if heartbeat && !show_heartbeats {
                self.hidden_heartbeats += 1;
            } else {
                self.rows.push(HistoryRow::Change(*id));
            }
        }
        for gap in gaps {
            self.push_gap(gap);
        }
        self.changes = history.changes.len();
    }

    /// Gaps of one cause with nothing seen between them read as one: a polled kind has one for
    /// each poll.
    fn push_gap(&mut self, (cause, from, to): (GapCause, Moment, Moment)) {
        if let Some(HistoryRow::Gap {
            to: end,
            cause: last,
            ..
        }) = self.rows.last_mut()
            && *last == cause
        {
            *end = (*end).max(to);
            return;
        }
        self.rows.push(HistoryRow::Gap { from, to, cause });
    }

    /// How many rows there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// No history at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A row by its place on screen, 0 being the newest.
    #[must_use]
    pub fn row(&self, place: usize) -> Option<&HistoryRow> {
        self.rows.get(self.rows.len().checked_sub(place + 1)?)
    }

    /// Revisions that are not shown, as nothing but timestamps changed.
    #[must_use]
    pub fn hidden_heartbeats(&self) -> usize {
        self.hidden_heartbeats
    }

    /// The newest revision that is shown.
    #[must_use]
    pub fn newest(&self) -> Option<ChangeId> {
        self.changes_from(self.rows.len()).next()
    }

    /// The revision before another one, over incarnations too.
    #[must_use]
    pub fn before(&self, id: ChangeId) -> Option<ChangeId> {
        self.changes_from(self.first_not_before(id)).next()
    }

    /// The revision some places away, positive towards older ones, at most as far as the list goes.
    #[must_use]
    pub fn neighbour(&self, id: ChangeId, older: isize) -> Option<ChangeId> {
        let distance = older.unsigned_abs();
        if distance == 0 {
            return Some(id);
        }
        let start = self.first_not_before(id);
        if older > 0 {
            self.changes_from(start).take(distance).last()
        } else {
            let newer = self.rows[start..]
                .iter()
                .filter_map(change_of)
                .filter(|c| *c > id);
            newer.take(distance).last()
        }
    }

    /// The place on screen of a revision.
    #[must_use]
    pub fn place(&self, id: ChangeId) -> Option<usize> {
        let index = self.first_not_before(id);
        let found = self.rows.get(index).and_then(change_of) == Some(id);
        found.then(|| self.rows.len() - 1 - index)
    }

    /// Index of the row of this change, or of the next newer one that is shown.
    fn first_not_before(&self, id: ChangeId) -> usize {
        // Rows without a change make the list unsorted for a binary search, but they are few:
        // find a start that is surely not too far, then walk.
        self.rows
            .iter()
            .rposition(|row| change_of(row).is_some_and(|change| change < id))
            .map_or_else(
                || self.next_change(0),
                |before| self.next_change(before + 1),
            )
    }

    fn next_change(&self, from: usize) -> usize {
        let offset = self.rows[from..]
            .iter()
            .position(|row| change_of(row).is_some());
        offset.map_or(self.rows.len(), |offset| from + offset)
    }

    /// Changes below an index, newest first.
    fn changes_from(&self, index: usize) -> impl Iterator<Item = ChangeId> + '_ {
        self.rows[..index].iter().rev().filter_map(change_of)
    }
}

fn change_of(row: &HistoryRow) -> Option<ChangeId> {
    match row {
        HistoryRow::Change(id) => Some(*id),
        _ => None,
    }
}

/// The gaps of the object's kind that ended after its first change, by their start.
fn relevant_gaps(timeline: &Timeline, history: &ObjectHistory) -> Vec<(GapCause, Moment, Moment)> {
    let kind: Option<&ResourceKind> = timeline.kind(history.kind).map(|kind| &*kind.kind);
    let mut gaps: Vec<_> = timeline
        .gaps()
        .iter()
        .filter(|gap| gap.kind.as_deref().is_none_or(|of| Some(of) == kind))
        .map(|gap| (gap.cause.clone(), gap.from, gap.to))
        .collect();
    gaps.sort_by_key(|(_, from, _)| from.wall);
    gaps
}
