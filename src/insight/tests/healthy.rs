//! Healthy traffic, which must raise nothing.

use serde_json::{Value, json};

use super::story::{Story, fresh, moment, ready};

/// A small generator of the splitmix family: the same seed, the same traffic.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % below
    }

    fn between(&mut self, from: f64, to: f64) -> f64 {
        #[expect(clippy::cast_precision_loss, reason = "a thousand steps")]
        let share = self.roll(1_000) as f64 / 1_000.0;
        from + share * (to - from)
    }
}

/// One write of the future.
type Act = Box<dyn FnOnce(&mut Story)>;

/// Writes with their times; told in order.
#[derive(Default)]
struct Plan(Vec<(f64, Act)>);

impl Plan {
    fn at(&mut self, second: f64, act: impl FnOnce(&mut Story) + 'static) {
        self.0.push((second, Box::new(act)));
    }

    fn tell(mut self, story: &mut Story, until: f64) {
        self.0.sort_by(|a, b| a.0.total_cmp(&b.0));
        for (second, act) in self.0 {
            if second < until {
                story.now = second;
                act(story);
            }
        }
        story.now = until;
    }

    /// The desired state changes, and the controller brings it about in some steps.
    fn rollout(&mut self, dice: &mut Dice, at: f64, name: &'static str, by: &'static str) {
        let to = dice.roll(1_000);
        let steps = 2 + dice.roll(8);
        self.at(at, move |story| {
            story.edited("Rollout", name, by, |object| {
                object["spec"]["image"] = json!(format!("v{to}"));
            });
        });
        let mut second = at + dice.between(0.05, 0.8);
        self.at(second, move |story| story.observed("Rollout", name, false));
        for step in 0..steps {
            second += dice.between(0.2, 4.0);
            self.at(second, move |story| {
                story.edited("Rollout", name, "rollouts-controller", |object| {
                    object["status"]["updated"] = json!(step);
                });
            });
        }
        second += dice.between(0.2, 4.0);
        self.at(second, move |story| story.observed("Rollout", name, true));
    }

    /// An autoscaler follows the load, up and down.
    fn scaling(
        &mut self,
        dice: &mut Dice,
        from: f64,
        to: f64,
        name: &'static str,
        every: (f64, f64),
    ) {
        let mut second = from;
        while second < to {
            let replicas = 2 + dice.roll(6);
            self.at(second, move |story| {
                story.edited("Database", name, "horizontal-pod-autoscaler", |object| {
                    object["spec"]["replicas"] = json!(replicas);
                });
            });
            let seen = second + dice.between(0.1, 1.0);
            self.at(seen, move |story| story.observed("Database", name, true));
            second += dice.between(every.0, every.1);
        }
    }

    fn heartbeats(&mut self, dice: &mut Dice, from: f64, to: f64, name: &'static str, every: f64) {
        let mut second = from;
        while second < to {
            self.at(second, move |story| {
                let time = moment(story.now).timestamp().to_string();
                story.edited("Database", name, "agent", |object| {
                    object["status"]["seen"] = json!(time);
                });
            });
            second += every * dice.between(0.95, 1.05);
        }
    }

    /// A certificate is renewed: a request comes, is fulfilled, and goes.
    fn renewal(&mut self, dice: &mut Dice, at: f64, name: &'static str, n: u64) {
        let request = format!("{name}-{n}");
        let issuing = |status: &'static str| {
            move |object: &mut Value| {
                let conditions = object["status"]["conditions"].as_array_mut().unwrap();
                conditions.truncate(1);
                conditions.push(json!({"type": "Issuing", "status": status}));
            }
        };
        self.at(at, move |story| {
            story.edited("Certificate", name, "trigger", issuing("True"));
        });
        let (created, fulfilled) = (request.clone(), request.clone());
        self.at(at + 0.2, move |story| {
            story.created("CertificateRequest", &created, "request-manager", fresh());
        });
        let done = at + dice.between(1.0, 20.0);
        self.at(done, move |story| {
            story.observed("CertificateRequest", &fulfilled, true);
        });
        self.at(done + 0.5, move |story| {
            story.edited("Certificate", name, "issuing", move |object| {
                issuing("False")(object);
                object["status"]["revision"] = json!(n);
            });
        });
        self.at(done + 900.0, move |story| {
            story.deleted("CertificateRequest", &request);
        });
    }

    /// A workflow of a cron job: created, busy with progress, done, gone.
    fn workflow(&mut self, dice: &mut Dice, at: f64, name: String) {
        let busy = dice.between(20.0, 200.0);
        let created = name.clone();
        self.at(at, move |story| {
            story.created("Workflow", &created, "cron", fresh());
        });
        let mut second = at + 0.5;
        let mut step = 0;
        while second < at + busy {
            let (name, done) = (name.clone(), step);
            self.at(second, move |story| {
                story.edited("Workflow", &name, "workflow-controller", |object| {
                    object["status"]["phase"] = json!("Running");
                    object["status"]["progress"] = json!(format!("{done}/200"));
                });
            });
            step += 1;
            second += dice.between(0.8, 6.0);
        }
        let (finished, gone) = (name.clone(), name);
        self.at(at + busy + 1.0, move |story| {
            story.edited("Workflow", &finished, "workflow-controller", |object| {
                object["status"]["phase"] = json!("Succeeded");
                object["status"]["conditions"] = json!([{"type": "Completed", "status": "True"}]);
            });
        });
        self.at(at + busy + 600.0, move |story| {
            story.edited("Workflow", &gone, "", |object| {
                object["metadata"]["deletionTimestamp"] = json!("2026-01-05T00:00:00Z");
                object["metadata"]["finalizers"] = json!(["workflows.example.com/logs"]);
            });
            story.wait(2.0);
            story.deleted("Workflow", &gone);
        });
    }
}

