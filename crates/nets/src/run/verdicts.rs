//! Which of several finished runs is better: over seeds where that is possible, otherwise run by run.

use measure::record::{SeedsVerdict, Verdict};

use super::seeds::{self, Grouping, Trainings};
use super::{Finished, Run, RunError};

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
    /// [`RunError`] when a run can't be read, or the runs were not evaluated on the same images.
    pub fn of(runs: &[(Run, Finished)]) -> Result<Self, RunError> {
        let mut verdicts = Self::default();
        if runs.len() < 2 {
            return Ok(verdicts);
        }
        match seeds::group(runs)? {
            Grouping::Seeds(trainings) => {
                verdicts.over_seeds = Some(seeds::verdict(runs, &trainings)?);
                return Ok(verdicts);
            }
            Grouping::Unequal(trainings) => verdicts.uneven = trainings,
            Grouping::Single => {}
        }
        let classified = |finished: &Finished| finished.evaluation.classification.is_some();
        if runs.iter().any(|(_, finished)| classified(finished)) {
            let names: Vec<String> = runs.iter().map(|(run, _)| run.name()).collect();
            let predictions = runs.iter().map(|(_, finished)| &finished.predictions);
            let models: Vec<_> = names.iter().map(String::as_str).zip(predictions).collect();
            verdicts.of_runs = Some(Verdict::among(&models, 0)?);
        }
        Ok(verdicts)
    }

    /// What the comparison of these runs is called: `A-vs-B`, or `A-vs-B-3-seeds`.
    pub fn name(&self, runs: &[(Run, Finished)]) -> String {
        match &self.over_seeds {
            Some(seeds) => {
                let names: Vec<&str> = seeds.recipes.iter().map(|one| &*one.recipe).collect();
                format!("{}-{}-seeds", names.join("-vs-"), seeds.test.seeds)
            }
            None => {
                let names: Vec<String> = runs.iter().map(|(run, _)| run.name()).collect();
                names.join("-vs-")
            }
        }
    }
}
