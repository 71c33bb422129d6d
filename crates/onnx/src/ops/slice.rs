//! Parts of a tensor.

use super::moves::view;
use super::{Call, Outputs};
use crate::shape::{axes, axis, strides};

/// From start to end in steps along some axes; inputs, or attributes before opset 10.
pub(super) fn slice(call: &mut Call) -> Outputs {
    let x = call.input(0)?;
    let of_input = |index: usize, what: &str| {
        let input = call.optional(index);
        input.map(|input| input.integers(what)).transpose()
    };
    let of_attribute = |name: &str| -> Result<Option<Vec<i64>>, String> {
        Ok(call.attributes().ints(name)?.map(<[i64]>::to_vec))
    };
    let (starts, ends, named, steps) = if call.opset() < 10 {
        (
            of_attribute("starts")?,
            of_attribute("ends")?,
            of_attribute("axes")?,
            None,
        )
    } else {
        (
            of_input(1, "the starts")?,
            of_input(2, "the ends")?,
            of_input(3, "the axes")?,
            of_input(4, "the steps")?,
        )
    };
    let starts = starts.ok_or("no starts are given")?;
    let ends = ends.ok_or("no ends are given")?;
    let named = named.unwrap_or_else(|| (0..starts.len() as i64).collect());
    let steps = steps.unwrap_or_else(|| vec![1; starts.len()]);
    let named = axes(&named, x.rank())?;
    let lengths = [ends.len(), named.len(), steps.len()];
    if lengths.iter().any(|&len| len != starts.len()) {
        return Err("starts, ends, axes and steps differ in number".into());
    }
    let mut shape = x.shape().to_vec();
    let mut strides = strides(x.shape());
    let mut start = 0;
    for (((axis, first), end), step) in named.into_iter().zip(starts).zip(ends).zip(steps) {
        let side = x.shape()[axis];
        let (first, count) = range(first, end, step, side)?;
        start += first as isize * strides[axis];
        // A step that leads out of memory is never taken: there is one place at most then.
        strides[axis] = strides[axis].wrapping_mul(step as isize);
        shape[axis] = count;
    }
    // `start` means nothing where there is no value.
    if shape.contains(&0) {
        start = 0;
    }
    Ok(vec![view(x, &shape, &strides, start)])
}

/// The first place and the number of places.
fn range(first: i64, end: i64, step: i64, side: usize) -> Result<(usize, usize), String> {
    let len = side as i128;
    let (first, end, step) = (i128::from(first), i128::from(end), i128::from(step));
    let from_start = |place: i128| if place < 0 { place + len } else { place };
    let (first, end) = (from_start(first), from_start(end));
    let (first, count) = match step {
        0 => return Err("a step is 0".into()),
        1.. => {
            let (first, end) = (first.clamp(0, len), end.clamp(0, len));
            (first, (end - first + step - 1) / step)
        }
        _ => {
            let (first, end) = (first.clamp(-1, len - 1), end.clamp(-1, len - 1));
            (first, (first - end - step - 1) / -step)
        }
    };
    // Both lie within the side.
    Ok((first.max(0) as usize, count.max(0) as usize))
}

/// Several parts in a row along an axis: of given lengths, or of about the same.
pub(super) fn split(call: &mut Call) -> Outputs {
    let x = call.input(0)?;
    let axis = axis(call.attributes().int_or("axis", 0)?, x.rank())?;
    let side = x.shape()[axis];
    let parts = call.attributes().int("num_outputs")?;
    let lengths = match call.optional(1) {
        Some(lengths) => Some(lengths.integers("the lengths")?),
        None => call.attributes().ints("split")?.map(<[i64]>::to_vec),
    };
    let lengths = match lengths {
        Some(lengths) => super::moves::sides(&lengths)?,
        None => {
            let parts = match parts {
                Some(parts) => usize::try_from(parts).unwrap_or(0),
                None => call.node.outputs.len(),
            };
            // A file can't have more outputs than it has letters, but this attribute may be any number.
            if parts == 0 || parts > call.node.outputs.len().max(1) {
                return Err(format!(
                    "{parts} parts for {} outputs",
                    call.node.outputs.len()
                ));
            }
            let len = side.div_ceil(parts);
            let part = |index: usize| len.min(side.saturating_sub(index * len));
            (0..parts).map(part).collect()
        }
    };
    let sum = lengths
        .iter()
        .try_fold(0usize, |sum, &len| sum.checked_add(len));
    if sum != Some(side) {
        return Err(format!("parts of {lengths:?} do not make {side}"));
    }
    let strides = strides(x.shape());
    let mut first = 0;
    let mut parts = Vec::with_capacity(lengths.len());
    for len in lengths {
        let mut shape = x.shape().to_vec();
        shape[axis] = len;
        let start = if shape.contains(&0) {
            0
        } else {
            first as isize * strides[axis]
        };
        parts.push(view(x, &shape, &strides, start));
        first += len;
    }
    Ok(parts)
}

#[cfg(test)]
mod tests {
    use super::range;

    #[test]
    fn slices_are_as_in_python() {
        let cases = [
            // first, end, step, side, places
            (0, 4, 1, 4, (0, 4)),
            (1, 3, 1, 4, (1, 2)),
            (-2, i64::MAX, 1, 4, (2, 2)),
            (0, -1, 2, 6, (0, 3)),
            (10, 20, 1, 4, (4, 0)),
            (3, 1, 1, 4, (3, 0)),
            (i64::MAX, i64::MIN, -1, 4, (3, 4)),
            (-1, 0, -2, 4, (3, 2)),
            (i64::MIN, i64::MAX, i64::MAX, 4, (0, 1)),
            (i64::MAX, i64::MIN, i64::MIN, 4, (3, 1)),
            (0, 1, 1, 0, (0, 0)),
            (-1, i64::MIN, -1, 0, (0, 0)),
        ];
        for (first, end, step, side, expected) in cases {
            let case = (first, end, step, side);
            assert_eq!(range(first, end, step, side), Ok(expected), "{case:?}");
        }
        assert!(range(0, 1, 0, 4).is_err());
    }
}
