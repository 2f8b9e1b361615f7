//! The Relations tab and the inspector's Owners tab over a history that the real recorder wrote.

use std::sync::Arc;

use egui::accesskit::Role;
use egui_kittest::{
    Harness,
    kittest::{NodeT as _, Queryable as _, by},
};
use jiff::tz::TimeZone;
use kronika::{
    app::{AppState, Connector, KnownContext},
    model::{
        ChangeKind, ConnectionState, ContextName, Moment, ObjectState, Observation, Provenance,
        ResourceKey, ResourceKind, Scope, Uid, WatchStatus,
    },
    timeline::{Recorder, SharedTimeline, Timeline},
    ui::{Command, theme},
};
use parking_lot::RwLock;
use serde_json::{Value, json};

fn at(second: u64) -> Moment {
    Moment {
        wall: 1_700_000_000_000_000 + i64::try_from(second).unwrap() * 1_000_000,
        monotonic: second * 1_000_000,
    }
}

fn kind(name: &str) -> Arc<ResourceKind> {
    Arc::new(ResourceKind {
        group: "cert-manager.io".into(),
        version: "v1".into(),
        kind: name.into(),
        plural: format!("{}s", name.to_lowercase()),
        scope: Scope::Namespaced,
    })
}

/// A certificate with a request that waits; nobody watches secrets.
struct Cluster {
    timeline: SharedTimeline,
    recorder: Recorder,
    second: u64,
}

impl Cluster {
    fn new() -> Self {
        let timeline: SharedTimeline = Arc::new(RwLock::new(Timeline::new("prod".into())));
        let mut recorder = Recorder::new(Arc::clone(&timeline), Vec::new());
        recorder.observe(Observation::Connection(ConnectionState::Connected {
            server_version: "v1.36.1".into(),
        }));
        for name in ["Certificate", "CertificateRequest"] {
            recorder.observe(Observation::Kind {
                kind: kind(name),
                columns: [].into(),
            });
            recorder.observe(Observation::Status {
                kind: kind(name),
                status: WatchStatus::Watching,
            });
        }
        let mut cluster = Self {
            timeline,
            recorder,
            second: 0,
        };
        let secret = json!({"secretName": "payments-tls"});
        cluster.put("Certificate", "payments-tls", None, &secret, "False");
        let owner = Some("payments-tls");
        cluster.put(
            "CertificateRequest",
            "payments-tls-1",
            owner,
            &json!({}),
            "False",
        );
        cluster.put("Certificate", "alone", None, &json!({}), "True");
        cluster
    }

