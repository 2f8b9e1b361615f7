//! Work that is too long for a frame: done once on a thread of its own, and kept.

use std::{
    collections::VecDeque,
    sync::{Arc, OnceLock},
    thread,
};

/// What has become of a piece of work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress<T> {
    /// It is under way; the window is painted again when it is done.
    Working,
    /// It is done.
    Done(Arc<T>),
    /// It failed; why, in words.
    Failed(Arc<str>),
}

type Outcome<T> = Arc<OnceLock<Result<Arc<T>, Arc<str>>>>;

/// The results of the latest pieces of work, by what they were asked for.
#[derive(Debug)]
pub struct Background<K, T> {
    /// The one that was asked for last comes first.
    known: VecDeque<(K, Outcome<T>)>,
    capacity: usize,
}

impl<K, T> Background<K, T>
where
    K: Clone + PartialEq + Send + 'static,
    T: Send + Sync + 'static,
{
    /// Keeps this many results.
    #[must_use]
    pub fn new(capacity: usize) -> Self {
        Self {
            known: VecDeque::new(),
            capacity,
        }
    }

    /// The result for a key. The first time it begins the work.
    pub fn get(
        &mut self,
        ctx: &egui::Context,
        key: &K,
        work: impl FnOnce(&K) -> Result<T, String> + Send + 'static,
    ) -> Progress<T> {
        let outcome = match self.known.iter().position(|(known, _)| known == key) {
            Some(at) => {
                self.known.make_contiguous()[..=at].rotate_right(1);
                Arc::clone(&self.known[0].1)
            }
            None => {
                let outcome = begin(ctx, key.clone(), work);
                self.known.truncate(self.capacity.saturating_sub(1));
                self.known.push_front((key.clone(), Arc::clone(&outcome)));
                outcome
            }
        };
        match outcome.get() {
            None => Progress::Working,
            Some(Ok(done)) => Progress::Done(Arc::clone(done)),
            Some(Err(why)) => Progress::Failed(Arc::clone(why)),
        }
    }
}

fn begin<K: Send + 'static, T: Send + Sync + 'static>(
    ctx: &egui::Context,
    key: K,
    work: impl FnOnce(&K) -> Result<T, String> + Send + 'static,
) -> Outcome<T> {
    let outcome: Outcome<T> = Arc::default();
    let (result, ctx) = (Arc::clone(&outcome), ctx.clone());
    let run = move || {
        let done = work(&key).map(Arc::new).map_err(Arc::from);
        // Nobody else sets it.
        let _ = result.set(done);
        ctx.request_repaint();
    };
    let started = thread::Builder::new()
        .name("kronika-view".into())
        .spawn(run);
    if let Err(error) = started {
        let why = format!("A thread for it could not be started: {error}.");
        let _ = outcome.set(Err(why.into()));
    }
    outcome
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    fn result(background: &mut Background<u32, u32>, key: u32) -> Progress<u32> {
        let ctx = egui::Context::default();
        let limit = Instant::now() + Duration::from_secs(10);
        loop {
            let work = |key: &u32| match key {
                0 => Err("nothing".to_owned()),
                key => Ok(key * 2),
            };
            match background.get(&ctx, &key, work) {
                Progress::Working if Instant::now() < limit => thread::yield_now(),
                done => return done,
            }
        }
    }

    #[test]
    fn work_is_done_once_and_the_oldest_is_forgotten() {
        let mut background = Background::new(2);
        assert_eq!(result(&mut background, 1), Progress::Done(Arc::new(2)));
        assert_eq!(
            result(&mut background, 0),
            Progress::Failed("nothing".into())
        );
        let (Progress::Done(a), Progress::Done(b)) =
            (result(&mut background, 1), result(&mut background, 1))
        else {
            panic!("it was done")
        };
        assert!(Arc::ptr_eq(&a, &b));
        result(&mut background, 3);
        let keys: Vec<_> = background.known.iter().map(|(key, _)| *key).collect();
        assert_eq!(keys, [3, 1]);
    }
}
