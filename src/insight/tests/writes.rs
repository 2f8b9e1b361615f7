//! Fight, hot loop, flapping, unauthorised manager: what is written, and by whom.

use serde_json::{Value, json};

use super::story::{Story, ready};
use crate::insight::{AllowList, Evidence, Rule, Severity};

fn database() -> Story {
    let mut story = Story::new();
    story.listed("Database", "orders", ready());
    story.wait(60.0);
    story
}

fn set(story: &mut Story, by: &str, path: &str, value: Value) {
    story.edited("Database", "orders", by, |object| {
        *object.pointer_mut(path).expect("the field is there") = value;
    });
    story.wait(4.0);
}

#[test]
fn an_autoscaler_and_a_gitops_tool_fight_over_replicas() {
    let mut story = database();
    let sides = [("hpa-controller", 5), ("argocd-controller", 3)];
    for write in 1..=12 {
        let (by, replicas) = sides[(write + 1) % 2];
        set(&mut story, by, "/spec/replicas", json!(replicas));
        let found = story.found();
        let fights = found.iter().filter(|line| line.starts_with("fight"));
        // The first two only begin it: the fifth write is the third that undoes one.
        let expected = usize::from(write >= 5);
        assert_eq!(fights.count(), expected, "after {write} writes");
    }
    let insight = story.only(Rule::Fight);
    assert_eq!(insight.title, "fight over spec.replicas");
    assert_eq!(
        insight.explanation,
        "argocd-controller (6 writes) and hpa-controller (6 writes) undid each other's writes 10 times: 5 ↔ 3."
    );
    let notes: Vec<_> = insight
        .evidence
        .iter()
        .filter_map(|evidence| match evidence {
            Evidence::Change { note, .. } => Some(note.as_str()),
            Evidence::Figure { .. } => None,
        })
        .collect();
    assert_eq!(notes[7], "argocd-controller set 3");
    story.wait(290.0);
    assert_eq!(story.found().len(), 1);
    story.wait(10.0);
    assert_eq!(story.found(), [""; 0], "calm for five minutes");
}

#[test]
fn hand_overs_reverts_and_one_scaler_are_no_fight() {
    let mut story = database();
    set(&mut story, "kubectl", "/spec/replicas", json!(5));
    set(&mut story, "argocd", "/spec/replicas", json!(3));
    set(&mut story, "kubectl", "/spec/replicas", json!(5));
    set(&mut story, "argocd", "/spec/replicas", json!(3));
    story.wait(600.0);
    for n in 0..40 {
        set(
            &mut story,
            "hpa",
            "/spec/replicas",
            json!([3, 5, 8, 5][n % 4]),
        );
        story.wait(20.0);
    }
    let found = story.found_ever();
    assert!(
        !found.iter().any(|line| line.starts_with("fight")),
        "{found:?}"
    );
}

#[test]
fn writes_that_may_be_of_either_are_no_evidence() {
    let mut story = database();
    for _ in 0..10 {
        set(&mut story, "hpa|argocd", "/spec/replicas", json!(5));
        set(&mut story, "hpa|argocd", "/spec/replicas", json!(3));
        story.wait(20.0);
    }
    assert_eq!(story.found_ever(), [""; 0]);
}

#[test]
fn managers_that_never_repeat_a_value_fight_all_the_same() {
    let mut story = database();
    for n in 0..4 {
        for by in ["left", "right"] {
            story.edited("Database", "orders", by, |object| {
                object["metadata"]["annotations"]["example.com/hash"] = json!(format!("{by}-{n}"));
            });
            story.wait(30.0);
        }
    }
    let insight = story.only(Rule::Fight);
    assert_eq!(
        insight.title,
        "fight over metadata.annotations[example.com/hash]"
    );
}

#[test]
fn controllers_that_share_a_status_shake_hands() {
    let mut story = database();
    for n in 0..30 {
        story.edited("Database", "orders", "queue", |object| {
            object["status"]["phase"] = json!("Requested");
            object["status"]["job"] = json!(n);
        });
        story.wait(6.0);
        story.edited("Database", "orders", "worker", |object| {
            object["status"]["phase"] = json!("Done");
            object["status"]["finished"] = json!(n);
        });
        story.wait(6.0);
    }
    assert_eq!(story.found_ever(), [""; 0]);
}

