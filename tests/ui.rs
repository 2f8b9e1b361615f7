//! The window on histories that the real recorder wrote, with an injected clock and no display.
//! Everything is found as a screen reader finds it: by role and label.

use std::{cell::Cell, collections::HashMap, rc::Rc, sync::Arc, time::Duration};

use egui::accesskit::{Role, Toggled};
use egui_kittest::{
    Harness, Node,
    kittest::{NodeT as _, Queryable as _, by},
};
use jiff::tz::TimeZone;
use kronika::{
    app::{AppState, Connector, KnownContext},
    model::{
        ChangeKind, ConnectionState, ContextName, Gap, GapCause, Generation, Moment, ObjectState,
        Observation, PrinterColumn, Provenance, ResourceKey, ResourceKind, Scope, WatchStatus,
    },
    settings::SettingsFile,
    timeline::{Recorder, SharedTimeline, Timeline},
    ui::{Command, theme},
};
use parking_lot::RwLock;

/// 2023-11-14T22:13:20Z.
const START: i64 = 1_700_000_000;

fn at(second: i64) -> Moment {
    Moment {
        wall: (START + second) * 1_000_000,
        monotonic: u64::try_from(second).unwrap() * 1_000_000,
    }
}

/// A context with a history that grows by what a test says.
struct Cluster {
    timeline: SharedTimeline,
    recorder: Recorder,
    revisions: u32,
}

impl Cluster {
    fn new(context: &str) -> Self {
        let timeline: SharedTimeline = Arc::new(RwLock::new(Timeline::new(context.into())));
        let recorder = Recorder::new(Arc::clone(&timeline), Vec::new());
        Self {
            timeline,
            recorder,
            revisions: 0,
        }
    }

    fn connected(context: &str) -> Self {
        let mut cluster = Self::new(context);
        cluster.connection(ConnectionState::Connected {
            server_version: "v1.36.1".into(),
        });
        cluster
    }

    fn connection(&mut self, state: ConnectionState) {
        self.recorder.observe(Observation::Connection(state));
    }

    fn kind(&mut self, kind: &Arc<ResourceKind>, columns: Vec<PrinterColumn>, status: WatchStatus) {
        let columns = columns.into();
        self.recorder.observe(Observation::Kind {
            kind: Arc::clone(kind),
            columns,
        });
        self.recorder.observe(Observation::Status {
            kind: Arc::clone(kind),
            status,
        });
    }

    /// An object with a Ready condition, observed at a second.
    fn object(&mut self, kind: &Arc<ResourceKind>, key: (&str, &str), ready: &str, second: i64) {
        self.revisions += 1;
        let (namespace, name) = key;
        let body = format!(
            r#"{{"apiVersion":"{}","kind":"{}","metadata":{{"namespace":"{namespace}","name":"{name}","uid":"uid-{namespace}-{name}","resourceVersion":"{rv}","generation":1,"creationTimestamp":"2023-11-14T21:13:20Z"}},"spec":{{"secretName":"{name}-secret","replicas":{}}},"status":{{"observedGeneration":1,"conditions":[{{"type":"Ready","status":"{ready}","reason":"Because"}}]}}}}"#,
            kind.api_version(),
            kind.kind,
            name.len(),
            rv = self.revisions,
        );
        self.write(kind, key, second, &body);
    }

    fn write(&mut self, kind: &Arc<ResourceKind>, key: (&str, &str), second: i64, body: &str) {
        let (namespace, name) = key;
        let known = {
            let timeline = self.timeline.read();
            let id = timeline.kind_id(kind).unwrap();
            timeline.find(id, &key_of(namespace, name)).is_some()
        };
        self.recorder.observe(Observation::Object(ObjectState {
            kind: Arc::clone(kind),
            key: key_of(namespace, name),
            uid: kronika::model::Uid(format!("uid-{namespace}-{name}").into()),
            resource_version: self.revisions.to_string().as_str().into(),
            generation: Some(Generation(1)),
            change: if known {
                ChangeKind::Modified
            } else {
                ChangeKind::Added
            },
            provenance: Provenance::Watch,
            observed_at: at(second),
            body: Some(body.as_bytes().into()),
        }));
    }
}

