//! Recipes trained with several seeds: mean and spread of each, and whether seeds and images tell them apart.

use serde::{Deserialize, Serialize};

use super::paired;
use crate::classification::ClassificationError;
use crate::record::{Predictions, RecordError};
use crate::significance::{Interval, SIGNIFICANCE, Spread, bootstrap_mean, holm, paired_t};

/// A recipe and its trainings, one a seed.
#[derive(Debug, Clone, Copy)]
pub struct SeedRuns<'a> {
    /// Name of the recipe.
    pub recipe: &'a str,
    /// Its trainings.
    pub runs: &'a [SeedRun<'a>],
}

/// A training with one seed.
#[derive(Debug, Clone, Copy)]
pub struct SeedRun<'a> {
    /// The seed.
    pub seed: u64,
    /// Name of the run.
    pub run: &'a str,
    /// How it did on the test set.
    pub outcome: Outcome<'a>,
}

/// How a training did on the test set.
#[derive(Debug, Clone, Copy)]
pub enum Outcome<'a> {
    /// Its predictions, where each image shows one object.
    Answers(&'a Predictions),
    /// Its average precision (COCO's, over IoU 0.50 to 0.95), where images show several objects, or none.
    AveragePrecision(f64),
}

/// What is compared over seeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SeedsFigure {
    /// Accuracy: one prediction per image.
    #[default]
    Accuracy,
    /// COCO's average precision: images show several objects, or none.
    AveragePrecision,
}

/// A recipe's figure over seeds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct OverSeeds {
    /// Name of the recipe.
    pub recipe: String,
    /// The seeds, in the order in which they were given.
    pub seeds: Vec<u64>,
    /// Names of the runs, one a seed.
    pub runs: Vec<String>,
    /// The figure of each, 0 to 1.
    pub values: Vec<f64>,
    /// Their mean.
    pub mean: f64,
    /// Their sample standard deviation; `None` for a single seed.
    pub sd: Option<f64>,
    /// 95 % interval of the mean by Student's t, low and high, within 0 to 1; `None` for a single seed.
    pub interval: Option<[f64; 2]>,
}

/// The tests of two recipes over the same seeds and images.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SeedsTest {
    /// Name of the first recipe.
    pub a: String,
    /// Name of the second recipe.
    pub b: String,
    /// Number of seeds.
    pub seeds: usize,
    /// The figure of `a` minus the figure of `b`, mean over seeds.
    pub difference: f64,
    /// Sample standard deviation of the difference from seed to seed; `None` for a single seed.
    pub sd: Option<f64>,
    /// 95 % interval of the difference by Student's t over seeds: what trainings with other seeds may give, on these
    /// images. `None` for a single seed.
    pub interval: Option<[f64; 2]>,
    /// Student's t of the differences; `None` where there is no test (see [`paired_t`]).
    pub t: Option<f64>,
    /// Its two-sided p-value, Holm-corrected where more than two recipes are compared.
    pub p_value: Option<f64>,
    /// 95 % paired bootstrap interval of the difference over images: what other images may give, with these trainings.
    /// `None` for average precision, which is not a mean over images.
    pub images_interval: Option<[f64; 2]>,
}

impl SeedsTest {
    /// Whether trainings with other seeds would hardly turn the difference round.
    pub fn seeds_tell(&self) -> bool {
        self.p_value.is_some_and(|p| p < SIGNIFICANCE)
    }

    /// Whether other images would hardly turn the difference round; `None` where that can't be asked.
    pub fn images_tell(&self) -> Option<bool> {
        let [low, high] = self.images_interval?;
        Some(Interval { low, high }.excludes_zero())
    }
}

/// Which recipe is better over several seeds, and whether the data can tell.
///
/// Two things are left to chance: the seed of a training and the choice of the test images. A difference is called
/// significant only if it stands against both, or against the seeds where the images can't be asked.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SeedsVerdict {
    /// What is compared.
    pub figure: SeedsFigure,
    /// The recipes, in the order in which they were given.
    pub recipes: Vec<OverSeeds>,
    /// Number of test images.
    pub images: u64,
    /// The recipe with the highest mean, significant or not; `None` on a tie.
    pub better: Option<String>,
    /// The tests of the best recipe (or of the first, on a tie) against the runner-up, named in the order in
    /// which they were given.
    pub test: SeedsTest,
    /// Whether [`SeedsTest::seeds_tell`], and [`SeedsTest::images_tell`] or can't be asked.
    pub significant: bool,
    /// The verdict in plain words, in English; empty until the report crate writes it.
    pub sentence: String,
    /// The tests of every pair.
    pub pairs: Vec<SeedsTest>,
}

