//! Kinds that change far more than they usually do, or no more.
//!
//! The changes of a kind are counted in buckets of 5 minutes. What is usual has a daily rhythm, so a
//! bucket is compared with those at the same time of day, half an hour around, of the days before (up
//! to 14, at least `days`). Median and median absolute deviation (MAD, times 1.4826 as the standard
//! deviation of a normal distribution) are not moved by single outliers; see Leys et al., *Detecting
//! outliers: do not use standard deviation around the mean*, J. Exp. Soc. Psychol. 49 (2013).
//!
//! A *surge* has at least `minimumChanges`, is 8 deviations above that median (deviations of counts are
//! not less than the square root of their median), and twice as far above it as any bucket of the
//! whole history was above its own time of day: kinds that are rolled out in bursts know bursts.
//! Before there is a history of days, all that is known stands in (two hours at least, and changes in
//! half of its buckets: a kind that is mostly quiet has no rate), and the surge has to be 10 times its
//! highest bucket and 100 changes.
//!
//! *Silence* is three buckets without any change where the days before never had fewer than 10 at this
//! time. It needs the history of days: work that ends is not silence.
//!
//! Buckets that were not watched throughout are left out on both sides.

use std::collections::VecDeque;

use serde::{Deserialize, Serialize};

use super::{Answer, Context, Evidence, Finding, SECOND, Severity, nearest_rank};
use crate::{
    model::{ChangeKind, GapCause, Provenance},
    timeline::{ChangeEntry, KindId},
};

/// Length of a bucket in seconds.
pub(super) const BUCKET_SECONDS: u64 = 300;
const BUCKET: i64 = 300 * SECOND;
const DAY: i64 = 288;
/// Days of history that are kept.
const DAYS: i64 = 14;
/// Buckets around the same time of day.
const AROUND: i64 = 6;
/// Without a history of days: buckets that must be known, and the bar.
const RECENT_LEAST: usize = 24;
const RECENT_FACTOR: u32 = 10;
const RECENT_CHANGES: u32 = 100;
/// Deviations above the median.
const DEVIATIONS: f64 = 8.0;
/// Silence: buckets without a change, and changes that each bucket at this time had.
const SILENT: i64 = 3;
const NEVER_FEWER: u32 = 10;

/// When a kind's rate of change is unusual.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct RateSettings {
    /// A bucket of 5 minutes with fewer changes is never a surge; 30.
    pub minimum_changes: u32,
    /// Days of history that are needed for the time of day to be known; 3.
    pub days: u32,
}

impl Default for RateSettings {
    fn default() -> Self {
        Self {
            minimum_changes: 30,
            days: 3,
        }
    }
}

/// What one kind shows.
#[derive(Debug, Default)]
pub(super) struct UnusualRate {
    /// Buckets with changes: number since the epoch, count.
    buckets: VecDeque<(i64, u32)>,
    /// The first bucket that was watched from its beginning.
    first: Option<i64>,
    /// Newest change (microseconds since the epoch).
    last: i64,
    live: usize,
    surge: Option<Finding>,
    /// The bucket that was judged last, and what came of it.
    judged: Option<(i64, Vec<Finding>)>,
}

/// What is usual at a time.
struct Usual {
    sorted: Vec<u32>,
    /// Whether it is of the time of day, or of the last hours.
    by_day: bool,
}

impl UnusualRate {
    pub(super) fn observe(&mut self, change: &ChangeEntry, at: i64) {
        match change.change {
            ChangeKind::Added => self.live += 1,
            ChangeKind::Deleted => self.live = self.live.saturating_sub(1),
            ChangeKind::Modified => {}
        }
        let bucket = at.div_euclid(BUCKET);
        self.first.get_or_insert(bucket + 1);
        if change.provenance != Provenance::Watch {
            return;
        }
        self.last = at;
        match self.buckets.back_mut() {
            Some((last, count)) if *last >= bucket => *count += 1,
            _ => self.buckets.push_back((bucket, 1)),
        }
        while self
            .buckets
            .front()
            .is_some_and(|(first, _)| *first < bucket - DAYS * DAY)
        {
            self.buckets.pop_front();
        }
    }

    /// When the bucket of a moment ends, and a little later: what happened in it has come by then.
    pub(super) fn next_due(at: i64) -> i64 {
        (at.div_euclid(BUCKET) + 1) * BUCKET + SECOND
    }

