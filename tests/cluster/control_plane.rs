//! The fixture itself: what the other tests rely on.

use std::env;
use std::io::{BufRead, BufReader};
use std::net::TcpListener;
use std::os::unix::process::CommandExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use k8s_openapi::api::rbac::v1::PolicyRule;

use crate::support::control_plane::{ControlPlane, Ports, START_LIMIT};
use crate::support::wait;

/// A CRD `things.GROUP`, served when this returns.
fn define(plane: &ControlPlane, group: &str) {
    let definition = format!(
        "apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: things.{group}}}
spec:
  group: {group}
  scope: Namespaced
  names: {{kind: Thing, plural: things, singular: thing}}
  versions:
  - name: v1
    served: true
    storage: true
    schema: {{openAPIV3Schema: {{type: object, x-kubernetes-preserve-unknown-fields: true}}}}
"
    );
    apply(plane, &definition);
    let name = format!("crd/things.{group}");
    plane.kubectl(&[
        "wait",
        "--for=condition=Established",
        "--timeout=30s",
        &name,
    ]);
}

fn thing(group: &str, name: &str, size: u32) -> String {
    format!(
        "{{apiVersion: {group}/v1, kind: Thing, metadata: {{name: {name}}}, spec: {{size: {size}}}}}"
    )
}

fn apply(plane: &ControlPlane, manifest: &str) {
    let file = plane
        .directory()
        .join(format!("manifest-{}.yaml", fastrand::u64(..)));
    std::fs::write(&file, manifest).unwrap();
    plane.kubectl(&["apply", "--server-side", "-f", file.to_str().unwrap()]);
}

/// The processes that name the directory in their arguments.
fn processes_of(directory: &Path) -> Vec<String> {
    let directory = directory.to_str().unwrap();
    std::fs::read_dir("/proc")
        .unwrap()
        .filter_map(|entry| std::fs::read(entry.ok()?.path().join("cmdline")).ok())
        .map(|line| String::from_utf8_lossy(&line).replace('\0', " "))
        .filter(|line| line.contains(directory))
        .collect()
}

/// Waits until nothing of a control plane is left: no process, no file.
#[track_caller]
fn wait_until_gone(directory: &Path) {
    wait::until(Duration::from_secs(10), "the control plane is gone", || {
        (processes_of(directory).is_empty() && !directory.exists()).then_some(())
    });
}

#[test]
fn the_server_tells_the_version_that_was_built() {
    let version = ControlPlane::shared().kubectl(&["version"]);
    let expected = format!("Server Version: {}", ControlPlane::expected_version());
    assert!(
        version.contains(&expected),
        "{version}\nexpected {expected}"
    );
}

#[test]
fn two_planes_run_side_by_side() {
    let [first, second] = std::thread::scope(|scope| {
        [(); 2]
            .map(|()| scope.spawn(ControlPlane::start))
            .map(|thread| thread.join().unwrap())
    });
    define(&first, "first.example.org");
    assert!(
        first
            .kubectl(&["get", "crd"])
            .contains("things.first.example.org")
    );
    assert!(
        !second
            .kubectl(&["get", "crd"])
            .contains("things.first.example.org")
    );
}

#[test]
fn other_ports_are_taken_when_one_is_not_free() {
    let taken = TcpListener::bind(("127.0.0.1", 0)).unwrap();
    let port = taken.local_addr().unwrap().port();
    let mut choices = [
        Ports {
            etcd: port,
            ..Ports::free()
        },
        Ports {
            api_server: port,
            ..Ports::free()
        },
        Ports::free(),
    ]
    .into_iter();
    let plane = ControlPlane::start_on(|| choices.next().unwrap());
    assert!(choices.next().is_none(), "both taken ports were tried");
    assert_eq!(plane.kubectl(&["get", "--raw", "/readyz"]), "ok");
}

