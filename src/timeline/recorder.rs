//! Turns observations into recorded changes.
//!
//! Everything that costs happens here, before the timeline's lock is taken: parsing, comparing
//! with the revision before, finding the field managers, printer columns, compression.

use std::{collections::HashMap, sync::Arc};

use jiff::Timestamp;

use super::{
    Judged, KindRules, LatencyRule, LiveObject, ObjectId, ReconcileSignal, RecordSink, Recorded,
    RevisionEncoder, SharedTimeline,
};
use crate::{
    columns::CompiledColumns,
    diff::{compare_with, touched, writers},
    model::{
        Change, ChangeKind, ConnectionState, Definition, FieldPath, GapCause, Generation, Json,
        Moment, ObjectState, Observation, Provenance, Readiness, ReadinessStatus, ResourceKind,
        Touched, WatchStatus,
    },
    readiness::RuleBook,
    schema::{KindSchema, Link, links_of},
};

/// Bodies of recently changed objects that are kept as they are, in bytes. The others are decoded
/// from their log when they change again.
const HOT_BYTES: usize = 64 << 20;

/// Writes one context's history. Belongs to one thread.
pub struct Recorder {
    timeline: SharedTimeline,
    rules: Arc<KindRules>,
    sinks: Vec<Box<dyn RecordSink>>,
    encoder: RevisionEncoder,
    hot: HashMap<ObjectId, Box<[u8]>>,
    hot_bytes: usize,
    /// When an event of a kind could not be decoded last: what it changed is not known.
    unread: HashMap<Arc<ResourceKind>, Moment>,
}

impl std::fmt::Debug for Recorder {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Recorder")
            .field("sinks", &self.sinks.len())
            .finish_non_exhaustive()
    }
}

/// What is derived from a body and the one before it.
struct Derived {
    touches: Touched,
    managers: Vec<Arc<str>>,
    paths: Vec<FieldPath>,
    signal: ReconcileSignal,
    live: LiveObject,
    links: Vec<Link>,
}

impl Recorder {
    /// Records into a timeline, and hands everything to the sinks in order.
    #[must_use]
    pub fn new(timeline: SharedTimeline, sinks: Vec<Box<dyn RecordSink>>) -> Self {
        let rules = Arc::clone(timeline.read().rules());
        Self {
            timeline,
            rules,
            sinks,
            encoder: RevisionEncoder::default(),
            hot: HashMap::new(),
            hot_bytes: 0,
            unread: HashMap::new(),
        }
    }

    /// Takes the next observation.
    pub fn observe(&mut self, observation: Observation) {
        match observation {
            Observation::Object(state) => self.object(state),
            Observation::Gap(gap) => {
                self.each_sink(|sink| sink.gap(&gap));
                if let (GapCause::Undecodable, Some(kind)) = (&gap.cause, &gap.kind) {
                    self.unread.insert(Arc::clone(kind), gap.to);
                }
                self.timeline.write().append_gap(gap);
            }
            Observation::Status { kind, status } => self.status(&kind, status),
            Observation::Kind { kind, columns } => {
                self.each_sink(|sink| sink.kind(&kind, &columns));
                let (id, changed) = self.timeline.write().upsert_kind(&kind, columns);
                if changed {
                    self.refresh_cells(id);
                }
            }
            Observation::Definition {
                kind,
                definition,
                at,
            } => self.definition(&kind, &definition, at),
            Observation::KindRemoved { kind, .. } => {
                self.status(&kind, WatchStatus::Stopped);
                let mut timeline = self.timeline.write();
                if let Some(id) = timeline.kind_id(&kind) {
                    timeline.kinds[id.0 as usize].served = false;
                }
            }
            Observation::Connection(state) => {
                if let ConnectionState::Connected { server_version } = &state {
                    self.each_sink(|sink| sink.server_version(server_version));
                }
                self.timeline.write().connection = state;
            }
        }
    }

    fn definition(&mut self, kind: &ResourceKind, definition: &Arc<Definition>, at: Moment) {
        let Some(id) = self.timeline.read().kind_id(kind) else {
            tracing::error!(%kind, "a definition of a kind that was never announced");
            return;
        };
        let schema = KindSchema::of(definition, &kind.version);
        let is_new = self.timeline.write().define(id, definition, at, schema);
        if is_new {
            self.refresh_links(id);
            self.each_sink(|sink| sink.definition(kind, definition, at));
        }
    }

    /// Makes everything durable that the sinks took.
    pub fn flush(&mut self) {
        self.each_sink(|sink| sink.flush());
    }

    fn status(&self, kind: &ResourceKind, status: WatchStatus) {
        let mut timeline = self.timeline.write();
        if let Some(id) = timeline.kind_id(kind) {
            timeline.kinds[id.0 as usize].status = status;
        }
    }

