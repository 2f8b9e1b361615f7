//! `kronika blame`.

use serde_json::{Value, json};

use super::{fail, fixture, succeed};

const KIND: &str = "gateways.gateway.example.com";

fn blame(more: &[&str]) -> String {
    let session = fixture::session();
    let arguments = [&["blame", session.arg(), KIND, "web/shop"], more].concat();
    succeed(&arguments)
}

#[test]
fn each_line_has_its_last_change_and_its_writer() {
    assert_eq!(
        blame(&["--field", "spec"]),
        "CHANGED                      REVISION  BY                           LINE\n\
         2023-11-14T22:13:20.000000Z  1         -                            spec:\n\
         2023-11-14T22:14:20.000000Z  4         -                              replicas: 3\n\
         2023-11-14T22:14:20.050000Z  5         operator (Update of status)    note: ü < \"x\"\n"
    );
}

#[test]
fn an_older_revision_knows_nothing_of_what_came_after() {
    let text = blame(&["--revision", "3"]);
    for line in [
        "2023-11-14T22:13:20.000000Z  1         -     replicas: 2\n",
        "2023-11-14T22:13:20.100000Z  2         -     observedGeneration: 1\n",
        "2023-11-14T22:13:20.300000Z  3         -       status: \"True\"\n",
    ] {
        assert!(text.contains(line), "{line}\n{text}");
    }
    assert!(!text.contains("note"), "{text}");
}

#[test]
fn a_field_as_json_names_the_change_before_the_last() {
    let text = blame(&["--field", "spec.replicas", "-o", "json"]);
    let lines: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(
        lines,
        json!([{ "line": "  replicas: 3", "path": "/spec/replicas", "changed": {
            "observedAt": "2023-11-14T22:14:20.000000Z", "resourceVersion": "4", "exact": true,
            "writers": [], "previousResourceVersion": "1" } }])
    );
}

#[test]
fn a_field_that_is_not_there_says_so() {
    let session = fixture::session();
    let error = fail(&[
        "blame",
        session.arg(),
        KIND,
        "web/shop",
        "--field",
        "spec.no",
    ]);
    assert!(
        error.starts_with(&format!(
            "error: {KIND} web/shop has no field spec.no then\nhint: "
        )),
        "{error}"
    );
}
