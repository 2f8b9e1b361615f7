//! The inspector as it is shown: found by label, clicked, and asked what it sends.

use egui_kittest::{
    Harness,
    kittest::{NodeT, Queryable},
};
use kronika::{
    model::Moment,
    ui::{Command, Selection, View, ViewContext, schemas::Schemas, theme, views::ObjectView},
};
use serde_json::json;

use super::{
    fixture::{Certificate, World, at, clock},
    history::payments,
};

/// A window with one view, that acts on selections as the real one does.
pub(super) struct Screen {
    pub(super) world: World,
    pub(super) selection: Selection,
    pub(super) commands: Vec<Command>,
    schemas: Schemas,
    now: Moment,
    view: Box<dyn View>,
}

impl Screen {
    pub(super) fn harness(
        world: World,
        now: Moment,
        view: Box<dyn View>,
    ) -> Harness<'static, Screen> {
        let selection = Selection::default();
        let screen = Screen {
            world,
            selection,
            commands: Vec::new(),
            schemas: Schemas::default(),
            now,
            view,
        };
        let mut installed = false;
        Harness::builder()
            .with_size(egui::vec2(900.0, 900.0))
            .build_ui_state(
                move |ui, screen: &mut Screen| {
                    if !installed {
                        theme::install(ui.ctx());
                        installed = true;
                        // Fonts come with the next frame.
                        ui.ctx().request_repaint();
                        return;
                    }
                    screen.ui(ui);
                },
                screen,
            )
    }

    fn ui(&mut self, ui: &mut egui::Ui) {
        let palette = theme::palette(ui.ctx());
        let mut commands = Vec::new();
        let timeline = self.world.timeline.read();
        self.view.ui(
            ui,
            &mut ViewContext {
                timeline: &timeline,
                insights: &kronika::insight::InsightEngine::default(),
                now: self.now,
                zone: &jiff::tz::TimeZone::UTC,
                palette: &palette,
                selection: &self.selection,
                schemas: &mut self.schemas,
                filter: "",
                commands: &mut commands,
            },
        );
        for command in &commands {
            if let Command::SelectChange { a, b } = command {
                (self.selection.revision_a, self.selection.revision_b) = (*a, *b);
            }
        }
        self.commands.extend(commands);
    }
}

/// The inspector with the history of [`payments`].
fn inspector() -> Harness<'static, Screen> {
    let (world, _, object) = payments();
    let mut harness = Screen::harness(
        world,
        clock(15, 1, 47, 400),
        Box::new(ObjectView::default()),
    );
    harness.state_mut().selection.object = Some(object);
    harness.run_ok();
    harness
}

fn revisions(harness: &Harness<'_, Screen>) -> String {
    let bar = harness.get_all_by_label_contains("A ").find_map(|node| {
        let label = node.accesskit_node().value()?;
        label.contains("→ B").then_some(label)
    });
    bar.expect("the bar that names A and B")
}

#[test]
fn nothing_is_selected_at_first() {
    let harness = Screen::harness(World::new(), at(0), Box::new(ObjectView::default()));
    harness.get_by_label("Nothing selected");
}

#[test]
fn the_head_names_the_object_and_the_open_reconcile() {
    let harness = inspector();
    harness.get_by_label("payments-tls");
    harness.get_by_label_contains("generation 2, observed 2");
    harness.get_by_label("reconciling 6.3 s");
}

#[test]
fn the_head_says_in_words_whether_the_object_is_ready_and_why() {
    let mut world = World::new();
    let kind = world.kind("kustomize.toolkit.fluxcd.io", "Kustomization");
    let conditions = json!([{"type": "Ready", "status": "False", "reason": "BuildFailed", "message": "no such file"}]);
    let body = |spec: serde_json::Value| json!({"metadata": {}, "spec": spec, "status": {"conditions": conditions}});
    world.watch(at(0), &kind, "apps", body(json!({})));
    let object = world.object(&kind, "apps");
    let mut harness = Screen::harness(world, at(10_000), Box::new(ObjectView::default()));
    harness.state_mut().selection.object = object;
    harness.run_ok();
    harness.get_by_label("In progress · Ready is False (BuildFailed): no such file");
    let world = &mut harness.state_mut().world;
    world.watch(at(5_000), &kind, "apps", body(json!({"suspend": true})));
    harness.run_ok();
    harness.get_by_label(
        "Suspended · spec.suspend is true; Ready is False (BuildFailed): no such file",
    );
}

