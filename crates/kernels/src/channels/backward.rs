//! Gradients of convolutions.

use rayon::prelude::*;

use super::padded::Padded;
use super::{blocks, images};
use crate::buffer::{Scratch, Shared};
use crate::conv::Conv;
use crate::lanes::LANES;
use crate::micro::outer_products;
use crate::simd::{Lanes, Simd, Task};

/// Input channels whose sums a task keeps in registers, beside [`GROUP`] blocks of outputs.
const CHANNELS: usize = 8;
/// Blocks of outputs of a task.
const GROUP: usize = 2;
/// Pixels whose inputs and gradients stay in the first-level cache while all taps are summed.
const PIXELS: usize = 96;
/// Tasks that there should be at least; the images are divided where there are fewer.
const TASKS: usize = 16;

/// The convolution that gives the gradient of x: `None` where the padding is wider than the kernel.
///
/// Its input is the gradient of y, spread by [`spread`] where the stride is not 1.
pub fn transposed(conv: &Conv) -> Option<Conv> {
    let padding = |side: usize| {
        (conv.dilation[side] * (conv.kernel[side] - 1)).checked_sub(conv.padding[side])
    };
    Some(Conv {
        in_channels: conv.out_channels,
        out_channels: conv.in_channels,
        kernel: conv.kernel,
        stride: [1, 1],
        padding: [padding(0)?, padding(1)?],
        dilation: conv.dilation,
    })
}

/// Weights `[out, in, rows, columns]` -> `[in, out, rows, columns]`, each kernel turned around: those of [`transposed`].
pub fn transposed_weights(conv: &Conv, weights: &[f32]) -> Vec<f32> {
    let taps = conv.kernel[0] * conv.kernel[1];
    let (inputs, outputs) = (conv.in_channels, conv.out_channels);
    assert_eq!(
        weights.len(),
        outputs * inputs * taps,
        "channels::transposed_weights"
    );
    let mut turned = vec![0.0; weights.len()];
    if turned.is_empty() {
        return turned;
    }
    turned
        .par_chunks_mut(outputs * taps)
        .with_min_len((16_384 / (outputs * taps)).max(1))
        .enumerate()
        .for_each(|(input, to)| {
            for (output, to) in to.chunks_exact_mut(taps).enumerate() {
                let from = &weights[(output * inputs + input) * taps..][..taps];
                for (to, from) in to.iter_mut().zip(from.iter().rev()) {
                    *to = *from;
                }
            }
        });
    turned
}

/// The gradient of y with the pixels between that a stride skips, as zeros, so that [`transposed`] gives x's size: `dy`
/// `[planes, OH, OW, 16]`, and its size then.
pub fn spread(conv: &Conv, dy: &[f32], size: [usize; 2]) -> (Vec<f32>, [usize; 2]) {
    let out = conv.checked_output(size);
    let reach = |side: usize| {
        let span = conv.dilation[side] * (conv.kernel[side] - 1);
        // Rows behind the last window, which it does not reach, have gradients of zero.
        size[side] + 2 * conv.padding[side] - span
    };
    let wide = [reach(0), reach(1)];
    (spread_to(dy, out, conv.stride, wide), wide)
}

/// Planes `[OH, OW, 16]` whose pixels go to each multiple of the stride on planes of another size.
fn spread_to(x: &[f32], from: [usize; 2], stride: [usize; 2], to: [usize; 2]) -> Vec<f32> {
    let [plane, wide] = [from, to].map(|size| size[0] * size[1] * LANES);
    let planes = images(x.len(), plane, "channels::spread");
    let mut y = vec![0.0; planes * wide];
    if y.is_empty() {
        return y;
    }
    y.par_chunks_mut(wide)
        .zip(x.par_chunks(plane))
        .for_each(|(y, x)| {
            for (row, x) in x.chunks_exact(from[1] * LANES).enumerate() {
                let y = &mut y[row * stride[0] * to[1] * LANES..];
                for (column, pixel) in x.chunks_exact(LANES).enumerate() {
                    y[column * stride[1] * LANES..][..LANES].copy_from_slice(pixel);
                }
            }
        });
    y
}

/// The gradient of x of a convolution with one tap and without padding, from what [`transposed`] makes of the gradient of y.
pub fn spread_pixels(conv: &Conv, dx: &[f32], size: [usize; 2]) -> Vec<f32> {
    spread_to(dx, conv.checked_output(size), conv.stride, size)
}

