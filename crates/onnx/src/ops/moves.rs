//! Operators whose result is the input read in another order.

use super::{Call, Outputs};
use crate::shape::{Walk, repeated, strides};
use crate::tensor::{Element, Tensor, with_values};

/// The tensor of `shape` whose value at each place is the one `strides` lead to from `start`.
///
/// Every place that is read must exist: the callers make sure of it.
pub(super) fn view(x: &Tensor, shape: &[usize], strides: &[isize], start: isize) -> Tensor {
    fn read<T: Element>(x: &[T], shape: &[usize], walk: &Walk<1>, start: isize) -> Tensor {
        let row = walk.row();
        let [step] = walk.step();
        let mut values = Vec::with_capacity(walk.rows() * row);
        for [at] in walk.starts(0, walk.rows()) {
            let at = start + at;
            match step {
                1 => values.extend_from_slice(&x[at as usize..][..row]),
                0 => values.resize(values.len() + row, x[at as usize].clone()),
                _ => values.extend((0..row as isize).map(|i| x[(at + i * step) as usize].clone())),
            }
        }
        Tensor::of(shape, values)
    }
    let walk = Walk::new(shape, [strides]);
    with_values!(x.data(), values => read(values, shape, &walk, start))
}

/// The axes in the order `perm`, by default reversed.
pub(super) fn transpose(call: &mut Call) -> Outputs {
    let x = call.input(0)?;
    let order: Vec<usize> = match call.attributes().ints("perm")? {
        Some(order) => crate::shape::axes(order, x.rank())?,
        None => (0..x.rank()).rev().collect(),
    };
    if order.len() != x.rank() {
        return Err(format!("{order:?} is not an order of {} axes", x.rank()));
    }
    Ok(vec![permuted(x, &order)])
}

/// The tensor with its axes in another order.
pub(super) fn permuted(x: &Tensor, order: &[usize]) -> Tensor {
    let own = strides(x.shape());
    let shape: Vec<usize> = order.iter().map(|&axis| x.shape()[axis]).collect();
    let strides: Vec<isize> = order.iter().map(|&axis| own[axis]).collect();
    view(x, &shape, &strides, 0)
}

/// Repeated to a shape; sides of 1 in either are taken from the other.
pub(super) fn expand(call: &mut Call) -> Outputs {
    let wanted = sides(&call.input(1)?.integers("the shape")?)?;
    let x = call.input(0)?;
    let shape = crate::shape::broadcast(&[x.shape(), &wanted])?;
    call.room(&shape)?;
    Ok(vec![view(x, &shape, &repeated(x.shape(), &shape), 0)])
}

/// A shape from whole numbers.
pub(super) fn sides(given: &[i64]) -> Result<Vec<usize>, String> {
    let sides: Result<_, _> = given.iter().map(|&side| usize::try_from(side)).collect();
    sides.map_err(|_| format!("{given:?} is not a shape"))
}

/// Copies side by side, a number of them along each axis.
pub(super) fn tile(call: &mut Call) -> Outputs {
    let x = call.input(0)?;
    let repeats = sides(&call.input(1)?.integers("the numbers of copies")?)?;
    if repeats.len() != x.rank() {
        return Err(format!(
            "{repeats:?} must hold a number for each of {} axes",
            x.rank()
        ));
    }
    // Each axis becomes two: the copy, and the place within.
    let mut shape = Vec::new();
    let mut steps = Vec::new();
    let mut result = Vec::new();
    for ((&side, stride), copies) in x.shape().iter().zip(strides(x.shape())).zip(repeats) {
        shape.extend([copies, side]);
        steps.extend([0, stride]);
        result.push(side.checked_mul(copies).ok_or("the result is too large")?);
    }
    call.room(&shape)?;
    Ok(vec![view(x, &shape, &steps, 0).reshaped(result)?])
}
