//! The schemas of the CRDs that people run, against naive walks over the same JSON.

use std::{collections::BTreeMap, time::Instant};

use kronika::{
    model::{Definition, FieldPath},
    schema::{Field, Schema, Step, compare},
};
use serde_json::Value;

use crate::support::crds::{CatalogueCrd, catalogue};

/// What a schema says, counted.
#[derive(Debug, Default, PartialEq, Eq)]
struct Counts {
    fields: usize,
    described: usize,
    defaults: usize,
    enums: usize,
    required: usize,
    rules: usize,
    lists: usize,
}

/// Every version of every CRD, parsed.
fn each_version(mut visit: impl FnMut(&CatalogueCrd, &Value, Schema)) {
    for crd in catalogue() {
        let definition = Definition::new(&crd.definition["spec"].to_string()).unwrap();
        for version in crd.definition["spec"]["versions"].as_array().unwrap() {
            let name = version["name"].as_str().unwrap();
            let schema = Schema::of(&definition, name)
                .unwrap_or_else(|error| panic!("{} {name}: {error}", crd.name));
            visit(crd, &version["schema"]["openAPIV3Schema"], schema);
        }
    }
}

/// Counts what a CRD itself says, not what holds for every object.
fn count(node: &Value, counts: &mut Counts) {
    let items = |name: &str| node[name].as_array().map_or(0, Vec::len);
    counts.fields += 1;
    counts.described += usize::from(
        !node["description"]
            .as_str()
            .unwrap_or_default()
            .trim()
            .is_empty(),
    );
    counts.defaults += usize::from(node.get("default").is_some());
    counts.enums += usize::from(node.get("enum").is_some());
    counts.rules += items("x-kubernetes-validations");
    counts.lists += usize::from(node.get("x-kubernetes-list-type").is_some());
    let properties = node["properties"].as_object();
    for (name, property) in properties.into_iter().flatten() {
        let required = node["required"].as_array();
        let is_required = required.is_some_and(|all| all.contains(&name.as_str().into()));
        counts.required += usize::from(is_required);
        count(property, counts);
    }
    for below in ["items", "additionalProperties"] {
        if node[below].is_object() {
            count(&node[below], counts);
        }
    }
}

/// The same by way of the fields.
fn count_fields(schema: &Schema, own: &Value) -> Counts {
    let mut counts = Counts::default();
    for field in schema.fields() {
        // What holds for every object is not in the CRD.
        let Some(node) = naive(own, &field) else {
            continue;
        };
        counts.fields += 1;
        let says = |keyword: &str| node.get(keyword).is_some();
        counts.described += usize::from(says("description") && field.description().is_some());
        counts.defaults += usize::from(field.default_value().is_some());
        // Enums of `allOf` are merged into those of the field.
        counts.enums += usize::from(says("enum") && field.enum_values().is_some());
        counts.rules += field.rules().len();
        counts.lists += usize::from(says("x-kubernetes-list-type") && field.list_type().is_some());
        let is_property = matches!(field.step(), Step::Property(_));
        counts.required += usize::from(is_property && field.is_required());
    }
    counts
}

/// The node of a field in the CRD's own JSON.
fn naive<'v>(root: &'v Value, field: &Field<'_>) -> Option<&'v Value> {
    let Some(parent) = field.parent() else {
        return Some(root);
    };
    let node = naive(root, parent)?;
    match field.step() {
        Step::Root => Some(root),
        Step::Property(name) => node.get("properties")?.get(name),
        Step::Item => node.get("items"),
        Step::Value => node
            .get("additionalProperties")
            .filter(|values| values.is_object()),
    }
}

#[test]
fn every_schema_says_what_a_naive_walk_finds() {
    let (mut schemas, mut total) = (0, 0);
    let start = Instant::now();
    each_version(|crd, own, schema| {
        let mut expected = Counts::default();
        count(own, &mut expected);
        let found = count_fields(&schema, own);
        assert_eq!(found, expected, "{} {}", crd.name, schema.version());
        schemas += 1;
        total += found.fields;
    });
    println!(
        "{schemas} schemas with {total} fields in {:?}",
        start.elapsed()
    );
    assert!(
        schemas > 200 && total > 50_000,
        "{schemas} schemas with {total} fields"
    );
}

/// A place in an object where a field would be.
fn place(field: &Field<'_>) -> String {
    let Some(parent) = field.parent() else {
        return String::new();
    };
    let step = match field.step() {
        Step::Root => String::new(),
        Step::Property(name) => name.replace('~', "~0").replace('/', "~1"),
        Step::Item => "7".to_owned(),
        // None that is a property beside it.
        Step::Value => "some.key~1of".to_owned(),
    };
    format!("{}/{step}", place(parent))
}

#[test]
fn every_field_is_found_by_its_path_and_by_its_place_in_an_object() {
    each_version(|crd, _, schema| {
        for field in schema.fields() {
            let path = field.path();
            let by_path = schema.find(&path).map(|found| found.path());
            assert_eq!(by_path.as_deref(), Some(path.as_str()), "{}", crd.name);
            let place = FieldPath::from_pointer(&place(&field));
            let by_place = schema.field(&place).map(|found| found.path());
            assert_eq!(by_place, Some(path), "{} {place}", crd.name);
        }
    });
}

#[test]
fn a_schema_compared_with_itself_has_no_differences() {
    each_version(|crd, own, schema| {
        let twin = serde_json::json!({"versions": [{"name": schema.version(), "schema": {"openAPIV3Schema": own}}]});
        let twin = Schema::parse(twin.to_string().as_bytes(), schema.version()).unwrap();
        let changes = compare(&schema, &twin);
        let of_fields: Vec<_> = changes
            .iter()
            .filter(|change| !change.path.is_empty())
            .collect();
        assert!(of_fields.is_empty(), "{}: {of_fields:?}", crd.name);
    });
}

/// Marks of fields by project, counted: fields that are deprecated, strictly immutable, immutable in
/// some cases, and described as immutable.
#[test]
fn marks_are_found_in_the_projects_that_use_them() {
    let mut marks: BTreeMap<&str, [usize; 4]> = BTreeMap::new();
    each_version(|crd, _, schema| {
        let all = marks.entry(crd.project).or_default();
        for field in schema.fields() {
            let immutability = field.immutability().filter(|known| !known.is_inherited);
            let strict = immutability.as_ref().map(|known| known.is_strict());
            let found = [
                field.deprecation().is_some(),
                strict == Some(true),
                strict == Some(false),
                field.is_described_as_immutable(),
            ];
            for (count, is) in all.iter_mut().zip(found) {
                *count += usize::from(is);
            }
            if std::env::var_os("KRONIKA_SHOW_MARKS").is_some()
                && (found[0] || found[1] || found[2])
            {
                let path = field.path();
                if let Some(known) = &immutability {
                    let rule = known.rules.first().map(|(_, rule)| rule.rule);
                    println!(
                        "IMMUTABLE\t{}\t{path}\t{}\t{rule:?}",
                        crd.name,
                        known.words()
                    );
                }
                if let Some(note) = field.deprecation() {
                    println!(
                        "DEPRECATED\t{}\t{path}\t{}",
                        crd.name,
                        note.replace('\n', " ")
                    );
                }
            }
        }
    });
    println!("{marks:#?}");
    let sum = |at: usize| marks.values().map(|of| of[at]).sum::<usize>();
    assert!(sum(0) > 50, "deprecated: {marks:?}");
    assert!(sum(1) > 20, "immutable: {marks:?}");
}
