//! The report of finished runs as a file.

use std::path::Path;

use data::Split;
use measure::files::write_output;
use nets::evaluation::ground_truth;
use nets::run::{Judged, Verdicts};
use report::{Contestant, Format, Image, Language, Report, shell_quoted};

use crate::error::CommandError;

/// Which of several runs is better, with the sentence that says so.
pub fn verdicts(models: &[Judged]) -> Result<Verdicts, CommandError> {
    let verdicts = Verdicts::of(models)?;
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

/// Writes the report of models with the same test images.
pub fn write(
    path: &Path,
    models: &[Judged],
    verdicts: &Verdicts,
    split: &Split,
    language: Language,
    format: Format,
) -> Result<(), CommandError> {
    let command: Vec<String> = std::env::args().collect();
    let text = text(models, verdicts, split, &command, language, format)?;
    Ok(write_output(path, text)?)
}

/// The report of models with the same test images, made by this command.
pub fn text(
    models: &[Judged],
    verdicts: &Verdicts,
    split: &Split,
    command: &[String],
    language: Language,
    format: Format,
) -> Result<String, CommandError> {
    let toml = |model: &Judged| match &model.recipe {
        Some(recipe) => recipe.to_toml(),
        None => Ok(String::new()),
    };
    let recipes: Vec<String> = models.iter().map(toml).collect::<Result<_, _>>()?;
    let contestants = models
        .iter()
        .zip(&recipes)
        .map(|(model, recipe)| Contestant {
            name: &model.name,
            recipe_toml: recipe,
            evaluation: &model.finished.evaluation,
            history: &model.finished.history,
            predictions: &model.finished.predictions,
            detections: &model.finished.detections,
            environment: &model.environment,
        })
        .collect();
    let test = &split.test;
    let several = test.labels().is_none();
    let image = |index: usize| {
        let [height, width] = (index < test.count).then(|| test.image_size(index))?;
        Some(Image {
            width,
            height,
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
    let report = Report {
        contestants,
        verdict: verdicts.of_runs.as_ref(),
        seeds: verdicts.over_seeds.as_ref(),
        image: &image,
        objects: objects.as_ref(),
        class_names: &test.classes,
        command: &shell_quoted(command),
        language,
    };
    Ok(report.to_text(format))
}

/// Planes `[C, H, W]` as pixels `[H, W, C]`.
fn interleaved(planes: &[u8], channels: usize) -> Vec<u8> {
    let area = planes.len() / channels;
    let pixels = (0..area).flat_map(|pixel| (0..channels).map(move |plane| plane * area + pixel));
    pixels.map(|place| planes[place]).collect()
}
