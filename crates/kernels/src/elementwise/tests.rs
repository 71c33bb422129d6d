//! Known values, and slopes between them.

use super::*;

#[test]
fn telling_values() {
    let x = [-4.0, -3.0, -1.0, 0.0, 1.5, 3.0, 7.0];
    assert_eq!(hard_sigmoid(&x), [0.0, 0.0, 1.0 / 3.0, 0.5, 0.75, 1.0, 1.0]);
    assert_eq!(hard_swish(&x), [0.0, 0.0, -1.0 / 3.0, 0.0, 1.125, 3.0, 7.0]);
    assert!(hard_swish(&[f32::NAN])[0].is_nan() && hard_sigmoid(&[f32::NAN])[0].is_nan());
    let y = add_relu(&[1.0, 1.0, f32::NAN], &[2.0, -3.0, 0.0]);
    assert_eq!(y[..2], [3.0, 0.0]);
    assert!(y[2].is_nan());
    assert_eq!(relu_backward(&[3.0, 0.0], &[5.0, 5.0]), [5.0, 0.0]);
}

#[test]
fn gradients_are_slopes() {
    type Pass = (fn(&[f32]) -> Vec<f32>, fn(&[f32], &[f32]) -> Vec<f32>);
    let passes: [Pass; 2] = [
        (hard_sigmoid, hard_sigmoid_backward),
        (hard_swish, hard_swish_backward),
    ];
    for (forward, backward) in passes {
        for x in [-5.0, -2.0, -0.25, 0.5, 2.75, 4.0] {
            let step = 1.0 / 64.0;
            let slope = (forward(&[x + step])[0] - forward(&[x - step])[0]) / (2.0 * step);
            assert!((backward(&[x], &[1.0])[0] - slope).abs() < 1e-4, "at {x}");
        }
    }
}
