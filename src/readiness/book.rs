//! All rules, looked up by kind.

use std::{
    collections::HashMap,
    sync::{Arc, LazyLock},
};

use jiff::Timestamp;
use serde::Deserialize;

use super::{
    CompiledRule, ConditionHealth, Polarity, fallback, kstatus, polarity,
    rule::{Clause, ReadinessRule, Test},
    verdict::Verdict,
    workloads,
};
use crate::model::{Json, Readiness, ReadinessStatus};

/// A rule of the user that cannot be used. The others can.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("readiness[{index}]{subject} is left out: {what}")]
pub struct RuleError {
    /// Its place in the settings.
    pub index: usize,
    /// For which kind, where that can be read: ` (Widget of example.org)`.
    pub subject: String,
    /// What is wrong, and where in the rule.
    pub what: String,
}

/// The rules of the user before those that Kronika brings. Cheap to clone.
#[derive(Debug, Clone)]
pub struct RuleBook {
    user: Arc<Shelf>,
    built_in: Arc<Shelf>,
    common: Arc<CompiledRule>,
}

/// What `rules.yaml` holds.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub(super) struct RuleFile {
    /// Signs of suspension that many projects share.
    suspended: Vec<Test>,
    /// Judged where an object has neither a rule nor a condition that tells.
    otherwise: Vec<Clause>,
    pub(super) rules: Vec<ReadinessRule>,
}

static BUILT_IN: LazyLock<RuleBook> = LazyLock::new(|| {
    // The file is part of the program; a test holds that it has no mistakes.
    read_built_in().unwrap_or_else(|error| {
        tracing::error!(%error, "the rules that Kronika brings cannot be read");
        RuleBook {
            user: Arc::default(),
            built_in: Arc::default(),
            common: Arc::default(),
        }
    })
});

pub(super) fn rule_file() -> Result<RuleFile, String> {
    serde_yaml::from_str(include_str!("rules.yaml")).map_err(|error| error.to_string())
}

fn read_built_in() -> Result<RuleBook, String> {
    let file = rule_file()?;
    let mut shelf = Shelf::default();
    for (index, rule) in file.rules.iter().enumerate() {
        shelf
            .add(rule)
            .map_err(|error| format!("rules[{index}] ({}): {error}", subject(rule)))?;
    }
    let common = ReadinessRule {
        suspended: file.suspended,
        clauses: file.otherwise,
        ..ReadinessRule::default()
    };
    Ok(RuleBook {
        user: Arc::default(),
        built_in: Arc::new(shelf),
        common: Arc::new(CompiledRule::new(&common)?),
    })
}

impl Default for RuleBook {
    /// The rules that Kronika brings.
    fn default() -> Self {
        Self::built_in().clone()
    }
}

