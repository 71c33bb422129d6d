//! The binary as a user meets it: a small training end to end, and errors worth reading.

#[path = "cli/contact.rs"]
mod contact;
#[path = "cli/evidence.rs"]
mod evidence;
#[cfg(all(feature = "remote", unix))]
#[path = "cli/remote.rs"]
mod remote;
#[path = "cli/resume.rs"]
mod resume;
#[path = "cli/sweep.rs"]
mod sweep;

use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// Trains in seconds: a tiny network on a few images.
const TINY_CNN: &str = r#"
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

const TINY_DETECTOR: &str = r#"
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

fn atelier(folder: &Path, arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_atelier"))
        .current_dir(folder)
        .args(arguments)
        .output()
        .expect("the binary starts")
}

/// Standard output of a command that must succeed.
fn success(folder: &Path, arguments: &[&str]) -> Vec<u8> {
    let output = atelier(folder, arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?} failed:\n{errors}");
    output.stdout
}

fn json(folder: &Path, arguments: &[&str]) -> Value {
    serde_json::from_slice(&success(folder, arguments)).expect("one JSON document and nothing else")
}

/// Standard error of a command that must fail with this exit code.
fn error(folder: &Path, arguments: &[&str], code: i32) -> String {
    let output = atelier(folder, arguments);
    let text = String::from_utf8(output.stderr).expect("text");
    assert_eq!(output.status.code(), Some(code), "{arguments:?}:\n{text}");
    assert!(!text.contains("panicked"), "{text}");
    assert!(output.stdout.is_empty(), "results only on standard output");
    text
}

fn folder_with_recipes() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::write(folder.path().join("tiny-cnn.toml"), TINY_CNN).expect("written");
    std::fs::write(folder.path().join("tiny-detector.toml"), TINY_DETECTOR).expect("written");
    folder
}

#[test]
fn two_models_are_trained_compared_and_used() {
    let folder = folder_with_recipes();
    let at = folder.path();
    let comparison = json(
        at,
        &["compare", "tiny-cnn.toml", "tiny-detector.toml", "--json"],
    );
    let contestants = comparison["contestants"].as_array().expect("a list");
    let accuracy = |i: usize| contestants[i]["accuracy"].as_f64().expect("a number");
    assert!(accuracy(0) > 0.85, "cnn {}", accuracy(0));
    assert!(accuracy(1) > 0.30, "detector {}", accuracy(1));
    assert!(contestants[1]["mean_iou"].as_f64().expect("a number") > 0.4);
    assert!(comparison["verdict"]["mcnemar"]["p_value"].is_number());

    let run = at.join("runs/tiny-cnn");
    for file in [
        "recipe.toml",
        "environment.json",
        "history.jsonl",
        "model.safetensors",
        "evaluation.json",
        "predictions.csv",
    ] {
        assert!(run.join(file).is_file(), "{file}");
    }
    assert!(
        at.join("runs/tiny-cnn-vs-tiny-detector/report.html")
            .is_file()
    );

    // What was stored is what is found again.
    let evaluation = json(at, &["evaluate", "tiny-cnn", "--json"]);
    for figure in ["accuracy", "f1_macro", "loss", "ece", "confusion"] {
        assert_eq!(evaluation[figure], contestants[0][figure], "{figure}");
    }
    let listed = json(at, &["runs", "--json"]);
    assert_eq!(listed.as_array().map(Vec::len), Some(2));
}

#[test]
fn the_same_seed_gives_the_same_weights() {
    let folder = evidence::folder_with_two_classifiers();
    let at = folder.path();
    std::fs::write(at.join("detector.toml"), TINY_DETECTOR).expect("written");
    for recipe in ["wide.toml", "detector.toml"] {
        let digest = |threads: &str| {
            let few = ["--data", "marks", "--set", "data.validation=100"];
            let train = ["train", recipe, "--threads", threads, "--json"];
            json(at, &[&train[..], &few].concat())["model_digest"].clone()
        };
        let one = digest("1");
        assert!(one.as_str().expect("text").starts_with("blake3:"), "{one}");
        for threads in ["2", "3"] {
            assert_eq!(digest(threads), one, "{recipe}: {threads} threads");
        }
    }
}

