//! The same trainings on every device that this build and machine have: the CPU always, GPUs and software adapters where
//! they are, and a remote device where the build has them. A software adapter computes a few images a second, so these are tiny.

use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::Tensor;
use burn::tensor::distributed::{
    DistributedConfig, DistributedContext, ReduceOperation, all_reduce,
};
use data::preparation::Preparation;
use data::{self, Dataset};
use measure::record::EpochRecord;
use nets::batch::Batch;
use nets::detector::inspect::Inspection;
use nets::device::guard::guarded;
use nets::device::{Computer, open_all, probe};
use nets::layers::Mode;
use nets::loss::ClassificationLoss;
use nets::network::Network;
use nets::ops;
use nets::training::{Ending, Observer, StepReport, Trainer};
use nets::weights::collect;
use recipe::Recipe;

const CNN: &str = r#"
[model]
kind = "cnn"
layers = [
  { conv = 8, kernel = 3, padding = 1 }, "relu", { max-pool = 2 },
  { conv = 16, kernel = 3, stride = 2, padding = 1 }, "batch-norm", "relu",
  "flatten", { linear = 32 }, "relu", { dropout = 0.2 }, { linear = 10 },
]
[training]
epochs = 2
batch-size = 4
optimizer = { name = "adam", learning-rate = 0.002 }
"#;

/// Sums, groups of channels and gates.
const BRANCHES: &str = r#"
[model]
kind = "cnn"
layers = [
  { conv = 8, kernel = 3, stride = 2, padding = 1, bias = false }, "batch-norm", "hard-swish",
  { stage = 1, block = "bottleneck", channels = 12, stride = 2, width = 8, groups = 2 },
  { inverted = 12, expand = 24, squeeze = 4, activation = "hard-swish" },
  { adaptive-avg-pool = [2, 3] }, "flatten", { linear = 10 },
]
[training]
epochs = 2
batch-size = 4
optimizer = { name = "adam", learning-rate = 0.001 }
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
sample = 8
[training]
epochs = 2
batch-size = 4
optimizer = { name = "sgd", learning-rate = 0.01, momentum = 0.9 }
clip-norm = 5
"#;

/// 20 steps in two epochs.
const IMAGES: usize = 40;
const STEPS: u64 = 10;

#[derive(Default)]
struct Epochs(Vec<EpochRecord>);

impl Observer for Epochs {
    fn step(&mut self, _: &StepReport) {}

    fn epoch(&mut self, record: &EpochRecord) {
        self.0.push(record.clone());
    }
}

fn images() -> Dataset {
    let split = data::mnist::built_in(&recipe::Image::default()).expect("built in");
    split.train.subset(&(0..IMAGES).collect::<Vec<_>>())
}

fn recipe(text: &str) -> Recipe {
    Recipe::parse::<&str>(text, "test", &[]).expect("a recipe")
}

/// Every device of this machine, and the processor as the device of another process.
fn computers() -> Vec<Computer> {
    let computers = open_all(&probe::in_thread).into_iter();
    #[cfg(feature = "remote")]
    let computers = computers.chain([crate::remote::computer()]);
    computers.collect()
}

#[track_caller]
fn assert_within(share: f64, what: &str, found: f64, expected: f64) {
    let near = (found - expected).abs() <= share * expected.abs();
    assert!(near, "{what}: {found}, on the CPU {expected}");
}

/// What a network with its first weights says on a device: logits, and the losses of one batch.
fn first_answers(recipe: &Recipe, data: &Dataset, computer: &Computer) -> (Vec<f32>, Vec<f64>) {
    let preparation = Preparation::WITHOUT_AUGMENTATION;
    let input = data.image_shape();
    let device = &computer.device;
    let network = Network::new(recipe, input, data.classes.len(), device).expect("fits");
    let numbers: Vec<usize> = (0..10).collect();
    let batch = Batch::prepare(&preparation, data, &numbers, 0, device);
    let logits = match &network {
        Network::Cnn(cnn) => ops::to_host(cnn.forward(batch.images.clone(), Mode::Inference)),
        Network::FasterRcnn(detector) => {
            detector_logits(&detector.inspect(batch.images.clone().narrow(0, 0, 1), None))
        }
    };
    let loss = ClassificationLoss::cross_entropy(recipe.training.label_smoothing);
    let losses = network.losses(&batch, &loss, Mode::Inference);
    let (_, losses) = losses.expect("good truths");
    let (_, losses): (Vec<_>, Vec<_>) = losses.parts.into_iter().unzip();
    (logits, ops::read(losses))
}

