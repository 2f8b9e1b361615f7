//! The API server's audit log: what was really written, to hold Kronika's record against.

use std::path::Path;

use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

/// Bodies for every write and read of a custom resource, whose groups are not known beforehand; nothing for the
/// groups that Kubernetes serves itself. Lists and watches come without their bodies: a list of thousands of
/// objects would be one line of many megabytes, and nothing in it was written by it.
pub(super) const POLICY: &str = r#"
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived, ResponseStarted]
rules:
- level: None
  nonResourceURLs: ["*"]
- level: Metadata
  verbs: [create, update, patch, delete, deletecollection]
  resources: [{group: apiextensions.k8s.io}]
- level: None
  resources:
  - {group: ""}
  - {group: admissionregistration.k8s.io}
  - {group: apiextensions.k8s.io}
  - {group: apiregistration.k8s.io}
  - {group: apps}
  - {group: authentication.k8s.io}
  - {group: authorization.k8s.io}
  - {group: autoscaling}
  - {group: batch}
  - {group: certificates.k8s.io}
  - {group: coordination.k8s.io}
  - {group: discovery.k8s.io}
  - {group: events.k8s.io}
  - {group: flowcontrol.apiserver.k8s.io}
  - {group: internal.apiserver.k8s.io}
  - {group: networking.k8s.io}
  - {group: node.k8s.io}
  - {group: policy}
  - {group: rbac.authorization.k8s.io}
  - {group: resource.k8s.io}
  - {group: scheduling.k8s.io}
  - {group: storage.k8s.io}
  - {group: storagemigration.k8s.io}
- level: Metadata
  verbs: [list, watch]
- level: RequestResponse
"#;

/// One request that the API server has answered (`audit.k8s.io/v1`, stage `ResponseComplete`).
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct AuditEvent {
    pub(crate) verb: String,
    #[serde(default)]
    pub(crate) user_agent: String,
    pub(crate) user: User,
    #[serde(default)]
    pub(crate) object_ref: ObjectRef,
    pub(crate) response_status: ResponseStatus,
    /// The object as it was after the request, byte for byte.
    pub(crate) response_object: Option<Box<RawValue>>,
    pub(crate) request_received_timestamp: Timestamp,
    pub(crate) stage_timestamp: Timestamp,
    #[serde(rename = "requestURI")]
    pub(crate) request_uri: String,
}

/// Who asked.
#[derive(Debug, Deserialize)]
pub(crate) struct User {
    pub(crate) username: String,
}

/// The HTTP status of the answer.
#[derive(Debug, Deserialize)]
pub(crate) struct ResponseStatus {
    pub(crate) code: u16,
}

/// What was asked for. Absent parts are empty; a create has no name here.
#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub(crate) struct ObjectRef {
    pub(crate) api_group: String,
    pub(crate) resource: String,
    pub(crate) subresource: String,
    pub(crate) namespace: String,
    pub(crate) name: String,
}

/// What the response tells of the object that was written.
#[derive(Debug, Deserialize)]
pub(crate) struct WrittenObject {
    pub(crate) metadata: WrittenMetadata,
}

/// Its identity and version.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct WrittenMetadata {
    #[serde(default)]
    pub(crate) namespace: String,
    pub(crate) name: String,
    pub(crate) resource_version: String,
}

impl AuditEvent {
    /// The object that a create, update or patch left behind; `None` for what wrote nothing.
    ///
    /// A write that changes nothing succeeds with the version that was there before.
    pub(crate) fn written(&self) -> Option<WrittenObject> {
        let writes = matches!(self.verb.as_str(), "create" | "update" | "patch");
        if !writes || self.response_status.code >= 300 {
            return None;
        }
        serde_json::from_str(self.response_object.as_ref()?.get()).ok()
    }
}

/// Reads the complete lines of the log: the server may be in the middle of one.
pub(super) fn read(log: &Path) -> Vec<AuditEvent> {
    let bytes = std::fs::read(log)
        .unwrap_or_else(|error| panic!("cannot read the audit log {}: {error}", log.display()));
    let complete = bytes.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
    bytes[..complete]
        .split(|byte| *byte == b'\n')
        .filter(|line| !line.is_empty())
        .map(|line| {
            serde_json::from_slice(line).unwrap_or_else(|error| {
                panic!(
                    "the audit log has a line that is no event: {error}\n{}",
                    String::from_utf8_lossy(line)
                )
            })
        })
        .collect()
}
