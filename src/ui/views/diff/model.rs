//! Two revisions compared: lines that can be shown, folded and copied, and the changed fields.

use std::collections::{HashMap, HashSet};

use jiff::Timestamp;

use super::document::{Document, Owner, line_text, parse};
use crate::{
    diff::{
        DiffLine, DiffLineKind, DiffRow, Difference, FieldChange, Noise, compare_all, compare_with,
        diff_lines, fold, in_order_of, unified_text,
    },
    model::{FieldPath, Json, Topology},
};

/// Unchanged lines that stay around a change.
const CONTEXT: usize = 3;

/// One changed field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldRow {
    /// Where: `spec.replicas`.
    pub path: String,
    /// Before, on one line; `None` for an added field.
    pub old: Option<String>,
    /// After, on one line; `None` for a removed field.
    pub new: Option<String>,
}

/// One row of the folded comparison.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RowRef {
    /// A line, by its place among all of them.
    Line(usize),
    /// Unchanged lines that are folded.
    Fold {
        /// The place of the first of them.
        first: usize,
        /// How many.
        lines: usize,
    },
}

/// Two revisions compared.
#[derive(Debug, Clone, Default)]
pub struct DiffModel {
    old: Document,
    new: Document,
    lines: Vec<DiffLine>,
    folds: Vec<DiffRow>,
    is_whole: bool,
    /// The changed fields; none where there is no older revision.
    pub fields: Vec<FieldRow>,
    /// Lists that stand in another order than before though their order means nothing. The lines of the
    /// older revision then stand in the order of the newer one.
    pub reordered: Vec<String>,
}

impl DiffModel {
    /// Compares the bodies of two revisions; without an older one everything is new. With noise, lists
    /// are compared as they stand.
    ///
    /// # Errors
    /// Says in words why one of them cannot be read.
    pub fn of(
        old: Option<&[u8]>,
        new: &[u8],
        show_noise: bool,
        topology: &Topology,
    ) -> Result<Self, String> {
        let noise = if show_noise {
            Noise::all()
        } else {
            Noise::hidden()
        };
        let new = parse(new)?;
        let old = old.map(parse).transpose()?;
        let (mut fields, mut reordered) = (Vec::new(), Vec::new());
        if let Some(old) = &old {
            let changes = if show_noise {
                compare_all(old, &new, topology)
            } else {
                compare_with(old, &new, topology)
            };
            let shown = changes
                .iter()
                .filter(|change| show_noise || !is_beat(change));
            fields = shown.map(field_row).collect();
            let orders = changes.iter().filter(|c| c.difference == Difference::Order);
            reordered = orders.map(|change| change.path.dotted()).collect();
        }
        let old = match reordered.is_empty() || show_noise {
            true => old,
            false => old.map(|old| in_order_of(&old, &new, topology)),
        };
        let documents = (
            old.as_ref()
                .map(|old| Document::of(old, noise, topology))
                .unwrap_or_default(),
            Document::of(&new, noise, topology),
        );
        let mut lines = pair(diff_lines(&documents.0.lines, &documents.1.lines));
        if !show_noise {
            lines = without_beats(lines);
        }
        let folds = fold(&lines, CONTEXT);
        Ok(Self {
            old: documents.0,
            new: documents.1,
            lines,
            folds,
            is_whole: false,
            fields,
            reordered,
        })
    }

    /// One revision that nothing can be compared with: it existed before it was watched.
    ///
    /// # Errors
    /// Says in words why it cannot be read.
    pub fn whole(body: &[u8], show_noise: bool, topology: &Topology) -> Result<Self, String> {
        let mut model = Self::of(Some(body), body, show_noise, topology)?;
        model.folds = model.lines.iter().cloned().map(DiffRow::Line).collect();
        model.is_whole = true;
        Ok(model)
    }

