//! Losses of unbalanced classes against the formulas written out, and against finite differences.

use burn::tensor::Device;

use super::*;
use crate::batch::Mixed;
use crate::ops::to_host;
use recipe::Focal;

const CLASSES: usize = 3;
const LOGITS: [[f32; CLASSES]; 4] = [
    [2.0, 0.5, -1.0],
    [-0.5, 0.3, 1.2],
    [0.1, -2.0, 0.4],
    [1.5, 1.5, -3.0],
];
const LABELS: [usize; 4] = [0, 1, 2, 0];
const PARTNERS: [usize; 4] = [2, 0, 0, 1];

fn batch(labels: &[usize], mixed: Option<(&[usize], f64)>) -> Batch {
    let known = |labels: &[usize]| labels.iter().copied().map(Some).collect();
    Batch {
        resized: Vec::new(),
        images: Tensor::zeros([labels.len(), 1, 1, 1], &Device::flex()),
        labels: known(labels),
        truths: vec![Vec::new(); labels.len()],
        indices: (0..labels.len()).collect(),
        epoch: 1,
        mixed: mixed.map(|(labels, share)| Mixed {
            labels: known(labels),
            share,
        }),
    }
}

fn tensor(logits: &[[f32; CLASSES]]) -> Tensor<2> {
    let data = TensorData::new(logits.as_flattened().to_vec(), [logits.len(), CLASSES]);
    Tensor::from_data(data, &Device::flex().autodiff())
}

fn value(loss: &ClassificationLoss, logits: &[[f32; CLASSES]], batch: &Batch) -> f64 {
    f64::from(to_host(loss.of(tensor(logits), batch))[0])
}

fn focal(gamma: f64) -> Loss {
    Loss::Focal(Focal { gamma })
}

fn loss(kind: Loss, weights: Option<[f64; CLASSES]>, smoothing: f64) -> ClassificationLoss {
    ClassificationLoss {
        smoothing,
        kind,
        class_weights: weights.map(|weights| weights.to_vec()),
    }
}

/// The loss image by image and class by class, in 64 bits.
fn written_out(loss: &ClassificationLoss, logits: &[[f64; CLASSES]], batch: &Batch) -> f64 {
    let weight = |class: usize| loss.class_weights.as_ref().map_or(1.0, |all| all[class]);
    let (mut costs, mut divisor) = (0.0, 0.0);
    for (image, row) in logits.iter().enumerate() {
        let total: f64 = row.iter().map(|logit| logit.exp()).sum();
        let mut target = [0.0; CLASSES];
        let own = batch.labels[image].expect("a label");
        match &batch.mixed {
            None => target[own] = 1.0,
            Some(mixed) => {
                target[own] += mixed.share;
                target[mixed.labels[image].expect("a label")] += 1.0 - mixed.share;
            }
        }
        divisor += match loss.kind {
            Loss::CrossEntropy => (0..CLASSES)
                .map(|class| target[class] * weight(class))
                .sum(),
            Loss::Focal(_) => 1.0,
        };
        for (class, logit) in row.iter().enumerate() {
            let p = logit.exp() / total;
            let share = (1.0 - loss.smoothing) * target[class] + loss.smoothing / CLASSES as f64;
            let modulation = match loss.kind {
                Loss::CrossEntropy => 1.0,
                Loss::Focal(focal) => (1.0 - p).powf(focal.gamma),
            };
            costs -= share * weight(class) * modulation * p.ln();
        }
    }
    costs / divisor
}

/// Every combination that differs in the formula.
fn cases() -> Vec<(String, ClassificationLoss, Batch)> {
    let kinds = [Loss::CrossEntropy, focal(0.0), focal(0.5), focal(2.0)];
    let weights = [None, Some([0.5, 1.0, 3.0]), Some([1.0, 0.0, 2.0])];
    let mixed = [None, Some((&PARTNERS[..], 0.7))];
    let mut cases = Vec::new();
    for kind in kinds {
        for weights in weights {
            for smoothing in [0.0, 0.1] {
                for mixed in mixed {
                    let name = format!("{kind:?}, {weights:?}, {smoothing}, {mixed:?}");
                    let loss = loss(kind, weights, smoothing);
                    cases.push((name, loss, batch(&LABELS, mixed)));
                }
            }
        }
    }
    cases
}

#[test]
fn losses_are_their_formulas() {
    let logits = LOGITS.map(|row| row.map(f64::from));
    for (name, loss, batch) in cases() {
        let expected = written_out(&loss, &logits, &batch);
        let found = value(&loss, &LOGITS, &batch);
        let apart = (found - expected).abs();
        assert!(apart < 5e-6, "{name}: {found}, {expected}");
    }
}

