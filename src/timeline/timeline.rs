//! The in-memory history: append, and ask by object, by moment, by range.

use std::{collections::HashMap, sync::Arc};

use parking_lot::RwLock;

use super::{
    Activity, ChangeEntry, ChangeId, DecodeError, KindMeasure, KindRules, LatencyQuery,
    LatencySummary, ObjectHistory, ObjectId, ReconcileSample, RelationIndex,
    latency::LatencyTracker,
};
use crate::{
    columns::CompiledColumns,
    model::{
        Change, ConnectionState, ContextName, Definition, FieldPath, Gap, Moment, PrinterColumn,
        ResourceKey, ResourceKind, Topology, WatchStatus,
    },
    schema::KindSchema,
};

/// A kind of the timeline.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KindId(pub u32);

/// A timeline that the recorder writes and views read. Write locks are held for appends only.
pub type SharedTimeline = Arc<RwLock<Timeline>>;

/// What the CRD of a kind said from a moment on.
#[derive(Debug, Clone)]
pub struct DefinitionAt {
    /// When it was seen.
    pub at: Moment,
    /// What it said.
    pub definition: Arc<Definition>,
}

/// Everything known of one kind.
#[derive(Debug)]
pub struct KindHistory {
    /// The kind.
    pub kind: Arc<ResourceKind>,
    /// Its printer columns as the CRD names them.
    pub printer_columns: Arc<[PrinterColumn]>,
    /// The same, compiled.
    pub columns: Arc<CompiledColumns>,
    /// What its CRD said over time, oldest first; empty for kinds of which only API discovery is
    /// known.
    pub definitions: Vec<DefinitionAt>,
    /// What the newest definition says about its objects.
    pub schema: Arc<KindSchema>,
    /// State of its watch.
    pub status: WatchStatus,
    /// Whether the server serves it now.
    pub served: bool,
    /// Every key ever seen, by namespace and name.
    pub(super) keys: std::collections::BTreeMap<ResourceKey, ObjectId>,
    pub(super) live: usize,
    pub(super) epoch: u64,
    pub(super) latency: LatencyTracker,
}

impl KindHistory {
    /// Objects that exist now.
    #[must_use]
    pub fn live_count(&self) -> usize {
        self.live
    }

    /// Counts up with every change of any object of the kind: what a view caches by.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// Every object ever seen, by namespace and name; also those that are gone.
    pub fn objects(&self) -> impl Iterator<Item = ObjectId> + '_ {
        self.keys.values().copied()
    }

    /// Its reconcile samples in the order in which they were opened, open ones included.
    #[must_use]
    pub fn samples(&self) -> &[ReconcileSample] {
        self.latency.samples()
    }

    /// How often its history was measured again, because a better way was learned: the samples are
    /// others after each time.
    #[must_use]
    pub fn times_measured(&self) -> u32 {
        self.latency.times_measured()
    }

    /// How its reconciles are measured.
    #[must_use]
    pub fn latency_measure(&self) -> &KindMeasure {
        self.latency.measure()
    }

    /// Its latency in figures.
    #[must_use]
    pub fn latency_summary(&self, query: &LatencyQuery) -> LatencySummary {
        LatencySummary::of(self.samples(), self.latency_measure(), query)
    }

    /// The reconcile that an object is waiting for, if any.
    #[must_use]
    pub fn open_sample(&self, object: ObjectId) -> Option<&ReconcileSample> {
        self.latency.open(object)
    }
}

/// The change history of one context.
#[derive(Debug)]
pub struct Timeline {
    /// The context.
    pub context: ContextName,
    /// State of its connection.
    pub connection: ConnectionState,
    pub(super) rules: Arc<KindRules>,
    pub(super) kinds: Vec<KindHistory>,
    pub(super) kind_ids: HashMap<Arc<ResourceKind>, KindId>,
    pub(super) objects: Vec<ObjectHistory>,
    pub(super) changes: Vec<ChangeEntry>,
    pub(super) gaps: Vec<Gap>,
    /// What came between the changes, and before which of them.
    pub(super) marks: Vec<(ChangeId, Mark)>,
    pub(super) activity: Activity,
    pub(super) relations: RelationIndex,
    pub(super) names: Names,
    pub(super) pointers: Names,
    pub(super) encoded_bytes: usize,
    pub(super) sink_errors: u64,
}

