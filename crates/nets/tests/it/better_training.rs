//! What makes training better, each against the obvious way to do it, and each resumed with the same bits.

use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::{Device, Tensor, TensorData};
use data::{self, Dataset, Split};
use measure::record::EpochRecord;
use nets::cnn::{Cnn, PredictionOptions};
use nets::device::Computer;
use nets::run::{Origin, Run};
use nets::temperature::Calibration;
use nets::training::{BestEpoch, Ending, Observer, StepReport, Trainer, TrainingError};
use nets::weights::{Weights, collect};
use recipe::{Model, Recipe};

const PLAIN: &str = r#"
[model]
kind = "cnn"
layers = [
  { conv = 4, kernel = 5, stride = 3 }, "relu", { conv = 8, kernel = 3 }, "relu",
  "flatten", { linear = 16 }, "relu", { linear = 10 },
]
[data]
validation = 1
[training]
epochs = 2
batch-size = 48
optimizer = { name = "sgd", learning-rate = 0.1 }
"#;

const DETECTOR: &str = r#"
[model]
kind = "faster-rcnn"
[model.backbone]
layers = [
  { conv = 6, kernel = 3, padding = 1 }, "relu", { max-pool = 2 },
  { conv = 8, kernel = 3, padding = 1 }, "batch-norm", "relu", { max-pool = 2 },
]
[model.roi]
hidden = [16]
sample = 8
[data]
validation = 1
[training]
epochs = 2
batch-size = 32
clip-norm = 5
"#;

/// Stops after so many batches, and remembers what it is told.
struct Watch<'a> {
    batches: usize,
    stop: &'a AtomicBool,
    epochs: Vec<EpochRecord>,
    kept: Option<(BestEpoch, [usize; 2])>,
    calibration: Option<Calibration>,
}

impl<'a> Watch<'a> {
    fn new(batches: usize, stop: &'a AtomicBool) -> Self {
        Self {
            batches,
            stop,
            epochs: Vec::new(),
            kept: None,
            calibration: None,
        }
    }
}

impl Observer for Watch<'_> {
    fn step(&mut self, _: &StepReport) {
        self.batches = self.batches.saturating_sub(1);
        if self.batches == 0 {
            self.stop.store(true, Ordering::Relaxed);
        }
    }

    fn epoch(&mut self, record: &EpochRecord) {
        self.epochs.push(record.clone());
    }

    fn kept(&mut self, best: &BestEpoch, epochs: [usize; 2]) {
        self.kept = Some((best.clone(), epochs));
    }

    fn calibrated(&mut self, calibration: &Calibration) {
        self.calibration = Some(*calibration);
    }
}

fn images(count: usize) -> Dataset {
    let split = data::mnist::built_in(&recipe::Image::default()).expect("built in");
    split.train.subset(&(0..count).collect::<Vec<_>>())
}

fn held_out() -> Dataset {
    let split = data::mnist::built_in(&recipe::Image::default()).expect("built in");
    split.train.subset(&(1000..1060).collect::<Vec<_>>())
}

fn recipe(text: &str, sets: &[&str]) -> Recipe {
    Recipe::parse(text, "test", sets).expect("a recipe")
}

/// Goes on for so many batches.
fn go_on(trainer: &mut Trainer<'_>, batches: usize) -> Ending {
    let stop = AtomicBool::new(false);
    let ending = trainer.run(None, &stop, &mut Watch::new(batches, &stop));
    ending.expect("trains")
}

fn trained(recipe: &Recipe, train: &Dataset) -> Weights {
    let mut trainer = Trainer::new(recipe, train, None, &Device::flex()).expect("fits");
    assert_eq!(go_on(&mut trainer, usize::MAX), Ending::Finished);
    collect(&trainer.network())
}

#[track_caller]
fn assert_near(found: &Weights, expected: &Weights, tolerance: f32) {
    assert!(found.keys().eq(expected.keys()));
    for (name, weight) in found {
        for (a, b) in weight.values.iter().zip(&expected[name].values) {
            assert!((a - b).abs() <= tolerance, "{name}: {a} for {b}");
        }
    }
}

