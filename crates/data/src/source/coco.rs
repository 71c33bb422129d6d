//! COCO annotations: finds their files in the layouts that tools write, and the pictures they mean.

mod classes;
mod entries;
mod layout;
#[cfg(test)]
mod tests;

use std::path::{Path, PathBuf};

use self::classes::Classes;
use self::entries::Annotated;
use self::layout::Place;
use super::paths::Finder;
use crate::coco::CocoFileError;
use crate::error::DataError;
use crate::listing::Listing;

/// Whether `path` is a file of COCO annotations, or a folder that holds one; judged by names and the first bytes.
pub fn recognises(path: &Path) -> bool {
    layout::recognises(path)
}

/// Reads which pictures there are and what they show.
///
/// # Errors
/// Files that are missing or not COCO's. Single bad entries become the listing's problems instead.
pub fn read(path: &Path, _settings: &recipe::Data) -> Result<Listing, DataError> {
    let layout = layout::find(path)?;
    let read = |place: &Place| Annotated::read(&layout.root, place);
    let train = read(&layout.train)?;
    let validation = layout.validation.as_ref().map(read).transpose()?;
    let test = layout.test.as_ref().map(read).transpose()?;
    if train.file.images.is_empty() {
        return Err(DataError::File {
            path: train.path,
            what: "the list `images` is empty: there is nothing to train on".to_string(),
        });
    }

    let finder = Finder::new(&layout.root)?;
    let others = || validation.iter().chain(&test);
    let mut listing = Listing::default();
    let classes = Classes::of(&train, others(), &mut listing);
    let own = classes.own();
    listing.train = entries::list(&train, &own, &finder, &mut listing);
    let mut part = |annotated: &Option<Annotated>| {
        let annotated = annotated.as_ref()?;
        let numbers = classes.matched(annotated, &mut listing);
        Some(entries::list(annotated, &numbers, &finder, &mut listing))
    };
    let (validation, test) = (part(&validation), part(&test));
    listing.validation = validation;
    listing.test = test;
    listing.classes = classes.list;
    Ok(listing)
}

impl From<CocoFileError> for DataError {
    fn from(error: CocoFileError) -> Self {
        let (path, what): (PathBuf, String) = match error {
            CocoFileError::Unreadable { path, cause } => (path, cause.to_string()),
            CocoFileError::Form { path, entry, cause } => (path, format!("{entry}{cause}")),
        };
        Self::File { path, what }
    }
}
