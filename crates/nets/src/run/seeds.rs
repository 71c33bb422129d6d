//! Runs of one recipe with several seeds, found by their recipes whatever they are called.

use measure::record::{Outcome, SeedRun, SeedRuns, SeedsVerdict};

use super::{Judged, RunError};
use recipe::Recipe;

/// The trainings of one recipe.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trainings {
    /// Name of the recipe; of its first run where two recipes share a name, or none is known.
    pub recipe: String,
    /// Their seeds and places in the list of runs, by rising seed.
    pub runs: Vec<(u64, usize)>,
}

impl Trainings {
    fn seeds(&self) -> Vec<u64> {
        self.runs.iter().map(|run| run.0).collect()
    }
}

/// How several runs can be compared.
#[derive(Clone, Debug, PartialEq)]
pub enum Grouping {
    /// Each by itself.
    Single,
    /// Each by itself, though some recipes were trained several times: not all with the same seeds.
    Unequal(Vec<Trainings>),
    /// Two recipes or more, each trained with the same seeds, at least two.
    Seeds(Vec<Trainings>),
}

/// Groups runs of recipes that differ by nothing but their seed and have the same name.
pub fn group(models: &[Judged]) -> Grouping {
    type Kind = (Option<String>, Option<Recipe>);
    let mut groups: Vec<(Kind, Vec<(u64, usize)>)> = Vec::new();
    for (at, model) in models.iter().enumerate() {
        let mut recipe = model.recipe.clone();
        let mut seed = 0;
        if let Some(recipe) = &mut recipe {
            seed = std::mem::take(&mut recipe.training.seed);
            // What is written beside a training changes nothing in it.
            recipe.training.tensorboard = false;
        }
        let kind = (model.environment.recipe.clone(), recipe);
        let known = groups.iter_mut().find(|(known, _)| *known == kind);
        match known.filter(|((_, recipe), _)| recipe.is_some()) {
            Some((_, members)) => members.push((seed, at)),
            None => groups.push((kind, vec![(seed, at)])),
        }
    }
    if groups.len() < 2 || groups.iter().all(|(_, members)| members.len() == 1) {
        return Grouping::Single;
    }
    let unique = |name: &str| {
        let names = groups.iter().map(|((other, _), _)| other.as_deref());
        names.filter(|other| *other == Some(name)).count() == 1
    };
    let named = groups.iter().map(|((name, _), members)| {
        let mut members: Vec<(u64, usize)> = members.clone();
        let first = models[members[0].1].name.clone();
        members.sort_unstable();
        Trainings {
            recipe: name.clone().filter(|name| unique(name)).unwrap_or(first),
            runs: members,
        }
    });
    let trainings: Vec<Trainings> = named.collect();
    let seeds = trainings[0].seeds();
    let twice = seeds.windows(2).any(|pair| pair[0] == pair[1]);
    let same = trainings.iter().all(|other| other.seeds() == seeds);
    if same && !twice {
        Grouping::Seeds(trainings)
    } else {
        Grouping::Unequal(trainings)
    }
}

/// Which of the recipes is better, as far as their trainings can tell.
///
/// # Errors
/// [`RunError::Record`] when they were not judged on the same images.
pub fn verdict(models: &[Judged], trainings: &[Trainings]) -> Result<SeedsVerdict, RunError> {
    let trained = |&(seed, at): &(u64, usize)| {
        let Judged { name, finished, .. } = &models[at];
        let map = finished.evaluation.localisation.and_then(|boxes| boxes.map);
        SeedRun {
            seed,
            run: name,
            outcome: match finished.evaluation.classification {
                Some(_) => Outcome::Answers(&finished.predictions),
                None => Outcome::AveragePrecision(map.unwrap_or(0.0)),
            },
        }
    };
    let groups: Vec<Vec<SeedRun<'_>>> = trainings
        .iter()
        .map(|group| group.runs.iter().map(trained).collect())
        .collect();
    let recipes: Vec<SeedRuns<'_>> = trainings
        .iter()
        .zip(&groups)
        .map(|(group, runs)| SeedRuns {
            recipe: &group.recipe,
            runs,
        })
        .collect();
    let images = models
        .first()
        .map_or(0, |first| first.finished.evaluation.images);
    Ok(SeedsVerdict::among(&recipes, images as u64, 0)?)
}

#[cfg(test)]
mod tests;