/// What comes between changes.
#[derive(Debug, Clone, Copy)]
pub(super) enum Mark {
    /// A gap, by its index.
    Gap(usize),
    /// A recording ended, at its last change. What follows has another monotonic clock.
    RecordingEnds(Moment),
}

/// Interned texts.
#[derive(Debug, Default)]
pub(super) struct Names {
    texts: Vec<Arc<str>>,
    ids: HashMap<Arc<str>, u32>,
}

impl Names {
    pub(super) fn intern(&mut self, text: &Arc<str>) -> u32 {
        if let Some(id) = self.ids.get(text) {
            return *id;
        }
        let id = u32::try_from(self.texts.len()).unwrap_or(u32::MAX);
        self.texts.push(Arc::clone(text));
        self.ids.insert(Arc::clone(text), id);
        id
    }

    /// The same text, shared with all that were given before.
    pub(super) fn shared(&mut self, text: &Arc<str>) -> Arc<str> {
        let id = self.intern(text);
        self.get(id).map_or_else(|| Arc::clone(text), Arc::clone)
    }

    pub(super) fn get(&self, id: u32) -> Option<&Arc<str>> {
        self.texts.get(id as usize)
    }
}

impl Timeline {
    /// An empty history that judges kinds by the built-in rules.
    #[must_use]
    pub fn new(context: ContextName) -> Self {
        Self::with_rules(context, Arc::default())
    }

    /// An empty history.
    #[must_use]
    pub fn with_rules(context: ContextName, rules: Arc<KindRules>) -> Self {
        Self {
            context,
            rules,
            connection: ConnectionState::default(),
            kinds: Vec::new(),
            kind_ids: HashMap::new(),
            objects: Vec::new(),
            changes: Vec::new(),
            gaps: Vec::new(),
            marks: Vec::new(),
            activity: Activity::default(),
            relations: RelationIndex::default(),
            names: Names::default(),
            pointers: Names::default(),
            encoded_bytes: 0,
            sink_errors: 0,
        }
    }

    /// What is known of kinds beyond what their objects say.
    #[must_use]
    pub fn rules(&self) -> &Arc<KindRules> {
        &self.rules
    }

    /// All kinds ever served, in the order of their discovery.
    pub fn kinds(&self) -> impl Iterator<Item = (KindId, &KindHistory)> {
        self.kinds
            .iter()
            .enumerate()
            .map(|(i, kind)| (KindId(u32::try_from(i).unwrap_or(u32::MAX)), kind))
    }

    /// One kind.
    #[must_use]
    pub fn kind(&self, id: KindId) -> Option<&KindHistory> {
        self.kinds.get(id.0 as usize)
    }

    /// The id of a kind.
    #[must_use]
    pub fn kind_id(&self, kind: &ResourceKind) -> Option<KindId> {
        self.kind_ids.get(kind).copied()
    }

    /// One object.
    #[must_use]
    pub fn object(&self, id: ObjectId) -> Option<&ObjectHistory> {
        self.objects.get(id.0 as usize)
    }

    /// The object with a key.
    #[must_use]
    pub fn find(&self, kind: KindId, key: &ResourceKey) -> Option<ObjectId> {
        self.kind(kind)?.keys.get(key).copied()
    }

    /// How the lists of an object are told apart item by item.
    #[must_use]
    pub fn topology(&self, object: ObjectId) -> &Topology {
        let kind = self
            .object(object)
            .and_then(|object| self.kind(object.kind));
        kind.map_or(Topology::unknown(), |kind| &kind.schema.topology)
    }

    /// Objects that exist now, over all kinds.
    #[must_use]
    pub fn live_count(&self) -> usize {
        self.kinds.iter().map(|kind| kind.live).sum()
    }

    /// One change.
    #[must_use]
    pub fn change(&self, id: ChangeId) -> Option<&ChangeEntry> {
        self.changes.get(id.0 as usize)
    }

    /// How many changes are held.
    #[must_use]
    pub fn change_count(&self) -> usize {
        self.changes.len()
    }

