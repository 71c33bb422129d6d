//! Inference on a few images in plain NCHW: the pixels of one image fill the lanes.
//!
//! The layout 'lanes' computes sixteen images whatever their number; below about eight it is quicker to take them one
//! by one. A convolution reads a copy of its input in which neighbouring rows share their padding: with the rows end
//! to end, sixteen neighbouring outputs read sixteen neighbouring inputs for every tap, across the ends of rows, and
//! no weight needs packing. What falls between two rows is computed and dropped: one pixel in eight at 7x7.
//!
//! ```
//! use kernels::{conv::Conv, few};
//! let blur = Conv {
//!     in_channels: 1,
//!     out_channels: 1,
//!     kernel: [1, 3],
//!     stride: [1, 1],
//!     padding: [0, 1],
//!     dilation: [1, 1],
//! };
//! assert!(few::allows(&blur, 1));
//! let y = few::conv(&blur, &[1.0, 2.0, 3.0], [1, 3], &[1.0; 3], &[0.0], few::Finish::Plain);
//! assert_eq!(y, [3.0, 6.0, 5.0]);
//! ```

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors may stay separate functions, without the vector instructions"
)]

use rayon::prelude::*;

use crate::buffer::{Fill, Scratch, Shared};
use crate::conv::Conv;
use crate::conv::direct::groups;
use crate::lanes::LANES;
use crate::micro::prefetch;
use crate::simd::{Lanes, Simd, Task};

/// Images up to which this path is the quicker one.
pub const MOST: usize = 8;

/// What becomes of a convolution's sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Finish {
    /// Stored as they are.
    Plain,
    /// max(0, y)
    Relu,
    /// max(0, y), then the greatest of each 2x2 square; an odd last row or column is dropped.
    ReluPool,
}

/// Whether this path takes so many images through this convolution.
pub fn allows(conv: &Conv, images: usize) -> bool {
    images <= MOST && conv.stride == [1, 1]
}

/// y = finish(conv(x, weight) + bias): `x` `[N, in, H, W]` of `size` H x W, `weight` `[out, in, kh, kw]`, `bias`
/// `[out]` -> `[N, out, OH, OW]`, halved where pooled.
///
/// # Panics
/// If the stride is not 1, a length does not match, or the kernel does not fit.
pub fn conv(
    conv: &Conv,
    x: &[f32],
    size: [usize; 2],
    weight: &[f32],
    bias: &[f32],
    finish: Finish,
) -> Vec<f32> {
    assert_eq!(conv.stride, [1, 1], "few::conv: stride");
    let Some(out) = conv.output(size) else {
        panic!("few::conv: the kernel of {conv:?} does not fit an input of {size:?}");
    };
    let taps = conv.kernel[0] * conv.kernel[1];
    assert_eq!(
        weight.len(),
        conv.out_channels * conv.in_channels * taps,
        "few::conv: weight"
    );
    assert_eq!(bias.len(), conv.out_channels, "few::conv: bias");
    let image = conv.in_channels * size[0] * size[1];
    let images = x.len().checked_div(image).unwrap_or(0);
    assert_eq!(x.len(), images * image, "few::conv: x");
    let factor = if finish == Finish::ReluPool { 2 } else { 1 };
    let stored = out.map(|len| len / factor);
    let mut y = Fill::new(images * conv.out_channels * stored[0] * stored[1]);

    let padded = Padded::new(conv, size, out);
    // An even number of rows, so that no 2x2 square is cut.
    let band = (BAND / padded.row / 2 * 2)
        .max(2)
        .min(out[0].next_multiple_of(2));
    let bands = out[0].div_ceil(band);
    let positions = (band * padded.row).next_multiple_of(LANES);
    // Reading whole vectors may run over the last plane's end by less than one.
    let mut source = Scratch::new(images * conv.in_channels * padded.plane + LANES + padded.row);
    let source_len = images * conv.in_channels * padded.plane + LANES;
    let source = source.floats(source_len);
    source[images * conv.in_channels * padded.plane..].fill(0.0);
    for (plane, to) in x
        .chunks_exact(size[0] * size[1])
        .zip(source.chunks_exact_mut(padded.plane))
    {
        padded.fill(plane, size, to);
    }
    let groups = groups(conv.out_channels);
    let plan = Plan {
        conv,
        source,
        padded,
        out,
        positions,
        weight,
        bias,
        finish,
        y: y.shared(),
    };
    let simd = Simd::current();
    (0..images * bands * groups.len())
        .into_par_iter()
        .with_min_len(least_groups(conv, positions))
        .for_each(|task| {
            let (rest, group) = (task / groups.len(), &groups[task % groups.len()]);
            let first = rest % bands * band;
            simd.run(Group {
                plan: &plan,
                image: rest / bands,
                rows: first..(first + band).min(out[0]),
                channels: group.clone(),
            });
        });
    // SAFETY: the groups and bands cover every channel and every row of every image.
    unsafe { y.finish() }
}

