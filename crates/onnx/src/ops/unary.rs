//! Operators that change each number alone.

use rayon::prelude::*;

use super::{Call, Outputs, unsuited};
use crate::tensor::{Element, Kind, Tensor};

/// Values from which threads share the work: below, starting them takes longer.
pub(super) const PARALLEL: usize = 1 << 15;

/// The operator of this name.
pub(super) fn find(name: &str) -> Option<fn(&mut Call) -> Outputs> {
    Some(match name {
        "Abs" => |call| signed(call, f32::abs, f64::abs, i64::wrapping_abs),
        "Acos" => |call| floats(call, f64::acos),
        "Acosh" => |call| floats(call, f64::acosh),
        "Asin" => |call| floats(call, f64::asin),
        "Asinh" => |call| floats(call, f64::asinh),
        "Atan" => |call| floats(call, f64::atan),
        "Atanh" => |call| floats(call, f64::atanh),
        "Ceil" => |call| floats(call, f64::ceil),
        "Celu" => |call| {
            let alpha: f64 = call.attributes().float_or("alpha", 1.0)?.into();
            floats(call, move |x| {
                x.max(0.0) + (alpha * (x / alpha).exp_m1()).min(0.0)
            })
        },
        "Cos" => |call| floats(call, f64::cos),
        "Cosh" => |call| floats(call, f64::cosh),
        "Elu" => |call| {
            let alpha: f64 = call.attributes().float_or("alpha", 1.0)?.into();
            floats(call, move |x| if x < 0.0 { alpha * x.exp_m1() } else { x })
        },
        "Erf" => |call| floats(call, erf),
        "Exp" => |call| floats(call, f64::exp),
        "Floor" => |call| floats(call, f64::floor),
        "Gelu" => gelu,
        "HardSigmoid" => |call| {
            let alpha = call.attributes().float_or("alpha", 0.2)?;
            let beta = call.attributes().float_or("beta", 0.5)?;
            quick(call, move |x| (alpha * x + beta).clamp(0.0, 1.0))
        },
        "HardSwish" => |call| quick(call, |x| x * (x / 6.0 + 0.5).clamp(0.0, 1.0)),
        "LeakyRelu" => |call| {
            let alpha = call.attributes().float_or("alpha", 0.01)?;
            quick(call, move |x| if x < 0.0 { alpha * x } else { x })
        },
        "Log" => |call| floats(call, f64::ln),
        "Mish" => |call| floats(call, |x| x * softplus(x).tanh()),
        "Neg" => |call| signed(call, |x| -x, |x| -x, i64::wrapping_neg),
        "Reciprocal" => |call| quick(call, |x| 1.0 / x),
        "Relu" => |call| {
            let zero = |x: f32| if x < 0.0 { 0.0 } else { x };
            signed(call, zero, |x| if x < 0.0 { 0.0 } else { x }, |x| x.max(0))
        },
        "Round" => |call| floats(call, f64::round_ties_even),
        "Selu" => |call| {
            let alpha: f64 = call.attributes().float_or("alpha", 1.673_263_2)?.into();
            let gamma: f64 = call.attributes().float_or("gamma", 1.050_701)?.into();
            floats(call, move |x| {
                gamma * if x > 0.0 { x } else { alpha * x.exp_m1() }
            })
        },
        "Shrink" => |call| {
            let bias: f64 = call.attributes().float_or("bias", 0.0)?.into();
            let lambda: f64 = call.attributes().float_or("lambd", 0.5)?.into();
            every(call, move |x| match x {
                x if x < -lambda => x + bias,
                x if x > lambda => x - bias,
                _ => 0.0,
            })
        },
        "Sigmoid" => |call| floats(call, sigmoid),
        "Sign" => |call| {
            // Unlike `signum`, the sign of 0 is 0.
            every(call, |x| {
                if x == 0.0 || x.is_nan() {
                    x
                } else {
                    x.signum()
                }
            })
        },
        "Sin" => |call| floats(call, f64::sin),
        "Sinh" => |call| floats(call, f64::sinh),
        "Softplus" => |call| floats(call, softplus),
        "Softsign" => |call| quick(call, |x| x / (1.0 + x.abs())),
        "Sqrt" => |call| floats(call, f64::sqrt),
        "Swish" => |call| {
            let alpha: f64 = call.attributes().float_or("alpha", 1.0)?.into();
            floats(call, move |x| x * sigmoid(alpha * x))
        },
        "Tan" => |call| floats(call, f64::tan),
        "Tanh" => |call| floats(call, f64::tanh),
        "ThresholdedRelu" => |call| {
            let alpha = call.attributes().float_or("alpha", 1.0)?;
            quick(call, move |x| if x > alpha { x } else { 0.0 })
        },
        _ => return None,
    })
}

