//! CloudNativePG's clusters and backups.

use fastrand::Rng;
use serde_json::{Value, json};

use super::{
    Behaviour, Condition, Pace, Scene, Stage, Subject, hex, labels, pick, set_condition, status_of,
};

pub(super) struct Clusters;
pub(super) struct Backups;

const OPERATOR: &str = "cloudnative-pg";

impl Behaviour for Clusters {
    fn share(&self) -> usize {
        14
    }

    fn controller(&self, _stage: Stage) -> &'static str {
        OPERATOR
    }

    fn pace(&self) -> Pace {
        Pace::new(0.19, 3.5, 2)
    }

    fn draft(&self, subject: &Subject, rng: &mut Rng) -> Value {
        let app = &subject.app;
        json!({
            "metadata": {"labels": labels(subject, "database")},
            "spec": {
                "bootstrap": {"initdb": {"database": app, "owner": app}},
                "imageName": "ghcr.io/cloudnative-pg/postgresql:17.2",
                "instances": if rng.bool() { 3 } else { 2 },
                "monitoring": {"enablePodMonitor": true},
                "postgresql": {"parameters": {
                    "max_connections": "200",
                    "shared_buffers": "256MB",
                    "work_mem": "8MB",
                }},
                "primaryUpdateStrategy": "unsupervised",
                "resources": {"requests": {"cpu": "1", "memory": "2Gi"}},
                "storage": {"size": pick(rng, &["10Gi", "50Gi", "200Gi"]), "storageClass": "fast"},
            },
        })
    }

    fn edit(&self, object: &mut Value, rng: &mut Rng) {
        let spec = &mut object["spec"];
        match rng.u8(..3) {
            0 => {
                let instances = spec["instances"].as_u64().unwrap_or(3);
                spec["instances"] = (2 + (instances + 1) % 4).into();
            }
            1 => {
                let connections = rng.u16(1..9) * 50;
                spec["postgresql"]["parameters"]["max_connections"] =
                    connections.to_string().into();
            }
            _ => {
                let memory = pick(rng, &["4MB", "8MB", "16MB", "32MB"]);
                spec["postgresql"]["parameters"]["work_mem"] = memory.into();
            }
        }
    }

    fn status(&self, object: &Value, stage: Stage, scene: &mut Scene<'_>) -> Value {
        let mut status = status_of(object);
        let time = scene.time();
        let name = object["metadata"]["name"].as_str().unwrap_or("pg");
        let name = name.to_owned();
        let instances = object["spec"]["instances"].as_u64().unwrap_or(1);
        let done = stage == Stage::Ready;
        let (ready, phase) = match stage {
            Stage::Observed => (instances - 1, "Upgrading cluster"),
            Stage::Progress { .. } => (instances - 1, "Waiting for the instances to become active"),
            Stage::Ready => (instances, "Cluster in healthy state"),
        };
        let pods: Vec<String> = (1..=instances).map(|n| format!("{name}-{n}")).collect();
        if status["currentPrimary"].is_null() {
            status["currentPrimary"] = format!("{name}-1").into();
            status["currentPrimaryTimestamp"] = time.clone().into();
        }
        status["targetPrimary"] = status["currentPrimary"].clone();
        status["healthyPVC"] = json!(pods);
        status["instanceNames"] = json!(pods);
        status["instances"] = instances.into();
        status["latestGeneratedNode"] = instances.into();
        status["observedGeneration"] = object["metadata"]["generation"].clone();
        status["phase"] = phase.into();
        status["readService"] = format!("{name}-r").into();
        status["readyInstances"] = ready.into();
        status["writeService"] = format!("{name}-rw").into();
        let condition = Condition {
            kind: "Ready",
            status: done,
            reason: if done {
                "ClusterIsReady"
            } else {
                "ClusterIsNotReady"
            },
            message: if done {
                "Cluster is Ready"
            } else {
                "Cluster Is Not Ready"
            },
            observed_generation: None,
        };
        set_condition(&mut status["conditions"], &condition, &time);
        status
    }
}

impl Behaviour for Backups {
    fn share(&self) -> usize {
        34
    }

    fn controller(&self, _stage: Stage) -> &'static str {
        OPERATOR
    }

    fn pace(&self) -> Pace {
        Pace::new(0.1, 4.0, 0)
    }

    fn draft(&self, subject: &Subject, _rng: &mut Rng) -> Value {
        let cluster = subject
            .name
            .rsplit_once('-')
            .map_or("pg-main", |(cluster, _)| cluster);
        json!({
            "metadata": {"labels": {
                "cnpg.io/cluster": cluster,
                "cnpg.io/scheduled-backup": format!("{cluster}-nightly"),
            }},
            "spec": {
                "cluster": {"name": cluster},
                "method": "barmanObjectStore",
                "target": "prefer-standby",
            },
        })
    }

    fn edit(&self, _object: &mut Value, _rng: &mut Rng) {
        // A backup is made once.
    }

    fn status(&self, object: &Value, stage: Stage, scene: &mut Scene<'_>) -> Value {
        let mut status = status_of(object);
        let cluster = object["spec"]["cluster"]["name"].as_str().unwrap_or("pg");
        if status["startedAt"].is_null() {
            status["startedAt"] = scene.time().into();
            status["backupId"] = hex(scene.rng, 16).into();
            status["instanceID"] = json!({"podName": format!("{cluster}-2")});
            status["method"] = "barmanObjectStore".into();
            status["beginWal"] = format!("0000000100000000000000{:02X}", scene.rng.u8(..)).into();
            status["destinationPath"] = format!("s3://backups/{cluster}").into();
        }
        match stage {
            Stage::Observed | Stage::Progress { .. } => status["phase"] = "running".into(),
            // One in forty finds its bucket closed.
            Stage::Ready if scene.rng.u8(..40) == 0 => {
                status["phase"] = "failed".into();
                status["error"] =
                    "encountered an error while checking the bucket: exit status 4".into();
            }
            Stage::Ready => {
                status["phase"] = "completed".into();
                status["stoppedAt"] = scene.time().into();
                status["endWal"] = status["beginWal"].clone();
            }
        }
        status
    }
}