/// Positions of a task: the sums of six channels fit half of the first-level cache.
const BAND: usize = 768;

/// Groups of channels that are worth a task: about ten microseconds.
fn least_groups(conv: &Conv, positions: usize) -> usize {
    let work = conv.in_channels * conv.kernel[0] * conv.kernel[1] * positions;
    (50_000 / work.max(1)).max(1)
}

/// Planes whose rows share their padding: each row's zeros on the right are the next one's on the left.
#[derive(Clone, Copy)]
struct Padded {
    /// Floats from one row to the next.
    row: usize,
    /// Floats of a plane.
    plane: usize,
    padding: [usize; 2],
}

impl Padded {
    fn new(conv: &Conv, size: [usize; 2], out: [usize; 2]) -> Padded {
        let row = (size[1] + conv.padding[1]).max(out[1]);
        Padded {
            row,
            plane: (size[0] + 2 * conv.padding[0]) * row + conv.padding[1],
            padding: conv.padding,
        }
    }

    fn fill(&self, plane: &[f32], size: [usize; 2], to: &mut [f32]) {
        to.fill(0.0);
        for (y, from) in plane.chunks_exact(size[1]).enumerate() {
            let first = (y + self.padding[0]) * self.row + self.padding[1];
            to[first..first + size[1]].copy_from_slice(from);
        }
    }
}

struct Plan<'a> {
    conv: &'a Conv,
    /// `[image][channel][plane]`, readable for a vector more
    source: &'a [f32],
    padded: Padded,
    out: [usize; 2],
    /// Positions of a band: its rows end to end, whole vectors.
    positions: usize,
    weight: &'a [f32],
    bias: &'a [f32],
    finish: Finish,
    y: Shared<'a, f32>,
}

/// Some rows of some channels of one image.
struct Group<'a> {
    plan: &'a Plan<'a>,
    image: usize,
    rows: std::ops::Range<usize>,
    channels: std::ops::Range<usize>,
}

impl Task for Group<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let mut scratch = Scratch::new(self.channels.len() * self.plan.positions);
        let sums = scratch.start();
        match self.channels.len() {
            1 => self.sums::<L, 1>(l, sums),
            2 => self.sums::<L, 2>(l, sums),
            3 => self.sums::<L, 3>(l, sums),
            4 => self.sums::<L, 4>(l, sums),
            5 => self.sums::<L, 5>(l, sums),
            _ => self.sums::<L, 6>(l, sums),
        }
        for channel in 0..self.channels.len() {
            self.finish(channel, sums.wrapping_add(channel * self.plan.positions));
        }
    }
}

