//! `sweep` as a user meets it, on a few hundred images.

use std::io::{BufRead, BufReader, Read};
use std::process::Stdio;
use std::time::{Duration, Instant};

use super::support::*;

const FEW: [&str; 6] = [
    "--data",
    "few",
    "--set",
    "data.validation=100",
    "--epochs",
    "2",
];
const VARY: [&str; 4] = [
    "--vary",
    "training.optimizer.learning-rate=log:1e-4..1e-1",
    "--vary",
    "model.layers[0].conv=4,8",
];

/// The tiny recipes, and `few`: 600 training and 100 test images of squares that stand where their class says.
fn folder() -> TempDir {
    let folder = folder_with_recipes();
    let few = folder.path().join("few");
    std::fs::create_dir(&few).expect("created");
    for (part, count) in [("train", 600_u32), ("t10k", 100)] {
        let (mut images, mut labels) = (Vec::new(), Vec::new());
        for index in 0..count {
            let class = index % 10;
            let (left, top) = (class % 5 * 5 + index % 3, class / 5 * 12 + index % 4);
            let ink = |x: u32, y: u32| (left..left + 6).contains(&x) && (top..top + 6).contains(&y);
            let pixels = (0..28).flat_map(|y| (0..28).map(move |x| (x, y)));
            images.extend(pixels.map(|(x, y)| {
                if ink(x, y) {
                    255
                } else {
                    (x * y + index) as u8 % 40
                }
            }));
            labels.push(class as u8);
        }
        write_idx(&few, part, 28, &images, &labels);
    }
    folder
}

fn sweep<'a>(more: &[&'a str]) -> Vec<&'a str> {
    [
        &["sweep", "tiny-cnn.toml", "--json"],
        &FEW[..],
        &VARY[..],
        more,
    ]
    .concat()
}

/// The trials without what depends on the machine's speed.
fn timeless(document: &Value) -> Vec<Value> {
    let mut trials = document["trials"].as_array().expect("a list").clone();
    for trial in &mut trials {
        for epoch in trial["epochs"].as_array_mut().expect("a list") {
            epoch["seconds"] = Value::Null;
        }
    }
    trials
}

#[test]
fn settings_are_searched_and_the_best_can_be_trained() {
    let folder = folder();
    let at = folder.path();
    let found = json(
        at,
        &sweep(&["--trials", "5", "--sampler", "random", "--seed", "3"]),
    );
    let trials = timeless(&found);
    assert_eq!(trials.len(), 5);
    assert_eq!(found["validation_images"], 100);
    assert_eq!(found["train_images"], 500);
    let best = found["best"].as_u64().expect("a number") as usize;
    let value = trials[best - 1]["value"].as_f64().expect("a number");
    for trial in &trials {
        let finished = trial["status"] == "finished";
        assert!(
            !finished || trial["value"].as_f64().expect("a number") <= value,
            "{trial}"
        );
    }

    let out = at.join("runs/tiny-cnn-sweep");
    for file in [
        "sweep.json",
        "trials.jsonl",
        "trials.csv",
        "result.json",
        "best.toml",
        "base.toml",
        "report.html",
    ] {
        assert!(out.join(file).is_file(), "{file}");
    }
    let page = std::fs::read_to_string(out.join("report.html")).expect("a page");
    assert!(page.contains(&format!("Trial {best} is the best of 5")));

    // The recipe of the best gives the very network that was judged.
    let trained = json(at, &["train", "runs/tiny-cnn-sweep/best.toml", "--json"]);
    let history = Path::new(trained["run"].as_str().expect("a path")).join("history.jsonl");
    let history = std::fs::read_to_string(at.join(history)).expect("a history");
    let last: Value =
        serde_json::from_str(history.lines().last().expect("an epoch")).expect("JSON");
    assert_eq!(
        last["validation_accuracy"],
        found["trials"][best - 1]["value"]
    );

    // Two at a time, elsewhere, find the same; the same command again makes nothing anew.
    let two = [
        "--trials",
        "5",
        "--sampler",
        "random",
        "--seed",
        "3",
        "--jobs",
        "2",
        "--threads",
        "2",
        "--out",
        "two",
    ];
    assert_eq!(timeless(&json(at, &sweep(&two))), trials);
    let before = std::fs::metadata(at.join("two/trials.jsonl"))
        .expect("a file")
        .modified()
        .expect("a time");
    assert_eq!(timeless(&json(at, &sweep(&two))), trials);
    let after = std::fs::metadata(at.join("two/trials.jsonl"))
        .expect("a file")
        .modified()
        .expect("a time");
    assert_eq!(before, after);

    // A torn last line is named, and only its trial made again.
    let file = at.join("two/trials.jsonl");
    let text = std::fs::read_to_string(&file).expect("trials");
    std::fs::write(&file, &text[..text.len() - 30]).expect("written");
    assert_eq!(timeless(&json(at, &sweep(&two))), trials);

    // Something else in the same folder is refused.
    let other = error(
        at,
        &sweep(&[
            "--vary",
            "training.batch-size=32,64",
            "--sampler",
            "random",
            "--seed",
            "3",
            "--out",
            "two",
        ]),
        2,
    );
    assert!(
        other.contains("two holds another sweep: it was begun with --vary"),
        "{other}"
    );
}

