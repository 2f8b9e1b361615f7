//! What the user sets for a kind instead of what Kronika would learn.

use std::{collections::HashMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{LatencyMethod, ReadySign};
use crate::{
    columns::CompiledColumns,
    model::{Json, PrinterColumn, ResourceKind},
};

/// How a kind tells that a generation was observed, as settings name it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum MethodChoice {
    /// `status.observedGeneration`.
    StatusObservedGeneration,
    /// `observedGeneration` of the conditions.
    ConditionObservedGeneration,
    /// Only the sign of readiness.
    ReadyOnly,
    /// Do not measure the kind.
    NotSupported,
}

/// How the latency of one kind is measured. What is left out is learned.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default, deny_unknown_fields)]
pub struct LatencyOverride {
    /// `PLURAL.GROUP`, for example `certificates.cert-manager.io`; the plural alone in the core group.
    pub kind: String,
    /// How it is told that a generation was observed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub method: Option<MethodChoice>,
    /// Type of the condition that says `True` when an object is ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_condition: Option<String>,
    /// JSONPath (kubectl's) to a field that says it instead, for example `.status.stage`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ready_path: Option<String>,
    /// Values of that field that mean ready; without any, `true`.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ready_values: Vec<String>,
    /// JSONPath to a field that is `true` while nobody reconciles an object, besides the usual ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub suspended_path: Option<String>,
}

/// An override that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("latency of {kind:?}: {problem}")]
pub struct LatencyRuleError {
    kind: String,
    problem: String,
}

/// A [`LatencyOverride`], ready for use.
#[derive(Debug, Clone, Default)]
pub struct LatencyRule {
    pub(super) method: Option<MethodChoice>,
    ready: Option<ReadyTest>,
    suspended: Option<Field>,
}

/// The rules of all kinds for which the user set one.
#[derive(Debug, Clone, Default)]
pub struct LatencyRules(HashMap<String, Arc<LatencyRule>>);

impl LatencyRules {
    /// Reads overrides. What cannot be used is left out and told.
    #[must_use]
    pub fn new(overrides: &[LatencyOverride]) -> (Self, Vec<LatencyRuleError>) {
        let mut rules = Self::default();
        let mut errors = Vec::new();
        for chosen in overrides {
            match LatencyRule::new(chosen) {
                Ok(rule) => {
                    rules.0.insert(chosen.kind.clone(), Arc::new(rule));
                }
                Err(error) => errors.push(error),
            }
        }
        (rules, errors)
    }

    /// The rule of a kind.
    #[must_use]
    pub fn of(&self, kind: &ResourceKind) -> Option<Arc<LatencyRule>> {
        self.0.get(&kind.to_string()).cloned()
    }
}

#[derive(Debug, Clone)]
enum ReadyTest {
    Condition(Box<str>),
    Field(Field, Box<[String]>),
}

/// A field that a JSONPath names: a printer column of one cell.
#[derive(Debug, Clone)]
struct Field(CompiledColumns);

impl Field {
    fn new(path: &str) -> Result<Self, String> {
        let column = PrinterColumn {
            name: "value".into(),
            type_: "string".into(),
            format: String::new(),
            description: String::new(),
            priority: 0,
            json_path: path.to_owned(),
        };
        let columns = CompiledColumns::new(&[column]);
        match columns.dropped() {
            Some(dropped) => Err(dropped.error.to_string()),
            None => Ok(Self(columns)),
        }
    }

    fn text(&self, object: &Json<'_>) -> Option<String> {
        let cell = self.0.row(object).into_iter().next()?;
        let text = cell.display(jiff::Timestamp::UNIX_EPOCH).into_owned();
        (!text.is_empty()).then_some(text)
    }
}

