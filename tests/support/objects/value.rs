//! A value for a structural schema.

use std::borrow::Cow;
use std::collections::BTreeSet;

use serde_json::{Map, Number, Value, json};

use super::Extent;
use super::text::TextGenerator;

/// Optional fields are left out below this.
const DEPTH: usize = 7;

#[derive(Debug, Clone)]
pub(super) struct ValueGenerator {
    pub(super) extent: Extent,
    pub(super) random: fastrand::Rng,
    text: TextGenerator,
    depth: usize,
}

impl ValueGenerator {
    pub(super) fn new(extent: Extent, seed: u64) -> Self {
        Self {
            extent,
            random: fastrand::Rng::with_seed(seed),
            text: TextGenerator::new(seed),
            depth: 0,
        }
    }

    /// A value for a field of this name.
    pub(super) fn value(&mut self, name: &str, schema: &Value) -> Value {
        let schema = &*self.chosen(schema);
        if let Some(choices) = schema["enum"].as_array() {
            let choices: Vec<_> = choices
                .iter()
                .filter(|choice| !choice.is_null() && **choice != "")
                .collect();
            if !choices.is_empty() {
                return choices[self.random.usize(..choices.len())].clone();
            }
        }
        if let Some(default) = schema.get("default").filter(|default| !default.is_null())
            && self.random.bool()
        {
            return default.clone();
        }
        if schema["x-kubernetes-int-or-string"] == true {
            return self.integer_or_text(name, schema);
        }
        match schema["type"].as_str() {
            Some("object") => self.object(schema),
            Some("array") => self.array(name, schema),
            Some("string") => self.text.text(name, schema, &mut self.random).into(),
            Some("integer") => self.integer(schema).into(),
            Some("number") => self.number(schema),
            Some("boolean") => self.random.bool().into(),
            _ => json!({ "free": [1, null, "größe", { "form": true }] }),
        }
    }

