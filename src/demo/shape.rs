//! The little that field ownership needs to know of a schema.

use std::collections::BTreeMap;

use serde_json::Value;

/// What field ownership needs of a schema: which lists are merged by key. Everything else follows
/// from the values themselves, because unlisted lists are atomic.
/// (KEP-555, `x-kubernetes-list-type`.)
#[derive(Debug, Default, Clone)]
pub(super) struct Shape {
    fields: BTreeMap<String, Shape>,
    items: Option<Box<Shape>>,
    list: ListType,
}

/// How a list is owned.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(super) enum ListType {
    /// As one value.
    #[default]
    Atomic,
    /// Item by item, found by the values of these keys.
    Map(Vec<String>),
    /// Item by item, found by value.
    Set,
}

/// The shape of whatever the schema says nothing about.
static UNKNOWN: Shape = Shape {
    fields: BTreeMap::new(),
    items: None,
    list: ListType::Atomic,
};

impl Shape {
    /// The shape of a field.
    pub(super) fn field(&self, name: &str) -> &Shape {
        self.fields.get(name).unwrap_or(&UNKNOWN)
    }

    /// The shape of a list's items.
    pub(super) fn item(&self) -> &Shape {
        self.items.as_deref().unwrap_or(&UNKNOWN)
    }

    /// How the list here is owned.
    pub(super) fn list(&self) -> &ListType {
        &self.list
    }

    fn list_of(list: ListType) -> Self {
        Self {
            list,
            ..Self::default()
        }
    }

    fn from_schema(schema: &Value) -> Self {
        let fields = schema["properties"]
            .as_object()
            .into_iter()
            .flatten()
            .map(|(name, schema)| (name.clone(), Self::from_schema(schema)))
            .collect();
        let list = match schema["x-kubernetes-list-type"].as_str() {
            Some("map") => ListType::Map(strings(&schema["x-kubernetes-list-map-keys"])),
            Some("set") => ListType::Set,
            _ => ListType::Atomic,
        };
        let items = schema
            .get("items")
            .map(|items| Box::new(Self::from_schema(items)));
        Self {
            fields,
            items,
            list,
        }
    }

    /// The schema's shape, with that of ObjectMeta, which CRDs do not spell out.
    pub(super) fn of_object(schema: &Value) -> Self {
        let mut shape = Self::from_schema(schema);
        let metadata = Self {
            fields: BTreeMap::from([
                ("finalizers".to_owned(), Self::list_of(ListType::Set)),
                (
                    "ownerReferences".to_owned(),
                    Self::list_of(ListType::Map(vec!["uid".to_owned()])),
                ),
            ]),
            ..Self::default()
        };
        shape.fields.insert("metadata".to_owned(), metadata);
        shape
    }
}

fn strings(list: &Value) -> Vec<String> {
    list.as_array()
        .into_iter()
        .flatten()
        .filter_map(|item| item.as_str().map(str::to_owned))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shape_knows_lists_that_are_merged_by_key() {
        let loaded = super::super::crds::load().unwrap();
        let certificate = &loaded[0].0.shape;
        let conditions = certificate.field("status").field("conditions");
        assert_eq!(conditions.list(), &ListType::Map(vec!["type".into()]));
        let names = certificate.field("spec").field("dnsNames");
        assert_eq!(names.list(), &ListType::Atomic);
        let finalizers = certificate.field("metadata").field("finalizers");
        assert_eq!(finalizers.list(), &ListType::Set);
    }
}
