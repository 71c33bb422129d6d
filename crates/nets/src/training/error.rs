//! Why a training can't begin, or ends early.

use super::CheckpointError;
use crate::device::guard::Failure;
use crate::evaluation::ValidationError;
use crate::weights::WeightsError;
use data::DataError;
use data::truth::BadTruth;
use measure::detection::CocoError;
use recipe::{ShapeError, TooLarge};

/// Why training stopped.
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    /// A loss is NaN or infinite.
    #[error(
        "the {name} became {value} in step {step} (epoch {epoch}, learning rate {learning_rate:.3e}); \
         try a smaller training.optimizer.learning-rate (with a one-cycle schedule: training.schedule.peak), \
         a warm-up, or a smaller training.clip-norm, such as 1.0"
    )]
    NotFinite {
        /// The name of the loss, or the gradient's norm.
        name: String,
        /// Its value.
        value: f64,
        /// The step, from 1.
        step: u64,
        /// The epoch, from 1.
        epoch: usize,
        /// The learning rate of this step.
        learning_rate: f64,
    },
    /// The network does not fit the images.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The network does not fit into memory.
    #[error(transparent)]
    TooLarge(#[from] TooLarge),
    /// An annotated box is invalid.
    #[error(transparent)]
    Truth(#[from] BadTruth),
    /// A checkpoint could not be written or read.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Weights do not fit.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The held-out images could not be evaluated.
    #[error("validation: {0}")]
    Validation(#[from] ValidationError),
    /// A classifier predicts one class an image, but the images show several objects, or none.
    #[error(
        "a classifier (model.kind = \"cnn\") needs images that show one object each, but some images of \
         data.source = {0:?} show several, or none; use a detector (model.kind = \"faster-rcnn\")"
    )]
    ManyObjects(String),
    /// A detector for images with classes and without boxes.
    #[error(
        "a detector needs boxes, but data.source = {0:?} has only a class for each picture; set data.boxes = \"whole\" \
         where the object fills the picture, data.boxes = \"ink\" where it is bright on black, or train a classifier \
         (model.kind = \"cnn\")"
    )]
    NoBoxes(String),
    /// Early stopping watches a metric that these images do not have.
    #[error(
        "training.early-stopping watches \"{metric}\", which images that show {shows} do not have; \
         use metric = \"{other}\" or metric = \"loss\""
    )]
    NoMetric {
        /// The metric.
        metric: &'static str,
        /// What the images show.
        shows: &'static str,
        /// A metric that they have.
        other: &'static str,
    },
    /// There is not one class weight for each class.
    #[error(
        "training.class-weights has {found} numbers, but the data has {} classes; write one number for each, in this \
         order: {}", classes.len(), classes.join(", ")
    )]
    ClassWeights {
        /// Weights in the recipe.
        found: usize,
        /// The names of the classes.
        classes: Vec<String>,
    },
    /// Early stopping has no held-out images.
    #[error("training.early-stopping needs held-out images: set data.validation")]
    NothingHeldOut,
    /// The device does not compute in this precision.
    #[error(
        "training.precision = \"{precision}\" is not possible: {reason}; use training.precision = \"f32\""
    )]
    Precision {
        /// The precision.
        precision: &'static str,
        /// Why not.
        reason: &'static str,
    },
    /// The device's memory is too small.
    #[error(
        "the device does not have enough memory for training.batch-size = {batch_size}; \
         try --set training.batch-size={smaller}"
    )]
    OutOfMemory {
        /// Images in a batch.
        batch_size: usize,
        /// A size that may fit.
        smaller: usize,
    },
    /// A device failed in another way.
    #[error("{name} failed: {failure}")]
    Device {
        /// The device.
        name: String,
        /// What it failed with.
        failure: Failure,
    },
    /// There are no images to train on, or to evaluate on.
    #[error("the {0} set is empty")]
    NoImages(&'static str),
    /// Too many images are held out.
    #[error(transparent)]
    HeldOut(DataError),
    /// An annotation of the test set is invalid.
    #[error("the test set can't be evaluated: {0}")]
    TestSet(CocoError),
}

impl TrainingError {
    /// The failure of a device in a training with batches of this size.
    pub(super) fn of_device(name: &str, failure: Failure, batch_size: usize) -> Self {
        if failure.is_out_of_memory() {
            return Self::OutOfMemory {
                batch_size,
                smaller: (batch_size / 2).max(1),
            };
        }
        Self::Device {
            name: name.to_string(),
            failure,
        }
    }
}
