//! `coco-eval` on files of masks, and on two models.

use super::support::*;

/// The ground truth and the detections of a golden, as files.
fn files(name: &str) -> (TempDir, Value) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../measure/tests/golden/coco_masks");
    let text = std::fs::read_to_string(path.join(name)).expect("a golden");
    let golden: Value = serde_json::from_str(&text).expect("JSON");
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (file, key) in [("truth.json", "ground_truth"), ("found.json", "detections")] {
        std::fs::write(folder.path().join(file), golden[key].to_string()).expect("written");
    }
    (folder, golden)
}

#[test]
fn masks_are_evaluated_as_by_pycocotools() {
    let (folder, golden) = files("01_three_forms.json");
    let arguments = [
        "coco-eval",
        "truth.json",
        "found.json",
        "--iou",
        "segm",
        "--json",
    ];
    let found = json(folder.path(), &arguments);
    for (key, expected) in [
        "map",
        "map_50",
        "map_75",
        "map_small",
        "map_medium",
        "map_large",
        "mar_1",
    ]
    .iter()
    .zip(golden["expected"]["stats"].as_array().expect("a list"))
    {
        let found = found[key].as_f64().expect("a number");
        let expected = expected.as_f64().expect("a number");
        assert!(
            (found - expected).abs() < 1e-9,
            "{key}: {found}, expected {expected}"
        );
    }
    assert!(found.get("comparison").is_none());

    // Evaluated as boxes, the user is told.
    let output = atelier(folder.path(), &arguments[..3]);
    let text = String::from_utf8(output.stderr).expect("text");
    assert!(
        output.status.success() && text.contains("--iou segm"),
        "{text}"
    );

    let truth = golden["ground_truth"]
        .to_string()
        .replace("\"height\":", "\"height\":1");
    std::fs::write(folder.path().join("tall.json"), truth).expect("written");
    let text = error(
        folder.path(),
        &["coco-eval", "tall.json", "found.json", "--iou", "segm"],
        1,
    );
    assert!(text.contains("tall.json: annotations["), "{text}");
    assert!(
        text.contains("expected the height and width of its image"),
        "{text}"
    );
}

#[test]
fn two_models_are_compared() {
    let (folder, golden) = files("04_boxes_too.json");
    let mut worse = golden["detections"].clone();
    for found in worse.as_array_mut().expect("a list").iter_mut().step_by(2) {
        found["bbox"] = serde_json::json!([0, 0, 1, 1]);
    }
    std::fs::write(folder.path().join("worse.json"), worse.to_string()).expect("written");
    let arguments = [
        "coco-eval",
        "truth.json",
        "found.json",
        "--compare",
        "worse.json",
    ];
    let compared = json(
        folder.path(),
        &[&arguments[..], &["--resamples", "500", "--json"]].concat(),
    );
    let alone = json(
        folder.path(),
        &["coco-eval", "truth.json", "worse.json", "--json"],
    );
    let comparison = &compared["comparison"];
    assert_eq!(comparison["resamples"], 500);
    assert_eq!(comparison["other"], "worse.json");
    assert_eq!(comparison["other_figures"]["map_75"], alone["map_75"]);
    assert_eq!(comparison["map_50"]["first"], compared["map_50"]);
    assert_eq!(comparison["map_50"]["distinguishable"], true);
    assert!(comparison["map"]["interval"]["low"].as_f64() > Some(0.0));

    let text = String::from_utf8(success(folder.path(), &arguments)).expect("text");
    assert!(text.contains("distinguishable: A is better"), "{text}");
    let itself = [
        "coco-eval",
        "truth.json",
        "found.json",
        "--compare",
        "found.json",
        "--iou",
        "segm",
    ];
    let text = String::from_utf8(success(folder.path(), &itself)).expect("text");
    assert!(
        text.contains("not distinguishable: the interval includes 0"),
        "{text}"
    );
    let alone = [
        "coco-eval",
        "truth.json",
        "found.json",
        "--resamples",
        "500",
    ];
    let text = error(folder.path(), &alone, 2);
    assert!(text.contains("--compare"), "{text}");
}
