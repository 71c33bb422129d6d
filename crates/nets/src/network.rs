//! The network of a run, classifier or detector: one interface for training, evaluation and prediction.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::batch::Batch;
use crate::cnn::{Cnn, PredictionOptions};
use crate::detector::FasterRcnn;
use crate::detector::postprocess::DetectionOptions;
use crate::layers::Mode;
use crate::loss::{ClassificationLoss, Losses};
use crate::prediction::Prediction;
use data::resized::Resized;
use data::truth::BadTruth;
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
    /// The network of a recipe for images `[C, H, W]` and a number of classes, with its initial weights.
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
        let frozen = recipe.frozen_layers();
        let norms = recipe.training.freeze_norms;
        Ok(match &recipe.model {
            Model::Cnn(cnn) => {
                let cnn = Cnn::new(cnn, input, seed, device)?;
                Self::Cnn(cnn.freezing(&frozen, norms))
            }
            Model::FasterRcnn(detector) => {
                let detector = FasterRcnn::new(detector, input, classes, seed, device)?;
                Self::FasterRcnn(detector.freezing(&frozen, norms))
            }
        })
    }

    /// The same network, predicting with these options; a detector has none.
    pub fn predicting_with(self, options: PredictionOptions) -> Self {
        match self {
            Self::Cnn(cnn) => Self::Cnn(cnn.predicting_with(options)),
            Self::FasterRcnn(_) => self,
        }
    }

    /// The same network with other options of a detector's postprocessing; a classifier has none.
    pub fn detecting_with(self, options: DetectionOptions) -> Self {
        match self {
            Self::Cnn(_) => self,
            Self::FasterRcnn(detector) => Self::FasterRcnn(detector.detecting_with(options)),
        }
    }

    /// The same network, which as a detector never predicts these classes.
    pub(crate) fn without_classes(self, unused: Vec<usize>) -> Self {
        match self {
            Self::Cnn(_) => self,
            Self::FasterRcnn(detector) => Self::FasterRcnn(detector.without_classes(unused)),
        }
    }

    /// Whether it finds objects and their boxes, rather than the class of a whole image.
    pub fn is_detector(&self) -> bool {
        matches!(self, Self::FasterRcnn(_))
    }

    /// The loss of a batch `[1]`, to be minimised, and the values it is made of. A detector takes only the smoothing of
    /// `loss`.
    ///
    /// # Errors
    /// [`BadTruth`] for a box without area, from a detector.
    pub fn losses(
        &self,
        batch: &Batch,
        loss: &ClassificationLoss,
        mode: Mode,
    ) -> Result<(Tensor<1>, Losses), BadTruth> {
        match self {
            Self::Cnn(cnn) => Ok(cnn.losses(batch, loss, mode)),
            Self::FasterRcnn(detector) => detector.losses(batch, loss.smoothing, mode),
        }
    }

    /// One prediction for each image of `[N, C, H, W]`.
    pub fn predict(&self, images: Tensor<4>) -> Vec<Prediction> {
        self.predict_resized(images, &[])
    }

    /// The same for the images of a batch, with boxes in pixels of the data set's images.
    pub fn predict_batch(&self, batch: Batch) -> Vec<Prediction> {
        self.predict_resized(batch.images, &batch.resized)
    }

    /// The same for images that were resized like this (see [`Batch::resized`]), with boxes in pixels of what they were
    /// before.
    pub fn predict_resized(&self, images: Tensor<4>, resized: &[Resized]) -> Vec<Prediction> {
        match self {
            Self::Cnn(cnn) => cnn.predict(images),
            Self::FasterRcnn(detector) => detector.predict(images, resized),
        }
    }
}
