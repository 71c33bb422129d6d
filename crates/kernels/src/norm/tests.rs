//! Both normalizations against the reference, slopes and moments in f64.

use proptest::prelude::*;

use super::passes::RUN;
use super::*;
use crate::lanes::{LANES, pack};
use crate::reference;
use crate::tests::{assert_close, everywhere, random, unpack_with_zeros, wide};

const EPSILON: f32 = 1e-3;

/// Both normalizations, forward and backward, against the reference and slopes in f64.
fn check(shape: Shape, groups: Option<usize>, relu: bool) {
    let Shape {
        images: n,
        channels,
        area,
    } = shape;
    let x = random(1, n * channels * area);
    let (dy, gamma, beta) = (random(2, x.len()), random(3, channels), random(4, channels));
    let (xl, dyl) = (pack(&x, n, channels * area), pack(&dy, n, channels * area));
    let [x, dy, gamma64, beta64] = [&x, &dy, &gamma, &beta].map(|x| wide(x));
    let expected = |x: &[f64], gamma: &[f64], beta: &[f64]| {
        reference::normalize(x, gamma, beta, area, groups, f64::from(EPSILON), relu)
    };
    let y = expected(&x, &gamma64, &beta64);
    let dx = reference::gradient(&x, &dy, |x| expected(x, &gamma64, &beta64));
    let dgamma = reference::gradient(&gamma64, &dy, |gamma| expected(&x, gamma, &beta64));
    let dbeta = reference::gradient(&beta64, &dy, |beta| expected(&x, &gamma64, beta));
    let affine = Affine {
        gamma: &gamma,
        beta: &beta,
        epsilon: EPSILON,
        relu,
    };
    let what = format!("{shape:?}, groups {groups:?}, relu {relu}");
    let both = everywhere(|| match groups {
        Some(groups) => {
            let (y, moments) = group_forward(&xl, shape, groups, affine);
            let gradients = group_backward(&xl, &y, &dyl, shape, groups, affine, &moments);
            (y, gradients)
        }
        None => {
            let (y, moments) = batch_forward(&xl, shape, affine);
            let gradients = batch_backward(&xl, &y, &dyl, shape, affine, &moments);
            assert_eq!(batch_inference(&xl, shape, affine, &moments).len(), y.len());
            (y, gradients)
        }
    });
    for (got, gradients) in both {
        assert_close(
            &unpack_with_zeros(&got, n),
            &y,
            1e-5,
            &format!("y of {what}"),
        );
        assert_close(
            &unpack_with_zeros(&gradients.dx, n),
            &dx,
            2e-4,
            &format!("dx of {what}"),
        );
        assert_close(
            &gradients.dgamma,
            &dgamma,
            1e-4,
            &format!("dgamma of {what}"),
        );
        assert_close(&gradients.dbeta, &dbeta, 1e-4, &format!("dbeta of {what}"));
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(12))]
    #[test]
    fn batch_norm_agrees(images in 2..20usize, channels in 1..3usize, area in 1..4usize, relu: bool) {
        check(Shape { images, channels, area }, None, relu);
    }

    #[test]
    fn group_norm_agrees(images in 1..19usize, groups in 1..3usize, size in 1..3usize, area in 2..4usize, relu: bool) {
        check(Shape { images, channels: groups * size, area }, Some(groups), relu);
    }
}

#[test]
fn several_runs_of_rows() {
    check(
        Shape {
            images: 2,
            channels: 1,
            area: 2 * RUN + 3,
        },
        None,
        true,
    );
    check(
        Shape {
            images: 1,
            channels: 2,
            area: RUN + 1,
        },
        Some(1),
        true,
    );
}

