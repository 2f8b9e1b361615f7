//! `kronika show`: one revision of an object, byte for byte as the server sent it.

use std::io::Write;

use clap::{Args, ValueEnum};

use super::{
    CliError,
    select::{self, ObjectMatch},
    session::{Session, SessionArgs},
    time::TimeArg,
};
use crate::{
    diff,
    model::{ChangeKind, Json},
    timeline::ChangeId,
};

#[derive(Debug, Args)]
pub(super) struct ShowArgs {
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
    /// Output
    #[arg(short, long, value_enum, default_value_t = Format::Yaml)]
    output: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// The object as YAML
    Yaml,
    /// The very bytes that the server sent
    Json,
}

pub(super) fn run(args: &ShowArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let session = args.session.load()?;
    let object = select::find_object(&session, &args.kind, &args.object)?;
    let id = revision(&session, &object, args.revision.as_deref(), args.at)?;
    let body = object.timeline.body(id)?;
    match args.output {
        Format::Json => {
            out.write_all(&body)?;
            if !body.ends_with(b"\n") {
                out.write_all(b"\n")?;
            }
        }
        Format::Yaml => {
            let json = Json::parse(&body).map_err(|error| {
                CliError::new(format!("{} is not JSON: {error}", object.label()))
                    .hint("-o json prints the bytes as they are")
            })?;
            out.write_all(diff::to_yaml(&json).as_bytes())?;
        }
    }
    Ok(())
}

/// The revision that arguments name: by version, by moment, or the newest.
pub(super) fn revision(
    session: &Session,
    object: &ObjectMatch<'_>,
    version: Option<&str>,
    at: Option<TimeArg>,
) -> Result<ChangeId, CliError> {
    match (version, at) {
        (Some(version), _) => object.revision(version),
        (None, Some(at)) => at_moment(session, object, at),
        (None, None) => newest(object),
    }
}

fn newest(object: &ObjectMatch<'_>) -> Result<ChangeId, CliError> {
    let newest = object.changes.last().copied();
    newest.ok_or_else(|| CliError::new(format!("{} has no revision", object.label())))
}

fn at_moment(
    session: &Session,
    object: &ObjectMatch<'_>,
    at: TimeArg,
) -> Result<ChangeId, CliError> {
    let wall = at.resolve(session.span);
    let moment = crate::model::Moment { wall, monotonic: 0 }.rfc3339();
    let timeline = object.timeline;
    let known = |id: &&ChangeId| {
        timeline
            .change(**id)
            .is_some_and(|change| change.at.wall <= wall)
    };
    let Some(id) = object.changes.iter().rev().find(known).copied() else {
        let first = object.changes.first().and_then(|id| timeline.change(*id));
        let error = CliError::new(format!("{} was not known yet at {moment}", object.label()));
        return Err(match first {
            Some(first) => error.hint(format!("it was first seen at {}", first.at.rfc3339())),
            None => error,
        });
    };
    match timeline.change(id) {
        Some(change) if change.change == ChangeKind::Deleted => {
            let when = change.at.rfc3339();
            Err(CliError::new(format!(
                "{} did not exist at {moment}: deleted at {when}",
                object.label()
            ))
            .hint(format!(
                "--revision {} shows its last state",
                change.resource_version
            )))
        }
        _ => Ok(id),
    }
}