#[test]
fn nothing_is_left_after_a_drop_or_a_panic() {
    let mut directory = PathBuf::new();
    let panicked = catch_unwind(AssertUnwindSafe(|| {
        let plane = ControlPlane::start();
        directory = plane.directory().to_owned();
        let running = processes_of(&directory);
        for program in ["etcd", "kube-apiserver"] {
            assert!(
                running.iter().any(|line| line.contains(program)),
                "{running:?}"
            );
        }
        panic!("as a failing test does");
    }));
    assert!(panicked.is_err());
    assert!(!directory.exists(), "the drop waits for the removal");
    assert_eq!(processes_of(&directory), Vec::<String>::new());
}

/// Runs itself once more as the process that is ended: by SIGKILL, where no destructor and no handler runs, and
/// by Ctrl-C, which a terminal sends to the whole process group.
#[test]
fn nothing_is_left_after_the_test_process_is_killed_or_interrupted() {
    const ROLE: &str = "KRONIKA_TEST_HOLDS_A_CONTROL_PLANE";
    const NAME: &str =
        "cluster::control_plane::nothing_is_left_after_the_test_process_is_killed_or_interrupted";
    if env::var_os(ROLE).is_some() {
        let plane = ControlPlane::start();
        println!("\nholding {}", plane.directory().display());
        loop {
            std::thread::park();
        }
    }
    for signal in ["-KILL", "-INT"] {
        let mut holder = Command::new(env::current_exe().unwrap())
            .args(["--exact", NAME, "--nocapture"])
            .env(ROLE, "1")
            .stdout(Stdio::piped())
            .process_group(0)
            .spawn()
            .unwrap();
        let directory = BufReader::new(holder.stdout.take().unwrap())
            .lines()
            .map_while(Result::ok)
            .find_map(|line| line.strip_prefix("holding ").map(PathBuf::from))
            .expect("the process says where its control plane is");
        assert!(processes_of(&directory).len() >= 2);
        let group = format!("-{}", holder.id());
        let sent = Command::new("sh")
            .args(["-c", r#"kill "$0" "$1""#, signal, &group])
            .status()
            .unwrap();
        assert!(sent.success());
        assert!(!holder.wait().unwrap().success());
        wait_until_gone(&directory);
    }
}

#[test]
fn a_restricted_user_may_do_what_the_rules_say_and_nothing_else() {
    let plane = ControlPlane::shared();
    define(plane, "restricted.example.org");
    plane.kubectl(&["create", "namespace", "restricted"]);
    let rule = |verbs: &[&str]| PolicyRule {
        api_groups: Some(vec!["restricted.example.org".into()]),
        resources: Some(vec!["things".into()]),
        verbs: verbs.iter().map(|verb| (*verb).to_owned()).collect(),
        ..PolicyRule::default()
    };
    let everywhere = plane.restricted_user("lister", None, &[rule(&["list"])]);
    let inside = plane.restricted_user("insider", Some("restricted"), &[rule(&["get", "list"])]);
    let nobody = plane.kubeconfig_for("nobody", None);
    let run = |kubeconfig: &Path, args: &[&str]| {
        let output = plane.kubectl_with(kubeconfig).args(args).output().unwrap();
        (
            output.status.success(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    let all = ["get", "things.restricted.example.org", "--all-namespaces"];
    let one = [
        "get",
        "things.restricted.example.org",
        "--namespace=restricted",
    ];
    assert!(run(&everywhere, &all).0);
    assert!(run(&inside, &one).0);
    for (kubeconfig, user, args) in [(&inside, "insider", &all), (&nobody, "nobody", &one)] {
        let (succeeded, message) = run(kubeconfig, args);
        assert!(!succeeded);
        assert!(message.contains("Forbidden"), "{message}");
        assert!(message.contains(user), "{message}");
    }
    assert!(!run(&everywhere, &["get", "secrets"]).0);
    let context = plane
        .kubectl_with(&inside)
        .args(["config", "current-context"])
        .output()
        .unwrap();
    assert_eq!(context.stdout, b"insider\n");
}

#[test]
fn a_group_of_the_client_certificate_counts() {
    let plane = ControlPlane::shared();
    let operator = plane.kubeconfig_for("operator", Some("system:masters"));
    let output = plane
        .kubectl_with(&operator)
        .args(["get", "secrets", "--all-namespaces"])
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}

#[test]
fn the_audit_log_has_every_write_of_a_custom_resource_and_nothing_else() {
    const GROUP: &str = "audited.example.org";
    let plane = ControlPlane::shared();
    define(plane, GROUP);
    for size in [1, 2] {
        apply(plane, &thing(GROUP, "one", size));
    }
    let version = plane.kubectl(&[
        "get",
        "things.audited.example.org/one",
        "--output=jsonpath={.metadata.resourceVersion}",
    ]);
    let patches = wait::until(Duration::from_secs(10), "both writes are logged", || {
        let mut events = plane.audit_events();
        events.retain(|event| event.object_ref.api_group == GROUP && event.verb == "patch");
        (events.len() == 2).then_some(events)
    });
    let last = &patches[1];
    assert_eq!(last.response_status.code, 200);
    assert_eq!(last.user.username, "admin");
    assert!(
        last.user_agent.starts_with("kubectl/"),
        "{}",
        last.user_agent
    );
    assert!(
        last.request_uri.contains("fieldManager=kubectl"),
        "{}",
        last.request_uri
    );
    assert!(last.stage_timestamp >= last.request_received_timestamp);
    assert_eq!(last.object_ref.resource, "things");
    let written = last.written().unwrap();
    assert_eq!(written.metadata.name, "one");
    assert_eq!(written.metadata.namespace, "default");
    assert_eq!(written.metadata.resource_version, version);
    assert!(
        last.response_object
            .as_ref()
            .unwrap()
            .get()
            .contains(r#""size":2"#)
    );
    let builtin = |group: &str| group.is_empty() || group == "rbac.authorization.k8s.io";
    assert!(
        plane
            .audit_events()
            .iter()
            .all(|event| !builtin(&event.object_ref.api_group))
    );
}

#[test]
fn parts_are_stopped_and_started_again_with_their_data() {
    const GROUP: &str = "restarted.example.org";
    let plane = ControlPlane::start();
    define(&plane, GROUP);
    apply(&plane, &thing(GROUP, "one", 1));
    let address = plane.server_url();
    let ready = || {
        let output = plane
            .kubectl_with(plane.admin_kubeconfig())
            .args(["get", "--raw", "/readyz", "--request-timeout=5s"])
            .output();
        output.unwrap().status.success()
    };

    plane.kill_api_server();
    assert!(!ready());
    plane.start_api_server(&[]);
    assert_eq!(plane.server_url(), address);

    plane.stop_etcd();
    wait::until(START_LIMIT, "the API server misses etcd", || {
        (!ready()).then_some(())
    });
    plane.start_etcd();
    let things = plane.kubectl(&["get", "things.restarted.example.org", "--no-headers"]);
    assert!(things.starts_with("one "), "{things}");
}

#[test]
fn the_api_server_is_started_again_with_further_arguments() {
    let plane = ControlPlane::start();
    // A streaming list, KEP-3157.
    let stream = || {
        let output = plane
            .kubectl_with(plane.admin_kubeconfig())
            .args(["get", "--raw"])
            .arg(
                "/api/v1/namespaces?watch=true&sendInitialEvents=true&allowWatchBookmarks=true\
                 &resourceVersionMatch=NotOlderThan&timeoutSeconds=1",
            )
            .output()
            .unwrap();
        (
            output.status.success(),
            String::from_utf8(output.stderr).unwrap(),
        )
    };
    assert!(stream().0);
    plane.kill_api_server();
    plane.start_api_server(&["--feature-gates=WatchList=false"]);
    let (accepted, message) = stream();
    assert!(!accepted);
    assert!(message.contains("sendInitialEvents"), "{message}");
}

#[tokio::test]
async fn the_controller_manager_ends_a_deleted_namespace() {
    let plane = ControlPlane::start();
    plane.start_controller_manager();
    plane.kubectl(&["create", "namespace", "short-lived"]);
    plane.kubectl(&["delete", "namespace", "short-lived", "--timeout=60s"]);
    let namespaces = plane.client().await.list_core_api_resources("v1").await;
    assert!(
        namespaces
            .unwrap()
            .resources
            .iter()
            .any(|resource| resource.name == "namespaces")
    );
    assert!(
        !plane
            .kubectl(&["get", "namespaces"])
            .contains("short-lived")
    );
}
