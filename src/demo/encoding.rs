//! Base64, as Kubernetes writes bytes into JSON: through the type that stands for it there.

use k8s_openapi::ByteString;
use serde_json::Value;

/// Standard base64 with padding.
pub(super) fn to_base64(bytes: &[u8]) -> String {
    match serde_json::to_value(ByteString(bytes.to_vec())) {
        Ok(Value::String(text)) => text,
        _ => String::new(),
    }
}

/// The bytes again, or nothing when `text` is not base64.
pub(super) fn from_base64(text: &str) -> Option<Vec<u8>> {
    let value = Value::String(text.to_owned());
    serde_json::from_value::<ByteString>(value)
        .ok()
        .map(|bytes| bytes.0)
}
