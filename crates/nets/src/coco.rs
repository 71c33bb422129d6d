//! COCO's files as the values that an evaluation takes.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};

use data::coco::CocoFileError;
use data::coco::file::{self, CocoAnnotation, CocoBox, CocoFile, CocoImage};
use data::memory::{self, NotEnoughMemory};
use measure::detection::{
    Category, CocoError, CocoReport, Curve, Detection, GroundTruth, List, Options, THRESHOLDS,
    Truth, evaluate, hints, shift_that_fits,
};

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
}

/// Evaluates the detections of a results file against a file of annotations. Returns also what the user should know about
/// the files, a sentence each.
///
/// # Errors
/// [`CocoEvalError`] with the file and the entry at fault.
pub fn evaluate_files(
    annotations: &Path,
    detections: &Path,
    options: &Options,
) -> Result<(CocoReport, Vec<String>), CocoEvalError> {
    let (file, found) = rayon::join(
        || file::read_annotations(annotations),
        || read_detections(detections),
    );
    let (file, mut found) = (file?, found?);
    let mut warnings = notes(&file.annotations, options.pycocotools_quirks);
    let truths = to_ground_truth(annotations, &file, options.pycocotools_quirks)?;
    let annotated: HashSet<i64> = truths.truths.iter().map(|truth| truth.category).collect();
    check_memory(annotated.len())?;
    let mut result = evaluate(&truths, &found, options);
    let unknown = |cause: &CocoError| (cause.list, cause.field) == (List::Detections, "image_id");
    if result.as_ref().is_err_and(unknown)
        && let Some(named) = by_file_name(&file.images, &found)
    {
        warnings.push(
            "the image ids of the detections are names of files, as Ultralytics writes them"
                .to_string(),
        );
        found = named;
        result = evaluate(&truths, &found, options);
    }
    let report = result.map_err(|mut cause| {
        let hint = likely_reason(&cause, &truths, &found);
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
            hint,
        }
    })?;
    let hints = hints(&truths, &found, options, &report);
    warnings.extend(hints.iter().map(ToString::to_string));
    Ok((report, warnings))
}

/// What was made of boxes that pycocotools reads otherwise.
fn notes(annotations: &[CocoAnnotation], quirks: bool) -> Vec<String> {
    let count = |kind: fn(&CocoBox) -> bool| {
        let boxes = annotations.iter().map(|annotation| &annotation.bbox);
        boxes.filter(|bbox| kind(bbox)).count()
    };
    let mut notes = Vec::new();
    let of_masks = count(|bbox| matches!(bbox, CocoBox::OfMask(_)));
    if of_masks > 0 {
        notes.push(format!(
            "annotations without a box: {of_masks}; the box of the mask is taken"
        ));
    }
    let turned = count(|bbox| matches!(bbox, CocoBox::Turned { .. }));
    if turned > 0 && !quirks {
        notes.push(format!(
            "annotations that are turned by `attributes.rotation`: {turned}; the upright box around each is taken. \
             pycocotools takes the box as it was before: --pycocotools-quirks gives its figures"
        ));
    }
    notes
}

/// The detections with the ids of their images, if all of them name images by their files without folder and ending.
fn by_file_name(images: &[CocoImage], found: &[Detection]) -> Option<Vec<Detection>> {
    let id = |image: &CocoImage| {
        let stem = Path::new(image.file_name.as_ref()?).file_stem()?;
        Some((file::id_of_text(stem.to_str()?), image.id))
    };
    let ids: HashMap<i64, i64> = images.iter().filter_map(id).collect();
    let named = |found: &Detection| {
        let image = *ids.get(&found.image)?;
        Some(Detection { image, ..*found })
    };
    found.iter().map(named).collect()
}

/// Whether an unknown id in the results is one of many that are shifted.
fn likely_reason(cause: &CocoError, truths: &GroundTruth, found: &[Detection]) -> &'static str {
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
    to_ground_truth(path, &file::read_annotations(path)?, false)
}

/// With `quirks`, boxes are taken as they were before they were turned.
fn to_ground_truth(
    path: &Path,
    file: &CocoFile,
    quirks: bool,
) -> Result<GroundTruth, CocoFileError> {
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
        let bbox = match annotation.bbox {
            CocoBox::Turned { given, .. } if quirks => given,
            ref bbox => bbox.numbers().map_err(|cause| CocoFileError::Form {
                path: path.to_path_buf(),
                entry: format!("annotations[{index}].bbox: "),
                cause,
            })?,
        };
        let [.., width, height] = bbox;
        Ok(Truth {
            image: annotation.image_id,
            category: annotation.category_id,
            id: annotation.id.unwrap_or_else(|| {
                next_id = next_id.wrapping_add(1);
                next_id
            }),
            bounds: bbox.into(),
            area: annotation.area.unwrap_or(width * height),
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
            .collect::<Result<_, CocoFileError>>()?,
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
