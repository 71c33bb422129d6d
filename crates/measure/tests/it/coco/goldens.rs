//! Every golden file within 1e-9 of pycocotools (NN_*.json) or of coco_reference.py (random_*.json).

use std::path::{Path, PathBuf};

use measure::detection::{
    Category, CocoReport, Curve, Detection, GroundTruth, Options, THRESHOLDS, Truth, Xywh, evaluate,
};
use serde_json::Value;

const TOLERANCE: f64 = 1e-9;

fn golden_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/coco")
}

fn goldens() -> Vec<(String, Value)> {
    // More than the stored ones: see random_check.py.
    let folder = std::env::var_os("ATELIER_COCO_GOLDENS").map_or_else(golden_folder, PathBuf::from);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    files.sort();
    let read = |path: &PathBuf| {
        let text = std::fs::read_to_string(path).unwrap();
        (
            path.file_stem().unwrap().to_string_lossy().into_owned(),
            serde_json::from_str(&text).unwrap(),
        )
    };
    files.iter().map(read).collect()
}

pub fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().unwrap().iter()
}

pub fn whole(value: &Value) -> i64 {
    value.as_f64().unwrap() as i64
}

pub fn categories(file: &Value) -> Vec<Category> {
    let category = |entry: &Value| Category {
        id: whole(&entry["id"]),
        name: entry["name"].as_str().unwrap().to_string(),
    };
    list(&file["categories"]).map(category).collect()
}

fn bounds(entry: &Value) -> Xywh {
    let side = |index: usize| entry["bbox"][index].as_f64().unwrap();
    [0, 1, 2, 3].map(side).into()
}

fn evaluate_golden(golden: &Value, options: &Options) -> CocoReport {
    let file = &golden["ground_truth"];
    let truths = GroundTruth {
        images: list(&file["images"])
            .map(|image| whole(&image["id"]))
            .collect(),
        categories: categories(file),
        truths: list(&file["annotations"])
            .map(|entry| Truth {
                image: whole(&entry["image_id"]),
                category: whole(&entry["category_id"]),
                id: whole(&entry["id"]),
                bounds: bounds(entry),
                area: entry["area"].as_f64().unwrap(),
                crowd: entry["iscrowd"].as_f64() == Some(1.0),
            })
            .collect(),
    };
    let detections: Vec<Detection> = list(&golden["detections"])
        .map(|entry| Detection {
            image: whole(&entry["image_id"]),
            category: whole(&entry["category_id"]),
            bounds: bounds(entry),
            score: entry["score"].as_f64().unwrap(),
        })
        .collect();
    evaluate(&truths, &detections, options).unwrap()
}

fn assert_close(found: Option<f64>, expected: &Value, what: &str) {
    let (found, expected) = (found.unwrap_or(-1.0), expected.as_f64().unwrap());
    assert!(
        (found - expected).abs() <= TOLERANCE,
        "{what}: {found}, expected {expected}"
    );
}

pub fn assert_equal(name: &str, report: &CocoReport, expected: &Value) {
    for (i, value) in report.figures.all().into_iter().enumerate() {
        assert_close(
            value,
            &expected["stats"][i],
            &format!("{name}, {}", report.titles()[i]),
        );
    }
    let classes = expected["per_category"].as_array().unwrap();
    assert_eq!(classes.len(), report.per_category.len(), "{name}");
    for (class, expected) in report.per_category.iter().zip(classes) {
        assert_eq!(
            class.id,
            expected["category_id"].as_i64().unwrap(),
            "{name}"
        );
        let figures = class.figures;
        for (key, value) in [
            ("ap", figures.ap),
            ("ap50", figures.ap_50),
            ("ap75", figures.ap_75),
            ("ap_small", figures.ap_small),
            ("ap_medium", figures.ap_medium),
            ("ap_large", figures.ap_large),
            ("ar_max1", figures.ar_low),
            ("ar_max10", figures.ar_middle),
            ("ar_max100", figures.ar_high),
        ] {
            // The reference behind the random files gives AP alone.
            if let Some(expected) = expected.get(key) {
                assert_close(
                    value,
                    expected,
                    &format!("{name}, class {}, {key}", class.id),
                );
            }
        }
        let each: Vec<f64> = class.curves.iter().map(Curve::mean_precision).collect();
        let ap_per_iou: Option<[f64; THRESHOLDS]> = each.try_into().ok();
        for (key, values) in [
            ("ap_per_iou", ap_per_iou),
            ("recall_per_iou", class.recall_per_iou),
        ] {
            for t in 0..expected
                .get(key)
                .map_or(0, |list| list.as_array().unwrap().len())
            {
                let what = format!("{name}, class {}, {key}[{t}]", class.id);
                assert_close(values.map(|values| values[t]), &expected[key][t], &what);
            }
        }
    }
}

#[test]
fn every_golden_equals_pycocotools() {
    let goldens = goldens();
    assert!(
        goldens.len() >= 16,
        "10 of pycocotools and some random ones, found {}",
        goldens.len()
    );
    for (name, golden) in &goldens {
        let quirks = name.starts_with("10_") || name.starts_with("11_");
        let options = Options {
            pycocotools_quirks: quirks,
            ..Options::default()
        };
        assert_equal(
            name,
            &evaluate_golden(golden, &options),
            &golden["expected"],
        );
    }
}

#[test]
fn annotation_id_zero_is_an_object_like_any_other() {
    let (_, golden) = goldens()
        .into_iter()
        .find(|(name, _)| name.starts_with("10_"))
        .unwrap();
    let report = evaluate_golden(&golden, &Options::default());
    assert!((report.figures.ap.unwrap() - 1.0).abs() < TOLERANCE);
}

#[test]
fn json_has_minus_one_where_pycocotools_has() {
    let (_, golden) = goldens()
        .into_iter()
        .find(|(name, _)| name.starts_with("03_"))
        .unwrap();
    let json = serde_json::to_value(evaluate_golden(&golden, &Options::default())).unwrap();
    assert_close(json["map"].as_f64(), &golden["expected"]["stats"][0], "map");
    assert_eq!(json["map_small"], -1.0);
    assert_eq!(json["per_category"][0]["id"], 1);
}

#[test]
fn other_limits_than_the_usual_keep_their_ap() {
    // pycocotools gives AP -1 as soon as 100 is not among the limits (cocoapi #558).
    let (_, golden) = goldens()
        .into_iter()
        .find(|(name, _)| name.starts_with("01_"))
        .unwrap();
    let options = Options {
        max_detections: [300, 1, 10],
        ..Options::default()
    };
    let report = evaluate_golden(&golden, &options);
    assert_eq!(report.max_detections, [1, 10, 300]);
    assert_equal("01 with at most 300", &report, &golden["expected"]);
}

#[test]
fn curves_come_out_as_csv() {
    let (_, golden) = goldens()
        .into_iter()
        .find(|(name, _)| name.starts_with("03_"))
        .unwrap();
    let report = evaluate_golden(&golden, &Options::default());
    let csv = report.curves_csv();
    let with_truths = report
        .per_category
        .iter()
        .filter(|class| class.truths > 0)
        .count();
    assert_eq!(csv.lines().count(), 1 + with_truths * 10 * 101);
    assert!(csv.starts_with("category_id,category,iou,recall,precision,score\n1,c1,0.50,0.00,"));
    let precisions = csv
        .lines()
        .skip(1)
        .map(|line| line.split(',').nth(4).unwrap().parse::<f64>().unwrap());
    let count = (with_truths * 1010) as f64;
    assert!((precisions.sum::<f64>() / count - report.figures.ap.unwrap()).abs() < TOLERANCE);
}
