//! The headline of a verdict: who is ahead, by how much, and how sure that is, as seen from the better one.

use super::Verdict;
use super::seeds::{SeedsTest, SeedsVerdict};
use crate::significance::{SIGNIFICANCE, student_t_critical};

/// From this number of seeds on, the t test needs no further warning.
const ENOUGH_SEEDS: usize = 5;

/// The headline of a verdict as seen from the better model.
pub struct Headline<'a> {
    /// Who is ahead.
    pub better: &'a str,
    /// The runner-up.
    pub worse: &'a str,
    /// Images that only the better run classified correctly.
    pub gained: u64,
    /// Images that only the runner-up classified correctly.
    pub lost: u64,
    /// Accuracy of the better minus accuracy of the runner-up, and its interval, in percentage points.
    pub points: f64,
    /// 95 % interval of `points`, low and high.
    pub interval: [f64; 2],
}

impl Verdict {
    /// `None` on a tie.
    pub fn headline(&self) -> Option<Headline<'_>> {
        let test = &self.mcnemar;
        let better = self.better.as_deref()?;
        let a_leads = better == test.a;
        let (worse, gained, lost) = if a_leads {
            (&test.b, test.only_a, test.only_b)
        } else {
            (&test.a, test.only_b, test.only_a)
        };
        Some(Headline {
            better,
            worse,
            gained,
            lost,
            points: 100.0 * self.difference.abs(),
            interval: in_points(self.difference_interval, a_leads),
        })
    }

    /// Whether McNemar's test finds a difference that the bootstrap does not back.
    pub fn is_unbacked(&self) -> bool {
        !self.significant && self.mcnemar.p_value < SIGNIFICANCE
    }
}

/// The headline of a verdict over seeds as seen from the better recipe, in percentage points or points of average
/// precision.
pub struct SeedsHeadline<'a> {
    /// Who is ahead.
    pub better: &'a str,
    /// The runner-up.
    pub worse: &'a str,
    /// By how much, on average over seeds.
    pub points: f64,
    /// 95 % interval over seeds, low and high.
    pub over_seeds: Option<[f64; 2]>,
    /// 95 % interval over images, low and high.
    pub over_images: Option<[f64; 2]>,
    /// Of the paired t test over seeds.
    pub p_value: Option<f64>,
}

impl SeedsVerdict {
    /// `None` on a tie.
    pub fn headline(&self) -> Option<SeedsHeadline<'_>> {
        let test = &self.test;
        let better = self.better.as_deref()?;
        let a_leads = better == test.a;
        let interval = |ends: [f64; 2]| in_points(ends, a_leads);
        Some(SeedsHeadline {
            better,
            worse: if a_leads { &test.b } else { &test.a },
            points: 100.0 * test.difference.abs(),
            over_seeds: test.interval.map(interval),
            over_images: test.images_interval.map(interval),
            p_value: test.p_value,
        })
    }

    /// How many of its standard deviations a mean difference must reach, where seeds are too few to say no more.
    pub fn factor(&self) -> Option<f64> {
        let SeedsTest { seeds, .. } = self.test;
        (2..ENOUGH_SEEDS)
            .contains(&seeds)
            .then(|| student_t_critical(SIGNIFICANCE, seeds - 1) / (seeds as f64).sqrt())
    }
}

/// An interval of `a` less `b` as seen from the one that leads, in points.
fn in_points([low, high]: [f64; 2], a_leads: bool) -> [f64; 2] {
    match a_leads {
        true => [100.0 * low, 100.0 * high],
        false => [-100.0 * high, -100.0 * low],
    }
}