#[test]
fn errors_say_what_where_and_what_to_do() {
    let folder = folder_with_recipes();
    let at = folder.path();
    std::fs::write(at.join("no-image.png"), "not a picture").expect("written");
    std::fs::create_dir(at.join("empty")).expect("created");
    std::fs::write(
        at.join("bad.toml"),
        TINY_CNN.replace("epochs = 1", "epoch = 1"),
    )
    .expect("written");
    struct Case {
        name: &'static str,
        arguments: &'static [&'static str],
        code: i32,
        says: &'static [&'static str],
    }
    let cases = [
        Case {
            name: "nothing asked",
            arguments: &[],
            code: 2,
            says: &["Usage: atelier", "compare --quick"],
        },
        Case {
            name: "unknown recipe",
            arguments: &["train", "lab-cn"],
            code: 2,
            says: &["lab-cn", "lab-cnn"],
        },
        Case {
            name: "misspelt key",
            arguments: &["train", "bad.toml"],
            code: 2,
            says: &["bad.toml", "epoch", "epochs"],
        },
        Case {
            name: "misspelt override",
            arguments: &["train", "lab-cnn", "--set", "training.epoch=1"],
            code: 2,
            says: &["training.epoch", "training.epochs"],
        },
        Case {
            name: "shapes that do not fit",
            arguments: &["train", "lab-cnn", "--set", "model.layers[0].kernel=31"],
            code: 1,
            says: &["model.layers[0]", "31"],
        },
        Case {
            name: "no such run",
            arguments: &["evaluate", "nothing"],
            code: 1,
            says: &["nothing", "atelier runs"],
        },
        Case {
            name: "one recipe",
            arguments: &["compare", "lab-cnn"],
            code: 2,
            says: &["two", "atelier train lab-cnn"],
        },
        Case {
            name: "no such data",
            arguments: &["train", "lab-cnn", "--data", "nowhere"],
            code: 1,
            says: &["nowhere"],
        },
        Case {
            name: "empty data folder",
            arguments: &["train", "lab-cnn", "--data", "empty"],
            code: 1,
            says: &["empty", "train-images-idx3-ubyte"],
        },
        Case {
            name: "unknown device",
            arguments: &["train", "lab-cnn", "--device", "tpu"],
            code: 2,
            says: &["tpu", "cpu"],
        },
    ];
    for Case {
        name,
        arguments,
        code,
        says,
    } in cases
    {
        let text = error(at, arguments, code);
        for part in says {
            assert!(text.contains(part), "{name}: '{part}' is not in:\n{text}");
        }
    }
}

#[test]
fn scenes_are_written_learned_from_and_judged() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    let detector = TINY_DETECTOR
        .replace("validation = 52000", "source = \"scenes\"\nvalidation = 8")
        .replace("[training]", "[data.scenes]\ntrain-images = 64\ntest-images = 12\nsize = 64\ndigits = [0, 3]\n[training]");
    std::fs::write(at.join("scenes.toml"), detector).expect("written");
    let options = [
        "--images",
        "40",
        "--test-images",
        "12",
        "--size",
        "64",
        "--digits",
        "0-3",
    ];
    for out in ["one", "two"] {
        success(
            at,
            &[&["data", "scenes", "--out", out][..], &options].concat(),
        );
    }
    for file in [
        "train.json",
        "test.json",
        "train/000039.png",
        "test/000011.png",
    ] {
        let bytes = |out: &str| std::fs::read(at.join(out).join(file)).expect("written");
        assert!(bytes("one") == bytes("two"), "{file} differs");
    }
    let text = error(at, &["data", "scenes", "--out", "one"], 1);
    assert!(text.contains("one: the folder is not empty"), "{text}");
    let text = error(
        at,
        &["data", "scenes", "--out", "three", "--side", "30-300"],
        2,
    );
    assert!(
        text.contains("--side must be") && !at.join("three").exists(),
        "{text}"
    );

    // Composed while training, and from the folder: the same test scenes, judged the same way.
    let made = json(at, &["train", "scenes.toml", "--json"]);
    assert!(made["map"].is_number() && made["found"].is_number() && made.get("accuracy").is_none());
    assert_eq!(
        (&made["images"], &made["recipe"]),
        (&12.into(), &"scenes".into())
    );
    let run = at.join("runs/scenes");
    for file in ["detections.json", "report.html", "evaluation.json"] {
        assert!(run.join(file).is_file(), "{file}");
    }
    let again = json(at, &["evaluate", "scenes", "--json"]);
    let folder = json(at, &["evaluate", "scenes", "--data", "one", "--json"]);
    let figures = [
        "coco-eval",
        "one/test.json",
        "runs/scenes/detections.json",
        "--json",
    ];
    let figures = json(at, &figures);
    for figure in ["map", "map_50", "mar_100"] {
        assert_eq!(made[figure], again[figure], "{figure}");
        assert_eq!(made[figure], folder[figure], "{figure}, from the folder");
        assert_eq!(made[figure], figures[figure], "{figure}, by coco-eval");
    }
    success(
        at,
        &[
            "train",
            "scenes.toml",
            "--data",
            "one",
            "--set",
            "data.validation=4",
        ],
    );
    assert!(
        String::from_utf8(success(at, &["runs"]))
            .expect("text")
            .contains("scenes-2")
    );
    let compared = json(at, &["compare", "--runs", "scenes", "scenes-2", "--json"]);
    assert!(compared.get("verdict").is_none());

    let text = error(at, &["train", "lab-cnn", "--data", "one"], 1);
    assert!(
        text.contains("classifier") && text.contains("faster-rcnn"),
        "{text}"
    );
    let anchors = json(at, &["data", "anchors", "scenes.toml", "--json"]);
    assert!(anchors["suggestion"]["mean_iou"].as_f64() > anchors["fit"]["mean_iou"].as_f64());
    let text = error(at, &["data", "anchors", "lab-cnn"], 2);
    assert!(text.contains("no anchors"), "{text}");
}

