//! Normalizations, as they are when a network is used: with stored statistics, or those of each image.

use super::softmax::{floats_like, lines};
use super::{Call, Outputs, like, one, unsuited, with_floats};
use crate::shape::{axes, axis, broadcast, repeated, strides};
use crate::tensor::Tensor;

/// Numbers of one input, one for each channel.
fn of_channels(call: &Call, index: usize, channels: usize) -> Result<Vec<f64>, String> {
    let input = call.input(index)?;
    if input.shape() != [channels] {
        return Err(format!(
            "input {} of {:?} for {channels} channels",
            index + 1,
            input.shape()
        ));
    }
    input.floats("the input")
}

/// Images, channels and the pixels of each.
fn planes(x: &Tensor) -> Result<(usize, usize, usize), String> {
    match x.shape() {
        [n, c, size @ ..] => Ok((*n, *c, size.iter().product())),
        shape => Err(format!("images of shape {shape:?}")),
    }
}

/// With the statistics of training.
pub(super) fn batch(call: &mut Call) -> Outputs {
    let attributes = call.attributes();
    if attributes.flag("training_mode", false)? {
        return Err("training mode is not supported: export the model for inference".into());
    }
    if call.opset() < 9 && !attributes.flag("spatial", true)? {
        return Err("statistics for each pixel ('spatial' = 0) are not supported".into());
    }
    let epsilon = f64::from(attributes.float_or("epsilon", 1e-5)?);
    let channels = call.input(0)?.shape().get(1).copied().unwrap_or(1);
    let [scale, bias, mean, variance] = [
        of_channels(call, 1, channels)?,
        of_channels(call, 2, channels)?,
        of_channels(call, 3, channels)?,
        of_channels(call, 4, channels)?,
    ];
    let mut x = call.take(0)?;
    let area: usize = x.shape().get(2..).unwrap_or_default().iter().product();
    let factors: Vec<(f64, f64)> = (0..channels)
        .map(|c| {
            let factor = scale[c] / (variance[c] + epsilon).sqrt();
            (factor, bias[c] - mean[c] * factor)
        })
        .collect();
    if x.is_empty() {
        return Ok(vec![x]);
    }
    let kind = x.kind();
    if let Some(values) = x.values_mut::<f32>() {
        for (plane, values) in values.chunks_exact_mut(area).enumerate() {
            let (factor, shift) = factors[plane % channels];
            let (factor, shift) = (factor as f32, shift as f32);
            values.iter_mut().for_each(|v| *v = *v * factor + shift);
        }
    } else if let Some(values) = x.values_mut::<f64>() {
        for (plane, values) in values.chunks_exact_mut(area).enumerate() {
            let (factor, shift) = factors[plane % channels];
            values.iter_mut().for_each(|v| *v = *v * factor + shift);
        }
    } else {
        return Err(unsuited(kind));
    }
    Ok(vec![x])
}

/// Brings values to mean 0 and variance 1: the mean, and one over the deviation.
fn standardize(line: &mut [f64], epsilon: f64) -> (f64, f64) {
    let count = line.len() as f64;
    let mean = line.iter().sum::<f64>() / count;
    let variance = line.iter().map(|v| (v - mean) * (v - mean)).sum::<f64>() / count;
    let inverse = 1.0 / (variance + epsilon).sqrt();
    line.iter_mut().for_each(|v| *v = (*v - mean) * inverse);
    (mean, inverse)
}

/// Each channel of each image.
pub(super) fn instance(call: &mut Call) -> Outputs {
    let epsilon = f64::from(call.attributes().float_or("epsilon", 1e-5)?);
    let x = call.input(0)?;
    let (_, channels, area) = planes(x)?;
    let (scale, bias) = (
        of_channels(call, 1, channels)?,
        of_channels(call, 2, channels)?,
    );
    let mut values = x.floats("the images")?;
    for (plane, line) in values.chunks_exact_mut(area.max(1)).enumerate() {
        standardize(line, epsilon);
        let (scale, bias) = (scale[plane % channels], bias[plane % channels]);
        line.iter_mut().for_each(|v| *v = *v * scale + bias);
    }
    floats_like(x, x.shape(), values)
}

