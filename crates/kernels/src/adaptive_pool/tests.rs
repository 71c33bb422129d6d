//! Adaptive pooling against known windows, and its gradient against its transpose.

use super::*;
use crate::tests::{everywhere, random};

#[test]
fn windows_are_pytorchs() {
    let all = |size, count| -> Vec<Range<usize>> {
        (0..count).map(|index| window(index, count, size)).collect()
    };
    assert_eq!(all(6, 3), [0..2, 2..4, 4..6]);
    assert_eq!(all(7, 3), [0..3, 2..5, 4..7]);
    assert_eq!(all(2, 3), [0..1, 0..2, 1..2]);
}

#[test]
fn means_of_windows_and_their_transpose() {
    for (size, output) in [([6, 4], [3, 2]), ([7, 5], [3, 3]), ([2, 3], [3, 1])] {
        let [from, to] = [size, output].map(|[rows, columns]| 3 * rows * columns * LANES);
        let (x, dy) = (random(1, from), random(2, to));
        let y = everywhere(|| forward(&x, size, output)).swap_remove(0);
        let dx = everywhere(|| backward(&dy, size, output)).swap_remove(0);
        let dot = |a: &[f32], b: &[f32]| -> f64 {
            a.iter()
                .zip(b)
                .map(|(a, b)| f64::from(*a) * f64::from(*b))
                .sum()
        };
        let (left, right): (f64, f64) = (dot(&y, &dy), dot(&x, &dx));
        assert!(
            (left - right).abs() < 1e-4,
            "{size:?} to {output:?}: {left} {right}"
        );
        let constant = forward(&vec![2.0; from], size, output);
        assert!(constant.iter().all(|&y: &f32| (y - 2.0).abs() < 1e-6));
    }
}
