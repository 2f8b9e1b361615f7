//! `kronika tree`.

use std::{path::Path, sync::Arc};

use kronika::{
    journal::SessionFile,
    model::{
        ChangeKind, Moment, ObjectState, Observation, Provenance, ResourceKey, ResourceKind, Scope,
        Uid,
    },
    timeline::{Recorder, SharedTimeline, Timeline},
};
use parking_lot::RwLock;
use serde_json::{Value, json};

use super::{fail, succeed, text};

fn kind(name: &str) -> Arc<ResourceKind> {
    Arc::new(ResourceKind {
        group: "cert-manager.io".into(),
        version: "v1".into(),
        kind: name.into(),
        plural: format!("{}s", name.to_lowercase()),
        scope: Scope::Namespaced,
    })
}

/// A certificate, its request, and the request's order, which fails in the second minute.
fn record(path: &Path) {
    let file = SessionFile::create(path).unwrap();
    let timeline: SharedTimeline = Arc::new(RwLock::new(Timeline::new("blue".into())));
    let writer = file.writer(&"blue".into()).unwrap();
    let mut recorder = Recorder::new(timeline, vec![Box::new(writer)]);
    for name in ["Certificate", "CertificateRequest", "Order"] {
        recorder.observe(Observation::Kind {
            kind: kind(name),
            columns: [].into(),
        });
    }
    let mut put = |second: i64, of: &str, name: &str, owner: Option<(&str, &str)>, ready: &str| {
        let owners: Vec<_> = owner
            .map(|(kind, name)| {
                json!({"apiVersion": "cert-manager.io/v1", "kind": kind, "name": name, "uid": name,
                    "controller": true, "blockOwnerDeletion": true})
            })
            .into_iter()
            .collect();
        let body = json!({
            "apiVersion": "cert-manager.io/v1", "kind": of,
            "metadata": {"name": name, "namespace": "shop", "uid": name, "ownerReferences": owners},
            "spec": {"secretName": "tls-secret"},
            "status": {"conditions": [{"type": "Ready", "status": ready, "reason": "Because"}]},
        });
        recorder.observe(Observation::Object(ObjectState {
            kind: kind(of),
            key: ResourceKey {
                namespace: Some("shop".into()),
                name: name.into(),
            },
            uid: Uid(name.into()),
            resource_version: (second + 1).to_string().as_str().into(),
            generation: None,
            change: ChangeKind::Added,
            provenance: Provenance::Watch,
            observed_at: Moment {
                wall: 1_700_000_000_000_000 + second * 1_000_000,
                monotonic: u64::try_from(second).unwrap() * 1_000_000,
            },
            body: Some(body.to_string().into_bytes().into()),
        }));
    };
    put(0, "Certificate", "tls", None, "True");
    put(
        1,
        "CertificateRequest",
        "tls-1",
        Some(("Certificate", "tls")),
        "True",
    );
    put(60, "Certificate", "tls", None, "False");
    put(
        61,
        "CertificateRequest",
        "tls-1",
        Some(("Certificate", "tls")),
        "False",
    );
    put(
        62,
        "Order",
        "tls-1-7",
        Some(("CertificateRequest", "tls-1")),
        "False",
    );
    recorder.flush();
    drop(recorder);
    file.close().unwrap();
}

#[test]
fn tree_prints_what_is_above_and_below() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.kronika");
    record(&path);
    assert_eq!(
        succeed(&["tree", text(&path), "certificates", "shop/tls"]),
        "Certificate shop/tls  InProgress: Ready is False (Because)\n\
         ├─ CertificateRequest shop/tls-1  InProgress: Ready is False (Because)  by metadata.ownerReferences[0] (controller)\n\
         │  └─ Order shop/tls-1-7  InProgress: Ready is False (Because)  by metadata.ownerReferences[0] (controller)\n\
         └─ Secret shop/tls-secret  not watched  by spec.secretName\n"
    );
    let order = succeed(&["tree", text(&path), "orders", "shop/tls-1-7"]);
    assert!(
        order.starts_with("needed by\n└─ CertificateRequest shop/tls-1"),
        "{order}"
    );
    assert!(
        order.contains("   └─ Certificate shop/tls  InProgress"),
        "{order}"
    );
    let earlier = succeed(&[
        "tree",
        text(&path),
        "certificates",
        "shop/tls",
        "--at",
        "2023-11-14T22:13:50Z",
    ]);
    assert!(
        earlier.contains("Certificate shop/tls  Current\n") && !earlier.contains("Order"),
        "{earlier}"
    );
    fail(&[
        "tree",
        text(&path),
        "orders",
        "shop/tls-1-7",
        "--at",
        "2023-11-14T22:13:50Z",
    ]);
}

#[test]
fn tree_tells_the_root_cause_and_the_affected() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("run.kronika");
    record(&path);
    let all = ["tree", text(&path), "certificates", "shop/tls"];
    let cause = succeed(&[&all[..], &["--root-cause"]].concat());
    assert!(
        cause.starts_with(
            "Not ready because Order shop/tls-1-7 (2 levels down): Ready is False (Because)\n"
        ),
        "{cause}"
    );
    let affected = succeed(&[&all[..], &["--affected"]].concat());
    assert_eq!(
        affected,
        "CertificateRequest shop/tls-1  deleted with its owner, which waits for it  by metadata.ownerReferences[0]\n  \
         Order shop/tls-1-7  deleted with its owner, which waits for it  by metadata.ownerReferences[0] of \
         CertificateRequest shop/tls-1\n"
    );
    let json = succeed(&[&all[..], &["--root-cause", "-o", "json"]].concat());
    let json: Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json["rootCause"]["path"][2]["name"], "tls-1-7");
    assert_eq!(json["rootCause"]["since"], "2023-11-14T22:14:22.000000Z");
    let graph: Value =
        serde_json::from_str(&succeed(&[&all[..], &["-o", "json"]].concat())).unwrap();
    assert_eq!(graph["nodes"].as_array().unwrap().len(), 4);
    assert_eq!(graph["edges"][0]["relation"], "controller");
}
