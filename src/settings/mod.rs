//! What the user chose, kept between runs.

mod file;

pub use file::{SettingsError, SettingsFile};

use serde::{Deserialize, Serialize};

use crate::{
    insight::InsightSettings,
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
}

impl Settings {
    /// The rules by which kinds are judged: those that Kronika brings, and the user's.
    #[must_use]
    pub fn kind_rules(&self) -> KindRules {
        let (latency, unusable) = LatencyRules::new(&self.latency);
        for error in unusable {
            tracing::warn!(%error, "a setting is left out");
        }
        KindRules { latency }
    }
}
