//! What is in the cluster when it starts: namespaces, CRDs, and objects that have been there for a
//! while.

use std::sync::Arc;

use fastrand::Rng;
use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};

use super::controllers::{remember_applied, status_author};
use super::definition::Definition;
use super::kinds::{
    self, APPLICATION, BACKUP, CERTIFICATE, CERTIFICATE_REQUEST, CLUSTER, DATABASE, KINDS, Scene,
    Stage, Subject,
};
use super::managed_fields::Author;
use super::objects::{self, new_uid, rfc3339};
use super::ring::Key;
use super::simulation::Simulation;
use super::status_error::ApiError;
use super::store::{Action, KindId, Store, decode};
use super::storylines::{CAST, HELD_BY};
use super::traffic::{EDITORS, owner};

const NAMESPACES: [&str; 9] = [
    "argocd",
    "cert-manager",
    "data",
    "default",
    "ingress",
    "kube-public",
    "kube-system",
    "platform",
    "shop",
];
/// Where services live; shop has most of them.
const HOMES: [&str; 6] = ["shop", "shop", "data", "platform", "ingress", "shop"];
/// How long ago the oldest object was created.
const OLDEST_DAYS: i64 = 400;
/// How many objects there are for each namespace beyond the usual ones.
const OBJECTS_PER_TEAM: usize = 2000;

const SERVICES: [&str; 48] = [
    "cart", "web", "auth", "mail", "search", "graph", "ml", "cdn", "hooks", "events", "metrics",
    "docs", "admin", "billing", "ledger", "fraud", "risk", "kyc", "push", "sms", "geo", "tax",
    "media", "catalog", "pricing", "stock", "orders", "returns", "reviews", "wishlist", "coupons",
    "accounts", "sessions", "profile", "notify", "reports", "export", "import", "audit", "flags",
    "feeds", "images", "video", "chat", "support", "partner", "invoice", "payout",
];

/// Fills the store and tells the simulation who is there.
pub(super) fn populate(simulation: &mut Simulation, objects: usize) -> Result<(), ApiError> {
    let mut places: Vec<String> = HOMES.iter().map(|home| (*home).to_owned()).collect();
    places.extend((1..=objects / OBJECTS_PER_TEAM).map(|team| format!("team-{team:02}")));
    for (kind, namespace, name) in CAST {
        let app = name.trim_end_matches("-tls").trim_end_matches("-db");
        let subject = Subject {
            namespace: namespace.to_owned(),
            name: name.to_owned(),
            app: app.to_owned(),
        };
        add(simulation, kind, &subject)?;
    }
    let shares: usize = KINDS.iter().map(|kind| kind.share()).sum();
    let mut missing = objects.saturating_sub(CAST.len());
    for (index, behaviour) in KINDS.iter().enumerate() {
        let kind = KindId(index);
        let of_cast = simulation.cast[index].len();
        let wanted = if index + 1 == KINDS.len() {
            missing
        } else {
            let least = if kind == kinds::ISSUER {
                2 * places.len()
            } else {
                0
            };
            (objects * behaviour.share() / shares)
                .max(least)
                .saturating_sub(of_cast)
                .min(missing)
        };
        missing -= wanted;
        let mut added = 0;
        let mut number = 0;
        while added < wanted {
            let subject = subject(simulation, kind, &places, number);
            number += 1;
            let key = Key::new(&subject.namespace, &subject.name);
            if simulation.store.get(kind, &key).is_none() {
                add(simulation, kind, &subject)?;
                added += 1;
            }
        }
    }
    for namespace in NAMESPACES
        .into_iter()
        .chain(places[HOMES.len()..].iter().map(String::as_str))
    {
        add_namespace(simulation, namespace)?;
    }
    simulation.store.forget_history();
    Ok(())
}

/// The `number`th object of a kind.
fn subject(simulation: &Simulation, kind: KindId, places: &[String], number: usize) -> Subject {
    let service = SERVICES[number % SERVICES.len()];
    let round = number / SERVICES.len();
    let app = if round == 0 {
        service.to_owned()
    } else {
        format!("{service}-{round}")
    };
    let home = places[number % places.len()].clone();
    let parent = |kind: KindId| {
        let cast = &simulation.cast[kind.0];
        cast[number % cast.len()].clone()
    };
    let (namespace, name) = match kind {
        CERTIFICATE => (home, format!("{app}-tls")),
        CERTIFICATE_REQUEST => {
            let certificate = parent(CERTIFICATE);
            let newest = revision_of(simulation, &certificate);
            let before = number / simulation.cast[CERTIFICATE.0].len();
            let name = format!("{}-{}", certificate.name, newest.saturating_sub(before));
            (certificate.namespace.to_string(), name)
        }
        BACKUP => {
            let cluster = parent(CLUSTER);
            let night = 20_260_100 + 1 + number / simulation.cast[CLUSTER.0].len();
            let name = format!("{}-{night}020000", cluster.name);
            (cluster.namespace.to_string(), name)
        }
        APPLICATION => ("argocd".to_owned(), app.clone()),
        CLUSTER => (home, format!("pg-{app}")),
        DATABASE => (home, format!("{app}-db")),
        // Every namespace has the two that its certificates name.
        kinds::ISSUER if number < 2 * places.len() => {
            let name = ["letsencrypt", "internal-ca"][number % 2];
            (places[number / 2].clone(), name.to_owned())
        }
        kinds::ISSUER => (home, format!("{app}-ca")),
        _ => (home, app.clone()),
    };
    Subject {
        namespace,
        name,
        app,
    }
}

