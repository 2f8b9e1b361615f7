//! Objects as YAML lines, each with the field that it shows.
//!
//! The style is `kubectl`'s: list items start below their key's first letter, strings are quoted only
//! where they would read as something else, strings of several lines are literal blocks. Two things
//! differ: long strings are not folded, because a line that belongs to one field compares better, and
//! keys stay in the order of the server.

use crate::model::{FieldPath, Json};

use super::yaml_scalar::{Scalar, inline, key, scalar};

/// One line of YAML.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct YamlLine {
    /// Spaces before the text.
    pub indent: u16,
    /// The line without them.
    pub text: String,
    /// The field that the line shows; where it shows several, the innermost.
    pub path: FieldPath,
}

/// What to leave out of a rendering.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Noise {
    /// `metadata.managedFields`.
    pub managed_fields: bool,
    /// What the server counts: `resourceVersion`, `generation` and `selfLink` in `metadata`.
    pub bookkeeping: bool,
    /// The copy of the object that client-side apply keeps in an annotation.
    pub last_applied: bool,
}

impl Noise {
    /// Leaves out all of it, for reading.
    #[must_use]
    pub fn hidden() -> Self {
        Self {
            managed_fields: true,
            bookkeeping: true,
            last_applied: true,
        }
    }

    /// Leaves out nothing.
    #[must_use]
    pub fn all() -> Self {
        Self {
            managed_fields: false,
            bookkeeping: false,
            last_applied: false,
        }
    }

    fn leaves_out(self, pointer: &str, value: &Json<'_>) -> bool {
        const LAST_APPLIED: &str = "kubectl.kubernetes.io/last-applied-configuration";
        match pointer.strip_prefix("/metadata/") {
            Some("managedFields") => self.managed_fields,
            Some("resourceVersion" | "generation" | "selfLink") => self.bookkeeping,
            Some("annotations/kubectl.kubernetes.io~1last-applied-configuration") => {
                self.last_applied
            }
            // Nothing would be left of the annotations.
            Some("annotations") => {
                self.last_applied && matches!(value.members(), [(name, _)] if name == LAST_APPLIED)
            }
            _ => false,
        }
    }
}

impl Default for Noise {
    fn default() -> Self {
        Self::hidden()
    }
}

/// The lines of an object.
#[must_use]
pub fn yaml_lines(object: &Json<'_>, noise: Noise) -> Vec<YamlLine> {
    let mut emitter = Emitter {
        lines: Vec::new(),
        pointer: String::new(),
        lead: String::new(),
        noise,
    };
    match object {
        Json::Object(members) if !members.is_empty() => emitter.members(0, object),
        Json::Array(items) if !items.is_empty() => emitter.items(0, items),
        _ => emitter.line(0, inline(object)),
    }
    emitter.lines
}

/// The whole object as YAML text, nothing left out.
#[must_use]
pub fn to_yaml(object: &Json<'_>) -> String {
    let mut text = String::new();
    for line in yaml_lines(object, Noise::all()) {
        line.write(&mut text);
        text.push('\n');
    }
    text
}

impl YamlLine {
    /// The line with its indentation.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        self.write(&mut text);
        text
    }

    /// Writes the line with its indentation and without an end of line.
    pub(super) fn write(&self, out: &mut String) {
        if !self.text.is_empty() {
            out.extend(std::iter::repeat_n(' ', usize::from(self.indent)));
            out.push_str(&self.text);
        }
    }
}

struct Emitter {
    lines: Vec<YamlLine>,
    /// JSON pointer to the value at hand.
    pointer: String,
    /// The dashes of list items whose first line is still to come.
    lead: String,
    noise: Noise,
}

impl Emitter {
    fn line(&mut self, indent: u16, text: String) {
        let lead = u16::try_from(self.lead.len()).unwrap_or(indent);
        let text = if lead == 0 {
            text
        } else {
            std::mem::take(&mut self.lead) + &text
        };
        self.lines.push(YamlLine {
            indent: indent.saturating_sub(lead),
            text,
            path: FieldPath::from_pointer(&self.pointer),
        });
    }

    fn members(&mut self, indent: u16, object: &Json<'_>) {
        for (name, value) in object.members() {
            let length = self.pointer.len();
            self.pointer.push('/');
            self.pointer
                .push_str(&name.replace('~', "~0").replace('/', "~1"));
            if !self.noise.leaves_out(&self.pointer, value) {
                self.member(indent, name, value);
            }
            self.pointer.truncate(length);
        }
    }

    fn member(&mut self, indent: u16, name: &str, value: &Json<'_>) {
        let head = key(name) + ":";
        match value {
            Json::Object(members) if !members.is_empty() => {
                self.line(indent, head);
                self.members(indent + 2, value);
            }
            Json::Array(items) if !items.is_empty() => {
                self.line(indent, head);
                self.items(indent, items);
            }
            _ => self.scalar(indent, indent + 2, head + " ", value),
        }
    }

    fn items(&mut self, indent: u16, items: &[Json<'_>]) {
        for (index, item) in items.iter().enumerate() {
            let length = self.pointer.len();
            self.pointer.push('/');
            self.pointer.push_str(&index.to_string());
            self.lead.push_str("- ");
            match item {
                Json::Object(members) if !members.is_empty() => self.members(indent + 2, item),
                Json::Array(items) if !items.is_empty() => self.items(indent + 2, items),
                _ => self.scalar(indent + 2, indent + 2, String::new(), item),
            }
            self.pointer.truncate(length);
        }
    }

    fn scalar(&mut self, indent: u16, block_indent: u16, head: String, value: &Json<'_>) {
        match scalar(value) {
            Scalar::Inline(text) => self.line(indent, head + &text),
            Scalar::Block { header, text } => {
                self.line(indent, head + &header);
                let path = FieldPath::from_pointer(&self.pointer);
                // A last end of line belongs to the line before it.
                let body = text.strip_suffix('\n').unwrap_or(text);
                self.lines.extend(body.split('\n').map(|line| YamlLine {
                    indent: block_indent,
                    text: line.to_owned(),
                    path: path.clone(),
                }));
            }
        }
    }
}

#[cfg(test)]
#[path = "yaml_tests.rs"]
mod tests;
