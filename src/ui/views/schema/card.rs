//! All that is known of a field, on a card: under the pointer, or beside the tree.

use egui::{Align, Color32, Role, Sense, Ui, WidgetInfo, pos2, text::LayoutJob, vec2};

use crate::{
    schema::{Field, ListMerging, Schema, Step},
    ui::{
        theme::{self, Palette},
        widgets::{label, paint_elided, tag},
    },
};

/// Width of the names of the facts.
const NAMES: f32 = 92.0;
/// Characters of a description on a card under the pointer.
const GLANCE: usize = 700;
/// Values of an enum on a card under the pointer.
const GLANCE_VALUES: usize = 24;

/// A mark beside the name of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mark {
    Required,
    Deprecated,
    Immutable,
}

impl Mark {
    pub(crate) fn word(self) -> &'static str {
        match self {
            Mark::Required => "required",
            Mark::Deprecated => "deprecated",
            Mark::Immutable => "immutable",
        }
    }

    pub(crate) fn color(self, palette: &Palette) -> Color32 {
        match self {
            Mark::Required => palette.muted,
            Mark::Deprecated => palette.warn,
            Mark::Immutable => palette.violet,
        }
    }
}

/// A fact with its name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Fact {
    pub(crate) name: &'static str,
    pub(crate) text: String,
    /// It is code and no sentence.
    pub(crate) is_code: bool,
}

/// All that is known of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct FieldCard {
    pub(crate) path: String,
    pub(crate) type_text: String,
    pub(crate) marks: Vec<Mark>,
    pub(crate) description: String,
    pub(crate) facts: Vec<Fact>,
}

/// The type with its format: `string (date-time) or null`.
pub(crate) fn type_text(field: &Field<'_>) -> String {
    let mut text = field.type_name();
    if let Some(format) = field.format() {
        text.push_str(&format!(" ({format})"));
    }
    if field.is_nullable() {
        text.push_str(" or null");
    }
    text
}

/// What is marked beside the name of a field.
pub(crate) fn marks(field: &Field<'_>) -> Vec<Mark> {
    let mut marks = Vec::new();
    if field.is_required() && field.step() != Step::Root {
        marks.push(Mark::Required);
    }
    if field.deprecation().is_some() {
        marks.push(Mark::Deprecated);
    }
    let is_immutable = field.immutability().is_some_and(|known| known.is_strict());
    if is_immutable || field.is_described_as_immutable() {
        marks.push(Mark::Immutable);
    }
    marks
}

impl FieldCard {
    pub(crate) fn of(field: &Field<'_>) -> Self {
        let path = field.path();
        Self {
            path: if path.is_empty() {
                "the whole object".into()
            } else {
                path
            },
            type_text: type_text(field),
            marks: marks(field),
            description: field.description().unwrap_or_default().trim().to_owned(),
            facts: facts(field),
        }
    }

    /// The card of a place that the schema does not know.
    pub(crate) fn unknown(nearest: &Field<'_>, path: &str) -> Self {
        let inside = match nearest.path() {
            path if path.is_empty() => "The object".to_owned(),
            path => path,
        };
        let description = if nearest.preserves_unknown_fields() {
            format!("Not described by the schema. {inside} takes any fields.")
        } else {
            "Not described by the schema: the API server drops it at the next write.".to_owned()
        };
        Self {
            path: path.to_owned(),
            type_text: "any".to_owned(),
            marks: Vec::new(),
            description,
            facts: Vec::new(),
        }
    }

    /// The card of a place of an object.
    pub(crate) fn at(schema: &Schema, path: &crate::model::FieldPath) -> Option<Self> {
        if schema.is_empty() {
            return None;
        }
        let (field, rest) = schema.nearest(path);
        Some(match rest {
            0 => Self::of(&field),
            _ => Self::unknown(&field, &path.dotted()),
        })
    }

