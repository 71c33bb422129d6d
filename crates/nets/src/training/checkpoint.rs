//! Checkpoints: the whole state of a training in one safetensors file, which is written completely or not at all.
//!
//! A tensor's name is `GROUP.NAME`: `network.NAME` for parameters and running statistics, `optimizer.NAME.0|1` for moments,
//! `best.NAME` for the weights of the best epoch. The metadata holds everything else as JSON. [`weights::load`] checks the
//! digest of the whole file, so a damaged one is always noticed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use measure::files::{self, FileError};
use serde::{Deserialize, Serialize};

use super::TrainingState;
use crate::weights::{self, Weights, WeightsError};

/// Why a checkpoint could not be written or used.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// Reading or writing failed.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Every checkpoint is damaged.
    #[error(
        "no checkpoint in {} can be read: {}\n  remove that folder to train from the beginning; the result will be the same",
        folder.display(),
        reasons.join("; ")
    )]
    AllDamaged {
        /// The folder.
        folder: PathBuf,
        /// The reason for each file.
        reasons: Vec<String>,
    },
}

impl From<FileError> for CheckpointError {
    fn from(error: FileError) -> Self {
        Self::Weights(error.into())
    }
}

/// The checkpoints found when a run was resumed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Restored {
    /// The checkpoint that is used; `None` where the run starts from the beginning.
    pub from: Option<PathBuf>,
    /// Newer checkpoints that are damaged, each with the reason.
    pub damaged: Vec<String>,
}

/// Tensors by what they belong to.
pub(super) type Groups = BTreeMap<String, Weights>;

/// What a checkpoint holds.
pub(super) struct Checkpoint {
    pub groups: Groups,
    pub optimizer_steps: u64,
    pub state: TrainingState,
    /// `None` in those of older versions.
    pub images: Option<ImagesSeen>,
}

/// The images of a training, as far as whoever predicts with its network has to know them.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct ImagesSeen {
    pub classes: Vec<String>,
    /// `[C, H, W]`
    pub input: [usize; 3],
    /// How pictures become such images.
    pub preparation: recipe::Image,
}

/// A network in the middle of its training.
pub(crate) struct Snapshot {
    pub file: PathBuf,
    pub weights: Weights,
    pub images: ImagesSeen,
}

/// The file and step of the newest checkpoint in a folder, without a look into it.
///
/// # Errors
/// [`FileError`] when the folder can't be read.
pub(crate) fn newest(folder: &Path) -> Result<Option<(u64, PathBuf)>, FileError> {
    Ok(list(folder)?.pop())
}

/// The network of the newest undamaged checkpoint in a folder, as it would predict: the average of the weights, where there
/// is one. `None` before the first checkpoint, and for one of an older version.
///
/// # Errors
/// [`CheckpointError`] when no checkpoint can be read.
pub(crate) fn snapshot(folder: &Path) -> Result<Option<Snapshot>, CheckpointError> {
    // The training may remove the checkpoint that was just found; then there is a newer one.
    let (restored, checkpoint) = load(folder).or_else(|_| load(folder))?;
    let Some((file, mut checkpoint)) = restored.from.zip(checkpoint) else {
        return Ok(None);
    };
    let average = checkpoint.groups.remove("ema");
    let weights = average.or_else(|| checkpoint.groups.remove("network"));
    let snapshot = checkpoint.images.map(|images| Snapshot {
        file,
        weights: weights.unwrap_or_default(),
        images,
    });
    Ok(snapshot)
}

/// Everything in a checkpoint except its tensors.
#[derive(Serialize, Deserialize)]
struct Metadata {
    state: TrainingState,
    optimizer_steps: u64,
    #[serde(default)]
    images: Option<ImagesSeen>,
}

/// Writes a checkpoint, and removes all but it and the `keep` - 1 before it.
pub(super) fn save(
    folder: &Path,
    checkpoint: Checkpoint,
    keep: usize,
) -> Result<(), CheckpointError> {
    let step = checkpoint.state.step;
    let path = folder.join(format!("step-{step:08}.safetensors"));
    let mut tensors = Weights::new();
    for (group, weights) in checkpoint.groups {
        let named = weights.into_iter();
        tensors.extend(named.map(|(name, weight)| (format!("{group}.{name}"), weight)));
    }
    let metadata = Metadata {
        state: checkpoint.state,
        optimizer_steps: checkpoint.optimizer_steps,
        images: checkpoint.images,
    };
    weights::save(&path, &tensors, &metadata)?;
    // Newer ones are damaged, or this training would have continued from them.
    let (mut older, newer): (Vec<_>, Vec<_>) =
        list(folder)?.into_iter().partition(|(of, _)| *of <= step);
    older.truncate(older.len().saturating_sub(keep));
    for (_, path) in older.into_iter().chain(newer) {
        files::remove(path)?;
    }
    Ok(())
}

/// The newest undamaged checkpoint.
pub(super) fn load(folder: &Path) -> Result<(Restored, Option<Checkpoint>), CheckpointError> {
    let mut restored = Restored::default();
    for (_, path) in list(folder)?.into_iter().rev() {
        match read(&path) {
            Ok(checkpoint) => {
                restored.from = Some(path);
                return Ok((restored, Some(checkpoint)));
            }
            Err(reason) => restored.damaged.push(reason.to_string()),
        }
    }
    if restored.damaged.is_empty() {
        return Ok((restored, None));
    }
    Err(CheckpointError::AllDamaged {
        folder: folder.to_path_buf(),
        reasons: restored.damaged,
    })
}

fn read(path: &Path) -> Result<Checkpoint, WeightsError> {
    let (tensors, metadata): (Weights, Metadata) = weights::load(path)?;
    let mut groups = Groups::new();
    for (name, weight) in tensors {
        if let Some((group, name)) = name.split_once('.') {
            let group = groups.entry(group.to_string()).or_default();
            group.insert(name.to_string(), weight);
        }
    }
    Ok(Checkpoint {
        groups,
        optimizer_steps: metadata.optimizer_steps,
        state: metadata.state,
        images: metadata.images,
    })
}

/// The checkpoints in a folder with their steps, oldest first; none where it is not there.
fn list(folder: &Path) -> Result<Vec<(u64, PathBuf)>, FileError> {
    let step = |name: &str| {
        let digits = name.strip_prefix("step-")?.strip_suffix(".safetensors")?;
        digits.parse().ok()
    };
    let names = files::names(folder)?.into_iter();
    let mut checkpoints: Vec<(u64, PathBuf)> = names
        .filter_map(|name| Some((step(&name)?, folder.join(name))))
        .collect();
    checkpoints.sort_unstable();
    Ok(checkpoints)
}
