//! An AI gateway: which model names go to which providers.

use fastrand::Rng;
use serde_json::{Value, json};

use super::{
    Behaviour, Condition, Pace, Scene, Stage, Subject, labels, pick, set_condition, status_of,
};

pub(super) struct Routes;
pub(super) struct Backends;

const CONTROLLER: &str = "ai-gateway-controller";
const MODELS: [&str; 5] = [
    "chat-large",
    "chat-small",
    "embed-v3",
    "code-large",
    "rerank-v2",
];

fn accepted(object: &Value, message: &str, scene: &mut Scene<'_>) -> Value {
    let mut status = status_of(object);
    let condition = Condition {
        kind: "Accepted",
        status: true,
        reason: "Accepted",
        message,
        observed_generation: Some(&object["metadata"]["generation"]),
    };
    set_condition(&mut status["conditions"], &condition, &scene.time());
    status
}

impl Behaviour for Routes {
    fn share(&self) -> usize {
        10
    }

    fn controller(&self, _stage: Stage) -> &'static str {
        CONTROLLER
    }

    fn pace(&self) -> Pace {
        Pace::new(0.02, 0.05, 0)
    }

    fn draft(&self, subject: &Subject, rng: &mut Rng) -> Value {
        let rule = |model: &str, weight: u8| {
            json!({
                "backendRefs": [
                    {"modelNameOverride": format!("{model}-stable"), "name": "self-hosted", "priority": 0, "weight": 100 - weight},
                    {"modelNameOverride": format!("{model}-next"), "name": "provider-a", "priority": 0, "weight": weight},
                ],
                "matches": [{"headers": [{"name": "x-ai-eg-model", "type": "Exact", "value": model}]}],
                "timeouts": {"request": "120s"},
            })
        };
        let first = rng.usize(..MODELS.len());
        let second = (first + 1) % MODELS.len();
        json!({
            "metadata": {"labels": labels(subject, "model-route")},
            "spec": {
                "llmRequestCosts": [
                    {"metadataKey": "input_tokens", "type": "InputToken"},
                    {"metadataKey": "output_tokens", "type": "OutputToken"},
                ],
                "parentRefs": [{"group": "gateway.networking.k8s.io", "kind": "Gateway", "name": "ai"}],
                "rules": [rule(MODELS[first], 10), rule(MODELS[second], 0)],
            },
        })
    }

    fn edit(&self, object: &mut Value, rng: &mut Rng) {
        let rules = object["spec"]["rules"].as_array_mut();
        let Some(rules) = rules.filter(|rules| !rules.is_empty()) else {
            return;
        };
        let place = rng.usize(..rules.len());
        let backends = &mut rules[place]["backendRefs"];
        let before = backends[1]["weight"].as_u64().unwrap_or(0);
        let next = (before + 5 * rng.u64(1..8)) % 105;
        backends[0]["weight"] = (100 - next).into();
        backends[1]["weight"] = next.into();
    }

    fn status(&self, object: &Value, _stage: Stage, scene: &mut Scene<'_>) -> Value {
        accepted(object, "AI Gateway Route reconciled successfully", scene)
    }
}

impl Behaviour for Backends {
    fn share(&self) -> usize {
        9
    }

    fn controller(&self, _stage: Stage) -> &'static str {
        CONTROLLER
    }

    fn pace(&self) -> Pace {
        Pace::new(0.02, 0.05, 0)
    }

    fn draft(&self, subject: &Subject, rng: &mut Rng) -> Value {
        json!({
            "metadata": {"labels": labels(subject, "model-backend")},
            "spec": {
                "backendRef": {
                    "group": "gateway.envoyproxy.io",
                    "kind": "Backend",
                    "name": subject.name,
                    "port": 443,
                },
                "schema": {"name": pick(rng, &["OpenAI", "Anthropic", "AWSBedrock"]), "version": "v1"},
            },
        })
    }

    fn edit(&self, object: &mut Value, rng: &mut Rng) {
        let tenant = pick(rng, &["shop", "data", "search", "support"]);
        object["spec"]["headerMutation"] = json!({"set": [{"name": "x-tenant", "value": tenant}]});
    }

    fn status(&self, object: &Value, _stage: Stage, scene: &mut Scene<'_>) -> Value {
        accepted(object, "AIServiceBackend reconciled successfully", scene)
    }
}