#[test]
fn accumulated_batches_are_one_large_batch() {
    let train = images(200); // the last step of an epoch has 8 images, in one batch of two
    for optimizer in ["sgd", "adam"] {
        let name = format!("training.optimizer.name={optimizer}");
        let large = recipe(PLAIN, &[&name, "training.batch-size=64"]);
        let small = ["training.batch-size=16", "training.accumulate=4"];
        let small = recipe(PLAIN, &[&name, small[0], small[1]]);
        // Adam divides by the root of a mean square that is nearly 0 at first: a rounding error is a step there.
        let tolerance = if optimizer == "sgd" { 1e-5 } else { 2e-3 };
        assert_near(
            &trained(&small, &train),
            &trained(&large, &train),
            tolerance,
        );
    }
    let mut uneven = recipe(PLAIN, &["training.accumulate=3"]);
    uneven.training.batch_size = 20;
    let mut trainer = Trainer::new(&uneven, &train, None, &Device::flex()).expect("fits");
    go_on(&mut trainer, usize::MAX);
    let history = &trainer.state().history;
    assert_eq!(history[1].step, 8, "ten batches are four steps an epoch");
}

#[test]
fn the_average_is_the_formulas() {
    let train = images(200);
    let text = PLAIN.replace("\"relu\", { conv = 8", "\"batch-norm\", { conv = 8");
    let plain = recipe(&text, &[]);
    let mut raw = Trainer::new(&plain, &train, None, &Device::flex()).expect("fits");
    let decay = 0.5;
    let averaged = recipe(&text, &["training.ema=0.5"]);
    let mut averaged = Trainer::new(&averaged, &train, None, &Device::flex()).expect("fits");
    let mut expected = collect(&raw.network());
    for step in 1..=10 {
        go_on(&mut raw, 1);
        go_on(&mut averaged, 1);
        // As TensorFlow's ExponentialMovingAverage with num_updates.
        let decay = f32::min(decay, (1.0 + step as f32) / (10.0 + step as f32));
        let raw = collect(&raw.network());
        for (name, weight) in &mut expected {
            for (mean, value) in weight.values.iter_mut().zip(&raw[name].values) {
                *mean = decay * *mean + (1.0 - decay) * value;
            }
        }
        assert_near(&collect(&averaged.network()), &expected, 1e-5);
        assert!(step < 2 || collect(&averaged.network()) != raw);
    }
    assert!(expected.contains_key("layers.1.running_mean"));
}

#[test]
fn early_stopping_gives_the_best_weights() {
    let (train, held_out) = (images(200), held_out());
    // Nothing is better than the first epoch by ten: it ends three epochs later.
    let stopping = "training.early-stopping={metric=\"accuracy\",patience=3,min-delta=10}";
    for ema in ["training.ema=none", "training.ema=0.9"] {
        let recipe = |epochs: &str, stopping| recipe(PLAIN, &[ema, epochs, stopping]);
        let stopped = recipe("training.epochs=9", stopping);
        let mut stopped =
            Trainer::new(&stopped, &train, Some(&held_out), &Device::flex()).expect("fits");
        let stop = AtomicBool::new(false);
        let mut watch = Watch::new(usize::MAX, &stop);
        let ending = stopped.run(None, &stop, &mut watch).expect("trains");
        assert_eq!((ending, watch.epochs.len()), (Ending::Finished, 4));
        let value = watch.epochs[0].validation_accuracy.expect("validated");
        let (kept, epochs) = watch.kept.expect("told");
        assert_eq!((kept.epoch, kept.value, epochs), (1, value, [4, 9]));
        let best = collect(&stopped.trained().expect("its own weights"));
        let one = trained(&recipe("training.epochs=1", "training.seed=0"), &train);
        assert!(best == one && collect(&stopped.network()) != best, "{ema}");
    }
}

