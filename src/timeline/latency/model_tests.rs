//! The tracker against a naive model, on random histories; live against restored is a test of the
//! journal.

use proptest::prelude::*;

use super::{ReadySign, ReconcileSignal, ReconcileTrigger, SampleState, StoredSignal};
use crate::{
    model::{ChangeKind, Generation, Moment, Provenance, Touched},
    timeline::{
        ChangeEntry, ChangeId, ObjectId,
        latency::tracker::{LatencyTracker, Step},
    },
};

/// What may happen to an object.
#[derive(Debug, Clone, Copy)]
enum Act {
    Create,
    ChangeSpec,
    /// The controller says to have seen the generation this far back, and whether it is ready.
    Status {
        back: i64,
        ready: bool,
    },
    Suspend,
    Resume,
    Label,
    RequestDeletion,
    Gone,
}

fn act() -> impl Strategy<Value = Act> {
    prop_oneof![
        1 => Just(Act::Create),
        4 => Just(Act::ChangeSpec),
        6 => (0i64..3, any::<bool>()).prop_map(|(back, ready)| Act::Status { back, ready }),
        1 => Just(Act::Suspend),
        1 => Just(Act::Resume),
        1 => Just(Act::Label),
        1 => Just(Act::RequestDeletion),
        1 => Just(Act::Gone),
    ]
}

#[derive(Debug, Clone, Copy, Default)]
struct Object {
    exists: bool,
    generation: i64,
    observed: Option<i64>,
    ready: bool,
    suspended: bool,
    deleting: bool,
}

/// One sample of the model: the changes that opened, observed and ended it.
#[derive(Debug, PartialEq)]
struct Naive {
    trigger: ReconcileTrigger,
    state: SampleState,
    opened: usize,
    observed: Option<usize>,
    ended: Option<usize>,
}

/// One step of an object's history: what it was like after it, and which parts changed.
#[derive(Debug, Clone)]
struct Row {
    change: ChangeKind,
    object: Object,
    touches: Touched,
}

/// Makes the acts possible ones.
fn history(acts: &[(usize, Act)]) -> Vec<(usize, Row)> {
    let mut objects = [Object::default(); 3];
    let mut rows = Vec::new();
    let touched = |spec, status, metadata| Touched {
        spec,
        status,
        metadata,
        heartbeat: false,
    };
    for (who, act) in acts {
        let object = &mut objects[*who];
        let mut change = ChangeKind::Modified;
        let touches = match *act {
            Act::Create if !object.exists => {
                *object = Object {
                    exists: true,
                    generation: 1,
                    ..Object::default()
                };
                change = ChangeKind::Added;
                touched(true, false, true)
            }
            Act::ChangeSpec if object.exists => {
                object.generation += 1;
                touched(true, false, false)
            }
            Act::Status { back, ready } if object.exists => {
                object.observed = Some((object.generation - back).max(0)).max(object.observed);
                object.ready = ready;
                touched(false, true, false)
            }
            Act::Suspend | Act::Resume if object.exists => {
                let suspend = matches!(act, Act::Suspend);
                if object.suspended == suspend {
                    continue;
                }
                object.suspended = suspend;
                touched(false, false, true)
            }
            Act::Label if object.exists => touched(false, false, true),
            Act::RequestDeletion if object.exists && !object.deleting => {
                object.deleting = true;
                object.generation += 1;
                touched(false, false, true)
            }
            Act::Gone if object.exists => {
                object.exists = false;
                change = ChangeKind::Deleted;
                Touched::default()
            }
            _ => continue,
        };
        rows.push((
            *who,
            Row {
                change,
                object: *object,
                touches,
            },
        ));
    }
    rows
}

