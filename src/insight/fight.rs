//! Field managers that undo each other's writes.
//!
//! A write *reverses* when it brings a field back to a value that it had before (A → B → A), and another
//! manager had changed it in between. `reversals` of them by two or more managers on one field within
//! `window` are a fight. A hand-over (A → B) and a single revert never are; nor is one manager that
//! scales up and down, since nobody undoes it.
//!
//! Managers that each write values of their own (a counter, a hash) undo each other as well without
//! ever repeating a value: `alternations` writes of one field of the desired state or the
//! metadata, each by another manager than the one before, count too.
//!
//! Controllers share an object's status by design, and hand-shakes between them (requested, done,
//! requested again) go around in circles while the work goes on. So in `status` a write reverses only
//! when it brings nothing new at all: every field of it is one that was had before, but for
//! timestamps, messages and observed generations.
//!
//! Writes whose manager is not certain ("one of") are no evidence. Values are read only for fields that
//! more than one manager writes. It has ended after `calm` without another reversal.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    sync::Arc,
};

use serde::{Deserialize, Serialize};

use super::{
    Answer, Context, Evidence, Finding, Severity,
    evidence::{at_pointer, field_label, fingerprint, shown, with_body},
    listed, micros,
};
use crate::{
    diff::is_timestamp,
    model::{ChangeKind, Json, Provenance},
    timeline::{ChangeEntry, ChangeId},
};

/// Fields of one object that are followed, at most.
const FIELDS: usize = 256;
/// Writes of one contested field that are remembered.
const WRITES: usize = 32;
/// Writes that are shown as evidence.
const SHOWN: usize = 8;

/// When managers fight.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct FightSettings {
    /// The window; 600 s, three syncs of Argo CD, which compares every 3 minutes.
    pub window_seconds: u64,
    /// Reversals within the window; 3, because a revert may be reverted on purpose.
    pub reversals: usize,
    /// Writes by changing managers within the window, where values never repeat; 6.
    pub alternations: usize,
    /// Time without a reversal after which it has ended; 300 s.
    pub calm_seconds: u64,
}

impl Default for FightSettings {
    fn default() -> Self {
        Self {
            window_seconds: 600,
            reversals: 3,
            alternations: 6,
            calm_seconds: 300,
        }
    }
}

/// What one object shows.
#[derive(Debug, Default)]
pub(super) struct Fight {
    fields: HashMap<Arc<str>, Field>,
    contested: usize,
}

#[derive(Debug)]
struct Field {
    at: i64,
    last: ChangeId,
    manager: Arc<str>,
    contest: Option<Box<Contest>>,
}

/// A field that several managers write.
#[derive(Debug, Default)]
struct Contest {
    label: String,
    writes: VecDeque<FieldWrite>,
    /// The fight that goes on.
    episode: Option<Episode>,
}

#[derive(Debug, Clone)]
struct FieldWrite {
    at: i64,
    id: ChangeId,
    manager: Arc<str>,
    value: u64,
    shown: String,
    reverses: bool,
    /// Of desired state or metadata, by another manager than the write before.
    alternates: bool,
}

#[derive(Debug, Clone)]
struct Episode {
    since: i64,
    reversals: usize,
    by: BTreeMap<Arc<str>, usize>,
}

