//! The language of readiness rules, as `rules.yaml` and a user's settings write it.

use std::{collections::BTreeMap, fmt, marker::PhantomData};

use serde::{
    Deserialize, Deserializer, Serialize,
    de::{self, IntoDeserializer, MapAccess, SeqAccess, Visitor, value::MapAccessDeserializer},
};

use super::Polarity;

/// How the objects of some kinds are judged.
///
/// The first clause that applies decides. Where none does, `ready` decides, and where that is empty
/// the rules for all kinds go on.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReadinessRule {
    /// API groups, one or a list; `*` at one end stands for anything: `*.crossplane.io`.
    pub group: OneOrMany<String>,
    /// Kinds, one or a list, of any version; `*` at one end stands for anything: `*Template`.
    pub kind: OneOrMany<String>,
    /// Paths of which an object must have one for the rule to hold. For kinds that are known by
    /// their shape rather than by name.
    #[serde(default, skip_serializing_if = "OneOrMany::is_empty")]
    pub has: OneOrMany<String>,
    /// Where the kind's authors say so: an address, or a repository and a path.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub source: String,
    /// In order; the first that applies decides.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub clauses: Vec<Clause>,
    /// Conditions that together mean that the desired state is reached. One that is absent, False or
    /// Unknown is awaited.
    #[serde(default, skip_serializing_if = "OneOrMany::is_empty")]
    pub ready: OneOrMany<String>,
    /// Tests of which one is enough: the user asked that nothing be reconciled.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub suspended: Vec<Test>,
    /// Polarity of conditions whose name does not tell it.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub conditions: BTreeMap<String, Polarity>,
}

/// One judgement and when it holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Clause {
    /// Tests that must all hold; none always holds.
    #[serde(default, skip_serializing_if = "OneOrMany::is_empty")]
    pub when: OneOrMany<Test>,
    /// The judgement.
    pub then: Outcome,
    /// The reason in words. `{status.phase}` stands for the value at a path, `{item.name}` for one
    /// of the item that `any` found, `{condition}` for what the condition of a test says. Where it is absent, the test speaks for itself.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// What a clause says of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Outcome {
    /// The desired state is reached; of what runs to an end: it ended well.
    Current,
    /// On its way.
    InProgress,
    /// It cannot go on, or ended badly.
    Failed,
    /// Nothing is on its way since somebody asked for that: Current, and shown as suspended.
    Suspended,
    /// It does not tell.
    Unknown,
}

/// One question to an object: to a value (`path`), to a condition, or to the items of a list.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct Test {
    /// Path of a value.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The value is this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equals: Option<Scalar>,
    /// The value is one of these.
    #[serde(default, rename = "in", skip_serializing_if = "Option::is_none")]
    pub one_of: Option<Vec<Scalar>>,
    /// The value is there, and none of these.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub not_in: Option<Vec<Scalar>>,
    /// The value (or the condition) is there, or is not.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub exists: Option<bool>,
    /// The number is less than the one at this path. An absent one is 0.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub less_than: Option<String>,

    /// Type of a condition: of `status.conditions`, or of `conditions` of the item.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub condition: Option<String>,
    /// The condition has one of these statuses.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub status: Option<OneOrMany<Scalar>>,
    /// The condition has one of these reasons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<OneOrMany<String>>,
    /// The condition has none of these reasons.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason_not: Option<OneOrMany<String>>,

    /// Path of a list, of whose items at least one passes `where`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub any: Option<String>,
    /// Path of a list that has items, all of which pass `where`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub every: Option<String>,
    /// The tests for one item; paths begin at the item.
    #[serde(default, rename = "where", skip_serializing_if = "Option::is_none")]
    pub each: Option<Box<OneOrMany<Test>>>,
}

/// A value to compare with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Scalar {
    /// `true` and `false`; as the status of a condition, what is written `True` without quotes.
    Bool(bool),
    /// A whole number.
    Integer(i64),
    /// A string.
    Text(String),
}

/// One item, or a list of them.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum OneOrMany<T> {
    /// A list.
    Many(Vec<T>),
    /// A single one.
    One(T),
}

impl<T> Default for OneOrMany<T> {
    fn default() -> Self {
        OneOrMany::Many(Vec::new())
    }
}

impl<T> OneOrMany<T> {
    /// All of them.
    #[must_use]
    pub fn as_slice(&self) -> &[T] {
        match self {
            OneOrMany::Many(items) => items,
            OneOrMany::One(item) => std::slice::from_ref(item),
        }
    }

    fn is_empty(&self) -> bool {
        self.as_slice().is_empty()
    }
}

// By hand, since serde's untagged enums say of a mistake only that nothing matched.

impl<'de> Deserialize<'de> for Scalar {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ScalarVisitor;
        impl Visitor<'_> for ScalarVisitor {
            type Value = Scalar;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a string, a whole number, true or false")
            }

            fn visit_bool<E>(self, value: bool) -> Result<Scalar, E> {
                Ok(Scalar::Bool(value))
            }

            fn visit_i64<E>(self, value: i64) -> Result<Scalar, E> {
                Ok(Scalar::Integer(value))
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Scalar, E> {
                let small = i64::try_from(value);
                small.map(Scalar::Integer).map_err(|_| {
                    E::invalid_value(de::Unexpected::Unsigned(value), &"a number of 64 bits")
                })
            }

            fn visit_str<E>(self, value: &str) -> Result<Scalar, E> {
                Ok(Scalar::Text(value.to_owned()))
            }
        }
        deserializer.deserialize_any(ScalarVisitor)
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for OneOrMany<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct ListVisitor<T>(PhantomData<T>);
        impl<'de, T: Deserialize<'de>> Visitor<'de> for ListVisitor<T> {
            type Value = OneOrMany<T>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("one of them or a list")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
                let mut items = Vec::new();
                while let Some(item) = seq.next_element()? {
                    items.push(item);
                }
                Ok(OneOrMany::Many(items))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Self::Value, A::Error> {
                T::deserialize(MapAccessDeserializer::new(map)).map(OneOrMany::One)
            }

            fn visit_str<E: de::Error>(self, value: &str) -> Result<Self::Value, E> {
                T::deserialize(value.into_deserializer()).map(OneOrMany::One)
            }

            fn visit_bool<E: de::Error>(self, value: bool) -> Result<Self::Value, E> {
                T::deserialize(value.into_deserializer()).map(OneOrMany::One)
            }

            fn visit_i64<E: de::Error>(self, value: i64) -> Result<Self::Value, E> {
                T::deserialize(value.into_deserializer()).map(OneOrMany::One)
            }

            fn visit_u64<E: de::Error>(self, value: u64) -> Result<Self::Value, E> {
                T::deserialize(value.into_deserializer()).map(OneOrMany::One)
            }
        }
        deserializer.deserialize_any(ListVisitor(PhantomData))
    }
}
