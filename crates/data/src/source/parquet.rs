//! Parquet, as the Hugging Face Hub keeps pictures: a column of image files with one of labels or of objects.

mod columns;
mod features;
mod files;
mod pages;
mod quiet;
mod roles;
mod rows;
mod schema;
#[cfg(test)]
mod tests;
mod thrift;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use crate::error::DataError;
use crate::listing::Listing;
use files::Chosen;

/// What a file begins and ends with.
const MAGIC: &[u8] = b"PAR1";

/// Whether `path` is a Parquet file, or a folder with such files, judged by endings and first bytes.
pub fn recognises(path: &Path) -> bool {
    let is_parquet = |file: &Chosen| {
        let mut head = Vec::new();
        let read = |file: File| file.take(MAGIC.len() as u64).read_to_end(&mut head).is_ok();
        File::open(&file.path).is_ok_and(read) && head == MAGIC
    };
    files::all(path).iter().any(is_parquet)
}

/// Reads which pictures there are and what they show.
///
/// # Errors
/// A file that is missing or not what it should be. Single bad rows become the listing's problems instead.
pub fn read(path: &Path, _settings: &recipe::Data) -> Result<Listing, DataError> {
    let mut notes = Vec::new();
    let files = files::choose(path, &mut notes)?;
    rows::read(path, &files, notes)
}
