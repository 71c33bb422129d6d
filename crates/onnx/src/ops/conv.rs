//! Convolution: images by the kernels of this project, whatever those do not take by simple loops.
//!
//! N images, C channels in, M out, G groups. Paths for 32-bit floats along one or two axes:
//!
//! - sixteen images at a time in the layout 'lanes';
//! - up to eight with stride 1 in plain NCHW, by Winograd's algorithm where the weights are constant;
//! - with larger strides: the taps of all windows side by side (im2col), then one product of matrices;
//! - a channel a group (depthwise): row by row;
//! - other groups: each by the paths above.

mod depthwise;

use std::sync::{Arc, OnceLock};

use kernels::channels::winograd::{self, TransformedWeights};
use kernels::channels::{self, Weights};
use kernels::conv::{Conv, Epilogue};
use kernels::lanes::{LANES, blocks, pack, unpack};
use rayon::prelude::*;

use super::window::{AXES, Axis, Geometry, outputs};
use super::{Call, Float, Outputs, Prepared, one, unsuited};
use crate::tensor::Kind;

/// Sizes of a convolution, or of one of its groups.
#[derive(Clone, Copy)]
struct Sizes {
    images: usize,
    /// Channels of a group.
    inputs: usize,
    /// Channels of a group.
    outputs: usize,
    groups: usize,
    axes: [Axis; AXES],
}

impl Sizes {
    /// Pixels of an image, before and after.
    fn areas(&self) -> (usize, usize) {
        let input = self.axes.iter().map(|axis| axis.input).product();
        let output = self.axes.iter().map(|axis| axis.output).product();
        (input, output)
    }

    /// Weights of an output channel.
    fn taps(&self) -> usize {
        self.inputs * self.axes.iter().map(|axis| axis.kernel).product::<usize>()
    }
}

pub(super) fn conv(call: &mut Call) -> Outputs {
    let (x, w) = (call.input(0)?, call.input(1)?);
    let fail = |reason: &str| {
        Err(format!(
            "{reason}: images {:?}, weights {:?}",
            x.shape(),
            w.shape()
        ))
    };
    let (&[images, channels, ref size @ ..], &[filters, inputs, ref kernel @ ..]) =
        (x.shape(), w.shape())
    else {
        return fail("not images and weights");
    };
    if size.len() != kernel.len() {
        return fail("the dimensions differ");
    }
    if let Some(named) = call.attributes().ints("kernel_shape")?
        && super::moves::sides(named)? != kernel
    {
        return fail("attribute 'kernel_shape' differs from the weights");
    }
    let groups = call.attributes().int_or("group", 1)?;
    let groups = usize::try_from(groups).ok().filter(|&groups| groups > 0);
    let Some(groups) = groups.filter(|groups| filters.is_multiple_of(*groups)) else {
        return fail("the groups do not divide the channels");
    };
    if inputs.checked_mul(groups) != Some(channels) {
        return fail("the numbers of channels differ");
    }
    let axes = Geometry::read(call, size.len())?.axes(size, kernel)?;
    let sizes = Sizes {
        images,
        inputs,
        outputs: filters / groups,
        groups,
        axes,
    };
    let mut shape = vec![images, filters];
    shape.extend(outputs(&axes, size.len()));
    let count = call.room(&shape)?;
    let bias = call.optional(2);
    if let Some(bias) = bias.filter(|bias| bias.shape() != [filters]) {
        return Err(format!("{:?} biases for {filters} channels", bias.shape()));
    }
    match x.kind() {
        Kind::F32 => {
            let (x, w) = (
                x.expect::<f32>("the images")?,
                w.expect::<f32>("the weights")?,
            );
            let bias = match bias {
                Some(bias) => bias.expect::<f32>("the biases")?.to_vec(),
                None => vec![0.0; filters],
            };
            if count == 0 || channels == 0 || size.len() > 2 {
                return one(shape, simple(sizes, x, w, &bias, call.node.relu));
            }
            one(shape, planar(call, sizes, x, w, &bias)?)
        }
        Kind::F64 => {
            let (x, w) = (
                x.expect::<f64>("the images")?,
                w.expect::<f64>("the weights")?,
            );
            let bias = match bias {
                Some(bias) => bias.expect::<f64>("the biases")?.to_vec(),
                None => vec![0.0; filters],
            };
            one(shape, simple(sizes, x, w, &bias, call.node.relu))
        }
        kind => Err(unsuited(kind)),
    }
}

