//! What `record` says while it runs: trouble as lines, progress as one line that is rewritten.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    io::{self, IsTerminal, Write},
    time::{Duration, Instant},
};

use super::output;
use crate::{
    model::{ConnectionState, WatchStatus},
    timeline::{KindId, Timeline},
};

/// Kinds to name in a line before counting the rest.
const KINDS: usize = 3;
/// The rate is over this long.
const RATE_WINDOW: Duration = Duration::from_secs(2);

/// Stderr, with at most one progress line at its end.
#[derive(Debug)]
pub(super) struct Console {
    terminal: bool,
    /// The progress line stands on the terminal.
    drawn: bool,
    started: Instant,
    /// Changes that were counted, and when.
    counted: VecDeque<(Instant, usize)>,
    /// What was last said of each kind, by context.
    said: HashMap<(usize, KindId), String>,
    connection_said: HashMap<usize, String>,
}

/// What was recorded so far.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Totals {
    objects: usize,
    kinds: usize,
    changes: usize,
    gaps: usize,
}

impl Totals {
    /// Adds a context.
    pub(super) fn add(&mut self, timeline: &Timeline) {
        self.objects += timeline.live_count();
        self.kinds += timeline.kinds().filter(|(_, kind)| kind.served).count();
        self.changes += timeline.change_count();
        self.gaps += timeline.gaps().len();
    }

    /// In words.
    pub(super) fn text(self) -> String {
        let Self {
            objects,
            kinds,
            changes,
            gaps,
        } = self;
        let mut text = format!("{objects} objects of {kinds} kinds, {changes} changes");
        if gaps > 0 {
            text.push_str(&format!(", {gaps} gaps"));
        }
        text
    }
}

impl Console {
    pub(super) fn new() -> Self {
        Self {
            terminal: io::stderr().is_terminal(),
            drawn: false,
            started: Instant::now(),
            counted: VecDeque::new(),
            said: HashMap::new(),
            connection_said: HashMap::new(),
        }
    }

    /// Prints a line for good.
    pub(super) fn line(&mut self, text: &str) {
        self.clear();
        // Nobody to tell that nobody listens.
        let _ = writeln!(io::stderr(), "{text}");
    }

    /// Prints a line that only a person at a terminal wants.
    pub(super) fn remark(&mut self, text: &str) {
        if self.terminal {
            self.line(text);
        }
    }

    /// Says what changed for the worse, or back, in a context's watches.
    pub(super) fn report(&mut self, index: usize, timeline: &Timeline) {
        let context = &timeline.context;
        let said = self.connection_said.get(&index);
        match &timeline.connection {
            ConnectionState::Failed { error, .. } if said.is_none_or(|said| **said != **error) => {
                self.connection_said.insert(index, error.to_string());
                self.line(&format!("warning: {context}: {error}"));
            }
            ConnectionState::Connected { .. } if said.is_some() => {
                self.connection_said.remove(&index);
                self.line(&format!("note: {context}: connected"));
            }
            _ => {}
        }
        // One cause mostly hits many kinds at once.
        let mut troubled: BTreeMap<String, Vec<String>> = BTreeMap::new();
        let mut recovered = Vec::new();
        for (id, kind) in timeline.kinds() {
            let trouble = match &kind.status {
                WatchStatus::Forbidden { error } => format!("no permission: {error}"),
                WatchStatus::BackingOff { error, .. } => error.to_string(),
                WatchStatus::Polling => {
                    "watch is not allowed; listed again and again instead".into()
                }
                WatchStatus::Watching => {
                    if self.said.remove(&(index, id)).is_some() {
                        recovered.push(kind.kind.to_string());
                    }
                    continue;
                }
                _ => continue,
            };
            if self.said.get(&(index, id)) != Some(&trouble) {
                troubled
                    .entry(trouble.clone())
                    .or_default()
                    .push(kind.kind.to_string());
                self.said.insert((index, id), trouble);
            }
        }
        for (trouble, kinds) in troubled {
            let kinds = output::some(&kinds, KINDS, ", ");
            self.line(&format!("warning: {context}: {kinds}: {trouble}"));
        }
        if !recovered.is_empty() {
            let kinds = output::some(&recovered, KINDS, ", ");
            self.line(&format!("note: {context}: {kinds}: watched again"));
        }
    }

    /// Rewrites the progress line.
    pub(super) fn progress(&mut self, totals: Totals) {
        if !self.terminal {
            return;
        }
        let now = Instant::now();
        self.counted.push_back((now, totals.changes));
        while self.counted.len() > 2
            && self
                .counted
                .front()
                .is_some_and(|(at, _)| now - *at > RATE_WINDOW)
        {
            self.counted.pop_front();
        }
        let rate = match self.counted.front() {
            Some((at, before)) if now > *at => {
                (totals.changes - before) as f64 / (now - *at).as_secs_f64()
            }
            _ => 0.0,
        };
        let seconds = self.started.elapsed().as_secs();
        let text = format!(
            "{}:{:02} recording: {}, {rate:.0}/s",
            seconds / 60,
            seconds % 60,
            totals.text()
        );
        let _ = write!(io::stderr(), "\r\x1b[2K{text}");
        self.drawn = true;
    }

    /// Takes the progress line away.
    pub(super) fn clear(&mut self) {
        if std::mem::take(&mut self.drawn) {
            let _ = write!(io::stderr(), "\r\x1b[2K");
        }
    }
}
