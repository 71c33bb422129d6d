//! Several devices train as one does: the processor stands for each of them here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use data::{self, Dataset};
use measure::record::EpochRecord;
use nets::device::Computer;
use nets::training::{Ending, Observer, StepReport, Trainer};
use nets::weights::{Weights, collect};
use recipe::Recipe;

/// Neither batch size nor number of images is a multiple of the devices, and all that is drawn for an image is drawn.
const CNN: &str = r#"
[data]
augment = { shift = 2 }
[model]
kind = "cnn"
layers = [
  { conv = 8, kernel = 3, padding = 1 }, "relu", { max-pool = 2 }, { dropout = 0.2 },
  { conv = 16, kernel = 3, stride = 2, padding = 1 }, "relu",
  "flatten", { linear = 32 }, "relu", { dropout = 0.3 }, { linear = 10 },
]
[training]
epochs = 2
batch-size = 10
mixup = 0.3
ema = 0.9
clip-norm = 1.0
optimizer = { name = "adam", learning-rate = 0.002 }
"#;

const DETECTOR: &str = r#"
[model]
kind = "faster-rcnn"
[model.backbone]
layers = [
  { conv = 8, kernel = 3, padding = 1 }, "relu", { max-pool = 2 },
  { conv = 12, kernel = 3, padding = 1 }, "relu", { max-pool = 2 },
]
[model.roi]
hidden = [32]
sample = 8
dropout = 0.2
[training]
epochs = 2
batch-size = 4
optimizer = { name = "sgd", learning-rate = 0.01, momentum = 0.9 }
"#;

fn images(count: usize) -> Dataset {
    let split = data::mnist::built_in(&recipe::Image::default()).expect("built in");
    split.train.subset(&(0..count).collect::<Vec<_>>())
}

fn recipe(text: &str, sets: &[&str]) -> Recipe {
    Recipe::parse(text, "test", sets).expect("a recipe")
}

/// So many devices, all of them the processor.
fn processors(count: usize) -> Computer {
    Computer {
        others: vec![Computer::cpu(); count - 1],
        ..Computer::cpu()
    }
}

/// What training tells; stops it after so many steps.
#[derive(Default)]
struct Told {
    steps: Vec<StepReport>,
    epochs: Vec<EpochRecord>,
    stop_after: Option<usize>,
    stop: Arc<AtomicBool>,
}

