//! The Insights tab over a history that the real recorder wrote.

use std::{cell::Cell, rc::Rc, sync::Arc};

use egui::accesskit::Role;
use egui_kittest::{
    Harness,
    kittest::{NodeT as _, Queryable as _, by},
};
use jiff::tz::TimeZone;
use kronika::{
    app::{AppState, Connector, KnownContext},
    model::{
        ChangeKind, ConnectionState, ContextName, Generation, Moment, ObjectState, Observation,
        Provenance, ResourceKey, ResourceKind, Scope, Uid, WatchStatus,
    },
    timeline::{Recorder, SharedTimeline, Timeline},
    ui::{Command, theme},
};
use parking_lot::RwLock;
use serde_json::json;

/// 2023-11-14T22:13:20Z.
const START: i64 = 1_700_000_000;

fn at(second: i64) -> Moment {
    Moment {
        wall: (START + second) * 1_000_000,
        monotonic: u64::try_from(second).unwrap() * 1_000_000,
    }
}

fn kind(name: &str) -> Arc<ResourceKind> {
    Arc::new(ResourceKind {
        group: "example.com".into(),
        version: "v1".into(),
        kind: name.into(),
        plural: format!("{}s", name.to_lowercase()),
        scope: Scope::Namespaced,
    })
}

/// A cluster in which `shop/orders` is scaled by two managers, and `data/calm` by none.
struct Cluster {
    timeline: SharedTimeline,
    recorder: Recorder,
    version: u32,
}

impl Cluster {
    fn new() -> Self {
        let timeline: SharedTimeline = Arc::new(RwLock::new(Timeline::new("prod".into())));
        let mut recorder = Recorder::new(Arc::clone(&timeline), Vec::new());
        recorder.observe(Observation::Connection(ConnectionState::Connected {
            server_version: "v1.36.1".into(),
        }));
        for (name, status) in [
            ("Database", WatchStatus::Watching),
            (
                "Vault",
                WatchStatus::Forbidden {
                    error: "vaults is forbidden".into(),
                },
            ),
        ] {
            recorder.observe(Observation::Kind {
                kind: kind(name),
                columns: [].into(),
            });
            recorder.observe(Observation::Status {
                kind: kind(name),
                status,
            });
        }
        let mut cluster = Self {
            timeline,
            recorder,
            version: 0,
        };
        cluster.scale("data", "calm", 3, "argocd", 1);
        cluster.scale("shop", "orders", 3, "argocd", 1);
        cluster
    }

    fn scale(&mut self, namespace: &str, name: &str, replicas: u32, by: &str, second: i64) {
        self.version += 1;
        let generation = i64::from(self.version);
        let is_new = second == 1;
        let body = json!({
            "metadata": {"name": name, "namespace": namespace, "uid": name, "generation": generation,
                "managedFields": [{"manager": by, "operation": "Update", "apiVersion": "example.com/v1",
                    "time": at(second).timestamp().to_string(), "fieldsType": "FieldsV1",
                    "fieldsV1": {"f:spec": {"f:replicas": {}}}}]},
            "spec": {"replicas": replicas},
        });
        self.recorder.observe(Observation::Object(ObjectState {
            kind: kind("Database"),
            key: ResourceKey {
                namespace: Some(namespace.into()),
                name: name.into(),
            },
            uid: Uid(name.into()),
            resource_version: self.version.to_string().as_str().into(),
            generation: Some(Generation(generation)),
            change: if is_new {
                ChangeKind::Added
            } else {
                ChangeKind::Modified
            },
            provenance: if is_new {
                Provenance::InitialList
            } else {
                Provenance::Watch
            },
            observed_at: at(second),
            body: Some(body.to_string().into_bytes().into()),
        }));
    }

    fn fight(&mut self) {
        for n in 0..8 {
            let (by, replicas) = [("hpa", 5), ("argocd", 3)][usize::try_from(n % 2).unwrap()];
            self.scale("shop", "orders", replicas, by, 10 + n * 4);
        }
    }
}

struct One(SharedTimeline);

impl Connector for One {
    fn contexts(&self) -> Vec<KnownContext> {
        vec![KnownContext {
            name: "prod".into(),
            about: String::new(),
        }]
    }

