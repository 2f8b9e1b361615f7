//! A proxy in front of the real API server, for faults that it does not make on demand.

use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::Response;
use futures::StreamExt;
use http::{Method, StatusCode};
use parking_lot::Mutex;
use tokio::sync::broadcast;

/// What happens to the next requests whose path and query contain all of these words.
#[derive(Debug, Clone)]
pub(crate) struct Fault {
    pub(crate) words: Vec<&'static str>,
    /// How many requests it happens to.
    pub(crate) times: usize,
    pub(crate) status: u16,
    pub(crate) retry_after: Option<u64>,
}

/// What happens to watches that are open.
#[derive(Debug, Clone)]
enum Strike {
    /// The connection ends in the middle.
    Cut,
    /// One more line comes down the stream.
    Line(Bytes),
}

struct Shared {
    upstream: kube::Client,
    faults: Mutex<Vec<Fault>>,
    seen: Mutex<Vec<String>>,
    strikes: broadcast::Sender<Strike>,
}

/// The proxy; gone when dropped.
pub(crate) struct FaultProxy {
    shared: Arc<Shared>,
    directory: tempfile::TempDir,
    server: tokio::task::JoinHandle<()>,
}

impl FaultProxy {
    /// Forwards to the API server as this client's user.
    pub(crate) async fn start(upstream: kube::Client) -> Self {
        let shared = Arc::new(Shared {
            upstream,
            faults: Mutex::default(),
            seen: Mutex::default(),
            strikes: broadcast::channel(16).0,
        });
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .fallback(forward)
            .with_state(Arc::clone(&shared));
        let server = tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        let directory = tempfile::tempdir().unwrap();
        let kubeconfig = format!(
            "apiVersion: v1\nkind: Config\ncurrent-context: proxy\n\
             clusters: [{{name: proxy, cluster: {{server: \"http://{address}\"}}}}]\n\
             users: [{{name: proxy, user: {{}}}}]\n\
             contexts: [{{name: proxy, context: {{cluster: proxy, user: proxy}}}}]\n"
        );
        std::fs::write(directory.path().join("config"), kubeconfig).unwrap();
        Self {
            shared,
            directory,
            server,
        }
    }

    pub(crate) fn kubeconfig(&self) -> std::path::PathBuf {
        self.directory.path().join("config")
    }

    pub(crate) fn plan(&self, fault: Fault) {
        self.shared.faults.lock().push(fault);
    }

    /// Ends every open watch in the middle.
    pub(crate) fn cut(&self) {
        let _ = self.shared.strikes.send(Strike::Cut);
    }

    /// Sends a line down every open watch.
    pub(crate) fn inject(&self, line: &str) {
        let _ = self
            .shared
            .strikes
            .send(Strike::Line(format!("{line}\n").into()));
    }

    /// Path and query of every request so far that contains all of these words.
    pub(crate) fn seen(&self, words: &[&str]) -> Vec<String> {
        let seen = self.shared.seen.lock();
        seen.iter()
            .filter(|uri| words.iter().all(|word| uri.contains(word)))
            .cloned()
            .collect()
    }
}

impl Drop for FaultProxy {
    fn drop(&mut self) {
        self.server.abort();
    }
}

async fn forward(State(shared): State<Arc<Shared>>, request: Request) -> Response {
    let uri = request.uri().path_and_query().unwrap().to_string();
    shared.seen.lock().push(uri.clone());
    if let Some(response) = planned(&shared, &uri) {
        return response;
    }
    assert_eq!(request.method(), Method::GET, "Kronika only reads");
    let mut upstream = http::Request::get(&uri);
    for name in [http::header::ACCEPT, http::header::ACCEPT_ENCODING] {
        if let Some(value) = request.headers().get(&name) {
            upstream = upstream.header(name, value);
        }
    }
    let request = upstream.body(kube::client::Body::empty()).unwrap();
    let Ok(answer) = shared.upstream.send(request).await else {
        return Response::builder()
            .status(StatusCode::BAD_GATEWAY)
            .body(Body::empty())
            .unwrap();
    };
    let (parts, body) = answer.into_parts();
    let mut response = Response::builder().status(parts.status);
    if let Some(kind) = parts.headers.get(http::header::CONTENT_TYPE) {
        response = response.header(http::header::CONTENT_TYPE, kind);
    }
    let chunks = http_body_util::BodyExt::into_data_stream(body)
        .map(|chunk| chunk.map_err(std::io::Error::other));
    if !uri.contains("watch=true") {
        return response.body(Body::from_stream(chunks)).unwrap();
    }
    let strikes = futures::stream::unfold(shared.strikes.subscribe(), |mut strikes| async {
        let strike = strikes.recv().await.ok()?;
        Some((strike, strikes))
    })
    .map(|strike| match strike {
        Strike::Cut => Err(std::io::Error::other("cut by the test")),
        Strike::Line(line) => Ok(line),
    });
    response
        .body(Body::from_stream(futures::stream::select(chunks, strikes)))
        .unwrap()
}

fn planned(shared: &Shared, uri: &str) -> Option<Response> {
    let mut faults = shared.faults.lock();
    let fault = faults
        .iter_mut()
        .find(|fault| fault.times > 0 && fault.words.iter().all(|word| uri.contains(word)))?;
    fault.times -= 1;
    let mut response = Response::builder()
        .status(fault.status)
        .header(http::header::CONTENT_TYPE, "application/json");
    if let Some(seconds) = fault.retry_after {
        response = response.header(http::header::RETRY_AFTER, seconds);
    }
    let body = format!(
        r#"{{"kind":"Status","apiVersion":"v1","status":"Failure","message":"planned by the test","reason":"Planned","code":{}}}"#,
        fault.status
    );
    Some(response.body(body.into()).unwrap())
}
