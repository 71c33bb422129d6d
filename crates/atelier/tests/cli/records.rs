//! Runs whose files were edited, cut, damaged, or mixed with another run's: each is named, and nothing is read wrongly.

#![cfg(unix)]

use std::path::PathBuf;

use super::resume::folder;
use super::support::*;

/// Changes a file of the run `runs/cnn`, and gives what to write back afterwards.
fn changed(at: &Path, name: &str, change: impl FnOnce(Vec<u8>) -> Vec<u8>) -> (PathBuf, Vec<u8>) {
    let path = at.join("runs/cnn").join(name);
    let before = std::fs::read(&path).expect("it is there");
    std::fs::write(&path, change(before.clone())).expect("written");
    (path, before)
}

#[test]
fn records_that_do_not_belong_together_are_named() {
    let folder = folder();
    let at = folder.path();
    success(at, &["train", "cnn.toml", "--epochs", "2"]);
    success(at, &["train", "cnn.toml", "--epochs", "2", "--seed", "1"]);
    let other = |name: &str| std::fs::read(at.join("runs/cnn-2").join(name)).expect("read");
    let report = &["report", "cnn"][..];
    let evaluate = &["evaluate", "cnn"][..];
    let export = &[
        "export",
        "cnn",
        "--format",
        "safetensors",
        "--out",
        "x.safetensors",
    ][..];
    let half = |bytes: Vec<u8>| bytes[..bytes.len() / 2].to_vec();
    let flipped = |mut bytes: Vec<u8>| {
        let middle = bytes.len() / 2;
        bytes[middle] ^= 4;
        bytes
    };
    let edited = |key: &'static str, to: &'static str| {
        move |bytes: Vec<u8>| {
            let text = String::from_utf8(bytes).expect("text");
            assert!(text.contains(key), "{key} is not in:\n{text}");
            text.replacen(key, to, 1).into_bytes()
        }
    };
    type Change<'a> = Box<dyn FnOnce(Vec<u8>) -> Vec<u8> + 'a>;
    type Commands<'a> = &'a [&'a [&'a str]];
    let cases: [(&str, &str, Change<'_>, Commands<'_>, &str); 13] = [
        (
            "half the predictions",
            "predictions.csv",
            Box::new(half),
            &[report, evaluate],
            "predictions.csv: damaged run",
        ),
        (
            "other predictions",
            "predictions.csv",
            Box::new(|_| other("predictions.csv")),
            &[report, evaluate],
            "predictions.csv: damaged run",
        ),
        (
            "one digit",
            "predictions.csv",
            Box::new(edited("0.0", "0.1")),
            &[report, evaluate],
            "predictions.csv: damaged run",
        ),
        (
            "no history",
            "history.jsonl",
            Box::new(|_| vec![]),
            &[report, evaluate],
            "history.jsonl: damaged run",
        ),
        (
            "other history",
            "history.jsonl",
            Box::new(|_| other("history.jsonl")),
            &[report, evaluate],
            "history.jsonl: damaged run",
        ),
        (
            "other evaluation",
            "evaluation.json",
            Box::new(|_| other("evaluation.json")),
            &[report],
            "not the file that evaluation.json was made with",
        ),
        (
            "other evaluation, for the weights",
            "evaluation.json",
            Box::new(|_| other("evaluation.json")),
            &[evaluate, export],
            "model.safetensors: damaged run",
        ),
        (
            "a bit of the weights",
            "model.safetensors",
            Box::new(flipped),
            &[evaluate, export],
            "model.safetensors: the file is damaged",
        ),
        (
            "other weights",
            "model.safetensors",
            Box::new(|_| other("model.safetensors")),
            &[evaluate, export],
            "model.safetensors: damaged run: its weights are not those of evaluation.json",
        ),
        (
            "half the weights",
            "model.safetensors",
            Box::new(half),
            &[evaluate, export],
            "model.safetensors: not a complete safetensors file",
        ),
        (
            "another seed",
            "recipe.toml",
            Box::new(edited("seed = 0", "seed = 3")),
            &[report, evaluate, &["train", "--resume", "cnn"]],
            "training.seed (was 0, now 3)",
        ),
        (
            "other batches",
            "recipe.toml",
            Box::new(edited("batch-size = 16", "batch-size = 8")),
            &[report, &["train", "--resume", "cnn"]],
            "training.batch-size (was 16, now 8)",
        ),
        (
            "wider",
            "recipe.toml",
            Box::new(edited("conv = 4", "conv = 400000")),
            &[export],
            "model.safetensors: damaged run: it holds ",
        ),
    ];
    for (name, file, change, commands, says) in cases {
        let (path, before) = changed(at, file, change);
        for command in commands {
            let text = error(at, command, 1);
            assert!(
                text.contains(says),
                "{name}, {command:?}: '{says}' is not in:\n{text}"
            );
        }
        std::fs::write(path, before).expect("restored");
    }
    for file in ["predictions.csv", "history.jsonl"] {
        let (path, before) = changed(at, file, |bytes| bytes);
        std::fs::remove_file(&path).expect("removed");
        for command in [report, evaluate] {
            let text = error(at, command, 1);
            assert!(text.contains(file), "{command:?}: {text}");
        }
        std::fs::write(path, before).expect("restored");
    }
    // What changes no weights may be edited.
    let (path, before) = changed(
        at,
        "recipe.toml",
        edited("tensorboard = false", "tensorboard = true"),
    );
    success(at, report);
    success(at, &["train", "--resume", "cnn"]);
    std::fs::write(path, before).expect("restored");
    success(at, evaluate);
}

