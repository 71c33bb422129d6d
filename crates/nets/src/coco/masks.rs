//! Files of masks.

use std::collections::HashMap;
use std::path::Path;

use data::coco::CocoFileError;
use data::coco::file::{
    CocoDetection, CocoFile, CocoImage, DetectedBox, Segmentation, read_annotations_with_masks,
    read_detections_with_masks,
};
use data::memory;
use measure::detection::{
    Detection, GroundTruth, Mask, Shape, count_hints, evaluate, polygon_bytes,
};
use rayon::prelude::*;

use super::comparison::{Judged, evaluation};
use super::ids::{NAMED_BY_FILE, by_file_name, entry_error};
use super::{CocoEvalError, Evaluation, Request, check_curves, ground_truth};

/// Evaluates masks.
pub fn evaluate_masks(request: &Request) -> Result<Evaluation, CocoEvalError> {
    let other_path = request.other.as_ref().map(|other| &*other.detections);
    let (truth, (found, other)) = rayon::join(
        || read_annotations_with_masks(&request.ground_truth),
        || {
            rayon::join(
                || read_detections_with_masks(&request.detections),
                || other_path.map(read_detections_with_masks).transpose(),
            )
        },
    );
    let ((file, masks), found, other) = (truth?, found?, other?);
    let reader = MaskReader::new(request, &file.images);
    let truths = reader.ground_truth(&file, &masks)?;
    drop(masks);
    check_curves(&truths.truths)?;
    let judged = |path, found| judge(request, &reader, &truths, path, found);
    let ours = judged(&request.detections, found)?;
    let other = match other_path.zip(other) {
        Some((path, found)) => Some(judged(path, found)?),
        None => None,
    };
    evaluation(request, &truths, vec![], ours, other)
}

fn judge<'a>(
    request: &Request,
    reader: &MaskReader,
    truths: &GroundTruth<Mask>,
    path: &'a Path,
    (mut found, mut masks): (Vec<CocoDetection>, Vec<Segmentation>),
) -> Result<Judged<'a, Mask>, CocoEvalError> {
    let mut warnings = Vec::new();
    let known = |found: &CocoDetection| reader.places.contains_key(&found.image_id);
    if !found.iter().all(known)
        && let Some(ids) = by_file_name(reader.images, found.iter().map(|found| found.image_id))
    {
        warnings.push(NAMED_BY_FILE.to_string());
        for (found, image) in found.iter_mut().zip(ids) {
            found.image_id = image;
        }
    }
    let boxes_count = reader.quirks && found.first().is_some_and(|first| given(first).is_some());
    if boxes_count {
        for (mask, found) in masks.iter_mut().zip(&found) {
            if let (Segmentation::Missing, Some([x, y, width, height])) = (&mask, given(found)) {
                let (right, bottom) = (x + width, y + height);
                let around = vec![x, y, x, bottom, right, bottom, right, y];
                *mask = Segmentation::Polygons(vec![around]);
            }
        }
    }
    let images: Vec<i64> = found.iter().map(|found| found.image_id).collect();
    let drawn = reader.masks((path, "detections"), &images, &masks)?;
    drop(masks);
    let detection = |(mask, found): (Mask, &CocoDetection)| Detection {
        image: found.image_id,
        category: found.category_id,
        bounds: match given(found) {
            Some([.., width, height]) if boxes_count => mask.sized(width * height),
            _ => mask,
        },
        score: found.score,
    };
    let found: Vec<Detection<Mask>> = drawn.into_iter().zip(&found).map(detection).collect();
    let report = evaluate(truths, &found, &request.options)
        .map_err(|cause| entry_error(&request.ground_truth, (path, &found), truths, cause))?;
    let hints = count_hints(&truths.truths, &request.options, &report);
    warnings.extend(hints.iter().map(ToString::to_string));
    Ok(Judged {
        path,
        found,
        report,
        warnings,
    })
}

/// The box that the file gives a detection.
fn given(found: &CocoDetection) -> Option<[f64; 4]> {
    match found.bbox {
        DetectedBox::Given(numbers) => Some(numbers),
        DetectedBox::OfMask(_) | DetectedBox::Missing => None,
    }
}

/// Draws masks for the images of a file of annotations.
struct MaskReader<'a> {
    annotations: &'a Path,
    images: &'a [CocoImage],
    /// The place of each image by id.
    places: HashMap<i64, usize>,
    quirks: bool,
}

/// What is wrong with a mask: the rest of the field's name, and what was expected and found.
struct WrongMask {
    field: String,
    cause: String,
}