/// Applies a function to every value, over the old ones where nothing else reads them.
pub(super) fn map<T: Element + Copy>(x: &mut Tensor, f: impl Fn(T) -> T + Sync) {
    let Some(values) = x.values_mut::<T>() else {
        return;
    };
    let change = |values: &mut [T]| values.iter_mut().for_each(|v| *v = f(*v));
    if values.len() < PARALLEL {
        change(values);
    } else {
        values.par_chunks_mut(PARALLEL / 4).for_each(change);
    }
}

/// For floats and whole numbers.
fn signed(
    call: &mut Call,
    single: impl Fn(f32) -> f32 + Sync,
    double: impl Fn(f64) -> f64 + Sync,
    whole: impl Fn(i64) -> i64 + Sync,
) -> Outputs {
    let mut x = call.take(0)?;
    match x.kind() {
        Kind::F32 => map(&mut x, single),
        Kind::F64 => map(&mut x, double),
        Kind::I64 => map(&mut x, whole),
        kind => return Err(unsuited(kind)),
    }
    Ok(vec![x])
}

/// For floats: computed in 64 bits, which costs little beside the function itself.
pub(super) fn floats(call: &mut Call, f: impl Fn(f64) -> f64 + Sync) -> Outputs {
    let mut x = call.take(0)?;
    match x.kind() {
        Kind::F32 => map(&mut x, |v: f32| f(f64::from(v)) as f32),
        Kind::F64 => map(&mut x, f),
        kind => return Err(unsuited(kind)),
    }
    Ok(vec![x])
}

/// For floats, computed in 32 bits unless they have 64: simple arithmetic, which then fills vectors.
fn quick(call: &mut Call, f: impl Fn(f32) -> f32 + Sync) -> Outputs {
    let mut x = call.take(0)?;
    match x.kind() {
        Kind::F32 => map(&mut x, f),
        Kind::F64 => map(&mut x, |v: f64| f64::from(f(v as f32))),
        kind => return Err(unsuited(kind)),
    }
    Ok(vec![x])
}

/// For floats and whole numbers, by way of floats.
fn every(call: &mut Call, f: impl Fn(f64) -> f64 + Sync) -> Outputs {
    let mut x = call.take(0)?;
    match x.kind() {
        Kind::F32 => map(&mut x, |v: f32| f(f64::from(v)) as f32),
        Kind::F64 => map(&mut x, f),
        Kind::I64 => map(&mut x, |v: i64| f(v as f64) as i64),
        kind => return Err(unsuited(kind)),
    }
    Ok(vec![x])
}

fn gelu(call: &mut Call) -> Outputs {
    match call.attributes().text_or("approximate", "none")? {
        "none" => floats(call, |x| {
            0.5 * x * (1.0 + erf(x / std::f64::consts::SQRT_2))
        }),
        "tanh" => floats(call, |x| {
            let inner = (2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x * x * x);
            0.5 * x * (1.0 + inner.tanh())
        }),
        other => Err(format!("attribute 'approximate' can't be '{other}'")),
    }
}

