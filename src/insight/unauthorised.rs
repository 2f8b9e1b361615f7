//! Desired state written by somebody who should not.
//!
//! Off until allow-lists are configured. Each names kinds and namespaces, and the managers that may
//! write the desired state there; `*` stands for any text. A write is unauthorised when at least one
//! list is about its object and none of those allows its manager. Where the manager is one of several,
//! it counts only when none of them is allowed. What was there before we looked is not judged.

use std::{collections::BTreeMap, sync::Arc};

use serde::{Deserialize, Serialize};

use super::{Answer, Context, Evidence, Finding, Severity, counted, listed, micros};
use crate::{
    model::{ChangeKind, Provenance, ResourceKey, ResourceKind},
    timeline::{ChangeEntry, ChangeId},
};

/// Writes that are shown as evidence.
const SHOWN: usize = 8;

/// Who may write desired state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct UnauthorisedSettings {
    /// The allow-lists; none, so the rule is off.
    pub allow: Vec<AllowList>,
    /// For how long a write is shown; 3,600 s.
    pub keep_seconds: u64,
}

impl Default for UnauthorisedSettings {
    fn default() -> Self {
        Self {
            allow: Vec::new(),
            keep_seconds: 3_600,
        }
    }
}

/// The managers that may write the desired state of some objects.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct AllowList {
    /// Kinds as `PLURAL.GROUP`, `*` for any text; none for all.
    pub kinds: Vec<String>,
    /// Namespaces, `*` for any text; none for all, and for objects without a namespace.
    pub namespaces: Vec<String>,
    /// Field managers, `*` for any text.
    pub managers: Vec<String>,
}

impl AllowList {
    fn is_about(&self, kind: &ResourceKind, key: &ResourceKey) -> bool {
        let plural = kind.qualified_plural();
        let namespace = key.namespace.as_deref().unwrap_or_default();
        let kind_matches = self.kinds.is_empty() || any_matches(&self.kinds, &plural);
        kind_matches && (self.namespaces.is_empty() || any_matches(&self.namespaces, namespace))
    }
}

fn any_matches(patterns: &[String], text: &str) -> bool {
    patterns.iter().any(|pattern| matches(pattern, text))
}

/// Whether a text is as a pattern says, in which `*` stands for any text.
fn matches(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut text) = text.strip_prefix(start) else {
        return false;
    };
    let mut parts: Vec<&str> = rest.split('*').collect();
    let end = parts.pop().unwrap_or_default();
    for part in parts {
        match text.find(part) {
            Some(found) => text = &text[found + part.len()..],
            None => return false,
        }
    }
    text.ends_with(end)
}

/// What one object shows.
#[derive(Debug, Default)]
pub(super) struct Unauthorised {
    writers: BTreeMap<String, Writes>,
}

#[derive(Debug)]
struct Writes {
    first: i64,
    last: i64,
    count: usize,
    ids: Vec<ChangeId>,
}

impl Unauthorised {
    pub(super) fn observe(&mut self, cx: Context<'_>, id: ChangeId, change: &ChangeEntry) {
        let is_write = change.touches.spec
            && change.change != ChangeKind::Deleted
            && change.provenance != Provenance::InitialList;
        if !is_write {
            return;
        }
        let Some(object) = cx.timeline.object(change.object) else {
            return;
        };
        let Some(kind) = cx.timeline.kind(object.kind) else {
            return;
        };
        let lists = cx.settings.unauthorised.allow.iter();
        let about: Vec<_> = lists
            .filter(|list| list.is_about(&kind.kind, &object.key))
            .collect();
        let managers: Vec<&Arc<str>> = cx.timeline.managers(change).collect();
        let allowed = |name: &&Arc<str>| about.iter().any(|list| any_matches(&list.managers, name));
        if about.is_empty() || managers.is_empty() || managers.iter().any(allowed) {
            return;
        }
        let writes = self.writers.entry(listed(&managers)).or_insert(Writes {
            first: cx.at,
            last: cx.at,
            count: 0,
            ids: Vec::new(),
        });
        writes.last = cx.at;
        writes.count += 1;
        if writes.ids.len() == SHOWN {
            writes.ids.remove(0);
        }
        writes.ids.push(id);
    }

    pub(super) fn check(&mut self, cx: Context<'_>) -> Answer {
        let keep = micros(cx.settings.unauthorised.keep_seconds);
        self.writers
            .retain(|_, writes| writes.last.saturating_add(keep) > cx.at);
        Answer {
            findings: self
                .writers
                .iter()
                .map(|(who, writes)| finding(who, writes))
                .collect(),
            due: self
                .writers
                .values()
                .map(|writes| writes.last.saturating_add(keep))
                .min(),
        }
    }
}

fn finding(who: &str, writes: &Writes) -> Finding {
    Finding {
        detail: who.to_owned(),
        severity: Severity::Critical,
        since: writes.first,
        title: format!("desired state written by {who}"),
        explanation: format!(
            "{who} is on no allow-list for this object and made {} of its desired state.",
            counted(writes.count, "write"),
        ),
        evidence: writes
            .ids
            .iter()
            .map(|id| Evidence::Change {
                id: *id,
                note: format!("{who} wrote the spec"),
            })
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        for (pattern, text, expected) in [
            ("argocd-*", "argocd-controller", true),
            ("argocd-*", "kubectl", false),
            ("*.argoproj.io", "rollouts.argoproj.io", true),
            ("*", "", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "a-c-b", false),
            ("ab*ba", "aba", false),
            ("same", "same", true),
            ("", "x", false),
        ] {
            assert_eq!(matches(pattern, text), expected, "{pattern} {text}");
        }
    }
}
