//! Weights to and from other programs: PyTorch's names, its safetensors files and its `.pth` files.

mod export;
mod fit;
mod known;
mod legacy;
mod mismatch;
mod names;
mod number;
mod pickle;
mod pth;

use std::path::{Path, PathBuf};

use measure::files::{FileError, read_bytes};
use safetensors::SafeTensors;

use crate::weights::{Weight, Weights, is_intact};
pub use export::{About, export};
pub use fit::{Fitted, Pairing, fit, fit_by_order, fit_what_fits};
pub use mismatch::Mismatch;
pub use names::{PytorchNames, pytorch_name};
use number::Number;

/// Named tensors in the order of a file.
pub type NamedWeights = Vec<(String, Weight)>;

/// Why a file of weights could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The file system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// Not a file of weights, a damaged one, or one that asks for more than tensors.
    #[error("{}: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// A weight with which a network computes nothing.
    #[error(
        "{}: tensor '{tensor}' holds {value} (as a 32-bit number), with which a network computes nothing; \
         use weights that were saved before training failed",
        path.display()
    )]
    NotFinite {
        /// The file.
        path: PathBuf,
        /// The tensor's name in the file.
        tensor: String,
        /// NaN or an infinity.
        value: f32,
    },
    /// The weights belong to another network.
    #[error("{}: {mismatch}", path.display())]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// All that does not fit.
        mismatch: Mismatch,
    },
    /// Not one tensor fits.
    #[error(
        "{}: no tensor fits the network{}\n  help: weights of the same layers under other names: --by order",
        path.display(),
        mismatch.in_short()
    )]
    NothingFits {
        /// The file.
        path: PathBuf,
        /// All that does not fit.
        mismatch: Mismatch,
    },
    /// Tensors can't be paired in their order.
    #[error(
        "{}: can't pair its tensors with the network's by order: {reason}",
        path.display()
    )]
    Order {
        /// The file.
        path: PathBuf,
        /// What differs.
        reason: String,
    },
    /// An export did not read back as it was written, so it was not written.
    #[error("{}: the export does not read back as the run's weights; nothing was written", path.display())]
    Unfaithful {
        /// The file.
        path: PathBuf,
    },
}

/// Reads the tensors of a safetensors file or of a state dict that PyTorch saved (`.pth`, `.pt`),
/// in the form of today or that of before PyTorch 1.6.
///
/// Which of them it is, is seen from its content. Nothing in a `.pth` file is executed: it may hold tensors and
/// nothing else. Numbers of other types become f32.
///
/// # Errors
/// [`ExchangeError::File`] when it can't be read, [`ExchangeError::Format`] when it is neither, is damaged, or asks for
/// anything but tensors.
pub fn read(path: &Path) -> Result<Weights, ExchangeError> {
    let weights = open(path, |bytes| match state_dict(bytes) {
        Some(tensors) => Ok(tensors?.into_iter().collect()),
        None => parse(bytes),
    })?;
    Ok(weights)
}

/// The same in the order in which the module that was saved lists them.
///
/// # Errors
/// Those of [`read`], and [`ExchangeError::Order`] for a safetensors file, which does not keep that order.
pub fn read_in_order(path: &Path) -> Result<NamedWeights, ExchangeError> {
    let tensors = open(path, |bytes| match state_dict(bytes) {
        Some(tensors) => tensors.map(Some),
        None => parse(bytes).map(|_| None),
    })?;
    tensors.ok_or_else(|| ExchangeError::Order {
        path: path.to_path_buf(),
        reason: "a safetensors file does not keep the order of a module's tensors; save the state dict: \
                 torch.save(model.state_dict(), PATH)"
            .to_string(),
    })
}

/// How a ZIP archive begins.
const ZIP: &[u8] = b"PK";

fn open<T>(path: &Path, read: impl Fn(&[u8]) -> Result<T, String>) -> Result<T, ExchangeError> {
    let bytes = read_bytes(path)?;
    read(&bytes).map_err(|reason| ExchangeError::Format {
        path: path.to_path_buf(),
        reason,
    })
}

/// The tensors of a file that `torch.save` wrote; `None` for another file.
fn state_dict(bytes: &[u8]) -> Option<Result<NamedWeights, String>> {
    if bytes.starts_with(ZIP) {
        Some(pth::read(bytes))
    } else {
        legacy::is_legacy(bytes).then(|| legacy::read(bytes))
    }
}

/// The tensors of a safetensors file.
fn parse(bytes: &[u8]) -> Result<Weights, String> {
    let file = SafeTensors::deserialize(bytes).map_err(|cause| {
        format!("neither a whole safetensors file ({cause}) nor an archive of PyTorch")
    })?;
    let tensors = file.iter().map(|(name, view)| {
        let number = Number::of_safetensors(view.dtype());
        let number = number.ok_or_else(|| {
            format!(
                "tensor '{name}' holds {:?}; only real numbers of 8 to 64 bits can be read",
                view.dtype()
            )
        })?;
        let weight = Weight {
            shape: view.shape().to_vec(),
            values: number.read(view.data()),
        };
        Ok((name.to_string(), weight))
    });
    let weights: Weights = tensors.collect::<Result<_, String>>()?;
    let header = SafeTensors::read_metadata(bytes)
        .map_err(|cause| cause.to_string())?
        .1;
    if !is_intact(&header, &weights) {
        return Err("the file is damaged: its checksum does not match its contents".to_string());
    }
    Ok(weights)
}
