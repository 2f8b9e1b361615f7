//! Serving the catalogue from a real API server.

use std::sync::OnceLock;
use std::thread;
use std::time::{Duration, Instant};

use futures::{StreamExt as _, TryStreamExt as _, stream};
use kube::api::{ApiResource, DynamicObject, GroupVersionKind, Patch, PatchParams};
use kube::{Api, Client};

use super::{CatalogueCrd, catalogue};
use crate::support::control_plane::ControlPlane;

/// How long all of them may take to be served on two busy cores.
const LIMIT: Duration = Duration::from_secs(240);

/// Requests at a time: the API server is the one that works.
const PARALLEL: usize = 8;

/// A control plane of this process that serves the whole catalogue. Tests share it: use a namespace of your
/// own, and names of your own for objects of cluster scope.
pub(crate) fn installed() -> &'static ControlPlane {
    static INSTALLED: OnceLock<ControlPlane> = OnceLock::new();
    INSTALLED.get_or_init(|| {
        let plane = ControlPlane::start();
        thread::scope(|scope| {
            // A runtime of its own: the caller may be inside of one.
            scope.spawn(|| {
                tokio::runtime::Builder::new_current_thread()
                    .enable_all()
                    .build()
                    .unwrap()
                    .block_on(async { install(&plane.client().await, catalogue()).await });
            });
        });
        plane
    })
}

/// Applies the CRDs and waits until each is served.
///
/// # Panics
/// With the server's words, when it refuses one.
async fn install(client: &Client, crds: &[CatalogueCrd]) {
    let kind = GroupVersionKind::gvk("apiextensions.k8s.io", "v1", "CustomResourceDefinition");
    let api = Api::<DynamicObject>::all_with(client.clone(), &ApiResource::from_gvk(&kind));
    let end = Instant::now() + LIMIT;
    stream::iter(crds)
        .map(|crd| apply(&api, client, crd, end))
        .buffer_unordered(PARALLEL)
        .try_collect::<()>()
        .await
        .unwrap_or_else(|message| panic!("{message}"));
}

async fn apply(
    api: &Api<DynamicObject>,
    client: &Client,
    crd: &CatalogueCrd,
    end: Instant,
) -> Result<(), String> {
    let failed = |error: kube::Error| format!("{} ({}): {error}", crd.name, crd.project);
    let params = PatchParams::apply("test").force();
    api.patch(&crd.name, &params, &Patch::Apply(&crd.definition))
        .await
        .map_err(failed)?;
    let objects = Api::<DynamicObject>::all_with(client.clone(), &crd.resource());
    loop {
        // The one proof that it is served: the condition comes a moment before.
        match objects
            .list(&kube::api::ListParams::default().limit(1))
            .await
        {
            Ok(_) => return Ok(()),
            Err(kube::Error::Api(status)) if status.code == 404 && Instant::now() < end => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            Err(error) => return Err(failed(error)),
        }
    }
}