impl SeedsVerdict {
    /// Compares two or more recipes trained with the same seeds, in any order, and judged on the same images. `images`
    /// is their number, `seed` the bootstrap's.
    ///
    /// # Errors
    /// [`RecordError::TooFewModels`] with fewer than two recipes, [`RecordError::NotPaired`] when their seeds or images
    /// differ, a seed comes twice, or only some images show one object each, [`RecordError::Classification`] without
    /// trainings or images.
    pub fn among(recipes: &[SeedRuns<'_>], images: u64, seed: u64) -> Result<Self, RecordError> {
        if recipes.len() < 2 {
            return Err(RecordError::TooFewModels {
                found: recipes.len(),
            });
        }
        let seeds = same_seeds(recipes)?;
        let scores = scores(recipes, &seeds)?;
        let mut tests = Vec::new();
        for a in 0..recipes.len() {
            for b in a + 1..recipes.len() {
                tests.push(((a, b), test(recipes, &scores, (a, b), seed)));
            }
        }
        // Pairs without a test take part as p = 1: leaving them out would make the others look surer.
        let p_values: Vec<f64> = tests
            .iter()
            .map(|(_, test)| test.p_value.unwrap_or(1.0))
            .collect();
        for ((_, test), adjusted) in tests.iter_mut().zip(holm(&p_values)) {
            test.p_value = test.p_value.map(|_| adjusted);
        }
        // A stable sort: on a tie the recipe named first leads.
        let totals: Vec<f64> = (0..recipes.len())
            .map(|recipe| scores.total(recipe))
            .collect();
        let mut order: Vec<usize> = (0..recipes.len()).collect();
        order.sort_by(|&a, &b| totals[b].total_cmp(&totals[a]));
        let (best, second) = (order[0], order[1]);
        let pair = (best.min(second), best.max(second));
        let headline = tests.iter().find(|(recipes, _)| *recipes == pair);
        let headline = headline.map(|(_, test)| test.clone()).unwrap_or_default();
        let better = (totals[best] > totals[second]).then(|| recipes[best].recipe.to_string());
        let told = headline.seeds_tell() && headline.images_tell() != Some(false);
        let over = recipes.iter().enumerate();
        Ok(Self {
            figure: match scores {
                Scores::Right(_) => SeedsFigure::Accuracy,
                Scores::Figures(_) => SeedsFigure::AveragePrecision,
            },
            recipes: over
                .filter_map(|(at, recipe)| over_seeds(recipe, &seeds, &scores.figures(at)))
                .collect(),
            images,
            significant: better.is_some() && told,
            better,
            test: headline,
            sentence: String::new(),
            pairs: tests.into_iter().map(|(_, test)| test).collect(),
        })
    }
}

/// How each training did, `[recipe][seed]`, seeds in the first recipe's order.
enum Scores {
    /// Whether it was right on each image.
    Right(Vec<Vec<Vec<bool>>>),
    /// Its figure.
    Figures(Vec<Vec<f64>>),
}

impl Scores {
    fn figures(&self, recipe: usize) -> Vec<f64> {
        let share = |right: &Vec<bool>| {
            right.iter().filter(|&&hit| hit).count() as f64 / right.len() as f64
        };
        match self {
            Self::Right(right) => right[recipe].iter().map(share).collect(),
            Self::Figures(figures) => figures[recipe].clone(),
        }
    }

    /// To tell recipes apart: counted in images, so that equal means are equal.
    fn total(&self, recipe: usize) -> f64 {
        match self {
            Self::Right(right) => right[recipe].iter().flatten().filter(|&&hit| hit).count() as f64,
            Self::Figures(figures) => figures[recipe].iter().sum(),
        }
    }
}

fn over_seeds(recipe: &SeedRuns<'_>, seeds: &[u64], values: &[f64]) -> Option<OverSeeds> {
    let spread = Spread::of(values)?;
    Some(OverSeeds {
        recipe: recipe.recipe.to_string(),
        seeds: seeds.to_vec(),
        runs: of_seeds(recipe, seeds)
            .map(|run| run.run.to_string())
            .collect(),
        values: values.to_vec(),
        mean: spread.mean,
        sd: spread.sd,
        // Of a share: few seeds reach beyond what there can be.
        interval: spread
            .interval
            .map(|interval| ends(interval).map(|end| end.clamp(0.0, 1.0))),
    })
}

/// The trainings of a recipe in the order of `seeds`.
fn of_seeds<'a>(
    recipe: &'a SeedRuns<'_>,
    seeds: &'a [u64],
) -> impl Iterator<Item = &'a SeedRun<'a>> {
    let runs = |seed: &u64| recipe.runs.iter().find(|run| run.seed == *seed);
    seeds.iter().filter_map(runs)
}

fn ends(interval: Interval) -> [f64; 2] {
    [interval.low, interval.high]
}

