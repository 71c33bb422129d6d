//! Softmax cross-entropy over rows of logits: the loss and its gradient in one pass.

use rayon::prelude::*;

/// Rows of one task.
const ROWS: usize = 64;

/// The mean over rows of the cross-entropy between `softmax(logits)` and the smoothed labels, and its gradient.
///
/// `logits` is `[n, classes]`, as is the gradient; a label is below `classes`. The target of a row is `1 - smoothing`
/// at its label plus `smoothing / classes` everywhere, as in PyTorch. No rows: loss 0.
///
/// # Panics
/// If `logits` is not `[labels.len(), classes]` or a label is not below `classes`.
pub fn softmax_cross_entropy(
    logits: &[f32],
    classes: usize,
    labels: &[usize],
    smoothing: f32,
) -> (f64, Vec<f32>) {
    assert_eq!(
        logits.len(),
        labels.len() * classes,
        "softmax_cross_entropy: logits"
    );
    let mut gradient = vec![0.0; logits.len()];
    if logits.is_empty() {
        return (0.0, gradient);
    }
    let scale = 1.0 / labels.len() as f64;
    let losses: Vec<f64> = gradient
        .par_chunks_mut(ROWS * classes)
        .zip(logits.par_chunks(ROWS * classes))
        .zip(labels.par_chunks(ROWS))
        .map(|((gradient, logits), labels)| {
            let rows = gradient
                .chunks_exact_mut(classes)
                .zip(logits.chunks_exact(classes));
            rows.zip(labels)
                .map(|((gradient, logits), &label)| row(gradient, logits, label, smoothing, scale))
                .sum()
        })
        .collect();
    (losses.iter().sum::<f64>() * scale, gradient)
}

/// The loss of one row; its gradient is written times `scale`.
fn row(gradient: &mut [f32], logits: &[f32], label: usize, smoothing: f32, scale: f64) -> f64 {
    assert!(
        label < logits.len(),
        "label {label} of {} classes",
        logits.len()
    );
    // Relative to the greatest: no exponential overflows, and one of them is 1.
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut sum = 0.0;
    let mut centred = 0.0;
    for (gradient, &logit) in gradient.iter_mut().zip(logits) {
        *gradient = (logit - top).exp();
        sum += f64::from(*gradient);
        centred += f64::from(logit - top);
    }
    let smoothing = f64::from(smoothing);
    let everywhere = smoothing / logits.len() as f64;
    for (class, gradient) in gradient.iter_mut().enumerate() {
        let target = everywhere + if class == label { 1.0 - smoothing } else { 0.0 };
        *gradient = ((f64::from(*gradient) / sum - target) * scale) as f32;
    }
    // The targets sum to 1, so the greatest logit cancels. Without smoothing a class of -infinity must not count.
    let mean = if smoothing == 0.0 {
        0.0
    } else {
        everywhere * centred
    };
    sum.ln() - (1.0 - smoothing) * f64::from(logits[label] - top) - mean
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reference;
    use crate::testing::{assert_close, everywhere, random, wide};

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn agrees_with_the_obvious_loops_and_slopes(n in 1..150usize, classes in 1..12usize, smoothing in 0f32..0.5) {
            let logits: Vec<f32> = random(n as u64, n * classes).iter().map(|x| 8.0 * x).collect();
            let labels: Vec<usize> = (0..n).map(|i| i * 7 % classes).collect();
            let (wide_logits, wide_smoothing) = (wide(&logits), f64::from(smoothing));
            let expected = reference::cross_entropy(&wide_logits, classes, &labels, wide_smoothing);
            let slopes = reference::gradient(&wide_logits, &[n as f64], |logits| {
                vec![reference::cross_entropy(logits, classes, &labels, wide_smoothing)]
            });
            for (loss, gradient) in everywhere(|| softmax_cross_entropy(&logits, classes, &labels, smoothing)) {
                prop_assert!((loss - expected).abs() < 1e-5 * (1.0 + expected));
                let times_n: Vec<f32> = gradient.iter().map(|g| g * n as f32).collect();
                assert_close(&times_n, &slopes, 1e-5, "gradient");
            }
        }
    }

    #[test]
    fn telling_cases() {
        let third = (3f64).ln();
        for (name, logits, label, smoothing, loss) in [
            ("equal logits", [0.0, 0.0, 0.0], 1, 0.0, third),
            ("equal and smoothed", [5.0, 5.0, 5.0], 1, 0.1, third),
            ("large values", [1e30, 0.0, -1e30], 0, 0.0, 0.0),
            ("sure and wrong", [1000.0, 0.0, 0.0], 1, 0.0, 1000.0),
            (
                "a class ruled out",
                [0.0, 0.0, f32::NEG_INFINITY],
                0,
                0.0,
                (2f64).ln(),
            ),
        ] {
            let (got, gradient) = softmax_cross_entropy(&logits, 3, &[label], smoothing);
            assert!((got - loss).abs() < 1e-6 * (1.0 + loss), "{name}: {got}");
            assert!(
                gradient.iter().sum::<f32>().abs() < 1e-6,
                "{name}: {gradient:?}"
            );
        }
        assert_eq!(softmax_cross_entropy(&[], 3, &[], 0.1), (0.0, vec![]));
    }

    #[test]
    #[should_panic(expected = "label 3 of 3 classes")]
    fn a_label_beyond_the_classes_is_refused() {
        softmax_cross_entropy(&[0.0; 3], 3, &[3], 0.0);
    }
}
