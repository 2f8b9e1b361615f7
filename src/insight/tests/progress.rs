//! Stuck, never observed, held deletion: what does not go on.

use serde_json::json;

use super::story::{Story, fresh, moment, ready};
use crate::insight::{Rule, Severity};

/// A kind with this many reconciles of two seconds behind it.
fn practised(reconciles: usize) -> Story {
    let mut story = Story::new();
    for name in ["a", "b", "c", "d"] {
        story.listed("Database", name, ready());
    }
    for i in 0..reconciles {
        story.wait(30.0);
        let name = ["b", "c", "d"][i % 3];
        story.edited("Database", name, "argocd", |object| {
            object["spec"]["replicas"] = json!(i + 10);
        });
        story.wait(1.0);
        story.observed("Database", name, false);
        story.wait(1.0);
        story.observed("Database", name, true);
    }
    story.wait(30.0);
    story
}

fn change(story: &mut Story, name: &str) {
    story.edited("Database", name, "argocd", |object| {
        object["spec"]["replicas"] = json!(object["spec"]["replicas"].as_i64().unwrap() + 1);
    });
}

#[test]
fn a_reconcile_far_beyond_the_kinds_own_p99_is_stuck() {
    let mut story = practised(20);
    change(&mut story, "a");
    let begun = story.now;
    story.wait(59.0);
    assert_eq!(story.found(), [""; 0], "the floor is a minute");
    story.wait(2.0);
    let insight = story.only(Rule::Stuck);
    assert_eq!(insight.since, moment(begun).wall);
    assert_eq!(insight.title, "generation 2 is not observed");
    assert_eq!(
        insight.explanation,
        "The controller has not observed generation 2; 99 % of the last 20 took no more than 2.0 s."
    );
    assert_eq!(insight.object, Some(story.id("Database", "a")));
    let change = story
        .timeline
        .change(insight.changes().next().unwrap())
        .unwrap();
    assert_eq!(change.generation.unwrap().0, 2);

    story.observed("Database", "a", true);
    story.wait(1.0);
    let engine = story.engine();
    assert!(engine.active().is_empty());
    let ended: Vec<_> = engine.ended().collect();
    assert_eq!(ended.len(), 1);
    assert_eq!(ended[0].until, Some(moment(story.now - 1.0).wall));
}

#[test]
fn without_a_p99_it_takes_ten_minutes_without_progress() {
    let mut story = practised(19);
    change(&mut story, "a");
    story.wait(5.0);
    story.observed("Database", "a", false);
    for step in 0..20 {
        story.wait(120.0);
        story.edited("Database", "a", "operator", |object| {
            object["status"]["step"] = json!(step);
        });
    }
    assert_eq!(story.found(), [""; 0], "a long job with progress");
    story.wait(599.0);
    assert_eq!(story.found(), [""; 0]);
    story.wait(2.0);
    let insight = story.only(Rule::Stuck);
    assert_eq!(insight.title, "generation 2 does not get ready");
    assert!(
        insight.explanation.starts_with(
            "Generation 2 was observed after 5.0 s and is not ready (Ready is False (Working)"
        ),
        "{}",
        insight.explanation
    );
}

#[test]
fn a_spec_changed_again_does_not_start_the_wait_anew() {
    let mut story = practised(20);
    for _ in 0..4 {
        change(&mut story, "a");
        story.wait(20.0);
    }
    assert_eq!(
        story.only(Rule::Stuck).title,
        "generation 5 is not observed"
    );
}

#[test]
fn what_is_suspended_waits_on_purpose() {
    let mut story = practised(20);
    story.edited("Database", "a", "kubectl", |object| {
        object["spec"]["suspend"] = json!(true);
    });
    story.wait(3_600.0);
    assert_eq!(story.found(), [""; 0]);
}

