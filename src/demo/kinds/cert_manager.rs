//! Certificates, their requests and issuers. cert-manager says which generation it has seen in each
//! condition, and writes from several controllers with names of their own.

use fastrand::Rng;
use serde_json::{Value, json};

use super::{
    Behaviour, Condition, Pace, Scene, Stage, Subject, blob, labels, pick, remove_condition,
    set_condition, status_of,
};

pub(super) struct Certificates;
pub(super) struct CertificateRequests;
pub(super) struct Issuers;

const ISSUERS: [&str; 3] = ["letsencrypt", "letsencrypt", "internal-ca"];

fn issuer_ref(name: &str) -> Value {
    json!({"group": "cert-manager.io", "kind": "Issuer", "name": name})
}

impl Behaviour for Certificates {
    fn share(&self) -> usize {
        42
    }

    fn controller(&self, stage: Stage) -> &'static str {
        match stage {
            Stage::Observed => "cert-manager-certificates-trigger",
            Stage::Progress { .. } => "cert-manager-certificates-issuing",
            Stage::Ready => "cert-manager-certificates-readiness",
        }
    }

    fn pace(&self) -> Pace {
        Pace::new(0.041, 0.17, 1)
    }

    fn draft(&self, subject: &Subject, rng: &mut Rng) -> Value {
        let host = subject.name.trim_end_matches("-tls");
        json!({
            "metadata": {"labels": labels(subject, "certificate")},
            "spec": {
                "commonName": format!("{host}.example.com"),
                "dnsNames": [format!("{host}.example.com"), format!("{host}.{}.svc", subject.namespace)],
                "duration": "2160h0m0s",
                "issuerRef": issuer_ref(pick(rng, &ISSUERS)),
                "privateKey": {"algorithm": "ECDSA", "rotationPolicy": "Always", "size": 256},
                "renewBefore": "720h0m0s",
                "secretName": subject.name,
                "usages": ["digital signature", "key encipherment", "server auth"],
            },
        })
    }

    fn edit(&self, object: &mut Value, rng: &mut Rng) {
        let name = object["spec"]["commonName"]
            .as_str()
            .unwrap_or("example.com");
        let host = name.split('.').next().unwrap_or("www").to_owned();
        let region = pick(rng, &["eu", "us", "uk", "dev", "net", "org"]);
        if let Some(names) = object["spec"]["dnsNames"].as_array_mut() {
            let added = Value::from(format!("{host}.example.{region}"));
            if names.len() > 3 || names.contains(&added) {
                names.truncate(1);
            }
            names.push(added);
        }
    }

    fn status(&self, object: &Value, stage: Stage, scene: &mut Scene<'_>) -> Value {
        let mut status = status_of(object);
        let time = scene.time();
        let generation = Some(&object["metadata"]["generation"]);
        let secret = object["spec"]["secretName"].as_str().unwrap_or_default();
        let message = format!(
            "Issuing certificate as Existing issued Secret is not up to date for spec: [spec.dnsNames] ({secret})"
        );
        match stage {
            Stage::Observed => {
                let issuing = Condition {
                    kind: "Issuing",
                    status: true,
                    reason: "SecretMismatch",
                    message: &message,
                    observed_generation: generation,
                };
                set_condition(&mut status["conditions"], &issuing, &time);
            }
            Stage::Progress { .. } => {
                let not_ready = Condition {
                    kind: "Ready",
                    status: false,
                    reason: "SecretMismatch",
                    message: &message,
                    observed_generation: generation,
                };
                set_condition(&mut status["conditions"], &not_ready, &time);
                let revision = status["revision"].as_i64().unwrap_or(0) + 1;
                status["nextPrivateKeySecretName"] = format!("{secret}-{revision}").into();
            }
            Stage::Ready => {
                let ready = Condition {
                    kind: "Ready",
                    status: true,
                    reason: "Ready",
                    message: "Certificate is up to date and has not expired",
                    observed_generation: generation,
                };
                remove_condition(&mut status["conditions"], "Issuing");
                set_condition(&mut status["conditions"], &ready, &time);
                let revision = status["revision"].as_i64().unwrap_or(0);
                status["revision"] = (revision + 1).into();
                status["notBefore"] = time.into();
                status["notAfter"] = scene.time_in_days(90).into();
                status["renewalTime"] = scene.time_in_days(60).into();
                if let Some(fields) = status.as_object_mut() {
                    fields.remove("nextPrivateKeySecretName");
                }
            }
        }
        status
    }
}

impl Behaviour for CertificateRequests {
    fn share(&self) -> usize {
        50
    }

