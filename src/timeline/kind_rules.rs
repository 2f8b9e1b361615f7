//! What the recorder knows of kinds beyond what their objects say.

use super::LatencyRules;

/// Rules by kind: the tables that Kronika brings, and what the user's settings add to them. One for
/// the whole process.
#[derive(Debug, Clone, Default)]
pub struct KindRules {
    /// How latency is measured, where the user says so.
    pub latency: LatencyRules,
}
