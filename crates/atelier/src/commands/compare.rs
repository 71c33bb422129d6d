//! `compare`: trains each recipe, evaluates all on the same test images, and says which is better.

use std::path::Path;

use ::report::{Format, terminal};
use data::{self, Split};
use measure::record::{
    COMPARISON_SCHEMA, Comparison, Contestant, SeedsVerdict, Verdict, write_json,
};
use nets::run::seeds::{self, Grouping};
use nets::run::{Finished, Run};
use nets::training;

use super::report::{self, Style};
use super::train::{catch_interrupts, train};
use super::{print, print_json};
use crate::computer;
use crate::error::CommandError;
use crate::flags;
use crate::plan::NamedRecipe;
use crate::progress::Show;

/// The lab's two models.
const LAB: [&str; 2] = ["lab-cnn", "lab-faster-rcnn"];
/// The same comparison in minutes.
const QUICK: [&str; 2] = ["fast-cnn", "fast-faster-rcnn"];

/// What is left to do when a training was stopped.
const COMPARE_LATER: &str = "\nthen train what is missing and compare without training again:\n  \
    atelier compare --runs RUN RUN";

/// The same where each recipe is trained several times.
const SEEDS_LATER: &str =
    "\nor give the same command again: it takes what is trained, and goes on with the rest";

/// Said in place of a verdict.
const NO_TEST: &str = "Each image shows several objects, or none: there is no one answer an image to test for \
    significance.";

pub fn run(flags: &flags::Compare) -> Result<(), CommandError> {
    let root = &flags.experiment.out;
    let (runs, split) = if flags.runs.is_empty() {
        train_all(flags, root)?
    } else {
        open_all(&flags.runs, root)?
    };
    let verdicts = Verdicts::of(&runs)?;
    let contestants = runs
        .iter()
        .map(|(run, finished)| Contestant {
            run: run.path().display().to_string(),
            evaluation: finished.evaluation.clone(),
        })
        .collect();

    let folder = Run::create(root, &folder_name(&runs, &verdicts))?;
    let page = folder.path().join("report.html");
    let style = Style {
        language: flags.lang,
        format: Format::Html,
    };
    report::write(&page, &runs, &verdicts, &split, style)?;
    let comparison = Comparison {
        schema: COMPARISON_SCHEMA.to_string(),
        contestants,
        verdict: verdicts.of_runs,
        seeds: verdicts.over_seeds,
    };
    write_json(folder.path().join("comparison.json"), &comparison)?;

    if flags.json {
        return print_json(&comparison);
    }
    for part in terminal::comparison(&comparison) {
        print(&part)?;
    }
    print(&format!("\n{}", comparison.sentence().unwrap_or(NO_TEST)))?;
    print(&format!("report: {}", page.display()))
}

/// Which is better, as far as the answers can tell.
#[derive(Debug, Default)]
pub struct Verdicts {
    /// Of runs, each by itself.
    pub of_runs: Option<Verdict>,
    /// Of recipes, over several trainings of each.
    pub over_seeds: Option<SeedsVerdict>,
}

impl Verdicts {
    /// Over seeds where each recipe has several trainings, with the same seeds; of runs elsewhere.
    pub fn of(runs: &[(Run, Finished)]) -> Result<Self, CommandError> {
        match seeds::group(runs)? {
            Grouping::Seeds(trainings) => {
                let over_seeds = seeds::verdict(runs, &trainings)?;
                return Ok(Self {
                    of_runs: None,
                    over_seeds: Some(::report::with_sentence_over_seeds(over_seeds)),
                });
            }
            Grouping::Unequal(trainings) => {
                let told = trainings.iter().map(|group| {
                    let seeds: Vec<String> =
                        group.runs.iter().map(|run| run.0.to_string()).collect();
                    format!("{} with {}", group.recipe, seeds.join(", "))
                });
                eprintln!(
                    "note: runs are compared one by one, for recipes were not trained with the same seeds, each once: {}",
                    told.collect::<Vec<_>>().join("; ")
                );
            }
            Grouping::Single => {}
        }
        let models: Vec<_> = runs
            .iter()
            .map(|(run, finished)| (run.name(), &finished.predictions))
            .collect();
        let named: Vec<_> = models
            .iter()
            .map(|(name, rows)| (name.as_str(), *rows))
            .collect();
        // Detectors on images of several objects give no answer an image that a test could pair.
        let paired = runs
            .iter()
            .any(|(_, finished)| finished.evaluation.classification.is_some());
        Ok(Self {
            of_runs: paired
                .then(|| Verdict::among(&named, 0))
                .transpose()?
                .map(::report::with_sentence),
            over_seeds: None,
        })
    }
}

