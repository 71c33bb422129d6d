//! From the scores of classes to probabilities and a choice.

/// The probabilities of one row of logits; NaN throughout when one of them is NaN.
pub fn softmax(logits: &[f32]) -> Vec<f32> {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|v| (v - top).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|v| v / sum).collect()
}

/// The place of the greatest value; the first one of a tie.
pub fn argmax(values: &[f32]) -> usize {
    let mut best = 0;
    for (i, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = i;
        }
    }
    best
}