#[cfg(unix)]
#[test]
fn an_interrupted_run_is_whole_and_goes_on() {
    use std::process::Stdio;
    use std::time::Duration;

    let folder = folder_with_recipes();
    let at = folder.path();
    let tensorboard = "training.tensorboard=true";
    let arguments = [
        "train",
        "tiny-cnn.toml",
        "--epochs",
        "4",
        "--set",
        tensorboard,
    ];
    success(at, &[&arguments[..], &["--out", "straight"]].concat());

    let mut child = Command::new(env!("CARGO_BIN_EXE_atelier"))
        .current_dir(at)
        .args(arguments)
        .stderr(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .expect("the binary starts");
    while !at.join("runs/tiny-cnn/history.jsonl").is_file() {
        assert!(
            child.try_wait().expect("a child").is_none(),
            "it ended before its first epoch"
        );
        std::thread::sleep(Duration::from_millis(5));
    }
    let killed = Command::new("kill")
        .args(["-INT", &child.id().to_string()])
        .status();
    assert!(killed.expect("kill runs").success());
    let output = child.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    assert!(
        text.contains("atelier train --resume runs/tiny-cnn"),
        "{text}"
    );

    success(at, &["train", "--resume", "tiny-cnn"]);
    let weights = |root: &str| {
        std::fs::read(at.join(root).join("tiny-cnn/model.safetensors")).expect("weights")
    };
    assert!(
        weights("runs") == weights("straight"),
        "the resumed run ends elsewhere"
    );
    // The version and four epochs, none lost and none twice.
    let steps = |root: &str| {
        let path = at.join(root).join("tiny-cnn/events.out.tfevents");
        let bytes = std::fs::read(path).expect("events");
        let mut rest = &bytes[..];
        let mut records = 0;
        while let Some((length, _)) = rest.split_first_chunk::<8>() {
            rest = &rest[u64::from_le_bytes(*length) as usize + 16..];
            records += 1;
        }
        (records, bytes.len())
    };
    assert_eq!(steps("straight").0, 5);
    assert_eq!(steps("runs"), steps("straight"));
}

#[test]
fn weights_go_out_and_come_back() {
    let folder = folder_with_recipes();
    let at = folder.path();
    // Without batch normalisation and with a learning rate of almost nothing, a training leaves its weights as they are.
    let plain = TINY_CNN.replace(r#""batch-norm", "#, "");
    std::fs::write(at.join("plain.toml"), plain).expect("written");
    let trained = json(at, &["train", "plain.toml", "--json"]);
    let export = ["export", "plain", "--format", "safetensors", "--json"];
    let exported = json(at, &export);
    let file = exported["file"].as_str().expect("a path");
    for weights in [file, "plain"] {
        let again = json(
            at,
            &[
                "train",
                "plain.toml",
                "--init",
                weights,
                "--set",
                "training.optimizer={name=\"sgd\",learning-rate=1e-12}",
                "--set",
                "training.schedule={name=\"constant\"}",
                "--json",
            ],
        );
        assert_eq!(again["confusion"], trained["confusion"], "from {weights}");
    }

    let wrong = error(at, &["train", "tiny-cnn.toml", "--init", file], 1);
    for part in [
        "missing:     4.running_mean [16]",
        "missing:     8.weight [10, 400]",
        "surplus:     7.weight [10, 400]",
    ] {
        assert!(wrong.contains(part), "{part} in:\n{wrong}");
    }
    error(at, &["train", "plain.toml", "--init", "no.pth"], 2);
    let stray = error(
        at,
        &[
            "compare",
            "plain.toml",
            "tiny-cnn.toml",
            "--init",
            "mine.toml=a.pth",
        ],
        2,
    );
    assert!(stray.contains("expected RECIPE=WEIGHTS"), "{stray}");
    let runs = json(at, &["runs", "--json"]);
    assert_eq!(
        runs.as_array().map(Vec::len),
        Some(3),
        "no run of what was refused"
    );
}
