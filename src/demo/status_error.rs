//! Errors as `metav1.Status` objects, the only form of error that Kubernetes clients read.

use axum::body::Body;
use axum::response::{IntoResponse, Response};
use http::{StatusCode, header};
use serde_json::{Value, json};

use super::definition::Definition;

/// A refused request. `reason` is one of metav1's `StatusReason`s.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct ApiError {
    code: StatusCode,
    reason: &'static str,
    message: String,
    details: Option<Value>,
}

impl ApiError {
    fn new(code: StatusCode, reason: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            reason,
            message: message.into(),
            details: None,
        }
    }

    fn about(mut self, definition: &Definition, name: &str) -> Self {
        self.details = Some(json!({
            "group": definition.group,
            "kind": definition.plural,
            "name": name,
        }));
        self
    }

    /// 401: no token, or another one.
    pub(super) fn unauthorized() -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "Unauthorized", "Unauthorized")
    }

    /// 400: the request makes no sense.
    pub(super) fn bad_request(message: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "BadRequest", message)
    }

    /// 404 of a path that nothing serves.
    pub(super) fn no_such_path() -> Self {
        Self::new(
            StatusCode::NOT_FOUND,
            "NotFound",
            "the server could not find the requested resource",
        )
    }

    /// 404 of an object.
    pub(super) fn not_found(definition: &Definition, name: &str) -> Self {
        let resource = definition.qualified_plural();
        Self::new(
            StatusCode::NOT_FOUND,
            "NotFound",
            format!("{resource} \"{name}\" not found"),
        )
        .about(definition, name)
    }

    /// 405.
    pub(super) fn method_not_allowed() -> Self {
        Self::new(
            StatusCode::METHOD_NOT_ALLOWED,
            "MethodNotAllowed",
            "the server does not allow this method on the requested resource",
        )
    }

    /// 406: none of the media types in Accept can be produced.
    pub(super) fn not_acceptable() -> Self {
        Self::new(
            StatusCode::NOT_ACCEPTABLE,
            "NotAcceptable",
            "only the following media types are accepted: application/json",
        )
    }

    /// 409 of a create whose name is taken.
    pub(super) fn already_exists(definition: &Definition, name: &str) -> Self {
        let resource = definition.qualified_plural();
        Self::new(
            StatusCode::CONFLICT,
            "AlreadyExists",
            format!("{resource} \"{name}\" already exists"),
        )
        .about(definition, name)
    }

    /// 409 of an optimistic lock that failed.
    pub(super) fn conflict(definition: &Definition, name: &str) -> Self {
        let resource = definition.qualified_plural();
        Self::new(
            StatusCode::CONFLICT,
            "Conflict",
            format!(
                "Operation cannot be fulfilled on {resource} \"{name}\": the object has been \
                 modified; please apply your changes to the latest version and try again"
            ),
        )
        .about(definition, name)
    }

    /// 410: the history between `requested` and now is not kept any more.
    pub(super) fn expired(requested: u64, oldest: u64) -> Self {
        Self::new(
            StatusCode::GONE,
            "Expired",
            format!("too old resource version: {requested} ({oldest})"),
        )
    }

    /// 410 of a continue token whose snapshot is gone.
    pub(super) fn continue_expired() -> Self {
        Self::new(
            StatusCode::GONE,
            "Expired",
            "The provided continue parameter is too old to display a consistent list result. You \
             must start a new list without the continue parameter.",
        )
    }

    /// 415: a body in a format that is not read here.
    pub(super) fn unsupported_media_type(accepted: &str) -> Self {
        Self::new(
            StatusCode::UNSUPPORTED_MEDIA_TYPE,
            "UnsupportedMediaType",
            format!(
                "the body of the request was in an unknown format - accepted media types include: {accepted}"
            ),
        )
    }

    /// 422: a field that does not hold.
    pub(super) fn invalid(
        definition: &Definition,
        name: &str,
        field: &str,
        message: impl std::fmt::Display,
    ) -> Self {
        let kind = &definition.kind;
        let group = &definition.group;
        let subject = if group.is_empty() {
            kind.clone()
        } else {
            format!("{kind}.{group}")
        };
        let mut error = Self::new(
            StatusCode::UNPROCESSABLE_ENTITY,
            "Invalid",
            format!("{subject} \"{name}\" is invalid: {field}: {message}"),
        );
        error.details = Some(json!({
            "group": group,
            "kind": kind,
            "name": name,
            "causes": [{"reason": "FieldValueInvalid", "field": field, "message": message.to_string()}],
        }));
        error
    }

    /// 500: a fault of ours.
    pub(super) fn internal(message: impl Into<String>) -> Self {
        Self::new(StatusCode::INTERNAL_SERVER_ERROR, "InternalError", message)
    }

    /// 504: the client has seen a resourceVersion that this server has not reached.
    pub(super) fn too_large_resource_version(requested: u64, current: u64) -> Self {
        let mut error = Self::new(
            StatusCode::GATEWAY_TIMEOUT,
            "Timeout",
            format!("Too large resource version: {requested}, current: {current}"),
        );
        error.details = Some(json!({
            "causes": [{"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}],
            "retryAfterSeconds": 1,
        }));
        error
    }

    /// The `metav1.Status` object, as it stands in a body or in a watch event.
    pub(super) fn to_status(&self) -> Value {
        let mut status = json!({
            "kind": "Status",
            "apiVersion": "v1",
            "metadata": {},
            "status": "Failure",
            "message": self.message,
            "reason": self.reason,
            "code": self.code.as_u16(),
        });
        if let Some(details) = &self.details {
            status["details"] = details.clone();
        }
        status
    }
}

impl IntoResponse for ApiError {
    fn into_response(self) -> Response {
        let body = self.to_status().to_string();
        (
            self.code,
            [(header::CONTENT_TYPE, "application/json")],
            Body::from(body),
        )
            .into_response()
    }
}
