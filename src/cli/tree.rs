//! `kronika tree`: what an object hangs together with, what it affects, and why it is not ready.

use std::io::Write;

use clap::Args;
use serde_json::{Value, json};

use super::{
    CliError,
    output::{Style, TextOrJson, colours, paint},
    select::{self, ObjectMatch},
    session::SessionArgs,
    time::TimeArg,
};
use crate::{
    model::{Moment, ReadinessStatus},
    relation::{
        Absence, Absent, Affection, Branch, Cause, Graph, GraphLimits, Past, Relations, RootCause,
        Side, What, affected_by, graph_around, root_cause,
    },
    schema::LinkKind,
    timeline::ObjectId,
};

/// Objects of a tree, and of a list of those affected: more than anyone reads.
const LIMIT: usize = 2000;

#[derive(Debug, Args)]
pub(super) struct TreeArgs {
    #[command(flatten)]
    session: SessionArgs,
    /// PLURAL.GROUP, plural, singular or kind name
    kind: String,
    /// NAMESPACE/NAME, or NAME for a cluster-scoped object
    object: String,
    /// As it was at this moment: RFC 3339, a duration before the recording's end, or HH:MM:SS (UTC)
    #[arg(long, value_name = "TIME")]
    at: Option<TimeArg>,
    /// What a failure or a deletion of the object would affect
    #[arg(long, conflicts_with = "root_cause")]
    affected: bool,
    /// The deepest object below that is not ready, and the way there
    #[arg(long)]
    root_cause: bool,
    /// Output
    #[arg(short, long, value_enum, default_value_t = TextOrJson::Text)]
    output: TextOrJson,
}

pub(super) fn run(args: &TreeArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let session = args.session.load()?;
    let found = select::find_object(&session, &args.kind, &args.object)?;
    let past = args
        .at
        .map(|at| Past::at(found.timeline, at.resolve(session.span)));
    let relations = match &past {
        Some(past) => Relations::then(found.timeline, past),
        None => Relations::now(found.timeline),
    };
    let object = existing(&found, &relations, args.at.is_some())?;
    let mut printer = Printer {
        relations,
        out,
        colours: colours(&std::io::stdout()),
    };
    match (args.affected, args.root_cause) {
        (true, _) => {
            let affection = affected_by(&relations, object, LIMIT);
            printer.affected(object, &affection, args.output)
        }
        (_, true) => {
            let cause = root_cause(&relations, object);
            printer.cause(object, cause.as_ref(), args.output)
        }
        _ => {
            let limits = GraphLimits {
                above: 8,
                below: 8,
                per_node: 50,
                nodes: LIMIT,
                ..GraphLimits::default()
            };
            let graph = graph_around(&relations, object, limits);
            printer.graph(&graph, args.output)
        }
    }
}

/// The object, at the version of its kind that has it.
fn existing(
    found: &ObjectMatch<'_>,
    relations: &Relations<'_>,
    earlier: bool,
) -> Result<ObjectId, CliError> {
    let versions = found.timeline.kinds().filter(|(_, kind)| {
        kind.kind.group == found.kind.group && kind.kind.plural == found.kind.plural
    });
    let mut objects = versions.filter_map(|(id, _)| found.timeline.find(id, &found.key));
    objects
        .find(|object| relations.exists(*object))
        .ok_or_else(|| {
            let what = if earlier {
                "did not exist at that moment"
            } else {
                "does not exist any more"
            };
            CliError::new(format!("{} {what}", found.label()))
                .hint("--at TIME shows an earlier moment")
        })
}

struct Printer<'a, 'o> {
    relations: Relations<'a>,
    out: &'o mut dyn Write,
    colours: bool,
}

impl Printer<'_, '_> {
    fn write(&mut self, text: &str, style: Style) -> Result<(), CliError> {
        Ok(paint(self.out, text, style, self.colours)?)
    }

    fn json(&mut self, value: &Value) -> Result<(), CliError> {
        writeln!(self.out, "{value:#}")?;
        Ok(())
    }

