//! Why data could not be loaded, with the file at fault and what to do.

use std::path::{Path, PathBuf};

use crate::memory::NotEnoughMemory;
use crate::{coco, mnist};

/// Why data could not be loaded.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A folder lacks a file.
    #[error(
        "{}: there is neither {name} nor {name}.gz. A folder of IDX files holds {}, each gzipped or not; \
         a folder of annotated images holds {} and {}",
        .folder.display(), mnist::FILES.join(", "), coco::FILES[0], coco::FILES[1]
    )]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// The file's name.
        name: &'static str,
    },
    /// Neither `mnist`, `scenes` nor a folder.
    #[error("{}: {what}. data.source is `mnist`, `scenes` or the path of a folder", .path.display())]
    Source {
        /// As given.
        path: PathBuf,
        /// What is wrong with it.
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
    /// Images and labels differ in number.
    #[error("{} holds {images} images, but {} holds {labels} labels", .images_path.display(), .labels_path.display())]
    Counts {
        /// The file of images.
        images_path: PathBuf,
        /// How many.
        images: usize,
        /// The file of labels.
        labels_path: PathBuf,
        /// How many.
        labels: usize,
    },
    /// A label that names no class.
    #[error("{}: label {index} is {found}; expected 0 to {most}", .path.display())]
    Label {
        /// The file of labels.
        path: PathBuf,
        /// Which label, from 0.
        index: usize,
        /// What it is.
        found: i64,
        /// The largest that may be.
        most: i64,
    },
    /// Training and test images differ in size.
    #[error("{} holds images of {train:?} (rows, columns), {} of {test:?}", .train_path.display(), .test_path.display())]
    Sizes {
        /// The file of training images.
        train_path: PathBuf,
        /// Rows and columns.
        train: (usize, usize),
        /// The file of test images.
        test_path: PathBuf,
        /// Rows and columns.
        test: (usize, usize),
    },
    /// Annotated images with something wrong.
    #[error(transparent)]
    Coco(#[from] coco::CocoFolderError),
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