/// Each group of channels of each image; scale and bias for each group before opset 21, for each channel since.
pub(super) fn group(call: &mut Call) -> Outputs {
    let epsilon = f64::from(call.attributes().float_or("epsilon", 1e-5)?);
    let groups = call.attributes().int("num_groups")?.unwrap_or(0);
    let x = call.input(0)?;
    let (_, channels, area) = planes(x)?;
    let groups = usize::try_from(groups).unwrap_or(0);
    if groups == 0 || channels % groups != 0 {
        return Err(format!("{channels} channels in {groups} groups"));
    }
    let of_group = channels / groups;
    let factors = if call.opset() < 21 { groups } else { channels };
    let (scale, bias) = (
        of_channels(call, 1, factors)?,
        of_channels(call, 2, factors)?,
    );
    let mut values = x.floats("the images")?;
    for line in values.chunks_exact_mut((of_group * area).max(1)) {
        standardize(line, epsilon);
    }
    for (plane, line) in values.chunks_exact_mut(area.max(1)).enumerate() {
        let channel = plane % channels;
        let factor = if factors == groups {
            channel / of_group
        } else {
            channel
        };
        line.iter_mut()
            .for_each(|v| *v = *v * scale[factor] + bias[factor]);
    }
    floats_like(x, x.shape(), values)
}

/// Values of `factor`, repeated to the shape of the axes it belongs to.
fn spread(factor: &Tensor, shape: &[usize]) -> Result<Vec<f64>, String> {
    if broadcast(&[factor.shape(), shape])? != shape {
        return Err(format!("factors {:?} do not fit {shape:?}", factor.shape()));
    }
    super::moves::view(factor, shape, &repeated(factor.shape(), shape), 0).floats("the factors")
}

/// All values from an axis on; with their means and deviations.
pub(super) fn layer(call: &mut Call) -> Outputs {
    let epsilon = f64::from(call.attributes().float_or("epsilon", 1e-5)?);
    let x = call.input(0)?;
    let axis = axis(call.attributes().int_or("axis", -1)?, x.rank())?;
    let own = &x.shape()[axis..];
    let scale = spread(call.input(1)?, own)?;
    let bias = call.optional(2).map(|bias| spread(bias, own)).transpose()?;
    let mut values = x.floats("the input")?;
    let (mut means, mut inverses) = (Vec::new(), Vec::new());
    for line in values.chunks_exact_mut(scale.len().max(1)) {
        let (mean, inverse) = standardize(line, epsilon);
        means.push(mean);
        inverses.push(inverse);
        line.iter_mut()
            .zip(&scale)
            .for_each(|(v, scale)| *v *= scale);
        if let Some(bias) = &bias {
            line.iter_mut().zip(bias).for_each(|(v, bias)| *v += bias);
        }
    }
    let mut outputs = floats_like(x, x.shape(), values)?;
    let mut shape = x.shape()[..axis].to_vec();
    shape.resize(x.rank(), 1);
    if means.len() == shape.iter().product::<usize>() {
        for statistics in [means, inverses] {
            outputs.extend(floats_like(x, &shape, statistics)?);
        }
    }
    Ok(outputs)
}

/// All values from an axis on, divided by the root of their mean square.
pub(super) fn root_mean_square(call: &mut Call) -> Outputs {
    let epsilon = f64::from(call.attributes().float_or("epsilon", 1e-5)?);
    let x = call.input(0)?;
    let axis = axis(call.attributes().int_or("axis", -1)?, x.rank())?;
    let scale = spread(call.input(1)?, &x.shape()[axis..])?;
    let mut values = x.floats("the input")?;
    for line in values.chunks_exact_mut(scale.len().max(1)) {
        let square = line.iter().map(|v| v * v).sum::<f64>() / line.len() as f64;
        let inverse = 1.0 / (square + epsilon).sqrt();
        line.iter_mut()
            .zip(&scale)
            .for_each(|(v, scale)| *v *= inverse * scale);
    }
    floats_like(x, x.shape(), values)
}

/// Lines along an axis, divided by their 1- or 2-norm.
pub(super) fn lp(call: &mut Call) -> Outputs {
    let x = call.input(0)?;
    let axis = axis(call.attributes().int_or("axis", -1)?, x.rank())?;
    let norm: fn(&[f64]) -> f64 = match call.attributes().int_or("p", 2)? {
        1 => |line| line.iter().map(|v| v.abs()).sum(),
        2 => |line| line.iter().map(|v| v * v).sum::<f64>().sqrt(),
        p => return Err(format!("attribute 'p' can't be {p}")),
    };
    let mut values = x.floats("the input")?;
    let inner = x.shape()[axis + 1..].iter().product();
    lines(&mut values, x.shape()[axis], inner, |line| {
        let norm = norm(line);
        if norm > 0.0 {
            line.iter_mut().for_each(|v| *v /= norm);
        }
    });
    floats_like(x, x.shape(), values)
}