/// The objectness of every anchor, and for every proposal what tells each class from background. In order of size, since
/// equal proposals may change places.
fn detector_logits(seen: &Inspection) -> Vec<f32> {
    assert!(!seen.proposals.is_empty());
    let anchors = seen.anchors.iter();
    let mut objectness: Vec<f32> = anchors
        .map(|anchor| (anchor.score / (1.0 - anchor.score)).ln())
        .collect();
    let regions = seen.probabilities.iter();
    let mut classes: Vec<f32> = regions
        .flat_map(|all| all[1..].iter().map(|class| (class / all[0]).ln()))
        .collect();
    objectness.sort_by(f32::total_cmp);
    classes.sort_by(f32::total_cmp);
    [objectness, classes].concat()
}

/// A training, and how often it read from the device.
fn train(recipe: &Recipe, data: &Dataset, computer: &Computer) -> (Vec<EpochRecord>, u64) {
    let mut trainer = Trainer::new(recipe, data, None, &computer.device).expect("fits");
    let mut epochs = Epochs::default();
    let before = ops::reads();
    let stop = AtomicBool::new(false);
    trainer.run(None, &stop, &mut epochs).expect("trains");
    let reads = ops::reads() - before;
    for (name, weight) in collect(&trainer.network()) {
        let finite = weight.values.iter().all(|value| value.is_finite());
        assert!(finite, "{}: {name}", computer.name);
    }
    (epochs.0, reads)
}

/// A built-in detector of photographs, its network's backbone as it is, for a few digits.
fn tiny_built_in(name: &str, anchors: &str) -> Recipe {
    let sets = [
        "model.pyramid.channels=16",
        anchors,
        "model.rpn={ sample = 16, pre-nms-train = 50, post-nms-train = 20, pre-nms-test = 50, post-nms-test = 20 }",
        "model.roi.hidden=[32]",
        "model.roi.sample=8",
        "training.epochs=2",
        "training.batch-size=2",
        "training.optimizer.learning-rate=1e-4",
        "training.clip-norm=1",
    ];
    let mut recipe = Recipe::load(name, &sets).expect("a recipe");
    recipe.data = recipe::Data::default();
    recipe
}

/// The built-in detectors of photographs answer alike everywhere, and so do two steps of training: frozen layers and
/// normalisations, a pyramid with an extra level, two maps of one stride.
#[test]
fn devices_agree_on_built_in_detectors() {
    let computers = computers();
    let (cpu, others) = computers.split_first().expect("there is a CPU");
    let each = "model.anchors.sizes=[[4], [8], [12], [16], [24]]";
    let all = "model.anchors.sizes=[4, 8, 12, 16, 24]";
    for (name, anchors) in [("resnet-50-fpn", each), ("mobilenet-fpn", all)] {
        let recipe = tiny_built_in(name, anchors);
        let (logits, losses) = first_answers(&recipe, &images(), cpu);
        let two = images().subset(&[0, 1]);
        let (expected, _) = train(&recipe, &two, cpu);
        let scale = logits.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
        for computer in others {
            let device = &computer.name;
            let (found_logits, found_losses) = first_answers(&recipe, &images(), computer);
            assert_eq!(found_logits.len(), logits.len(), "{name} on {device}");
            let differences = found_logits.iter().zip(&logits);
            let worst = differences.map(|(a, b)| (a - b).abs()).fold(0.0, f32::max) / scale;
            assert!(
                worst <= 1e-4,
                "{name} on {device}: logits differ by {worst}"
            );
            for (found, expected) in found_losses.iter().zip(&losses) {
                let what = format!("{name}: first losses on {device}");
                assert_within(1e-3, &what, *found, *expected);
            }
            let (found, _) = train(&recipe, &two, computer);
            for (found, expected) in found.iter().zip(&expected) {
                eprintln!(
                    "{name} on {device}: loss {:.6}, on the CPU {:.6}; logits differ by {worst:.1e}",
                    found.train_loss, expected.train_loss
                );
                let what = format!("{name}: losses on {device}");
                assert_within(0.01, &what, found.train_loss, expected.train_loss);
            }
        }
    }
}