#[test]
fn controllers_that_take_turns_on_one_status_fight() {
    let mut story = database();
    for n in 0..5 {
        for (by, phase) in [("old", "Paused"), ("new", "Active")] {
            story.edited("Database", "orders", by, |object| {
                object["status"]["phase"] = json!(phase);
                object["status"]["message"] = json!(format!("pass {n} of {by}"));
            });
            story.wait(15.0);
        }
    }
    assert_eq!(story.only(Rule::Fight).title, "fight over status.phase");
}

fn attempts(story: &mut Story, every: f64, writes: usize) {
    for _ in 0..writes {
        story.edited("Database", "orders", "operator", |object| {
            object["status"]["attempts"] =
                json!(object["status"]["attempts"].as_i64().unwrap_or(0) + 1);
        });
        story.wait(every);
    }
}

#[test]
fn a_ready_object_whose_status_is_written_without_end_is_a_hot_loop() {
    let mut story = database();
    attempts(&mut story, 2.0, 36);
    assert_eq!(story.found(), [""; 0], "not for a whole window yet");
    attempts(&mut story, 2.0, 18);
    let insight = story.only(Rule::HotLoop);
    assert_eq!(insight.severity, Severity::Critical);
    assert_eq!(insight.title, "30 status writes a minute, to no end");
    assert_eq!(
        insight.explanation,
        "operator writes status.attempts 30 times a minute, and the object is ready and its generation does not change."
    );
    story.wait(120.0);
    assert_eq!(story.found(), [""; 0], "it has ended");
    assert_eq!(story.found_ever().len(), 1);
}

#[test]
fn a_busy_job_on_its_way_is_no_loop() {
    let mut story = database();
    story.edited("Database", "orders", "argocd", |object| {
        object["spec"]["replicas"] = json!(9);
    });
    story.wait(1.0);
    story.observed("Database", "orders", false);
    attempts(&mut story, 1.0, 400);
    story.observed("Database", "orders", true);
    attempts(&mut story, 1.0, 20);
    assert_eq!(story.found_ever(), [""; 0]);
}

#[test]
fn a_job_without_readiness_that_makes_progress_is_no_loop() {
    let mut story = Story::new();
    story.listed(
        "Job",
        "nightly",
        json!({"metadata": {"generation": 1}, "spec": {}, "status": {"done": 0}}),
    );
    for n in 0..300 {
        story.edited("Job", "nightly", "job-controller", |object| {
            object["status"]["done"] = json!(n);
        });
        story.wait(1.0);
    }
    assert_eq!(story.found_ever(), [""; 0]);
}

#[test]
fn the_same_values_again_and_again_are_a_loop() {
    let mut story = Story::new();
    story.listed(
        "App",
        "web",
        json!({"metadata": {"generation": 1}, "spec": {}, "status": {"phase": "A"}}),
    );
    for n in 0..100 {
        story.edited("App", "web", "operator", |object| {
            object["status"]["phase"] = json!(["B", "A"][n % 2]);
        });
        story.wait(1.0);
    }
    let insight = story.only(Rule::HotLoop);
    assert!(
        insight
            .explanation
            .ends_with("the same values come back again and again.")
    );
}

#[test]
fn heartbeats_count_from_one_a_second_on() {
    for (every, loops) in [(10.0, false), (2.0, false), (0.5, true)] {
        let mut story = database();
        for n in 0..400 {
            story.edited("Database", "orders", "operator", |object| {
                object["status"]["seen"] =
                    json!(super::story::moment(f64::from(n)).timestamp().to_string());
            });
            story.wait(every);
        }
        let found = story.found();
        assert_eq!(
            found.len(),
            usize::from(loops),
            "every {every} s: {found:?}"
        );
        assert!(
            !loops || found[0].contains("nothing but timestamps changes"),
            "{found:?}"
        );
    }
}

