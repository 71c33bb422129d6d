//! What is shown of a network is what it computes: traces against forward passes, and pictures that are written.

use burn::module::Module;
use burn::tensor::{Device, Tensor, TensorData};
use nets::cnn::Cnn;
use nets::detector::FasterRcnn;
use nets::explain::{ExplainedBy, Inside, Place, cell, explain, inside};
use nets::layers::Mode;
use nets::network::Network;
use nets::predict::Predictor;
use nets::run::Trained;
use nets::weights::collect;
use recipe::{Model, Recipe};

/// Every way in which a layer does the work of those behind it, and layers that stand alone.
const CNN: &str = r#"
[model]
kind = "cnn"
layers = [
  { conv = 4, kernel = 3, padding = 1 }, "relu", { max-pool = 2 },
  { conv = 5, kernel = 3, padding = 1 }, "batch-norm", "relu",
  { conv = 6, kernel = 3, stride = 2 }, "relu",
  "flatten", { linear = 8 }, "relu", { linear = 3 },
]
"#;

const DETECTOR: &str = r#"
[model]
kind = "faster-rcnn"
[model.backbone]
layers = [{ conv = 4, kernel = 3, stride = 2, padding = 1 }, "relu", { max-pool = 2 }]
[model.roi]
hidden = [8]
"#;

fn recipe(text: &str) -> Recipe {
    Recipe::parse::<&str>(text, "test", &[]).expect("a recipe")
}

fn cnn(recipe: &Recipe, device: &Device) -> Cnn {
    match Network::new(recipe, [1, 12, 12], 3, device).expect("fits") {
        Network::Cnn(cnn) => cnn,
        Network::FasterRcnn(_) => unreachable!("it is a classifier"),
    }
}

/// `[1, 1, side, side]`, dark and light.
fn image(side: usize, device: &Device) -> Tensor<4> {
    let pixels = (0..side * side).map(|i| (i % 7) as f32 / 6.0);
    let data = TensorData::new(pixels.collect::<Vec<f32>>(), [1, 1, side, side]);
    Tensor::from_data(data, device)
}

#[test]
fn a_trace_is_the_forward_pass_layer_by_layer() {
    let device = Device::flex().autodiff();
    let cnn = cnn(&recipe(CNN), &device);
    let trace = cnn.trace(image(12, &device), &[1, 5, 7], 7);
    let shapes: Vec<_> = trace.maps.iter().map(|map| map.shape.clone()).collect();
    assert_eq!(shapes, [[1, 4, 12, 12], [1, 5, 6, 6], [1, 6, 2, 2]]);
    assert!(
        trace
            .maps
            .iter()
            .flat_map(|map| &map.values)
            .all(|&v| v >= 0.0),
        "taken after ReLU"
    );
    let logits = cnn.forward(image(12, &device), Mode::Inference);
    let logits: Vec<f32> = logits.into_data().try_to_vec().expect("f32");
    super::detection_golden::assert_near("logits", &trace.logits, &logits);
}

#[test]
fn the_gradient_of_a_trace_is_that_of_the_greatest_logit() {
    let device = Device::flex();
    let cnn = cnn(&recipe(CNN), &device);
    let trace = cnn.trace(image(12, &device), &[7], 7);
    let weights = collect(&cnn);
    let (first, bias) = (&weights["layers.9.weight"], &weights["layers.9.bias"]);
    let last = &weights["layers.11.weight"];
    let best = (0..3).max_by(|&a, &b| trace.logits[a].total_cmp(&trace.logits[b]));
    let best = best.expect("three classes");
    // Through linear (8 x 24), ReLU and linear (3 x 8), by hand.
    let inputs = &trace.maps[0].values;
    let mut expected = vec![0.0; inputs.len()];
    let rows = first.values.chunks_exact(inputs.len());
    for (i, (row, bias)) in rows.zip(&bias.values).enumerate() {
        let hidden: f32 = row.iter().zip(inputs).map(|(w, x)| w * x).sum::<f32>() + bias;
        if hidden > 0.0 {
            for (sum, w) in expected.iter_mut().zip(row) {
                *sum += last.values[best * 8 + i] * w;
            }
        }
    }
    assert!(expected.iter().any(|&v| v != 0.0));
    super::detection_golden::assert_near("gradient", &trace.gradient, &expected);
}

fn detector() -> FasterRcnn {
    let recipe = recipe(DETECTOR);
    let Model::FasterRcnn(settings) = &recipe.model else {
        unreachable!("it is a detector")
    };
    FasterRcnn::new(settings, [1, 28, 28], 10, 0, &Device::flex()).expect("fits")
}

