//! Unusual rates, against a daily rhythm.

use serde_json::json;

use super::story::{Story, fresh};
use crate::insight::{Rule, Severity};

const BUCKET: f64 = 300.0;
const DAY: usize = 288;

/// Changes in a bucket of an ordinary day: few at night, more by day, with a job at 02:00.
fn ordinary(bucket: usize) -> usize {
    let of_day = bucket % DAY;
    let hour = of_day / 12;
    let wave = [
        12, 12, 12, 12, 12, 13, 14, 17, 20, 22, 24, 24, 22, 22, 24, 24, 22, 20, 17, 15, 14, 13, 12,
        12,
    ][hour];
    let job = if of_day == 24 { 150 } else { 0 };
    wave + (bucket * 7 + bucket / 5) % 3 + job
}

struct Days {
    story: Story,
    bucket: usize,
    version: u32,
}

impl Days {
    fn new() -> Self {
        let mut story = Story::new();
        story.listed("Certificate", "web", fresh());
        let mut days = Self {
            story,
            bucket: 0,
            version: 0,
        };
        days.pass(1, |_| 1);
        days
    }

    fn pass(&mut self, buckets: usize, changes: impl Fn(usize) -> usize) {
        for _ in 0..buckets {
            let count = changes(self.bucket);
            for n in 0..count {
                #[expect(clippy::cast_precision_loss, reason = "small")]
                let offset = (n as f64 + 0.5) * BUCKET / count as f64;
                #[expect(clippy::cast_precision_loss, reason = "small")]
                let start = self.bucket as f64 * BUCKET;
                self.story.now = start + offset;
                self.version += 1;
                let version = self.version;
                self.story
                    .edited("Certificate", "web", "operator", |object| {
                        object["metadata"]["labels"] = json!({"n": version});
                    });
            }
            self.bucket += 1;
            #[expect(clippy::cast_precision_loss, reason = "small")]
            let end = self.bucket as f64 * BUCKET;
            self.story.now = end + 2.0;
        }
    }
}

#[test]
fn a_surge_and_silence_are_told_against_the_time_of_day() {
    let mut days = Days::new();
    days.pass(4 * DAY - 1, ordinary);
    assert_eq!(
        days.story.found_ever(),
        [""; 0],
        "the job at 02:00 is usual"
    );
    days.pass(6 * 12, ordinary);
    days.pass(1, |_| 212);
    let insight = days.story.only(Rule::UnusualRate);
    assert_eq!(insight.severity, Severity::Notice);
    assert_eq!(insight.title, "212 changes in 5 min");
    assert_eq!(
        insight.explanation,
        "Certificate: 212 changes in 5 min; usually 13 to 16 at this hour."
    );
    days.pass(1, ordinary);
    assert_eq!(days.story.found(), [""; 0], "over");
    days.pass(3, |_| 0);
    let insight = days.story.only(Rule::UnusualRate);
    assert_eq!(insight.title, "no changes any more");
    assert!(
        insight
            .explanation
            .starts_with("Certificate: no change for 15 min")
    );
    days.pass(1, ordinary);
    assert_eq!(days.story.found(), [""; 0]);
}

#[test]
fn without_a_history_of_days_only_a_flood_is_unusual() {
    let mut days = Days::new();
    days.pass(11, |_| 5);
    days.pass(1, |_| 300);
    assert_eq!(days.story.found(), [""; 0], "an hour says nothing");
    let mut days = Days::new();
    days.pass(30, |_| 5);
    days.pass(1, |_| 45);
    assert_eq!(days.story.found(), [""; 0], "no flood");
    days.pass(3, |_| 0);
    assert_eq!(days.story.found(), [""; 0], "work that ends is not silence");
    days.pass(1, |_| 460);
    assert_eq!(
        days.story.only(Rule::UnusualRate).explanation,
        "Certificate: 460 changes in 5 min; usually 5 in the time before."
    );
}

#[test]
fn what_was_not_watched_is_no_silence() {
    let mut days = Days::new();
    days.pass(3 * DAY + 10, ordinary);
    let from = days.story.now;
    days.pass(4, |_| 0);
    days.story.gap(from, days.story.now - 3.0);
    assert_eq!(days.story.found_ever(), [""; 0]);
}
