//! Quantiles of reconcile latency.

use std::time::Duration;

use super::{LatencyMethod, ReconcileSample};

/// The `q` quantile (0 to 1) of sorted durations by the nearest-rank definition; `None` of none.
#[must_use]
pub fn quantile(sorted: &[Duration], q: f64) -> Option<Duration> {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a rank lies between 0 and the count"
    )]
    let rank = (q.clamp(0.0, 1.0) * sorted.len() as f64).ceil() as usize;
    sorted.get(rank.saturating_sub(1)).copied()
}

/// The latency of a kind or an object in figures.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct LatencySummary {
    /// Completed reconciles with both ends seen.
    pub count: usize,
    /// Generation bump to observed: p50, p95, p99.
    pub observed: Option<[Duration; 3]>,
    /// Generation bump to ready: p50, p95, p99.
    pub ready: Option<[Duration; 3]>,
    /// Samples still awaited.
    pub open: usize,
    /// Most reliable method among the samples; `None`: not supported.
    pub method: Option<LatencyMethod>,
}

impl LatencySummary {
    /// Sums up samples. Inexact, superseded and abandoned ones stay out of the quantiles.
    #[must_use]
    pub fn of<'a>(samples: impl IntoIterator<Item = &'a ReconcileSample>) -> Self {
        let (mut observed, mut ready) = (Vec::new(), Vec::new());
        let mut summary = Self::default();
        for sample in samples {
            if let Some(method) = sample.method {
                summary.method = Some(summary.method.map_or(method, |known| known.min(method)));
            }
            summary.open += usize::from(sample.is_open() && !sample.superseded);
            if !sample.exact {
                continue;
            }
            observed.extend(sample.observed_latency());
            if !sample.superseded && !sample.abandoned {
                ready.extend(sample.ready_latency());
                summary.count += usize::from(sample.closed);
            }
        }
        observed.sort_unstable();
        ready.sort_unstable();
        let three = |sorted: &[Duration]| {
            Some([
                quantile(sorted, 0.50)?,
                quantile(sorted, 0.95)?,
                quantile(sorted, 0.99)?,
            ])
        };
        summary.observed = three(&observed);
        summary.ready = three(&ready);
        summary
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearest_rank() {
        let ms: Vec<_> = (1..=100).map(Duration::from_millis).collect();
        assert_eq!(quantile(&ms, 0.50), Some(Duration::from_millis(50)));
        assert_eq!(quantile(&ms, 0.99), Some(Duration::from_millis(99)));
        assert_eq!(quantile(&ms[..1], 0.95), Some(Duration::from_millis(1)));
        assert_eq!(quantile(&[], 0.5), None);
    }
}