#[test]
fn the_history_tells_values_managers_and_the_gap() {
    let harness = inspector();
    harness.get_by_label("15:01:41.015 spec dnsNames +1, argocd-controller");
    harness.get_by_label(
        "A 15:01:43.870 status Ready True → False +1, cert-manager-certificates-issuing",
    );
    harness.get_by_label("not watched 14:50:31 to 14:51:43 (connection lost)");
}

#[test]
fn heartbeats_are_counted_and_come_back_on_demand() {
    let mut harness = inspector();
    harness.get_by_label("1 heartbeat hidden");
    assert!(harness.query_by_label_contains("14:58:02.441").is_none());
    harness.get_by_label("show").click();
    harness.run_ok();
    harness.get_by_label_contains("14:58:02.441 beat");
    harness.get_by_label("hide heartbeats");
}

#[test]
fn a_click_selects_b_and_shift_click_a() {
    let mut harness = inspector();
    assert_eq!(revisions(&harness), "A 15:01:43 → B 15:01:44");
    harness.get_by_label_contains("15:01:41.015").click();
    harness.run_ok();
    assert_eq!(revisions(&harness), "A 14:02:12 → B 15:01:41");
    harness
        .get_by_label_contains("14:01:31.520")
        .click_modifiers(egui::Modifiers::SHIFT);
    harness.run_ok();
    assert_eq!(revisions(&harness), "A 14:01:31 → B 15:01:41");
    harness
        .get_by_label_contains("14:02:12.100")
        .click_secondary();
    harness.run_ok();
    assert_eq!(revisions(&harness), "A 14:02:12 → B 15:01:41");
}

#[test]
fn revisions_within_a_second_are_told_apart_by_milliseconds() {
    let mut world = World::new();
    let kind = world.kind("x.io", "Thing");
    for (ms, a) in [(1_094, 1), (1_119, 2)] {
        world.watch(
            at(ms),
            &kind,
            "one",
            json!({"metadata": {}, "spec": {"a": a}}),
        );
    }
    let object = world.object(&kind, "one");
    let mut harness = Screen::harness(world, at(2_000), Box::new(ObjectView::default()));
    harness.state_mut().selection.object = object;
    harness.run_ok();
    assert_eq!(revisions(&harness), "A 14:00:01.094 → B .119");
}

#[test]
fn arrow_keys_walk_the_history_once_it_was_clicked() {
    let mut harness = inspector();
    harness.key_press(egui::Key::ArrowDown);
    harness.run_ok();
    assert_eq!(
        revisions(&harness),
        "A 15:01:43 → B 15:01:44",
        "the keys belong to the table"
    );
    harness.get_by_label_contains("15:01:44.201").click();
    harness.run_ok();
    harness.key_press(egui::Key::ArrowDown);
    harness.run_ok();
    assert_eq!(revisions(&harness), "A 15:01:41 → B 15:01:43");
    harness.key_press(egui::Key::ArrowUp);
    harness.run_ok();
    assert_eq!(revisions(&harness), "A 15:01:43 → B 15:01:44");
}

#[test]
fn the_newest_is_followed_until_a_revision_is_chosen() {
    let mut harness = inspector();
    let later = |harness: &mut Harness<'_, Screen>, second: u64| {
        let kind = {
            let timeline = harness.state().world.timeline.read();
            std::sync::Arc::clone(&timeline.kinds().next().unwrap().1.kind)
        };
        let body = Certificate {
            generation: 2,
            observed: 2,
            revision: second,
            ..Certificate::default()
        };
        harness.state_mut().world.watch(
            clock(15, 1, second, 0),
            &kind,
            "payments-tls",
            body.json(),
        );
        harness.run_ok();
    };
    later(&mut harness, 50);
    assert_eq!(revisions(&harness), "A 15:01:44 → B 15:01:50");
    harness.get_by_label_contains("15:01:41.015").click();
    harness.run_ok();
    later(&mut harness, 55);
    assert_eq!(revisions(&harness), "A 14:02:12 → B 15:01:41");
    harness.get_by_label("4 newer, follow").click();
    harness.run_ok();
    assert_eq!(revisions(&harness), "A 15:01:50 → B 15:01:55");
}

