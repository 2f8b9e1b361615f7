//! `kronika blame`: for each line of an object, who wrote it and when.

use std::{collections::HashMap, io::Write};

use clap::Args;
use serde::Serialize;

use super::{
    CliError,
    output::{self, Style, Table, TextOrJson},
    select::{self, ObjectMatch},
    session::SessionArgs,
    show,
    time::TimeArg,
};
use crate::{
    diff::{self, FieldOrigin, Noise, Seen, Writer},
    model::{FieldPath, Json, Operation},
    timeline::{BlameWalk, ChangeId},
};

#[derive(Debug, Args)]
pub(super) struct BlameArgs {
    #[command(flatten)]
    session: SessionArgs,
    /// PLURAL.GROUP, plural, singular or kind name
    kind: String,
    /// NAMESPACE/NAME, or NAME for a cluster-scoped object
    object: String,
    /// As it was at this moment: RFC 3339, a duration before the recording's end, or HH:MM:SS (UTC)
    #[arg(long, value_name = "TIME", conflicts_with = "revision")]
    at: Option<TimeArg>,
    /// The revision with this resourceVersion; default: the newest
    #[arg(long, value_name = "RESOURCE_VERSION")]
    revision: Option<String>,
    /// Only this field and what is in it: spec.ports[0].port, or as a JSON pointer /spec/ports/0/port
    #[arg(long, value_name = "PATH")]
    field: Option<String>,
    /// Output: the lines with when and by whom they were changed last, or the same as JSON
    #[arg(short, long, value_enum, default_value_t = TextOrJson::Text)]
    output: TextOrJson,
}

pub(super) fn run(args: &BlameArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let session = args.session.load()?;
    let object = select::find_object(&session, &args.kind, &args.object)?;
    let id = show::revision(&session, &object, args.revision.as_deref(), args.at)?;
    let body = object.timeline.body(id)?;
    let json = Json::parse(&body)
        .map_err(|error| CliError::new(format!("{} is not JSON: {error}", object.label())))?;
    let mut walk = BlameWalk::default();
    walk.advance(object.timeline, &object.changes, id, usize::MAX);
    let origins = walk.blame().fields();
    let lines = diff::yaml_lines(&json, Noise::hidden());
    let wanted = |path: &FieldPath| args.field.as_deref().is_none_or(|field| is_in(path, field));
    let lines: Vec<_> = lines.iter().filter(|line| wanted(&line.path)).collect();
    if lines.is_empty() {
        let field = args.field.as_deref().unwrap_or_default();
        return Err(
            CliError::new(format!("{} has no field {field} then", object.label()))
                .hint("without --field, every line is printed"),
        );
    }
    if args.output == TextOrJson::Json {
        let lines: Vec<_> = lines
            .into_iter()
            .map(|line| line_json(&object, &origins, &line.path, line.to_text()))
            .collect();
        serde_json::to_writer_pretty(&mut *out, &lines)?;
        return Ok(writeln!(out)?);
    }
    let mut table = Table::new(&["CHANGED", "REVISION", "BY", "LINE"]);
    for line in lines {
        let dim = |text: String| (text, Style::Dim);
        let (when, revision, who) = match origins.get(&line.path) {
            Some(origin) => told(&object, origin),
            None => Default::default(),
        };
        let text = (line.to_text(), Style::Plain);
        table.row(vec![dim(when), dim(revision), (who, Style::Changed), text]);
    }
    table.print(out)?;
    let oldest = origins.values().any(|origin| origin.seen != Seen::OneWrite);
    if oldest {
        output::note("<= means: then or before, it was not seen as it happened");
    }
    Ok(())
}

/// Whether a path is the field that was asked for, or lies in it.
fn is_in(path: &FieldPath, wanted: &str) -> bool {
    if wanted.starts_with('/') {
        return path.is_within(&FieldPath::from_pointer(wanted.trim_end_matches('/')));
    }
    path.dotted()
        .strip_prefix(wanted.trim_start_matches('.'))
        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn told(object: &ObjectMatch<'_>, origin: &FieldOrigin<ChangeId>) -> (String, String, String) {
    let Some(change) = object.timeline.change(origin.revision) else {
        return Default::default();
    };
    let bound = if origin.seen == Seen::OneWrite {
        ""
    } else {
        "<= "
    };
    let writers: Vec<_> = origin.writers.iter().map(writer_text).collect();
    let who = match &writers[..] {
        [] => "-".to_owned(),
        [one] => one.clone(),
        several => format!("one of {}", several.join(", ")),
    };
    let when = format!("{bound}{}", change.at.rfc3339());
    (when, change.resource_version.to_string(), who)
}

fn writer_text(writer: &Writer) -> String {
    match (writer.operation, &*writer.subresource) {
        (None, _) => writer.manager.to_string(),
        (Some(operation), "") => format!("{} ({operation:?})", writer.manager),
        (Some(operation), part) => format!("{} ({operation:?} of {part})", writer.manager),
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct LineJson {
    line: String,
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    changed: Option<OriginJson>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct OriginJson {
    observed_at: String,
    resource_version: String,
    /// False: then or before.
    exact: bool,
    /// More than one: one of them. None: not known.
    writers: Vec<WriterJson>,
    #[serde(skip_serializing_if = "Option::is_none")]
    previous_resource_version: Option<String>,
}

#[derive(Serialize)]
struct WriterJson {
    manager: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    operation: Option<&'static str>,
    #[serde(skip_serializing_if = "str::is_empty")]
    subresource: String,
}

fn line_json(
    object: &ObjectMatch<'_>,
    origins: &HashMap<FieldPath, FieldOrigin<ChangeId>>,
    path: &FieldPath,
    line: String,
) -> LineJson {
    let version = |id| Some(object.timeline.change(id)?.resource_version.to_string());
    let changed = origins.get(path).and_then(|origin| {
        let change = object.timeline.change(origin.revision)?;
        let writers = origin.writers.iter().map(|writer| WriterJson {
            manager: writer.manager.to_string(),
            operation: writer.operation.map(|operation| match operation {
                Operation::Apply => "Apply",
                Operation::Update => "Update",
            }),
            subresource: writer.subresource.to_string(),
        });
        Some(OriginJson {
            observed_at: change.at.rfc3339(),
            resource_version: change.resource_version.to_string(),
            exact: origin.seen == Seen::OneWrite,
            writers: writers.collect(),
            previous_resource_version: origin.previous.and_then(version),
        })
    });
    LineJson {
        line,
        path: path.to_string(),
        changed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_field_is_meant_with_all_that_is_in_it() {
        let path = FieldPath::from_pointer("/spec/ports/0/port");
        for wanted in [
            "spec",
            ".spec.ports",
            "spec.ports[0]",
            "/spec/ports/0/",
            "spec.ports[0].port",
        ] {
            assert!(is_in(&path, wanted), "{wanted}");
        }
        for wanted in ["spec.port", "spec.ports[1]", "/spec/port", "status"] {
            assert!(!is_in(&path, wanted), "{wanted}");
        }
    }
}
