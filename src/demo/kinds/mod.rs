//! The simulated kinds: what their objects look like, what people change in them, and what their
//! controllers report.

mod ai_gateway;
mod argo;
mod cert_manager;
mod databases;
mod gateway_api;
mod postgres;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::objects::rfc3339;
use super::store::KindId;

pub(super) const CERTIFICATE: KindId = KindId(0);
pub(super) const CERTIFICATE_REQUEST: KindId = KindId(1);
pub(super) const ISSUER: KindId = KindId(2);
pub(super) const APPLICATION: KindId = KindId(3);
pub(super) const ROLLOUT: KindId = KindId(4);
pub(super) const GATEWAY: KindId = KindId(5);
pub(super) const HTTP_ROUTE: KindId = KindId(6);
pub(super) const CLUSTER: KindId = KindId(7);
pub(super) const BACKUP: KindId = KindId(8);
pub(super) const DATABASE: KindId = KindId(9);
pub(super) const AI_GATEWAY_ROUTE: KindId = KindId(10);
pub(super) const AI_SERVICE_BACKEND: KindId = KindId(11);

/// The behaviour of every kind, by its number.
pub(super) static KINDS: [&dyn Behaviour; 12] = [
    &cert_manager::Certificates,
    &cert_manager::CertificateRequests,
    &cert_manager::Issuers,
    &argo::Applications,
    &argo::Rollouts,
    &gateway_api::Gateways,
    &gateway_api::HttpRoutes,
    &postgres::Clusters,
    &postgres::Backups,
    &databases::Databases,
    &ai_gateway::Routes,
    &ai_gateway::Backends,
];

/// The behaviour of one kind.
pub(super) fn behaviour(kind: KindId) -> &'static dyn Behaviour {
    KINDS[kind.0]
}

/// What a new object is about.
#[derive(Debug, Clone)]
pub(super) struct Subject {
    pub(super) namespace: String,
    pub(super) name: String,
    /// The service that it serves.
    pub(super) app: String,
}

/// How far a reconcile is.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Stage {
    /// The controller has seen the new spec.
    Observed,
    /// It has done this many of so many steps.
    Progress { done: u32, of: u32 },
    /// Everything is as the spec says.
    Ready,
}

/// When and with which dice a controller acts.
pub(super) struct Scene<'a> {
    pub(super) now: Timestamp,
    pub(super) rng: &'a mut Rng,
}

impl Scene<'_> {
    pub(super) fn time(&self) -> String {
        rfc3339(self.now)
    }

    pub(super) fn time_in_days(&self, days: i64) -> String {
        let then = self.now.checked_add(SignedDuration::from_hours(24 * days));
        rfc3339(then.unwrap_or(self.now))
    }
}

/// A delay whose logarithm is normally distributed, as waiting times of controllers roughly are.
#[derive(Debug, Clone, Copy)]
pub(super) struct LogNormal {
    /// Seconds.
    pub(super) median: f64,
    /// Standard deviation of the logarithm.
    pub(super) sigma: f64,
}

impl LogNormal {
    /// Seconds.
    pub(super) fn sample(self, rng: &mut Rng) -> f64 {
        let radius = (-2.0 * (1.0 - rng.f64()).ln()).sqrt();
        let normal = radius * (std::f64::consts::TAU * rng.f64()).cos();
        self.median * (self.sigma * normal).exp()
    }
}

/// How fast a controller is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Pace {
    /// From the change to [`Stage::Observed`].
    pub(super) observed: LogNormal,
    /// From each stage to the next one.
    pub(super) step: LogNormal,
    /// How many [`Stage::Progress`] there are in between.
    pub(super) steps: u32,
}

impl Pace {
    const fn new(observed: f64, step: f64, steps: u32) -> Self {
        Self {
            observed: LogNormal {
                median: observed,
                sigma: 0.5,
            },
            step: LogNormal {
                median: step,
                sigma: 0.6,
            },
            steps,
        }
    }
}

/// What sets one kind apart.
pub(super) trait Behaviour: Sync {
    /// Its part of the population, relative to the other kinds.
    fn share(&self) -> usize;

    /// The field manager of the status at this stage.
    fn controller(&self, stage: Stage) -> &'static str;

    fn pace(&self) -> Pace;

    /// A new object: metadata of the creator's and spec.
    fn draft(&self, subject: &Subject, rng: &mut Rng) -> Value;

    /// Changes the spec as people and pipelines do.
    fn edit(&self, object: &mut Value, rng: &mut Rng);