fn key_of(namespace: &str, name: &str) -> ResourceKey {
    ResourceKey {
        namespace: Some(namespace.into()),
        name: name.into(),
    }
}

fn kind(group: &str, kind: &str) -> Arc<ResourceKind> {
    Arc::new(ResourceKind {
        group: group.into(),
        version: "v1".into(),
        kind: kind.into(),
        plural: format!("{}s", kind.to_lowercase()),
        scope: Scope::Namespaced,
    })
}

fn column(name: &str, type_: &str, json_path: &str, priority: i32) -> PrinterColumn {
    PrinterColumn {
        name: name.into(),
        type_: type_.into(),
        format: String::new(),
        description: String::new(),
        priority,
        json_path: json_path.into(),
    }
}

fn columns() -> Vec<PrinterColumn> {
    vec![
        column(
            "Ready",
            "string",
            ".status.conditions[?(@.type==\"Ready\")].status",
            0,
        ),
        column("Replicas", "integer", ".spec.replicas", 0),
        column("Secret", "string", ".spec.secretName", 1),
        column("Age", "date", ".metadata.creationTimestamp", 0),
    ]
}

/// Two kinds: three certificates, one of them failed, and a database; and one kind that may not be
/// listed.
fn shop() -> (Cluster, Arc<ResourceKind>) {
    let mut cluster = Cluster::connected("prod");
    let certificate = kind("cert-manager.io", "Certificate");
    let database = kind("stable.example.com", "Database");
    let secret_store = kind("vault.example.com", "SecretStore");
    cluster.kind(&certificate, columns(), WatchStatus::Watching);
    cluster.kind(&database, columns(), WatchStatus::Watching);
    let forbidden = WatchStatus::Forbidden {
        error: "secretstores is forbidden".into(),
    };
    cluster.kind(&secret_store, columns(), forbidden);
    cluster.object(&certificate, ("shop", "web-tls"), "True", 1);
    cluster.object(&certificate, ("shop", "api-gateway-tls"), "False", 2);
    cluster.object(&certificate, ("data", "pg-tls"), "True", 3);
    cluster.object(&database, ("data", "orders"), "True", 4);
    (cluster, certificate)
}

struct Fixed(HashMap<ContextName, SharedTimeline>);

impl Connector for Fixed {
    fn contexts(&self) -> Vec<KnownContext> {
        let mut names: Vec<_> = self.0.keys().cloned().collect();
        names.sort();
        names
            .into_iter()
            .map(|name| KnownContext {
                name,
                about: String::new(),
            })
            .collect()
    }

    fn open(&mut self, context: &ContextName) -> SharedTimeline {
        Arc::clone(&self.0[context])
    }

    fn close(&mut self, _context: &ContextName) {}
}

/// The window, with the first of these contexts open, sixty seconds after [`START`].
struct Window {
    harness: Harness<'static, AppState>,
    now: Rc<Cell<Moment>>,
}

impl Window {
    fn open(clusters: &[&Cluster]) -> Self {
        Self::with(clusters, |state| state)
    }

    fn with(clusters: &[&Cluster], set_up: impl FnOnce(AppState) -> AppState) -> Self {
        let named = |cluster: &&Cluster| {
            let context = cluster.timeline.read().context.clone();
            (context, Arc::clone(&cluster.timeline))
        };
        let first = clusters.first().map(|cluster| named(cluster).0);
        let connector = Fixed(clusters.iter().map(named).collect());
        let now = Rc::new(Cell::new(at(60)));
        let clock = Rc::clone(&now);
        let state = AppState::new(
            Box::new(connector),
            Box::new(move || clock.get()),
            TimeZone::UTC,
        );
        let mut state = set_up(state);
        if let Some(first) = first {
            state.act(Command::OpenContext(first), &egui::Context::default());
        }
        let harness = Harness::builder()
            .with_size([1400.0, 800.0])
            .with_max_steps(12)
            .with_context_setup(theme::install)
            .build_ui_state(|ui, state: &mut AppState| state.show(ui), state);
        let mut window = Self { harness, now };
        window.harness.run();
        window
    }

    fn run(&mut self) -> &mut Self {
        self.harness.run();
        self
    }

