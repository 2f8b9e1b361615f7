//! `kronika log`: the changes of a session, oldest first, with the gaps between them.

use std::{collections::HashSet, io::Write};

use clap::Args;

use super::{
    CliError,
    output::{self, Style, Table, TextOrJson},
    select,
    session::{Session, SessionArgs},
    time::TimeArg,
};
use crate::{
    export,
    model::Gap,
    timeline::{ChangeEntry, ChangeId, KindId, Timeline},
};

/// Managers and fields to name in a row before counting the rest.
const MANAGERS: usize = 2;
const FIELDS: usize = 3;

#[derive(Debug, Args)]
pub(super) struct LogArgs {
    #[command(flatten)]
    session: SessionArgs,
    /// Only this kind (PLURAL.GROUP, plural or kind name); may be given several times
    #[arg(long, value_name = "KIND")]
    kind: Vec<String>,
    /// Only this namespace; may be given several times
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Vec<String>,
    /// Only objects with this name
    #[arg(long)]
    name: Option<String>,
    /// From this moment on: RFC 3339, a duration before the recording's end (5m), or HH:MM:SS (UTC)
    #[arg(long, value_name = "TIME")]
    since: Option<TimeArg>,
    /// Up to this moment
    #[arg(long, value_name = "TIME")]
    until: Option<TimeArg>,
    /// Output: a table, or one line of JSON per change as `record` prints them
    #[arg(short, long, value_enum, default_value_t = TextOrJson::Text)]
    output: TextOrJson,
}

/// A line of the log.
enum Entry<'a> {
    Change(ChangeId, &'a ChangeEntry),
    Gap(&'a Gap),
}

pub(super) fn run(args: &LogArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let session = args.session.load()?;
    let entries = entries(args, &session)?;
    if args.output == TextOrJson::Json {
        for (timeline, entry) in entries {
            let line = match entry {
                Entry::Gap(gap) => export::gap_line(&timeline.context, gap)?,
                Entry::Change(id, _) => match timeline.full_change(id) {
                    Some(change) => export::change_line(&timeline.context, &change)?,
                    None => continue,
                },
            };
            writeln!(out, "{line}")?;
        }
        return Ok(());
    }
    let mut headings = vec![
        "TIME", "KIND", "OBJECT", "CHANGE", "SEEN BY", "REVISION", "TOUCHED", "MANAGERS", "FIELDS",
    ];
    if session.several {
        headings.insert(1, "CONTEXT");
    }
    let mut table = Table::new(&headings);
    for (timeline, entry) in entries {
        let row = match entry {
            Entry::Change(id, change) => change_row(timeline, id, change),
            Entry::Gap(gap) => Some(gap_row(gap)),
        };
        if let Some(mut row) = row {
            if session.several {
                row.insert(1, (timeline.context.to_string(), Style::Plain));
            }
            table.row(row);
        }
    }
    Ok(table.print(out)?)
}

/// What the arguments select, by time over all contexts.
fn entries<'a>(
    args: &LogArgs,
    session: &'a Session,
) -> Result<Vec<(&'a Timeline, Entry<'a>)>, CliError> {
    let kinds: HashSet<_> = select::find_kinds(session, &args.kind)?
        .into_iter()
        .collect();
    let from = args
        .since
        .map_or(i64::MIN, |time| time.resolve(session.span));
    let to = args.until.map_or(i64::MAX, |time| {
        time.resolve(session.span).saturating_add(1)
    });
    if from >= to {
        return Err(CliError::new("--since is after --until").hint("swap them"));
    }
    let mut entries = Vec::new();
    for (index, timeline) in session.timelines.iter().enumerate() {
        let wanted = |kind: KindId| kinds.contains(&(index, kind));
        for (id, change) in timeline.range(from, to) {
            let Some(object) = timeline.object(change.object) else {
                continue;
            };
            let namespace = object.key.namespace.as_deref();
            if wanted(object.kind)
                && args
                    .name
                    .as_deref()
                    .is_none_or(|name| name == &*object.key.name)
                && (args.namespace.is_empty()
                    || args
                        .namespace
                        .iter()
                        .any(|wanted| Some(wanted.as_str()) == namespace))
            {
                entries.push((change.at.wall, timeline, Entry::Change(id, change)));
            }
        }
        // A gap hides changes of any object, so only its kind and its time leave it out.
        for gap in timeline.gaps() {
            let kind = gap.kind.as_ref().map(|kind| timeline.kind_id(kind));
            if kind.is_none_or(|id| id.is_some_and(wanted))
                && gap.from.wall < to
                && gap.to.wall >= from
            {
                entries.push((gap.to.wall, timeline, Entry::Gap(gap)));
            }
        }
    }
    entries.sort_by_key(|(wall, _, _)| *wall);
    Ok(entries
        .into_iter()
        .map(|(_, timeline, entry)| (timeline, entry))
        .collect())
}

fn change_row(
    timeline: &Timeline,
    id: ChangeId,
    entry: &ChangeEntry,
) -> Option<Vec<(String, Style)>> {
    let change = timeline.full_change(id)?;
    let plain = |text: String| (text, Style::Plain);
    let fields: Vec<_> = change.paths.iter().map(|path| path.dotted()).collect();
    Some(vec![
        (entry.at.rfc3339(), Style::Dim),
        plain(change.kind.kind.clone()),
        plain(change.key.to_string()),
        (format!("{:?}", change.change), Style::of(change.change)),
        (format!("{:?}", change.provenance), Style::Dim),
        plain(change.resource_version.to_string()),
        plain(change.touches.names().collect::<Vec<_>>().join(",")),
        plain(output::some(&change.managers, MANAGERS, ",")),
        (output::some(&fields, FIELDS, " "), Style::Dim),
    ])
}

fn gap_row(gap: &Gap) -> Vec<(String, Style)> {
    let kind = match &gap.kind {
        Some(kind) => kind.kind.clone(),
        None => "(all)".to_owned(),
    };
    let seconds = gap.to.since(gap.from).as_secs_f64();
    let what = format!("not watched for {seconds:.3} s: {}", gap.cause);
    let cells = [&kind, "", "Gap", "", "", "", "", &what];
    let time = (gap.to.rfc3339(), Style::Dim);
    let rest = cells.map(|text| (text.to_owned(), Style::Bad));
    std::iter::once(time).chain(rest).collect()
}