/// Along one or two axes.
fn planar(
    call: &Call,
    sizes: Sizes,
    x: &[f32],
    w: &[f32],
    bias: &[f32],
) -> Result<Vec<f32>, String> {
    if sizes.groups == 1 {
        return dense(call, sizes, x, w, bias);
    }
    if sizes.inputs == 1 {
        return Ok(depthwise::conv(sizes, x, w, bias, call.node.relu));
    }
    let (area, area_out) = sizes.areas();
    let of_group = Sizes {
        images: 1,
        groups: 1,
        ..sizes
    };
    let weights = sizes.outputs * sizes.taps();
    let mut out = Vec::with_capacity(sizes.images * sizes.groups * sizes.outputs * area_out);
    for (index, x) in x.chunks_exact(sizes.inputs * area).enumerate() {
        let group = index % sizes.groups;
        let w = &w[group * weights..][..weights];
        let bias = &bias[group * sizes.outputs..][..sizes.outputs];
        out.extend(dense(call, of_group, x, w, bias)?);
    }
    Ok(out)
}

/// One group along one or two axes.
fn dense(
    call: &Call,
    sizes: Sizes,
    x: &[f32],
    w: &[f32],
    bias: &[f32],
) -> Result<Vec<f32>, String> {
    let [_, rows, columns] = sizes.axes;
    if rows.before != rows.behind || columns.before != columns.behind {
        let (padded, sizes) = padded(call, sizes, x)?;
        return dense(call, sizes, &padded, w, bias);
    }
    let conv = Conv {
        in_channels: sizes.inputs,
        out_channels: sizes.outputs,
        kernel: [rows.kernel, columns.kernel],
        stride: [rows.stride, columns.stride],
        padding: [rows.before, columns.before],
        dilation: [rows.dilation, columns.dilation],
    };
    let size = [rows.input, columns.input];
    if conv.output(size) != Some([rows.output, columns.output]) || !channels::supports(&conv, size)
    {
        return Ok(simple(sizes, x, w, bias, call.node.relu));
    }
    let (area, area_out) = sizes.areas();
    let (image, image_out) = (sizes.inputs * area, sizes.outputs * area_out);
    // Whole blocks of sixteen, where images are many and small, and what is left of them where that is much.
    let rest = sizes.images % LANES;
    let in_lanes = if channels::suits(sizes.images, area) {
        0
    } else if channels::suits(rest, area) {
        sizes.images - rest
    } else {
        sizes.images
    };
    let epilogue = if call.node.relu {
        Epilogue::Relu
    } else {
        Epilogue::None
    };
    let mut out = Vec::new();
    if in_lanes > 0 {
        call.room(&[blocks(in_lanes), LANES, image.max(image_out)])?;
        let lanes = pack(&x[..in_lanes * image], in_lanes, image);
        let made = conv.forward(&lanes, size, w, Some(bias), epilogue);
        out = unpack(&made, in_lanes, image_out);
    }
    if in_lanes == sizes.images {
        return Ok(out);
    }
    let images = sizes.images - in_lanes;
    let padded_out = channels::blocks(sizes.outputs) * LANES * area_out;
    let padded_in = channels::blocks(sizes.inputs) * LANES * area;
    call.room(&[images, padded_in.max(padded_out)])?;
    let few = channels::pack(&x[in_lanes * image..], sizes.inputs, area);
    let relu = call.node.relu;
    let made = if winograd::supports(&conv, images, size) {
        let weights = prepared(
            call,
            |kept| &kept.winograd,
            || TransformedWeights::new(&conv, w, bias),
        );
        winograd::conv(&conv, &few, size, &weights, relu)
    } else {
        let weights = prepared(call, |kept| &kept.direct, || Weights::new(&conv, w, bias));
        channels::conv(&conv, &few, size, &weights, relu)
    };
    out.extend(channels::unpack(&made, sizes.outputs, area_out));
    Ok(out)
}

