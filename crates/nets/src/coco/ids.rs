//! Ids that are not what they should be: names of files, and ids that are shifted.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use data::coco::file::{self, CocoImage};
use measure::detection::{CocoError, Detection, GroundTruth, List, shift_that_fits};

use super::CocoEvalError;

/// What the user is told where [`by_file_name`] finds ids.
pub const NAMED_BY_FILE: &str =
    "the image ids of the detections are names of files, as Ultralytics writes them";

/// The ids of the images, if all ids are names of their files without folder and ending.
pub fn by_file_name(images: &[CocoImage], ids: impl Iterator<Item = i64>) -> Option<Vec<i64>> {
    let id = |image: &CocoImage| {
        let stem = Path::new(image.file_name.as_ref()?).file_stem()?;
        Some((file::id_of_text(stem.to_str()?), image.id))
    };
    let named: HashMap<i64, i64> = images.iter().filter_map(id).collect();
    ids.map(|id| named.get(&id).copied()).collect()
}

/// The error with its file and, if there is one, a likely reason.
pub fn entry_error<S>(
    annotations: &Path,
    (detections, found): (&Path, &[Detection<S>]),
    truths: &GroundTruth<S>,
    mut cause: CocoError,
) -> CocoEvalError {
    let hint = likely_reason(&cause, truths, found);
    if cause.found.parse().is_ok_and(file::is_text) {
        cause.found = "an id that is text".to_string();
    }
    let path = match cause.list {
        List::Annotations => annotations,
        List::Detections => detections,
    };
    CocoEvalError::Entry {
        path: PathBuf::from(path),
        cause,
        hint,
    }
}

/// Whether an unknown id in the results is one of many that are shifted.
fn likely_reason<S>(
    cause: &CocoError,
    truths: &GroundTruth<S>,
    found: &[Detection<S>],
) -> &'static str {
    let shift = match (cause.list, cause.field) {
        (List::Detections, "image_id") => {
            shift_that_fits(&truths.images, found.iter().map(|found| found.image))
        }
        (List::Detections, "category_id") => {
            let ids: Vec<i64> = truths
                .categories
                .iter()
                .map(|category| category.id)
                .collect();
            shift_that_fits(&ids, found.iter().map(|found| found.category))
        }
        _ => None,
    };
    match shift {
        None => "",
        Some(1) => "; all these ids plus 1 are known: are they counted from 0?",
        Some(_) => "; all these ids minus 1 are known: are they counted from 1?",
    }
}
