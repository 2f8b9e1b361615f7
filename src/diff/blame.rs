//! Who answers for each line, and since when each field is as it is.

use std::collections::HashMap;

use super::{
    YamlLine,
    field_set::{Hold, holding},
    structural::align,
};
use crate::model::{FieldManager, FieldPath, Json, ManagedFieldsEntry, managed_fields};

/// For each line of a rendering the managers that own its field.
///
/// A line that only opens an object or array (`spec:`) belongs to those who own the whole of it or
/// that it is there at all; those who own something in it stand beside their own lines.
#[must_use]
pub fn line_owners<'a>(object: &'a Json<'a>, lines: &[YamlLine]) -> Vec<Vec<FieldManager<'a>>> {
    let entries = managed_fields(object);
    let hold_of = |entry: &ManagedFieldsEntry<'a>, path| {
        let all = entries.iter().map(|entry| entry.fields);
        holding(entry.fields, all, object, path, None)
    };
    let mut owners: Vec<Vec<FieldManager<'a>>> = Vec::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate() {
        // The lines of a literal block are of one field.
        if at > 0 && lines[at - 1].path == line.path {
            owners.push(owners[at - 1].clone());
            continue;
        }
        let held: Vec<_> = entries
            .iter()
            .filter_map(|entry| Some((hold_of(entry, &line.path)?, entry)))
            .filter(|(holding, _)| holding.hold > Hold::Part)
            .collect();
        let deepest = held.iter().map(|(holding, _)| holding.depth).max();
        owners.push(
            held.into_iter()
                .filter(|(holding, _)| Some(holding.depth) == deepest)
                .map(|(_, entry)| entry.manager.clone())
                .collect(),
        );
    }
    owners
}

/// For each field of the newest revision the revision that changed it last.
#[derive(Debug, Clone)]
pub struct HistoryBlame<I, M> {
    revisions: Vec<(I, M)>,
    origins: HashMap<FieldPath, usize>,
}

impl<I, M> HistoryBlame<I, M> {
    /// The revision that gave a field its value, and who wrote that. For an object or array it is the
    /// one that added it. The oldest revision given means: then or before.
    #[must_use]
    pub fn origin(&self, path: &FieldPath) -> Option<(&I, &M)> {
        let (id, managers) = self.revisions.get(*self.origins.get(path)?)?;
        Some((id, managers))
    }

    /// Whether a field has its value since the oldest revision given, or from before it.
    #[must_use]
    pub fn is_oldest(&self, path: &FieldPath) -> bool {
        self.origins.get(path) == Some(&0)
    }
}