impl RuleBook {
    /// The rules that Kronika brings.
    #[must_use]
    pub fn built_in() -> &'static Self {
        &BUILT_IN
    }

    /// The rules that Kronika brings, after those of a user as `readiness` of the settings has them.
    /// Of several that hold for an object the first is used.
    #[must_use]
    pub fn with_user_rules(rules: &[serde_json::Value]) -> (Self, Vec<RuleError>) {
        let mut shelf = Shelf::default();
        let mut errors = Vec::new();
        for (index, value) in rules.iter().enumerate() {
            let added = serde_path_to_error::deserialize::<_, ReadinessRule>(value)
                .map_err(|error| match error.path().to_string().as_str() {
                    "." => error.inner().to_string(),
                    path => format!("{path}: {}", error.inner()),
                })
                .and_then(|rule| shelf.add(&rule));
            if let Err(what) = added {
                let text = |name: &str| value.get(name).and_then(serde_json::Value::as_str);
                let subject = match (text("kind"), text("group")) {
                    (Some(kind), Some(group)) => format!(" ({kind} of {group})"),
                    (Some(kind), None) => format!(" ({kind})"),
                    _ => String::new(),
                };
                errors.push(RuleError {
                    index,
                    subject,
                    what,
                });
            }
        }
        let book = Self {
            user: Arc::new(shelf),
            ..Self::default()
        };
        (book, errors)
    }

    /// Judges an object. `now` is when it was seen: a Pod may be unschedulable for a while.
    #[must_use]
    pub fn judge(&self, group: &str, kind: &str, object: &Json<'_>, now: Timestamp) -> Readiness {
        let rule = self.rule(group, kind, object);
        let verdict = kstatus::generic(object)
            .or_else(|| rule?.judge(object))
            .or_else(|| workloads::judge(group, kind, object, now))
            .or_else(|| kstatus::ready(object).map(|verdict| fallback::but(verdict, object, rule)))
            .or_else(|| fallback::by_conditions(object, rule))
            .or_else(|| self.common.judge(object))
            .unwrap_or_else(|| fallback::by_generation(object));
        let suspension = self.suspension_by(rule, group, object);
        let Verdict {
            status,
            suspended,
            reason,
        } = match suspension {
            Some(words) => suspend(verdict, words),
            None => verdict,
        };
        Readiness {
            status,
            suspended,
            reason: reason.into(),
        }
    }

    /// Which field of an object asks that nothing be reconciled, in words: `spec.suspend is true`.
    #[must_use]
    pub fn suspension(&self, group: &str, kind: &str, object: &Json<'_>) -> Option<&str> {
        self.suspension_by(self.rule(group, kind, object), group, object)
    }

    /// Whether a field of the object asks that nothing be reconciled. What only its status says (a
    /// canary that waits for a person) is in [`Readiness::suspended`].
    #[must_use]
    pub fn is_suspended(&self, group: &str, kind: &str, object: &Json<'_>) -> bool {
        self.suspension(group, kind, object).is_some()
    }

    /// Whether an object is judged by a rule of its kind, and so by more than the conventions.
    #[must_use]
    pub fn has_rule(&self, group: &str, kind: &str, object: &Json<'_>) -> bool {
        let rule = self.rule(group, kind, object);
        rule.is_some_and(CompiledRule::judges) || workloads::are_judged(group, kind)
    }

    /// Which status of a kind's condition is the good one.
    #[must_use]
    pub fn polarity(&self, group: &str, kind: &str, condition: &str) -> Polarity {
        self.rules(group, kind)
            .find_map(|rule| rule.polarity(condition))
            .unwrap_or_else(|| polarity::meaning(condition).polarity())
    }

    /// What a status of a kind's condition says of the object.
    #[must_use]
    pub fn condition_health(
        &self,
        group: &str,
        kind: &str,
        condition: &str,
        status: &str,
    ) -> ConditionHealth {
        self.polarity(group, kind, condition).health(status)
    }

    fn suspension_by<'a>(
        &'a self,
        rule: Option<&'a CompiledRule>,
        group: &str,
        object: &Json<'_>,
    ) -> Option<&'a str> {
        rule.and_then(|rule| rule.suspension(object)).or_else(|| {
            // A paused Deployment goes on with its replicas; of the built-in kinds only those of
            // `batch` rest when they are suspended.
            let built_in = !group.contains('.') && group != "batch";
            if built_in {
                None
            } else {
                self.common.suspension(object)
            }
        })
    }

    /// The rule for an object.
    fn rule(&self, group: &str, kind: &str, object: &Json<'_>) -> Option<&CompiledRule> {
        self.rules(group, kind).find(|rule| rule.fits(object))
    }

    fn rules<'a, 'n>(
        &'a self,
        group: &'n str,
        kind: &'n str,
    ) -> impl Iterator<Item = &'a CompiledRule> + use<'a, 'n> {
        self.user
            .rules(group, kind)
            .chain(self.built_in.rules(group, kind))
    }
}

/// What is suspended is not on its way; a failure stays one.
fn suspend(verdict: Verdict, words: &str) -> Verdict {
    let status = match verdict.status {
        ReadinessStatus::Terminating => return verdict,
        ReadinessStatus::Failed => ReadinessStatus::Failed,
        _ => ReadinessStatus::Current,
    };
    Verdict {
        status,
        suspended: true,
        reason: format!("{words}; {}", verdict.reason),
    }
}

/// Rules in the order of their file, found by kind.
#[derive(Debug, Default)]
struct Shelf {
    by_kind: HashMap<Box<str>, Vec<(Pattern, Arc<CompiledRule>)>>,
    by_pattern: Vec<(Pattern, Pattern, Arc<CompiledRule>)>,
}

impl Shelf {
    fn add(&mut self, rule: &ReadinessRule) -> Result<(), String> {
        let compiled = Arc::new(CompiledRule::new(rule)?);
        let patterns = |name: &str, texts: &[String]| -> Result<Vec<_>, String> {
            if texts.is_empty() {
                return Err(format!("{name} is empty"));
            }
            let parsed = texts.iter().map(|text| Pattern::parse(text));
            parsed
                .collect::<Result<_, _>>()
                .map_err(|error| format!("{name}: {error}"))
        };
        let groups = patterns("group", rule.group.as_slice())?;
        for kind in patterns("kind", rule.kind.as_slice())? {
            for group in &groups {
                let (group, rule) = (group.clone(), Arc::clone(&compiled));
                match &kind {
                    Pattern::Exactly(kind) => {
                        self.by_kind
                            .entry(kind.clone())
                            .or_default()
                            .push((group, rule));
                    }
                    kind => self.by_pattern.push((group, kind.clone(), rule)),
                }
            }
        }
        Ok(())
    }

