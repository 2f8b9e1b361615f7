//! A bearer token, as service accounts use them: with it everything is allowed, without it nothing.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::AUTHORIZATION;
use rustls::crypto::CryptoProvider;

use super::DemoError;
use super::server::App;
use super::status_error::ApiError;

/// 256 random bits in hexadecimal. Not printed by `Debug`.
#[derive(Clone)]
pub(super) struct Token(String);

impl std::fmt::Debug for Token {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("Token(..)")
    }
}

impl Token {
    /// A token from the system's random source: other users of the machine reach the port too.
    pub(super) fn new(provider: &CryptoProvider) -> Result<Self, DemoError> {
        let mut bytes = [0_u8; 32];
        provider
            .secure_random
            .fill(&mut bytes)
            .map_err(|_| DemoError::Tls("the system gives no random numbers".to_owned()))?;
        Ok(Self(
            bytes.iter().map(|byte| format!("{byte:02x}")).collect(),
        ))
    }

    /// The text, for the kubeconfig.
    pub(super) fn reveal(&self) -> &str {
        &self.0
    }

    /// Compares without stopping at the first difference, which would tell how far a guess got.
    fn is(&self, offered: &str) -> bool {
        let pairs = self.0.bytes().zip(offered.bytes());
        let difference = pairs.fold(0, |difference, (ours, theirs)| difference | (ours ^ theirs));
        self.0.len() == offered.len() && difference == 0
    }
}

/// Lets a request pass that carries the token.
pub(super) async fn require_token(
    State(app): State<Arc<App>>,
    request: Request,
    next: Next,
) -> Response {
    let header = request.headers().get(AUTHORIZATION);
    let offered = header
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("bearer"))
        .map(|(_, token)| token.trim());
    if offered.is_some_and(|offered| app.token.is(offered)) {
        next.run(request).await
    } else {
        ApiError::unauthorized().into_response()
    }
}
