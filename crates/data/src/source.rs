//! Where images come from, and which of them are held out.

pub(crate) mod array;
pub mod coco;
pub mod csv;
mod drafts;
pub mod folders;
pub mod idx;
mod labelled;
mod lookalikes;
mod names;
pub mod npz;
pub mod parquet;
pub mod paths;
#[cfg(test)]
pub(crate) mod support;
pub mod voc;
pub mod yolo;

use std::borrow::Cow;
use std::path::Path;

use recipe::{Fit, Format, MNIST, SCENES};

use crate::dataset::{Dataset, Samples, Split, hold_out};
use crate::error::DataError;
use crate::listing::Listing;
use crate::prepare::{self, Progress};
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
        SCENES => scenes::load(data, seed),
        MNIST if mnist::is_ready(&data.image) => mnist::built_in(&data.image),
        MNIST => {
            let mut data = data.clone();
            data.image.fit = data.image.fit.or(Some(Fit::Digit));
            prepare::prepare(mnist::listing()?, &data, progress)
        }
        path => {
            let listing = list(Path::new(path), data)?;
            if listing.train.is_empty() && listing.problems.is_empty() {
                return Err(DataError::file(
                    Path::new(path),
                    "there are no training pictures in it; data.source is the folder that holds those too",
                ));
            }
            prepare::prepare(listing, data, progress)
        }
    }
}

/// Data to judge a trained network on, with the network's classes in its order; without any, with its own. A source without a test or validation
/// split is judged as a whole. `data.image` must be a recorded preparation, with nothing left to compute.
///
/// # Errors
/// As for [`load`], and a source with classes that the network doesn't know.
pub fn load_to_judge(
    data: &recipe::Data,
    classes: &[String],
    progress: Progress<'_>,
) -> Result<Split, DataError> {
    let source = data.source.as_str();
    if [SCENES, MNIST].contains(&source) {
        return load_with(data, 0, progress);
    }
    let mut listing = list(Path::new(source), data)?;
    if listing.test.is_none() && listing.validation.is_none() {
        listing.test = Some(std::mem::take(&mut listing.train));
    }
    if classes.is_empty() {
        return prepare::prepare(listing, data, progress);
    }
    listing.number_as(classes).map_err(|unknown| {
        DataError::file(
            Path::new(source),
            format!(
                "the network was not trained on {}: it knows {}",
                quoted(&unknown),
                quoted(classes)
            ),
        )
    })?;
    prepare::prepare(listing, data, progress)
}

/// The first few of some names, in quotation marks.
fn quoted(names: &[String]) -> String {
    const MOST: usize = 10;
    let first = names.iter().take(MOST).map(|name| format!("{name:?}"));
    let first = first.collect::<Vec<String>>().join(", ");
    match names.len().saturating_sub(MOST) {
        0 => first,
        more => format!("{first} and {more} more"),
    }
}

/// Which pictures a folder or file holds and what they show; none is decoded.
///
/// # Errors
/// A path that does not exist, or holds nothing that is known.
pub fn list(path: &Path, data: &recipe::Data) -> Result<Listing, DataError> {
    let (_, _, read) = reader(path, data.format)?;
    let mut listing = read(path, data)?;
    listing.notes.extend(lookalikes::note(&listing.classes));
    Ok(listing)
}

/// What a folder or file holds.
///
/// # Errors
/// As for [`list`].
pub fn format(path: &Path) -> Result<Format, DataError> {
    reader(path, Format::Auto).map(|(format, ..)| format)
}

fn reader(path: &Path, format: Format) -> Result<Reader, DataError> {
    // The beginning of several files' names is not a path.
    if !path.exists() && !idx::recognises(path) {
        return Err(DataError::Source {
            path: path.to_path_buf(),
            what: "there is no such folder or file".to_string(),
        });
    }
    let fits = |(name, recognises, _): &Reader| match format {
        Format::Auto => recognises(path),
        format => *name == format,
    };
    READERS
        .into_iter()
        .find(fits)
        .ok_or_else(|| DataError::Unknown {
            path: path.to_path_buf(),
            found: found(path),
        })
}

/// A few names from a folder, for the message.
fn found(path: &Path) -> String {
    let Ok(entries) = path.read_dir() else {
        return "it is a file of another kind".to_string();
    };
    let mut names: Vec<String> = entries
        .flatten()
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .filter(|name| !name.starts_with('.'))
        .collect();
    names.sort();
    match names.len() {
        0 => "it is empty".to_string(),
        1..=5 => format!("it holds {}", names.join(", ")),
        more => format!("it holds {}, ... ({more} in all)", names[..5].join(", ")),
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