    /// Shortens what is too long to be read at a glance.
    pub(crate) fn at_a_glance(mut self) -> Self {
        if self.description.chars().count() > GLANCE {
            let short: String = self.description.chars().take(GLANCE).collect();
            let end = short.rfind(char::is_whitespace).unwrap_or(short.len());
            self.description = format!("{} …", short[..end].trim_end());
        }
        self
    }

    /// Shows it, as wide as what is available.
    pub(crate) fn show(&self, ui: &mut Ui, palette: &Palette) {
        ui.spacing_mut().item_spacing = vec2(8.0, 4.0);
        label(ui, &self.path, theme::mono(), palette.text);
        ui.horizontal(|ui| {
            ui.spacing_mut().item_spacing.x = 6.0;
            label(ui, &self.type_text, theme::small(), palette.accent);
            for mark in &self.marks {
                tag(ui, palette, mark.word(), mark.color(palette));
            }
        });
        if !self.description.is_empty() {
            ui.add_space(3.0);
            for paragraph in paragraphs(&self.description) {
                wrapped(ui, &paragraph, theme::body(), palette.text);
                ui.add_space(2.0);
            }
        }
        if !self.facts.is_empty() {
            ui.add_space(3.0);
        }
        for fact in &self.facts {
            fact.show(ui, palette);
        }
    }
}

impl Fact {
    fn show(&self, ui: &mut Ui, palette: &Palette) {
        let font = if self.is_code {
            theme::mono()
        } else {
            theme::small()
        };
        let width = ui.available_width() - NAMES;
        let job = LayoutJob::simple(self.text.clone(), font, palette.text, width);
        let galley = ui.painter().layout_job(job);
        let size = vec2(NAMES + galley.size().x, galley.size().y.max(16.0));
        let (rect, _) = ui.allocate_exact_size(size, Sense::hover());
        let name = rect
            .with_max_y(rect.top() + 16.0)
            .with_max_x(rect.left() + NAMES - 8.0);
        let painter = ui.painter();
        paint_elided(
            painter,
            name,
            Align::LEFT,
            self.name,
            theme::small(),
            palette.muted,
        );
        let at = pos2(rect.left() + NAMES, rect.top());
        painter.galley(at, galley, palette.text);
        let text = rect.with_min_x(at.x);
        let response = ui.interact(text, ui.next_auto_id(), Sense::hover());
        ui.skip_ahead_auto_ids(1);
        response.widget_info(|| WidgetInfo::labeled(Role::Label, true, &self.text));
    }
}

fn facts(field: &Field<'_>) -> Vec<Fact> {
    let mut facts = Vec::new();
    let mut push = |name, text: String, is_code| {
        facts.push(Fact {
            name,
            text,
            is_code,
        });
    };
    if let Some(note) = field.deprecation() {
        push("Deprecated", one_line(note), false);
    }
    if let Some(known) = field.immutability() {
        let mut text = known.words().to_owned();
        if known.is_inherited {
            text.push_str(", as all that it is in");
        }
        let mut said: Vec<String> = Vec::new();
        for (_, rule) in &known.rules {
            let says = one_line(rule.says());
            if !said.contains(&says) {
                said.push(says);
            }
        }
        push(
            "Transitions",
            format!("{text}. {}", said.join(" · ")),
            false,
        );
    } else if field.is_described_as_immutable() {
        let text = "Described as immutable; no rule of the schema enforces it.";
        push("Transitions", text.to_owned(), false);
    }
    if let Some(default) = field.default_text() {
        push("Default", default, true);
    }
    if let Some(values) = field.enum_values() {
        let mut all: Vec<_> = values
            .iter()
            .map(|value| crate::schema::plain(value))
            .collect();
        if all.len() > GLANCE_VALUES {
            let more = all.len() - GLANCE_VALUES;
            all.truncate(GLANCE_VALUES);
            all.push(format!("{more} more"));
        }
        push("One of", all.join(" · "), true);
    }
    let constraints = field.constraints();
    if !constraints.is_empty() {
        push("Limits", constraints.join("\n"), false);
    }
    let merging = match field.list_type() {
        Some(ListMerging::Atomic) => {
            Some("As one value: server-side apply replaces the list.".to_owned())
        }
        Some(ListMerging::Set) => Some("A set: no item twice, each with its own owner.".to_owned()),
        Some(ListMerging::Map(keys)) => {
            Some(format!("Items are told apart by {}.", keys.join(", ")))
        }
        Some(ListMerging::Other(name)) => Some(format!("List of type {name}.")),
        None if field.is_atomic_map() => {
            Some("As one value: server-side apply replaces the object.".to_owned())
        }
        None => None,
    };
    if let Some(merging) = merging {
        push("Merged", merging, false);
    }
    if field.preserves_unknown_fields() {
        push("Unknown fields", "Kept.".to_owned(), false);
    }
    if field.is_embedded_resource() {
        push("Resource", "A whole Kubernetes object.".to_owned(), false);
    }
    let rules = field.rules();
    let others = rules.iter().filter(|rule| !rule.is_transition());
    for rule in others {
        push("Rule", one_line(rule.says()), rule.message.is_none());
    }
    facts
}

