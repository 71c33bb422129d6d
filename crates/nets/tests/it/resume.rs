//! Runs whose disk fails at any point: between any two operations on files, and for good.

use std::io::ErrorKind;
use std::path::Path;
use std::sync::atomic::AtomicBool;

use burn::tensor::Device;
use data::{self, Split};
use measure::files;
use measure::record::{self, EpochRecord};
use nets::device::Computer;
use nets::run::{Finished, Origin, Run, RunError};

use super::fault;
use nets::training::{Observer, StepReport, Trainer};
use recipe::Recipe;

const CNN: &str = r#"
[model]
kind = "cnn"
layers = [
  { conv = 2, kernel = 5, stride = 4, padding = 2 }, "batch-norm", "relu", "flatten", { linear = 10 },
]
[data]
validation = 16
[training]
epochs = 2
batch-size = 16
optimizer = { name = "adam", learning-rate = 0.01 }
checkpoints = { every-steps = 2, every-seconds = "none" }
tensorboard = true
"#;

struct Silent;

impl Observer for Silent {
    fn step(&mut self, _: &StepReport) {}
    fn epoch(&mut self, _: &EpochRecord) {}
}

struct Setting {
    recipe: Recipe,
    split: Split,
    computer: Computer,
}

impl Setting {
    fn new() -> Self {
        let split = data::mnist::built_in(&recipe::Image::default()).expect("built in");
        let few = |count: usize| (0..count).collect::<Vec<_>>();
        Self {
            recipe: Recipe::parse::<&str>(CNN, "test", &[]).expect("a recipe"),
            split: Split::new(split.train.subset(&few(64)), split.test.subset(&few(20))),
            computer: Computer::cpu(),
        }
    }

    /// Begins a run, or goes on with the one that is there.
    fn train(&self, root: &Path) -> Result<Finished, RunError> {
        let run = match Run::open(root, "net") {
            Ok(run) => run,
            Err(_) => {
                let run = Run::create(root, "net")?;
                let origin = Origin {
                    recipe: "net".into(),
                    version: "0".into(),
                    command: vec![],
                };
                run.begin(&self.recipe, &self.computer, &origin)?;
                run
            }
        };
        let stop = AtomicBool::new(false);
        let finished = run.train(
            &self.recipe,
            &self.split,
            &self.computer,
            &stop,
            &mut Silent,
        )?;
        Ok(finished.expect("nobody stops it"))
    }
}

/// What does not depend on the clock, to the last digit.
fn facts(finished: &Finished) -> String {
    let epoch = |epoch: &EpochRecord| (epoch.step, epoch.train_loss, epoch.validation_loss);
    let history: Vec<_> = finished.history.iter().map(epoch).collect();
    let answers = &finished.evaluation.classification;
    let digest = &finished.evaluation.model_digest;
    format!("{digest:?} {answers:?} {history:?}")
}

#[test]
fn a_disk_that_fails_between_any_two_operations_costs_nothing() {
    // Two hundred trainings: no time is spent on waking up other threads.
    let alone = rayon::ThreadPoolBuilder::new().num_threads(1).build();
    alone.expect("a thread").install(fail_after_each_operation);
}

fn fail_after_each_operation() {
    let setting = Setting::new();
    let folder = tempfile::tempdir().expect("a folder");
    let expected = facts(&setting.train(folder.path()).expect("trains"));
    let straight = files::names(folder.path().join("net")).expect("a folder");
    for kept in [record::BEST, record::MODEL, record::EVALUATION] {
        assert!(straight.iter().any(|name| name == kept), "{straight:?}");
    }
    let mut operations = 0;
    loop {
        let folder = tempfile::tempdir().expect("a folder");
        let kinds = [ErrorKind::StorageFull, ErrorKind::PermissionDenied];
        let failing = fault::after(operations, kinds[operations % 2]);
        let broken = setting.train(folder.path());
        let met = failing.is_met();
        drop(failing);
        if !met {
            assert_eq!(facts(&broken.expect("nothing fails")), expected);
            break;
        }
        let error = broken.expect_err("the disk failed");
        let text = error.to_string();
        let named = text.contains(&*folder.path().to_string_lossy());
        assert!(error.is_refused_write() && named, "{operations}: {text}");
        let mended = setting.train(folder.path());
        let mended = mended.unwrap_or_else(|error| panic!("{operations}, {text}: {error}"));
        assert_eq!(facts(&mended), expected, "{operations}: {text}");
        let names = files::names(folder.path().join("net")).expect("a folder");
        assert_eq!(names, straight, "{operations}: {text}");
        operations += 1;
    }
    assert!(operations > 50, "{operations} operations are too few");
}

#[test]
fn the_best_epoch_and_the_newest_checkpoints_are_kept() {
    let setting = Setting::new();
    let text = CNN
        .replace("epochs = 2", "epochs = 9")
        .replace("every-steps = 2", "every-steps = 1, keep = 3");
    let recipe = Recipe::parse::<&str>(&text, "test", &[]).expect("a recipe");
    let (train, validation) = setting.split.train.hold_out(16, 0).expect("enough");
    let new = || Trainer::new(&recipe, &train, validation.as_ref(), &Device::flex()).expect("fits");
    let folder = tempfile::tempdir().expect("a folder");
    let stop = AtomicBool::new(false);
    let mut straight = new();
    straight
        .run(Some(folder.path()), &stop, &mut Silent)
        .expect("trains");
    let names = files::names(folder.path()).expect("a folder");
    let expected = [25, 26, 27].map(|step| format!("step-{step:08}.safetensors"));
    assert_eq!(names, expected);

    let (best, weights) = straight.best().expect("images are held out");
    let accuracy = |epoch: &EpochRecord| epoch.validation_accuracy.expect("one object an image");
    let history = &straight.state().history;
    let greatest = history.iter().map(accuracy).fold(0.0, f64::max);
    let first = history.iter().find(|epoch| accuracy(epoch) == greatest);
    assert_eq!(
        (best.epoch, best.value),
        (first.expect("one").epoch, greatest)
    );
    // It is part of the state: of a training that goes on from its end, too.
    let mut restored = new();
    restored.restore(folder.path()).expect("restores");
    assert!(restored.best() == Some((best, weights)));
}
