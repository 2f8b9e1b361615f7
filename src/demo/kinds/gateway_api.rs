//! Gateways and routes: the generation that was seen stands in each condition.

use fastrand::Rng;
use serde_json::{Value, json};

use super::{
    Behaviour, Condition, Pace, Scene, Stage, Subject, labels, pick, set_condition, status_of,
};

pub(super) struct Gateways;
pub(super) struct HttpRoutes;

const CONTROLLER: &str = "envoy-gateway";

impl Behaviour for Gateways {
    fn share(&self) -> usize {
        6
    }

    fn controller(&self, _stage: Stage) -> &'static str {
        CONTROLLER
    }

    fn pace(&self) -> Pace {
        Pace::new(0.05, 0.6, 0)
    }

    fn draft(&self, subject: &Subject, _rng: &mut Rng) -> Value {
        let listener = |name: &str, port: u16, protocol: &str| {
            json!({
                "allowedRoutes": {"namespaces": {"from": "All"}},
                "hostname": "*.example.com",
                "name": name,
                "port": port,
                "protocol": protocol,
            })
        };
        let mut https = listener("https", 443, "HTTPS");
        https["tls"] = json!({
            "certificateRefs": [{"group": "", "kind": "Secret", "name": "wildcard-eu"}],
            "mode": "Terminate",
        });
        json!({
            "metadata": {"labels": labels(subject, "gateway")},
            "spec": {
                "gatewayClassName": "envoy",
                "listeners": [listener("http", 80, "HTTP"), https],
            },
        })
    }

    fn edit(&self, object: &mut Value, rng: &mut Rng) {
        let domain = pick(rng, &["com", "eu", "us", "net"]);
        object["spec"]["listeners"][1]["hostname"] = format!("*.example.{domain}").into();
    }

    fn status(&self, object: &Value, stage: Stage, scene: &mut Scene<'_>) -> Value {
        let mut status = status_of(object);
        let time = scene.time();
        let generation = Some(&object["metadata"]["generation"]);
        let done = stage == Stage::Ready;
        let accepted = Condition {
            kind: "Accepted",
            status: true,
            reason: "Accepted",
            message: "The Gateway has been scheduled by Envoy Gateway",
            observed_generation: generation,
        };
        set_condition(&mut status["conditions"], &accepted, &time);
        let programmed = Condition {
            kind: "Programmed",
            status: done,
            reason: if done { "Programmed" } else { "Pending" },
            message: if done {
                "Address assigned to the Gateway, 2/2 envoy replicas available"
            } else {
                "Waiting for the proxies to take the configuration"
            },
            observed_generation: generation,
        };
        set_condition(&mut status["conditions"], &programmed, &time);
        if status["addresses"].is_null() {
            let address = format!("203.0.113.{}", scene.rng.u8(2..250));
            status["addresses"] = json!([{"type": "IPAddress", "value": address}]);
        }
        let listeners = object["spec"]["listeners"].as_array();
        let before = status["listeners"].clone();
        status["listeners"] = listeners
            .into_iter()
            .flatten()
            .enumerate()
            .map(|(place, listener)| {
                let mut conditions = before[place]["conditions"].clone();
                set_condition(&mut conditions, &accepted, &time);
                set_condition(&mut conditions, &programmed, &time);
                let attached = before[place]["attachedRoutes"].as_u64();
                json!({
                    "attachedRoutes": attached.unwrap_or_else(|| scene.rng.u64(1..40)),
                    "conditions": conditions,
                    "name": listener["name"],
                    "supportedKinds": [{"group": "gateway.networking.k8s.io", "kind": "HTTPRoute"}],
                })
            })
            .collect();
        status
    }
}

impl Behaviour for HttpRoutes {
    fn share(&self) -> usize {
        44
    }

    fn controller(&self, _stage: Stage) -> &'static str {
        CONTROLLER
    }

    fn pace(&self) -> Pace {
        Pace::new(0.012, 0.008, 0)
    }

    fn draft(&self, subject: &Subject, _rng: &mut Rng) -> Value {
        let app = &subject.app;
        let backend = |name: String, weight: u8| json!({"group": "", "kind": "Service", "name": name, "port": 80, "weight": weight});
        json!({
            "metadata": {"labels": labels(subject, "route")},
            "spec": {
                "hostnames": [format!("{app}.example.com")],
                "parentRefs": [{
                    "group": "gateway.networking.k8s.io",
                    "kind": "Gateway",
                    "name": "edge",
                    "namespace": "ingress",
                    "sectionName": "https",
                }],
                "rules": [{
                    "backendRefs": [backend(format!("{app}-stable"), 100), backend(format!("{app}-canary"), 0)],
                    "matches": [{"path": {"type": "PathPrefix", "value": "/"}}],
                    "timeouts": {"request": "15s"},
                }],
            },
        })
    }

    fn edit(&self, object: &mut Value, rng: &mut Rng) {
        let rule = &mut object["spec"]["rules"][0];
        if rng.u8(..4) == 0 {
            rule["timeouts"]["request"] = pick(rng, &["5s", "10s", "15s", "30s", "60s"]).into();
            return;
        }
        let before = rule["backendRefs"][1]["weight"].as_u64().unwrap_or(0);
        let canary = (before + 10 * rng.u64(1..6)) % 110;
        rule["backendRefs"][0]["weight"] = (100 - canary).into();
        rule["backendRefs"][1]["weight"] = canary.into();
    }

    fn status(&self, object: &Value, stage: Stage, scene: &mut Scene<'_>) -> Value {
        let before = status_of(object);
        let time = scene.time();
        let generation = Some(&object["metadata"]["generation"]);
        let mut conditions = before["parents"][0]["conditions"].clone();
        let accepted = Condition {
            kind: "Accepted",
            status: true,
            reason: "Accepted",
            message: "Route is accepted",
            observed_generation: generation,
        };
        set_condition(&mut conditions, &accepted, &time);
        if stage == Stage::Ready {
            let resolved = Condition {
                kind: "ResolvedRefs",
                status: true,
                reason: "ResolvedRefs",
                message: "Resolved all the Object references for the Route",
                observed_generation: generation,
            };
            set_condition(&mut conditions, &resolved, &time);
        }
        json!({"parents": [{
            "conditions": conditions,
            "controllerName": "gateway.envoyproxy.io/gatewayclass-controller",
            "parentRef": object["spec"]["parentRefs"][0],
        }]})
    }
}