    fn put(&mut self, of: &str, name: &str, owner: Option<&str>, spec: &Value, ready: &str) {
        self.second += 1;
        let owners: Vec<_> = owner
            .map(|owner| {
                json!({"apiVersion": "cert-manager.io/v1", "kind": "Certificate", "name": owner,
                    "uid": owner, "controller": true})
            })
            .into_iter()
            .collect();
        let body = json!({
            "apiVersion": "cert-manager.io/v1", "kind": of,
            "metadata": {"name": name, "namespace": "shop", "uid": name, "ownerReferences": owners},
            "spec": spec,
            "status": {"conditions": [{"type": "Ready", "status": ready, "reason": "Pending",
                "message": "waiting for the authority"}]},
        });
        self.recorder.observe(Observation::Object(ObjectState {
            kind: kind(of),
            key: ResourceKey {
                namespace: Some("shop".into()),
                name: name.into(),
            },
            uid: Uid(name.into()),
            resource_version: self.second.to_string().as_str().into(),
            generation: None,
            change: ChangeKind::Added,
            provenance: Provenance::Watch,
            observed_at: at(self.second),
            body: Some(body.to_string().into_bytes().into()),
        }));
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

struct Window(Harness<'static, AppState>);

impl Window {
    fn open(cluster: &Cluster, name: &str) -> Self {
        let mut state = AppState::new(
            Box::new(One(Arc::clone(&cluster.timeline))),
            Box::new(|| at(60)),
            TimeZone::UTC,
        );
        let context = egui::Context::default();
        state.act(Command::OpenContext("prod".into()), &context);
        let object = {
            let timeline = cluster.timeline.read();
            let kind = timeline.kind_id(&kind("Certificate")).unwrap();
            let key = ResourceKey {
                namespace: Some("shop".into()),
                name: name.into(),
            };
            timeline.find(kind, &key).unwrap()
        };
        state.act(Command::SelectObject(object), &context);
        state.act(Command::ShowView("relations"), &context);
        let harness = Harness::builder()
            .with_size([1400.0, 800.0])
            .with_max_steps(12)
            .with_context_setup(theme::install)
            .build_ui_state(|ui, state: &mut AppState| state.show(ui), state);
        let mut window = Self(harness);
        window.steps();
        window
    }

    fn steps(&mut self) {
        for _ in 0..4 {
            self.0.step();
        }
    }

    fn click(&mut self, role: Role, label: &str) {
        let node = self.0.query_all(by().role(role).label(label)).next();
        node.unwrap_or_else(|| panic!("no {label}")).click();
        self.steps();
    }

    fn has(&self, label: &str) -> bool {
        self.0.query_all_by_label_contains(label).next().is_some()
    }

    fn selected(&self, cluster: &Cluster) -> String {
        let object = self
            .0
            .state()
            .workspace()
            .unwrap()
            .selection
            .object
            .unwrap();
        let timeline = cluster.timeline.read();
        timeline.object(object).unwrap().key.name.to_string()
    }
}

#[test]
fn the_graph_shows_what_belongs_to_an_object_and_how_it_is() {
    let mut cluster = Cluster::new();
    let mut window = Window::open(&cluster, "payments-tls");
    assert!(window.has("Certificate shop/payments-tls, In progress"));
    assert!(window.has("CertificateRequest shop/payments-tls-1, In progress"));
    assert!(window.has("Secret shop/payments-tls, not watched"));
    // As it becomes ready, so does its card.
    let owner = Some("payments-tls");
    cluster.put(
        "CertificateRequest",
        "payments-tls-1",
        owner,
        &json!({}),
        "True",
    );
    window.steps();
    assert!(window.has("CertificateRequest shop/payments-tls-1, Ready"));
    window.click(Role::Button, "references");
    assert!(!window.has("Secret shop/payments-tls, not watched"));
    window.click(
        Role::Button,
        "CertificateRequest shop/payments-tls-1, Ready",
    );
    assert_eq!(window.selected(&cluster), "payments-tls-1");
    // The graph stays where it is.
    assert!(window.has("Certificate shop/payments-tls, In progress"));
}

#[test]
fn the_root_cause_and_the_affected_are_told_in_a_sentence() {
    let cluster = Cluster::new();
    let mut window = Window::open(&cluster, "payments-tls");
    window.click(Role::Button, "Root cause");
    assert!(window.has(
        "Not ready because CertificateRequest shop/payments-tls-1 (1 level down): Ready is False (Pending)"
    ));
    window.click(Role::Button, "Affected");
    assert!(window.has("1 object would be affected: 1 deleted with it"));
}

#[test]
fn an_object_without_relations_says_so() {
    let cluster = Cluster::new();
    let window = Window::open(&cluster, "alone");
    assert!(window.has("It has no owner, owns nothing that is watched"));
}

#[test]
fn the_owners_tab_is_a_tree_that_leads_on() {
    let cluster = Cluster::new();
    let mut window = Window::open(&cluster, "payments-tls");
    window.click(Role::Tab, "Owners");
    assert!(window.has("Nothing depends on it."));
    let node = window
        .0
        .query_all(by().role(Role::Button))
        .rfind(|node| {
            node.accesskit_node().label().as_deref()
                == Some("CertificateRequest shop/payments-tls-1, In progress")
        })
        .expect("a row");
    node.click();
    window.steps();
    assert_eq!(window.selected(&cluster), "payments-tls-1");
    assert!(!window.has("Nothing depends on it."));
}
