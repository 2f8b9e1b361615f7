//! Since when each field of the revision in sight is as it is, worked out a few revisions a frame.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use crate::{
    diff::{FieldOrigin, Seen, Writer},
    model::FieldPath,
    timeline::{BlameWalk, ChangeId, ObjectId, Timeline},
    ui::{Command, format},
};

/// Revisions that are decoded and compared in one frame, some 100 µs each.
const REVISIONS_PER_FRAME: usize = 16;

/// The origins of the fields of one revision.
#[derive(Debug, Default)]
pub struct Origins {
    of: Option<(ObjectId, ChangeId)>,
    walk: BlameWalk,
    fields: HashMap<FieldPath, FieldOrigin<ChangeId>>,
}

impl Origins {
    /// Works towards a revision of an object. Says whether there is more to do.
    pub fn advance(&mut self, timeline: &Timeline, object: ObjectId, target: ChangeId) -> bool {
        if self.of == Some((object, target)) && self.walk.has_reached(target) {
            return false;
        }
        if self.of.is_some_and(|(of, _)| of != object) {
            self.walk = BlameWalk::default();
        }
        if self.of != Some((object, target)) {
            self.fields.clear();
            self.of = Some((object, target));
        }
        let Some(history) = timeline.object(object) else {
            return false;
        };
        let changes = &history.changes;
        let is_there = self
            .walk
            .advance(timeline, changes, target, REVISIONS_PER_FRAME);
        if is_there {
            self.fields = self.walk.blame().fields();
        }
        !is_there
    }

    /// The origin of a field; `None` until it is found.
    #[must_use]
    pub fn get(&self, path: &FieldPath) -> Option<&FieldOrigin<ChangeId>> {
        self.fields.get(path)
    }

    /// The origin of a field in words.
    #[must_use]
    pub fn describe(
        &self,
        path: &FieldPath,
        (timeline, zone): (&Timeline, &TimeZone),
    ) -> Option<String> {
        let origin = self.get(path)?;
        let change = timeline.change(origin.revision)?;
        let clock = format::clock(change.at.wall, zone);
        let millis = format::clock_millis(change.at.wall);
        let when = match origin.seen {
            Seen::OneWrite => format!("last changed {clock}{millis}"),
            Seen::SomeWrites => format!("last changed at {clock}{millis} or in the gap before"),
            Seen::Before => format!("unchanged since {clock}{millis} or longer"),
        };
        let writers: Vec<_> = origin.writers.iter().map(writer_text).collect();
        let by = match &writers[..] {
            [] => "by a manager that is not known".to_owned(),
            [one] => format!("by {one}"),
            several => format!("by one of {}", several.join(", ")),
        };
        Some(format!("{when}\n{by}"))
    }
}

fn writer_text(writer: &Writer) -> String {
    match (writer.operation, &*writer.subresource) {
        (None, _) => writer.manager.to_string(),
        (Some(operation), "") => format!("{} ({operation:?})", writer.manager),
        (Some(operation), part) => format!("{} ({operation:?} of {part})", writer.manager),
    }
}

/// Looks at a revision, against the one before it.
#[must_use]
pub fn look_at(revision: ChangeId) -> Command {
    Command::SelectChange {
        a: None,
        b: Some(revision),
    }
}
