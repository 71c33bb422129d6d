//! Which of several finished runs is better: over seeds where that is possible, otherwise run by run.

use measure::record::{SeedsVerdict, Verdict};

use super::seeds::{self, Grouping, Trainings};
use super::{Judged, RunError};

/// Which is better, as far as the predictions can tell. The sentences are left empty.
#[derive(Debug, Default)]
pub struct Verdicts {
    /// Of runs, each on its own; `None` where images show several objects, because no test can pair them.
    pub of_runs: Option<Verdict>,
    /// Of recipes, over several trainings of each.
    pub over_seeds: Option<SeedsVerdict>,
    /// The recipes and their seeds, where some were trained several times but not all with the same seeds.
    pub uneven: Vec<Trainings>,
}

impl Verdicts {
    /// Over seeds where each recipe was trained several times with the same seeds, otherwise of runs. A single run has no
    /// verdict.
    ///
    /// # Errors
    /// [`RunError::Record`] when the models were not evaluated on the same images.
    pub fn of(models: &[Judged]) -> Result<Self, RunError> {
        let mut verdicts = Self::default();
        if models.len() < 2 {
            return Ok(verdicts);
        }
        match seeds::group(models) {
            Grouping::Seeds(trainings) => {
                verdicts.over_seeds = Some(seeds::verdict(models, &trainings)?);
                return Ok(verdicts);
            }
            Grouping::Unequal(trainings) => verdicts.uneven = trainings,
            Grouping::Single => {}
        }
        let classified = |model: &Judged| model.finished.evaluation.classification.is_some();
        if models.iter().any(classified) {
            let models: Vec<_> = models
                .iter()
                .map(|model| (&*model.name, &model.finished.predictions))
                .collect();
            verdicts.of_runs = Some(Verdict::among(&models, 0)?);
        }
        Ok(verdicts)
    }

    /// What the comparison of these models is called: `A-vs-B`, or `A-vs-B-3-seeds`.
    pub fn name(&self, models: &[Judged]) -> String {
        match &self.over_seeds {
            Some(seeds) => {
                let names: Vec<&str> = seeds.recipes.iter().map(|one| &*one.recipe).collect();
                format!("{}-{}-seeds", names.join("-vs-"), seeds.test.seeds)
            }
            None => {
                let names: Vec<&str> = models.iter().map(|model| &*model.name).collect();
                names.join("-vs-")
            }
        }
    }
}
