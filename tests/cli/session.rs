//! The commands that read a session file.

use serde_json::{Value, json};

use super::{fail, fixture, json_lines, run, succeed};

fn names(lines: &[Value]) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("gap").to_owned();
    lines
        .iter()
        .map(|line| text(&line["resourceVersion"]))
        .collect()
}

#[test]
fn log_prints_every_change_and_gap_in_order() {
    let session = fixture::session();
    let lines = json_lines(&succeed(&["log", session.arg(), "-o", "json"]));
    assert_eq!(
        names(&lines),
        [
            "1", "6", "8", "9", "30", "2", "3", "4", "5", "gap", "20", "31", "7", "31"
        ]
    );
    assert_eq!(
        lines[7],
        json!({
            "observedAt": "2023-11-14T22:14:20.000000Z", "context": "blue",
            "apiVersion": "gateway.example.com/v1", "kind": "Gateway", "namespace": "web",
            "name": "shop", "uid": "uid-shop", "resourceVersion": "4", "generation": 2,
            "change": "Modified", "provenance": "Watch", "touches": ["spec"],
            "managers": [], "paths": ["/spec/replicas"],
        })
    );
    assert_eq!(
        lines[9],
        json!({
            "gap": {
                "from": "2023-11-14T22:14:30.000000Z", "to": "2023-11-14T22:14:40.000000Z",
                "cause": "expired",
            },
            "context": "blue", "kind": "Gateway",
        })
    );
    assert_eq!(lines[8]["managers"], json!(["operator"]));
}

#[test]
fn log_selects() {
    let session = fixture::session();
    let of = |args: &[&str]| {
        let all = [&["log", session.arg(), "-o", "json"], args].concat();
        names(&json_lines(&succeed(&all)))
    };
    assert_eq!(of(&["--kind", "zones"]), ["9", "20"]);
    assert_eq!(of(&["--kind", "ZONE", "--context", "green"]), ["20"]);
    assert_eq!(of(&["--kind", "gateways.mesh.example.com"]), ["8"]);
    assert_eq!(of(&["--name", "gone"]), ["6", "gap", "7"]);
    assert_eq!(of(&["-n", "web", "--name", "big"]), ["gap"]);
    assert_eq!(
        of(&["--since", "22:14:20", "--until", "22:14:20.05"]),
        ["4", "5"]
    );
    assert_eq!(of(&["--since", "2023-11-14T22:15:00Z"]), ["31", "7", "31"]);
    assert_eq!(of(&["--since", "5s"]), ["7", "31"]);
    assert_eq!(of(&["--since", "22:14:35", "--until", "22:14:36"]), ["gap"]);
}

#[test]
fn log_is_a_table_with_a_context_column_for_several() {
    let session = fixture::session();
    let text = succeed(&[
        "log",
        session.arg(),
        "--name",
        "shop",
        "--since",
        "22:14:00",
    ]);
    let lines: Vec<_> = text.lines().collect();
    assert!(
        lines[0].starts_with("TIME                         CONTEXT  KIND"),
        "{text}"
    );
    assert!(
        lines[1].contains("Modified") && lines[1].contains("spec.replicas"),
        "{text}"
    );
    assert!(
        lines[3].contains("Gap") && lines[3].contains("history expired on the server"),
        "{text}"
    );
    assert!(
        !text.contains('\x1b'),
        "no colours where there is no terminal: {text:?}"
    );
}

#[test]
fn show_json_is_what_the_server_sent_to_the_byte() {
    let session = fixture::session();
    let gateway = "gateways.gateway.example.com";
    let newest = succeed(&["show", session.arg(), gateway, "web/shop", "-o", "json"]);
    assert_eq!(newest, format!("{}\n", fixture::REVISION_5));
    let by_revision = succeed(&[
        "show",
        session.arg(),
        gateway,
        "web/shop",
        "--revision",
        "5",
        "-o",
        "json",
    ]);
    assert_eq!(by_revision, newest);
    let at = |time: &str| {
        let json = succeed(&[
            "show",
            session.arg(),
            gateway,
            "web/shop",
            "--at",
            time,
            "-o",
            "json",
        ]);
        let json: Value = serde_json::from_str(&json).unwrap();
        json["metadata"]["resourceVersion"]
            .as_str()
            .unwrap()
            .to_owned()
    };
    assert_eq!(at("22:13:20"), "1");
    assert_eq!(at("2023-11-14T22:13:20.299999Z"), "2");
    assert_eq!(at("2023-11-14T22:14:19Z"), "3");
}

