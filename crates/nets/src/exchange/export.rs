//! A run's weights as a safetensors file that PyTorch and torchvision load.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::path::Path;

use measure::files::write_output;
use safetensors::{Dtype, View};
use serde::Serialize;

use super::{ExchangeError, PytorchNames, fit, names, parse};
use crate::network::Network;
use crate::weights::{ABOUT, Weight, collect};

/// What an export says of itself, as JSON in the file's metadata under `atelier`.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct About {
    /// Classes in the order of the outputs; a detector's outputs have the background before them.
    pub classes: Vec<String>,
    /// Images it takes, `[C, H, W]`.
    pub input: [usize; 3],
    /// The whole recipe as TOML.
    pub recipe: String,
}

/// A tensor of an export.
enum Tensor<'a> {
    Weight(&'a Weight),
    /// How many batches a batch normalisation has seen.
    Batches(u64),
}

impl View for Tensor<'_> {
    fn dtype(&self) -> Dtype {
        match self {
            Self::Weight(_) => Dtype::F32,
            Self::Batches(_) => Dtype::I64,
        }
    }

    fn shape(&self) -> &[usize] {
        match self {
            Self::Weight(weight) => &weight.shape,
            Self::Batches(_) => &[],
        }
    }

    fn data(&self) -> Cow<'_, [u8]> {
        match self {
            Self::Weight(weight) => View::data(weight),
            Self::Batches(count) => count.to_le_bytes().to_vec().into(),
        }
    }

    fn data_len(&self) -> usize {
        match self {
            Self::Weight(weight) => View::data_len(weight),
            Self::Batches(_) => 8,
        }
    }
}

/// Writes a network's weights under PyTorch's names (see [`PytorchNames`]) and in its layouts, with the number of
/// training `batches` where a batch normalisation counts them. It is read back and compared before it is written.
///
/// # Errors
/// [`ExchangeError::File`] when the file system refuses, [`ExchangeError::Unfaithful`] when it does not read back.
pub fn export(
    path: &Path,
    network: &Network,
    batches: u64,
    about: &About,
) -> Result<(), ExchangeError> {
    let format = |reason: String| ExchangeError::Format {
        path: path.to_path_buf(),
        reason,
    };
    let weights = collect(network);
    let pytorch = PytorchNames::new(network);
    let mut tensors = BTreeMap::new();
    for (ours, weight) in &weights {
        let theirs = pytorch.of(ours);
        if let Some(norm) = theirs.strip_suffix("running_mean") {
            tensors.insert(
                format!("{norm}{}", names::BATCHES),
                Tensor::Batches(batches),
            );
        }
        tensors.insert(theirs, Tensor::Weight(weight));
    }
    let about = serde_json::to_string(about).map_err(|cause| format(cause.to_string()))?;
    let metadata = HashMap::from([(ABOUT.to_string(), about)]);
    let bytes = safetensors::serialize(tensors, Some(metadata))
        .map_err(|cause| format(cause.to_string()))?;
    let read_back = fit(path, parse(&bytes).map_err(format)?, network)?;
    if read_back != weights {
        return Err(ExchangeError::Unfaithful {
            path: path.to_path_buf(),
        });
    }
    Ok(write_output(path, bytes)?)
}
