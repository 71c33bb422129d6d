//! Folders of images with COCO annotations: `DIR/train.json` with `DIR/train/*.png`, and the same for `test`.
//!
//! Each JSON file is COCO's: `images` (`id`, `file_name`, `width`, `height`), `annotations` (`id`, `image_id`,
//! `category_id`, `bbox` as `[x, y, width, height]` in pixels, `area`, `iscrowd`) and `categories` (`id`, `name`).
//! An image is looked for as `DIR/train/FILE_NAME`, then as `DIR/FILE_NAME`; colour becomes grey.
//!
//! Files written here avoid two traps of other readers. Annotation ids start at 1, because pycocotools counts a found
//! object with annotation id 0 as missed. Category ids start at 1 (digit 0 is category 1), because training code around
//! torchvision uses category ids as labels, where 0 means background.

mod check;
pub mod file;
mod read;
#[cfg(test)]
mod tests;
mod write;

use std::path::{Path, PathBuf};

pub use check::Problem;
pub use file::CocoFileError;
pub use read::read;
pub use write::{WriteError, empty_folder, write};

/// Annotations of the training and of the test images.
pub const FILES: [&str; 2] = ["train.json", "test.json"];

/// Whether this folder holds annotated images.
pub fn is_folder(folder: &Path) -> bool {
    folder.join(FILES[0]).is_file()
}

/// Why a folder of annotated images could not be read.
#[derive(Debug, thiserror::Error)]
pub enum CocoFolderError {
    /// A file of annotations is missing.
    #[error("{}: there is no such file; a folder of annotated images holds {} and {}", .0.display(), FILES[0], FILES[1])]
    Missing(PathBuf),
    /// A folder, a pipe or a device in place of a file.
    #[error("{} is not a regular file", .0.display())]
    NotRegular(PathBuf),
    /// A file of annotations can't be read.
    #[error(transparent)]
    File(#[from] CocoFileError),
    /// Annotations or images are wrong.
    #[error("{}: {} wrong{}:{}{}", path.display(), counted(problems.len()), hint(*corners), listed(problems), left_out(problems.len()))]
    Annotations {
        /// The file.
        path: PathBuf,
        /// Everything that is wrong.
        problems: Vec<Problem>,
        /// Whether the boxes look like corners.
        corners: bool,
    },
    /// Training and test annotations have different classes.
    #[error("{} and {} must have the same categories, but have {test:?} and {train:?}", FILES[1], FILES[0])]
    Categories {
        /// Of the training images.
        train: Vec<String>,
        /// Of the test images.
        test: Vec<String>,
    },
    /// Training and test images differ in size.
    #[error("the images of {} have {} x {} pixels (width x height), but those of {} have {} x {}; a network takes one size: resize them", FILES[0], train[1], train[0], FILES[1], test[1], test[0])]
    Sizes {
        /// Height and width of the training images.
        train: [usize; 2],
        /// Of the test images.
        test: [usize; 2],
    },
}

/// Problems that a message lists.
const LISTED: usize = 10;

fn counted(problems: usize) -> String {
    match problems {
        1 => "one entry is".to_string(),
        many => format!("{many} entries are"),
    }
}

fn listed(problems: &[Problem]) -> String {
    let lines = problems.iter().take(LISTED);
    lines.map(|problem| format!("\n  {problem}")).collect()
}

fn left_out(problems: usize) -> String {
    match problems.saturating_sub(LISTED) {
        0 => String::new(),
        more => format!("\n  ... and {more} more"),
    }
}

fn hint(corners: bool) -> &'static str {
    if corners {
        " (the boxes look like corners [x1, y1, x2, y2]; COCO's are [x, y, width, height])"
    } else {
        ""
    }
}
