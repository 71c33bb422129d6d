//! Weights that a run starts from, and weights that leave it.

use std::path::{Path, PathBuf};

use measure::record;

use super::{Run, RunError, Trained};
use crate::device::Computer;
use crate::exchange;
use crate::network::Network;
use crate::onnx::{self, OnnxOptions};
use crate::weights::{self, Weights};
use data::Split;
use recipe::Recipe;

impl Run {
    /// Lets training start from `weights`, named as [`collect`](weights::collect) does; call it before [`Run::begin`].
    ///
    /// They are kept in the run, so that one that was interrupted before its first checkpoint starts from them again.
    ///
    /// # Errors
    /// [`RunError`] when the file system refuses.
    pub fn start_from(&self, weights: &Weights) -> Result<(), RunError> {
        let path = self.path.join(record::INITIAL);
        Ok(weights::save(&path, weights, &())?)
    }

    /// Writes the trained weights under PyTorch's names to `path`; see [`exchange::export`].
    ///
    /// # Errors
    /// [`RunError::NotFinished`] before the end of training; other errors for files that can't be read or written.
    pub fn export(&self, path: &Path, computer: &Computer) -> Result<(), RunError> {
        let trained = self.trained(computer)?;
        let history = record::read_history(self.path.join(record::HISTORY))?;
        let about = exchange::About {
            classes: trained.classes,
            input: trained.input,
            recipe: trained.recipe.to_toml()?,
        };
        let batches = history.last().map_or(0, |epoch| epoch.step);
        Ok(exchange::export(path, &trained.network, batches, &about)?)
    }

    /// Writes the trained network as an ONNX file to `path` or, in parts, as two; see [`onnx::export`]. Returns the files.
    ///
    /// # Errors
    /// [`RunError::NotFinished`] before the end of training; other errors for files that can't be read or written.
    pub fn export_onnx(
        &self,
        path: &Path,
        options: OnnxOptions,
        computer: &Computer,
    ) -> Result<Vec<PathBuf>, RunError> {
        let trained = self.trained(computer)?;
        let images = self.trial_images(&trained);
        Ok(onnx::export(path, &trained, options, images, computer)?)
    }

    /// The first test images, prepared; none where the data is no longer there.
    fn trial_images(&self, trained: &Trained) -> Vec<Vec<u8>> {
        let mut data = trained.recipe.data.clone();
        data.image = trained.preparation;
        let Ok(split) = data::load(&data, trained.recipe.training.seed) else {
            return Vec::new();
        };
        let count = split.test.count.min(TRIAL_IMAGES);
        (0..count)
            .map(|index| split.test.image(index).into_owned())
            .collect()
    }
}

/// Test images that an export is tried on.
const TRIAL_IMAGES: usize = 200;

/// The weights in the file at `path` under the names of the network that `recipe` makes for `split`.
///
/// # Errors
/// [`RunError::Exchange`] when the file can't be read or holds the weights of another network.
pub fn initial_weights(
    path: &Path,
    recipe: &Recipe,
    split: &Split,
    computer: &Computer,
) -> Result<Weights, RunError> {
    let file = exchange::read(path)?;
    let (input, classes) = (split.train.image_shape(), split.train.classes.len());
    let network = Network::new(recipe, input, classes, &computer.device)?;
    Ok(exchange::fit(path, file, &network)?)
}