/// Looks at every sample by itself: where it begins, and then ahead until it ends.
fn naive(rows: &[(usize, Row)]) -> Vec<Naive> {
    let mut samples = Vec::new();
    for (i, (who, row)) in rows.iter().enumerate() {
        let before = rows[..i].iter().rev().find(|(other, _)| other == who);
        let before = before
            .map(|(_, row)| row)
            .filter(|row| row.change != ChangeKind::Deleted);
        let after = || {
            rows.iter()
                .enumerate()
                .skip(i + 1)
                .filter(|(_, (other, _))| other == who)
        };
        let deletes = row.object.deleting && before.is_some_and(|b| !b.object.deleting);
        if row.change == ChangeKind::Deleted {
            continue;
        }
        if deletes {
            let gone = after().find(|(_, (_, row))| row.change == ChangeKind::Deleted);
            samples.push(Naive {
                trigger: ReconcileTrigger::Deleted,
                state: if gone.is_some() {
                    SampleState::Done
                } else {
                    SampleState::Open
                },
                opened: i,
                observed: None,
                ended: gone.map(|(i, _)| i),
            });
            continue;
        }
        let creates = row.change == ChangeKind::Added;
        let bumps = before.is_some_and(|b| row.object.generation > b.object.generation);
        // Resumed by a label: what was changed before or during the suspension is due.
        let resumes = !row.object.suspended
            && before.is_some_and(|b| b.object.suspended)
            && samples.iter().any(|sample: &Naive| {
                rows[sample.opened].0 == *who
                    && sample.state == SampleState::Suspended
                    && sample.trigger != ReconcileTrigger::Deleted
                    && sample.ended.is_some_and(|ended| {
                        // The suspension that ends here is the one that it left for.
                        rows[ended..i].iter().all(|(other, row)| {
                            other != who
                                || (row.object.suspended && row.change != ChangeKind::Deleted)
                        })
                    })
            });
        if row.object.deleting || !(creates || bumps || resumes) {
            continue;
        }
        let wanted = row.object.generation;
        let is_observed = |row: &Row| row.object.observed >= Some(wanted);
        if is_observed(row) && row.object.ready {
            continue;
        }
        let mut sample = Naive {
            trigger: if creates {
                ReconcileTrigger::Created
            } else {
                ReconcileTrigger::SpecChanged
            },
            state: SampleState::Open,
            opened: i,
            observed: is_observed(row).then_some(i),
            ended: None,
        };
        if row.object.suspended {
            (sample.state, sample.ended) = (SampleState::Suspended, Some(i));
        }
        for (j, (_, next)) in after() {
            if sample.ended.is_some() {
                break;
            }
            let state = if next.change == ChangeKind::Deleted || next.object.deleting {
                Some(SampleState::Abandoned)
            } else if next.object.suspended {
                Some(SampleState::Suspended)
            } else if !creates && next.object.generation > wanted {
                Some(SampleState::Superseded)
            } else {
                if is_observed(next) {
                    sample.observed.get_or_insert(j);
                }
                (is_observed(next) && next.object.ready).then_some(SampleState::Done)
            };
            if let Some(state) = state {
                (sample.state, sample.ended) = (state, Some(j));
            }
        }
        samples.push(sample);
    }
    samples
}

fn entry(i: usize, who: usize, row: &Row) -> ChangeEntry {
    let object = row.object;
    let signal = StoredSignal {
        by_status: object.observed,
        by_conditions: None,
        signs_shown: if object.observed.is_some() {
            ReadySign::Ready.bit()
        } else {
            0
        },
        signs_hold: if object.ready {
            ReadySign::Ready.bit()
        } else {
            0
        },
        flags: u8::from(object.deleting) | u8::from(object.suspended) << 1,
    };
    ChangeEntry {
        object: ObjectId(u32::try_from(who).unwrap()),
        incarnation: 0,
        change: row.change,
        provenance: Provenance::Watch,
        touches: row.touches,
        at: Moment {
            wall: 0,
            monotonic: i as u64 * 1_000,
        },
        resource_version: "1".into(),
        generation: Some(Generation(object.generation)),
        signal: ReconcileSignal::from_stored(signal),
        revision: 0,
        // Users and controllers are known by their names.
        managers: [u32::from(row.touches.status)].into(),
        paths: [].into(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]
    #[test]
    fn the_tracker_sees_what_looking_ahead_sees(
        acts in proptest::collection::vec((0usize..3, act()), 0..60),
    ) {
        // One object says at first how the kind is to be measured, and that its generation moves.
        let seed = [
            (2, Act::Create),
            (2, Act::Status { back: 1, ready: false }),
            (2, Act::Status { back: 0, ready: true }),
            (2, Act::Gone),
        ];
        let mut rows = history(&seed);
        rows.extend(history(&acts));
        let entries: Vec<_> =
            rows.iter().enumerate().map(|(i, (who, row))| entry(i, *who, row)).collect();
        let mut tracker = LatencyTracker::default();
        for (i, entry) in entries.iter().enumerate() {
            let id = ChangeId(u32::try_from(i).unwrap());
            if tracker.observe(id, entry).0 {
                tracker.remeasure((0u32..).zip(&entries[..=i]).map(|(id, entry)| Step::Change(ChangeId(id), entry)));
            }
        }
        let place = |id: ChangeId| id.0 as usize;
        let seen: Vec<_> = tracker
            .samples()
            .iter()
            .map(|sample| Naive {
                trigger: sample.trigger,
                state: sample.state,
                opened: place(sample.opened_by),
                observed: sample.observed_by().map(place).filter(|_| sample.trigger != ReconcileTrigger::Deleted),
                ended: sample.ended_by().map(place),
            })
            .collect();
        prop_assert_eq!(seen, naive(&rows));
    }

    #[test]
    fn measured_again_or_as_it_came_is_the_same(
        acts in proptest::collection::vec((0usize..3, act()), 0..60),
    ) {
        let rows = history(&acts);
        let entries: Vec<_> =
            rows.iter().enumerate().map(|(i, (who, row))| entry(i, *who, row)).collect();
        let steps = || (0u32..).zip(&entries).map(|(id, entry)| Step::Change(ChangeId(id), entry));
        let mut tracker = LatencyTracker::default();
        for (i, entry) in entries.iter().enumerate() {
            let id = ChangeId(u32::try_from(i).unwrap());
            if tracker.observe(id, entry).0 {
                tracker.remeasure(steps().take(i + 1));
            }
        }
        let as_it_came = tracker.samples().to_vec();
        tracker.remeasure(steps());
        prop_assert_eq!(tracker.samples(), as_it_came);
    }
}
