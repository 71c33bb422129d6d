//! Five steps against PyTorch's, and every kernel against the reference.

use proptest::prelude::*;

use super::*;
use crate::reference;
use crate::tests::{assert_close, assert_sums_close, everywhere, random, wide};

const ADAM: Adam = Adam {
    learning_rate: 0.01,
    beta1: 0.9,
    beta2: 0.999,
    epsilon: 1e-8,
    weight_decay: 0.0,
    decoupled: false,
    step: 1,
    grad_scale: 1.0,
};
const SGD: Sgd = Sgd {
    learning_rate: 0.1,
    momentum: 0.9,
    nesterov: false,
    weight_decay: 0.05,
    grad_scale: 1.0,
};
const RMSPROP: RmsProp = RmsProp {
    learning_rate: 0.01,
    alpha: 0.99,
    epsilon: 1e-8,
    momentum: 0.9,
    weight_decay: 0.0,
    grad_scale: 1.0,
};

enum Rule {
    Adam(Adam),
    Sgd(Sgd, bool),
    RmsProp(RmsProp, bool),
}

/// Each step's parameter.
fn run(rule: &Rule, start: &[f32], grads: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let (mut first, mut second) = (vec![0.0; start.len()], vec![0.0; start.len()]);
    let mut param = start.to_vec();
    grads
        .iter()
        .zip(1..)
        .map(|(grad, step)| {
            let (a, b) = (&mut first[..], &mut second[..]);
            match rule {
                Rule::Adam(options) => adam(&mut param, grad, a, b, &Adam { step, ..*options }),
                Rule::Sgd(options, momentum) => {
                    sgd(&mut param, grad, momentum.then_some(a), options);
                }
                Rule::RmsProp(options, momentum) => {
                    rmsprop(&mut param, grad, a, momentum.then_some(b), options);
                }
            }
            param.clone()
        })
        .collect()
}

/// The same in f64, one parameter after the other.
fn run_reference(rule: &Rule, start: &[f32], grads: &[Vec<f32>]) -> Vec<Vec<f64>> {
    let mut after = vec![vec![0.0; start.len()]; grads.len()];
    for (i, &start) in start.iter().enumerate() {
        let (mut param, mut a, mut b) = (f64::from(start), 0.0, 0.0);
        for (step, grad) in grads.iter().enumerate() {
            let grad = f64::from(grad[i]);
            param = match rule {
                Rule::Adam(options) => {
                    let options = Adam {
                        step: step as u64 + 1,
                        ..*options
                    };
                    reference::adam(param, grad, &mut a, &mut b, &options)
                }
                Rule::Sgd(options, momentum) => {
                    reference::sgd(param, grad, momentum.then_some(&mut a), options)
                }
                Rule::RmsProp(options, momentum) => {
                    reference::rmsprop(param, grad, &mut a, momentum.then_some(&mut b), options)
                }
            };
            after[step][i] = param;
        }
    }
    after
}

