//! Shapes: sizes, broadcasting, and walks over several tensors at once.

/// The number of values, unless it is too large for this machine to address. The sides of an empty tensor are limited
/// likewise, so that the product of any of them can be computed.
pub(crate) fn count(shape: &[usize]) -> Option<usize> {
    let sides = shape.iter().map(|&side| side.max(1));
    let product = sides.into_iter().try_fold(1usize, usize::checked_mul)?;
    if product > isize::MAX as usize / 16 {
        return None;
    }
    Some(if shape.contains(&0) { 0 } else { product })
}

/// The axis that a number from `-rank` to `rank - 1` stands for.
pub(crate) fn axis(axis: i64, rank: usize) -> Result<usize, String> {
    let signed = i64::try_from(rank).unwrap_or(i64::MAX);
    let from_start = if axis < 0 {
        axis.saturating_add(signed)
    } else {
        axis
    };
    usize::try_from(from_start)
        .ok()
        .filter(|&axis| axis < rank)
        .ok_or_else(|| format!("axis {axis} does not exist in {rank} dimensions"))
}

/// Several axes, each at most once.
pub(crate) fn axes(given: &[i64], rank: usize) -> Result<Vec<usize>, String> {
    let mut axes = Vec::with_capacity(given.len());
    for &number in given {
        let axis = axis(number, rank)?;
        if axes.contains(&axis) {
            return Err(format!("axis {number} is named twice"));
        }
        axes.push(axis);
    }
    Ok(axes)
}

/// The index that a number from `-len` to `len - 1` stands for.
pub(crate) fn index(index: i64, len: usize) -> Result<usize, String> {
    let signed = i64::try_from(len).unwrap_or(i64::MAX);
    let from_start = if index < 0 {
        index.saturating_add(signed)
    } else {
        index
    };
    usize::try_from(from_start)
        .ok()
        .filter(|&index| index < len)
        .ok_or_else(|| format!("index {index} is outside of a dimension of {len}"))
}

/// How far apart neighbours along each axis lie.
pub(crate) fn strides(shape: &[usize]) -> Vec<isize> {
    let mut strides = vec![0; shape.len()];
    let mut stride = 1isize;
    for (to, &side) in strides.iter_mut().zip(shape).rev() {
        *to = stride;
        stride *= side.max(1) as isize;
    }
    strides
}

/// The shape that all of these are repeated to.
pub(crate) fn broadcast(shapes: &[&[usize]]) -> Result<Vec<usize>, String> {
    let rank = shapes.iter().map(|shape| shape.len()).max().unwrap_or(0);
    let mut out = vec![1; rank];
    for shape in shapes {
        for (to, &side) in out.iter_mut().rev().zip(shape.iter().rev()) {
            if *to == 1 {
                *to = side;
            } else if side != 1 && side != *to {
                return Err(format!("shapes {shapes:?} do not match"));
            }
        }
    }
    Ok(out)
}

/// Strides with which a tensor of `shape` is read as one of the shape `out`: 0 along axes where it is repeated.
pub(crate) fn repeated(shape: &[usize], out: &[usize]) -> Vec<isize> {
    let mut result = vec![0; out.len()];
    let own = strides(shape);
    let ends = result.iter_mut().rev().zip(own.iter().rev());
    for ((to, &stride), &side) in ends.zip(shape.iter().rev()) {
        *to = if side == 1 { 0 } else { stride };
    }
    result
}

/// A walk over all places of a shape in order, and where N tensors have their value for each place.
#[derive(Clone, Debug)]
pub(crate) struct Walk<const N: usize> {
    /// Sides, the innermost last; at least one.
    sides: Vec<usize>,
    strides: Vec<[isize; N]>,
}

impl<const N: usize> Walk<N> {
    /// Walks over `shape`, with the strides of each tensor along its axes. Axes that can be are joined, so that the
    /// innermost is long.
    pub(crate) fn new(shape: &[usize], strides: [&[isize]; N]) -> Self {
        let mut sides: Vec<usize> = Vec::new();
        let mut joined: Vec<[isize; N]> = Vec::new();
        for (axis, &side) in shape.iter().enumerate() {
            if side == 1 {
                continue;
            }
            let here = strides.map(|strides| strides[axis]);
            if let (Some(last), Some(last_side)) = (joined.last_mut(), sides.last_mut()) {
                let continues = |i: usize| last[i] == here[i].wrapping_mul(side as isize);
                if (0..N).all(continues) {
                    *last_side = last_side.saturating_mul(side);
                    *last = here;
                    continue;
                }
            }
            sides.push(side);
            joined.push(here);
        }
        if sides.is_empty() {
            sides.push(1);
            joined.push([1; N]);
        }
        Self {
            sides,
            strides: joined,
        }
    }