impl Group<'_> {
    /// The sums of R channels at all positions of the band: `[channel][position]`.
    #[inline(always)]
    fn sums<L: Lanes, const R: usize>(&self, l: L, to: *mut f32) {
        let Plan {
            conv,
            padded,
            positions,
            ..
        } = *self.plan;
        let [kh, kw] = conv.kernel;
        let row = conv.in_channels * kh * kw;
        let x = self.image * conv.in_channels * padded.plane + self.rows.start * padded.row;
        let x = self.plan.source[x..].as_ptr();
        let weight = self.plan.weight[self.channels.start * row..].as_ptr();
        let mut rows = [weight; R];
        for r in 0..R {
            rows[r] = weight.wrapping_add(r * row);
        }
        let last = (self.rows.len() - 1) * padded.row + self.plan.out[1];
        for first in (0..last).step_by(LANES) {
            let mut sums = [l.zero(); R];
            for r in 0..R {
                sums[r] = l.splat(self.plan.bias[self.channels.start + r]);
            }
            let mut k = 0;
            for c in 0..conv.in_channels {
                for y in 0..kh {
                    let at = c * padded.plane + y * conv.dilation[0] * padded.row + first;
                    for tap in 0..kw {
                        // SAFETY: a position plus a tap stays in this channel's plane, but for the last vector,
                        // which may reach into the next one or the spare vector; R rows of weights.
                        unsafe {
                            let x = l.load(x.add(at + tap * conv.dilation[1]));
                            for r in 0..R {
                                sums[r] = l.mul_add(l.splat(*rows[r].add(k)), x, sums[r]);
                            }
                        }
                        k += 1;
                    }
                }
            }
            for r in 0..R {
                // SAFETY: the scratch holds `positions` floats for each of R channels.
                unsafe { l.store(to.add(r * positions + first), sums[r]) };
            }
        }
    }

    /// Stores one channel's sums as its plane of the result.
    #[inline(always)]
    fn finish(&self, channel: usize, sums: *const f32) {
        let plan = self.plan;
        let channel = self.image * plan.conv.out_channels + self.channels.start + channel;
        // SAFETY: rows of sums lie `padded.row` apart; this channel's plane is written by this task only.
        unsafe {
            if plan.finish == Finish::ReluPool {
                let [rows, columns] = [plan.out[0] / 2, plan.out[1] / 2];
                let to = plan.y.at((channel * rows + self.rows.start / 2) * columns);
                for y in 0..self.rows.len() / 2 {
                    let (top, bottom) = (
                        sums.add(2 * y * plan.padded.row),
                        sums.add((2 * y + 1) * plan.padded.row),
                    );
                    for x in 0..columns {
                        let left = greater(*top.add(2 * x), *bottom.add(2 * x));
                        let right = greater(*top.add(2 * x + 1), *bottom.add(2 * x + 1));
                        to.add(y * columns + x).write(relu(greater(left, right)));
                    }
                }
                return;
            }
            let [rows, columns] = plan.out;
            let to = plan.y.at((channel * rows + self.rows.start) * columns);
            for y in 0..self.rows.len() {
                for x in 0..columns {
                    let sum = *sums.add(y * plan.padded.row + x);
                    let sum = if plan.finish == Finish::Relu {
                        relu(sum)
                    } else {
                        sum
                    };
                    to.add(y * columns + x).write(sum);
                }
            }
        }
    }
}

/// max(0, x), NaN kept.
#[inline(always)]
fn relu(x: f32) -> f32 {
    if x < 0.0 { 0.0 } else { x }
}

#[inline(always)]
fn greater(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}

/// Inputs of a task of [`linear`], at most: with 512 outputs a megabyte of weights.
const DEPTH: usize = 512;
/// Rows of the weight that share one pass over the outputs.
const AT_ONCE: usize = 16;