#[test]
fn show_yaml_is_the_same_object() {
    let session = fixture::session();
    let yaml = succeed(&[
        "show",
        session.arg(),
        "gateways.gateway.example.com",
        "web/shop",
    ]);
    let parsed: Value = serde_yaml::from_str(&yaml).unwrap();
    let sent: Value = serde_json::from_str(fixture::REVISION_5).unwrap();
    assert_eq!(parsed, sent);
}

#[test]
fn show_tells_of_a_deletion() {
    let session = fixture::session();
    let gateway = "gateways.gateway.example.com";
    let stderr = fail(&[
        "show",
        session.arg(),
        gateway,
        "web/gone",
        "--at",
        "22:15:30",
    ]);
    assert!(
        stderr.contains("deleted at 2023-11-14T22:15:20") && stderr.contains("--revision 7"),
        "{stderr}"
    );
    succeed(&[
        "show",
        session.arg(),
        gateway,
        "web/gone",
        "--revision",
        "7",
    ]);
    let stderr = fail(&[
        "show",
        session.arg(),
        gateway,
        "web/gone",
        "--at",
        "22:13:20",
    ]);
    assert!(
        stderr.contains("first seen at 2023-11-14T22:13:20.001000Z"),
        "{stderr}"
    );
}

#[test]
fn names_that_fit_nothing_or_too_much_are_explained() {
    let session = fixture::session();
    let stderr = fail(&["show", session.arg(), "gateway", "web/shop"]);
    assert!(
        stderr.contains("gateways.gateway.example.com, gateways.mesh.example.com"),
        "{stderr}"
    );
    let stderr = fail(&["show", session.arg(), "zone", "big"]);
    assert!(stderr.contains("--context green"), "{stderr}");
    succeed(&["show", session.arg(), "zone", "big", "--context", "blue"]);
    let stderr = fail(&["show", session.arg(), "gizmo", "x"]);
    assert!(stderr.contains("zones.example.com"), "{stderr}");
    let stderr = fail(&[
        "show",
        session.arg(),
        "gateways.gateway.example.com",
        "shop",
    ]);
    assert!(stderr.contains("did you mean web/shop"), "{stderr}");
    let stderr = fail(&["log", session.arg(), "--context", "red"]);
    assert!(stderr.contains("blue, green"), "{stderr}");
    let stderr = fail(&[
        "show",
        session.arg(),
        "zone",
        "big",
        "--context",
        "blue",
        "--revision",
        "77",
    ]);
    assert!(stderr.contains("its newest are 9"), "{stderr}");
}

#[test]
fn diff_is_of_the_last_two_revisions_unless_told() {
    let session = fixture::session();
    let gateway = "gateways.gateway.example.com";
    let of =
        |args: &[&str]| succeed(&[&["diff", session.arg(), gateway, "web/shop"], args].concat());
    let fields = of(&["--from", "3", "--to", "4", "-o", "fields"]);
    assert_eq!(fields, "FIELD          OLD  NEW\nspec.replicas  2    3\n");
    let unified = of(&["--from", "3", "--to", "4"]);
    assert!(
        unified.starts_with("--- gateways.gateway.example.com web/shop revision 3"),
        "{unified}"
    );
    assert!(
        unified.contains("\n-  replicas: 2\n+  replicas: 3\n"),
        "{unified}"
    );
    assert!(
        !unified.contains("generation"),
        "bookkeeping is hidden: {unified}"
    );
    assert!(of(&["--from", "3", "--to", "4", "--all"]).contains("+  generation: 2"));
    let last: Value = serde_json::from_str(&of(&["-o", "json"])).unwrap();
    assert_eq!(
        (
            &last["from"]["resourceVersion"],
            &last["to"]["resourceVersion"]
        ),
        (&json!("4"), &json!("5"))
    );
    let paths: Vec<_> = last["fields"]
        .as_array()
        .unwrap()
        .iter()
        .map(|field| &field["path"])
        .collect();
    assert!(
        paths.contains(&&json!("/status/observedGeneration")),
        "{last}"
    );
    fail(&["diff", session.arg(), "zone", "big", "--context", "blue"]);
    let lost = succeed(&["diff", session.arg(), gateway, "web/lost", "-o", "fields"]);
    assert!(
        lost.contains("spec.a"),
        "the deletion came without a body: {lost}"
    );
}

