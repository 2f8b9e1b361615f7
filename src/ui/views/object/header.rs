//! The head of the inspector: which object, how old, how far its controller is.

use std::time::Duration;

use crate::{
    model::{ChangeKind, Moment, Readiness},
    timeline::{ObjectId, Timeline},
    ui::views::latency::figures::age_text,
};

/// The head of the inspector but for what ticks.
#[derive(Debug, Clone, PartialEq)]
pub struct Header {
    /// Name of the object.
    pub name: String,
    /// Kind and namespace: `Certificate · shop`.
    pub what: String,
    /// When it was created, wall microseconds.
    pub created: Option<i64>,
    /// `generation 3, observed 2`.
    pub progress: Option<String>,
    /// Whether it has reached its desired state; `None` once it is deleted.
    pub readiness: Option<Readiness>,
    /// Since when a reconcile is awaited.
    pub reconciling_since: Option<Moment>,
    /// When it was deleted.
    pub deleted: Option<Moment>,
}

impl Header {
    /// Of an object; `None` for one that the timeline does not hold.
    #[must_use]
    pub fn of(timeline: &Timeline, id: ObjectId) -> Option<Self> {
        let object = timeline.object(id)?;
        let kind = timeline.kind(object.kind)?;
        let what = match &object.key.namespace {
            Some(namespace) => format!("{} · {namespace}", kind.kind.kind),
            None => kind.kind.kind.clone(),
        };
        let newest = object.newest().and_then(|id| timeline.change(id));
        let progress = newest.and_then(|change| {
            let generation = change.generation?;
            Some(match change.signal.observed() {
                Some((observed, _)) => format!("generation {generation}, observed {observed}"),
                None => format!("generation {generation}"),
            })
        });
        let open = kind.open_sample(id);
        let deleted = newest.filter(|change| change.change == ChangeKind::Deleted);
        Some(Self {
            name: object.key.name.to_string(),
            what,
            created: object
                .live
                .as_ref()
                .and_then(|live| Some(live.created?.as_microsecond())),
            progress,
            readiness: object.live.as_ref().map(|live| live.readiness.clone()),
            reconciling_since: open.map(|sample| sample.spec_seen_at),
            deleted: deleted.map(|change| change.at),
        })
    }

    /// The line below the name, and shorter ones for where it does not fit.
    #[must_use]
    pub fn lines(&self, now: Moment) -> [String; 3] {
        let age = self.created.map(|created| {
            let age = u64::try_from(now.wall.saturating_sub(created)).unwrap_or_default();
            age_text(Duration::from_micros(age))
        });
        let old = age.as_ref().map(|age| format!("{age} old"));
        [old, age, None].map(|age| {
            let parts = [Some(self.what.clone()), age, self.progress.clone()];
            parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
        })
    }
}