#[test]
fn a_kind_without_status_is_never_stuck_nor_unobserved() {
    let mut story = Story::new();
    for name in ["a", "b", "c", "d"] {
        story.listed("Policy", name, fresh());
    }
    for _ in 0..3 {
        for name in ["a", "b", "c", "d"] {
            story.wait(1.0);
            story.edited("Policy", name, "argocd", |object| {
                object["spec"]["replicas"] =
                    json!(object["spec"]["replicas"].as_i64().unwrap() + 1);
            });
        }
    }
    story.created("Policy", "e", "argocd", fresh());
    story.wait(86_400.0);
    assert_eq!(story.found(), [""; 0]);
}

#[test]
fn nothing_is_held_against_what_was_not_watched() {
    let mut story = practised(20);
    change(&mut story, "a");
    story.wait(10.0);
    let from = story.now;
    story.wait(600.0);
    story.gap(from, story.now);
    story.wait(1.0);
    story.observed("Database", "a", true);
    story.wait(60.0);
    assert_eq!(story.found_ever(), [""; 0]);
}

#[test]
fn objects_that_all_wait_while_no_status_is_written_have_no_controller() {
    let mut story = practised(20);
    for name in ["a", "b"] {
        change(&mut story, name);
    }
    story.wait(90.0);
    let found = story.found();
    assert!(
        found.iter().all(|line| line.starts_with("stuck")),
        "two are not enough: {found:?}"
    );
    change(&mut story, "c");
    story.wait(61.0);
    let engine = story.engine();
    let active = engine.active();
    assert_eq!(active[0].rule, Rule::NeverObserved);
    assert_eq!(active[0].severity, Severity::Critical);
    assert_eq!(active[0].title, "no controller seems to run");
    assert_eq!(
        active[0].explanation,
        "3 objects changed and nothing observed that; no status of this kind was written since."
    );
    assert_eq!(active[0].changes().count(), 4);

    story.edited("Database", "d", "operator", |object| {
        object["status"]["seen"] = json!(1);
    });
    story.wait(1.0);
    assert!(
        story.found().iter().all(|line| line.starts_with("stuck")),
        "one status proves it"
    );
}

#[test]
fn objects_of_a_foreign_class_that_never_get_a_status_are_no_sign() {
    let mut story = practised(20);
    story.listed("Database", "foreign", fresh());
    for name in ["x", "y", "z"] {
        story.created("Database", name, "helm", fresh());
    }
    story.wait(700.0);
    assert!(!story.found().iter().any(|line| line.starts_with("never")));
}

fn held(object: &mut serde_json::Value) {
    object["metadata"]["deletionTimestamp"] = json!("2026-01-05T00:00:00Z");
}

#[test]
fn a_deletion_waits_for_its_finalizers() {
    let mut story = Story::new();
    let mut object = ready();
    object["metadata"]["finalizers"] = json!(["a.io/backup", "b.io/network"]);
    story.listed("Database", "a", object);
    story.edited("Database", "a", "", held);
    story.wait(299.0);
    assert_eq!(story.found(), [""; 0]);
    story.edited("Database", "a", "b", |object| {
        object["metadata"]["finalizers"] = json!(["a.io/backup"]);
    });
    story.wait(299.0);
    assert_eq!(story.found(), [""; 0], "a finalizer that went is progress");
    story.wait(2.0);
    let insight = story.only(Rule::HeldDeletion);
    assert_eq!(insight.title, "deletion held by a.io/backup");
    assert_eq!(
        insight.explanation,
        "The deletion waits for a.io/backup (a controller of a.io)."
    );
    assert_eq!(insight.since, moment(0.0).wall);
    story.deleted("Database", "a");
    story.wait(1.0);
    assert_eq!(story.found(), [""; 0]);
    assert_eq!(story.found_ever().len(), 1);
}

#[test]
fn a_deletion_that_was_there_before_we_looked_counts_from_its_timestamp() {
    let mut story = Story::new();
    story.wait(1_000.0);
    let mut object = ready();
    object["metadata"]["finalizers"] = json!(["foregroundDeletion"]);
    held(&mut object);
    story.listed("Database", "a", object);
    story.wait(1.0);
    let insight = story.only(Rule::HeldDeletion);
    assert_eq!(insight.since, moment(0.0).wall);
    assert!(insight.explanation.contains("garbage collector"));
}
