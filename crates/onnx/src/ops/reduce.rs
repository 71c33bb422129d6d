//! Sums, extremes and norms over some axes, and running sums.

use super::{Call, Outputs, one, unsuited};
use crate::shape::{Walk, axes, axis, strides};
use crate::tensor::{Element, Kind, Tensor, Values};

/// What is made of the values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Reduction {
    L1,
    L2,
    LogSum,
    LogSumExp,
    Max,
    Mean,
    Min,
    Product,
    Sum,
    SumOfSquares,
}

/// The operator of this name.
pub(super) fn find(name: &str) -> Option<fn(&mut Call) -> Outputs> {
    Some(match name {
        "ReduceL1" => |call| reduce(call, Reduction::L1),
        "ReduceL2" => |call| reduce(call, Reduction::L2),
        "ReduceLogSum" => |call| reduce(call, Reduction::LogSum),
        "ReduceLogSumExp" => |call| reduce(call, Reduction::LogSumExp),
        "ReduceMax" => |call| reduce(call, Reduction::Max),
        "ReduceMean" => |call| reduce(call, Reduction::Mean),
        "ReduceMin" => |call| reduce(call, Reduction::Min),
        "ReduceProd" => |call| reduce(call, Reduction::Product),
        "ReduceSum" => |call| reduce(call, Reduction::Sum),
        "ReduceSumSquare" => |call| reduce(call, Reduction::SumOfSquares),
        _ => return None,
    })
}

/// Which values of a tensor are reduced to which of the result.
struct Plan {
    /// The result's shape.
    shape: Vec<usize>,
    /// Over the input, with where each value goes.
    walk: Walk<1>,
    /// Values of the result.
    results: usize,
    /// Values that make one of them.
    values: usize,
}

impl Plan {
    fn new(x: &Tensor, reduced: &[usize], keep: bool) -> Self {
        let is_reduced = |axis: usize| reduced.contains(&axis);
        let kept: Vec<usize> = (0..x.rank())
            .map(|axis| if is_reduced(axis) { 1 } else { x.shape()[axis] })
            .collect();
        let mut to = strides(&kept);
        for &axis in reduced {
            to[axis] = 0;
        }
        let shape = (0..x.rank()).filter(|&axis| keep || !is_reduced(axis));
        Self {
            shape: shape.map(|axis| kept[axis]).collect(),
            walk: Walk::new(x.shape(), [&to]),
            results: kept.iter().product(),
            values: reduced.iter().map(|&axis| x.shape()[axis]).product(),
        }
    }

    /// Folds the values of each result, beginning with `start`.
    fn fold<T: Copy, A: Copy>(&self, x: &[T], start: A, f: impl Fn(A, T) -> A) -> Vec<A> {
        let mut results = vec![start; self.results];
        let row = self.walk.row();
        let [step] = self.walk.step();
        if row == 0 {
            return results;
        }
        for ([to], values) in self
            .walk
            .starts(0, self.walk.rows())
            .zip(x.chunks_exact(row))
        {
            let to = to as usize;
            if step == 0 {
                results[to] = values.iter().fold(results[to], |sum, &v| f(sum, v));
            } else {
                let results = results[to..].iter_mut().step_by(step as usize);
                results.zip(values).for_each(|(sum, &v)| *sum = f(*sum, v));
            }
        }
        results
    }
}

/// Axes from the second input (of `ReduceSum` since opset 13, of the others since 18) or from the attribute.
fn reduce(call: &mut Call, reduction: Reduction) -> Outputs {
    let from_input = if reduction == Reduction::Sum { 13 } else { 18 };
    let named = if call.opset() >= from_input {
        let named = call.optional(1);
        named.map(|axes| axes.integers("the axes")).transpose()?
    } else {
        call.attributes().ints("axes")?.map(<[i64]>::to_vec)
    };
    let x = call.input(0)?;
    let reduced = match named {
        Some(named) if !named.is_empty() => axes(&named, x.rank())?,
        _ if call.attributes().flag("noop_with_empty_axes", false)? => Vec::new(),
        _ => (0..x.rank()).collect(),
    };
    let plan = Plan::new(x, &reduced, call.attributes().flag("keepdims", true)?);
    match x.data() {
        Values::F32(values) => {
            let wide = float(&plan, values, reduction);
            one(plan.shape, wide.into_iter().map(|v| v as f32).collect())
        }
        Values::F64(values) => {
            let results = float(&plan, values, reduction);
            one(plan.shape, results)
        }
        Values::I64(values) => {
            let results = whole(&plan, values, reduction)?;
            one(plan.shape, results)
        }
        Values::Bool(values) => {
            let results = match reduction {
                Reduction::Max => plan.fold(values, false, |a, b| a || b),
                Reduction::Min => plan.fold(values, true, |a, b| a && b),
                _ => return Err(unsuited(Kind::Bool)),
            };
            one(plan.shape, results)
        }
        other => Err(unsuited(other.kind())),
    }
}

