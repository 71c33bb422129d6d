//! COCO's files as the values that an evaluation takes.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use data::coco::CocoFileError;
use data::coco::file::{self, CocoFile};
use data::memory::{self, NotEnoughMemory};
use measure::detection::{
    Category, CocoError, CocoReport, Curve, Detection, GroundTruth, List, Options, THRESHOLDS,
    Truth, evaluate,
};

/// Why files could not be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum CocoEvalError {
    /// A file can't be read.
    #[error(transparent)]
    File(#[from] CocoFileError),
    /// An entry makes no sense.
    #[error("{}: {cause}", path.display())]
    Entry {
        /// The file it is in.
        path: PathBuf,
        /// What is wrong.
        cause: CocoError,
    },
    /// The precision-recall curves of all classes do not fit into memory.
    #[error("the curves of {classes} classes: {cause}; evaluate fewer classes at a time")]
    Memory {
        /// Classes with annotations.
        classes: usize,
        /// How much is missing.
        cause: NotEnoughMemory,
    },
}

/// Evaluates the detections of a results file against a file of annotations.
///
/// # Errors
/// [`CocoEvalError`] with the file and the entry at fault.
pub fn evaluate_files(
    annotations: &Path,
    detections: &Path,
    options: &Options,
) -> Result<CocoReport, CocoEvalError> {
    let (truths, found) = rayon::join(
        || read_ground_truth(annotations),
        || read_detections(detections),
    );
    let (truths, found) = (truths?, found?);
    let annotated: HashSet<i64> = truths.truths.iter().map(|truth| truth.category).collect();
    check_memory(annotated.len())?;
    evaluate(&truths, &found, options).map_err(|mut cause| {
        if cause.found.parse().is_ok_and(file::is_text) {
            cause.found = "an id that is text".to_string();
        }
        let path = match cause.list {
            List::Annotations => annotations,
            List::Detections => detections,
        };
        CocoEvalError::Entry {
            path: path.to_path_buf(),
            cause,
        }
    })
}

/// Every class with annotations has a precision-recall curve at each IoU threshold.
fn check_memory(classes: usize) -> Result<(), CocoEvalError> {
    let bytes = (classes * THRESHOLDS * size_of::<Curve>()) as u64;
    memory::check(bytes).map_err(|cause| CocoEvalError::Memory { classes, cause })
}

/// Reads a file of annotations. Without an area an object has that of its box.
///
/// # Errors
/// [`CocoFileError`] with the entry at fault.
pub fn read_ground_truth(path: &Path) -> Result<GroundTruth, CocoFileError> {
    let CocoFile {
        images,
        categories,
        annotations,
    } = file::read_annotations(path)?;
    Ok(GroundTruth {
        images: images.iter().map(|image| image.id).collect(),
        categories: categories
            .iter()
            .map(|category| Category {
                id: category.id,
                name: category.name(),
            })
            .collect(),
        truths: annotations
            .iter()
            .map(|annotation| {
                let [.., width, height] = annotation.bbox;
                Truth {
                    image: annotation.image_id,
                    category: annotation.category_id,
                    // It only matters whether an id is 0, which a missing one is not.
                    id: annotation.id.unwrap_or(1),
                    bounds: annotation.bbox.into(),
                    area: annotation.area.unwrap_or(width * height),
                    crowd: annotation.iscrowd,
                }
            })
            .collect(),
    })
}

/// Reads a results file.
///
/// # Errors
/// [`CocoFileError`] with the entry at fault.
pub fn read_detections(path: &Path) -> Result<Vec<Detection>, CocoFileError> {
    let detections = file::read_detections(path)?;
    Ok(detections
        .into_iter()
        .map(|found| Detection {
            image: found.image_id,
            category: found.category_id,
            bounds: found.bbox.into(),
            score: found.score,
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn more_classes_than_memory_holds_are_refused() {
        let error = check_memory(1 << 40).unwrap_err().to_string();
        assert!(error.contains("1099511627776 classes"), "{error}");
        assert!(check_memory(1203).is_ok());
    }
}
