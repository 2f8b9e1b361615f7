//! The rows of the history list.

use std::sync::Arc;

use jiff::tz::TimeZone;
use kronika::{
    model::{ChangeKind, GapCause, Provenance, ResourceKind},
    timeline::ObjectId,
    ui::{
        Selection,
        views::object::{
            header::Header,
            history::{HistoryIndex, HistoryRow},
            revision_row::RevisionRow,
            selection::Compared,
        },
    },
};
use serde_json::json;

use super::fixture::{Certificate, World, Write, at, clock};

/// Created, a label, a spec change, two status writes and a heartbeat, with a gap in between.
pub(super) fn payments() -> (World, Arc<ResourceKind>, ObjectId) {
    let mut world = World::new();
    let kind = world.kind("cert-manager.io", "Certificate");
    let mut cert = Certificate::default();
    world.watch(clock(14, 1, 31, 520), &kind, "payments-tls", cert.json());
    cert.labels = json!({"app": "payments", "team": "pay"});
    cert.written.0 = 5;
    world.watch(clock(14, 2, 12, 100), &kind, "payments-tls", cert.json());
    world.gap(
        clock(14, 50, 31, 0),
        clock(14, 51, 43, 0),
        GapCause::ConnectionLost,
    );
    cert.renewal_time = "2027-01-02T00:00:00Z";
    cert.written.1 = 6;
    world.watch(clock(14, 58, 2, 441), &kind, "payments-tls", cert.json());
    cert.dns_names.push("pay.example.eu");
    cert.generation = 2;
    cert.written.0 = 7;
    world.watch(clock(15, 1, 41, 15), &kind, "payments-tls", cert.json());
    cert.ready = false;
    cert.reason = "DoesNotExist";
    cert.written.1 = 8;
    world.watch(clock(15, 1, 43, 870), &kind, "payments-tls", cert.json());
    cert.observed = 2;
    cert.written.1 = 9;
    world.watch(clock(15, 1, 44, 201), &kind, "payments-tls", cert.json());
    let object = world.object(&kind, "payments-tls").unwrap();
    (world, kind, object)
}

fn words(world: &World, object: ObjectId, heartbeats: bool) -> (HistoryIndex, Vec<String>) {
    let timeline = world.timeline.read();
    let mut index = HistoryIndex::default();
    index.update(&timeline, object, heartbeats);
    let rows = (0..index.len()).map(|place| match index.row(place).unwrap() {
        HistoryRow::Change(id) => {
            let row = RevisionRow::of(&timeline, *id, &TimeZone::UTC, None).unwrap();
            format!(
                "{}{} {} {}",
                row.clock,
                row.millis,
                row.badge.label(),
                row.summary
            )
        }
        HistoryRow::Gap { cause, .. } => format!("gap {cause}"),
        HistoryRow::NewIncarnation { incarnation } => format!("incarnation {incarnation}"),
    });
    let rows = rows.collect();
    (index, rows)
}

#[test]
fn rows_are_newest_first_with_the_gap_between_and_heartbeats_hidden() {
    let (world, _, object) = payments();
    let (index, rows) = words(&world, object, false);
    assert_eq!(
        rows,
        [
            "15:01:44.201 status 3 fields",
            "15:01:43.870 status 4 fields",
            "15:01:41.015 spec dnsNames[1]",
            "gap connection lost",
            "14:02:12.100 meta labels",
            "14:01:31.520 create created",
        ]
    );
    assert_eq!(index.hidden_heartbeats(), 1);
    let (_, all) = words(&world, object, true);
    assert_eq!(all[3], "14:58:02.441 beat 1 timestamp");
}

#[test]
fn an_index_that_grew_equals_one_that_was_built_at_once() {
    let (mut world, kind, object) = payments();
    let mut grown = HistoryIndex::default();
    for second in 45..60 {
        let body = Certificate {
            written: (7, second),
            ..Certificate::default()
        }
        .json();
        world.watch(clock(15, 1, second.into(), 0), &kind, "payments-tls", body);
        if second == 50 {
            world.gap(
                clock(15, 1, 50, 100),
                clock(15, 1, 50, 900),
                GapCause::Expired,
            );
        }
        grown.update(&world.timeline.read(), object, false);
    }
    let mut built = HistoryIndex::default();
    built.update(&world.timeline.read(), object, false);
    let rows = |index: &HistoryIndex| {
        (0..index.len())
            .map(|place| index.row(place).cloned())
            .collect::<Vec<_>>()
    };
    assert_eq!(rows(&grown), rows(&built));
    assert!(grown.len() > 18);
}

