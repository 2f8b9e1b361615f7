//! A kube client for a context.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use http::{Response, StatusCode, header::RETRY_AFTER};
use kube::{Client, client::ClientBuilder};
use parking_lot::Mutex;
use tokio::{runtime::Handle, task::spawn_blocking};
use tower::util::MapResponseLayer;

use super::{ClusterError, Kubeconfigs};
use crate::model::ContextName;

/// Until when the server asked not to be asked again. kube's errors do not carry the header, so
/// it is noted here on the way through.
#[derive(Debug, Clone, Default)]
pub(super) struct RetryAfter(Arc<Mutex<Option<Instant>>>);

impl RetryAfter {
    fn note<B>(&self, response: &Response<B>) {
        let waits = matches!(
            response.status(),
            StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
        );
        let seconds = response
            .headers()
            .get(RETRY_AFTER)
            .and_then(|value| value.to_str().ok()?.trim().parse::<u64>().ok());
        if let (true, Some(seconds)) = (waits, seconds) {
            *self.0.lock() = Instant::now().checked_add(Duration::from_secs(seconds.min(600)));
        }
    }

    /// How long the server still wants to be left alone.
    pub(super) fn remaining(&self) -> Option<Duration> {
        (*self.0.lock())?.checked_duration_since(Instant::now())
    }
}

/// Builds the client. An exec plugin runs several times and blocks meanwhile: the work is done on
/// a thread for blocking calls.
pub(super) async fn connect(
    kubeconfigs: Arc<Kubeconfigs>,
    context: ContextName,
) -> Result<(Client, RetryAfter), ClusterError> {
    let failed = |reason: String, context: &ContextName| ClusterError::BadContext {
        context: context.to_string(),
        reason,
    };
    let name = context.clone();
    let handle = Handle::current();
    spawn_blocking(move || {
        let config = handle.block_on(kubeconfigs.client_config(&context))?;
        let retry_after = RetryAfter::default();
        let noted = retry_after.clone();
        let builder = ClientBuilder::try_from(config)
            .map_err(|error| failed(super::error::api_error_text(&error), &context))?;
        let client = builder
            .with_layer(&MapResponseLayer::new(move |response: Response<_>| {
                noted.note(&response);
                response
            }))
            .build();
        Ok((client, retry_after))
    })
    .await
    .map_err(|error| failed(error.to_string(), &name))?
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn notes_retry_after_of_429_only() {
        let retry_after = RetryAfter::default();
        let response = |status: u16| {
            Response::builder()
                .status(status)
                .header(RETRY_AFTER, "30")
                .body(())
                .unwrap()
        };
        retry_after.note(&response(200));
        assert_eq!(retry_after.remaining(), None);
        retry_after.note(&response(429));
        assert!(
            retry_after
                .remaining()
                .is_some_and(|left| left > Duration::from_secs(20))
        );
    }
}
