//! `Resize` and `Upsample`: one axis after the other, each value a weighted sum of a few along the axis.

mod taps;

use super::softmax::floats_like;
use super::{Call, Outputs, with_numbers};
use crate::shape::{axes, strides};
use crate::tensor::{Element, Tensor};
use taps::{Method, Taps};

/// How one axis changes.
#[derive(Clone, Copy, Debug)]
struct Axis {
    index: usize,
    scale: f64,
    output: usize,
    /// The part that is looked at (for `tf_crop_and_resize`), as a share of the side.
    roi: [f64; 2],
}

pub(super) fn resize(call: &mut Call) -> Outputs {
    let x = call.input(0)?;
    if call.opset() < 11 {
        let scales = call.input(1)?.floats("the scales")?;
        return upsampled(call, x, &scales);
    }
    let attributes = call.attributes();
    let method = Method::read(attributes)?;
    let resized = match attributes.ints("axes")? {
        Some(named) => axes(named, x.rank())?,
        None => (0..x.rank()).collect(),
    };
    let given = |index: usize| call.optional(index).filter(|input| !input.is_empty());
    let roi = match given(1) {
        Some(roi) if method.uses_roi() => roi.floats("the region")?,
        _ => [vec![0.0; resized.len()], vec![1.0; resized.len()]].concat(),
    };
    if roi.len() != 2 * resized.len() {
        return Err(format!(
            "a region of {} numbers for {} axes",
            roi.len(),
            resized.len()
        ));
    }
    let (scales, sizes) = match (given(2), given(3)) {
        (Some(scales), None) => (scales.floats("the scales")?, None),
        (None, Some(sizes)) => {
            let sizes = super::moves::sides(&sizes.integers("the sizes")?)?;
            let ratios = sizes.iter().zip(&resized);
            let ratios = ratios.map(|(&to, &axis)| to as f64 / x.shape()[axis] as f64);
            (ratios.collect::<Vec<f64>>(), Some(sizes))
        }
        _ => return Err("either scales or sizes must be given".into()),
    };
    if scales.len() != resized.len() {
        return Err(format!(
            "{} scales for {} axes",
            scales.len(),
            resized.len()
        ));
    }
    let policy = attributes.text_or("keep_aspect_ratio_policy", "stretch")?;
    let common = match (policy, &sizes) {
        ("stretch", _) | (_, None) => None,
        ("not_larger", Some(_)) => Some(scales.iter().copied().fold(f64::INFINITY, f64::min)),
        ("not_smaller", Some(_)) => Some(scales.iter().copied().fold(0.0, f64::max)),
        (other, _) => {
            return Err(format!(
                "attribute 'keep_aspect_ratio_policy' can't be '{other}'"
            ));
        }
    };
    let mut changed = Vec::new();
    for (i, &index) in resized.iter().enumerate() {
        let side = x.shape()[index] as f64;
        let scale = common.unwrap_or(scales[i]);
        let output = match (&sizes, common) {
            (Some(sizes), None) => sizes[i] as f64,
            (_, Some(scale)) => (scale * side + 0.5).floor(),
            // In the precision in which scales are given, lest 3 x 0.6666667 should be 2.0000001 or 1.9999999.
            (None, None) => f64::from((scale * side) as f32).floor(),
        };
        changed.push(Axis {
            index,
            scale,
            output: output as usize,
            roi: [roi[i], roi[resized.len() + i]],
        });
    }
    resized_by(call, x, &changed, &method)
}

pub(super) fn upsample(call: &mut Call) -> Outputs {
    let x = call.input(0)?;
    let scales = match call.optional(1) {
        Some(scales) => scales.floats("the scales")?,
        None => {
            let scales = call.attributes().floats("scales")?;
            scales.iter().map(|&scale| scale.into()).collect()
        }
    };
    upsampled(call, x, &scales)
}

/// As it was before opset 11: places are multiplied.
fn upsampled(call: &Call, x: &Tensor, scales: &[f64]) -> Outputs {
    if scales.len() != x.rank() {
        return Err(format!("{} scales for {} axes", scales.len(), x.rank()));
    }
    let method = Method::before_11(call.attributes())?;
    let axis = |(index, &scale): (usize, &f64)| Axis {
        index,
        scale,
        output: (scale * x.shape()[index] as f64).floor() as usize,
        roi: [0.0, 1.0],
    };
    let changed: Vec<Axis> = scales.iter().enumerate().map(axis).collect();
    resized_by(call, x, &changed, &method)
}