#[test]
fn what_a_relist_found_stands_above_the_gap_and_says_so() {
    let mut world = World::new();
    let kind = world.kind("x.io", "Thing");
    world.watch(
        at(1_000),
        &kind,
        "one",
        json!({"metadata": {"generation": 1}, "spec": {"a": 1}}),
    );
    world.gap(at(2_000), at(9_000), GapCause::Expired);
    let write = Write {
        kind: &kind,
        name: "one",
        uid: "uid-of-one",
        change: ChangeKind::Modified,
        provenance: Provenance::Relist,
        body: json!({"metadata": {"generation": 2}, "spec": {"a": 2}}),
    };
    world.write(at(8_500), write);
    let object = world.object(&kind, "one").unwrap();
    let (index, rows) = words(&world, object, false);
    assert_eq!(rows[0], "14:00:08.500 spec a");
    assert_eq!(rows[1], "gap history expired on the server");
    let timeline = world.timeline.read();
    let newest = RevisionRow::of(&timeline, index.newest().unwrap(), &TimeZone::UTC, None).unwrap();
    assert_eq!(newest.note.unwrap().0, "relist");
}

#[test]
fn gaps_of_polling_read_as_one_and_gaps_before_the_object_are_left_out() {
    let mut world = World::new();
    let kind = world.kind("x.io", "Thing");
    world.gap(at(0), at(500), GapCause::NotRunning);
    world.watch(
        at(1_000),
        &kind,
        "one",
        json!({"metadata": {}, "spec": {"a": 1}}),
    );
    for second in 2..5 {
        world.gap(
            at(second * 1_000),
            at(second * 1_000 + 900),
            GapCause::Polled,
        );
    }
    world.watch(
        at(9_000),
        &kind,
        "one",
        json!({"metadata": {}, "spec": {"a": 2}}),
    );
    let object = world.object(&kind, "one").unwrap();
    let (index, rows) = words(&world, object, false);
    assert_eq!(
        rows,
        [
            "14:00:09.000 spec a",
            "gap polled",
            "14:00:01.000 create created"
        ]
    );
    let merged = HistoryRow::Gap {
        from: at(2_000),
        to: at(4_900),
        cause: GapCause::Polled,
    };
    assert_eq!(index.row(1), Some(&merged));
}

#[test]
fn a_new_incarnation_is_set_apart() {
    let mut world = World::new();
    let kind = world.kind("x.io", "Thing");
    for (second, uid, change) in [
        (1, "a", ChangeKind::Added),
        (2, "a", ChangeKind::Deleted),
        (3, "b", ChangeKind::Added),
    ] {
        let body = json!({"metadata": {"generation": 1}, "spec": {}});
        let provenance = Provenance::Watch;
        world.write(
            at(second * 1_000),
            Write {
                kind: &kind,
                name: "one",
                uid,
                change,
                provenance,
                body,
            },
        );
    }
    let object = world.object(&kind, "one").unwrap();
    let (_, rows) = words(&world, object, false);
    let badges: Vec<_> = rows
        .iter()
        .map(|row| row.split(' ').nth(1).unwrap())
        .collect();
    assert_eq!(badges, ["create", "1", "delete", "create"]);
}

#[test]
fn b_follows_the_newest_and_a_the_one_before_until_they_are_chosen() {
    let (world, _, object) = payments();
    let (index, _) = words(&world, object, false);
    let id = |place: usize| match index.row(place) {
        Some(HistoryRow::Change(id)) => *id,
        other => panic!("{other:?}"),
    };
    let following = Compared::of(&Selection::default(), &index);
    assert_eq!(
        following,
        Compared {
            a: Some(id(1)),
            b: Some(id(0))
        }
    );
    let chosen = Selection {
        revision_b: Some(id(2)),
        ..Selection::default()
    };
    let compared = Compared::of(&chosen, &index);
    // Over the gap, and past the hidden heartbeat.
    assert_eq!(compared.a, Some(id(4)));
    assert_eq!(compared.step(1, &index), Some(id(4)));
    assert_eq!(compared.step(-1, &index), Some(id(1)));
    assert_eq!(compared.step(99, &index), Some(id(5)));
    let oldest = Selection {
        revision_b: Some(id(5)),
        ..Selection::default()
    };
    assert_eq!(Compared::of(&oldest, &index).a, None);
}

#[test]
fn the_head_tells_progress_and_an_open_reconcile() {
    let (world, _, object) = payments();
    let head = Header::of(&world.timeline.read(), object).unwrap();
    assert_eq!(head.name, "payments-tls");
    let now = clock(15, 1, 46, 0);
    let progress = "generation 2, observed 2";
    assert_eq!(
        head.lines(now),
        [
            format!("Certificate · shop · 1 h old · {progress}"),
            format!("Certificate · shop · 1 h · {progress}"),
            format!("Certificate · shop · {progress}"),
        ]
    );
    assert_eq!(
        head.reconciling_since,
        Some(clock(15, 1, 41, 15)),
        "not ready yet"
    );
}
