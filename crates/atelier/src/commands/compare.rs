//! `compare`: trains each recipe, evaluates all on the same test images, and says which is better.

use std::path::Path;

use data::Split;
use measure::record::{COMPARISON_SCHEMA, Comparison, Contestant, write_json};
use nets::device::Computer;
use nets::run::{Finished, Run};
use report::{Format, terminal};

use crate::console::Output;
use crate::error::CommandError;
use crate::plan::{ComparePlan, Contest, NamedRecipe};
use crate::progress::Show;
use crate::training::train;
use crate::{interrupts, report_files};

/// What is left to do when a training was stopped.
const COMPARE_LATER: &str = "\nthen train what is missing and compare without training again:\n  \
    atelier compare --runs RUN RUN";

/// The same where each recipe is trained several times.
const SEEDS_LATER: &str =
    "\nor give the same command again: it keeps what is trained and continues with the rest";

/// Said in place of a verdict.
const NO_TEST: &str = "No significance test: it needs images that show exactly one object each.";

pub fn run(plan: ComparePlan, output: Output) -> Result<(), CommandError> {
    let root = &plan.root;
    let (runs, split) = match plan.contest {
        Contest::Finished(runs) => {
            let split = report_files::data_of(&runs)?;
            (runs, split)
        }
        Contest::Trainings {
            trainings,
            recipes,
            computer,
            plain,
        } => train_all(&trainings, recipes, root, &computer, plain)?,
    };
    let verdicts = report_files::verdicts(&runs)?;
    let folder = Run::create(root, &verdicts.name(&runs))?;
    let page = folder.path().join("report.html");
    report_files::write(&page, &runs, &verdicts, &split, plan.language, Format::Html)?;
    let contestants = runs.into_iter().map(|(run, finished)| Contestant {
        run: run.path().display().to_string(),
        evaluation: finished.evaluation,
    });
    let comparison = Comparison {
        schema: COMPARISON_SCHEMA.to_string(),
        contestants: contestants.collect(),
        verdict: verdicts.of_runs,
        seeds: verdicts.over_seeds,
    };
    write_json(folder.path().join("comparison.json"), &comparison)?;

    output.show(&comparison, || {
        let tables = terminal::comparison(&comparison).join("\n");
        let sentence = comparison.sentence().unwrap_or(NO_TEST);
        format!("{tables}\n\n{sentence}\nreport: {}", page.display())
    })
}

/// Trains all in their order, each in a run of its own; returns the runs recipe by recipe.
fn train_all(
    trainings: &[NamedRecipe],
    recipes: usize,
    root: &Path,
    computer: &Computer,
    plain: bool,
) -> Result<(Vec<(Run, Finished)>, Split), CommandError> {
    interrupts::catch_while_training()?;
    let load = |named: &NamedRecipe| data::load(&named.recipe.data, named.recipe.training.seed);
    let mut split = load(&trainings[0])?;
    for named in &trainings[..recipes] {
        named.check(&split, computer)?;
    }
    let several = trainings.len() > recipes;
    let mut runs = Vec::with_capacity(trainings.len());
    for (before, named) in trainings.iter().enumerate() {
        if named.recipe.data.source == recipe::SCENES {
            // The test scenes are the same, the training scenes follow the recipe and its seed.
            split = load(named)?;
        }
        // Weights to start from are not part of the recipe, and may be others now.
        let known = (several && named.init.is_none())
            .then(|| Run::find(root, &named.run, &named.recipe))
            .flatten();
        if let Some(run) = known.as_ref().filter(|run| run.is_finished()) {
            note!("{} is already trained and is kept", run.path().display());
            runs.push((run.clone(), run.finished()?));
            continue;
        }
        let show = Show {
            plain,
            part: Some([before + 1, trainings.len()]),
        };
        // Each contestant's peak memory is its own.
        measure::cost::reset_peak_rss();
        let later = if several { SEEDS_LATER } else { COMPARE_LATER };
        let trained = train(known, named, &split, root, computer, show);
        runs.push(trained.map_err(|error| error.with_next(later))?);
    }
    let by_recipe = (0..recipes).flat_map(|at| (at..runs.len()).step_by(recipes));
    let runs = by_recipe.map(|at| runs[at].clone()).collect();
    Ok((runs, split))
}
