//! Weights that a run starts from, and weights that leave it.

use std::path::{Path, PathBuf};

use measure::record;

use super::{Run, RunError, Trained};
use crate::device::Computer;
use crate::exchange::{self, Fitted, Pairing};
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
}

impl Trained {
    /// Writes the weights, which `batches` were trained on, under PyTorch's names to `path`; see [`exchange::export`].
    ///
    /// # Errors
    /// [`RunError`] for a file that can't be written.
    pub fn export(&self, path: &Path, batches: u64) -> Result<(), RunError> {
        let about = exchange::About {
            classes: self.classes.clone(),
            input: self.input,
            recipe: self.recipe.to_toml()?,
        };
        Ok(exchange::export(path, &self.network, batches, &about)?)
    }

    /// Writes the network as an ONNX file to `path` or, in parts, as two; see [`onnx::export`]. Returns the files.
    ///
    /// # Errors
    /// [`RunError`] when the file does not compute what the network does, or can't be written.
    pub fn export_onnx(
        &self,
        path: &Path,
        options: OnnxOptions,
        computer: &Computer,
    ) -> Result<Vec<PathBuf>, RunError> {
        Ok(onnx::export(
            path,
            self,
            options,
            self.trial_images(),
            computer,
        )?)
    }

    /// The first test images, prepared; none where the data is no longer there.
    fn trial_images(&self) -> Vec<Vec<u8>> {
        let mut data = self.recipe.data.clone();
        data.image = self.preparation;
        let Ok(split) = data::load(&data, self.recipe.training.seed) else {
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

/// The weights of the network that `recipe` makes for `split`: those in the file at `path` where they fit, elsewhere its
/// initial ones.
///
/// # Errors
/// [`RunError::Exchange`] when the file can't be read or nothing of it fits.
pub fn initial_weights(
    path: &Path,
    pairing: Pairing,
    recipe: &Recipe,
    split: &Split,
    computer: &Computer,
) -> Result<Fitted, RunError> {
    let (input, classes) = (split.train.image_shape(), split.train.classes.len());
    let network = Network::new(recipe, input, classes, &computer.device)?;
    Ok(match pairing {
        Pairing::Name => exchange::fit_what_fits(path, exchange::read(path)?, &network)?,
        Pairing::Order => exchange::fit_by_order(path, exchange::read_in_order(path)?, &network)?,
    })
}
