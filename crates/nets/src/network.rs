//! The network of a run, classifier or detector: one interface for training, evaluation and prediction.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::batch::Batch;
use crate::cnn::{Answering, Cnn};
use crate::detector::{BadTruth, FasterRcnn};
use crate::layers::Mode;
use crate::loss::{cross_entropy, mixed_cross_entropy};
use crate::ops::Scalar;
use crate::outputs::{Answer, Losses, argmax, hits};
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

fn columns(labels: &[usize]) -> Vec<Option<usize>> {
    labels.iter().copied().map(Some).collect()
}
