//! Learning from the API server's refusals.

use kube::core::response::StatusCause;
use serde_json::{Map, Value, json};

use super::{Draft, Extent};

/// A step from a value to one below.
#[derive(Debug, Clone, PartialEq)]
enum Step {
    Name(String),
    Index(usize),
}

impl Draft {
    /// Changes what the causes of a refusal name: adds what is required, and leaves out or makes anew what is invalid.
    pub(crate) fn repair(&mut self, causes: &[StatusCause]) {
        for cause in causes {
            let steps = steps(&cause.field);
            if steps.first() == Some(&Step::Name("metadata".into())) {
                self.rename(&cause.message);
            } else if cause.reason == "FieldValueRequired" {
                self.add(&steps);
            } else {
                self.change(&steps, &cause.message);
            }
        }
    }

    /// A rule on the name says in quotes which it must be, as a rule.
    fn rename(&mut self, message: &str) {
        let quoted = message.split(['\'', '"']).nth(1);
        if let Some(name) = quoted.filter(|name| !name.contains(' ') && !name.is_empty()) {
            self.object["metadata"]["name"] = name.into();
        }
    }

    fn add(&mut self, steps: &[Step]) {
        let Some((Step::Name(name), parents)) = steps.split_last() else {
            return;
        };
        let Some(schema) = self.schema(steps).cloned() else {
            return;
        };
        self.generator.extent = Extent::Minimal;
        let value = self.generator.value(name, &schema);
        if let Some(parent) = at(&mut self.object, parents) {
            if parent.is_null() {
                *parent = Map::new().into();
            }
            if let Some(parent) = parent.as_object_mut() {
                parent.insert(name.clone(), value);
            }
        }
    }

    /// What is optional is left out, unless the message is about the fields of a value: then they change.
    fn change(&mut self, steps: &[Step], message: &str) {
        let Some(schema) = self.schema(steps).cloned() else {
            return self.shorten(steps);
        };
        if self.toggle(steps, &schema, message) {
            return;
        }
        let Some((last, parents)) = steps.split_last() else {
            return;
        };
        let is_required = self.schema(parents).is_some_and(|parent| match last {
            Step::Name(name) => parent["required"]
                .as_array()
                .is_some_and(|all| all.contains(&json!(name))),
            Step::Index(_) => false,
        });
        let is_top = steps.len() == 1;
        if !is_required && !is_top && self.remove(parents, last) {
            return;
        }
        self.generator.extent = Extent::Minimal;
        let name = match last {
            Step::Name(name) => name.as_str(),
            Step::Index(_) => "",
        };
        let value = self.generator.value(name, &schema);
        if let Some(place) = at(&mut self.object, steps) {
            *place = value;
        }
    }

    /// Adds or takes away fields that the message names; whether there were any.
    fn toggle(&mut self, steps: &[Step], schema: &Value, message: &str) -> bool {
        let Some(properties) = schema["properties"].as_object() else {
            return false;
        };
        let words: Vec<&str> = message
            .split(|c: char| !c.is_alphanumeric() && c != '_' && c != '-')
            .collect();
        let named: Vec<&String> = properties
            .keys()
            .filter(|name| words.iter().any(|word| word == name))
            .collect();
        if named.is_empty() || self.generator.random.u8(..4) == 0 {
            return false;
        }
        let required = schema["required"].clone();
        let chosen = named[self.generator.random.usize(..named.len())];
        self.generator.extent = Extent::Minimal;
        let value = self.generator.value(chosen, &properties[chosen]);
        let is_exclusive = [
            "one of",
            "mutually exclusive",
            "both",
            "cannot",
            "may not",
            "only",
            "must not",
        ]
        .iter()
        .any(|word| message.to_lowercase().contains(word));
        let Some(Value::Object(object)) = at(&mut self.object, steps) else {
            return false;
        };
        if is_exclusive {
            let is_optional = |name: &String| {
                !required
                    .as_array()
                    .is_some_and(|all| all.contains(&json!(name)))
            };
            for name in named.iter().filter(|name| is_optional(name)) {
                object.remove(*name);
            }
        }
        object.insert(chosen.clone(), value);
        true
    }

    /// Takes away the last item of the nearest list above, or the nearest value above that is there.
    fn shorten(&mut self, steps: &[Step]) {
        for end in (1..steps.len()).rev() {
            if self.remove(&steps[..end], &steps[end]) {
                return;
            }
        }
    }

    fn remove(&mut self, parents: &[Step], last: &Step) -> bool {
        match (at(&mut self.object, parents), last) {
            (Some(Value::Object(object)), Step::Name(name)) => object.remove(name).is_some(),
            (Some(Value::Array(items)), Step::Index(index))
                if *index < items.len() && items.len() > 1 =>
            {
                items.remove(*index);
                true
            }
            _ => false,
        }
    }

    /// The schema of the value that the steps lead to.
    fn schema(&self, steps: &[Step]) -> Option<&'static Value> {
        let mut schema = self.crd.schema();
        for step in steps {
            schema = match step {
                Step::Index(_) => schema.get("items")?,
                Step::Name(name) => schema["properties"].get(name).or_else(|| {
                    schema
                        .get("additionalProperties")
                        .filter(|values| values.is_object())
                })?,
            };
        }
        Some(schema)
    }
}

fn at<'v>(value: &'v mut Value, steps: &[Step]) -> Option<&'v mut Value> {
    steps.iter().try_fold(value, |value, step| match step {
        Step::Name(name) => value.get_mut(name),
        Step::Index(index) => value.get_mut(index),
    })
}

/// `spec.rules[0].labels[a.b/c]`, as `field.Path` of apimachinery prints it.
fn steps(field: &str) -> Vec<Step> {
    let mut steps = Vec::new();
    let mut rest = field;
    while !rest.is_empty() {
        if let Some(inside) = rest.strip_prefix('[') {
            let (key, after) = inside.split_once(']').unwrap_or((inside, ""));
            steps.push(match key.parse() {
                Ok(index) => Step::Index(index),
                Err(_) => Step::Name(key.to_owned()),
            });
            rest = after;
        } else {
            let start = rest.trim_start_matches('.');
            let end = start.find(['.', '[']).unwrap_or(start.len());
            if end > 0 && &start[..end] != "<nil>" {
                steps.push(Step::Name(start[..end].to_owned()));
            }
            rest = &start[end..];
        }
    }
    steps
}

#[test]
fn field_paths_lead_to_their_values() {
    let mut object = json!({ "spec": { "rules": [{ "labels": { "a.b/c": "here" } }] } });
    let steps = steps("spec.rules[0].labels[a.b/c]");
    assert_eq!(at(&mut object, &steps), Some(&mut json!("here")));
}
