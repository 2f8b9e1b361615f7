//! Objects as their projects write them (`cases.yaml`), and what Kronika says of them.

use serde::Deserialize;
use serde_json::{Map, Value, json};

use super::{RuleBook, book::rule_file};
use crate::model::{Json, ReadinessStatus};

#[derive(Deserialize)]
struct Case {
    /// `Kind.group`.
    kind: String,
    says: Says,
    /// A part of the reason.
    #[serde(default)]
    reason: String,
    /// As `Type=Status Reason and the message`.
    #[serde(default)]
    conditions: Vec<String>,
    #[serde(flatten)]
    parts: Map<String, Value>,
}

impl Case {
    fn object(&self) -> String {
        let mut object = self.parts.clone();
        if !self.conditions.is_empty() {
            let conditions: Vec<_> = self.conditions.iter().map(|text| condition(text)).collect();
            let status = object.entry("status").or_insert_with(|| json!({}));
            status["conditions"] = conditions.into();
        }
        Value::Object(object).to_string()
    }
}

fn condition(text: &str) -> Value {
    let (type_, rest) = text.split_once('=').unwrap();
    let mut words = rest.splitn(3, ' ');
    let mut word = || words.next().unwrap_or_default();
    json!({"type": type_, "status": word(), "reason": word(), "message": word()})
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
enum Says {
    Current,
    Suspended,
    InProgress,
    Failed,
    Terminating,
    Unknown,
}

fn cases() -> Vec<Case> {
    serde_yaml::from_str(include_str!("cases.yaml")).unwrap()
}

fn split(kind: &str) -> (&str, &str) {
    kind.split_once('.').unwrap_or((kind, ""))
}

#[test]
fn objects_as_their_projects_write_them() {
    let book = RuleBook::default();
    let mut wrong = Vec::new();
    let cases = cases();
    for (i, case) in cases.iter().enumerate() {
        let (kind, group) = split(&case.kind);
        let text = case.object();
        let object = Json::parse(text.as_bytes()).unwrap();
        let now = "2026-06-01T00:00:00Z".parse().unwrap();
        let found = book.judge(group, kind, &object, now);
        let says = match found.status {
            ReadinessStatus::Current if found.suspended => Says::Suspended,
            ReadinessStatus::Current => Says::Current,
            ReadinessStatus::InProgress => Says::InProgress,
            ReadinessStatus::Failed => Says::Failed,
            ReadinessStatus::Terminating => Says::Terminating,
            ReadinessStatus::Unknown => Says::Unknown,
        };
        if says != case.says || !found.reason.contains(&case.reason) || found.reason.is_empty() {
            wrong.push(format!(
                "case {i}, {} {text}\n  is {says:?} ({}), not {:?} ({})",
                case.kind, found.reason, case.says, case.reason
            ));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(cases.len() >= 200, "{} cases", cases.len());
}

#[test]
fn every_rule_has_a_case() {
    let cases = cases();
    let like = |pattern: &str, name: &str| match pattern.split_once('*') {
        Some((start, end)) => name.starts_with(start) && name.ends_with(end),
        None => pattern == name,
    };
    for rule in rule_file().unwrap().rules {
        let covered = cases.iter().any(|case| {
            let (kind, group) = split(&case.kind);
            rule.group
                .as_slice()
                .iter()
                .any(|pattern| like(pattern, group))
                && rule
                    .kind
                    .as_slice()
                    .iter()
                    .any(|pattern| like(pattern, kind))
        });
        assert!(covered, "no case for {:?} of {:?}", rule.kind, rule.group);
    }
}
