//! `kronika schema`: what the CRD of a kind says of its fields, and how that changed.

use std::io::Write;

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::{
    CliError,
    output::{Style, Table, TextOrJson, colours, paint},
    select,
    session::{Session, SessionArgs},
    time::TimeArg,
};
use crate::{
    model::ResourceKind,
    schema::{Field, Impact, ListMerging, Schema, SchemaChange, SchemaError, Step, compare, plain},
    timeline::{DefinitionAt, KindHistory},
};

/// Columns of a paragraph.
const WIDTH: usize = 96;

#[derive(Debug, Args)]
pub(super) struct SchemaArgs {
    #[command(flatten)]
    session: SessionArgs,
    /// PLURAL.GROUP, plural, singular or kind name
    kind: String,
    /// A field, for example spec.rules.name; default: the whole object
    path: Option<String>,
    /// Version of the kind; default: the one that was watched
    #[arg(long, value_name = "VERSION")]
    version: Option<String>,
    /// As the CRD was at this moment: RFC 3339, a duration before the recording's end, or HH:MM:SS (UTC)
    #[arg(long, value_name = "TIME", conflicts_with = "diff")]
    at: Option<TimeArg>,
    /// Print all fields below as a tree
    #[arg(long, conflicts_with = "diff")]
    recursive: bool,
    /// Print what changed while it was recorded; with =VERSION, from that version to --version
    #[arg(long, value_name = "VERSION", num_args = 0..=1, require_equals = true)]
    diff: Option<Option<String>>,
    /// Only changes like this
    #[arg(long, value_enum, requires = "diff")]
    impact: Option<ImpactArg>,
    /// Output
    #[arg(short, long, value_enum, default_value_t = TextOrJson::Text)]
    output: TextOrJson,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum ImpactArg {
    /// What was right before may be refused, lost, or mean something else
    Breaking,
    /// What was right before still is
    Compatible,
    /// Only words changed
    Documentation,
}

impl ImpactArg {
    fn is(self, impact: Impact) -> bool {
        let own = match self {
            ImpactArg::Breaking => Impact::Breaking,
            ImpactArg::Compatible => Impact::Compatible,
            ImpactArg::Documentation => Impact::Documentation,
        };
        own == impact
    }
}

pub(super) fn run(args: &SchemaArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let session = args.session.load()?;
    let kind = find(&session, &args.kind)?;
    if let Some(from) = &args.diff {
        return diff(args, kind, from.as_deref(), out);
    }
    let definition = at_moment(args, &session, kind)?;
    let schema = parse(kind, definition, args.version.as_deref())?;
    let path = args.path.as_deref().unwrap_or_default();
    let Some(field) = schema.find(path) else {
        return Err(no_field(&schema, path));
    };
    match args.output {
        TextOrJson::Json => {
            serde_json::to_writer_pretty(&mut *out, &as_json(&field))?;
            out.write_all(b"\n")?;
        }
        TextOrJson::Text => explain(args, &schema, &field, out)?,
    }
    Ok(())
}

/// The history of a kind with a definition.
fn find<'s>(session: &'s Session, wanted: &str) -> Result<&'s KindHistory, CliError> {
    let matches = select::find_kind(session, wanted)?;
    let known: Vec<_> = matches
        .iter()
        .filter_map(|(index, id)| Some((*index, session.timelines[*index].kind(*id)?)))
        .collect();
    let defined: Vec<_> = known
        .iter()
        .filter(|(_, kind)| !kind.definitions.is_empty())
        .collect();
    let Some((first, _)) = defined.first() else {
        let name = known
            .first()
            .map_or_else(|| wanted.to_owned(), |(_, kind)| kind.kind.to_string());
        let what = format!("the schema of {name} is not in this session");
        return Err(CliError::new(what).hint(
            "it comes with the CRD: the recording needs list and watch on customresourcedefinitions",
        ));
    };
    let context = |index: usize| session.timelines[index].context.to_string();
    if let Some((other, _)) = defined.iter().find(|(index, _)| index != first) {
        let what = format!("{wanted} is in {} and {}", context(*first), context(*other));
        return Err(CliError::new(what).hint(format!("add --context {}", context(*other))));
    }
    // Of several versions that were watched one after the other, the latest.
    let newest = defined
        .iter()
        .max_by_key(|(_, kind)| kind.definitions.last().map(|known| known.at.wall));
    newest
        .map(|(_, kind)| *kind)
        .ok_or_else(|| CliError::new("no definition"))
}

