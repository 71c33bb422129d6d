//! Detectors of several objects an image, with every option: a training step works, and so do images without objects.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use kernels::boxes::Xyxy;
use nets::batch::Batch;
use nets::detector::Truth;
use nets::detector::losses::CorrectionLoss;
use nets::detector::rpn::{RpnOutput, rpn_losses};
use nets::detector::rpn_targets::RpnTargets;
use nets::layers::Mode;
use nets::loss::ClassificationLoss;
use nets::network::Network;
use nets::training::Optimizer;
use nets::weights::{collect, gradients};
use recipe::Recipe;

/// Bright rectangles of the given corners on a dark ground, one list an image.
fn batch(size: usize, objects: &[&[[usize; 4]]], device: &Device) -> Batch {
    let mut values = vec![0.0_f32; objects.len() * size * size];
    for (pixels, objects) in values.chunks_exact_mut(size * size).zip(objects) {
        for [x1, y1, x2, y2] in *objects {
            for y in *y1..*y2 {
                pixels[y * size + x1..y * size + x2].fill(1.0);
            }
        }
    }
    let truth = |corners: &[usize; 4]| Truth {
        bounds: Xyxy::from(corners.map(|corner| corner as f32)),
        class: corners[0] % 10,
    };
    let shape = [objects.len(), 1, size, size];
    Batch {
        resized: Vec::new(),
        images: Tensor::from_data(TensorData::new(values, shape), device),
        labels: vec![Some(0); objects.len()],
        truths: objects
            .iter()
            .map(|objects| objects.iter().map(truth).collect())
            .collect(),
        indices: (0..objects.len()).collect(),
        epoch: 0,
        mixed: None,
    }
}

/// Takes `steps` steps on one batch; gives the first and last total loss and the trained network.
fn train(name: &str, recipe: &Recipe, batch: &Batch, steps: u64) -> ([f64; 2], Network) {
    let device = batch.images.device();
    let [_, channels, height, width] = batch.images.dims();
    let input = [channels, height, width];
    let mut network = Network::new(recipe, input, 10, &device).expect("shapes that fit");
    let mut optimizer = Optimizer::new(recipe.training.optimizer);
    let rate = recipe.training.optimizer.learning_rate();
    let mut totals: Vec<f64> = Vec::new();
    for step in 0..steps {
        let mode = Mode::Training {
            seed: 0,
            step,
            first: 0,
        };
        let loss = ClassificationLoss::cross_entropy(recipe.training.label_smoothing);
        let (total, losses) = network.losses(batch, &loss, mode).expect("good truths");
        assert_eq!(losses.parts.len(), 4, "{name}");
        let (parts, values): (Vec<_>, Vec<_>) = losses.parts.into_iter().unzip();
        let values = nets::ops::read(values);
        for (part, value) in parts.iter().zip(&values) {
            assert!(value.is_finite() && *value >= 0.0, "{name}: {part} {value}");
        }
        totals.push(values.iter().sum());
        let norm;
        let gradients = total.backward();
        (network, norm) = optimizer.step(network, gradients, rate, Some(10.0));
        let norm = nets::ops::read(norm.into_iter().collect());
        assert!(
            matches!(norm[..], [norm] if norm.is_finite()),
            "{name}: {norm:?}"
        );
    }
    ([totals[0], totals[totals.len() - 1]], network)
}

/// Every parameter takes part in the losses.
fn assert_all_learn(name: &str, recipe: &Recipe, batch: &Batch) {
    let [_, channels, height, width] = batch.images.dims();
    let network = Network::new(
        recipe,
        [channels, height, width],
        10,
        &batch.images.device(),
    )
    .expect("shapes that fit");
    let mode = Mode::Training {
        seed: 0,
        step: 0,
        first: 0,
    };
    let loss = ClassificationLoss::cross_entropy(recipe.training.label_smoothing);
    let (total, _) = network.losses(batch, &loss, mode).expect("good truths");
    let found = gradients(&network, &mut total.backward());
    for weight in collect(&network).keys() {
        let learns = weight.contains("running_") || found.contains_key(weight);
        assert!(learns, "{name}: no gradient of {weight}");
    }
}

