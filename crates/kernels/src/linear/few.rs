//! Fully connected layers for a few rows: bound by reading the weight.

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors may stay separate functions, without the vector instructions"
)]

use rayon::prelude::*;

use crate::buffer::Scratch;
use crate::lanes::LANES;
use crate::micro::{part, prefetch, relu as rectified};
use crate::simd::{Lanes, Simd, Task};

/// Inputs of a task of [`few`], at most: with 512 outputs a megabyte of weights.
const DEPTH: usize = 512;
/// Rows of the weight that share one pass over the outputs.
const AT_ONCE: usize = 16;

/// y = x weight + bias, then ReLU if `relu`: `x` `[N, I]`, `weight` `[I, O]`, `bias` `[O]` ->
/// `[N, O]`.
///
/// Reading the weight takes most of the time, so rows whose inputs are all zero are skipped; after ReLU there are
/// hundreds. (A weight that is not finite therefore shows only where its input is not zero.)
///
/// # Panics
/// If a length does not fit.
pub fn few(x: &[f32], weight: &[f32], bias: &[f32], inputs: usize, relu: bool) -> Vec<f32> {
    let outputs = bias.len();
    assert!(inputs > 0, "linear::few: no inputs");
    assert_eq!(weight.len(), inputs * outputs, "linear::few: weight");
    let images = x.len() / inputs;
    assert_eq!(x.len(), images * inputs, "linear::few: x");
    let mut y: Vec<f32> = bias.repeat(images);
    if y.is_empty() {
        return y;
    }
    let parts = inputs.div_ceil(DEPTH);
    let columns = outputs.next_multiple_of(LANES);
    let len = images * columns;
    let mut partial = Scratch::new(parts * len);
    let partial = partial.floats(parts * len);
    let simd = Simd::current();
    let depth = inputs.div_ceil(parts);
    partial
        .par_chunks_mut(len)
        .enumerate()
        .for_each(|(share, sums)| {
            sums.fill(0.0);
            let rows = part(share, depth, inputs);
            for first in (0..images).step_by(4) {
                let task = Rows {
                    x: &x[first * inputs..],
                    weight,
                    inputs,
                    outputs,
                    rows: rows.clone(),
                    sums: &mut sums[first * columns..],
                };
                match images - first {
                    1 => simd.run(Images::<1>(task)),
                    2 => simd.run(Images::<2>(task)),
                    3 => simd.run(Images::<3>(task)),
                    _ => simd.run(Images::<4>(task)),
                }
            }
        });
    for sums in partial.chunks_exact(len) {
        for (y, sums) in y.chunks_exact_mut(outputs).zip(sums.chunks_exact(columns)) {
            y.iter_mut().zip(sums).for_each(|(y, sum)| *y += sum);
        }
    }
    if relu {
        y.iter_mut().for_each(|y| *y = rectified(*y));
    }
    y
}

/// Some rows of the weight times their inputs, for up to four images.
struct Rows<'a> {
    x: &'a [f32],
    weight: &'a [f32],
    inputs: usize,
    outputs: usize,
    rows: std::ops::Range<usize>,
    /// `[image][column]`, columns whole vectors
    sums: &'a mut [f32],
}

struct Images<'a, const N: usize>(Rows<'a>);

impl<const N: usize> Task for Images<'_, N> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let task = self.0;
        let whole = task.outputs / LANES * LANES;
        let mut next = task.rows.start;
        loop {
            // The next rows that count, and the inputs that they are multiplied with.
            let mut rows = [std::ptr::null::<f32>(); AT_ONCE];
            let mut inputs = [[0f32; N]; AT_ONCE];
            let mut count = 0;
            while count < AT_ONCE && next < task.rows.end {
                let mut any = false;
                for n in 0..N {
                    inputs[count][n] = task.x[n * task.inputs + next];
                    any |= inputs[count][n] != 0.0;
                }
                if any {
                    rows[count] = task.weight[next * task.outputs..].as_ptr();
                    count += 1;
                }
                next += 1;
            }
            if count == 0 {
                return;
            }
            let columns = task.sums.len() / N;
            let columns = columns.min(task.outputs.next_multiple_of(LANES));
            let sums = task.sums.as_mut_ptr();
            for first in (0..whole).step_by(LANES) {
                // SAFETY: whole vectors of the rows, and of the sums of each image.
                unsafe {
                    let mut total = [l.zero(); N];
                    for n in 0..N {
                        total[n] = l.load(sums.add(n * columns + first));
                    }
                    for k in 0..count {
                        prefetch(rows[k].wrapping_add(first + AHEAD));
                        let w = l.load(rows[k].add(first));
                        for n in 0..N {
                            total[n] = l.mul_add(l.splat(inputs[k][n]), w, total[n]);
                        }
                    }
                    for n in 0..N {
                        l.store(sums.add(n * columns + first), total[n]);
                    }
                }
            }
            for column in whole..task.outputs {
                for k in 0..count {
                    // SAFETY: a column of the row.
                    let w = unsafe { *rows[k].add(column) };
                    for n in 0..N {
                        task.sums[n * columns + column] += inputs[k][n] * w;
                    }
                }
            }
        }
    }
}

/// Floats by which each row is prefetched ahead.
const AHEAD: usize = 128;