    fn object(&mut self, state: ObjectState) {
        let (
            kind_id,
            object_id,
            columns,
            schema,
            latency_rule,
            wants_keyframe,
            same_incarnation,
            known,
        ) = {
            let timeline = self.timeline.read();
            let announced = timeline.kind_id(&state.kind);
            let Some((kind_id, kind)) = announced.and_then(|id| Some((id, timeline.kind(id)?)))
            else {
                tracing::error!(kind = %state.kind, "a change of a kind that was never announced");
                return;
            };
            let object_id = timeline.find(kind_id, &state.key);
            let object = object_id.and_then(|id| timeline.object(id));
            (
                kind_id,
                object_id,
                Arc::clone(&kind.columns),
                Arc::clone(&kind.schema),
                kind.latency.rule().cloned(),
                object.is_none_or(|object| object.log.wants_keyframe()),
                object
                    .and_then(|object| object.incarnations.last())
                    .is_some_and(|newest| newest.uid == state.uid),
                object.and_then(|object| Some(timeline.change(object.newest()?)?.at)),
            )
        };
        let previous = object_id.and_then(|id| self.previous_body(id));
        let missed = || {
            let unread = self.unread.get(&state.kind);
            unread.is_some_and(|unread| known.is_some_and(|known| unread.wall >= known.wall))
        };
        let single_write = state.provenance == Provenance::Watch && !missed();
        let derived = match &state.body {
            Some(body) => {
                let old = previous.as_deref().filter(|_| same_incarnation);
                let rule = latency_rule.as_deref();
                let readiness = &self.rules.readiness;
                let before = old.map(|body| Before { body, single_write });
                derive(&state, body, before, &columns, &schema, rule, readiness)
            }
            None => Derived::nothing(),
        };
        let encoded = state.body.as_deref().and_then(|body| {
            let base = if wants_keyframe {
                None
            } else {
                previous.as_deref()
            };
            self.encoder
                .encode(body, base)
                .inspect_err(
                    |error| tracing::error!(key = %state.key, %error, "cannot compress a revision"),
                )
                .ok()
        });
        let change = Change {
            observed_at: state.observed_at,
            kind: state.kind,
            key: state.key,
            uid: state.uid,
            resource_version: state.resource_version,
            generation: state.generation,
            change: state.change,
            provenance: state.provenance,
            touches: derived.touches,
            managers: derived.managers,
            paths: derived.paths,
        };
        let recorded = Recorded {
            change: &change,
            body: state.body.as_deref(),
            encoded: encoded.as_ref(),
            signal: derived.signal,
        };
        self.each_sink(|sink| sink.change(&recorded));
        let is_encoded = encoded.is_some();
        let live = (change.change != ChangeKind::Deleted).then_some(derived.live);
        let object_id = {
            let mut timeline = self.timeline.write();
            timeline.append(&change, encoded, derived.signal, live);
            let id = timeline.find(kind_id, &change.key);
            if let Some(id) = id {
                timeline.relate(id, &derived.links);
            }
            id
        };
        // What could not be encoded must not become the base of the next delta.
        if let (Some(id), Some(body), true) = (object_id, state.body, is_encoded) {
            self.keep_hot(id, body);
        }
    }

    /// The newest body of an object that has one.
    fn previous_body(&mut self, id: ObjectId) -> Option<Box<[u8]>> {
        if let Some(body) = self.hot.remove(&id) {
            self.hot_bytes -= body.len();
            return Some(body);
        }
        let timeline = self.timeline.read();
        let log = &timeline.object(id)?.log;
        let newest = log.len().checked_sub(1)?;
        log.body(newest)
            .inspect_err(|error| tracing::error!(%error, "the newest revision cannot be read back"))
            .ok()
            .map(Vec::into_boxed_slice)
    }

    fn keep_hot(&mut self, id: ObjectId, body: Box<[u8]>) {
        self.hot_bytes += body.len();
        if self.hot_bytes > HOT_BYTES {
            self.hot.clear();
            self.hot_bytes = body.len();
        }
        self.hot.insert(id, body);
    }

    /// Columns changed while running: the cells of every live object are made anew.
    fn refresh_cells(&self, kind: super::KindId) {
        let fresh: Vec<_> = {
            let timeline = self.timeline.read();
            let Some(history) = timeline.kind(kind) else {
                return;
            };
            history
                .objects()
                .filter_map(|id| {
                    let object = timeline.object(id).filter(|object| object.live.is_some())?;
                    let body = timeline.body(object.newest()?).ok()?;
                    let json = Json::parse(&body).ok()?;
                    Some((id, history.columns.row(&json).into_boxed_slice()))
                })
                .collect()
        };
        let mut timeline = self.timeline.write();
        for (id, cells) in fresh {
            if let Some(live) = timeline
                .objects
                .get_mut(id.0 as usize)
                .and_then(|o| o.live.as_mut())
            {
                live.cells = cells;
            }
        }
    }