/// Detections lie in the image, best first, with probabilities for scores.
fn assert_sane(name: &str, network: &Network, size: usize, images: Tensor<4>) {
    let count = images.dims()[0];
    let answers = network.valid().predict(images);
    assert_eq!(answers.len(), count, "{name}");
    for answer in answers {
        let sum: f32 = answer.probabilities.iter().sum();
        assert!((sum - 1.0).abs() < 1e-4, "{name}: {sum}");
        let scores: Vec<f32> = answer.detections.iter().map(|found| found.score).collect();
        assert!(scores.is_sorted_by(|a, b| a >= b), "{name}: {scores:?}");
        assert!(scores.iter().all(|s| (0.0..=1.0).contains(s)), "{name}");
        for found in &answer.detections {
            let b = found.bounds;
            let side = 0.0..=size as f32;
            assert!(found.class < 10, "{name}");
            assert!(b.is_finite() && b.x1 < b.x2 && b.y1 < b.y2, "{name}: {b:?}");
            assert!(
                [b.x1, b.y1, b.x2, b.y2].iter().all(|v| side.contains(v)),
                "{name}: {b:?}"
            );
        }
    }
}

#[test]
fn recipes_for_scenes_train() {
    let device = Device::flex().autodiff();
    for (name, size, steps) in [("scenes-faster-rcnn", 128, 12), ("scenes-fpn", 300, 5)] {
        let recipe = Recipe::load::<&str>(name, &[]).expect("a built-in recipe");
        // The last is wider than any anchor and touches the border; the second image has no object.
        let objects: [&[[usize; 4]]; 3] = [
            &[[10, 20, 26, 44], [40, 20, 60, 51], [90, 91, 100, 110]],
            &[],
            &[[28, 4, 128, 84]],
        ];
        let batch = batch(size, &objects, &device);
        assert_all_learn(name, &recipe, &batch);
        let ([first, last], network) = train(name, &recipe, &batch, steps);
        assert!(last < first, "{name}: {first} fell to {last} only");
        assert_sane(name, &network, size, batch.images.inner());
    }
}

const SMALL: &str = r#"
[model]
kind = "faster-rcnn"
[model.backbone]
layers = [
  { conv = 6, kernel = 3, padding = 1 }, "relu", { max-pool = 2 },
  { conv = 8, kernel = 3, padding = 1 }, "batch-norm", "relu",
  { max-pool = 3, stride = 2, padding = 1 }, { conv = 10, kernel = 3, padding = 1 }, "relu",
]
[model.rpn]
post-nms-train = 20
[model.roi]
hidden = [16]
output = 3
[training]
optimizer = { name = "adam", learning-rate = 0.01 }
"#;

