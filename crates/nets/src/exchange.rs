//! Weights to and from other programs: PyTorch's names, its safetensors files and its `.pth` files.

mod export;
mod known;
mod names;
mod number;
mod pickle;
mod pth;

use std::fmt;
use std::path::{Path, PathBuf};

use measure::files::{FileError, read_bytes};
use safetensors::SafeTensors;

use crate::network::Network;
use crate::weights::{Weight, Weights, collect, is_intact};
pub use export::{About, export};
pub use names::{PytorchNames, pytorch_name};
use number::Number;

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
            "written in PyTorch's form before 1.6; convert it with a current PyTorch: \
             torch.save(torch.load(PATH), PATH)"
                .to_string(),
        );
    }
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

/// The weights of the file at `path` under the names that `network` has for them.
///
/// The file may use our names or PyTorch's, whichever more tensors fit, behind prefixes that all its names share (`module.`,
/// `_orig_mod.`, `model.`: wrappers of PyTorch add them). Batch normalisation's counters of batches are passed over; nothing
/// here depends on them.
///
/// # Errors
/// [`ExchangeError::Mismatch`] with every tensor that is missing, surplus or of another shape,
/// [`ExchangeError::NotFinite`] for a NaN or an infinity.
pub fn fit(path: &Path, file: Weights, network: &Network) -> Result<Weights, ExchangeError> {
    let expected = collect(network);
    let pytorch = PytorchNames::new(network);
    let theirs = |name: &str| pytorch.of(name);
    let ours = str::to_string;
    let fits = |prefix: &str, named: &dyn Fn(&str) -> String| {
        let found = |name: &&String| file.contains_key(&format!("{prefix}{}", named(name)));
        expected.keys().filter(found).count()
    };
    let prefixes = shared_prefixes(&file);
    let fits_any = |prefix: &&&str| fits(prefix, &theirs) + fits(prefix, &ours) > 0;
    let prefix = prefixes
        .iter()
        .find(fits_any)
        .map_or("", |prefix| *prefix)
        .to_string();
    let named: &dyn Fn(&str) -> String = if fits(&prefix, &ours) > fits(&prefix, &theirs) {
        &ours
    } else {
        &theirs
    };
    let mut file = file;
    let mut fitted = Weights::new();
    let mut mismatch = Mismatch::default();
    for (ours, weight) in expected {
        let theirs = format!("{prefix}{}", named(&ours));
        if let Some(mean) = theirs.strip_suffix("running_mean") {
            file.remove(&format!("{mean}{}", names::BATCHES));
        }
        match file.remove(&theirs) {
            None => mismatch.missing.push((theirs, weight.shape)),
            Some(found) if found.shape != weight.shape => {
                mismatch.misshapen.push((theirs, weight.shape, found.shape));
            }
            Some(found) => {
                if let Some(value) = found.values.iter().find(|value| !value.is_finite()) {
                    return Err(ExchangeError::NotFinite {
                        path: path.to_path_buf(),
                        tensor: theirs,
                        value: *value,
                    });
                }
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

/// The beginnings, up to a point, that all names share, the shortest (nothing) first.
fn shared_prefixes(file: &Weights) -> Vec<&str> {
    let mut prefixes = vec![""];
    // Names are sorted: what the first and the last share, all share.
    if let (Some((first, _)), Some((last, _))) = (file.first_key_value(), file.last_key_value()) {
        let points = first.match_indices('.').map(|(at, _)| &first[..=at]);
        prefixes.extend(points.take_while(|prefix| last.starts_with(prefix)));
    }
    prefixes
}
