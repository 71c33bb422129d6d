//! Models with their results on a test set: what comparisons and reports are made of.

use std::path::PathBuf;

use measure::record::Environment;
use recipe::Recipe;

use super::{Finished, Run, RunError};

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
}
