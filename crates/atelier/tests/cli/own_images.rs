//! People's own pictures: what `predict` says of the files of a test set is what `evaluate` says.

use crate::support::*;
use image::{Rgb, RgbImage};

pub const CLASSES: [&str; 2] = ["plate", "stripes"];

/// A classifier of any size and number of channels.
pub const CNN: &str = r#"
[model]
kind = "cnn"
layers = [
  { conv = 8, kernel = 3, padding = 1 }, "relu", { max-pool = 2 },
  { conv = 8, kernel = 3, padding = 1 }, "relu", "global-avg-pool", { linear = 2 },
]
[data]
source = "pictures"
[training]
epochs = 1
batch-size = 8
optimizer = { name = "adam", learning-rate = 0.01 }
"#;

/// A yellowish disc, or blue stripes, on grey paper; sizes and places vary.
pub fn picture(class: usize, index: u32) -> RgbImage {
    let (width, height) = (40 + index % 5 * 7, 30 + index % 3 * 11);
    let (x0, y0) = (i64::from(width / 2 + index % 4), i64::from(height / 2));
    RgbImage::from_fn(width, height, |x, y| {
        let (dx, dy) = (i64::from(x) - x0, i64::from(y) - y0);
        let inside = dx * dx + dy * dy < 100;
        match (class, inside) {
            (0, true) => Rgb([220, 200, 40]),
            (1, true) if x % 4 < 2 => Rgb([20, 40, 200]),
            _ => Rgb([150 + (x + y) as u8 % 8; 3]),
        }
    })
}

/// `pictures/{train,test}/CLASS/*`, of several formats, sizes and modes.
pub fn class_folders(folder: &Path) {
    for (part, count) in [("train", 16), ("test", 6)] {
        for (class, name) in CLASSES.iter().enumerate() {
            let inside = folder.join("pictures").join(part).join(name);
            std::fs::create_dir_all(&inside).expect("created");
            for index in 0..count {
                let image = image::DynamicImage::from(picture(class, index));
                let (image, ending) = match index % 6 {
                    0 => (image, "png"),
                    1 => (image, "jpg"),
                    2 => (image.to_rgba8().into(), "png"),
                    3 => (image, "bmp"),
                    4 => (image.to_luma8().into(), "PNG"),
                    _ => (image, "tiff"),
                };
                let path = inside.join(format!("{index}.{ending}"));
                image.save(path).expect("written");
            }
            std::fs::write(inside.join("._0.png"), "a companion").expect("written");
        }
    }
}

/// The rows of a run's predictions.csv: predicted class and score.
pub fn evaluated(folder: &Path, run: &str) -> Vec<(String, f64)> {
    let text = std::fs::read_to_string(folder.join("runs").join(run).join("predictions.csv"));
    let text = text.expect("written");
    let rows = text.lines().skip(1).map(|line| {
        let fields: Vec<&str> = line.split(',').collect();
        (fields[2].to_string(), fields[3].parse().expect("a number"))
    });
    rows.collect()
}

pub fn predicted(folder: &Path, run: &str, pictures: &str) -> Vec<(String, f64)> {
    let answers = json(folder, &["predict", run, pictures, "--json"]);
    let answers = answers.as_array().expect("a list").iter().map(|answer| {
        let class = answer["class"].as_str().expect("a name").to_string();
        (class, answer["score"].as_f64().expect("a number"))
    });
    answers.collect()
}

#[track_caller]
pub fn assert_same(name: &str, evaluated: &[(String, f64)], predicted: &[(String, f64)]) {
    assert_eq!(evaluated.len(), predicted.len(), "{name}");
    for (a, b) in evaluated.iter().zip(predicted) {
        assert_eq!(a.0, b.0, "{name}: {evaluated:?} {predicted:?}");
        assert!((a.1 - b.1).abs() < 1e-5, "{name}: {a:?} {b:?}");
    }
}

