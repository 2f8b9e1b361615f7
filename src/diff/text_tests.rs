use proptest::prelude::*;

use super::*;
use crate::{
    diff::{Noise, yaml_lines},
    model::{FieldPath, Json},
};

const OLD: &str = r#"{"metadata":{"name":"a","labels":{"x":"1"}},"spec":{"dnsNames":["a","b","c","d","e","f","g","h"],"secretName":"s"}}"#;
const NEW: &str = r#"{"metadata":{"name":"a","labels":{"x":"1"}},"spec":{"dnsNames":["a","b","c","d","e","f","g","new"],"secretName":"s"}}"#;

fn lines(json: &str) -> Vec<YamlLine> {
    yaml_lines(&Json::parse(json.as_bytes()).unwrap(), Noise::hidden())
}

fn compared(old: &str, new: &str) -> Vec<DiffLine> {
    diff_lines(&lines(old), &lines(new))
}

fn show(line: &DiffLine) -> String {
    let sign = match line.kind {
        DiffLineKind::Context => ' ',
        DiffLineKind::Added => '+',
        DiffLineKind::Removed => '-',
    };
    let mut text = String::from(sign);
    line.line.write(&mut text);
    text
}

#[test]
fn numbers_both_sides() {
    let lines = compared(r#"{"a":1,"b":2,"c":3}"#, r#"{"a":1,"b":9,"c":3}"#);
    let shown: Vec<_> = lines
        .iter()
        .map(|l| (l.old_number, l.new_number, show(l)))
        .collect();
    assert_eq!(
        shown,
        [
            (Some(1), Some(1), " a: 1".to_owned()),
            (Some(2), None, "-b: 2".to_owned()),
            (None, Some(2), "+b: 9".to_owned()),
            (Some(3), Some(3), " c: 3".to_owned()),
        ]
    );
}

#[test]
fn lines_that_differ_in_indentation_only_differ() {
    let lines = compared(r#"{"a":{"b":1}}"#, r#"{"a":null,"b":1}"#);
    assert!(lines.iter().all(|line| line.kind != DiffLineKind::Context));
}

#[test]
fn folding_keeps_the_parents_of_a_change() {
    let rows: Vec<_> = fold(&compared(OLD, NEW), 1)
        .iter()
        .map(|row| match row {
            DiffRow::Line(line) => show(line),
            DiffRow::Fold { lines, first } => format!("fold {lines} from {first}"),
        })
        .collect();
    assert_eq!(
        rows,
        [
            "fold 4 from 0",
            " spec:",
            "   dnsNames:",
            "fold 6 from 6",
            "   - g",
            "-  - h",
            "+  - new",
            "   secretName: s"
        ]
    );
}

#[test]
fn a_single_line_is_not_folded() {
    let rows = fold(&compared(r#"{"a":1,"b":2}"#, r#"{"a":1,"b":3}"#), 0);
    assert!(rows.iter().all(|row| matches!(row, DiffRow::Line(_))));
}

#[test]
fn nothing_changed_is_one_fold_and_no_text() {
    let lines = compared(OLD, OLD);
    assert_eq!(
        fold(&lines, 3),
        [DiffRow::Fold {
            lines: 15,
            first: 0
        }]
    );
    assert_eq!(unified_text(&lines, "a", "b", 3), "");
}

#[test]
fn the_text_is_that_of_diff_u() {
    assert_eq!(
        unified_text(&compared(OLD, NEW), "old", "new", 2),
        "--- old\n+++ new\n@@ -12,4 +12,4 @@\n   - f\n   - g\n-  - h\n+  - new\n   secretName: s\n"
    );
    assert_eq!(
        unified_text(&compared(r#"{"a":1}"#, r#"{"a":1,"b":2}"#), "old", "new", 0),
        "--- old\n+++ new\n@@ -1,0 +2 @@\n+b: 2\n"
    );
}

/// Applies a unified diff as `patch` does, without any tolerance.
fn patch(old: &[String], diff: &str) -> Vec<String> {
    let mut new = Vec::new();
    let mut at = 0;
    for line in diff.lines().skip(2) {
        if let Some(head) = line.strip_prefix("@@ -") {
            let (start, count) = head.split(' ').next().unwrap().split_once(',').map_or_else(
                || (head.split(' ').next().unwrap().parse::<usize>().unwrap(), 1),
                |(start, count)| (start.parse().unwrap(), count.parse::<usize>().unwrap()),
            );
            let start = if count == 0 { start } else { start - 1 };
            new.extend_from_slice(&old[at..start]);
            at = start;
            continue;
        }
        let (sign, text) = line.split_at(1);
        if sign != "+" {
            assert_eq!(old[at], text);
            at += 1;
        }
        if sign != "-" {
            new.push(text.to_owned());
        }
    }
    new.extend_from_slice(&old[at..]);
    new
}

fn rendering() -> impl Strategy<Value = Vec<YamlLine>> {
    let line = (0..3_u16, "[a-c]").prop_map(|(indent, text)| YamlLine {
        indent,
        text,
        path: FieldPath::root(),
    });
    prop::collection::vec(line, 0..30)
}

proptest! {
    #[test]
    fn the_text_patches_old_into_new(old in rendering(), new in rendering(), context in 0..4_usize) {
        let text = |lines: &[YamlLine]| {
            lines.iter().map(|line| { let mut out = String::new(); line.write(&mut out); out }).collect::<Vec<_>>()
        };
        let lines = diff_lines(&old, &new);
        let diff = unified_text(&lines, "old", "new", context);
        prop_assert_eq!(patch(&text(&old), &diff), text(&new), "{}", diff);
    }

    #[test]
    fn folds_and_lines_cover_everything_once(old in rendering(), new in rendering(), context in 0..4_usize) {
        let lines = diff_lines(&old, &new);
        let mut at = 0;
        for row in fold(&lines, context) {
            match row {
                DiffRow::Line(line) => {
                    prop_assert_eq!(&line, &lines[at]);
                    at += 1;
                }
                DiffRow::Fold { lines: count, first } => {
                    let folded = &lines[first..first + count as usize];
                    prop_assert_eq!(first, at);
                    prop_assert!(folded.iter().all(|line| line.kind == DiffLineKind::Context));
                    at += folded.len();
                }
            }
        }
        prop_assert_eq!(at, lines.len());
    }
}
