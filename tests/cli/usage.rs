//! Wrong usage, and what goes wrong before anything starts.

use std::fs;

use super::{fail, run, succeed, text};

#[test]
fn wrong_usage_exits_with_2() {
    for args in [
        &["frobnicate"][..],
        &["--no-such-flag"],
        &["show", "file"],
        &["log", "file", "--since", "yesterday"],
        &["log", "file", "-o", "xml"],
        &["insights", "file", "--rule", "everything"],
        &["record", "--for", "a while"],
        &["show", "f", "k", "n", "--at", "5m", "--revision", "1"],
    ] {
        let ran = run(args);
        assert_eq!(ran.code, Some(2), "{args:?}: {ran:?}");
        assert!(ran.stderr.contains("error"), "{args:?}: {ran:?}");
        assert_eq!(ran.stdout, "");
    }
}

#[test]
fn help_and_version_are_fine() {
    assert_eq!(
        succeed(&["--version"]),
        concat!("kronika ", env!("CARGO_PKG_VERSION"), "\n")
    );
    let help = succeed(&["--help"]);
    for word in [
        "record", "log", "show", "diff", "latency", "insights", "contexts", "demo", "open",
        "record", "log", "show", "diff", "schema", "latency", "contexts", "demo", "open",
        "Examples",
    ] {
        assert!(help.contains(word), "{word}: {help}");
    }
    for command in [
        "record", "log", "show", "diff", "latency", "insights", "contexts", "demo", "open",
        "record", "log", "show", "diff", "schema", "latency", "contexts", "demo", "open",
    ] {
        succeed(&[command, "--help"]);
    }
}

#[test]
fn a_file_that_is_no_session_exits_with_1() {
    let dir = tempfile::tempdir().unwrap();
    let other = dir.path().join("config.yaml");
    fs::write(&other, "kind: Config\n").unwrap();
    let missing = dir.path().join("missing");
    for file in [&other, &missing] {
        for args in [
            &["log", text(file)][..],
            &["show", text(file), "k", "n"],
            &["diff", text(file), "k", "n"],
            &["latency", text(file)],
            &["insights", text(file)],
            &["schema", text(file), "k"],
            &["open", text(file)],
        ] {
            let stderr = fail(args);
            assert!(stderr.contains(text(file)), "{stderr}");
        }
    }
}

#[test]
fn a_cut_session_exits_with_1() {
    let session = super::fixture::session();
    let whole = fs::read(&session.path).unwrap();
    let cut = session.directory().join("cut.kronika");
    fs::write(&cut, &whole[..whole.len() / 2]).unwrap();
    let stderr = fail(&["log", text(&cut)]);
    assert!(stderr.contains("damaged"), "{stderr}");
}

const KUBECONFIG: &str = "\
apiVersion: v1
kind: Config
current-context: blue
clusters:
- name: c
  cluster: {server: 'https://127.0.0.1:1'}
contexts:
- name: blue
  context: {cluster: c, user: u, namespace: shop}
- name: green
  context: {cluster: c, user: u}
users:
- name: u
  user: {token: t}
";

#[test]
fn contexts_are_listed() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config");
    fs::write(&path, KUBECONFIG).unwrap();
    assert_eq!(
        succeed(&["contexts", "--kubeconfig", text(&path)]),
        "CURRENT  NAME   CLUSTER  USER  NAMESPACE  SERVER\n\
         *        blue   c        u     shop       https://127.0.0.1:1\n         green  c        u                https://127.0.0.1:1\n"
    );
    let json = succeed(&["contexts", "--kubeconfig", text(&path), "-o", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    assert_eq!(json[0]["name"], "blue");
    assert_eq!(json[0]["current"], true);
    assert_eq!(json[1]["namespace"], serde_json::Value::Null);
}

#[test]
fn record_says_which_contexts_there_are() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("config");
    fs::write(&path, KUBECONFIG).unwrap();
    let stderr = fail(&["record", "--kubeconfig", text(&path), "--context", "red"]);
    assert!(
        stderr.contains("blue") && stderr.contains("green"),
        "{stderr}"
    );
    fail(&["record"]);
    fail(&["contexts"]);
}

#[test]
fn record_gives_up_on_a_context_that_nothing_serves() {
    let dir = tempfile::tempdir().unwrap();
    let (config, out) = (dir.path().join("config"), dir.path().join("out.kronika"));
    fs::write(&config, KUBECONFIG).unwrap();
    let stderr = fail(&["record", "--kubeconfig", text(&config), "--out", text(&out)]);
    assert!(stderr.contains("cannot reach context blue"), "{stderr}");
    assert!(!out.exists(), "a file with nothing in it stays behind");
}

#[test]
fn record_overwrites_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let (config, out) = (dir.path().join("config"), dir.path().join("precious"));
    fs::write(&config, KUBECONFIG).unwrap();
    fs::write(&out, "precious").unwrap();
    let stderr = fail(&["record", "--kubeconfig", text(&config), "--out", text(&out)]);
    assert!(stderr.contains("exists already"), "{stderr}");
    assert_eq!(fs::read_to_string(&out).unwrap(), "precious");
}
