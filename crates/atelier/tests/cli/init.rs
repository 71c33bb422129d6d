//! `init`: recipes that fit folders, and can be trained at once.

use std::fs;

use super::support::{Path, error, json, success};

/// MNIST's files with little pictures: a bright column whose place is the class.
fn idx_files(folder: &Path) {
    fs::create_dir(folder).expect("a new folder");
    for (part, count) in [("train", 60_u8), ("t10k", 20)] {
        let mut images = vec![0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 12, 0, 0, 0, 12];
        let mut labels = vec![0, 0, 8, 1, 0, 0, 0, count];
        for index in 0..count {
            let class = index % 10;
            labels.push(class);
            for place in 0..144_u8 {
                images.push(if place % 12 == class { 255 } else { index });
            }
        }
        fs::write(folder.join(format!("{part}-images-idx3-ubyte")), images).expect("written");
        fs::write(folder.join(format!("{part}-labels-idx1-ubyte")), labels).expect("written");
    }
}

#[test]
fn a_suggested_classifier_trains() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    idx_files(&at.join("columns"));
    let told = json(at, &["init", "columns", "--json"]);
    assert_eq!(told["recipe"], "columns.toml");
    assert_eq!(told["format"], "idx");
    assert_eq!(told["found"]["train"], 60);
    assert_eq!(told["chosen"]["kind"], "cnn");
    assert_eq!(told["chosen"]["input"], serde_json::json!([1, 12, 12]));
    let says = error(at, &["init", "columns"], 2);
    assert!(says.contains("--force"), "{says}");
    let text = success(at, &["init", "columns", "--force", "--minutes", "0.5"]);
    let text = String::from_utf8_lossy(&text);
    assert!(text.contains("atelier train columns.toml"), "{text}");
    let trained = json(at, &["train", "columns.toml", "--epochs", "2", "--json"]);
    assert!(trained["accuracy"].is_f64(), "{trained}");
}

#[test]
fn a_suggested_detector_trains() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    let compose = [
        "data",
        "scenes",
        "--out",
        "scenes",
        "--images",
        "24",
        "--test-images",
        "6",
        "--size",
        "64",
        "--digits",
        "1-3",
        "--side",
        "16-30",
    ];
    success(at, &compose);
    // A folder with the name of a built-in source.
    let told = json(at, &["init", "scenes", "--json"]);
    assert_eq!(told["found"]["source"], "./scenes");
    assert_eq!(told["chosen"]["kind"], "faster-rcnn");
    assert_eq!(told["chosen"]["input"], serde_json::json!([1, 64, 64]));
    let trained = json(at, &["train", "scenes.toml", "--epochs", "1", "--json"]);
    assert!(trained["map"].is_f64(), "{trained}");
}

#[test]
fn what_cannot_be_suggested_is_said() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    for (arguments, code, expected) in [
        (&["init", "mnist"][..], 2, "built in"),
        (&["init", "nowhere"][..], 1, "no such folder or file"),
        (&["init", "nowhere", "--out", "a.json"][..], 2, ".toml"),
        (&["init", "nowhere", "--minutes", "0"][..], 2, "minutes"),
        (
            &["init", "nowhere", "--format", "tiff"][..],
            2,
            "unknown variant",
        ),
    ] {
        let says = error(at, arguments, code);
        assert!(says.contains(expected), "{arguments:?}: {says}");
    }
}
