//! The models that come with the program.

use crate::support::*;

#[test]
fn they_are_small() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../nets/models");
    let files = folder.read_dir().expect("a folder");
    let bytes = files.map(|file| file.expect("a file").metadata().expect("a size").len());
    assert!(bytes.sum::<u64>() <= 4_000_000);
}

#[test]
fn the_classifier_reads_handwriting() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    let text = error(at, &["evaluate", "digits-cnn"], 2);
    assert!(text.contains("--data"), "{text}");
    let figures = json(at, &["evaluate", "digits-cnn", "--data", "mnist", "--json"]);
    let accuracy = figures["accuracy"].as_f64().expect("a number");
    assert!(accuracy >= 0.994, "{accuracy}");
}

#[test]
fn the_detector_finds_digits() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    let scenes = "data scenes --out pages --images 1 --test-images 40 --size 240 --digits 1-6 --side 24-60 --seed 1";
    success(at, &scenes.split(' ').collect::<Vec<_>>());
    let evaluate = ["evaluate", "digits-detector", "--data", "pages", "--json"];
    let figures = json(at, &evaluate);
    let found = figures["map_50"].as_f64().expect("a number");
    assert!(found >= 0.95, "{found}");
}