    /// The schema with one alternative of each `oneOf` and `anyOf` and all of `allOf` merged in; fields that only the
    /// other alternatives have are left out.
    fn chosen<'s>(&mut self, schema: &'s Value) -> Cow<'s, Value> {
        if !["allOf", "oneOf", "anyOf", "not"]
            .iter()
            .any(|word| schema.get(word).is_some())
        {
            return Cow::Borrowed(schema);
        }
        let mut merged = schema.clone();
        let mut forbidden = BTreeSet::new();
        for part in schema["allOf"].as_array().into_iter().flatten() {
            let part = self.chosen(part);
            merge(&mut merged, &part);
        }
        for word in ["oneOf", "anyOf"] {
            let Some(alternatives) = schema[word].as_array().filter(|list| !list.is_empty()) else {
                continue;
            };
            let chosen = &alternatives[self.random.usize(..alternatives.len())];
            let wanted = required(chosen);
            if word == "oneOf" {
                let others = alternatives.iter().flat_map(required);
                forbidden.extend(others.filter(|field| !wanted.contains(field)));
            }
            let chosen = self.chosen(chosen);
            merge(&mut merged, &chosen);
        }
        for part in [&schema["not"]]
            .into_iter()
            .chain(schema["not"]["anyOf"].as_array().into_iter().flatten())
        {
            forbidden.extend(required(part));
        }
        if let Some(properties) = merged["properties"].as_object_mut() {
            properties.retain(|field, _| !forbidden.contains(field));
        }
        Cow::Owned(merged)
    }

    fn object(&mut self, schema: &Value) -> Value {
        let mut object = Map::new();
        if schema["x-kubernetes-embedded-resource"] == true {
            object.insert("apiVersion".into(), "example.org/v1".into());
            object.insert("kind".into(), "Embedded".into());
            object.insert("metadata".into(), json!({ "name": "embedded" }));
        }
        self.depth += 1;
        let wanted = required(schema);
        for (field, schema) in schema["properties"].as_object().into_iter().flatten() {
            if object.contains_key(field) {
                continue;
            }
            let is_taken = match self.extent {
                Extent::Full => self.depth < DEPTH,
                Extent::Some => self.depth < DEPTH && self.random.bool(),
                Extent::Minimal => false,
            };
            // Some say only in words that nothing goes without a spec.
            if is_taken || wanted.contains(field) || (self.depth == 1 && field == "spec") {
                let value = self.value(field, schema);
                object.insert(field.clone(), value);
            }
        }
        let values = &schema["additionalProperties"];
        let least = schema["minProperties"].as_u64().unwrap_or(0);
        let count = match self.extent {
            Extent::Minimal => least,
            _ => least.max(u64::from(self.depth < DEPTH)),
        };
        if values.is_object() {
            for i in 1..=count {
                let value = self.value("value", values);
                object.insert(format!("key-{i}"), value);
            }
        }
        let names: Vec<String> = schema["properties"]
            .as_object()
            .map(|fields| fields.keys().cloned().collect())
            .unwrap_or_default();
        while (object.len() as u64) < least && !names.is_empty() {
            let field = &names[self.random.usize(..names.len())];
            let value = self.value(field, &schema["properties"][field]);
            object.insert(field.clone(), value);
        }
        if schema["x-kubernetes-preserve-unknown-fields"] == true
            && !values.is_object()
            && self.depth > 1
            && self.extent != Extent::Minimal
            && object.is_empty()
        {
            object.insert("unknownField".into(), json!({ "größe": [1.5, false] }));
        }
        self.depth -= 1;
        object.into()
    }

    fn array(&mut self, name: &str, schema: &Value) -> Value {
        let least = schema["minItems"].as_u64().unwrap_or(0);
        let most = schema["maxItems"].as_u64().unwrap_or(u64::MAX);
        let count = match self.extent {
            Extent::Minimal => least,
            Extent::Some => least.max(1),
            Extent::Full => least.max(if self.depth < 4 { 2 } else { 1 }),
        };
        let mut items: Vec<Value> = Vec::new();
        for i in 1..=count.min(most) {
            let mut item = self.value(name, &schema["items"]);
            for key in schema["x-kubernetes-list-map-keys"]
                .as_array()
                .into_iter()
                .flatten()
            {
                let key = key.as_str().unwrap_or_default();
                match &mut item[key] {
                    Value::String(text)
                        if i > 1 && schema["items"]["properties"][key]["enum"].is_null() =>
                    {
                        text.push_str(&i.to_string());
                    }
                    Value::Number(number) => {
                        *number = (number.as_i64().unwrap_or(0) / 2
                            + i64::try_from(i).unwrap_or(0))
                        .into();
                    }
                    _ => {}
                }
            }
            if !items.contains(&item) {
                items.push(item);
            }
        }
        items.into()
    }

    /// Within the bounds, which are among the likeliest values; beyond 2^53 where there are none.
    fn integer(&mut self, schema: &Value) -> i64 {
        let is_long = schema["format"] != "int32";
        let least = schema["minimum"].as_f64().map(|n| to_integer(n.ceil()));
        let most = schema["maximum"].as_f64().map(|n| to_integer(n.floor()));
        let least = least.map(|n| n + i64::from(schema["exclusiveMinimum"] == true));
        let most = most.map(|n| n - i64::from(schema["exclusiveMaximum"] == true));
        let mut choices = vec![
            least.unwrap_or(0),
            least.unwrap_or(0).saturating_add(1),
            3,
            8080,
        ];
        match most {
            Some(most) => choices.push(most),
            None if is_long && least.is_none() => choices.push(9_007_199_254_740_993),
            None => choices.push(i32::MAX.into()),
        }
        choices.retain(|n| {
            least.is_none_or(|least| *n >= least) && most.is_none_or(|most| *n <= most)
        });
        if choices.is_empty() {
            return least.or(most).unwrap_or(0);
        }
        choices[self.random.usize(..choices.len())]
    }

    fn number(&mut self, schema: &Value) -> Value {
        let least = schema["minimum"].as_f64().unwrap_or(-2.5);
        let most = schema["maximum"].as_f64().unwrap_or(1e21);
        let choices = [
            least,
            most,
            f64::midpoint(least, most.min(least + 1.0)),
            0.125,
            1.0,
            1_234_567.5,
        ];
        let choices: Vec<_> = choices
            .into_iter()
            .filter(|n| (least..=most).contains(n))
            .filter(|n| schema["exclusiveMinimum"] != true || *n > least)
            .filter(|n| schema["exclusiveMaximum"] != true || *n < most)
            .collect();
        let choice = choices[self.random.usize(..choices.len())];
        Number::from_f64(choice).map_or(json!(0), Value::Number)
    }

    fn integer_or_text(&mut self, name: &str, schema: &Value) -> Value {
        if self.random.bool() {
            return self.text.text(name, schema, &mut self.random).into();
        }
        let choice = self.integer(schema);
        json!(choice.clamp(1, i32::MAX.into()))
    }
}

/// The required fields of a schema.
fn required(schema: &Value) -> BTreeSet<String> {
    let fields = schema["required"].as_array().into_iter().flatten();
    fields
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect()
}

/// Adds the validations of a part: its required fields, and what it says of properties.
fn merge(schema: &mut Value, part: &Value) {
    let Some(members) = part.as_object() else {
        return;
    };
    for (word, value) in members {
        match word.as_str() {
            "required" => {
                let all = required(schema).into_iter().chain(required(part));
                let all: BTreeSet<_> = all.collect();
                schema["required"] = json!(all);
            }
            "properties" => {
                for (field, part) in value.as_object().into_iter().flatten() {
                    merge(&mut schema["properties"][field], part);
                }
            }
            "type" | "oneOf" | "anyOf" | "allOf" | "not" => {}
            _ => schema[word] = value.clone(),
        }
    }
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "clamped by the cast, and meant to be"
)]
fn to_integer(n: f64) -> i64 {
    n as i64
}