    fn click(&mut self, label: &str) {
        self.harness.get_by_label(label).click();
        self.harness.run();
    }

    fn press(&mut self, key: egui::Key) {
        self.harness.key_press(key);
        self.harness.run();
    }

    fn of_role(&self, role: Role) -> Vec<Node<'_>> {
        self.harness.query_all(by().role(role)).collect()
    }

    fn labels(&self, role: Role) -> Vec<String> {
        self.of_role(role)
            .iter()
            .filter_map(|node| node.accesskit_node().label())
            .collect()
    }

    fn rows(&self) -> Vec<String> {
        self.labels(Role::Row)
    }

    fn has(&self, label: &str) -> bool {
        self.harness
            .query_all_by_label_contains(label)
            .next()
            .is_some()
    }

    fn selected_row(&self) -> Option<String> {
        self.of_role(Role::Row)
            .into_iter()
            .find(|node| node.accesskit_node().toggled() == Some(Toggled::True))
            .and_then(|node| node.accesskit_node().label())
    }
}

const CERTIFICATES: &str = "Certificate, 3 objects, 1 in progress";

#[test]
fn kinds_stand_by_group_with_their_counts() {
    let (cluster, _) = shop();
    let window = Window::open(&[&cluster]);
    assert_eq!(
        window.labels(Role::ListItem),
        [
            "Everything, 4 objects",
            "Insights, 0 problems",
            CERTIFICATES,
            "Database, 1 object",
            "SecretStore, no permission",
        ]
    );
    let groups = window.labels(Role::Heading);
    assert_eq!(
        groups,
        ["cert-manager.io", "stable.example.com", "NOT WATCHED"]
    );
}

#[test]
fn a_kind_shows_its_rows_and_printer_columns() {
    let (cluster, _) = shop();
    let mut window = Window::open(&[&cluster]);
    assert_eq!(window.rows().len(), 4, "everything is shown at first");
    window.click(CERTIFICATES);
    assert_eq!(
        window.rows(),
        ["data/pg-tls", "shop/api-gateway-tls", "shop/web-tls"]
    );
    assert_eq!(
        window.labels(Role::ColumnHeader),
        [
            "Sort by readiness",
            "Namespace",
            "Name",
            "Ready",
            "Replicas",
            "Age",
            "Last hour"
        ]
    );
    // An hour and a minute after creation.
    assert_eq!(
        window.labels(Role::Cell)[..6],
        ["Current", "data", "pg-tls", "True", "6", "61m"]
    );
}

#[test]
fn what_is_suspended_says_so_and_can_be_asked_for() {
    let (mut cluster, certificate) = shop();
    let body = r#"{"metadata":{"namespace":"shop","name":"resting","generation":2},"spec":{"suspend":true},
        "status":{"observedGeneration":1,"conditions":[{"type":"Ready","status":"False"}]}}"#;
    cluster.write(&certificate, ("shop", "resting"), 5, body);
    let mut window = Window::open(&[&cluster]);
    window.click("ready: any");
    window.click("suspended");
    assert_eq!(window.rows(), ["shop/resting"]);
    assert_eq!(
        window.labels(Role::Cell)[..4],
        ["Suspended", "Certificate", "shop", "resting"]
    );
}

#[test]
fn wide_shows_the_other_columns_too() {
    let (cluster, _) = shop();
    let mut window = Window::open(&[&cluster]);
    window.click(CERTIFICATES);
    window.click("wide");
    assert!(
        window
            .labels(Role::ColumnHeader)
            .contains(&"Secret".to_owned())
    );
    assert!(
        window
            .labels(Role::Cell)
            .contains(&"pg-tls-secret".to_owned())
    );
}

#[test]
fn columns_with_the_names_of_the_tables_own_stand_beside_them() {
    let mut cluster = Cluster::connected("prod");
    let person = kind("people.example.com", "Person");
    let columns = vec![
        column("Age", "integer", ".spec.replicas", 0),
        column("Name", "string", ".spec.secretName", 0),
        column("Namespace", "string", ".kind", 0),
    ];
    cluster.kind(&person, columns, WatchStatus::Watching);
    cluster.object(&person, ("shop", "ada"), "True", 1);
    let mut window = Window::open(&[&cluster]);
    window.click("Person, 1 object");
    assert_eq!(
        window.labels(Role::ColumnHeader)[1..],
        ["Namespace", "Name", "Age", "Name", "Namespace", "Last hour"]
    );
    assert_eq!(
        window.labels(Role::Cell)[..6],
        ["Current", "shop", "ada", "3", "ada-secret", "Person"]
    );
}

