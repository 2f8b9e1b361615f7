//! `kronika contexts`: what the kubeconfig offers.

use std::{io::Write, path::PathBuf};

use clap::Args;
use serde::Serialize;

use super::{
    CliError,
    output::{Style, Table, TextOrJson},
};
use crate::cluster::Kubeconfigs;

#[derive(Debug, Args)]
pub(super) struct ContextsArgs {
    /// Kubeconfig file; default: those of KUBECONFIG, or ~/.kube/config
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Output
    #[arg(short, long, value_enum, default_value_t = TextOrJson::Text)]
    output: TextOrJson,
}

#[derive(Serialize)]
struct ContextJson<'a> {
    name: &'a str,
    current: bool,
    cluster: &'a str,
    user: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    namespace: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    server: Option<&'a str>,
}

pub(super) fn run(args: &ContextsArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let kubeconfigs = Kubeconfigs::load(args.kubeconfig.as_deref())?;
    for problem in &kubeconfigs.problems {
        super::output::note(problem);
    }
    let is_current = |name| kubeconfigs.current.as_ref() == Some(name);
    if args.output == TextOrJson::Json {
        let all: Vec<_> = kubeconfigs
            .contexts
            .iter()
            .map(|context| ContextJson {
                name: &context.name.0,
                current: is_current(&context.name),
                cluster: &context.cluster,
                user: &context.user,
                namespace: context.namespace.as_deref(),
                server: context.server.as_deref(),
            })
            .collect();
        serde_json::to_writer_pretty(&mut *out, &all)?;
        return Ok(writeln!(out)?);
    }
    if kubeconfigs.contexts.is_empty() {
        return Err(CliError::new("the kubeconfig has no context")
            .hint("set KUBECONFIG or write ~/.kube/config; `kronika demo` needs none"));
    }
    let mut table = Table::new(&["CURRENT", "NAME", "CLUSTER", "USER", "NAMESPACE", "SERVER"]);
    for context in &kubeconfigs.contexts {
        let current = is_current(&context.name);
        let plain = |text: &str| (text.to_owned(), Style::Plain);
        table.row(vec![
            (if current { "*" } else { "" }.to_owned(), Style::Good),
            (
                context.name.to_string(),
                if current {
                    Style::Heading
                } else {
                    Style::Plain
                },
            ),
            plain(&context.cluster),
            plain(&context.user),
            plain(context.namespace.as_deref().unwrap_or_default()),
            plain(context.server.as_deref().unwrap_or_default()),
        ]);
    }
    Ok(table.print(out)?)
}
