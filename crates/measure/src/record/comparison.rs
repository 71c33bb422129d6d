//! The JSON of `atelier compare`: the contestants, and whether the data can tell them apart.

mod headline;
mod seeds;

pub use seeds::{Outcome, OverSeeds, SeedRun, SeedRuns, SeedsFigure, SeedsTest, SeedsVerdict};

pub use headline::{Headline, SeedsHeadline};

use serde::{Deserialize, Serialize};

use super::{Evaluation, Predictions, RecordError};
use crate::classification::ClassificationError;
use crate::significance::{
    SIGNIFICANCE, bootstrap_difference, holm, images_to_tell, mcnemar_exact,
};

/// Version of the JSON of a comparison, which `docs/comparison.schema.json` describes. It changes when a key goes or
/// changes its meaning, not when one is added.
pub const COMPARISON_SCHEMA: &str = "atelier-comparison-1";

/// Contestants and verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// [`COMPARISON_SCHEMA`].
    pub schema: String,
    /// The runs, in the order in which they were asked for; with several seeds, recipe by recipe.
    pub contestants: Vec<Contestant>,
    /// Which run is better, and how sure that is; `None` where images show several objects (the test needs one prediction
    /// per image), and where recipes are compared over `seeds`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
    /// Which recipe is better over several trainings of each; `None` with one training of each.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seeds: Option<SeedsVerdict>,
}

impl Comparison {
    /// The verdict in plain words, in English; `None` where there is none.
    pub fn sentence(&self) -> Option<&str> {
        let of_runs = self.verdict.as_ref().map(|verdict| &*verdict.sentence);
        let over_seeds = self.seeds.as_ref().map(|verdict| &*verdict.sentence);
        over_seeds.or(of_runs)
    }
}

/// A trained run and its figures: also the JSON of `atelier train`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Contestant {
    /// Path of the run directory.
    pub run: String,
    /// Its figures, beside `run` in the JSON.
    #[serde(flatten)]
    pub evaluation: Evaluation,
}

/// McNemar's exact test of two models on the same images.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct McNemarRecord {
    /// Name of the first model.
    pub a: String,
    /// Name of the second model.
    pub b: String,
    /// Images that only `a` classified correctly.
    pub only_a: u64,
    /// Images that only `b` classified correctly.
    pub only_b: u64,
    /// Probability of a difference at least as large if both were equally good, two-sided;
    /// Holm-corrected where more than two models are compared.
    pub p_value: f64,
}

/// Which model is better, and whether the data can tell.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Verdict {
    /// The model with the highest accuracy, significant or not; `None` on a tie.
    pub better: Option<String>,
    /// The test of the most accurate model (or of the first, on a tie) against the runner-up,
    /// named in the order in which they were given.
    pub mcnemar: McNemarRecord,
    /// Accuracy of `mcnemar.a` minus accuracy of `mcnemar.b`.
    pub difference: f64,
    /// 95 % paired bootstrap interval of `difference`, low and high.
    pub difference_interval: [f64; 2],
    /// Whether `mcnemar.p_value` is below 0.05 and `difference_interval` excludes zero: two kinds of evidence, and one
    /// alone is not enough to claim a difference.
    pub significant: bool,
    /// The verdict in plain words, in English; empty until the report crate writes it.
    pub sentence: String,
    /// The test of every pair.
    pub pairs: Vec<McNemarRecord>,
    /// Number of images.
    pub images: u64,
    /// How many images it would take to find the difference significant four times in five, if it is as large as it
    /// looks (see [`images_to_tell`]); `None` where it is significant already, or where there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub images_to_tell: Option<u64>,
}