impl Observer for Told {
    fn step(&mut self, report: &StepReport) {
        self.steps.push(*report);
        if self.stop_after == Some(self.steps.len()) {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn epoch(&mut self, record: &EpochRecord) {
        self.epochs.push(record.clone());
    }
}

fn trainer<'a>(recipe: &'a Recipe, data: &'a Dataset, devices: usize) -> Trainer<'a> {
    let computer = processors(devices);
    let mut trainer = Trainer::new(recipe, data, None, &computer.device).expect("fits");
    trainer.share_with(&computer).expect("the processor works");
    trainer
}

fn train(recipe: &Recipe, data: &Dataset, devices: usize) -> (Told, Weights) {
    let mut trainer = trainer(recipe, data, devices);
    let mut told = Told::default();
    let never = AtomicBool::new(false);
    trainer.run(None, &never, &mut told).expect("trains");
    (told, collect(&trainer.network()))
}

/// The greatest difference of two networks' weights, in shares of the greatest weight.
fn difference(a: &Weights, b: &Weights) -> f32 {
    assert_eq!(a.len(), b.len());
    let pairs = a.iter().zip(b).flat_map(|((name, a), (other, b))| {
        assert_eq!((name, &a.shape), (other, &b.shape));
        a.values.iter().zip(&b.values)
    });
    let (mut worst, mut scale) = (0.0_f32, 0.0_f32);
    for (a, b) in pairs {
        worst = worst.max((a - b).abs());
        scale = scale.max(a.abs());
    }
    worst / scale
}

/// The loss is divided by the weights of all images, not of those of a device.
#[test]
fn class_weights_on_several_devices_are_those_of_one_device() {
    let data = images(97);
    let weights = "training.class-weights=[9, 1, 1, 1, 1, 1, 0.5, 1, 0, 1]";
    let sampler = "training.sampler=\"balanced\"";
    for sets in [
        &[weights][..],
        &[weights, sampler],
        &[weights, "training.loss=\"focal\""],
    ] {
        let recipe = recipe(CNN, sets);
        let (expected, weights) = train(&recipe, &data, 1);
        for devices in [2, 3] {
            let (told, found) = train(&recipe, &data, devices);
            for (found, expected) in told.steps.iter().zip(&expected.steps) {
                let apart = (found.batch_loss - expected.batch_loss).abs();
                let near = apart <= 1e-4 * expected.batch_loss;
                assert!(near, "{sets:?}, {devices} devices: {apart}");
            }
            let apart = difference(&weights, &found);
            assert!(apart < 1e-3, "{sets:?}, {devices} devices: {apart}");
        }
    }
}

#[test]
fn a_classifier_on_several_devices_is_the_one_of_one_device() {
    let data = images(97); // the last of the ten steps of an epoch has seven images
    for optimizer in ["adam", "sgd"] {
        let set = format!("training.optimizer={{ name = \"{optimizer}\", learning-rate = 0.002 }}");
        let recipe = recipe(CNN, &[&set]);
        let (expected, weights) = train(&recipe, &data, 1);
        assert_eq!(expected.steps.len(), 20);
        for devices in [2, 3, 8] {
            let (told, found) = train(&recipe, &data, devices);
            for (found, expected) in told.steps.iter().zip(&expected.steps) {
                let apart = (found.batch_loss - expected.batch_loss).abs();
                assert!(
                    apart <= 1e-4 * expected.batch_loss,
                    "{devices} devices, epoch {}, step {}: {apart}",
                    found.epoch,
                    found.batch
                );
                assert_eq!(found.batch_correct[1], expected.batch_correct[1]);
            }
            let apart = difference(&weights, &found);
            assert!(
                apart < 2e-3,
                "{optimizer}, {devices} devices: weights {apart}"
            );
            let (again, same) = train(&recipe, &data, devices);
            assert_eq!(
                difference(&found, &same),
                0.0,
                "the same devices, the same bits"
            );
            assert_eq!(again.epochs.len(), 2);
        }
    }
}

/// One step, without the optimizer's division of small gradients by small ones: rounding alone.
#[test]
fn one_step_differs_by_rounding() {
    let data = images(24);
    let sets = [
        "training.epochs=1",
        "training.batch-size=24",
        "training.optimizer={ name = \"sgd\", learning-rate = 0.1 }",
    ];
    let recipe = recipe(CNN, &sets);
    let (_, weights) = train(&recipe, &data, 1);
    for devices in [2, 3, 5] {
        let (_, found) = train(&recipe, &data, devices);
        let apart = difference(&weights, &found);
        assert!(apart < 1e-6, "{devices} devices: {apart}");
    }
}

#[test]
fn a_detector_on_several_devices_agrees() {
    let data = images(40);
    let recipe = recipe(DETECTOR, &[]);
    let (expected, _) = train(&recipe, &data, 1);
    for devices in [2, 3] {
        let (told, _) = train(&recipe, &data, devices);
        for (found, expected) in told.epochs.iter().zip(&expected.epochs) {
            let apart = (found.train_loss / expected.train_loss - 1.0).abs();
            assert!(apart < 0.01, "{devices} devices: {apart}");
        }
    }
}

/// Each device's own statistics; those that are kept are the first device's.
#[test]
fn batch_normalisation_works_on_parts() {
    let data = images(40);
    let text = CNN.replace(
        "padding = 1 }, \"relu\",\n",
        "padding = 1 }, \"batch-norm\", \"relu\",\n",
    );
    let recipe = recipe(&text, &[]);
    let (expected, weights) = train(&recipe, &data, 1);
    let (told, found) = train(&recipe, &data, 2);
    let apart = told.epochs[1].train_loss / expected.epochs[1].train_loss - 1.0;
    assert!(apart.abs() < 0.1, "{apart}");
    let running = "layers.5.running_mean";
    assert!(weights.contains_key(running), "{:?}", weights.keys());
    assert_ne!(weights[running], found[running]);
    let finite = found.values().flat_map(|weight| &weight.values);
    assert!(finite.into_iter().all(|value| value.is_finite()));
}

/// A checkpoint knows nothing of devices.
#[test]
fn a_training_goes_on_with_fewer_devices_or_more() {
    let data = images(60);
    let recipe = recipe(CNN, &["training.accumulate=2"]);
    let (_, expected) = train(&recipe, &data, 1);
    for [before, after] in [[2, 1], [1, 2], [3, 2]] {
        let folder = tempfile::tempdir().expect("a folder");
        let mut told = Told {
            stop_after: Some(7), // between two steps of the optimizer, in the second epoch
            ..Told::default()
        };
        let stop = told.stop.clone();
        let mut begun = trainer(&recipe, &data, before);
        let ending = begun.run(Some(folder.path()), &stop, &mut told);
        assert_eq!(ending.expect("trains"), Ending::Stopped);
        let mut resumed = trainer(&recipe, &data, after);
        resumed.restore(folder.path()).expect("a checkpoint");
        assert_eq!(resumed.state().step, 7);
        let ending = resumed.run(None, &AtomicBool::new(false), &mut Told::default());
        assert_eq!(ending.expect("trains"), Ending::Finished);
        let apart = difference(&expected, &collect(&resumed.network()));
        assert!(apart < 2e-3, "{before}, then {after} devices: {apart}");
    }
}
