//! The figures of the Latency tab, and the tab itself.

use std::{sync::Arc, time::Duration};

use egui_kittest::{Harness, kittest::Queryable};
use kronika::{
    model::{ChangeKind, Moment, Provenance, ResourceKind},
    timeline::{LatencyMethod, ReconcileTrigger},
    ui::{
        Command,
        views::{
            LatencyView,
            latency::model::{Choice, LatencyKey, LatencyModel, Measure, PointClass, Slowness},
        },
    },
};
use serde_json::json;

use super::{
    fixture::{Certificate, World, Write, at},
    inspector::Screen,
};

/// One reconcile of a certificate: created, observed after a fifth of the time, then ready.
fn reconcile(world: &mut World, kind: &Arc<ResourceKind>, name: &str, start: u64, took: u64) {
    let cert = Certificate {
        observed: 0,
        ready: false,
        ..Certificate::default()
    };
    world.watch(at(start), kind, name, cert.json());
    let cert = Certificate {
        observed: 1,
        ..cert
    };
    world.watch(at(start + took / 5), kind, name, cert.json());
    let cert = Certificate {
        ready: true,
        ..cert
    };
    world.watch(at(start + took), kind, name, cert.json());
}

/// A hundred finished in 10 ms to 1 s, and one that is open since the 60th second.
fn measured() -> (World, Arc<ResourceKind>) {
    let mut world = World::new();
    let kind = world.kind("cert-manager.io", "Certificate");
    for i in 1..=100 {
        reconcile(&mut world, &kind, &format!("tls-{i}"), i * 20, i * 10);
    }
    let open = Certificate {
        generation: 2,
        ready: true,
        written: (60, 0),
        ..Certificate::default()
    };
    world.watch(at(60_000), &kind, "tls-7", open.json());
    (world, kind)
}

fn model(world: &World, measure: Measure) -> LatencyModel {
    let choice = Choice {
        measure,
        ..Choice::default()
    };
    LatencyModel::of(&world.timeline.read(), &choice, at(64_000))
}

fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

#[test]
fn quantiles_are_those_of_what_was_recorded() {
    let (world, _) = measured();
    let ready = model(&world, Measure::Ready);
    assert_eq!(ready.points.len(), 100);
    assert_eq!(ready.quantiles, Some([ms(500), ms(950), ms(990)]));
    let summary = &ready.kinds[0].summary;
    assert_eq!(
        ready.trigger,
        ReconcileTrigger::Created,
        "the first with figures"
    );
    assert_eq!((summary.count, summary.open), (100, 0));
    assert_eq!(
        summary.method,
        Some(LatencyMethod::StatusObservedGeneration)
    );
    assert_eq!(summary.observed.map(|observed| observed[0]), Some(ms(100)));
    let observed = model(&world, Measure::Observed);
    assert_eq!(
        observed.quantiles.map(|quantiles| quantiles[0]),
        Some(ms(100))
    );
}

#[test]
fn every_trigger_has_points_and_quantiles_of_its_own() {
    let (mut world, kind) = measured();
    let done = Certificate {
        generation: 2,
        observed: 2,
        written: (60, 61),
        ..Certificate::default()
    };
    world.watch(at(61_500), &kind, "tls-7", done.json());
    let points_of = |trigger| {
        let choice = Choice {
            trigger,
            ..Choice::default()
        };
        LatencyModel::of(&world.timeline.read(), &choice, at(64_000))
    };
    let changed = points_of(None);
    assert_eq!(changed.trigger, ReconcileTrigger::SpecChanged);
    assert_eq!(changed.points.len(), 1);
    assert!((changed.points[0].seconds - 1.5).abs() < 1e-9);
    let created = points_of(Some(ReconcileTrigger::Created));
    assert_eq!(created.points.len(), 100);
    assert!(created.points.is_sorted_by_key(|point| point.wall));
    assert!(
        created
            .points
            .iter()
            .all(|point| point.class == PointClass::Exact)
    );
    assert!(points_of(Some(ReconcileTrigger::Deleted)).points.is_empty());
}

