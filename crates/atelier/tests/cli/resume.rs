//! A training that is killed, robbed of its disk or damaged, and goes on: it ends with the weights of one that was not.
#![cfg(unix)]

use std::io::{BufRead, BufReader};
use std::os::unix::process::ExitStatusExt;
use std::process::{Child, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::support::*;

const CNN: &str = r#"
[model]
kind = "cnn"
layers = [
  { conv = 4, kernel = 3, stride = 2, padding = 1 }, "batch-norm", "relu",
  "flatten", { dropout = 0.1 }, { linear = 10 },
]
[data]
source = "data"
validation = 16
augment = { shift = 1 }
[training]
epochs = 12
batch-size = 16
optimizer = { name = "muon" }
schedule = { name = "one-cycle" }
accumulate = 2
mixup = 0.2
ema = 0.9
early-stopping = { metric = "accuracy", patience = 6 }
temperature-scaling = true
checkpoints = { every-steps = 7 }
"#;

const DETECTOR: &str = r#"
[model]
kind = "faster-rcnn"
[model.backbone]
layers = [{ conv = 4, kernel = 3, stride = 2, padding = 1 }, "batch-norm", "relu"]
[model.anchors]
sizes = [6, 10]
[model.roi]
hidden = [8]
sample = 4
[data]
source = "data"
validation = 16
augment = { shift = 1, rotate = 5 }
[training]
epochs = 6
batch-size = 16
optimizer = { name = "sgd", learning-rate = 0.01, momentum = 0.9 }
clip-norm = 5
checkpoints = { every-steps = 7 }
"#;

// Both use whatever has a state of its own, and checkpoints fall between the batches of one change of the weights.

/// A folder with the recipes `cnn.toml` and `detector.toml`, and their data: a bar whose place says its class, in 16 x 16
/// pixels.
pub fn folder() -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let at = folder.path();
    std::fs::write(at.join("cnn.toml"), CNN).expect("written");
    std::fs::write(at.join("detector.toml"), DETECTOR).expect("written");
    std::fs::create_dir(at.join("data")).expect("created");
    for (name, count) in [("train", 96_u32), ("t10k", 24)] {
        let mut images = Vec::new();
        for image in 0..count {
            let (left, height) = (1 + image % 10, 4 + image % 7);
            let ink = |x, y| (left..left + 5).contains(&x) && (2..2 + height).contains(&y);
            let pixel = |x, y| if ink(x, y) { 100 + image as u8 } else { 0 };
            images.extend((0..256).map(|at| pixel(at % 16, at / 16)));
        }
        let labels: Vec<u8> = (0..count).map(|image| (image % 10) as u8).collect();
        write_idx(&at.join("data"), name, 16, &images, &labels);
    }
    folder
}

fn start(at: &Path, arguments: &[&str]) -> Child {
    Command::new(env!("CARGO_BIN_EXE_atelier"))
        .current_dir(at)
        .args(arguments)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the binary starts")
}

/// Goes on with the run `out/NAME`, or starts again what was stopped before it began.
fn go_on(at: &Path, out: &str, name: &str) -> Value {
    let (run, recipe) = (format!("{out}/{name}"), format!("{name}.toml"));
    match at.join(&run).join("recipe.toml").is_file() {
        true => json(at, &["train", "--resume", &run, "--json"]),
        false => json(at, &["train", &recipe, "--out", out, "--json"]),
    }
}

/// The losses of all epochs: what of the history does not depend on the clock.
fn losses(run: &Path) -> Vec<[Value; 4]> {
    let text = std::fs::read_to_string(run.join("history.jsonl")).expect("a history");
    let keys = ["epoch", "step", "train_loss", "validation_loss"];
    text.lines()
        .map(|line| serde_json::from_str::<Value>(line).expect("JSON"))
        .map(|epoch| keys.map(|key| epoch[key].clone()))
        .collect()
}

fn bytes(path: &Path) -> Vec<u8> {
    std::fs::read(path).expect("it is there")
}

/// So many kills, each at a random point of a training of its own, then resumed.
fn kill(name: &str, kills: usize) {
    let folder = folder();
    let at = folder.path();
    let recipe = format!("{name}.toml");
    let begin = Instant::now();
    let expected = json(at, &["train", &recipe, "--out", "straight", "--json"]);
    let mut duration = begin.elapsed();
    let straight = at.join("straight").join(name);
    let (mut random, mut done, mut trained) = (12_345_u64, 0, 0);
    for attempt in 0..10 * kills {
        if done == kills {
            break;
        }
        // Knuth's constants; the high bits are the random ones.
        random = random
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        let delay = duration.mul_f64((random >> 11) as f64 / (1_u64 << 53) as f64);
        let out = format!("out-{attempt}");
        let threads = ["1", "2", "3"][attempt % 3];
        let arguments = ["train", &recipe, "--out", &out, "--threads", threads];
        let mut child = start(at, &arguments);
        sleep(delay);
        child.kill().expect("it can be killed");
        if child.wait().expect("it ends").signal() != Some(9) {
            // The machine is faster than it was: kill sooner.
            duration = duration.mul_f64(0.8);
            continue;
        }
        done += 1;
        let run = at.join(&out).join(name);
        trained += usize::from(run.join("checkpoints").is_dir());
        let found = go_on(at, &out, name);
        let killed = format!("{name} killed after {delay:?}");
        assert_eq!(found["model_digest"], expected["model_digest"], "{killed}");
        assert_eq!(losses(&run), losses(&straight), "{killed}");
        let best = "best.safetensors";
        assert!(
            bytes(&run.join(best)) == bytes(&straight.join(best)),
            "{killed}"
        );
        for place in [&run, &run.join("checkpoints")] {
            for entry in std::fs::read_dir(place).expect("a folder") {
                let file = entry.expect("an entry").file_name();
                let whole = !file.to_string_lossy().ends_with(".part");
                assert!(whole, "{killed}: {file:?} is left behind");
            }
        }
        std::fs::remove_dir_all(at.join(&out)).expect("removed");
    }
    assert_eq!(
        done, kills,
        "{name}: trainings end before they can be killed"
    );
    eprintln!("{name}: {trained} of {kills} killed after their first checkpoint");
    assert!(
        trained > 0,
        "{name}: none was killed after its first checkpoint"
    );
}