#[test]
fn early_stopping_needs_its_figure() {
    let train = images(96);
    let watch = |metric: &str| format!("training.early-stopping.metric={metric}");
    let needs_several = recipe(PLAIN, &[&watch("ap")]);
    let error = Trainer::new(&needs_several, &train, None, &Device::flex());
    let error = error.expect_err("MNIST has no AP").to_string();
    assert!(
        error.contains("\"ap\"") && error.contains("\"accuracy\""),
        "{error}"
    );
    let alone = recipe(PLAIN, &[&watch("accuracy")]);
    let mut trainer = Trainer::new(&alone, &train, None, &Device::flex()).expect("fits");
    let stop = AtomicBool::new(false);
    let error = trainer.run(None, &stop, &mut Watch::new(9, &stop));
    let error = error.expect_err("nothing is held out");
    assert!(matches!(error, TrainingError::NothingHeldOut), "{error}");
}

/// What a training comes to: the network as it is, the one it gives, and its figures, without times.
type Outcome = (Weights, Weights, Vec<String>);

fn outcome(trainer: &Trainer<'_>) -> Outcome {
    let figures = trainer.state().history.iter().map(|epoch| {
        let EpochRecord {
            step,
            train_loss,
            validation_loss,
            learning_rate,
            ..
        } = epoch;
        format!("{step} {train_loss} {validation_loss:?} {learning_rate}")
    });
    let best = trainer.trained().expect("its own weights");
    (
        collect(&trainer.network()),
        collect(&best),
        figures.collect(),
    )
}

#[test]
fn every_option_goes_on_with_the_same_bits() {
    let (train, held_out) = (images(400), held_out());
    let stopping = "training.early-stopping={metric=\"loss\",patience=1,min-delta=0.2}";
    let muon = "training.optimizer={name=\"muon\",learning-rate=0.05}";
    let warm = "training.schedule={name=\"one-cycle\",warm-up=3}";
    #[rustfmt::skip]
    let cases: &[(&str, &[&str])] = &[
        (PLAIN, &["training.ema=0.9"]),
        (PLAIN, &["training.accumulate=4"]),
        (PLAIN, &["training.mixup=0.4", "training.label-smoothing=0.1"]),
        (PLAIN, &[stopping, "training.epochs=4"]),
        (PLAIN, &[muon, warm]),
        (PLAIN, &[muon, warm, stopping, "training.ema=0.9", "training.accumulate=2", "training.mixup=0.2", "training.epochs=3", "training.clip-norm=1"]),
        (DETECTOR, &[muon, stopping, "training.ema=0.9", "training.accumulate=3"]),
    ];
    for (text, sets) in cases {
        let recipe = recipe(text, sets);
        let device = Device::flex();
        let new = || Trainer::new(&recipe, &train, Some(&held_out), &device).expect("fits");
        let mut straight = new();
        go_on(&mut straight, usize::MAX);
        let expected = outcome(&straight);
        // In a step that is not full, at an epoch's end, and several times.
        for stops in [&[2][..], &[9], &[1, 4, 6, 5]] {
            let folder = tempfile::tempdir().expect("a folder");
            let mut ending = Ending::Stopped;
            for batches in stops.iter().copied().chain([usize::MAX]) {
                let mut trainer = new();
                trainer.restore(folder.path()).expect("restores");
                let stop = AtomicBool::new(false);
                let mut watch = Watch::new(batches, &stop);
                let ended = trainer.run(Some(folder.path()), &stop, &mut watch);
                ending = ended.expect("trains");
                if ending == Ending::Finished {
                    assert!(outcome(&trainer) == expected, "{sets:?} after {stops:?}");
                }
            }
            assert_eq!(ending, Ending::Finished, "{sets:?}");
        }
    }
}

#[test]
fn muon_learns() {
    let train = images(400);
    let muon = "training.optimizer.name=muon";
    let recipe = recipe(PLAIN, &[muon, "training.epochs=6"]);
    let mut trainer = Trainer::new(&recipe, &train, None, &Device::flex()).expect("fits");
    go_on(&mut trainer, usize::MAX);
    let history = &trainer.state().history;
    let accuracy = history[5].train_accuracy.expect("a classifier's");
    assert!(accuracy > 0.8, "{accuracy}");
}

