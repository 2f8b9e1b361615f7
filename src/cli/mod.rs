//! The command line: the same engine without a window.
//!
//! One file per subcommand. Results go to stdout, everything else to stderr. Exit codes: 0 fine,
//! 1 failed, 2 wrong usage; 3 for `insights` that found something.

mod blame;
mod contexts;
mod demo;
mod diff;
mod error;
mod insights;
mod latency;
mod log;
mod logging;
mod output;
mod record;
mod schema;
mod select;
mod session;
mod show;
mod signals;
mod time;
mod tree;
mod user_settings;
mod watch_notes;

use std::{
    io::{self, BufWriter, Write},
    path::PathBuf,
    process::ExitCode,
};

use clap::{Parser, Subcommand};

use crate::demo::DemoOptions;

pub use error::CliError;
pub use logging::init as init_logging;

/// What to do after the command line was read.
#[derive(Debug)]
pub enum Next {
    /// Nothing more: this is the exit code.
    Exit(ExitCode),
    /// Open the window.
    Window(WindowRequest),
}

/// What the window is to show.
#[derive(Debug, Clone)]
pub enum WindowRequest {
    /// A context of the kubeconfig; without any kubeconfig, the demo cluster.
    Live {
        /// The context; `None` for the current one.
        context: Option<String>,
        /// The kubeconfig; `None` for those of `KUBECONFIG`, or `~/.kube/config`.
        kubeconfig: Option<PathBuf>,
    },
    /// The embedded demo cluster.
    Demo {
        /// How large and how lively.
        options: DemoOptions,
        /// Where to write a kubeconfig for other clients.
        write_kubeconfig: Option<PathBuf>,
    },
    /// A session file.
    Session(PathBuf),
}

const EXAMPLES: &str = "\
Examples:
  kronika                                   watch the kubeconfig's current context
  kronika --context staging                 watch another one
  kronika demo                              look around without a cluster
  kronika record --for 60s | jq .paths      changes as lines of JSON
  kronika record --out run.kronika          ... or as a session file, until Ctrl-C
  kronika log run.kronika --kind certificates -n web
  kronika diff run.kronika certificate web/tls
  kronika blame run.kronika certificate web/tls --field spec
  kronika tree run.kronika certificate web/tls --root-cause
  kronika open run.kronika                  the same in the window

