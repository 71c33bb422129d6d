//! Why a run could not be made, opened or carried on.

use std::path::PathBuf;

use data::coco::CocoFileError;
use measure::detection::CocoError;
use measure::files::FileError;
use measure::record::{self, RecordError};

use crate::exchange::ExchangeError;
use crate::onnx::ExportError;
use crate::training::{CheckpointError, TrainingError};
use crate::weights::WeightsError;
use data::DataError;
use recipe::{RecipeError, ShapeError};

/// Why a run could not be made, opened or carried on.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// As many names of classes as outputs are needed.
    #[error("{named} classes are named, but the weights have {outputs}")]
    Classes {
        /// How many are named.
        named: usize,
        /// How many the weights have.
        outputs: usize,
    },
    /// The run does not exist.
    #[error("there is no run '{name}': neither {} nor {name} holds a {}; `atelier runs` lists what there is", root.join(name).display(), record::RECIPE)]
    NotFound {
        /// As given.
        name: String,
        /// Where runs are kept.
        root: PathBuf,
    },
    /// The run has no trained network yet.
    #[error("{} is not finished; resume it with `atelier train --resume {}`", path.display(), path.display())]
    NotFinished {
        /// The run's folder.
        path: PathBuf,
    },
    /// It was stopped before training began.
    #[error("{} was stopped before its training began: start it again with `atelier train RECIPE`", path.display())]
    NotBegun {
        /// The run's folder.
        path: PathBuf,
    },
    /// Another process trains in it.
    #[error("{} is in use by another atelier{}: wait until it ends, or stop it", path.display(),
        process.as_ref().map_or(String::new(), |process| format!(" (process {process})")))]
    InUse {
        /// The run's folder.
        path: PathBuf,
        /// The other process's number, if known.
        process: Option<String>,
    },
    /// Its recipe was edited.
    #[error(
        "{}: {} was edited after the run began: {}; undo the edit, or start a new run: atelier train {} --init {}",
        path.display(),
        record::RECIPE,
        changes.join(", "),
        path.join(record::RECIPE).display(),
        path.display()
    )]
    OtherRecipe {
        /// The run's folder.
        path: PathBuf,
        /// The keys that differ, with their values.
        changes: Vec<String>,
    },
    /// A file of the run that was changed, or belongs to another run.
    #[error("{}: damaged run: {reason}; restore the file, or train again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The data has changed since it began.
    #[error(
        "{}: the data is not what this run began with ({begun}, now {now}): restore the data, or start a new run",
        path.display()
    )]
    OtherData {
        /// The run's folder.
        path: PathBuf,
        /// The digest of the data at the beginning.
        begun: String,
        /// Its digest now.
        now: String,
    },
    /// A file of the run.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A file of the run.
    #[error(transparent)]
    File(#[from] FileError),
    /// The run's recipe.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The run's network.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// The run's weights.
    #[error(transparent)]
    Weights(#[from] WeightsError),
    /// Weights that do not fit the run's recipe, as this atelier builds it.
    #[error(
        "{}: {cause}; use the atelier that trained it, or train it again: atelier train {}",
        file.display(),
        recipe.display()
    )]
    OtherNetwork {
        /// The weights.
        file: PathBuf,
        /// The run's recipe.
        recipe: PathBuf,
        /// What does not fit.
        cause: WeightsError,
    },
    /// Weights from elsewhere, or to elsewhere.
    #[error(transparent)]
    Exchange(#[from] ExchangeError),
    /// An ONNX file of the run.
    #[error(transparent)]
    Onnx(#[from] ExportError),
    /// The run's data.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The run's detections.
    #[error(transparent)]
    Detections(#[from] CocoError),
    /// The file of the run's detections.
    #[error(transparent)]
    DetectionsFile(#[from] CocoFileError),
    /// The run's training.
    #[error(transparent)]
    Training(#[from] TrainingError),
}

impl From<CheckpointError> for RunError {
    fn from(error: CheckpointError) -> Self {
        Self::Training(error.into())
    }
}

impl RunError {
    /// The device that failed, where one did; the run can go on from its last checkpoint.
    pub fn failed_device(&self) -> Option<&str> {
        match self {
            Self::Training(TrainingError::Device { name, .. }) => Some(name),
            _ => None,
        }
    }

    /// Whether the file system refused a write, after which the run can go on from its last checkpoint.
    pub fn is_refused_write(&self) -> bool {
        let file = match self {
            Self::File(file) | Self::Record(RecordError::File(file)) => file,
            Self::Weights(WeightsError::File(file))
            | Self::Training(TrainingError::Checkpoint(CheckpointError::Weights(
                WeightsError::File(file),
            ))) => file,
            _ => return false,
        };
        file.action != "read"
    }
}
