//! `kronika latency`: how long controllers took, by kind.

use std::{io::Write, time::Duration};

use clap::Args;
use serde::Serialize;

use super::{
    CliError,
    output::{Style, Table, TextOrJson},
    select,
    session::SessionArgs,
};
use crate::{
    model::{Generation, Moment},
    timeline::{
        Censored, KindHistory, LatencyMethod, LatencyQuery, LatencySummary, ObjectId, ReadySign,
        ReconcileSample, ReconcileTrigger, SampleState, Timeline,
    },
};

#[derive(Debug, Args)]
pub(super) struct LatencyArgs {
    #[command(flatten)]
    session: SessionArgs,
    /// Only this kind (PLURAL.GROUP, plural or kind name); may be given several times
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Only what followed this: a changed spec, a creation, or a request for deletion
    #[arg(long, value_enum, value_name = "TRIGGER")]
    after: Option<After>,
    /// One row for each object instead of each kind
    #[arg(long)]
    by_object: bool,
    /// Take also what was not seen as it happened: found by a list, in a gap, or by polling
    #[arg(long)]
    include_inexact: bool,
    /// Output: a table, or JSON with every sample
    #[arg(short, long, value_enum, default_value_t = TextOrJson::Text)]
    output: TextOrJson,
}

/// What opens a reconcile.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum After {
    SpecChange,
    Creation,
    Deletion,
}

impl After {
    fn of(trigger: ReconcileTrigger) -> Self {
        match trigger {
            ReconcileTrigger::SpecChanged => After::SpecChange,
            ReconcileTrigger::Created => After::Creation,
            ReconcileTrigger::Deleted => After::Deletion,
        }
    }

    fn words(self) -> &'static str {
        match self {
            After::SpecChange => "spec change",
            After::Creation => "creation",
            After::Deletion => "deletion",
        }
    }
}

/// What is said of a kind whose objects do not tell how far their controller is.
const NOT_SUPPORTED: &str = "not supported";

/// One line of figures: of a kind, or of an object.
struct Line<'a> {
    timeline: &'a Timeline,
    kind: &'a KindHistory,
    object: Option<ObjectId>,
    after: After,
    summary: LatencySummary,
}

pub(super) fn run(args: &LatencyArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let session = args.session.load()?;
    let mut kinds = select::find_kinds(&session, &args.kind)?;
    kinds.dedup();
    let named = !args.kind.is_empty();
    let kinds: Vec<_> = kinds
        .into_iter()
        .filter_map(|(index, id)| {
            let timeline = &session.timelines[index];
            Some((timeline, timeline.kind(id)?))
        })
        .filter(|(_, kind)| named || !kind.samples().is_empty())
        .collect();
    if args.output == TextOrJson::Json {
        let kinds: Vec<_> = kinds
            .iter()
            .map(|(timeline, kind)| kind_json(timeline, kind, args))
            .collect();
        serde_json::to_writer_pretty(&mut *out, &kinds)?;
        return Ok(writeln!(out)?);
    }
    let mut headings = vec!["KIND", "AFTER", ">COUNT", ">OBSERVED p50", ">p95", ">p99"];
    headings.extend([
        ">READY p50",
        ">p95",
        ">p99",
        ">OPEN",
        "METHOD",
        "NOT COUNTED",
    ]);
    if args.by_object {
        headings.insert(1, "OBJECT");
    }
    if session.several {
        headings.insert(0, "CONTEXT");
    }
    let mut table = Table::new(&headings);
    for (timeline, kind) in kinds {
        for line in lines(timeline, kind, args) {
            for mut row in rows(&line) {
                if session.several {
                    row.insert(0, (timeline.context.to_string(), Style::Plain));
                }
                table.row(row);
            }
        }
    }
    Ok(table.print(out)?)
}

/// The lines of a kind: what there is anything to say of, and at least one.
fn lines<'a>(timeline: &'a Timeline, kind: &'a KindHistory, args: &LatencyArgs) -> Vec<Line<'a>> {
    let objects: Vec<Option<ObjectId>> = if args.by_object {
        kind.objects().map(Some).collect()
    } else {
        vec![None]
    };
    let mut lines = Vec::new();
    for object in objects {
        for trigger in ReconcileTrigger::ALL {
            let after = After::of(trigger);
            let of_object =
                |sample: &&ReconcileSample| object.is_none_or(|object| sample.object == object);
            let samples = kind.samples().iter().filter(of_object);
            let any = samples.clone().any(|sample| sample.trigger == trigger);
            if any && args.after.is_none_or(|wanted| wanted == after) {
                let query = LatencyQuery {
                    trigger,
                    include_inexact: args.include_inexact,
                    now: timeline.extent().map(|(_, last)| last),
                };
                lines.push(Line {
                    timeline,
                    kind,
                    object,
                    after,
                    summary: LatencySummary::of(samples, kind.latency_measure(), &query),
                });
            }
        }
    }
    if lines.is_empty() && !args.by_object {
        lines.push(Line {
            timeline,
            kind,
            object: None,
            after: args.after.unwrap_or(After::SpecChange),
            summary: kind.latency_summary(&LatencyQuery::default()),
        });
    }
    lines
}

