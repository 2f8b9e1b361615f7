//! How the timeline grows: live, from the recorder, or restored from a file.

use std::{collections::BTreeMap, sync::Arc};

use super::{
    ChangeEntry, ChangeId, DefinitionAt, Encoded, Incarnation, KindHistory, KindId, LiveObject,
    ObjectHistory, ObjectId, ReconcileSignal, RevisionLog, Timeline,
    latency::{LatencyTracker, Step},
    recorder::live_object,
    timeline::Mark,
};
use crate::{
    columns::CompiledColumns,
    model::{
        Change, ChangeKind, ConnectionState, Definition, Gap, Json, Moment, PrinterColumn,
        Provenance, ResourceKind, WatchStatus,
    },
    schema::{KindSchema, Link, links_of},
};

impl Timeline {
    /// Adds a kind, or takes its new columns. Tells whether the columns changed.
    pub(super) fn upsert_kind(
        &mut self,
        kind: &Arc<ResourceKind>,
        columns: Arc<[PrinterColumn]>,
    ) -> (KindId, bool) {
        if let Some(id) = self.kind_ids.get(kind).copied() {
            let known = &mut self.kinds[id.0 as usize];
            known.served = true;
            let changed = known.printer_columns != columns;
            if changed {
                known.columns = Arc::new(CompiledColumns::new(&columns));
                known.printer_columns = columns;
                known.epoch += 1;
            }
            return (id, changed);
        }
        let id = KindId(number(self.kinds.len()));
        self.kinds.push(KindHistory {
            kind: Arc::clone(kind),
            columns: Arc::new(CompiledColumns::new(&columns)),
            printer_columns: columns,
            definitions: Vec::new(),
            schema: Arc::new(KindSchema::undefined(kind)),
            status: WatchStatus::default(),
            served: true,
            keys: BTreeMap::new(),
            live: 0,
            epoch: 0,
            latency: LatencyTracker::new(self.rules.latency.of(kind)),
        });
        self.kind_ids.insert(Arc::clone(kind), id);
        (id, false)
    }

    /// Takes what the CRD of a known kind says from a moment on. Returns whether that is new.
    pub(super) fn define(
        &mut self,
        id: KindId,
        definition: &Arc<Definition>,
        at: Moment,
        schema: KindSchema,
    ) -> bool {
        let Some(kind) = self.kinds.get_mut(id.0 as usize) else {
            return false;
        };
        let newest = kind.definitions.last();
        if newest.is_some_and(|newest| newest.definition == *definition) {
            return false;
        }
        kind.definitions.push(DefinitionAt {
            at,
            definition: Arc::clone(definition),
        });
        kind.schema = Arc::new(schema);
        kind.epoch += 1;
        true
    }

    /// Appends a change with its revision. `live` is the object's newest state after it; `None`
    /// for a deletion.
    pub(super) fn append(
        &mut self,
        change: &Change,
        encoded: Option<Encoded>,
        signal: ReconcileSignal,
        live: Option<LiveObject>,
    ) -> ChangeId {
        let kind_id = match self.kind_ids.get(&change.kind) {
            Some(id) => *id,
            None => self.upsert_kind(&change.kind, [].into()).0,
        };
        let id = ChangeId(number(self.changes.len()));
        let kind = &mut self.kinds[kind_id.0 as usize];
        kind.epoch += 1;
        let object_id = match kind.keys.get(&change.key) {
            Some(object) => *object,
            None => {
                let object = ObjectId(number(self.objects.len()));
                kind.keys.insert(change.key.clone(), object);
                self.objects.push(ObjectHistory {
                    kind: kind_id,
                    key: change.key.clone(),
                    incarnations: Vec::new(),
                    changes: Vec::new(),
                    live: None,
                    log: RevisionLog::default(),
                });
                object
            }
        };
        let object = &mut self.objects[object_id.0 as usize];
        if object
            .incarnations
            .last()
            .is_none_or(|newest| newest.uid != change.uid)
        {
            // A new uid for a name that was not seen to be deleted.
            if let Some(old) = object.incarnations.last() {
                self.relations.remove(object_id, &old.uid.0);
            }
            object.incarnations.push(Incarnation {
                uid: change.uid.clone(),
                first: id,
            });
        }
        if let Some(encoded) = encoded {
            let before = object.log.encoded_bytes();
            object.log.push(encoded);
            self.encoded_bytes =
                (self.encoded_bytes + object.log.encoded_bytes()).saturating_sub(before);
        }
        let entry = ChangeEntry {
            object: object_id,
            incarnation: u16::try_from(object.incarnations.len() - 1).unwrap_or(u16::MAX),
            change: change.change,
            provenance: change.provenance,
            touches: change.touches,
            at: change.observed_at,
            resource_version: change.resource_version.clone(),
            generation: change.generation,
            signal,
            revision: number(object.log.len().saturating_sub(1)),
            managers: change
                .managers
                .iter()
                .map(|name| self.names.intern(name))
                .collect(),
            paths: change
                .paths
                .iter()
                .map(|path| self.pointers.intern(&path.shared()))
                .collect(),
        };
        let (before, now) = (object.live.is_some(), live.is_some());
        if !now {
            self.relations.remove(object_id, &change.uid.0);
        }
        object.live = live;
        kind.live = kind.live + usize::from(now) - usize::from(before);
        object.changes.push(id);
        let relearned = kind.latency.observe(id, &entry).0;
        if change.provenance != Provenance::InitialList {
            self.activity.count(entry.at.wall, entry.touches);
        }
        self.changes.push(entry);
        if relearned {
            self.measure_again(kind_id);
        }
        id
    }