#[test]
fn one_kind_is_shown_by_object_with_the_slowest_first() {
    let (world, kind) = measured();
    let choice = Choice {
        kind: Some(world.kind_id(&kind)),
        ..Choice::default()
    };
    let objects = LatencyModel::of(&world.timeline.read(), &choice, at(64_000)).objects;
    assert_eq!(objects.len(), 100);
    assert_eq!(objects[0].name, "shop/tls-100");
    assert_eq!(objects[0].summary.ready, Some([ms(1_000); 3]));
}

#[test]
fn what_is_inexact_is_a_point_only_when_asked_for() {
    let mut world = World::new();
    let kind = world.kind("cert-manager.io", "Certificate");
    let lagging = Certificate {
        generation: 3,
        observed: 2,
        ..Certificate::default()
    };
    let write = Write {
        kind: &kind,
        name: "old",
        uid: "u",
        change: ChangeKind::Added,
        provenance: Provenance::InitialList,
        body: lagging.json(),
    };
    world.write(at(0), write);
    let caught_up = Certificate {
        observed: 3,
        ..lagging
    };
    world.watch(at(5_000), &kind, "old", caught_up.json());
    let points = |include_inexact| {
        let choice = Choice {
            include_inexact,
            ..Choice::default()
        };
        LatencyModel::of(&world.timeline.read(), &choice, at(6_000)).points
    };
    assert!(points(false).is_empty());
    assert_eq!(points(true)[0].class, PointClass::Inexact);
}

#[test]
fn an_open_reconcile_is_slow_above_p95_and_stuck_above_ten_times_p99() {
    let (world, _) = measured();
    let model = model(&world, Measure::Ready);
    let [open] = &model.open[..] else {
        panic!("{:?}", model.open)
    };
    assert_eq!(open.name, "shop/tls-7");
    for (now, slowness) in [
        (60_900, Slowness::Usual),
        (60_951, Slowness::Slow),
        (69_900, Slowness::Slow),
        (69_901, Slowness::Stuck),
    ] {
        assert_eq!(open.slowness(at(now)), slowness, "{now}");
    }
}

#[test]
fn a_kind_whose_status_tells_nothing_is_not_supported_and_has_nothing_open() {
    let mut world = World::new();
    let kind = world.kind("argoproj.io", "Application");
    let body = json!({"metadata": {"generation": 1}, "spec": {}});
    world.watch(at(0), &kind, "one", body);
    let model = model(&world, Measure::Ready);
    assert_eq!(
        model.kinds[0].measured_by(),
        Err("not supported: no generation in status")
    );
    assert!(model.open.is_empty());
}

#[test]
fn what_existed_before_has_no_latency() {
    let mut world = World::new();
    let kind = world.kind("cert-manager.io", "Certificate");
    let listed = Certificate {
        generation: 3,
        observed: 2,
        ..Certificate::default()
    };
    let write = Write {
        kind: &kind,
        name: "old",
        uid: "u",
        change: ChangeKind::Added,
        provenance: Provenance::InitialList,
        body: listed.json(),
    };
    world.write(at(0), write);
    let open = model(&world, Measure::Ready).open;
    assert!(open.len() == 1 && !open[0].exact, "since when is not known");
    let caught_up = Certificate {
        observed: 3,
        ..listed
    };
    world.watch(at(5_000), &kind, "old", caught_up.json());
    let after = model(&world, Measure::Ready);
    assert!(after.open.is_empty() && after.points.is_empty());
}

#[test]
fn the_key_changes_with_the_kinds_that_are_shown_and_with_no_other() {
    let (mut world, kind) = measured();
    let other = world.kind("x.io", "Other");
    let id = world.kind_id(&kind);
    let choice = Choice {
        kind: Some(id),
        ..Choice::default()
    };
    let key = |world: &World| LatencyKey::of(&world.timeline.read(), choice.clone());
    let before = key(&world);
    world.watch(at(70_000), &other, "one", json!({"metadata": {}}));
    assert_eq!(key(&world), before);
    world.watch(at(71_000), &kind, "tls-1", Certificate::default().json());
    assert_ne!(key(&world), before);
    assert!(key(&world).is_same_choice(&before));
}

fn tab(world: World, now: Moment) -> Harness<'static, Screen> {
    Screen::harness(world, now, Box::new(LatencyView::default()))
}

