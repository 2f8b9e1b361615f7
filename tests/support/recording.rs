//! Kronika's engine on a kubeconfig, and what it recorded.

use std::path::Path;
use std::sync::Arc;

use kronika::cluster::{Kubeconfigs, Supervisor, WatchScope};
use kronika::model::{Change, Clock, ContextName, Gap, PrinterColumn, ResourceKind};
use kronika::timeline::{RecordSink, Recorded, SharedTimeline, SinkError};
use parking_lot::Mutex;
use tokio::runtime::Handle;

/// A change and the bytes that came with it.
#[derive(Debug, Clone)]
pub(crate) struct Kept {
    pub(crate) change: Change,
    pub(crate) body: Option<Box<[u8]>>,
}

/// Everything that a sink was given.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record(Arc<Mutex<Vec<Kept>>>);

impl Record {
    pub(crate) fn changes(&self) -> Vec<Kept> {
        self.0.lock().clone()
    }
}

impl RecordSink for Record {
    fn kind(&mut self, _: &ResourceKind, _: &[PrinterColumn]) -> Result<(), SinkError> {
        Ok(())
    }

    fn change(&mut self, recorded: &Recorded<'_>) -> Result<(), SinkError> {
        let (change, body) = (recorded.change.clone(), recorded.body.map(Into::into));
        self.0.lock().push(Kept { change, body });
        Ok(())
    }

    fn gap(&mut self, _: &Gap) -> Result<(), SinkError> {
        Ok(())
    }

    fn flush(&mut self) -> Result<(), SinkError> {
        Ok(())
    }
}

/// A context that is open and recorded.
pub(crate) struct Recording {
    pub(crate) timeline: SharedTimeline,
    pub(crate) record: Record,
    supervisor: Option<Supervisor>,
}

impl Recording {
    /// Opens the current context of a kubeconfig, for kinds by `plural.group`; none for all.
    pub(crate) fn open(runtime: &Handle, kubeconfig: &Path, kinds: &[&str]) -> Self {
        Self::open_also(runtime, kubeconfig, kinds, &[])
    }

    /// The same, with built-in kinds beside them.
    pub(crate) fn open_also(
        runtime: &Handle,
        kubeconfig: &Path,
        kinds: &[&str],
        also: &[&str],
    ) -> Self {
        let kubeconfigs = Kubeconfigs::load(Some(kubeconfig)).unwrap();
        let context: ContextName = kubeconfigs.current.clone().expect("a current context");
        let clock = Clock::start();
        let mut supervisor =
            Supervisor::new(runtime.clone(), clock, Arc::new(|| {}), Arc::default());
        let record = Record::default();
        let scope = WatchScope {
            kinds: kinds.iter().map(|kind| (*kind).to_owned()).collect(),
            also: also.iter().map(|kind| (*kind).to_owned()).collect(),
            ..WatchScope::default()
        };
        let timeline = supervisor.open(
            &kubeconfigs,
            &context,
            scope,
            vec![Box::new(record.clone())],
        );
        Self {
            timeline,
            record,
            supervisor: Some(supervisor),
        }
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if let Some(supervisor) = self.supervisor.take() {
            tokio::task::block_in_place(|| supervisor.shutdown());
        }
    }
}
