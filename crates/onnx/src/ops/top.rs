//! The largest or smallest values along an axis, and their places.

use std::cmp::Ordering;

use super::{Call, Outputs, one, with_numbers};
use crate::shape::axis;
use crate::tensor::{Element, Tensor};

pub(super) fn arg_max(call: &mut Call) -> Outputs {
    extreme(call, Ordering::Greater)
}

pub(super) fn arg_min(call: &mut Call) -> Outputs {
    extreme(call, Ordering::Less)
}

/// Outer and inner places, and the length of each line between them.
fn lines(shape: &[usize], axis: usize) -> (usize, usize, usize) {
    let outer = shape[..axis].iter().product();
    let inner = shape[axis + 1..].iter().product();
    (outer, shape[axis], inner)
}

/// The place of the value that is `wanted` than all others; of equal ones the first, or the last if asked for.
fn extreme(call: &mut Call, wanted: Ordering) -> Outputs {
    let x = call.input(0)?;
    let axis = axis(call.attributes().int_or("axis", 0)?, x.rank())?;
    let last = call.attributes().flag("select_last_index", false)?;
    let mut shape = x.shape().to_vec();
    if call.attributes().flag("keepdims", true)? {
        shape[axis] = 1;
    } else {
        shape.remove(axis);
    }
    let (outer, side, inner) = lines(x.shape(), axis);
    if side == 0 && outer * inner > 0 {
        return Err("there is no value to choose".into());
    }
    with_numbers!(x, values => {
        let mut places = Vec::with_capacity(outer * inner);
        for start in (0..outer).flat_map(|o| (0..inner).map(move |i| o * side * inner + i)) {
            let mut best = 0;
            for place in 1..side {
                let order = values[start + place * inner].partial_cmp(&values[start + best * inner]);
                if order == Some(wanted) || last && order == Some(Ordering::Equal) {
                    best = place;
                }
            }
            places.push(best as i64);
        }
        one(shape, places)
    })
}

/// Values and their places, best first; of equal ones those that come first.
pub(super) fn top_k(call: &mut Call) -> Outputs {
    let x = call.input(0)?;
    let axis = axis(call.attributes().int_or("axis", -1)?, x.rank())?;
    let count = match call.optional(1) {
        Some(count) => count.integer("the number of values")?,
        None => call
            .attributes()
            .int("k")?
            .ok_or("attribute 'k' is missing")?,
    };
    let largest = call.attributes().flag("largest", true)?;
    let (outer, side, inner) = lines(x.shape(), axis);
    let count = usize::try_from(count)
        .ok()
        .filter(|&count| count <= side)
        .ok_or_else(|| format!("{count} of {side} values"))?;
    let mut shape = x.shape().to_vec();
    shape[axis] = count;
    fn find<T: Element + Copy + PartialOrd>(
        x: &[T],
        shape: &[usize],
        (outer, side, inner): (usize, usize, usize),
        count: usize,
        largest: bool,
    ) -> Outputs {
        let mut values = vec![T::default(); outer * count * inner];
        let mut places = vec![0i64; values.len()];
        for (o, i) in (0..outer).flat_map(|o| (0..inner).map(move |i| (o, i))) {
            let line: Vec<T> = (0..side)
                .map(|place| x[(o * side + place) * inner + i])
                .collect();
            for (rank, place) in best(&line, count, largest).into_iter().enumerate() {
                let to = (o * count + rank) * inner + i;
                values[to] = line[place];
                places[to] = place as i64;
            }
        }
        Ok(vec![Tensor::of(shape, values), Tensor::of(shape, places)])
    }
    with_numbers!(x, values => find(values, &shape, (outer, side, inner), count, largest))
}

/// The places of the `count` best values, best first. NaN counts as the largest.
fn best<T: PartialOrd>(line: &[T], count: usize, largest: bool) -> Vec<usize> {
    // Only NaN is unequal to itself.
    #[expect(
        clippy::eq_op,
        reason = "the test for NaN of a type that may be a whole number"
    )]
    let is_nan = |v: &T| v != v;
    let order = |&a: &usize, &b: &usize| {
        let (x, y) = (&line[a], &line[b]);
        let rising = x
            .partial_cmp(y)
            .unwrap_or_else(|| is_nan(x).cmp(&is_nan(y)));
        let order = if largest { rising.reverse() } else { rising };
        order.then(a.cmp(&b))
    };
    let mut places: Vec<usize> = (0..line.len()).collect();
    if count < places.len() {
        places.select_nth_unstable_by(count, order);
        places.truncate(count);
    }
    places.sort_unstable_by(order);
    places
}

#[cfg(test)]
mod tests {
    use super::best;

    #[test]
    fn the_first_of_equal_values_comes_first() {
        let cases: [(&str, &[f32], usize, bool, &[usize]); 5] = [
            ("ties", &[1.0, 3.0, 3.0, 2.0, 3.0], 3, true, &[1, 2, 4]),
            ("ties at the cut", &[1.0, 3.0, 3.0, 3.0], 2, true, &[1, 2]),
            ("smallest", &[1.0, 3.0, 1.0, 2.0], 3, false, &[0, 2, 3]),
            ("NaN", &[1.0, f32::NAN, 3.0], 2, true, &[1, 2]),
            ("none", &[1.0], 0, true, &[]),
        ];
        for (name, line, count, largest, expected) in cases {
            assert_eq!(best(line, count, largest), expected, "{name}");
        }
    }
}