    /// Judges the bucket that ended last.
    pub(super) fn check(&mut self, cx: Context<'_>, kind: KindId) -> Answer {
        let due = Some(Self::next_due(cx.at));
        let (Some(first), bucket) = (self.first, cx.at.div_euclid(BUCKET) - 1) else {
            return Answer::default();
        };
        if let Some((judged, findings)) = &self.judged
            && *judged == bucket
        {
            return Answer {
                findings: findings.clone(),
                due,
            };
        }
        let count = self.count(bucket);
        let is_watched = |bucket: i64| bucket >= first && is_watched(cx, kind, bucket);
        if let Some(surge) = &self.surge {
            // It has ended when a bucket is no more than half as high as what began it.
            let began: i64 = surge.since.div_euclid(BUCKET);
            if count <= self.count(began) / 2 && bucket > began {
                self.surge = None;
            }
        } else if count >= cx.settings.unusual_rate.minimum_changes.max(1) && is_watched(bucket) {
            self.surge = self.surge(cx, kind, bucket, count, &is_watched);
        }
        let mut findings: Vec<_> = self.surge.iter().cloned().collect();
        if self.live > 0 && (bucket + 1) * BUCKET - self.last >= SILENT * BUCKET {
            findings.extend(self.silence(cx, kind, bucket, &is_watched));
        }
        self.judged = Some((bucket, findings.clone()));
        // A kind that nothing happens to is looked at again when something does.
        let quiet = self
            .buckets
            .back()
            .is_none_or(|(last, _)| bucket - last > DAY);
        Answer {
            due: due.filter(|_| !quiet || !findings.is_empty()),
            findings,
        }
    }

    fn count(&self, bucket: i64) -> u32 {
        self.buckets
            .binary_search_by_key(&bucket, |(number, _)| *number)
            .map_or(0, |place| self.buckets[place].1)
    }

    fn usual(
        &self,
        settings: &RateSettings,
        bucket: i64,
        is_watched: &dyn Fn(i64) -> bool,
    ) -> Option<Usual> {
        let mut counts = Vec::new();
        let mut days = 0;
        for day in 1..=DAYS {
            let same_time = bucket - day * DAY;
            let around = (same_time - AROUND..=same_time + AROUND).filter(|at| is_watched(*at));
            let before = counts.len();
            counts.extend(around.map(|at| self.count(at)));
            days += u32::from(counts.len() > before);
        }
        let by_day = days >= settings.days.max(1);
        if !by_day {
            let recent = (bucket - DAYS * DAY..bucket).filter(|at| is_watched(*at));
            counts = recent.map(|at| self.count(at)).collect();
            if counts.len() < RECENT_LEAST {
                return None;
            }
        }
        counts.sort_unstable();
        Some(Usual {
            sorted: counts,
            by_day,
        })
    }

    fn surge(
        &self,
        cx: Context<'_>,
        kind: KindId,
        bucket: i64,
        count: u32,
        is_watched: &dyn Fn(i64) -> bool,
    ) -> Option<Finding> {
        let usual = self.usual(&cx.settings.unusual_rate, bucket, is_watched)?;
        let highest = *usual.sorted.last()?;
        if usual.by_day {
            let median = f64::from(nearest_rank(&usual.sorted, 50)?);
            let above = f64::from(count) - median;
            if above < DEVIATIONS * deviation(&usual.sorted, median) || count < 2 * highest {
                return None;
            }
            // Only what is far beyond every burst of the past.
            if above < 2.0 * self.highest_residual(bucket, is_watched) {
                return None;
            }
        } else if nearest_rank(&usual.sorted, 50) == Some(0)
            || count < RECENT_CHANGES
            || count < RECENT_FACTOR.saturating_mul(highest.max(1))
        {
            return None;
        }
        let explanation = format!(
            "{}: {} in 5 min; usually {}.",
            kind_name(cx, kind),
            changes(count),
            usual.words(),
        );
        Some(Finding {
            detail: "surge".to_owned(),
            severity: Severity::Notice,
            since: bucket * BUCKET,
            title: format!("{} in 5 min", changes(count)),
            explanation,
            evidence: usual.evidence(),
        })
    }

