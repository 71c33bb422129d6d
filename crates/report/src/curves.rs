//! Curves from stored predictions: ROC and precision-recall over the threshold, all classes pooled; accuracy by confidence.

use measure::calibration::{BINS, Reliability, reliability_equal_width};
use measure::classification::Probabilities;
use measure::record::Predictions;

/// Accuracy by confidence; `None` without answers, or where scores are no probabilities.
pub fn reliability(predictions: &Predictions) -> Option<Reliability> {
    let scores: Vec<f32> = predictions.rows.iter().map(|row| row.score).collect();
    reliability_equal_width(&scores, &predictions.correct(), BINS).ok()
}

/// How many images `[false positive rate, true positive rate]` and `[recall, precision]` each
/// threshold gives, each class against the rest and all classes pooled (micro-average).
pub struct Pooled {
    /// From `[0, 0]` to `[1, 1]`.
    pub roc: Vec<[f64; 2]>,
    /// Recall ascending, led by `[0, 1]`.
    pub precision_recall: Vec<[f64; 2]>,
}

/// `None` where predictions hold no probabilities to pool, or only one class.
pub fn pooled(predictions: &Predictions) -> Option<Pooled> {
    let classes = predictions.classes.len();
    let rows = &predictions.rows;
    if classes < 2 || rows.iter().any(|row| row.probabilities.len() != classes) {
        return None;
    }
    // One question a pair of image and class: is it of the class?
    let mut values = Vec::with_capacity(2 * classes * rows.len());
    let mut truths = Vec::with_capacity(classes * rows.len());
    for row in rows {
        for (class, &probability) in row.probabilities.iter().enumerate() {
            values.extend([1.0 - probability, probability]);
            truths.push(usize::from(row.label == class));
        }
    }
    let pooled = Probabilities::new(&values, &truths, 2).ok()?;
    Some(Pooled {
        roc: pooled.roc_curve(1),
        precision_recall: pooled.precision_recall_curve(1),
    })
}

/// The points of a curve that a plot needs, in order: each at least `gap` from the one before, both
/// coordinates as `place` puts them on a plot of side 1; the first and last always.
pub fn thinned(
    points: &[[f64; 2]],
    gap: f64,
    place: impl Fn([f64; 2]) -> [f64; 2],
) -> Vec<[f64; 2]> {
    let mut kept: Vec<[f64; 2]> = Vec::new();
    let mut last = [f64::NAN; 2];
    for (index, &point) in points.iter().enumerate() {
        let at = place(point);
        let near = (at[0] - last[0]).abs().max((at[1] - last[1]).abs()) < gap;
        // The one before a long step too, or the step would become a slope.
        let before_a_step = points.get(index + 1).is_some_and(|&next| {
            let next = place(next);
            (next[0] - at[0]).abs().max((next[1] - at[1]).abs()) >= gap
        });
        if !near || before_a_step || index + 1 == points.len() {
            kept.push(point);
            last = at;
        }
    }
    kept
}

/// The points that tell a curve, finest where it is near 0 or 1.
pub fn few(points: &[[f64; 2]]) -> Vec<[f64; 2]> {
    // Logarithmic towards both ends, from -1 to 1.
    let place = |share: f64| {
        let decades = |part: f64| -(2.0 * part.clamp(1e-5, 0.5)).log10() / 4.7;
        if share < 0.5 {
            -decades(share)
        } else {
            decades(1.0 - share)
        }
    };
    thinned(points, 0.01, |[x, y]| [place(x), place(y)])
}

#[cfg(test)]
mod tests;
