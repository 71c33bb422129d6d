//! Trainings from start to end: compared, repeated, interrupted, exported and started from weights.

use super::support::*;

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
    let folder = folder_with_two_classifiers();
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

    let partly = atelier(at, &["train", "tiny-cnn.toml", "--init", file]);
    let partly = String::from_utf8_lossy(&partly.stderr);
    for part in [
        "4 of the network's 10 tensors",
        "missing, keep initial values: 6 (4.bias [16]; 4.running_mean [16]; ",
        "surplus, not used: 2 (7.bias [10]; 7.weight [10, 400])",
        "most of the network keeps its initial weights",
    ] {
        assert!(partly.contains(part), "{part} in:\n{partly}");
    }
    let other = TINY_CNN.replace("conv = 8", "conv = 9");
    let other = other.replace("conv = 16", "conv = 17");
    std::fs::write(at.join("other.toml"), other).expect("written");
    let wrong = error(at, &["train", "other.toml", "--init", file], 1);
    for part in [
        "no tensor fits the network",
        "missing, keep initial values: 6 (4.bias [17]; ",
        "other shape, keep initial values: 4 (0.bias is [8], the network expects [9]; ",
        "surplus, not used: 2 (7.bias [10]; 7.weight [10, 400])",
        "--by order",
    ] {
        assert!(wrong.contains(part), "{part} in:\n{wrong}");
    }
    let by_order = ["train", "plain.toml", "--init", file, "--by", "order"];
    let unordered = error(at, &by_order, 1);
    assert!(unordered.contains("does not keep the order"), "{unordered}");
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
        Some(4),
        "no run of what was refused"
    );
}
