//! Predictions as pictures: boxes drawn, objects cut out, and what the network saw.

use std::path::{Path, PathBuf};

use data::image::{DynamicImage, cut, from_planes, png};
use measure::files::write_atomically;
use nets::annotate::annotated;

use super::predicted::Predicted;
use crate::error::CommandError;
use crate::names::{OutputNames, safe_name};

/// How the names of annotated copies end.
const ANNOTATED: &str = ".boxes.png";
/// How the names of pictures end that show what the network saw.
const SEEN: &str = ".input.png";

/// Whether a file of this name was made of a picture and would be predicted by mistake. Objects that were cut out are not
/// among them: often another network is to classify them.
pub fn is_written_by_us(name: &str) -> bool {
    [ANNOTATED, SEEN].iter().any(|end| name.ends_with(end))
}

/// The folders that pictures are written to.
#[derive(Debug)]
pub struct Pictures {
    /// Whether the network finds objects. One that reads ink has that cut out.
    pub of_detector: bool,
    /// Copies with boxes.
    pub annotate: Option<PathBuf>,
    /// What was found, cut out.
    pub crops: Option<PathBuf>,
    /// What the network saw.
    pub show_input: Option<PathBuf>,
}

impl Pictures {
    pub fn folders(&self) -> impl Iterator<Item = &PathBuf> {
        let all = [&self.annotate, &self.crops, &self.show_input];
        all.into_iter().flatten()
    }

    /// Writes what is asked for of one picture.
    pub fn write(
        &self,
        predicted: &Predicted<'_>,
        classes: &[String],
        names: &mut OutputNames,
    ) -> Result<(), CommandError> {
        if self.folders().next().is_none() {
            return Ok(());
        }
        let name = names.name(predicted.path);
        if let Some(folder) = &self.annotate {
            let copy = annotated(predicted.image, predicted.answer, classes);
            write(&folder.join(format!("{name}{ANNOTATED}")), &copy)?;
        }
        if let Some(folder) = &self.crops {
            for (place, (class, bounds)) in self.objects(predicted).into_iter().enumerate() {
                let class = safe_name(class);
                let file = folder.join(format!("{name}-{}-{class}.png", place + 1));
                write(&file, &cut(predicted.image, bounds))?;
            }
        }
        if let Some(folder) = &self.show_input {
            let fitted = predicted.fitted;
            let shape = [fitted.channels, fitted.height, fitted.width];
            if let Some(seen) = from_planes(&fitted.pixels, shape) {
                write(&folder.join(format!("{name}{SEEN}")), &seen)?;
            }
        }
        Ok(())
    }

    /// Class and place of everything that is cut out.
    fn objects<'a>(&self, predicted: &Predicted<'a>) -> Vec<(&'a str, [f32; 4])> {
        let answer = predicted.answer;
        if self.of_detector {
            let found = answer.detections.iter();
            return found.map(|it| (it.class.as_str(), it.bounds)).collect();
        }
        let ink = predicted.fitted.ink_bounds();
        answer.class.as_deref().zip(ink).into_iter().collect()
    }
}

fn write(path: &Path, image: &DynamicImage) -> Result<(), CommandError> {
    Ok(write_atomically(path, png(path, image)?)?)
}
