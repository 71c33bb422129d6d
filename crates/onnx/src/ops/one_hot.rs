//! Indices as vectors with one place that differs.

use super::{Call, Outputs, unsuited};
use crate::tensor::{Element, Kind, Tensor, with_values};

pub(super) fn one_hot(call: &mut Call) -> Outputs {
    let (indices, depth, values) = (call.input(0)?, call.input(1)?, call.input(2)?);
    let depth = match depth.cast(Kind::I64)?.expect::<i64>("the depth")? {
        &[depth @ 0..=i64::MAX] => depth,
        depth => return Err(format!("the depth can't be {depth:?}")),
    };
    let rank = indices.rank();
    let axis = call.attributes().int_or("axis", -1)?;
    let axis = crate::shape::axis(axis, rank + 1)?;
    let side = usize::try_from(depth).map_err(|_| "the depth is too large")?;
    let mut shape = indices.shape().to_vec();
    shape.insert(axis, side);
    call.room(&shape)?;
    let wanted = indices.cast(Kind::I64)?;
    let wanted = wanted.expect::<i64>("the indices")?;
    let wanted = |at: usize| {
        let given = wanted[at];
        if given < 0 {
            given.saturating_add(depth)
        } else {
            given
        }
    };
    let inner: usize = indices.shape()[axis..].iter().product();
    let outer: usize = indices.shape()[..axis].iter().product();
    fn fill<T: Element>(
        values: &[T],
        shape: Vec<usize>,
        [outer, side, inner]: [usize; 3],
        wanted: impl Fn(usize) -> i64,
    ) -> Outputs {
        let [off, on] = values else {
            return Err(format!("two values are needed, not {}", values.len()));
        };
        let mut out = Vec::with_capacity(outer * side * inner);
        for o in 0..outer {
            for place in 0..side {
                for i in 0..inner {
                    let hit = wanted(o * inner + i) == place as i64;
                    out.push(if hit { on.clone() } else { off.clone() });
                }
            }
        }
        Ok(vec![Tensor::of(shape, out)])
    }
    if indices.kind() == Kind::Text {
        return Err(unsuited(Kind::Text));
    }
    with_values!(values.data(), v => fill(v, shape, [outer, side, inner], wanted))
}
