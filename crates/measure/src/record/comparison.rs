//! The JSON of `atelier compare`: the contestants, and whether the data can tell them apart.

use serde::{Deserialize, Serialize};

use super::{Evaluation, Predictions, RecordError};
use crate::classification::ClassificationError;
use crate::significance::{SIGNIFICANCE, bootstrap_difference, holm, mcnemar_exact};

/// Contestants and verdict.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Comparison {
    /// In the order in which they were asked for.
    pub contestants: Vec<Contestant>,
    /// Which is better, and how sure that is; `None` where images show several objects: the test is of one answer an
    /// image.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verdict: Option<Verdict>,
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
    #[serde(default)]
    pub a: String,
    /// Name of the second model.
    #[serde(default)]
    pub b: String,
    /// Images that only `a` answered rightly.
    pub only_a: u64,
    /// Images that only `b` answered rightly.
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
    /// Accuracy of `mcnemar.a` less that of `mcnemar.b`.
    #[serde(default)]
    pub difference: f64,
    /// 95 % paired bootstrap interval of `difference`, low and high.
    #[serde(default)]
    pub difference_interval: [f64; 2],
    /// Whether `mcnemar.p_value` is below 0.05.
    pub significant: bool,
    /// The verdict in plain words.
    pub sentence: String,
    /// The test of every pair.
    #[serde(default)]
    pub pairs: Vec<McNemarRecord>,
}

impl Verdict {
    /// Compares two or more models on the same images. `seed` is the bootstrap's.
    ///
    /// With more than two models each pair is tested and the p-values are corrected by Holm's
    /// method; the headline is the most accurate against the runner-up.
    ///
    /// # Errors
    /// [`RecordError::TooFewModels`] with fewer than two models, [`RecordError::NotPaired`] when they
    /// did not answer the same images, [`RecordError::Classification`] without images.
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
        let mut verdict = Self {
            better,
            significant: mcnemar.p_value < SIGNIFICANCE,
            mcnemar,
            difference,
            difference_interval: [interval.low, interval.high],
            sentence: String::new(),
            pairs: tests.into_iter().map(|(_, record)| record).collect(),
        };
        verdict.sentence = verdict.in_words(images, models.len());
        Ok(verdict)
    }

    fn in_words(&self, images: usize, models: usize) -> String {
        let McNemarRecord {
            a,
            b,
            only_a,
            only_b,
            p_value,
        } = &self.mcnemar;
        let corrected = if models > 2 { ", Holm-corrected" } else { "" };
        let p = p_in_words(*p_value);
        let Some(better) = &self.better else {
            return match only_a {
                0 => format!("{a} and {b} answered the same of {images} images rightly."),
                _ => format!(
                    "{a} and {b} are equally accurate: of {images} images, each answered \
                     {only_a} rightly that the other did not."
                ),
            };
        };
        let (worse, gained, lost) = if better == a {
            (b, only_a, only_b)
        } else {
            (a, only_b, only_a)
        };
        let counts = format!(
            "of {images} images, {gained} only {better} answered rightly and {lost} only {worse}"
        );
        let test = format!("McNemar's exact test{corrected}, {p}");
        if self.significant {
            let points = 100.0 * self.difference.abs();
            format!(
                "{better} is more accurate than {worse}, by {points:.2} percentage points: \
                 {counts} ({test})."
            )
        } else {
            format!(
                "The data can't tell: {better} is ahead of {worse}, but {counts}, which chance \
                 alone could explain ({test})."
            )
        }
    }
}

fn p_in_words(p: f64) -> String {
    match p {
        p if p < 0.0001 => "p < 0.0001".to_string(),
        p if p < 0.1 => format!("p = {p:.4}"),
        p => format!("p = {p:.2}"),
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
