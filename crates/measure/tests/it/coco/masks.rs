//! Masks as pycocotools draws and evaluates them: `tests/golden/coco_masks`.

use std::path::{Path, PathBuf};

use measure::detection::{Detection, GroundTruth, Mask, Options, Shape, Truth, evaluate};
use serde_json::Value;

use super::goldens::{assert_equal, categories, list, whole};

fn golden(name: &str) -> Value {
    // More than the stored ones: see generate.py.
    let folder = std::env::var_os("ATELIER_MASK_GOLDENS").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/coco_masks"),
        PathBuf::from,
    );
    let text = std::fs::read_to_string(folder.join(format!("{name}.json"))).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// Packed run lengths: five bits a character, the sixth says that more follow, the last one's highest is the sign; from the
/// fourth on a number is the difference from the one before the last.
fn unpacked(text: &str) -> Vec<u32> {
    let mut runs: Vec<i64> = Vec::new();
    let mut bits = Vec::new();
    for character in text.bytes() {
        let digit = character - 48;
        bits.extend((0..5).map(|bit| i64::from(digit >> bit & 1)));
        if digit & 32 == 0 {
            let sign = bits[bits.len() - 1];
            let number: i64 = bits.iter().enumerate().map(|(at, bit)| bit << at).sum();
            let number = number - (sign << bits.len());
            let before = if runs.len() > 2 {
                runs[runs.len() - 2]
            } else {
                0
            };
            runs.push(number + before);
            bits.clear();
        }
    }
    runs.into_iter()
        .map(|run| run.try_into().unwrap())
        .collect()
}

fn numbers(value: &Value) -> Vec<f64> {
    list(value).map(|number| number.as_f64().unwrap()).collect()
}

fn side(value: &Value) -> u32 {
    value.as_u64().unwrap().try_into().unwrap()
}

fn mask(segmentation: &Value, size: [u32; 2]) -> Mask {
    if segmentation.is_array() {
        let polygons: Vec<Vec<f64>> = list(segmentation).map(numbers).collect();
        return Mask::from_polygons(size, &polygons).unwrap();
    }
    assert_eq!([0, 1].map(|i| side(&segmentation["size"][i])), size);
    let runs = match segmentation["counts"].as_str() {
        Some(text) => unpacked(text),
        None => list(&segmentation["counts"]).map(side).collect(),
    };
    Mask::from_runs(size, &runs).unwrap()
}

#[test]
fn polygons_are_drawn_as_pycocotools_draws_them() {
    let polygons = golden("polygons");
    assert!(list(&polygons).count() >= 400);
    for (place, case) in list(&polygons).enumerate() {
        let size = [0, 1].map(|i| side(&case["size"][i]));
        let drawn = mask(&case["polygons"], size);
        assert_eq!(drawn.area(), case["area"].as_f64().unwrap(), "case {place}");
        let expected = unpacked(case["counts"].as_str().unwrap());
        assert_eq!(drawn.runs(), expected, "case {place}");
    }
}

#[test]
fn figures_of_masks_equal_pycocotools() {
    for name in [
        "01_three_forms",
        "02_crowds",
        "03_score_ties",
        "04_boxes_too",
    ] {
        let golden = golden(name);
        let file = &golden["ground_truth"];
        let size = |image: &Value| {
            let mut images = list(&file["images"]);
            let entry = images.find(|entry| entry["id"] == *image).unwrap();
            ["height", "width"].map(|key| side(&entry[key]))
        };
        let truths = list(&file["annotations"]).map(|entry| Truth {
            image: whole(&entry["image_id"]),
            category: whole(&entry["category_id"]),
            id: whole(&entry["id"]),
            bounds: mask(&entry["segmentation"], size(&entry["image_id"])),
            area: entry["area"].as_f64().unwrap(),
            crowd: entry["iscrowd"] == 1,
        });
        let ground_truth = GroundTruth {
            images: list(&file["images"])
                .map(|image| whole(&image["id"]))
                .collect(),
            categories: categories(file),
            truths: truths.collect(),
        };
        let detections: Vec<Detection<Mask>> = list(&golden["detections"])
            .map(|entry| {
                let mask = mask(&entry["segmentation"], size(&entry["image_id"]));
                let bounds = match entry.get("bbox") {
                    Some(bbox) => mask.sized(numbers(bbox)[2] * numbers(bbox)[3]),
                    None => mask,
                };
                Detection {
                    image: whole(&entry["image_id"]),
                    category: whole(&entry["category_id"]),
                    bounds,
                    score: entry["score"].as_f64().unwrap(),
                }
            })
            .collect();
        let report = evaluate(&ground_truth, &detections, &Options::default()).unwrap();
        assert_equal(name, &report, &golden["expected"]);
    }
}
