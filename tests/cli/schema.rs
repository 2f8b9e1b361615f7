//! `kronika schema`.

use serde_json::{Value, json};

use super::{fail, fixture, succeed};

const KIND: &str = "gateways.gateway.example.com";

#[test]
fn the_object_as_a_whole_has_its_fields() {
    let session = fixture::session();
    let text = succeed(&["schema", session.arg(), KIND]);
    assert_eq!(
        text,
        "KIND:     Gateway\n\
         GROUP:    gateway.example.com\n\
         VERSION:  v1 (served, storage)\n\
         SCOPE:    Namespaced\n\
         \n\
         DESCRIPTION:\n  A way in.\n\
         \n\
         FIELDS:\n  \
           spec <object>\n    What is wanted.\n  \
           apiVersion <string>\n    Group and version of the schema that this object is written in.\n  \
           kind <string>\n    \
             Name of the object's type in CamelCase, as the server knows it.\n  \
           metadata <object>\n    \
             What every Kubernetes object has: its names, labels, owners and bookkeeping.\n"
    );
}

#[test]
fn a_field_has_all_that_is_said_of_it() {
    let session = fixture::session();
    let of = |path: &str| succeed(&["schema", session.arg(), KIND, path]);
    let class = of("spec.class");
    for part in [
        "FIELD:    spec.class <string> required immutable\n",
        "DESCRIPTION:\n  Who runs it.\n\n  One per cluster.\n",
        "TRANSITIONS:\n  Immutable\n  class is immutable\n",
        "ENUM:\n  a\n  b\n",
    ] {
        assert!(class.contains(part), "{part}\n{class}");
    }
    let replicas = of(".spec.replicas");
    assert!(replicas.contains("<integer (int32)>"), "{replicas}");
    assert!(
        replicas.contains("DEFAULT:\n  1\n\nLIMITS:\n  at least 0\n"),
        "{replicas}"
    );
    let listeners = of("spec.listeners");
    assert!(listeners.contains("MERGED:\n  by name\n"), "{listeners}");
    assert!(
        listeners.contains("  port <integer> deprecated\n"),
        "{listeners}"
    );
    // Lists may be passed over, as kubectl explain does.
    for path in [
        "spec.listeners.port",
        "spec.listeners[0].port",
        "/spec/listeners/0/port",
    ] {
        assert!(of(path).contains("FIELD:    spec.listeners[].port <integer> deprecated"));
    }
    assert!(of("metadata.uid").contains("Identity of this very object"));
}

#[test]
fn versions_moments_and_trees() {
    let session = fixture::session();
    let with = |more: &[&str]| succeed(&[&["schema", session.arg(), KIND], more].concat());
    let beta = with(&["spec", "--version", "v1beta1"]);
    assert!(
        beta.contains("VERSION:  v1beta1 (served, deprecated)"),
        "{beta}"
    );
    assert!(beta.contains("  legacy <string>"), "{beta}");
    let before = with(&["spec.class", "--at", "22:14:00"]);
    assert!(!before.contains("immutable"), "{before}");
    let tree = with(&["spec", "--recursive"]);
    assert!(
        tree.contains(
            "  listeners <[]object>\n    name <string> required\n    port <integer> deprecated\n"
        ),
        "{tree}"
    );
    let json: Value = serde_json::from_str(&with(&["spec.class", "-o", "json"])).unwrap();
    assert_eq!(json["enum"], json!(["a", "b"]));
    assert_eq!(json["immutability"]["strict"], true);
    assert_eq!(json["immutability"]["rules"][0]["rule"], "self == oldSelf");
}

#[test]
fn what_changed_over_time_and_between_versions() {
    let session = fixture::session();
    let with = |more: &[&str]| succeed(&[&["schema", session.arg(), KIND], more].concat());
    assert_eq!(
        with(&["--diff"]),
        "v1 at 2023-11-14T22:13:20.000000Z → v1 at 2023-11-14T22:14:50.000000Z\n\
         IMPACT    FIELD           CHANGE\n\
         breaking  spec.class      rule added: class is immutable\n\
         breaking  spec.listeners  maxItems tightened: 64 → 16\n"
    );
    let below = with(&["spec.listeners", "--diff"]);
    assert!(
        below.contains("maxItems") && !below.contains("rule added"),
        "{below}"
    );
    assert!(with(&["--diff", "--impact", "compatible"]).ends_with("no difference\n"));
    assert_eq!(
        with(&["--diff=v1beta1"]),
        "v1beta1 → v1\n\
         IMPACT    FIELD        CHANGE\n\
         breaking  spec.legacy  removed: it was an optional string\n"
    );
    let json: Value = serde_json::from_str(&with(&["--diff", "-o", "json"])).unwrap();
    assert_eq!(
        json[0]["changes"][1],
        json!({
            "path": "spec.listeners", "aspect": "maxItems", "impact": "breaking",
            "what": "maxItems tightened: 64 → 16", "old": "64", "new": "16",
        })
    );
}

#[test]
fn what_is_not_there_is_told_with_what_is() {
    let session = fixture::session();
    let of = |more: &[&str]| fail(&[&["schema", session.arg()], more].concat());
    let field = of(&[KIND, "spec.clas"]);
    assert!(
        field.contains("no field \"spec.clas\" in Gateway"),
        "{field}"
    );
    assert!(
        field.contains("spec has class, replicas, listeners"),
        "{field}"
    );
    let version = of(&[KIND, "--version", "v2"]);
    assert!(version.contains("it has v1, v1beta1"), "{version}");
    let unknown = of(&["zones"]);
    assert!(
        unknown.contains("the schema of zones.example.com is not in this session"),
        "{unknown}"
    );
    let early = of(&[KIND, "--at", "22:13:00"]);
    assert!(
        early.contains("first seen at 2023-11-14T22:13:20"),
        "{early}"
    );
}