    fn open(&mut self, _: &ContextName) -> SharedTimeline {
        Arc::clone(&self.0)
    }

    fn close(&mut self, _: &ContextName) {}
}

struct Window {
    harness: Harness<'static, AppState>,
    now: Rc<Cell<Moment>>,
}

impl Window {
    fn open(cluster: &Cluster) -> Self {
        let now = Rc::new(Cell::new(at(60)));
        let clock = Rc::clone(&now);
        let mut state = AppState::new(
            Box::new(One(Arc::clone(&cluster.timeline))),
            Box::new(move || clock.get()),
            TimeZone::UTC,
        );
        state.act(
            Command::OpenContext("prod".into()),
            &egui::Context::default(),
        );
        let harness = Harness::builder()
            .with_size([1400.0, 800.0])
            .with_max_steps(12)
            .with_context_setup(theme::install)
            .build_ui_state(|ui, state: &mut AppState| state.show(ui), state);
        let mut window = Self { harness, now };
        window.steps();
        window
    }

    /// Ages tick while the tab is in front, so it never comes to rest.
    fn steps(&mut self) {
        for _ in 0..4 {
            self.harness.step();
        }
    }

    fn click(&mut self, label: &str) {
        self.harness.get_by_label_contains(label).click();
        self.steps();
    }

    fn labels(&self, role: Role) -> Vec<String> {
        let nodes = self.harness.query_all(by().role(role));
        nodes
            .filter_map(|node| node.accesskit_node().label())
            .collect()
    }

    fn has(&self, label: &str) -> bool {
        self.harness
            .query_all_by_label_contains(label)
            .next()
            .is_some()
    }
}

const FIGHT: &str = "warning, Fight: fight over spec.replicas, Database shop/orders, for 50 s. \
    argocd (4 writes) and hpa (4 writes) undid each other's writes 6 times: 5 ↔ 3.";

#[test]
fn a_fight_is_counted_at_the_left_and_listed_with_its_evidence() {
    let mut cluster = Cluster::new();
    cluster.fight();
    let mut window = Window::open(&cluster);
    window.click("Insights, 1 problem");
    let items = window.labels(Role::ListItem);
    assert!(items.iter().any(|item| item == FIGHT), "{items:#?}");
    assert!(
        items
            .iter()
            .any(|item| item.starts_with("notice, Coverage: no permission, Vault")),
        "{items:#?}"
    );
    assert!(window.has("1 warning, 1 notice"));

    window.click("warning, Fight");
    let workspace = window.harness.state().workspace().unwrap();
    let object = workspace.selection.object.unwrap();
    assert_eq!(
        &*cluster.timeline.read().object(object).unwrap().key.name,
        "orders"
    );
    assert_eq!(workspace.selection.revision_b.map(|id| id.0), Some(9));
    window.click("22:13:30.000 hpa set 5");
    let workspace = window.harness.state().workspace().unwrap();
    assert_eq!(workspace.selection.revision_b.map(|id| id.0), Some(2));
}

#[test]
fn the_namespace_narrows_the_list_and_what_has_ended_stays_for_a_while() {
    let mut cluster = Cluster::new();
    cluster.fight();
    let mut window = Window::open(&cluster);
    window.click("Insights, 1 problem");
    let in_namespace = |window: &mut Window, namespace: Option<&str>| {
        let command = Command::SetNamespace(namespace.map(Arc::from));
        window
            .harness
            .state_mut()
            .act(command, &egui::Context::default());
        window.steps();
    };
    in_namespace(&mut window, Some("data"));
    assert!(window.has("Insights, 0 problems") && !window.has("fight over"));
    in_namespace(&mut window, None);
    window.now.set(at(400));
    window.steps();
    assert!(window.has("Insights, 0 problems"));
    assert!(window.has("warning, Fight: fight over spec.replicas, Database shop/orders, ended"));
    window.harness.get_by_label("ended").click();
    window.steps();
    assert!(!window.has("fight over"));
}

#[test]
fn where_nothing_is_wrong_the_rules_are_told() {
    let cluster = Cluster::new();
    let mut window = Window::open(&cluster);
    window.click("Insights, 0 problems");
    window.click("rule: any");
    window.click("Hot loop");
    assert!(window.has("Nothing here"));
    assert!(window.has("rule: hot loop"));
}
