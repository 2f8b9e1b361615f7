//! `kronika record`: changes as lines of JSON while they happen, or into a session file.

use std::{
    io,
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::{Duration, Instant},
};

use clap::Args;
use tokio::{runtime::Runtime, time::MissedTickBehavior};

use super::{
    CliError, output,
    signals::Signals,
    time::parse_duration,
    user_settings::kind_rules,
    watch_notes::{Console, Totals},
};
use crate::{
    cluster::{Kubeconfigs, Supervisor, WatchScope},
    export::NdjsonSink,
    journal::SessionFile,
    model::{Clock, ConnectionState, ContextName},
    timeline::{RecordSink, SharedTimeline},
};

/// How often trouble is looked for and progress shown.
const TICK: Duration = Duration::from_millis(250);
/// A context that fails for this long from the start is given up.
const FAIL_LIMIT: Duration = Duration::from_secs(5);
/// A context that does not answer for this long from the start is given up.
const REACH_LIMIT: Duration = Duration::from_secs(30);
/// How long a kind that was asked for may take to be discovered before a note says that it is not
/// there.
const KIND_LIMIT: Duration = Duration::from_secs(5);

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kronika record --for 60s > changes.ndjson
  kronika record --context a --context b --out both.kronika
  kronika record --kind certificates.cert-manager.io -n web | jq -r '[.observedAt, .name] | @tsv'

Ctrl-C and SIGTERM end a recording cleanly, with everything written.")]
pub(super) struct RecordArgs {
    /// Context to record; may be given several times; default: the current one
    #[arg(long, value_name = "CONTEXT")]
    context: Vec<String>,
    /// Kubeconfig file; default: those of KUBECONFIG, or ~/.kube/config
    #[arg(long, value_name = "FILE")]
    kubeconfig: Option<PathBuf>,
    /// Only this kind; may be given several times; default: every custom resource
    #[arg(long, value_name = "PLURAL.GROUP")]
    kind: Vec<String>,
    /// This built-in kind as well, as deployments.apps; may be given several times
    #[arg(long, value_name = "PLURAL.GROUP")]
    also: Vec<String>,
    /// Only this namespace; may be given several times
    #[arg(short, long, value_name = "NAMESPACE")]
    namespace: Vec<String>,
    /// Only objects with these labels, as kubectl takes them
    #[arg(short = 'l', long, value_name = "SELECTOR")]
    selector: Option<String>,
    /// Replace the value at this JSONPath by a keyed hash, as .spec.users[*].token; may be given
    /// several times. Values of Secrets always are
    #[arg(long, value_name = "JSONPATH")]
    redact: Vec<String>,
    /// End after this long; default: on Ctrl-C
    #[arg(long = "for", value_name = "DURATION", value_parser = parse_duration)]
    duration: Option<Duration>,
    /// Write a session file; default: lines of JSON on stdout
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
}

pub(super) fn run(args: &RecordArgs) -> Result<(), CliError> {
    let kubeconfigs = Kubeconfigs::load(args.kubeconfig.as_deref())?;
    for problem in &kubeconfigs.problems {
        output::note(problem);
    }
    let contexts = contexts(args, &kubeconfigs)?;
    let runtime = Runtime::new()
        .map_err(|error| CliError::new(format!("cannot start the runtime: {error}")))?;
    // Before anything is written, so that a signal never ends it unclean.
    let mut signals = {
        let _guard = runtime.enter();
        Signals::new()
            .map_err(|error| CliError::new(format!("cannot wait for signals: {error}")))?
    };
    let file = match &args.out {
        Some(path) => Some(SessionFile::create(path)?),
        None => None,
    };

    let unread = Arc::new(AtomicBool::new(false));
    let mut supervisor = Supervisor::new(
        runtime.handle().clone(),
        Clock::start(),
        Arc::new(|| ()),
        kind_rules(),
    );
    let scope = WatchScope {
        kinds: args.kind.clone(),
        also: args.also.clone(),
        namespaces: args.namespace.clone(),
        label_selector: args.selector.clone(),
        redact: args.redact.clone(),
    };
    let mut timelines = Vec::new();
    for context in &contexts {
        let sink: Box<dyn RecordSink> = match &file {
            Some(file) => Box::new(file.writer(context)?),
            None => {
                let unread = Arc::clone(&unread);
                Box::new(NdjsonSink::new(context.clone(), io::stdout(), unread))
            }
        };
        timelines.push(supervisor.open(&kubeconfigs, context, scope.clone(), vec![sink]));
    }

    let mut watch = Watch {
        timelines: &timelines,
        wanted: &args.kind,
        reached: vec![false; timelines.len()],
        kinds_checked: vec![false; timelines.len()],
        unread: &unread,
        console: Console::new(),
        started: Instant::now(),
    };
    let ended = runtime.block_on(watch.until_end(args.duration, &mut signals));
    // Asked a second time, it ends at once: a session file loses its last batch at most.
    runtime.spawn(async move {
        signals.wait().await;
        std::process::exit(1);
    });
    supervisor.shutdown();
    let closed = match file {
        Some(file) if ended.is_err() && timelines.iter().all(is_empty) => {
            file.discard();
            Ok(())
        }
        Some(file) => file.close(),
        None => Ok(()),
    };
    watch.console.clear();
    // A credential plugin that hangs must not hold up the end.
    runtime.shutdown_background();
    ended?;
    closed?;
    let lost: u64 = timelines
        .iter()
        .map(|timeline| timeline.read().sink_errors())
        .sum();
    if lost > 0 {
        return Err(
            CliError::new("the recording is incomplete: not everything could be written")
                .hint("the lines above say why; is the disk full?"),
        );
    }
    if let Some(path) = &args.out {
        let totals = watch.totals().text();
        watch
            .console
            .remark(&format!("{}: {totals}", path.display()));
    }
    Ok(())
}

