//! Detections as a results file of COCO: `[{"image_id", "category_id", "bbox", "score"}]`, with ids from a file of
//! annotations or counted from 1.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use data::coco::file::{CocoCategory, CocoImage, is_text, read_annotations};
use data::source::paths::fold;
use measure::files::write_output;
use serde::Serialize;

use super::predicted::Predicted;
use crate::error::CommandError;

/// The results, in the order of the pictures.
#[derive(Debug)]
pub struct Coco {
    file: PathBuf,
    /// One a picture; `None` for those that are not in the annotations.
    images: Vec<Option<i64>>,
    /// By the name of the class.
    categories: HashMap<String, i64>,
    /// Whether the ids are counted, so that each entry says whose they are.
    counted: bool,
    /// A line each.
    entries: Vec<String>,
}

/// An entry of the file.
#[derive(Debug, Serialize)]
struct Entry<'a> {
    image_id: i64,
    category_id: i64,
    /// `[x, y, width, height]` in pixels.
    bbox: [f32; 4],
    score: f32,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    category_name: Option<&'a str>,
}

impl Coco {
    /// Results to be written to `file`, with ids counted from 1.
    pub fn counted(file: &Path, images: usize, classes: &[String]) -> Self {
        Self {
            file: file.to_path_buf(),
            images: (1..).take(images).map(Some).collect(),
            categories: classes.iter().cloned().zip(1..).collect(),
            counted: true,
            entries: Vec::new(),
        }
    }

    /// The same with the ids of `annotations`: of pictures by the names of their files, of classes by their names. Returns
    /// also what is left out, a sentence each.
    pub fn with_ids_of(
        annotations: &Path,
        file: &Path,
        paths: &[&Path],
        classes: &[String],
    ) -> Result<(Self, Vec<String>), CommandError> {
        if file
            .canonicalize()
            .is_ok_and(|it| annotations.canonicalize().is_ok_and(|of| it == of))
        {
            return Err(CommandError::Usage(format!(
                "{}: --coco would replace the annotations of --coco-images; name another file",
                file.display()
            )));
        }
        let known = read_annotations(annotations).map_err(nets::coco::CocoEvalError::from)?;
        let wrong =
            |what: String| CommandError::Usage(format!("{}: {what}", annotations.display()));
        let ids = known.images.iter().map(|image| image.id);
        let mut ids = ids.chain(known.categories.iter().map(|category| category.id));
        if ids.any(is_text) {
            return Err(wrong(
                "ids that are text can't be written to a results file; number them".to_string(),
            ));
        }
        let names = ImageNames::of(&known.images);
        let images: Vec<Option<i64>> = paths.iter().map(|path| names.find(path)).collect();
        let mut taken: HashMap<i64, &Path> = HashMap::new();
        for (id, path) in images.iter().zip(paths) {
            if let Some(other) = id.and_then(|id| taken.insert(id, path)) {
                return Err(wrong(format!(
                    "the file names in it don't tell {} and {} apart; predict them one at a time, or write the folders \
                     into `file_name`",
                    other.display(),
                    path.display()
                )));
            }
        }
        let categories = category_ids(&known.categories, classes);
        let mut notes = Vec::new();
        for (what, all, found, first) in [
            (
                "pictures",
                paths.len(),
                images.iter().flatten().count(),
                images
                    .iter()
                    .position(Option::is_none)
                    .map(|at| paths[at].display().to_string()),
            ),
            (
                "classes",
                classes.len(),
                categories.len(),
                classes
                    .iter()
                    .find(|class| !categories.contains_key(*class))
                    .cloned(),
            ),
        ] {
            let Some(first) = first else { continue };
            if found == 0 {
                return Err(wrong(format!(
                    "none of the {what} has a name that is in this file, such as {first}"
                )));
            }
            notes.push(format!(
                "{}: {} of {all} {what} are not in this file, such as {first}; {} leaves them out",
                annotations.display(),
                all - found,
                file.display()
            ));
        }
        let coco = Self {
            file: file.to_path_buf(),
            images,
            categories,
            counted: false,
            entries: Vec::new(),
        };
        Ok((coco, notes))
    }

    /// Adds the detections of one picture.
    pub fn add(&mut self, predicted: &Predicted<'_>) -> Result<(), CommandError> {
        let Some(image_id) = self.images[predicted.index] else {
            return Ok(());
        };
        for found in &predicted.answer.detections {
            let Some(&category_id) = self.categories.get(&found.class) else {
                continue;
            };
            let [x1, y1, x2, y2] = found.bounds;
            let entry = Entry {
                image_id,
                category_id,
                bbox: [x1, y1, x2 - x1, y2 - y1],
                score: found.score,
                file_name: self.counted.then_some(predicted.answer.image.as_str()),
                category_name: self.counted.then_some(found.class.as_str()),
            };
            let entry = serde_json::to_string(&entry).map_err(std::io::Error::from)?;
            self.entries.push(entry);
        }
        Ok(())
    }

    /// Writes the file.
    pub fn finish(&self) -> Result<(), CommandError> {
        let text = format!("[\n{}\n]\n", self.entries.join(",\n"));
        Ok(write_output(&self.file, text)?)
    }
}

/// The id of each class's category; of names that differ only in case, that of the same case.
fn category_ids(categories: &[CocoCategory], classes: &[String]) -> HashMap<String, i64> {
    let id = |class: &String| {
        let fitting = |equal: &dyn Fn(&str) -> bool| {
            let mut all = categories.iter();
            all.find(|category| equal(&category.name()))
        };
        let exact = fitting(&|name| name == class);
        let category = exact.or_else(|| fitting(&|name| fold(name) == fold(class)))?;
        Some((class.clone(), category.id))
    };
    classes.iter().filter_map(id).collect()
}

/// Images by the last component of their file's name, as [`fold`]ed, with all components.
struct ImageNames(HashMap<String, Vec<(Vec<String>, i64)>>);

impl ImageNames {
    fn of(images: &[CocoImage]) -> Self {
        let mut names: HashMap<String, Vec<_>> = HashMap::new();
        for image in images {
            let parts = parts(image.file_name.as_deref().unwrap_or_default());
            if let Some(last) = parts.last() {
                let same = names.entry(fold(last)).or_default();
                same.push((parts, image.id));
            }
        }
        Self(names)
    }

    /// The image whose `file_name` agrees with the path in the most components from the end, if one does best.
    fn find(&self, path: &Path) -> Option<i64> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let path = parts(&path.to_string_lossy());
        let candidates = self.0.get(&fold(path.last()?))?;
        let agree = |parts: &[String], same: fn(&str, &str) -> bool| {
            let pairs = parts.iter().rev().zip(path.iter().rev());
            pairs.take_while(|(a, b)| same(a, b)).count()
        };
        let fit = |parts: &[String]| {
            let folded = agree(parts, |a, b| fold(a) == fold(b));
            (folded, agree(parts, |a, b| a == b))
        };
        let best = candidates.iter().map(|(parts, _)| fit(parts)).max()?;
        let mut equals = candidates.iter().filter(|(parts, _)| fit(parts) == best);
        match (equals.next(), equals.next()) {
            (Some((_, id)), None) => Some(*id),
            _ => None,
        }
    }
}

/// The components of a path as any system writes it.
fn parts(name: &str) -> Vec<String> {
    let parts = name.split(['/', '\\']);
    let parts = parts.filter(|part| !matches!(*part, "" | "."));
    parts.map(str::to_string).collect()
}

#[cfg(test)]
mod tests;
