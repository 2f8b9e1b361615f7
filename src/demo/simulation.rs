//! The clockwork of the simulated controllers: a queue of what happens when, on a time of its own.
//!
//! One task works it off in order. With the same seed the same things happen in the same order,
//! however busy the machine is; only the times that stand in the objects are those of the wall.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, HashSet};
use std::sync::Arc;
use std::time::Duration;

use fastrand::Rng;
use jiff::{Timestamp, Unit};
use tokio::sync::mpsc;
use tokio::time::Instant;

use super::kinds;
use super::ring::Key;
use super::server::UserWrite;
use super::store::{KindId, Store};
use super::storylines::Story;

/// How far the simulation may lag behind the wall before it lets go of the difference.
const MAX_LAG: Duration = Duration::from_secs(2);

/// Something that will happen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Task {
    /// The next piece of everyday traffic.
    Traffic,
    /// The next turn of a storyline.
    Story(Story),
    /// A controller gets to this stage; outdated when another reconcile has begun since.
    Reconcile {
        kind: KindId,
        key: Key,
        run: u64,
        stage: u32,
    },
    /// A controller lets go of a deleted object.
    Release { kind: KindId, key: Key },
    /// Somebody deletes an object.
    Delete { kind: KindId, key: Key },
    /// The certificate that a request was for is up to date again.
    Renewed { key: Key },
}

#[derive(Debug, PartialEq, Eq)]
struct Due {
    at: Duration,
    sequence: u64,
    task: Task,
}

impl Ord for Due {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        (self.at, self.sequence).cmp(&(other.at, other.sequence))
    }
}

impl PartialOrd for Due {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

/// All controllers, users and pipelines of the cluster.
pub(super) struct Simulation {
    pub(super) store: Arc<Store>,
    pub(super) rng: Rng,
    /// Changes per second that are wanted.
    pub(super) rate: f64,
    /// The objects of each kind that traffic chooses from.
    pub(super) cast: Vec<Vec<Key>>,
    /// Objects whose controller never gets round to them.
    pub(super) stuck: HashSet<(KindId, Key)>,
    /// Objects that everyday traffic keeps away from, because a story is about them.
    pub(super) reserved: HashSet<(KindId, Key)>,
    /// Objects whose finalizer is never removed.
    pub(super) held: HashSet<(KindId, Key)>,
    /// Until when cert-manager is slow, in simulated time.
    pub(super) slow_until: Duration,
    pub(super) now: Duration,
    /// The reconcile that is under way for an object, by its number.
    pub(super) runs: HashMap<(KindId, Key), u64>,
    /// What the clock on the wall showed at the start of simulated time.
    began: Timestamp,
    queue: BinaryHeap<Reverse<Due>>,
    sequence: u64,
}

impl Simulation {
    pub(super) fn new(store: Arc<Store>, rng: Rng, rate: f64) -> Self {
        Self {
            store,
            rng,
            rate,
            cast: vec![Vec::new(); kinds::KINDS.len()],
            stuck: HashSet::new(),
            held: HashSet::new(),
            reserved: HashSet::new(),
            slow_until: Duration::ZERO,
            now: Duration::ZERO,
            runs: HashMap::new(),
            // A whole second: which writes fall into the same one is part of the story.
            began: Timestamp::now().round(Unit::Second).unwrap_or_default(),
            queue: BinaryHeap::new(),
            sequence: 0,
        }
    }

    /// The time that stands in the objects.
    pub(super) fn wall(&self) -> Timestamp {
        self.began.checked_add(self.now).unwrap_or(self.began)
    }

    /// Moves on to `now`, and follows the wall where simulated time stood still, as it does while a
    /// computer sleeps.
    fn follow_wall(&mut self, now: Duration) {
        self.now = self.now.max(now);
        let drift = Timestamp::now().duration_since(self.wall());
        if drift.unsigned_abs() > MAX_LAG {
            self.began = self.began.checked_add(drift).unwrap_or(self.began);
        }
    }

    /// Has something happen `seconds` from now.
    pub(super) fn schedule(&mut self, seconds: f64, task: Task) {
        let delay = Duration::try_from_secs_f64(seconds).unwrap_or(Duration::ZERO);
        let sequence = self.next_number();
        let at = self.now + delay;
        self.queue.push(Reverse(Due { at, sequence, task }));
    }

    /// A number that has not been used before.
    pub(super) fn next_number(&mut self) -> u64 {
        self.sequence += 1;
        self.sequence
    }

    /// When the next thing happens.
    fn next_at(&self) -> Option<Duration> {
        self.queue.peek().map(|Reverse(due)| due.at)
    }

    /// Has the next thing happen, and moves the time to it.
    pub(super) fn step(&mut self) {
        let Some(Reverse(due)) = self.queue.pop() else {
            return;
        };
        self.now = self.now.max(due.at);
        match due.task {
            Task::Traffic => self.traffic(),
            Task::Story(story) => self.tell(story),
            Task::Reconcile {
                kind,
                key,
                run,
                stage,
            } => self.reconcile(kind, key, run, stage),
            Task::Release { kind, key } => self.release(kind, &key),
            Task::Delete { kind, key } => self.delete(kind, &key),
            Task::Renewed { key } => self.begin_reconcile(kinds::CERTIFICATE, &key),
        }
    }

    /// Runs in real time, and reacts to what clients write.
    pub(super) async fn run(mut self, mut user_writes: mpsc::Receiver<UserWrite>) {
        let mut start = Instant::now();
        self.began = Timestamp::now();
        loop {
            let next = self.next_at().map(|at| start + at);
            let lag = next.map_or(Duration::ZERO, |at| at.elapsed());
            if lag > MAX_LAG {
                start += lag;
            }
            let at = next.unwrap_or_else(|| Instant::now() + Duration::from_secs(3600));
            tokio::select! {
                biased;
                write = user_writes.recv() => match write {
                    Some(write) => {
                        self.follow_wall(start.elapsed());
                        self.react(write);
                    }
                    None => return,
                },
                // Yields even when it is late, so that a busy simulation starves nobody.
                () = tokio::time::sleep_until(at) => {
                    self.follow_wall(self.next_at().unwrap_or_default());
                    self.step();
                }
            }
        }
    }
}
