//! Aligned tables, coloured on a terminal.

use std::{
    env,
    io::{self, IsTerminal, Write},
};

use clap::ValueEnum;

use crate::model::ChangeKind;

/// `-o` of the commands that print a table.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(super) enum TextOrJson {
    /// An aligned table
    Text,
    /// JSON
    Json,
}

/// What a piece of text is, which decides on its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Style {
    #[default]
    Plain,
    Heading,
    /// Less important than its neighbours.
    Dim,
    Good,
    Changed,
    Bad,
}

impl Style {
    pub(super) fn of(change: ChangeKind) -> Self {
        match change {
            ChangeKind::Added => Style::Good,
            ChangeKind::Modified => Style::Changed,
            ChangeKind::Deleted => Style::Bad,
        }
    }

    /// Select Graphic Rendition, ECMA-48 8.3.117.
    fn code(self) -> Option<&'static str> {
        match self {
            Style::Plain => None,
            Style::Heading => Some("1"),
            Style::Dim => Some("2"),
            Style::Good => Some("32"),
            Style::Changed => Some("33"),
            Style::Bad => Some("31"),
        }
    }
}

/// Whether a stream takes colours: a terminal that can, and no `NO_COLOR` (no-color.org).
pub(super) fn colours(stream: &impl IsTerminal) -> bool {
    let set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    stream.is_terminal()
        && !set("NO_COLOR")
        && env::var_os("TERM").is_none_or(|term| term != "dumb")
}

/// The first few of several texts, and how many more there are.
pub(super) fn some(texts: &[impl AsRef<str>], count: usize, separator: &str) -> String {
    let mut shown: Vec<_> = texts
        .iter()
        .take(count)
        .map(|text| text.as_ref().to_owned())
        .collect();
    if texts.len() > count {
        shown.push(format!("+{}", texts.len() - count));
    }
    shown.join(separator)
}

/// Says something beside the result, on stderr.
pub(super) fn note(text: &str) {
    // Nobody to tell that nobody listens.
    let _ = writeln!(io::stderr(), "note: {text}");
}

/// Writes a piece of text in its colour.
pub(super) fn paint(
    out: &mut dyn Write,
    text: &str,
    style: Style,
    colours: bool,
) -> io::Result<()> {
    match style.code().filter(|_| colours && !text.is_empty()) {
        Some(code) => write!(out, "\x1b[{code}m{text}\x1b[0m"),
        None => out.write_all(text.as_bytes()),
    }
}

/// A table whose columns are as wide as their widest cell.
#[derive(Debug)]
pub(super) struct Table {
    headings: Vec<&'static str>,
    right: Vec<bool>,
    rows: Vec<Vec<(String, Style)>>,
}

impl Table {
    /// A table with these headings. A heading that begins with `>` aligns its column to the right.
    pub(super) fn new(headings: &[&'static str]) -> Self {
        Self {
            headings: headings
                .iter()
                .map(|heading| heading.trim_start_matches('>'))
                .collect(),
            right: headings
                .iter()
                .map(|heading| heading.starts_with('>'))
                .collect(),
            rows: Vec::new(),
        }
    }

    /// Adds a row, a cell for each heading.
    pub(super) fn row(&mut self, cells: Vec<(String, Style)>) {
        debug_assert_eq!(cells.len(), self.headings.len());
        self.rows.push(cells);
    }

    /// Prints headings and rows.
    pub(super) fn print(self, out: &mut dyn Write) -> io::Result<()> {
        self.print_with(out, colours(&io::stdout()))
    }

    fn print_with(self, out: &mut dyn Write, colours: bool) -> io::Result<()> {
        let mut widths: Vec<_> = self.headings.iter().map(|heading| heading.len()).collect();
        for row in &self.rows {
            for (width, (text, _)) in widths.iter_mut().zip(row) {
                *width = (*width).max(text.chars().count());
            }
        }
        let headings = self
            .headings
            .iter()
            .map(|heading| ((*heading).to_owned(), Style::Heading))
            .collect();
        for row in std::iter::once(headings).chain(self.rows) {
            let last = row
                .iter()
                .rposition(|(text, _)| !text.is_empty())
                .unwrap_or(0);
            for (i, (text, style)) in row.iter().enumerate().take(last + 1) {
                let padding = " ".repeat(widths[i] - text.chars().count());
                if self.right[i] {
                    out.write_all(padding.as_bytes())?;
                }
                paint(out, text, *style, colours)?;
                if i != last {
                    if !self.right[i] {
                        out.write_all(padding.as_bytes())?;
                    }
                    out.write_all(b"  ")?;
                }
            }
            out.write_all(b"\n")?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn printed(colours: bool) -> String {
        let mut table = Table::new(&["NAME", ">COUNT", "NOTE"]);
        let plain = |text: &str| (text.to_owned(), Style::Plain);
        table.row(vec![
            ("müller".to_owned(), Style::Bad),
            plain("7"),
            plain(""),
        ]);
        table.row(vec![plain("a"), plain("1000000"), plain("x")]);
        let mut out = Vec::new();
        table.print_with(&mut out, colours).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn columns_line_up() {
        assert_eq!(
            printed(false),
            "NAME      COUNT  NOTE\nmüller        7\na       1000000  x\n"
        );
    }

    #[test]
    fn colours_do_not_move_columns() {
        let text = printed(true);
        assert!(text.contains("\x1b[31mmüller\x1b[0m        7"), "{text:?}");
    }
}