#[test]
fn columns_that_the_server_leaves_out_are_told_and_change_while_it_runs() {
    let (mut cluster, certificate) = shop();
    let broken = vec![
        column("Ready", "string", ".kind", 0),
        column("Broken", "string", ".spec[", 0),
        column("Replicas", "integer", ".spec.replicas", 0),
    ];
    let mut window = Window::open(&[&cluster]);
    window.click(CERTIFICATES);
    assert!(!window.has("left out"));
    cluster.kind(&certificate, broken, WatchStatus::Watching);
    window.run();
    assert!(window.has("2 columns left out"));
    assert_eq!(
        window.labels(Role::ColumnHeader)[1..],
        ["Namespace", "Name", "Ready", "Age", "Last hour"]
    );
    cluster.kind(&certificate, Vec::new(), WatchStatus::Watching);
    window.run();
    assert!(!window.has("left out"));
    assert_eq!(
        window.labels(Role::ColumnHeader)[1..],
        ["Namespace", "Name", "Age", "Last hour"]
    );
}

#[test]
fn the_search_field_filters_the_table() {
    let (cluster, _) = shop();
    let mut window = Window::open(&[&cluster]);
    window.harness.key_press(egui::Key::Slash);
    window.run();
    window.harness.event(egui::Event::Text("API".into()));
    window.run();
    assert_eq!(window.rows(), ["shop/api-gateway-tls"]);
    window.harness.event(egui::Event::Text("nothing".into()));
    window.run();
    assert!(window.rows().is_empty());
    assert!(window.has("No objects match"));
    window.click("Show all");
    assert_eq!(window.rows().len(), 4);
}

#[test]
fn the_buttons_of_a_view_never_lie_over_the_tabs() {
    let (cluster, _) = shop();
    let mut window = Window::open(&[&cluster]);
    window.click("Relations");
    let mut rows = std::collections::BTreeSet::new();
    for width in [1400.0, 960.0, 720.0, 1400.0] {
        window.harness.set_size(egui::vec2(width, 800.0));
        window.run();
        let place = |label| window.harness.get_by_label(label).rect();
        let (tab, button) = (place("Schema"), place("owners"));
        assert!(!tab.intersects(button), "{width}: {tab} {button}");
        rows.insert(tab.center().y < button.top());
    }
    assert_eq!(
        rows.len(),
        2,
        "in one row where there is room, in two where not"
    );
}

#[test]
fn a_heading_sorts_up_down_and_not_at_all() {
    let (cluster, _) = shop();
    let mut window = Window::open(&[&cluster]);
    window.click(CERTIFICATES);
    window.click("Replicas");
    assert_eq!(
        window.rows(),
        ["data/pg-tls", "shop/web-tls", "shop/api-gateway-tls"]
    );
    window.click("Replicas");
    assert_eq!(
        window.rows(),
        ["shop/api-gateway-tls", "shop/web-tls", "data/pg-tls"]
    );
    window.click("Replicas");
    assert_eq!(
        window.rows(),
        ["data/pg-tls", "shop/api-gateway-tls", "shop/web-tls"]
    );
}

#[test]
fn rows_keep_their_order_while_objects_change() {
    let (mut cluster, certificate) = shop();
    let mut window = Window::open(&[&cluster]);
    window.click(CERTIFICATES);
    window.click("Ready");
    assert_eq!(
        window.rows(),
        ["shop/api-gateway-tls", "data/pg-tls", "shop/web-tls"]
    );
    cluster.object(&certificate, ("shop", "web-tls"), "False", 61);
    cluster.object(&certificate, ("shop", "api-gateway-tls"), "True", 62);
    cluster.object(&certificate, ("apps", "new-tls"), "False", 63);
    window.run();
    assert_eq!(
        window.rows(),
        [
            "apps/new-tls",
            "shop/web-tls",
            "data/pg-tls",
            "shop/api-gateway-tls"
        ]
    );
}

