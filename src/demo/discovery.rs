//! What is served: group by group as clients have always asked, and all at once for those that know
//! aggregated discovery (KEP-3352).

use std::collections::BTreeMap;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::{Path, State};
use axum::response::{IntoResponse, Response};
use http::HeaderMap;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};

use super::definition::Definition;
use super::server::{App, answer};
use super::status_error::ApiError;
use super::view::media_ranges;

const READ_VERBS: [&str; 3] = ["get", "list", "watch"];
const VERBS: [&str; 7] = [
    "create", "delete", "get", "list", "patch", "update", "watch",
];
const STATUS_VERBS: [&str; 3] = ["get", "patch", "update"];
/// A group without objects: its resources are questions.
const AUTHORIZATION: &str = "authorization.k8s.io";
const REVIEWS: [(&str, &str); 2] = [
    ("selfsubjectaccessreviews", "SelfSubjectAccessReview"),
    ("selfsubjectrulesreviews", "SelfSubjectRulesReview"),
];

/// `/version`.
pub(super) fn version() -> Value {
    json!({
        "major": "1",
        "minor": "33",
        "gitVersion": "v1.33.0+kronika-demo",
        "gitCommit": "",
        "gitTreeState": "clean",
        "buildDate": "1970-01-01T00:00:00Z",
        "goVersion": "",
        "compiler": "rustc",
        "platform": format!("{}/{}", std::env::consts::OS, std::env::consts::ARCH),
    })
}

/// `/api`.
pub(super) async fn core_versions(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if let Some(version) = aggregated_version(&headers) {
        return aggregated(&app, version, |group| group.is_empty());
    }
    answer(&json!({
        "kind": "APIVersions",
        "versions": ["v1"],
        "serverAddressByClientCIDRs": [],
    }))
}

/// `/apis`.
pub(super) async fn groups(State(app): State<Arc<App>>, headers: HeaderMap) -> Response {
    if let Some(version) = aggregated_version(&headers) {
        return aggregated(&app, version, |group| !group.is_empty());
    }
    let groups: Vec<Value> = by_group(&app)
        .into_iter()
        .filter(|((group, _), _)| !group.is_empty())
        .map(|((group, version), _)| api_group(&group, &version))
        .collect();
    answer(&json!({"kind": "APIGroupList", "apiVersion": "v1", "groups": merged(groups)}))
}

/// `/apis/{group}`.
pub(super) async fn group(
    State(app): State<Arc<App>>,
    Path(name): Path<String>,
) -> Result<Response, ApiError> {
    let groups = by_group(&app)
        .into_keys()
        .filter(|(group, _)| *group == name && !name.is_empty())
        .map(|(group, version)| api_group(&group, &version))
        .collect();
    let mut group = merged(groups)
        .into_iter()
        .next()
        .ok_or_else(ApiError::no_such_path)?;
    group["kind"] = "APIGroup".into();
    group["apiVersion"] = "v1".into();
    Ok(answer(&group))
}

/// `/api/v1`.
pub(super) async fn core_resources(State(app): State<Arc<App>>) -> Result<Response, ApiError> {
    resource_list(&app, "", "v1")
}

/// `/apis/{group}/{version}`.
pub(super) async fn resources(
    State(app): State<Arc<App>>,
    Path((group, version)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    resource_list(&app, &group, &version)
}

fn resource_list(app: &App, group: &str, version: &str) -> Result<Response, ApiError> {
    let group_version = (group.to_owned(), version.to_owned());
    let definitions = by_group(app)
        .remove(&group_version)
        .ok_or_else(ApiError::no_such_path)?;
    let mut resources: Vec<Value> = definitions
        .iter()
        .flat_map(|definition| api_resources(definition))
        .collect();
    if group == AUTHORIZATION {
        resources.extend(REVIEWS.iter().map(|(plural, kind)| {
            json!({
                "name": plural,
                "singularName": kind.to_lowercase(),
                "namespaced": false,
                "kind": kind,
                "verbs": ["create"],
            })
        }));
    }
    let name = if group.is_empty() {
        version.to_owned()
    } else {
        format!("{group}/{version}")
    };
    Ok(answer(&json!({
        "kind": "APIResourceList",
        "apiVersion": "v1",
        "groupVersion": name,
        "resources": resources,
    })))
}

fn verbs(definition: &Definition) -> &'static [&'static str] {
    if definition.writable {
        &VERBS
    } else {
        &READ_VERBS
    }
}

