//! Arithmetic of two tensors or more, repeated to a common shape.

use rayon::prelude::*;

use super::unary::PARALLEL;
use super::{Call, Outputs, unsuited};
use crate::shape::{Walk, broadcast, repeated};
use crate::tensor::{Element, Kind, Tensor};

/// The operator of this name.
pub(super) fn find(name: &str) -> Option<fn(&mut Call) -> Outputs> {
    Some(match name {
        "Add" => |call| two(call, |a, b| a + b, |a, b| a + b, i64::wrapping_add),
        "Sub" => |call| two(call, |a, b| a - b, |a, b| a - b, i64::wrapping_sub),
        "Mul" => |call| two(call, |a, b| a * b, |a, b| a * b, i64::wrapping_mul),
        "Div" => |call| {
            whole_divisor(call)?;
            two(call, |a, b| a / b, |a, b| a / b, i64::wrapping_div)
        },
        "Mod" => remainder,
        "Pow" => power,
        "Max" => |call| {
            // NaN wins, as in NumPy.
            let single = |a: f32, b: f32| if a > b || a.is_nan() { a } else { b };
            let double = |a: f64, b: f64| if a > b || a.is_nan() { a } else { b };
            many(call, single, double, i64::max)
        },
        "Min" => |call| {
            let single = |a: f32, b: f32| if a < b || a.is_nan() { a } else { b };
            let double = |a: f64, b: f64| if a < b || a.is_nan() { a } else { b };
            many(call, single, double, i64::min)
        },
        "Sum" => |call| many(call, |a, b| a + b, |a, b| a + b, i64::wrapping_add),
        "Mean" => |call| {
            let count = call.all().len();
            let mut sum = many(call, |a, b| a + b, |a, b| a + b, i64::wrapping_add)?;
            for sum in &mut sum {
                match sum.kind() {
                    Kind::F32 => super::unary::map(sum, |v: f32| v / count as f32),
                    Kind::F64 => super::unary::map(sum, |v: f64| v / count as f64),
                    kind => return Err(unsuited(kind)),
                }
            }
            Ok(sum)
        },
        _ => return None,
    })
}

/// `f` of each pair of values, `a` and `b` repeated to the common shape.
pub(super) fn zip<A, B, C>(
    call: &Call,
    (a_shape, a): (&[usize], &[A]),
    (b_shape, b): (&[usize], &[B]),
    f: impl Fn(A, B) -> C + Sync,
) -> Result<Tensor, String>
where
    A: Element + Copy,
    B: Element + Copy,
    C: Element + Copy,
{
    let shape = broadcast(&[a_shape, b_shape])?;
    let count = call.room(&shape)?;
    let mut out = vec![C::default(); count];
    if count == 0 {
        return Ok(Tensor::of(shape, out));
    }
    let walk = Walk::new(
        &shape,
        [&repeated(a_shape, &shape), &repeated(b_shape, &shape)],
    );
    let row = walk.row();
    let [a_step, b_step] = walk.step();
    let rows_of = |first: usize, out: &mut [C]| {
        for ([i, j], out) in walk
            .starts(first, out.len() / row)
            .zip(out.chunks_exact_mut(row))
        {
            let (a, b) = (&a[i as usize..], &b[j as usize..]);
            match (a_step, b_step) {
                (1, 1) => {
                    let pairs = a.iter().zip(b);
                    out.iter_mut()
                        .zip(pairs)
                        .for_each(|(to, (&a, &b))| *to = f(a, b));
                }
                (1, 0) => {
                    let b = b[0];
                    out.iter_mut().zip(a).for_each(|(to, &a)| *to = f(a, b));
                }
                (0, 1) => {
                    let a = a[0];
                    out.iter_mut().zip(b).for_each(|(to, &b)| *to = f(a, b));
                }
                _ => {
                    for (at, to) in out.iter_mut().enumerate() {
                        *to = f(a[at * a_step as usize], b[at * b_step as usize]);
                    }
                }
            }
        }
    };
    if count < PARALLEL {
        rows_of(0, &mut out);
    } else if walk.rows() == 1 {
        // One long row: all of the same shape, or a single number on one side.
        let part = PARALLEL / 4;
        out.par_chunks_mut(part)
            .enumerate()
            .for_each(|(index, out)| {
                for (to, at) in out.iter_mut().zip(index * part..) {
                    *to = f(a[at * a_step as usize], b[at * b_step as usize]);
                }
            });
    } else {
        let rows = (PARALLEL / 4).div_ceil(row);
        out.par_chunks_mut(rows * row)
            .enumerate()
            .for_each(|(index, out)| rows_of(index * rows, out));
    }
    Ok(Tensor::of(shape, out))
}

