//! Detections in YOLO's layout: a text file for each picture.
//!
//! A line is `class cx cy width height score`: the number of the class from 0, the box by its centre and size as shares of
//! the picture, and the score, as other tools write predictions.

use std::collections::HashMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};

use data::source::paths::fold;
use measure::files::write_atomically;
use nets::predict::FoundObject;

use super::predicted::Predicted;
use crate::error::CommandError;
use crate::names::{OutputNames, safe_name};

/// The file with the classes' names, one a line.
const CLASSES: &str = "classes";
/// Numbers in a line of ours; annotations have no score.
const FIELDS: usize = 6;

/// The folder of label files.
#[derive(Debug)]
pub struct Yolo {
    folder: PathBuf,
    /// The names of the classes, a line each.
    classes: String,
    /// Name of each picture's file, without its ending.
    names: Vec<String>,
}

impl Yolo {
    /// Label files for the pictures `paths`. Training expects them to be named after their pictures, so they are, unless two
    /// pictures would share a file.
    pub fn new(folder: &Path, paths: &[&Path], classes: &[String]) -> Result<Self, CommandError> {
        let stems = paths.iter().map(|path| {
            let stem = path.file_stem().unwrap_or_default();
            safe_name(&stem.to_string_lossy())
        });
        let stems: Vec<String> = stems.collect();
        let mut counts: HashMap<String, usize> = HashMap::from([(CLASSES.to_string(), 1)]);
        for stem in &stems {
            *counts.entry(fold(stem)).or_default() += 1;
        }
        let alone = |stem: &String| counts.get(&fold(stem)) == Some(&1);
        let mut marked = OutputNames::default();
        for stem in stems.iter().filter(|stem| alone(stem)) {
            marked.reserve(stem);
        }
        let names = stems.iter().zip(paths).map(|(stem, path)| {
            if alone(stem) {
                stem.clone()
            } else {
                marked.name(path)
            }
        });
        let yolo = Self {
            names: names.collect(),
            // A name of several lines would shift those behind it.
            classes: classes.iter().map(|class| one_line(class) + "\n").collect(),
            folder: folder.to_path_buf(),
        };
        let known = std::fs::read(yolo.class_file());
        if known.is_ok_and(|known| known != yolo.classes.as_bytes()) {
            return Err(CommandError::Usage(format!(
                "{}: the classes in it are not those of the model; choose another folder for --yolo",
                yolo.class_file().display()
            )));
        }
        Ok(yolo)
    }

    /// Writes the file of one picture. It is empty if nothing was found.
    pub fn write(&self, predicted: &Predicted<'_>, classes: &[String]) -> Result<(), CommandError> {
        let size = [predicted.image.width(), predicted.image.height()].map(|side| side as f32);
        let mut text = String::new();
        for found in &predicted.answer.detections {
            text += &line(found, size, classes);
        }
        let path = self
            .folder
            .join(&self.names[predicted.index])
            .with_added_extension("txt");
        if is_annotated(&path) {
            return Err(CommandError::Usage(format!(
                "{}: this file was not written by --yolo (its lines have no score); choose another folder, \
                 so that no annotations are lost",
                path.display()
            )));
        }
        Ok(write_atomically(path, text)?)
    }

    /// Writes the names of the classes.
    pub fn finish(&self) -> Result<(), CommandError> {
        Ok(write_atomically(self.class_file(), &self.classes)?)
    }

    fn class_file(&self) -> PathBuf {
        self.folder.join(CLASSES).with_extension("txt")
    }
}

fn one_line(class: &str) -> String {
    class.replace(char::is_control, " ")
}

fn line(found: &FoundObject, [width, height]: [f32; 2], classes: &[String]) -> String {
    let [x1, y1, x2, y2] = found.bounds;
    let class = classes.iter().position(|class| *class == found.class);
    let mut line = class.unwrap_or_default().to_string();
    for number in [
        (x1 + x2) / 2.0 / width,
        (y1 + y2) / 2.0 / height,
        (x2 - x1) / width,
        (y2 - y1) / height,
        found.score,
    ] {
        // Writing to a string can't fail.
        let _ = write!(line, " {number:.6}");
    }
    line + "\n"
}

/// Whether a file holds labels that no prediction wrote.
fn is_annotated(path: &Path) -> bool {
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    let mut lines = text.lines().map(|line| line.split_whitespace().count());
    lines.any(|fields| fields != 0 && fields != FIELDS)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(paths: &[&str]) -> Vec<String> {
        let paths: Vec<&Path> = paths.iter().map(Path::new).collect();
        Yolo::new(Path::new("nowhere"), &paths, &[]).unwrap().names
    }

    #[test]
    fn files_are_named_after_their_pictures_unless_two_would_share_one() {
        assert_eq!(names(&["a/1.png", "b/2.jpg"]), ["1", "2"]);
        for paths in [
            ["a/1.png", "b/1.png"],
            ["1.png", "1.jpg"],
            ["Cat.png", "cat.png"],
            // One with a composed letter, one with an accent of its own.
            ["\u{e9}.png", "e\u{301}.png"],
        ] {
            let names = names(&paths);
            assert_ne!(fold(&names[0]), fold(&names[1]), "{paths:?}");
            assert!(names[0].contains('-'), "{names:?}");
        }
        let reserved = names(&["classes.png", "con.png"]);
        assert!(reserved[0].starts_with("classes-"), "{reserved:?}");
        assert_eq!(reserved[1], "_con");
        // A picture that is called as another's file would be.
        let first = &names(&["a/1.png", "b/1.png"])[0];
        let tricky = format!("{first}.png");
        let all = names(&["a/1.png", "b/1.png", &tricky]);
        assert_eq!(&all[2], first);
        assert!(all[0].starts_with(first) && all[0] != *first, "{all:?}");
    }

    #[test]
    fn boxes_are_shares_of_the_picture() {
        let found = FoundObject {
            bounds: [10.0, 20.0, 30.0, 60.0],
            class: "dog".to_string(),
            score: 0.75,
        };
        let classes = ["cat", "dog"].map(String::from);
        assert_eq!(
            line(&found, [40.0, 80.0], &classes),
            "1 0.500000 0.500000 0.500000 0.500000 0.750000\n"
        );
    }

    #[test]
    fn annotations_are_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("1.txt");
        assert!(!is_annotated(&path));
        for (text, expected) in [
            ("", false),
            ("\n0 0.5 0.5 0.1 0.1 0.9\n", false),
            ("0 0.5 0.5 0.1 0.1\n", true),
            ("0 0.1 0.1 0.2 0.1 0.2 0.2\n", true),
        ] {
            std::fs::write(&path, text).unwrap();
            assert_eq!(is_annotated(&path), expected, "{text:?}");
        }
        let other = folder.path().join("classes.txt");
        std::fs::write(&other, "cat\n").unwrap();
        assert!(Yolo::new(folder.path(), &[], &["cat".to_string()]).is_ok());
        let error = Yolo::new(folder.path(), &[], &["dog".to_string()]).unwrap_err();
        assert!(error.to_string().contains("classes.txt"), "{error}");
    }
}
