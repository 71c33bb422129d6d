//! How often a classifier is right: figures from counts, and from probabilities.
//!
//! 'Truth' is the true class of an image, 'answer' the predicted class; classes are `0..K`.
//! All figures agree with scikit-learn's defaults to 1e-9 (`tests/golden/classification.py`).
//! A ratio without anything to count, such as the precision of a class never answered, is 0: that is
//! scikit-learn's `zero_division = 0`, its default, without the warning.

mod probabilities;

pub use probabilities::Probabilities;

/// Why no figures can be given.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum ClassificationError {
    /// There is nothing to count.
    #[error("no images to measure")]
    Empty,
    /// Lists of different lengths.
    #[error("{what}: expected {expected}, found {found}")]
    Length {
        /// Which list.
        what: String,
        /// Its length by the others.
        expected: usize,
        /// Its length.
        found: usize,
    },
    /// A class outside `0..classes`.
    #[error("{what} of image {image}: expected a class below {classes}, found {found}")]
    Class {
        /// "truth" or "prediction".
        what: &'static str,
        /// Row of the image, from 0.
        image: usize,
        /// Number of classes.
        classes: usize,
        /// The class found.
        found: usize,
    },
    /// A probability outside 0 to 1, or NaN.
    #[error("probability of image {image}: expected 0 to 1, found {found}")]
    Probability {
        /// Row of the image, from 0.
        image: usize,
        /// The value found.
        found: f32,
    },
}

/// Images counted by truth and answer; at least one.
///
/// ```
/// use measure::classification::{Average, Confusion};
/// let confusion = Confusion::count(&[0, 0, 1, 1], &[0, 1, 1, 1], 2)?;
/// assert_eq!(confusion.rows(), [[1, 1], [0, 2]]);
/// assert_eq!(confusion.accuracy(), 0.75);
/// assert_eq!(confusion.per_class()[1].recall, 1.0);
/// assert_eq!(confusion.average(Average::Macro).recall, 0.75);
/// # Ok::<(), measure::classification::ClassificationError>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Confusion {
    classes: usize,
    /// `[truth, answer]`, row after row.
    counts: Vec<u64>,
}

/// Precision, recall and F1 of a class.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ClassScores {
    /// Right answers of the class over answers of the class.
    pub precision: f64,
    /// Right answers of the class over truths of the class.
    pub recall: f64,
    /// `2 right / (truths + answers)`, the harmonic mean of the two.
    pub f1: f64,
    /// Truths of the class.
    pub support: u64,
    /// Answers of the class.
    pub answers: u64,
}

/// Precision, recall and F1 over all classes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct AverageScores {
    /// Averaged precision.
    pub precision: f64,
    /// Averaged recall.
    pub recall: f64,
    /// Averaged F1; not the harmonic mean of the averages.
    pub f1: f64,
}

/// How classes are averaged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Average {
    /// Each class counts the same. Classes that are neither truth nor answer of any image do not
    /// count, as in scikit-learn where `labels` is not given.
    Macro,
    /// Each class counts by its truths.
    Weighted,
}

impl Confusion {
    /// Counts `[N]` truths and answers.
    ///
    /// # Errors
    /// [`ClassificationError`] without images, for lists of different lengths, and for classes not
    /// below `classes`.
    pub fn count(
        truths: &[usize],
        answers: &[usize],
        classes: usize,
    ) -> Result<Self, ClassificationError> {
        check_length("predictions", truths.len(), answers.len())?;
        check_classes("truth", truths, classes)?;
        check_classes("prediction", answers, classes)?;
        let mut counts = vec![0; classes * classes];
        for (truth, answer) in truths.iter().zip(answers) {
            counts[truth * classes + answer] += 1;
        }
        Ok(Self { classes, counts })
    }

    /// Images by `[truth][answer]`.
    pub fn rows(&self) -> Vec<Vec<u64>> {
        self.counts
            .chunks(self.classes)
            .map(<[u64]>::to_vec)
            .collect()
    }