#[test]
fn moments_keep_their_digits_far_from_zero_and_ignore_unused_lanes() {
    let shape = Shape {
        images: 17,
        channels: 1,
        area: 1000,
    };
    let x: Vec<f32> = random(1, 17_000).iter().map(|x| 1000.0 + x).collect();
    let mut xl = pack(&x, 17, 1000);
    // Whatever a layer with a bias leaves in lanes without an image.
    for (i, x) in xl.iter_mut().enumerate() {
        if i >= 16_000 && i % LANES > 0 {
            *x = 7.0;
        }
    }
    let (mean, variance) = reference::moments(x.iter().map(|&x| f64::from(x)));
    let affine = Affine {
        gamma: &[1.0],
        beta: &[0.5],
        epsilon: 0.0,
        relu: false,
    };
    for (y, moments) in everywhere(|| {
        let (y, moments) = batch_forward(&xl, shape, affine);
        (y, (moments.mean[0], moments.variance[0]))
    }) {
        assert!(
            (f64::from(moments.0) - mean).abs() < 1e-4,
            "{moments:?} instead of {mean}"
        );
        assert!(
            (f64::from(moments.1) / variance - 1.0).abs() < 1e-5,
            "{moments:?} instead of {variance}"
        );
        let y = unpack_with_zeros(&y, 17);
        let expected: Vec<f64> = x
            .iter()
            .map(|&x| (f64::from(x) - mean) / variance.sqrt() + 0.5)
            .collect();
        assert_close(&y, &expected, 1e-4, "y");
    }
}

#[test]
fn inference_with_the_batch_s_own_moments_is_training_s_result() {
    let shape = Shape {
        images: 20,
        channels: 3,
        area: 5,
    };
    let x = pack(&random(1, 300), 20, 15);
    let affine = Affine {
        gamma: &[1.0, 2.0, -1.0],
        beta: &[0.1, 0.0, 0.3],
        epsilon: 1e-5,
        relu: true,
    };
    let (y, moments) = batch_forward(&x, shape, affine);
    for got in everywhere(|| batch_inference(&x, shape, affine, &moments)) {
        assert_close(
            &unpack_with_zeros(&got, 20),
            &wide(&unpack_with_zeros(&y, 20)),
            1e-6,
            "y",
        );
    }
}

#[test]
fn given_moments_pass_gradients_on() {
    let shape = Shape {
        images: 20,
        channels: 2,
        area: 3,
    };
    let (x, dy) = (random(1, 120), random(2, 120));
    for relu in [false, true] {
        let affine = Affine {
            gamma: &[2.0, -1.0],
            beta: &[0.1, 0.3],
            epsilon: 1e-3,
            relu,
        };
        let moments = Moments {
            mean: vec![0.2, -0.1],
            variance: vec![0.5, 4.0],
        };
        let expected = |x: &[f64]| -> Vec<f64> {
            let each = x.iter().enumerate().map(|(at, x)| {
                let channel = at / 3 % 2;
                let of = |values: &[f32]| f64::from(values[channel]);
                let deviation = (of(&moments.variance) + 1e-3).sqrt();
                let y = (x - of(&moments.mean)) / deviation * of(affine.gamma) + of(affine.beta);
                if relu { y.max(0.0) } else { y }
            });
            each.collect()
        };
        let dx = reference::gradient(&wide(&x), &wide(&dy), expected);
        let (x, dy) = (pack(&x, 20, 6), pack(&dy, 20, 6));
        for got in everywhere(|| {
            let y = batch_inference(&x, shape, affine, &moments);
            batch_inference_backward(&y, &dy, shape, affine, &moments.variance)
        }) {
            assert_close(&unpack_with_zeros(&got, 20), &dx, 1e-5, "dx");
        }
    }
}

#[test]
fn a_constant_channel_gives_beta_and_no_image_gives_nothing() {
    let shape = Shape {
        images: 3,
        channels: 1,
        area: 2,
    };
    let affine = Affine {
        gamma: &[2.0],
        beta: &[0.5],
        epsilon: 1e-5,
        relu: false,
    };
    let (y, moments) = batch_forward(&pack(&[4.0; 6], 3, 2), shape, affine);
    assert_eq!(unpack_with_zeros(&y, 3), [0.5; 6]);
    assert_eq!((moments.mean[0], moments.variance[0]), (4.0, 0.0));
    let empty = Shape { images: 0, ..shape };
    assert!(batch_forward(&[], empty, affine).0.is_empty());
    assert!(batch_inference(&[], empty, affine, &moments).is_empty());
    assert!(group_forward(&[], empty, 1, affine).0.is_empty());
}