#[test]
fn the_keyboard_walks_the_rows() {
    let (cluster, _) = shop();
    let mut window = Window::open(&[&cluster]);
    window.click(CERTIFICATES);
    assert_eq!(window.selected_row(), None);
    window.press(egui::Key::ArrowDown);
    assert_eq!(window.selected_row().as_deref(), Some("data/pg-tls"));
    window.press(egui::Key::ArrowDown);
    assert_eq!(
        window.selected_row().as_deref(),
        Some("shop/api-gateway-tls")
    );
    window.press(egui::Key::End);
    assert_eq!(window.selected_row().as_deref(), Some("shop/web-tls"));
    window.press(egui::Key::ArrowUp);
    assert_eq!(
        window.selected_row().as_deref(),
        Some("shop/api-gateway-tls")
    );
    window.press(egui::Key::Escape);
    assert_eq!(window.selected_row(), None);
}

#[test]
fn one_namespace_hides_the_others() {
    let (cluster, _) = shop();
    let mut window = Window::open(&[&cluster]);
    window.click("Namespace: all");
    window
        .harness
        .get(by().role(Role::MenuItem).label("data"))
        .click();
    window.run();
    assert_eq!(window.rows(), ["data/pg-tls", "data/orders"]);
    assert!(
        window
            .labels(Role::ListItem)
            .contains(&"Certificate, 1 object".to_owned())
    );
    assert!(window.has("Namespace: data"));
}

#[test]
fn each_context_keeps_its_own_view() {
    let (prod, _) = shop();
    let mut staging = Cluster::connected("staging");
    let widget = kind("example.com", "Widget");
    staging.kind(&widget, columns(), WatchStatus::Watching);
    staging.object(&widget, ("test", "one"), "True", 1);
    let mut window = Window::open(&[&prod, &staging]);
    window.click(CERTIFICATES);
    window.click("Open another context");
    window.click("staging");
    assert_eq!(window.rows(), ["test/one"]);
    window.click("Context prod");
    assert_eq!(window.rows().len(), 3, "still the certificates");
    assert_eq!(
        window.labels(Role::Tab)[..2],
        ["Context prod", "Context staging"]
    );
}

#[test]
fn a_kind_without_permission_says_what_to_allow() {
    let (cluster, _) = shop();
    let mut window = Window::open(&[&cluster]);
    window.click("SecretStore, no permission");
    assert!(window.has("No permission to list SecretStores"));
    assert!(window.has("secretstores is forbidden"));
    assert!(window.has("Allow list and watch"));
}

#[test]
fn a_kind_without_objects_says_so() {
    let mut cluster = Cluster::connected("prod");
    let widget = kind("example.com", "Widget");
    cluster.kind(&widget, columns(), WatchStatus::Watching);
    let mut window = Window::open(&[&cluster]);
    window.click("Widget, 0 objects");
    assert!(window.has("No Widgets"));
}

#[test]
fn a_connection_that_failed_says_why_and_when_it_is_tried_again() {
    let mut cluster = Cluster::new("edge");
    cluster.connection(ConnectionState::Failed {
        error: "connection refused".into(),
        hint: Some("Is the cluster up?".into()),
        retry_at: Some(at(64)),
    });
    let mut window = Window::open(&[&cluster]);
    assert!(window.has("Cannot connect to edge"));
    assert!(window.has("connection refused"));
    assert!(window.has("Is the cluster up?"));
    assert!(window.has("Context edge, retry in 4 s"));
    window.now.set(at(62));
    window.run();
    assert!(window.has("Context edge, retry in 2 s"));
}

#[test]
fn a_lost_connection_keeps_the_rows_and_says_so() {
    let (mut cluster, _) = shop();
    cluster.connection(ConnectionState::Failed {
        error: "connection reset".into(),
        hint: None,
        retry_at: Some(at(65)),
    });
    let window = Window::open(&[&cluster]);
    assert_eq!(window.rows().len(), 4);
    assert!(window.has("Not connected: connection reset · retry in 5 s"));
}