/// One operation for each type of numbers, on two tensors of the same type.
fn apply(
    call: &Call,
    a: &Tensor,
    b: &Tensor,
    single: impl Fn(f32, f32) -> f32 + Sync,
    double: impl Fn(f64, f64) -> f64 + Sync,
    whole: impl Fn(i64, i64) -> i64 + Sync,
) -> Result<Tensor, String> {
    if let (Some(x), Some(y)) = (a.values::<f32>(), b.values::<f32>()) {
        return zip(call, (a.shape(), x), (b.shape(), y), single);
    }
    if let (Some(x), Some(y)) = (a.values::<i64>(), b.values::<i64>()) {
        return zip(call, (a.shape(), x), (b.shape(), y), whole);
    }
    if let (Some(x), Some(y)) = (a.values::<f64>(), b.values::<f64>()) {
        return zip(call, (a.shape(), x), (b.shape(), y), double);
    }
    Err(mixed(a, b))
}

pub(super) fn mixed(a: &Tensor, b: &Tensor) -> String {
    format!("{} and {} do not go together", a.kind(), b.kind())
}

fn two(
    call: &mut Call,
    single: impl Fn(f32, f32) -> f32 + Sync,
    double: impl Fn(f64, f64) -> f64 + Sync,
    whole: impl Fn(i64, i64) -> i64 + Sync,
) -> Outputs {
    Ok(vec![apply(
        call,
        call.input(0)?,
        call.input(1)?,
        single,
        double,
        whole,
    )?])
}

fn many(
    call: &mut Call,
    single: impl Fn(f32, f32) -> f32 + Sync + Copy,
    double: impl Fn(f64, f64) -> f64 + Sync + Copy,
    whole: impl Fn(i64, i64) -> i64 + Sync + Copy,
) -> Outputs {
    let mut result = call.input(0)?.clone();
    for index in 1..call.inputs.len() {
        result = apply(call, &result, call.input(index)?, single, double, whole)?;
    }
    Ok(vec![result])
}

fn whole_divisor(call: &Call) -> Result<(), String> {
    let divisor = call.input(1)?.values::<i64>();
    if divisor.is_some_and(|divisor| divisor.contains(&0)) {
        return Err("a whole number is divided by zero".into());
    }
    Ok(())
}

/// With the sign of the divisor, as in Python; or, with `fmod`, of the dividend, as in C.
fn remainder(call: &mut Call) -> Outputs {
    whole_divisor(call)?;
    if call.attributes().flag("fmod", false)? {
        return two(call, |a, b| a % b, |a, b| a % b, i64::wrapping_rem);
    }
    let floored = |a: f64, b: f64| {
        let rest = a % b;
        if rest != 0.0 && (rest < 0.0) != (b < 0.0) {
            rest + b
        } else {
            rest
        }
    };
    two(
        call,
        |a, b| floored(a.into(), b.into()) as f32,
        floored,
        |a, b| {
            let rest = a.wrapping_rem(b);
            if rest != 0 && (rest < 0) != (b < 0) {
                rest + b
            } else {
                rest
            }
        },
    )
}

/// The exponents may be of another type; the result has the base's.
fn power(call: &mut Call) -> Outputs {
    let base = call.input(0)?;
    let exponent = call.input(1)?;
    let (a, b) = (base.shape(), exponent.shape());
    if let (Some(x), Some(e)) = (base.values::<i64>(), exponent.values::<i64>()) {
        let result = zip(call, (a, x), (b, e), |x, e| match u32::try_from(e) {
            Ok(e) => x.wrapping_pow(e),
            Err(_) => (x as f64).powf(e as f64) as i64,
        })?;
        return Ok(vec![result]);
    }
    let wide = exponent.cast(Kind::F64)?;
    let e = wide.expect::<f64>("the exponent")?;
    let result = if let Some(x) = base.values::<f32>() {
        if let [2.0] = e {
            // The most frequent power by far.
            let square = zip(call, (a, x), (b, e), |x, _| x * x)?;
            return Ok(vec![square]);
        }
        zip(call, (a, x), (b, e), |x, e| f64::from(x).powf(e) as f32)?
    } else if let Some(x) = base.values::<f64>() {
        zip(call, (a, x), (b, e), f64::powf)?
    } else {
        let x = base.expect::<i64>("the base")?;
        zip(call, (a, x), (b, e), |x, e| (x as f64).powf(e) as i64)?
    };
    Ok(vec![result])
}

/// The slope is repeated to the shape of the input, not the other way round.
pub(super) fn prelu(call: &mut Call) -> Outputs {
    let (x, slope) = (call.input(0)?, call.input(1)?);
    let shape = broadcast(&[x.shape(), slope.shape()])?;
    if shape != x.shape() {
        return Err(format!(
            "slopes {:?} do not fit {:?}",
            slope.shape(),
            x.shape()
        ));
    }
    let result = apply(
        call,
        x,
        slope,
        |x, slope| if x < 0.0 { x * slope } else { x },
        |x, slope| if x < 0.0 { x * slope } else { x },
        |x, slope| if x < 0 { x.wrapping_mul(slope) } else { x },
    )?;
    Ok(vec![result])
}
