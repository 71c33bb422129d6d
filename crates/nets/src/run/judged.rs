//! Models with their results on a test set: what comparisons and reports are made of.

use std::path::PathBuf;
use std::time::SystemTime;

use measure::record::{DataIdentity, Environment, Evaluation, Machine, rfc3339_utc};
use recipe::Recipe;

use super::{Finished, Origin, Run, RunError};
use crate::evaluation::Evaluated;

/// A model with its results on the test set.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Of the run, or of the file.
    pub name: String,
    /// The run's folder, or the model's file.
    pub path: PathBuf,
    /// What it was trained by; `None` for a model that was made elsewhere.
    pub recipe: Option<Recipe>,
    /// Where and how it was made or, elsewhere, judged.
    pub environment: Environment,
    /// Its results.
    pub finished: Finished,
}

impl Judged {
    /// A run, with the results that it has or just got.
    ///
    /// # Errors
    /// [`RunError`] when its recipe or environment can't be read.
    pub fn new(run: &Run, finished: Finished) -> Result<Self, RunError> {
        Ok(Self {
            name: run.name(),
            path: run.path().to_path_buf(),
            recipe: Some(run.recipe()?),
            environment: run.environment()?,
            finished,
        })
    }

    /// A finished run.
    ///
    /// # Errors
    /// As [`Run::finished`].
    pub fn open(run: &Run) -> Result<Self, RunError> {
        Self::new(run, run.finished()?)
    }

    /// A model that was not trained in a run of this machine, judged now.
    pub(crate) fn elsewhere(
        [name, path]: [&str; 2],
        evaluation: Evaluation,
        evaluated: Evaluated,
        source: &DataIdentity,
        origin: &Origin,
    ) -> Self {
        Self {
            name: name.to_string(),
            path: path.into(),
            recipe: None,
            environment: Environment {
                recipe: None,
                atelier: origin.version.clone(),
                commit: None,
                device: evaluation.device.clone(),
                threads: evaluation.threads,
                machine: Machine::gather(),
                date: rfc3339_utc(SystemTime::now()),
                command: origin.command.clone(),
                seed: 0,
                data: source.clone(),
            },
            finished: Finished {
                evaluation,
                predictions: evaluated.predictions,
                detections: evaluated.detections,
                history: Vec::new(),
            },
        }
    }
}