/// Images of terabytes, in a file that is whole.
#[test]
fn absurd_shapes_in_a_run_are_refused() {
    let folder = folder();
    let at = folder.path();
    success(at, &["train", "cnn.toml", "--epochs", "1"]);
    std::fs::remove_file(at.join("runs/cnn/evaluation.json")).expect("removed");
    for input in [
        "[1,1099511627776,1099511627776]",
        "[1,9223372036854775808,2]",
        "[0,16,16]",
        "[1,90000,90000]",
    ] {
        let (path, before) = changed(at, "model.safetensors", |bytes| with_input(&bytes, input));
        let text = error(
            at,
            &[
                "export",
                "cnn",
                "--format",
                "safetensors",
                "--out",
                "x.safetensors",
            ],
            1,
        );
        assert!(
            text.contains("model.safetensors: damaged run: it states images of "),
            "{input}: {text}"
        );
        std::fs::write(path, before).expect("restored");
    }
    success(
        at,
        &[
            "export",
            "cnn",
            "--format",
            "safetensors",
            "--out",
            "x.safetensors",
        ],
    );
}

/// The same weights for images of another size, with the checksum that belongs to them.
fn with_input(file: &[u8], input: &str) -> Vec<u8> {
    let length = u64::from_le_bytes(file[..8].try_into().expect("8 bytes")) as usize;
    let mut header: Value = serde_json::from_slice(&file[8..8 + length]).expect("JSON");
    let numbers = &file[8 + length..];
    let text = header["__metadata__"]["atelier"].as_str().expect("ours");
    let mut sealed: Value = serde_json::from_str(text).expect("JSON");
    sealed["about"]["input"] = serde_json::from_str(input).expect("JSON");
    let mut names: Vec<&String> = header.as_object().expect("an object").keys().collect();
    names.sort_unstable();
    names.retain(|name| *name != "__metadata__");
    let mut hashed: Vec<u8> = Vec::new();
    for name in names {
        let tensor = &header[name];
        let whole = |value: &Value| value.as_u64().expect("a whole number");
        let shape: Vec<u64> = tensor["shape"]
            .as_array()
            .expect("a list")
            .iter()
            .map(whole)
            .collect();
        let [from, to] = [0, 1].map(|at| whole(&tensor["data_offsets"][at]) as usize);
        hashed.extend((name.len() as u64).to_le_bytes());
        hashed.extend(name.as_bytes());
        hashed.extend((shape.len() as u64).to_le_bytes());
        hashed.extend(shape.iter().flat_map(|side| side.to_le_bytes()));
        hashed.extend(&numbers[from..to]);
    }
    let tensors = measure::digest::blake3([&hashed[..]]);
    let about = sealed["about"].to_string();
    sealed["digest"] = measure::digest::blake3([tensors.as_bytes(), about.as_bytes()]).into();
    header["__metadata__"]["atelier"] = sealed.to_string().into();
    let mut header = header.to_string().into_bytes();
    header.resize(header.len().next_multiple_of(8), b' ');
    let length = (header.len() as u64).to_le_bytes();
    [&length[..], &header, numbers].concat()
}

/// A held-out loss that is not finite is named, and the run can still be read.
#[test]
fn figures_that_are_not_finite_do_not_cost_the_run() {
    let folder = folder();
    let at = folder.path();
    let rate = "training.optimizer.learning-rate=1e20";
    let train = [
        "train",
        "detector.toml",
        "--set",
        rate,
        "--set",
        "training.batch-size=80",
    ];
    let text = error(at, &train, 1);
    assert!(text.contains("loss became NaN in step 1"), "{text}");
    let text = error(at, &["train", "--resume", "detector"], 1);
    assert!(text.contains("loss became NaN in step 1"), "{text}");
}

/// A run from someone's archive may hold links to other files.
#[test]
fn links_are_not_followed_where_a_run_writes_and_deletes() {
    use std::os::unix::fs::symlink;

    let folder = folder();
    let at = folder.path();
    success(at, &["train", "cnn.toml", "--epochs", "1"]);
    let run = at.join("runs/cnn");
    std::fs::write(at.join("notes"), "mine").expect("written");
    std::fs::create_dir(at.join("mine")).expect("created");
    std::fs::write(at.join("mine/step-00000099.safetensors"), "mine").expect("written");

    let lock = run.join(".lock");
    for target in ["notes", "missing"] {
        std::fs::remove_file(&lock).expect("removed");
        symlink(at.join(target), &lock).expect("linked");
        let text = error(at, &["train", "--resume", "cnn"], 1);
        assert!(text.contains("runs/cnn/.lock: it is not a lock"), "{text}");
    }
    std::fs::remove_file(&lock).expect("removed");
    std::fs::remove_dir_all(run.join("checkpoints")).expect("removed");
    symlink(at.join("mine"), run.join("checkpoints")).expect("linked");
    let text = error(at, &["train", "--resume", "cnn"], 1);
    assert!(
        text.contains("runs/cnn/checkpoints: it is a symbolic link"),
        "{text}"
    );

    // A folder that looks as if its run had not begun is not taken for a new run either.
    std::fs::create_dir_all(at.join("runs/detector")).expect("created");
    symlink(at.join("notes"), at.join("runs/detector/.lock")).expect("linked");
    let text = error(at, &["train", "detector.toml", "--epochs", "1"], 1);
    assert!(
        text.contains("runs/detector/.lock: it is not a lock"),
        "{text}"
    );

    assert_eq!(
        std::fs::read_to_string(at.join("notes")).expect("read"),
        "mine"
    );
    assert!(!at.join("missing").exists());
    assert!(at.join("mine/step-00000099.safetensors").is_file());
}
