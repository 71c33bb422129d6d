//! `report`: the report of finished runs, in a language and a format.

use std::fs;
use std::path::Path;

use data::Split;
use measure::files::write_atomically;
use nets::evaluation::ground_truth;
use nets::run::{Finished, Run};
use report::{Contestant, Format, Image, Language, Report, shell_quoted};

use super::compare::{Verdicts, folder_name, open_all};
use super::print;
use crate::error::CommandError;
use crate::flags;

/// How a report is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct Style {
    /// The language of its words.
    pub language: Language,
    /// What kind of text it is.
    pub format: Format,
}

pub fn run(flags: &flags::Report) -> Result<(), CommandError> {
    let (runs, split) = open_all(&flags.names, &flags.place.runs)?;
    let verdicts = if runs.len() > 1 {
        Verdicts::of(&runs)?
    } else {
        Verdicts::default()
    };
    let style = Style {
        language: flags.lang,
        format: flags.format,
    };
    let path = match (&flags.out, runs.as_slice()) {
        (Some(file), _) => file.clone(),
        (None, [(run, _)]) => run.path().join("report"),
        (None, runs) => {
            let folder = flags.place.runs.join(folder_name(runs, &verdicts));
            fs::create_dir_all(&folder)?;
            folder.join("report")
        }
    };
    let path = match flags.out {
        Some(_) => path,
        None => path.with_extension(style.format.extension()),
    };
    write(&path, &runs, &verdicts, &split, style)?;
    print(&format!("report: {}", path.display()))
}

/// Writes the report of some runs on one test set.
pub fn write(
    path: &Path,
    runs: &[(Run, Finished)],
    verdicts: &Verdicts,
    split: &Split,
    style: Style,
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
        language: style.language,
    };
    Ok(write_atomically(path, report.to_text(style.format))?)
}
