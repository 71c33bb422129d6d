//! Weights to and from other programs: PyTorch's names, its safetensors files and its `.pth` files.

mod export;
mod names;
mod number;
mod pickle;
mod pth;
mod zip;

use std::fmt;
use std::path::{Path, PathBuf};

use measure::files::{FileError, read_bytes};
use safetensors::SafeTensors;

use crate::network::Network;
use crate::weights::{Weight, Weights, collect};
pub use export::{About, export};
pub use names::pytorch_name;
use number::Number;

/// Why a file of weights could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ExchangeError {
    /// The file system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// No file of weights, a damaged one, or one that asks for more than tensors.
    #[error("{}: {reason}", path.display())]
    Format {
        /// The file.
        path: PathBuf,
        /// What is wrong, and what to do.
        reason: String,
    },
    /// The weights belong to another network.
    #[error("{}: {mismatch}", path.display())]
    Mismatch {
        /// The file.
        path: PathBuf,
        /// All that does not fit.
        mismatch: Mismatch,
    },
    /// An export did not read back as it was written, so it was not written.
    #[error("{}: the export does not read back as the run's weights; nothing was written", path.display())]
    Unfaithful {
        /// The file.
        path: PathBuf,
    },
}

/// Tensors of a file and of a network that have no counterpart, in the names of the file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mismatch {
    /// The network has them, the file lacks them: name and the network's shape.
    pub missing: Vec<(String, Vec<usize>)>,
    /// The file has them, the network has no place for them: name and the file's shape.
    pub surplus: Vec<(String, Vec<usize>)>,
    /// Both have them: name, the network's shape, the file's shape.
    pub misshapen: Vec<(String, Vec<usize>, Vec<usize>)>,
}

impl Mismatch {
    fn is_none(&self) -> bool {
        self.missing.is_empty() && self.surplus.is_empty() && self.misshapen.is_empty()
    }
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the weights belong to another network")?;
        for (name, shape) in &self.missing {
            write!(f, "\n  missing:     {name} {shape:?}")?;
        }
        for (name, shape) in &self.surplus {
            write!(f, "\n  surplus:     {name} {shape:?}")?;
        }
        for (name, expected, found) in &self.misshapen {
            write!(
                f,
                "\n  other shape: {name} is {found:?}, the network expects {expected:?}"
            )?;
        }
        Ok(())
    }
}

/// Reads the tensors of a safetensors file or of a state dict that PyTorch saved (`.pth`, `.pt`).
///
/// Which of the two it is, is seen from its content. Nothing in a `.pth` file is executed: it may hold tensors and
/// nothing else. Numbers of other types become f32.
///
/// # Errors
/// [`ExchangeError::File`] when it can't be read, [`ExchangeError::Format`] when it is neither, is damaged, or asks for
/// anything but tensors.
pub fn read(path: &Path) -> Result<Weights, ExchangeError> {
    let bytes = read_bytes(path)?;
    parse(&bytes).map_err(|reason| ExchangeError::Format {
        path: path.to_path_buf(),
        reason,
    })
}

fn parse(bytes: &[u8]) -> Result<Weights, String> {
    if bytes.starts_with(b"PK") {
        return pth::read(bytes);
    }
    // What torch.save wrote before it wrote zip archives: a pickle that begins with its magic number.
    if bytes.starts_with(&[0x80, 2, 0x8a, 10, 0x6c, 0xfc, 0x9c, 0x46, 0xf9]) {
        return Err(
            "written in PyTorch's form before 1.6; write it anew with a current PyTorch: \
             torch.save(torch.load(PATH), PATH)"
                .to_string(),
        );
    }
    let file = SafeTensors::deserialize(bytes).map_err(|cause| {
        format!("neither a whole safetensors file ({cause}) nor an archive of PyTorch")
    })?;
    let mut weights = Weights::new();
    for (name, view) in file.iter() {
        let number = Number::of_safetensors(view.dtype())
            .ok_or_else(|| format!("tensor '{name}' holds {:?}, no numbers", view.dtype()))?;
        let weight = Weight {
            shape: view.shape().to_vec(),
            values: number.read(view.data()),
        };
        weights.insert(name.to_string(), weight);
    }
    Ok(weights)
}

/// The weights of the file at `path` under the names that `network` has for them.
///
/// The file may use our names or PyTorch's: those that more tensors fit are taken. Batch normalisation's counters of
/// batches are passed over; nothing here depends on them.
///
/// # Errors
/// [`ExchangeError::Mismatch`] with every tensor that is missing, surplus or of another shape.
pub fn fit(path: &Path, file: Weights, network: &Network) -> Result<Weights, ExchangeError> {
    let expected = collect(network);
    let hits = |named: fn(&str) -> String| {
        let found = |name: &&String| file.contains_key(&named(name));
        expected.keys().filter(found).count()
    };
    let named = if hits(str::to_string) > hits(pytorch_name) {
        str::to_string
    } else {
        pytorch_name
    };
    let mut file = file;
    let mut fitted = Weights::new();
    let mut mismatch = Mismatch::default();
    for (ours, weight) in expected {
        let theirs = named(&ours);
        if let Some(mean) = theirs.strip_suffix("running_mean") {
            file.remove(&format!("{mean}{}", names::BATCHES));
        }
        match file.remove(&theirs) {
            None => mismatch.missing.push((theirs, weight.shape)),
            Some(found) if found.shape != weight.shape => {
                mismatch.misshapen.push((theirs, weight.shape, found.shape));
            }
            Some(found) => {
                fitted.insert(ours, found);
            }
        }
    }
    mismatch.surplus = file
        .into_iter()
        .map(|(name, weight)| (name, weight.shape))
        .collect();
    if mismatch.is_none() {
        return Ok(fitted);
    }
    Err(ExchangeError::Mismatch {
        path: path.to_path_buf(),
        mismatch,
    })
}
