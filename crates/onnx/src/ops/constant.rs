//! Tensors that are made rather than computed.

use super::moves::{sides, view};
use super::{Call, Outputs, one, unsuited};
use crate::tensor::{Element, Kind, Tensor, with_values};

/// The value is in one of several attributes.
pub(super) fn constant(call: &mut Call) -> Outputs {
    let attributes = call.attributes();
    if let Some(value) = attributes.tensor("value")? {
        return Ok(vec![value.clone()]);
    }
    if let Some(value) = attributes.int("value_int")? {
        return one([], vec![value]);
    }
    if let Some(values) = attributes.ints("value_ints")? {
        return one([values.len()], values.to_vec());
    }
    if attributes.has("value_float") {
        return one([], vec![attributes.float_or("value_float", 0.0)?]);
    }
    if attributes.has("value_floats") {
        let values = attributes.floats("value_floats")?;
        return one([values.len()], values.to_vec());
    }
    if attributes.has("value_string") {
        return one(
            [],
            vec![attributes.text_or("value_string", "")?.to_string()],
        );
    }
    if attributes.has("value_strings") {
        let values = attributes.texts("value_strings")?;
        return one([values.len()], values.to_vec());
    }
    Err("it has no value (sparse ones are not supported)".into())
}

pub(super) fn of_shape(call: &mut Call) -> Outputs {
    let shape = sides(&call.input(0)?.integers("the shape")?)?;
    call.room(&shape)?;
    let zero = Tensor::of([], vec![0f32]);
    let value = call.attributes().tensor("value")?.unwrap_or(&zero);
    if value.len() != 1 {
        return Err(format!("the value must be one number, not {}", value.len()));
    }
    Ok(vec![view(value, &shape, &vec![0; shape.len()], 0)])
}

/// From a start to a limit, which is excluded, in steps.
pub(super) fn range(call: &mut Call) -> Outputs {
    let (start, limit, step) = (call.input(0)?, call.input(1)?, call.input(2)?);
    let fail = |count: f64| format!("a range of {count} numbers");
    if start.kind() == Kind::I64 {
        let (start, limit) = (start.integer("the start")?, limit.integer("the limit")?);
        let step = step.integer("the step")?;
        if step == 0 {
            return Err("the step is 0".into());
        }
        let (from, to, by) = (i128::from(start), i128::from(limit), i128::from(step));
        let count = ((to - from + by - by.signum()) / by).max(0);
        let count = usize::try_from(count).map_err(|_| fail(count as f64))?;
        call.room(&[count])?;
        let value = |i: usize| start.wrapping_add(step.wrapping_mul(i as i64));
        return one([count], (0..count).map(value).collect());
    }
    let kind = start.kind();
    let (start, limit) = (start.float("the start")?, limit.float("the limit")?);
    let step = step.float("the step")?;
    let count = ((limit - start) / step).ceil().max(0.0);
    if !count.is_finite() || count > 1e15 {
        return Err(fail(count));
    }
    let count = count as usize;
    call.room(&[count])?;
    let values: Vec<f64> = (0..count).map(|i| start + step * i as f64).collect();
    Ok(vec![Tensor::of([count], values).cast(kind)?])
}

/// Ones on a diagonal.
pub(super) fn eye_like(call: &mut Call) -> Outputs {
    let x = call.input(0)?;
    let &[rows, columns] = x.shape() else {
        return Err(format!("a matrix of {} dimensions", x.rank()));
    };
    let kind = match call.attributes().int("dtype")? {
        Some(code) => {
            Kind::from_code(code).ok_or_else(|| format!("type {code} is not supported"))?
        }
        None => x.kind(),
    };
    let offset = i128::from(call.attributes().int_or("k", 0)?);
    let is_one = |at: usize| (at % columns) as i128 == (at / columns) as i128 + offset;
    let ones = (0..rows * columns)
        .map(|at| i64::from(is_one(at)))
        .collect::<Vec<i64>>();
    Ok(vec![Tensor::of([rows, columns], ones).cast(kind)?])
}

/// The upper or lower triangle of matrices; the rest is zero.
pub(super) fn trilu(call: &mut Call) -> Outputs {
    let x = call.input(0)?;
    let &[.., rows, columns] = x.shape() else {
        return Err(format!("a matrix of {} dimensions", x.rank()));
    };
    let upper = call.attributes().flag("upper", true)?;
    let diagonal = match call.optional(1) {
        Some(diagonal) => i128::from(diagonal.integer("the diagonal")?),
        None => 0,
    };
    let stays = |at: usize| {
        let (row, column) = (at / columns % rows, at % columns);
        let offset = column as i128 - row as i128;
        if upper {
            offset >= diagonal
        } else {
            offset <= diagonal
        }
    };
    fn part<T: Element>(x: &[T], shape: &[usize], stays: impl Fn(usize) -> bool) -> Outputs {
        let value = |(at, v): (usize, &T)| if stays(at) { v.clone() } else { T::default() };
        one(shape, x.iter().enumerate().map(value).collect())
    }
    if x.kind() == Kind::Text {
        return Err(unsuited(Kind::Text));
    }
    with_values!(x.data(), values => part(values, x.shape(), stays))
}
