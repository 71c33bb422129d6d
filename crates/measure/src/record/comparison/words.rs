//! Verdicts as English sentences, as records hold them; the reports' other languages have their own words.

use super::seeds::{SeedsFigure, SeedsTest, SeedsVerdict};
use super::{McNemarRecord, Verdict};
use crate::report::Language;
use crate::significance::{SIGNIFICANCE, student_t_critical};

/// From so many seeds on the t test needs no further warning.
const ENOUGH_SEEDS: usize = 5;

/// The headline of a verdict as seen from the better model.
pub struct Headline<'a> {
    /// Who is ahead.
    pub better: &'a str,
    /// The runner-up.
    pub worse: &'a str,
    /// Images that only the better answered rightly.
    pub gained: u64,
    /// Images that only the runner-up answered rightly.
    pub lost: u64,
    /// Accuracy of the better less that of the runner-up, and its interval, in percentage points.
    pub points: f64,
    /// 95 % interval of `points`, low and high.
    pub interval: [f64; 2],
}

impl Verdict {
    /// `None` on a tie.
    pub(crate) fn headline(&self) -> Option<Headline<'_>> {
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
    pub(crate) fn is_unbacked(&self) -> bool {
        !self.significant && self.mcnemar.p_value < SIGNIFICANCE
    }

    pub(super) fn in_english(&self) -> String {
        let McNemarRecord {
            a, b, only_a: each, ..
        } = &self.mcnemar;
        let images = match self.images {
            0 => "images".to_string(),
            images => format!("{} images", count(images)),
        };
        let Some(headline) = self.headline() else {
            return match each {
                0 => format!("{a} and {b} answered the same of {images} rightly."),
                &each => format!(
                    "{a} and {b} are equally accurate: of {images}, each answered {} rightly that the other did not.",
                    count(each)
                ),
            };
        };
        let Headline {
            better,
            worse,
            gained,
            lost,
            points,
            interval,
        } = headline;
        let counts = format!(
            "of {images}, {} only {better} answered rightly and {} only {worse}",
            count(gained),
            count(lost)
        );
        let test = format!(
            "McNemar’s exact test{}, {}",
            corrected(self.pairs.len()),
            p_value(self.mcnemar.p_value)
        );
        if self.significant {
            let points = decimal(points, 2);
            format!(
                "{better} is more accurate than {worse}, by {points} percentage points: {counts} ({test})."
            )
        } else if self.is_unbacked() {
            let [low, high] = interval.map(|end| decimal(end, 2));
            format!(
                "The data can’t tell: {better} is ahead of {worse}: {counts}, which chance alone hardly explains \
                 ({test}); but drawing the images anew gives a difference of {low} to {high} percentage points (95 % \
                 interval), and that does not exclude none."
            )
        } else {
            format!(
                "The data can’t tell: {better} is ahead of {worse}, but {counts}, which chance alone could explain \
                 ({test})."
            )
        }
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
    pub(crate) fn headline(&self) -> Option<SeedsHeadline<'_>> {
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
    pub(crate) fn factor(&self) -> Option<f64> {
        let SeedsTest { seeds, .. } = self.test;
        (2..ENOUGH_SEEDS)
            .contains(&seeds)
            .then(|| student_t_critical(SIGNIFICANCE, seeds - 1) / (seeds as f64).sqrt())
    }

    /// With what so few seeds can’t tell.
    pub(super) fn in_english(&self) -> String {
        let (a, b, seeds) = (&self.test.a, &self.test.b, self.test.seeds);
        let number = match seeds {
            1 => "1 seed".to_string(),
            seeds => format!("{seeds} seeds"),
        };
        let (equal, more, unit) = match self.figure {
            SeedsFigure::Accuracy => (
                "are equally accurate",
                "is more accurate",
                "percentage points",
            ),
            SeedsFigure::AveragePrecision => (
                "have the same average precision",
                "detects better",
                "points of average precision",
            ),
        };
        let Some(headline) = self.headline() else {
            return format!("{a} and {b} {equal} on average over {number}.");
        };
        let SeedsHeadline { better, worse, .. } = headline;
        let points = decimal(headline.points, 2);
        let range = |interval: [f64; 2]| {
            let [low, high] = interval.map(|end| decimal(end, 2));
            format!("95 % interval {low} to {high}")
        };
        let (Some(over_seeds), Some(p)) = (headline.over_seeds.map(range), headline.p_value) else {
            return if seeds < 2 {
                format!(
                    "The data can’t tell: {better} is ahead of {worse} by {points} {unit}, but with one seed nothing is \
                     known of how much trainings differ; train with several."
                )
            } else {
                format!(
                    "The data can’t tell: {better} is ahead of {worse} by exactly {points} {unit} with every seed, and a \
                     t test judges by the spread, of which there is none."
                )
            };
        };
        let test = format!(
            "{over_seeds}; paired t test over seeds{}, {}",
            corrected(self.pairs.len()),
            p_value(p)
        );
        let over_images = headline.over_images.map(range).unwrap_or_default();
        let ahead = format!(
            "{better} is ahead of {worse} by {points} {unit} on average over {seeds} seeds"
        );
        let found = format!(
            "{better} {more} than {worse}, by {points} {unit} on average over {seeds} seeds"
        );
        let mut text = match (self.test.seeds_tell(), self.test.images_tell()) {
            (true, Some(true)) => {
                format!("{found} ({test}); the images say the same ({over_images}).")
            }
            (true, Some(false)) => format!(
                "The data can’t tell: {ahead} ({test}), but on other images of the same kind it could be the other way \
                 round ({over_images})."
            ),
            (true, None) => {
                format!("{found} ({test}); whether other images would say the same is not tested.")
            }
            (false, Some(true) | None) => format!(
                "The data can’t tell: {ahead}, but with other seeds it could be the other way round ({test})."
            ),
            (false, Some(false)) => format!(
                "The data can’t tell: {ahead}, but with other seeds ({test}) or other images ({over_images}) it could be \
                 the other way round."
            ),
        };
        if let Some(factor) = self.factor() {
            text += &format!(
                " With {seeds} seeds a difference counts only from {} times its own spread on, and whether that spread \
                 is normal, as the test supposes, can’t be seen.",
                decimal(factor, 1)
            );
        }
        text
    }
}

/// An interval of `a` less `b` as seen from the one that leads, in points.
fn in_points([low, high]: [f64; 2], a_leads: bool) -> [f64; 2] {
    match a_leads {
        true => [100.0 * low, 100.0 * high],
        false => [-100.0 * high, -100.0 * low],
    }
}

fn corrected(pairs: usize) -> &'static str {
    match pairs {
        0 | 1 => "",
        _ => ", Holm-corrected",
    }
}

fn count(images: u64) -> String {
    Language::English.count(images)
}

fn decimal(value: f64, digits: usize) -> String {
    let text = format!("{value:.digits$}");
    match text.strip_prefix('-') {
        // What rounds to zero has no sign.
        Some(rest) if rest.bytes().all(|byte| matches!(byte, b'0' | b'.')) => rest.to_string(),
        Some(rest) => format!("−{rest}"),
        None => text,
    }
}

fn p_value(p: f64) -> String {
    match p {
        p if p < 0.0001 => "p < 0.0001".to_string(),
        p if p < 0.1 => format!("p = {p:.4}"),
        p => format!("p = {p:.2}"),
    }
}