    /// Whether it is a single revision and no comparison.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.is_whole
    }

    /// Whether anything differs.
    #[must_use]
    pub fn differs(&self) -> bool {
        self.lines
            .iter()
            .any(|line| line.kind != DiffLineKind::Context)
    }

    /// The rows in sight; folds whose first line is in `unfolded` are open.
    #[must_use]
    pub fn rows(&self, unfolded: &HashSet<usize>) -> Vec<RowRef> {
        let mut rows = Vec::with_capacity(self.folds.len());
        let mut place = 0;
        for row in &self.folds {
            match row {
                DiffRow::Line(_) => {
                    rows.push(RowRef::Line(place));
                    place += 1;
                }
                DiffRow::Fold { lines, first } => {
                    let lines = *lines as usize;
                    if unfolded.contains(first) {
                        rows.extend((place..place + lines).map(RowRef::Line));
                    } else {
                        rows.push(RowRef::Fold {
                            first: *first,
                            lines,
                        });
                    }
                    place += lines;
                }
            }
        }
        rows
    }

    /// A line by its place.
    #[must_use]
    pub fn line(&self, place: usize) -> Option<&DiffLine> {
        self.lines.get(place)
    }

    /// Who owns a line: in the newer revision, or in the older one for a removed line.
    #[must_use]
    pub fn owner(&self, line: &DiffLine) -> Option<&Owner> {
        let (document, number) = match line.kind {
            DiffLineKind::Removed => (&self.old, line.old_number),
            _ => (&self.new, line.new_number),
        };
        document.owner((number? as usize).checked_sub(1)?)
    }

    /// As `diff -u` writes it.
    #[must_use]
    pub fn unified(&self, from: &str, to: &str) -> String {
        unified_text(&self.lines, from, to, CONTEXT)
    }
}

/// Puts the removed and the added line of one field side by side, where a run of changed lines has
/// each of them once. Lines of a text block stay in their order: they all are of one field.
fn pair(lines: Vec<DiffLine>) -> Vec<DiffLine> {
    let mut paired = Vec::with_capacity(lines.len());
    let mut lines = lines.into_iter().peekable();
    while let Some(line) = lines.next() {
        if line.kind != DiffLineKind::Removed {
            paired.push(line);
            continue;
        }
        let mut removed = vec![line];
        while let Some(next) = lines.next_if(|next| next.kind == DiffLineKind::Removed) {
            removed.push(next);
        }
        let mut added = Vec::new();
        while let Some(next) = lines.next_if(|next| next.kind == DiffLineKind::Added) {
            added.push(next);
        }
        interleave(removed, added, &mut paired);
    }
    paired
}

fn interleave(removed: Vec<DiffLine>, added: Vec<DiffLine>, out: &mut Vec<DiffLine>) {
    let (in_removed, in_added) = (places_of_once(&removed), places_of_once(&added));
    let partner = |line: &DiffLine| {
        let place = in_removed.get(&line.line.path).copied().flatten()?;
        in_added.get(&line.line.path).copied().flatten()?;
        Some(place)
    };
    // Removed lines up to here are out; those in front of the next partner follow as they come.
    let mut done = 0;
    let waits: Vec<bool> = removed.iter().map(|line| partner(line).is_some()).collect();
    let mut removed = removed.into_iter();
    for line in added {
        let until = match partner(&line) {
            Some(place) => place + 1,
            // What has no partner comes after the removed lines that have none either.
            None => done + waits[done..].iter().take_while(|waits| !**waits).count(),
        };
        out.extend(removed.by_ref().take(until.saturating_sub(done)));
        done = done.max(until);
        out.push(line);
    }
    out.extend(removed);
}

/// The place of each field's line; `None` for a field with several.
fn places_of_once(lines: &[DiffLine]) -> HashMap<FieldPath, Option<usize>> {
    let mut places = HashMap::new();
    for (place, line) in lines.iter().enumerate() {
        places
            .entry(line.line.path.clone())
            .and_modify(|known| *known = None)
            .or_insert(Some(place));
    }
    places
}