#[test]
fn every_option_trains() {
    let pyramid = "model.pyramid={ strides = [2, 4], channels = 8, canonical-size = 14, canonical-level = 2 }";
    let cases: [(&str, &[&str]); 9] = [
        ("defaults", &[]),
        (
            "agnostic boxes",
            &["model.roi.box-regression=class-agnostic"],
        ),
        (
            "generalised IoU in both stages",
            &[
                "model.roi.box-loss=giou",
                "model.roi.box-loss-weight=10",
                "model.rpn.box-loss=giou",
            ],
        ),
        (
            "convolutions in the head, batch-norm",
            &["model.roi.convolutions=[8, 6]", "model.roi.norm=batch"],
        ),
        (
            "convolutions in the head, group-norm",
            &["model.roi.convolutions=[8]", "model.roi.norm=group"],
        ),
        ("no hidden layer", &["model.roi.hidden=[]"]),
        ("pyramid", &[pyramid]),
        (
            "pyramid, group-norm, an extra level",
            &[
                pyramid,
                "model.pyramid.norm=group",
                "model.pyramid.extra-level=true",
                "model.anchors.sizes=[[8], [14], [20]]",
            ],
        ),
        (
            "pyramid, batch-norm, agnostic boxes",
            &[
                pyramid,
                "model.pyramid.norm=batch",
                "model.roi.box-regression=class-agnostic",
                "model.roi.box-loss=giou",
            ],
        ),
    ];
    let device = Device::flex().autodiff();
    for (name, set) in cases {
        let recipe = Recipe::parse(SMALL, "small", set).unwrap_or_else(|e| panic!("{name}: {e}"));
        let again = recipe.to_toml().expect("a recipe");
        let again = Recipe::parse::<&str>(&again, "again", &[]).expect("what was written");
        assert_eq!(again, recipe, "{name}");
        // 38 and 19 cells: the coarser map is enlarged to an odd number of them.
        let objects: [&[[usize; 4]]; 2] = [&[[3, 5, 13, 20], [30, 31, 42, 60]], &[]];
        let batch = batch(75, &objects, &device);
        assert_all_learn(name, &recipe, &batch);
        let ([first, last], network) = train(name, &recipe, &batch, 20);
        assert!(last < 0.9 * first, "{name}: {first} fell to {last} only");
        let summary = recipe.summary([1, 75, 75], 10).expect("shapes that fit");
        let parameters = collect(&network)
            .iter()
            .filter(|(name, _)| !name.contains("running_"))
            .map(|(_, weight)| weight.values.len() as u64)
            .sum::<u64>();
        assert_eq!(summary.parameters, parameters, "{name}");
        assert_sane(name, &network, 75, batch.images.inner());
    }
}

/// With these options every anchor is between object and background.
#[test]
fn a_step_without_sampled_anchors_is_taken() {
    let device = Device::flex().autodiff();
    let options = [
        "model.anchors.sizes=[0.001]",
        "model.rpn.low-quality=false",
        "model.rpn.negative-iou=0",
    ];
    let recipe = Recipe::parse(SMALL, "small", &options).expect("a recipe");
    let batch = batch(75, &[&[[3, 5, 13, 20]]], &device);
    let ([first, last], _) = train("no anchors", &recipe, &batch, 20);
    assert!(last < first, "{first} did not fall: {last}");
}

/// A loss is a function of the network's outputs, whatever was sampled.
#[test]
fn losses_without_samples_have_a_gradient_of_zero() {
    let device = Device::flex().autodiff();
    let objectness = Tensor::<2>::ones([1, 6], &device).require_grad();
    let output = RpnOutput {
        objectness: objectness.clone(),
        deltas: Tensor::ones([1, 6, 4], &device),
    };
    let options = CorrectionLoss::from(&recipe::Rpn::default());
    let [loss, boxes] = rpn_losses(output, &[RpnTargets::default()], &[], &options);
    let gradients = (loss + boxes).backward();
    let gradient = objectness.grad(&gradients).expect("a gradient");
    assert_eq!(
        gradient.into_data().try_to_vec::<f32>().expect("f32"),
        [0.0; 6]
    );
}

/// Batches in which nothing is to be found: all is background, and the box losses are 0.
#[test]
fn images_without_objects_are_background() {
    let device = Device::flex().autodiff();
    let recipe = Recipe::parse::<&str>(SMALL, "small", &[]).expect("a recipe");
    let batch = batch(75, &[&[], &[]], &device);
    let network = Network::new(&recipe, [1, 75, 75], 10, &device).expect("shapes that fit");
    let loss = ClassificationLoss::cross_entropy(recipe.training.label_smoothing);
    let (_, losses) = network
        .losses(&batch, &loss, Mode::Inference)
        .expect("no truth is no bad truth");
    let part = |wanted: &str| {
        let found = losses.parts.iter().find(|(name, _)| *name == wanted);
        found.and_then(|(_, value)| value.known())
    };
    assert_eq!(part("rpn_box"), Some(0.0));
    assert_eq!(part("roi_box"), Some(0.0));
    let ([first, last], _) = train("empty", &recipe, &batch, 20);
    assert!(last < 0.5 * first, "{first} fell to {last} only");
}
