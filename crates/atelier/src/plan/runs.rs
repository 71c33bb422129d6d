//! The runs that commands read.

use std::path::PathBuf;

use super::model::Model;
use crate::error::CommandError;
use crate::flags;

/// Images to predict.
pub struct PredictPlan {
    pub model: Model,
    /// Files and folders.
    pub images: Vec<PathBuf>,
    /// Of the largest picture that is read.
    pub max_pixels: u64,
    /// Folder of annotated copies.
    pub annotate: Option<PathBuf>,
}

impl PredictPlan {
    pub fn of(flags: &flags::Predict) -> Result<Self, CommandError> {
        let model = Model::open(&flags.run, &flags.folder, &flags.machine, &flags.onnx)?;
        Ok(Self {
            max_pixels: model.max_pixels(&flags.pictures),
            model,
            images: flags.images.clone(),
            annotate: flags.annotate.clone(),
        })
    }
}