/// Tests a pair.
fn test(recipes: &[SeedRuns<'_>], scores: &Scores, (a, b): (usize, usize), seed: u64) -> SeedsTest {
    let (by_seed, images_interval) = match scores {
        Scores::Figures(figures) => {
            let pairs = figures[a].iter().zip(&figures[b]);
            (pairs.map(|(ours, theirs)| ours - theirs).collect(), None)
        }
        Scores::Right(right) => {
            let (by_seed, by_image) = gains(&right[a], &right[b]);
            (by_seed, Some(ends(bootstrap_mean(&by_image, seed))))
        }
    };
    let over_seeds = paired_t(&by_seed);
    SeedsTest {
        a: recipes[a].recipe.to_string(),
        b: recipes[b].recipe.to_string(),
        seeds: by_seed.len(),
        difference: over_seeds.map_or(0.0, |test| test.difference.mean),
        sd: over_seeds.and_then(|test| test.difference.sd),
        interval: over_seeds.and_then(|test| test.difference.interval.map(ends)),
        t: over_seeds.and_then(|test| test.t),
        p_value: over_seeds.and_then(|test| test.p_value),
        images_interval,
    }
}

/// By how much more often `a` is right: with each seed over the images, and on each image over the seeds.
fn gains(a: &[Vec<bool>], b: &[Vec<bool>]) -> (Vec<f64>, Vec<f64>) {
    let images = a[0].len();
    // Whole numbers, so that sums are exact.
    let mut by_image = vec![0_i32; images];
    let by_seed = a.iter().zip(b).map(|(ours, theirs)| {
        let mut ahead = 0;
        for ((sum, &ours), &theirs) in by_image.iter_mut().zip(ours).zip(theirs) {
            let gained = i32::from(ours) - i32::from(theirs);
            *sum += gained;
            ahead += i64::from(gained);
        }
        ahead as f64 / images as f64
    });
    let by_seed: Vec<f64> = by_seed.collect();
    let seeds = by_seed.len() as f64;
    let by_image = by_image.iter().map(|&sum| f64::from(sum) / seeds).collect();
    (by_seed, by_image)
}

/// The seeds of the first recipe, after a check that all have the same, each once.
fn same_seeds(recipes: &[SeedRuns<'_>]) -> Result<Vec<u64>, RecordError> {
    let seeds =
        |recipe: &SeedRuns<'_>| -> Vec<u64> { recipe.runs.iter().map(|run| run.seed).collect() };
    let sorted = |recipe: &SeedRuns<'_>| {
        let mut seeds = seeds(recipe);
        seeds.sort_unstable();
        seeds
    };
    let listed = |seeds: &[u64]| {
        let seeds: Vec<String> = seeds.iter().map(u64::to_string).collect();
        seeds.join(", ")
    };
    let first = sorted(&recipes[0]);
    if first.is_empty() {
        return Err(ClassificationError::Empty.into());
    }
    for other in &recipes[1..] {
        let theirs = sorted(other);
        let twice = theirs
            .windows(2)
            .chain(first.windows(2))
            .find(|pair| pair[0] == pair[1]);
        let difference = match twice {
            Some(pair) => format!("seed {} comes twice", pair[0]),
            None if theirs != first => {
                format!("seeds {} and {}", listed(&first), listed(&theirs))
            }
            None => continue,
        };
        return Err(RecordError::NotPaired {
            a: recipes[0].recipe.to_string(),
            b: other.recipe.to_string(),
            difference,
        });
    }
    Ok(seeds(&recipes[0]))
}

/// How each training did, after a check that images are the same.
fn scores(recipes: &[SeedRuns<'_>], seeds: &[u64]) -> Result<Scores, RecordError> {
    let mut answers: Vec<(String, &Predictions)> = Vec::new();
    let mut figures: Vec<f64> = Vec::new();
    for recipe in recipes {
        for run in of_seeds(recipe, seeds) {
            match run.outcome {
                Outcome::Answers(predictions) => {
                    answers.push((format!("{}, seed {}", recipe.recipe, run.seed), predictions));
                }
                Outcome::AveragePrecision(value) => figures.push(value),
            }
        }
    }
    let by_recipe = seeds.len();
    if answers.is_empty() {
        let figures = figures.chunks(by_recipe).map(<[f64]>::to_vec).collect();
        return Ok(Scores::Figures(figures));
    }
    if !figures.is_empty() {
        return Err(RecordError::NotPaired {
            a: recipes[0].recipe.to_string(),
            b: recipes[1].recipe.to_string(),
            difference: "some show one object each, others several".to_string(),
        });
    }
    let named: Vec<(&str, &Predictions)> = answers.iter().map(|run| (&*run.0, run.1)).collect();
    let right = paired(&named)?;
    let right = right.chunks(by_recipe).map(<[Vec<bool>]>::to_vec).collect();
    Ok(Scores::Right(right))
}

#[cfg(test)]
mod tests;