fn flap(story: &mut Story, turns: usize, every: f64) {
    for turn in 0..turns {
        story.observed("Database", "orders", turn % 2 == 1);
        story.wait(every);
    }
}

#[test]
fn a_condition_flaps_from_six_turns_on_and_until_two_are_left() {
    let mut story = database();
    flap(&mut story, 5, 20.0);
    assert_eq!(story.found(), [""; 0]);
    story.observed("Database", "orders", true);
    story.wait(1.0);
    let insight = story.only(Rule::Flapping);
    assert_eq!(insight.title, "condition Ready flaps");
    assert_eq!(
        insight.explanation,
        "Ready turned 6 times within 10 m 00 s, there and back every 40 s: True (Done) ↔ False (Working)."
    );
    story.wait(555.0);
    assert_eq!(story.found().len(), 1, "three turns are left");
    story.wait(8.0);
    assert_eq!(story.found(), [""; 0]);
    let ever = story.found_ever();
    assert_eq!(ever.len(), 1, "{ever:?}");
}

#[test]
fn rollouts_one_after_the_other_do_not_flap() {
    let mut story = database();
    for n in 0..12 {
        story.edited("Database", "orders", "ci", |object| {
            object["spec"]["replicas"] = json!(n);
        });
        story.wait(2.0);
        story.observed("Database", "orders", false);
        story.wait(10.0);
        story.observed("Database", "orders", true);
        story.wait(30.0);
    }
    assert_eq!(story.found_ever(), [""; 0]);
}

#[test]
fn a_certificate_that_is_issued_again_and_again_does_not_flap() {
    let mut story = database();
    for _ in 0..8 {
        for (ready, issuing) in [("True", "True"), ("False", "True"), ("True", "False")] {
            story.edited("Database", "orders", "cert-manager", |object| {
                object["status"]["conditions"] = json!([
                    {"type": "Ready", "status": ready},
                    {"type": "Issuing", "status": issuing}]);
            });
            story.wait(12.0);
        }
    }
    assert_eq!(story.found_ever(), [""; 0]);
}

#[test]
fn passes_through_unknown_and_conditions_of_progress_do_not_flap() {
    let mut story = database();
    for _ in 0..20 {
        for (ready, reconciling) in [("Unknown", "True"), ("True", "False")] {
            story.edited("Database", "orders", "flux", |object| {
                object["status"]["conditions"] = json!([
                    {"type": "Ready", "status": ready},
                    {"type": "Reconciling", "status": reconciling}]);
            });
            story.wait(15.0);
        }
    }
    assert_eq!(story.found_ever(), [""; 0]);
}

#[test]
fn a_manager_outside_the_allow_list_is_told_of() {
    let allow = |kinds: &[&str], managers: &[&str]| AllowList {
        kinds: kinds.iter().map(|text| (*text).to_owned()).collect(),
        namespaces: vec!["sh*".to_owned()],
        managers: managers.iter().map(|text| (*text).to_owned()).collect(),
    };
    let mut story = database();
    set(&mut story, "kubectl-edit", "/spec/replicas", json!(7));
    assert_eq!(story.found(), [""; 0], "off until configured");
    story.settings.unauthorised.allow = vec![allow(&["*.example.com"], &["argocd-*"])];
    set(&mut story, "argocd-controller", "/spec/replicas", json!(8));
    set(
        &mut story,
        "argocd-controller|kubectl-edit",
        "/spec/replicas",
        json!(9),
    );
    story.observed("Database", "orders", true);
    let insight = story.only(Rule::UnauthorisedManager);
    assert_eq!(insight.title, "desired state written by kubectl-edit");
    assert_eq!(insight.changes().count(), 1);
    story.wait(3_600.0);
    assert_eq!(story.found(), [""; 0], "an hour later it is history");
    story.settings.unauthorised.allow = vec![allow(&["*.other.com"], &[])];
    assert_eq!(story.found_ever(), [""; 0], "no list is about it");
}
