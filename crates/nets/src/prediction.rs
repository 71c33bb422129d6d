//! What a network predicts of one image, and how scores become predictions.

use burn::tensor::{Int, Tensor, TensorData};
use kernels::boxes::Xyxy;
use kernels::scores::{argmax, softmax};

use crate::ops::{Scalar, has_lanes, to_host};

/// What a network predicts of one image.
#[derive(Clone, Debug, PartialEq)]
pub struct Prediction {
    /// The class: of the best detection, or the most probable one where nothing was detected.
    pub class: usize,
    /// The score of that detection or the probability of that class.
    pub score: f32,
    /// One a class, adding up to 1.
    pub probabilities: Vec<f32>,
    /// What a detector found, best first; empty for a classifier.
    pub detections: Vec<Detection>,
}

/// One detected object.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Detection {
    /// Where, inside the image.
    pub bounds: Xyxy,
    /// What, 0..K without background.
    pub class: usize,
    /// The probability of this class, 0 to 1.
    pub score: f32,
}

/// [`softmax`] of logits divided by a temperature.
pub(crate) fn tempered_softmax(logits: &[f32], temperature: f64) -> Vec<f32> {
    if temperature == 1.0 {
        return softmax(logits);
    }
    let divided = logits
        .iter()
        .map(|value| (f64::from(*value) / temperature) as f32);
    softmax(&divided.collect::<Vec<_>>())
}

/// In how many rows of `[N, K]` the greatest value is in the row's entry of `columns`; rows with `None` do not count.
/// Does not wait for the device.
pub(crate) fn count_correct(rows: Tensor<2>, columns: &[Option<usize>]) -> Scalar {
    if columns.is_empty() {
        return Scalar::Known(0.0);
    }
    if has_lanes(&rows.device()) {
        let [_, width] = rows.dims();
        let values = to_host(rows);
        let rows = values.chunks_exact(width).zip(columns);
        let right = rows.filter(|(row, column)| column.is_some_and(|c| argmax(row) == c));
        return Scalar::Known(right.count() as f64);
    }
    // No row has its greatest value in column -1.
    let number = |column: &Option<usize>| column.map_or(-1, |column| column as i32);
    let wanted: Vec<i32> = columns.iter().map(number).collect();
    let shape = [wanted.len(), 1];
    let rows = rows.inner();
    let wanted = Tensor::<2, Int>::from_data(TensorData::new(wanted, shape), &rows.device());
    Scalar::of(rows.argmax(1).equal(wanted).float().sum())
}
