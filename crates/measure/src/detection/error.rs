//! What can be wrong with COCO files and boxes, in words that name the file, the entry and the field.

use std::fmt;
use std::path::{Path, PathBuf};

/// Why an evaluation could not be done.
#[derive(Debug, thiserror::Error)]
pub enum CocoError {
    /// The file could not be read.
    #[error("{}: {source}", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no JSON, or not of the form expected.
    #[error("{}:{line}:{column}: expected {expected}, found {found}", path.display())]
    Form {
        /// The file.
        path: PathBuf,
        /// Line, from 1.
        line: usize,
        /// Column in bytes, from 1.
        column: usize,
        /// What should stand there.
        expected: String,
        /// What stands there.
        found: String,
    },
    /// An entry of a list is wrong.
    #[error("{place}: expected {expected}, found {found}")]
    Entry {
        /// Where.
        place: Box<Place>,
        /// What should stand there.
        expected: String,
        /// What stands there.
        found: String,
    },
}

/// Where in the input an entry is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, where there is one.
    pub file: Option<PathBuf>,
    /// Which list: `images`, `categories`, `annotations` or `detections`.
    pub list: List,
    /// The entry's place in the list, from 0.
    pub index: usize,
    /// The field; empty for the entry as a whole.
    pub field: &'static str,
}

/// A list of a COCO file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum List {
    /// The images of a ground-truth file.
    Images,
    /// Its classes.
    Categories,
    /// Its objects.
    Annotations,
    /// The entries of a results file.
    Detections,
}

impl fmt::Display for List {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str(match self {
            List::Images => "images",
            List::Categories => "categories",
            List::Annotations => "annotations",
            List::Detections => "detections",
        })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        if let Some(file) = &self.file {
            write!(f, "{}: ", file.display())?;
        }
        write!(f, "{}[{}]", self.list, self.index)?;
        if self.field.is_empty() {
            Ok(())
        } else {
            write!(f, ".{}", self.field)
        }
    }
}

impl CocoError {
    pub(super) fn entry(
        list: List,
        index: usize,
        field: &'static str,
        expected: &str,
        found: impl fmt::Display,
    ) -> Self {
        CocoError::Entry {
            place: Box::new(Place {
                file: None,
                list,
                index,
                field,
            }),
            expected: expected.to_owned(),
            found: found.to_string(),
        }
    }

    /// Adds the file to an error about an entry.
    pub(super) fn in_files(mut self, ground_truth: &Path, detections: &Path) -> Self {
        if let CocoError::Entry { place, .. } = &mut self {
            let file = if place.list == List::Detections {
                detections
            } else {
                ground_truth
            };
            place.file.get_or_insert_with(|| file.to_owned());
        }
        self
    }
}
