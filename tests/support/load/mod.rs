//! A load for a control plane: objects of about 4 KB, written by several field managers at a steady rate, and a
//! record of every write, to hold Kronika's record and the audit log against.

mod definition;
mod worker;

use std::time::Duration;

use jiff::Timestamp;
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::apiextensions_apiserver::pkg::apis::apiextensions::v1::CustomResourceDefinition;
use kube::api::{Patch, PatchParams};
use kube::core::{ApiResource, GroupVersionKind};
use kube::runtime::{conditions, wait::await_condition};
use kube::{Api, Client};
use serde_json::json;
use worker::Worker;

/// Requests that are under way at the same time. Each object belongs to one of them, so that the writes of an
/// object have an order.
const WORKERS: usize = 8;

/// How the simulated controller says that it has caught up with the spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Convention {
    /// `status.observedGeneration`.
    ObservedGeneration,
    /// `observedGeneration` inside the conditions only.
    ConditionGeneration,
    /// Nothing but the Ready condition, which goes to False and back to True.
    ReadyOnly,
}

/// What to create and how to write.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    /// The group of the CRD `widgets.GROUP`; one of its own for each load.
    pub(crate) group: String,
    /// The namespaces that the objects are spread over; created when missing.
    pub(crate) namespaces: Vec<String>,
    pub(crate) objects: usize,
    pub(crate) writes_per_second: u32,
    pub(crate) convention: Convention,
    /// The same seed gives the same objects and choices; times still differ.
    pub(crate) seed: u64,
}

impl Plan {
    /// 100 objects in one namespace and 40 writes a second.
    pub(crate) fn new(group: &str) -> Self {
        Self {
            group: group.into(),
            namespaces: vec![group.replace('.', "-")],
            objects: 100,
            writes_per_second: 40,
            convention: Convention::ObservedGeneration,
            seed: 1,
        }
    }
}

/// One write that the API server accepted.
#[derive(Debug, Clone)]
pub(crate) struct Write {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) uid: String,
    /// The version that the write made.
    pub(crate) resource_version: String,
    /// The generation after it.
    pub(crate) generation: i64,
    pub(crate) manager: &'static str,
    /// Where the object differs from before, as JSON pointers into spec, status, labels and annotations: the
    /// outermost member or element that was added or removed, else the value that changed. Empty for a create.
    pub(crate) paths: Vec<String>,
    /// Whether the controller says with this write that it has caught up with `generation`.
    pub(crate) reconciles: bool,
    /// By the wall clock of the machine, before the request and after the answer.
    pub(crate) sent: Timestamp,
    pub(crate) received: Timestamp,
}

impl Write {
    /// The parts among `spec`, `status` and `metadata` that the write meant; a create means all but the status.
    pub(crate) fn touches(&self) -> Vec<&'static str> {
        if self.paths.is_empty() {
            return vec!["spec", "metadata"];
        }
        ["spec", "status", "metadata"]
            .into_iter()
            .filter(|part| {
                self.paths
                    .iter()
                    .any(|path| path.split('/').nth(1) == Some(part))
            })
            .collect()
    }
}

/// A write whose outcome is not known, because the server failed or went away.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) manager: &'static str,
    pub(crate) error: String,
}

/// What a load has done so far.
#[derive(Debug, Default)]
pub(crate) struct Record {
    /// In the order of the answers; in the order of the writes for each object.
    pub(crate) writes: Vec<Write>,
    pub(crate) failures: Vec<Failure>,
}

/// A CRD with its objects, ready to be written to.
pub(crate) struct Load {
    plan: Plan,
    resource: ApiResource,
    workers: Vec<Worker>,
}

impl Load {
    /// Creates the CRD, the namespaces and the objects; the record begins with their creation.
    ///
    /// # Panics
    /// When the API server refuses any of it.
    pub(crate) async fn create(client: Client, plan: Plan) -> Self {
        create_definition(&client, &plan.group).await;
        create_namespaces(&client, &plan.namespaces).await;
        let kind = GroupVersionKind::gvk(&plan.group, definition::VERSION, definition::KIND);
        let resource = ApiResource::from_gvk(&kind);
        let workers: Vec<Worker> = (0..WORKERS)
            .map(|index| Worker::new(client.clone(), resource.clone(), &plan, index))
            .collect();
        let workers = each(workers, |mut worker| async {
            worker.create().await;
            worker
        })
        .await;
        Self {
            plan,
            resource,
            workers,
        }
    }

    /// The kind that the load writes.
    pub(crate) fn resource(&self) -> &ApiResource {
        &self.resource
    }

    /// Writes for a time. Reconciles that are under way at its end stay open; a later run takes them up.
    pub(crate) async fn run(&mut self, duration: Duration) {
        let rate = f64::from(self.plan.writes_per_second);
        let period = Duration::from_secs_f64(1.0 / rate);
        let workers = std::mem::take(&mut self.workers);
        let count = u32::try_from(workers.len()).expect("a handful");
        let mut offset = Duration::ZERO;
        let workers = workers.into_iter().map(|worker| {
            offset += period;
            (worker, offset)
        });
        self.workers = each(workers.collect(), |(mut worker, offset)| async move {
            worker.run(offset, period * count, duration).await;
            worker
        })
        .await;
    }

    /// Everything that was written, from the first create on.
    pub(crate) fn record(&self) -> Record {
        let mut record = Record::default();
        for worker in &self.workers {
            record.writes.extend(worker.record.writes.iter().cloned());
            record
                .failures
                .extend(worker.record.failures.iter().cloned());
        }
        record.writes.sort_by_key(|write| write.received);
        record
    }
}

/// Runs one task for each, and gives back what they answer, in order.
async fn each<T, F>(items: Vec<T>, run: impl Fn(T) -> F) -> Vec<F::Output>
where
    F: Future<Output: Send> + Send + 'static,
{
    let tasks: Vec<_> = items
        .into_iter()
        .map(|item| tokio::spawn(run(item)))
        .collect();
    let mut answers = Vec::new();
    for task in tasks {
        answers.push(task.await.expect("a worker of the load does not panic"));
    }
    answers
}

async fn create_definition(client: &Client, group: &str) {
    let api: Api<CustomResourceDefinition> = Api::all(client.clone());
    let definition = definition::definition(group);
    let name = format!("{}.{group}", definition::PLURAL);
    api.patch(
        &name,
        &PatchParams::apply("load"),
        &Patch::Apply(definition),
    )
    .await
    .unwrap_or_else(|error| panic!("cannot create the CRD {name}: {error}"));
    let established = await_condition(api, &name, conditions::is_crd_established());
    tokio::time::timeout(Duration::from_secs(30), established)
        .await
        .unwrap_or_else(|_| panic!("the CRD {name} is not established within 30 s"))
        .unwrap_or_else(|error| panic!("cannot watch the CRD {name}: {error}"));
}

async fn create_namespaces(client: &Client, namespaces: &[String]) {
    let api: Api<Namespace> = Api::all(client.clone());
    for name in namespaces {
        let namespace =
            json!({ "apiVersion": "v1", "kind": "Namespace", "metadata": { "name": name } });
        api.patch(name, &PatchParams::apply("load"), &Patch::Apply(namespace))
            .await
            .unwrap_or_else(|error| panic!("cannot create the namespace {name}: {error}"));
    }
}