    /// The status at this stage of reconciling `object`, which still has the one before.
    fn status(&self, object: &Value, stage: Stage, scene: &mut Scene<'_>) -> Value;

    /// A status write that says nothing but "still here", where the kind knows such.
    fn heartbeat(&self, _object: &Value, _scene: &mut Scene<'_>) -> Option<Value> {
        None
    }
}

/// One entry of `status.conditions`.
pub(super) struct Condition<'a> {
    pub(super) kind: &'a str,
    pub(super) status: bool,
    pub(super) reason: &'a str,
    pub(super) message: &'a str,
    /// Set by the controllers that report it here.
    pub(super) observed_generation: Option<&'a Value>,
}

/// Sets a condition; `lastTransitionTime` moves only when its status does. (API conventions.)
pub(super) fn set_condition(conditions: &mut Value, condition: &Condition<'_>, time: &str) {
    if !conditions.is_array() {
        *conditions = json!([]);
    }
    let Some(list) = conditions.as_array_mut() else {
        return;
    };
    let status = if condition.status { "True" } else { "False" };
    let place = list.iter().position(|old| old["type"] == condition.kind);
    let since = place
        .map(|place| &list[place])
        .filter(|old| old["status"] == status)
        .and_then(|old| old["lastTransitionTime"].as_str())
        .unwrap_or(time);
    let mut entry = json!({
        "lastTransitionTime": since,
        "message": condition.message,
        "reason": condition.reason,
        "status": status,
        "type": condition.kind,
    });
    if let Some(generation) = condition.observed_generation {
        entry["observedGeneration"] = generation.clone();
    }
    match place {
        Some(place) => list[place] = entry,
        None => list.push(entry),
    }
}

/// Removes a condition.
pub(super) fn remove_condition(conditions: &mut Value, kind: &str) {
    if let Some(list) = conditions.as_array_mut() {
        list.retain(|condition| condition["type"] != kind);
    }
}

/// The labels that deployment tools leave.
fn labels(subject: &Subject, component: &str) -> Value {
    json!({
        "app.kubernetes.io/component": component,
        "app.kubernetes.io/instance": subject.app,
        "app.kubernetes.io/name": subject.app,
        "app.kubernetes.io/part-of": subject.namespace,
    })
}

/// The present status, or an empty one.
fn status_of(object: &Value) -> Value {
    match &object["status"] {
        Value::Object(status) => Value::Object(status.clone()),
        _ => json!({}),
    }
}

fn pick<'a>(rng: &mut Rng, choices: &[&'a str]) -> &'a str {
    choices[rng.usize(..choices.len())]
}

/// Hexadecimal digits, as commits, digests and pod hashes are written.
fn hex(rng: &mut Rng, digits: usize) -> String {
    (0..digits).map(|_| rng.digit(16)).collect()
}

/// Something that looks like DER in base64.
fn blob(rng: &mut Rng, length: usize) -> String {
    std::iter::once("LS0tLS1CRUdJTi".to_owned())
        .chain((0..length).map(|_| rng.alphanumeric().to_string()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn behaviours_stand_in_the_order_of_the_definitions() {
        let subject = Subject {
            namespace: "shop".into(),
            name: "cart".into(),
            app: "cart".into(),
        };
        let loaded = super::super::crds::load().unwrap();
        for ((definition, _), behaviour) in loaded.iter().zip(KINDS) {
            let mut rng = Rng::with_seed(1);
            let mut object = behaviour.draft(&subject, &mut rng);
            object["metadata"]["generation"] = 1.into();
            for stage in [Stage::Observed, Stage::Ready] {
                let mut scene = Scene {
                    now: Timestamp::UNIX_EPOCH,
                    rng: &mut rng,
                };
                object["status"] = behaviour.status(&object, stage, &mut scene);
            }
            for part in ["spec", "status"] {
                let known = &definition.schema["properties"][part]["properties"];
                for field in object[part].as_object().unwrap().keys() {
                    let name = definition.qualified_plural();
                    assert!(known.get(field).is_some(), "{name}: {part}.{field}");
                }
            }
        }
    }

    #[test]
    fn a_transition_time_moves_only_with_the_status() {
        let mut conditions = Value::Null;
        let mut set = |status, time: &str| {
            let condition = Condition {
                kind: "Ready",
                status,
                reason: "Because",
                message: "",
                observed_generation: None,
            };
            set_condition(&mut conditions, &condition, time);
            conditions[0]["lastTransitionTime"].clone()
        };
        assert_eq!(set(true, "1"), "1");
        assert_eq!(set(true, "2"), "1");
        assert_eq!(set(false, "3"), "3");
    }

    #[test]
    fn half_of_the_delays_are_below_the_median() {
        let delay = LogNormal {
            median: 0.4,
            sigma: 0.6,
        };
        let mut rng = Rng::with_seed(5);
        let below = (0..2000).filter(|_| delay.sample(&mut rng) < 0.4).count();
        assert!((850..1150).contains(&below), "{below}");
    }
}
