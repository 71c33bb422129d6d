//! Training on images of several objects or none: the loss falls, boxes are judged, and what can't work is refused.

use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::Device;
use data::Content;
use data::preparation::Preparation;
use measure::record::EpochRecord;
use nets::batch::Batch;
use nets::device::Computer;
use nets::evaluation::evaluate;
use nets::training::{Ending, Observer, StepReport, Trainer, TrainingError};
use nets::weights::collect;
use recipe::{Augment, Recipe};

const DETECTOR: &str = r#"
[data]
source = "scenes"
validation = 12
[data.scenes]
train-images = 160
test-images = 16
size = 64
digits = [0, 4]
noise = 0.05
[model]
kind = "faster-rcnn"
[model.backbone]
layers = [
  { conv = 8, kernel = 3, padding = 1 }, "batch-norm", "relu", { max-pool = 2 },
  { conv = 16, kernel = 3, padding = 1 }, "batch-norm", "relu", { max-pool = 2 },
]
[model.anchors]
sizes = [12, 17, 24]
[model.roi]
hidden = [64]
[training]
epochs = 8
batch-size = 8
optimizer = { name = "adam", learning-rate = 0.003 }
clip-norm = 10
"#;

#[derive(Default)]
struct Epochs(Vec<EpochRecord>);

impl Observer for Epochs {
    fn step(&mut self, _: &StepReport) {}

    fn epoch(&mut self, record: &EpochRecord) {
        self.0.push(record.clone());
    }
}

struct StopAfter<'a>(usize, &'a AtomicBool);

impl Observer for StopAfter<'_> {
    fn step(&mut self, _: &StepReport) {
        self.0 -= 1;
        self.1.store(self.0 == 0, Ordering::Relaxed);
    }

    fn epoch(&mut self, _: &EpochRecord) {}
}

fn recipe(text: &str) -> Recipe {
    Recipe::parse::<&str>(text, "test", &[]).expect("a recipe")
}

#[test]
fn a_detector_learns_from_scenes_some_of_them_empty() {
    let recipe = recipe(DETECTOR);
    let split = data::load(&recipe.data, recipe.training.seed).expect("scenes");
    let (train, validation) = split
        .hold_out(recipe.data.validation, 0)
        .expect("some stay");
    let computer = Computer::cpu();
    let mut trainer =
        Trainer::new(&recipe, &train, validation.as_deref(), &computer.device).expect("fits");
    let mut epochs = Epochs::default();
    let ending = trainer
        .run(None, &AtomicBool::new(false), &mut epochs)
        .expect("trains");
    assert_eq!(ending, Ending::Finished);
    let (first, last) = (&epochs.0[0], &epochs.0[7]);
    assert!(
        last.train_loss < 0.9 * first.train_loss,
        "{} to {}",
        first.train_loss,
        last.train_loss
    );
    // Validation losses are those of training, in the same parts.
    let loss = |record: &EpochRecord| record.validation_loss.expect("validated");
    assert!(
        loss(last) < loss(first),
        "{} to {}",
        loss(first),
        loss(last)
    );
    assert_eq!(last.validation_losses.keys().count(), 4);
    assert!((last.validation_losses.values().sum::<f64>() - loss(last)).abs() < 1e-9);
    assert_eq!(last.validation_accuracy, None);
    assert!(last.validation_map.is_some());

    let evaluated = evaluate(&trainer.network(), &split.test, &computer).expect("judged");
    let boxes = evaluated.localisation.expect("a detector");
    assert!(evaluated.predictions.rows.is_empty(), "no answer an image");
    assert!(!evaluated.detections.is_empty());
    assert!(boxes.found.expect("objects") > 0.3, "{boxes:?}");
    let mistakes = boxes.mistakes.expect("told apart");
    let wrong = [
        mistakes.localisation,
        mistakes.classification,
        mistakes.both,
        mistakes.duplicate,
        mistakes.background,
    ];
    let wrong: u64 = wrong.iter().map(|kind| kind.count).sum();
    assert!(mistakes.right > 0 && wrong > 0, "{mistakes:?}");
    assert_eq!(mistakes.right + wrong, evaluated.detections.len() as u64);
    let curves = evaluated.box_precision_recall.expect("curves");
    let area = curves.iou_50.iter().sum::<f64>() / 101.0;
    assert!((area - boxes.map_50.expect("truths")).abs() < 1e-12);
    assert!(
        boxes.mean_iou > 0.2 && boxes.map_50.expect("truths") > 0.0,
        "{boxes:?}"
    );
}

