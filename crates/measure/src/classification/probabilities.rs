//! Figures from the probability of each class: top-k, log-loss, Brier score, ROC and precision-recall.

use super::{ClassificationError, check_classes, check_length, check_probability, mean};

/// Probabilities of `K` classes for each of `N` images, with the true classes.
///
/// ```
/// use measure::classification::Probabilities;
/// let values = [0.75, 0.25, 0.5, 0.5]; // two images of two classes
/// let probabilities = Probabilities::new(&values, &[0, 1], 2)?;
/// let by_hand = -(0.75_f64.ln() + 0.5_f64.ln()) / 2.0;
/// assert!((probabilities.log_loss() - by_hand).abs() < 1e-12);
/// assert_eq!(probabilities.roc_auc(1), Some(1.0));
/// # Ok::<(), measure::classification::ClassificationError>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct Probabilities<'a> {
    /// `[N, K]`, row after row.
    values: &'a [f32],
    truths: &'a [usize],
    classes: usize,
}

impl<'a> Probabilities<'a> {
    /// Takes `[N, K]` values, row after row, and `[N]` true classes.
    ///
    /// # Errors
    /// [`ClassificationError`] without images, for lists that do not go together, for classes not
    /// below `classes`, and for values that are no probabilities. Rows need not sum to one exactly.
    pub fn new(
        values: &'a [f32],
        truths: &'a [usize],
        classes: usize,
    ) -> Result<Self, ClassificationError> {
        check_classes("truth", truths, classes)?;
        check_length("probabilities", truths.len() * classes, values.len())?;
        for (image, row) in values.chunks(classes).enumerate() {
            for &value in row {
                check_probability(image, value)?;
            }
        }
        Ok(Self {
            values,
            truths,
            classes,
        })
    }

    /// Fraction of images whose truth is among the `k` most probable classes. Of classes equally
    /// probable the later is taken first, as scikit-learn's `top_k_accuracy_score` does.
    pub fn top_k(&self, k: usize) -> f64 {
        let hit = |image: &(&[f32], &usize)| {
            let (row, truth) = (image.0, *image.1);
            let ahead = row.iter().enumerate().filter(|&(class, &value)| {
                value > row[truth] || (value == row[truth] && class > truth)
            });
            ahead.count() < k
        };
        self.rows().filter(hit).count() as f64 / self.truths.len() as f64
    }

    /// Mean of `-ln p(truth)`, in nats; `p` is clipped to `[e, 1 - e]` with `e` the distance from 1
    /// to the next f64, as scikit-learn's `log_loss` clips f64 (C. M. Bishop, "Pattern Recognition
    /// and Machine Learning", 2006, 4.3.4). No image costs more than 36.04 nats.
    pub fn log_loss(&self) -> f64 {
        let clip = |p: f32| f64::from(p).clamp(f64::EPSILON, 1.0 - f64::EPSILON);
        let losses = self.rows().map(|(row, &truth)| -clip(row[truth]).ln());
        losses.sum::<f64>() / self.truths.len() as f64
    }

    /// Mean over images of the squared distance between probabilities and truth, summed over
    /// classes: from 0 to 2 (G. W. Brier, "Verification of forecasts expressed in terms of
    /// probability", 1950; scikit-learn's `brier_score_loss` with `scale_by_half = False`).
    pub fn brier(&self) -> f64 {
        let distance = |(row, &truth): (&[f32], &usize)| -> f64 {
            let terms = row.iter().enumerate().map(|(class, &value)| {
                let off = f64::from(value) - f64::from(u8::from(class == truth));
                off * off
            });
            terms.sum()
        };
        self.rows().map(distance).sum::<f64>() / self.truths.len() as f64
    }

    /// Area under [`Probabilities::roc_curve`] of `class` against the rest: the probability that an
    /// image of the class gets a higher value than another one, ties counting half (T. Fawcett, "An
    /// introduction to ROC analysis", 2006). `None` without images of both sides.
    pub fn roc_auc(&self, class: usize) -> Option<f64> {
        let steps = self.steps(class);
        let ends = *steps.last()?;
        // Trapezoids in whole numbers: twice the area, times positives times negatives.
        let doubled: u128 = steps
            .windows(2)
            .map(|pair| {
                let width = u128::from(pair[1].wrong - pair[0].wrong);
                width * u128::from(pair[0].right + pair[1].right)
            })
            .sum();
        let whole = 2 * u128::from(ends.right) * u128::from(ends.wrong);
        (whole > 0).then(|| doubled as f64 / whole as f64)
    }

    /// Average precision of `class` against the rest: the sum over thresholds of precision times the
    /// recall gained, without interpolation (scikit-learn's `average_precision_score`). `None`
    /// without images of the class, where scikit-learn warns and gives 0.
    pub fn average_precision(&self, class: usize) -> Option<f64> {
        let steps = self.steps(class);
        let positives = steps.last()?.right;
        let gained = steps.windows(2).map(|pair| {
            let precision = pair[1].right as f64 / (pair[1].right + pair[1].wrong) as f64;
            precision * (pair[1].right - pair[0].right) as f64
        });
        (positives > 0).then(|| gained.sum::<f64>() / positives as f64)
    }

