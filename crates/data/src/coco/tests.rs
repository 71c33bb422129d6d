//! Folders of annotated images, right and wrong.

use super::*;
use crate::random::{Key, Purpose};
use crate::scenes::composers;
use crate::{DataError, Dataset, Samples, Split};
use serde_json::{Value, json};
use std::path::Path;

fn read(folder: &Path) -> Result<Split, DataError> {
    let data = recipe::Data {
        source: folder.display().to_string(),
        ..Default::default()
    };
    crate::load(&data, 0)
}

fn png(path: &Path, width: u32, height: u32) {
    image::GrayImage::from_fn(width, height, |x, y| image::Luma([(x + 2 * y) as u8]))
        .save(path)
        .unwrap();
}

/// Two images of 20 x 10 pixels with three objects, and a test image with none.
fn good() -> (Value, Value) {
    let categories = json!([{"id": 7, "name": "b"}, {"id": 3, "name": "a"}]);
    let train = json!({
        "images": [
            {"id": 5, "file_name": "x.png", "width": 20, "height": 10},
            {"id": 2, "file_name": "y.png", "width": 20, "height": 10},
        ],
        "annotations": [
            {"id": 1, "image_id": 2, "category_id": 7, "bbox": [1, 2, 3, 4.5], "area": 9, "iscrowd": 0},
            {"id": 9, "image_id": 2, "category_id": 3, "bbox": [0, 0, 20, 10], "iscrowd": 1},
            {"id": 4, "image_id": 2, "category_id": 3, "bbox": [-0.5, 5, 2, 5]},
        ],
        "categories": categories,
    });
    let test = json!({
        "images": [{"id": 1, "file_name": "z.png"}], "annotations": [], "categories": categories,
    });
    (train, test)
}

fn folder(train: &Value, test: &Value) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, json) in FILES.iter().zip([train, test]) {
        std::fs::write(folder.path().join(name), json.to_string()).unwrap();
    }
    for part in ["train", "test"] {
        std::fs::create_dir(folder.path().join(part)).unwrap();
    }
    png(&folder.path().join("train/x.png"), 20, 10);
    png(&folder.path().join("train/y.png"), 20, 10);
    png(&folder.path().join("z.png"), 20, 10);
    folder
}

#[test]
fn good_folders_are_read() {
    let (train, test) = good();
    let split = read(folder(&train, &test).path()).unwrap();
    let data = &split.train;
    assert_eq!((data.count, data.image_shape()), (2, [1, 10, 20]));
    assert_eq!(data.classes, ["a", "b"], "in order of their ids");
    assert_eq!((data.category_id(0), data.image_id(0)), (3, 5));
    assert_eq!(data.image(1)[..3], [0, 1, 2]);
    assert!(data.objects(0).is_empty() && split.test.objects(0).is_empty());
    let objects = data.objects(1);
    assert_eq!(objects[0].bounds, [1., 2., 4., 6.5].into());
    assert_eq!((objects[0].class, objects[0].area), (1, 9.0));
    assert!(objects[1].crowd && !objects[2].crowd);
    assert_eq!(
        objects[2].bounds,
        [0., 5., 1.5, 10.].into(),
        "cut off at the edge"
    );
    assert_eq!(data.labels(), None);
}

#[test]
fn the_test_file_is_checked_before_training() {
    let (train, mut test) = good();
    test["annotations"] =
        json!([{"image_id": 1, "category_id": 7, "bbox": [1, 2, 3, 4], "area": -1}]);
    let error = read(folder(&train, &test).path()).unwrap_err().to_string();
    assert!(error.contains("one entry is wrong"), "{error}");
    assert!(
        error.contains("test.json: annotations[0] (z.png): area is -1"),
        "{error}"
    );
}

#[test]
fn files_are_found_by_every_relative_path_inside_the_folder() {
    let (mut train, test) = good();
    for name in ["x.png", "./x.png", "train/x.png", "../train/x.png"] {
        train["images"][0]["file_name"] = json!(name);
        assert!(read(folder(&train, &test).path()).is_ok(), "{name}");
    }
}

#[test]
fn a_long_list_is_cut() {
    let (mut train, test) = good();
    let bad = json!({"id": null, "image_id": 2, "category_id": 3, "bbox": [0, 0, -1, 1]});
    train["annotations"] = json!(vec![bad; 25]);
    let error = read(folder(&train, &test).path()).unwrap_err().to_string();
    assert!(error.contains("25 entries are wrong:"), "{error}");
    assert!(error.contains("... and 20 more"), "{error}");
    assert_eq!(error.lines().count(), 9);
}

#[test]
fn what_is_written_is_read_back() {
    let options = recipe::Scenes {
        digits: [0, 3],
        ..Default::default()
    };
    let [composer, _] = composers(&options).unwrap();
    let scene = |index: usize| {
        composer.scene(Key {
            seed: 1,
            purpose: Purpose::Scene,
            epoch: 0,
            index: index as u64,
        })
    };
    let make = || {
        let folder = tempfile::tempdir().unwrap();
        let about = (options.size, composer.classes());
        let mut told = Vec::new();
        for name in ["train", "test"] {
            let mut progress = |done| told.push(done);
            let annotations = write(
                folder.path(),
                name,
                70,
                scene,
                about,
                &json!({}),
                &mut progress,
            )
            .unwrap();
            std::fs::write(folder.path().join(format!("{name}.json")), annotations).unwrap();
        }
        assert_eq!(told, [64, 70, 64, 70]);
        folder
    };
    let (folder, again) = (make(), make());
    for file in ["train.json", "train/000000.png", "test/000069.png"] {
        let bytes = |folder: &tempfile::TempDir| std::fs::read(folder.path().join(file)).unwrap();
        assert!(
            bytes(&folder) == bytes(&again),
            "{file}: not the same bytes"
        );
    }
    let split = read(folder.path()).unwrap();
    for index in 0..70 {
        let scene = scene(index);
        assert_eq!(split.train.image(index)[..], scene.pixels[..]);
        assert_eq!(split.train.objects(index), scene.objects);
    }
    assert!(
        (0..70).any(|index| split.train.objects(index).is_empty()),
        "some are negatives"
    );
    // pycocotools and torchvision: ids from 1.
    let text = std::fs::read_to_string(folder.path().join("train.json")).unwrap();
    let json: Value = serde_json::from_str(&text).unwrap();
    assert_eq!(json["annotations"][0]["id"], 1);
    assert_eq!(json["categories"][0], json!({"id": 1, "name": "0"}));
    assert_eq!(json["images"].as_array().unwrap().len(), 70);
    assert!(matches!(
        empty_folder(folder.path()),
        Err(WriteError::NotEmpty(_))
    ));
    let _: &Dataset = &split.test;
    assert!(matches!(split.test.samples, Samples::Annotated(_)));
}