/// Sums are kept in 64 bits.
fn float<T: Element + Copy + Into<f64>>(plan: &Plan, x: &[T], reduction: Reduction) -> Vec<f64> {
    let sum = |f: fn(f64) -> f64| plan.fold(x, 0.0, |sum, v: T| sum + f(v.into()));
    let largest = || {
        plan.fold(x, f64::NEG_INFINITY, |best: f64, v: T| {
            let v = v.into();
            if v > best || v.is_nan() { v } else { best }
        })
    };
    let then = |sums: Vec<f64>, f: fn(f64) -> f64| sums.into_iter().map(f).collect();
    match reduction {
        Reduction::L1 => sum(f64::abs),
        Reduction::L2 => then(sum(|v| v * v), f64::sqrt),
        Reduction::LogSum => then(sum(|v| v), f64::ln),
        Reduction::LogSumExp => {
            // Relative to the largest value, so that no power overflows.
            let best: Vec<f64> = largest()
                .into_iter()
                .map(|v| if v.is_finite() { v } else { 0.0 })
                .collect();
            let mut sums = vec![0.0; plan.results];
            let row = plan.walk.row();
            let [step] = plan.walk.step();
            let rows = plan.walk.starts(0, plan.walk.rows());
            for ([to], values) in rows.zip(x.chunks_exact(row.max(1))) {
                for (i, &v) in values.iter().enumerate() {
                    let to = (to + i as isize * step) as usize;
                    sums[to] += (v.into() - best[to]).exp();
                }
            }
            sums.iter()
                .zip(best)
                .map(|(sum, best)| sum.ln() + best)
                .collect()
        }
        Reduction::Max => largest(),
        Reduction::Mean => {
            let count = plan.values as f64;
            sum(|v| v).into_iter().map(|sum| sum / count).collect()
        }
        Reduction::Min => plan.fold(x, f64::INFINITY, |best: f64, v: T| {
            let v = v.into();
            if v < best || v.is_nan() { v } else { best }
        }),
        Reduction::Product => plan.fold(x, 1.0, |product, v: T| product * v.into()),
        Reduction::Sum => sum(|v| v),
        Reduction::SumOfSquares => sum(|v| v * v),
    }
}

fn whole(plan: &Plan, x: &[i64], reduction: Reduction) -> Result<Vec<i64>, String> {
    let sum = |f: fn(i64) -> i64| plan.fold(x, 0, |sum: i64, v| sum.wrapping_add(f(v)));
    let by_floats = || {
        let floats: Vec<f64> = x.iter().map(|&v| v as f64).collect();
        float(plan, &floats, reduction)
            .into_iter()
            .map(|v| v as i64)
            .collect()
    };
    Ok(match reduction {
        Reduction::L1 => sum(i64::wrapping_abs),
        Reduction::L2 | Reduction::LogSum | Reduction::LogSumExp => by_floats(),
        Reduction::Max => plan.fold(x, i64::MIN, i64::max),
        Reduction::Mean => {
            let count = i64::try_from(plan.values).map_err(|_| "too many values")?;
            if count == 0 && plan.results > 0 {
                return Err("the mean of no whole numbers".into());
            }
            sum(|v| v).into_iter().map(|sum| sum / count).collect()
        }
        Reduction::Min => plan.fold(x, i64::MAX, i64::min),
        Reduction::Product => plan.fold(x, 1, i64::wrapping_mul),
        Reduction::Sum => sum(|v| v),
        Reduction::SumOfSquares => sum(|v| v.wrapping_mul(v)),
    })
}

/// Running sums along an axis.
pub(super) fn cumulative_sum(call: &mut Call) -> Outputs {
    let (x, along) = (call.input(0)?, call.input(1)?);
    let axis = axis(along.integer("the axis")?, x.rank())?;
    let exclusive = call.attributes().flag("exclusive", false)?;
    let reverse = call.attributes().flag("reverse", false)?;
    let side = x.shape()[axis];
    let inner: usize = x.shape()[axis + 1..].iter().product();
    let sums = |len: usize, add: &mut dyn FnMut(usize, Option<usize>)| {
        let slice = side * inner;
        for start in (0..len.checked_div(slice).unwrap_or(0)).map(|outer| outer * slice) {
            for i in start..start + inner {
                for place in 0..side {
                    let at =
                        |place: usize| i + inner * if reverse { side - 1 - place } else { place };
                    add(at(place), place.checked_sub(1).map(at));
                }
            }
        }
    };
    macro_rules! running {
        ($values:expr, $zero:expr, $add:expr) => {{
            let mut out = vec![$zero; $values.len()];
            sums($values.len(), &mut |at, before| {
                out[at] = match before {
                    Some(before) if exclusive => $add(out[before], $values[before]),
                    Some(before) => $add(out[before], $values[at]),
                    None if exclusive => $zero,
                    None => $values[at],
                };
            });
            one(x.shape(), out)
        }};
    }
    match x.data() {
        Values::F32(v) => running!(v, 0f32, |a: f32, b: f32| a + b),
        Values::F64(v) => running!(v, 0f64, |a: f64, b: f64| a + b),
        Values::I64(v) => running!(v, 0i64, i64::wrapping_add),
        other => Err(unsuited(other.kind())),
    }
}