    /// Places of a row: the innermost side.
    pub(crate) fn row(&self) -> usize {
        self.sides[self.sides.len() - 1]
    }

    /// How far apart neighbours of a row lie.
    pub(crate) fn step(&self) -> [isize; N] {
        self.strides[self.strides.len() - 1]
    }

    /// Number of rows.
    pub(crate) fn rows(&self) -> usize {
        if self.row() == 0 {
            return 0;
        }
        self.sides[..self.sides.len() - 1].iter().product()
    }

    /// Where each tensor's row begins, for `count` rows from row `first` on.
    pub(crate) fn starts(&self, first: usize, count: usize) -> impl Iterator<Item = [isize; N]> {
        let outer = self.sides.len() - 1;
        let mut place = vec![0usize; outer];
        let mut at = [0isize; N];
        let mut rest = first;
        for axis in (0..outer).rev() {
            let side = self.sides[axis].max(1);
            place[axis] = rest % side;
            rest /= side;
            for (at, stride) in at.iter_mut().zip(self.strides[axis]) {
                *at += stride * place[axis] as isize;
            }
        }
        (0..count).map(move |_| {
            let here = at;
            for axis in (0..outer).rev() {
                place[axis] += 1;
                let back = place[axis] == self.sides[axis];
                for (at, stride) in at.iter_mut().zip(self.strides[axis]) {
                    *at += stride;
                    if back {
                        *at -= stride * self.sides[axis] as isize;
                    }
                }
                if !back {
                    break;
                }
                place[axis] = 0;
            }
            here
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_broadcast() {
        assert_eq!(broadcast(&[&[2, 1, 4], &[3, 1]]), Ok(vec![2, 3, 4]));
        assert_eq!(broadcast(&[&[], &[5]]), Ok(vec![5]));
        assert_eq!(broadcast(&[&[0, 3], &[1, 3]]), Ok(vec![0, 3]));
        assert!(broadcast(&[&[2], &[3]]).is_err());
        assert_eq!(repeated(&[3, 1], &[2, 3, 4]), [0, 1, 0]);
    }

    #[test]
    fn a_walk_visits_each_place_in_order() {
        let shape = [2, 3, 4];
        // The tensor read in order, and its transpose [4, 3, 2].
        let walk = Walk::new(&shape, [&strides(&shape), &[1, 2, 6]]);
        let mut seen = Vec::new();
        for [a, b] in walk.starts(0, walk.rows()) {
            for i in 0..walk.row() as isize {
                seen.push((a + i * walk.step()[0], b + i * walk.step()[1]));
            }
        }
        let mut expected = Vec::new();
        for (i, j, k) in (0..24).map(|at| (at / 12, at / 4 % 3, at % 4)) {
            expected.push((i * 12 + j * 4 + k, k * 6 + j * 2 + i));
        }
        assert_eq!(seen, expected);
        let later: Vec<_> = walk.starts(4, 2).collect();
        assert_eq!(later, walk.starts(0, 6).skip(4).collect::<Vec<_>>());
    }

    #[test]
    fn axes_of_a_walk_are_joined() {
        let walk = Walk::new(&[2, 3, 4], [&strides(&[2, 3, 4])]);
        assert_eq!((walk.rows(), walk.row()), (1, 24));
        let scalar = Walk::new(&[], [&[]]);
        assert_eq!((scalar.rows(), scalar.row()), (1, 1));
        let empty = Walk::new(&[3, 0], [&[0, 1]]);
        assert_eq!(empty.rows() * empty.row(), 0);
    }

    #[test]
    fn sizes_are_checked() {
        assert_eq!(count(&[]), Some(1));
        assert_eq!(count(&[usize::MAX, 2]), None);
        assert_eq!(count(&[usize::MAX, 2, 0]), None);
        assert_eq!(count(&[3, 0]), Some(0));
        assert_eq!(axis(-1, 3), Ok(2));
        assert!(axis(3, 3).is_err() && axis(-4, 3).is_err() && axis(i64::MIN, 3).is_err());
        assert!(axes(&[0, -3], 3).is_err());
    }
}
