//! One open context: its client, its watches, its recorder thread.

use std::{
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

use parking_lot::RwLock;
use tokio::{runtime::Handle, sync::Semaphore, task::JoinHandle};
use tokio_util::sync::CancellationToken;

use super::{
    ClusterError, Kubeconfigs, WatchScope,
    backoff::Backoff,
    channel::{Receiver, Sender, channel},
    client::{RetryAfter, connect},
    discovery::Kinds,
    watch::WatchContext,
};
use crate::{
    model::{Clock, ConnectionState, ContextName, Observation, Redactor},
    timeline::{KindRules, RecordSink, Recorder, SharedTimeline, Timeline},
};

/// Lists that run side by side in one context.
const PARALLEL_LISTS: usize = 8;
const ANSWER_LIMIT: Duration = Duration::from_secs(15);
/// What was recorded is durable at the latest after this long.
const FLUSH_INTERVAL: Duration = Duration::from_millis(250);
/// Observations that are recorded before the screen is woken.
const BATCH: usize = 256;

/// Called by the recorder when there is something new to show.
pub(super) type Wake = Arc<dyn Fn() + Send + Sync>;

/// What the recorder of a context is given.
pub(super) struct Recording {
    /// What kinds are judged by.
    pub(super) rules: Arc<KindRules>,
    /// Where changes go besides the timeline.
    pub(super) sinks: Vec<Box<dyn RecordSink>>,
    /// Called when there is something new to show.
    pub(super) wake: Wake,
}

/// A context that is open.
pub(super) struct Session {
    pub(super) timeline: SharedTimeline,
    cancel: CancellationToken,
    watching: JoinHandle<()>,
    recording: Option<thread::JoinHandle<()>>,
}

impl Session {
    /// Opens a context and returns at once; what happens shows on the timeline.
    pub(super) fn open(
        runtime: &Handle,
        kubeconfigs: Arc<Kubeconfigs>,
        context: &ContextName,
        scope: WatchScope,
        clock: Clock,
        Recording { rules, sinks, wake }: Recording,
    ) -> Self {
        let timeline = Timeline::with_rules(context.clone(), rules);
        let timeline: SharedTimeline = Arc::new(RwLock::new(timeline));
        let (sender, receiver) = channel();
        let cancel = CancellationToken::new();
        let recording = {
            let recorder = Recorder::new(Arc::clone(&timeline), sinks);
            let runtime = runtime.clone();
            thread::Builder::new()
                .name(format!("recorder {context}"))
                .spawn(move || runtime.block_on(record(recorder, receiver, wake)))
        };
        if let Err(error) = &recording {
            timeline.write().connection = ConnectionState::Failed {
                error: format!("cannot start the recorder thread: {error}").into(),
                hint: Some("the system is short of threads or memory".into()),
                retry_at: None,
            };
        }
        let watching = runtime.spawn({
            let (cancel, context) = (cancel.clone(), context.clone());
            keep_connected(kubeconfigs, context, scope, clock, sender, cancel)
        });
        Self {
            timeline,
            cancel,
            watching,
            recording: recording.ok(),
        }
    }

    /// Ends the watches, records what is under way, and makes it durable.
    pub(super) fn close(mut self, runtime: &Handle) {
        self.cancel.cancel();
        let watching = &mut self.watching;
        if runtime.block_on(watching).is_err() {
            tracing::error!("the watches ended in a panic");
        }
        if self
            .recording
            .take()
            .is_some_and(|thread| thread.join().is_err())
        {
            tracing::error!("the recorder ended in a panic");
        }
        self.timeline.write().connection = ConnectionState::Closed;
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        self.cancel.cancel();
    }
}

/// Records until every watch is gone. Runs on a thread of its own, because recording is work.
async fn record(mut recorder: Recorder, mut receiver: Receiver, wake: Wake) {
    let mut unflushed: Option<Instant> = None;
    loop {
        let limit = unflushed.map_or(Duration::from_secs(3600), |since| {
            FLUSH_INTERVAL.saturating_sub(since.elapsed())
        });
        let mut count = 0;
        match tokio::time::timeout(limit, receiver.receive(BATCH)).await {
            Ok(batch) => {
                for observation in batch {
                    recorder.observe(observation);
                    count += 1;
                }
                if count == 0 {
                    break;
                }
                unflushed.get_or_insert_with(Instant::now);
                wake();
            }
            Err(_elapsed) => {}
        }
        if unflushed.is_some_and(|since| since.elapsed() >= FLUSH_INTERVAL) {
            recorder.flush();
            unflushed = None;
        }
    }
    recorder.flush();
    wake();
}

/// Connects, discovers and watches until the session closes; on failure says so, waits and tries
/// again.
async fn keep_connected(
    kubeconfigs: Arc<Kubeconfigs>,
    context: ContextName,
    scope: WatchScope,
    clock: Clock,
    sender: Sender,
    session: CancellationToken,
) {
    let connected = session
        .run_until_cancelled(reach_until_answered(&kubeconfigs, &context, clock, &sender))
        .await;
    let Some((client, retry_after, server_version)) = connected else {
        return;
    };
    let shared = WatchContext {
        client,
        retry_after,
        sender,
        clock,
        redactor: Arc::new(Redactor::new(&scope.redact)),
        label_selector: scope.label_selector.clone(),
        lists: Arc::new(Semaphore::new(PARALLEL_LISTS)),
        session: session.clone(),
    };
    let mut kinds = Kinds::new(shared, scope);
    session
        .run_until_cancelled(kinds.follow(server_version))
        .await;
    kinds.finish().await;
}

/// Tries until the server answers.
async fn reach_until_answered(
    kubeconfigs: &Arc<Kubeconfigs>,
    context: &ContextName,
    clock: Clock,
    sender: &Sender,
) -> (kube::Client, RetryAfter, Arc<str>) {
    let mut backoff = Backoff::new();
    loop {
        sender
            .send(Observation::Connection(ConnectionState::Connecting))
            .await;
        let error = match reach(kubeconfigs, context).await {
            Ok(reached) => {
                let server_version = Arc::clone(&reached.2);
                let state = ConnectionState::Connected { server_version };
                sender.send(Observation::Connection(state)).await;
                return reached;
            }
            Err(error) => error,
        };
        let wait = backoff.next(None);
        sender
            .send(Observation::Connection(ConnectionState::Failed {
                error: error.to_string().into(),
                hint: error.hint().map(Into::into),
                retry_at: Some(clock.now().after(wait)),
            }))
            .await;
        tokio::time::sleep(wait).await;
    }
}

/// A client that the server answered.
async fn reach(
    kubeconfigs: &Arc<Kubeconfigs>,
    context: &ContextName,
) -> Result<(kube::Client, RetryAfter, Arc<str>), ClusterError> {
    let (client, retry_after) = connect(Arc::clone(kubeconfigs), context.clone()).await?;
    let asked = tokio::time::timeout(ANSWER_LIMIT, client.apiserver_version()).await;
    let server_version = match asked {
        Ok(Ok(info)) => info.git_version,
        // Anyone may ask for the version by default; where not, the server is there all the same.
        Ok(Err(kube::Error::Api(status))) if status.code == 403 => "unknown version".into(),
        Ok(Err(error)) => return Err(error.into()),
        Err(_elapsed) => {
            let server = kubeconfigs
                .context(&context.0)?
                .server
                .clone()
                .unwrap_or_default();
            return Err(ClusterError::Timeout {
                server,
                seconds: ANSWER_LIMIT.as_secs(),
            });
        }
    };
    Ok((client, retry_after, server_version.into()))
}
