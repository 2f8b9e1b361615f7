//! `kronika diff`: what differs between two revisions of an object.

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use serde::Serialize;
use serde_json::value::RawValue;

use super::{
    CliError,
    output::{self, Style, Table, colours, paint},
    select::{self, ObjectMatch},
    session::SessionArgs,
};
use crate::{
    diff::{self, Difference, FieldChange, Noise},
    model::{ChangeKind, Json, Provenance, ResourceVersion},
    timeline::{ChangeEntry, ChangeId},
};

/// Unchanged lines around a change.
const CONTEXT_LINES: usize = 3;
/// Characters of a value in the table of fields.
const VALUE_WIDTH: usize = 48;

#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    #[command(flatten)]
    session: SessionArgs,
    /// PLURAL.GROUP, plural, singular or kind name
    kind: String,
    /// NAMESPACE/NAME, or NAME for a cluster-scoped object
    object: String,
    /// resourceVersion of the older revision; default: the one before --to
    #[arg(long, value_name = "RESOURCE_VERSION")]
    from: Option<String>,
    /// resourceVersion of the newer revision; default: the newest
    #[arg(long, value_name = "RESOURCE_VERSION")]
    to: Option<String>,
    /// Output
    #[arg(short, long, value_enum, default_value_t = Format::Unified)]
    output: Format,
    /// Also managedFields, resourceVersion, generation and the copy that client-side apply keeps
    #[arg(long)]
    all: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Unified diff of the YAML, without managedFields and other noise
    Unified,
    /// A table of the fields that differ
    Fields,
    /// The same as JSON
    Json,
}

pub(super) fn run(args: &DiffArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let session = args.session.load()?;
    let object = select::find_object(&session, &args.kind, &args.object)?;
    let (from, to) = revisions(args, &object)?;
    let (old_body, new_body) = (object.timeline.body(from)?, object.timeline.body(to)?);
    let (old, new) = (parse(&object, &old_body)?, parse(&object, &new_body)?);
    if args.output == Format::Unified {
        let noise = if args.all {
            Noise::all()
        } else {
            Noise::hidden()
        };
        let reordered = reordered(&old, &new, &object);
        if reordered.is_empty() || args.all {
            return unified(&object, from, to, &old, &new, noise, out);
        }
        let ordered = diff::in_order_of(&old, &new, object.topology());
        unified(&object, from, to, &ordered, &new, noise, out)?;
        output::note(&format!(
            "order changed: {}; items are compared by key, --all compares them as they stand",
            reordered.join(", ")
        ));
        return Ok(());
    }
    let changes = match args.all {
        true => diff::compare_all(&old, &new, object.topology()),
        false => diff::compare_with(&old, &new, object.topology()),
    };
    match args.output {
        Format::Json => json(&object, from, to, &changes, out),
        _ => Ok(fields(&changes).print(out)?),
    }
}

/// The lists whose items only stand in another order.
fn reordered(old: &Json<'_>, new: &Json<'_>, object: &ObjectMatch<'_>) -> Vec<String> {
    diff::compare_with(old, new, object.topology())
        .iter()
        .filter(|change| change.difference == Difference::Order)
        .map(|change| change.path.dotted())
        .collect()
}