fn at_moment<'s>(
    args: &SchemaArgs,
    session: &Session,
    kind: &'s KindHistory,
) -> Result<&'s DefinitionAt, CliError> {
    let all = &kind.definitions;
    let Some(at) = args.at else {
        return all.last().ok_or_else(|| CliError::new("no definition"));
    };
    let wall = at.resolve(session.span);
    let seen = all.partition_point(|known| known.at.wall <= wall);
    seen.checked_sub(1).map(|at| &all[at]).ok_or_else(|| {
        let first = all
            .first()
            .map(|known| known.at.rfc3339())
            .unwrap_or_default();
        CliError::new(format!("the schema of {} was not known yet", kind.kind))
            .hint(format!("it was first seen at {first}"))
    })
}

fn parse(
    kind: &KindHistory,
    known: &DefinitionAt,
    version: Option<&str>,
) -> Result<Schema, CliError> {
    let version = version.unwrap_or(&kind.kind.version);
    Schema::of(&known.definition, version).map_err(|error| of_schema(&kind.kind, error))
}

fn of_schema(kind: &ResourceKind, error: SchemaError) -> CliError {
    match error {
        SchemaError::NoVersion { wanted, known } => {
            CliError::new(format!("{kind} has no version {wanted:?}"))
                .hint(format!("it has {}", known.join(", ")))
        }
        error => CliError::new(format!("the schema of {kind}: {error}"))
            .hint("the session file is damaged: copy it again"),
    }
}

fn no_field(schema: &Schema, path: &str) -> CliError {
    let known = {
        // The longest beginning that there is.
        let ends = path.match_indices(['.', '[']).map(|(at, _)| at);
        let parts: Vec<_> = ends.collect();
        parts
            .into_iter()
            .rev()
            .find_map(|end| Some((&path[..end], schema.find(&path[..end])?)))
            .filter(|(start, _)| !start.is_empty())
    };
    let names = |field: &Field<'_>| {
        let children = inner(field).children();
        let names: Vec<_> = children
            .iter()
            .map(|child| child.name().to_owned())
            .collect();
        super::output::some(&names, 12, ", ")
    };
    let (start, field) = match &known {
        Some((start, field)) => ((*start).to_owned(), field.clone()),
        None => ("the object".to_owned(), schema.root()),
    };
    let hint = match (names(&field), field.preserves_unknown_fields()) {
        (_, true) => format!("{start} takes fields that the schema does not describe"),
        (names, _) if names.is_empty() => format!("{start} has no fields"),
        (names, _) => format!("{start} has {names}"),
    };
    CliError::new(format!(
        "no field {path:?} in {}",
        schema.overview().names.kind
    ))
    .hint(hint)
}

/// The field whose members are those of a list's items or a map's values.
fn inner<'s>(field: &Field<'s>) -> Field<'s> {
    let mut inner = field.clone();
    while let Some(next) = inner.items().or_else(|| inner.values()) {
        inner = next;
    }
    inner
}

fn explain(
    args: &SchemaArgs,
    schema: &Schema,
    field: &Field<'_>,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let coloured = colours(&std::io::stdout());
    let overview = schema.overview();
    let facts = overview.version(schema.version());
    let states = facts
        .map(|facts| facts.states().join(", "))
        .unwrap_or_default();
    writeln!(out, "KIND:     {}", overview.names.kind)?;
    writeln!(out, "GROUP:    {}", overview.group)?;
    writeln!(out, "VERSION:  {} ({states})", schema.version())?;
    if field.step() == Step::Root {
        writeln!(out, "SCOPE:    {}", overview.scope)?;
        if let Some(warning) = facts.and_then(|facts| facts.deprecated.as_deref()) {
            writeln!(out, "WARNING:  deprecated. {warning}")?;
        }
    } else {
        write!(out, "FIELD:    ")?;
        paint(out, &field.path(), Style::Heading, coloured)?;
        writeln!(out, " <{}>{}", type_text(field), marks(field))?;
    }
    if schema.is_empty() {
        writeln!(out, "\nThis version of the CRD has no schema.")?;
    }
    for (name, texts) in about(field) {
        writeln!(out, "\n{name}:")?;
        for text in texts {
            for line in text.lines() {
                if line.is_empty() {
                    writeln!(out)?;
                }
                for wrapped in wrap(line, WIDTH - 2) {
                    writeln!(out, "  {wrapped}")?;
                }
            }
        }
    }
    let shown = inner(field);
    if shown.children().is_empty() {
        return Ok(());
    }
    writeln!(out, "\nFIELDS:")?;
    if args.recursive {
        return tree(&shown, 1, out);
    }
    for child in shown.children() {
        write!(out, "  ")?;
        paint(out, child.name(), Style::Heading, coloured)?;
        writeln!(out, " <{}>{}", type_text(&child), marks(&child))?;
        for line in wrap(&child.summary().unwrap_or_default(), WIDTH - 4) {
            writeln!(out, "    {line}")?;
        }
    }
    Ok(())
}

