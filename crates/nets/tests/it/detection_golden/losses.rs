//! The detector's losses and their gradients.

use burn::tensor::{Device, Tensor, TensorData};
use kernels::boxes::Xyxy;
use nets::detector::box_head::{BoxOutput, box_losses};
use nets::detector::losses::{CorrectionLoss, binary_cross_entropy, smooth_l1};
use nets::detector::roi_targets::{RoiLabel, RoiTarget};
use recipe::Roi;

use super::{Golden, assert_close};

fn device() -> Device {
    Device::flex().autodiff()
}

fn tensor(golden: &Golden, key: &str, shape: [usize; 2]) -> Tensor<2> {
    Tensor::from_data(
        TensorData::new(golden.floats(key).to_vec(), shape),
        &device(),
    )
}

fn values<const D: usize>(tensor: Tensor<D>) -> Vec<f32> {
    tensor.into_data().try_to_vec().expect("f32")
}

#[test]
fn smooth_l1_sums() {
    let golden = Golden::load("losses");
    let shape = golden.shape("smooth_l1.prediction");
    for case in golden.cases().filter(|case| case.has("beta")) {
        let name = case.name();
        let prediction = tensor(&golden, "smooth_l1.prediction", shape).require_grad();
        let target = tensor(&golden, "smooth_l1.target", shape);
        let sum = smooth_l1(prediction.clone(), target, case.get("beta"));
        let gradients = sum.backward();
        assert_close(
            name,
            &values(sum),
            golden.floats(&format!("{name}.sum")),
            1e-4,
        );
        let gradient = values(prediction.grad(&gradients).expect("a gradient"));
        assert_close(
            name,
            &gradient,
            golden.floats(&format!("{name}.grad")),
            1e-5,
        );
    }
}

#[test]
fn binary_cross_entropy_mean() {
    let golden = Golden::load("losses");
    let [count] = golden.shape("bce_logits.input");
    let input = tensor(&golden, "bce_logits.input", [count, 1]).require_grad();
    let target = tensor(&golden, "bce_logits.target", [count, 1]);
    let mean = binary_cross_entropy(input.clone(), target) / count as f64;
    let gradients = mean.backward();
    assert_close(
        "mean",
        &values(mean),
        golden.floats("bce_logits.mean"),
        1e-5,
    );
    let gradient = values(input.grad(&gradients).expect("a gradient"));
    assert_close(
        "gradient",
        &gradient,
        golden.floats("bce_logits.grad"),
        1e-5,
    );
}

#[test]
fn box_head_losses() {
    let golden = Golden::load("losses");
    for name in ["fast_rcnn_mixed", "fast_rcnn_all_background"] {
        let key = |part: &str| format!("{name}.{part}");
        let logits = tensor(
            &golden,
            &key("class_logits"),
            golden.shape(&key("class_logits")),
        )
        .require_grad();
        let deltas = tensor(
            &golden,
            &key("box_regression"),
            golden.shape(&key("box_regression")),
        )
        .require_grad();
        let wanted = golden.floats(&key("regression_targets")).as_chunks::<4>().0;
        let targets: Vec<RoiTarget> = golden
            .indices(&key("labels"))
            .into_iter()
            .zip(wanted)
            .map(|(label, &deltas)| RoiTarget {
                bounds: Xyxy::new(0.0, 0.0, 1.0, 1.0),
                label: match label {
                    0 => RoiLabel::Background,
                    _ => RoiLabel::Object {
                        class: label - 1,
                        deltas,
                    },
                },
            })
            .collect();
        let output = BoxOutput {
            logits: logits.clone(),
            deltas: deltas.clone(),
        };
        let [class, boxes] = box_losses(
            output,
            &targets,
            &CorrectionLoss::from(&Roi::default()),
            0.0,
        );
        let gradients = (class.clone() + boxes.clone()).backward();
        assert_close(
            name,
            &values(class),
            golden.floats(&key("loss_classifier")),
            1e-5,
        );
        assert_close(
            name,
            &values(boxes),
            golden.floats(&key("loss_box_reg")),
            1e-5,
        );
        let gradient = values(logits.grad(&gradients).expect("a gradient"));
        assert_close(
            name,
            &gradient,
            golden.floats(&key("grad_class_logits")),
            1e-5,
        );
        let gradient = deltas
            .grad(&gradients)
            .map_or(vec![0.0; wanted.len() * 44], values);
        assert_close(
            name,
            &gradient,
            golden.floats(&key("grad_box_regression")),
            1e-5,
        );
    }
}
