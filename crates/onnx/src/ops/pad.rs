//! Values added around a tensor, or cut off.

use super::{Call, Outputs, unsuited};
use crate::shape::{axes, strides};
use crate::tensor::{Element, Tensor, with_values};

/// Where along an axis the values of a padded tensor come from; none where they are the constant.
fn sources(
    mode: &str,
    before: i64,
    behind: i64,
    side: usize,
) -> Result<Vec<Option<usize>>, String> {
    let len = side as i64;
    let place = |at: i64| {
        let at = at - before;
        if (0..len).contains(&at) {
            return Some(at as usize);
        }
        match mode {
            "edge" => Some(at.clamp(0, len - 1) as usize),
            "wrap" => Some(at.rem_euclid(len) as usize),
            "reflect" => {
                // Back and forth, without repeating the ends.
                let period = (2 * (len - 1)).max(1);
                let at = at.rem_euclid(period);
                Some(at.min(period - at).min(len - 1) as usize)
            }
            _ => None,
        }
    };
    if !["constant", "edge", "wrap", "reflect"].contains(&mode) {
        return Err(format!("attribute 'mode' can't be '{mode}'"));
    }
    let total = len.saturating_add(before).saturating_add(behind);
    if total < 0 || total == i64::MAX {
        return Err(format!(
            "{before} before and {behind} behind do not fit {side} places"
        ));
    }
    if side == 0 && total > 0 && mode != "constant" {
        return Err(format!("there is nothing that mode '{mode}' could repeat"));
    }
    Ok((0..total).map(place).collect())
}

/// Lengths and value from inputs, or from attributes before opset 11.
pub(super) fn pad(call: &mut Call) -> Outputs {
    let x = call.input(0)?;
    let mode = call.attributes().text_or("mode", "constant")?;
    let pads = match call.optional(1) {
        Some(pads) if call.opset() >= 11 => pads.integers("the lengths")?,
        _ => call
            .attributes()
            .ints("pads")?
            .ok_or("no lengths are given")?
            .to_vec(),
    };
    let padded = match call.optional(3) {
        Some(given) => axes(&given.integers("the axes")?, x.rank())?,
        None => (0..x.rank()).collect(),
    };
    if pads.len() != 2 * padded.len() {
        return Err(format!("{} lengths for {} axes", pads.len(), padded.len()));
    }
    let mut of_axis = vec![(0, 0); x.rank()];
    for (i, &axis) in padded.iter().enumerate() {
        of_axis[axis] = (pads[i], pads[padded.len() + i]);
    }
    // The shape first: the lists of sources are as long as its sides.
    let mut shape = Vec::with_capacity(x.rank());
    for (&(before, behind), &side) in of_axis.iter().zip(x.shape()) {
        let total = (side as i64).saturating_add(before).saturating_add(behind);
        let total = usize::try_from(total)
            .map_err(|_| format!("{before} before and {behind} behind do not fit {side} places"))?;
        shape.push(total);
    }
    for &side in &shape {
        call.room(&[side, 2])?;
    }
    call.room(&shape)?;
    let mut from = Vec::with_capacity(x.rank());
    for (&(before, behind), &side) in of_axis.iter().zip(x.shape()) {
        from.push(sources(mode, before, behind, side)?);
    }
    let value = match call.optional(2) {
        Some(value) if call.opset() >= 11 => Some(value.cast(x.kind())?),
        _ if call.opset() < 11 => {
            let value = call.attributes().float_or("value", 0.0)?;
            Some(Tensor::of([], vec![value]).cast(x.kind())?)
        }
        _ => None,
    };
    with_values!(x.data(), values => padded_values(values, x, &shape, &from, value.as_ref()))
}

fn padded_values<T: Element>(
    values: &[T],
    x: &Tensor,
    shape: &[usize],
    from: &[Vec<Option<usize>>],
    value: Option<&Tensor>,
) -> Outputs {
    let constant = match value {
        Some(value) => match value.values::<T>().ok_or_else(|| unsuited(value.kind()))? {
            [value] => value.clone(),
            values => {
                return Err(format!(
                    "the constant must be one number, not {}",
                    values.len()
                ));
            }
        },
        None => T::default(),
    };
    let count = shape.iter().product();
    let Some((inner, outer)) = from.split_last() else {
        return Ok(vec![x.clone()]);
    };
    let steps = strides(x.shape());
    let mut out = Vec::with_capacity(count);
    let rows = if inner.is_empty() {
        0
    } else {
        count / inner.len()
    };
    for row in 0..rows {
        let mut rest = row;
        // The start of the row that is copied; none where it consists of the constant.
        let mut start = Some(0usize);
        for axis in (0..outer.len()).rev() {
            let place = outer[axis][rest % shape[axis]];
            rest /= shape[axis];
            start = start
                .zip(place)
                .map(|(start, place)| start + place * steps[axis] as usize);
        }
        let read = |place: &Option<usize>| match start.zip(*place) {
            Some((start, place)) => values[start + place].clone(),
            None => constant.clone(),
        };
        out.extend(inner.iter().map(read));
    }
    Ok(vec![Tensor::of(shape, out)])
}