    fn controller(&self, stage: Stage) -> &'static str {
        match stage {
            Stage::Observed => "cert-manager-certificaterequests-approver",
            _ => "cert-manager-certificaterequests-issuer-acme",
        }
    }

    fn pace(&self) -> Pace {
        Pace::new(0.03, 0.35, 0)
    }

    fn draft(&self, subject: &Subject, rng: &mut Rng) -> Value {
        let (certificate, revision) = subject
            .name
            .rsplit_once('-')
            .unwrap_or((&subject.name, "1"));
        json!({
            "metadata": {
                "annotations": {
                    "cert-manager.io/certificate-name": certificate,
                    "cert-manager.io/certificate-revision": revision,
                    "cert-manager.io/private-key-secret-name": subject.name,
                },
                "labels": labels(subject, "certificate"),
            },
            "spec": {
                "duration": "2160h0m0s",
                "groups": [
                    "system:serviceaccounts",
                    "system:serviceaccounts:cert-manager",
                    "system:authenticated",
                ],
                "issuerRef": issuer_ref(pick(rng, &ISSUERS)),
                "request": blob(rng, 480),
                "uid": super::super::objects::new_uid(rng),
                "usages": ["digital signature", "key encipherment", "server auth"],
                "username": "system:serviceaccount:cert-manager:cert-manager",
            },
        })
    }

    fn edit(&self, _object: &mut Value, _rng: &mut Rng) {
        // Immutable, as cert-manager's webhook has it.
    }

    fn status(&self, object: &Value, stage: Stage, scene: &mut Scene<'_>) -> Value {
        let mut status = status_of(object);
        let time = scene.time();
        let condition = |kind, status, reason, message| Condition {
            kind,
            status,
            reason,
            message,
            observed_generation: None,
        };
        let approved = "Certificate request has been approved by cert-manager.io";
        let conditions = &mut status["conditions"];
        let approval = condition("Approved", true, "cert-manager.io", approved);
        set_condition(conditions, &approval, &time);
        if stage == Stage::Ready {
            let issued = "Certificate fetched from issuer successfully";
            let ready = condition("Ready", true, "Issued", issued);
            set_condition(conditions, &ready, &time);
            status["certificate"] = blob(scene.rng, 900).into();
        } else {
            let waiting = "Waiting on certificate issuance from order";
            let pending = condition("Ready", false, "Pending", waiting);
            set_condition(conditions, &pending, &time);
        }
        status
    }
}

impl Behaviour for Issuers {
    fn share(&self) -> usize {
        7
    }

    fn controller(&self, _stage: Stage) -> &'static str {
        "cert-manager-issuers"
    }

    fn pace(&self) -> Pace {
        Pace::new(0.03, 0.5, 0)
    }

    fn draft(&self, subject: &Subject, _rng: &mut Rng) -> Value {
        let spec = if subject.name.contains("ca") {
            json!({"ca": {"secretName": subject.name}})
        } else {
            json!({"acme": {
                "email": "platform@example.com",
                "privateKeySecretRef": {"name": format!("{}-account-key", subject.name)},
                "server": "https://acme-v02.api.letsencrypt.org/directory",
                "solvers": [{"http01": {"gatewayHTTPRoute": {"parentRefs": [{"name": "edge", "namespace": "ingress"}]}}}],
            }})
        };
        json!({"metadata": {"labels": labels(subject, "issuer")}, "spec": spec})
    }

    fn edit(&self, object: &mut Value, rng: &mut Rng) {
        let team = pick(rng, &["platform", "security", "certs", "ops"]);
        if object["spec"]["acme"].is_object() {
            object["spec"]["acme"]["email"] = format!("{team}@example.com").into();
        } else {
            object["spec"]["ca"]["secretName"] = format!("{team}-ca").into();
        }
    }

    fn status(&self, object: &Value, stage: Stage, scene: &mut Scene<'_>) -> Value {
        let mut status = status_of(object);
        let done = stage == Stage::Ready;
        let (reason, message) = match (done, object["spec"]["ca"].is_object()) {
            (false, _) => ("ErrRegisterACMEAccount", "Registering with the authority"),
            (true, true) => ("KeyPairVerified", "Signing CA verified"),
            (true, false) => (
                "ACMEAccountRegistered",
                "The ACME account was registered with the ACME server",
            ),
        };
        let ready = Condition {
            kind: "Ready",
            status: done,
            reason,
            message,
            observed_generation: Some(&object["metadata"]["generation"]),
        };
        set_condition(&mut status["conditions"], &ready, &scene.time());
        if done && let Some(email) = object["spec"]["acme"]["email"].as_str() {
            status["acme"] = json!({
                "lastRegisteredEmail": email,
                "uri": "https://acme-v02.api.letsencrypt.org/acme/acct/104238",
            });
        }
        status
    }
}