/// The plain figures, and below them those of Kaplan and Meier where anything was censored.
fn rows(line: &Line<'_>) -> Vec<Vec<(String, Style)>> {
    let summary = &line.summary;
    let plain = |text: String| (text, Style::Plain);
    let dim = |text: String| (text, Style::Dim);
    let mut row = vec![plain(line.kind.kind.to_string())];
    if let Some(object) = line.object {
        let key = line
            .timeline
            .object(object)
            .map(|object| object.key.to_string());
        row.push(plain(key.unwrap_or_default()));
    }
    row.push(plain(line.after.words().to_owned()));
    row.push(plain(summary.count.to_string()));
    for quantiles in [summary.observed, summary.ready] {
        match quantiles {
            Some(three) => row.extend(three.map(|duration| plain(human(duration)))),
            None => row.extend([(); 3].map(|()| dim("-".to_owned()))),
        }
    }
    let open = if summary.open > 0 {
        Style::Changed
    } else {
        Style::Dim
    };
    row.push((summary.open.to_string(), open));
    row.push(dim(method_words(line).to_owned()));
    let counts = [
        (summary.superseded, "superseded"),
        (summary.suspended, "suspended"),
        (summary.failed, "failed"),
        (summary.abandoned, "deleted before"),
        (summary.inexact, "inexact"),
        (summary.by_controller, "by the controller"),
        (summary.not_told, "not told"),
        (summary.cut_off, "cut off"),
    ];
    let counts: Vec<_> = counts
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{count} {word}"))
        .collect();
    row.push(dim(counts.join(", ")));
    let censored = summary.ready_estimate.or(summary.observed_estimate);
    let censored = censored.map_or(0, |estimate| estimate.censored);
    if censored == 0 {
        return vec![row];
    }
    let mut below = vec![dim("  Kaplan-Meier".to_owned())];
    if line.object.is_some() {
        below.push(dim(String::new()));
    }
    below.push(dim(String::new()));
    below.push(dim(format!("+{censored}")));
    for (estimate, longest) in [
        (summary.observed_estimate, summary.observed),
        (summary.ready_estimate, summary.ready),
    ] {
        let beyond = longest.map_or("-".to_owned(), |[.., p99]| format!(">{}", human(p99)));
        match estimate {
            Some(Censored { quantiles, .. }) => below.extend(
                quantiles.map(|quantile| dim(quantile.map_or_else(|| beyond.clone(), human))),
            ),
            None => below.extend([(); 3].map(|()| dim("-".to_owned()))),
        }
    }
    below.extend([(); 3].map(|()| dim(String::new())));
    vec![row, below]
}

fn method_words(line: &Line<'_>) -> &'static str {
    match line.after {
        After::Deletion => "deletionTimestamp",
        _ => line
            .summary
            .method
            .map_or(NOT_SUPPORTED, LatencyMethod::label),
    }
}

/// Milliseconds below a second, then seconds.
fn human(duration: Duration) -> String {
    let ms = millis(duration);
    match ms {
        ..10.0 => format!("{ms:.1} ms"),
        10.0..1_000.0 => format!("{ms:.0} ms"),
        _ => format!("{:.2} s", ms / 1_000.0),
    }
}

fn millis(duration: Duration) -> f64 {
    duration.as_secs_f64() * 1_000.0
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct KindJson<'a> {
    context: &'a str,
    api_version: String,
    kind: &'a str,
    /// How it is told that a generation was observed.
    method: &'static str,
    /// What says that an object is ready.
    #[serde(skip_serializing_if = "Option::is_none")]
    ready_sign: Option<&'static str>,
    explanation: String,
    figures: Vec<FiguresJson<'a>>,
    samples: Vec<SampleJson<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FiguresJson<'a> {
    after: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed: Option<QuantilesJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ready: Option<QuantilesJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_kaplan_meier: Option<EstimateJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ready_kaplan_meier: Option<EstimateJson>,
    open: usize,
    superseded: usize,
    suspended: usize,
    failed: usize,
    abandoned: usize,
    inexact: usize,
    by_controller: usize,
    not_told: usize,
    cut_off: usize,
}

/// In milliseconds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QuantilesJson {
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
}