#[test]
fn a_classifier_killed_anywhere_ends_with_the_same_weights() {
    kill("cnn", 25);
}

#[test]
fn a_detector_killed_anywhere_ends_with_the_same_weights() {
    kill("detector", 25);
}

#[test]
fn a_disk_that_takes_no_more_is_named_and_nothing_is_lost() {
    let folder = folder();
    let at = folder.path();
    let expected = json(at, &["train", "cnn.toml", "--out", "straight", "--json"]);
    // No file may be longer than some kilobytes, as if the disk were full in the middle of a checkpoint.
    let limited = "trap '' XFSZ; ulimit -f 16; exec \"$0\" train cnn.toml";
    let output = Command::new("sh")
        .current_dir(at)
        .args(["-c", limited, env!("CARGO_BIN_EXE_atelier")])
        .output()
        .expect("a shell");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    for part in [
        "cannot write runs/cnn/checkpoints/step-00000005.safetensors: ",
        "atelier train --resume runs/cnn",
    ] {
        assert!(text.contains(part), "'{part}' is not in:\n{text}");
    }
    let found = go_on(at, "runs", "cnn");
    assert_eq!(found["model_digest"], expected["model_digest"]);

    // A file stands where the checkpoints should go: refused even to root.
    success(
        at,
        &["train", "cnn.toml", "--epochs", "1", "--out", "other"],
    );
    let checkpoints = at.join("other/cnn/checkpoints");
    std::fs::remove_dir_all(&checkpoints).expect("removed");
    std::fs::write(&checkpoints, "").expect("written");
    let text = error(at, &["train", "--resume", "other/cnn"], 1);
    assert!(text.contains("other/cnn/checkpoints: "), "{text}");
}

#[test]
fn a_damaged_checkpoint_is_named_and_the_one_before_is_used() {
    let folder = folder();
    let at = folder.path();
    let expected = json(at, &["train", "cnn.toml", "--json"]);
    let checkpoints = at.join("runs/cnn/checkpoints");
    let newest = || {
        let entries = std::fs::read_dir(&checkpoints).expect("a folder");
        entries.map(|entry| entry.expect("an entry").path()).max()
    };
    type Damage = fn(&mut Vec<u8>);
    let damages: [(&str, Damage); 3] = [
        ("torn", |bytes| bytes.truncate(bytes.len() / 2)),
        ("empty", Vec::clear),
        ("a bit is another", |bytes| *bytes.last_mut().unwrap() ^= 1),
    ];
    for (damage, change) in damages {
        let path = newest().expect("a checkpoint");
        let mut content = bytes(&path);
        change(&mut content);
        std::fs::write(&path, content).expect("written");
        let output = atelier(at, &["train", "--resume", "cnn", "--json"]);
        let text = String::from_utf8_lossy(&output.stderr);
        let name = path.file_name().expect("a name").to_string_lossy();
        assert!(output.status.success(), "{damage}: {text}");
        let told = text.contains("is damaged and not used") && text.contains(&*name);
        assert!(
            told && text.contains("resuming after step"),
            "{damage}: {text}"
        );
        let found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(found["model_digest"], expected["model_digest"], "{damage}");
    }

    // With other data the end would be another.
    let labels = at.join("data/train-labels-idx1-ubyte");
    let mut changed = bytes(&labels);
    *changed.last_mut().unwrap() ^= 1;
    std::fs::write(&labels, changed).expect("written");
    let text = error(at, &["train", "--resume", "cnn"], 1);
    assert!(text.contains("the data is not what"), "{text}");
}

#[test]
fn a_second_process_in_the_same_run_is_refused() {
    let folder = folder();
    let at = folder.path();
    let recipe = CNN.replace("epochs = 12", "epochs = 1000000");
    std::fs::write(at.join("long.toml"), recipe).expect("written");
    let mut first = start(at, &["train", "long.toml"]);
    let checkpoints = at.join("runs/long/checkpoints");
    while std::fs::read_dir(&checkpoints).map_or(0, Iterator::count) == 0 {
        assert!(first.try_wait().expect("a child").is_none(), "it ended");
        sleep(Duration::from_millis(5));
    }
    let text = error(at, &["train", "--resume", "long"], 1);
    let process = format!("in use by another atelier (process {})", first.id());
    assert!(
        text.contains("runs/long") && text.contains(&process),
        "{text}"
    );
    // Nothing is in the way of a new run of the same recipe, and of those who only look.
    success(at, &["runs"]);
    success(at, &["train", "long.toml", "--epochs", "1"]);
    assert!(at.join("runs/long-2/evaluation.json").is_file());

    first.kill().expect("it can be killed");
    first.wait().expect("it ends");
    let mut second = start(at, &["train", "--resume", "long"]);
    let lines = BufReader::new(second.stderr.take().expect("piped")).lines();
    let told: Vec<String> = lines
        .map(|line| line.expect("text"))
        .scan(false, |over, line| {
            let before = std::mem::replace(over, line.contains("resuming after step"));
            (!before).then_some(line)
        })
        .collect();
    second.kill().expect("it can be killed");
    second.wait().expect("it ends");
    let last = told.last().expect("it says something");
    assert!(last.contains("resuming after step"), "{told:?}");
}
