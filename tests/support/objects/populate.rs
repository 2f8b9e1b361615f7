//! Objects of every CRD of the catalogue, as the API server accepts them.

use std::collections::BTreeMap;

use futures::{StreamExt as _, stream};
use kube::api::{DynamicObject, Patch, PatchParams, PostParams};
use kube::core::response::StatusCause;
use kube::{Api, Client};
use serde_json::Value;

use super::{Draft, Extent};
use crate::support::crds::CatalogueCrd;

/// How often an object is repaired before it counts as refused.
const REPAIRS: usize = 25;

/// Requests at a time.
const PARALLEL: usize = 8;

/// What the API server took, and what it refused to the end.
#[derive(Debug, Default)]
pub(crate) struct Population {
    /// Names of the objects by CRD.
    pub(crate) objects: BTreeMap<String, Vec<String>>,
    /// Objects of these CRDs have a status.
    pub(crate) with_status: BTreeMap<String, usize>,
    /// The last words of each refusal.
    pub(crate) refused: Vec<String>,
}

struct Outcome {
    crd: &'static CatalogueCrd,
    name: Option<String>,
    has_status: bool,
    refusals: Vec<String>,
}

/// Creates an object of each extent for each CRD, and writes a status through the subresource where there is one.
pub(crate) async fn populate(
    client: &Client,
    crds: &'static [CatalogueCrd],
    namespace: &str,
    seed: u64,
) -> Population {
    let extents = [
        (Extent::Minimal, "minimal"),
        (Extent::Some, "some"),
        (Extent::Full, "full"),
    ];
    let drafts = crds.iter().enumerate().flat_map(|(i, crd)| {
        extents.map(|(extent, name)| {
            let name = format!("{namespace}-{name}");
            Draft::new(crd, namespace, &name, extent, seed + i as u64)
        })
    });
    let mut population = Population::default();
    let mut outcomes = stream::iter(drafts)
        .map(|draft| create(client.clone(), namespace, draft))
        .buffer_unordered(PARALLEL);
    while let Some(outcome) = outcomes.next().await {
        let name = &outcome.crd.name;
        if let Some(object) = outcome.name {
            population
                .objects
                .entry(name.clone())
                .or_default()
                .push(object);
        }
        if outcome.has_status {
            *population.with_status.entry(name.clone()).or_default() += 1;
        }
        population.refused.extend(outcome.refusals);
    }
    population
}

async fn create(client: Client, namespace: &str, mut draft: Draft) -> Outcome {
    let crd = draft.crd;
    let resource = crd.resource();
    let api: Api<DynamicObject> = if crd.is_namespaced() {
        Api::namespaced_with(client, namespace, &resource)
    } else {
        Api::all_with(client, &resource)
    };
    let mut outcome = Outcome {
        crd,
        name: None,
        has_status: false,
        refusals: Vec::new(),
    };
    let mut last = String::new();
    for _ in 0..REPAIRS {
        let object: DynamicObject = match serde_json::from_value(draft.object.clone()) {
            Ok(object) => object,
            Err(error) => panic!("{}: {error}", crd.name),
        };
        match api.create(&PostParams::default(), &object).await {
            Ok(created) => {
                outcome.name = created.metadata.name;
                break;
            }
            Err(error) => last = learn(&mut draft, error),
        }
    }
    let Some(name) = &outcome.name else {
        outcome
            .refusals
            .push(format!("{} ({}): {last}", crd.name, crd.project));
        return outcome;
    };
    if crd.has_status() && crd.schema()["properties"].get("status").is_some() {
        let mut draft = draft.with_status();
        for _ in 0..REPAIRS {
            let patch = Patch::Merge(&draft.object);
            match api
                .patch_status(name, &PatchParams::default(), &patch)
                .await
            {
                Ok(_) => {
                    outcome.has_status = true;
                    break;
                }
                Err(error) => last = learn(&mut draft, error),
            }
        }
        if !outcome.has_status {
            outcome
                .refusals
                .push(format!("{} ({}) status: {last}", crd.name, crd.project));
        }
    }
    outcome
}

/// Repairs the draft by a refusal, and gives its words.
fn learn(draft: &mut Draft, error: kube::Error) -> String {
    let kube::Error::Api(status) = error else {
        return error.to_string();
    };
    let causes: &[StatusCause] = status
        .details
        .as_ref()
        .map_or(&[], |details| &details.causes);
    draft.repair(causes);
    let words: Vec<String> = causes
        .iter()
        .map(|cause| format!("{} {}", cause.field, cause.message))
        .collect();
    if words.is_empty() {
        status.message.clone()
    } else {
        format!("{}\n{}", words.join("\n"), Value::to_string(&draft.object))
    }
}
