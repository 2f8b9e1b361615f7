//! The JSON of a change and of a gap: one line each, keys always in the same order.
//!
//! A key without a value (the namespace of a cluster-scoped object, the generation of a kind that
//! has none, the kind of a gap in the whole context) is left out and never `null`.

use std::sync::Arc;

use serde::Serialize;

use crate::model::{
    Change, ChangeKind, ContextName, FieldPath, Gap, GapCause, Generation, Provenance,
    ResourceVersion,
};

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ChangeJson<'a> {
    observed_at: String,
    context: &'a ContextName,
    api_version: String,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    name: &'a str,
    uid: &'a str,
    resource_version: &'a ResourceVersion,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<Generation>,
    change: ChangeKind,
    provenance: Provenance,
    touches: Vec<&'static str>,
    managers: &'a [Arc<str>],
    paths: &'a [FieldPath],
}

#[derive(Serialize)]
struct GapJson<'a> {
    gap: GapSpan<'a>,
    context: &'a ContextName,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
}

#[derive(Serialize)]
struct GapSpan<'a> {
    from: String,
    to: String,
    cause: &'a GapCause,
}

/// A change as one line of JSON, without the line end.
///
/// # Errors
/// Never for the types of the model; serde's interface has it.
pub fn change_line(context: &ContextName, change: &Change) -> serde_json::Result<String> {
    serde_json::to_string(&ChangeJson {
        observed_at: change.observed_at.rfc3339(),
        context,
        api_version: change.kind.api_version(),
        kind: &change.kind.kind,
        namespace: change.key.namespace.as_deref(),
        name: &change.key.name,
        uid: &change.uid.0,
        resource_version: &change.resource_version,
        generation: change.generation,
        change: change.change,
        provenance: change.provenance,
        touches: change.touches.names().collect(),
        managers: &change.managers,
        paths: &change.paths,
    })
}

/// A gap as one line of JSON, without the line end.
///
/// # Errors
/// Never for the types of the model; serde's interface has it.
pub fn gap_line(context: &ContextName, gap: &Gap) -> serde_json::Result<String> {
    serde_json::to_string(&GapJson {
        gap: GapSpan {
            from: gap.from.rfc3339(),
            to: gap.to.rfc3339(),
            cause: &gap.cause,
        },
        context,
        kind: gap.kind.as_deref().map(|kind| kind.kind.as_str()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Moment, ResourceKey, ResourceKind, Scope, Touched, Uid};

    fn kind(scope: Scope) -> Arc<ResourceKind> {
        Arc::new(ResourceKind {
            group: "cert-manager.io".into(),
            version: "v1".into(),
            kind: "Certificate".into(),
            plural: "certificates".into(),
            scope,
        })
    }

    fn moment(micros: u64) -> Moment {
        Moment {
            wall: 1_700_000_000_000_000_i64.saturating_add_unsigned(micros),
            monotonic: micros,
        }
    }

    fn change() -> Change {
        Change {
            observed_at: moment(5),
            kind: kind(Scope::Namespaced),
            key: ResourceKey {
                namespace: Some("web".into()),
                name: "tls".into(),
            },
            uid: Uid("u-1".into()),
            resource_version: "1042".into(),
            generation: Some(Generation(3)),
            change: ChangeKind::Modified,
            provenance: Provenance::Watch,
            touches: Touched {
                spec: true,
                metadata: true,
                heartbeat: true,
                ..Touched::default()
            },
            managers: vec!["kubectl-edit".into()],
            paths: vec![FieldPath::from_pointer("/spec/replicas")],
        }
    }

    #[test]
    fn a_change_has_these_keys_in_this_order() {
        assert_eq!(
            change_line(&"kind-a".into(), &change()).unwrap(),
            concat!(
                r#"{"observedAt":"2023-11-14T22:13:20.000005Z","context":"kind-a","#,
                r#""apiVersion":"cert-manager.io/v1","kind":"Certificate","namespace":"web","#,
                r#""name":"tls","uid":"u-1","resourceVersion":"1042","generation":3,"#,
                r#""change":"Modified","provenance":"Watch","touches":["spec","metadata"],"#,
                r#""managers":["kubectl-edit"],"paths":["/spec/replicas"]}"#
            )
        );
    }

    #[test]
    fn what_an_object_does_not_have_is_left_out() {
        let mut change = change();
        change.kind = kind(Scope::Cluster);
        change.key.namespace = None;
        change.generation = None;
        let line = change_line(&"c".into(), &change).unwrap();
        assert!(
            !line.contains("namespace") && !line.contains("generation"),
            "{line}"
        );
        assert!(!line.contains("null"), "{line}");
    }

    #[test]
    fn a_gap_has_these_keys_in_this_order() {
        let mut gap = Gap {
            from: moment(0),
            to: moment(1_500_000),
            cause: GapCause::ConnectionLost,
            kind: Some(kind(Scope::Namespaced)),
        };
        assert_eq!(
            gap_line(&"kind-a".into(), &gap).unwrap(),
            concat!(
                r#"{"gap":{"from":"2023-11-14T22:13:20.000000Z","to":"2023-11-14T22:13:21.500000Z","#,
                r#""cause":"connectionLost"},"context":"kind-a","kind":"Certificate"}"#
            )
        );
        gap.kind = None;
        assert!(
            gap_line(&"kind-a".into(), &gap)
                .unwrap()
                .ends_with(r#""context":"kind-a"}"#)
        );
    }
}