#[test]
fn every_fit_predicts_as_it_was_trained() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    class_folders(at);
    for (run, image) in [
        (
            "letterbox",
            r#"{ size = [32, 32], mean = "dataset", std = "dataset" }"#,
        ),
        (
            "stretch",
            r#"{ size = [24, 40], fit = "stretch", mean = [0.5, 0.4, 0.3], std = 0.2 }"#,
        ),
        (
            "crop",
            r#"{ size = [24, 24], fit = "crop", colour = "rgb", background = 0 }"#,
        ),
        (
            "grey",
            r#"{ size = [32, 32], colour = "grey", mean = "dataset" }"#,
        ),
        ("ink", r#"{ size = [32, 32], fit = "ink" }"#),
        ("digit", r#"{ fit = "digit", mean = 0.1307, std = 0.3081 }"#),
        ("chosen", "{ }"),
    ] {
        let recipe = format!("{run}.toml");
        let text = CNN.replace("[data]\n", &format!("[data]\nimage = {image}\n"));
        std::fs::write(at.join(&recipe), text).expect("written");
        success(at, &["train", &recipe, "--plain"]);
        let files = CLASSES.map(|class| predicted(at, run, &format!("pictures/test/{class}")));
        assert_same(run, &evaluated(at, run), &files.concat());
        // Evaluated anew, and explained, with what the run has recorded.
        let again = json(at, &["evaluate", run, "--json"]);
        assert_eq!(again["images"], 12, "{run}");
    }
}

#[test]
fn inverted_idx_files_predict_as_they_were_trained() {
    let folder = folder_with_two_classifiers();
    let at = folder.path();
    let (images, labels) = marks_of_ten_classes(300);
    let inverted: Vec<u8> = images.iter().map(|pixel| 255 - pixel).collect();
    let (train, train_labels) = marks_of_ten_classes(600);
    let train: Vec<u8> = train.iter().map(|pixel| 255 - pixel).collect();
    write_idx(&at.join("marks"), "train", 28, &train, &train_labels);
    write_idx(&at.join("marks"), "t10k", 28, &inverted, &labels);
    success(
        at,
        &[
            "train",
            "wide.toml",
            "--plain",
            "--set",
            "training.epochs=2",
        ],
    );
    let pngs = at.join("pngs");
    std::fs::create_dir(&pngs).expect("created");
    for (index, pixels) in inverted.chunks_exact(28 * 28).enumerate() {
        let image = image::GrayImage::from_raw(28, 28, pixels.to_vec()).expect("784 pixels");
        image
            .save(pngs.join(format!("{index:03}.png")))
            .expect("written");
    }
    assert_same(
        "idx",
        &evaluated(at, "wide"),
        &predicted(at, "wide", "pngs"),
    );
}

#[test]
fn what_is_wrong_is_named_skipped_and_recorded() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    class_folders(at);
    std::fs::write(at.join("own.toml"), CNN).expect("written");
    let bytes = std::fs::read(at.join("pictures/train/plate/0.png")).expect("there");
    std::fs::write(
        at.join("pictures/train/plate/0.png"),
        &bytes[..bytes.len() / 2],
    )
    .expect("cut");
    let text = error(at, &["train", "own.toml", "--plain"], 1);
    assert!(text.contains("damaged pictures: 1"), "{text}");
    assert!(
        text.contains("plate/0.png") && text.contains("on-error"),
        "{text}"
    );
    assert!(!at.join("runs").exists(), "nothing is left behind");
    let skip = [
        "train",
        "own.toml",
        "--plain",
        "--set",
        "data.on-error=skip",
    ];
    success(at, &skip);
    let skipped = std::fs::read_to_string(at.join("runs/own/skipped.json")).expect("recorded");
    assert!(skipped.contains("plate/0.png"), "{skipped}");
}

#[test]
fn the_largest_picture_can_be_chosen() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    class_folders(at);
    std::fs::write(at.join("own.toml"), CNN).expect("written");
    // All have at least 40 x 30 pixels.
    for refused in [
        &["train", "own.toml", "--plain", "--max-pixels", "1199"][..],
        &["data", "check", "pictures", "--max-pixels", "1199"],
    ] {
        let output = atelier(at, refused);
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text);
        assert_eq!(output.status.code(), Some(1), "{refused:?}");
        assert!(text.contains("40 x 30 pixels"), "{refused:?}: {text:?}");
    }
    success(
        at,
        &["train", "own.toml", "--plain", "--max-pixels", "5000"],
    );
    let picture = "pictures/test/plate/0.png";
    success(at, &["predict", "own", picture]);
    success(at, &["evaluate", "own"]);
    for command in [
        &["predict", "own", picture][..],
        &["explain", "own", picture],
    ] {
        let command = [command, &["--max-pixels", "1199"]].concat();
        let text = error(at, &command, 1);
        assert!(text.contains("--max-pixels"), "{command:?}: {text}");
    }
}
