//! Transposed convolution: every pixel is spread over a window of the result.

use rayon::prelude::*;

use super::window::{AXES, AutoPad, Geometry};
use super::{Call, Outputs, one, with_floats};
use crate::ops::Float;

/// One axis: place `p` of the input meets `p * stride + tap * dilation - before` of the result.
#[derive(Clone, Copy)]
struct Axis {
    input: usize,
    kernel: usize,
    stride: usize,
    dilation: usize,
    before: i64,
    output: usize,
}

impl Axis {
    const NONE: Axis = Axis {
        input: 1,
        kernel: 1,
        stride: 1,
        dilation: 1,
        before: 0,
        output: 1,
    };

    fn at(&self, place: usize, tap: usize) -> Option<usize> {
        let to = (place * self.stride + tap * self.dilation) as i64 - self.before;
        usize::try_from(to).ok().filter(|&to| to < self.output)
    }
}

pub(super) fn conv_transpose(call: &mut Call) -> Outputs {
    let (x, w) = (call.input(0)?, call.input(1)?);
    let fail = |reason: &str| {
        Err(format!(
            "{reason}: images {:?}, weights {:?}",
            x.shape(),
            w.shape()
        ))
    };
    let (&[images, channels, ref size @ ..], &[inputs, outputs, ref kernel @ ..]) =
        (x.shape(), w.shape())
    else {
        return fail("not images and weights");
    };
    let groups = call.attributes().int_or("group", 1)?;
    let groups = usize::try_from(groups).ok().filter(|&groups| groups > 0);
    let Some(groups) = groups.filter(|groups| channels.is_multiple_of(*groups)) else {
        return fail("the groups do not divide the channels");
    };
    if size.len() != kernel.len() || channels != inputs || kernel.contains(&0) {
        return fail("the sizes do not fit");
    }
    let axes = axes(call, size, kernel)?;
    let filters = outputs.checked_mul(groups).ok_or("too many channels")?;
    let mut shape = vec![images, filters];
    shape.extend(axes[AXES - size.len()..].iter().map(|axis| axis.output));
    call.room(&shape)?;
    let bias = call.optional(2);
    if let Some(bias) = bias.filter(|bias| bias.shape() != [filters]) {
        return Err(format!("{:?} biases for {filters} channels", bias.shape()));
    }
    let bias = match bias {
        Some(bias) => bias.floats("the biases")?,
        None => vec![0.0; filters],
    };
    with_floats!(x, values => {
        let w = w.expect("the weights")?;
        one(shape, spread(values, w, &bias, [images, channels, groups, outputs], &axes))
    })
}

fn axes(call: &Call, size: &[usize], kernel: &[usize]) -> Result<[Axis; AXES], String> {
    let geometry = Geometry::read(call, size.len())?;
    let numbers = |name: &str| -> Result<Option<&[i64]>, String> {
        let given = call.attributes().ints(name)?;
        match given {
            Some(given) if given.len() != size.len() || given.iter().any(|&v| v < 0) => {
                Err(format!("attribute '{name}' can't be {given:?}"))
            }
            given => Ok(given),
        }
    };
    let more = numbers("output_padding")?;
    let wanted = numbers("output_shape")?;
    let mut axes = [Axis::NONE; AXES];
    let missing = AXES - size.len();
    for (i, axis) in axes[missing..].iter_mut().enumerate() {
        let (stride, dilation) = (geometry.strides[i], geometry.dilations[i]);
        let more = more.map_or(0, |more| more[i]);
        let [input, taps, dilated] = [size[i], kernel[i], dilation].map(|v| v as i128);
        // What the windows reach without any padding.
        let full = stride as i128 * (input - 1) + i128::from(more) + (taps - 1) * dilated + 1;
        let auto = geometry.auto_pad();
        let same = matches!(auto, AutoPad::SameUpper | AutoPad::SameLower);
        let output = match wanted {
            Some(wanted) => Some(i128::from(wanted[i])),
            None if same => Some(input * stride as i128),
            None => None,
        };
        let (before, output) = match output {
            Some(output) => {
                let total = (full - output).max(0);
                let half = total / 2;
                let before = if auto == AutoPad::SameUpper {
                    half
                } else {
                    total - half
                };
                (before, output)
            }
            None => {
                let [before, behind] = geometry.pads(i).map(|pad| pad as i128);
                (before, full - before - behind)
            }
        };
        let fail = || format!("{size:?} pixels can't be spread to {output}");
        *axis = Axis {
            input: size[i],
            kernel: kernel[i],
            stride,
            dilation,
            before: before as i64,
            output: usize::try_from(output).map_err(|_| fail())?,
        };
    }
    Ok(axes)
}

fn spread<T: Float>(
    x: &[T],
    w: &[T],
    bias: &[f64],
    [images, channels, groups, outputs]: [usize; 4],
    axes: &[Axis; AXES],
) -> Vec<T> {
    let product = |f: fn(&Axis) -> usize| axes.iter().map(f).product::<usize>();
    let (area, area_out) = (product(|axis| axis.input), product(|axis| axis.output));
    let taps = product(|axis| axis.kernel);
    let filters = groups * outputs;
    let inputs = channels / groups;
    let [outer, rows, columns] = axes;
    let mut out = vec![T::default(); images * filters * area_out];
    if out.is_empty() {
        return out;
    }
    out.par_chunks_exact_mut(area_out)
        .enumerate()
        .for_each(|(plane, out)| {
            let (image, filter) = (plane / filters, plane % filters);
            let group = filter / outputs;
            let mut sums = vec![bias[filter]; area_out];
            for c in group * inputs..(group + 1) * inputs {
                let x = &x[(image * channels + c) * area..][..area];
                let w = &w[(c * outputs + filter % outputs) * taps..][..taps];
                for (tap, &w) in w.iter().enumerate() {
                    let k = tap % columns.kernel;
                    let j = tap / columns.kernel % rows.kernel;
                    let i = tap / columns.kernel / rows.kernel;
                    for (pixel, &x) in x.iter().enumerate() {
                        let b = pixel / columns.input % rows.input;
                        let a = pixel / columns.input / rows.input;
                        if let Some(a) = outer.at(a, i)
                            && let Some(b) = rows.at(b, j)
                            && let Some(c) = columns.at(pixel % columns.input, k)
                        {
                            sums[(a * rows.output + b) * columns.output + c] += x.into() * w.into();
                        }
                    }
                }
            }
            out.iter_mut()
                .zip(sums)
                .for_each(|(to, sum)| *to = T::nearest(sum));
        });
    out
}
