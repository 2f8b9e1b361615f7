//! The list of insights: what holds, and what has ended lately.

use std::collections::{BTreeMap, VecDeque};

use super::{Evidence, Finding, Rule, Severity};
use crate::{
    model::spoken_duration,
    timeline::{ChangeId, KindId, ObjectId, Timeline},
};

/// Ended insights that are kept, at most; the oldest go first.
const ENDED_KEPT: usize = 500;

/// What an insight is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) enum Subject {
    Context,
    Kind(KindId),
    Object(ObjectId),
}

/// One thing that is wrong, or was.
#[derive(Debug, Clone, PartialEq)]
pub struct Insight {
    /// The rule that found it.
    pub rule: Rule,
    /// How much it matters.
    pub severity: Severity,
    /// The kind that it is about; `None` for the whole context.
    pub kind: Option<KindId>,
    /// The object that it is about; `None` for a kind or the whole context.
    pub object: Option<ObjectId>,
    /// When it began (microseconds since the epoch).
    pub since: i64,
    /// When it ended; `None` while it holds.
    pub until: Option<i64>,
    /// What it is, in a few words: `fight over spec.replicas`.
    pub title: String,
    /// Why that was said, in a sentence with names and figures.
    pub explanation: String,
    /// What it rests on; changes oldest first.
    pub evidence: Vec<Evidence>,
}

impl Insight {
    /// Whether it holds.
    #[must_use]
    pub fn is_active(&self) -> bool {
        self.until.is_none()
    }

    /// For how long it has held at a moment, or held before it ended.
    #[must_use]
    pub fn age(&self, now: i64) -> std::time::Duration {
        super::stretch(self.until.unwrap_or(now) - self.since)
    }

    /// The changes of its evidence, oldest first.
    pub fn changes(&self) -> impl DoubleEndedIterator<Item = ChangeId> + '_ {
        self.evidence.iter().filter_map(|evidence| match evidence {
            Evidence::Change { id, .. } => Some(*id),
            Evidence::Figure { .. } => None,
        })
    }

    /// What it is about: `Certificate shop/payments-tls`, `Certificate`, or the context.
    #[must_use]
    pub fn subject(&self, timeline: &Timeline) -> String {
        let kind = self.kind.and_then(|id| timeline.kind(id));
        let object = self.object.and_then(|id| timeline.object(id));
        match (kind, object) {
            (Some(kind), Some(object)) => format!("{} {}", kind.kind.kind, object.key),
            (Some(kind), None) => kind.kind.kind.clone(),
            _ => timeline.context.to_string(),
        }
    }

    /// On one line: `fight: Database platform/orders-db: fight over spec.replicas (4 m 12 s)`.
    #[must_use]
    pub fn summary(&self, timeline: &Timeline, now: i64) -> String {
        let ended = if self.is_active() { "" } else { ", ended" };
        format!(
            "{}: {}: {} ({}{ended})",
            self.rule.id(),
            self.subject(timeline),
            self.title,
            spoken_duration(self.age(now)),
        )
    }
}

/// What holds, and what has ended.
#[derive(Debug, Default)]
pub(super) struct Register {
    active: BTreeMap<(Subject, Rule, String), Insight>,
    ended: VecDeque<Insight>,
    epoch: u64,
}

impl Register {
    pub(super) fn active(&self) -> impl Iterator<Item = &Insight> {
        self.active.values()
    }

    /// Newest first.
    pub(super) fn ended(&self) -> impl Iterator<Item = &Insight> {
        self.ended.iter().rev()
    }

    /// Counts up when anything in the list changes.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// What holds on one subject.
    pub(super) fn of(&self, subject: Subject) -> impl Iterator<Item = &Insight> {
        let first = (subject, Rule::Stuck, String::new());
        self.active
            .range(first..)
            .take_while(move |((of, _, _), _)| *of == subject)
            .map(|(_, insight)| insight)
    }

    /// Takes all that a rule says about a subject now: the findings begin, go on, or, where they are
    /// missing, have ended.
    pub(super) fn report(
        &mut self,
        timeline: &Timeline,
        (subject, rule): (Subject, Rule),
        findings: Vec<Finding>,
        at: i64,
    ) {
        let first = (subject, rule, String::new());
        let gone: Vec<_> = self
            .active
            .range(first..)
            .take_while(|((s, r, _), _)| (*s, *r) == (subject, rule))
            .filter(|((_, _, detail), _)| findings.iter().all(|finding| finding.detail != *detail))
            .map(|(key, _)| key.clone())
            .collect();
        for key in gone {
            self.end(&key, at);
        }
        for finding in findings {
            let (kind, object) = match subject {
                Subject::Context => (None, None),
                Subject::Kind(kind) => (Some(kind), None),
                Subject::Object(id) => (timeline.object(id).map(|of| of.kind), Some(id)),
            };
            let insight = Insight {
                rule,
                severity: finding.severity,
                kind,
                object,
                since: finding.since,
                until: None,
                title: finding.title,
                explanation: finding.explanation,
                evidence: finding.evidence,
            };
            let key = (subject, rule, finding.detail);
            if self.active.get(&key) != Some(&insight) {
                self.active.insert(key, insight);
                self.epoch += 1;
            }
        }
    }

    /// The subject is gone: nothing holds on it any more.
    pub(super) fn forget(&mut self, subject: Subject, at: i64) {
        let first = (subject, Rule::Stuck, String::new());
        let keys: Vec<_> = self
            .active
            .range(first..)
            .take_while(|((of, _, _), _)| *of == subject)
            .map(|(key, _)| key.clone())
            .collect();
        for key in keys {
            self.end(&key, at);
        }
    }

    fn end(&mut self, key: &(Subject, Rule, String), at: i64) {
        let Some(mut insight) = self.active.remove(key) else {
            return;
        };
        self.epoch += 1;
        // What was not watched is told by the gaps of the history.
        if insight.rule == Rule::Coverage {
            return;
        }
        insight.until = Some(at);
        self.ended.push_back(insight);
        if self.ended.len() > ENDED_KEPT {
            self.ended.pop_front();
        }
    }
}