    fn rules<'a, 'n>(
        &'a self,
        group: &'n str,
        kind: &'n str,
    ) -> impl Iterator<Item = &'a CompiledRule> + use<'a, 'n> {
        let named = self.by_kind.get(kind).into_iter().flatten();
        let named = named
            .filter(move |(of, _)| of.matches(group))
            .map(|(_, rule)| &**rule);
        let matched = self.by_pattern.iter();
        let matched = matched
            .filter(move |(of, like, _)| of.matches(group) && like.matches(kind))
            .map(|(_, _, rule)| &**rule);
        named.chain(matched)
    }
}

/// A name, or one with `*` at one end.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Pattern {
    Exactly(Box<str>),
    StartsWith(Box<str>),
    EndsWith(Box<str>),
}

impl Pattern {
    fn parse(text: &str) -> Result<Self, String> {
        let pattern = match (text.strip_prefix('*'), text.strip_suffix('*')) {
            (Some(end), _) if !end.contains('*') => Self::EndsWith(end.into()),
            (_, Some(start)) if !start.contains('*') => Self::StartsWith(start.into()),
            (None, None) if !text.contains('*') => Self::Exactly(text.into()),
            _ => {
                return Err(format!(
                    "{text:?} has more than one *, or one in the middle"
                ));
            }
        };
        Ok(pattern)
    }

    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exactly(text) => &**text == name,
            Self::StartsWith(start) => name.starts_with(&**start),
            Self::EndsWith(end) => name.ends_with(&**end),
        }
    }
}

