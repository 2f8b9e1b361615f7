//! Whether an object has reached its desired state, and why we think so.
//!
//! The rules are those of kstatus (`sigs.k8s.io/cli-utils/pkg/kstatus`), in its order:
//!
//! 1. `metadata.deletionTimestamp` → Terminating.
//! 2. `status.observedGeneration` is not `metadata.generation` → InProgress.
//! 3. The first of the conditions `Reconciling` (→ InProgress) and `Stalled` (→ Failed) that is True.
//! 4. The rule of the kind: the built-in workload kinds as kstatus judges them, and the kinds of
//!    `rules.yaml`, which do not follow the conventions. A user's rule stands before both.
//! 5. The condition `Ready`: True → Current, False and Unknown → InProgress.
//!
//! Where kstatus decides, Kronika says the same. It departs from kstatus in four places, each of
//! which the differential test (`tests/readiness/kstatus.rs`) names:
//!
//! - *Nothing told.* kstatus assumes that what has none of its signs is Current. Kronika looks
//!   further: conditions by their [polarity](RuleBook::polarity), conditions per parent, the word in
//!   `status.phase` or `status.state`; and says Unknown where nothing in the object tells.
//! - *Outdated.* A condition whose own `observedGeneration` lies behind `metadata.generation` says
//!   nothing about this generation (API conventions, typical status properties) → InProgress.
//! - *Suspended.* What would be InProgress and is suspended (`spec.suspend`, `spec.paused` and their
//!   like, see `suspension` in `rules.yaml`) is Current and [suspended](crate::model::Readiness::suspended):
//!   nothing is on its way. A failure stays one. Of the built-in kinds only those of `batch` are
//!   suspended.
//! - *Odd shapes.* kstatus refuses an object whose fields have unexpected types. Kronika leaves such
//!   a field out, and reads a generation in quotes.
//!
//! For kinds that run to an end, Current means that they ended well; only the built-in Job and Pod are
//! Current in more cases, as in kstatus.

mod book;
mod compiled;
mod fallback;
mod kstatus;
mod path;
mod polarity;
mod rule;
mod verdict;
mod workloads;

#[cfg(test)]
mod cases_tests;

pub use book::{RuleBook, RuleError};
use compiled::CompiledRule;
pub use polarity::{ConditionHealth, Polarity};
pub use rule::{Clause, OneOrMany, Outcome, ReadinessRule, Scalar, Test};
