//! Owners and references among custom resources and built-in kinds, as a real API server tells them.

use std::time::Duration;

use kronika::{
    model::{ResourceKey, WatchStatus},
    relation::{End, Relations, Tie},
    timeline::{ObjectId, Timeline},
};
use tokio::runtime::Handle;

use crate::support::control_plane::ControlPlane;
use crate::support::recording::Recording;
use crate::support::wait;

const LIMIT: Duration = Duration::from_secs(20);
const GROUP: &str = "relation.example.org";

fn definition(kind: &str, plural: &str) -> String {
    format!(
        r"
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {{name: {plural}.{GROUP}}}
spec:
  group: {GROUP}
  scope: Namespaced
  names: {{kind: {kind}, plural: {plural}}}
  versions:
  - name: v1
    served: true
    storage: true
    schema:
      openAPIV3Schema:
        type: object
        properties:
          spec:
            type: object
            properties:
              poolRef:
                type: object
                properties:
                  apiGroup: {{type: string, default: {GROUP}}}
                  kind: {{type: string, default: Pool}}
                  name: {{type: string}}
              configMapRef:
                type: object
                properties:
                  name: {{type: string}}
---
"
    )
}

fn worker(uid: &str) -> String {
    format!(
        r"
apiVersion: {GROUP}/v1
kind: Worker
metadata:
  name: one
  namespace: default
  ownerReferences:
  - {{apiVersion: {GROUP}/v1, kind: Pool, name: main, uid: {uid}, controller: true}}
spec:
  poolRef: {{name: later}}
  configMapRef: {{name: relation-settings}}
"
    )
}

fn pool(name: &str) -> String {
    format!(
        "apiVersion: {GROUP}/v1\nkind: Pool\nmetadata: {{name: {name}, namespace: default}}\nspec: {{}}\n"
    )
}

fn apply(plane: &ControlPlane, directory: &tempfile::TempDir, manifest: &str) {
    let file = directory.path().join("manifest.yaml");
    std::fs::write(&file, manifest).unwrap();
    plane.kubectl(&["apply", "--server-side", "-f", file.to_str().unwrap()]);
}

fn find(timeline: &Timeline, kind: &str, name: &str) -> Option<ObjectId> {
    let key = ResourceKey {
        namespace: Some("default".into()),
        name: name.into(),
    };
    let (id, _) = timeline
        .kinds()
        .find(|(_, known)| known.kind.kind == kind)?;
    timeline.find(id, &key)
}

fn texts(timeline: &Timeline, ties: &[Tie]) -> Vec<String> {
    ties.iter()
        .map(|tie| match &tie.end {
            End::Object(object) => {
                let name = &timeline.object(*object).unwrap().key.name;
                format!("{}: {name}", tie.field)
            }
            End::Absent(absent) => {
                format!("{}: {} {}", tie.field, absent.name, absent.why.words())
            }
        })
        .collect()
}

/// Waits until the worker is tied so, above and below.
fn expect(recording: &Recording, what: &str, above: &[&str], below: &[&str]) {
    let mut last = String::new();
    let seen = wait::within(LIMIT, || {
        let timeline = recording.timeline.read();
        let worker = find(&timeline, "Worker", "one")?;
        let now = Relations::now(&timeline);
        let found = (
            texts(&timeline, &now.above(worker)),
            texts(&timeline, &now.below(worker)),
        );
        last = format!("{found:?}");
        (found.0 == above && found.1 == below).then_some(())
    });
    assert!(seen.is_some(), "{what}: {last}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn owners_and_references_are_those_of_the_server() {
    let plane = ControlPlane::shared();
    let directory = tempfile::tempdir().unwrap();
    let definitions = definition("Pool", "pools") + &definition("Worker", "workers");
    apply(plane, &directory, &definitions);
    for plural in ["pools", "workers"] {
        let crd = format!("crd/{plural}.{GROUP}");
        plane.kubectl(&["wait", "--for=condition=Established", "--timeout=20s", &crd]);
    }
    apply(plane, &directory, &pool("main"));
    let uid = || {
        let name = format!("pools.{GROUP}");
        plane.kubectl(&[
            "get",
            &name,
            "main",
            "-n",
            "default",
            "-o",
            "jsonpath={.metadata.uid}",
        ])
    };
    apply(plane, &directory, &worker(uid().trim()));

    let kinds = [format!("pools.{GROUP}"), format!("workers.{GROUP}")];
    let kinds: Vec<&str> = kinds.iter().map(String::as_str).collect();
    let kubeconfig = plane.admin_kubeconfig();
    let recording = Recording::open_also(&Handle::current(), kubeconfig, &kinds, &["configmaps"]);
    wait::until(LIMIT, "all three kinds are watched", || {
        let timeline = recording.timeline.read();
        let watching = timeline
            .kinds()
            .filter(|(_, kind)| kind.status == WatchStatus::Watching);
        (watching.count() == 3).then_some(())
    });
    let owner = "metadata.ownerReferences[0]";
    expect(
        &recording,
        "at first",
        &[&format!("{owner}: main")],
        &[
            "spec.configMapRef: relation-settings not seen",
            "spec.poolRef: later not seen",
        ],
    );
    let owned = {
        let timeline = recording.timeline.read();
        let pool = find(&timeline, "Pool", "main").unwrap();
        texts(&timeline, &Relations::now(&timeline).below(pool))
    };
    assert_eq!(owned, [format!("{owner}: one")]);

    let settings = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: relation-settings, namespace: default}\n";
    apply(
        plane,
        &directory,
        &format!("{}---\n{settings}", pool("later")),
    );
    let there = [
        "spec.configMapRef: relation-settings",
        "spec.poolRef: later",
    ];
    expect(
        &recording,
        "targets came",
        &[&format!("{owner}: main")],
        &there,
    );

    let name = format!("pools.{GROUP}");
    plane.kubectl(&[
        "delete",
        &name,
        "main",
        "-n",
        "default",
        "--cascade=background",
        "--wait=false",
    ]);
    expect(
        &recording,
        "the owner went",
        &[&format!("{owner}: main deleted")],
        &there,
    );
    apply(plane, &directory, &pool("main"));
    let replaced = format!("{owner}: main replaced by another of that name");
    expect(&recording, "another of its name came", &[&replaced], &there);
    apply(plane, &directory, &worker(uid().trim()));
    expect(
        &recording,
        "it owns again",
        &[&format!("{owner}: main")],
        &there,
    );

    drop(recording);
    plane.kubectl(&[
        "delete",
        "crd",
        &format!("pools.{GROUP}"),
        &format!("workers.{GROUP}"),
    ]);
}
