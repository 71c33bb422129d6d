//! Why training can end before its time.

use super::CheckpointError;
use crate::detector::BadTruth;
use crate::device::guard::Failure;
use crate::evaluation::ValidationError;
use crate::weights::WeightsError;
use recipe::{ShapeError, TooLarge};

/// Why training stopped.
#[derive(Debug, thiserror::Error)]
pub enum TrainingError {
    /// A loss is not a finite number.
    #[error(
        "the {name} became {value} in step {step} (epoch {epoch}, learning rate {learning_rate:.3e}); \
         try a smaller training.optimizer.learning-rate (with a one-cycle schedule: training.schedule.peak), \
         a warm-up, or a smaller training.clip-norm, such as 1.0"
    )]
    NotFinite {
        /// Which loss, or the gradient's norm.
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
    /// An annotated box is not one.
    #[error(transparent)]
    Truth(#[from] BadTruth),
    /// A checkpoint could not be written or taken over.
    #[error(transparent)]
    Checkpoint(#[from] CheckpointError),
    /// Weights do not fit.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Held-out images could not be judged.
    #[error("validation: {0}")]
    Validation(#[from] ValidationError),
    /// A classifier gives one answer an image, the data asks for several, or none.
    #[error(
        "a classifier (model.kind = \"cnn\") needs images that each show one object, but those of data.source = {0:?} \
         show several, or none; use a detector (model.kind = \"faster-rcnn\")"
    )]
    ManyObjects(String),
    /// A figure that these images do not have.
    #[error(
        "training.early-stopping watches \"{metric}\", which images that show {shows} do not have; \
         use metric = \"{other}\" or metric = \"loss\""
    )]
    NoMetric {
        /// The figure.
        metric: &'static str,
        /// What the images show.
        shows: &'static str,
        /// A figure that they have.
        other: &'static str,
    },
    /// There is nothing to watch.
    #[error(
        "training.early-stopping watches held-out images, and there are none: set data.validation"
    )]
    NothingHeldOut,
    /// A GPU's precision where it can't be had.
    #[error(
        "training.precision = \"{precision}\" can't be computed: {reason}; use training.precision = \"f32\""
    )]
    Precision {
        /// The precision.
        precision: &'static str,
        /// Why not.
        reason: &'static str,
    },
    /// The device's memory is too small.
    #[error(
        "the device has not enough memory for training.batch-size = {batch_size}; \
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
    /// There is nothing to learn from.
    #[error("the training set is empty: data.validation holds out all {0} images")]
    NoImages(usize),
}

impl TrainingError {
    /// The failure of a device in a training with batches of this size.
    pub(super) fn of_device(name: &str, failure: Failure, batch_size: usize) -> Self {
        match failure.is_out_of_memory() {
            true => Self::OutOfMemory {
                batch_size,
                smaller: (batch_size / 2).max(1),
            },
            false => Self::Device {
                name: name.to_string(),
                failure,
            },
        }
    }
}