/// y = x weight + bias, then the greater of that and zero if `relu`: `x` `[N, I]`, `weight` `[I, O]`, `bias` `[O]` ->
/// `[N, O]`.
///
/// Reading the weight is what takes the time: rows whose inputs are all zero, as they are by the hundreds after ReLU,
/// are left out. (So a weight that is not finite shows only where its input is not zero.)
///
/// # Panics
/// If a length does not fit.
pub fn linear(x: &[f32], weight: &[f32], bias: &[f32], inputs: usize, relu: bool) -> Vec<f32> {
    let outputs = bias.len();
    assert!(inputs > 0, "few::linear: no inputs");
    assert_eq!(weight.len(), inputs * outputs, "few::linear: weight");
    let images = x.len() / inputs;
    assert_eq!(x.len(), images * inputs, "few::linear: x");
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
        .for_each(|(part, sums)| {
            sums.fill(0.0);
            let rows = part * depth..((part + 1) * depth).min(inputs);
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
        y.iter_mut().for_each(|y| *y = self::relu(*y));
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

/// Floats that are asked for ahead of time in each row.
const AHEAD: usize = 128;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::reference;
    use crate::testing::{assert_close, everywhere, random, wide};

    fn check_conv(geometry: &Conv, images: usize, size: [usize; 2]) {
        let Some(out) = geometry.output(size) else {
            return;
        };
        let taps = geometry.kernel[0] * geometry.kernel[1];
        let x = random(1, images * geometry.in_channels * size[0] * size[1]);
        let weight = random(2, geometry.out_channels * geometry.in_channels * taps);
        let bias = random(3, geometry.out_channels);
        let sums = reference::conv(geometry, &x, images, size, &weight, Some(&bias));
        let sums = wide(&sums);
        for finish in [Finish::Plain, Finish::Relu, Finish::ReluPool] {
            let expected: Vec<f64> = match finish {
                Finish::Plain => sums.clone(),
                Finish::Relu => sums.iter().map(|y| y.max(0.0)).collect(),
                Finish::ReluPool => sums
                    .chunks_exact(out[0] * out[1])
                    .flat_map(|plane| {
                        (0..out[0] / 2 * (out[1] / 2)).map(move |i| {
                            let (row, column) = (i / (out[1] / 2) * 2, i % (out[1] / 2) * 2);
                            let at = |y, x| plane[(row + y) * out[1] + column + x];
                            let best: f64 = at(0, 0);
                            best.max(at(0, 1)).max(at(1, 0)).max(at(1, 1)).max(0.0)
                        })
                    })
                    .collect(),
            };
            for got in everywhere(|| conv(geometry, &x, size, &weight, &bias, finish)) {
                let what = format!("{geometry:?}, {images} of {size:?}, {finish:?}");
                assert_close(&got, &expected, 1e-5, &what);
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(60))]
        #[test]
        fn convolutions_agree_with_the_obvious_loops(
            images in 0..4usize,
            channels in (1..8usize, 1..20usize),
            kernel in (1..4usize, 1..6usize),
            padding in (0..4usize, 0..4usize),
            dilation in (1..3usize, 1..3usize),
            size in (1..60usize, 1..40usize),
        ) {
            let geometry = Conv {
                in_channels: channels.0,
                out_channels: channels.1,
                kernel: kernel.into(),
                stride: [1, 1],
                padding: padding.into(),
                dilation: dilation.into(),
            };
            check_conv(&geometry, images, size.into());
        }

        #[test]
        fn products_agree_with_the_obvious_loops(
            images in 0..9usize,
            inputs in 1..1200usize,
            outputs in 1..70usize,
            relu: bool,
            zeros in 1..5usize,
        ) {
            let mut x = random(1, images * inputs);
            x.iter_mut().enumerate().filter(|(i, _)| i % inputs % zeros > 0).for_each(|(_, x)| *x = 0.0);
            let (weight, bias) = (random(2, inputs * outputs), random(3, outputs));
            let mut expected = reference::linear(&wide(&x), &wide(&weight), &wide(&bias), images);
            if relu {
                expected.iter_mut().for_each(|y| *y = y.max(0.0));
            }
            for got in everywhere(|| linear(&x, &weight, &bias, inputs, relu)) {
                assert_close(&got, &expected, 1e-5, &format!("{images} x {inputs} x {outputs}"));
            }
        }
    }

    #[test]
    fn nan_survives() {
        let geometry = Conv {
            in_channels: 1,
            out_channels: 1,
            kernel: [1, 1],
            stride: [1, 1],
            padding: [0, 0],
            dilation: [1, 1],
        };
        let y = conv(
            &geometry,
            &[f32::NAN, 1.0],
            [1, 2],
            &[-1.0],
            &[0.0],
            Finish::Relu,
        );
        assert!(y[0].is_nan() && y[1] == 0.0);
        let y = linear(&[f32::NAN], &[1.0, 2.0], &[0.0; 2], 1, true);
        assert!(y.iter().all(|y| y.is_nan()));
    }
}
