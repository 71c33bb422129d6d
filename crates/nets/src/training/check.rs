//! What can be checked before a training writes anything or computes a step.

use burn::tensor::Device;
use measure::detection::{self, Options};

use super::class_weights::classification_loss;
use super::{TrainingError, best, precision};
use crate::device::Computer;
use crate::evaluation::ground_truth;
use crate::ops::has_lanes;
use data::{DataError, Dataset, Samples, Split};
use recipe::{Model, Recipe};

/// Makes sure that the recipe's network can be trained on this data.
///
/// # Errors
/// [`TrainingError::NoImages`] when there are none, [`TrainingError::Shape`] when the network does not fit the images,
/// [`TrainingError::ManyObjects`] for a classifier of images with several objects, [`TrainingError::NoMetric`] where early
/// stopping watches a metric that the images do not have, [`TrainingError::ClassWeights`] where there is not one class
/// weight for each class.
pub fn check(recipe: &Recipe, data: &Dataset) -> Result<(), TrainingError> {
    if data.count == 0 {
        return Err(TrainingError::NoImages("training"));
    }
    if matches!(recipe.model, Model::Cnn(_)) && data.labels().is_none() {
        return Err(TrainingError::ManyObjects(recipe.data.source.clone()));
    }
    let boxless = matches!(data.samples, Samples::Labelled { ink: false, .. });
    if matches!(recipe.model, Model::FasterRcnn(_)) && boxless {
        return Err(TrainingError::NoBoxes(recipe.data.source.clone()));
    }
    best::check_metric(recipe, data)?;
    classification_loss(recipe, data)?;
    recipe.summary(data.image_shape(), data.classes.len())?;
    Ok(())
}

/// Makes sure that a run of this recipe can be trained and evaluated: all that can be known before its folder is made.
///
/// # Errors
/// Those of [`check`] and [`check_memory`], and [`TrainingError`] where too many images are held out, the test set is empty
/// or has an invalid annotation, or a device does not compute in the recipe's precision.
pub fn check_run(recipe: &Recipe, split: &Split, computer: &Computer) -> Result<(), TrainingError> {
    let train = &split.train;
    check(recipe, train)?;
    check_memory(recipe, train, &computer.device)?;
    let held_out = recipe.data.validation.of(train.count);
    let held_out = held_out.unwrap_or(0);
    if held_out >= train.count && !matches!(train.samples, Samples::Scenes(_)) {
        return Err(TrainingError::HeldOut(DataError::Validation {
            asked: held_out,
            count: train.count,
        }));
    }
    if split.test.count == 0 {
        return Err(TrainingError::NoImages("test"));
    }
    if matches!(split.test.samples, Samples::Annotated(_)) {
        detection::evaluate(&ground_truth(&split.test), &[], &Options::default())
            .map_err(TrainingError::TestSet)?;
    }
    let precision = recipe.training.precision;
    computer
        .all()
        .try_for_each(|one| precision::check(precision, &one.device))
}

/// Checks that training fits into the memory of the machine. A GPU's memory is not known in advance.
///
/// # Errors
/// [`TrainingError::TooLarge`], and [`TrainingError::Shape`] if the network does not fit the images.
pub fn check_memory(recipe: &Recipe, data: &Dataset, device: &Device) -> Result<(), TrainingError> {
    let summary = recipe.summary(data.image_shape(), data.classes.len())?;
    let needed = summary.memory(&recipe.training, data.count);
    match data::memory::total() {
        Some(limit) if has_lanes(device) => Ok(needed.fits(limit)?),
        _ => Ok(()),
    }
}