fn resized_by(call: &Call, x: &Tensor, changed: &[Axis], method: &Method) -> Outputs {
    let mut shape = x.shape().to_vec();
    let mut each = Vec::new();
    for axis in changed {
        if !(axis.scale > 0.0 && axis.scale.is_finite()) {
            return Err(format!("a scale of {}", axis.scale));
        }
        let input = x.shape()[axis.index];
        if input == 0 && axis.output > 0 {
            return Err("an image without pixels".into());
        }
        shape[axis.index] = axis.output;
        let same = axis.scale == 1.0 && axis.output == input && axis.roi == [0.0, 1.0];
        if !same {
            each.push(*axis);
        }
    }
    call.room(&shape)?;
    let mut taps = Vec::with_capacity(each.len());
    for axis in &each {
        let input = x.shape()[axis.index];
        call.room(&[axis.output, method.taps(axis.scale, input)])?;
        taps.push(method.places(axis.scale, input, axis.output, axis.roi));
    }
    if method.is_nearest() {
        return with_numbers!(x, values => {
            Ok(vec![copied(values, x.shape(), &shape, &each, &taps, method.outside())])
        });
    }
    let mut values = x.floats("the image")?;
    let mut now = x.shape().to_vec();
    // Those that make the image smaller first.
    let mut order: Vec<usize> = (0..each.len()).collect();
    order.sort_by(|&a, &b| each[a].scale.total_cmp(&each[b].scale));
    for i in order {
        let axis = each[i].index;
        let inner: usize = now[axis + 1..].iter().product();
        let slice = now[axis] * inner;
        now[axis] = each[i].output;
        let mut out = vec![0.0; call.room(&now)?];
        let parts = values.chunks_exact(slice.max(1));
        for (from, to) in parts.zip(out.chunks_exact_mut((now[axis] * inner).max(1))) {
            for (taps, to) in taps[i].iter().zip(to.chunks_exact_mut(inner.max(1))) {
                for &(place, weight) in taps {
                    let from = &from[place * inner..][..inner];
                    to.iter_mut()
                        .zip(from)
                        .for_each(|(to, from)| *to += weight * from);
                }
            }
        }
        values = out;
    }
    // A value is outside if it is so along any axis: no taps then.
    for (axis, taps) in each.iter().zip(&taps) {
        let inner: usize = shape[axis.index + 1..].iter().product();
        for (line, values) in values.chunks_exact_mut(inner.max(1)).enumerate() {
            if taps[line % axis.output].is_empty() {
                values.fill(method.outside());
            }
        }
    }
    floats_like(x, &shape, values)
}

/// Each value from a single place.
fn copied<T: Element + Copy + FromFloat>(
    values: &[T],
    old: &[usize],
    shape: &[usize],
    changed: &[Axis],
    taps: &[Taps],
    outside: f64,
) -> Tensor {
    let steps = strides(old);
    // For each axis the step to each place; none where that lies outside.
    let mut places: Vec<Vec<Option<usize>>> = shape
        .iter()
        .zip(&steps)
        .map(|(&side, &step)| (0..side).map(|place| Some(place * step as usize)).collect())
        .collect();
    for (axis, taps) in changed.iter().zip(taps) {
        let step = steps[axis.index] as usize;
        let place = |taps: &Vec<(usize, f64)>| taps.first().map(|&(place, _)| place * step);
        places[axis.index] = taps.iter().map(place).collect();
    }
    let Some((inner, outer)) = places.split_last() else {
        return Tensor::of(shape, values.to_vec());
    };
    let rows = if inner.is_empty() {
        0
    } else {
        shape.iter().product::<usize>() / inner.len()
    };
    let mut out = Vec::with_capacity(rows * inner.len());
    for row in 0..rows {
        let mut rest = row;
        let mut start = Some(0);
        for places in outer.iter().rev() {
            let place = places[rest % places.len()];
            rest /= places.len();
            start = start
                .zip(place)
                .map(|(start, place): (usize, usize)| start + place);
        }
        let value = |place: &Option<usize>| match start.zip(*place) {
            Some((start, place)) => values[start + place],
            None => T::from_float(outside),
        };
        out.extend(inner.iter().map(value));
    }
    Tensor::of(shape, out)
}

/// Numbers that a float can become.
trait FromFloat {
    fn from_float(v: f64) -> Self;
}

impl FromFloat for f32 {
    fn from_float(v: f64) -> Self {
        v as f32
    }
}

impl FromFloat for f64 {
    fn from_float(v: f64) -> Self {
        v
    }
}

impl FromFloat for i64 {
    fn from_float(v: f64) -> Self {
        v as i64
    }
}
