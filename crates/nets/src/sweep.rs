//! Hyper-parameter search: which values of a recipe's keys give the best validation metrics.
//!
//! A sweep is a folder. [`space`] reads what is varied, [`sampler`] chooses the settings of a trial, [`halving`] ends bad
//! trials early, [`runner`] runs trials, several at a time where asked, and [`folder`] keeps them. Nothing here uses the test
//! set: trials are trained and evaluated on two parts of the training images.

pub mod folder;
pub mod halving;
pub mod runner;
pub mod sampler;
mod search;
pub mod space;
mod tpe;
pub mod trial;

use std::path::PathBuf;

use measure::record::{RecordError, SweepMetric};

use crate::run::RunError;
use crate::training::TrainingError;
use data::{DataError, Dataset};
use recipe::{Model, Recipe, RecipeError};

pub use folder::SweepFolder;
pub use runner::{Event, Runner, SweepEnding};
pub use search::{Request, Search};
pub use trial::Learner;

/// One in this many training images is held out where the recipe holds out none: 5,000 of MNIST's 60,000.
pub const HELD_OUT: usize = 12;

/// Why a sweep can't be started or continued.
#[derive(Debug, thiserror::Error)]
pub enum SweepError {
    /// A `--vary` is wrong.
    #[error("--vary {argument}: {what}")]
    Vary {
        /// As typed.
        argument: String,
        /// What is wrong with it.
        what: String,
    },
    /// A grid with too many points.
    #[error(
        "the grid has more than {most} points; give each range fewer values, or use --sampler tpe or random"
    )]
    LargeGrid {
        /// The largest number allowed.
        most: usize,
    },
    /// A metric that the data or the model does not have.
    #[error("--metric {metric}: {why}")]
    Metric {
        /// The metric.
        metric: SweepMetric,
        /// Why not.
        why: &'static str,
    },
    /// The folder holds another sweep.
    #[error("{} holds another sweep: {difference}; choose another folder with --out", folder.display())]
    Another {
        /// The folder.
        folder: PathBuf,
        /// The first difference.
        difference: String,
    },
    /// The folder holds something else.
    #[error("{} is not empty and holds no sweep; choose another folder with --out", .0.display())]
    Taken(PathBuf),
    /// A record can't be written as JSON.
    #[error("{}: {cause}", path.display())]
    Folder {
        /// The folder or file.
        path: PathBuf,
        /// What the system says.
        cause: std::io::Error,
    },
    /// A line of `trials.jsonl` is damaged, and not the last.
    #[error("{}: line {line}: {what}; restore the file, or delete the line to run the trial again", path.display())]
    Damaged {
        /// The file.
        path: PathBuf,
        /// From 1.
        line: usize,
        /// What is wrong.
        what: String,
    },
    /// There is nothing to judge trials on.
    #[error("the recipe holds out no images to judge trials on; set data.validation")]
    NothingHeldOut,
    /// Another process uses the sweep.
    #[error(transparent)]
    Run(#[from] RunError),
    /// The recipe.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The data.
    #[error(transparent)]
    Data(#[from] DataError),
    /// The unvaried recipe can't be trained.
    #[error(transparent)]
    Training(#[from] TrainingError),
    /// A file of the sweep.
    #[error(transparent)]
    Record(#[from] RecordError),
    /// A file of the sweep.
    #[error(transparent)]
    File(#[from] measure::files::FileError),
    /// Threads can't be started.
    #[error("can't start threads: {0}")]
    Threads(String),
}

impl SweepError {
    /// Whether the command line is wrong.
    pub fn is_usage(&self) -> bool {
        matches!(
            self,
            Self::Vary { .. }
                | Self::LargeGrid { .. }
                | Self::Metric { .. }
                | Self::Another { .. }
                | Self::NothingHeldOut
                | Self::Recipe(_)
        )
    }
}

/// The metric that trials of a recipe are compared by: the one asked for, or average precision for a detector and accuracy
/// for a classifier.
///
/// # Errors
/// [`SweepError::Metric`] for a metric that this model does not have on this data.
pub fn metric(
    asked: Option<SweepMetric>,
    recipe: &Recipe,
    data: &Dataset,
) -> Result<SweepMetric, SweepError> {
    let detector = matches!(recipe.model, Model::FasterRcnn(_));
    let default = if detector {
        SweepMetric::Ap
    } else {
        SweepMetric::Accuracy
    };
    let metric = asked.unwrap_or(default);
    let why = match metric {
        SweepMetric::Ap if !detector => "a classifier finds no boxes; use accuracy or loss",
        SweepMetric::Accuracy if data.labels().is_none() => {
            "images with several objects, or none, do not have one class each; use ap or loss"
        }
        _ => return Ok(metric),
    };
    Err(SweepError::Metric { metric, why })
}

/// The number of images to hold out where the recipe holds out none.
pub fn default_validation(train_images: usize) -> usize {
    (train_images / HELD_OUT).max(1)
}
