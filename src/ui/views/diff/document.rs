//! One revision as lines, each with those who own it.

use std::collections::HashMap;

use super::owner_name::{describe, short_owner};
use crate::{
    diff::{Noise, YamlLine, line_owners, yaml_lines},
    model::{Json, Topology},
    timeline::{ChangeId, Timeline},
};

/// Who owns a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owner {
    /// Short enough to stand beside it.
    pub short: String,
    /// All that is known, for a tooltip.
    pub full: String,
}

/// One revision as lines.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Document {
    /// The lines.
    pub lines: Vec<YamlLine>,
    /// For each line the end of what belongs below it: its own number plus one for a line without.
    ends: Vec<usize>,
    /// For each line its owner's place in `owners`.
    owner_of: Vec<Option<u32>>,
    owners: Vec<Owner>,
}

impl Document {
    /// The lines of an object.
    #[must_use]
    pub fn of(object: &Json<'_>, noise: Noise, topology: &Topology) -> Self {
        let lines = yaml_lines(object, noise);
        let ends = block_ends(&lines);
        let mut document = Self {
            ends,
            owner_of: vec![None; lines.len()],
            lines,
            owners: Vec::new(),
        };
        document.find_owners(object, topology);
        document
    }

    fn find_owners(&mut self, object: &Json<'_>, topology: &Topology) {
        let mut known: HashMap<String, u32> = HashMap::new();
        for (i, managers) in line_owners(object, &self.lines, topology)
            .into_iter()
            .enumerate()
        {
            let continues = i > 0 && self.lines[i - 1].path == self.lines[i].path;
            let Some(first) = managers.first().filter(|_| !continues) else {
                continue;
            };
            let full = describe(&managers);
            let place = known.get(&full).copied().unwrap_or_else(|| {
                let mut short = short_owner(&first.manager);
                if managers.len() > 1 {
                    short.push_str(&format!(" +{}", managers.len() - 1));
                }
                let place = u32::try_from(self.owners.len()).unwrap_or(u32::MAX);
                self.owners.push(Owner {
                    short,
                    full: full.clone(),
                });
                known.insert(full, place);
                place
            });
            self.owner_of[i] = Some(place);
        }
    }

    /// Who owns a line; `None` where the object does not tell, and for all lines of a text block but
    /// the first.
    #[must_use]
    pub fn owner(&self, line: usize) -> Option<&Owner> {
        let place = (*self.owner_of.get(line)?)?;
        self.owners.get(place as usize)
    }

    /// The end of what belongs below a line and can be folded away.
    #[must_use]
    pub fn block_end(&self, line: usize) -> usize {
        self.ends.get(line).copied().unwrap_or(line + 1)
    }

    /// A line with its indentation.
    #[must_use]
    pub fn text(&self, line: usize) -> String {
        self.lines.get(line).map(line_text).unwrap_or_default()
    }

    /// All lines as text.
    #[must_use]
    pub fn to_text(&self) -> String {
        self.lines
            .iter()
            .map(|line| line_text(line) + "\n")
            .collect()
    }
}

/// A line with its indentation.
#[must_use]
pub fn line_text(line: &YamlLine) -> String {
    format!(
        "{:indent$}{}",
        "",
        line.text,
        indent = usize::from(line.indent)
    )
}

fn block_ends(lines: &[YamlLine]) -> Vec<usize> {
    let mut ends: Vec<usize> = (1..=lines.len()).collect();
    // Lines that still wait for the end of their block, outermost first.
    let mut open: Vec<usize> = Vec::new();
    for (i, line) in lines.iter().enumerate() {
        while let Some(&above) = open.last() {
            if line.path.is_within(&lines[above].path) {
                break;
            }
            ends[above] = i;
            open.pop();
        }
        open.push(i);
    }
    for above in open {
        ends[above] = lines.len();
    }
    ends
}

/// The bytes of a revision.
///
/// # Errors
/// Says in words why it cannot be read.
pub fn load(timeline: &Timeline, id: ChangeId) -> Result<Vec<u8>, String> {
    timeline
        .body(id)
        .map_err(|error| capitalised(&error.to_string()))
}

/// The object in a revision's bytes.
///
/// # Errors
/// Says in words why it cannot be read.
pub fn parse(body: &[u8]) -> Result<Json<'_>, String> {
    Json::parse(body).map_err(|error| format!("The server sent something that is {error}."))
}

fn capitalised(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).chain(['.']).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OBJECT: &str = r#"{"metadata":{"name":"a","managedFields":[
        {"manager":"argocd-controller","operation":"Apply","apiVersion":"v1","time":"2026-01-02T03:04:05Z",
         "fieldsType":"FieldsV1","fieldsV1":{"f:spec":{"f:names":{},"f:text":{}}}}]},
        "spec":{"names":["x","z"],"text":"one\ntwo\n"}}"#;

    fn document() -> Document {
        Document::of(
            &Json::parse(OBJECT.as_bytes()).unwrap(),
            Noise::hidden(),
            Topology::unknown(),
        )
    }

    #[test]
    fn fields_have_owners_and_what_nobody_owns_as_a_whole_has_none() {
        let document = document();
        let owned: Vec<_> = (0..document.lines.len())
            .map(|i| {
                (
                    document.text(i),
                    document.owner(i).map(|owner| owner.short.as_str()),
                )
            })
            .collect();
        let argocd = Some("argocd");
        let expected = [
            ("metadata:", None),
            ("  name: a", None),
            ("spec:", None),
            ("  names:", argocd),
            ("  - x", argocd),
            ("  - z", argocd),
            ("  text: |", argocd),
            ("    one", None),
            ("    two", None),
        ];
        assert_eq!(
            owned,
            expected.map(|(text, owner)| (text.to_owned(), owner))
        );
        assert!(
            document
                .owner(4)
                .unwrap()
                .full
                .contains("argocd-controller (Apply")
        );
    }

    #[test]
    fn blocks_end_where_their_field_ends() {
        let document = document();
        let blocks: Vec<_> = (0..document.lines.len())
            .filter(|i| document.block_end(*i) > i + 1)
            .map(|i| (i, document.block_end(i)))
            .collect();
        assert_eq!(blocks, [(0, 2), (2, 9), (3, 6), (6, 9), (7, 9)]);
    }
}
