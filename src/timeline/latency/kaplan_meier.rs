//! The product-limit estimate: quantiles that do justice to what has not ended.
//!
//! E. L. Kaplan and P. Meier, "Nonparametric estimation from incomplete observations", Journal of
//! the American Statistical Association 53 (1958), 457–481. A plain quantile leaves out what is
//! still open, was superseded or was lost from sight, and so is too low where a controller hangs;
//! here each of them counts as "longer than it was watched" (right-censored).

use std::time::Duration;

/// How long one reconcile was followed, and whether its end was seen.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Observation {
    /// From its begin to its end, or to where it was lost from sight.
    pub after: Duration,
    /// Its end was seen; else it was censored.
    pub ended: bool,
}

/// Rounding of sums and products must not move a quantile to the next duration.
const SLACK: f64 = 1e-9;

/// For each `q` (0 to 1) the smallest duration by which at least `q` of all reconciles have ended:
/// the first at which the estimated survival is at most `1 - q`. `None` where the estimate does not
/// come down to it: the quantile is longer than anything seen. Without a censored observation these
/// are the nearest-rank quantiles of [`super::quantile`].
///
/// What is censored at a duration is taken to outlive those that ended at it, as in the paper.
#[must_use]
pub fn kaplan_meier<const N: usize>(
    observations: &mut [Observation],
    quantiles: [f64; N],
) -> [Option<Duration>; N] {
    observations.sort_unstable_by_key(|seen| (seen.after, !seen.ended));
    let mut found = [None; N];
    // Between two censorings the product telescopes: survival = base · at risk / at risk at the base.
    let (mut base, mut at_base) = (1.0_f64, observations.len() as f64);
    let mut at_risk = observations.len();
    let mut rest = &*observations;
    while let Some(first) = rest.first() {
        let same = rest.partition_point(|seen| seen.after == first.after);
        let ended = rest[..same].iter().filter(|seen| seen.ended).count();
        let censored = same - ended;
        at_risk -= ended;
        let survival = base * (at_risk as f64 / at_base);
        if ended > 0 {
            for (value, q) in found.iter_mut().zip(quantiles) {
                if value.is_none() && survival <= 1.0 - q + SLACK {
                    *value = Some(first.after);
                }
            }
        }
        if censored > 0 {
            at_risk -= censored;
            (base, at_base) = (survival, at_risk as f64);
        }
        rest = &rest[same..];
    }
    found
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::timeline::quantile;

    /// Weeks of remission, `+` where the patient was still in it: Freireich and others, Blood 21
    /// (1963), as every textbook has them.
    const TREATED: &str = "6 6 6 6+ 7 9+ 10 10+ 11+ 13 16 17+ 19+ 20+ 22 23 25+ 32+ 32+ 34+ 35+";
    const PLACEBO: &str = "1 1 2 2 3 4 4 5 5 8 8 8 8 11 11 12 12 15 17 22 23";

    fn weeks(text: &str) -> Vec<Observation> {
        let one = |word: &str| Observation {
            after: Duration::from_secs(word.trim_end_matches('+').parse().unwrap()),
            ended: !word.ends_with('+'),
        };
        text.split(' ').map(one).collect()
    }

    fn secs(value: u64) -> Option<Duration> {
        Some(Duration::from_secs(value))
    }

    #[test]
    fn the_remission_data_of_1963() {
        // S is .857 at 6, .807 at 7, .753 at 10, .690 at 13, .627 at 16, .538 at 22, .448 at 23.
        let estimate = kaplan_meier(
            &mut weeks(TREATED),
            [0.14, 0.15, 0.20, 0.25, 0.31, 0.37, 0.45, 0.50, 0.55, 0.56],
        );
        let expected = [6, 7, 10, 13, 16, 16, 22, 23, 23].map(secs);
        assert_eq!(estimate[..9], expected);
        assert_eq!(estimate[9], None, "the estimate ends at .448");
        let [median, late] = kaplan_meier(&mut weeks(PLACEBO), [0.5, 0.95]);
        assert_eq!((median, late), (secs(8), secs(22)));
    }

    #[test]
    fn what_has_not_ended_raises_the_quantiles() {
        let ended = "1 1 1 1 1 1 1 1 1 1";
        assert_eq!(kaplan_meier(&mut weeks(ended), [0.95]), [secs(1)]);
        let open = "1 1 1 1 1 1 1 1 1 1 30+";
        assert_eq!(kaplan_meier(&mut weeks(open), [0.5, 0.95]), [secs(1), None]);
        assert_eq!(kaplan_meier(&mut [], [0.5]), [None]);
    }

    proptest! {
        #[test]
        fn without_censoring_they_are_the_plain_quantiles(
            mut durations in proptest::collection::vec(0u64..50, 1..400),
        ) {
            durations.sort_unstable();
            let sorted: Vec<_> = durations.iter().map(|ms| Duration::from_millis(*ms)).collect();
            let mut seen: Vec<_> =
                sorted.iter().map(|after| Observation { after: *after, ended: true }).collect();
            let levels = [0.01, 0.25, 0.5, 0.55, 0.9, 0.95, 0.99, 1.0];
            let estimate = kaplan_meier(&mut seen, levels);
            prop_assert_eq!(estimate, levels.map(|q| quantile(&sorted, q)));
        }

        #[test]
        fn it_is_the_product_of_the_paper(
            seen in proptest::collection::vec((0u64..20, any::<bool>()), 1..60),
        ) {
            let mut seen: Vec<_> = seen
                .into_iter()
                .map(|(ms, ended)| Observation { after: Duration::from_millis(ms), ended })
                .collect();
            let survival = |t: Duration| -> f64 {
                let mut times: Vec<_> =
                    seen.iter().filter(|s| s.ended && s.after <= t).map(|s| s.after).collect();
                times.sort_unstable();
                times.dedup();
                times
                    .into_iter()
                    .map(|time| {
                        let at_risk = seen.iter().filter(|s| s.after >= time).count() as f64;
                        let ended = seen.iter().filter(|s| s.ended && s.after == time).count() as f64;
                        1.0 - ended / at_risk
                    })
                    .product()
            };
            let levels = [0.5, 0.95, 0.99];
            let naive = levels.map(|q| {
                (0..20).map(Duration::from_millis).find(|t| survival(*t) <= 1.0 - q + 1e-9)
            });
            prop_assert_eq!(kaplan_meier(&mut seen, levels), naive);
        }
    }
}
