//! A home-grown database operator: a Ready condition, and no word on which generation it is about.

use fastrand::Rng;
use serde_json::{Value, json};

use super::{
    Behaviour, Condition, Pace, Scene, Stage, Subject, labels, pick, set_condition, status_of,
};

pub(super) struct Databases;

impl Behaviour for Databases {
    fn share(&self) -> usize {
        26
    }

    fn controller(&self, _stage: Stage) -> &'static str {
        "database-operator"
    }

    fn pace(&self) -> Pace {
        Pace::new(0.08, 0.56, 0)
    }

    fn draft(&self, subject: &Subject, rng: &mut Rng) -> Value {
        let (engine, version) = match rng.u8(..4) {
            0 => ("mysql", "8.4"),
            1 => ("redis", "7.4"),
            _ => ("postgres", "17"),
        };
        json!({
            "metadata": {"labels": labels(subject, "database")},
            "spec": {
                "backup": {"retention": "14d", "schedule": "0 2 * * *"},
                "engine": engine,
                "parameters": {"max_connections": "200", "statement_timeout": "30s"},
                "public": rng.u8(..10) == 0,
                "replicas": rng.u8(1..5),
                "storage": pick(rng, &["10Gi", "20Gi", "100Gi"]),
                "version": version,
            },
        })
    }

    fn edit(&self, object: &mut Value, rng: &mut Rng) {
        let spec = &mut object["spec"];
        match rng.u8(..3) {
            0 => {
                let replicas = spec["replicas"].as_u64().unwrap_or(1);
                spec["replicas"] = (1 + (replicas + rng.u64(..3)) % 6).into();
            }
            1 => {
                let timeout = pick(rng, &["5s", "15s", "30s", "60s"]);
                spec["parameters"]["statement_timeout"] = timeout.into();
            }
            _ => spec["backup"]["retention"] = pick(rng, &["7d", "14d", "30d", "90d"]).into(),
        }
    }

    fn status(&self, object: &Value, stage: Stage, scene: &mut Scene<'_>) -> Value {
        let mut status = status_of(object);
        let time = scene.time();
        let metadata = &object["metadata"];
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        let host = format!(
            "{}.{}.svc",
            text(&metadata["name"]),
            text(&metadata["namespace"])
        );
        let done = stage == Stage::Ready;
        let replicas = object["spec"]["replicas"].as_u64().unwrap_or(1);
        if status["endpoint"].is_null() {
            status["endpoint"] = format!("{host}:5432").into();
            status["connections"] = scene.rng.u8(3..90).into();
            status["lastBackupTime"] = time.clone().into();
            status["load"] = (f64::from(scene.rng.u8(1..95)) / 100.0).into();
        }
        let ready = Condition {
            kind: "Ready",
            status: done,
            reason: if done { "Available" } else { "Reconciling" },
            message: &if done {
                format!("{replicas} of {replicas} replicas accept connections")
            } else {
                format!("rolling {replicas} replicas to the new configuration")
            },
            observed_generation: None,
        };
        set_condition(&mut status["conditions"], &ready, &time);
        if done {
            status["readyReplicas"] = replicas.into();
        }
        status["lastHeartbeatTime"] = time.into();
        status
    }

    fn heartbeat(&self, object: &Value, scene: &mut Scene<'_>) -> Option<Value> {
        let mut status = status_of(object);
        status["lastHeartbeatTime"] = scene.time().into();
        Some(status)
    }
}
