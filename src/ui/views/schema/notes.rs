//! What the schema says of the lines of an object: marks at their end, a card under the pointer.

use std::{cell::RefCell, collections::HashMap, sync::Arc};

use egui::{Popup, Response, Ui};

use super::card::{FieldCard, Mark, marks};
use crate::{
    diff::{YamlLine, to_yaml},
    model::FieldPath,
    schema::Schema,
    timeline::ChangeId,
    ui::{
        Command, ViewContext,
        background::Progress,
        schemas::SchemaKey,
        theme::Palette,
        widgets::{fit_menu, menu_item},
    },
};

/// Width of a card under the pointer.
const CARD: f32 = 430.0;

/// What is marked on a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct LineNote {
    pub(crate) is_deprecated: bool,
    pub(crate) is_immutable: bool,
    /// The value is what it would be without the line.
    pub(crate) is_default: bool,
}

#[derive(Debug, Clone, Default)]
struct Known {
    is_deprecated: bool,
    is_immutable: bool,
    default: Option<String>,
}

/// The schema of the object whose lines are shown.
#[derive(Debug, Default)]
pub(crate) struct LineNotes {
    of: Option<Arc<Schema>>,
    known: RefCell<HashMap<FieldPath, Known>>,
}

impl LineNotes {
    /// Follows the object of a change: its schema is the one that its CRD had then.
    pub(crate) fn update(&mut self, ui: &Ui, cx: &mut ViewContext<'_>, id: ChangeId) {
        let timeline = cx.timeline;
        let key = timeline.change(id).and_then(|change| {
            let kind = timeline.kind(timeline.object(change.object)?.kind)?;
            SchemaKey::at(kind, change.at.wall)
        });
        let schema = key.and_then(|key| match cx.schemas.get(ui.ctx(), &key) {
            Progress::Done(schema) => Some(schema),
            Progress::Working | Progress::Failed(_) => None,
        });
        let is_same = match (&self.of, &schema) {
            (Some(a), Some(b)) => Arc::ptr_eq(a, b),
            (None, None) => true,
            _ => false,
        };
        if !is_same {
            self.of = schema;
            self.known.borrow_mut().clear();
        }
    }

    /// What is marked on a line.
    pub(crate) fn note(&self, line: &YamlLine) -> LineNote {
        let Some(schema) = &self.of else {
            return LineNote::default();
        };
        let mut known = self.known.borrow_mut();
        let known = known
            .entry(line.path.clone())
            .or_insert_with(|| look_up(schema, &line.path));
        LineNote {
            is_deprecated: known.is_deprecated,
            is_immutable: known.is_immutable,
            is_default: known.default.is_some() && known.default.as_deref() == value(&line.text),
        }
    }

    /// Shows the card of a field while the pointer is over its line, and a menu that leads to it.
    pub(crate) fn hover(
        &self,
        cx: (&Palette, &mut Vec<Command>),
        line: &Response,
        path: &FieldPath,
    ) {
        let Some(schema) = &self.of else { return };
        let (palette, commands) = cx;
        Popup::context_menu(line).show(|ui| {
            fit_menu(ui, ["Show in schema", "Copy path"]);
            let field = schema.nearest(path).0.path();
            if menu_item(ui, palette, "Show in schema", false).clicked() {
                commands.push(Command::ShowField(field.into()));
            }
            if menu_item(ui, palette, "Copy path", false).clicked() {
                commands.push(Command::Copy(path.dotted()));
            }
        });
        line.clone().on_hover_ui_at_pointer(|ui| {
            if let Some(card) = FieldCard::at(schema, path) {
                ui.set_max_width(CARD);
                card.at_a_glance().show(ui, palette);
            }
        });
    }
}

fn look_up(schema: &Schema, path: &FieldPath) -> Known {
    let Some(field) = schema.field(path).filter(|_| !schema.is_empty()) else {
        return Known::default();
    };
    let marks = marks(&field);
    let default = field.default_value().filter(|value| !value.is_container());
    Known {
        is_deprecated: marks.contains(&Mark::Deprecated),
        is_immutable: marks.contains(&Mark::Immutable),
        default: default.map(|value| to_yaml(value).trim_end().to_owned()),
    }
}

/// The value on a line that has a key.
fn value(text: &str) -> Option<&str> {
    text.trim_start_matches("- ")
        .split_once(": ")
        .map(|(_, value)| value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(pointer: &str, text: &str) -> YamlLine {
        YamlLine {
            indent: 0,
            text: text.to_owned(),
            path: FieldPath::from_pointer(pointer),
        }
    }

    #[test]
    fn lines_are_marked_by_their_field() {
        let spec = r#"{"versions":[{"name":"v1","schema":{"openAPIV3Schema":{"type":"object",
            "properties":{"list":{"type":"array","items":{"type":"object","properties":{
              "a":{"type":"string","default":"x y","description":"Deprecated: no."},
              "b":{"type":"string","x-kubernetes-validations":[{"rule":"self == oldSelf"}]}}}}}}}}]}"#;
        let notes = LineNotes {
            of: Some(Schema::parse(spec.as_bytes(), "v1").unwrap().into()),
            ..LineNotes::default()
        };
        let note = |is_deprecated, is_immutable, is_default| LineNote {
            is_deprecated,
            is_immutable,
            is_default,
        };
        let a = line("/list/3/a", "- a: x y");
        assert_eq!(notes.note(&a), note(true, false, true));
        assert_eq!(
            notes.note(&line("/list/3/a", "- a: z")),
            note(true, false, false)
        );
        assert_eq!(
            notes.note(&line("/list/3/b", "b: 1")),
            note(false, true, false)
        );
        assert_eq!(notes.note(&line("/other", "other: 1")), LineNote::default());
    }
}