impl<'a> MaskReader<'a> {
    fn new(request: &'a Request, images: &'a [CocoImage]) -> Self {
        let places = images.iter().enumerate();
        Self {
            annotations: &request.ground_truth,
            images,
            places: places.map(|(place, image)| (image.id, place)).collect(),
            quirks: request.options.pycocotools_quirks,
        }
    }

    fn ground_truth(
        &self,
        file: &CocoFile,
        masks: &[Segmentation],
    ) -> Result<GroundTruth<Mask>, CocoEvalError> {
        let images: Vec<i64> = file
            .annotations
            .iter()
            .map(|annotation| annotation.image_id)
            .collect();
        let mut drawn = self.masks((self.annotations, "annotations"), &images, masks)?;
        ground_truth(file, |index, _| {
            let mask = std::mem::take(&mut drawn[index]);
            let area = mask.area();
            Ok((mask, area))
        })
    }

    /// The masks of a list of entries, each in the image of that id. Entries of unknown images get an empty one: the
    /// evaluation says what comes of them.
    fn masks(
        &self,
        (path, list): (&Path, &str),
        images: &[i64],
        masks: &[Segmentation],
    ) -> Result<Vec<Mask>, CocoEvalError> {
        let sizes: Vec<Option<[u32; 2]>> = images
            .iter()
            .map(|image| self.size(*image))
            .collect::<Result<_, _>>()?;
        let bytes = sizes.iter().zip(masks).map(|entry| match entry {
            (Some(size), Segmentation::Polygons(polygons)) => polygon_bytes(*size, polygons),
            _ => 0,
        });
        memory::check(bytes.fold(0, u64::saturating_add)).map_err(|cause| {
            CocoEvalError::MaskMemory {
                path: path.to_path_buf(),
                cause,
            }
        })?;
        let drawn: Vec<Result<Mask, WrongMask>> = sizes
            .par_iter()
            .zip(masks)
            .map(|(size, mask)| size.map_or(Ok(Mask::default()), |size| self.mask(size, mask)))
            .collect();
        let named = |(index, mask): (usize, Result<Mask, WrongMask>)| {
            mask.map_err(|WrongMask { field, cause }| {
                form(
                    path,
                    format!("{list}[{index}].segmentation{field}: "),
                    cause,
                )
            })
        };
        drawn.into_iter().enumerate().map(named).collect()
    }

    /// Height and width of an image; `None` if there is no such image.
    fn size(&self, image: i64) -> Result<Option<[u32; 2]>, CocoEvalError> {
        let Some(&place) = self.places.get(&image) else {
            return Ok(None);
        };
        let side = |field: &str, stated: Option<f64>| {
            let whole = |side: f64| side.fract() == 0.0 && side >= 1.0 && side <= u32::MAX.into();
            stated
                .filter(|side| whole(*side))
                .map(|side| side as u32)
                .ok_or_else(|| {
                    let found = stated.map_or("nothing".to_string(), |side| side.to_string());
                    form(
                        self.annotations,
                        format!("images[{place}].{field}: "),
                        format!(
                            "expected a whole number of pixels, which masks need, found {found}"
                        ),
                    )
                })
        };
        let image = &self.images[place];
        Ok(Some([
            side("height", image.height)?,
            side("width", image.width)?,
        ]))
    }

    fn mask(&self, size: [u32; 2], mask: &Segmentation) -> Result<Mask, WrongMask> {
        let wrong = |field: &str, cause: String| WrongMask {
            field: field.to_string(),
            cause,
        };
        match mask {
            Segmentation::Missing => Err(wrong(
                "",
                "expected a mask, found none; --iou bbox evaluates boxes".to_string(),
            )),
            Segmentation::Polygons(polygons) => {
                Mask::from_polygons(size, polygons).map_err(|error| {
                    let place = error.polygon().map(|polygon| format!("[{polygon}]"));
                    wrong(&place.unwrap_or_default(), error.to_string())
                })
            }
            // pycocotools takes it, and it overlaps nothing.
            Segmentation::Runs { size: stated, .. } if *stated != size && !self.quirks => {
                let cause = format!(
                    "expected the height and width of its image, {size:?}, found {stated:?}"
                );
                Err(wrong(".size", cause))
            }
            Segmentation::Runs { size, runs } => {
                Mask::from_runs(*size, runs).map_err(|error| wrong(".counts", error.to_string()))
            }
        }
    }
}

fn form(path: &Path, entry: String, cause: String) -> CocoEvalError {
    CocoEvalError::File(CocoFileError::Form {
        path: path.to_path_buf(),
        entry,
        cause,
    })
}
