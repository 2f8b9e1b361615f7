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
        KindHistory, LatencyMethod, LatencySummary, ReconcileSample, ReconcileTrigger, Timeline,
    },
};

#[derive(Debug, Args)]
pub(super) struct LatencyArgs {
    #[command(flatten)]
    session: SessionArgs,
    /// Only this kind (PLURAL.GROUP, plural or kind name); may be given several times
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Output: a table, or JSON with every sample
    #[arg(short, long, value_enum, default_value_t = TextOrJson::Text)]
    output: TextOrJson,
}

/// What is said of a kind whose objects do not tell how far their controller is.
const NOT_SUPPORTED: &str = "not supported";

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
            .map(|(timeline, kind)| kind_json(timeline, kind))
            .collect();
        serde_json::to_writer_pretty(&mut *out, &kinds)?;
        return Ok(writeln!(out)?);
    }
    let mut headings = vec!["KIND", ">COUNT", ">OBSERVED p50", ">p95", ">p99"];
    headings.extend([">READY p50", ">p95", ">p99", ">OPEN", "METHOD"]);
    if session.several {
        headings.insert(0, "CONTEXT");
    }
    let mut table = Table::new(&headings);
    for (timeline, kind) in kinds {
        let mut row = row(kind);
        if session.several {
            row.insert(0, (timeline.context.to_string(), Style::Plain));
        }
        table.row(row);
    }
    Ok(table.print(out)?)
}

fn row(kind: &KindHistory) -> Vec<(String, Style)> {
    let summary = kind.latency_summary();
    let plain = |text: String| (text, Style::Plain);
    let mut row = vec![
        plain(kind.kind.to_string()),
        plain(summary.count.to_string()),
    ];
    for quantiles in [summary.observed, summary.ready] {
        match quantiles {
            Some(three) => row.extend(three.map(|duration| plain(human(duration)))),
            None => row.extend([(); 3].map(|()| ("-".to_owned(), Style::Dim))),
        }
    }
    let open = if summary.open > 0 {
        Style::Changed
    } else {
        Style::Dim
    };
    row.push((summary.open.to_string(), open));
    row.push((
        summary
            .method
            .map_or(NOT_SUPPORTED, LatencyMethod::label)
            .to_owned(),
        Style::Dim,
    ));
    row
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
    count: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed: Option<QuantilesJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ready: Option<QuantilesJson>,
    open: usize,
    method: &'static str,
    samples: Vec<SampleJson<'a>>,
}

/// In milliseconds.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct QuantilesJson {
    p50_ms: f64,
    p95_ms: f64,
    p99_ms: f64,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct SampleJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    name: &'a str,
    generation: Generation,
    trigger: &'static str,
    spec_seen_at: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ready_at: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_ms: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    ready_ms: Option<f64>,
    method: &'static str,
    exact: bool,
    superseded: bool,
    abandoned: bool,
    open: bool,
}

fn kind_json<'a>(timeline: &'a Timeline, kind: &'a KindHistory) -> KindJson<'a> {
    let LatencySummary {
        count,
        observed,
        ready,
        open,
        method,
    } = kind.latency_summary();
    let quantiles = |three: Option<[Duration; 3]>| {
        let [p50_ms, p95_ms, p99_ms] = three?.map(millis);
        Some(QuantilesJson {
            p50_ms,
            p95_ms,
            p99_ms,
        })
    };
    KindJson {
        context: &timeline.context.0,
        api_version: kind.kind.api_version(),
        kind: &kind.kind.kind,
        count,
        observed: quantiles(observed),
        ready: quantiles(ready),
        open,
        method: method.map_or(NOT_SUPPORTED, LatencyMethod::label),
        samples: kind
            .samples()
            .iter()
            .filter_map(|sample| sample_json(timeline, sample))
            .collect(),
    }
}

fn sample_json<'a>(timeline: &'a Timeline, sample: &ReconcileSample) -> Option<SampleJson<'a>> {
    let key = &timeline.object(sample.object)?.key;
    Some(SampleJson {
        namespace: key.namespace.as_deref(),
        name: &key.name,
        generation: sample.generation,
        trigger: match sample.trigger {
            ReconcileTrigger::Created => "created",
            ReconcileTrigger::SpecChanged => "specChanged",
        },
        spec_seen_at: sample.spec_seen_at.rfc3339(),
        observed_at: sample.observed_at.map(Moment::rfc3339),
        ready_at: sample.ready_at.map(Moment::rfc3339),
        observed_ms: sample.observed_latency().map(millis),
        ready_ms: sample.ready_latency().map(millis),
        method: sample.method.map_or(NOT_SUPPORTED, LatencyMethod::label),
        exact: sample.exact,
        superseded: sample.superseded,
        abandoned: sample.abandoned,
        open: sample.is_open(),
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
