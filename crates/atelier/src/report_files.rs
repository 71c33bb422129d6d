//! The report of finished runs as a file.

use std::path::Path;

use data::Split;
use measure::files::write_output;
use nets::evaluation::ground_truth;
use nets::run::{Finished, Run, Verdicts};
use report::{Contestant, Format, Image, Language, Report, shell_quoted};

use crate::error::CommandError;

/// Which of several runs is better, with the sentence that says so.
pub fn verdicts(runs: &[(Run, Finished)]) -> Result<Verdicts, CommandError> {
    let verdicts = Verdicts::of(runs)?;
    if !verdicts.uneven.is_empty() {
        let trainings = verdicts.uneven.iter().map(|group| {
            let seeds: Vec<String> = group.runs.iter().map(|run| run.0.to_string()).collect();
            format!("{} with {}", group.recipe, seeds.join(", "))
        });
        let trainings: Vec<String> = trainings.collect();
        note!(
            "note: the runs are compared individually, because the recipes were not trained with the same seeds: {}",
            trainings.join("; ")
        );
    }
    Ok(Verdicts {
        of_runs: verdicts.of_runs.map(report::with_sentence),
        over_seeds: verdicts.over_seeds.map(report::with_sentence_over_seeds),
        uneven: verdicts.uneven,
    })
}

/// The data that finished runs were evaluated on.
pub fn data_of(runs: &[(Run, Finished)]) -> Result<Split, CommandError> {
    let recipe = runs[0].0.recipe()?;
    Ok(data::load(&recipe.data, recipe.training.seed)?)
}

/// Writes the report of runs with the same test images.
pub fn write(
    path: &Path,
    runs: &[(Run, Finished)],
    verdicts: &Verdicts,
    split: &Split,
    language: Language,
    format: Format,
) -> Result<(), CommandError> {
    let mut parts = Vec::with_capacity(runs.len());
    for (run, finished) in runs {
        let recipe = run.recipe()?.to_toml()?;
        parts.push((run.name(), recipe, run.environment()?, finished));
    }
    let contestants = parts
        .iter()
        .map(|(name, recipe, environment, finished)| Contestant {
            name,
            recipe_toml: recipe,
            evaluation: &finished.evaluation,
            history: &finished.history,
            predictions: &finished.predictions,
            detections: &finished.detections,
            environment,
        })
        .collect();
    let test = &split.test;
    let image = |index: usize| {
        (index < test.count && test.channels == 1).then(|| Image {
            width: test.width,
            height: test.height,
            pixels: test.image(index).into_owned(),
            truth: test
                .objects(index)
                .first()
                .map(|object| object.bounds.into()),
        })
    };
    let objects = match test.labels() {
        Some(_) => None,
        None => Some(ground_truth(test)),
    };
    let command: Vec<String> = std::env::args().collect();
    let report = Report {
        contestants,
        verdict: verdicts.of_runs.as_ref(),
        seeds: verdicts.over_seeds.as_ref(),
        image: &image,
        objects: objects.as_ref(),
        class_names: &test.classes,
        command: &shell_quoted(&command),
        language,
    };
    Ok(write_output(path, report.to_text(format))?)
}