/// How often a certificate has been issued; the newest request has this number in its name.
fn revision_of(simulation: &Simulation, certificate: &Key) -> usize {
    simulation
        .store
        .get(CERTIFICATE, certificate)
        .and_then(|stored| decode(&stored).ok())
        .and_then(|object| object["status"]["revision"].as_u64())
        .and_then(|revision| usize::try_from(revision).ok())
        .unwrap_or(1)
}

/// An object that was created days ago and has been reconciled since.
fn add(simulation: &mut Simulation, kind: KindId, subject: &Subject) -> Result<(), ApiError> {
    let store = Arc::clone(&simulation.store);
    let definition = store.definition(kind);
    let key = Key::new(&subject.namespace, &subject.name);
    let rng = &mut simulation.rng;
    let behaviour = kinds::behaviour(kind);
    let mut draft = behaviour.draft(subject, rng);
    let (owner_of_it, creator) = if kind == CERTIFICATE_REQUEST {
        let certificate = subject.name.rsplit_once('-').map(|(name, _)| name);
        let certificate = Key::new(&subject.namespace, certificate.unwrap_or_default());
        let owner = store.get(CERTIFICATE, &certificate);
        let owner = owner.as_deref().map(decode).transpose()?;
        (owner, "cert-manager-certificates-request-manager")
    } else {
        (None, EDITORS[rng.usize(..EDITORS.len() - 1)])
    };
    if let Some(certificate) = owner_of_it {
        draft["spec"]["issuerRef"] = certificate["spec"]["issuerRef"].clone();
        draft["metadata"]["ownerReferences"] = json!([owner(&certificate)]);
    }
    if subject.name == "legacy-cart-db" {
        draft["metadata"]["finalizers"] = json!([HELD_BY]);
    }
    if creator == "kubectl-client-side-apply" {
        draft["apiVersion"] = definition.api_version().into();
        draft["kind"] = definition.kind.clone().into();
        draft["metadata"]["name"] = subject.name.clone().into();
        draft["metadata"]["namespace"] = subject.namespace.clone().into();
        remember_applied(&mut draft);
    }
    let born = ago(rng, OLDEST_DAYS);
    let seen = ago(rng, 2).max(born);
    let uid = new_uid(rng);
    let mut object = objects::created(definition, &key, draft, Author::update(creator), born, uid);
    object["metadata"]["generation"] = rng.u8(1..7).into();
    let mut ready = object.clone();
    let mut scene = Scene { now: seen, rng };
    ready["status"] = behaviour.status(&object, Stage::Ready, &mut scene);
    if kind == CERTIFICATE {
        ready["status"]["revision"] = rng.u8(4..12).into();
    }
    let author = status_author(kind, behaviour.controller(Stage::Ready));
    let mut object = objects::updated(definition, &object, ready, author, seen, None);
    if kind == APPLICATION {
        // Without the subresource its status writes count as generations.
        let generation = object["metadata"]["generation"].as_i64().unwrap_or(1);
        object["metadata"]["generation"] = (generation + rng.i64(1000..90_000)).into();
    }
    store.transact(kind, &key, |_| Ok(Action::Put(object)))?;
    simulation.cast[kind.0].push(key);
    Ok(())
}

/// A moment in the last `days` days.
fn ago(rng: &mut Rng, days: i64) -> Timestamp {
    let seconds = rng.i64(60..days * 86_400);
    let now = Timestamp::now();
    now.checked_sub(SignedDuration::from_secs(seconds))
        .unwrap_or(now)
}

/// A moment before there were objects.
fn long_ago(rng: &mut Rng) -> Timestamp {
    let before = SignedDuration::from_hours(24 * OLDEST_DAYS);
    let moment = ago(rng, 60);
    moment.checked_sub(before).unwrap_or(moment)
}

fn add_namespace(simulation: &mut Simulation, name: &str) -> Result<(), ApiError> {
    let Some(kind) = simulation.store.find("", "v1", "namespaces") else {
        return Ok(());
    };
    let namespace = json!({
        "apiVersion": "v1",
        "kind": "Namespace",
        "metadata": {
            "creationTimestamp": rfc3339(long_ago(&mut simulation.rng)),
            "labels": {"kubernetes.io/metadata.name": name},
            "name": name,
            "uid": new_uid(&mut simulation.rng),
        },
        "spec": {"finalizers": ["kubernetes"]},
        "status": {"phase": "Active"},
    });
    let key = Key::new("", name);
    simulation
        .store
        .transact(kind, &key, |_| Ok(Action::Put(namespace)))?;
    Ok(())
}

/// Serves a CRD with what the server adds to it: metadata and the Established condition.
pub(super) fn add_crd(
    store: &Store,
    kind: KindId,
    definition: &Definition,
    mut manifest: Value,
    rng: &mut Rng,
) -> Result<(), ApiError> {
    let born = rfc3339(long_ago(rng));
    let metadata = &mut manifest["metadata"];
    metadata["creationTimestamp"] = born.clone().into();
    metadata["generation"] = 1.into();
    metadata["uid"] = new_uid(rng).into();
    manifest["spec"]["conversion"] = json!({"strategy": "None"});
    let names = manifest["spec"]["names"].clone();
    let condition = |kind: &str, reason: &str, message: &str| {
        json!({
            "lastTransitionTime": born,
            "message": message,
            "reason": reason,
            "status": "True",
            "type": kind,
        })
    };
    manifest["status"] = json!({
        "acceptedNames": names,
        "conditions": [
            condition("NamesAccepted", "NoConflicts", "no conflicts found"),
            condition("Established", "InitialNamesAccepted", "the initial names have been accepted"),
        ],
        "storedVersions": [definition.version],
    });
    let key = Key::new("", &definition.qualified_plural());
    store.transact(kind, &key, |_| Ok(Action::Put(manifest)))?;
    Ok(())
}
