//! What goes wrong in a training is noticed before it starts, or ends it with a message and loses nothing.

use std::sync::atomic::{AtomicBool, Ordering};

use burn::tensor::Device;
use data::{Dataset, Samples, Split, scenes};
use measure::record::EpochRecord;
use nets::device::Computer;
use nets::training::{Observer, StepReport, Trainer, TrainingError, check_run};
use nets::weights::collect;
use recipe::Recipe;

const DETECTOR: &str = r#"
[model]
kind = "faster-rcnn"
[model.backbone]
layers = [{ conv = 8, kernel = 3, padding = 1 }, "relu", { max-pool = 4 }]
[model.roi]
hidden = [16]
sample = 8
[training]
epochs = 3
batch-size = 32
optimizer = { name = "sgd", learning-rate = 0.01 }
"#;

fn recipe(text: &str, sets: &[&str]) -> Recipe {
    Recipe::parse(text, "test", sets).expect("a recipe")
}

fn images(numbers: impl IntoIterator<Item = usize>) -> Dataset {
    let split = data::mnist::built_in(&recipe::Image::default()).expect("built in");
    split.train.subset(&Vec::from_iter(numbers))
}

/// Collects warnings, and stops training after an epoch where asked to.
struct Watch<'a> {
    warnings: Vec<String>,
    last_epoch: Option<usize>,
    stop: &'a AtomicBool,
}

impl Observer for Watch<'_> {
    fn step(&mut self, _: &StepReport) {}

    fn epoch(&mut self, record: &EpochRecord) {
        let ends = self.last_epoch == Some(record.epoch);
        self.stop.store(ends, Ordering::Relaxed);
    }

    fn warning(&mut self, text: &str) {
        self.warnings.push(text.to_string());
    }
}

/// A loss that no weight takes part in: here the network has none.
#[test]
fn a_step_without_a_gradient_is_a_warning() {
    let all = images(0..200);
    let labels = all.labels().expect("digits");
    let mut train = all.subset(&Vec::from_iter((0..200).filter(|&i| labels[i] < 4)));
    train.classes.truncate(4);
    let text = r#"
model = { kind = "cnn", layers = [{ max-pool = 14 }, "flatten"] }
training = { epochs = 2, batch-size = 16, clip-norm = 1.0 }
"#;
    let recipe = recipe(text, &[]);
    let mut trainer = Trainer::new(&recipe, &train, None, &Device::flex()).expect("fits");
    let stop = AtomicBool::new(false);
    let mut watch = Watch {
        warnings: Vec::new(),
        last_epoch: None,
        stop: &stop,
    };
    trainer.run(None, &stop, &mut watch).expect("trains");
    assert_eq!(watch.warnings.len(), 1, "{:?}", watch.warnings);
    assert!(
        watch.warnings[0].contains("changed no weights"),
        "{:?}",
        watch.warnings
    );
    assert_eq!(trainer.state().epoch, 2);
}

#[test]
fn a_validation_loss_that_is_not_finite_ends_training_and_keeps_older_checkpoints() {
    let train = images(0..32);
    let held_out = images(100..108);
    let folder = tempfile::tempdir().expect("a folder");
    let stop = AtomicBool::new(false);
    let good = recipe(DETECTOR, &[]);
    let mut trainer = Trainer::new(&good, &train, Some(&held_out), &Device::flex()).expect("fits");
    let mut watch = Watch {
        warnings: Vec::new(),
        last_epoch: Some(1),
        stop: &stop,
    };
    trainer
        .run(Some(folder.path()), &stop, &mut watch)
        .expect("stops after an epoch");
    let weights = collect(&trainer.network());

    // One step an epoch: its loss is finite, that of the held-out images after it is not.
    let diverging = recipe(DETECTOR, &["training.optimizer.learning-rate=1e30"]);
    let new = || {
        let mut trainer =
            Trainer::new(&diverging, &train, Some(&held_out), &Device::flex()).expect("fits");
        let restored = trainer.restore(folder.path()).expect("readable");
        assert!(restored.from.is_some() && restored.damaged.is_empty());
        assert_eq!(trainer.state().epoch, 1);
        assert!(collect(&trainer.network()) == weights);
        trainer
    };
    let mut trainer = new();
    stop.store(false, Ordering::Relaxed);
    watch.last_epoch = None;
    let error = trainer.run(Some(folder.path()), &stop, &mut watch);
    let error = error.expect_err("diverges").to_string();
    assert!(
        error.contains("the validation ") && error.contains(" loss became "),
        "{error}"
    );
    new();
}

#[test]
fn all_splits_are_checked_before_training() {
    let computer = Computer::cpu();
    let split = Split::new(images(0..257), images(300..310));
    let cnn = "model = { kind = \"cnn\", layers = [\"flatten\", { linear = 10 }] }";
    let too_many = recipe(cnn, &["data.validation=300"]);
    let error = check_run(&too_many, &split, &computer).expect_err("too many held out");
    assert!(matches!(error, TrainingError::HeldOut(_)), "{error}");
    assert!(error.to_string().contains("300"), "{error}");
    let fine = recipe(cnn, &["data.validation=20"]);
    check_run(&fine, &split, &computer).expect("nothing is wrong");
    let no_test = Split {
        test: images([]),
        ..split
    };
    let error = check_run(&fine, &no_test, &computer).expect_err("no test images");
    assert!(matches!(error, TrainingError::NoImages("test")), "{error}");

    // An area that COCO's evaluation refuses, in the test set only.
    let options = recipe::Scenes {
        size: 64,
        train_images: 4,
        test_images: 4,
        ..Default::default()
    };
    let data = recipe::Data {
        scenes: Some(options),
        ..recipe::Data::default()
    };
    let Split { train, test, .. } = scenes::load(&data, 0).expect("scenes");
    let with_area = |data: &Dataset, area: Option<f64>| {
        let mut data = data.subset(&Vec::from_iter(0..data.count));
        let Samples::Annotated(annotated) = &mut data.samples else {
            panic!("a subset of scenes is annotated")
        };
        if let Some(area) = area {
            let object = annotated.objects.iter_mut().flatten().next();
            object.expect("an object").area = area;
        }
        data
    };
    let detector = recipe(DETECTOR, &[]);
    let check = |area: Option<f64>| {
        let split = Split::new(with_area(&train, None), with_area(&test, area));
        check_run(&detector, &split, &computer)
    };
    check(None).expect("nothing is wrong");
    let error = check(Some(-1.0)).expect_err("a negative area");
    assert!(matches!(error, TrainingError::TestSet(_)), "{error}");
    assert!(error.to_string().contains("area"), "{error}");
}
