//! `kronika demo`: the embedded demo cluster.

use std::{io::Write, path::PathBuf};

use clap::Args;
use tokio::runtime::Runtime;

use super::{CliError, output, signals::Signals};
use crate::demo::{DemoCluster, DemoOptions};

#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  kronika demo
  kronika demo --objects 10000 --rate 200
  kronika demo --serve --write-kubeconfig /tmp/demo.yaml &
  KUBECONFIG=/tmp/demo.yaml kubectl get certificates -A -w")]
pub(super) struct DemoArgs {
    /// Custom resources at the start
    #[arg(long, default_value_t = DemoOptions::default().objects)]
    objects: usize,
    /// Changes per second, roughly; 0: only clients change anything
    #[arg(long, default_value_t = DemoOptions::default().rate)]
    rate: f64,
    /// The same seed has the same things happen in the same order
    #[arg(long, default_value_t = DemoOptions::default().seed)]
    seed: u64,
    /// Port on 127.0.0.1; default: a free one
    #[arg(long)]
    port: Option<u16>,
    /// Serve the cluster to other clients instead of opening the window, until Ctrl-C
    #[arg(long)]
    pub(super) serve: bool,
    /// Write a kubeconfig for other clients; default with --serve: print it
    #[arg(long, value_name = "FILE")]
    pub(super) write_kubeconfig: Option<PathBuf>,
}

impl DemoArgs {
    pub(super) fn options(&self) -> DemoOptions {
        DemoOptions {
            objects: self.objects,
            rate: self.rate,
            seed: self.seed,
            port: self.port,
        }
    }
}

pub(super) fn serve(args: &DemoArgs, out: &mut dyn Write) -> Result<(), CliError> {
    let runtime = Runtime::new()
        .map_err(|error| CliError::new(format!("cannot start the runtime: {error}")))?;
    runtime.block_on(async {
        let mut signals = Signals::new()
            .map_err(|error| CliError::new(format!("cannot wait for signals: {error}")))?;
        let cluster = DemoCluster::start(args.options()).await?;
        match &args.write_kubeconfig {
            Some(path) => {
                cluster.write_kubeconfig(path)?;
                let path = std::path::absolute(path)?;
                writeln!(out, "export KUBECONFIG={}", path.display())?;
            }
            None => out.write_all(cluster.kubeconfig().as_bytes())?,
        }
        out.flush()?;
        output::note(&format!(
            "serving the demo cluster at {} until Ctrl-C",
            cluster.server_url()
        ));
        tokio::select! {
            () = signals.wait() => Ok(()),
            () = cluster.stopped() => Err(CliError::new("the demo cluster stopped")
                .hint("KRONIKA_LOG=debug says why")),
        }
    })
}