impl Fight {
    pub(super) fn observe(&mut self, cx: Context<'_>, id: ChangeId, change: &ChangeEntry) {
        let seen = change.change == ChangeKind::Modified && change.provenance == Provenance::Watch;
        let mut managers = cx.timeline.managers(change);
        let (Some(manager), 0) = (managers.next(), managers.len()) else {
            return;
        };
        if !seen || change.touches.heartbeat {
            return;
        }
        let window = micros(cx.settings.fight.window_seconds);
        self.forget(cx.at - window);
        let paths: Vec<Arc<str>> = cx
            .timeline
            .paths(change)
            .map(|path| path.shared())
            .collect();
        let mut is_contested = false;
        for path in &paths {
            let is_full = self.fields.len() >= FIELDS;
            match self.fields.get_mut(path) {
                Some(field) => {
                    if field.contest.is_none() && field.manager != *manager {
                        let mut contest = Contest::default();
                        with_body(cx.timeline, field.last, |json| {
                            contest.push(write_of(
                                json,
                                path,
                                field.at,
                                field.last,
                                &field.manager,
                            ));
                        });
                        field.contest = Some(Box::new(contest));
                        self.contested += 1;
                    }
                    is_contested |= field.contest.is_some();
                    (field.at, field.last) = (cx.at, id);
                    field.manager = Arc::clone(manager);
                }
                None if !is_full => {
                    self.fields.insert(
                        Arc::clone(path),
                        Field {
                            at: cx.at,
                            last: id,
                            manager: Arc::clone(manager),
                            contest: None,
                        },
                    );
                }
                None => {}
            }
        }
        if is_contested {
            with_body(cx.timeline, id, |json| {
                self.contested_write(cx, id, manager, &paths, json);
            });
        }
    }

    fn contested_write(
        &mut self,
        cx: Context<'_>,
        id: ChangeId,
        manager: &Arc<str>,
        paths: &[Arc<str>],
        json: &Json<'_>,
    ) {
        let mut writes = Vec::new();
        let mut brings_news = false;
        for path in paths {
            let contest = self
                .fields
                .get(path)
                .and_then(|field| field.contest.as_deref());
            let Some(contest) = contest else {
                brings_news |= !is_incidental(path, json);
                continue;
            };
            let mut write = write_of(json, path, cx.at, id, manager);
            write.reverses = contest.is_reversed_by(&write);
            write.alternates = !is_status(path)
                && contest
                    .writes
                    .back()
                    .is_some_and(|last| last.manager != *manager);
            brings_news |= !write.reverses && !is_incidental(path, json);
            writes.push((path, write));
        }
        for (path, mut write) in writes {
            write.reverses &= !(brings_news && is_status(path));
            let field = self.fields.get_mut(path);
            if let Some(contest) = field.and_then(|field| field.contest.as_deref_mut()) {
                if contest.label.is_empty() || !is_status(path) {
                    contest.label = field_label(json, path);
                }
                contest.push(write);
                contest.judge(cx);
            }
        }
    }

    /// Drops what was not written since, to stay small.
    fn forget(&mut self, since: i64) {
        if self.fields.len() > FIELDS / 4 || self.contested > 0 {
            self.fields.retain(|_, field| {
                let keep = field.at >= since;
                self.contested -= usize::from(!keep && field.contest.is_some());
                keep
            });
        }
    }

    pub(super) fn check(&mut self, cx: Context<'_>) -> Answer {
        if self.contested == 0 {
            return Answer::default();
        }
        let calm = micros(cx.settings.fight.calm_seconds);
        let mut due = None;
        // Fields that the same managers fight over are one fight.
        let mut groups: BTreeMap<String, Vec<&Contest>> = BTreeMap::new();
        for field in self.fields.values_mut() {
            let Some(contest) = &mut field.contest else {
                continue;
            };
            let last = contest.last_round();
            if contest.episode.is_some() && last.saturating_add(calm) <= cx.at {
                contest.episode = None;
            }
            if let Some(episode) = &contest.episode {
                let end = last.saturating_add(calm);
                due = Some(due.map_or(end, |due: i64| due.min(end)));
                let managers: Vec<_> = episode.by.keys().map(|name| &**name).collect();
                groups.entry(managers.join(", ")).or_default().push(contest);
            }
        }
        let findings = groups
            .into_iter()
            .filter_map(|(detail, contests)| finding(detail, contests))
            .collect();
        Answer { findings, due }
    }
}

impl Contest {
    fn push(&mut self, write: FieldWrite) {
        if self.writes.len() == WRITES {
            self.writes.pop_front();
        }
        self.writes.push_back(write);
    }

    /// Whether a write brings back a value that another manager had replaced.
    fn is_reversed_by(&self, write: &FieldWrite) -> bool {
        let Some(last) = self.writes.back() else {
            return false;
        };
        last.value != write.value
            && last.manager != write.manager
            && self.writes.iter().any(|known| known.value == write.value)
    }

