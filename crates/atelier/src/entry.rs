//! A run as lists show it.

use measure::record::{Environment, Evaluation};
use nets::run::{Run, RunError};
use recipe::Recipe;

/// A run with those of its records that can be read.
pub struct Entry {
    pub run: Run,
    pub recipe: Option<Recipe>,
    pub environment: Option<Environment>,
    pub evaluation: Result<Evaluation, RunError>,
}

/// How far a run has come, as its files say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryState {
    Finished,
    Unfinished,
    /// It was never trained here.
    Imported,
    /// Files of it are missing or were changed.
    Damaged,
}

impl Entry {
    pub fn of(run: Run) -> Self {
        Self {
            recipe: run.recipe().ok(),
            environment: run.environment().ok(),
            evaluation: run.finished().map(|finished| finished.evaluation),
            run,
        }
    }

    /// Name of its recipe; the run's own name if its record does not say.
    pub fn recipe_name(&self) -> String {
        let recorded = self.environment.as_ref().and_then(|e| e.recipe.clone());
        recorded.unwrap_or_else(|| self.run.name())
    }

    pub fn kind(&self) -> Option<&'static str> {
        Some(self.recipe.as_ref()?.model.kind())
    }

    pub fn seed(&self) -> Option<u64> {
        Some(self.recipe.as_ref()?.training.seed)
    }

    pub fn date(&self) -> Option<&str> {
        self.environment.as_ref().map(|e| e.date.as_str())
    }

    pub fn state(&self) -> EntryState {
        match &self.evaluation {
            Ok(_) => EntryState::Finished,
            Err(RunError::NotFinished { .. }) => match self.run.imported() {
                Ok(Some(_)) => EntryState::Imported,
                _ => EntryState::Unfinished,
            },
            Err(_) => EntryState::Damaged,
        }
    }
}
