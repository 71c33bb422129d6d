//! Images and their labels: built in, or read from a folder.

pub mod idx;
pub mod image;
pub mod mnist;
#[cfg(test)]
mod tests;
pub mod truth;

use crate::random::{Purpose, permutation};
use std::path::PathBuf;

/// Labelled images of one size.
///
/// N images, C channels, H rows, W columns.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dataset {
    /// `[N, C, H, W]`, 0 to 255.
    pub images: Vec<u8>,
    /// N.
    pub count: usize,
    /// C.
    pub channels: usize,
    /// H.
    pub height: usize,
    /// W.
    pub width: usize,
    /// `[N]`, each an index into `classes`.
    pub labels: Vec<u32>,
    /// What each label means.
    pub classes: Vec<String>,
}

impl Dataset {
    /// Bytes of one image: C * H * W.
    pub fn image_len(&self) -> usize {
        self.channels * self.height * self.width
    }

    /// `[C, H, W]`.
    pub fn image_shape(&self) -> [usize; 3] {
        [self.channels, self.height, self.width]
    }

    /// The pixels of image `index`, `[C, H, W]`.
    ///
    /// # Panics
    /// If there is no such image, as slices do.
    pub fn image(&self, index: usize) -> &[u8] {
        let length = self.image_len();
        &self.images[index * length..(index + 1) * length]
    }

    /// The images at `indices`, in that order.
    ///
    /// # Panics
    /// If one of them does not exist, as slices do.
    pub fn subset(&self, indices: &[usize]) -> Self {
        let mut images = Vec::with_capacity(indices.len() * self.image_len());
        for &index in indices {
            images.extend_from_slice(self.image(index));
        }
        Self {
            images,
            count: indices.len(),
            labels: indices.iter().map(|&index| self.labels[index]).collect(),
            classes: self.classes.clone(),
            ..*self
        }
    }
}

/// What is learned from and what the result is judged by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Split {
    /// For training, and for validation by [`hold_out`].
    pub train: Dataset,
    /// Touched once, at the end.
    pub test: Dataset,
}

/// Why data could not be had.
#[derive(Debug, thiserror::Error)]
pub enum DataError {
    /// A file is not what it should be.
    #[error(transparent)]
    Idx(#[from] idx::IdxError),
    /// A folder lacks a file.
    #[error(
        "{}: there is no {name} nor {name}.gz. A folder of IDX files holds {}, each gzipped or not",
        .folder.display(), mnist::FILES.join(", ")
    )]
    Missing {
        /// The folder.
        folder: PathBuf,
        /// The file's name.
        name: &'static str,
    },
    /// Neither `mnist` nor a folder.
    #[error("{}: {what}. data.source is `mnist` or the path of a folder", .path.display())]
    Source {
        /// As given.
        path: PathBuf,
        /// What is wrong with it.
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
        found: u8,
        /// The largest that may be.
        most: u8,
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
    /// More held out than there is.
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

/// The data that a recipe's `data.source` names.
///
/// # Errors
/// A source that does not exist or whose files are wrong.
pub fn load(source: &str) -> Result<Split, DataError> {
    if source == "mnist" {
        mnist::built_in()
    } else {
        mnist::folder(std::path::Path::new(source))
    }
}

/// Indices of the training images that stay (first) and of `validation` that are held out
/// (second), both ascending. The choice depends on the seed alone.
///
/// # Errors
/// When nothing would stay.
pub fn hold_out(
    count: usize,
    validation: usize,
    seed: u64,
) -> Result<(Vec<usize>, Vec<usize>), DataError> {
    if validation >= count {
        return Err(DataError::Validation {
            asked: validation,
            count,
        });
    }
    let mut held = permutation(seed, Purpose::Validation, 0, count);
    let mut kept = held.split_off(validation);
    kept.sort_unstable();
    held.sort_unstable();
    Ok((kept, held))
}
