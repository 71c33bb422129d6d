//! Runs of one recipe with several seeds, found by their recipes whatever they are called.

use measure::record::{Outcome, SeedRun, SeedRuns, SeedsVerdict};

use super::{Finished, Run, RunError};
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
///
/// # Errors
/// [`RunError`] when a run's recipe or environment can't be read.
pub fn group(runs: &[(Run, Finished)]) -> Result<Grouping, RunError> {
    type Kind = (Option<String>, Recipe);
    let mut groups: Vec<(Kind, Vec<(u64, usize)>)> = Vec::new();
    for (at, (run, _)) in runs.iter().enumerate() {
        let mut recipe = run.recipe()?;
        let seed = std::mem::take(&mut recipe.training.seed);
        // What is written beside a training changes nothing in it.
        recipe.training.tensorboard = false;
        let kind = (run.environment()?.recipe, recipe);
        match groups.iter_mut().find(|(known, _)| *known == kind) {
            Some((_, members)) => members.push((seed, at)),
            None => groups.push((kind, vec![(seed, at)])),
        }
    }
    if groups.len() < 2 || groups.iter().all(|(_, members)| members.len() == 1) {
        return Ok(Grouping::Single);
    }
    let unique = |name: &str| {
        let names = groups.iter().map(|((other, _), _)| other.as_deref());
        names.filter(|other| *other == Some(name)).count() == 1
    };
    let named = groups.iter().map(|((name, _), members)| {
        let mut members: Vec<(u64, usize)> = members.clone();
        let first = runs[members[0].1].0.name();
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
    Ok(if same && !twice {
        Grouping::Seeds(trainings)
    } else {
        Grouping::Unequal(trainings)
    })
}

/// Which of the recipes is better, as far as their trainings can tell.
///
/// # Errors
/// [`RunError::Record`] when they were not judged on the same images.
pub fn verdict(
    runs: &[(Run, Finished)],
    trainings: &[Trainings],
) -> Result<SeedsVerdict, RunError> {
    let names: Vec<String> = runs.iter().map(|(run, _)| run.name()).collect();
    let trained = |&(seed, at): &(u64, usize)| {
        let finished = &runs[at].1;
        let map = finished.evaluation.localisation.and_then(|boxes| boxes.map);
        SeedRun {
            seed,
            run: &names[at],
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
    let images = runs.first().map_or(0, |(_, first)| first.evaluation.images);
    Ok(SeedsVerdict::among(&recipes, images as u64, 0)?)
}

#[cfg(test)]
mod tests {
    use super::*;
    use measure::record::{self, Environment, write_json};
    use std::path::Path;

    const RECIPE: &str = "[model]\nkind = \"cnn\"\nlayers = [\"flatten\", { linear = 10 }]\n";

    fn run(root: &Path, name: &str, recipe: Option<&str>, text: &str) -> (Run, Finished) {
        let run = Run::create(root, name).unwrap();
        std::fs::write(run.path().join(record::RECIPE), text).unwrap();
        let environment = Environment {
            recipe: recipe.map(str::to_string),
            ..Default::default()
        };
        write_json(run.path().join(record::ENVIRONMENT), &environment).unwrap();
        let finished = Finished {
            evaluation: Default::default(),
            predictions: Default::default(),
            detections: vec![],
            history: vec![],
        };
        (run, finished)
    }

    /// What is found among runs of (name, seed, changed), as "recipe: seeds", and how they can be compared.
    fn found(runs: &[(Option<&str>, u64, bool)]) -> (&'static str, Vec<String>) {
        let root = tempfile::tempdir().unwrap();
        let runs: Vec<_> = runs
            .iter()
            .enumerate()
            .map(|(at, &(recipe, seed, changed))| {
                let epochs = if changed { 2 } else { 1 };
                let text = format!("{RECIPE}[training]\nseed = {seed}\nepochs = {epochs}\n");
                run(root.path(), &format!("run-{at}"), recipe, &text)
            })
            .collect();
        let (what, groups) = match group(&runs).unwrap() {
            Grouping::Single => ("single", vec![]),
            Grouping::Unequal(groups) => ("unequal", groups),
            Grouping::Seeds(groups) => ("seeds", groups),
        };
        let told = |group: &Trainings| {
            let places: Vec<usize> = group.runs.iter().map(|run| run.1).collect();
            format!("{}: {:?} at {places:?}", group.recipe, group.seeds())
        };
        (what, groups.iter().map(told).collect())
    }

    #[test]
    fn runs_of_a_recipe_are_found_by_what_they_are() {
        let (a, b) = (Some("a"), Some("b"));
        for (name, runs, expected) in [
            (
                "by rising seed, whatever their order",
                &[(a, 1, false), (b, 0, false), (a, 0, false), (b, 1, false)][..],
                ("seeds", vec!["a: [0, 1] at [2, 0]", "b: [0, 1] at [1, 3]"]),
            ),
            (
                "one training of each",
                &[(a, 0, false), (b, 0, false)],
                ("single", vec![]),
            ),
            (
                "one recipe",
                &[(a, 0, false), (a, 1, false)],
                ("single", vec![]),
            ),
            (
                "seeds that differ",
                &[(a, 0, false), (a, 1, false), (b, 0, false)],
                ("unequal", vec!["a: [0, 1] at [0, 1]", "b: [0] at [2]"]),
            ),
            (
                "a seed twice",
                &[(a, 0, false), (a, 0, false), (b, 0, false), (b, 0, false)],
                (
                    "unequal",
                    vec!["a: [0, 0] at [0, 1]", "b: [0, 0] at [2, 3]"],
                ),
            ),
            (
                "one name, two recipes",
                &[(a, 0, false), (a, 1, false), (a, 0, true), (a, 1, true)],
                (
                    "seeds",
                    vec!["run-0: [0, 1] at [0, 1]", "run-2: [0, 1] at [2, 3]"],
                ),
            ),
            (
                "without names",
                &[
                    (None, 0, false),
                    (None, 1, false),
                    (None, 0, true),
                    (None, 1, true),
                ],
                (
                    "seeds",
                    vec!["run-0: [0, 1] at [0, 1]", "run-2: [0, 1] at [2, 3]"],
                ),
            ),
        ] {
            let (what, groups) = found(runs);
            let groups: Vec<&str> = groups.iter().map(String::as_str).collect();
            assert_eq!((what, groups), expected, "{name}");
        }
    }
}
