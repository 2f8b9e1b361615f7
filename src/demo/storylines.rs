//! The stories that the demo tells on purpose, each about one object with a name: what goes wrong in
//! real clusters. All of them have begun within twenty seconds.

use std::time::Duration;

use serde_json::{Value, json};

use super::kinds::{
    self, AI_GATEWAY_ROUTE, APPLICATION, CERTIFICATE, Condition, DATABASE, ROLLOUT, Stage,
    set_condition,
};
use super::managed_fields::Author;
use super::objects::{self, rfc3339};
use super::ring::Key;
use super::simulation::{Simulation, Task};
use super::store::KindId;

/// One story; most have several turns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Story {
    /// shop/payments-tls gets another name and takes its time.
    SlowCertificate,
    /// ingress/wildcard-eu is changed and nobody ever looks at it again.
    Stuck,
    /// platform/orders-db: an autoscaler and a GitOps tool disagree about `spec.replicas`.
    Fight { autoscaler: bool },
    /// platform/users-db: its controller writes the status again and again.
    HotLoop,
    /// data/reports-db: Ready goes back and forth.
    Flap { ready: bool },
    /// shop/legacy-cart-db is deleted, and a finalizer holds it.
    HeldDeletion,
    /// data/metrics-db and Applications only say that they are alive.
    Heartbeats,
    /// shop/checkout-tls is renewed: certificate requests come and go.
    Renewal,
    /// shop/checkout is rolled out.
    Rollout,
    /// platform/llm: traffic moves to the next model, a step at a time.
    ModelShift,
    /// cert-manager is slow for a while.
    SlowSpell,
    /// The operator of the databases is upgraded: its CRD has another schema.
    SchemaUpgrade,
}

/// When each story begins, in seconds.
const BEGINNINGS: [(f64, Story); 12] = [
    (0.6, Story::HotLoop),
    (1.0, Story::Fight { autoscaler: true }),
    (1.5, Story::SlowCertificate),
    (2.0, Story::Heartbeats),
    (2.5, Story::Flap { ready: false }),
    (3.0, Story::Stuck),
    (4.0, Story::Rollout),
    (5.0, Story::ModelShift),
    (6.0, Story::HeldDeletion),
    (8.0, Story::Renewal),
    (12.0, Story::SlowSpell),
    (16.0, Story::SchemaUpgrade),
];

/// The objects that stories are about; the population starts with them.
pub(super) const CAST: [(KindId, &str, &str); 19] = [
    (CERTIFICATE, "shop", "payments-tls"),
    (CERTIFICATE, "shop", "checkout-tls"),
    (CERTIFICATE, "ingress", "wildcard-eu"),
    (kinds::ISSUER, "shop", "letsencrypt"),
    (kinds::ISSUER, "ingress", "internal-ca"),
    (APPLICATION, "argocd", "checkout"),
    (ROLLOUT, "shop", "checkout"),
    (kinds::GATEWAY, "ingress", "edge"),
    (kinds::HTTP_ROUTE, "shop", "checkout"),
    (kinds::CLUSTER, "data", "pg-main"),
    (DATABASE, "platform", "orders-db"),
    (DATABASE, "platform", "users-db"),
    (DATABASE, "data", "reports-db"),
    (DATABASE, "data", "metrics-db"),
    (DATABASE, "shop", "legacy-cart-db"),
    (AI_GATEWAY_ROUTE, "platform", "llm"),
    (kinds::AI_SERVICE_BACKEND, "platform", "self-hosted"),
    (kinds::AI_SERVICE_BACKEND, "platform", "provider-a"),
    (kinds::GATEWAY, "platform", "ai"),
];

/// The finalizer that nobody removes.
pub(super) const HELD_BY: &str = "stable.example.com/final-backup";
/// Changes per second of all stories together, when nothing slows them down.
const FULL_SPEED: f64 = 2.2;
/// The rate below which stories slow down too.
const FULL_SPEED_FROM: f64 = 4.0;

fn speed(rate: f64) -> f64 {
    (rate / FULL_SPEED_FROM).min(1.0)
}

/// How many of the wanted changes the stories make.
pub(super) fn changes_per_second(rate: f64) -> f64 {
    FULL_SPEED * speed(rate)
}

fn held() -> (KindId, Key) {
    (DATABASE, Key::new("shop", "legacy-cart-db"))
}

impl Simulation {
    /// Schedules the first turn of every story.
    pub(super) fn begin_stories(&mut self) {
        if self.rate <= 0.0 {
            return;
        }
        for (seconds, story) in BEGINNINGS {
            self.schedule(seconds, Task::Story(story));
        }
        self.held.insert(held());
        self.reserved = CAST
            .into_iter()
            .map(|(kind, namespace, name)| (kind, Key::new(namespace, name)))
            .collect();
    }

    /// One turn of a story.
    pub(super) fn tell(&mut self, story: Story) {
        let (pause, next) = match story {
            Story::SlowCertificate => (self.slow_certificate(), story),
            Story::Stuck => {
                self.stuck_object();
                return;
            }
            Story::Fight { autoscaler } => {
                let next = Story::Fight {
                    autoscaler: !autoscaler,
                };
                (self.fight(autoscaler), next)
            }
            Story::HotLoop => (self.hot_loop(), story),
            Story::Flap { ready } => (self.flap(ready), Story::Flap { ready: !ready }),
            Story::HeldDeletion => {
                self.held_deletion();
                return;
            }
            Story::SchemaUpgrade => {
                self.schema_upgrade();
                return;
            }
            Story::Heartbeats => (self.heartbeats(), story),
            Story::Renewal => {
                self.renew(&Key::new("shop", "checkout-tls"));
                (40.0, story)
            }
            Story::Rollout => {
                self.story_edit(ROLLOUT, "shop", "checkout", "argocd-controller");
                (75.0, story)
            }
            Story::ModelShift => {
                self.story_edit(AI_GATEWAY_ROUTE, "platform", "llm", "model-rollout-bot");
                (9.0, story)
            }
            Story::SlowSpell => {
                self.slow_until = self.now + Duration::from_secs(25);
                (180.0, story)
            }
        };
        let pause = pause * (0.8 + 0.4 * self.rng.f64()) / speed(self.rate);
        self.schedule(pause, Task::Story(next));
    }

