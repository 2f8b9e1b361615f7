//! What is kept up change by change is what is found from scratch, at every moment.

use proptest::prelude::*;
use serde_json::json;

use super::story::{Story, fresh, moment, ready};
use crate::insight::{Insight, InsightEngine, evaluate};

#[derive(Debug, Clone)]
enum Step {
    Wait(u16),
    Create(u8),
    Scale(u8, bool, u8),
    Observe(u8, bool),
    Loop(u8, u8),
    RequestDeletion(u8),
    Delete(u8),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        3 => (1..400u16).prop_map(Step::Wait),
        1 => (0..4u8).prop_map(Step::Create),
        4 => (0..4u8, any::<bool>(), 0..3u8).prop_map(|(n, by, to)| Step::Scale(n, by, to)),
        4 => (0..4u8, any::<bool>()).prop_map(|(n, ready)| Step::Observe(n, ready)),
        1 => (0..4u8, 1..60u8).prop_map(|(n, times)| Step::Loop(n, times)),
        1 => (0..4u8).prop_map(Step::RequestDeletion),
        1 => (0..4u8).prop_map(Step::Delete),
    ];
    prop::collection::vec(step, 0..60)
}

const NAMES: [&str; 4] = ["a", "b", "c", "d"];

fn act(story: &mut Story, step: &Step) {
    let exists = |story: &Story, n: u8| story.exists("Database", NAMES[usize::from(n)]);
    match *step {
        Step::Wait(seconds) => story.wait(f64::from(seconds)),
        Step::Create(n) if !exists(story, n) => {
            story.created("Database", NAMES[usize::from(n)], "helm", fresh());
        }
        Step::Scale(n, argo, to) if exists(story, n) => {
            let by = if argo { "argocd" } else { "hpa" };
            story.edited("Database", NAMES[usize::from(n)], by, |object| {
                object["spec"]["replicas"] = json!(to);
            });
        }
        Step::Observe(n, ready) if exists(story, n) => {
            story.observed("Database", NAMES[usize::from(n)], ready);
        }
        Step::Loop(n, times) if exists(story, n) => {
            for i in 0..times {
                story.edited("Database", NAMES[usize::from(n)], "operator", |object| {
                    object["status"]["n"] = json!(i % 5);
                });
                story.wait(1.5);
            }
        }
        Step::RequestDeletion(n) if exists(story, n) => {
            story.edited("Database", NAMES[usize::from(n)], "", |object| {
                object["metadata"]["finalizers"] = json!(["x.io/y"]);
                object["metadata"]["deletionTimestamp"] = json!("2026-01-05T00:00:00Z");
            });
        }
        Step::Delete(n) if exists(story, n) => story.deleted("Database", NAMES[usize::from(n)]),
        _ => {}
    }
    story.wait(0.25);
}

fn lists(engine: &InsightEngine) -> (Vec<Insight>, Vec<Insight>) {
    let active = engine.active().into_iter().cloned().collect();
    (active, engine.ended().cloned().collect())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]
    #[test]
    fn the_engine_says_what_a_look_at_the_whole_history_says(steps in steps()) {
        let mut story = Story::new();
        story.settings.stuck.samples = 5;
        story.settings.stuck.fallback_seconds = 120;
        for name in &NAMES[..3] {
            story.listed("Database", name, ready());
        }
        let mut engine = InsightEngine::new(story.settings.clone());
        for step in &steps {
            act(&mut story, step);
            story.timeline.finish_restore();
            let now = moment(story.now);
            engine.update(&story.timeline, now);
            let scratch = evaluate(&story.timeline, now, &story.settings);
            prop_assert_eq!(lists(&engine), lists(&scratch), "after {:?}", step);
        }
    }
}

#[test]
fn an_earlier_moment_of_the_same_history_can_be_asked_for() {
    let mut story = Story::new();
    story.listed("Database", "a", ready());
    for n in 0..10 {
        story.wait(5.0);
        let by = ["hpa", "argocd"][n % 2];
        story.edited("Database", "a", by, |object| {
            object["spec"]["replicas"] = json!(n % 2);
        });
    }
    let mut engine = story.engine();
    assert_eq!(engine.active().len(), 1);
    engine.update(&story.timeline, moment(12.0));
    assert!(engine.active().is_empty());
}

#[test]
fn with_no_time_at_all_it_goes_on_portion_by_portion() {
    let mut story = Story::new();
    story.listed("Database", "a", ready());
    for n in 0..500 {
        story.wait(5.0);
        story.edited("Database", "a", "hpa", |object| {
            object["spec"]["replicas"] = json!(n);
        });
    }
    let mut engine = InsightEngine::default();
    let now = moment(story.now);
    let mut portions = 0;
    while !engine.update_within(&story.timeline, now, std::time::Duration::ZERO) {
        portions += 1;
        assert!(portions < 100, "each portion brings it forward");
    }
    assert!(portions > 3, "{portions}");
}