#[test]
fn a_search_that_is_stopped_goes_on() {
    let folder = folder();
    let at = folder.path();
    let arguments = sweep(&["--trials", "4", "--out", "here"]);
    let whole = sweep(&["--trials", "4", "--out", "there"]);
    let mut process = Command::new(env!("CARGO_BIN_EXE_atelier"))
        .current_dir(at)
        .args(&arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    // After the first trial is kept, wherever the second then is.
    let begun = Instant::now();
    while !at.join("here/trials.jsonl").is_file() && begun.elapsed() < Duration::from_secs(120) {
        std::thread::sleep(Duration::from_millis(20));
    }
    let interrupted = Command::new("kill")
        .args(["-INT", &process.id().to_string()])
        .status();
    assert!(interrupted.expect("kill runs").success());
    let code = process.wait().expect("it ends").code();
    assert!(matches!(code, Some(0 | 1)), "{code:?}");
    assert!(at.join("here/report.html").is_file());
    assert_eq!(timeless(&json(at, &arguments)), timeless(&json(at, &whole)));
}

#[test]
fn a_trial_that_fails_does_not_end_the_search() {
    let folder = folder();
    // A kernel of 99 fits no image of this size; a learning rate of 1e30 fits nothing.
    let arguments = [
        &[
            "sweep",
            "tiny-cnn.toml",
            "--sampler",
            "grid",
            "--halving",
            "none",
            "--lang",
            "fr",
        ],
        &FEW[..],
        &[
            "--vary",
            "model.layers[0].kernel=5,99",
            "--vary",
            "training.optimizer.learning-rate=0.01,1e30",
        ],
    ]
    .concat();
    let text = String::from_utf8(success(folder.path(), &arguments)).expect("text");
    assert!(
        text.contains("4 trials: 1 finished, 0 stopped early, 3 failed"),
        "{text}"
    );
    let csv = std::fs::read_to_string(folder.path().join("runs/tiny-cnn-sweep/trials.csv"))
        .expect("a file");
    assert!(
        csv.contains("its window is 99 high")
            && csv.contains("try a smaller training.optimizer.learning-rate"),
        "{csv}"
    );
    let page = std::fs::read_to_string(folder.path().join("runs/tiny-cnn-sweep/report.html"))
        .expect("a page");
    assert!(page.contains("lang=\"fr\""));
}

#[test]
fn a_detector_is_judged_by_its_boxes() {
    let folder = folder();
    let arguments = [
        "sweep",
        "tiny-detector.toml",
        "--json",
        "--data",
        "few",
        "--set",
        "data.validation=40",
        "--epochs",
        "1",
        "--trials",
        "2",
        "--vary",
        "training.optimizer.learning-rate=0.001,0.003",
    ];
    let found = json(folder.path(), &arguments);
    assert_eq!(found["metric"], "ap");
    assert!(found["trials"][0]["value"].is_number(), "{found}");
}

#[test]
fn what_is_wrong_is_said_before_the_first_trial() {
    let folder = folder();
    let at = folder.path();
    for (arguments, part) in [
        (
            vec!["--vary", "training.epoch=1..3"],
            "did you mean `training.epochs`?",
        ),
        (
            vec!["--vary", "model.layers[0].conv=8,many"],
            "--vary model.layers[0].conv=8,many: model.layers[0].conv=many",
        ),
        (vec!["--vary", "data.validation=1..9"], "can't be varied"),
        (
            vec![
                "--vary",
                "training.optimizer.weight-decay=lin:0..1",
                "--sampler",
                "grid",
            ],
            "write lin:0..1/5",
        ),
        (
            vec!["--vary", "training.batch-size=32,64", "--metric", "ap"],
            "a classifier finds no boxes",
        ),
        (
            vec!["--vary", "training.batch-size=32,64", "--metric", "mAP"],
            "choose one of accuracy, ap, loss",
        ),
        (
            vec!["--vary", "training.batch-size=32,64", "--halving", "1"],
            "whole number from 2",
        ),
        (
            vec![
                "--vary",
                "training.batch-size=32,64",
                "--jobs",
                "3",
                "--threads",
                "2",
            ],
            "--jobs 3: each trial needs a thread",
        ),
        (vec![], "--vary"),
    ] {
        let message = error(
            at,
            &[&["sweep", "tiny-cnn.toml"], &arguments[..]].concat(),
            2,
        );
        assert!(
            message.contains(part),
            "{arguments:?} lacks {part:?}: {message}"
        );
    }
    assert!(
        !at.join("runs").exists(),
        "nothing is made before all is checked"
    );
}

#[test]
fn a_trial_that_does_not_fit_into_memory_is_noted_and_the_search_goes_on() {
    let folder = folder();
    let layers = "[\"flatten\", { linear = 4 }, { linear = 65536 }, { linear = 10 }]";
    let recipe = format!("[model]\nkind = \"cnn\"\nlayers = {layers}\n");
    std::fs::write(folder.path().join("wide.toml"), recipe).expect("written");
    let vary = [
        "--vary",
        "model.layers[1].linear=4,1048576",
        "--sampler",
        "grid",
    ];
    let arguments = [&["sweep", "wide.toml", "--json"], &FEW[..], &vary].concat();
    let found = json(folder.path(), &arguments);
    let trials = found["trials"].as_array().expect("a list");
    let status: Vec<&str> = trials
        .iter()
        .filter_map(|trial| trial["status"].as_str())
        .collect();
    assert_eq!(status, ["finished", "failed"], "{found}");
    let reason = trials[1]["reason"].as_str().expect("a reason");
    assert!(reason.contains("of memory"), "{reason}");
}

#[test]
fn a_range_test_suggests_a_learning_rate() {
    let folder = folder();
    let at = folder.path();
    let test = |more: &[&'static str]| {
        [&["sweep", "tiny-cnn.toml", "--range-test"], &FEW[..], more].concat()
    };
    let found = json(at, &test(&["--json", "--from", "1e-5", "--to", "10"]));
    let points = found["points"].as_array().expect("a list");
    let rates: Vec<f64> = points
        .iter()
        .filter_map(|point| point["learning_rate"].as_f64())
        .collect();
    assert!(rates.len() > 50 && rates.is_sorted(), "{rates:?}");
    assert_eq!(
        [rates[0], found["to"].as_f64().expect("a number")],
        [1e-5, 10.0]
    );
    assert_eq!([&found["steps"], &found["train_images"]], [100, 500]);
    assert_eq!(found["ended"], "diverged");
    let suggestion = &found["found"]["suggestion"]["learning_rate"];
    let suggestion = suggestion.as_f64().expect("a suggestion");
    assert!((1e-4..0.1).contains(&suggestion), "{suggestion}");

    // Again, it is the same; as text and in French, too.
    let more = [
        "--from", "1e-5", "--to", "10", "--lang", "fr", "--out", "french",
    ];
    let output = atelier(at, &test(&more));
    let text = String::from_utf8_lossy(&output.stdout);
    let setting = found["settings"][0].as_str().expect("a setting");
    assert!(
        setting.starts_with("training.optimizer.learning-rate="),
        "{setting}"
    );
    assert!(
        text.contains(setting) && text.contains("steepest fall"),
        "{text}"
    );
    let messages = String::from_utf8_lossy(&output.stderr);
    assert!(
        messages.contains("warning: the range test ignores the schedule one-cycle"),
        "{messages}"
    );
    let page = std::fs::read_to_string(at.join("french/range-test.html")).expect("a page");
    assert!(page.contains("lang=\"fr\"") && page.contains("baisse la plus forte"));
    assert!(
        at.join("runs/tiny-cnn-range-test/range-test.html")
            .is_file()
    );
}

#[test]
fn a_range_test_of_a_detector_starts_from_weights() {
    let folder = folder();
    let at = folder.path();
    let detector = ["tiny-detector.toml", "--data", "few", "--epochs", "1"];
    let held_out = ["--set", "data.validation=40"];
    let trained = json(
        at,
        &[&["train", "--json"], &detector[..], &held_out].concat(),
    );
    let run = trained["run"].as_str().expect("a path");
    let muon =
        "training.optimizer={ name = \"muon\", learning-rate = 0.02, adam-learning-rate = 0.001 }";
    let more = [
        "--range-test",
        "--steps",
        "20",
        "--json",
        "--init",
        run,
        "--set",
        muon,
    ];
    let found = json(at, &[&["sweep"], &detector[..], &held_out, &more].concat());
    assert_eq!([&found["steps"], &found["train_images"]], [20, 560]);
    assert_eq!(found["optimizer"], "muon");
    let settings = found["settings"].as_array().expect("a list");
    let rates: Vec<f64> = settings
        .iter()
        .filter_map(|set| set.as_str()?.rsplit_once('=')?.1.parse().ok())
        .collect();
    if let [rate, other] = rates[..] {
        assert!(
            (other / rate * 20.0 - 1.0).abs() < 0.01,
            "the ratio stays: {settings:?}"
        );
    }
}

#[test]
fn a_range_test_that_is_stopped_leaves_nothing() {
    let folder = folder();
    let at = folder.path();
    let mut process = Command::new(env!("CARGO_BIN_EXE_atelier"))
        .current_dir(at)
        .args([
            "sweep",
            "tiny-cnn.toml",
            "--range-test",
            "--steps",
            "100000",
        ])
        .args(["--to", "1e-5"])
        .args(FEW)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts");
    let mut messages = BufReader::new(process.stderr.take().expect("piped"));
    let mut text = String::new();
    while !text.contains("100000 steps") {
        assert!(messages.read_line(&mut text).expect("text") > 0, "{text}");
    }
    let interrupted = Command::new("kill")
        .args(["-INT", &process.id().to_string()])
        .status();
    assert!(interrupted.expect("kill runs").success());
    messages.read_to_string(&mut text).expect("text");
    assert_eq!(process.wait().expect("it ends").code(), Some(1), "{text}");
    assert!(text.contains("nothing was written"), "{text}");
    assert!(!at.join("runs").exists());
}

#[test]
fn a_range_test_and_a_search_are_not_mixed() {
    let folder = folder();
    let test = ["sweep", "tiny-cnn.toml", "--range-test"];
    for (arguments, part) in [
        (&VARY[..], "cannot be used with"),
        (&["--trials", "3"], "cannot be used with"),
        (&["--from", "0"], "greater than 0"),
        (
            &["--from", "0.1", "--to", "0.01"],
            "must be less than the last",
        ),
        (&["--init", "nothing.pth"], "there is no such file"),
    ] {
        let message = error(folder.path(), &[&test, arguments].concat(), 2);
        assert!(
            message.contains(part),
            "{arguments:?} lacks {part:?}: {message}"
        );
    }
    let message = error(folder.path(), &["sweep", "tiny-cnn.toml", "--to", "1"], 2);
    assert!(message.contains("--range-test"), "{message}");
}