/// In milliseconds; null where the quantile is longer than anything seen to end.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct EstimateJson {
    p50_ms: Option<f64>,
    p95_ms: Option<f64>,
    p99_ms: Option<f64>,
    censored: usize,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SampleJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    name: &'a str,
    after: &'static str,
    state: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    generation: Option<Generation>,
    /// Of the revisions that opened it, said that it was observed, and ended it.
    opened_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_by: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ended_by: Option<String>,
    spec_seen_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ready_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ready_ms: Option<f64>,
    exact: bool,
    by_controller: bool,
}

fn kind_json<'a>(
    timeline: &'a Timeline,
    kind: &'a KindHistory,
    args: &LatencyArgs,
) -> KindJson<'a> {
    let measure = kind.latency_measure();
    let wanted = |sample: &&ReconcileSample| {
        let after = After::of(sample.trigger);
        args.after.is_none_or(|wanted| wanted == after)
    };
    KindJson {
        context: &timeline.context.0,
        api_version: kind.kind.api_version(),
        kind: &kind.kind.kind,
        method: measure.method.map_or(NOT_SUPPORTED, LatencyMethod::label),
        ready_sign: measure.ready.map(ReadySign::name),
        explanation: measure.explanation(),
        figures: lines(timeline, kind, args)
            .iter()
            .map(figures_json)
            .collect(),
        samples: kind
            .samples()
            .iter()
            .filter(wanted)
            .filter_map(|sample| sample_json(timeline, sample))
            .collect(),
    }
}

fn figures_json<'a>(line: &Line<'a>) -> FiguresJson<'a> {
    let summary = &line.summary;
    let quantiles = |three: Option<[Duration; 3]>| {
        let [p50_ms, p95_ms, p99_ms] = three?.map(millis);
        Some(QuantilesJson {
            p50_ms,
            p95_ms,
            p99_ms,
        })
    };
    let estimate = |estimate: Option<Censored>| {
        let estimate = estimate?;
        let [p50_ms, p95_ms, p99_ms] = estimate.quantiles.map(|quantile| quantile.map(millis));
        Some(EstimateJson {
            p50_ms,
            p95_ms,
            p99_ms,
            censored: estimate.censored,
        })
    };
    let key = line
        .object
        .and_then(|object| line.timeline.object(object))
        .map(|object| &object.key);
    FiguresJson {
        after: line.after.words(),
        namespace: key.and_then(|key| key.namespace.as_deref()),
        name: key.map(|key| &*key.name),
        count: summary.count,
        observed: quantiles(summary.observed),
        ready: quantiles(summary.ready),
        observed_kaplan_meier: estimate(summary.observed_estimate),
        ready_kaplan_meier: estimate(summary.ready_estimate),
        open: summary.open,
        superseded: summary.superseded,
        suspended: summary.suspended,
        failed: summary.failed,
        abandoned: summary.abandoned,
        inexact: summary.inexact,
        by_controller: summary.by_controller,
        not_told: summary.not_told,
        cut_off: summary.cut_off,
    }
}

fn sample_json<'a>(timeline: &'a Timeline, sample: &ReconcileSample) -> Option<SampleJson<'a>> {
    let key = &timeline.object(sample.object)?.key;
    let version = |id| {
        let change = timeline.change(id)?;
        Some(change.resource_version.to_string())
    };
    Some(SampleJson {
        namespace: key.namespace.as_deref(),
        name: &key.name,
        after: After::of(sample.trigger).words(),
        state: match sample.state {
            SampleState::Open => "open",
            SampleState::Done => "done",
            SampleState::Superseded => "superseded",
            SampleState::Suspended => "suspended",
            SampleState::Abandoned => "abandoned",
            SampleState::Failed => "failed",
            SampleState::NotTold => "notTold",
            SampleState::CutOff => "cutOff",
        },
        generation: timeline.change(sample.opened_by)?.generation,
        opened_by: version(sample.opened_by),
        observed_by: sample.observed_by().and_then(version),
        ended_by: sample.ended_by().and_then(version),
        spec_seen_at: sample.spec_seen_at.rfc3339(),
        observed_at: sample.observed_at().map(Moment::rfc3339),
        ready_at: sample.ready_at().map(Moment::rfc3339),
        observed_ms: sample.observed_latency().map(millis),
        ready_ms: sample.ready_latency().map(millis),
        exact: sample.is_exact(),
        by_controller: sample.by_controller,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_read_well() {
        assert_eq!(human(Duration::from_micros(840)), "0.8 ms");
        assert_eq!(human(Duration::from_micros(12_400)), "12 ms");
        assert_eq!(human(Duration::from_millis(61_500)), "61.50 s");
    }
}