/// The contexts that were asked for, each once.
fn contexts(args: &RecordArgs, kubeconfigs: &Kubeconfigs) -> Result<Vec<ContextName>, CliError> {
    let mut contexts = Vec::new();
    for wanted in &args.context {
        let name = kubeconfigs.context(wanted)?.name.clone();
        if !contexts.contains(&name) {
            contexts.push(name);
        }
    }
    if contexts.is_empty() {
        let current = kubeconfigs.current.clone().ok_or_else(|| {
            let known: Vec<_> = kubeconfigs
                .contexts
                .iter()
                .map(|c| c.name.to_string())
                .collect();
            CliError::new("the kubeconfig has no current context").hint(match known.len() {
                0 => "set KUBECONFIG, or try it out with `kronika demo`".into(),
                _ => format!("name one with --context: {}", known.join(", ")),
            })
        })?;
        contexts.push(current);
    }
    Ok(contexts)
}

fn is_empty(timeline: &SharedTimeline) -> bool {
    timeline.read().change_count() == 0
}

/// Watches over the recording until it ends.
struct Watch<'a> {
    timelines: &'a [SharedTimeline],
    wanted: &'a [String],
    /// Which contexts were connected at least once.
    reached: Vec<bool>,
    kinds_checked: Vec<bool>,
    unread: &'a AtomicBool,
    console: Console,
    started: Instant,
}

impl Watch<'_> {
    async fn until_end(
        &mut self,
        duration: Option<Duration>,
        signals: &mut Signals,
    ) -> Result<(), CliError> {
        let end = async {
            match duration {
                Some(duration) => tokio::time::sleep(duration).await,
                None => std::future::pending().await,
            }
        };
        tokio::pin!(end);
        let mut ticks = tokio::time::interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Skip);
        loop {
            tokio::select! {
                () = signals.wait() => return Ok(()),
                () = &mut end => {
                    self.look(Duration::ZERO)?;
                    return Ok(());
                }
                _ = ticks.tick() => {
                    self.look(REACH_LIMIT)?;
                    if self.unread.load(Ordering::Relaxed) {
                        return Ok(());
                    }
                    let totals = self.totals();
                    self.console.progress(totals);
                }
            }
        }
    }

    fn totals(&self) -> Totals {
        let mut totals = Totals::default();
        for timeline in self.timelines {
            totals.add(&timeline.read());
        }
        totals
    }

    /// Says what is wrong, and gives up on a context that never answered within `limit`.
    fn look(&mut self, limit: Duration) -> Result<(), CliError> {
        let elapsed = self.started.elapsed();
        for (index, timeline) in self.timelines.iter().enumerate() {
            let timeline = timeline.read();
            match &timeline.connection {
                ConnectionState::Connected { .. } => self.reached[index] = true,
                _ if self.reached[index] => {}
                ConnectionState::Failed { error, hint, .. } if elapsed >= FAIL_LIMIT.min(limit) => {
                    let error = CliError::new(format!(
                        "cannot reach context {}: {error}",
                        timeline.context
                    ));
                    return Err(match hint {
                        Some(hint) => error.hint(&**hint),
                        None => error.hint(format!(
                            "try `kubectl --context {} get crd`",
                            timeline.context
                        )),
                    });
                }
                _ if elapsed >= limit => {
                    let seconds = elapsed.as_secs();
                    return Err(CliError::new(format!(
                        "context {} did not answer within {seconds} s",
                        timeline.context
                    ))
                    .hint("check the network, a VPN or a proxy"));
                }
                _ => {}
            }
            if self.reached[index] {
                self.console.report(index, &timeline);
            }
            if self.reached[index] && !self.kinds_checked[index] && elapsed >= KIND_LIMIT {
                self.kinds_checked[index] = true;
                for wanted in self.wanted {
                    let same = |name: &str| name.eq_ignore_ascii_case(wanted);
                    let served = timeline.kinds().any(|(_, known)| {
                        let kind = &known.kind;
                        same(&kind.qualified_plural()) || same(&kind.plural) || same(&kind.kind)
                    });
                    if !served {
                        self.console.line(&format!(
                            "note: {}: no kind {wanted} is served; it is recorded once it is",
                            timeline.context
                        ));
                    }
                }
            }
        }
        Ok(())
    }
}
