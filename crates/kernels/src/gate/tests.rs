//! The gate against the obvious loops.

use super::*;
use crate::tests::{assert_close, everywhere, random};

#[test]
fn agrees_with_the_obvious_loops() {
    for (planes, area) in [(1, 1), (3, 5), (40, 49), (2, 700), (5, 0)] {
        let x = random(1, planes * area * LANES);
        let dy = random(2, planes * area * LANES);
        let gate = random(3, planes * LANES);
        let at = |i: usize| i / (area * LANES) * LANES + i % LANES;
        let y: Vec<f64> = (0..x.len())
            .map(|i| f64::from(x[i]) * f64::from(gate[at(i)]))
            .collect();
        let dx: Vec<f64> = (0..x.len())
            .map(|i| f64::from(dy[i]) * f64::from(gate[at(i)]))
            .collect();
        let mut sums = vec![0f64; gate.len()];
        for i in 0..x.len() {
            sums[at(i)] += f64::from(dy[i]) * f64::from(x[i]);
        }
        let what = format!("{planes} planes of {area}");
        for got in everywhere(|| forward(&x, &gate, area)) {
            assert_close(&got, &y, 1e-6, &what);
        }
        for [got, found] in everywhere(|| backward(&x, &gate, &dy, area)) {
            assert_close(&got, &dx, 1e-6, &what);
            assert_close(&found, &sums, 1e-5, &what);
        }
    }
}