/// To mean 0 and variance 1 over some axes.
pub(super) fn mean_variance(call: &mut Call) -> Outputs {
    let x = call.input(0)?;
    let default = [0, 2, 3];
    let reduced = axes(
        call.attributes().ints("axes")?.unwrap_or(&default),
        x.rank(),
    )?;
    // Each value belongs to the set of its place along the other axes.
    let mut kept = x.shape().to_vec();
    for &axis in &reduced {
        kept[axis] = 1;
    }
    let mut steps = strides(&kept);
    for &axis in &reduced {
        steps[axis] = 0;
    }
    let own = strides(x.shape());
    let set = |at: usize| {
        let place = |axis: usize| at / own[axis] as usize % x.shape()[axis] * steps[axis] as usize;
        (0..x.rank()).map(place).sum::<usize>()
    };
    let values = x.floats("the input")?;
    let sets: usize = kept.iter().product();
    let count = (values.len() / sets.max(1)) as f64;
    let (mut sums, mut squares) = (vec![0.0; sets], vec![0.0; sets]);
    for (at, v) in values.iter().enumerate() {
        sums[set(at)] += v;
    }
    sums.iter_mut().for_each(|sum| *sum /= count);
    for (at, v) in values.iter().enumerate() {
        squares[set(at)] += (v - sums[set(at)]).powi(2);
    }
    let standard =
        |(at, v): (usize, &f64)| (v - sums[set(at)]) / ((squares[set(at)] / count).sqrt() + 1e-9);
    floats_like(
        x,
        x.shape(),
        values.iter().enumerate().map(standard).collect(),
    )
}

/// By the squares of neighbouring channels.
pub(super) fn local_response(call: &mut Call) -> Outputs {
    let attributes = call.attributes();
    let alpha = f64::from(attributes.float_or("alpha", 1e-4)?);
    let beta = f64::from(attributes.float_or("beta", 0.75)?);
    let bias = f64::from(attributes.float_or("bias", 1.0)?);
    let size = attributes
        .int("size")?
        .ok_or("attribute 'size' is missing")?;
    let size = usize::try_from(size).ok().filter(|&size| size > 0);
    let size = size.ok_or("attribute 'size' must be at least 1")?;
    let x = call.input(0)?;
    let (_, channels, area) = planes(x)?;
    let (before, behind) = ((size - 1) / 2, size / 2);
    with_floats!(x, values => {
        let mut out = values.to_vec();
        let images = values.chunks_exact((channels * area).max(1));
        for (image, out) in images.zip(out.chunks_exact_mut((channels * area).max(1))) {
            for c in 0..channels {
                let near = c.saturating_sub(before)..=c.saturating_add(behind).min(channels - 1);
                for pixel in 0..area {
                    let squares = near.clone().map(|c| f64::from(image[c * area + pixel]).powi(2));
                    let divisor = bias + alpha / size as f64 * squares.sum::<f64>();
                    let at = c * area + pixel;
                    out[at] = like(values, f64::from(image[at]) / divisor.powf(beta));
                }
            }
        }
        one(x.shape(), out)
    })
}

/// Nothing is dropped when a network is used.
pub(super) fn dropout(call: &mut Call) -> Outputs {
    let training = match call.optional(2) {
        Some(training) => training.expect::<bool>("the mode")?.contains(&true),
        None => false,
    };
    let ratio = call
        .optional(1)
        .map(|ratio| ratio.float("the ratio"))
        .transpose()?;
    if training && ratio != Some(0.0) {
        return Err("training mode is not supported: export the model for inference".into());
    }
    let opset = call.opset();
    let wants_mask = call.wants(1);
    let x = call.take(0)?;
    if !wants_mask {
        return Ok(vec![x]);
    }
    let mask = Tensor::of(x.shape(), vec![true; x.len()]);
    // The mask was of the input's type once.
    let mask = if opset < 10 {
        mask.cast(x.kind())?
    } else {
        mask
    };
    Ok(vec![x, mask])
}