/// The gradient of the weights, `[out, in, rows, columns]`: `x` `[n, blocks, H, W, 16]`, `dy` `[n, blocks, OH, OW, 16]`.
///
/// # Panics
/// If a length does not match or the kernel does not fit.
pub fn backward_weights(conv: &Conv, x: &[f32], dy: &[f32], size: [usize; 2]) -> Vec<f32> {
    let mut out = conv.checked_output(size);
    let mut size = size;
    let (inputs, outputs) = (blocks(conv.in_channels), blocks(conv.out_channels));
    let [rows, columns] = conv.kernel;
    let taps = rows * columns;
    let images = images(
        x.len(),
        inputs * size[0] * size[1] * LANES,
        "channels::backward_weights: x",
    );
    assert_eq!(
        dy.len(),
        images * outputs * out[0] * out[1] * LANES,
        "channels::backward_weights: dy"
    );
    if taps == 1 && conv.stride == [1, 1] && conv.padding == [0, 0] {
        size = [1, size[0] * size[1]];
        out = size;
    }
    let padded = Padded::new(conv, size);
    let mut copies = Scratch::new(padded.copies(images * inputs));
    let source = padded.planes(x, &mut copies);
    let channel_parts = conv.in_channels.div_ceil(CHANNELS);
    let groups = outputs.div_ceil(GROUP);
    // By the shape alone, so that the order of sums is the same for any number of threads.
    let shares = TASKS.div_ceil(channel_parts * groups).min(images.max(1));
    // `[share][group][part of channels][tap][channel][GROUP][16]`
    let task_len = taps * CHANNELS * GROUP * LANES;
    let mut sums = vec![0.0; shares * groups * channel_parts * task_len];
    let simd = Simd::current();
    sums.par_chunks_mut(task_len)
        .enumerate()
        .for_each(|(task, sums)| {
            let (rest, part) = (task / channel_parts, task % channel_parts);
            let (share, group) = (rest / groups, rest % groups);
            simd.run(Sums {
                conv,
                padded,
                x: source,
                dy,
                out,
                images: share * images / shares..(share + 1) * images / shares,
                first: part * CHANNELS,
                group,
                sums: Shared::new(sums),
            });
        });
    let share_len = groups * channel_parts * task_len;
    let mut weights = vec![0.0; conv.out_channels * conv.in_channels * taps];
    if weights.is_empty() {
        return weights;
    }
    weights
        .par_chunks_mut(conv.in_channels * taps)
        .with_min_len((4096 / (conv.in_channels * taps)).max(1))
        .enumerate()
        .for_each(|(output, to)| {
            let (group, lane) = (output / (GROUP * LANES), output % (GROUP * LANES));
            for (input, to) in to.chunks_exact_mut(taps).enumerate() {
                let task = group * channel_parts + input / CHANNELS;
                for (tap, to) in to.iter_mut().enumerate() {
                    let at = task * task_len
                        + (tap * CHANNELS + input % CHANNELS) * GROUP * LANES
                        + lane;
                    *to = (0..shares).map(|share| sums[share * share_len + at]).sum();
                }
            }
        });
    weights
}

/// Some input channels with a group of output blocks, over some images.
struct Sums<'a> {
    conv: &'a Conv,
    padded: Padded,
    x: &'a [f32],
    dy: &'a [f32],
    out: [usize; 2],
    images: std::ops::Range<usize>,
    /// The first input channel.
    first: usize,
    group: usize,
    /// `[tap][channel][GROUP][16]`
    sums: Shared<'a, f32>,
}

impl Task for Sums<'_> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let outputs = blocks(self.conv.out_channels);
        let first = self.group * GROUP;
        if <L::Register as Lanes>::WIDTH < LANES {
            for block in first..(first + GROUP).min(outputs) {
                self.channels::<L, 1, 2>(l, block);
            }
        } else if first + GROUP <= outputs {
            self.channels::<L, GROUP, CHANNELS>(l, first);
        } else {
            self.channels::<L, 1, CHANNELS>(l, first);
        }
    }
}

impl Sums<'_> {
    /// R blocks of outputs from `block` on, I channels at a time.
    #[inline(always)]
    fn channels<L: Lanes, const R: usize, const I: usize>(&self, l: L, block: usize) {
        let Self {
            conv, padded, out, ..
        } = self;
        let (inputs, outputs) = (blocks(conv.in_channels), blocks(conv.out_channels));
        let area = out[0] * out[1] * LANES;
        let [rows, columns] = conv.kernel;
        // Whole rows, or pieces of one long row.
        let rows_at_once = (PIXELS / out[1].max(1)).clamp(1, out[0].max(1));
        let columns_at_once = out[1].clamp(1, 2 * PIXELS);
        for image in self.images.clone() {
            let x = (image * inputs + self.first / LANES) * padded.plane();
            let dy = (image * outputs + block) * area;
            for top in (0..out[0]).step_by(rows_at_once) {
                for left in (0..out[1]).step_by(columns_at_once) {
                    let width = (out[1] - left).min(columns_at_once);
                    for tap in 0..rows * columns {
                        let (down, right) = (
                            tap / columns * conv.dilation[0],
                            tap % columns * conv.dilation[1],
                        );
                        for channel in (0..CHANNELS).step_by(I) {
                            let lane = (self.first + channel) % LANES;
                            let to =
                                (tap * CHANNELS + channel) * GROUP + block - self.group * GROUP;
                            // SAFETY: this task's own sums; pixels of the image's planes: a window's tap lies on the padded
                            // plane, and every lane of a pixel may be read.
                            unsafe {
                                let to = self.sums.at(to * LANES);
                                let mut sums = [[l.zero(); I]; R];
                                for i in 0..I {
                                    for r in 0..R {
                                        sums[r][i] = l.load(to.add((i * GROUP + r) * LANES));
                                    }
                                }
                                for row in top..(top + rows_at_once).min(out[0]) {
                                    let from = x
                                        + (row * conv.stride[0] + down) * padded.row()
                                        + padded.column(right);
                                    let from = self.x.as_ptr().add(from + left * LANES + lane);
                                    let dy =
                                        self.dy.as_ptr().add(dy + (row * out[1] + left) * LANES);
                                    outer_products::<L, R, I>(
                                        l,
                                        width,
                                        dy,
                                        [area, LANES],
                                        from,
                                        [1, LANES],
                                        &mut sums,
                                    );
                                }
                                for i in 0..I {
                                    for r in 0..R {
                                        l.store(to.add((i * GROUP + r) * LANES), sums[r][i]);
                                    }
                                }
                            }
                        }
                    }
                }
            }
        }
    }
}