/// Trains every recipe in a run of its own.
fn train_all(
    flags: &flags::Compare,
    root: &Path,
) -> Result<(Vec<(Run, Finished)>, Split), CommandError> {
    let names: Vec<&str> = match (flags.quick, flags.recipes.as_slice()) {
        (true, _) => QUICK.to_vec(),
        (false, []) => LAB.to_vec(),
        (false, [only]) => {
            return Err(CommandError::Usage(format!(
                "compare needs at least two recipes, found only '{only}'; to train one: atelier train {only}"
            )));
        }
        (false, names) => names.iter().map(String::as_str).collect(),
    };
    // All recipes are read and checked before any is trained.
    let recipes = names
        .iter()
        .map(|name| {
            NamedRecipe::load(name, &flags.experiment.overrides)?
                .starting_from(weights_of(name, &flags.inits), root)
        })
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(stray) = flags.inits.iter().find(|init| {
        !names
            .iter()
            .any(|name| weights_of(name, std::slice::from_ref(init)).is_some())
    }) {
        return Err(CommandError::Usage(format!(
            "--init {stray}: expected RECIPE=WEIGHTS with one of {}",
            names.join(", ")
        )));
    }
    let first = &recipes[0].recipe.data;
    if let Some(other) = recipes
        .iter()
        .find(|named| !named.recipe.data.same_test_images(first))
    {
        let what = if other.recipe.data.source == first.source {
            "[data.scenes] composes others".to_string()
        } else {
            format!("data.source is {:?}", other.recipe.data.source)
        };
        return Err(CommandError::Usage(format!(
            "a comparison needs the same test images, but {} uses data.source = {:?} and in {} {what}",
            recipes[0].name, first.source, other.name
        )));
    }
    let computer = computer::open_all(&flags.experiment)?;
    catch_interrupts()?;
    let mut split = data::load(first, recipes[0].recipe.training.seed)?;
    for named in &recipes {
        training::check(&named.recipe, &split.train)?;
        training::check_precision(&named.recipe, &computer)?;
        named.initial(&split, &computer)?;
    }
    // Seed by seed, so that what is trained when somebody stops it can be compared.
    let mut runs = Vec::with_capacity(recipes.len() * flags.seeds as usize);
    let trainings = trainings(&recipes, flags.seeds);
    for (before, named) in trainings.iter().enumerate() {
        if first.source == recipe::SCENES {
            // The test scenes are the same, the training scenes follow the recipe and its seed.
            split = data::load(&named.recipe.data, named.recipe.training.seed)?;
        }
        let show = Show {
            plain: flags.experiment.plain,
            part: Some([before + 1, trainings.len()]),
        };
        // Each contestant's peak memory is its own.
        measure::cost::reset_peak_rss();
        if flags.seeds == 1 {
            let run = train(None, named, &split, root, &computer, show);
            runs.push(run.map_err(|error| error.with_next(COMPARE_LATER))?);
            continue;
        }
        let run = match trained_before(named, root) {
            Some(run) if run.is_finished() => {
                eprintln!(
                    "{} is trained already, and taken as it is",
                    run.path().display()
                );
                let finished = run.finished()?;
                Ok((run, finished))
            }
            run => train(run, named, &split, root, &computer, show),
        };
        runs.push(run.map_err(|error| error.with_next(SEEDS_LATER))?);
    }
    // Recipe by recipe.
    let by_recipe = (0..recipes.len()).flat_map(|at| (at..runs.len()).step_by(recipes.len()));
    let runs = by_recipe.map(|at| runs[at].clone()).collect();
    Ok((runs, split))
}

/// Each recipe with its own seed, or all with the first one's and those that follow it.
fn trainings(recipes: &[NamedRecipe], seeds: u32) -> Vec<NamedRecipe> {
    if seeds == 1 {
        return recipes.to_vec();
    }
    let first = recipes[0].recipe.training.seed;
    let seeds = (0..u64::from(seeds)).map(|place| first.wrapping_add(place));
    seeds
        .flat_map(|seed| recipes.iter().map(move |named| named.with_seed(seed)))
        .collect()
}

/// The run of a recipe and a seed, trained or begun, if it is the same recipe.
fn trained_before(named: &NamedRecipe, root: &Path) -> Option<Run> {
    // Weights to start from are not part of the recipe, and may be others now.
    let name = named.init.is_none().then_some(&named.run)?;
    let run = Run::open(root, name).ok()?;
    let same = run.path() == root.join(name) && run.recipe().ok()? == named.recipe;
    same.then_some(run)
}

/// What `--init` says for a recipe.
fn weights_of<'a>(recipe: &str, inits: &'a [String]) -> Option<&'a str> {
    let weights = |init: &'a String| init.strip_prefix(recipe)?.strip_prefix('=');
    inits.iter().find_map(weights)
}

/// Opens finished runs.
pub fn open_all(
    names: &[String],
    root: &Path,
) -> Result<(Vec<(Run, Finished)>, Split), CommandError> {
    let mut runs = Vec::with_capacity(names.len());
    for name in names {
        let run = Run::open(root, name)?;
        let finished = run.finished()?;
        runs.push((run, finished));
    }
    let recipe = runs[0].0.recipe()?;
    let split = data::load(&recipe.data, recipe.training.seed)?;
    Ok((runs, split))
}

/// `A-vs-B`, or `A-vs-B-3-seeds`.
pub fn folder_name(runs: &[(Run, Finished)], verdicts: &Verdicts) -> String {
    let versus = |names: Vec<String>| names.join("-vs-");
    match &verdicts.over_seeds {
        Some(seeds) => {
            let names = seeds.recipes.iter().map(|recipe| recipe.recipe.clone());
            format!("{}-{}-seeds", versus(names.collect()), seeds.test.seeds)
        }
        None => versus(runs.iter().map(|(run, _)| run.name()).collect()),
    }
}
