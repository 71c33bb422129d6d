//! `compare`: trains each recipe, evaluates all on the same test images, and says which is better.

use std::path::{Path, PathBuf};

use measure::record::{COMPARISON_SCHEMA, Comparison, Contestant, Verdict, write_json};
use measure::report::Format;
use nets::data::{self, Split};
use nets::device;
use nets::recipe;
use nets::run::{Finished, Run};
use nets::training;

use super::report::{self, Style};
use super::train::{catch_interrupts, train};
use super::{print, print_json};
use crate::error::CommandError;
use crate::flags;
use crate::plan::NamedRecipe;
use crate::table::comparison;

/// The lab's two models.
const LAB: [&str; 2] = ["lab-cnn", "lab-faster-rcnn"];
/// The same comparison in minutes.
const QUICK: [&str; 2] = ["fast-cnn", "fast-faster-rcnn"];

/// What is left to do when a training was stopped.
const COMPARE_LATER: &str = "\nthen train what is missing and compare without training again:\n  \
    atelier compare --runs RUN RUN";

/// Said in place of a verdict.
const NO_TEST: &str = "Each image shows several objects, or none: there is no one answer an image to test for \
    significance.";

pub fn run(flags: &flags::Compare) -> Result<(), CommandError> {
    let root = &flags.experiment.place.out;
    let (runs, split) = if flags.runs.is_empty() {
        train_all(flags, root)?
    } else {
        open_all(&flags.runs, root)?
    };
    let verdict = verdict(&runs)?;
    let contestants = runs
        .iter()
        .map(|(run, finished)| Contestant {
            run: run.path().display().to_string(),
            evaluation: finished.evaluation.clone(),
        })
        .collect();
    let comparison_record = Comparison {
        schema: COMPARISON_SCHEMA.to_string(),
        contestants,
        verdict,
        seeds: None,
    };

    let folder = comparison_folder(root, &runs)?;
    write_json(folder.join("comparison.json"), &comparison_record)?;
    let page = folder.join("report.html");
    let style = Style {
        language: flags.lang,
        format: Format::Html,
    };
    let verdict = comparison_record.verdict.as_ref();
    report::write(&page, &runs, verdict, &split, style)?;

    if flags.json {
        return print_json(&comparison_record);
    }
    print(&comparison(&comparison_record.contestants).to_string())?;
    let sentence = verdict.map_or(NO_TEST, |verdict| &verdict.sentence);
    print(&format!("* better\n\n{sentence}"))?;
    print(&format!("report: {}", page.display()))
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
            NamedRecipe::load(name, &flags.experiment)?
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
    let computer = device::open(&flags.experiment.machine.device)?;
    catch_interrupts()?;
    let mut split = data::load(first, recipes[0].recipe.training.seed)?;
    for named in &recipes {
        training::check(&named.recipe, &split.train)?;
        named.initial(&split, &computer)?;
    }
    let mut runs = Vec::with_capacity(recipes.len());
    for named in &recipes {
        if first.source == recipe::SCENES {
            // The test scenes are the same, the training scenes follow the recipe.
            split = data::load(&named.recipe.data, named.recipe.training.seed)?;
        }
        // Each contestant's peak memory is its own.
        kernels::memory::reset_peak_rss();
        let run = train(None, named, &split, root, &computer);
        runs.push(run.map_err(|error| error.with_next(COMPARE_LATER))?);
    }
    Ok((runs, split))
}

/// What `--init` says for a recipe.
fn weights_of<'a>(recipe: &str, inits: &'a [String]) -> Option<&'a str> {
    let weights = |init: &'a String| init.strip_prefix(recipe)?.strip_prefix('=');
    inits.iter().find_map(weights)
}

/// Which of the runs is best, as far as their answers can tell.
pub fn verdict(runs: &[(Run, Finished)]) -> Result<Option<Verdict>, CommandError> {
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
    Ok(paired.then(|| Verdict::among(&named, 0)).transpose()?)
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

/// `A-vs-B` under the folder of runs, with a number where that is taken.
fn comparison_folder(root: &Path, runs: &[(Run, Finished)]) -> Result<PathBuf, CommandError> {
    let names: Vec<String> = runs.iter().map(|(run, _)| run.name()).collect();
    Ok(Run::create(root, &names.join("-vs-"))?.path().to_path_buf())
}
