//! Folders of images with COCO annotations: `DIR/train.json` with `DIR/train/*.png`, and the same for `test`.
//!
//! Each JSON file is COCO's: `images` (`id`, `file_name`, `width`, `height`), `annotations` (`id`, `image_id`,
//! `category_id`, `bbox` as `[x, y, width, height]` in pixels, `area`, `iscrowd`) and `categories` (`id`, `name`).
//! [`crate::source::coco`] reads such folders and the ones that other tools write.
//!
//! Files written here avoid two traps of other readers. Annotation ids start at 1, because pycocotools counts a found
//! object with annotation id 0 as missed. Category ids start at 1 (digit 0 is category 1), because training code around
//! torchvision uses category ids as labels, where 0 means background.

pub mod file;
#[cfg(test)]
mod tests;
mod write;

pub use file::CocoFileError;
pub use write::{WriteError, empty_folder, write};

/// Annotations of the training and of the test images.
pub const FILES: [&str; 2] = ["train.json", "test.json"];
