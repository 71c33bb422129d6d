//! Recipes trained with several seeds: mean and spread of each, and whether seeds and images tell them apart.

use serde::{Deserialize, Serialize};

use super::paired;
use crate::classification::ClassificationError;
use crate::record::{Predictions, RecordError};
use crate::significance::{Interval, SIGNIFICANCE, Spread, bootstrap_mean, holm, paired_t};

/// A recipe and the answers of its trainings, one a seed.
#[derive(Debug, Clone, Copy)]
pub struct SeedRuns<'a> {
    /// Name of the recipe.
    pub recipe: &'a str,
    /// Seeds and what the network trained with each answered on the test set.
    pub runs: &'a [(u64, &'a Predictions)],
}

/// Accuracy of a recipe over seeds.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct OverSeeds {
    /// Name of the recipe.
    pub recipe: String,
    /// The seeds, in the order in which they were given.
    pub seeds: Vec<u64>,
    /// Accuracy of each.
    pub accuracies: Vec<f64>,
    /// Their mean.
    pub mean: f64,
    /// Their sample standard deviation; `None` for a single seed.
    pub sd: Option<f64>,
    /// 95 % interval of the mean by Student's t, low and high; `None` for a single seed.
    pub interval: Option<[f64; 2]>,
}

impl OverSeeds {
    /// Summarises accuracies by seed; `None` without any, and where one is not finite.
    pub fn of(recipe: &str, accuracies: &[(u64, f64)]) -> Option<Self> {
        let (seeds, accuracies): (Vec<u64>, Vec<f64>) = accuracies.iter().copied().unzip();
        let spread = Spread::of(&accuracies)?;
        Some(Self {
            recipe: recipe.to_string(),
            seeds,
            accuracies,
            mean: spread.mean,
            sd: spread.sd,
            interval: spread.interval.map(ends),
        })
    }
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
    /// Accuracy of `a` less that of `b`, mean over seeds.
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
    pub images_interval: [f64; 2],
}

impl SeedsTest {
    /// Whether trainings with other seeds would hardly turn the difference round.
    pub fn seeds_tell(&self) -> bool {
        self.p_value.is_some_and(|p| p < SIGNIFICANCE)
    }

    /// Whether other images would hardly turn the difference round.
    pub fn images_tell(&self) -> bool {
        let [low, high] = self.images_interval;
        Interval { low, high }.excludes_zero()
    }
}

/// Which recipe is better over several seeds, and whether the data can tell.
///
/// Two things are left to chance: the seed of a training and the choice of the test images. A difference is called
/// significant only if it stands against both.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct SeedsVerdict {
    /// The recipes, in the order in which they were given.
    pub recipes: Vec<OverSeeds>,
    /// Number of test images.
    pub images: u64,
    /// The recipe with the highest mean accuracy, significant or not; `None` on a tie.
    pub better: Option<String>,
    /// The tests of the most accurate recipe (or of the first, on a tie) against the runner-up, named in the order in
    /// which they were given.
    pub test: SeedsTest,
    /// Whether both [`SeedsTest::seeds_tell`] and [`SeedsTest::images_tell`].
    pub significant: bool,
    /// The verdict in plain words, in English.
    pub sentence: String,
    /// The tests of every pair.
    pub pairs: Vec<SeedsTest>,
}

