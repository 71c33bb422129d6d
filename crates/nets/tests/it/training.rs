//! Trainings of seconds: they learn, they stop and go on with the same bits, and they say when a loss explodes.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::Device;
use data::{self, Dataset};
use measure::record::EpochRecord;
use nets::training::{Ending, Observer, StepReport, Trainer, TrainingError};
use nets::weights::{Weights, collect};
use recipe::Recipe;

const CNN: &str = r#"
[model]
kind = "cnn"
layers = [
  { conv = 8, kernel = 5, stride = 2, padding = 2 }, "relu", { max-pool = 2 },
  { conv = 16, kernel = 3 }, "batch-norm", "gelu",
  "flatten", { dropout = 0.2 }, { linear = 10 },
]
[data]
augment = { shift = 2, rotate = 10, scale = 0.1 }
[training]
epochs = 2
batch-size = 48
optimizer = { name = "adamw", learning-rate = 0.01 }
schedule = { name = "one-cycle" }
"#;

const DETECTOR: &str = r#"
[model]
kind = "faster-rcnn"
[model.backbone]
layers = [
  { conv = 8, kernel = 3, padding = 1 }, "relu", { max-pool = 2 },
  { conv = 12, kernel = 3, padding = 1 }, "batch-norm", "relu", { max-pool = 2 },
]
[model.roi]
hidden = [32]
norm = "batch"
sample = 8
[training]
epochs = 2
batch-size = 32
optimizer = { name = "sgd", learning-rate = 0.01, momentum = 0.9, nesterov = true }
schedule = { name = "cosine", warm-up = 5 }
clip-norm = 5
"#;

/// Stops after so many steps.
struct StopAfter<'a> {
    steps: usize,
    stop: &'a AtomicBool,
    epochs: Vec<EpochRecord>,
}

impl Observer for StopAfter<'_> {
    fn step(&mut self, _: &StepReport) {
        self.steps = self.steps.saturating_sub(1);
        if self.steps == 0 {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn epoch(&mut self, record: &EpochRecord) {
        self.epochs.push(record.clone());
    }
}

fn images(count: usize) -> Dataset {
    let split = data::mnist::built_in(&recipe::Image::default()).expect("built in");
    split.train.subset(&(0..count).collect::<Vec<_>>())
}

fn recipe(text: &str) -> Recipe {
    Recipe::parse::<&str>(text, "test", &[]).expect("a recipe")
}

/// Weights and history (without times) of an uninterrupted training.
fn straight(recipe: &Recipe, train: &Dataset) -> (Weights, Vec<BTreeMap<String, f64>>) {
    let mut trainer = Trainer::new(recipe, train, None, &Device::flex()).expect("fits");
    let stop = AtomicBool::new(false);
    let mut observer = StopAfter {
        steps: usize::MAX,
        stop: &stop,
        epochs: Vec::new(),
    };
    let ending = trainer.run(None, &stop, &mut observer).expect("trains");
    assert_eq!(ending, Ending::Finished);
    (collect(&trainer.network()), figures(&observer.epochs))
}

fn figures(epochs: &[EpochRecord]) -> Vec<BTreeMap<String, f64>> {
    epochs.iter().map(|epoch| epoch.losses.clone()).collect()
}

#[test]
fn a_network_that_does_not_fit_into_memory_is_refused() {
    let train = images(10);
    let layers =
        "model.layers=[\"flatten\", { linear = 1048576 }, { linear = 1048576 }, { linear = 10 }]";
    let recipe = Recipe::parse(CNN, "test", &[layers]).expect("a recipe");
    let error = Trainer::new(&recipe, &train, None, &Device::flex()).expect_err("terabytes");
    assert!(matches!(error, TrainingError::TooLarge(_)), "{error}");
}

#[test]
fn a_stopped_training_goes_on_with_the_same_bits() {
    let train = images(480);
    for text in [CNN, DETECTOR] {
        let recipe = recipe(text);
        let (expected, history) = straight(&recipe, &train);
        // In the first epoch, at its end, in the second, and several times.
        for stops in [&[3][..], &[10], &[15], &[1, 4, 9]] {
            let folder = tempfile::tempdir().expect("a folder");
            let mut epochs = Vec::new();
            let mut ending = Ending::Stopped;
            for steps in stops.iter().copied().chain([usize::MAX]) {
                let mut trainer =
                    Trainer::new(&recipe, &train, None, &Device::flex()).expect("fits");
                trainer.restore(folder.path()).expect("restores");
                let stop = AtomicBool::new(false);
                let mut observer = StopAfter {
                    steps,
                    stop: &stop,
                    epochs: Vec::new(),
                };
                ending = trainer
                    .run(Some(folder.path()), &stop, &mut observer)
                    .expect("trains");
                epochs.extend(observer.epochs);
                if ending == Ending::Finished {
                    assert!(
                        collect(&trainer.network()) == expected,
                        "{stops:?}: other weights"
                    );
                }
            }
            assert_eq!(ending, Ending::Finished);
            assert_eq!(figures(&epochs), history, "{stops:?}");
        }
    }
}

#[test]
fn a_damaged_checkpoint_is_named_and_the_one_before_is_used() {
    let (train, recipe) = (images(480), recipe(CNN));
    let folder = tempfile::tempdir().expect("a folder");
    let mut trainer = Trainer::new(&recipe, &train, None, &Device::flex()).expect("fits");
    let stop = AtomicBool::new(false);
    let mut observer = StopAfter {
        steps: usize::MAX,
        stop: &stop,
        epochs: Vec::new(),
    };
    trainer
        .run(Some(folder.path()), &stop, &mut observer)
        .expect("trains");
    let newest = folder.path().join("step-00000020.safetensors");
    let bytes = std::fs::read(&newest).expect("the last checkpoint");
    std::fs::write(&newest, &bytes[..bytes.len() / 2]).expect("cut");

    let mut resumed = Trainer::new(&recipe, &train, None, &Device::flex()).expect("fits");
    let restored = resumed.restore(folder.path()).expect("one is whole");
    assert_eq!(resumed.state().step, 10);
    assert!(
        restored.damaged[0].contains("step-00000020"),
        "{:?}",
        restored.damaged
    );
}

#[test]
fn a_loss_that_explodes_is_named() {
    let text = CNN.replace(
        "name = \"adamw\", learning-rate = 0.01",
        "name = \"sgd\", learning-rate = 1e30",
    );
    let (train, recipe) = (images(480), recipe(&text));
    let mut trainer = Trainer::new(&recipe, &train, None, &Device::flex()).expect("fits");
    let stop = AtomicBool::new(false);
    let mut observer = StopAfter {
        steps: usize::MAX,
        stop: &stop,
        epochs: Vec::new(),
    };
    let error = trainer
        .run(None, &stop, &mut observer)
        .expect_err("it explodes");
    assert!(
        matches!(&error, TrainingError::NotFinite { name, .. } if name == "classification loss"),
        "{error}"
    );
    assert!(error.to_string().contains("learning-rate"), "{error}");
}