/// Logits and first losses within 1e-4, losses of 20 steps within 1 %, and nothing that a step waits for: a classifier
/// reads once an epoch, a detector once more in every step, for its proposals.
#[test]
fn devices_agree() {
    let data = images();
    let computers = computers();
    let (cpu, others) = computers.split_first().expect("there is a CPU");
    for (text, reads_per_step) in [(CNN, 0), (BRANCHES, 0), (DETECTOR, 1)] {
        let recipe = recipe(text);
        let (logits, losses) = first_answers(&recipe, &data, cpu);
        let (expected, _) = train(&recipe, &data, cpu);
        assert!(expected[1].train_loss < expected[0].train_loss);
        for computer in others {
            let name = &computer.name;
            let (found_logits, found_losses) = first_answers(&recipe, &data, computer);
            let scale = logits.iter().fold(0.0_f32, |most, x| most.max(x.abs()));
            let mut worst = 0.0_f32;
            for (found, expected) in found_logits.iter().zip(&logits) {
                worst = worst.max((found - expected).abs() / scale);
            }
            assert!(worst <= 1e-4, "{name}: logits differ by {worst}");
            for (found, expected) in found_losses.iter().zip(&losses) {
                assert_within(1e-4, &format!("first losses on {name}"), *found, *expected);
            }
            let (found, reads) = train(&recipe, &data, computer);
            for (found, expected) in found.iter().zip(&expected) {
                eprintln!(
                    "{name}: epoch {}: loss {:.6}, on the CPU {:.6}; logits differ by {worst:.1e}",
                    found.epoch, found.train_loss, expected.train_loss
                );
                let what = format!("losses on {name}");
                assert_within(0.01, &what, found.train_loss, expected.train_loss);
                let accuracies = (found.train_accuracy, expected.train_accuracy);
                let (Some(found), Some(expected)) = accuracies else {
                    panic!("an accuracy");
                };
                assert!(
                    (found - expected).abs() < 0.1,
                    "{what}: {found}, {expected}"
                );
            }
            let epochs = 2;
            eprintln!("{name}: {reads} reads in {} steps", epochs * STEPS);
            // The first step is read too, to have something to show.
            assert_eq!(reads, 1 + epochs * (1 + STEPS * reads_per_step), "{name}");
        }
    }
}

/// Stops at the first step that is shown.
struct StopAtOnce<'a>(&'a AtomicBool);

impl Observer for StopAtOnce<'_> {
    fn step(&mut self, _: &StepReport) {
        self.0.store(true, Ordering::Relaxed);
    }

    fn epoch(&mut self, _: &EpochRecord) {}
}