#[test]
fn an_inspection_ends_with_the_detectors_answer() {
    let detector = detector();
    let image = || image(28, &Device::flex());
    let inspection = detector.inspect(image(), None);
    assert_eq!(
        inspection.detections,
        detector.predict(image(), &[])[0].detections
    );
    assert_eq!(inspection.anchors.len(), 7 * 7 * 6);
    assert!(inspection.anchors.is_sorted_by(|a, b| a.score >= b.score));
    assert!(inspection.corrected.len() > inspection.proposals.len());
    for proposal in &inspection.proposals {
        assert!(inspection.corrected.contains(proposal));
    }
    assert_eq!(inspection.probabilities.len(), inspection.proposals.len());
}

fn trained(recipe: Recipe, network: Network, size: usize, classes: usize) -> Trained {
    Trained {
        network: network.valid(),
        recipe,
        classes: (0..classes).map(|class| format!("class {class}")).collect(),
        input: [1, size, size],
        preparation: ::recipe::Image {
            colour: Some(::recipe::Colour::Grey),
            size: Some(recipe::InputSize::Fixed([size; 2])),
            ..::recipe::Image::default()
        },
    }
}

#[test]
fn a_value_is_the_sum_over_patch_and_kernel() {
    /// Padding, dilation and strides that differ by side, groups, no bias.
    const ODD: &str = r#"
[model]
kind = "cnn"
layers = [
  { conv = 4, kernel = [3, 2], padding = [2, 1], stride = [1, 2], dilation = [2, 1] }, "relu",
  { conv = 6, kernel = 3, padding = 1, groups = 2, bias = false },
  { conv = 6, kernel = 3, groups = "depthwise" }, "flatten", { linear = 3 },
]
"#;
    let device = Device::flex();
    for text in [CNN, ODD] {
        let recipe = recipe(text);
        let network = Network::new(&recipe, [1, 12, 12], 3, &device).expect("fits");
        let trained = trained(recipe, network, 12, 3);
        let predictor = Predictor::Network(&trained, &device);
        let picture =
            image::GrayImage::from_fn(12, 12, |x, y| image::Luma([(x * 17 + y * 3) as u8]));
        let fitted = predictor.fit(&picture.into());
        let Inside::Classifier(all) = inside(predictor, &fitted).expect("a network") else {
            unreachable!("it is a classifier")
        };
        let convolutions = if text == CNN { [0, 3, 6] } else { [0, 2, 3] };
        assert!(
            all.layers
                .iter()
                .map(|output| output.layer)
                .eq(0..8.min(all.layers.len()))
        );
        for layer in convolutions {
            let output = &all.layers[layer];
            let [channels, height, width] = output.shape;
            for (channel, row, column) in [
                (0, 0, 0),
                (channels - 1, height - 1, width - 1),
                (channels / 2, height / 2, 0),
                (1, 0, width / 2),
            ] {
                let place = Place {
                    layer,
                    channel,
                    row,
                    column,
                };
                let cell = cell(predictor, &fitted, place).expect("a convolution");
                let flat = |cube: &[Vec<Vec<f32>>]| cube.concat().concat();
                let products = flat(&cell.patch).into_iter().zip(flat(&cell.kernel));
                let sum: f32 = products.map(|(pixel, weight)| pixel * weight).sum();
                let near = (sum + cell.bias - cell.value).abs();
                assert!(near < 1e-4, "layer {layer}, {place:?}: {near}");
                let value = output.values[(channel * height + row) * width + column];
                assert_eq!(value, cell.value);
            }
            let beyond = Place {
                layer,
                channel: channels,
                row: 0,
                column: 0,
            };
            assert!(cell(predictor, &fitted, beyond).is_err());
        }
    }
}

#[test]
fn pictures_are_written_for_both_kinds() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("digit.png");
    let mut pixels = image::GrayImage::new(40, 50);
    for y in 10..40 {
        pixels.put_pixel(20, y, image::Luma([255]));
    }
    pixels.save(&file).expect("written");
    for (text, size, expected) in [(CNN, 12, 4), (DETECTOR, 28, 5)] {
        let recipe = recipe(text);
        let classes = if size == 12 { 3 } else { 10 };
        let input = [1, size, size];
        let network = Network::new(&recipe, input, classes, &Device::flex()).expect("fits");
        let trained = trained(recipe, network, size, classes);
        let explanation = explain(
            Predictor::Network(&trained, &Device::flex()),
            &file,
            1 << 20,
            folder.path(),
        );
        let explanation = explanation.expect("explained");
        assert_eq!(explanation.files.len(), expected);
        for picture in &explanation.files {
            let (width, height) = image::image_dimensions(&picture.path).expect("a PNG");
            assert!(width.min(height) > 200, "{}", picture.path);
        }
        match explanation.by {
            ExplainedBy::Classifier(maps) => {
                assert_eq!(
                    maps.maps.iter().map(|map| map.layer).collect::<Vec<_>>(),
                    [1, 5, 7]
                );
                assert!(maps.grad_cam.iter().flatten().all(|&value| value >= 0.0));
            }
            ExplainedBy::Detector(stages) => {
                assert_eq!(stages.regions.len(), stages.proposals.len());
            }
            other => panic!("a network explained as {other:?}"),
        }
    }
}
