//! A field of a schema: where it is, and how to get to those around it.

use std::{fmt, rc::Rc};

use super::path::push_property;
use crate::model::Json;

type Node<'s> = &'s Json<'static>;

/// How a field hangs on its parent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Step<'s> {
    /// The object as a whole.
    Root,
    /// A member of an object.
    Property(&'s str),
    /// Any item of a list.
    Item,
    /// Any value of a map.
    Value,
}

/// Where a schema says something of a field.
#[derive(Debug, Clone)]
pub(super) struct Sources<'s> {
    /// The CRD.
    pub(super) own: Option<Node<'s>>,
    /// What holds for every object.
    pub(super) standard: Option<Node<'s>>,
    /// `allOf` of the field and of those around it: more of the same, all of which holds.
    pub(super) also: Vec<Node<'s>>,
}

impl<'s> Sources<'s> {
    pub(super) fn new(own: Option<Node<'s>>, standard: Option<Node<'s>>) -> Self {
        let mut sources = Self {
            own,
            standard,
            also: Vec::new(),
        };
        if let Some(own) = own {
            sources.add_all_of(own);
        }
        sources
    }

    fn add_all_of(&mut self, node: Node<'s>) {
        for part in node.get("allOf").map_or(&[][..], Json::items) {
            self.also.push(part);
            self.add_all_of(part);
        }
    }

    /// What the CRD says under a keyword; where it says nothing, what holds for every object.
    pub(super) fn get(&self, keyword: &str) -> Option<Node<'s>> {
        self.own
            .and_then(|own| own.get(keyword))
            .or_else(|| self.standard?.get(keyword))
    }

    /// Everything that is said under a keyword.
    pub(super) fn all<'k>(&'k self, keyword: &'k str) -> impl Iterator<Item = Node<'s>> + 'k {
        self.get(keyword)
            .into_iter()
            .chain(self.also.iter().filter_map(move |part| part.get(keyword)))
    }

    /// The sources of a child that `at` finds.
    fn child(&self, at: impl Fn(Node<'s>) -> Option<Node<'s>>) -> Option<Self> {
        let own = self.own.and_then(&at);
        let standard = self.standard.and_then(&at);
        if own.is_none() && standard.is_none() {
            return None;
        }
        let mut child = Self::new(own, standard);
        for part in self.also.iter().filter_map(|part| at(part)) {
            child.also.push(part);
            child.add_all_of(part);
        }
        Some(child)
    }
}

/// A field of a schema. What it says is read when it is asked for.
#[derive(Clone)]
pub struct Field<'s>(Rc<Inner<'s>>);

struct Inner<'s> {
    step: Step<'s>,
    is_required: bool,
    sources: Sources<'s>,
    parent: Option<Field<'s>>,
}

impl<'s> Field<'s> {
    pub(super) fn root(sources: Sources<'s>) -> Self {
        Self(Rc::new(Inner {
            step: Step::Root,
            is_required: true,
            sources,
            parent: None,
        }))
    }

