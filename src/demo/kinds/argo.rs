//! Argo CD's Applications, which never say which generation they have seen, and Rollouts, which say
//! it as a string.

use fastrand::Rng;
use serde_json::{Value, json};

use super::{
    Behaviour, Condition, Pace, Scene, Stage, Subject, hex, labels, pick, set_condition, status_of,
};

pub(super) struct Applications;
pub(super) struct Rollouts;

impl Behaviour for Applications {
    fn share(&self) -> usize {
        28
    }

    fn controller(&self, _stage: Stage) -> &'static str {
        "argocd-application-controller"
    }

    fn pace(&self) -> Pace {
        Pace::new(0.15, 1.8, 0)
    }

    fn draft(&self, subject: &Subject, rng: &mut Rng) -> Value {
        let app = &subject.app;
        let namespace = match app.as_str() {
            "checkout" => "shop",
            _ => pick(rng, &["shop", "data", "platform"]),
        };
        json!({
            "metadata": {
                "finalizers": ["resources-finalizer.argocd.argoproj.io"],
                "labels": labels(subject, "application"),
            },
            "spec": {
                "destination": {"namespace": namespace, "server": "https://kubernetes.default.svc"},
                "project": pick(rng, &["default", "shop", "platform"]),
                "source": {
                    "helm": {"parameters": [{"name": "image.tag", "value": version(rng)}], "releaseName": app},
                    "path": format!("apps/{app}"),
                    "repoURL": "https://git.example.com/platform/deployments.git",
                    "targetRevision": "main",
                },
                "syncPolicy": {
                    "automated": {"prune": true, "selfHeal": true},
                    "syncOptions": ["CreateNamespace=true", "ServerSideApply=true"],
                },
            },
        })
    }

    fn edit(&self, object: &mut Value, rng: &mut Rng) {
        object["spec"]["source"]["helm"]["parameters"][0]["value"] = version(rng).into();
    }

    fn status(&self, object: &Value, stage: Stage, scene: &mut Scene<'_>) -> Value {
        let mut status = status_of(object);
        let time = scene.time();
        let app = object["spec"]["source"]["helm"]["releaseName"].clone();
        let done = stage == Stage::Ready;
        let (sync, health) = if done {
            ("Synced", "Healthy")
        } else {
            ("OutOfSync", "Progressing")
        };
        if status["health"]["status"] != health {
            status["health"] = json!({"lastTransitionTime": time, "status": health});
        }
        status["reconciledAt"] = time.clone().into();
        status["sourceType"] = "Helm".into();
        if done {
            let revision = hex(scene.rng, 40);
            status["operationState"] = json!({
                "finishedAt": time,
                "message": "successfully synced (all tasks run)",
                "phase": "Succeeded",
                "syncResult": {"revision": revision},
            });
            status["sync"]["revision"] = revision.into();
            let tag = object["spec"]["source"]["helm"]["parameters"][0]["value"].as_str();
            let image = format!(
                "registry.example.com/{}:{}",
                app.as_str().unwrap_or_default(),
                tag.unwrap_or("latest")
            );
            status["summary"] = json!({ "images": [image] });
        }
        status["sync"]["status"] = sync.into();
        let namespace = &object["spec"]["destination"]["namespace"];
        let resource = |group: &str, version: &str, kind: &str| {
            json!({
                "group": group,
                "kind": kind,
                "name": app,
                "namespace": namespace,
                "status": sync,
                "version": version,
            })
        };
        status["resources"] = json!([
            resource("", "v1", "Service"),
            resource("argoproj.io", "v1alpha1", "Rollout"),
            resource("gateway.networking.k8s.io", "v1", "HTTPRoute"),
        ]);
        status
    }

    fn heartbeat(&self, object: &Value, scene: &mut Scene<'_>) -> Option<Value> {
        let mut status = status_of(object);
        status["reconciledAt"] = scene.time().into();
        Some(status)
    }
}

fn version(rng: &mut Rng) -> String {
    format!("{}.{}.{}", rng.u8(1..4), rng.u8(0..30), rng.u8(0..12))
}

impl Behaviour for Rollouts {
    fn share(&self) -> usize {
        26
    }

