//! Checkpoints: the whole state of a training in one safetensors file, so that it is written whole or not at all.
//!
//! `network.NAME` and `optimizer.NAME.0|1` are tensors, and where the recipe asks for them `ema.NAME`, `best.NAME` and
//! `gradient.NAME`; the metadata holds the progress as JSON.

use std::path::{Path, PathBuf};

use measure::files::FileError;
use serde::{Deserialize, Serialize};

use super::{Optimizer, Progress};
use crate::network::Network;
use crate::weights::{self, Weights, WeightsError};

/// How many checkpoints are kept: the newest, and the one before in case it is damaged.
const KEPT: usize = 2;

/// Why a checkpoint could not be written or used.
#[derive(Debug, thiserror::Error)]
pub enum CheckpointError {
    /// Reading or writing failed.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// The folder can't be listed or changed.
    #[error("{}: {cause}", path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// Every checkpoint is damaged.
    #[error("no checkpoint in {} can be read: {}", folder.display(), reasons.join("; "))]
    AllDamaged {
        /// The folder.
        folder: PathBuf,
        /// Why, one a file.
        reasons: Vec<String>,
    },
}

impl From<FileError> for CheckpointError {
    fn from(error: FileError) -> Self {
        Self::Weights(error.into())
    }
}

/// What was found when a run was resumed.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Restored {
    /// The checkpoint that is used; none: the run starts from the beginning.
    pub from: Option<PathBuf>,
    /// Newer checkpoints that are damaged, each with the reason.
    pub damaged: Vec<String>,
}

/// What a checkpoint says beside its tensors.
#[derive(Serialize, Deserialize)]
struct About {
    progress: Progress,
    optimizer_steps: u64,
}

/// What a checkpoint holds.
pub(super) struct State {
    pub network: Weights,
    pub optimizer: Weights,
    pub optimizer_steps: u64,
    pub progress: Progress,
    /// All other tensors, under their whole names.
    pub kept: Weights,
}

pub(super) fn save(
    folder: &Path,
    network: &Network,
    optimizer: &Optimizer,
    progress: &Progress,
    kept: Weights,
) -> Result<(), CheckpointError> {
    std::fs::create_dir_all(folder).map_err(|cause| folder_error(folder, cause))?;
    let (moments, steps) = optimizer.state();
    let mut tensors = kept;
    let network = weights::collect(network);
    tensors.extend(
        network
            .into_iter()
            .map(|(name, weight)| (format!("network.{name}"), weight)),
    );
    tensors.extend(
        moments
            .into_iter()
            .map(|(name, weight)| (format!("optimizer.{name}"), weight)),
    );
    let about = About {
        progress: progress.clone(),
        optimizer_steps: steps,
    };
    let path = folder.join(format!("step-{:08}.safetensors", progress.step));
    weights::save(&path, &tensors, &about)?;
    let mut checkpoints = list(folder)?;
    checkpoints.truncate(checkpoints.len().saturating_sub(KEPT));
    for old in checkpoints {
        std::fs::remove_file(&old).map_err(|cause| folder_error(&old, cause))?;
    }
    Ok(())
}

/// The newest checkpoint that is whole.
pub(super) fn load(folder: &Path) -> Result<(Restored, Option<State>), CheckpointError> {
    let mut restored = Restored::default();
    if !folder.exists() {
        return Ok((restored, None));
    }
    let checkpoints = list(folder)?;
    for path in checkpoints.iter().rev() {
        match read(path) {
            Ok(state) => {
                restored.from = Some(path.clone());
                return Ok((restored, Some(state)));
            }
            Err(reason) => restored.damaged.push(reason),
        }
    }
    if checkpoints.is_empty() {
        return Ok((restored, None));
    }
    Err(CheckpointError::AllDamaged {
        folder: folder.to_path_buf(),
        reasons: restored.damaged,
    })
}

fn read(path: &Path) -> Result<State, String> {
    let (
        tensors,
        About {
            progress,
            optimizer_steps,
        },
    ) = weights::load(path).map_err(|error| error.to_string())?;
    let (mut network, mut optimizer) = (Weights::new(), Weights::new());
    let mut kept = Weights::new();
    for (name, weight) in tensors {
        if let Some(name) = name.strip_prefix("network.") {
            network.insert(name.to_string(), weight);
        } else if let Some(name) = name.strip_prefix("optimizer.") {
            optimizer.insert(name.to_string(), weight);
        } else {
            kept.insert(name, weight);
        }
    }
    Ok(State {
        network,
        optimizer,
        optimizer_steps,
        progress,
        kept,
    })
}

/// The checkpoints in a folder, oldest first.
fn list(folder: &Path) -> Result<Vec<PathBuf>, CheckpointError> {
    let entries = std::fs::read_dir(folder).map_err(|cause| folder_error(folder, cause))?;
    let mut paths = Vec::new();
    for entry in entries {
        let path = entry.map_err(|cause| folder_error(folder, cause))?.path();
        let name = path
            .file_name()
            .and_then(|name| name.to_str())
            .unwrap_or_default();
        if name.starts_with("step-") && name.ends_with(".safetensors") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn folder_error(path: &Path, cause: std::io::Error) -> CheckpointError {
    CheckpointError::Folder {
        path: path.to_path_buf(),
        cause,
    }
}
