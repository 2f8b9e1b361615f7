//! What the recorder knows of kinds beyond what their objects say.

use super::LatencyRules;
use crate::readiness::RuleBook;

/// Rules by kind: the tables that Kronika brings, and what the user's settings add to them. One for
/// the whole process.
#[derive(Debug, Clone, Default)]
pub struct KindRules {
    /// By which objects are judged.
    pub readiness: RuleBook,
    /// How latency is measured, where the user says so.
    pub latency: LatencyRules,
}
