//! What the user chose, kept between runs.

mod file;

pub use file::{SettingsError, SettingsFile};

use serde::{Deserialize, Serialize};

use crate::{
    insight::InsightSettings,
    readiness::RuleBook,
    timeline::{KindRules, LatencyOverride, LatencyRules},
};

/// Dark, light, or as the system is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub enum ThemeChoice {
    /// As the system is, and changing with it.
    #[default]
    System,
    /// Light text on dark ground.
    Dark,
    /// Dark text on light ground.
    Light,
}

/// The settings. A field that a file lacks has its default.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Settings {
    /// Dark, light, or as the system is.
    pub theme: ThemeChoice,
    /// Fields of custom resources whose values are replaced by a keyed hash before they are kept, as
    /// JSONPaths of plain members: `.spec.users[*].token`.
    pub redact: Vec<String>,
    /// Built-in kinds that are watched beside the custom ones, as `plural.group`, plural or kind:
    /// `deployments.apps`, `pods`. None by default: a cluster has many pods.
    pub watch: Vec<String>,
    /// Thresholds of the rules that find what is wrong.
    pub insights: InsightSettings,
    /// How the latency of kinds is measured, where what Kronika learns is not right. Signs of
    /// readiness that only stand here are known of what is recorded from then on.
    pub latency: Vec<LatencyOverride>,
    /// How objects of some kinds are judged: a list of [`crate::readiness::ReadinessRule`], which stand
    /// before those that Kronika brings. As written, so that one with a mistake is neither lost nor in the
    /// way of the others.
    pub readiness: Vec<serde_json::Value>,
}

impl Settings {
    /// The rules by which kinds are judged: those that Kronika brings, and the user's. Those that cannot
    /// be used are left out, and named.
    #[must_use]
    pub fn kind_rules(&self) -> (KindRules, Vec<String>) {
        let (latency, unusable) = LatencyRules::new(&self.latency);
        let (readiness, mistakes) = RuleBook::with_user_rules(&self.readiness);
        let mistakes = mistakes.iter().map(ToString::to_string);
        let unusable = unusable.iter().map(ToString::to_string);
        let rules = KindRules { latency, readiness };
        (rules, mistakes.chain(unusable).collect())
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;

    use super::*;
    use crate::model::{Json, ReadinessStatus};

    /// The first block of JSON in the README that has this member.
    fn example(member: &str) -> Settings {
        let readme = include_str!("../../README.md");
        let block = readme
            .split("```json\n")
            .skip(1)
            .filter_map(|rest| rest.split_once("```"))
            .map(|(block, _)| block)
            .find(|block| block.contains(member))
            .unwrap();
        serde_json::from_str(block).unwrap()
    }

    #[test]
    fn the_rule_of_the_readme_is_one() {
        let (rules, problems) = example("\"readiness\"").kind_rules();
        assert_eq!(problems, [] as [String; 0]);
        for (status, expected, reason) in [
            (
                r#"{"state": "broken", "message": "no disk"}"#,
                ReadinessStatus::Failed,
                "broken: no disk",
            ),
            (
                r#"{"conditions": [{"type": "Serving", "status": "True"}]}"#,
                ReadinessStatus::InProgress,
                "Replicated is not reported yet",
            ),
            (
                r#"{"conditions": [{"type": "Serving", "status": "True"}, {"type": "Replicated", "status": "True"}]}"#,
                ReadinessStatus::Current,
                "Serving and Replicated are True",
            ),
        ] {
            let text = format!(r#"{{"status": {status}}}"#);
            let object = Json::parse(text.as_bytes()).unwrap();
            let now = Timestamp::UNIX_EPOCH;
            let found = rules
                .readiness
                .judge("stable.example.com", "Database", &object, now);
            assert_eq!((found.status, &*found.reason), (expected, reason));
        }
    }

    #[test]
    fn the_latency_of_the_readme_is_understood() {
        let settings = example("\"latency\"");
        assert_eq!(settings.latency.len(), 1);
        assert_eq!(settings.kind_rules().1, [] as [String; 0]);
    }

    #[test]
    fn a_rule_with_a_mistake_is_kept_in_the_file_and_named() {
        let text = r#"{"readiness": [{"kind": "Database", "group": "stable.example.com", "raedy": "Up"}]}"#;
        let settings: Settings = serde_json::from_str(text).unwrap();
        let (_, problems) = settings.kind_rules();
        let problem = &problems[0];
        assert!(
            problem.starts_with(
                "readiness[0] (Database of stable.example.com) is left out: raedy: unknown field"
            ),
            "{problem}"
        );
        let saved = serde_json::to_value(&settings).unwrap();
        assert_eq!(saved["readiness"][0]["raedy"], "Up");
    }
}
