//! The columns of the table, and what stands in their cells.

use std::{borrow::Cow, cmp::Ordering};

use egui::Color32;
use jiff::Timestamp;

use crate::{
    columns::Cell,
    model::{ReadinessStatus, Scope},
    timeline::{KindHistory, KindId, LiveObject, ObjectHistory, ObjectId, Timeline},
    ui::theme::Palette,
};

/// A column of the table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Column {
    /// Readiness, as a dot.
    Dot,
    /// Kind of the object, where the table shows all.
    Kind,
    /// Namespace.
    Namespace,
    /// Name.
    Name,
    /// A printer column of the CRD.
    Printer(usize),
    /// Why it is ready or not, where the table shows all kinds.
    Readiness,
    /// Time since its creation.
    Age,
    /// When it changed in the last hour.
    LastHour,
}

/// A column with what the table must know of it.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Heading {
    pub(super) column: Column,
    pub(super) title: String,
    pub(super) about: String,
    pub(super) numeric: bool,
    /// Short whatever it holds: gets no room that is left over.
    pub(super) short: bool,
}

impl Heading {
    fn plain(column: Column, title: &str) -> Self {
        Self {
            column,
            title: title.into(),
            about: String::new(),
            numeric: false,
            short: column == Column::Age,
        }
    }
}

/// The columns of a kind, or of everything.
pub(super) fn headings(kind: Option<&KindHistory>, wide: bool) -> Vec<Heading> {
    let mut headings = vec![Heading::plain(Column::Dot, "")];
    let Some(kind) = kind else {
        headings.extend([
            Heading::plain(Column::Kind, "Kind"),
            Heading::plain(Column::Namespace, "Namespace"),
            Heading::plain(Column::Name, "Name"),
            Heading::plain(Column::Readiness, "Ready"),
            Heading::plain(Column::Age, "Age"),
            Heading::plain(Column::LastHour, "Last hour"),
        ]);
        return headings;
    };
    if kind.kind.scope == Scope::Namespaced {
        headings.push(Heading::plain(Column::Namespace, "Namespace"));
    }
    headings.push(Heading::plain(Column::Name, "Name"));
    let mut has_age = false;
    for (i, column) in kind.columns.headings().iter().enumerate() {
        if column.is_wide() && !wide {
            continue;
        }
        has_age |= column.name.eq_ignore_ascii_case("age");
        headings.push(Heading {
            column: Column::Printer(i),
            title: column.name.to_string(),
            about: column.description.to_string(),
            numeric: matches!(&*column.type_, "integer" | "number"),
            short: matches!(&*column.type_, "integer" | "number" | "date" | "boolean"),
        });
    }
    if !has_age {
        headings.push(Heading::plain(Column::Age, "Age"));
    }
    headings.push(Heading::plain(Column::LastHour, "Last hour"));
    headings
}

/// An object of the table with everything that its cells are taken from.
#[derive(Clone, Copy)]
pub(super) struct Row<'a> {
    pub(super) id: ObjectId,
    pub(super) object: &'a ObjectHistory,
    pub(super) live: &'a LiveObject,
}

impl<'a> Row<'a> {
    /// The row of an object; `None` once it is deleted.
    pub(super) fn of(timeline: &'a Timeline, id: ObjectId) -> Option<Self> {
        let object = timeline.object(id)?;
        Some(Self {
            id,
            object,
            live: object.live.as_ref()?,
        })
    }

