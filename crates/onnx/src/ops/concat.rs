//! Tensors in a row along an axis.

use super::binary::mixed;
use super::{Call, Outputs, one};
use crate::shape::axis;
use crate::tensor::{Element, Tensor, with_values};

pub(super) fn concat(call: &mut Call) -> Outputs {
    let all = call.all();
    let first = call.input(0)?;
    let given = call
        .attributes()
        .int("axis")?
        .ok_or("attribute 'axis' is missing")?;
    let axis = axis(given, first.rank())?;
    let mut shape = first.shape().to_vec();
    shape[axis] = 0;
    for part in &all {
        let alike = |(i, side): (usize, &usize)| i == axis || *side == part.shape()[i];
        if part.rank() != first.rank() || !first.shape().iter().enumerate().all(alike) {
            return Err(format!(
                "{:?} and {:?} differ in more than dimension {axis}",
                first.shape(),
                part.shape()
            ));
        }
        let sum = shape[axis].checked_add(part.shape()[axis]);
        shape[axis] = sum.ok_or("the result is too large")?;
    }
    call.room(&shape)?;
    let outer: usize = shape[..axis].iter().product();
    with_values!(first.data(), values => joined(values, shape, outer, &all))
}

/// For each place before the axis, a run of values of each part.
fn joined<T: Element>(_: &[T], shape: Vec<usize>, outer: usize, parts: &[&Tensor]) -> Outputs {
    let mut all = Vec::with_capacity(parts.len());
    for part in parts {
        all.push(part.values::<T>().ok_or_else(|| mixed(parts[0], part))?);
    }
    let mut values = Vec::with_capacity(all.iter().map(|part| part.len()).sum());
    for place in 0..outer {
        for part in &all {
            let len = part.len() / outer;
            values.extend_from_slice(&part[place * len..][..len]);
        }
    }
    one(shape, values)
}
