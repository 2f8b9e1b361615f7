//! How many changes came when: what the time strip draws.

use crate::model::Touched;

/// Changes of one second.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct ActivityBucket {
    /// Second since the Unix epoch.
    pub second: i64,
    /// Changes that touched the desired state.
    pub spec: u32,
    /// All others.
    pub other: u32,
}

/// Changes per second over a whole recording, oldest first; seconds without any are left out.
#[derive(Debug, Default)]
pub struct Activity {
    buckets: Vec<ActivityBucket>,
}

impl Activity {
    /// Counts a change at this wall time (microseconds).
    pub fn count(&mut self, wall: i64, touches: Touched) {
        let second = wall.div_euclid(1_000_000);
        let bucket = match self.buckets.last_mut() {
            Some(last) if last.second >= second => last,
            _ => {
                self.buckets.push(ActivityBucket {
                    second,
                    ..ActivityBucket::default()
                });
                let newest = self.buckets.len() - 1;
                &mut self.buckets[newest]
            }
        };
        if touches.spec {
            bucket.spec += 1;
        } else {
            bucket.other += 1;
        }
    }

    /// The seconds from `from` to before `to`.
    #[must_use]
    pub fn range(&self, from: i64, to: i64) -> &[ActivityBucket] {
        let start = self.buckets.partition_point(|bucket| bucket.second < from);
        let end = self.buckets.partition_point(|bucket| bucket.second < to);
        &self.buckets[start..end.max(start)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_by_second_and_part() {
        let mut activity = Activity::default();
        let spec = Touched {
            spec: true,
            ..Touched::default()
        };
        activity.count(1_000_000, spec);
        activity.count(1_999_999, Touched::default());
        activity.count(4_000_000, spec);
        assert_eq!(
            activity.range(0, 4),
            [ActivityBucket {
                second: 1,
                spec: 1,
                other: 1
            }]
        );
        assert_eq!(activity.range(2, 9).len(), 1);
    }
}