#[test]
fn a_context_that_connects_and_a_cluster_without_kinds_say_so() {
    let mut cluster = Cluster::new("slow");
    cluster.connection(ConnectionState::Connecting);
    let mut window = Window::open(&[&cluster]);
    assert!(window.has("Connecting to slow"));
    cluster.connection(ConnectionState::Connected {
        server_version: "v1.36.1".into(),
    });
    window.run();
    assert!(window.has("No custom resources"));
}

#[test]
fn a_stretch_that_was_not_watched_is_labelled() {
    let (mut cluster, certificate) = shop();
    let gap = |from, to, cause, kind| {
        Observation::Gap(Gap {
            from: at(from),
            to: at(to),
            cause,
            kind,
        })
    };
    cluster
        .recorder
        .observe(gap(100, 172, GapCause::ConnectionLost, None));
    cluster
        .recorder
        .observe(gap(0, 190, GapCause::Polled, Some(certificate)));
    let mut window = Window::open(&[&cluster]);
    window.now.set(at(200));
    window.run();
    let strip = window.labels(Role::Figure);
    assert_eq!(
        strip,
        ["4 changes in the last 10 minutes; not watched 1 m 12 s"]
    );
    window.click(CERTIFICATES);
    assert!(window.has("polled 3 m 10 s"), "a polled kind shows its own");
}

#[test]
fn the_status_bar_counts() {
    let (cluster, _) = shop();
    let window = Window::open(&[&cluster]);
    assert!(window.has("v1.36.1 · 2 kinds watched"));
    assert!(window.has("4 objects · 4 revisions"));
    assert!(window.has("0 changes/s"));
    assert_eq!(window.labels(Role::Status), ["Live"]);
}

#[test]
fn the_theme_is_switched_and_kept() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("settings.json");
    let (cluster, _) = shop();
    let file = SettingsFile::at(path.clone());
    let mut window = Window::with(&[&cluster], |state| {
        let loaded = file.load();
        state.with_settings(file, loaded)
    });
    window.click("Kronika");
    window.click("Theme: light");
    assert_eq!(window.harness.ctx.theme(), egui::Theme::Light);
    window.click("Kronika");
    window.click("Theme: dark");
    assert_eq!(window.harness.ctx.theme(), egui::Theme::Dark);
    let kept = std::fs::read_to_string(path).unwrap();
    assert!(kept.contains("dark"), "{kept}");
}

#[test]
fn an_idle_window_asks_for_no_frame() {
    let (cluster, _) = shop();
    let mut window = Window::open(&[&cluster]);
    window.now.set(at(120));
    window.run();
    let wait = window.harness.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay;
    assert!(
        wait >= Duration::from_secs(10),
        "asks for a frame after {wait:?}"
    );
}

#[test]
fn a_recording_stands_still_beside_its_context() {
    let (mut cluster, _) = shop();
    cluster.connection(ConnectionState::Recorded);
    let (live, _) = shop();
    let recording = Arc::clone(&cluster.timeline);
    let window = Window::with(&[&live], move |mut state| {
        state.open_recording(recording);
        state
    });
    assert_eq!(
        window.labels(Role::Tab)[..2],
        ["Context prod", "Context prod (recording)"]
    );
}

#[test]
fn a_countdown_asks_for_its_next_second() {
    let mut cluster = Cluster::new("edge");
    cluster.connection(ConnectionState::Failed {
        error: "connection refused".into(),
        hint: None,
        retry_at: Some(at(90)),
    });
    let window = Window::open(&[&cluster]);
    let wait = window.harness.output().viewport_output[&egui::ViewportId::ROOT].repaint_delay;
    assert!(
        wait <= Duration::from_secs(1),
        "asks for a frame after {wait:?}"
    );
}

#[test]
fn the_side_panel_keeps_its_width_while_nothing_is_known() {
    let mut cluster = Cluster::new("slow");
    cluster.connection(ConnectionState::Connecting);
    let mut window = Window::open(&[&cluster]);
    let widget = kind("example.com", "Widget");
    cluster.kind(&widget, columns(), WatchStatus::Watching);
    window.run();
    let row = window.harness.get_by_label("Widget, 0 objects").rect();
    assert!((row.width() - theme::SIDE_PANEL).abs() < 2.0, "{row:?}");
}
