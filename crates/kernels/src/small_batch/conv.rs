//! Convolution of single images with stride 1.

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors may stay separate functions, without the vector instructions"
)]

use rayon::prelude::*;

use crate::buffer::{Fill, Scratch, Shared};
use crate::conv::{Conv, Epilogue};
use crate::lanes::LANES;
use crate::micro::{channel_groups, part, relu, with_group_size};
use crate::simd::{Lanes, Simd, Task};

/// The largest number of images for which this path is faster than lanes.
pub const MAX_IMAGES: usize = 8;

/// Whether this path can compute the convolution for this number of images.
pub fn supports(conv: &Conv, images: usize) -> bool {
    images <= MAX_IMAGES && conv.stride == [1, 1]
}

/// y = epilogue(conv(x, weight) + bias): `x` `[N, in, H, W]` of `size` H x W, `weight` `[out, in, kh, kw]`, `bias`
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
    epilogue: Epilogue,
) -> Vec<f32> {
    assert_eq!(conv.stride, [1, 1], "small_batch::conv: stride");
    let (images, out) = check(conv, x, size, bias);
    assert_eq!(weight.len(), conv.weights(), "small_batch::conv: weight");
    let stored = out.map(|len| len / epilogue.factor());
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
    let groups = channel_groups(conv.out_channels);
    let input = PaddedInput {
        conv,
        source,
        padded,
        out,
        positions,
        weight,
        bias,
        epilogue,
        y: y.shared(),
    };
    let simd = Simd::current();
    (0..images * bands * groups.len())
        .into_par_iter()
        .with_min_len(least_groups(conv, positions))
        .for_each(|task| {
            let (rest, group) = (task / groups.len(), &groups[task % groups.len()]);
            simd.run(Group {
                input: &input,
                image: rest / bands,
                rows: part(rest % bands, band, out[0]),
                channels: group.clone(),
            });
        });
    // SAFETY: the groups and bands cover every channel and every row of every image.
    unsafe { y.finish() }
}

/// The number of images in `x`, and the size of the output.
pub(super) fn check(conv: &Conv, x: &[f32], size: [usize; 2], bias: &[f32]) -> (usize, [usize; 2]) {
    let out = conv.checked_output(size);
    assert_eq!(bias.len(), conv.out_channels, "small_batch: bias");
    let image = conv.in_channels * size[0] * size[1];
    let images = x.len().checked_div(image).unwrap_or(0);
    assert_eq!(x.len(), images * image, "small_batch: x");
    (images, out)
}

/// Positions of a task: the sums of six channels fit half of the first-level cache.
const BAND: usize = 768;

/// Groups of channels in a task, at least: about ten microseconds of work.
fn least_groups(conv: &Conv, positions: usize) -> usize {
    let work = conv.in_channels * conv.kernel[0] * conv.kernel[1] * positions;
    (50_000 / work.max(1)).max(1)
}

/// Planes whose rows share their padding: the zeros to the right of a row are also those to the left of the next.
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

struct PaddedInput<'a> {
    conv: &'a Conv,
    /// `[image][channel][plane]`, readable for a vector more
    source: &'a [f32],
    padded: Padded,
    out: [usize; 2],
    /// Positions of a band: its rows end to end, whole vectors.
    positions: usize,
    weight: &'a [f32],
    bias: &'a [f32],
    epilogue: Epilogue,
    y: Shared<'a, f32>,
}

/// Some rows of some channels of one image.
struct Group<'a> {
    input: &'a PaddedInput<'a>,
    image: usize,
    rows: std::ops::Range<usize>,
    channels: std::ops::Range<usize>,
}

impl Task for Group<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let mut scratch = Scratch::new(self.channels.len() * self.input.positions);
        let sums = scratch.start();
        with_group_size!(self.channels.len(), self.sums::<L>(l, sums));
        for channel in 0..self.channels.len() {
            self.finish(channel, sums.wrapping_add(channel * self.input.positions));
        }
    }
}

impl Group<'_> {
    /// The sums of R channels at all positions of the band: `[channel][position]`.
    #[inline(always)]
    fn sums<L: Lanes, const R: usize>(&self, l: L, to: *mut f32) {
        let PaddedInput {
            conv,
            padded,
            positions,
            ..
        } = *self.input;
        let [kh, kw] = conv.kernel;
        let row = conv.in_channels * kh * kw;
        let x = self.image * conv.in_channels * padded.plane + self.rows.start * padded.row;
        let x = self.input.source[x..].as_ptr();
        let weight = self.input.weight[self.channels.start * row..].as_ptr();
        let mut rows = [weight; R];
        for r in 0..R {
            rows[r] = weight.wrapping_add(r * row);
        }
        let last = (self.rows.len() - 1) * padded.row + self.input.out[1];
        for first in (0..last).step_by(LANES) {
            let mut sums = [l.zero(); R];
            for r in 0..R {
                sums[r] = l.splat(self.input.bias[self.channels.start + r]);
            }
            let mut k = 0;
            for c in 0..conv.in_channels {
                for y in 0..kh {
                    let at = c * padded.plane + y * conv.dilation[0] * padded.row + first;
                    for tap in 0..kw {
                        // SAFETY: a position plus a tap stays in this channel's plane, except for the last vector,
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
        let input = self.input;
        let channel = self.image * input.conv.out_channels + self.channels.start + channel;
        // SAFETY: rows of sums lie `padded.row` apart; this channel's plane is written by this task only.
        unsafe {
            if input.epilogue == Epilogue::ReluPool {
                let [rows, columns] = [input.out[0] / 2, input.out[1] / 2];
                let to = input.y.at((channel * rows + self.rows.start / 2) * columns);
                for y in 0..self.rows.len() / 2 {
                    let (top, bottom) = (
                        sums.add(2 * y * input.padded.row),
                        sums.add((2 * y + 1) * input.padded.row),
                    );
                    for x in 0..columns {
                        let left = greater(*top.add(2 * x), *bottom.add(2 * x));
                        let right = greater(*top.add(2 * x + 1), *bottom.add(2 * x + 1));
                        to.add(y * columns + x).write(relu(greater(left, right)));
                    }
                }
                return;
            }
            let [rows, columns] = input.out;
            let to = input.y.at((channel * rows + self.rows.start) * columns);
            for y in 0..self.rows.len() {
                for x in 0..columns {
                    let sum = *sums.add(y * input.padded.row + x);
                    let sum = if input.epilogue == Epilogue::Relu {
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

#[inline(always)]
fn greater(a: f32, b: f32) -> f32 {
    if b > a { b } else { a }
}