fn tree(field: &Field<'_>, depth: usize, out: &mut dyn Write) -> Result<(), CliError> {
    for child in field.children() {
        writeln!(
            out,
            "{:indent$}{} <{}>{}",
            "",
            child.name(),
            type_text(&child),
            marks(&child),
            indent = depth * 2
        )?;
        tree(&inner(&child), depth + 1, out)?;
    }
    Ok(())
}

fn type_text(field: &Field<'_>) -> String {
    let format = field
        .format()
        .map_or_else(String::new, |format| format!(" ({format})"));
    let null = if field.is_nullable() { " or null" } else { "" };
    format!("{}{format}{null}", field.type_name())
}

fn marks(field: &Field<'_>) -> String {
    let is_immutable = field.immutability().is_some_and(|known| known.is_strict());
    [
        (field.is_required(), " required"),
        (field.deprecation().is_some(), " deprecated"),
        (is_immutable, " immutable"),
    ]
    .into_iter()
    .filter_map(|(is, word)| is.then_some(word))
    .collect()
}

/// What is said of a field, by heading.
fn about(field: &Field<'_>) -> Vec<(&'static str, Vec<String>)> {
    let mut all: Vec<(&'static str, Vec<String>)> = Vec::new();
    let mut push = |name, texts: Vec<String>| {
        if !texts.is_empty() {
            all.push((name, texts));
        }
    };
    push(
        "DESCRIPTION",
        field.description().map(str::to_owned).into_iter().collect(),
    );
    push(
        "DEPRECATED",
        field.deprecation().map(str::to_owned).into_iter().collect(),
    );
    let immutability = field.immutability().map(|known| {
        let rules = known.rules.iter().map(|(_, rule)| rule.says().to_owned());
        std::iter::once(known.words().to_owned())
            .chain(rules)
            .collect()
    });
    let described = || {
        let text = "Described as immutable; no rule of the schema enforces it.";
        field
            .is_described_as_immutable()
            .then(|| vec![text.to_owned()])
    };
    push(
        "TRANSITIONS",
        immutability.or_else(described).unwrap_or_default(),
    );
    push("DEFAULT", field.default_text().into_iter().collect());
    let values = field.enum_values().unwrap_or_default();
    push("ENUM", values.into_iter().map(plain).collect());
    push("LIMITS", field.constraints());
    let merging = match field.list_type() {
        Some(ListMerging::Atomic) => Some("as one value".to_owned()),
        Some(ListMerging::Set) => Some("as a set".to_owned()),
        Some(ListMerging::Map(keys)) => Some(format!("by {}", keys.join(", "))),
        Some(ListMerging::Other(name)) => Some(name.to_owned()),
        None => field.is_atomic_map().then(|| "as one value".to_owned()),
    };
    push("MERGED", merging.into_iter().collect());
    if field.preserves_unknown_fields() {
        push("UNKNOWN FIELDS", vec!["kept".to_owned()]);
    }
    let rules = field.rules();
    let rules = rules.iter().filter(|rule| !rule.is_transition());
    push("RULES", rules.map(|rule| rule.says().to_owned()).collect());
    all
}

fn wrap(text: &str, width: usize) -> Vec<String> {
    let indent = text.len() - text.trim_start().len();
    let mut lines: Vec<String> = Vec::new();
    let mut line = " ".repeat(indent);
    for word in text.split_whitespace() {
        let is_begun = !line.trim().is_empty();
        if is_begun && line.chars().count() + 1 + word.chars().count() > width {
            lines.push(std::mem::replace(&mut line, " ".repeat(indent)));
        } else if is_begun {
            line.push(' ');
        }
        line.push_str(word);
    }
    if !line.trim().is_empty() || lines.is_empty() && !text.is_empty() {
        lines.push(line);
    }
    lines
}

fn as_json(field: &Field<'_>) -> Value {
    let immutability = field.immutability().map(|known| {
        json!({
            "is": known.words(),
            "strict": known.is_strict(),
            "inherited": known.is_inherited,
            "rules": known.rules.iter().map(|(path, rule)| json!({
                "path": path, "rule": rule.rule, "message": rule.message,
            })).collect::<Vec<_>>(),
        })
    });
    let value = |json: &crate::model::Json<'_>| -> Value {
        serde_json::from_str(&json.to_compact()).unwrap_or_default()
    };
    let values = |list: Vec<&crate::model::Json<'static>>| -> Vec<Value> {
        list.into_iter().map(value).collect()
    };
    let children = inner(field).children();
    let fields: Vec<_> = children
        .iter()
        .map(|child| child.name().to_owned())
        .collect();
    json!({
        "path": field.path(),
        "type": field.type_name(),
        "format": field.format(),
        "nullable": field.is_nullable(),
        "required": field.is_required(),
        "description": field.description(),
        "default": field.default_value().map(value),
        "enum": field.enum_values().map(values),
        "limits": field.constraints(),
        "deprecated": field.deprecation(),
        "immutability": immutability,
        "describedAsImmutable": field.is_described_as_immutable(),
        "rules": field.rules().iter().map(|rule| json!({
            "rule": rule.rule, "message": rule.message,
        })).collect::<Vec<_>>(),
        "fields": fields,
    })
}