/// Follows every field through the revisions of one object, given from the oldest to the newest as
/// (identity, body, managers). Items of arrays are followed as [`super::compare`] matches them.
/// `metadata.managedFields` is left out. A body that is not JSON is passed over: what it changed
/// counts for the next one.
#[must_use]
pub fn blame_history<'r, I, M>(
    revisions: impl IntoIterator<Item = (I, &'r [u8], M)>,
) -> HistoryBlame<I, M> {
    let mut known = Vec::new();
    let mut newest: Option<(Json<'r>, Origin)> = None;
    for (id, body, managers) in revisions {
        let Ok(object) = Json::parse(body) else {
            continue;
        };
        let revision = known.len();
        known.push((id, managers));
        let origin = match newest.take() {
            Some((before, origin)) => follow(&before, origin, &object, revision),
            None => Origin::fresh(&object, revision),
        };
        newest = Some((object, origin));
    }
    let mut origins = HashMap::new();
    if let Some((object, origin)) = newest {
        collect(&object, &origin, &mut String::new(), &mut origins);
    }
    HistoryBlame {
        revisions: known,
        origins,
    }
}

/// The revision of a value, and those of its members or items in their order.
#[derive(Default)]
struct Origin {
    revision: usize,
    below: Vec<Origin>,
}

impl Origin {
    fn fresh(value: &Json<'_>, revision: usize) -> Self {
        let below = match value {
            Json::Object(members) => members
                .iter()
                .map(|(_, v)| Self::fresh(v, revision))
                .collect(),
            Json::Array(items) => items
                .iter()
                .map(|item| Self::fresh(item, revision))
                .collect(),
            _ => Vec::new(),
        };
        Self { revision, below }
    }
}

fn follow(old: &Json<'_>, mut origin: Origin, new: &Json<'_>, revision: usize) -> Origin {
    let below = match (old, new) {
        (Json::Object(before), Json::Object(after)) => {
            let continued = |(at, (name, value)): (usize, &(_, Json<'_>))| {
                // The server sorts keys, so most stand where they stood.
                let found = match before.get(at) {
                    Some((other, _)) if other == name => Some(at),
                    _ => before.iter().position(|(other, _)| other == name),
                };
                match found {
                    Some(at) => follow(&before[at].1, origin.take(at), value, revision),
                    None => Origin::fresh(value, revision),
                }
            };
            after.iter().enumerate().map(continued).collect()
        }
        (Json::Array(before), Json::Array(after)) => {
            let continued = |(item, counterpart): (&Json<'_>, Option<usize>)| match counterpart {
                Some(at) => follow(&before[at], origin.take(at), item, revision),
                None => Origin::fresh(item, revision),
            };
            after
                .iter()
                .zip(align(before, after))
                .map(continued)
                .collect()
        }
        _ if old == new => return origin,
        _ => return Origin::fresh(new, revision),
    };
    Origin {
        revision: origin.revision,
        below,
    }
}

impl Origin {
    fn take(&mut self, at: usize) -> Self {
        self.below
            .get_mut(at)
            .map(std::mem::take)
            .unwrap_or_default()
    }
}

fn collect(
    value: &Json<'_>,
    origin: &Origin,
    pointer: &mut String,
    found: &mut HashMap<FieldPath, usize>,
) {
    if pointer == "/metadata/managedFields" {
        return;
    }
    found.insert(FieldPath::from_pointer(pointer), origin.revision);
    let length = pointer.len();
    let mut descend = |step: &str, value: &Json<'_>, origin: &Origin| {
        pointer.push('/');
        pointer.push_str(step);
        collect(value, origin, pointer, found);
        pointer.truncate(length);
    };
    for ((name, value), origin) in value.members().iter().zip(&origin.below) {
        descend(&name.replace('~', "~0").replace('/', "~1"), value, origin);
    }
    for (index, (item, origin)) in value.items().iter().zip(&origin.below).enumerate() {
        descend(&index.to_string(), item, origin);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diff::{Noise, yaml_lines};

    #[test]
    fn lines_belong_to_the_owners_of_their_fields() {
        let object = Json::parse(
            br#"{"metadata":{"managedFields":[
                {"manager":"a","operation":"Update","fieldsV1":{"f:spec":{".":{},"f:image":{}}}},
                {"manager":"b","operation":"Apply","fieldsV1":{"f:spec":{"f:image":{},"f:list":{}}}}]},
                "spec":{"image":"1\n2","list":[{"x":1}],"other":1}}"#,
        )
        .unwrap();
        let lines = yaml_lines(&object, Noise::hidden());
        let owners = line_owners(&object, &lines);
        let shown: Vec<_> = lines
            .iter()
            .zip(owners)
            .map(|(line, owners)| {
                let names: Vec<_> = owners.iter().map(|owner| &*owner.manager).collect();
                format!("{} {}", line.text, names.join("+"))
            })
            .collect();
        assert_eq!(
            shown,
            [
                "metadata: ",
                "spec: a",
                "image: |- a+b",
                "1 a+b",
                "2 a+b",
                "list: b",
                "- x: 1 b",
                "other: 1 "
            ]
        );
    }

    fn blame(bodies: &[&'static str]) -> impl Fn(&str) -> Option<usize> {
        let revisions = bodies
            .iter()
            .enumerate()
            .map(|(i, body)| (i, body.as_bytes(), ()));
        let blame = blame_history(revisions);
        move |path| {
            blame
                .origin(&FieldPath::from_pointer(path))
                .map(|(id, ())| *id)
        }
    }

    #[test]
    fn each_field_has_the_revision_that_changed_it_last() {
        let origin = blame(&[
            r#"{"spec":{"a":1,"b":1}}"#,
            r#"{"spec":{"a":1,"b":2}}"#,
            r#"{"spec":{"a":1,"b":2},"status":{"x/y":[1]}}"#,
        ]);
        assert_eq!(origin("/spec"), Some(0));
        assert_eq!(origin("/spec/a"), Some(0));
        assert_eq!(origin("/spec/b"), Some(1));
        assert_eq!(origin("/status/x~1y/0"), Some(2));
        assert_eq!(origin("/gone"), None);
    }

    #[test]
    fn a_field_that_went_and_came_back_is_new() {
        let origin = blame(&[r#"{"a":1}"#, "{}", r#"{"a":1}"#]);
        assert_eq!(origin("/a"), Some(2));
    }

    #[test]
    fn items_are_followed_when_they_move() {
        let origin = blame(&[
            r#"[{"type":"A","status":"True"},{"type":"B","status":"True"}]"#,
            r#"[{"type":"B","status":"False"},{"type":"A","status":"True"},{"type":"C"}]"#,
        ]);
        assert_eq!(origin("/0/status"), Some(1));
        assert_eq!(origin("/0/type"), Some(0));
        assert_eq!(origin("/1/status"), Some(0));
        assert_eq!(origin("/2"), Some(1));
    }

    #[test]
    fn plain_items_are_followed_between_the_common_ends() {
        let origin = blame(&["[1,2,3]", "[1,9,2,3]"]);
        assert_eq!(
            [origin("/0"), origin("/1"), origin("/2"), origin("/3")],
            [Some(0), Some(1), Some(0), Some(0)]
        );
    }

    #[test]
    fn what_an_undecodable_revision_changed_counts_for_the_next() {
        let origin = blame(&[r#"{"a":1}"#, "oops", r#"{"a":2}"#]);
        assert_eq!(origin("/a"), Some(2));
    }

    #[test]
    fn knows_what_is_as_old_as_the_history() {
        let revisions = [
            (0, br#"{"a":1,"b":1}"#.as_slice(), ()),
            (1, br#"{"a":1,"b":2}"#, ()),
        ];
        let blame = blame_history(revisions);
        assert!(blame.is_oldest(&FieldPath::from_pointer("/a")));
        assert!(!blame.is_oldest(&FieldPath::from_pointer("/b")));
    }
}