fn api_resources(definition: &Definition) -> Vec<Value> {
    let mut resource = json!({
        "name": definition.plural,
        "singularName": definition.singular,
        "namespaced": definition.namespaced,
        "kind": definition.kind,
        "verbs": verbs(definition),
    });
    if !definition.short_names.is_empty() {
        resource["shortNames"] = json!(definition.short_names);
    }
    if !definition.categories.is_empty() {
        resource["categories"] = json!(definition.categories);
    }
    let mut resources = vec![resource];
    if definition.status_subresource {
        resources.push(json!({
            "name": format!("{}/status", definition.plural),
            "singularName": "",
            "namespaced": definition.namespaced,
            "kind": definition.kind,
            "verbs": STATUS_VERBS,
        }));
    }
    resources
}

type Served = BTreeMap<(String, String), Vec<Arc<Definition>>>;

fn by_group(app: &App) -> Served {
    let mut served = Served::new();
    for (_, definition) in app.store.definitions() {
        let key = (definition.group.clone(), definition.version.clone());
        served.entry(key).or_default().push(Arc::clone(definition));
    }
    served.insert((AUTHORIZATION.to_owned(), "v1".to_owned()), Vec::new());
    served
}

fn api_group(group: &str, version: &str) -> Value {
    let version = json!({"groupVersion": format!("{group}/{version}"), "version": version});
    json!({"name": group, "versions": [version], "preferredVersion": version})
}

/// One entry per group where there are several versions.
fn merged(groups: Vec<Value>) -> Vec<Value> {
    let mut merged: Vec<Value> = Vec::new();
    for group in groups {
        match merged.last_mut() {
            Some(last) if last["name"] == group["name"] => {
                if let Some(versions) = last["versions"].as_array_mut() {
                    versions.push(group["versions"][0].clone());
                }
            }
            _ => merged.push(group),
        }
    }
    merged
}

/// The version of aggregated discovery that a client prefers over the plain lists.
fn aggregated_version(headers: &HeaderMap) -> Option<&'static str> {
    for range in media_ranges(headers) {
        match (range.parameter("as"), range.parameter("v")) {
            (Some("APIGroupDiscoveryList"), Some("v2")) => return Some("v2"),
            (Some("APIGroupDiscoveryList"), Some("v2beta1")) => return Some("v2beta1"),
            (None, _) if range.media_type == "application/json" => return None,
            _ => {}
        }
    }
    None
}

fn aggregated(app: &App, version: &str, wanted: impl Fn(&str) -> bool) -> Response {
    let mut items: Vec<Value> = Vec::new();
    for ((group, group_version), definitions) in by_group(app) {
        if !wanted(&group) {
            continue;
        }
        let mut resources: Vec<Value> = definitions
            .iter()
            .map(|definition| discovered(definition))
            .collect();
        if group == AUTHORIZATION {
            resources.extend(REVIEWS.iter().map(|(plural, kind)| {
                json!({
                    "resource": plural,
                    "responseKind": response_kind(&group, &group_version, kind),
                    "scope": "Cluster",
                    "singularResource": kind.to_lowercase(),
                    "verbs": ["create"],
                })
            }));
        }
        let served = json!({
            "version": group_version,
            "resources": resources,
            "freshness": "Current",
        });
        match items.last_mut() {
            Some(last) if last["metadata"]["name"] == group.as_str() => {
                if let Some(versions) = last["versions"].as_array_mut() {
                    versions.push(served);
                }
            }
            _ => items.push(json!({
                "metadata": {"name": group, "creationTimestamp": null},
                "versions": [served],
            })),
        }
    }
    let list = json!({
        "kind": "APIGroupDiscoveryList",
        "apiVersion": format!("apidiscovery.k8s.io/{version}"),
        "metadata": {},
        "items": items,
    });
    let media_type =
        format!("application/json;g=apidiscovery.k8s.io;v={version};as=APIGroupDiscoveryList");
    ([(CONTENT_TYPE, media_type)], Body::from(list.to_string())).into_response()
}

fn response_kind(group: &str, version: &str, kind: &str) -> Value {
    json!({"group": group, "version": version, "kind": kind})
}

fn discovered(definition: &Definition) -> Value {
    let kind = response_kind(&definition.group, &definition.version, &definition.kind);
    let mut resource = json!({
        "resource": definition.plural,
        "responseKind": kind,
        "scope": if definition.namespaced { "Namespaced" } else { "Cluster" },
        "singularResource": definition.singular,
        "verbs": verbs(definition),
    });
    if !definition.short_names.is_empty() {
        resource["shortNames"] = json!(definition.short_names);
    }
    if !definition.categories.is_empty() {
        resource["categories"] = json!(definition.categories);
    }
    if definition.status_subresource {
        resource["subresources"] = json!([{
            "subresource": "status",
            "responseKind": kind,
            "verbs": STATUS_VERBS,
        }]);
    }
    resource
}
