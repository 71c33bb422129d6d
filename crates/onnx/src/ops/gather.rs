//! Values that are picked by their indices.

use super::{Call, Outputs, one, with_numbers};
use crate::shape::{axis, index, strides};
use crate::tensor::{Element, Kind, Tensor, with_values};

/// Runs of `len` values, each beginning at one of `starts`.
fn runs(x: &Tensor, shape: Vec<usize>, starts: impl Iterator<Item = usize>, len: usize) -> Tensor {
    fn pick<T: Element>(
        x: &[T],
        shape: Vec<usize>,
        starts: impl Iterator<Item = usize>,
        len: usize,
    ) -> Tensor {
        if len == 1 {
            return Tensor::of(shape, starts.map(|at| x[at].clone()).collect());
        }
        let mut values = Vec::with_capacity(shape.iter().product());
        for at in starts {
            values.extend_from_slice(&x[at..at + len]);
        }
        Tensor::of(shape, values)
    }
    with_values!(x.data(), values => pick(values, shape, starts, len))
}

/// Slices along one axis.
pub(super) fn gather(call: &mut Call) -> Outputs {
    let (x, indices) = (call.input(0)?, call.input(1)?);
    let axis = axis(call.attributes().int_or("axis", 0)?, x.rank())?;
    let side = x.shape()[axis];
    let (before, behind) = (&x.shape()[..axis], &x.shape()[axis + 1..]);
    let shape = [before, indices.shape(), behind].concat();
    call.room(&shape)?;
    let places = indices.integers("the indices")?;
    let places = places.iter().map(|&place| index(place, side));
    let places = places.collect::<Result<Vec<usize>, _>>()?;
    if shape.contains(&0) {
        return Ok(vec![runs(x, shape, std::iter::empty(), 0)]);
    }
    let outer: usize = before.iter().product();
    let len: usize = behind.iter().product();
    let starts = (0..outer).flat_map(|outer| {
        let places = places.iter();
        places.map(move |place| (outer * side + place) * len)
    });
    Ok(vec![runs(x, shape, starts, len)])
}

/// Value by value along one axis: the indices have the shape of the result.
pub(super) fn elements(call: &mut Call) -> Outputs {
    let (x, indices) = (call.input(0)?, call.input(1)?);
    let axis = axis(call.attributes().int_or("axis", 0)?, x.rank())?;
    let starts = along(x.shape(), indices, axis)?;
    Ok(vec![runs(
        x,
        indices.shape().to_vec(),
        starts.into_iter(),
        1,
    )])
}

/// For each index, the place in a tensor of `shape` that is as the index's own, but for the axis.
pub(super) fn along(shape: &[usize], indices: &Tensor, axis: usize) -> Result<Vec<usize>, String> {
    let fits = |(i, side): (usize, &usize)| i == axis || *side <= shape[i];
    if indices.rank() != shape.len() || !indices.shape().iter().enumerate().all(fits) {
        return Err(format!(
            "indices {:?} do not fit {shape:?}",
            indices.shape()
        ));
    }
    let own = strides(indices.shape());
    let steps = strides(shape);
    let place = |(at, &given): (usize, &i64)| {
        let mut to = 0;
        for i in 0..shape.len() {
            let here = if i == axis {
                index(given, shape[axis])?
            } else {
                at / own[i] as usize % indices.shape()[i]
            };
            to += here * steps[i] as usize;
        }
        Ok(to)
    };
    indices
        .integers("the indices")?
        .iter()
        .enumerate()
        .map(place)
        .collect()
}

/// Slices at places that rows of the indices name.
pub(super) fn nd(call: &mut Call) -> Outputs {
    let (x, indices) = (call.input(0)?, call.input(1)?);
    let given = call.attributes().int_or("batch_dims", 0)?;
    let batch = usize::try_from(given).unwrap_or(usize::MAX);
    let Some((&depth, rows)) = indices.shape().split_last() else {
        return Err("the indices have no dimension".into());
    };
    let deepest = batch.saturating_add(depth);
    if batch > rows.len() || deepest > x.rank() || x.shape()[..batch] != rows[..batch] {
        return Err(format!(
            "indices {:?} do not fit {:?} with {given} batch dimensions",
            indices.shape(),
            x.shape()
        ));
    }
    let behind = &x.shape()[deepest..];
    let shape = [rows, behind].concat();
    call.room(&shape)?;
    let len: usize = behind.iter().product();
    let batches: usize = rows[..batch].iter().product();
    let sides = &x.shape()[batch..deepest];
    let of_batch = x.len().checked_div(batches).unwrap_or(0);
    let places = places(indices, sides, len)?;
    if shape.contains(&0) {
        return Ok(vec![runs(x, shape, std::iter::empty(), 0)]);
    }
    let per_batch = places.len() / batches;
    let starts = places
        .iter()
        .enumerate()
        .map(|(row, place)| row / per_batch * of_batch + place);
    Ok(vec![runs(x, shape, starts, len)])
}

/// The place that each row of indices names, in values, where a slice at that place has `len`.
pub(super) fn places(indices: &Tensor, sides: &[usize], len: usize) -> Result<Vec<usize>, String> {
    let numbers = indices.integers("the indices")?;
    if sides.is_empty() {
        let rows = indices
            .shape()
            .split_last()
            .map_or(0, |(_, rows)| rows.iter().product());
        return Ok(vec![0; rows]);
    }
    let place = |row: &[i64]| {
        let mut at = 0;
        for (&given, &side) in row.iter().zip(sides) {
            at = at * side + index(given, side)?;
        }
        Ok(at * len)
    };
    numbers.chunks_exact(sides.len()).map(place).collect()
}

/// Slices along an axis, or single values, where a condition holds.
pub(super) fn compress(call: &mut Call) -> Outputs {
    let (x, condition) = (call.input(0)?, call.input(1)?);
    let condition = condition.expect::<bool>("the condition")?;
    let places: Vec<usize> = (0..condition.len()).filter(|&i| condition[i]).collect();
    let (shape, axis) = match call.attributes().int("axis")? {
        Some(given) => (x.shape().to_vec(), axis(given, x.rank())?),
        None => (vec![x.len()], 0),
    };
    let side = shape[axis];
    if let Some(place) = places.last().filter(|&&place| place >= side) {
        return Err(format!("index {place} is outside of a dimension of {side}"));
    }
    let outer: usize = shape[..axis].iter().product();
    let len: usize = shape[axis + 1..].iter().product();
    let mut result = shape.clone();
    result[axis] = places.len();
    let starts = (0..outer).flat_map(|outer| {
        let places = places.iter();
        places.map(move |place| (outer * side + place) * len)
    });
    Ok(vec![runs(x, result, starts, len)])
}

/// Where other values than zero stand.
fn not_default<T: Default + PartialEq>(values: &[T]) -> Vec<usize> {
    let zero = T::default();
    (0..values.len()).filter(|&i| values[i] != zero).collect()
}

/// The places of values that are not zero, in order: `[rank, count]`.
pub(super) fn non_zero(call: &mut Call) -> Outputs {
    let x = call.input(0)?;
    let found: Vec<usize> = match x.kind() {
        Kind::Bool => not_default(x.expect::<bool>("the input")?),
        _ => with_numbers!(x, values => Ok(not_default(values)))?,
    };
    call.room(&[x.rank(), found.len()])?;
    let mut places = Vec::with_capacity(x.rank() * found.len());
    for (stride, &side) in strides(x.shape()).into_iter().zip(x.shape()) {
        places.extend(found.iter().map(|at| (at / stride as usize % side) as i64));
    }
    one([x.rank(), found.len()], places)
}