    /// Mean of [`Probabilities::roc_auc`] over the classes that have one (scikit-learn's `roc_auc_score` with
    /// `multi_class = "ovr"` and `average = "macro"`, which wants every class to occur); `None` where none has.
    pub fn roc_auc_macro(&self) -> Option<f64> {
        self.mean_of(Self::roc_auc)
    }

    /// Mean of [`Probabilities::average_precision`] over the classes that have images (scikit-learn's
    /// `average_precision_score` with `average = "macro"`, which takes the others for 0).
    pub fn average_precision_macro(&self) -> Option<f64> {
        self.mean_of(Self::average_precision)
    }

    fn mean_of(&self, figure: fn(&Self, usize) -> Option<f64>) -> Option<f64> {
        let figures = (0..self.classes).filter_map(|class| figure(self, class));
        let figures: Vec<f64> = figures.collect();
        (!figures.is_empty()).then(|| mean(figures.into_iter()))
    }

    /// Points `[false positive rate, true positive rate]` of `class` against the rest, from `[0, 0]`
    /// to `[1, 1]`, one a distinct value; empty without images of both sides.
    pub fn roc_curve(&self, class: usize) -> Vec<[f64; 2]> {
        let steps = self.steps(class);
        match steps.last() {
            Some(ends) if ends.right > 0 && ends.wrong > 0 => {
                let rates = |step: &Step| {
                    [
                        step.wrong as f64 / ends.wrong as f64,
                        step.right as f64 / ends.right as f64,
                    ]
                };
                steps.iter().map(rates).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Points `[recall, precision]` of `class` against the rest, recall ascending, one a distinct
    /// value, led by `[0, 1]`; empty without images of the class.
    pub fn precision_recall_curve(&self, class: usize) -> Vec<[f64; 2]> {
        let steps = self.steps(class);
        match steps.last() {
            Some(ends) if ends.right > 0 => {
                let point = |step: &Step| match step.right + step.wrong {
                    0 => [0.0, 1.0],
                    taken => [
                        step.right as f64 / ends.right as f64,
                        step.right as f64 / taken as f64,
                    ],
                };
                steps.iter().map(point).collect()
            }
            _ => Vec::new(),
        }
    }

    /// Images taken for `class` as the threshold falls past each distinct value, from none to all.
    fn steps(&self, class: usize) -> Vec<Step> {
        let mut images: Vec<(f32, bool)> = self
            .rows()
            .filter_map(|(row, &truth)| Some((*row.get(class)?, truth == class)))
            .collect();
        images.sort_unstable_by(|a, b| b.0.total_cmp(&a.0));
        let mut steps = vec![Step::default()];
        let mut last = Step::default();
        for group in images.chunk_by(|a, b| a.0 == b.0) {
            let right = group.iter().filter(|image| image.1).count() as u64;
            last.right += right;
            last.wrong += group.len() as u64 - right;
            steps.push(last);
        }
        steps
    }

    fn rows(&self) -> impl Iterator<Item = (&'a [f32], &'a usize)> {
        self.values.chunks(self.classes).zip(self.truths)
    }
}

/// How many images are taken for a class at a threshold.
#[derive(Debug, Clone, Copy, Default)]
struct Step {
    /// Those that are of the class.
    right: u64,
    /// Those that are not.
    wrong: u64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_probabilities_are_refused() {
        for (name, values, message) in [
            ("short", vec![1.0], "probabilities: expected 2, found 1"),
            (
                "not a number",
                vec![0.5, f32::NAN],
                "probability of image 0: expected 0 to 1, found NaN",
            ),
            (
                "logits",
                vec![-3.0, 4.0],
                "probability of image 0: expected 0 to 1, found -3",
            ),
        ] {
            let error = Probabilities::new(&values, &[0], 2).unwrap_err();
            assert_eq!(error.to_string(), message, "{name}");
        }
    }

    #[test]
    fn curves_run_from_end_to_end() {
        let values = [0.9, 0.1, 0.4, 0.6, 0.6, 0.4, 0.4, 0.6];
        let probabilities = Probabilities::new(&values, &[0, 1, 0, 0], 2).unwrap();
        let third = 1.0 / 3.0;
        assert_eq!(
            probabilities.roc_curve(0),
            [[0.0, 0.0], [0.0, third], [0.0, 2.0 * third], [1.0, 1.0]]
        );
        assert_eq!(
            probabilities.precision_recall_curve(0),
            [[0.0, 1.0], [third, 1.0], [2.0 * third, 1.0], [1.0, 0.75]]
        );
        let absent = Probabilities::new(&values, &[0, 0, 0, 0], 2).unwrap();
        assert!(absent.roc_curve(0).is_empty() && absent.precision_recall_curve(1).is_empty());
        assert_eq!(
            (absent.roc_auc(0), absent.average_precision(1)),
            (None, None)
        );
        // A class that does not exist has no images.
        assert_eq!(
            (probabilities.roc_auc(2), probabilities.average_precision(2)),
            (None, None)
        );
        // The means leave out what is not there: class 1 has no images, and so class 0 has no others.
        assert_eq!(absent.roc_auc_macro(), None);
        assert_eq!(absent.average_precision_macro(), Some(1.0));
    }
}
