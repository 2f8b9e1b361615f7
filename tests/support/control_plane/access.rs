//! Asking the API server with a kubeconfig, and letting users in.

use std::future::Future;
use std::path::{Path, PathBuf};
use std::time::Duration;

use k8s_openapi::api::authorization::v1::{
    ResourceAttributes, SubjectAccessReview, SubjectAccessReviewSpec,
};
use k8s_openapi::api::core::v1::Namespace;
use k8s_openapi::api::rbac::v1::PolicyRule;
use kube::api::{Patch, PatchParams, PostParams};
use kube::config::{KubeConfigOptions, Kubeconfig};
use kube::{Api, Client, Config};
use serde_json::json;

use super::{ControlPlane, wait};

/// How long the API server may take to see a role that was just written: it watches them.
const GRANT_LIMIT: Duration = Duration::from_secs(10);

/// How long a server may take to say that it is well before it is asked again.
const ANSWER_LIMIT: Duration = Duration::from_secs(2);

impl ControlPlane {
    /// A user who may do what `rules` say, everywhere or in one namespace, and nothing else; answers with the
    /// user's kubeconfig when the API server grants it.
    pub(crate) fn restricted_user(
        &self,
        user: &str,
        namespace: Option<&str>,
        rules: &[PolicyRule],
    ) -> PathBuf {
        blocking(async {
            let client = self.client().await;
            let role = if namespace.is_some() {
                "Role"
            } else {
                "ClusterRole"
            };
            apply_rbac(&client, namespace, role, user, json!({ "rules": rules })).await;
            let binding = json!({
                "roleRef": { "apiGroup": "rbac.authorization.k8s.io", "kind": role, "name": user },
                "subjects": [{ "apiGroup": "rbac.authorization.k8s.io", "kind": "User", "name": user }],
            });
            apply_rbac(&client, namespace, &format!("{role}Binding"), user, binding).await;
        });
        wait::until(GRANT_LIMIT, "the rules are granted", || {
            let granted = async {
                let client = self.client().await;
                for rule in rules {
                    if !is_granted(&client, user, namespace, rule).await {
                        return None;
                    }
                }
                Some(())
            };
            blocking(granted)
        });
        self.kubeconfig_for(user, None)
    }
}

/// Writes one object of `rbac.authorization.k8s.io/v1` whose name is the user's.
async fn apply_rbac(
    client: &Client,
    namespace: Option<&str>,
    kind: &str,
    name: &str,
    mut object: serde_json::Value,
) {
    let kind = kube::core::GroupVersionKind::gvk("rbac.authorization.k8s.io", "v1", kind);
    let resource = kube::core::ApiResource::from_gvk(&kind);
    object["apiVersion"] = resource.api_version.as_str().into();
    object["kind"] = resource.kind.as_str().into();
    object["metadata"] = json!({ "name": name });
    let api: Api<kube::core::DynamicObject> = match namespace {
        Some(namespace) => Api::namespaced_with(client.clone(), namespace, &resource),
        None => Api::all_with(client.clone(), &resource),
    };
    api.patch(name, &PatchParams::apply("tests"), &Patch::Apply(object))
        .await
        .unwrap_or_else(|error| panic!("cannot write the {} {name}: {error}", resource.kind));
}

/// Whether the API server lets the user do the first thing that a rule allows.
async fn is_granted(
    client: &Client,
    user: &str,
    namespace: Option<&str>,
    rule: &PolicyRule,
) -> bool {
    let first =
        |values: &Option<Vec<String>>| values.as_ref().and_then(|values| values.first()).cloned();
    let review = SubjectAccessReview {
        spec: SubjectAccessReviewSpec {
            user: Some(user.into()),
            resource_attributes: Some(ResourceAttributes {
                verb: rule.verbs.first().cloned(),
                group: first(&rule.api_groups),
                resource: first(&rule.resources),
                name: first(&rule.resource_names),
                namespace: namespace.map(Into::into),
                ..ResourceAttributes::default()
            }),
            ..SubjectAccessReviewSpec::default()
        },
        ..SubjectAccessReview::default()
    };
    Api::<SubjectAccessReview>::all(client.clone())
        .create(&PostParams::default(), &review)
        .await
        .ok()
        .and_then(|answer| answer.status)
        .is_some_and(|status| status.allowed)
}

/// A client for the kubeconfig's current context, bound to the runtime that this is called in.
pub(super) async fn client(kubeconfig: &Path) -> Client {
    let kubeconfig = Kubeconfig::read_from(kubeconfig).expect("the kubeconfig is read");
    let config = Config::from_custom_kubeconfig(kubeconfig, &KubeConfigOptions::default())
        .await
        .expect("the kubeconfig is complete");
    Client::try_from(config).expect("a client is built")
}

/// Whether the API server says that it is ready, and has its `default` namespace.
pub(super) fn is_ready(kubeconfig: &Path) -> bool {
    answers(async {
        let client = client(kubeconfig).await;
        client.request_text(get("/readyz")).await?;
        Api::<Namespace>::all(client).get("default").await
    })
}

/// Whether it is our etcd that listens, and is healthy: the certificates of another one are not trusted.
pub(super) fn is_etcd_healthy(kubeconfig: &Path) -> bool {
    answers(async {
        let client = client(kubeconfig).await;
        client.request_text(get("/health")).await
    })
}

/// Whether a request succeeds. Whoever else has the port may never answer.
fn answers<T>(request: impl Future<Output = kube::Result<T>> + Send) -> bool {
    blocking(async {
        tokio::time::timeout(ANSWER_LIMIT, request)
            .await
            .is_ok_and(|answer| answer.is_ok())
    })
}

fn get(path: &str) -> http::Request<Vec<u8>> {
    http::Request::get(path)
        .body(Vec::new())
        .expect("the request is valid")
}

/// Runs a future to its end, also on a thread that belongs to a runtime.
fn blocking<T: Send>(future: impl Future<Output = T> + Send) -> T {
    let run = || {
        tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .expect("a runtime is built")
            .block_on(future)
    };
    std::thread::scope(|scope| scope.spawn(run).join())
        .unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
