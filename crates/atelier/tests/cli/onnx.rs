//! ONNX files in the place of runs: what a run is exported as predicts and is judged as the run itself.

use crate::own_images::{CNN, assert_same, class_folders, predicted};
use crate::own_sources::annotated;
use crate::support::*;

fn accuracy(evaluation: &Value) -> f64 {
    evaluation["accuracy"].as_f64().expect("a number")
}

#[test]
fn a_classifier_is_the_same_as_a_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    class_folders(at);
    std::fs::write(at.join("own.toml"), CNN).expect("written");
    success(at, &["train", "own.toml", "--plain"]);
    for (file, flags) in [
        ("plain.onnx", &[][..]),
        ("softmax.onnx", &["--softmax"]),
        ("bytes.onnx", &["--softmax", "--with-preparation"]),
    ] {
        let export = ["export", "own", "--format", "onnx", "--out", file];
        success(at, &[&export[..], flags].concat());
        // The file says where its data is, and all that a picture goes through.
        let own = json(at, &["evaluate", "own", "--json"]);
        let other = json(at, &["evaluate", file, "--json"]);
        assert_eq!(own["confusion"], other["confusion"], "{file}");
        assert!(
            (own["loss"].as_f64().expect("a loss") - other["loss"].as_f64().expect("a loss")).abs()
                < 1e-5
        );
        assert_eq!(other["kind"], "onnx");
        let explained = json(
            at,
            &["explain", file, "pictures/test/stripes/0.png", "--json"],
        );
        assert_eq!(explained["class"], "stripes", "{file}");
        let picture = explained["files"][0]["path"].as_str().expect("a path");
        assert!(at.join(picture).is_file());
    }
    let folder = "pictures/test/stripes";
    assert_same(
        "bytes",
        &predicted(at, "own", folder),
        &predicted(at, "bytes.onnx", folder),
    );
    // Beside the run, in one table and one report.
    let compared = json(at, &["compare", "--runs", "own", "plain.onnx", "--json"]);
    let contestants = compared["contestants"].as_array().expect("a list");
    let both: Vec<f64> = contestants.iter().map(accuracy).collect();
    assert_eq!(both[0], both[1]);
    let report = [
        "report",
        "own",
        "plain.onnx",
        "--format",
        "md",
        "--out",
        "report.md",
    ];
    success(at, &report);
    let text = std::fs::read_to_string(at.join("report.md")).expect("a report");
    assert!(text.contains("plain"), "{text}");
    // Classes are found by their names, whatever their order.
    let on = ["evaluate", "plain.onnx", "--data", "pictures", "--classes"];
    let other = json(at, &[&on[..], &["stripes,plate", "--json"]].concat());
    assert!((accuracy(&other) - (1.0 - both[0])).abs() < 1e-9);
    let text = error(at, &[&on[..], &["plate,spoon"]].concat(), 1);
    assert!(
        text.contains("plate, spoon") && text.contains("--classes"),
        "{text}"
    );
}

#[test]
fn a_detector_is_the_same_as_a_file() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    annotated(at, "coco");
    let recipe = TINY_DETECTOR
        .replace(
            "validation = 52000",
            "source = \"coco\"\nimage = { size = [64, 72], mean = \"dataset\" }",
        )
        .replace("batch-size = 32", "batch-size = 4");
    std::fs::write(at.join("shapes.toml"), recipe).expect("written");
    success(at, &["train", "shapes.toml", "--epochs", "4", "--plain"]);
    success(
        at,
        &[
            "export",
            "shapes",
            "--format",
            "onnx",
            "--out",
            "shapes.onnx",
        ],
    );
    let of = |model: &str, flags: &[&str]| {
        json(
            at,
            &[&["predict", model, "coco/test", "--json"][..], flags].concat(),
        )
    };
    for flags in [
        &[][..],
        &["--score-threshold", "0.1", "--max-detections", "3"],
    ] {
        let (own, other) = (of("shapes", flags), of("shapes.onnx", flags));
        let all = own
            .as_array()
            .expect("a list")
            .iter()
            .zip(other.as_array().expect("a list"));
        for (own, other) in all {
            let detections = |of: &Value| of["detections"].as_array().expect("a list").clone();
            assert_eq!(detections(own).len(), detections(other).len(), "{flags:?}");
            for (own, other) in detections(own).iter().zip(&detections(other)) {
                assert_eq!(own["class"], other["class"]);
                let corner = |of: &Value, side: usize| of["box"][side].as_f64().expect("a number");
                assert!((0..4).all(|side| (corner(own, side) - corner(other, side)).abs() < 1e-2));
            }
        }
    }
    let figure = |model: &str| json(at, &["evaluate", model, "--json"])["map"].as_f64();
    let difference = figure("shapes").unwrap_or(0.0) - figure("shapes.onnx").unwrap_or(0.0);
    assert!(difference.abs() < 1e-3, "{difference}");
}

#[test]
fn what_a_file_does_not_say_is_asked_for() {
    let folder = folder_with_two_classifiers();
    let at = folder.path();
    std::fs::write(at.join("notes.onnx"), "not a model").expect("written");
    let text = error(at, &["predict", "notes.onnx", "a.png"], 1);
    assert!(
        text.contains("notes.onnx") && text.contains("not an ONNX file"),
        "{text}"
    );
    let text = error(at, &["predict", "missing.onnx", "a.png"], 1);
    assert!(text.contains("missing.onnx"), "{text}");
    success(at, &["train", "wide.toml", "--plain"]);
    for flags in [
        ["--range", "0,255"],
        ["--layout", "nhwc"],
        ["--classes", "a,b"],
    ] {
        let text = error(at, &[&["evaluate", "wide"][..], &flags].concat(), 2);
        assert!(text.contains(flags[0]) && text.contains("ONNX"), "{text}");
    }
    success(at, &["export", "wide", "--format", "onnx"]);
    let model = "runs/wide/model.onnx";
    // Pictures that the model does not know hint at what may be wrong.
    let output = atelier(at, &["evaluate", model, "--range", "0,-255"]);
    let text = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{text}");
    for (flags, expected) in [
        (&["--size", "0"][..], "from 1 to 4096"),
        (&["--range", "1"], "two different numbers"),
        (&["--std", "0"], "above 0"),
        (&["--mean", "1,2"], "one number, or three"),
        (&["--size", "32"], "another size does not fit"),
    ] {
        let output = atelier(at, &[&["evaluate", model][..], flags].concat());
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(
            !output.status.success() && text.contains(expected),
            "{flags:?}: {text}"
        );
    }
    let text = error(at, &["compare", model, model], 2);
    assert!(text.contains("needs a recipe"), "{text}");
    let text = error(at, &["export", model, "--format", "onnx"], 2);
    assert!(text.contains("already"), "{text}");
}
