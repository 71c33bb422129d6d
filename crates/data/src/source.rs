//! Where images come from, and which of them are held out.

pub mod coco;
pub mod csv;
pub mod folders;
pub mod idx;
mod labelled;
mod names;
pub mod npz;
pub mod parquet;
pub mod paths;
pub mod voc;
pub mod yolo;

use std::borrow::Cow;
use std::path::Path;

use recipe::{Fit, Format, MNIST, SCENES};

use crate::dataset::{Dataset, Samples, Split, hold_out};
use crate::error::DataError;
use crate::{mnist, scenes};

/// A format: its name in a recipe, whether a path looks like it, and its reader.
type Reader = (
    Format,
    fn(&Path) -> bool,
    fn(&Path, &recipe::Data) -> Result<Listing, DataError>,
);

/// In the order in which they are tried: class folders last, because any folder of folders looks like them.
const READERS: [Reader; 8] = [
    (Format::Coco, coco::recognises, coco::read),
    (Format::Yolo, yolo::recognises, yolo::read),
    (Format::Voc, voc::recognises, voc::read),
    (Format::Npz, npz::recognises, npz::read),
    (Format::Parquet, parquet::recognises, parquet::read),
    (Format::Idx, idx::recognises, idx::read),
    (Format::Csv, csv::recognises, csv::read),
    (Format::Folders, folders::recognises, folders::read),
];

/// The data that a recipe's `data.source` names, prepared as `data.image` says. `seed` is the training's, which scenes
/// follow.
///
/// # Errors
/// A source that does not exist or whose files are wrong.
pub fn load(data: &recipe::Data, seed: u64) -> Result<Split, DataError> {
    load_with(data, seed, &|_, _| {})
}

/// The same, with reports of how many pictures are prepared.
///
/// # Errors
/// As for [`load`].
pub fn load_with(
    data: &recipe::Data,
    seed: u64,
    progress: Progress<'_>,
) -> Result<Split, DataError> {
    match data.source.as_str() {
        "mnist" => mnist::built_in(),
        recipe::SCENES => scenes::load(&data.scenes.clone().unwrap_or_default(), seed),
        _ if crate::coco::is_folder(folder) => Ok(crate::coco::read(folder)?),
        _ => mnist::folder(folder),
    }
}

impl Dataset {
    /// The images left for training and, unless `validation` is 0, that many held-out images, chosen by the seed.
    ///
    /// Scenes hold out digits, not scenes: validation scenes are made of digits that no training scene shows.
    ///
    /// # Errors
    /// [`DataError::Validation`] when nothing would be left for training.
    pub fn hold_out(
        &self,
        validation: usize,
        seed: u64,
    ) -> Result<(Cow<'_, Self>, Option<Self>), DataError> {
        if validation == 0 {
            return Ok((Cow::Borrowed(self), None));
        }
        let (train, held) = match &self.samples {
            Samples::Scenes(scenes) => scenes.hold_out(validation, self.preparation)?,
            Samples::Labelled { .. } | Samples::Annotated(_) => {
                let (kept, held) = hold_out(self.count, validation, seed)?;
                (self.subset(&kept), self.subset(&held))
            }
        };
        Ok((Cow::Owned(train), Some(held)))
    }
}
