//! Who owns the field of each line.

use super::{
    YamlLine,
    holders::{Hold, Holders},
};
use crate::model::{FieldManager, Json, Topology, managed_fields};

/// For each line of a rendering the managers that own its field.
///
/// A line that only opens an object or array (`spec:`) belongs to those who own the whole of it or
/// that it is there at all; those who own something in it stand beside their own lines.
#[must_use]
pub fn line_owners<'a>(
    object: &'a Json<'a>,
    lines: &[YamlLine],
    topology: &Topology,
) -> Vec<Vec<FieldManager<'a>>> {
    let entries = managed_fields(object);
    let sets = entries.iter().map(|entry| entry.fields);
    // The place of the line at hand and those that it lies in, outermost first. Lines come in the order
    // of the object, so most of the walk is there already.
    let mut walk = vec![Holders::root(object, topology.root(), sets)];
    let mut steps: Vec<String> = Vec::new();
    let mut owners: Vec<Vec<FieldManager<'a>>> = Vec::with_capacity(lines.len());
    for (at, line) in lines.iter().enumerate() {
        // The lines of a literal block are of one field.
        if at > 0 && lines[at - 1].path == line.path {
            owners.push(owners[at - 1].clone());
            continue;
        }
        let tokens: Vec<_> = line.path.tokens().collect();
        let common = steps
            .iter()
            .zip(&tokens)
            .take_while(|(a, b)| a == b)
            .count();
        steps.truncate(common);
        walk.truncate(common + 1);
        for token in &tokens[common..] {
            if let Some(place) = walk.last().map(|place| place.step(token, None)) {
                walk.push(place);
            }
        }
        steps = tokens;
        let held = walk.last().map(Holders::held).unwrap_or_default();
        owners.push(
            held.into_iter()
                .filter(|(_, hold)| *hold == Hold::Itself)
                .map(|(entry, _)| entries[entry].manager.clone())
                .collect(),
        );
    }
    owners
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
        let owners = line_owners(&object, &lines, Topology::unknown());
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
}
