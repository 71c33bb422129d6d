//! `predict`: classes and boxes for image files of any size and polarity.

use std::path::{Path, PathBuf};

use data::image::Gray;
use nets::predict::{ImageAnswer, predict};
use nets::run::Run;

use super::{print, print_json};
use crate::computer;
use crate::error::CommandError;
use crate::flags;

pub fn run(flags: &flags::Predict) -> Result<(), CommandError> {
    let run = Run::open(&flags.place.runs, &flags.run)?;
    let computer = computer::open(&flags.machine)?;
    let trained = run.trained(&computer)?;
    let paths = image_files(&flags.images)?;
    let mut answers = Vec::with_capacity(paths.len());
    // In parts, so that a folder of photos need not fit into memory.
    for part in paths.chunks(64) {
        let images = part
            .iter()
            .map(|path| Gray::read(path))
            .collect::<Result<Vec<_>, _>>()?;
        let found = predict(&trained, &images, &computer.device)
            .into_iter()
            .zip(part);
        answers.extend(found.map(|(answer, path)| ImageAnswer {
            image: path.display().to_string(),
            ..answer
        }));
    }
    if let Some(folder) = &flags.annotate {
        for (path, answer) in paths.iter().zip(&answers) {
            nets::annotate::write(path, answer, &trained.classes, folder)?;
        }
    }
    if flags.json {
        return print_json(&answers);
    }
    for answer in &answers {
        let mut line = format!(
            "{}: {} ({:.2} %)",
            answer.image,
            answer.class,
            100.0 * answer.score
        );
        for found in &answer.detections {
            let [x1, y1, x2, y2] = found.bounds;
            line += &format!(
                "\n  {} {:5.2} % at ({x1:.1}, {y1:.1}) to ({x2:.1}, {y2:.1})",
                found.class,
                100.0 * found.score
            );
        }
        print(&line)?;
    }
    Ok(())
}

/// The files given, and those in the folders given, in order of their names.
fn image_files(given: &[PathBuf]) -> Result<Vec<PathBuf>, CommandError> {
    let mut files = Vec::new();
    for path in given {
        if !path.is_dir() {
            files.push(path.clone());
            continue;
        }
        let folder = |cause| CommandError::Folder {
            path: path.clone(),
            cause,
        };
        let mut inside = Vec::new();
        for entry in std::fs::read_dir(path).map_err(folder)? {
            let file = entry.map_err(folder)?.path();
            if is_image(&file) {
                inside.push(file);
            }
        }
        if inside.is_empty() {
            return Err(CommandError::EmptyFolder(path.clone()));
        }
        inside.sort();
        files.extend(inside);
    }
    Ok(files)
}

fn is_image(path: &Path) -> bool {
    path.extension()
        .map(|extension| extension.to_string_lossy().to_lowercase())
        .is_some_and(|extension| ["png", "jpg", "jpeg"].contains(&extension.as_str()))
}
