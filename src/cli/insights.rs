//! `kronika insights`: what is wrong in a session, by the same rules as in the window.

use std::{io::Write, process::ExitCode};

use clap::Args;
use serde::Serialize;

use super::{
    CliError,
    output::{Style, Table, TextOrJson},
    select,
    session::SessionArgs,
    time::TimeArg,
    user_settings::user_settings,
};
use crate::{
    insight::{Evidence, Insight, InsightSettings, Rule, Severity, evaluate},
    model::{Moment, spoken_duration},
    timeline::Timeline,
};

/// Exit code where something is wrong: 1 and 2 say that the command itself failed.
const FOUND: u8 = 3;

const EXIT_CODES: &str = "\
Exit codes: 0 nothing is wrong, 3 something is, 1 the command failed, 2 wrong usage.
Thresholds are those of settings.json (insights); --rules prints them.";

#[derive(Debug, Args)]
#[command(after_help = EXIT_CODES)]
pub(super) struct InsightsArgs {
    #[command(flatten)]
    session: SessionArgs,
    /// Only what this rule finds; may be given several times
    #[arg(long, value_name = "RULE", value_parser = rule)]
    rule: Vec<Rule>,
    /// Only this kind (PLURAL.GROUP, plural or kind name); may be given several times
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Only objects of this namespace; may be given several times
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Vec<String>,
    /// As of this moment: RFC 3339, a duration before the recording's end (5m), or HH:MM:SS (UTC)
    #[arg(long, value_name = "TIME")]
    at: Option<TimeArg>,
    /// What has ended before that moment as well
    #[arg(long)]
    ended: bool,
    /// Print what each rule looks for, with its thresholds, and nothing else
    #[arg(long)]
    rules: bool,
    /// Output: a table, or JSON with the evidence
    #[arg(short, long, value_enum, default_value_t = TextOrJson::Text)]
    output: TextOrJson,
    /// The same as --output json
    #[arg(long)]
    json: bool,
}

fn rule(text: &str) -> Result<Rule, String> {
    Rule::ALL
        .into_iter()
        .find(|rule| rule.id() == text)
        .ok_or_else(|| format!("the rules are {}", Rule::ALL.map(Rule::id).join(", ")))
}

/// Prints what is wrong and says whether anything is.
pub(super) fn run(args: &InsightsArgs, out: &mut dyn Write) -> Result<ExitCode, CliError> {
    let settings = settings();
    if args.rules {
        return rules(&settings, out).map(|()| ExitCode::SUCCESS);
    }
    let session = args.session.load()?;
    let kinds = select::find_kinds(&session, &args.kind)?;
    let wall = match args.at {
        Some(at) => at.resolve(session.span),
        None => session.span.ended.as_microsecond(),
    };
    let now = Moment { wall, monotonic: 0 };
    let mut found = Vec::new();
    for (index, timeline) in session.timelines.iter().enumerate() {
        let engine = evaluate(timeline, now, &settings);
        let ended = engine.ended().filter(|_| args.ended);
        let all = engine.active().into_iter().chain(ended);
        let wanted = all.filter(|insight| {
            (args.rule.is_empty() || args.rule.contains(&insight.rule))
                && (args.kind.is_empty()
                    || kinds
                        .iter()
                        .any(|(of, kind)| *of == index && insight.kind == Some(*kind)))
                && (args.namespace.is_empty() || is_in(timeline, insight, &args.namespace))
        });
        found.extend(wanted.cloned().map(|insight| (timeline, insight)));
    }
    if args.json || args.output == TextOrJson::Json {
        let all: Vec<_> = found
            .iter()
            .map(|(timeline, insight)| json(timeline, insight))
            .collect();
        serde_json::to_writer_pretty(&mut *out, &all)?;
        writeln!(out)?;
    } else {
        table(&found, session.several, wall).print(out)?;
    }
    let is_wrong = found.iter().any(|(_, insight)| insight.is_active());
    Ok(if is_wrong {
        ExitCode::from(FOUND)
    } else {
        ExitCode::SUCCESS
    })
}

/// Those of the user; the defaults where there are none. All that has ended is of interest.
fn settings() -> InsightSettings {
    InsightSettings {
        keep_ended_seconds: u64::from(u32::MAX),
        ..user_settings().insights
    }
}