    /// The schema changed while running: what every live object says about others is read anew.
    fn refresh_links(&self, kind: super::KindId) {
        let fresh: Vec<_> = {
            let timeline = self.timeline.read();
            let Some(history) = timeline.kind(kind) else {
                return;
            };
            history
                .objects()
                .filter_map(|id| {
                    let object = timeline.object(id).filter(|object| object.live.is_some())?;
                    let body = timeline.body(object.newest()?).ok()?;
                    let json = Json::parse(&body).ok()?;
                    Some((id, links_of(&json, &history.schema.references)))
                })
                .collect()
        };
        let mut timeline = self.timeline.write();
        for (id, links) in fresh {
            timeline.relate(id, &links);
        }
    }

    fn each_sink(
        &mut self,
        mut call: impl FnMut(&mut dyn RecordSink) -> Result<(), super::SinkError>,
    ) {
        for sink in &mut self.sinks {
            if let Err(error) = call(sink.as_mut()) {
                tracing::error!(%error, "a recorded change could not be written");
                self.timeline.write().sink_errors += 1;
            }
        }
    }
}

impl Derived {
    fn nothing() -> Self {
        Self {
            touches: Touched::default(),
            managers: Vec::new(),
            paths: Vec::new(),
            signal: ReconcileSignal::default(),
            live: LiveObject::unread(),
            links: Vec::new(),
        }
    }
}

/// The revision before.
struct Before<'a> {
    body: &'a [u8],
    /// Whether exactly one write lies between the two.
    single_write: bool,
}

fn derive(
    state: &ObjectState,
    body: &[u8],
    before: Option<Before<'_>>,
    columns: &CompiledColumns,
    schema: &KindSchema,
    latency_rule: Option<&LatencyRule>,
    rules: &RuleBook,
) -> Derived {
    let topology = &schema.topology;
    let new = match Json::parse(body) {
        Ok(new) => new,
        Err(error) => {
            tracing::error!(key = %state.key, %error, "an object cannot be read; its bytes are kept");
            return Derived::nothing();
        }
    };
    let single_write = before.as_ref().is_some_and(|before| before.single_write);
    let old = before.and_then(|before| Json::parse(before.body).ok());
    let (touches, paths, managers) = match &old {
        Some(old) => {
            let changes = compare_with(old, &new, topology);
            // Who deleted an object is written nowhere in it.
            let managers = if state.change == ChangeKind::Deleted && changes.is_empty() {
                Vec::new()
            } else {
                shared(writers(Some(old), &new, &changes, single_write, topology).managers)
            };
            (
                touched(&changes),
                changes.into_iter().map(|change| change.path).collect(),
                managers,
            )
        }
        None => (
            parts_of(&new),
            Vec::new(),
            shared(writers(None, &new, &[], true, topology).managers),
        ),
    };
    let kind = &state.kind;
    let seen = state.observed_at.timestamp();
    let readiness = rules.judge(&kind.group, &kind.kind, &new, seen);
    let ready = readiness.status == ReadinessStatus::Current && !readiness.suspended;
    let judged = Judged {
        ready_by_rule: rules
            .has_rule(&kind.group, &kind.kind, &new)
            .then_some(ready)
            .filter(|_| new.get("status").is_some()),
        suspended: rules.is_suspended(&kind.group, &kind.kind, &new),
    };
    let signal = ReconcileSignal::of(&new, judged, latency_rule);
    Derived {
        touches,
        managers,
        paths,
        signal,
        live: live_object(&new, columns, readiness, &signal),
        links: links_of(&new, &schema.references),
    }
}

fn shared<'a>(names: Vec<std::borrow::Cow<'a, str>>) -> Vec<Arc<str>> {
    names.into_iter().map(|name| Arc::from(&*name)).collect()
}

/// The parts that a new object has.
fn parts_of(object: &Json<'_>) -> Touched {
    let has = |wanted: &dyn Fn(&str) -> bool| object.members().iter().any(|(name, _)| wanted(name));
    Touched {
        spec: has(&|name| !matches!(name, "apiVersion" | "kind" | "metadata" | "status")),
        status: has(&|name| name == "status"),
        metadata: true,
        heartbeat: false,
    }
}

/// The newest state of an object, as the table shows it.
pub(super) fn live_object(
    object: &Json<'_>,
    columns: &CompiledColumns,
    readiness: Readiness,
    signal: &ReconcileSignal,
) -> LiveObject {
    LiveObject {
        cells: columns.row(object).into_boxed_slice(),
        readiness,
        created: object
            .at(&["metadata", "creationTimestamp"])
            .and_then(Json::as_str)
            .and_then(|text| text.parse::<Timestamp>().ok()),
        generation: object
            .at(&["metadata", "generation"])
            .and_then(Json::as_i64)
            .map(Generation),
        observed: signal
            .observed()
            .map(|(generation, method)| (Generation(generation), method)),
    }
}

impl LiveObject {
    /// Stands in until the body has been read.
    pub(super) fn unread() -> Self {
        Self {
            cells: [].into(),
            readiness: Readiness {
                status: ReadinessStatus::Unknown,
                suspended: false,
                reason: "".into(),
            },
            created: None,
            generation: None,
            observed: None,
        }
    }
}