#[test]
fn the_tab_shows_quantiles_and_what_is_open() {
    let (world, _) = measured();
    let harness = tab(world, at(64_000));
    harness.get_by_label("Time from creation to ready");
    harness.get_by_label("Certificate 100 100 ms 500 ms 950 ms 990 ms 0 status.observedGeneration");
    harness.get_by_label("shop/tls-7 Certificate open for 4.0 s, usual p95 950 ms");
}

#[test]
fn a_trigger_is_chosen_and_what_is_censored_has_a_line_of_its_own() {
    let (mut world, kind) = measured();
    let write = |generation, observed| Certificate {
        generation,
        observed,
        ..Certificate::default()
    };
    world.watch(at(61_000), &kind, "tls-7", write(3, 1).json());
    world.watch(at(61_500), &kind, "tls-7", write(3, 3).json());
    let mut harness = tab(world, at(64_000));
    harness.get_by_label("Certificate 1 500 ms 500 ms 500 ms 500 ms 0 status.observedGeneration");
    harness
        .get_by_label("Certificate Kaplan–Meier +1 500 ms 500 ms > 500 ms > 500 ms 1 superseded");
    harness.get_by_label("created").click();
    harness.run();
    harness.get_by_label("Time from creation to ready");
    harness.get_by_label("deleted").click();
    harness.run();
    harness.get_by_label("Time from deletion to gone");
    assert!(
        harness.query_by_label("observed").is_none(),
        "deletions have one end"
    );
}

#[test]
fn a_click_on_an_open_reconcile_selects_its_object() {
    let (world, kind) = measured();
    let object = world.object(&kind, "tls-7").unwrap();
    let mut harness = tab(world, at(64_000));
    harness.get_by_label_contains("open for 4.0 s").click();
    harness.run();
    assert_eq!(harness.state().commands, [Command::SelectObject(object)]);
}

#[test]
fn a_click_on_a_point_selects_the_object_and_the_revision_that_began_it() {
    let mut world = World::new();
    let kind = world.kind("cert-manager.io", "Certificate");
    reconcile(&mut world, &kind, "alone", 30_000, 1_000);
    let object = world.object(&kind, "alone").unwrap();
    let begin = world
        .timeline
        .read()
        .latest_at(object, at(30_000).wall)
        .unwrap();
    let mut harness = tab(world, at(58_000));
    // The plot spans the minute to 14:01 or a step more, and 1 s is in the middle of its height.
    let plot = harness.get_by_label("Latency plot").rect();
    let mut pos = plot.center();
    for step in 0..120 {
        let x = plot.left() + plot.width() * (step as f32) / 120.0;
        pos.x = x;
        harness.hover_at(pos);
        harness.step();
        harness.drag_at(pos);
        harness.drop_at(pos);
        harness.step();
        if !harness.state().commands.is_empty() {
            break;
        }
    }
    let expected = [
        Command::SelectObject(object),
        Command::SelectChange {
            a: None,
            b: Some(begin),
        },
    ];
    assert_eq!(harness.state().commands, expected);
    // The pointer moves on a little and rests there until the tooltip comes.
    harness.hover_at(pos + egui::vec2(1.0, 0.0));
    harness.run_steps(8);
    harness.get_by_label_contains(
        "Certificate shop/alone\nready after 1.00 s\ncreation at 14:00:30.000",
    );
}

#[test]
fn without_samples_it_says_how_latency_is_measured() {
    let mut world = World::new();
    world.kind("cert-manager.io", "Certificate");
    let harness = tab(world, at(0));
    harness.get_by_label("No reconcile seen yet");
    harness.get_by_label_contains("metadata.generation");
}

#[test]
fn another_namespace_has_figures_of_its_own() {
    let (world, _) = measured();
    let namespace = |name: &str| {
        let choice = Choice {
            namespace: Some(name.into()),
            ..Choice::default()
        };
        LatencyModel::of(&world.timeline.read(), &choice, at(64_000))
    };
    assert_eq!(namespace("shop").kinds[0].summary.count, 100);
    let elsewhere = namespace("elsewhere");
    assert!(!elsewhere.has_figures() && elsewhere.points.is_empty());
    assert!(
        elsewhere.kinds[0].measured_by().is_ok(),
        "the kind can be measured all the same"
    );
}
