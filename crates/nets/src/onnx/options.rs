//! What an export is asked for, and why it can fail.

use std::path::{Path, PathBuf};

use measure::files::FileError;
use recipe::{RecipeError, ShapeError};

/// Protobuf's limit for one message.
pub(super) const MOST_BYTES: usize = (1 << 31) - 1;

/// What a file holds beside the network itself.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct OnnxOptions {
    /// A classifier gives probabilities instead of logits; a detector's scores always are probabilities.
    pub softmax: bool,
    /// The input is bytes of pictures, `[N, H, W, C]`, which the graph scales as the run's preparation says.
    pub with_preparation: bool,
    /// A detector is written as two files, without non-maximum suppression and RoIAlign.
    pub parts: bool,
}

/// How much of a network a file holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Part {
    /// All of it.
    Whole,
    /// A detector from the image to its corrected anchors and feature maps.
    Trunk,
    /// A detector from pooled regions to the classes' scores and boxes.
    Head,
}

impl Part {
    /// The file of this part, where the whole would be at `path`: `model.onnx` becomes `model-trunk.onnx`.
    pub(super) fn file(self, path: &Path) -> PathBuf {
        let part = match self {
            Self::Whole => return path.to_path_buf(),
            Self::Trunk => "trunk",
            Self::Head => "head",
        };
        let stem = path.file_stem().unwrap_or_default().to_string_lossy();
        let end = path
            .extension()
            .map_or("onnx".into(), |end| end.to_string_lossy());
        path.with_file_name(format!("{stem}-{part}.{end}"))
    }
}

/// Why a network could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// The file system refused.
    #[error(transparent)]
    File(#[from] FileError),
    /// The recipe has no text form.
    #[error(transparent)]
    Recipe(#[from] RecipeError),
    /// The recipe does not fit its images.
    #[error(transparent)]
    Shape(#[from] ShapeError),
    /// A graph is written for images of one size.
    #[error(
        "the run takes pictures in their own proportions, and an ONNX file images of one size\n  \
         help: train or import it with --set data.image.size=[{}, {}], say, and export that run",
        .0[0], .0[1]
    )]
    Sizes([usize; 2]),
    /// Protobuf holds less than 2 GiB.
    #[error(
        "{}: the model has {bytes} bytes, and an ONNX file holds at most {MOST_BYTES}; \
         use --format safetensors",
        path.display()
    )]
    TooLarge {
        /// The file that was asked for.
        path: PathBuf,
        /// What it would have taken.
        bytes: usize,
    },
    /// What was written does not compute what the run does, so no file was written.
    #[error("{}: {reason}; nothing was written", path.display())]
    Unfaithful {
        /// The file that was asked for.
        path: PathBuf,
        /// What differs.
        reason: String,
    },
}