fn rules(settings: &InsightSettings, out: &mut dyn Write) -> Result<(), CliError> {
    let mut table = Table::new(&["RULE", "LOOKS FOR"]);
    for rule in Rule::ALL {
        let off = if settings.off.contains(&rule) {
            "(off) "
        } else {
            ""
        };
        let plain = |text: String| (text, Style::Plain);
        table.row(vec![
            plain(rule.id().to_owned()),
            plain(format!("{off}{}", rule.definition(settings))),
        ]);
    }
    Ok(table.print(out)?)
}

fn is_in(timeline: &Timeline, insight: &Insight, namespaces: &[String]) -> bool {
    let object = insight.object.and_then(|id| timeline.object(id));
    let namespace = object.and_then(|object| object.key.namespace.as_deref());
    namespace.is_some_and(|of| namespaces.iter().any(|wanted| wanted == of))
}

fn table(found: &[(&Timeline, Insight)], several: bool, now: i64) -> Table {
    let mut headings = vec![
        "SEVERITY", "RULE", "SUBJECT", "SINCE", ">FOR", "WHAT", "WHY",
    ];
    if several {
        headings.insert(0, "CONTEXT");
    }
    let mut table = Table::new(&headings);
    for (timeline, insight) in found {
        let plain = |text: &str| (text.to_owned(), Style::Plain);
        let dim = |text: &str| (text.to_owned(), Style::Dim);
        let (severity, style) = match (insight.is_active(), insight.severity) {
            (false, _) => ("ended", Style::Dim),
            (true, Severity::Critical) => ("critical", Style::Bad),
            (true, Severity::Warning) => ("warning", Style::Changed),
            (true, Severity::Notice) => ("notice", Style::Plain),
        };
        let mut row = vec![
            (severity.to_owned(), style),
            plain(insight.rule.id()),
            plain(&insight.subject(timeline)),
            dim(&time(insight.since)),
            plain(&spoken_duration(insight.age(now))),
            plain(&insight.title),
            dim(&insight.explanation),
        ];
        if several {
            row.insert(0, plain(&timeline.context.0));
        }
        table.row(row);
    }
    table
}

/// To the second: what is wrong for minutes does not begin at a microsecond.
fn time(wall: i64) -> String {
    let timestamp = jiff::Timestamp::from_microsecond(wall).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    format!("{timestamp:.0}")
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct InsightJson<'a> {
    context: &'a str,
    rule: Rule,
    severity: Severity,
    #[serde(skip_serializing_if = "Option::is_none")]
    api_version: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    kind: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    since: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    until: Option<String>,
    title: &'a str,
    explanation: &'a str,
    evidence: Vec<EvidenceJson<'a>>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum EvidenceJson<'a> {
    #[serde(rename_all = "camelCase")]
    Change {
        observed_at: String,
        resource_version: String,
        note: &'a str,
    },
    Figure {
        label: &'a str,
        value: &'a str,
    },
}

fn json<'a>(timeline: &'a Timeline, insight: &'a Insight) -> InsightJson<'a> {
    let kind = insight.kind.and_then(|id| timeline.kind(id));
    let key = insight
        .object
        .and_then(|id| Some(&timeline.object(id)?.key));
    InsightJson {
        context: &timeline.context.0,
        rule: insight.rule,
        severity: insight.severity,
        api_version: kind.map(|kind| kind.kind.api_version()),
        kind: kind.map(|kind| kind.kind.kind.as_str()),
        namespace: key.and_then(|key| key.namespace.as_deref()),
        name: key.map(|key| &*key.name),
        since: time(insight.since),
        until: insight.until.map(time),
        title: &insight.title,
        explanation: &insight.explanation,
        evidence: insight
            .evidence
            .iter()
            .filter_map(|evidence| match evidence {
                Evidence::Change { id, note } => {
                    let change = timeline.change(*id)?;
                    Some(EvidenceJson::Change {
                        observed_at: change.at.rfc3339(),
                        resource_version: change.resource_version.to_string(),
                        note,
                    })
                }
                Evidence::Figure { label, value } => Some(EvidenceJson::Figure { label, value }),
            })
            .collect(),
    }
}
