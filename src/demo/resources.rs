//! Requests for objects: which verb they are, and the answers to those that read.

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, StatusCode};
use jiff::Timestamp;
use serde_json::{Value, json};

use super::definition::Definition;
use super::list;
use super::options::Options;
use super::ring::{EventKind, Key};
use super::selectors::Filter;
use super::server::{App, UserWrite};
use super::status_error::ApiError;
use super::store::KindId;
use super::table::IncludeObject;
use super::view::View;
use super::watch;
use super::writes;

/// What a resource path points at.
#[derive(Debug)]
pub(super) struct Target {
    pub(super) kind: KindId,
    pub(super) namespace: Option<String>,
    pub(super) name: Option<String>,
    /// The path ends in `/status`.
    pub(super) status: bool,
}

/// A request for objects, taken apart.
pub(super) struct Request {
    pub(super) method: Method,
    pub(super) target: Target,
    pub(super) options: Options,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
}

/// Answers a request for objects.
pub(super) async fn serve(app: &App, request: Request) -> Result<Response, ApiError> {
    let definition = Arc::clone(app.store.definition(request.target.kind));
    let namespaced = request.target.namespace.is_some();
    if namespaced && !definition.namespaced
        || request.target.status && !definition.status_subresource
        || request.target.name.is_some() && definition.namespaced && !namespaced
    {
        return Err(ApiError::no_such_path());
    }
    if request.method == Method::GET {
        return read(app, &definition, request);
    }
    if !definition.writable {
        return Err(ApiError::method_not_allowed());
    }
    let name = request.target.name.clone();
    let key = |name: &str| {
        let namespace = request.target.namespace.as_deref().unwrap_or_default();
        Key::new(namespace, name)
    };
    let (key, written) = match (&request.method, name) {
        (&Method::POST, None) => writes::create(app, &definition, &request)?,
        (&Method::PUT, Some(name)) => {
            let key = key(&name);
            let written = writes::replace(app, &definition, &request, &key)?;
            (key, written)
        }
        (&Method::PATCH, Some(name)) => {
            let key = key(&name);
            let written = writes::patched(app, &definition, &request, &key)?;
            (key, written)
        }
        (&Method::DELETE, Some(name)) => {
            let key = key(&name);
            let written = writes::delete(app, &request, &key)?;
            (key, written)
        }
        _ => return Err(ApiError::method_not_allowed()),
    };
    if written.event.is_some() {
        let write = UserWrite {
            kind: request.target.kind,
            key,
            generation_moved: written.generation_moved,
        };
        // Nobody listens when the controllers are gone, and then nobody has to react.
        drop(app.user_writes.send(write).await);
    }
    let status = if written.event == Some(EventKind::Added) {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    };
    let removed = request.method == Method::DELETE && written.event == Some(EventKind::Deleted);
    let body = if removed {
        success(&definition, &written.value)
    } else {
        written.value
    };
    Ok((
        status,
        [(CONTENT_TYPE, "application/json")],
        Body::from(body.to_string()),
    )
        .into_response())
}

fn read(app: &App, definition: &Definition, request: Request) -> Result<Response, ApiError> {
    let Request {
        target,
        options,
        headers,
        ..
    } = request;
    let include = IncludeObject::parse(&options.include_object)?;
    let view = View::negotiate(&headers, include)?;
    if let (Some(name), false) = (&target.name, options.watch()) {
        let key = Key::new(target.namespace.as_deref().unwrap_or_default(), name);
        let stored = app
            .store
            .get(target.kind, &key)
            .ok_or_else(|| ApiError::not_found(definition, name))?;
        let json = view.single(definition, &stored, true, Timestamp::now())?;
        return Ok(([(CONTENT_TYPE, "application/json")], Body::from(json)).into_response());
    }
    let fields = match &target.name {
        Some(name) => format!("metadata.name={name}"),
        None => options.field_selector.clone(),
    };
    let filter = Filter::parse(target.namespace, &fields, &options.label_selector)?;
    if options.watch() {
        let store = Arc::clone(&app.store);
        watch::watch(
            store,
            target.kind,
            filter,
            &options,
            view,
            app.bookmark_every,
        )
    } else {
        list::list(&app.store, target.kind, &filter, &options, view)
    }
}

fn success(definition: &Definition, object: &Value) -> Value {
    json!({
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Success",
        "details": {
            "name": object["metadata"]["name"],
            "group": definition.group,
            "kind": definition.plural,
            "uid": object["metadata"]["uid"],
        },
    })
}