/// Limits from inputs, or from attributes before opset 11.
pub(super) fn clip(call: &mut Call) -> Outputs {
    let mut x = call.take(0)?;
    if call.opset() < 11 {
        let low = call.attributes().float_or("min", f32::MIN)?;
        let high = call.attributes().float_or("max", f32::MAX)?;
        match x.kind() {
            Kind::F32 => map(&mut x, |v: f32| limited(v, low, high)),
            Kind::F64 => map(&mut x, |v: f64| limited(v, low.into(), high.into())),
            kind => return Err(unsuited(kind)),
        }
        return Ok(vec![x]);
    }
    fn limit<T: Element + Copy>(call: &Call, index: usize, none: T) -> Result<T, String> {
        let Some(limit) = call.optional(index) else {
            return Ok(none);
        };
        match limit.expect::<T>("a limit")? {
            [limit] => Ok(*limit),
            limits => Err(format!("a limit must be one number, not {}", limits.len())),
        }
    }
    match x.kind() {
        Kind::F32 => {
            let low = limit(call, 1, f32::NEG_INFINITY)?;
            let high = limit(call, 2, f32::INFINITY)?;
            map(&mut x, |v| limited(v, low, high));
        }
        Kind::F64 => {
            let low = limit(call, 1, f64::NEG_INFINITY)?;
            let high = limit(call, 2, f64::INFINITY)?;
            map(&mut x, |v| limited(v, low, high));
        }
        Kind::I64 => {
            let low = limit(call, 1, i64::MIN)?;
            let high = limit(call, 2, i64::MAX)?;
            map(&mut x, |v| limited(v, low, high));
        }
        kind => return Err(unsuited(kind)),
    }
    Ok(vec![x])
}

/// The upper limit counts where they are exchanged; NaN stays.
fn limited<T: PartialOrd>(v: T, low: T, high: T) -> T {
    let v = if v < low { low } else { v };
    if v > high { high } else { v }
}

pub(super) fn sigmoid(x: f64) -> f64 {
    1.0 / (1.0 + (-x).exp())
}

fn softplus(x: f64) -> f64 {
    x.max(0.0) + (-x.abs()).exp().ln_1p()
}

/// The error function: its power series near 0, the continued fraction of its complement elsewhere; full precision.
fn erf(x: f64) -> f64 {
    let size = x.abs();
    if size.is_nan() {
        return x;
    }
    if size < 2.5 {
        // 2 / sqrt(pi) * sum of (-1)^n x^(2n+1) / (n! (2n+1))
        let (mut power, mut sum) = (x, x);
        for n in 1..80 {
            power *= -x * x / f64::from(n);
            let term = power / f64::from(2 * n + 1);
            sum += term;
            if term.abs() < 1e-17 * sum.abs() {
                break;
            }
        }
        return std::f64::consts::FRAC_2_SQRT_PI * sum;
    }
    if size > 6.0 {
        return x.signum();
    }
    // erfc(x) = exp(-x^2) / sqrt(pi) / (x + (1/2) / (x + 1 / (x + (3/2) / (x + ...))))
    let mut fraction = size;
    for n in (1..60).rev() {
        fraction = size + f64::from(n) / 2.0 / fraction;
    }
    let complement = (-size * size).exp() / std::f64::consts::PI.sqrt() / fraction;
    x.signum() * (1.0 - complement)
}

#[cfg(test)]
mod tests {
    use super::erf;

    #[test]
    fn the_error_function_is_precise() {
        let cases = [
            (0.0, 0.0),
            (0.1, 0.112_462_916_018_284_9),
            (1.0, 0.842_700_792_949_714_9),
            (2.4, 0.999_311_486_103_355),
            (2.6, 0.999_763_965_583_470_7),
            (4.0, 0.999_999_984_582_742_1),
            (7.0, 1.0),
        ];
        for (x, expected) in cases {
            assert!((erf(x) - expected).abs() < 1e-14, "erf({x}) = {}", erf(x));
            assert_eq!(erf(-x), -erf(x));
        }
        assert!(erf(f64::NAN).is_nan());
    }
}
