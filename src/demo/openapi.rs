//! Just enough OpenAPI v3 for `kubectl apply`, which wants to know that the server takes
//! `fieldValidation`, and for `kubectl explain`.

use std::sync::Arc;

use axum::extract::{Path, State};
use axum::response::Response;
use serde_json::{Map, Value, json};

use super::definition::Definition;
use super::server::{App, answer};
use super::status_error::ApiError;

/// `/openapi/v3`: where each group's document is.
pub(super) async fn index(State(app): State<Arc<App>>) -> Response {
    let paths: Map<String, Value> = app
        .store
        .definitions()
        .filter(|(_, definition)| definition.writable)
        .map(|(_, definition)| {
            let path = format!("apis/{}", definition.api_version());
            let url = json!({ "serverRelativeURL": format!("/openapi/v3/{path}") });
            (path, url)
        })
        .collect();
    answer(&json!({ "paths": paths }))
}

/// `/openapi/v3/apis/{group}/{version}`.
pub(super) async fn document(
    State(app): State<Arc<App>>,
    Path((group, version)): Path<(String, String)>,
) -> Result<Response, ApiError> {
    let (mut paths, mut schemas) = (Map::new(), Map::new());
    for (_, definition) in app.store.definitions() {
        if definition.writable && definition.group == group && definition.version == version {
            let plural = &definition.plural;
            let path = format!("/apis/{group}/{version}/namespaces/{{namespace}}/{plural}");
            paths.insert(path.clone(), json!({"post": operation(definition)}));
            let object = json!({
                "get": read(definition),
                "patch": operation(definition),
                "put": operation(definition),
            });
            paths.insert(format!("{path}/{{name}}"), object);
            let mut schema = definition.schema.clone();
            schema["x-kubernetes-group-version-kind"] = json!([kind(definition)]);
            schemas.insert(format!("{group}.{version}.{}", definition.kind), schema);
        }
    }
    if paths.is_empty() {
        return Err(ApiError::no_such_path());
    }
    Ok(answer(&json!({
        "openapi": "3.0.0",
        "info": {"title": "Kronika demo cluster", "version": "v1"},
        "paths": paths,
        "components": {"schemas": schemas},
    })))
}

fn kind(definition: &Definition) -> Value {
    json!({
        "group": definition.group,
        "version": definition.version,
        "kind": definition.kind,
    })
}

fn read(definition: &Definition) -> Value {
    json!({"responses": {"200": {"description": "OK"}}, "x-kubernetes-group-version-kind": kind(definition)})
}

fn operation(definition: &Definition) -> Value {
    let parameter = |name: &str| {
        json!({
            "name": name,
            "in": "query",
            "schema": {"type": "string", "uniqueItems": true},
        })
    };
    let mut operation = read(definition);
    operation["parameters"] = json!([
        parameter("dryRun"),
        parameter("fieldManager"),
        parameter("fieldValidation"),
    ]);
    operation
}