fn cluster() -> Story {
    let mut story = Story::new();
    for (kind, name) in [
        ("Rollout", "web"),
        ("Rollout", "api"),
        ("Database", "orders"),
        ("Database", "users"),
        ("Database", "metrics"),
        ("Certificate", "web"),
        ("Certificate", "api"),
    ] {
        story.listed(kind, name, ready());
    }
    for name in ["one", "two"] {
        story.listed(
            "Policy",
            name,
            json!({"metadata": {"generation": 1}, "spec": {"mode": "strict"}}),
        );
    }
    story
}

#[test]
fn two_busy_hours_raise_nothing() {
    for seed in 0..12 {
        let dice = &mut Dice(seed);
        let mut story = cluster();
        let mut plan = Plan::default();
        let end = 7_200.0;
        plan.heartbeats(dice, 1.0, end, "metrics", 10.0);
        plan.scaling(dice, 5.0, end, "orders", (30.0, 120.0));
        let mut second = 20.0;
        while second < end {
            let (name, by) =
                [("web", "argocd"), ("api", "ci")][usize::try_from(dice.roll(2)).unwrap()];
            plan.rollout(dice, second, name, by);
            second += dice.between(90.0, 400.0);
        }
        for n in 0..24_u32 {
            let at = 300.0 * f64::from(n) + dice.between(0.0, 5.0);
            plan.workflow(dice, at, format!("backup-{n}"));
            plan.renewal(
                dice,
                at + 50.0,
                ["web", "api"][usize::try_from(n % 2).unwrap()],
                u64::from(n),
            );
        }
        plan.at(1_000.0, |story| {
            story.edited("Policy", "one", "argocd", |object| {
                object["spec"]["mode"] = json!("lax");
            });
        });
        plan.tell(&mut story, end);
        assert_eq!(story.found_ever(), [""; 0], "seed {seed}");
    }
}

#[test]
fn two_weeks_with_a_daily_rhythm_raise_nothing() {
    const HOUR: f64 = 3_600.0;
    for seed in 0..2 {
        let dice = &mut Dice(seed + 100);
        let mut story = cluster();
        let mut plan = Plan::default();
        let end = 14.0 * 24.0 * HOUR;
        let mut renewals = 0;
        for hour in 0..14 * 24 {
            let at = f64::from(hour) * HOUR;
            let of_day = hour % 24;
            let by_day = (8..19).contains(&of_day);
            let rollouts = if by_day {
                2 + dice.roll(4)
            } else {
                dice.roll(2)
            };
            for _ in 0..rollouts {
                let (name, by) =
                    [("web", "argocd"), ("api", "ci")][usize::try_from(dice.roll(2)).unwrap()];
                let second = at + dice.between(0.0, HOUR - 60.0);
                plan.rollout(dice, second, name, by);
            }
            if by_day {
                plan.scaling(dice, at, at + HOUR - 120.0, "orders", (300.0, 900.0));
            }
            if of_day == 2 {
                for n in 0..6 {
                    plan.workflow(dice, at + f64::from(n), format!("nightly-{hour}-{n}"));
                }
            }
            if of_day % 6 == 0 {
                renewals += 1;
                plan.renewal(
                    dice,
                    at + 100.0,
                    ["web", "api"][usize::try_from(renewals % 2).unwrap()],
                    renewals,
                );
            }
        }
        plan.heartbeats(dice, 1.0, end, "metrics", 600.0);
        plan.tell(&mut story, end);
        assert_eq!(story.found_ever(), [""; 0], "seed {seed}");
    }
}
