//! A run on disk: what each file of `runs/NAME/` holds, and how it is read and written.
//!
//! | file | type |
//! | --- | --- |
//! | [`ENVIRONMENT`] | [`Environment`] |
//! | [`HISTORY`] | one [`EpochRecord`] a line |
//! | [`EVALUATION`] | [`Evaluation`] |
//! | [`PREDICTIONS`] | [`Predictions`] |
//!
//! Every file is written atomically.

mod comparison;
mod cost;
mod environment;
mod evaluation;
pub mod figure;
mod history;
mod predictions;
mod sweep;

pub use comparison::{
    COMPARISON_SCHEMA, Comparison, Contestant, Headline, McNemarRecord, Outcome, OverSeeds,
    SeedRun, SeedRuns, SeedsFigure, SeedsHeadline, SeedsTest, SeedsVerdict, Verdict,
};
pub use cost::{
    ACCURACIES, BoxPrecisionRecall, Energy, EnergyMeter, InferenceSpeed, NoEnergy, Throughput,
    TimeToAccuracy,
};
pub use environment::{DataIdentity, Environment, Machine, rfc3339_utc, seconds_since_1970};
pub use evaluation::{
    ClassFigures, ClassificationScores, EVALUATION_SCHEMA, Evaluation, LocalisationFigures,
    ModelKind, RunFacts,
};
pub use history::{EpochRecord, read_history, write_history};
pub use predictions::{Localisation, Prediction, Predictions};
pub use sweep::{
    Domain, Sampler, SettingValue, SweepMetric, SweepParameter, SweepPlan, TrialEpoch, TrialRecord,
    TrialStatus, best, compare, front, quality, ranked,
};

use std::path::{Path, PathBuf};

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::classification::ClassificationError;
use crate::files::{FileError, read_text, write_atomically};

/// The recipe with every default and override resolved, as TOML.
pub const RECIPE: &str = "recipe.toml";
/// [`Environment`] as JSON.
pub const ENVIRONMENT: &str = "environment.json";
/// One [`EpochRecord`] a line, as JSON.
pub const HISTORY: &str = "history.jsonl";
/// [`Evaluation`] on the test set, as JSON.
pub const EVALUATION: &str = "evaluation.json";
/// Words by which people find a run again, a JSON list.
pub const TAGS: &str = "tags.json";
/// What of the data was wrong and left out; only where something was.
pub const SKIPPED: &str = "skipped.json";
/// [`Predictions`] on the test set, as CSV.
pub const PREDICTIONS: &str = "predictions.csv";
/// The trained weights.
pub const MODEL: &str = "model.safetensors";
/// The weights of the epoch that did best on held-out images.
pub const BEST: &str = "best.safetensors";
/// The weights that training starts from, where they are not drawn from the seed.
pub const INITIAL: &str = "initial.safetensors";
/// Held by the process that trains; says which it is.
pub const LOCK: &str = ".lock";
/// Folder of training states to resume from.
pub const CHECKPOINTS: &str = "checkpoints";
/// What a detector found in test images of several objects, as a COCO results file.
pub const DETECTIONS: &str = "detections.json";
/// The report, one self-contained page.
pub const REPORT: &str = "report.html";

/// Why a run's file could not be read or written.
#[derive(Debug, thiserror::Error)]
pub enum RecordError {
    /// The file system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// A JSON file does not hold what its name promises.
    #[error("{}: line {line}: {message}", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Line of the file, from 1.
        line: usize,
        /// What is wrong with it.
        message: String,
    },
    /// A CSV file does not hold predictions.
    #[error("{}: line {line}: expected {expected}, found {found}", path.display())]
    Csv {
        /// The file.
        path: PathBuf,
        /// Line of the file, from 1.
        line: usize,
        /// What should stand there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// Predictions that contradict themselves would be written.
    #[error("prediction of image {index}: expected {expected}, found {found}")]
    Prediction {
        /// The image's index in its split.
        index: usize,
        /// What should be there.
        expected: String,
        /// What is there.
        found: String,
    },
    /// A comparison needs two models.
    #[error("a comparison needs at least two models, got {found}")]
    TooFewModels {
        /// How many there are.
        found: usize,
    },
    /// Predictions of two models are not of the same images.
    #[error("'{a}' and '{b}' were not evaluated on the same images: {difference}")]
    NotPaired {
        /// Name of the first model.
        a: String,
        /// Name of the second model.
        b: String,
        /// The first difference found.
        difference: String,
    },
    /// The predictions allow no figures.
    #[error(transparent)]
    Classification(#[from] ClassificationError),
}

/// Writes `value` as indented JSON with a final newline, atomically.
///
/// # Errors
/// [`RecordError::File`] when the file system refuses, [`RecordError::Json`] when `value` has no
/// JSON form.
pub fn write_json(path: impl AsRef<Path>, value: &impl Serialize) -> Result<(), RecordError> {
    let path = path.as_ref();
    let mut text =
        serde_json::to_string_pretty(value).map_err(|cause| json_error(path, 0, &cause))?;
    text.push('\n');
    Ok(write_atomically(path, text)?)
}

/// Reads a JSON file.
///
/// # Errors
/// [`RecordError::File`] when it cannot be read, [`RecordError::Json`] with the line when it does
/// not hold a `T`.
pub fn read_json<T: DeserializeOwned>(path: impl AsRef<Path>) -> Result<T, RecordError> {
    let path = path.as_ref();
    serde_json::from_str(&read_text(path)?).map_err(|cause| json_error(path, 0, &cause))
}

/// `lines_before` is how many lines of the file precede the JSON document that failed.
fn json_error(path: &Path, lines_before: usize, cause: &serde_json::Error) -> RecordError {
    RecordError::Json {
        path: path.to_path_buf(),
        line: lines_before + cause.line(),
        message: cause.to_string(),
    }
}
