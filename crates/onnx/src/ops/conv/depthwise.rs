//! Convolution with an input channel a group: a row of the result at a time.

use rayon::prelude::*;

use super::Sizes;
use crate::ops::window::Axis;

/// Every input channel makes its own output channels; then ReLU if `relu`.
pub(super) fn conv(sizes: Sizes, x: &[f32], w: &[f32], bias: &[f32], relu: bool) -> Vec<f32> {
    let [_, rows, columns] = sizes.axes;
    let (area, area_out) = sizes.areas();
    let filters = sizes.groups * sizes.outputs;
    let taps = sizes.taps();
    let mut out = vec![0.0; sizes.images * filters * area_out];
    out.par_chunks_exact_mut(area_out)
        .with_min_len(1 + (1 << 13) / area_out)
        .enumerate()
        .for_each(|(plane, out)| {
            let (image, filter) = (plane / filters, plane % filters);
            let channel = image * sizes.groups + filter / sizes.outputs;
            let x = &x[channel * area..][..area];
            let w = &w[filter * taps..][..taps];
            for (window, out) in out.chunks_exact_mut(columns.output).enumerate() {
                out.fill(bias[filter]);
                for (down, w) in w.chunks_exact(columns.kernel).enumerate() {
                    let Some(row) = at(rows, window, down) else {
                        continue;
                    };
                    let line = &x[row * columns.input..][..columns.input];
                    for (right, &w) in w.iter().enumerate() {
                        let (first, count) = inside(columns, right);
                        if count == 0 {
                            continue;
                        }
                        let start = first * columns.stride + right * columns.dilation;
                        let from = &line[start - columns.before..];
                        let to = &mut out[first..first + count];
                        if columns.stride == 1 {
                            to.iter_mut()
                                .zip(from)
                                .for_each(|(to, from)| *to += w * from);
                        } else {
                            let from = from.iter().step_by(columns.stride);
                            to.iter_mut()
                                .zip(from)
                                .for_each(|(to, from)| *to += w * from);
                        }
                    }
                }
                if relu {
                    out.iter_mut()
                        .for_each(|v| *v = if *v < 0.0 { 0.0 } else { *v });
                }
            }
        });
    out
}

/// The place of a tap of a window on the input.
fn at(axis: Axis, window: usize, tap: usize) -> Option<usize> {
    let place = (window * axis.stride + tap * axis.dilation).checked_sub(axis.before)?;
    (place < axis.input).then_some(place)
}

/// The first window whose tap lies on the input, and how many follow in a row.
fn inside(axis: Axis, tap: usize) -> (usize, usize) {
    let shift = tap * axis.dilation;
    let first = axis.before.saturating_sub(shift).div_ceil(axis.stride);
    let end = (axis.input + axis.before)
        .saturating_sub(shift)
        .div_ceil(axis.stride);
    let end = end.min(axis.output);
    (first.min(end), end.saturating_sub(first))
}