    /// Appends a stretch that was not watched.
    pub(super) fn append_gap(&mut self, gap: Gap) {
        for kind in &mut self.kinds {
            if gap.kind.as_ref().is_none_or(|of| *of == kind.kind) {
                kind.latency.gap(&gap);
            }
        }
        let next = ChangeId(number(self.changes.len()));
        self.marks.push((next, Mark::Gap(self.gaps.len())));
        self.gaps.push(gap);
    }

    /// What follows was recorded by another run: nothing is known of the time between, and its
    /// monotonic clock begins anew.
    pub fn begin_recording(&mut self) {
        let Some(last) = self.changes.last().map(|change| change.at) else {
            return;
        };
        for kind in &mut self.kinds {
            kind.latency.recording_ends(last);
        }
        let next = ChangeId(number(self.changes.len()));
        self.marks.push((next, Mark::RecordingEnds(last)));
    }

    /// A better way to measure a kind is known: its samples are made anew from its history.
    pub(super) fn measure_again(&mut self, kind_id: KindId) {
        let kind = &mut self.kinds[kind_id.0 as usize];
        let mut tracker = std::mem::take(&mut kind.latency);
        let of_objects = kind.keys.values();
        let mut ids: Vec<_> = of_objects
            .flat_map(|object| self.objects[object.0 as usize].changes.iter().copied())
            .collect();
        ids.sort_unstable();
        let mut marks = self.marks.iter().peekable();
        let kind = &self.kinds[kind_id.0 as usize].kind;
        let mut steps = Vec::with_capacity(ids.len());
        let mut take_marks = |until: ChangeId, steps: &mut Vec<_>| {
            while let Some((_, mark)) = marks.next_if(|(before, _)| *before <= until) {
                match *mark {
                    Mark::RecordingEnds(last) => steps.push(Step::RecordingEnds(last)),
                    Mark::Gap(index) => {
                        let gap = &self.gaps[index];
                        if gap.kind.as_ref().is_none_or(|of| of == kind) {
                            steps.push(Step::Gap(gap));
                        }
                    }
                }
            }
        };
        for id in ids {
            take_marks(id, &mut steps);
            steps.push(Step::Change(id, &self.changes[id.0 as usize]));
        }
        take_marks(ChangeId(u32::MAX), &mut steps);
        tracker.remeasure(steps.into_iter());
        self.kinds[kind_id.0 as usize].latency = tracker;
    }

    /// Takes what the newest state of an object that exists says about others.
    pub(super) fn relate(&mut self, object: ObjectId, links: &[Link]) {
        let known = self.objects.get(object.0 as usize);
        let Some(known) = known.filter(|object| object.live.is_some()) else {
            return;
        };
        if let Some(incarnation) = known.incarnations.last() {
            self.relations.set(object, &incarnation.uid.0, links);
        }
    }

    /// Takes a kind from a file.
    pub fn restore_kind(&mut self, kind: ResourceKind, columns: Vec<PrinterColumn>) {
        let (id, _) = self.upsert_kind(&Arc::new(kind), columns.into());
        self.kinds[id.0 as usize].status = WatchStatus::Stopped;
    }

    /// Takes what the CRD of a kind said from a file, oldest first.
    pub fn restore_definition(
        &mut self,
        kind: &ResourceKind,
        definition: &Arc<Definition>,
        at: Moment,
    ) {
        if let Some(id) = self.kind_id(kind) {
            let schema = KindSchema::of(definition, &kind.version);
            self.define(id, definition, at, schema);
        }
    }

    /// Takes a change from a file, in the order in which it was recorded. Its body is not looked
    /// at before [`Timeline::finish_restore`] or a view asks for it.
    pub fn restore_change(
        &mut self,
        change: &Change,
        encoded: Option<Encoded>,
        signal: ReconcileSignal,
    ) {
        let exists = change.change != ChangeKind::Deleted;
        self.append(change, encoded, signal, exists.then(LiveObject::unread));
    }

    /// Takes a gap from a file: after the changes up to its end, before those that follow.
    pub fn restore_gap(&mut self, gap: Gap) {
        self.append_gap(gap);
    }

    /// Reads the newest state of every live object, and marks the history as complete.
    pub fn finish_restore(&mut self) {
        let live: Vec<_> = (0u32..)
            .zip(&self.objects)
            .filter(|(_, object)| object.live.is_some())
            .filter_map(|(i, object)| Some((ObjectId(i), object.kind, object.newest()?)))
            .collect();
        for (object, kind, newest) in live {
            let Ok(body) = self.body(newest) else {
                continue;
            };
            let Ok(json) = Json::parse(&body) else {
                continue;
            };
            let Some(change) = self.change(newest) else {
                continue;
            };
            let kind = &self.kinds[kind.0 as usize];
            let ResourceKind {
                group, kind: name, ..
            } = &*kind.kind;
            let rules = &self.rules.readiness;
            let readiness = rules.judge(group, name, &json, change.at.timestamp());
            let state = live_object(&json, &kind.columns, readiness, &change.signal);
            let links = links_of(&json, &kind.schema.references);
            self.relate(object, &links);
            self.objects[object.0 as usize].live = Some(state);
        }
        self.connection = ConnectionState::Recorded;
    }
}

/// Ids are 32 bits wide: four thousand million changes outgrow any memory budget first.
fn number(index: usize) -> u32 {
    u32::try_from(index).unwrap_or(u32::MAX)
}