    fn story_edit(&mut self, kind: KindId, namespace: &str, name: &str, manager: &str) {
        let key = Key::new(namespace, name);
        let behaviour = kinds::behaviour(kind);
        let edited = self.write_spec(kind, &key, manager, |object, rng| {
            behaviour.edit(object, rng);
        });
        if let Err(error) = edited {
            tracing::debug!(?error, "a story of the demo lost its object");
        }
    }

    fn slow_certificate(&mut self) -> f64 {
        self.slow_until = self.slow_until.max(self.now + Duration::from_secs(6));
        self.story_edit(
            CERTIFICATE,
            "shop",
            "payments-tls",
            "kubectl-client-side-apply",
        );
        45.0
    }

    fn stuck_object(&mut self) {
        let key = Key::new("ingress", "wildcard-eu");
        self.stuck.insert((CERTIFICATE, key));
        self.story_edit(CERTIFICATE, "ingress", "wildcard-eu", "argocd-controller");
    }

    fn fight(&mut self, autoscaler: bool) -> f64 {
        let key = Key::new("platform", "orders-db");
        let (manager, replicas) = if autoscaler {
            ("hpa-controller", 5)
        } else {
            ("argocd-controller", 3)
        };
        let scaled = self.write_spec(DATABASE, &key, manager, |object, _| {
            object["spec"]["replicas"] = replicas.into();
        });
        if let Err(error) = scaled {
            tracing::debug!(?error, "the fight of the demo lost its object");
        }
        4.0
    }

    fn hot_loop(&mut self) -> f64 {
        let key = Key::new("platform", "users-db");
        self.story_status(&key, |object, status| {
            let attempts = object["status"]["attempts"].as_i64().unwrap_or(0) + 1;
            status["attempts"] = attempts.into();
            status["connections"] = (40 + attempts * 7 % 23).into();
        });
        1.2
    }

    fn flap(&mut self, ready: bool) -> f64 {
        let key = Key::new("data", "reports-db");
        let time = rfc3339(self.wall());
        self.story_status(&key, |object, status| {
            let replicas = object["spec"]["replicas"].as_u64().unwrap_or(1);
            let condition = if ready {
                ("Available", "replication lag is back under 5 s")
            } else {
                ("ReplicationLag", "a replica lags more than 5 s behind")
            };
            let condition = Condition {
                kind: "Ready",
                status: ready,
                reason: condition.0,
                message: condition.1,
                observed_generation: None,
            };
            set_condition(&mut status["conditions"], &condition, &time);
            status["readyReplicas"] = replicas.saturating_sub(u64::from(!ready)).into();
        });
        5.0
    }

    fn held_deletion(&mut self) {
        let (kind, key) = held();
        self.delete(kind, &key);
        let time = rfc3339(self.wall());
        self.story_status(&key, |_, status| {
            let condition = Condition {
                kind: "Ready",
                status: false,
                reason: "Deleting",
                message: "waiting for the final backup: bucket s3://backups/legacy-cart is not reachable",
                observed_generation: None,
            };
            set_condition(&mut status["conditions"], &condition, &time);
        });
    }

    fn schema_upgrade(&mut self) {
        let crds = self
            .store
            .find("apiextensions.k8s.io", "v1", "customresourcedefinitions");
        let Some(crds) = crds else { return };
        let key = Key::new("", "databases.stable.example.com");
        let (author, now) = (Author::update("helm"), self.wall());
        let upgraded = objects::update(&self.store, crds, &key, author, now, |crd| {
            let version = &mut crd["spec"]["versions"][0];
            let spec = &mut version["schema"]["openAPIV3Schema"]["properties"]["spec"];
            let fields = &mut spec["properties"];
            fields["access"] = json!({
                "type": "string",
                "description": "Who may connect: clients inside the cluster, or everyone.",
                "enum": ["internal", "public"],
                "default": "internal",
            });
            fields["public"]["description"] =
                "Whether clients outside of the cluster may connect.\n\nDeprecated: use access."
                    .into();
            fields["engine"]["enum"] = json!(["postgres", "mysql", "redis", "valkey"]);
            fields["replicas"]["maximum"] = 9.into();
            fields["backup"]["properties"]["schedule"]["description"] =
                "When backups are made, as a cron expression in UTC. None are made while it is not set."
                    .into();
        });
        if let Err(error) = upgraded {
            tracing::debug!(?error, "a story of the demo lost its object");
        }
    }

    fn heartbeats(&mut self) -> f64 {
        self.heartbeat(DATABASE, &Key::new("data", "metrics-db"));
        self.heartbeat(APPLICATION, &Key::new("argocd", "checkout"));
        5.0
    }

    fn story_status(&mut self, key: &Key, change: impl FnOnce(&Value, &mut Value)) {
        let controller = kinds::behaviour(DATABASE).controller(Stage::Ready);
        let written = self.write_status(DATABASE, key, controller, |object, _| {
            let mut status = match &object["status"] {
                Value::Object(status) => Value::Object(status.clone()),
                _ => json!({}),
            };
            change(object, &mut status);
            status
        });
        if let Err(error) = written {
            tracing::debug!(?error, "a story of the demo lost its object");
        }
    }
}
