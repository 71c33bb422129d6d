//! Softmax and its relatives.

use super::{Call, Outputs, one, unsuited};
use crate::shape::axis;
use crate::tensor::{Kind, Tensor};

pub(super) fn softmax(call: &mut Call) -> Outputs {
    each(call, |line| {
        let sum = exponentials(line);
        line.iter_mut().for_each(|v| *v /= sum);
    })
}

pub(super) fn log_softmax(call: &mut Call) -> Outputs {
    each(call, |line| {
        let best = line.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let sum: f64 = line.iter().map(|v| (v - best).exp()).sum();
        let shift = best + sum.ln();
        line.iter_mut().for_each(|v| *v -= shift);
    })
}

/// 1 for the first of the largest values, 0 for the others.
pub(super) fn hardmax(call: &mut Call) -> Outputs {
    each(call, |line| {
        let mut best = 0;
        for i in 0..line.len() {
            if line[i] > line[best] {
                best = i;
            }
        }
        for (i, v) in line.iter_mut().enumerate() {
            *v = if i == best { 1.0 } else { 0.0 };
        }
    })
}

/// Replaces values by exponentials relative to the largest; their sum.
pub(super) fn exponentials(line: &mut [f64]) -> f64 {
    let best = line.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut sum = 0.0;
    for v in line {
        *v = (*v - best).exp();
        sum += *v;
    }
    sum
}

/// Applies `f` to every line along the axis; before opset 13 to all values from the axis on as one.
fn each(call: &mut Call, f: impl Fn(&mut [f64])) -> Outputs {
    let x = call.input(0)?;
    let (side, inner) = if call.opset() < 13 {
        let given = call.attributes().int_or("axis", 1)?;
        // An axis just behind the last is allowed: lines of a single value.
        let start = if given == x.rank() as i64 {
            x.rank()
        } else {
            axis(given, x.rank())?
        };
        (x.shape()[start..].iter().product(), 1)
    } else {
        let axis = axis(call.attributes().int_or("axis", -1)?, x.rank())?;
        (
            x.shape()[axis],
            x.shape()[axis + 1..].iter().product::<usize>(),
        )
    };
    let mut values = x.floats("the input")?;
    lines(&mut values, side, inner, f);
    let wide = Tensor::of(x.shape(), values);
    match x.kind() {
        Kind::F32 | Kind::F64 => Ok(vec![wide.cast(x.kind())?]),
        kind => Err(unsuited(kind)),
    }
}

/// Calls `f` with every line of `side` values that are `inner` apart.
pub(super) fn lines(values: &mut [f64], side: usize, inner: usize, f: impl Fn(&mut [f64])) {
    if values.is_empty() {
        return;
    }
    if inner == 1 {
        values.chunks_exact_mut(side).for_each(f);
        return;
    }
    let mut line = vec![0.0; side];
    for slice in values.chunks_exact_mut(side * inner) {
        for i in 0..inner {
            let places = slice[i..].iter().step_by(inner);
            line.iter_mut()
                .zip(places)
                .for_each(|(to, from)| *to = *from);
            f(&mut line);
            let places = slice[i..].iter_mut().step_by(inner);
            places.zip(&line).for_each(|(to, from)| *to = *from);
        }
    }
}

/// As one output of the input's type.
pub(super) fn floats_like(x: &Tensor, shape: &[usize], values: Vec<f64>) -> Outputs {
    match x.kind() {
        Kind::F64 => one(shape, values),
        Kind::F32 => one(shape, values.into_iter().map(|v| v as f32).collect()),
        kind => Err(unsuited(kind)),
    }
}
