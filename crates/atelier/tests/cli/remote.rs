//! Trainings with devices of other processes, over loopback.

use std::io::{BufRead, BufReader};
use std::process::{Child, Stdio};

use super::support::*;

/// Twelve steps in two epochs on images of 16 x 16 pixels.
const RECIPE: &str = r#"
[model]
kind = "cnn"
layers = [
  { conv = 8, kernel = 3, padding = 1 }, "relu", { max-pool = 2 },
  { conv = 8, kernel = 3, stride = 2, padding = 1 }, "relu",
  "flatten", { dropout = 0.2 }, { linear = 10 },
]
[data]
source = "data"
validation = 16
[training]
epochs = 2
batch-size = 14
optimizer = { name = "adam", learning-rate = 0.003 }
checkpoints = { every-steps = 3 }
"#;

/// A process that offers the processor, and is killed with the test.
struct Worker {
    process: Child,
    /// As `--devices` wants it.
    device: String,
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A worker with the key `NAME.key`; all in one folder have one token.
fn worker(at: &Path, name: &str) -> Worker {
    let key = format!("{name}.key");
    let mut process = Command::new(env!("CARGO_BIN_EXE_atelier"))
        .current_dir(at)
        .args(["worker", "--devices", "cpu", "--port", "0", "--key", &key])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the binary starts");
    let output = BufReader::new(process.stdout.take().expect("piped"));
    // `  on this machine: --devices 'remote:...'`
    let mut devices = output.lines().map_while(Result::ok);
    let device = devices.find_map(|line| {
        let (_, rest) = line.split_once("on this machine: --devices '")?;
        Some(rest.trim_end_matches('\'').to_string())
    });
    Worker {
        process,
        device: device.expect("it prints its address"),
    }
}

fn folder() -> TempDir {
    let folder = crate::resume::folder();
    std::fs::write(folder.path().join("tiny.toml"), RECIPE).expect("written");
    folder
}

/// `train` with the token of the folder's workers.
fn training(at: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_atelier"));
    command.current_dir(at).args(["train", "--plain", "--json"]);
    command.args(["--token-file", "worker.token"]);
    command
        .args(arguments)
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

fn trained(at: &Path, arguments: &[&str]) -> Value {
    let output = training(at, arguments).output().expect("the binary starts");
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?} failed:\n{errors}");
    serde_json::from_slice(&output.stdout).expect("JSON")
}

fn losses(run: &Path) -> Vec<f64> {
    let text = std::fs::read_to_string(run.join("history.jsonl")).expect("a history");
    let epochs = text.lines().map(|line| {
        let record: Value = serde_json::from_str(line).expect("JSON");
        record["train_loss"].as_f64().expect("a number")
    });
    epochs.collect()
}

/// Remote devices train as the processor does, together or beside it; who does not know the token is refused.
#[test]
fn remote_devices_train() {
    let folder = folder();
    let at = folder.path();
    let (a, b) = (worker(at, "a"), worker(at, "b"));
    trained(at, &["tiny.toml", "--device", "cpu", "--out", "alone"]);
    let expected = losses(&at.join("alone/tiny"));
    let (pair, mixed) = (
        format!("{},{}", a.device, b.device),
        format!("cpu,{}", a.device),
    );
    for (out, devices) in [("pair", &pair), ("mixed", &mixed)] {
        let figures = trained(at, &["tiny.toml", "--devices", devices, "--out", out]);
        assert_eq!(figures["device"].as_str(), Some(devices.as_str()));
        let found = losses(&at.join(out).join("tiny"));
        for (found, expected) in found.iter().zip(&expected) {
            let apart = (found / expected - 1.0).abs();
            assert!(apart < 1e-3, "{devices}: {found}, alone {expected}");
        }
    }
    let figures = json(
        at,
        &[
            "evaluate",
            "pair/tiny",
            "--device",
            &a.device,
            "--token-file",
            "worker.token",
            "--json",
        ],
    );
    assert_eq!(figures["device"].as_str(), Some(a.device.as_str()));

    std::fs::write(at.join("guess"), "0123456789abcdef").expect("written");
    let text = error(
        at,
        &[
            "train",
            "tiny.toml",
            "--devices",
            &mixed,
            "--token-file",
            "guess",
        ],
        2,
    );
    assert!(text.contains("refuses the token"), "{text}");
    let text = error(at, &["train", "tiny.toml", "--devices", &mixed], 2);
    assert!(text.contains("ATELIER_TOKEN"), "{text}");
}

/// A worker that is killed in the middle of a training ends it with an error that names it; the last checkpoint is whole,
/// and one device goes on from there to where both would have come.
#[test]
fn a_worker_that_dies_ends_the_training_at_its_last_checkpoint() {
    let folder = folder();
    let at = folder.path();
    let mut worker = worker(at, "a");
    let devices = format!("cpu,{}", worker.device);
    let long = [
        "tiny.toml",
        "--devices",
        &devices,
        "--epochs",
        "100000",
        "--out",
        "lost",
    ];
    let mut process = training(at, &long).spawn().expect("the binary starts");
    // Some steps are done when there is a checkpoint.
    let checkpoints = at.join("lost/tiny/checkpoints");
    let saved = || {
        let files = std::fs::read_dir(&checkpoints).into_iter().flatten();
        files.count()
    };
    while saved() == 0 {
        assert!(
            process.try_wait().expect("it runs").is_none(),
            "it ended by itself"
        );
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    worker.process.kill().expect("killed");
    let output = process.wait_with_output().expect("it ends");
    let text = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{text}");
    let told = text.rsplit_once("error: ").expect("an error").1;
    assert!(
        told.starts_with(&format!("{} failed: its worker", worker.device)),
        "{told}"
    );
    assert!(
        told.contains("atelier train --resume lost/tiny --device cpu"),
        "{told}"
    );
    assert!(!text.contains("panicked"), "{text}");
    assert!(saved() > 0);

    // Few epochs more, from there.
    let history = losses(&at.join("lost/tiny")).len();
    for file in ["recipe.toml", "environment.json"] {
        let file = at.join("lost/tiny").join(file);
        let shorter = std::fs::read_to_string(&file).expect("a recipe");
        let shorter = shorter.replace("epochs = 100000", &format!("epochs = {}", history + 2));
        std::fs::write(&file, shorter).expect("written");
    }
    let figures = trained(at, &["--resume", "lost/tiny", "--device", "cpu"]);
    assert_eq!(losses(&at.join("lost/tiny")).len(), history + 2);
    assert_eq!(figures["device"].as_str(), Some("cpu"));
}

/// Ctrl-C, and what a service manager sends, end a worker at once and in peace.
#[test]
fn a_worker_ends_when_it_is_asked_to() {
    let folder = folder();
    let at = folder.path();
    for signal in ["-INT", "-TERM"] {
        let mut worker = worker(at, "a");
        let number = worker.process.id().to_string();
        let killed = Command::new("kill").args([signal, &number]).status();
        assert!(killed.expect("kill runs").success());
        let status = worker.process.wait().expect("it ends");
        assert_eq!(status.code(), Some(0), "{signal}");
    }
}

/// An address where nobody listens is an error in bounded time.
#[test]
fn nobody_listens() {
    let folder = folder();
    let at = folder.path();
    let device = worker(at, "a").device.clone(); // dropped: killed
    let text = error(
        at,
        &[
            "train",
            "tiny.toml",
            "--device",
            &device,
            "--token-file",
            "worker.token",
        ],
        2,
    );
    assert!(text.contains("atelier worker"), "{text}");
}
