//! What the tests share: the binary, small recipes, and data sets that are learned in seconds.

pub use std::path::Path;
pub use std::process::{Command, Output};

pub use serde_json::Value;
pub use tempfile::TempDir;

/// Trains in seconds: a tiny network on a few images.
pub const TINY_CNN: &str = r#"
[model]
kind = "cnn"
layers = [
  { conv = 8, kernel = 5, stride = 2, padding = 2 }, "relu", { max-pool = 2 },
  { conv = 16, kernel = 3 }, "batch-norm", "relu",
  "flatten", { dropout = 0.1 }, { linear = 10 },
]
[data]
validation = 55000
[training]
epochs = 1
batch-size = 128
optimizer = { name = "adamw", learning-rate = 0.01 }
schedule = { name = "one-cycle" }
"#;

pub const TINY_DETECTOR: &str = r#"
[model]
kind = "faster-rcnn"
[model.backbone]
layers = [
  { conv = 8, kernel = 3, padding = 1 }, "batch-norm", "relu", { max-pool = 2 },
  { conv = 16, kernel = 3, padding = 1 }, "batch-norm", "relu", { max-pool = 2 },
]
[model.roi]
hidden = [64]
sample = 8
[data]
validation = 52000
[training]
epochs = 1
batch-size = 32
optimizer = { name = "adam", learning-rate = 0.003 }
clip-norm = 10
"#;

pub fn atelier(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_atelier"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("the binary starts")
}

/// Standard output of a command that must succeed.
pub fn success(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = atelier(folder, arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?} failed:\n{errors}");
    output.stdout
}

pub fn json(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_slice(&success(folder, arguments)).expect("one JSON document and nothing else")
}

/// Standard error of a command that must fail with this exit code.
pub fn error(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = atelier(folder, arguments);
    let text = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(code), "{arguments:?}:\n{text}");
    assert!(!text.contains("panicked"), "{text}");
    assert!(output.stdout.is_empty(), "results only on standard output");
    text
}

pub fn folder_with_recipes() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("tiny-cnn.toml"), TINY_CNN).expect("written");
    std::fs::write(folder.path().join("tiny-detector.toml"), TINY_DETECTOR).expect("written");
    folder
}

/// A wide and a narrow network, to learn from 600 images in `marks`.
pub fn folder_with_two_classifiers() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    let recipe = TINY_CNN.replace("validation = 55000", "source = \"marks\"\nvalidation = 100");
    std::fs::write(at.join("wide.toml"), &recipe).expect("written");
    let narrow = recipe.replace("conv = 8", "conv = 2");
    std::fs::write(at.join("narrow.toml"), narrow).expect("written");
    let marks = at.join("marks");
    std::fs::create_dir(&marks).expect("created");
    for (split, count) in [("train", 600_u32), ("t10k", 300)] {
        let (images, labels) = marks_of_ten_classes(count);
        write_idx(&marks, split, 28, &images, &labels);
    }
    folder
}

/// A square at one of ten places, moved at random, so that neighbours are taken for each other now and then.
pub fn marks_of_ten_classes(count: u32) -> (Vec<u8>, Vec<u8>) {
    let mut state = u64::from(count);
    let mut below = |bound: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (state >> 33) % bound
    };
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    for _ in 0..count {
        let label = below(10);
        let (left, top) = (label % 5 * 5 + below(5), label / 5 * 12 + below(8));
        images.extend((0..28 * 28).map(|place| {
            let (x, y) = (place % 28, place / 28);
            let inside = (left..left + 4).contains(&x) && (top..top + 5).contains(&y);
            (below(60) + if inside { 190 } else { 0 }) as u8
        }));
        labels.push(label as u8);
    }
    (images, labels)
}

/// Writes a part of a data set as IDX files: square images with one label each.
pub fn write_idx(folder: &Path, part: &str, side: u32, images: &[u8], labels: &[u8]) {
    let count = labels.len() as u32;
    let write = |what: &str, header: &[u32], content: &[u8]| {
        let header = header.iter().flat_map(|number| number.to_be_bytes());
        let bytes: Vec<u8> = header.chain(content.iter().copied()).collect();
        std::fs::write(folder.join(format!("{part}-{what}-ubyte")), bytes).expect("written");
    };
    write("images-idx3", &[0x803, count, side, side], images);
    write("labels-idx1", &[0x801, count], labels);
}