impl Verdict {
    /// Compares two or more models on the same images. `seed` is the bootstrap's.
    ///
    /// With more than two models each pair is tested and the p-values are corrected by Holm's
    /// method; the headline is the most accurate against the runner-up.
    ///
    /// # Errors
    /// [`RecordError::TooFewModels`] with fewer than two models, [`RecordError::NotPaired`] when they
    /// were not evaluated on the same images, [`RecordError::Classification`] without images.
    pub fn among(models: &[(&str, &Predictions)], seed: u64) -> Result<Self, RecordError> {
        let correct = paired(models)?;
        let right = |model: usize| correct[model].iter().filter(|&&hit| hit).count();
        let mut tests = Vec::new();
        for a in 0..models.len() {
            for b in a + 1..models.len() {
                let pairs = || correct[a].iter().zip(&correct[b]);
                let only_a = pairs().filter(|&(&a, &b)| a && !b).count() as u64;
                let only_b = pairs().filter(|&(&a, &b)| b && !a).count() as u64;
                let p_value = mcnemar_exact(only_a, only_b);
                let record = McNemarRecord {
                    a: models[a].0.to_string(),
                    b: models[b].0.to_string(),
                    only_a,
                    only_b,
                    p_value,
                };
                tests.push(((a, b), record));
            }
        }
        let p_values: Vec<f64> = tests.iter().map(|(_, record)| record.p_value).collect();
        for ((_, record), adjusted) in tests.iter_mut().zip(holm(&p_values)) {
            record.p_value = adjusted;
        }
        // A stable sort: on a tie the model named first leads.
        let mut order: Vec<usize> = (0..models.len()).collect();
        order.sort_by_key(|&model| std::cmp::Reverse(right(model)));
        let (best, second) = (order[0], order[1]);
        let pair = (best.min(second), best.max(second));
        let headline = tests.iter().find(|(models, _)| *models == pair);
        let mcnemar = headline.map(|(_, test)| test.clone()).unwrap_or_default();
        let images = correct[0].len();
        let difference = (mcnemar.only_a as f64 - mcnemar.only_b as f64) / images as f64;
        let interval = bootstrap_difference(&correct[pair.0], &correct[pair.1], seed);
        let better = (right(best) > right(second)).then(|| models[best].0.to_string());
        let significant = mcnemar.p_value < SIGNIFICANCE && interval.excludes_zero();
        let needed = images_to_tell(mcnemar.only_a, mcnemar.only_b, images as u64);
        Ok(Self {
            better,
            significant,
            mcnemar,
            difference,
            difference_interval: [interval.low, interval.high],
            sentence: String::new(),
            pairs: tests.into_iter().map(|(_, record)| record).collect(),
            images: images as u64,
            images_to_tell: needed.filter(|_| !significant),
        })
    }
}

/// Whether each model was right on each image, after a check that the images are the same.
fn paired(models: &[(&str, &Predictions)]) -> Result<Vec<Vec<bool>>, RecordError> {
    let [(name, first), others @ ..] = models else {
        return Err(RecordError::TooFewModels { found: 0 });
    };
    if others.is_empty() {
        return Err(RecordError::TooFewModels { found: 1 });
    }
    if first.rows.is_empty() {
        return Err(ClassificationError::Empty.into());
    }
    for (other, predictions) in others {
        let differ = |difference: String| RecordError::NotPaired {
            a: (*name).to_string(),
            b: (*other).to_string(),
            difference,
        };
        let (ours, theirs) = (first.rows.len(), predictions.rows.len());
        if ours != theirs {
            return Err(differ(format!("{ours} and {theirs} images")));
        }
        if first.classes != predictions.classes {
            let (ours, theirs) = (first.classes.join(", "), predictions.classes.join(", "));
            return Err(differ(format!("classes {ours} and {theirs}")));
        }
        let rows = first.rows.iter().zip(&predictions.rows).enumerate();
        for (row, (ours, theirs)) in rows {
            if (ours.index, ours.label) != (theirs.index, theirs.label) {
                return Err(differ(format!(
                    "row {row} is image {} of class {} and image {} of class {}",
                    ours.index, ours.label, theirs.index, theirs.label
                )));
            }
        }
    }
    Ok(models.iter().map(|(_, model)| model.correct()).collect())
}

#[cfg(test)]
mod tests;