fn fields(changes: &[FieldChange<'_>]) -> Table {
    let mut table = Table::new(&["FIELD", "OLD", "NEW"]);
    for change in changes {
        let cell = |value, style| match value {
            Some(value) => (shortened(value), style),
            None => ("-".to_owned(), Style::Dim),
        };
        if change.difference == Difference::Order {
            let dim = |text: &str| (text.to_owned(), Style::Dim);
            let path = (change.path.dotted(), Style::Plain);
            table.row(vec![path, dim("(order)"), dim("(another order)")]);
            continue;
        }
        table.row(vec![
            (change.path.dotted(), Style::Plain),
            cell(change.old, Style::Bad),
            cell(change.new, Style::Good),
        ]);
    }
    table
}

/// The two revisions that the arguments name.
fn revisions(args: &DiffArgs, object: &ObjectMatch<'_>) -> Result<(ChangeId, ChangeId), CliError> {
    // A deletion that only a new list showed came without a body: nothing to compare with.
    let has_body = |id: &ChangeId| {
        let change = object.timeline.change(*id);
        change.is_some_and(|change| {
            change.change != ChangeKind::Deleted || change.provenance == Provenance::Watch
        })
    };
    let with_body: Vec<_> = object.changes.iter().copied().filter(has_body).collect();
    let position = |wanted: &str| {
        let id = object.revision(wanted)?;
        let found = with_body.iter().position(|known| *known == id);
        found.ok_or_else(|| {
            CliError::new(format!(
                "revision {wanted} of {} has no body",
                object.label()
            ))
            .hint("it is a deletion that was only seen afterwards")
        })
    };
    let nothing = || CliError::new(format!("{} has no revision", object.label()));
    let to = match &args.to {
        Some(wanted) => position(wanted)?,
        None => with_body.len().checked_sub(1).ok_or_else(nothing)?,
    };
    let from = match &args.from {
        Some(wanted) => position(wanted)?,
        None => to.checked_sub(1).ok_or_else(|| {
            CliError::new(format!(
                "{} has no revision before that one",
                object.label()
            ))
            .hint("`kronika show` prints it")
        })?,
    };
    Ok((with_body[from], with_body[to]))
}

fn parse<'a>(object: &ObjectMatch<'_>, body: &'a [u8]) -> Result<Json<'a>, CliError> {
    Json::parse(body)
        .map_err(|error| CliError::new(format!("{} is not JSON: {error}", object.label())))
}

fn entry<'a>(object: &'a ObjectMatch<'_>, id: ChangeId) -> Result<&'a ChangeEntry, CliError> {
    let entry = object.timeline.change(id);
    entry.ok_or_else(|| CliError::new(format!("a revision of {} is gone", object.label())))
}

fn unified(
    object: &ObjectMatch<'_>,
    from: ChangeId,
    to: ChangeId,
    old: &Json<'_>,
    new: &Json<'_>,
    noise: Noise,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let heading = |id| {
        let entry = entry(object, id)?;
        let (version, at) = (&entry.resource_version, entry.at.rfc3339());
        Ok::<_, CliError>(format!("{} revision {version}\t{at}", object.label()))
    };
    let lines = diff::diff_lines(&diff::yaml_lines(old, noise), &diff::yaml_lines(new, noise));
    let text = diff::unified_text(&lines, &heading(from)?, &heading(to)?, CONTEXT_LINES);
    if text.is_empty() {
        nothing_differs(noise);
    }
    let colours = colours(&io::stdout());
    for line in text.lines() {
        let style = match line.as_bytes() {
            [b'-', b'-', b'-', b' ', ..] | [b'+', b'+', b'+', b' ', ..] => Style::Heading,
            [b'+', ..] => Style::Good,
            [b'-', ..] => Style::Bad,
            [b'@', ..] => Style::Dim,
            _ => Style::Plain,
        };
        paint(out, line, style, colours)?;
        out.write_all(b"\n")?;
    }
    Ok(())
}

fn nothing_differs(noise: Noise) {
    if noise == Noise::all() {
        output::note("nothing differs");
    } else {
        output::note("nothing differs but the server's bookkeeping; --all shows it");
    }
}

/// A value on one line, cut where it is long.
fn shortened(value: &Json<'_>) -> String {
    let text = value
        .as_str()
        .map_or_else(|| value.to_compact(), str::to_owned);
    let text = text.replace('\n', "\\n");
    match text.char_indices().nth(VALUE_WIDTH) {
        Some((end, _)) => format!("{}...", &text[..end]),
        None => text,
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct DiffJson<'a> {
    context: &'a str,
    api_version: String,
    kind: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    name: &'a str,
    from: RevisionJson<'a>,
    to: RevisionJson<'a>,
    fields: Vec<FieldJson<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct RevisionJson<'a> {
    resource_version: &'a ResourceVersion,
    observed_at: String,
    managers: Vec<&'a str>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct FieldJson<'a> {
    path: &'a str,
    /// Nothing but the order of the items changed, in a list whose order means nothing.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    order_only: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    old: Option<Box<RawValue>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    new: Option<Box<RawValue>>,
}

fn json(
    object: &ObjectMatch<'_>,
    from: ChangeId,
    to: ChangeId,
    changes: &[FieldChange<'_>],
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let revision = |id| {
        let entry = entry(object, id)?;
        Ok::<_, CliError>(RevisionJson {
            resource_version: &entry.resource_version,
            observed_at: entry.at.rfc3339(),
            managers: object
                .timeline
                .managers(entry)
                .map(|name| &**name)
                .collect(),
        })
    };
    let raw = |value: Option<&Json<'_>>| {
        value
            .map(|v| RawValue::from_string(v.to_compact()))
            .transpose()
    };
    let mut fields = Vec::new();
    for change in changes {
        let path = change.path.as_pointer();
        fields.push(FieldJson {
            path,
            order_only: change.difference == Difference::Order,
            old: raw(change.old)?,
            new: raw(change.new)?,
        });
    }
    let document = DiffJson {
        context: &object.timeline.context.0,
        api_version: object.kind.api_version(),
        kind: &object.kind.kind,
        namespace: object.key.namespace.as_deref(),
        name: &object.key.name,
        from: revision(from)?,
        to: revision(to)?,
        fields,
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    Ok(writeln!(out)?)
}
