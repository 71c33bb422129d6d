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
    let several = test.labels().is_none();
    let image = |index: usize| {
        (index < test.count).then(|| Image {
            width: test.width,
            height: test.height,
            pixels: interleaved(&test.image(index), test.channels),
            // Detections of several objects are recorded in the pixels of the files.
            frame: several.then(|| test.frame(index)),
            truth: test
                .objects(index)
                .first()
                .map(|object| object.bounds.into()),
        })
    };
    let objects = several.then(|| ground_truth(test));
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

/// Planes `[C, H, W]` as pixels `[H, W, C]`.
fn interleaved(planes: &[u8], channels: usize) -> Vec<u8> {
    let area = planes.len() / channels;
    let pixels = (0..area).flat_map(|pixel| (0..channels).map(move |plane| plane * area + pixel));
    pixels.map(|place| planes[place]).collect()
}
