//! Files that are not what they should be: an error that names file, entry and field, never a panic.

mod masks;

use std::path::{Path, PathBuf};

use data::coco::CocoFileError;
use measure::detection::Options;
use nets::coco::{
    CocoEvalError, Evaluation, IouType, Other, Request, evaluate_files, read_detections,
    read_ground_truth,
};
use proptest::prelude::*;

const GROUND_TRUTH: &str = r#"{"info": {"year": 2026}, "images": [{"id": 1, "file_name": "a \"b\".png"}, {"id": 2}],
 "categories": [{"id": 5, "name": "five", "supercategory": null}],
 "annotations": [{"id": 10, "image_id": 1, "category_id": 5, "bbox": [1, 2.5, 30, 4e1], "area": 1200.0, "iscrowd": 0,
   "segmentation": [[1, 2, 3, 4, 5, 6]]},
  {"id": 11, "image_id": 2.0, "category_id": 5, "bbox": [0, 0, 5, 5], "iscrowd": true}]}"#;
const DETECTIONS: &str = r#"[{"image_id": 1, "category_id": 5, "bbox": [1, 2, 30, 40], "score": 0.75, "extra": {"a": []}},
 {"image_id": 2, "category_id": 5, "bbox": [0, 0, 5, 5], "score": 1e-3}]"#;

/// A file that is removed with the value.
struct Temporary {
    _folder: tempfile::TempDir,
    path: PathBuf,
}

fn file(bytes: impl AsRef<[u8]>) -> Temporary {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("file.json");
    std::fs::write(&path, bytes).unwrap();
    Temporary {
        _folder: folder,
        path,
    }
}

fn request(ground_truth: &Path, detections: &Path, options: Options) -> Request {
    Request {
        ground_truth: ground_truth.to_path_buf(),
        detections: detections.to_path_buf(),
        iou: IouType::Boxes,
        options,
        other: None,
    }
}

fn evaluate_boxes(
    ground_truth: &Path,
    detections: &Path,
    options: Options,
) -> Result<Evaluation, CocoEvalError> {
    evaluate_files(&request(ground_truth, detections, options))
}

#[test]
fn sound_files_are_read() {
    let truth = read_ground_truth(&file(GROUND_TRUTH).path).unwrap();
    assert_eq!(truth.images, [1, 2]);
    assert_eq!(truth.categories[0].name, "five");
    assert_eq!(
        (truth.truths[0].area, truth.truths[0].bounds),
        (1200.0, [1.0, 2.5, 30.0, 40.0].into())
    );
    assert!(
        truth.truths[1].crowd && truth.truths[1].area == 25.0,
        "area of the box where none is given"
    );
    let found = read_detections(&file(DETECTIONS).path).unwrap();
    assert_eq!(
        (found.len(), found[0].score, found[1].score),
        (2, 0.75, 1e-3)
    );
    assert_eq!(read_detections(&file("\u{feff} [ ] \n").path).unwrap(), []);
}

#[test]
fn values_are_blamed_on_their_file() {
    let truth = file(GROUND_TRUTH);
    for (text, end) in [
        (
            DETECTIONS.replace("0.75", "NaN"),
            "detections[0].score: expected a finite number, found NaN",
        ),
        (
            DETECTIONS.replace("0.75", "-Infinity"),
            "detections[0].score: expected a finite number, found -inf",
        ),
        (
            DETECTIONS.replace("0.75", "1e999"),
            "detections[0].score: number out of range at line 1 column 73",
        ),
        (
            DETECTIONS.replace("\"image_id\": 2", "\"image_id\": 3"),
            "detections[1].image_id: expected the id of an image of the ground truth, found 3",
        ),
        (
            DETECTIONS.replace("\"image_id\": 2", "\"image_id\": \"two\""),
            "detections[1].image_id: expected the id of an image of the ground truth, found an id that is text",
        ),
        (
            DETECTIONS.replace("\"category_id\": 5", "\"category_id\": 4"),
            "detections[0].category_id: expected the id of a class of the ground truth, found 4; \
             all these ids plus 1 are known: are they counted from 0?",
        ),
    ] {
        let found = file(text);
        let error = evaluate_boxes(&truth.path, &found.path, Options::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            format!("{}: {end}", found.path.display())
        );
    }
}

#[test]
fn images_named_by_their_files() {
    let truth =
        file(GROUND_TRUTH.replace("\"id\": 2}", "\"id\": 2, \"file_name\": \"sub/0007.jpg\"}"));
    let found = file(
        DETECTIONS
            .replace("\"image_id\": 2", "\"image_id\": 7")
            .replace("\"image_id\": 1", "\"image_id\": \"a \\\"b\\\"\""),
    );
    let warnings = evaluate_boxes(&truth.path, &found.path, Options::default())
        .unwrap()
        .warnings;
    assert_eq!(
        warnings[0],
        "the image ids of the detections are names of files, as Ultralytics writes them"
    );
}

#[test]
fn detections_that_have_masks_only() {
    let truth = file(GROUND_TRUTH);
    let found = file(DETECTIONS.replace(
        "\"bbox\": [1, 2, 30, 40]",
        "\"segmentation\": [[1, 2, 31, 2, 31, 42, 1, 42]]",
    ));
    let masks_only = evaluate_boxes(&truth.path, &found.path, Options::default()).unwrap();
    assert_eq!(
        masks_only.warnings,
        [
            "detections without a box: 1; the box of the mask is taken. --iou segm evaluates the masks themselves"
        ]
    );
    let found = file(DETECTIONS);
    let boxes = evaluate_boxes(&truth.path, &found.path, Options::default()).unwrap();
    assert_eq!(masks_only.report, boxes.report);
}