    /// The changes observed from `from` to before `to` (microseconds since the epoch), by arrival.
    pub fn range(
        &self,
        from: i64,
        to: i64,
    ) -> impl DoubleEndedIterator<Item = (ChangeId, &ChangeEntry)> {
        let start = self.changes.partition_point(|change| change.at.wall < from);
        let end = self
            .changes
            .partition_point(|change| change.at.wall < to)
            .max(start);
        self.changes[start..end]
            .iter()
            .enumerate()
            .map(move |(i, change)| {
                (
                    ChangeId(u32::try_from(start + i).unwrap_or(u32::MAX)),
                    change,
                )
            })
    }

    /// The newest change of an object at a moment (microseconds since the epoch): its state then,
    /// or its deletion. `None`: not known yet.
    #[must_use]
    pub fn latest_at(&self, object: ObjectId, wall: i64) -> Option<ChangeId> {
        let changes = &self.object(object)?.changes;
        let after =
            changes.partition_point(|id| self.change(*id).is_some_and(|c| c.at.wall <= wall));
        changes.get(after.checked_sub(1)?).copied()
    }

    /// The object as the server sent it with a change, byte for byte. For a deletion that a relist
    /// implied, its last known state.
    ///
    /// # Errors
    /// When the change is not held or its bytes are damaged.
    pub fn body(&self, id: ChangeId) -> Result<Vec<u8>, DecodeError> {
        let change = self.change(id).ok_or_else(DecodeError::missing)?;
        let object = self
            .object(change.object)
            .ok_or_else(DecodeError::missing)?;
        object.log.body(change.revision as usize)
    }

    /// The field managers that wrote a change. More than one: it was one of them.
    pub fn managers<'a>(
        &'a self,
        change: &'a ChangeEntry,
    ) -> impl ExactSizeIterator<Item = &'a Arc<str>> {
        change
            .managers
            .iter()
            .map(|id| self.names.get(*id).unwrap_or(&self.names.texts[0]))
    }

    /// The fields that a change touched.
    pub fn paths<'a>(
        &'a self,
        change: &'a ChangeEntry,
    ) -> impl ExactSizeIterator<Item = FieldPath> + 'a {
        change.paths.iter().map(|id| {
            FieldPath::from_shared(Arc::clone(
                self.pointers.get(*id).unwrap_or(&self.pointers.texts[0]),
            ))
        })
    }

    /// A change with everything spelled out, as exports write it.
    #[must_use]
    pub fn full_change(&self, id: ChangeId) -> Option<Change> {
        let entry = self.change(id)?;
        let object = self.object(entry.object)?;
        Some(Change {
            observed_at: entry.at,
            kind: Arc::clone(&self.kind(object.kind)?.kind),
            key: object.key.clone(),
            uid: object
                .incarnations
                .get(usize::from(entry.incarnation))?
                .uid
                .clone(),
            resource_version: entry.resource_version.clone(),
            generation: entry.generation,
            change: entry.change,
            provenance: entry.provenance,
            touches: entry.touches,
            managers: self.managers(entry).cloned().collect(),
            paths: self.paths(entry).collect(),
        })
    }

    /// Stretches that were not watched, in the order in which they ended.
    #[must_use]
    pub fn gaps(&self) -> &[Gap] {
        &self.gaps
    }

    /// Changes per second.
    #[must_use]
    pub fn activity(&self) -> &Activity {
        &self.activity
    }

    /// Who points to whom, of the objects that exist.
    #[must_use]
    pub fn relations(&self) -> &RelationIndex {
        &self.relations
    }

    /// Compressed bytes of all revisions.
    #[must_use]
    pub fn encoded_bytes(&self) -> usize {
        self.encoded_bytes
    }

    /// How often a sink (journal, stream) could not take what was recorded.
    #[must_use]
    pub fn sink_errors(&self) -> u64 {
        self.sink_errors
    }

    /// The moments of the first and the last change.
    #[must_use]
    pub fn extent(&self) -> Option<(Moment, Moment)> {
        Some((self.changes.first()?.at, self.changes.last()?.at))
    }
}