    /// When the last reversal or alternation was.
    fn last_round(&self) -> i64 {
        let round = |write: &&FieldWrite| write.reverses || write.alternates;
        self.writes
            .iter()
            .rev()
            .find(round)
            .map_or(i64::MIN, |write| write.at)
    }

    /// Whether a fight begins, or goes on, with the newest write.
    fn judge(&mut self, cx: Context<'_>) {
        let settings = &cx.settings.fight;
        let since = cx.at - micros(settings.window_seconds);
        let Some(newest) = self.writes.back() else {
            return;
        };
        if let Some(episode) = &mut self.episode {
            episode.reversals += usize::from(newest.reverses || newest.alternates);
            *episode.by.entry(Arc::clone(&newest.manager)).or_default() += 1;
            return;
        }
        let recent = || self.writes.iter().filter(|write| write.at > since);
        let reversals = recent().filter(|write| write.reverses).count();
        let alternations = recent().filter(|write| write.alternates).count();
        let by_value = reversals >= settings.reversals.max(1);
        let by_field = alternations >= settings.alternations.max(2);
        if !by_value && !by_field {
            return;
        }
        let mut by = BTreeMap::new();
        for write in recent() {
            *by.entry(Arc::clone(&write.manager)).or_default() += 1;
        }
        if by.len() > 1 {
            self.episode = Some(Episode {
                since: recent().next().map_or(cx.at, |write| write.at),
                reversals: if by_value { reversals } else { alternations },
                by,
            });
        }
    }
}

fn write_of(json: &Json<'_>, path: &str, at: i64, id: ChangeId, manager: &Arc<str>) -> FieldWrite {
    let value = at_pointer(json, path);
    FieldWrite {
        at,
        id,
        manager: Arc::clone(manager),
        value: fingerprint(value),
        shown: shown(value),
        reverses: false,
        alternates: false,
    }
}

fn is_status(path: &str) -> bool {
    path.split('/').nth(1) == Some("status")
}

/// Whether a field says when or how often rather than what.
fn is_incidental(path: &str, json: &Json<'_>) -> bool {
    path.ends_with("/message")
        || path.ends_with("/observedGeneration")
        || at_pointer(json, path).is_some_and(is_timestamp)
}

/// One fight, over all fields that it is about.
fn finding(detail: String, mut contests: Vec<&Contest>) -> Option<Finding> {
    contests.sort_by(|a, b| a.label.cmp(&b.label));
    let rounds = |contest: &&&Contest| contest.episode.as_ref().map_or(0, |e| e.reversals);
    let most = contests.iter().rev().max_by_key(rounds)?;
    let episode = most.episode.as_ref()?;
    let since = contests
        .iter()
        .filter_map(|c| Some(c.episode.as_ref()?.since))
        .min()?;
    let others = match contests.len() - 1 {
        0 => String::new(),
        more => format!(" and {}", super::counted(more, "more field")),
    };
    let field = if most.label.is_empty() {
        "the object"
    } else {
        &most.label
    };
    let who: Vec<_> = episode
        .by
        .iter()
        .map(|(name, count)| format!("{name} ({})", super::counted(*count, "write")))
        .collect();
    let mut values: Vec<&str> = Vec::new();
    for write in most.writes.iter().rev() {
        if !values.contains(&write.shown.as_str()) && values.len() < 3 {
            values.push(&write.shown);
        }
    }
    values.reverse();
    let evidence = most.writes.iter().rev().take(SHOWN).rev();
    Some(Finding {
        detail,
        severity: Severity::Warning,
        since,
        title: format!("fight over {field}{others}"),
        explanation: format!(
            "{} undid each other's writes {}: {}.",
            listed(&who),
            times(episode.reversals),
            values.join(" ↔ "),
        ),
        evidence: evidence
            .map(|write| Evidence::Change {
                id: write.id,
                note: format!("{} set {}", write.manager, write.shown),
            })
            .collect(),
    })
}

fn times(count: usize) -> String {
    match count {
        1 => "once".to_owned(),
        2 => "twice".to_owned(),
        more => format!("{more} times"),
    }
}