#[test]
fn a_stopped_training_meets_the_same_scenes_again() {
    let recipe = recipe(&DETECTOR.replace("epochs = 8", "epochs = 2"));
    let split = data::load(&recipe.data, 0).expect("scenes");
    let device = Device::flex();
    let new = || Trainer::new(&recipe, &split.train, None, &device).expect("fits");
    let mut straight = new();
    let stop = AtomicBool::new(false);
    straight
        .run(None, &stop, &mut Epochs::default())
        .expect("trains");

    let folder = tempfile::tempdir().expect("a folder");
    let stop_early = AtomicBool::new(false);
    let mut stopper = StopAfter(27, &stop_early); // in the second of two epochs of 20 steps
    let mut stopped = new();
    let ending = stopped
        .run(Some(folder.path()), &stop_early, &mut stopper)
        .expect("stops");
    assert_eq!(ending, Ending::Stopped);
    let mut resumed = new();
    resumed.restore(folder.path()).expect("restores");
    resumed
        .run(None, &stop, &mut Epochs::default())
        .expect("trains");
    assert!(
        collect(&resumed.network()) == collect(&straight.network()),
        "other weights"
    );
}

#[test]
fn boxes_follow_random_changes_of_annotated_images_and_of_scenes() {
    let mut recipe = recipe(DETECTOR);
    recipe.data.augment = Augment {
        shift: 4,
        rotate: 15.0,
        scale: 0.2,
        shear: 10.0,
        elastic: 1.0,
        contrast: 0.3,
        noise: 0.1,
        erase: 0.5,
        ..Augment::default()
    };
    recipe.training.epochs = 2;
    let split = data::load(&recipe.data, 0).expect("scenes");
    for data in [&split.train, &split.test] {
        let numbers: Vec<usize> = (0..data.count).collect();
        let preparation = Preparation::for_training(&recipe);
        let batch = Batch::prepare(&preparation, data, &numbers, 1, &Device::flex());
        let objects: usize = (0..data.count)
            .map(|number| match data.sample(number, 1).content {
                Content::Objects(objects) => objects.len(),
                Content::Ink(_) => 1,
            })
            .sum();
        let kept: Vec<_> = batch.truths.iter().flatten().collect();
        assert!(
            kept.len() > objects / 2 && kept.len() < objects,
            "{} of {objects}",
            kept.len()
        );
        for truth in kept {
            let [x1, y1, x2, y2] = <[f32; 4]>::from(truth.bounds);
            assert!(
                x1 >= 0.0 && y1 >= 0.0 && x2 <= 64.0 && y2 <= 64.0,
                "{truth:?}"
            );
            assert!(truth.bounds.has_sides(1.0), "{truth:?}");
        }
        let mut trainer = Trainer::new(&recipe, data, None, &Device::flex()).expect("fits");
        let ending = trainer.run(None, &AtomicBool::new(false), &mut Epochs::default());
        assert_eq!(ending.expect("trains"), Ending::Finished);
    }
}

#[test]
fn what_an_image_shows_stays_when_its_object_is_moved_out() {
    let text = DETECTOR.replace("digits = [0, 4]", "digits = [1, 1]");
    let mut recipe = recipe(&text);
    recipe.data.augment.shift = 300;
    let test = data::load(&recipe.data, 0).expect("scenes").test;
    let numbers: Vec<usize> = (0..test.count).collect();
    let batch = Batch::prepare(
        &Preparation::for_training(&recipe),
        &test,
        &numbers,
        1,
        &Device::flex(),
    );
    let labels: Option<Vec<usize>> = batch.labels.into_iter().collect();
    assert_eq!(labels, test.labels());
    assert!(batch.truths.iter().any(Vec::is_empty));
}

#[test]
fn images_without_any_object_train_as_negatives() {
    let recipe = recipe(&DETECTOR.replace("digits = [0, 4]", "digits = [0, 0]"));
    let split = data::load(&recipe.data, 0).expect("scenes");
    let mut trainer = Trainer::new(&recipe, &split.train, None, &Device::flex()).expect("fits");
    let mut epochs = Epochs::default();
    trainer
        .run(None, &AtomicBool::new(false), &mut epochs)
        .expect("trains");
    let last = &epochs.0[7];
    assert_eq!((last.losses["rpn_box"], last.losses["roi_box"]), (0.0, 0.0));
    assert!(last.train_loss < 0.5 * epochs.0[0].train_loss, "{last:?}");
}

#[test]
fn a_classifier_of_scenes_is_refused() {
    let model = r#"kind = "cnn"
layers = ["flatten", { linear = 10 }]
[training]"#;
    let start = DETECTOR.find("kind = ").expect("a model");
    let recipe = recipe(&format!("{}{model}", &DETECTOR[..start]));
    let split = data::load(&recipe.data, 0).expect("scenes");
    let error = Trainer::new(&recipe, &split.train, None, &Device::flex()).expect_err("refused");
    assert!(matches!(error, TrainingError::ManyObjects(_)), "{error}");
    assert!(error.to_string().contains("faster-rcnn"), "{error}");
}