/// Images `[N, 1, size, size]` moved down and right, the pixels at the ends repeated.
fn moved(values: &[f32], size: usize, [down, right]: [isize; 2]) -> Vec<f32> {
    let from = |at: usize, by: isize| (at as isize - by).clamp(0, size as isize - 1) as usize;
    let mut moved = Vec::with_capacity(values.len());
    for image in values.chunks_exact(size * size) {
        for y in 0..size {
            moved.extend((0..size).map(|x| image[from(y, down) * size + from(x, right)]));
        }
    }
    moved
}

#[test]
fn shifted_answers_are_the_mean_of_all_positions() {
    let recipe = recipe(PLAIN, &[]);
    let Model::Cnn(layers) = &recipe.model else {
        panic!("a classifier");
    };
    let device = Device::flex();
    let cnn = Cnn::new(layers, [1, 28, 28], 0, &device).expect("shapes that fit");
    let data = images(3);
    let values: Vec<f32> = (0..3)
        .flat_map(|i| {
            data.image(i)
                .iter()
                .map(|&p| f32::from(p) / 255.0)
                .collect::<Vec<_>>()
        })
        .collect();
    let tensor = |values| Tensor::<4>::from_data(TensorData::new(values, [3, 1, 28, 28]), &device);
    let mut expected = vec![vec![0.0; 10]; 3];
    for position in 0..25 {
        let by = [position / 5 - 2, position % 5 - 2];
        let rows = cnn.scores(tensor(moved(&values, 28, by)));
        for (sum, row) in expected.iter_mut().zip(&rows) {
            for (sum, p) in sum.iter_mut().zip(cnn.probabilities(row)) {
                *sum += p / 25.0;
            }
        }
    }
    let cnn = cnn.predicting_with(PredictionOptions {
        test_shift: 2,
        ..PredictionOptions::default()
    });
    for (row, expected) in cnn.scores(tensor(values)).iter().zip(&expected) {
        for (found, expected) in cnn.probabilities(row).iter().zip(expected) {
            assert!((found - expected).abs() < 1e-5, "{found} for {expected}");
        }
    }
}

#[test]
fn a_temperature_is_stored_and_changes_no_answer() {
    let origin = Origin {
        recipe: "test".to_string(),
        version: String::new(),
        command: Vec::new(),
    };
    let split = data::mnist::built_in(&recipe::Image::default()).expect("built in");
    let numbers = |count: usize| (0..count).collect::<Vec<_>>();
    let split = Split::new(
        split.train.subset(&numbers(600)),
        split.test.subset(&numbers(300)),
    );
    let computer = Computer::cpu();
    let root = tempfile::tempdir().expect("a folder");
    let run = |scaling: bool| {
        let scaling = format!("training.temperature-scaling={scaling}");
        let sets = [
            &scaling,
            "training.epochs=4",
            "data.validation=100",
            "model.test-shift=1",
        ];
        let recipe = recipe(PLAIN, &sets);
        let run = Run::create(root.path(), "test").expect("a folder");
        run.begin(&recipe, &computer, &origin).expect("begins");
        let stop = AtomicBool::new(false);
        let mut watch = Watch::new(usize::MAX, &stop);
        let finished = run.train(&recipe, &split, &computer, &stop, &mut watch);
        let finished = finished.expect("trains").expect("to the end");
        let trained = run.trained(&computer).expect("stored");
        let again = nets::evaluation::evaluate(&trained.network, &split.test, &computer);
        let rows = finished.predictions.rows;
        assert!(again.expect("judged").predictions.rows == rows, "as stored");
        (rows, watch.calibration)
    };
    let (plain, none) = run(false);
    assert_eq!(none, None);
    let (scaled, calibration) = run(true);
    let calibration = calibration.expect("fitted");
    assert_eq!(calibration.images, 100);
    assert!(calibration.temperature != 1.0);
    for (plain, scaled) in plain.iter().zip(&scaled) {
        assert_eq!(plain.predicted, scaled.predicted);
        assert_ne!(plain.probabilities, scaled.probabilities);
    }
}
