//! A factor and a summand for each channel, as normalisation by given statistics is.

use rayon::prelude::*;

use super::{blocks, whole_blocks};
use crate::lanes::LANES;

/// y = x * scale + shift, then ReLU if `relu`: `x` `[n, blocks, area, 16]`, `scale` and `shift` one a channel.
///
/// # Panics
/// If a length does not match.
pub fn scale_shift(x: &[f32], area: usize, scale: &[f32], shift: &[f32], relu: bool) -> Vec<f32> {
    assert_eq!(
        scale.len(),
        shift.len(),
        "channels::scale_shift: factors and summands"
    );
    let count = blocks(scale.len());
    super::images(x.len(), count * area * LANES, "channels::scale_shift");
    let (scale, shift) = (whole_blocks(scale), whole_blocks(shift));
    let mut y = vec![0.0; x.len()];
    if y.is_empty() {
        return y;
    }
    y.par_chunks_mut(area * LANES)
        .with_min_len((4096 / (area * LANES)).max(1))
        .zip(x.par_chunks(area * LANES))
        .enumerate()
        .for_each(|(plane, (y, x))| {
            let lanes = plane % count * LANES..(plane % count + 1) * LANES;
            let (scale, shift) = (&scale[lanes.clone()], &shift[lanes]);
            for (y, x) in y.chunks_exact_mut(LANES).zip(x.chunks_exact(LANES)) {
                for lane in 0..LANES {
                    let value = x[lane].mul_add(scale[lane], shift[lane]);
                    // NaN is kept.
                    y[lane] = if relu && value < 0.0 { 0.0 } else { value };
                }
            }
        });
    y
}