    pub(super) fn sources(&self) -> &Sources<'s> {
        &self.0.sources
    }

    /// How it hangs on its parent.
    #[must_use]
    pub fn step(&self) -> Step<'s> {
        self.0.step
    }

    /// Whether its parent cannot be without it.
    #[must_use]
    pub fn is_required(&self) -> bool {
        self.0.is_required
    }

    /// What it is a field of.
    #[must_use]
    pub fn parent(&self) -> Option<&Field<'s>> {
        self.0.parent.as_ref()
    }

    /// This field and those around it, outwards.
    pub fn ancestors(&self) -> impl Iterator<Item = &Field<'s>> {
        std::iter::successors(Some(self), |field| field.parent())
    }

    /// How many fields it lies in.
    #[must_use]
    pub fn depth(&self) -> usize {
        self.ancestors().count() - 1
    }

    /// Its name: `replicas`; `[]` for the items of a list, `[key]` for the values of a map.
    #[must_use]
    pub fn name(&self) -> &'s str {
        match self.step() {
            Step::Root => "",
            Step::Property(name) => name,
            Step::Item => "[]",
            Step::Value => "[key]",
        }
    }

    /// Where it is: `spec.rules[].labels[key]`. Empty for the object as a whole.
    #[must_use]
    pub fn path(&self) -> String {
        let mut path = self.parent().map(Field::path).unwrap_or_default();
        match self.step() {
            Step::Property(name) => push_property(&mut path, name),
            step @ (Step::Root | Step::Item | Step::Value) => {
                debug_assert!(step == Step::Root || self.parent().is_some());
                path.push_str(self.name());
            }
        }
        path
    }

    pub(super) fn is_same(&self, other: &Self) -> bool {
        Rc::ptr_eq(&self.0, &other.0)
    }

    fn child(&self, step: Step<'s>, is_required: bool, sources: Sources<'s>) -> Self {
        Self(Rc::new(Inner {
            step,
            is_required,
            sources,
            parent: Some(self.clone()),
        }))
    }

    /// The member with a name.
    #[must_use]
    pub fn property(&self, name: &str) -> Option<Self> {
        let known = |of: Node<'s>| {
            let mut members = of.get("properties")?.members().iter();
            members.find(|(known, _)| known == name)
        };
        let sources = self.sources();
        let mut all = [sources.own, sources.standard, self.embedded()]
            .into_iter()
            .flatten()
            .chain(sources.also.iter().copied());
        let (name, _) = all.find_map(known)?;
        self.known_property(name)
    }

    fn known_property(&self, name: &'s str) -> Option<Self> {
        let embedded = self.embedded();
        let mut sources = self
            .sources()
            .child(|node| node.get("properties")?.get(name));
        // A resource in a field has metadata whether its schema says so or not.
        if let Some(standard) = embedded.and_then(|object| object.get("properties")?.get(name)) {
            let known = sources.get_or_insert_with(|| Sources::new(None, None));
            known.standard = Some(standard);
        }
        let is_required = self.required().any(|required| required == name);
        Some(self.child(Step::Property(name), is_required, sources?))
    }

    /// The names of the members that have to be set.
    pub(super) fn required(&self) -> impl Iterator<Item = &'s str> {
        let lists = self.sources().all("required").collect::<Vec<_>>();
        lists
            .into_iter()
            .flat_map(Json::items)
            .filter_map(Json::as_str)
    }

    /// What holds for the resource that this field is, where it is a whole one.
    fn embedded(&self) -> Option<Node<'s>> {
        let is_one = self.sources().get("x-kubernetes-embedded-resource");
        (is_one.and_then(Json::as_bool) == Some(true)).then(super::standard::object)
    }

    /// The items, where it is a list.
    #[must_use]
    pub fn items(&self) -> Option<Self> {
        let sources = self.sources().child(|node| node.get("items"))?;
        Some(self.child(Step::Item, false, sources))
    }

    /// The values, where it is a map.
    #[must_use]
    pub fn values(&self) -> Option<Self> {
        let schema = |node: Node<'s>| match node.get("additionalProperties") {
            Some(schema @ Json::Object(_)) => Some(schema),
            _ => None,
        };
        Some(self.child(Step::Value, false, self.sources().child(schema)?))
    }

    /// Its members in the order of the schema, then its items or values.
    #[must_use]
    pub fn children(&self) -> Vec<Self> {
        let mut names: Vec<&'s str> = Vec::new();
        let own = self.sources().own.and_then(|own| own.get("properties"));
        let standard = self.sources().standard.or_else(|| self.embedded());
        let standard = standard.and_then(|standard| standard.get("properties"));
        for properties in [own, standard].into_iter().flatten() {
            for (name, _) in properties.members() {
                // Only what is standard can be there already.
                if Some(properties) == own || !names.contains(&&**name) {
                    names.push(name);
                }
            }
        }
        names
            .into_iter()
            .filter_map(|name| self.known_property(name))
            .chain(self.items())
            .chain(self.values())
            .collect()
    }
}

impl fmt::Debug for Field<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Field").field(&self.path()).finish()
    }
}
