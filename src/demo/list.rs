//! LIST: whole or in pages, now or as of an earlier resourceVersion.
//! (<https://kubernetes.io/docs/reference/using-api/api-concepts/#retrieving-large-results-sets-in-chunks>)

use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::response::{IntoResponse, Response};
use futures::stream;
use http::header;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use super::definition::Definition;
use super::encoding::{from_base64, to_base64};
use super::options::Options;
use super::ring::{Key, Stored};
use super::selectors::Filter;
use super::status_error::ApiError;
use super::store::{KindId, Store};
use super::table;
use super::view::View;

/// How many objects are looked at under one lock.
const CHUNK: usize = 1000;
/// How much of a body is rendered at once.
const FRAME_BYTES: usize = 64 << 10;

/// A place in a list, bound to the revision that its first page showed.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct ContinueToken {
    rv: u64,
    namespace: String,
    name: String,
    remaining: usize,
}

impl ContinueToken {
    fn encode(&self) -> String {
        to_base64(json!(self).to_string().as_bytes())
    }

    fn decode(text: &str) -> Result<Self, ApiError> {
        from_base64(text)
            .and_then(|bytes| serde_json::from_slice(&bytes).ok())
            .ok_or_else(|| ApiError::bad_request("continue key is not valid"))
    }
}

/// What a list request comes to.
struct Page {
    objects: Vec<Arc<Stored>>,
    revision: u64,
    next: Option<ContinueToken>,
}

/// Answers a LIST.
pub(super) fn list(
    store: &Store,
    kind: KindId,
    filter: &Filter,
    options: &Options,
    view: View,
) -> Result<Response, ApiError> {
    let page = collect(store, kind, filter, options)?;
    Ok(render(Arc::clone(store.definition(kind)), page, view))
}

fn collect(
    store: &Store,
    kind: KindId,
    filter: &Filter,
    options: &Options,
) -> Result<Page, ApiError> {
    let limit = options.limit()?;
    let requested = options.resource_version()?.filter(|version| *version > 0);
    let current = store.revision(kind);
    if let Some(requested) = requested
        && requested > current
    {
        return Err(ApiError::too_large_resource_version(requested, current));
    }
    let token = match options.continue_token.as_str() {
        "" => None,
        text => Some(ContinueToken::decode(text)?),
    };
    let exact = match options.resource_version_match.as_str() {
        "Exact" => true,
        "NotOlderThan" => false,
        // Before resourceVersionMatch existed, a limit made the version exact; still so.
        "" => limit.is_some(),
        other => {
            return Err(ApiError::bad_request(format!(
                "unknown resourceVersionMatch: {other}"
            )));
        }
    };
    let at = match &token {
        Some(token) => Some(token.rv),
        None => requested.filter(|_| exact),
    };
    let after = token
        .as_ref()
        .map(|token| Key::new(&token.namespace, &token.name));
    let page = gather(store, kind, filter, after, at, limit).map_err(|error| {
        if token.is_some() && error.to_status()["code"] == 410 {
            ApiError::continue_expired()
        } else {
            error
        }
    })?;
    let (objects, revision, resume) = page;
    let next = resume.map(|key| {
        let total = match &token {
            Some(token) => token.remaining,
            None => store.count(kind, filter.namespace()),
        };
        ContinueToken {
            rv: revision,
            namespace: key.namespace.to_string(),
            name: key.name.to_string(),
            remaining: total.saturating_sub(objects.len()),
        }
    });
    Ok(Page {
        objects,
        revision,
        next,
    })
}

type Gathered = (Vec<Arc<Stored>>, u64, Option<Key>);

fn gather(
    store: &Store,
    kind: KindId,
    filter: &Filter,
    mut after: Option<Key>,
    mut at: Option<u64>,
    limit: Option<usize>,
) -> Result<Gathered, ApiError> {
    let mut objects = Vec::new();
    loop {
        let wanted = limit.map_or(CHUNK, |limit| limit.min(CHUNK));
        let chunk = store.chunk(kind, filter.namespace(), after.as_ref(), at, wanted)?;
        at = Some(chunk.revision);
        let last = chunk.resume.is_none();
        let mut rest = chunk.objects.into_iter().peekable();
        while let Some(object) = rest.next() {
            if filter.is_selective() && !filter.matches(&object) {
                continue;
            }
            let key = object.key.clone();
            objects.push(object);
            if limit.is_some_and(|limit| objects.len() >= limit) {
                let more = rest.peek().is_some() || !last;
                return Ok((objects, chunk.revision, more.then_some(key)));
            }
        }
        if last {
            return Ok((objects, chunk.revision, None));
        }
        after = chunk.resume;
    }
}

/// A body in pieces: a list of 100,000 objects is never in memory as one text.
fn render(definition: Arc<Definition>, page: Page, view: View) -> Response {
    let now = Timestamp::now();
    let (api_version, kind) = view.list_type(&definition);
    let mut metadata = json!({ "resourceVersion": page.revision.to_string() });
    metadata["continue"] = match &page.next {
        Some(token) => {
            metadata["remainingItemCount"] = token.remaining.into();
            token.encode().into()
        }
        None => "".into(),
    };
    let (head, tail) = match view {
        View::Table(_) => (
            format!(
                r#"{{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{metadata},"columnDefinitions":{},"rows":["#,
                table::columns(&definition)
            ),
            "]}\n".to_owned(),
        ),
        View::Object | View::Metadata => (
            format!(r#"{{"apiVersion":{},"items":["#, Value::from(api_version)),
            format!(
                "],\"kind\":{},\"metadata\":{metadata}}}\n",
                Value::from(kind)
            ),
        ),
    };
    let mut objects = page.objects.into_iter().peekable();
    let mut frame = head.into_bytes();
    let mut tail = Some(tail);
    let frames = std::iter::from_fn(move || {
        tail.as_ref()?;
        while frame.len() < FRAME_BYTES {
            let Some(object) = objects.next() else {
                frame.extend_from_slice(tail.take()?.as_bytes());
                break;
            };
            match view.item(&definition, &object, now) {
                Ok(json) => frame.extend_from_slice(&json),
                Err(error) => return Some(Err(std::io::Error::other(format!("{error:?}")))),
            }
            if objects.peek().is_some() {
                frame.push(b',');
            }
        }
        Some(Ok(Bytes::from(std::mem::take(&mut frame))))
    });
    (
        [(header::CONTENT_TYPE, "application/json")],
        Body::from_stream(stream::iter(frames)),
    )
        .into_response()
}