/// A convolution's constant parameters in the order in which a kernel reads them.
#[derive(Debug, Default)]
pub(crate) struct ConvWeights {
    direct: OnceLock<Arc<Weights>>,
    winograd: OnceLock<Arc<TransformedWeights>>,
}

/// What `make` makes of a convolution's parameters, kept between runs where these are constant and not of one group of several.
fn prepared<T>(
    call: &Call,
    place: impl Fn(&ConvWeights) -> &OnceLock<Arc<T>>,
    make: impl FnOnce() -> T,
) -> Arc<T> {
    let is_constant = call.is_constant(1) && (call.optional(2).is_none() || call.is_constant(2));
    let is_whole = call.attributes().int_or("group", 1) == Ok(1);
    let keep = || Prepared::Conv(ConvWeights::default());
    match call.node.prepared.get_or_init(keep) {
        Prepared::Conv(kept) if is_constant && is_whole => {
            Arc::clone(place(kept).get_or_init(|| Arc::new(make())))
        }
        _ => Arc::new(make()),
    }
}

/// The images with their padding as pixels, where it differs from side to side.
fn padded(call: &Call, sizes: Sizes, x: &[f32]) -> Result<(Vec<f32>, Sizes), String> {
    let [outer, rows, columns] = sizes.axes;
    let widened = |axis: Axis| Axis {
        input: axis.before + axis.input + axis.behind,
        before: 0,
        behind: 0,
        ..axis
    };
    let (tall, wide) = (widened(rows), widened(columns));
    let planes = sizes.images * sizes.inputs;
    let count = call.room(&[planes, tall.input, wide.input])?;
    let mut out = vec![0.0; count];
    let area = rows.input * columns.input;
    out.par_chunks_exact_mut(tall.input * wide.input)
        .zip(x.par_chunks_exact(area))
        .for_each(|(to, from)| {
            let to = to[rows.before * wide.input..].chunks_exact_mut(wide.input);
            for (to, from) in to.zip(from.chunks_exact(columns.input)) {
                to[columns.before..][..columns.input].copy_from_slice(from);
            }
        });
    let axes = [outer, tall, wide];
    Ok((out, Sizes { axes, ..sizes }))
}

/// Any convolution, window by window, summed in 64 bits; then ReLU if `relu`.
fn simple<T: Float>(sizes: Sizes, x: &[T], w: &[T], bias: &[T], relu: bool) -> Vec<T> {
    let (area, area_out) = sizes.areas();
    let channels = sizes.inputs * sizes.groups;
    let filters = sizes.outputs * sizes.groups;
    let taps = sizes.taps();
    let [outer, rows, columns] = sizes.axes;
    let mut out = vec![T::default(); sizes.images * filters * area_out];
    if out.is_empty() {
        return out;
    }
    out.par_chunks_exact_mut(area_out)
        .enumerate()
        .for_each(|(plane, out)| {
            let (image, filter) = (plane / filters, plane % filters);
            let first = image * channels + filter / sizes.outputs * sizes.inputs;
            let w = &w[filter * taps..][..taps];
            for (window, to) in out.iter_mut().enumerate() {
                let column = window % columns.output;
                let row = window / columns.output % rows.output;
                let layer = window / columns.output / rows.output;
                let mut sum: f64 = bias[filter].into();
                for c in 0..sizes.inputs {
                    let x = &x[(first + c) * area..][..area];
                    for (i, a) in outer.taps(layer) {
                        for (j, b) in rows.taps(row) {
                            for (k, d) in columns.taps(column) {
                                let tap =
                                    ((c * outer.kernel + i) * rows.kernel + j) * columns.kernel + k;
                                let pixel = (a * rows.input + b) * columns.input + d;
                                sum += w[tap].into() * x[pixel].into();
                            }
                        }
                    }
                }
                *to = T::nearest(if relu && sum < 0.0 { 0.0 } else { sum });
            }
        });
    out
}
