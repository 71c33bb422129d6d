//! COCO's files as the values that an evaluation takes, and their evaluation.

mod boxes;
mod comparison;
mod ids;
mod masks;

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use data::coco::CocoFileError;
use data::coco::file::{self, CocoAnnotation, CocoBox, CocoDetection, CocoFile};
use data::memory::{self, NotEnoughMemory};
use measure::detection::{
    Category, CocoError, CocoReport, Curve, Detection, GroundTruth, Options, THRESHOLDS, Truth,
};
use serde::Serialize;

pub use comparison::Comparison;

/// Why files could not be evaluated.
#[derive(Debug, thiserror::Error)]
pub enum CocoEvalError {
    /// A file can't be read.
    #[error(transparent)]
    File(#[from] CocoFileError),
    /// An entry makes no sense.
    #[error("{}: {cause}{hint}", path.display())]
    Entry {
        /// The file it is in.
        path: PathBuf,
        /// What is wrong.
        cause: CocoError,
        /// A likely reason, or nothing.
        hint: &'static str,
    },
    /// The precision-recall curves of all classes do not fit into memory.
    #[error("the curves of {classes} classes: {cause}; evaluate fewer classes at a time")]
    Memory {
        /// Classes with annotations.
        classes: usize,
        /// How much is missing.
        cause: NotEnoughMemory,
    },
    /// The masks that polygons describe do not fit into memory.
    #[error("{}: the masks of the polygons: {cause}", path.display())]
    MaskMemory {
        /// The file they are in.
        path: PathBuf,
        /// How much is missing.
        cause: NotEnoughMemory,
    },
    /// There is no average precision whose difference could be told.
    #[error("{}: nothing to compare: no annotation counts", .0.display())]
    NothingToCompare(PathBuf),
}

/// Whether boxes or masks are compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum IouType {
    /// Boxes; of entries that have a mask only, the box around it.
    #[default]
    Boxes,
    /// Masks.
    Masks,
}

/// Files to evaluate.
#[derive(Clone, Debug)]
pub struct Request {
    /// The annotations.
    pub ground_truth: PathBuf,
    /// The results.
    pub detections: PathBuf,
    /// What of them is compared.
    pub iou: IouType,
    /// How.
    pub options: Options,
    /// Another results file to compare with.
    pub other: Option<Other>,
}

/// Results of another model on the same images.
#[derive(Clone, Debug)]
pub struct Other {
    /// Its results.
    pub detections: PathBuf,
    /// How often the images are drawn for the interval of the difference.
    pub resamples: usize,
}

/// The result of an evaluation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Evaluation {
    /// The figures of the detections.
    #[serde(flatten)]
    pub report: CocoReport,
    /// How they compare with those of another model, where that was asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub comparison: Option<Comparison>,
    /// What the user should know about the files, a sentence each.
    #[serde(skip)]
    pub warnings: Vec<String>,
}

/// Evaluates the detections of a results file against a file of annotations.
///
/// # Errors
/// [`CocoEvalError`] with the file and the entry at fault.
pub fn evaluate_files(request: &Request) -> Result<Evaluation, CocoEvalError> {
    match request.iou {
        IouType::Boxes => boxes::evaluate_boxes(request),
        IouType::Masks => masks::evaluate_masks(request),
    }
}

/// Every class with annotations has a precision-recall curve at each IoU threshold.
fn check_curves<S>(truths: &[Truth<S>]) -> Result<(), CocoEvalError> {
    let annotated: HashSet<i64> = truths.iter().map(|truth| truth.category).collect();
    check_memory(annotated.len())
}

fn check_memory(classes: usize) -> Result<(), CocoEvalError> {
    let bytes = (classes * THRESHOLDS * size_of::<Curve>()) as u64;
    memory::check(bytes).map_err(|cause| CocoEvalError::Memory { classes, cause })
}

/// Reads a file of annotations. Without an area an object has that of its box.
///
/// # Errors
/// [`CocoFileError`] with the entry at fault.
pub fn read_ground_truth(path: &Path) -> Result<GroundTruth, CocoFileError> {
    to_ground_truth(path, &file::read_annotations(path)?, false)
}

/// With `quirks`, boxes are taken as they were before they were turned.
fn to_ground_truth(
    path: &Path,
    file: &CocoFile,
    quirks: bool,
) -> Result<GroundTruth, CocoFileError> {
    let with_box = |index: usize, annotation: &CocoAnnotation| {
        let bbox = match annotation.bbox {
            CocoBox::Turned { given, .. } if quirks => given,
            ref bbox => bbox.numbers().map_err(|cause| CocoFileError::Form {
                path: path.to_path_buf(),
                entry: format!("annotations[{index}].bbox: "),
                cause,
            })?,
        };
        let [.., width, height] = bbox;
        Ok((bbox.into(), width * height))
    };
    ground_truth(file, with_box)
}

/// The ground truth of a file. `shape` gives the box or mask of an annotation, and its area for annotations without one.
fn ground_truth<S, E>(
    file: &CocoFile,
    mut shape: impl FnMut(usize, &CocoAnnotation) -> Result<(S, f64), E>,
) -> Result<GroundTruth<S>, E> {
    let CocoFile {
        images,
        categories,
        annotations,
    } = file;
    // Annotations without an id are numbered after the others, so that none has another's id.
    let last = annotations
        .iter()
        .filter_map(|annotation| annotation.id)
        .max();
    let mut next_id = last.unwrap_or(0).max(0);
    let truth = |(index, annotation): (usize, &CocoAnnotation)| {
        let (bounds, area) = shape(index, annotation)?;
        Ok(Truth {
            image: annotation.image_id,
            category: annotation.category_id,
            id: annotation.id.unwrap_or_else(|| {
                next_id = next_id.wrapping_add(1);
                next_id
            }),
            bounds,
            area: annotation.area.unwrap_or(area),
            crowd: annotation.iscrowd,
        })
    };
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
            .enumerate()
            .map(truth)
            .collect::<Result<_, E>>()?,
    })
}

/// Reads a results file.
///
/// # Errors
/// [`CocoFileError`] with the entry at fault.
pub fn read_detections(path: &Path) -> Result<Vec<Detection>, CocoFileError> {
    Ok(to_detections(file::read_detections(path)?))
}

/// The detections that have a box, which are all that [`file::read_detections`] returns.
fn to_detections(found: Vec<CocoDetection>) -> Vec<Detection> {
    let detection = |found: CocoDetection| {
        Some(Detection {
            image: found.image_id,
            category: found.category_id,
            bounds: found.bbox.numbers()?.into(),
            score: found.score,
        })
    };
    // By value: the memory of the one list becomes that of the other.
    found.into_iter().filter_map(detection).collect()
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