impl SeedsVerdict {
    /// Compares two or more recipes trained with the same seeds, in any order, and answering the same images. `seed` is
    /// the bootstrap's.
    ///
    /// # Errors
    /// [`RecordError::TooFewModels`] with fewer than two recipes, [`RecordError::NotPaired`] when their seeds or images
    /// differ or a seed comes twice, [`RecordError::Classification`] without trainings or images.
    pub fn among(recipes: &[SeedRuns<'_>], seed: u64) -> Result<Self, RecordError> {
        if recipes.len() < 2 {
            return Err(RecordError::TooFewModels {
                found: recipes.len(),
            });
        }
        let seeds = same_seeds(recipes)?;
        // [recipe][seed][image], seeds in the first recipe's order.
        let right = answers(recipes, &seeds)?;
        let images = right[0][0].len();
        let hits = |recipe: usize, at: usize| right[recipe][at].iter().filter(|&&hit| hit).count();
        let total = |recipe: usize| (0..seeds.len()).map(|at| hits(recipe, at)).sum::<usize>();
        let accuracies = |recipe: usize| -> Vec<(u64, f64)> {
            let each = seeds.iter().enumerate();
            each.map(|(at, &seed)| (seed, hits(recipe, at) as f64 / images as f64))
                .collect()
        };
        let mut tests = Vec::new();
        for a in 0..recipes.len() {
            for b in a + 1..recipes.len() {
                tests.push(((a, b), test(recipes, &right, (a, b), seed)));
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
        // Counted in images, so that equal means are equal; a stable sort: on a tie the recipe named first leads.
        let mut order: Vec<usize> = (0..recipes.len()).collect();
        order.sort_by_key(|&recipe| std::cmp::Reverse(total(recipe)));
        let (best, second) = (order[0], order[1]);
        let pair = (best.min(second), best.max(second));
        let headline = tests.iter().find(|(recipes, _)| *recipes == pair);
        let headline = headline.map(|(_, test)| test.clone()).unwrap_or_default();
        let better = (total(best) > total(second)).then(|| recipes[best].recipe.to_string());
        let over = recipes.iter().enumerate();
        let mut verdict = Self {
            recipes: over
                .filter_map(|(at, recipe)| OverSeeds::of(recipe.recipe, &accuracies(at)))
                .collect(),
            images: images as u64,
            significant: better.is_some() && headline.seeds_tell() && headline.images_tell(),
            better,
            test: headline,
            sentence: String::new(),
            pairs: tests.into_iter().map(|(_, test)| test).collect(),
        };
        verdict.sentence = verdict.in_english();
        Ok(verdict)
    }
}

fn ends(interval: Interval) -> [f64; 2] {
    [interval.low, interval.high]
}

/// Tests a pair; `right` is `[recipe][seed][image]`.
fn test(
    recipes: &[SeedRuns<'_>],
    right: &[Vec<Vec<bool>>],
    (a, b): (usize, usize),
    seed: u64,
) -> SeedsTest {
    let images = right[a][0].len();
    // For each image, by how many seeds more `a` is right; whole numbers, so that sums are exact.
    let mut by_image = vec![0_i32; images];
    let by_seed = right[a].iter().zip(&right[b]).map(|(ours, theirs)| {
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
    let by_image: Vec<f64> = by_image.iter().map(|&sum| f64::from(sum) / seeds).collect();
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
        images_interval: ends(bootstrap_mean(&by_image, seed)),
    }
}

/// The seeds of the first recipe, after a check that all have the same, each once.
fn same_seeds(recipes: &[SeedRuns<'_>]) -> Result<Vec<u64>, RecordError> {
    let seeds =
        |recipe: &SeedRuns<'_>| -> Vec<u64> { recipe.runs.iter().map(|run| run.0).collect() };
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

/// Whether each training was right on each image, `[recipe][seed][image]`, after a check that images are the same.
fn answers(recipes: &[SeedRuns<'_>], seeds: &[u64]) -> Result<Vec<Vec<Vec<bool>>>, RecordError> {
    let runs = recipes.iter().flat_map(|recipe| {
        seeds.iter().filter_map(|seed| {
            let run = recipe.runs.iter().find(|run| run.0 == *seed)?;
            Some((format!("{}, seed {seed}", recipe.recipe), run.1))
        })
    });
    let runs: Vec<(String, &Predictions)> = runs.collect();
    let named: Vec<(&str, &Predictions)> = runs.iter().map(|run| (&*run.0, run.1)).collect();
    let right = paired(&named)?;
    Ok(right
        .chunks(seeds.len())
        .map(<[Vec<bool>]>::to_vec)
        .collect())
}

#[cfg(test)]
mod tests;
