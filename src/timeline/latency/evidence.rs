//! Learning how a kind is measured from what its objects show.
//!
//! The rule, per kind and not per object:
//!
//! 1. `status.observedGeneration`, once any object shows it;
//! 2. else `observedGeneration` in conditions, once any object shows it;
//! 3. else the strongest [`ReadySign`] that any object shows;
//! 4. else nothing is measured ("not supported").
//!
//! A generation that is written once and never moved again is no evidence: an observed generation
//! counts as frozen, and is passed over, when [`FROZEN`] changed specs were followed by a status that
//! said ready while it stayed behind, and no object of the kind was ever seen to raise it. The first
//! rise brings it back for good.
//!
//! Whether the kind has a status subresource is learned as well: where it has none, the server bumps
//! the generation with every status write, which a kind with one never shows.

use super::{KindMeasure, LatencyMethod, LatencyRule, ReadySign, ReconcileSignal};
use crate::{
    model::{ChangeKind, Provenance},
    timeline::ChangeEntry,
};

/// So many changed specs without any movement make an observed generation frozen.
const FROZEN: u8 = 3;

/// The two fields that may tell an observed generation.
const FIELDS: [LatencyMethod; 2] = [
    LatencyMethod::StatusObservedGeneration,
    LatencyMethod::ConditionObservedGeneration,
];

/// What the objects of one kind have shown so far.
#[derive(Debug, Default)]
pub(super) struct Evidence {
    fields: [FieldEvidence; 2],
    signs: u32,
    status_bumps_generation: bool,
}

/// Of one field.
#[derive(Debug, Default, Clone, Copy)]
struct FieldEvidence {
    shown: bool,
    /// Some object raised it.
    rises: bool,
    /// Changed specs after which the object was ready without it.
    stuck: u8,
}

/// What has to be remembered of one object to learn from its next change.
#[derive(Debug, Default, Clone, Copy)]
pub(super) struct Shown {
    generation: Option<i64>,
    observed: [Option<i64>; 2],
    /// The generation of its last change of spec, while no field has been counted as stuck for it.
    waits_for: [Option<i64>; 2],
}

impl Evidence {
    /// Takes the next change of an object.
    pub(super) fn take(&mut self, change: &ChangeEntry, object: &mut Shown) {
        let signal = change.signal;
        let watched = change.provenance == Provenance::Watch;
        let modified = change.change == ChangeKind::Modified;
        self.signs |= signal.shown();
        let generation = change.generation.map(|generation| generation.0);
        let bumped = modified && generation > object.generation && object.generation.is_some();
        if watched && bumped && change.touches.status && !change.touches.spec {
            self.status_bumps_generation = true;
        }
        let sign = ReadySign::strongest(self.signs);
        let ready = sign.is_some_and(|sign| signal.says(sign) == Some(true));
        for (i, method) in FIELDS.into_iter().enumerate() {
            let field = &mut self.fields[i];
            let observed = signal.observed_by(method);
            field.shown |= observed.is_some();
            field.rises |= object.observed[i].is_some() && observed > object.observed[i];
            if bumped && change.touches.spec && !signal.is_suspended() {
                object.waits_for[i] = generation;
            } else if modified
                && watched
                && ready
                && change.touches.status
                && observed.is_some()
                && observed < object.waits_for[i]
            {
                field.stuck = field.stuck.saturating_add(1);
                object.waits_for[i] = None;
            }
            object.observed[i] = observed.or(object.observed[i]);
        }
        object.generation = generation;
    }

    /// How the kind is measured by what is known now.
    pub(super) fn measure(&self, rule: Option<&LatencyRule>) -> KindMeasure {
        let ready = ReadySign::strongest(self.signs);
        let told = FIELDS
            .into_iter()
            .zip(self.fields)
            .find(|(_, field)| field.is_trusted())
            .map(|(method, _)| method);
        let learned = told.or(ready.map(LatencyMethod::of_sign));
        KindMeasure {
            method: rule.and_then(|rule| rule.method(ready)).unwrap_or(learned),
            ready,
            status_bumps_generation: self.status_bumps_generation,
        }
    }
}

impl FieldEvidence {
    fn is_trusted(self) -> bool {
        self.shown && (self.rises || self.stuck < FROZEN)
    }
}

/// Whether a revision says by a measure that a generation was observed.
pub(super) fn is_observed(
    measure: &KindMeasure,
    signal: &ReconcileSignal,
    generation: Option<i64>,
) -> bool {
    let seen = measure.method.and_then(|method| signal.observed_by(method));
    matches!((seen, generation), (Some(seen), Some(wanted)) if seen >= wanted)
}

/// Whether a revision shows the kind's sign of readiness.
pub(super) fn shows_ready(measure: &KindMeasure, signal: &ReconcileSignal) -> bool {
    let sign = measure.ready;
    sign.is_some_and(|sign| signal.says(sign) == Some(true))
}