#[test]
fn two_models_are_compared() {
    let truth = file(GROUND_TRUTH);
    let [good, bad] = [
        file(DETECTIONS),
        file(DETECTIONS.replace("[1, 2, 30, 40]", "[1, 2, 3, 4]")),
    ];
    let request = Request {
        other: Some(Other {
            detections: bad.path.clone(),
            resamples: 200,
        }),
        ..request(&truth.path, &good.path, Options::default())
    };
    let evaluation = evaluate_files(&request).unwrap();
    let alone = |found: &Temporary| {
        let found = evaluate_boxes(&truth.path, &found.path, Options::default()).unwrap();
        found.report
    };
    let comparison = evaluation.comparison.unwrap();
    assert_eq!(evaluation.report, alone(&good));
    assert_eq!(comparison.other_figures, alone(&bad).figures);
    let map = comparison.differences.map;
    assert_eq!(Some(map.first), evaluation.report.figures.ap);
    assert_eq!(Some(map.other), comparison.other_figures.ap);
    assert!(map.difference > 0.5 && map.interval.low >= 0.0);

    // Every file is blamed for what is in it, and nothing is compared with nothing.
    let broken = file(DETECTIONS.replace("0.75", "NaN"));
    let mut with_broken = request.clone();
    with_broken.other.as_mut().unwrap().detections = broken.path.clone();
    let error = evaluate_files(&with_broken).unwrap_err().to_string();
    assert!(
        error.starts_with(&format!("{}: detections[0].score", broken.path.display())),
        "{error}"
    );
    let nothing =
        file(r#"{"images": [{"id": 1}, {"id": 2}], "categories": [{"id": 5}], "annotations": []}"#);
    let error = evaluate_files(&Request {
        ground_truth: nothing.path.clone(),
        ..request
    })
    .unwrap_err();
    assert!(
        error
            .to_string()
            .ends_with("nothing to compare: no annotation counts"),
        "{error}"
    );
}

#[test]
fn boxes_that_are_missing_or_turned() {
    let found = file(DETECTIONS);
    let evaluated = |change: (&str, &str), pycocotools_quirks| {
        let truth = file(GROUND_TRUTH.replace(change.0, change.1));
        let options = Options {
            pycocotools_quirks,
            ..Options::default()
        };
        evaluate_boxes(&truth.path, &found.path, options).map(|evaluation| evaluation.warnings)
    };
    const BOX: &str = r#""bbox": [1, 2.5, 30, 4e1], "#;
    let warnings = evaluated((BOX, ""), false).unwrap();
    assert_eq!(
        warnings[0],
        "annotations without a box: 1; the box of the mask is taken"
    );
    let turned = (
        "\"iscrowd\": 0",
        "\"iscrowd\": 0, \"attributes\": {\"rotation\": 90}",
    );
    let warnings = evaluated(turned, false).unwrap();
    assert!(
        warnings[0].starts_with("annotations that are turned by `attributes.rotation`: 1"),
        "{warnings:?}"
    );
    assert!(evaluated(turned, true).unwrap().is_empty());
    let error = evaluated((BOX, r#""bbox": [1, 2, 3], "#), false).unwrap_err();
    let error = error.to_string();
    assert!(
        error.ends_with(
            "annotations[0].bbox: expected four numbers, [x, y, width, height], found a list of 3"
        ),
        "{error}"
    );
}

#[test]
fn files_that_cannot_be_read() {
    let truth = file(GROUND_TRUTH);
    let missing = truth.path.with_file_name("missing.json");
    let error = evaluate_boxes(&truth.path, &missing, Options::default()).unwrap_err();
    let CocoEvalError::File(CocoFileError::Unreadable { path, .. }) = error else {
        panic!("{error}");
    };
    assert_eq!(path, missing);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    /// Bytes replaced, inserted and removed: an answer or an error.
    #[test]
    fn damage_never_panics(
        in_truth: bool,
        damage in proptest::collection::vec((any::<prop::sample::Index>(), 0..4u8, any::<prop::sample::Index>(), 0..12usize), 1..5),
    ) {
        const PIECES: &[&[u8]] = &[b"\"", b"{", b"}", b"[", b"]", b",", b"-", b"9", b"e9", b"\\", b"null", b"NaN", b"\xc3", b"\0", b"1e308", "\u{e9}".as_bytes()];
        let mut parts = [GROUND_TRUTH.as_bytes().to_vec(), DETECTIONS.as_bytes().to_vec()];
        let bytes = &mut parts[usize::from(!in_truth)];
        for (place, kind, piece, length) in damage {
            if bytes.is_empty() { break; }
            let at = place.index(bytes.len());
            let end = (at + length).min(bytes.len());
            let piece = PIECES[piece.index(PIECES.len())];
            match kind {
                0 => { bytes.splice(at..at + 1, piece.iter().copied()); }
                1 => { bytes.splice(at..at, piece.iter().copied()); }
                2 => { bytes.drain(at..end); }
                _ => bytes.truncate(at),
            }
        }
        let [truth, found] = parts.map(file);
        for pycocotools_quirks in [false, true] {
            let options = Options { pycocotools_quirks, ..Options::default() };
            match evaluate_boxes(&truth.path, &found.path, options) {
                Ok(evaluation) => prop_assert!(evaluation.report.figures.stats().iter().all(|value| (-1.0..=1.0).contains(value))),
                Err(error) => prop_assert!(error.to_string().contains("file.json")),
            }
            let of_masks = Request { iou: IouType::Masks, ..request(&truth.path, &found.path, options) };
            if let Err(error) = evaluate_files(&of_masks) {
                prop_assert!(error.to_string().contains("file.json"));
            }
        }
    }
}