#[test]
fn the_diff_shows_lines_folds_and_unfolds() {
    let mut harness = inspector();
    harness.get_by_label_contains("15:01:41.015").click();
    harness.run_ok();
    harness.get_by_label("  - pay.example.eu");
    assert!(
        harness
            .query_by_label("  secretName: payments-tls")
            .is_none()
    );
    let folds = harness.get_all_by_label_contains("unchanged lines").count();
    harness
        .get_all_by_label_contains("unchanged lines")
        .last()
        .unwrap()
        .click();
    harness.run_ok();
    harness.get_by_label("  secretName: payments-tls");
    assert_eq!(
        harness
            .query_all_by_label_contains("unchanged lines")
            .count(),
        folds - 1
    );
}

#[test]
fn noise_is_hidden_until_its_switch_is_on() {
    let mut harness = inspector();
    let shows = |harness: &Harness<'_, Screen>| {
        harness
            .query_all_by_label_contains("  resourceVersion: \"")
            .count()
    };
    assert_eq!(shows(&harness), 0);
    harness.get_by_label("Noise").click();
    harness.run_ok();
    assert_eq!(shows(&harness), 2, "one removed and one added line");
}

#[test]
fn fields_are_told_one_by_one() {
    let mut harness = inspector();
    harness.get_by_label_contains("15:01:43.870").click();
    harness.get_by_label("Fields").click();
    harness.run_ok();
    harness.get_by_label("status.conditions[0].status");
    // Two conditions, each the other way round.
    assert_eq!(harness.get_all_by_label("True").count(), 2);
}

#[test]
fn the_difference_is_copied_as_a_unified_diff() {
    let mut harness = inspector();
    harness.get_by_label_contains("15:01:41.015").click();
    harness.run_ok();
    harness.get_by_label("Copy").click();
    harness.run_ok();
    let copied = harness
        .state()
        .commands
        .iter()
        .find_map(|command| match command {
            Command::Copy(text) => Some(text.clone()),
            _ => None,
        });
    let text = copied.unwrap();
    assert!(text.starts_with("--- resourceVersion 1002\t"), "{text}");
    assert!(text.contains("\n+  - pay.example.eu\n"), "{text}");
}

#[test]
fn the_yaml_tab_shows_the_whole_object_folds_and_copies() {
    let mut harness = inspector();
    harness
        .get_by_role_and_label(egui::accesskit::Role::Tab, "YAML")
        .click();
    harness.run_ok();
    harness.get_by_label("15:01:44.201 · resourceVersion 1006");
    harness.get_by_label("    name: letsencrypt");
    harness.get_by_label("Fold issuerRef:").click();
    harness.run_ok();
    assert!(harness.query_by_label("    name: letsencrypt").is_none());
    harness.get_by_label("  issuerRef: ⋯");
    harness.get_by_label("Unfold issuerRef:").click();
    harness.run_ok();
    harness.get_by_label("Copy").click();
    harness.run_ok();
    harness.get_by_label("    name: letsencrypt");
    let copied = harness.state().commands.iter().any(
        |command| matches!(command, Command::Copy(text) if text.contains("secretName: payments-tls\n")),
    );
    assert!(copied);
}

#[test]
fn the_yaml_tab_shows_the_newest_state_though_its_revision_is_a_hidden_heartbeat() {
    let mut world = World::new();
    let kind = world.kind("x.io", "Thing");
    for (ms, seen) in [(0, "2026-01-01T00:00:00Z"), (1_000, "2026-01-01T00:00:01Z")] {
        let body = json!({"metadata": {}, "status": {"seen": seen}});
        world.watch(at(ms), &kind, "one", body);
    }
    let object = world.object(&kind, "one");
    let mut harness = Screen::harness(world, at(2_000), Box::new(ObjectView::default()));
    harness.state_mut().selection.object = object;
    harness.run_ok();
    harness.get_by_label("1 heartbeat hidden");
    harness
        .get_by_role_and_label(egui::accesskit::Role::Tab, "YAML")
        .click();
    harness.run_ok();
    harness.get_by_label("  seen: \"2026-01-01T00:00:01Z\"");
}

#[test]
fn a_revision_that_is_not_json_is_told_in_words() {
    let mut world = World::new();
    let kind = world.kind("x.io", "Thing");
    world.watch(
        at(0),
        &kind,
        "one",
        json!({"metadata": {"generation": 1}, "spec": {"a": 1}}),
    );
    world.broken(at(1_000), &kind, "one");
    let object = world.object(&kind, "one");
    let mut harness = Screen::harness(world, at(2_000), Box::new(ObjectView::default()));
    harness.state_mut().selection.object = object;
    harness.run_ok();
    harness.get_by_label("This revision cannot be read");
    harness.get_by_label_contains("not valid JSON");
}
