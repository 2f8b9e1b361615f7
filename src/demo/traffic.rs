//! Everyday life: edits, heartbeats, labels, renewals and backups, at the rate that was asked for.

use serde_json::json;

use super::kinds::{
    self, AI_GATEWAY_ROUTE, AI_SERVICE_BACKEND, APPLICATION, BACKUP, CERTIFICATE,
    CERTIFICATE_REQUEST, CLUSTER, DATABASE, GATEWAY, HTTP_ROUTE, ISSUER, ROLLOUT, Stage, Subject,
};
use super::ring::Key;
use super::simulation::{Simulation, Task};
use super::store::KindId;
use super::storylines;

/// Kinds that people change, the busier ones more than once.
const EDITED: [KindId; 14] = [
    CERTIFICATE,
    CERTIFICATE,
    APPLICATION,
    APPLICATION,
    ROLLOUT,
    HTTP_ROUTE,
    HTTP_ROUTE,
    HTTP_ROUTE,
    CLUSTER,
    DATABASE,
    DATABASE,
    GATEWAY,
    AI_GATEWAY_ROUTE,
    AI_SERVICE_BACKEND,
];

/// Who changes things.
pub(super) const EDITORS: [&str; 5] = [
    "argocd-controller",
    "argocd-controller",
    "helm",
    "kubectl-client-side-apply",
    "kubectl-edit",
];

impl Simulation {
    /// Starts the traffic, unless nothing is to happen at all.
    pub(super) fn begin_traffic(&mut self) {
        if self.rate > 0.0 {
            self.schedule(0.2, Task::Traffic);
        }
    }

    /// One piece of traffic; the pause after it is as long as its changes are worth.
    pub(super) fn traffic(&mut self) {
        let changes = match self.rng.u8(..100) {
            0..34 => self.edit_something(),
            34..72 => self.heartbeat_something(),
            72..84 => self.label_something(),
            84..94 => self.renew_something(),
            _ => self.back_up_something(),
        };
        let left = (self.rate - storylines::changes_per_second(self.rate)).max(0.05);
        let mean = f64::from(changes) / left;
        let pause = -mean * (1.0 - self.rng.f64()).ln();
        self.schedule(pause, Task::Traffic);
    }

    fn edit_something(&mut self) -> u32 {
        let kind = EDITED[self.rng.usize(..EDITED.len())];
        let Some(key) = self.choose(kind) else {
            return 1;
        };
        let editor = EDITORS[self.rng.usize(..EDITORS.len())];
        let behaviour = kinds::behaviour(kind);
        match self.write_spec(kind, &key, editor, |object, rng| {
            behaviour.edit(object, rng);
        }) {
            Ok(written) if written.generation_moved => 3 + behaviour.pace().steps,
            _ => 1,
        }
    }

    fn heartbeat_something(&mut self) -> u32 {
        let kind = if self.rng.u8(..3) == 0 {
            DATABASE
        } else {
            APPLICATION
        };
        if let Some(key) = self.choose(kind) {
            self.heartbeat(kind, &key);
        }
        1
    }

    /// A status write that only says "still here".
    pub(super) fn heartbeat(&mut self, kind: KindId, key: &Key) {
        let behaviour = kinds::behaviour(kind);
        let controller = behaviour.controller(Stage::Ready);
        let beat = self.write_status(kind, key, controller, |object, scene| {
            behaviour
                .heartbeat(object, scene)
                .unwrap_or_else(|| object["status"].clone())
        });
        if let Err(error) = beat {
            tracing::debug!(?error, "a heartbeat of the demo found nobody");
        }
    }

    fn label_something(&mut self) -> u32 {
        const PODS: [KindId; 4] = [ROLLOUT, HTTP_ROUTE, CERTIFICATE, ISSUER];
        let kind = PODS[self.rng.usize(..PODS.len())];
        let Some(key) = self.choose(kind) else {
            return 1;
        };
        let release = self.rng.u16(100..999);
        let labelled = self.write_spec(kind, &key, "helm", |object, _| {
            object["metadata"]["labels"]["app.kubernetes.io/version"] =
                format!("r{release}").into();
        });
        u32::from(labelled.is_ok())
    }

    fn renew_something(&mut self) -> u32 {
        match self.choose(CERTIFICATE) {
            Some(key) => self.renew(&key),
            None => 1,
        }
    }

    /// A certificate is due: a request is made, approved and issued, and its predecessor goes.
    pub(super) fn renew(&mut self, certificate: &Key) -> u32 {
        let Some(stored) = self.store.get(CERTIFICATE, certificate) else {
            return 1;
        };
        let Ok(object) = super::store::decode(&stored) else {
            return 1;
        };
        let revision = object["status"]["revision"].as_i64().unwrap_or(0);
        let name = format!("{}-{}", certificate.name, revision + 1);
        let subject = Subject {
            namespace: certificate.namespace.to_string(),
            name: name.clone(),
            app: certificate.name.trim_end_matches("-tls").to_owned(),
        };
        let mut draft = kinds::behaviour(CERTIFICATE_REQUEST).draft(&subject, &mut self.rng);
        draft["metadata"]["ownerReferences"] = json!([owner(&object)]);
        draft["spec"]["issuerRef"] = object["spec"]["issuerRef"].clone();
        let key = Key::new(&certificate.namespace, &name);
        let manager = "cert-manager-certificates-request-manager";
        if self
            .create(CERTIFICATE_REQUEST, &key, manager, draft)
            .is_err()
        {
            return 1;
        }
        let renewed = Task::Renewed {
            key: certificate.clone(),
        };
        self.schedule(1.2, renewed);
        let previous = Key::new(
            &certificate.namespace,
            &format!("{}-{revision}", certificate.name),
        );
        let seconds = 3.0 + 6.0 * self.rng.f64();
        let gone = Task::Delete {
            kind: CERTIFICATE_REQUEST,
            key: previous,
        };
        self.schedule(seconds, gone);
        7
    }

    fn back_up_something(&mut self) -> u32 {
        let Some(cluster) = self.choose(CLUSTER) else {
            return 1;
        };
        let stamp = self.wall().strftime("%Y%m%d%H%M%S");
        let name = format!("{}-{stamp}", cluster.name);
        let subject = Subject {
            namespace: cluster.namespace.to_string(),
            name: name.clone(),
            app: cluster.name.to_string(),
        };
        let draft = kinds::behaviour(BACKUP).draft(&subject, &mut self.rng);
        let key = Key::new(&cluster.namespace, &name);
        let created = self.create(BACKUP, &key, "cnpg-scheduler", draft).is_ok();
        // Retention: as many go as come.
        if created && let Some(oldest) = self.choose(BACKUP) {
            let key = oldest;
            self.schedule(8.0, Task::Delete { kind: BACKUP, key });
        }
        if created { 4 } else { 1 }
    }
}

/// The owner reference that a controller puts on what it makes.
pub(super) fn owner(object: &serde_json::Value) -> serde_json::Value {
    json!({
        "apiVersion": object["apiVersion"],
        "blockOwnerDeletion": true,
        "controller": true,
        "kind": object["kind"],
        "name": object["metadata"]["name"],
        "uid": object["metadata"]["uid"],
    })
}