fn subject(rule: &ReadinessRule) -> String {
    format!(
        "{} of {}",
        rule.kind.as_slice().join(", "),
        rule.group.as_slice().join(", ")
    )
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn status_with(book: &RuleBook, group: &str, kind: &str, text: &str) -> Readiness {
        let object = Json::parse(text.as_bytes()).unwrap();
        book.judge(group, kind, &object, Timestamp::UNIX_EPOCH)
    }

    #[test]
    fn the_rules_that_kronika_brings_have_no_mistake_and_name_their_source() {
        let book = read_built_in().unwrap();
        assert!(!book.built_in.by_kind.is_empty());
        for rule in rule_file().unwrap().rules {
            assert!(!rule.source.is_empty(), "{} has no source", subject(&rule));
        }
    }

    #[test]
    fn a_users_rule_stands_before_the_one_that_kronika_brings() {
        let degraded = r#"{"status":{"phase":"Degraded"}}"#;
        let builtin = status_with(&RuleBook::default(), "argoproj.io", "Rollout", degraded);
        assert_eq!(builtin.status, ReadinessStatus::Failed);
        let rule = json!({"group": "argoproj.io", "kind": "Rollout", "clauses": [
            {"when": {"path": "status.phase", "equals": "Degraded"}, "then": "InProgress", "reason": "we know"}]});
        let (book, errors) = RuleBook::with_user_rules(&[rule]);
        assert_eq!(errors, []);
        let own = status_with(&book, "argoproj.io", "Rollout", degraded);
        assert_eq!(
            (own.status, &*own.reason),
            (ReadinessStatus::InProgress, "we know")
        );
    }

    #[test]
    fn a_broken_rule_is_named_with_its_place_and_the_others_stay() {
        let good = json!({"group": "example.org", "kind": "Widget", "ready": "Working"});
        let broken = [
            (
                json!({"kind": "A", "group": "x.org", "clauses": [{"then": "Dead"}]}),
                "(A of x.org) is left out: clauses[0].then: unknown variant `Dead`",
            ),
            (
                json!({"kind": "A", "group": "x.org", "clauses": [{"when": {"pth": "a"}, "then": "Failed"}]}),
                "clauses[0].when.pth: unknown field `pth`",
            ),
            (
                json!({"kind": "A", "group": "x.org", "clauses": [{"when": [{"path": "a", "equals": 1}, {"path": "b"}], "then": "Failed"}]}),
                "clauses[0].when[1]: a path needs exactly one of",
            ),
            (
                json!({"kind": "A", "group": "x.org", "clauses": [{"when": {"path": "a..b", "exists": true}, "then": "Failed"}]}),
                "clauses[0].when: the path \"a..b\" has an empty name",
            ),
            (
                json!({"kind": "A", "group": "x.org", "clauses": [{"when": {"any": "status.x"}, "then": "Failed"}]}),
                "any and every need where",
            ),
            (
                json!({"kind": "A", "group": "x.org", "clauses": [{"when": {"path": "a", "condition": "b"}, "then": "Failed"}]}),
                "exactly one of path, condition, any and every",
            ),
            (
                json!({"kind": "A", "group": "x.org", "clauses": [{"when": {"condition": "b"}, "then": "Failed"}]}),
                "a condition needs exists, status, reason or reasonNot",
            ),
            (
                json!({"kind": "A", "group": "x.org", "clauses": [{"then": "Failed", "reason": "{status.x"}]}),
                "reason: \"{status.x\" has a brace that does not end",
            ),
            (
                json!({"kind": "A", "group": "x.org"}),
                "neither clauses nor ready",
            ),
            (
                json!({"kind": "A", "group": "*.x.*", "ready": "X"}),
                "group: \"*.x.*\" has more than one *",
            ),
            (
                json!({"group": "x.org", "ready": "X"}),
                "missing field `kind`",
            ),
            (json!("Widget"), "expected struct ReadinessRule"),
        ];
        let mut rules: Vec<_> = broken.iter().map(|(rule, _)| rule.clone()).collect();
        rules.push(good);
        let (book, errors) = RuleBook::with_user_rules(&rules);
        assert_eq!(errors.len(), broken.len());
        for (index, ((_, words), error)) in broken.iter().zip(&errors).enumerate() {
            let text = error.to_string();
            assert!(text.starts_with(&format!("readiness[{index}]")), "{text}");
            assert!(text.contains(words), "{text}\nhas no\n{words}");
        }
        let widget = r#"{"status":{"conditions":[{"type":"Working","status":"False"}]}}"#;
        let status = status_with(&book, "example.org", "Widget", widget).status;
        assert_eq!(status, ReadinessStatus::InProgress);
    }

    #[test]
    fn patterns_match_at_one_end() {
        for (pattern, name, matches) in [
            ("*.crossplane.io", "pkg.crossplane.io", true),
            ("*.crossplane.io", "crossplane.io", false),
            ("Pod*", "PodMonitor", true),
            ("*", "", true),
            ("", "", true),
            ("", "apps", false),
            ("Pod", "PodMonitor", false),
        ] {
            let found = Pattern::parse(pattern).unwrap().matches(name);
            assert_eq!(found, matches, "{pattern} {name}");
        }
    }

    #[test]
    fn what_is_suspended_is_not_on_its_way_but_a_failure_stays_one() {
        let book = RuleBook::default();
        let ready = |status: &str, more: &str| {
            format!(
                r#"{{"metadata":{{"generation":2{more}}},"spec":{{"suspend":true}},"status":{{
                "observedGeneration":1,"conditions":[{{"type":"Ready","status":"{status}"}}]}}}}"#
            )
        };
        let own = |text: &str| status_with(&book, "example.org", "Widget", text);
        let resting = own(&ready("False", ""));
        assert_eq!(
            (resting.status, resting.suspended),
            (ReadinessStatus::Current, true)
        );
        assert!(
            resting
                .reason
                .starts_with("spec.suspend is true; generation 2")
        );
        let failed = own(
            r#"{"spec":{"paused":true},"status":{"conditions":[{"type":"Stalled","status":"True"}]}}"#,
        );
        assert_eq!(
            (failed.status, failed.suspended),
            (ReadinessStatus::Failed, true)
        );
        let leaving = own(&ready(
            "False",
            r#","deletionTimestamp":"2026-01-01T00:00:00Z""#,
        ));
        assert_eq!(
            (leaving.status, leaving.suspended),
            (ReadinessStatus::Terminating, false)
        );
    }

    #[test]
    fn of_the_built_in_kinds_only_those_of_batch_are_suspended() {
        let book = RuleBook::default();
        let paused = Json::parse(br#"{"spec":{"paused":true,"suspend":true}}"#).unwrap();
        assert!(!book.is_suspended("apps", "Deployment", &paused));
        assert!(book.is_suspended("batch", "Job", &paused));
        assert_eq!(
            book.suspension("example.org", "Widget", &paused),
            Some("spec.suspend is true")
        );
    }

    #[test]
    fn a_kinds_rule_gives_polarity_to_its_conditions() {
        let book = RuleBook::default();
        let of = |group, kind, condition| book.polarity(group, kind, condition);
        assert_eq!(of("keda.sh", "ScaledObject", "Active"), Polarity::Neutral);
        assert_eq!(
            of("kueue.x-k8s.io", "ClusterQueue", "Active"),
            Polarity::Positive
        );
        assert_eq!(of("apps", "Deployment", "Progressing"), Polarity::Positive);
        assert_eq!(
            book.condition_health("", "Node", "DiskPressure", "True"),
            ConditionHealth::Bad
        );
    }

    #[test]
    fn ready_that_is_true_beside_a_failure_says_both() {
        let text = r#"{"status":{"conditions":[{"type":"Ready","status":"True"},
            {"type":"Degraded","status":"True","reason":"LowDisk"}]}}"#;
        let found = status_with(&RuleBook::default(), "example.org", "Widget", text);
        assert_eq!(found.status, ReadinessStatus::Current);
        assert_eq!(
            &*found.reason,
            "Ready is True, but Degraded is True (LowDisk)"
        );
    }
}