Logging: KRONIKA_LOG=debug kronika ... (the filters of tracing's EnvFilter)";

/// See what changes in a Kubernetes cluster's custom resources: what, when, by whom, and how long the
/// controller took.
#[derive(Debug, Parser)]
#[command(name = "kronika", version, after_help = EXAMPLES, args_conflicts_with_subcommands = true)]
struct Cli {
    /// Context to open; default: the current one
    #[arg(long, value_name = "CONTEXT")]
    context: Option<String>,
    /// Kubeconfig file; default: those of KUBECONFIG, or ~/.kube/config
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    #[command(subcommand)]
    command: Option<Command>,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Open the embedded demo cluster, or serve it to other clients
    Demo(demo::DemoArgs),
    /// Open a recorded session in the window
    Open(OpenArgs),
    /// List the contexts of the kubeconfig
    Contexts(contexts::ContextsArgs),
    /// Record changes as lines of JSON, or into a session file
    Record(record::RecordArgs),
    /// Print the changes of a session
    Log(log::LogArgs),
    /// Print one revision of an object as the server sent it
    Show(show::ShowArgs),
    /// Print what differs between two revisions of an object
    Diff(diff::DiffArgs),
    /// Print what the CRD of a kind says of its fields, or how that changed
    Schema(schema::SchemaArgs),
    /// Print who wrote each line of an object, and when
    Blame(blame::BlameArgs),
    /// Print what an object hangs together with, what it affects, or why it is not ready
    Tree(tree::TreeArgs),
    /// Print how long controllers took to reconcile
    Latency(latency::LatencyArgs),
    /// Print what is wrong: stuck reconciles, fights, hot loops, flapping conditions, held deletions
    Insights(insights::InsightsArgs),
}

#[derive(Debug, clap::Args)]
struct OpenArgs {
    /// Session file
    file: PathBuf,
}

/// Reads the command line and does what it says, all but opening the window.
///
/// # Errors
/// What to print to stderr before exiting with 1. Wrong usage never comes here: clap reports it and
/// exits with 2.
pub fn run() -> Result<Next, CliError> {
    let cli = Cli::parse();
    let window = |request| Ok(Next::Window(request));
    let Some(command) = cli.command else {
        return window(WindowRequest::Live {
            context: cli.context,
            kubeconfig: cli.kubeconfig,
        });
    };
    match command {
        Command::Open(args) => {
            // Whatever is wrong with the file is better said here than in a window.
            crate::journal::session_span(&args.file)?;
            window(WindowRequest::Session(args.file))
        }
        Command::Demo(args) if !args.serve => {
            let options = args.options();
            window(WindowRequest::Demo {
                options,
                write_kubeconfig: args.write_kubeconfig,
            })
        }
        Command::Demo(args) => done(|out| demo::serve(&args, out)),
        Command::Contexts(args) => done(|out| contexts::run(&args, out)),
        Command::Record(args) => record::run(&args).map(|()| Next::Exit(ExitCode::SUCCESS)),
        Command::Log(args) => done(|out| log::run(&args, out)),
        Command::Show(args) => done(|out| show::run(&args, out)),
        Command::Diff(args) => done(|out| diff::run(&args, out)),
        Command::Schema(args) => done(|out| schema::run(&args, out)),
        Command::Blame(args) => done(|out| blame::run(&args, out)),
        Command::Tree(args) => done(|out| tree::run(&args, out)),
        Command::Latency(args) => done(|out| latency::run(&args, out)),
        Command::Insights(args) => {
            let mut code = ExitCode::SUCCESS;
            done(|out| {
                code = insights::run(&args, out)?;
                Ok(())
            })?;
            Ok(Next::Exit(code))
        }
    }
}

/// Runs a command that prints to stdout. A reader that went away (`| head`) is a quiet end.
fn done(command: impl FnOnce(&mut dyn Write) -> Result<(), CliError>) -> Result<Next, CliError> {
    let mut out = BufWriter::new(io::stdout().lock());
    let result = command(&mut out).and_then(|()| out.flush().map_err(CliError::from));
    match result {
        Err(error) if error.is_broken_pipe() => Ok(()),
        other => other,
    }
    .map(|()| Next::Exit(ExitCode::SUCCESS))
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn the_command_line_is_consistent() {
        Cli::command().debug_assert();
    }

    #[test]
    fn every_form_of_the_readme_parses() {
        for line in [
            "kronika",
            "kronika --context c --kubeconfig f",
            "kronika demo --objects 500 --rate 20 --seed 7",
            "kronika demo --serve --write-kubeconfig f --port 8443",
            "kronika open f",
            "kronika contexts -o json",
            "kronika record --context a --context b --kind certificates.cert-manager.io --also pods -n web -n db \
             -l app=x --for 60s --out f",
            "kronika log f --kind certificates -n web --name tls --since 5m --until 12:30:00 -o json",
            "kronika show f certificates web/tls --at 2026-01-02T03:04:05Z -o json",
            "kronika show f certificates web/tls --revision 17 -o yaml",
            "kronika diff f Certificate web/tls --from 1 --to 2 -o fields",
            "kronika blame f Certificate web/tls --at 5m --field spec.dnsNames",
            "kronika latency f --kind certificates -o json",
            "kronika insights f --rule fight --rule hot-loop --kind databases -n web --at 14:32:08 --ended --json",
            "kronika schema f certificates spec.issuerRef --version v1 --at 5m --recursive -o json",
            "kronika schema f certificates --diff",
            "kronika schema f certificates --diff=v1beta1 --version v1 --impact breaking",
            "kronika tree f certificates web/tls --at 5m -o json",
            "kronika tree f certificates web/tls --affected",
            "kronika tree f certificates web/tls --root-cause",
        ] {
            if let Err(error) = Cli::try_parse_from(line.split_whitespace()) {
                panic!("{line}: {error}");
            }
        }
    }

    #[test]
    fn contradictions_are_refused() {
        for line in [
            "kronika --context c contexts",
            "kronika show f k n --at 5m --revision 1",
            "kronika demo --rate fast",
            "kronika record --for soon",
            "kronika log f --since yesterday",
            "kronika log f -o yaml",
            "kronika insights f --rule everything",
            "kronika schema f k --impact breaking",
            "kronika schema f k --diff --at 5m",
            "kronika tree f k n --affected --root-cause",
        ] {
            assert!(
                Cli::try_parse_from(line.split_whitespace()).is_err(),
                "{line}"
            );
        }
    }
}