/// Lines that belong together, joined: authors break them where their editor does. Lists keep their
/// lines.
fn paragraphs(text: &str) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut is_open = false;
    for line in text.lines() {
        let trimmed = line.trim();
        let is_item = trimmed.starts_with(['-', '*', '•'])
            || trimmed.starts_with(|c: char| c.is_ascii_digit()) && trimmed.contains(". ");
        if trimmed.is_empty() {
            is_open = false;
            continue;
        }
        match all.last_mut().filter(|_| is_open && !is_item) {
            Some(paragraph) => {
                paragraph.push(' ');
                paragraph.push_str(trimmed);
            }
            None => all.push(trimmed.to_owned()),
        }
        is_open = true;
    }
    all
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn wrapped(ui: &mut Ui, text: &str, font: egui::FontId, color: Color32) {
    let job = LayoutJob::simple(text.to_owned(), font, color, ui.available_width());
    let galley = ui.painter().layout_job(job);
    let (rect, response) = ui.allocate_exact_size(galley.size(), Sense::hover());
    ui.painter().galley(rect.min, galley, color);
    response.widget_info(|| WidgetInfo::labeled(Role::Label, true, text));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn card(field: &str) -> FieldCard {
        let spec = format!(
            r#"{{"versions":[{{"name":"v1","schema":{{"openAPIV3Schema":{{"type":"object",
               "properties":{{"x":{field}}}}}}}}}]}}"#
        );
        let schema = Schema::parse(spec.as_bytes(), "v1").unwrap();
        FieldCard::of(&schema.find("x").unwrap())
    }

    #[test]
    fn everything_that_matters_is_on_the_card() {
        let card = card(
            r#"{"type":"string","format":"date","nullable":true,"default":"b","enum":["a","b"],
                "maxLength":9,"description":"What.\nIt is.\n\nDeprecated: no.",
                "x-kubernetes-validations":[{"rule":"self == oldSelf","message":"x is frozen"},
                                            {"rule":"self != 'c'"}]}"#,
        );
        assert_eq!(card.type_text, "string (date) or null");
        assert_eq!(card.marks, [Mark::Deprecated, Mark::Immutable]);
        assert_eq!(
            paragraphs(&card.description),
            ["What. It is.", "Deprecated: no."]
        );
        let facts: Vec<_> = card
            .facts
            .iter()
            .map(|fact| (fact.name, fact.text.as_str()))
            .collect();
        assert_eq!(
            facts,
            [
                ("Deprecated", "Deprecated: no."),
                (
                    "Transitions",
                    "Immutable while set: it may be set later, and removed. x is frozen"
                ),
                ("Default", "b"),
                ("One of", "a · b"),
                ("Limits", "at most 9 characters"),
                ("Rule", "self != 'c'"),
            ]
        );
    }

    #[test]
    fn lists_in_a_description_keep_their_lines() {
        let text = "One of:\n- a: the\n  first\n- b\n\nMore\ntext.";
        assert_eq!(
            paragraphs(text),
            ["One of:", "- a: the first", "- b", "More text."]
        );
    }
}
