//! Two renderings of an object line by line.

use std::ops::Range;

use imara_diff::{Algorithm, Diff, IndentHeuristic, IndentLevel, InternedInput};

use super::YamlLine;

/// On which side a line is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiffLineKind {
    /// On both.
    Context,
    /// Only on the new one.
    Added,
    /// Only on the old one.
    Removed,
}

/// One line of a comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiffLine {
    /// On which side it is.
    pub kind: DiffLineKind,
    /// Number in the old rendering, from 1.
    pub old_number: Option<u32>,
    /// Number in the new rendering, from 1.
    pub new_number: Option<u32>,
    /// The line; of two equal ones the new.
    pub line: YamlLine,
}

/// One row of a folded comparison.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiffRow {
    /// A line in sight.
    Line(DiffLine),
    /// Lines without a change, out of sight.
    Fold {
        /// How many.
        lines: u32,
        /// Index of the first of them among all lines of the comparison.
        first: usize,
    },
}

/// Compares two renderings; lines are equal when indentation and text are.
#[must_use]
pub fn diff_lines(old: &[YamlLine], new: &[YamlLine]) -> Vec<DiffLine> {
    let mut input = InternedInput::default();
    input.update_before(old.iter().map(content));
    input.update_after(new.iter().map(content));
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_with_heuristic(
        &input,
        IndentHeuristic::new(|token| {
            let (indent, text) = input.interner[token];
            let spaces = std::iter::repeat_n(b' ', usize::from(indent.min(150)));
            IndentLevel::for_ascii_line(spaces.chain(text.bytes().take(1)), 8)
        }),
    );

    let mut lines = Vec::with_capacity(old.len().max(new.len()) + 16);
    let (mut old_at, mut new_at) = (0, 0);
    for hunk in diff.hunks() {
        let (before, after) = (index_range(hunk.before), index_range(hunk.after));
        push_context(
            &mut lines,
            old_at..before.start,
            &new[new_at..after.start],
            new_at,
        );
        for at in before.clone() {
            lines.push(DiffLine {
                kind: DiffLineKind::Removed,
                old_number: Some(number(at)),
                new_number: None,
                line: old[at].clone(),
            });
        }
        for at in after.clone() {
            lines.push(DiffLine {
                kind: DiffLineKind::Added,
                old_number: None,
                new_number: Some(number(at)),
                line: new[at].clone(),
            });
        }
        (old_at, new_at) = (before.end, after.end);
    }
    push_context(&mut lines, old_at..old.len(), &new[new_at..], new_at);
    lines
}

/// Takes out of sight what is further than `context` lines from a change, but for the parents of
/// changes: the keys and the first lines of the list items that a changed line is in.
#[must_use]
pub fn fold(lines: &[DiffLine], context: usize) -> Vec<DiffRow> {
    let visible = visible(lines, context);
    let mut rows = Vec::new();
    let mut at = 0;
    while at < lines.len() {
        let hidden = visible[at..]
            .iter()
            .take_while(|visible| !**visible)
            .count();
        // A fold takes a row itself, so a single line is better shown.
        if hidden > 1 {
            rows.push(DiffRow::Fold {
                lines: number(hidden - 1),
                first: at,
            });
            at += hidden;
        } else {
            rows.push(DiffRow::Line(lines[at].clone()));
            at += 1;
        }
    }
    rows
}

/// The comparison as the text of `diff -u`, which `patch` accepts; empty when nothing differs.
#[must_use]
pub fn unified_text(
    lines: &[DiffLine],
    from_label: &str,
    to_label: &str,
    context: usize,
) -> String {
    let near = near_changes(lines, context);
    if !near.contains(&true) {
        return String::new();
    }
    let mut text = format!("--- {from_label}\n+++ {to_label}\n");
    let (mut old_at, mut new_at) = (0, 0);
    let mut at = 0;
    while at < lines.len() {
        let length = near[at..]
            .iter()
            .take_while(|is_near| **is_near == near[at])
            .count();
        let hunk = &lines[at..at + length];
        let old_lines = hunk.iter().filter(|line| line.old_number.is_some()).count();
        let new_lines = hunk.iter().filter(|line| line.new_number.is_some()).count();
        if near[at] {
            let (old, new) = (side(old_at, old_lines), side(new_at, new_lines));
            text.push_str(&format!("@@ -{old} +{new} @@\n"));
            for line in hunk {
                text.push(match line.kind {
                    DiffLineKind::Context => ' ',
                    DiffLineKind::Added => '+',
                    DiffLineKind::Removed => '-',
                });
                line.line.write(&mut text);
                text.push('\n');
            }
        }
        old_at += old_lines;
        new_at += new_lines;
        at += length;
    }
    text
}

/// One side of a hunk's head: the number of its first line and how many there are. Without lines it is
/// the number of the line before.
fn side(before: usize, lines: usize) -> String {
    match lines {
        0 => format!("{before},0"),
        1 => format!("{}", before + 1),
        _ => format!("{},{lines}", before + 1),
    }
}

fn near_changes(lines: &[DiffLine], context: usize) -> Vec<bool> {
    let mut near = vec![false; lines.len()];
    for (at, _) in changed(lines) {
        near[at.saturating_sub(context)..lines.len().min(at.saturating_add(context + 1))]
            .fill(true);
    }
    near
}

fn visible(lines: &[DiffLine], context: usize) -> Vec<bool> {
    let mut visible = near_changes(lines, context);
    // The parents of the line at hand, outermost first.
    let mut parents: Vec<usize> = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        while parents
            .last()
            .is_some_and(|parent| level(&lines[*parent]) >= level(line))
        {
            parents.pop();
        }
        if line.kind != DiffLineKind::Context {
            // Once a parent is in sight so are those further out.
            for parent in parents.iter().rev() {
                visible[*parent] = true;
            }
        }
        parents.push(at);
    }
    visible
}

/// How deep a line is: the items of a list are deeper than its key, which has the same indentation.
fn level(line: &DiffLine) -> u32 {
    u32::from(line.line.indent) * 2 + u32::from(line.line.text.starts_with("- "))
}

fn changed(lines: &[DiffLine]) -> impl Iterator<Item = (usize, &DiffLine)> {
    lines
        .iter()
        .enumerate()
        .filter(|(_, line)| line.kind != DiffLineKind::Context)
}

fn content(line: &YamlLine) -> (u16, &str) {
    (line.indent, &line.text)
}

fn push_context(lines: &mut Vec<DiffLine>, old: Range<usize>, new: &[YamlLine], new_at: usize) {
    for (offset, (old_at, line)) in old.zip(new).enumerate() {
        lines.push(DiffLine {
            kind: DiffLineKind::Context,
            old_number: Some(number(old_at)),
            new_number: Some(number(new_at + offset)),
            line: line.clone(),
        });
    }
}

fn index_range(range: Range<u32>) -> Range<usize> {
    // Widening: no platform of ours has smaller addresses than 32 bits.
    range.start as usize..range.end as usize
}

/// The number of the line at an index.
fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

#[cfg(test)]
#[path = "text_tests.rs"]
mod tests;
