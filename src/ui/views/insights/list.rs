//! Which insights are shown, in their order.

use std::sync::Arc;

use crate::{
    insight::{Insight, Rule, Severity},
    timeline::{KindId, Timeline},
    ui::{ViewContext, format},
};

/// Rows at most: nobody reads on from there.
const MOST: usize = 300;

/// What the list is narrowed down to.
#[derive(Debug, Clone, PartialEq, Default)]
pub(super) struct Choice {
    pub(super) kind: Option<KindId>,
    pub(super) namespace: Option<Arc<str>>,
    /// In lower case.
    pub(super) filter: String,
    pub(super) rule: Option<Rule>,
    pub(super) hides_ended: bool,
}

/// The insights that are shown: those that hold, then those that have ended.
#[derive(Debug, Default)]
pub(super) struct List {
    of: Option<(u64, Choice, usize)>,
    shown: Vec<Insight>,
    ended_from: usize,
    left_out: usize,
    /// By severity, of those that hold.
    counts: [usize; 3],
}

impl List {
    pub(super) fn update(&mut self, cx: &ViewContext<'_>, choice: Choice) {
        let ended = if choice.hides_ended {
            0
        } else {
            cx.insights.ended().count()
        };
        let key = (cx.insights.epoch(), choice, ended);
        if self.of.as_ref() == Some(&key) {
            return;
        }
        let choice = &key.1;
        let is_chosen = |insight: &&Insight| {
            choice.kind.is_none_or(|kind| insight.kind == Some(kind))
                && choice.rule.is_none_or(|rule| insight.rule == rule)
                && is_in_namespace(cx.timeline, insight, choice.namespace.as_ref())
                && matches(cx.timeline, insight, &choice.filter)
        };
        let active: Vec<_> = cx.insights.active().into_iter().filter(is_chosen).collect();
        self.counts = [Severity::Critical, Severity::Warning, Severity::Notice]
            .map(|severity| active.iter().filter(|of| of.severity == severity).count());
        self.left_out = active.len().saturating_sub(MOST);
        self.shown = active.into_iter().take(MOST).cloned().collect();
        self.ended_from = self.shown.len();
        if !choice.hides_ended {
            let room = MOST - self.shown.len();
            let ended = cx.insights.ended().filter(is_chosen).take(room);
            self.shown.extend(ended.cloned());
        }
        self.of = Some(key);
    }

    pub(super) fn shown(&self) -> &[Insight] {
        &self.shown
    }

    pub(super) fn ended_from(&self) -> usize {
        self.ended_from
    }

    pub(super) fn left_out(&self) -> usize {
        self.left_out
    }

    pub(super) fn is_empty(&self) -> bool {
        self.shown.is_empty()
    }

    /// Whether more than the whole context was asked for.
    pub(super) fn is_narrowed(&self) -> bool {
        self.of.as_ref().is_some_and(|(_, choice, _)| {
            choice.kind.is_some()
                || choice.rule.is_some()
                || choice.namespace.is_some()
                || !choice.filter.is_empty()
        })
    }

    /// `1 critical, 3 warnings`, for the tab bar.
    pub(super) fn counts(&self) -> String {
        let [critical, warnings, notices] = self.counts;
        let parts = [
            (critical > 0).then(|| format!("{} critical", format::count(critical))),
            (warnings > 0).then(|| format::counted(warnings, "warning")),
            (notices > 0).then(|| format::counted(notices, "notice")),
        ];
        let parts: Vec<_> = parts.into_iter().flatten().collect();
        if parts.is_empty() {
            return "nothing is wrong".to_owned();
        }
        parts.join(", ")
    }
}

/// Whether an insight shows while only one namespace does. What is about a kind, or about an object
/// without a namespace, always does.
pub(in crate::ui) fn is_in_namespace(
    timeline: &Timeline,
    insight: &Insight,
    namespace: Option<&Arc<str>>,
) -> bool {
    let Some(wanted) = namespace else {
        return true;
    };
    let object = insight.object.and_then(|id| timeline.object(id));
    let of = object.and_then(|object| object.key.namespace.as_ref());
    of.is_none_or(|of| of == wanted)
}

fn matches(timeline: &Timeline, insight: &Insight, filter: &str) -> bool {
    filter.is_empty()
        || [
            &insight.subject(timeline),
            &insight.title,
            &insight.explanation,
        ]
        .into_iter()
        .any(|text| text.to_lowercase().contains(filter))
}