/// One comparison: what it is from and to, in words, and what differs.
struct Comparison {
    from: String,
    to: String,
    changes: Vec<SchemaChange>,
}

fn diff(
    args: &SchemaArgs,
    kind: &KindHistory,
    from: Option<&str>,
    out: &mut dyn Write,
) -> Result<(), CliError> {
    let wanted = |change: &SchemaChange| {
        let is_below = args.path.as_deref().is_none_or(|path| {
            let path = path.trim_start_matches('.');
            change
                .path
                .strip_prefix(path)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
        });
        is_below && args.impact.is_none_or(|impact| impact.is(change.impact))
    };
    let mut steps = match from {
        Some(from) => vec![between_versions(args, kind, from)?],
        None => over_time(args, kind)?,
    };
    for step in &mut steps {
        step.changes.retain(wanted);
    }
    if args.output == TextOrJson::Json {
        let all: Vec<_> = steps.iter().map(step_json).collect();
        serde_json::to_writer_pretty(&mut *out, &all)?;
        out.write_all(b"\n")?;
        return Ok(());
    }
    for (at, step) in steps.iter().enumerate() {
        if at > 0 {
            writeln!(out)?;
        }
        writeln!(out, "{} → {}", step.from, step.to)?;
        if step.changes.is_empty() {
            writeln!(out, "no difference")?;
            continue;
        }
        let mut table = Table::new(&["IMPACT", "FIELD", "CHANGE"]);
        for change in &step.changes {
            let style = match change.impact {
                Impact::Breaking => Style::Bad,
                Impact::Compatible => Style::Good,
                Impact::Documentation => Style::Dim,
            };
            let path = if change.path.is_empty() {
                "-"
            } else {
                &change.path
            };
            table.row(vec![
                (change.impact.name().to_owned(), style),
                (path.to_owned(), Style::Plain),
                (
                    change.what.split_whitespace().collect::<Vec<_>>().join(" "),
                    Style::Plain,
                ),
            ]);
        }
        table.print(out)?;
    }
    Ok(())
}

fn over_time(args: &SchemaArgs, kind: &KindHistory) -> Result<Vec<Comparison>, CliError> {
    let version = args.version.as_deref();
    if let [only] = &kind.definitions[..] {
        let what = format!(
            "the schema of {} did not change while it was recorded",
            kind.kind
        );
        let versions = parse(kind, only, version)?;
        let other = versions
            .overview()
            .versions
            .iter()
            .find(|known| known.name != versions.version());
        let hint = match other {
            Some(other) => format!("--diff={} compares it with another version", other.name),
            None => "it has one version only; `kronika schema` without --diff prints it".to_owned(),
        };
        return Err(CliError::new(what).hint(hint));
    }
    let pairs = kind.definitions.windows(2);
    let steps = pairs.map(|pair| {
        let (old, new) = (
            parse(kind, &pair[0], version)?,
            parse(kind, &pair[1], version)?,
        );
        Ok(Comparison {
            from: format!("{} at {}", old.version(), pair[0].at.rfc3339()),
            to: format!("{} at {}", new.version(), pair[1].at.rfc3339()),
            changes: compare(&old, &new),
        })
    });
    steps.collect()
}

fn between_versions(
    args: &SchemaArgs,
    kind: &KindHistory,
    from: &str,
) -> Result<Comparison, CliError> {
    let newest = kind
        .definitions
        .last()
        .ok_or_else(|| CliError::new("no definition"))?;
    let (old, new) = (
        parse(kind, newest, Some(from))?,
        parse(kind, newest, args.version.as_deref())?,
    );
    Ok(Comparison {
        from: old.version().to_owned(),
        to: new.version().to_owned(),
        changes: compare(&old, &new),
    })
}

fn step_json(step: &Comparison) -> Value {
    let change = |change: &SchemaChange| {
        json!({
            "path": change.path,
            "aspect": change.aspect.to_string(),
            "impact": change.impact.name(),
            "what": change.what,
            "old": change.old,
            "new": change.new,
        })
    };
    json!({
        "from": step.from,
        "to": step.to,
        "changes": step.changes.iter().map(change).collect::<Vec<_>>(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_break_between_words_and_keep_their_indentation() {
        assert_eq!(wrap("aa bb cc", 5), ["aa bb", "cc"]);
        assert_eq!(wrap("  aa bb", 4), ["  aa", "  bb"]);
        assert_eq!(wrap("averylongword b", 5), ["averylongword", "b"]);
        assert!(wrap("", 5).is_empty());
    }
}