    fn graph(&mut self, graph: &Graph, output: TextOrJson) -> Result<(), CliError> {
        if output == TextOrJson::Json {
            let nodes: Vec<_> = graph
                .nodes
                .iter()
                .map(|node| {
                    let mut value = self.node_json(&node.what);
                    value["layer"] = node.layer.into();
                    value
                })
                .collect();
            let edges: Vec<_> = graph
                .edges
                .iter()
                .filter_map(|edge| {
                    let kind = edge.kind?;
                    Some(json!({
                        "from": edge.from, "to": edge.to, "relation": relation(kind), "field": edge.field,
                    }))
                })
                .collect();
            return self.json(&json!({"nodes": nodes, "edges": edges}));
        }
        let above = graph.tree(Side::Above);
        if !above.is_empty() {
            self.write("needed by\n", Style::Dim)?;
            self.branches(graph, &above)?;
        }
        self.object_line(&graph.nodes[0].what)?;
        self.write("\n", Style::Plain)?;
        self.branches(graph, &graph.tree(Side::Below))
    }

    fn branches(&mut self, graph: &Graph, branches: &[Branch]) -> Result<(), CliError> {
        for branch in branches {
            let (last, ancestors) = branch.last.split_last().unwrap_or((&true, &[]));
            let mut indent: String = ancestors
                .iter()
                .map(|last| if *last { "   " } else { "│  " })
                .collect();
            indent.push_str(if *last { "└─ " } else { "├─ " });
            self.write(&indent, Style::Dim)?;
            self.object_line(&graph.nodes[branch.node].what)?;
            if let Some(kind) = branch.kind {
                let fields = branch.fields.join(", ");
                let how = match kind {
                    LinkKind::Owner {
                        controller: true, ..
                    } => " (controller)",
                    LinkKind::Owner { .. } => " (owner)",
                    LinkKind::Managed | LinkKind::Reference => "",
                };
                self.write(&format!("  by {fields}{how}"), Style::Dim)?;
            }
            let again = if branch.again {
                "  (see above)\n"
            } else {
                "\n"
            };
            self.write(again, Style::Dim)?;
        }
        Ok(())
    }

    fn object_line(&mut self, what: &What) -> Result<(), CliError> {
        match what {
            What::Object(object) => {
                let name = self.relations.label(*object);
                self.write(&name, Style::Plain)?;
                self.readiness(*object)
            }
            What::Absent(absent) => {
                self.write(&format!("{} {}", absent.kind, absent.key()), Style::Dim)?;
                let style = if absent.why == Absence::NotWatched {
                    Style::Dim
                } else {
                    Style::Bad
                };
                self.write(&format!("  {}", absent.why.words()), style)
            }
            What::More { count, .. } => self.write(&format!("and {count} more"), Style::Dim),
        }
    }

    fn readiness(&mut self, object: ObjectId) -> Result<(), CliError> {
        let Some(readiness) = self.relations.readiness(object) else {
            return Ok(());
        };
        let style = match readiness.status {
            ReadinessStatus::Current => Style::Good,
            ReadinessStatus::Failed => Style::Bad,
            ReadinessStatus::InProgress | ReadinessStatus::Terminating => Style::Changed,
            ReadinessStatus::Unknown => Style::Dim,
        };
        let text = format!("  {:?}", readiness.status);
        let reason = match readiness.status {
            ReadinessStatus::Current | ReadinessStatus::Unknown => String::new(),
            _ => format!(": {}", readiness.reason.replace('\n', " ")),
        };
        self.write(&text, style)?;
        self.write(&reason, Style::Plain)
    }

    fn node_json(&self, what: &What) -> Value {
        match what {
            What::Object(object) => self.object_json(*object),
            What::Absent(absent) => absent_json(absent),
            What::More { of, side, count } => json!({
                "more": count, "of": of, "side": match side {
                    Side::Above => "above",
                    Side::Below => "below",
                },
            }),
        }
    }

    fn object_json(&self, object: ObjectId) -> Value {
        let timeline = self.relations.timeline();
        let Some((object, kind)) = timeline
            .object(object)
            .and_then(|object| Some((object, timeline.kind(object.kind)?)))
        else {
            return Value::Null;
        };
        let id = timeline.find(object.kind, &object.key);
        let readiness = id.and_then(|id| self.relations.readiness(id));
        json!({
            "apiVersion": kind.kind.api_version(),
            "kind": kind.kind.kind,
            "namespace": object.key.namespace,
            "name": object.key.name,
            "readiness": readiness.map(|readiness| format!("{:?}", readiness.status)),
            "reason": readiness.map(|readiness| &*readiness.reason),
        })
    }

