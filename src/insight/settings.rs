//! The thresholds of all rules, as the settings' file has them.

use serde::{Deserialize, Serialize};

use super::{
    FightSettings, FlappingSettings, HeldDeletionSettings, HotLoopSettings, NeverObservedSettings,
    RateSettings, Rule, StuckSettings, UnauthorisedSettings,
};

/// What can be set about insights. A field that is left out has its default; the types of the fields
/// tell where the defaults come from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct InsightSettings {
    /// Rules that are not wanted, by [`Rule::id`].
    pub off: Vec<Rule>,
    /// For how long an insight that has ended stays in the list.
    pub keep_ended_seconds: u64,
    /// Reconciles that take too long.
    pub stuck: StuckSettings,
    /// Kinds that nothing reconciles.
    pub never_observed: NeverObservedSettings,
    /// Managers that undo each other's writes.
    pub fight: FightSettings,
    /// Writes without end.
    pub hot_loop: HotLoopSettings,
    /// Conditions that go back and forth.
    pub flapping: FlappingSettings,
    /// Deletions that wait.
    pub held_deletion: HeldDeletionSettings,
    /// Who may write desired state.
    pub unauthorised: UnauthorisedSettings,
    /// Kinds that change unusually often, or no more.
    pub unusual_rate: RateSettings,
}

impl Default for InsightSettings {
    fn default() -> Self {
        Self {
            off: Vec::new(),
            keep_ended_seconds: 1_800,
            stuck: StuckSettings::default(),
            never_observed: NeverObservedSettings::default(),
            fight: FightSettings::default(),
            hot_loop: HotLoopSettings::default(),
            flapping: FlappingSettings::default(),
            held_deletion: HeldDeletionSettings::default(),
            unauthorised: UnauthorisedSettings::default(),
            unusual_rate: RateSettings::default(),
        }
    }
}

impl InsightSettings {
    /// Whether a rule is wanted.
    #[must_use]
    pub fn wants(&self, rule: Rule) -> bool {
        !self.off.contains(&rule)
            && (rule != Rule::UnauthorisedManager || !self.unauthorised.allow.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_has_its_default() {
        let text = r#"{"off":["unusual-rate"],"stuck":{"floorSeconds":5},
            "unauthorised":{"allow":[{"kinds":["*.argoproj.io"],"managers":["argocd-*"]}]}}"#;
        let settings: InsightSettings = serde_json::from_str(text).unwrap();
        assert_eq!(settings.stuck.floor_seconds, 5);
        assert_eq!(settings.stuck.factor, StuckSettings::default().factor);
        assert!(!settings.wants(Rule::UnusualRate));
        assert!(settings.wants(Rule::UnauthorisedManager));
        assert!(!InsightSettings::default().wants(Rule::UnauthorisedManager));
    }

    #[test]
    fn every_rule_has_its_id_and_a_definition() {
        for rule in Rule::ALL {
            assert_eq!(
                serde_json::to_value(rule).unwrap(),
                serde_json::Value::from(rule.id())
            );
            assert!(rule.definition(&InsightSettings::default()).len() > 20);
        }
    }
}