#[test]
fn equal_revisions_print_nothing_and_say_so() {
    let session = fixture::session();
    let gateway = "gateways.gateway.example.com";
    let ran = run(&[
        "diff",
        session.arg(),
        gateway,
        "web/shop",
        "--from",
        "4",
        "--to",
        "4",
    ]);
    assert_eq!((ran.code, ran.stdout.as_str()), (Some(0), ""), "{ran:?}");
    assert!(ran.stderr.starts_with("note: nothing differs"), "{ran:?}");
}

#[test]
fn latency_is_measured_from_the_recording() {
    let session = fixture::session();
    let json = succeed(&[
        "latency",
        session.arg(),
        "--kind",
        "gateways.gateway.example.com",
        "-o",
        "json",
    ]);
    let json: Value = serde_json::from_str(&json).unwrap();
    let kind = &json[0];
    assert_eq!(kind["kind"], "Gateway");
    assert_eq!(kind["method"], "status.observedGeneration");
    assert_eq!(kind["readySign"], "Ready condition");
    let [changed, created] = &kind["figures"].as_array().unwrap()[..] else {
        panic!("{kind}")
    };
    let same = |ms: f64| json!({"p50Ms": ms, "p95Ms": ms, "p99Ms": ms});
    assert_eq!(
        (&changed["after"], &changed["count"]),
        (&json!("spec change"), &json!(1))
    );
    assert_eq!(
        (&changed["observed"], &changed["ready"]),
        (&same(50.0), &same(50.0))
    );
    assert_eq!(
        (&created["after"], &created["count"]),
        (&json!("creation"), &json!(1))
    );
    assert_eq!(
        (&created["observed"], &created["ready"]),
        (&same(100.0), &same(300.0))
    );
    let sample = &kind["samples"][0];
    let revisions = ["openedBy", "observedBy", "endedBy"].map(|by| &sample[by]);
    assert_eq!(revisions, [&json!("1"), &json!("2"), &json!("3")]);
    assert_eq!(
        (
            &sample["specSeenAt"],
            &sample["observedAt"],
            &sample["readyAt"]
        ),
        (
            &json!("2023-11-14T22:13:20.000000Z"),
            &json!("2023-11-14T22:13:20.100000Z"),
            &json!("2023-11-14T22:13:20.300000Z")
        )
    );
    assert_eq!(
        (&sample["observedMs"], &sample["readyMs"]),
        (&json!(100.0), &json!(300.0))
    );
    let text = succeed(&["latency", session.arg()]);
    assert!(
        text.contains("gateways.gateway.example.com") && text.contains("50 ms"),
        "{text}"
    );
}

#[test]
fn latency_is_told_by_trigger_and_by_object() {
    let session = fixture::session();
    let gateways = "gateways.gateway.example.com";
    let text = succeed(&["latency", session.arg(), "--kind", gateways]);
    let rows: Vec<&str> = text.lines().collect();
    assert!(
        rows[0].starts_with("CONTEXT") && rows[0].contains("AFTER"),
        "{text}"
    );
    let row = |after: &str| rows.iter().find(|row| row.contains(after)).unwrap();
    assert!(row("spec change").contains("50 ms"), "{text}");
    assert!(row("creation").contains("300 ms"), "{text}");
    let args = ["latency", session.arg(), "--kind", gateways, "--after"];
    let creations = succeed(&[&args[..], &["creation", "--by-object"]].concat());
    let row = |name: &str| creations.lines().find(|row| row.contains(name)).unwrap();
    assert!(row("web/shop").contains("300 ms"), "{creations}");
    assert!(
        row("web/gone").contains("1 deleted before, 1 inexact"),
        "{creations}"
    );
    let inexact = succeed(&["latency", session.arg(), "--include-inexact"]);
    assert!(inexact.contains(gateways), "{inexact}");
}