/// Takes pairs in which nothing but a timestamp differs as unchanged.
fn without_beats(lines: Vec<DiffLine>) -> Vec<DiffLine> {
    let mut out: Vec<DiffLine> = Vec::with_capacity(lines.len());
    for line in lines {
        let beat = line.kind == DiffLineKind::Added
            && out.last().is_some_and(|old| {
                old.kind == DiffLineKind::Removed
                    && old.line.path == line.line.path
                    && is_timestamp_line(&old.line.text)
                    && is_timestamp_line(&line.line.text)
            });
        if beat && let Some(old) = out.pop() {
            out.push(DiffLine {
                kind: DiffLineKind::Context,
                old_number: old.old_number,
                ..line
            });
        } else {
            out.push(line);
        }
    }
    out
}

fn is_timestamp_line(text: &str) -> bool {
    let value = text
        .rsplit_once(": ")
        .or_else(|| text.rsplit_once("- "))
        .map_or(text, |(_, v)| v);
    is_timestamp(value.trim_matches(['"', '\'']))
}

fn is_timestamp(text: &str) -> bool {
    text.len() >= 20 && text.as_bytes()[10] == b'T' && text.parse::<Timestamp>().is_ok()
}

fn is_beat(change: &FieldChange<'_>) -> bool {
    let timestamp =
        |value: Option<&Json<'_>>| value.and_then(Json::as_str).is_some_and(is_timestamp);
    timestamp(change.old) && timestamp(change.new)
}

fn field_row(change: &FieldChange<'_>) -> FieldRow {
    let text = |value: &Json<'_>| match value {
        Json::String(text) => text.to_string(),
        other => other.to_compact(),
    };
    if change.difference == Difference::Order {
        return FieldRow {
            path: format!("{} (order)", change.path.dotted()),
            old: change.old.map(item_names),
            new: change.new.map(item_names),
        };
    }
    FieldRow {
        path: change.path.dotted(),
        old: change.old.map(text),
        new: change.new.map(text),
    }
}

/// The items of a list by what they are called.
fn item_names(list: &Json<'_>) -> String {
    let name = |item: &Json<'_>| {
        let named = ["name", "type", "key", "id"]
            .iter()
            .find_map(|key| item.get(key));
        match named.unwrap_or(item) {
            Json::String(text) => text.to_string(),
            other => other.to_compact(),
        }
    };
    list.items().iter().map(name).collect::<Vec<_>>().join(", ")
}