/// By hand: two classes with the probabilities 3/4 and 1/4, as the logits ln 3 and 0 have them.
#[test]
fn values_by_hand() {
    let row = [3.0_f32.ln(), 0.0, -1e4];
    let logits = [row, row];
    let batch = batch(&[0, 1], None);
    let [hit, miss] = [(4.0_f64 / 3.0).ln(), 4.0_f64.ln()];
    let weights = Some([1.0, 3.0, 9.0]);
    #[rustfmt::skip]
    let cases = [
        ("cross-entropy", loss(Loss::CrossEntropy, None, 0.0), (hit + miss) / 2.0),
        ("weighted: divided by 1 + 3", loss(Loss::CrossEntropy, weights, 0.0), (hit + 3.0 * miss) / 4.0),
        ("focal", loss(focal(2.0), None, 0.0), (hit / 16.0 + miss * 9.0 / 16.0) / 2.0),
        ("focal, alpha: divided by 2", loss(focal(1.0), weights, 0.0), (hit / 4.0 + 3.0 * miss * 3.0 / 4.0) / 2.0),
    ];
    for (name, loss, expected) in cases {
        let found = value(&loss, &logits, &batch);
        let apart = (found - expected).abs();
        assert!(apart < 5e-6, "{name}: {found}, {expected}");
    }
}

#[test]
fn gradients_are_finite_differences() {
    let step = 1e-5;
    for (name, loss, batch) in cases() {
        let logits = tensor(&LOGITS).require_grad();
        let gradients = loss.of(logits.clone(), &batch).backward();
        let gradient = to_host(logits.grad(&gradients).expect("a gradient"));
        for (place, found) in gradient.into_iter().enumerate() {
            let moved = |by: f64| {
                let mut logits = LOGITS.map(|row| row.map(f64::from));
                logits[place / CLASSES][place % CLASSES] += by;
                written_out(&loss, &logits, &batch)
            };
            let expected = (moved(step) - moved(-step)) / (2.0 * step);
            let apart = (f64::from(found) - expected).abs();
            assert!(apart < 5e-6, "{name}, {place}: {found}, {expected}");
        }
    }
}

#[test]
fn certain_networks_have_finite_gradients() {
    let weights = [None, Some([0.0, 0.0, 1.0]), Some([1.0, 1.0, 0.0])];
    for kind in [Loss::CrossEntropy, focal(0.3), focal(1.0), focal(2.0)] {
        for weights in weights {
            for label in [0, 1] {
                let name = format!("{kind:?}, {weights:?}, {label}");
                let logits = tensor(&[[90.0, -90.0, 0.0]]).require_grad();
                let total = loss(kind, weights, 0.0).of(logits.clone(), &batch(&[label], None));
                let found = to_host(total.clone())[0];
                let gradient = logits.grad(&total.backward()).expect("a gradient");
                let gradient = to_host(gradient);
                let finite = found.is_finite() && gradient.iter().all(|it| it.is_finite());
                assert!(finite, "{name}: {found}, {gradient:?}");
                if weights.is_some_and(|all| all[label] == 0.0) {
                    assert_eq!(found, 0.0, "{name}: the image does not count");
                }
            }
        }
    }
}

/// To the bit: recipes without these options train as they did before there were any.
#[test]
fn the_default_is_plain_cross_entropy() {
    for smoothing in [0.0, 0.1] {
        let plain = ClassificationLoss::cross_entropy(smoothing);
        let bits = |loss: Tensor<1>| to_host(loss)[0].to_bits();
        let single = bits(cross_entropy(tensor(&LOGITS), &LABELS, smoothing));
        let found = plain.of(tensor(&LOGITS), &batch(&LABELS, None));
        assert_eq!(bits(found), single);
        let labels = [&LABELS[..], &PARTNERS[..]];
        let mixed = bits(mixed_cross_entropy(tensor(&LOGITS), labels, 0.7, smoothing));
        let found = plain.of(tensor(&LOGITS), &batch(&LABELS, Some((&PARTNERS, 0.7))));
        assert_eq!(bits(found), mixed);
    }
}

/// What several devices rely on.
#[test]
fn parts_of_a_batch_make_its_loss() {
    for (name, loss, batch) in cases() {
        let all = value(&loss, &LOGITS, &batch);
        let parts = [(0, 1), (1, 3)].map(|(first, count)| {
            let part = batch.part(first, count);
            let share = loss.mass(&part) / loss.mass(&batch);
            share * value(&loss, &LOGITS[first..first + count], &part)
        });
        let sum: f64 = parts.iter().sum();
        assert!((sum - all).abs() < 5e-6, "{name}: {sum}, {all}");
    }
}