/// A training that is stopped twice ends with the weights of one that is not: the same bits on the CPU, within 1e-5 on
/// devices that may add in another order each time.
#[test]
fn stopped_trainings_go_on() {
    let data = images();
    for computer in computers() {
        let name = &computer.name;
        for text in [CNN, DETECTOR] {
            let recipe = recipe(text);
            let new = || Trainer::new(&recipe, &data, None, &computer.device).expect("fits");
            let never = AtomicBool::new(false);
            let mut straight = new();
            straight
                .run(None, &never, &mut Epochs::default())
                .expect("trains");

            let folder = tempfile::tempdir().expect("a folder");
            for _ in 0..2 {
                let stop = AtomicBool::new(false);
                let mut trainer = new();
                trainer.restore(folder.path()).expect("restores");
                let ending = trainer.run(Some(folder.path()), &stop, &mut StopAtOnce(&stop));
                assert_eq!(ending.expect("trains"), Ending::Stopped, "{name}");
            }
            let mut resumed = new();
            resumed.restore(folder.path()).expect("restores");
            let before = resumed.state().step;
            assert!((1..2 * STEPS).contains(&before), "{name}: {before}");
            resumed
                .run(None, &never, &mut Epochs::default())
                .expect("trains");

            let most = if name == "cpu" { 0.0 } else { 1e-5 };
            let pairs = collect(&resumed.network())
                .into_iter()
                .zip(collect(&straight.network()));
            for ((parameter, found), (_, expected)) in pairs {
                let pairs = found.values.iter().zip(&expected.values);
                let worst = pairs.fold(0.0_f32, |worst, (a, b)| worst.max((a - b).abs()));
                assert!(worst <= most, "{name}: {parameter} differs by {worst}");
            }
        }
    }
}

/// What does not fit is an error that says so, and the device goes on after it.
#[test]
fn too_much_for_a_device() {
    for computer in &open_all(&probe::in_thread)[1..] {
        let device = &computer.device;
        let huge = || Tensor::<2>::ones([1 << 20, 1 << 20], device) + 1.0;
        let first = |x: Tensor<2>| x.narrow(0, 0, 1).narrow(1, 0, 1);
        let failure = guarded(|| ops::to_host(first(huge()))).expect_err("4 TiB");
        assert!(failure.is_out_of_memory(), "{}: {failure}", computer.name);
        let small = Tensor::<1>::from_floats([1.0, 2.0], device).sum();
        assert_eq!(ops::to_host(small), [3.0], "{}", computer.name);
    }
}

/// Layers in 16 bits: the losses stay near those of 32, the weights are in 32, and f16 waits once a step, to find out
/// whether its gradients are finite. The CPU refuses.
#[test]
fn half_precision() {
    let data = images();
    let computers = computers();
    for text in [CNN, DETECTOR] {
        let expected = train(&recipe(text), &data, &computers[0]).0;
        for precision in ["f16", "bf16"] {
            let text = text.replace(
                "epochs = 2",
                &format!("epochs = 2\nprecision = \"{precision}\""),
            );
            let recipe = recipe(&text);
            for computer in &computers {
                let name = &computer.name;
                match Trainer::new(&recipe, &data, None, &computer.device) {
                    Ok(_) => assert_ne!(name, "cpu", "has no kernels for {precision}"),
                    Err(error) => {
                        assert!(error.to_string().contains(precision), "{error}");
                        eprintln!("{name}: {error}");
                        continue;
                    }
                }
                let (found, reads) = train(&recipe, &data, computer);
                for (found, expected) in found.iter().zip(&expected) {
                    eprintln!(
                        "{name}, {precision}: epoch {}: loss {:.6}, on the CPU in f32 {:.6}, {reads} reads in all",
                        found.epoch, found.train_loss, expected.train_loss
                    );
                    let what = format!("losses in {precision} on {name}");
                    assert_within(0.1, &what, found.train_loss, expected.train_loss);
                }
            }
        }
    }
}

/// Why several devices are not reduced by it: Burn's all-reduce has no way to the CPU (nor, in CubeCL, to any GPU but CUDA's).
#[test]
fn burns_distributed_training_leaves_the_cpu_out() {
    let cpu = Computer::cpu().device;
    let config = DistributedConfig {
        all_reduce_op: ReduceOperation::Mean,
    };
    let failure = guarded(|| drop(DistributedContext::init(vec![cpu.clone()], config)));
    let text = failure.expect_err("if it works now, use it").to_string();
    assert!(text.contains("not supported for device"), "{text}");
    let x = Tensor::<1>::from_floats([1.0, 2.0], &cpu);
    let sum = guarded(|| all_reduce(x, ReduceOperation::Sum, vec![cpu]).resolve());
    let text = sum.expect_err("if it works now, use it").to_string();
    assert!(text.contains("not supported"), "{text}");
}
