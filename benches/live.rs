//! `kronika record` beside a real API server under load: is everything recorded, how late, at what cost.
//!
//! `cargo bench --bench live`, after `tests/run.sh --prepare`. Objects, writes per second and seconds
//! come from KRONIKA_LIVE_OBJECTS (2000), KRONIKA_LIVE_RATE (80) and KRONIKA_LIVE_SECONDS (60).

#![expect(
    clippy::unwrap_used,
    clippy::print_stdout,
    reason = "a benchmark prints its figures, and stops where it cannot go on"
)]

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use serde_json::Value;

#[path = "../tests/support/mod.rs"]
#[expect(dead_code, unused_imports, reason = "what only the tests use")]
mod support;

use support::control_plane::ControlPlane;
use support::load::{Load, Plan, Write};
use support::recorder_process::{RecorderProcess, differences};
use support::wait;

fn setting(name: &str, default: u64) -> u64 {
    std::env::var(name)
        .ok()
        .and_then(|value| value.parse().ok())
        .unwrap_or(default)
}

/// CPU seconds and peak MiB of a process so far, from procfs.
fn usage(process: &RecorderProcess) -> (f64, f64) {
    let read = |file: &str| {
        std::fs::read_to_string(format!("/proc/{}/{file}", process.child.id())).unwrap()
    };
    let stat = read("stat");
    let after_name = stat.rsplit(") ").next().unwrap();
    // utime and stime, in ticks of 1/100 s: fields 14 and 15 of proc_pid_stat(5).
    let fields = after_name.split(' ').skip(11).take(2);
    let ticks: f64 = fields.map(|field| field.parse::<f64>().unwrap()).sum();
    let status = read("status");
    let peak = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:"))
        .unwrap();
    let kib: f64 = peak.trim().trim_end_matches(" kB").parse().unwrap();
    (ticks / 100.0, kib / 1024.0)
}

/// How long after its answer each write was observed, in ms; negative where the watch was faster.
fn observation_delays(lines: &[Value], writes: &[Write]) -> Vec<f64> {
    let text = |line: &Value, name: &str| line[name].as_str().unwrap_or_default().to_owned();
    let observed: BTreeMap<_, _> = lines
        .iter()
        .map(|line| {
            (
                (text(line, "uid"), text(line, "resourceVersion")),
                text(line, "observedAt"),
            )
        })
        .collect();
    let delay = |write: &Write| {
        let id = (write.uid.clone(), write.resource_version.clone());
        let at: Timestamp = observed.get(&id)?.parse().ok()?;
        Some(at.duration_since(write.received).as_secs_f64() * 1_000.0)
    };
    let mut delays: Vec<_> = writes.iter().filter_map(delay).collect();
    delays.sort_unstable_by(f64::total_cmp);
    delays
}

fn main() {
    // `cargo test --benches` only asks whether it builds.
    if !std::env::args().any(|argument| argument == "--bench") {
        return;
    }
    let objects = usize::try_from(setting("KRONIKA_LIVE_OBJECTS", 2_000)).unwrap();
    let rate = u32::try_from(setting("KRONIKA_LIVE_RATE", 80)).unwrap();
    let duration = Duration::from_secs(setting("KRONIKA_LIVE_SECONDS", 60));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let plane = ControlPlane::start();
    let plan = Plan {
        objects,
        writes_per_second: rate,
        namespaces: ["a", "b", "c", "d"]
            .map(|name| format!("live-{name}"))
            .to_vec(),
        ..Plan::new("live.example.org")
    };
    let mut load = runtime.block_on(async { Load::create(plane.client().await, plan).await });
    let created = load.record().writes.len();
    let directory = tempfile::tempdir().unwrap();
    let output = directory.path().join("changes.ndjson");
    let began = Instant::now();
    let process = RecorderProcess::start(plane.admin_kubeconfig(), &output, &[]);
    process.await_initial_list(objects);
    let listed = began.elapsed().as_secs_f64();
    println!("initial list of {objects} objects on stdout after {listed:.2} s");
    let (cpu_before, _) = usage(&process);
    runtime.block_on(load.run(duration));
    let record = load.record();
    let writes = &record.writes[created..];
    let last = format!(
        "\"resourceVersion\":\"{}\"",
        writes.last().unwrap().resource_version
    );
    wait::until(
        Duration::from_secs(30),
        "the last write is on stdout",
        || {
            std::fs::read_to_string(&output)
                .unwrap()
                .contains(&last)
                .then_some(())
        },
    );
    let (cpu, peak) = usage(&process);
    let lines = process.interrupt();
    let found = differences(&lines, writes);
    let delays = observation_delays(&lines, writes);
    let at = |permille: usize| delays[(delays.len() - 1) * permille / 1_000];
    let count = writes.len() as f64;
    println!(
        "{count} writes in {:.0} s ({:.0}/s), {} refused",
        duration.as_secs_f64(),
        count / duration.as_secs_f64(),
        record.failures.len()
    );
    println!(
        "differences between what was written and what was recorded: {}",
        found.len()
    );
    for difference in found.iter().take(5) {
        println!("  {difference}");
    }
    println!(
        "observed after the writer's answer: p50 {:.1} ms, p99 {:.1} ms, max {:.1} ms",
        at(500),
        at(990),
        at(1_000)
    );
    let spent = cpu - cpu_before;
    println!(
        "recorder: {spent:.2} s of CPU for the load ({:.2} ms per change), peak {peak:.0} MiB",
        spent * 1_000.0 / count
    );
}