    /// How far the highest bucket of the history stood above the median of its time of day.
    fn highest_residual(&self, bucket: i64, is_watched: &dyn Fn(i64) -> bool) -> f64 {
        let mut highest = 0.0_f64;
        let from = bucket - DAYS * DAY;
        for (at, count) in self
            .buckets
            .iter()
            .filter(|(at, _)| (from..bucket).contains(at))
        {
            if f64::from(*count) <= highest {
                continue;
            }
            let slot = at.rem_euclid(DAY);
            let days = (0..=DAYS).map(|day| bucket - bucket.rem_euclid(DAY) + slot - day * DAY);
            let mut same_time: Vec<_> = days
                .filter(|day| (from..bucket).contains(day) && is_watched(*day))
                .map(|day| self.count(day))
                .collect();
            same_time.sort_unstable();
            let median = nearest_rank(&same_time, 50).unwrap_or_default();
            highest = highest.max(f64::from(*count) - f64::from(median));
        }
        highest
    }

    fn silence(
        &self,
        cx: Context<'_>,
        kind: KindId,
        bucket: i64,
        is_watched: &dyn Fn(i64) -> bool,
    ) -> Option<Finding> {
        let mut silent = bucket - SILENT + 1..=bucket;
        if !silent.all(|at| is_watched(at) && self.count(at) == 0) {
            return None;
        }
        let usual = self.usual(&cx.settings.unusual_rate, bucket, is_watched)?;
        if !usual.by_day
            || usual
                .sorted
                .first()
                .is_none_or(|least| *least < NEVER_FEWER)
        {
            return None;
        }
        Some(Finding {
            detail: "silence".to_owned(),
            severity: Severity::Notice,
            since: self.last,
            title: "no changes any more".to_owned(),
            explanation: format!(
                "{}: no change for 15 min or longer; usually {} in 5 min.",
                kind_name(cx, kind),
                usual.words(),
            ),
            evidence: usual.evidence(),
        })
    }
}

impl Usual {
    /// `3 to 9 at this hour`: what four of five buckets had.
    fn words(&self) -> String {
        let [low, high] =
            [10, 90].map(|percent| nearest_rank(&self.sorted, percent).unwrap_or_default());
        let when = if self.by_day {
            "at this hour"
        } else {
            "in the time before"
        };
        if low == high {
            format!("{low} {when}")
        } else {
            format!("{low} to {high} {when}")
        }
    }

    fn evidence(&self) -> Vec<Evidence> {
        let figure = |label, value: u32| Evidence::Figure {
            label,
            value: value.to_string(),
        };
        vec![
            figure(
                "usual median in 5 min",
                nearest_rank(&self.sorted, 50).unwrap_or_default(),
            ),
            figure(
                "usual highest in 5 min",
                self.sorted.last().copied().unwrap_or_default(),
            ),
            Evidence::Figure {
                label: "compared with",
                value: super::counted(self.sorted.len(), "bucket"),
            },
        ]
    }
}

/// The scaled median absolute deviation, not less than that of a Poisson count.
fn deviation(sorted: &[u32], median: f64) -> f64 {
    let mut off: Vec<f64> = sorted
        .iter()
        .map(|count| (f64::from(*count) - median).abs())
        .collect();
    off.sort_by(f64::total_cmp);
    let mad = nearest_rank(&off, 50).unwrap_or_default();
    (1.4826 * mad).max(median.sqrt()).max(1.0)
}

fn changes(count: u32) -> String {
    super::counted(usize::try_from(count).unwrap_or(usize::MAX), "change")
}

fn kind_name(cx: Context<'_>, kind: KindId) -> &str {
    cx.timeline.kind(kind).map_or("", |kind| &kind.kind.kind)
}

/// Whether no gap falls into a bucket.
fn is_watched(cx: Context<'_>, kind: KindId, bucket: i64) -> bool {
    let (from, to) = (bucket * BUCKET, (bucket + 1) * BUCKET);
    let gaps = cx.timeline.gaps();
    let first = gaps.partition_point(|gap| gap.to.wall <= from);
    gaps[first..].iter().all(|gap| {
        let concerns = gap
            .kind
            .as_ref()
            .is_none_or(|of| cx.timeline.kind_id(of) == Some(kind));
        !concerns || gap.cause == GapCause::Polled || gap.from.wall >= to
    })
}
