//! The network of a run, classifier or detector: one interface for training, evaluation and prediction.

use burn::module::Module;
use burn::tensor::{Device, Int, Tensor, TensorData};

use crate::batch::Batch;
use crate::cnn::{Answering, Cnn};
use crate::detector::{BadTruth, Detection, FasterRcnn};
use crate::layers::Mode;
use crate::loss::{cross_entropy, mixed_cross_entropy};
use crate::ops::{Scalar, has_lanes, to_host};
use recipe::{self, Model, Recipe, ShapeError};

/// A classifier or a detector.
#[allow(clippy::large_enum_variant)] // a process holds one or two, and Burn has no boxed modules
#[derive(Module, Debug)]
pub enum Network {
    /// Classifies whole images.
    Cnn(Cnn),
    /// Finds objects and classifies them.
    FasterRcnn(FasterRcnn),
}

/// The losses of one batch.
#[derive(Debug)]
pub struct Losses {
    /// What is minimised, `[1]`.
    pub total: Tensor<1>,
    /// Its summands by name; one for a classifier.
    pub parts: Vec<(&'static str, Scalar)>,
    /// How many classifications were right; for a detector those of sampled regions with an object.
    pub correct: Scalar,
    /// Of so many.
    pub counted: usize,
}

/// What a network says of one image.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The class: of the best detection, or of the greatest probability where nothing was detected.
    pub class: usize,
    /// The score of that detection or the probability of that class.
    pub score: f32,
    /// One a class, adding up to 1.
    pub probabilities: Vec<f32>,
    /// What a detector found, best first; a classifier finds none.
    pub detections: Vec<Detection>,
}

impl Network {
    /// The network of a recipe for images `[C, H, W]` of so many classes, with its initial weights.
    ///
    /// # Errors
    /// [`ShapeError`] naming the layer that does not fit.
    pub fn new(
        recipe: &Recipe,
        input: [usize; 3],
        classes: usize,
        device: &Device,
    ) -> Result<Self, ShapeError> {
        recipe.summary(input, classes)?; // the end of the network too must suit the classes
        let seed = recipe.training.seed;
        Ok(match &recipe.model {
            Model::Cnn(cnn) => Self::Cnn(Cnn::new(cnn, input, seed, device)?),
            Model::FasterRcnn(detector) => {
                Self::FasterRcnn(FasterRcnn::new(detector, input, classes, seed, device)?)
            }
        })
    }

    /// The same network, a classifier answering in this way; a detector answers as ever.
    pub fn answering(self, answering: Answering) -> Self {
        match self {
            Self::Cnn(cnn) => Self::Cnn(cnn.answering(answering)),
            Self::FasterRcnn(_) => self,
        }
    }

    /// The losses of a batch, to be minimised.
    ///
    /// # Errors
    /// [`BadTruth`] for a box without area; a classifier has none.
    pub fn losses(
        &self,
        batch: &Batch,
        training: &recipe::Training,
        mode: Mode,
    ) -> Result<Losses, BadTruth> {
        match self {
            Self::Cnn(cnn) => {
                let logits = cnn.forward(batch.images.clone(), mode);
                let smoothing = training.label_smoothing;
                let (correct, total) = match &batch.mixed {
                    None => (
                        hits(logits.clone(), &columns(&batch.labels)),
                        cross_entropy(logits, &batch.labels, smoothing),
                    ),
                    Some(mixed) => {
                        let most = match mixed.share < 0.5 {
                            true => &mixed.labels,
                            false => &batch.labels,
                        };
                        let correct = hits(logits.clone(), &columns(most));
                        let labels = &batch.labels;
                        let total = mixed_cross_entropy(logits, labels, mixed, smoothing);
                        (correct, total)
                    }
                };
                let parts = vec![("classification", Scalar::of(total.clone()))];
                Ok(Losses {
                    total,
                    parts,
                    correct,
                    counted: batch.labels.len(),
                })
            }
            Self::FasterRcnn(detector) => detector.losses(batch, training.label_smoothing, mode),
        }
    }

    /// What the network says of each image of `[N, C, H, W]`.
    pub fn predict(&self, images: Tensor<4>) -> Vec<Answer> {
        match self {
            Self::Cnn(cnn) => {
                let rows = cnn.evidence(images).into_iter();
                rows.map(|row| {
                    let probabilities = cnn.probabilities(&row);
                    // Of what came before the temperature, which so can change no answer.
                    let class = argmax(&row);
                    Answer {
                        class,
                        score: probabilities[class],
                        probabilities,
                        detections: Vec::new(),
                    }
                })
                .collect()
            }
            Self::FasterRcnn(detector) => detector.predict(images),
        }
    }
}

/// The probabilities of one row of logits; NaN throughout when one of them is NaN.
pub(crate) fn softmax(logits: &[f32]) -> Vec<f32> {
    let top = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let powers: Vec<f32> = logits.iter().map(|v| (v - top).exp()).collect();
    let sum: f32 = powers.iter().sum();
    powers.into_iter().map(|v| v / sum).collect()
}

/// The first of the greatest values.
pub(crate) fn argmax(values: &[f32]) -> usize {
    let mut best = 0;
    for (i, value) in values.iter().enumerate() {
        if *value > values[best] {
            best = i;
        }
    }
    best
}

/// In how many rows of `[N, K]` the greatest value stands in the column that `columns` says of the row; rows without one
/// are left out. Waits for no device.
pub(crate) fn hits(rows: Tensor<2>, columns: &[Option<usize>]) -> Scalar {
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

fn columns(labels: &[usize]) -> Vec<Option<usize>> {
    labels.iter().copied().map(Some).collect()
}