/// A line as it is shown.
#[must_use]
pub fn text_of(line: &DiffLine) -> String {
    line_text(&line.line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{ListKey, ListType, TopologyNode};

    const OLD: &str = r#"{"metadata":{"name":"a","resourceVersion":"1"},
        "spec":{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"names":["x"]},
        "status":{"at":"2026-01-01T00:00:00Z","phase":"Pending","reason":"New"}}"#;
    const NEW: &str = r#"{"metadata":{"name":"a","resourceVersion":"2"},
        "spec":{"a":1,"b":2,"c":3,"d":4,"e":5,"f":6,"names":["x","w"]},
        "status":{"at":"2026-01-01T00:00:09Z","phase":"Running","reason":"Started"}}"#;

    fn shown(model: &DiffModel, unfolded: &HashSet<usize>) -> Vec<String> {
        let sign = |line: &DiffLine| match line.kind {
            DiffLineKind::Context => ' ',
            DiffLineKind::Added => '+',
            DiffLineKind::Removed => '-',
        };
        let rows = model.rows(unfolded).into_iter();
        rows.map(|row| match row {
            RowRef::Line(place) => {
                let line = model.line(place).unwrap();
                format!("{}{}", sign(line), text_of(line))
            }
            RowRef::Fold { lines, .. } => format!("… {lines}"),
        })
        .collect()
    }

    fn model(noise: bool) -> DiffModel {
        DiffModel::of(
            Some(OLD.as_bytes()),
            NEW.as_bytes(),
            noise,
            Topology::unknown(),
        )
        .unwrap()
    }

    #[test]
    fn changed_lines_stand_in_pairs_and_a_new_timestamp_is_no_change() {
        let rows = shown(&model(false), &HashSet::new());
        assert_eq!(
            rows,
            [
                "… 2",
                " spec:",
                "… 5",
                "   f: 6",
                "   names:",
                "   - x",
                "+  - w",
                " status:",
                "   at: \"2026-01-01T00:00:09Z\"",
                "-  phase: Pending",
                "+  phase: Running",
                "-  reason: New",
                "+  reason: Started",
            ]
        );
    }

    #[test]
    fn noise_comes_back_with_its_switch() {
        let quiet = model(false);
        let all = model(true);
        let has = |model: &DiffModel, text: &str| {
            shown(model, &HashSet::new())
                .iter()
                .any(|line| line.contains(text))
        };
        assert!(has(&all, "resourceVersion") && !has(&quiet, "resourceVersion"));
        assert!(has(&all, "-  at:") && !has(&quiet, "-  at:"));
        assert_eq!((quiet.fields.len(), all.fields.len()), (3, 5));
    }

    #[test]
    fn unfolding_one_place_leaves_the_others() {
        let model = model(false);
        let folds: Vec<_> = model
            .rows(&HashSet::new())
            .into_iter()
            .filter_map(|row| match row {
                RowRef::Fold { first, .. } => Some(first),
                RowRef::Line(_) => None,
            })
            .collect();
        let rows = shown(&model, &HashSet::from([folds[1]]));
        assert_eq!(rows[0], "… 2");
        assert_eq!(rows[1..4], [" spec:", "   a: 1", "   b: 2"]);
        let all = shown(&model, &folds.into_iter().collect());
        assert!(all.iter().all(|row| !row.starts_with('…')));
    }

    #[test]
    fn the_first_revision_is_all_new() {
        let model = DiffModel::of(None, NEW.as_bytes(), false, Topology::unknown()).unwrap();
        assert!(
            shown(&model, &HashSet::new())
                .iter()
                .all(|line| line.starts_with('+'))
        );
        assert!(model.fields.is_empty() && model.differs());
    }

    #[test]
    fn what_existed_before_is_shown_whole_and_as_nothing_new() {
        let model = DiffModel::whole(NEW.as_bytes(), false, Topology::unknown()).unwrap();
        let rows = shown(&model, &HashSet::new());
        assert_eq!(rows.len(), 16);
        assert!(rows.iter().all(|row| row.starts_with(' ')), "{rows:?}");
    }

    #[test]
    fn text_blocks_keep_their_order() {
        let old = br#"{"data":"one\ntwo\nthree\n","z":1}"#;
        let new = br#"{"data":"uno\ndos\nthree\n","z":1}"#;
        let model = DiffModel::of(Some(old), new, false, Topology::unknown()).unwrap();
        assert_eq!(
            shown(&model, &HashSet::new())[1..5],
            ["-  one", "-  two", "+  uno", "+  dos"]
        );
    }

    #[test]
    fn a_list_whose_order_means_nothing_is_unchanged_in_another_order() {
        let mut root = TopologyNode::default();
        let list = Some(ListType::Map([ListKey::new("name")].into()));
        root.insert(
            "ports",
            TopologyNode {
                list,
                ..TopologyNode::default()
            },
        );
        let topology = Topology::new(root);
        let old = br#"{"ports":[{"name":"a","port":1},{"name":"b","port":2}]}"#;
        let new = br#"{"ports":[{"name":"b","port":3},{"name":"a","port":1}]}"#;
        let model = DiffModel::of(Some(old), new, false, &topology).unwrap();
        assert_eq!(
            shown(&model, &HashSet::new()),
            [
                " ports:",
                " - name: b",
                "-  port: 2",
                "+  port: 3",
                " - name: a",
                "   port: 1"
            ]
        );
        assert_eq!(model.reordered, ["ports"]);
        let row = &model.fields[0];
        assert_eq!(
            (row.old.as_deref(), row.new.as_deref()),
            (Some("a, b"), Some("b, a"))
        );
        let raw = DiffModel::of(Some(old), new, true, &topology).unwrap();
        assert!(
            shown(&raw, &HashSet::new()).len() > 6,
            "noise shows them as they stand"
        );
    }

    #[test]
    fn an_undecodable_revision_is_told_in_words() {
        let error = DiffModel::of(None, b"{\"a\":", false, Topology::unknown()).unwrap_err();
        assert!(
            error.starts_with("The server sent something that is not valid JSON"),
            "{error}"
        );
    }
}
