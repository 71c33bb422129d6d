//! Files of boxes.

use std::path::Path;

use data::coco::file::{self, CocoAnnotation, CocoBox, CocoDetection, CocoImage, DetectedBox};
use measure::detection::{CocoError, Detection, GroundTruth, List, evaluate, hints};

use super::comparison::{Judged, evaluation};
use super::ids::{NAMED_BY_FILE, by_file_name, entry_error};
use super::{CocoEvalError, Evaluation, Request, check_curves, to_detections, to_ground_truth};

/// Evaluates boxes.
pub fn evaluate_boxes(request: &Request) -> Result<Evaluation, CocoEvalError> {
    let other_path = request.other.as_ref().map(|other| &*other.detections);
    let (file, (found, other)) = rayon::join(
        || file::read_annotations(&request.ground_truth),
        || {
            rayon::join(
                || file::read_detections(&request.detections),
                || other_path.map(file::read_detections).transpose(),
            )
        },
    );
    let (file, found, other) = (file?, found?, other?);
    let quirks = request.options.pycocotools_quirks;
    let truths = to_ground_truth(&request.ground_truth, &file, quirks)?;
    check_curves(&truths.truths)?;
    let judged = |path, found| judge(request, &truths, &file.images, path, found);
    let ours = judged(&request.detections, found)?;
    let other = match other_path.zip(other) {
        Some((path, found)) => Some(judged(path, found)?),
        None => None,
    };
    let notes = notes(&file.annotations, quirks);
    evaluation(request, &truths, notes, ours, other)
}

fn judge<'a>(
    request: &Request,
    truths: &GroundTruth,
    images: &[CocoImage],
    path: &'a Path,
    found: Vec<CocoDetection>,
) -> Result<Judged<'a>, CocoEvalError> {
    let mut warnings = Vec::new();
    let of_masks = found
        .iter()
        .filter(|found| matches!(found.bbox, DetectedBox::OfMask(_)));
    let of_masks = of_masks.count();
    if of_masks > 0 {
        warnings.push(format!(
            "detections without a box: {of_masks}; the box of the mask is taken. --iou segm evaluates the masks themselves"
        ));
    }
    let mut found = to_detections(found);
    let mut result = evaluate(truths, &found, &request.options);
    let unknown = |cause: &CocoError| (cause.list, cause.field) == (List::Detections, "image_id");
    if result.as_ref().is_err_and(unknown)
        && let Some(ids) = by_file_name(images, found.iter().map(|found| found.image))
    {
        warnings.push(NAMED_BY_FILE.to_string());
        for (found, image) in found.iter_mut().zip(ids) {
            *found = Detection { image, ..*found };
        }
        result = evaluate(truths, &found, &request.options);
    }
    let report = result
        .map_err(|cause| entry_error(&request.ground_truth, (path, &found), truths, cause))?;
    let hints = hints(truths, &found, &request.options, &report);
    warnings.extend(hints.iter().map(ToString::to_string));
    Ok(Judged {
        path,
        found,
        report,
        warnings,
    })
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