    fn controller(&self, _stage: Stage) -> &'static str {
        "rollouts-controller"
    }

    fn pace(&self) -> Pace {
        Pace::new(0.022, 2.0, 5)
    }

    fn draft(&self, subject: &Subject, rng: &mut Rng) -> Value {
        let app = &subject.app;
        json!({
            "metadata": {
                "annotations": {"rollout.argoproj.io/revision": "1"},
                "labels": labels(subject, "server"),
            },
            "spec": {
                "progressDeadlineSeconds": 600,
                "replicas": rng.u8(2..10),
                "revisionHistoryLimit": 3,
                "selector": {"matchLabels": {"app": app}},
                "strategy": {"canary": {"maxSurge": "25%", "steps": [
                    {"setWeight": 20}, {"pause": {"duration": "30s"}}, {"setWeight": 50}, {"pause": {"duration": "30s"}},
                ]}},
                "template": {
                    "metadata": {"labels": {"app": app}},
                    "spec": {"containers": [{
                        "env": [{"name": "LOG_LEVEL", "value": "info"}, {"name": "REGION", "value": "eu-1"}],
                        "image": format!("registry.example.com/{app}:{}", version(rng)),
                        "name": app,
                        "ports": [{"containerPort": 8080, "name": "http"}],
                        "resources": {
                            "limits": {"memory": "512Mi"},
                            "requests": {"cpu": "100m", "memory": "256Mi"},
                        },
                    }]},
                },
            },
        })
    }

    fn edit(&self, object: &mut Value, rng: &mut Rng) {
        if rng.u8(..4) == 0 {
            let replicas = object["spec"]["replicas"].as_u64().unwrap_or(2);
            object["spec"]["replicas"] = (2 + (replicas + rng.u64(..6)) % 12).into();
            return;
        }
        let container = &mut object["spec"]["template"]["spec"]["containers"][0];
        let app = container["name"].as_str().unwrap_or("app").to_owned();
        container["image"] = format!("registry.example.com/{app}:{}", version(rng)).into();
    }

    fn status(&self, object: &Value, stage: Stage, scene: &mut Scene<'_>) -> Value {
        let mut status = status_of(object);
        let time = scene.time();
        let desired = object["spec"]["replicas"].as_u64().unwrap_or(1);
        let updated = match stage {
            Stage::Observed => 0,
            Stage::Progress { done, of } => desired * u64::from(done) / u64::from(of + 1),
            Stage::Ready => desired,
        };
        let done = stage == Stage::Ready;
        if stage == Stage::Observed || status["currentPodHash"].is_null() {
            status["currentPodHash"] = hex(scene.rng, 10).into();
            status["currentStepIndex"] = 0.into();
        }
        if let Stage::Progress { done, .. } = stage {
            status["currentStepIndex"] = done.min(4).into();
        }
        let generation = object["metadata"]["generation"].as_i64().unwrap_or(1);
        status["observedGeneration"] = generation.to_string().into();
        status["HPAReplicas"] = desired.into();
        status["replicas"] = (desired + u64::from(!done)).into();
        status["readyReplicas"] = desired.into();
        status["availableReplicas"] = desired.into();
        status["updatedReplicas"] = updated.into();
        status["selector"] = format!(
            "app={}",
            object["spec"]["selector"]["matchLabels"]["app"]
                .as_str()
                .unwrap_or_default()
        )
        .into();
        let condition = |kind, status, reason, message| Condition {
            kind,
            status,
            reason,
            message,
            observed_generation: None,
        };
        let conditions = &mut status["conditions"];
        let available = condition(
            "Available",
            true,
            "AvailableReason",
            "Rollout has minimum availability",
        );
        set_condition(conditions, &available, &time);
        let (reason, message) = if done {
            (
                "NewReplicaSetAvailable",
                "ReplicaSet has successfully progressed.",
            )
        } else {
            ("ReplicaSetUpdated", "ReplicaSet is progressing.")
        };
        let progressing = condition("Progressing", true, reason, message);
        set_condition(conditions, &progressing, &time);
        let healthy = if done {
            condition("Healthy", true, "RolloutHealthy", "Rollout is healthy")
        } else {
            condition("Healthy", false, "RolloutHealthy", "Rollout is not healthy")
        };
        set_condition(conditions, &healthy, &time);
        if done {
            status["phase"] = "Healthy".into();
            status["stableRS"] = status["currentPodHash"].clone();
            if let Some(fields) = status.as_object_mut() {
                fields.remove("message");
            }
        } else {
            status["phase"] = "Progressing".into();
            status["message"] = "more replicas need to be updated".into();
        }
        status
    }
}
