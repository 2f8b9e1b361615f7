//! Fields and their owners, spelled out as texts: `spec.ports[{"port":80,"protocol":"TCP"}].weight`.

use serde_json::{Map, Value};

/// The lists of the kind that are told apart by keys, by their path without items, and the keys sorted by name.
const MAPS: [(&str, &[&str]); 3] = [
    (".spec.ports", &["port", "protocol"]),
    (".status.conditions", &["type"]),
    (".metadata.ownerReferences", &["uid"]),
];
const SETS: [&str; 2] = [".spec.tags", ".metadata.finalizers"];
/// Values that are owned as a whole, beside all other lists.
const ATOMIC_MAPS: [&str; 1] = [".spec.selector"];

/// What the server fills in and no manager owns.
const UNOWNED: [&str; 7] = [
    ".metadata.name",
    ".metadata.namespace",
    ".metadata.uid",
    ".metadata.creationTimestamp",
    ".metadata.generation",
    ".metadata.resourceVersion",
    ".metadata.managedFields",
];

/// A scalar, an empty object or an empty list.
#[derive(Debug)]
pub(super) struct Leaf {
    /// Its place as Kronika names it.
    pub(super) pointer: String,
    /// Its place with items by what tells them apart.
    pub(super) path: String,
    pub(super) value: Value,
    /// Whether it lies in a value that is owned as a whole.
    pub(super) in_atomic: bool,
    /// The path of the value that owners are written for.
    owned: String,
}

pub(super) struct Model {
    pub(super) leaves: Vec<Leaf>,
    /// All paths of each entry, with `manager operation subresource`.
    sets: Vec<(String, Vec<String>)>,
}

impl Model {
    pub(super) fn of(object: &Value) -> Self {
        let mut leaves = Vec::new();
        for part in ["metadata", "spec", "status"] {
            if let Some(value) = object.get(part) {
                collect(
                    value,
                    &format!("/{part}"),
                    &format!(".{part}"),
                    None,
                    &mut leaves,
                );
            }
        }
        leaves.retain(|leaf| !UNOWNED.iter().any(|path| leaf.path.starts_with(path)));
        let entries = object["metadata"]["managedFields"].as_array();
        let sets = entries.into_iter().flatten().map(|entry| {
            let text = |name: &str| entry[name].as_str().unwrap_or_default();
            let (operation, subresource) = (text("operation"), text("subresource"));
            let mut paths = Vec::new();
            spell(&entry["fieldsV1"], "", &mut paths);
            (
                format!("{} {operation} {subresource}", text("manager")),
                paths,
            )
        });
        Self {
            leaves,
            sets: sets.collect(),
        }
    }

    pub(super) fn owners(&self, leaf: &Leaf) -> Vec<String> {
        let owns = |paths: &[String]| paths.contains(&leaf.owned);
        let mut owners: Vec<_> = self
            .sets
            .iter()
            .filter(|(_, paths)| owns(paths))
            .map(|(owner, _)| owner.clone())
            .collect();
        owners.sort();
        owners
    }
}

fn collect(value: &Value, pointer: &str, path: &str, whole: Option<&str>, leaves: &mut Vec<Leaf>) {
    let bare = without_items(path);
    let whole = whole.map(str::to_owned).or_else(|| {
        let merged = MAPS.iter().any(|(list, _)| *list == bare) || SETS.contains(&bare.as_str());
        let is_atomic = match value {
            Value::Array(_) => !merged,
            _ => ATOMIC_MAPS.contains(&bare.as_str()),
        };
        is_atomic.then(|| path.to_owned())
    });
    match value {
        Value::Object(members) if !members.is_empty() => {
            for (name, value) in members {
                let escaped = name.replace('~', "~0").replace('/', "~1");
                let (pointer, path) = (format!("{pointer}/{escaped}"), format!("{path}.{name}"));
                collect(value, &pointer, &path, whole.as_deref(), leaves);
            }
        }
        Value::Array(items) if !items.is_empty() => {
            for (index, item) in items.iter().enumerate() {
                let name = item_name(&bare, index, item);
                let (pointer, path) = (format!("{pointer}/{index}"), format!("{path}[{name}]"));
                collect(item, &pointer, &path, whole.as_deref(), leaves);
            }
        }
        _ => leaves.push(Leaf {
            pointer: pointer.to_owned(),
            path: path.to_owned(),
            value: value.clone(),
            in_atomic: whole.as_deref().is_some_and(|whole| whole != path),
            owned: whole.unwrap_or_else(|| path.to_owned()),
        }),
    }
}

fn item_name(list: &str, index: usize, item: &Value) -> String {
    if let Some((_, keys)) = MAPS.iter().find(|(known, _)| *known == list) {
        let keys: Map<_, _> = keys
            .iter()
            .map(|key| ((*key).to_owned(), item[*key].clone()))
            .collect();
        return Value::Object(keys).to_string();
    }
    match SETS.contains(&list) {
        true => item.to_string(),
        false => index.to_string(),
    }
}

/// `.spec.ports[…].weight` → `.spec.ports.weight`.
fn without_items(path: &str) -> String {
    let mut text = String::new();
    let mut depth = 0;
    for c in path.chars() {
        match c {
            '[' => depth += 1,
            ']' => depth -= 1,
            c if depth == 0 => text.push(c),
            _ => {}
        }
    }
    text
}

fn spell(set: &Value, path: &str, paths: &mut Vec<String>) {
    let members = set.as_object().expect("a set is an object");
    if members.is_empty() || members.contains_key(".") {
        paths.push(path.to_owned());
    }
    for (element, below) in members {
        let path = match element.split_once(':') {
            Some(("f", name)) => format!("{path}.{name}"),
            Some(("k", keys)) => {
                let keys: Value = serde_json::from_str(keys).expect("keys are JSON");
                format!("{path}[{keys}]")
            }
            Some(("v", value)) => format!("{path}[{value}]"),
            _ => continue,
        };
        spell(below, &path, paths);
    }
}
