//! What the recorder knows of kinds beyond what their objects say.

/// Rules by kind: the tables that Kronika brings, and what the user's settings add to them. One for
/// the whole process.
#[derive(Debug, Clone, Default)]
pub struct KindRules {}