    fn affected(
        &mut self,
        object: ObjectId,
        affection: &Affection,
        output: TextOrJson,
    ) -> Result<(), CliError> {
        if output == TextOrJson::Json {
            let objects: Vec<_> = affection
                .objects
                .iter()
                .map(|affected| {
                    let mut value = self.object_json(affected.object);
                    value["effect"] = affected.effect.words().into();
                    value["field"] = (*affected.field).into();
                    value["through"] = self.object_json(affected.through)["name"].clone();
                    value["depth"] = affected.depth.into();
                    value
                })
                .collect();
            return self.json(&json!({
                "object": self.object_json(object), "affected": objects, "more": affection.more,
            }));
        }
        let label = self.relations.label(object);
        if affection.objects.is_empty() {
            self.write(
                &format!("Nothing that was recorded depends on {label}.\n"),
                Style::Plain,
            )?;
            return Ok(());
        }
        for affected in &affection.objects {
            let name = format!(
                "{}{}",
                "  ".repeat(affected.depth - 1),
                self.relations.label(affected.object)
            );
            self.write(&name, Style::Plain)?;
            self.write(&format!("  {}", affected.effect.words()), Style::Changed)?;
            let through = if affected.through == object {
                String::new()
            } else {
                format!(" of {}", self.relations.label(affected.through))
            };
            self.write(&format!("  by {}{through}\n", affected.field), Style::Dim)?;
        }
        if affection.more > 0 {
            self.write(&format!("and {} more\n", affection.more), Style::Dim)?;
        }
        Ok(())
    }

    fn cause(
        &mut self,
        object: ObjectId,
        cause: Option<&RootCause>,
        output: TextOrJson,
    ) -> Result<(), CliError> {
        if output == TextOrJson::Json {
            let value = cause.map(|cause| {
                let path: Vec<_> = cause
                    .path
                    .iter()
                    .map(|object| self.object_json(*object))
                    .collect();
                let ties: Vec<_> = cause
                    .ties
                    .iter()
                    .map(|(kind, field)| json!({"relation": relation(*kind), "field": field}))
                    .collect();
                let missing = match &cause.cause {
                    Cause::Missing(absent) => absent_json(absent),
                    Cause::Object(_) => Value::Null,
                };
                json!({
                    "path": path, "ties": ties, "missing": missing,
                    "since": cause.since.map(Moment::rfc3339),
                })
            });
            return self.json(&json!({"object": self.object_json(object), "rootCause": value}));
        }
        let Some(cause) = cause else {
            let label = self.relations.label(object);
            self.write(
                &format!("{label} is ready, or nothing below it tells that it is not.\n"),
                Style::Plain,
            )?;
            return Ok(());
        };
        let sentence = cause.sentence(&self.relations);
        self.write(&format!("{sentence}\n"), Style::Plain)?;
        for (i, object) in cause.path.iter().enumerate() {
            if i > 0 {
                self.write(&format!("{}└─ ", "   ".repeat(i - 1)), Style::Dim)?;
            }
            self.object_line(&What::Object(*object))?;
            if let Some((_, field)) = i.checked_sub(1).and_then(|i| cause.ties.get(i)) {
                self.write(&format!("  by {field}"), Style::Dim)?;
            }
            self.write("\n", Style::Plain)?;
        }
        if let Cause::Missing(absent) = &cause.cause {
            self.write(
                &format!("{}└─ ", "   ".repeat(cause.path.len() - 1)),
                Style::Dim,
            )?;
            self.object_line(&What::Absent(absent.clone()))?;
            self.write("\n", Style::Plain)?;
        }
        Ok(())
    }
}

fn relation(kind: LinkKind) -> &'static str {
    match kind {
        LinkKind::Owner {
            controller: true, ..
        } => "controller",
        LinkKind::Owner { .. } => "owner",
        LinkKind::Managed => "managed",
        LinkKind::Reference => "reference",
    }
}

fn absent_json(absent: &Absent) -> Value {
    json!({
        "group": absent.group, "kind": absent.kind, "namespace": absent.namespace,
        "name": absent.name, "absent": absent.why.words(),
    })
}
