//! Masks: the goldens of pycocotools, read from files, and masks that make no sense.

use std::path::Path;

use serde_json::{Value, json};

use super::*;

fn evaluate_masks(
    truth: &Value,
    found: &Value,
    pycocotools_quirks: bool,
) -> Result<Evaluation, String> {
    let (truth, found) = (file(truth.to_string()), file(found.to_string()));
    let options = Options {
        pycocotools_quirks,
        ..Options::default()
    };
    let request = Request {
        iou: IouType::Masks,
        ..request(&truth.path, &found.path, options)
    };
    evaluate_files(&request).map_err(|error| {
        let error = error.to_string();
        let place = error.split_once("file.json: ").expect("the file first");
        place.1.to_string()
    })
}

fn golden(name: &str) -> Value {
    let folder = "../measure/tests/golden/coco_masks";
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(folder)
        .join(name);
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn figures_equal_pycocotools() {
    for (name, quirks) in [
        ("01_three_forms.json", false),
        ("02_crowds.json", true),
        ("03_score_ties.json", false),
        ("04_boxes_too.json", true),
    ] {
        let golden = golden(name);
        let evaluation = evaluate_masks(&golden["ground_truth"], &golden["detections"], quirks);
        let stats = evaluation.unwrap().report.figures.stats();
        for (found, expected) in stats
            .iter()
            .zip(golden["expected"]["stats"].as_array().unwrap())
        {
            assert!(
                (found - expected.as_f64().unwrap()).abs() < 1e-9,
                "{name}: {stats:?}"
            );
        }
    }
}

#[test]
fn without_quirks_the_mask_decides_about_the_size() {
    let mut golden = golden("04_boxes_too.json");
    let mut evaluated = |quirks| {
        let evaluation = evaluate_masks(&golden["ground_truth"], &golden["detections"], quirks);
        evaluation.unwrap().report
    };
    let [ours, theirs] = [false, true].map(&mut evaluated);
    assert_eq!(ours.figures.ap, theirs.figures.ap);
    assert_ne!(ours.figures.stats(), theirs.figures.stats());
    for entry in golden["detections"].as_array_mut().unwrap() {
        entry.as_object_mut().unwrap().remove("bbox");
    }
    let without = evaluate_masks(&golden["ground_truth"], &golden["detections"], true);
    assert_eq!(without.unwrap().report, ours);
}

fn plain() -> (Value, Value) {
    let mask = json!({"size": [6, 8], "counts": [13, 4, 2, 4, 25]});
    let truth = json!({
        "images": [{"id": 1, "width": 8, "height": 6, "file_name": "one.png"}],
        "categories": [{"id": 5}],
        "annotations": [{"id": 1, "image_id": 1, "category_id": 5, "segmentation": mask}],
    });
    let found = json!([{"image_id": 1, "category_id": 5, "score": 0.5, "segmentation": mask}]);
    (truth, found)
}

#[test]
fn wrong_masks_are_named() {
    let (truth, found) = plain();
    let report = evaluate_masks(&truth, &found, false).unwrap().report;
    assert!(report.figures.ap > Some(0.99));
    assert_eq!(
        report.figures.ap_small, report.figures.ap,
        "the area of the mask is taken"
    );

    let cases = [
        (
            json!(null),
            ": expected a mask, found none; --iou bbox evaluates boxes",
        ),
        (json!([]), ": expected at least one polygon, found none"),
        (
            json!([[0, 0, 3, 0, 3, 3], [1, 2, 3, 4]]),
            "[1]: expected at least 3 points (6 numbers), found 4 numbers",
        ),
        (
            json!([[0, 0, 3, 0, 3, 3, 1]]),
            "[0]: expected pairs of x and y, found 7 numbers, which is odd",
        ),
        (
            json!([[0, 0, 3, 0, 3, 1e30]]),
            "[0]: expected coordinates from -100000000 to 100000000, found 1000000000000000000000000000000",
        ),
        (
            json!({"size": [8, 6], "counts": [48]}),
            ".size: expected the height and width of its image, [6, 8], found [8, 6]",
        ),
        (
            json!({"size": [6, 8], "counts": [13, 4]}),
            ".counts: expected run lengths that add up to 6 x 8 = 48, found 17",
        ),
        (
            json!({"size": [6, 8], "counts": "=4"}),
            ".counts: expected run lengths that add up to 6 x 8 = 48, found 17",
        ),
    ];
    for (mask, expected) in cases {
        let (mut truth, mut found) = plain();
        truth["annotations"][0]["segmentation"] = mask.clone();
        let error = evaluate_masks(&truth, &found, false).unwrap_err();
        assert_eq!(error, format!("annotations[0].segmentation{expected}"));
        let (truth, _) = plain();
        found[0]["segmentation"] = mask;
        let error = evaluate_masks(&truth, &found, false).unwrap_err();
        assert_eq!(error, format!("detections[0].segmentation{expected}"));
    }
}

#[test]
fn images_need_a_size() {
    let needs = "expected a whole number of pixels, which masks need, found ";
    for (field, value, found) in [
        ("height", json!(null), "nothing"),
        ("width", json!(0), "0"),
        ("width", json!(8.5), "8.5"),
        ("height", json!(1e12), "1000000000000"),
    ] {
        let (mut truth, detections) = plain();
        truth["images"][0][field] = value;
        let error = evaluate_masks(&truth, &detections, false).unwrap_err();
        assert_eq!(error, format!("images[0].{field}: {needs}{found}"));
    }
}

#[test]
fn a_few_bytes_cannot_fill_the_memory() {
    let (mut truth, detections) = plain();
    truth["images"][0]["height"] = json!(1);
    truth["images"][0]["width"] = json!(100_000_000);
    let zigzag: Vec<i64> = (0..100_000)
        .map(|i| if i % 4 == 0 { 100_000_000 } else { 0 })
        .collect();
    truth["annotations"][0]["segmentation"] = json!([zigzag]);
    let error = evaluate_masks(&truth, &detections, false).unwrap_err();
    assert!(
        error.starts_with("the masks of the polygons: needs "),
        "{error}"
    );
}

#[test]
fn masks_of_images_named_by_their_files() {
    let (truth, mut found) = plain();
    found[0]["image_id"] = json!("one");
    let evaluation = evaluate_masks(&truth, &found, false).unwrap();
    assert!(evaluation.report.figures.ap > Some(0.99));
    assert!(evaluation.warnings[0].contains("names of files"));
    found[0]["image_id"] = json!(7);
    let error = evaluate_masks(&truth, &found, false).unwrap_err();
    assert_eq!(
        error,
        "detections[0].image_id: expected the id of an image of the ground truth, found 7"
    );
}

#[test]
fn quirks_take_what_pycocotools_takes() {
    let (truth, mut found) = plain();
    // Of another size than the image: it overlaps nothing.
    found[0]["segmentation"] = json!({"size": [8, 6], "counts": [13, 4, 2, 4, 25]});
    let report = evaluate_masks(&truth, &found, true).unwrap().report;
    assert_eq!(report.figures.ap, Some(0.0));
    // A box without a mask is one: columns 2 and 3 of rows 1 to 4.
    let found = json!([{"image_id": 1, "category_id": 5, "score": 0.5, "bbox": [2, 1, 2, 4]}]);
    let report = evaluate_masks(&truth, &found, true).unwrap().report;
    assert!(report.figures.ap_50 > Some(0.99));
}