    /// Number of images.
    pub fn images(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Number of images classified correctly.
    pub fn correct(&self) -> u64 {
        (0..self.classes).map(|class| self.right(class)).sum()
    }

    /// Right answers over images.
    pub fn accuracy(&self) -> f64 {
        ratio(self.correct(), self.images())
    }

    /// Mean recall of the classes that have truths (scikit-learn, `balanced_accuracy_score`).
    pub fn balanced_accuracy(&self) -> f64 {
        let scores = self.per_class();
        mean(
            scores
                .iter()
                .filter(|class| class.support > 0)
                .map(|class| class.recall),
        )
    }

    /// Scores of every class, including those that never occur.
    pub fn per_class(&self) -> Vec<ClassScores> {
        let (truths, answers) = (self.truths(), self.answers());
        (0..self.classes)
            .map(|class| {
                let (right, support, answers) = (self.right(class), truths[class], answers[class]);
                ClassScores {
                    precision: ratio(right, answers),
                    recall: ratio(right, support),
                    f1: ratio(2 * right, support + answers),
                    support,
                    answers,
                }
            })
            .collect()
    }

    /// Scores averaged over classes.
    pub fn average(&self, average: Average) -> AverageScores {
        let mut scores = self.per_class();
        scores.retain(|class| class.support + class.answers > 0);
        let images = self.images();
        let over = |score: fn(&ClassScores) -> f64| match average {
            Average::Macro => mean(scores.iter().map(score)),
            Average::Weighted => {
                let weighted = scores
                    .iter()
                    .map(|class| score(class) * class.support as f64);
                weighted.sum::<f64>() / images as f64
            }
        };
        AverageScores {
            precision: over(|class| class.precision),
            recall: over(|class| class.recall),
            f1: over(|class| class.f1),
        }
    }

    /// Agreement beyond chance, `(observed - expected) / (1 - expected)`: J. Cohen, "A coefficient
    /// of agreement for nominal scales", 1960. 0 where it is undefined: one class only.
    pub fn cohens_kappa(&self) -> f64 {
        let [images, correct, chance, ..] = self.moments();
        // Both terms times images squared, so that they are whole numbers without rounding.
        match images * images - chance {
            0 => 0.0,
            beyond => (images * correct - chance) as f64 / beyond as f64,
        }
    }

    /// Correlation of truth and answer: J. Gorodkin, "Comparing two K-category assignments by a
    /// K-category correlation coefficient", 2004. 0 where truths or answers are all of one class.
    pub fn matthews(&self) -> f64 {
        let [images, correct, chance, truths, answers] = self.moments();
        let square = images * images;
        match (square - truths, square - answers) {
            (0, _) | (_, 0) => 0.0,
            (truths, answers) => {
                let spread = (truths as f64).sqrt() * (answers as f64).sqrt();
                (images * correct - chance) as f64 / spread
            }
        }
    }

    /// Images, right answers, and the sums over classes of truths x answers, truths squared and
    /// answers squared.
    fn moments(&self) -> [i128; 5] {
        let (truths, answers) = (self.truths(), self.answers());
        let sum_of_products = |a: &[u64], b: &[u64]| -> i128 {
            let pairs = a.iter().zip(b);
            pairs.map(|(&a, &b)| i128::from(a) * i128::from(b)).sum()
        };
        [
            self.images().into(),
            self.correct().into(),
            sum_of_products(&truths, &answers),
            sum_of_products(&truths, &truths),
            sum_of_products(&answers, &answers),
        ]
    }

    fn right(&self, class: usize) -> u64 {
        self.counts[class * self.classes + class]
    }

    fn truths(&self) -> Vec<u64> {
        let rows = self.counts.chunks(self.classes);
        rows.map(|row| row.iter().sum()).collect()
    }

    fn answers(&self) -> Vec<u64> {
        let column = |class| self.counts.iter().skip(class).step_by(self.classes).sum();
        (0..self.classes).map(column).collect()
    }
}

/// 0 where there is nothing to divide by.
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 {
        0.0
    } else {
        part as f64 / whole as f64
    }
}

fn mean(values: impl Iterator<Item = f64>) -> f64 {
    let (sum, count) = values.fold((0.0, 0_u64), |(sum, count), value| (sum + value, count + 1));
    if count == 0 { 0.0 } else { sum / count as f64 }
}

pub(crate) fn check_length(
    what: &str,
    expected: usize,
    found: usize,
) -> Result<(), ClassificationError> {
    if expected == found {
        return Ok(());
    }
    Err(ClassificationError::Length {
        what: what.to_string(),
        expected,
        found,
    })
}

fn check_classes(
    what: &'static str,
    found: &[usize],
    classes: usize,
) -> Result<(), ClassificationError> {
    if found.is_empty() {
        return Err(ClassificationError::Empty);
    }
    match found.iter().position(|&class| class >= classes) {
        None => Ok(()),
        Some(image) => Err(ClassificationError::Class {
            what,
            image,
            classes,
            found: found[image],
        }),
    }
}

/// Probabilities are from 0 to 1, except for the rounding of a softmax in f32.
pub(crate) fn check_probability(image: usize, found: f32) -> Result<(), ClassificationError> {
    if (-1e-5..=1.0 + 1e-5).contains(&found) {
        Ok(())
    } else {
        Err(ClassificationError::Probability { image, found })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn contradictions_are_named() {
        for (name, truths, answers, message) in [
            ("empty", vec![], vec![], "no images to measure"),
            (
                "lengths",
                vec![0, 1],
                vec![0],
                "predictions: expected 2, found 1",
            ),
            (
                "truth",
                vec![0, 2],
                vec![0, 1],
                "truth of image 1: expected a class below 2, found 2",
            ),
            (
                "prediction",
                vec![0, 1],
                vec![7, 1],
                "prediction of image 0: expected a class below 2, found 7",
            ),
        ] {
            let error = Confusion::count(&truths, &answers, 2).unwrap_err();
            assert_eq!(error.to_string(), message, "{name}");
        }
    }

    #[test]
    fn one_class_only_is_no_agreement_beyond_chance() {
        let confusion = Confusion::count(&[1, 1], &[1, 1], 3).unwrap();
        assert_eq!(confusion.accuracy(), 1.0);
        assert_eq!((confusion.cohens_kappa(), confusion.matthews()), (0.0, 0.0));
        // The two classes that never occur do not pull the mean down.
        assert_eq!(confusion.average(Average::Macro).f1, 1.0);
    }
}