impl LatencyRule {
    /// Reads an override.
    ///
    /// # Errors
    /// When a JSONPath is none that the API server would take, or when both a condition and a path
    /// are to say that an object is ready.
    pub fn new(chosen: &LatencyOverride) -> Result<Self, LatencyRuleError> {
        let refuse = |problem: String| LatencyRuleError {
            kind: chosen.kind.clone(),
            problem,
        };
        let ready = match (&chosen.ready_condition, &chosen.ready_path) {
            (Some(_), Some(_)) => {
                return Err(refuse("set readyCondition or readyPath, not both".into()));
            }
            (Some(type_), None) => Some(ReadyTest::Condition(type_.as_str().into())),
            (None, Some(path)) => {
                let values = match &chosen.ready_values[..] {
                    [] => vec!["true".to_owned()],
                    values => values.to_vec(),
                };
                Some(ReadyTest::Field(
                    Field::new(path).map_err(refuse)?,
                    values.into(),
                ))
            }
            (None, None) => None,
        };
        let suspended = chosen.suspended_path.as_deref().map(Field::new);
        Ok(Self {
            method: chosen.method,
            ready,
            suspended: suspended.transpose().map_err(refuse)?,
        })
    }

    /// Type of the condition that says ready.
    pub(super) fn ready_condition(&self) -> Option<&str> {
        match &self.ready {
            Some(ReadyTest::Condition(type_)) => Some(type_),
            _ => None,
        }
    }

    /// What the field that says ready says; `None` where it is missing.
    pub(super) fn ready_field(&self, object: &Json<'_>) -> Option<bool> {
        match &self.ready {
            Some(ReadyTest::Field(field, values)) => Some(values.contains(&field.text(object)?)),
            _ => None,
        }
    }

    pub(super) fn is_suspended(&self, object: &Json<'_>) -> bool {
        let field = self.suspended.as_ref();
        field.is_some_and(|field| field.text(object).as_deref() == Some("true"))
    }

    /// The method that it asks for, given the sign of readiness.
    pub(super) fn method(&self, sign: Option<ReadySign>) -> Option<Option<LatencyMethod>> {
        Some(match self.method? {
            MethodChoice::StatusObservedGeneration => Some(LatencyMethod::StatusObservedGeneration),
            MethodChoice::ConditionObservedGeneration => {
                Some(LatencyMethod::ConditionObservedGeneration)
            }
            MethodChoice::ReadyOnly => sign.map(LatencyMethod::of_sign),
            MethodChoice::NotSupported => None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn settings_read_as_they_are_documented() {
        let text = r#"{"kind":"pipelines.example.org","method":"readyOnly",
            "readyPath":".status.stage","readyValues":["Live"],"suspendedPath":".spec.halt"}"#;
        let chosen: LatencyOverride = serde_json::from_str(text).unwrap();
        let rule = LatencyRule::new(&chosen).unwrap();
        let live = Json::parse(br#"{"spec":{"halt":true},"status":{"stage":"Live"}}"#).unwrap();
        assert_eq!(rule.ready_field(&live), Some(true));
        assert!(rule.is_suspended(&live));
        let other = Json::parse(br#"{"spec":{},"status":{"stage":"Draft"}}"#).unwrap();
        assert_eq!(rule.ready_field(&other), Some(false));
        assert!(!rule.is_suspended(&other));
        assert_eq!(rule.ready_field(&Json::parse(b"{}").unwrap()), None);
        let written = serde_json::to_string(&chosen).unwrap();
        assert_eq!(
            serde_json::from_str::<LatencyOverride>(&written).unwrap(),
            chosen
        );
    }

    #[test]
    fn what_cannot_be_used_is_refused_by_name() {
        let both = LatencyOverride {
            kind: "a.b".into(),
            ready_condition: Some("X".into()),
            ready_path: Some(".x".into()),
            ..LatencyOverride::default()
        };
        let error = LatencyRule::new(&both).unwrap_err().to_string();
        assert_eq!(
            error,
            "latency of \"a.b\": set readyCondition or readyPath, not both"
        );
        let broken = LatencyOverride {
            ready_path: Some(".x[".into()),
            ..LatencyOverride::default()
        };
        assert!(LatencyRule::new(&broken).is_err());
        assert!(serde_json::from_str::<LatencyOverride>(r#"{"kynd":"a"}"#).is_err());
    }
}
