//! `predict`: classes and boxes for image files of any size and polarity.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use data::image::{decode, file};
use data::source::paths::{is_companion, is_picture};
use nets::predict::ImagePrediction;
use report::terminal::escaped;

use crate::console::Output;
use crate::error::CommandError;
use crate::names::output_name;
use crate::plan::PredictPlan;

/// Most images that are predicted at a time.
const BATCH: usize = 64;
/// Bytes of decoded images after which no more are added to a batch, so that a folder of photos need not fit into memory.
const BATCH_BYTES: usize = 256 << 20;
/// How the names of annotated copies end. Files with such names in a folder are not taken for images to predict.
const ANNOTATED: &str = ".boxes.png";

pub fn run(plan: &PredictPlan, output: Output) -> Result<(), CommandError> {
    let model = &plan.model;
    let (paths, mut failures) = image_files(&plan.images);
    let files = paths.len() + failures.len();
    let mut answers = Vec::with_capacity(paths.len());
    let mut waiting = paths.iter().peekable();
    while waiting.peek().is_some() {
        let mut readable = Vec::new();
        let mut images = Vec::new();
        let mut held = 0;
        while images.len() < BATCH
            && held < BATCH_BYTES
            && let Some(path) = waiting.next()
        {
            match file(path).and_then(|bytes| decode(path, &bytes, plan.max_pixels)) {
                Ok(decoded) => {
                    held += decoded.image.as_bytes().len();
                    readable.push(path);
                    images.push(decoded.image);
                }
                Err(error) => failures.push(error.into()),
            }
        }
        let found = model.predictor().predict(&images)?;
        for (answer, path) in found.into_iter().zip(readable) {
            let answer = ImagePrediction {
                image: path.display().to_string(),
                ..answer
            };
            if answer.abreast > 1 {
                warn!(
                    "{}: this looks like {} digits, and {} reads one; use a detector",
                    escaped(&answer.image),
                    answer.abreast,
                    model.name
                );
            }
            if let Some(folder) = &plan.annotate {
                let copy = folder.join(output_name(path) + ANNOTATED);
                let classes = model.classes();
                nets::annotate::write(path, plan.max_pixels, &answer, classes, &copy)?;
            }
            answers.push(answer);
        }
    }
    if answers.is_empty() && failures.len() == 1 {
        return Err(failures.remove(0));
    }
    for failure in &failures {
        note!("error: {failure}");
    }
    if !answers.is_empty() {
        output.show(&answers, || {
            answers.iter().map(text).collect::<Vec<_>>().join("\n")
        })?;
    }
    match failures.len() {
        0 => Ok(()),
        failed => Err(CommandError::SomeInputs { failed, files }),
    }
}

fn text(answer: &ImagePrediction) -> String {
    let image = escaped(&answer.image);
    let Some(class) = &answer.class else {
        return format!("{image}: nothing to see");
    };
    let mut text = format!(
        "{image}: {} ({:.2} %)",
        escaped(class),
        100.0 * answer.score
    );
    for found in &answer.detections {
        let [x1, y1, x2, y2] = found.bounds;
        text += &format!(
            "\n  {} {:5.2} % at ({x1:.1}, {y1:.1}) to ({x2:.1}, {y2:.1})",
            escaped(&found.class),
            100.0 * found.score
        );
    }
    text
}

/// The files given, and those in the folders given, in order of their names, each once; and what can't be read.
fn image_files(given: &[PathBuf]) -> (Vec<PathBuf>, Vec<CommandError>) {
    let mut files = Vec::new();
    let mut failures = Vec::new();
    for path in given {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        match images_in(path) {
            Ok(inside) if inside.is_empty() => {
                failures.push(CommandError::EmptyFolder(path.clone()));
            }
            Ok(inside) => files.extend(inside),
            Err(cause) => failures.push(CommandError::Folder {
                path: path.clone(),
                cause,
            }),
        }
    }
    let mut known = HashSet::new();
    files.retain(|path| known.insert(path.clone()));
    (files, failures)
}

fn images_in(folder: &Path) -> std::io::Result<Vec<PathBuf>> {
    let mut images = Vec::new();
    for entry in folder.read_dir()? {
        let path = entry?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        if is_picture(&name) && !is_companion(&name) && !name.ends_with(ANNOTATED) {
            images.push(path);
        }
    }
    images.sort();
    Ok(images)
}
