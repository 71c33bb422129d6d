//! Comparisons, logic, and the choice between two tensors.

use super::binary::{mixed, zip};
use super::{Call, Outputs, one, unsuited, with_floats};
use crate::shape::{Walk, broadcast, repeated};
use crate::tensor::{Element, Tensor, with_values};

/// The operator of this name.
pub(super) fn find(name: &str) -> Option<fn(&mut Call) -> Outputs> {
    Some(match name {
        "And" => |call| logic(call, |a, b| a && b),
        "Or" => |call| logic(call, |a, b| a || b),
        "Xor" => |call| logic(call, |a, b| a != b),
        "Less" => |call| order(call, |a, b| a < b, |a, b| a < b),
        "LessOrEqual" => |call| order(call, |a, b| a <= b, |a, b| a <= b),
        "Greater" => |call| order(call, |a, b| a > b, |a, b| a > b),
        "GreaterOrEqual" => |call| order(call, |a, b| a >= b, |a, b| a >= b),
        "Equal" => equal,
        _ => return None,
    })
}

fn logic(call: &mut Call, f: impl Fn(bool, bool) -> bool + Sync) -> Outputs {
    let (a, b) = (call.input(0)?, call.input(1)?);
    let (x, y) = (a.expect("an input")?, b.expect("an input")?);
    Ok(vec![zip(call, (a.shape(), x), (b.shape(), y), f)?])
}

/// Floats are compared in 64 bits, which hold those of 32 exactly.
fn order(
    call: &mut Call,
    floats: impl Fn(f64, f64) -> bool + Sync,
    whole: impl Fn(i64, i64) -> bool + Sync,
) -> Outputs {
    let (a, b) = (call.input(0)?, call.input(1)?);
    let (to, from) = (a.shape(), b.shape());
    let result = if let (Some(x), Some(y)) = (a.values::<f32>(), b.values::<f32>()) {
        zip(call, (to, x), (from, y), |a, b| floats(a.into(), b.into()))?
    } else if let (Some(x), Some(y)) = (a.values::<f64>(), b.values::<f64>()) {
        zip(call, (to, x), (from, y), floats)?
    } else if let (Some(x), Some(y)) = (a.values::<i64>(), b.values::<i64>()) {
        zip(call, (to, x), (from, y), whole)?
    } else {
        return Err(mixed(a, b));
    };
    Ok(vec![result])
}

fn equal(call: &mut Call) -> Outputs {
    let (a, b) = (call.input(0)?, call.input(1)?);
    if let (Some(x), Some(y)) = (a.values::<bool>(), b.values::<bool>()) {
        return Ok(vec![zip(call, (a.shape(), x), (b.shape(), y), |a, b| {
            a == b
        })?]);
    }
    if let (Some(x), Some(y)) = (a.values::<String>(), b.values::<String>()) {
        let shape = broadcast(&[a.shape(), b.shape()])?;
        call.room(&shape)?;
        let walk = Walk::new(
            &shape,
            [&repeated(a.shape(), &shape), &repeated(b.shape(), &shape)],
        );
        let mut same = Vec::new();
        for [i, j] in walk.starts(0, walk.rows()) {
            for at in 0..walk.row() as isize {
                let [a_step, b_step] = walk.step();
                same.push(x[(i + at * a_step) as usize] == y[(j + at * b_step) as usize]);
            }
        }
        return one(shape, same);
    }
    order(call, |a, b| a == b, |a, b| a == b)
}

pub(super) fn not(call: &mut Call) -> Outputs {
    let x = call.input(0)?;
    let values = x.expect::<bool>("the input")?;
    one(x.shape(), values.iter().map(|v| !v).collect())
}

pub(super) fn is_nan(call: &mut Call) -> Outputs {
    let x = call.input(0)?;
    with_floats!(x, v => one(x.shape(), v.iter().map(|v| v.is_nan()).collect()))
}

pub(super) fn is_inf(call: &mut Call) -> Outputs {
    let negative = call.attributes().flag("detect_negative", true)?;
    let positive = call.attributes().flag("detect_positive", true)?;
    let x = call.input(0)?;
    with_floats!(x, v => {
        let infinite = v.iter().map(|v| {
            v.is_infinite() && if v.is_sign_negative() { negative } else { positive }
        });
        one(x.shape(), infinite.collect())
    })
}

/// `Where`: from the second input where the first is true, otherwise from the third.
pub(super) fn choose(call: &mut Call) -> Outputs {
    let (condition, a, b) = (call.input(0)?, call.input(1)?, call.input(2)?);
    if a.kind() != b.kind() {
        return Err(mixed(a, b));
    }
    let shape = broadcast(&[condition.shape(), a.shape(), b.shape()])?;
    call.room(&shape)?;
    let walk = Walk::new(
        &shape,
        [
            &repeated(condition.shape(), &shape),
            &repeated(a.shape(), &shape),
            &repeated(b.shape(), &shape),
        ],
    );
    let condition = condition.expect::<bool>("the condition")?;
    fn chosen<T: Element>(
        shape: Vec<usize>,
        walk: &Walk<3>,
        condition: &[bool],
        a: &[T],
        b: &Tensor,
    ) -> Outputs {
        let b = b.values::<T>().ok_or_else(|| unsuited(b.kind()))?;
        let mut values = Vec::with_capacity(walk.rows() * walk.row());
        let step = walk.step();
        for start in walk.starts(0, walk.rows()) {
            for i in 0..walk.row() as isize {
                let [c, x, y] = std::array::from_fn(|n| (start[n] + i * step[n]) as usize);
                values.push(if condition[c] {
                    a[x].clone()
                } else {
                    b[y].clone()
                });
            }
        }
        one(shape, values)
    }
    with_values!(a.data(), x => chosen(shape, &walk, condition, x, b))
}
