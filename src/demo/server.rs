//! The HTTPS server: connections, authentication and the paths.

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{Query, State};
use axum::middleware;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method};
use hyper_util::rt::{TokioExecutor, TokioIo};
use hyper_util::server::conn::auto;
use hyper_util::service::TowerToHyperService;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::mpsc;
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use super::auth::{self, Token};
use super::discovery;
use super::openapi;
use super::options::Options;
use super::resources::{self, Request, Target};
use super::ring::Key;
use super::status_error::ApiError;
use super::store::{KindId, Store};

/// The largest body that is read; the real server's limit.
const MAX_BODY: usize = 3 << 20;
/// How long a client may take for the TLS handshake.
const HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(10);

/// What every request can reach.
pub(super) struct App {
    pub(super) store: Arc<Store>,
    pub(super) namespaces: KindId,
    pub(super) token: Token,
    pub(super) bookmark_every: Duration,
    /// Tells the controllers about writes that were not theirs.
    pub(super) user_writes: mpsc::Sender<UserWrite>,
}

/// A write that came over HTTP.
#[derive(Debug)]
pub(super) struct UserWrite {
    pub(super) kind: KindId,
    pub(super) key: Key,
    pub(super) generation_moved: bool,
}

/// Accepts connections until it is dropped.
pub(super) async fn run(listener: TcpListener, tls: TlsAcceptor, app: Arc<App>) {
    let router = router(app);
    // Dropped with this future, and every connection with it.
    let mut connections = JoinSet::new();
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            Some(_) = connections.join_next() => continue,
        };
        let stream = match accepted {
            Ok((stream, _)) => stream,
            Err(error) => {
                tracing::warn!(%error, "the demo cluster could not accept a connection");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let (tls, router) = (tls.clone(), router.clone());
        connections.spawn(async move {
            // A watch line is small and wanted now.
            drop(stream.set_nodelay(true));
            let handshake = tokio::time::timeout(HANDSHAKE_TIMEOUT, tls.accept(stream));
            let Ok(Ok(stream)) = handshake.await else {
                return;
            };
            let service = TowerToHyperService::new(router);
            let mut http = auto::Builder::new(TokioExecutor::new());
            http.http2().max_concurrent_streams(1000);
            let served = http.serve_connection(TokioIo::new(stream), service).await;
            if let Err(error) = served {
                tracing::debug!(%error, "a connection to the demo cluster ended");
            }
        });
    }
}

fn router(app: Arc<App>) -> Router {
    let reviews = "/apis/authorization.k8s.io/v1";
    Router::new()
        .route("/version", get(async || answer(&discovery::version())))
        .route("/readyz", get(async || "ok"))
        .route("/livez", get(async || "ok"))
        .route("/healthz", get(async || "ok"))
        .route("/api", get(discovery::core_versions))
        .route("/apis", get(discovery::groups))
        .route("/api/v1", get(discovery::core_resources))
        .route("/apis/{group}", get(discovery::group))
        .route("/apis/{group}/{version}", get(discovery::resources))
        .route("/openapi/v3", get(openapi::index))
        .route("/openapi/v3/apis/{group}/{version}", get(openapi::document))
        .route(
            &format!("{reviews}/selfsubjectaccessreviews"),
            post(access_review),
        )
        .route(
            &format!("{reviews}/selfsubjectrulesreviews"),
            post(rules_review),
        )
        .fallback(objects)
        .method_not_allowed_fallback(async || ApiError::method_not_allowed())
        .layer(middleware::from_fn_with_state(
            Arc::clone(&app),
            auth::require_token,
        ))
        .with_state(app)
}

/// A JSON answer.
pub(super) fn answer(value: &Value) -> Response {
    let body = Body::from(value.to_string());
    ([(CONTENT_TYPE, "application/json")], body).into_response()
}

/// Whoever has the token may do everything.
async fn access_review(headers: HeaderMap, body: Bytes) -> Result<Response, ApiError> {
    let mut review = parse_review(&headers, &body, "SelfSubjectAccessReview")?;
    review["status"] = json!({"allowed": true, "reason": "the demo cluster allows everything"});
    Ok((http::StatusCode::CREATED, answer(&review)).into_response())
}

async fn rules_review(headers: HeaderMap, body: Bytes) -> Result<Response, ApiError> {
    let mut review = parse_review(&headers, &body, "SelfSubjectRulesReview")?;
    review["status"] = json!({
        "incomplete": false,
        "nonResourceRules": [{"verbs": ["*"], "nonResourceURLs": ["*"]}],
        "resourceRules": [{"verbs": ["*"], "apiGroups": ["*"], "resources": ["*"]}],
    });
    Ok((http::StatusCode::CREATED, answer(&review)).into_response())
}

fn parse_review(headers: &HeaderMap, body: &[u8], kind: &str) -> Result<Value, ApiError> {
    let format = headers.get(CONTENT_TYPE);
    if format.is_some_and(|format| format.as_bytes().ends_with(b"protobuf")) {
        // kubectl asks in protobuf only, and reads JSON. The answer is the same to every question,
        // so the question need not be read.
        return Ok(json!({
            "apiVersion": "authorization.k8s.io/v1",
            "kind": kind,
            "metadata": {},
            "spec": {},
        }));
    }
    serde_json::from_slice(body)
        .map_err(|error| ApiError::bad_request(format!("the review is not JSON: {error}")))
}

async fn objects(
    State(app): State<Arc<App>>,
    query: Result<Query<Options>, axum::extract::rejection::QueryRejection>,
    request: axum::extract::Request,
) -> Result<Response, ApiError> {
    let Query(options) = query.map_err(|error| ApiError::bad_request(error.to_string()))?;
    let target = target(&app.store, request.uri().path()).ok_or_else(ApiError::no_such_path)?;
    let (parts, body) = request.into_parts();
    let body = if parts.method == Method::GET {
        Bytes::new()
    } else {
        to_bytes(body, MAX_BODY)
            .await
            .map_err(|error| ApiError::bad_request(format!("the body cannot be read: {error}")))?
    };
    let request = Request {
        method: parts.method,
        target,
        options,
        headers: parts.headers,
        body,
    };
    resources::serve(&app, request).await
}

fn target(store: &Store, path: &str) -> Option<Target> {
    let segments: Vec<&str> = path.trim_matches('/').split('/').collect();
    let (group, version, rest) = match segments.as_slice() {
        ["api", version, rest @ ..] => ("", *version, rest),
        ["apis", group, version, rest @ ..] => (*group, *version, rest),
        _ => return None,
    };
    let (namespace, plural, rest) = match rest {
        // A namespace by name is not a namespace with objects in it.
        ["namespaces", namespace, plural, rest @ ..] => (Some(*namespace), *plural, rest),
        [plural, rest @ ..] => (None, *plural, rest),
        [] => return None,
    };
    let (name, status) = match rest {
        [] => (None, false),
        [name] => (Some(*name), false),
        [name, "status"] => (Some(*name), true),
        _ => return None,
    };
    Some(Target {
        kind: store.find(group, version, plural)?,
        namespace: namespace.map(str::to_owned),
        name: name.map(str::to_owned),
        status,
    })
}
