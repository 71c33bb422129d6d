//! Why data could not be loaded, with the file at fault and what to do.

use std::path::{Path, PathBuf};

use crate::listing::{Fault, Problem};
use crate::memory::NotEnoughMemory;

/// Why data could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// Neither `mnist`, `scenes` nor a folder.
    #[error("{}: {what}. data.source is `mnist`, `scenes` or the path of a folder", .path.display())]
    Source {
        /// As given.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// Entries of a source that are wrong.
    #[error(
        "{source_name}: {} wrong:{}\nTo train without them, set data.on-error = \"skip\": it leaves out what is wrong and cuts boxes at the edge",
        counted(problems),
        listed(problems)
    )]
    Entries {
        /// The source.
        source_name: String,
        /// All of them.
        problems: Vec<Problem>,
    },
    /// A folder or file of no known kind.
    #[error(
        "{}: no known kind of data set ({found}). Known are: class folders (train/cat/1.png, or cat/1.png), COCO \
         (train.json, _annotations.coco.json, annotations/*.json), YOLO (data.yaml, or images/ and labels/), Pascal VOC (*.xml), CSV, \
         Parquet, .npz and IDX (train-images-idx3-ubyte); name one with data.format",
        .path.display()
    )]
    Unknown {
        /// The folder or file.
        path: PathBuf,
        /// What is there.
        found: String,
    },
    /// Settings that composed scenes can't follow.
    #[error("{key}: scenes are composed {what}; leave it out")]
    SceneImage {
        /// The key.
        key: &'static str,
        /// How scenes are composed.
        what: String,
    },
    /// A file or folder that can't be read as what it should be.
    #[error("{}: {what}", .path.display())]
    File {
        /// The file or folder.
        path: PathBuf,
        /// What is wrong with it, and what to do.
        what: String,
    },
    /// More scenes than fit into memory.
    #[error("{key} = {images} {cause}; use fewer or smaller scenes")]
    Scenes {
        /// The recipe's key.
        key: &'static str,
        /// Its value.
        images: usize,
        /// How much memory they need.
        cause: NotEnoughMemory,
    },
    /// More images held out than there are.
    #[error(
        "data.validation is {asked}, but there are only {count} training images: hold out fewer than that"
    )]
    Validation {
        /// Images to hold out.
        asked: usize,
        /// Images there are.
        count: usize,
    },
}

impl DataError {
    /// What is wrong with a file or folder, and what to do.
    pub(crate) fn file(path: &Path, what: impl Into<String>) -> Self {
        Self::File {
            path: path.to_path_buf(),
            what: what.into(),
        }
    }
}

/// Most problems of each kind that a message lists.
const LISTED: usize = 5;

fn counted(problems: &[Problem]) -> String {
    match problems.len() {
        1 => "one entry is".to_string(),
        many => format!("{many} entries are"),
    }
}

/// The problems by kind, the first few of each.
pub(crate) fn listed(problems: &[Problem]) -> String {
    let mut kinds: Vec<Fault> = problems.iter().map(|problem| problem.fault).collect();
    kinds.sort_unstable();
    kinds.dedup();
    let mut text = String::new();
    for kind in kinds {
        let of_kind = || problems.iter().filter(|problem| problem.fault == kind);
        text += &format!("\n  {kind}: {}", of_kind().count());
        for problem in of_kind().take(LISTED) {
            text += &format!("\n    {problem}");
        }
        if let Some(more) = of_kind()
            .count()
            .checked_sub(LISTED)
            .filter(|more| *more > 0)
        {
            text += &format!("\n    ... and {more} more");
        }
    }
    text
}
