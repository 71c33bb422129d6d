//! Faults that were found by attacking the binary, named as in the tests below: each stays fixed.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use super::support::*;

const ESCAPE: char = '\u{1b}';

/// The two classifiers with `wide` trained, the picture of a digit in `a/digit.png` and `b/digit.png`, and `blank.png`.
fn folder_with_a_run() -> TempDir {
    let folder = folder_with_two_classifiers();
    let at = folder.path();
    // What looks for ink finds none on a blank picture.
    let ink = ["--set", "data.image.fit=ink"];
    success(at, &[&["train", "wide.toml"][..], &ink].concat());
    let scenes = |out: &str, digits: &str| {
        let size = ["--images", "0", "--test-images", "1", "--size", "64"];
        let digits = ["data", "scenes", "--out", out, "--digits", digits];
        success(at, &[&digits[..], &size].concat());
        at.join(out).join("test/000000.png")
    };
    let (digit, blank) = (scenes("one", "1"), scenes("none", "0"));
    for place in ["a", "b"] {
        fs::create_dir(at.join(place)).expect("created");
        fs::copy(&digit, at.join(place).join("digit.png")).expect("copied");
    }
    fs::copy(blank, at.join("blank.png")).expect("copied");
    folder
}

fn files(folder: PathBuf) -> Vec<String> {
    let entries = fs::read_dir(folder).expect("a folder");
    let name = |entry: std::io::Result<fs::DirEntry>| entry.expect("an entry").file_name();
    let mut names: Vec<String> = entries
        .map(|entry| name(entry).to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

#[test]
fn a_reader_of_messages_that_goes_away_ends_nothing() {
    let folder = folder_with_two_classifiers();
    let at = folder.path();
    let vary = "training.optimizer.learning-rate=0.01,0.003";
    for arguments in [
        &["train", "wide.toml", "--plain", "--json"][..],
        &["compare", "wide.toml", "narrow.toml", "--json"],
        &[
            "sweep",
            "narrow.toml",
            "--vary",
            vary,
            "--trials",
            "2",
            "--json",
        ],
    ] {
        let mut child = Command::new(env!("CARGO_BIN_EXE_atelier"))
            .current_dir(at)
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the binary starts");
        drop(child.stderr.take());
        let output = child.wait_with_output().expect("it ends");
        assert_eq!(output.status.code(), Some(0), "{arguments:?}");
        let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert!(found.is_object(), "{arguments:?}");
    }
}

#[test]
fn names_from_outside_do_not_reach_the_terminal_raw() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    let size = ["--images", "40", "--test-images", "8", "--size", "64"];
    success(
        at,
        &[&["data", "scenes", "--out", "digits"][..], &size].concat(),
    );
    for part in ["train", "test"] {
        let file = at.join(format!("digits/{part}.json"));
        let mut coco: Value =
            serde_json::from_slice(&fs::read(&file).expect("written")).expect("JSON");
        let names = ["a\u{1b}[31m\u{7}\u{9b}2J", "b\nc", "Cat", "cat"];
        for (place, name) in names.iter().enumerate() {
            coco["categories"][place]["name"] = (*name).into();
        }
        fs::write(file, coco.to_string()).expect("written");
    }
    fs::write(at.join("detector.toml"), TINY_DETECTOR).expect("written");
    let data = ["--data", "digits", "--set", "data.validation=8"];
    let train = [&["train", "detector.toml"][..], &data].concat();
    let trained = atelier(at, &train);
    let messages = String::from_utf8(trained.stderr).expect("text");
    assert!(trained.status.success(), "{messages}");
    assert!(
        messages.contains("the classes 'Cat' and 'cat' are easily confused"),
        "{messages}"
    );
    let predict = ["predict", "detector", "digits/test", "--json"];
    for arguments in [&["evaluate", "detector"][..], &predict[..3], &predict] {
        let output = atelier(at, arguments);
        let text = String::from_utf8([output.stdout, output.stderr].concat()).expect("text");
        let raw = |c: char| c.is_control() && c != '\n';
        assert!(output.status.success() && !text.contains(raw), "{text:?}");
    }
    let text = error(at, &["train", "no\u{1b}[31m.toml"], 2);
    assert!(
        text.contains("no\\u{1b}[31m") && !text.contains(ESCAPE),
        "{text:?}"
    );
}

#[test]
fn outputs_of_explain_and_annotate_have_names_of_their_own() {
    let folder = folder_with_a_run();
    let at = folder.path();
    fs::copy(at.join("a/digit.png"), at.join("...png")).expect("copied");
    for image in ["a/digit.png", "b/digit.png", "a/digit.png", "./...png"] {
        success(at, &["explain", "wide", image]);
    }
    let explained = files(at.join("runs/wide/explain"));
    assert_eq!(explained.len(), 3, "{explained:?}");
    assert!(explained.iter().any(|name| name.starts_with("digit-")));
    assert!(!at.join("runs/wide/grad-cam.png").exists());
    fs::copy(at.join("narrow.toml"), at.join("...toml")).expect("copied");
    success(at, &["train", "./...toml"]);
    assert!(at.join("runs/unnamed/recipe.toml").is_file());

    // Annotated copies are not taken for images, and do not replace each other.
    let predict = ["predict", "wide", "a", "b", "--annotate", "a", "--json"];
    for _ in 0..2 {
        let answers = json(at, &predict);
        assert_eq!(answers.as_array().map(Vec::len), Some(2), "{answers}");
        assert_eq!(files(at.join("a")).len(), 3);
    }
}

#[cfg(unix)]
#[test]
fn one_bad_input_is_named_and_the_others_go_on() {
    let folder = folder_with_a_run();
    let at = folder.path();
    fs::write(at.join("bad.png"), "not a picture").expect("written");
    let fifo = Command::new("mkfifo").arg(at.join("b/pipe.png")).status();
    assert!(fifo.expect("mkfifo runs").success());
    let predict = [
        "predict",
        "wide",
        "bad.png",
        "none.png",
        "a/digit.png",
        "b",
        "--json",
    ];
    let output = atelier(at, &predict);
    let messages = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{messages}");
    for part in [
        "bad.png",
        "none.png",
        "b/pipe.png is not a regular file",
        "3 of 5 inputs could not be used",
    ] {
        assert!(messages.contains(part), "'{part}' is not in:\n{messages}");
    }
    let answers: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let images = answers.as_array().expect("a list").iter();
    let images: Vec<&str> = images
        .filter_map(|answer| answer["image"].as_str())
        .collect();
    assert_eq!(images, ["a/digit.png", "b/digit.png"]);
    let text = error(at, &["predict", "wide", "b/pipe.png"], 1);
    assert!(text.contains("not a regular file"), "{text}");
}

#[test]
fn a_blank_picture_has_no_class() {
    let folder = folder_with_a_run();
    let at = folder.path();
    let answers = json(
        at,
        &["predict", "wide", "blank.png", "a/digit.png", "--json"],
    );
    let blank = &answers[0];
    assert!(blank["class"].is_null() && blank["score"] == 0.0, "{blank}");
    assert_eq!(blank["probabilities"], serde_json::json!([]));
    assert_eq!(blank["detections"], serde_json::json!([]));
    assert!(answers[1]["class"].is_string());
    let text = success(at, &["predict", "wide", "blank.png"]);
    assert_eq!(text, b"blank.png: nothing to see\n");
    let text = error(at, &["explain", "wide", "blank.png"], 1);
    assert!(text.contains("nothing to see"), "{text}");
}

#[cfg(unix)]
#[test]
fn devices_pipes_and_links_are_written_to_and_never_replaced() {
    use std::os::unix::fs::{FileTypeExt, symlink};

    let folder = folder_with_a_run();
    let at = folder.path();
    let export = ["export", "wide", "--format", "safetensors", "--out"];
    let coco = ["coco-eval", "one/test.json", "none.json", "--curves"];
    fs::write(at.join("none.json"), "[]").expect("written");
    for (place, arguments) in [&["report", "wide", "--out"][..], &export, &coco]
        .into_iter()
        .enumerate()
    {
        let (target, link) = (format!("target-{place}"), format!("link-{place}"));
        symlink(&target, at.join(&link)).expect("linked");
        success(at, &[arguments, &[&link]].concat());
        assert!(at.join(&link).is_symlink(), "{arguments:?}");
        let written = fs::read(at.join(&target)).expect("written");

        let pipe = at.join(format!("pipe-{place}"));
        let made = Command::new("mkfifo").arg(&pipe).status();
        assert!(made.expect("mkfifo runs").success());
        let reader = std::thread::spawn({
            let pipe = pipe.clone();
            move || fs::read(pipe).expect("read")
        });
        let name = pipe.to_string_lossy();
        success(at, &[arguments, &[&name]].concat());
        let read = reader.join().expect("it ends");
        // The report names the command that wrote it.
        let apart = read.len().abs_diff(written.len());
        assert!(apart < 100 && read[..16] == written[..16], "{arguments:?}");
        let kind = fs::metadata(&pipe).expect("it is there").file_type();
        assert!(kind.is_fifo(), "{arguments:?}");
    }
}
