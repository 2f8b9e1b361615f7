//! The way from the watch tasks to the recorder: bounded in bytes, never dropping.

use std::sync::Arc;

use tokio::sync::{Semaphore, mpsc};

use crate::model::Observation;

/// Bytes of objects under way. Beyond it the watches wait, and with them the server.
const MAX_BYTES: u32 = 64 << 20;
/// What an observation costs besides its body.
const OVERHEAD: u32 = 512;
const MAX_ITEMS: usize = 16_384;

/// The watch tasks' end.
#[derive(Debug, Clone)]
pub(super) struct Sender {
    items: mpsc::Sender<(Observation, u32)>,
    bytes: Arc<Semaphore>,
}

/// The recorder's end.
#[derive(Debug)]
pub(super) struct Receiver {
    items: mpsc::Receiver<(Observation, u32)>,
    bytes: Arc<Semaphore>,
    batch: Vec<(Observation, u32)>,
}

pub(super) fn channel() -> (Sender, Receiver) {
    let (sender, receiver) = mpsc::channel(MAX_ITEMS);
    let bytes = Arc::new(Semaphore::new(MAX_BYTES as usize));
    (
        Sender {
            items: sender,
            bytes: Arc::clone(&bytes),
        },
        Receiver {
            items: receiver,
            bytes,
            batch: Vec::new(),
        },
    )
}

impl Sender {
    /// Waits until there is room. `false`: the recorder is gone, there is no use in going on.
    pub(super) async fn send(&self, observation: Observation) -> bool {
        let body = match &observation {
            Observation::Object(state) => state.body.as_ref().map_or(0, |body| body.len()),
            _ => 0,
        };
        let cost = u32::try_from(body)
            .unwrap_or(MAX_BYTES)
            .saturating_add(OVERHEAD)
            .min(MAX_BYTES);
        let Ok(permit) = self.bytes.acquire_many(cost).await else {
            return false;
        };
        permit.forget();
        self.items.send((observation, cost)).await.is_ok()
    }
}

impl Receiver {
    /// Waits for the next observations and takes all that are there, up to a bound. Empty: every
    /// sender is gone.
    pub(super) async fn receive(&mut self, limit: usize) -> impl Iterator<Item = Observation> + '_ {
        self.items.recv_many(&mut self.batch, limit).await;
        let bytes = &self.bytes;
        self.batch.drain(..).map(move |(observation, cost)| {
            bytes.add_permits(cost as usize);
            observation
        })
    }
}

#[cfg(test)]
mod tests {
    use std::future::{Future, poll_fn};
    use std::pin::pin;
    use std::task::Poll;

    use super::*;
    use crate::model::{
        ChangeKind, Clock, ObjectState, Provenance, ResourceKey, ResourceKind, Scope, Uid,
    };

    fn big(bytes: usize) -> Observation {
        Observation::Object(ObjectState {
            kind: Arc::new(ResourceKind {
                group: "x.io".into(),
                version: "v1".into(),
                kind: "App".into(),
                plural: "apps".into(),
                scope: Scope::Cluster,
            }),
            key: ResourceKey {
                namespace: None,
                name: "a".into(),
            },
            uid: Uid("u".into()),
            resource_version: "1".into(),
            generation: None,
            change: ChangeKind::Added,
            provenance: Provenance::Watch,
            observed_at: Clock::start().now(),
            body: Some(vec![0; bytes].into()),
        })
    }

    #[tokio::test]
    async fn a_full_channel_holds_the_sender_back_and_loses_nothing() {
        let (sender, mut receiver) = channel();
        assert!(sender.send(big(60 << 20)).await);
        let mut second = pin!(sender.send(big(10 << 20)));
        let waiting = poll_fn(|cx| Poll::Ready(second.as_mut().poll(cx).is_pending())).await;
        assert!(waiting, "ten more MiB do not fit");
        assert_eq!(receiver.receive(10).await.count(), 1);
        assert!(second.await);
        assert_eq!(receiver.receive(10).await.count(), 1);
    }

    #[tokio::test]
    async fn an_object_larger_than_the_bound_still_passes() {
        let (sender, mut receiver) = channel();
        assert!(sender.send(big(80 << 20)).await);
        assert_eq!(receiver.receive(10).await.count(), 1);
    }
}
