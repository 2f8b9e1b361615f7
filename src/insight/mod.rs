//! What is wrong right now: rules over a change history, each with a definition that can be read.
//!
//! | rule | what it says | defined in |
//! |---|---|---|
//! | stuck | a reconcile is open for much longer than this kind takes | [`StuckSettings`] |
//! | never observed | nothing seems to reconcile a kind | [`NeverObservedSettings`] |
//! | fight | field managers undo each other's writes of one field | [`FightSettings`] |
//! | hot loop | an object is written again and again, to no end | [`HotLoopSettings`] |
//! | flapping | a condition goes back and forth | [`FlappingSettings`] |
//! | held deletion | a deletion waits for a finalizer | [`HeldDeletionSettings`] |
//! | unauthorised manager | somebody outside an allow-list wrote desired state | [`UnauthorisedSettings`] |
//! | unusual rate | a kind changes far more than it usually does, or has fallen silent | [`RateSettings`] |
//! | coverage | what is not watched, and why | [`Rule::Coverage`] |
//!
//! Every rule reads changes in the order in which they came and is a function of them and of the
//! moment that it is asked for: [`InsightEngine`] keeps the answers up change by change with a state
//! that is bounded per object, and gives exactly what [`evaluate`] finds from scratch. Time is the
//! observer's wall clock, which within a recording never runs backwards ([`crate::model::Clock`]) and
//! can be compared across recordings. What was not watched is never held against anybody: no rule
//! comes due within a gap, or while the watch of its kind is down.

mod coverage;
mod engine;
mod evidence;
mod fight;
mod flapping;
mod held_deletion;
mod hot_loop;
mod never_observed;
mod object_state;
mod register;
mod rule;
mod settings;
mod stuck;
mod unauthorised;
mod unusual_rate;

#[cfg(test)]
mod tests;

pub use engine::{InsightEngine, evaluate};
pub use evidence::Evidence;
pub use fight::FightSettings;
pub use flapping::FlappingSettings;
pub use held_deletion::HeldDeletionSettings;
pub use hot_loop::HotLoopSettings;
pub use never_observed::NeverObservedSettings;
pub use register::Insight;
pub use rule::{Rule, Severity};
pub use settings::InsightSettings;
pub use stuck::StuckSettings;
pub use unauthorised::{AllowList, UnauthorisedSettings};
pub use unusual_rate::RateSettings;

use crate::timeline::Timeline;

/// What a rule is given: the history, the moment, and what the user set.
#[derive(Clone, Copy)]
struct Context<'a> {
    timeline: &'a Timeline,
    settings: &'a InsightSettings,
    /// Wall time in microseconds: nothing later is looked at.
    at: i64,
}

/// What a rule found on its subject.
#[derive(Debug, Clone, PartialEq)]
struct Finding {
    /// Tells findings of one rule on one subject apart: a condition, a pair of managers.
    detail: String,
    severity: Severity,
    /// When it began (microseconds since the epoch).
    since: i64,
    title: String,
    explanation: String,
    evidence: Vec<Evidence>,
}

/// What a rule says when it is asked.
#[derive(Debug, Default, PartialEq)]
struct Answer {
    findings: Vec<Finding>,
    /// When time alone may change the answer.
    due: Option<i64>,
}

impl Answer {
    fn later(due: i64) -> Self {
        Self {
            findings: Vec::new(),
            due: Some(due),
        }
    }
}

const SECOND: i64 = 1_000_000;

/// Seconds of a setting in microseconds.
fn micros(seconds: u64) -> i64 {
    i64::try_from(seconds)
        .unwrap_or(i64::MAX / SECOND)
        .saturating_mul(SECOND)
}

/// A stretch of microseconds, for words.
fn stretch(micros: i64) -> std::time::Duration {
    std::time::Duration::from_micros(micros.max(0).unsigned_abs())
}

/// `1 object`, `2 objects`.
fn counted(number: usize, noun: &str) -> String {
    let plural = if number == 1 { "" } else { "s" };
    format!("{number} {noun}{plural}")
}

/// `a`, `a and b`, `a, b and c`.
fn listed<T: AsRef<str>>(names: &[T]) -> String {
    match names {
        [] => String::new(),
        [one] => one.as_ref().to_owned(),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(AsRef::as_ref).collect();
            format!("{} and {}", first.join(", "), last.as_ref())
        }
    }
}

/// The numbers of an ordered list, by nearest rank: `percent` of them are not above it.
fn nearest_rank<T: Copy>(sorted: &[T], percent: usize) -> Option<T> {
    let rank = (sorted.len() * percent).div_ceil(100).max(1);
    sorted.get(rank - 1).copied()
}