#[test]
fn five_steps_of_each_are_pytorch_s() {
    let golden = include_str!("../../tests/golden/optimizers.json");
    let golden: serde_json::Value = serde_json::from_str(golden).unwrap();
    let numbers = |value: &serde_json::Value| -> Vec<f64> {
        value
            .as_array()
            .unwrap()
            .iter()
            .map(|x| x.as_f64().unwrap())
            .collect()
    };
    let narrow = |values: Vec<f64>| -> Vec<f32> { values.iter().map(|&x| x as f32).collect() };
    let start = narrow(numbers(&golden["start"]));
    let grads = golden["grads"].as_array().unwrap().iter();
    let grads: Vec<Vec<f32>> = grads.map(|grad| narrow(numbers(grad))).collect();
    let grad_scale = golden["scale"].as_f64().unwrap();

    let adam = Adam { grad_scale, ..ADAM };
    let decayed = Adam {
        learning_rate: 0.02,
        weight_decay: 0.1,
        ..adam
    };
    let sgd = Sgd { grad_scale, ..SGD };
    let rmsprop = RmsProp {
        grad_scale,
        ..RMSPROP
    };
    let cases = [
        ("adam", Rule::Adam(adam)),
        (
            "adam, weight decay",
            Rule::Adam(Adam {
                beta1: 0.8,
                beta2: 0.99,
                epsilon: 1e-3,
                ..decayed
            }),
        ),
        (
            "adamw",
            Rule::Adam(Adam {
                decoupled: true,
                ..decayed
            }),
        ),
        (
            "sgd",
            Rule::Sgd(
                Sgd {
                    weight_decay: 0.0,
                    ..sgd
                },
                false,
            ),
        ),
        ("sgd, weight decay", Rule::Sgd(sgd, false)),
        ("sgd, momentum", Rule::Sgd(sgd, true)),
        (
            "sgd, nesterov",
            Rule::Sgd(
                Sgd {
                    nesterov: true,
                    ..sgd
                },
                true,
            ),
        ),
        ("rmsprop", Rule::RmsProp(rmsprop, false)),
        (
            "rmsprop, momentum",
            Rule::RmsProp(
                RmsProp {
                    alpha: 0.9,
                    epsilon: 1e-4,
                    weight_decay: 0.1,
                    ..rmsprop
                },
                true,
            ),
        ),
    ];
    assert_eq!(golden["after"].as_object().unwrap().len(), cases.len());
    for (name, rule) in cases {
        let expected = [0, 1].map(|i| numbers(&golden["after"][name][i]));
        for after in everywhere(|| run(&rule, &start, &grads)) {
            assert_close(
                &after[0],
                &expected[0],
                3e-7,
                &format!("{name}, first step"),
            );
            assert_close(
                &after[4],
                &expected[1],
                1e-6,
                &format!("{name}, fifth step"),
            );
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]
    #[test]
    fn agrees_with_the_reference(
        len in prop_oneof![0..40usize, CHUNK - 3..CHUNK + 40, Just(3 * CHUNK + 5)],
        weight_decay in 0.0..0.2f64,
        grad_scale in 0.1..2.0f64,
        flag: bool,
    ) {
        let start = random(1, len);
        let grads: Vec<_> = (2..5).map(|seed| random(seed, len)).collect();
        // Where decay and gradient cancel, a small epsilon leaves a step whose very sign is rounding.
        let epsilon = 1e-3;
        for rule in [
            Rule::Adam(Adam { weight_decay, grad_scale, epsilon, decoupled: flag, ..ADAM }),
            Rule::Sgd(Sgd { weight_decay, grad_scale, nesterov: flag, ..SGD }, flag),
            Rule::RmsProp(RmsProp { weight_decay, grad_scale, epsilon, ..RMSPROP }, flag),
        ] {
            let expected = run_reference(&rule, &start, &grads);
            for after in everywhere(|| run(&rule, &start, &grads)) {
                assert_sums_close(&after[2], &expected[2], 1e-5, "third step");
            }
        }
    }

    #[test]
    fn averages(
        len in prop_oneof![0..40usize, CHUNK - 3..CHUNK + 40, Just(3 * CHUNK + 5)],
        share in 0.0..=1.0f64,
    ) {
        let (start, value) = (random(1, len), random(2, len));
        let pairs = start.iter().zip(&value);
        let expected: Vec<f64> = pairs
            .map(|(&a, &b)| reference::average(a.into(), b.into(), share))
            .collect();
        let blend = || {
            let mut mean = start.clone();
            average(&mut mean, &value, share);
            mean
        };
        for mean in everywhere(blend) {
            assert_sums_close(&mean, &expected, 1e-6, "average");
        }
    }

    #[test]
    fn sums_squares(len in prop_oneof![0..40usize, CHUNK - 3..CHUNK + 40, Just(3 * CHUNK + 5)]) {
        let x = random(1, len);
        let expected: f64 = wide(&x).iter().map(|x| x * x).sum();
        for sum in everywhere(|| sum_of_squares(&x)) {
            prop_assert!((sum - expected).abs() <= 1e-12 * expected);
        }
    }
}

#[test]
fn squares_beyond_f32_do_not_overflow() {
    assert_eq!(sum_of_squares(&[2f32.powi(100); 4]), 4.0 * 2f64.powi(200));
}

#[test]
#[should_panic(expected = "optimizer: state")]
fn a_state_of_another_length_is_refused() {
    sgd(&mut [1.0; 3], &[1.0; 3], Some(&mut [0.0; 2]), &SGD);
}