    fn cell(&self, index: usize) -> Option<&'a Cell> {
        self.live.cells.get(index)
    }

    /// The text of a cell; empty for those that are painted.
    pub(super) fn text(
        &self,
        column: Column,
        timeline: &'a Timeline,
        now: Timestamp,
    ) -> Cow<'a, str> {
        match column {
            Column::Dot | Column::LastHour => Cow::Borrowed(""),
            Column::Kind => timeline
                .kind(self.object.kind)
                .map_or("", |kind| kind.kind.kind.as_str())
                .into(),
            Column::Namespace => self
                .object
                .key
                .namespace
                .as_deref()
                .unwrap_or_default()
                .into(),
            Column::Name => Cow::Borrowed(&self.object.key.name),
            Column::Printer(index) => self.cell(index).map_or("".into(), |cell| cell.display(now)),
            Column::Readiness => self.live.readiness.sentence().into(),
            Column::Age => match self.live.created {
                Some(created) => Cell::Date(created).display(now).into_owned().into(),
                None => "<unknown>".into(),
            },
        }
    }

    /// The colour of a cell's text.
    pub(super) fn color(&self, heading: &Heading, text: &str, palette: &Palette) -> Color32 {
        let status = self.live.readiness.status;
        match heading.column {
            Column::Name => palette.text,
            Column::Readiness if status != ReadinessStatus::Current => palette.readiness(status),
            Column::Printer(_) => match text {
                "False" => match status {
                    ReadinessStatus::Current => palette.muted,
                    ReadinessStatus::InProgress | ReadinessStatus::Terminating => palette.warn,
                    ReadinessStatus::Failed | ReadinessStatus::Unknown => palette.error,
                },
                "Unknown" => palette.warn,
                "True" if status == ReadinessStatus::InProgress => palette.warn,
                "True" => palette.text,
                _ => palette.muted,
            },
            _ => palette.muted,
        }
    }

    /// Whether every word of the (lower-case) filter is in one of the cells.
    pub(super) fn matches(&self, words: &str, timeline: &Timeline) -> bool {
        words.split_whitespace().all(|word| {
            let kind = timeline
                .kind(self.object.kind)
                .map(|kind| kind.kind.kind.as_str());
            contains(&self.object.key.name, word)
                || self
                    .object
                    .key
                    .namespace
                    .as_deref()
                    .is_some_and(|text| contains(text, word))
                || kind.is_some_and(|text| contains(text, word))
                || contains(&self.live.readiness.reason, word)
                || contains(self.live.readiness.label(), word)
                || self.live.cells.iter().any(|cell| {
                    // Ages move on; a row that comes and goes with them would be of no use.
                    !is_date(cell) && contains(&cell.display(Timestamp::UNIX_EPOCH), word)
                })
        })
    }

    /// The order of two rows by a column; rows that are equal in it fall back to their names.
    pub(super) fn compare(&self, other: &Self, column: Column, timeline: &Timeline) -> Ordering {
        match column {
            Column::Dot | Column::Readiness => {
                let key = |row: &Self| (row.live.readiness.status, !row.live.readiness.suspended);
                key(self).cmp(&key(other))
            }
            Column::Kind => {
                kind_name(timeline, self.object.kind).cmp(&kind_name(timeline, other.object.kind))
            }
            Column::Namespace => self.object.key.namespace.cmp(&other.object.key.namespace),
            Column::Name => self.object.key.name.cmp(&other.object.key.name),
            Column::Printer(index) => compare_cells(self.cell(index), other.cell(index)),
            // Ascending age: the youngest first.
            Column::Age => other.live.created.cmp(&self.live.created),
            // The one that changed last first.
            Column::LastHour => other.object.newest().cmp(&self.object.newest()),
        }
    }
}

fn kind_name(timeline: &Timeline, id: KindId) -> Option<(&str, &str)> {
    timeline
        .kind(id)
        .map(|kind| (kind.kind.kind.as_str(), kind.kind.group.as_str()))
}

/// The order of everything when no heading was clicked: kind, namespace, name.
pub(super) fn natural_order(a: &Row<'_>, b: &Row<'_>, timeline: &Timeline) -> Ordering {
    let by_kind = if a.object.kind == b.object.kind {
        Ordering::Equal
    } else {
        kind_name(timeline, a.object.kind).cmp(&kind_name(timeline, b.object.kind))
    };
    by_kind
        .then_with(|| a.object.key.cmp(&b.object.key))
        .then_with(|| a.id.cmp(&b.id))
}

fn is_date(cell: &Cell) -> bool {
    matches!(cell, Cell::Date(_))
}

fn compare_cells(a: Option<&Cell>, b: Option<&Cell>) -> Ordering {
    match (a, b) {
        // As ages: the youngest first.
        (Some(Cell::Date(a)), Some(Cell::Date(b))) => b.cmp(a),
        (a, b) => a.cmp(&b),
    }
}

/// Whether `text` contains a lower-case word, whatever its own case.
fn contains(text: &str, word: &str) -> bool {
    if text.is_ascii() {
        let (text, word) = (text.as_bytes(), word.as_bytes());
        word.is_empty()
            || text
                .windows(word.len())
                .any(|part| part.eq_ignore_ascii_case(word))
    } else {
        text.to_lowercase().contains(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_filter_ignores_case() {
        assert!(contains("Payments-TLS", "tls"));
        assert!(contains("Straße", "straße"));
        assert!(!contains("api", "apis"));
        assert!(contains("anything", ""));
    }
}
