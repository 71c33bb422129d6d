//! Operators that give a tensor another shape, or tell the one it has.

use super::{Call, Outputs, one};
use crate::shape;

pub(super) fn identity(call: &mut Call) -> Outputs {
    Ok(vec![call.take(0)?])
}

/// 0 keeps a side (unless `allowzero`), -1 is the one that is computed from the others.
pub(super) fn reshape(call: &mut Call) -> Outputs {
    let allow_zero = call.attributes().flag("allowzero", false)?;
    let wanted = call.input(1)?.integers("the shape")?;
    let x = call.take(0)?;
    let fail = || format!("{:?} can't be given the shape {wanted:?}", x.shape());
    let mut sides = Vec::with_capacity(wanted.len());
    let mut open = None;
    for (axis, &side) in wanted.iter().enumerate() {
        sides.push(match side {
            0 if !allow_zero => *x.shape().get(axis).ok_or_else(fail)?,
            -1 if open.is_none() => {
                open = Some(axis);
                1
            }
            side => usize::try_from(side).map_err(|_| fail())?,
        });
    }
    if let Some(axis) = open {
        let known = shape::count(&sides).ok_or_else(fail)?;
        sides[axis] = x.len().checked_div(known).unwrap_or(0);
    }
    if shape::count(&sides) != Some(x.len()) {
        return Err(fail());
    }
    Ok(vec![x.reshaped(sides)?])
}

/// Two sides: the product of those before the axis, and of the others.
pub(super) fn flatten(call: &mut Call) -> Outputs {
    let axis = call.attributes().int_or("axis", 1)?;
    let x = call.take(0)?;
    let rank = x.rank() as i64;
    let from_start = if axis < 0 {
        axis.saturating_add(rank)
    } else {
        axis
    };
    let axis = usize::try_from(from_start)
        .ok()
        .filter(|&axis| axis <= x.rank())
        .ok_or_else(|| format!("axis {axis} does not exist in {rank} dimensions"))?;
    let (before, behind) = x.shape().split_at(axis);
    let product = |sides: &[usize]| {
        let sides = sides.iter();
        sides.fold(1usize, |product, &side| product.saturating_mul(side))
    };
    let sides = vec![product(before), product(behind)];
    Ok(vec![x.reshaped(sides)?])
}

/// Axes from the second input, or from the attribute before opset 13; none are all of length 1.
pub(super) fn squeeze(call: &mut Call) -> Outputs {
    let axes = axes(call)?;
    let x = call.take(0)?;
    let axes = match axes {
        Some(axes) => shape::axes(&axes, x.rank())?,
        None => (0..x.rank()).filter(|&axis| x.shape()[axis] == 1).collect(),
    };
    if let Some(&axis) = axes.iter().find(|&&axis| x.shape()[axis] != 1) {
        let side = x.shape()[axis];
        return Err(format!("dimension {axis} has {side} places, not one"));
    }
    let sides = x.shape().iter().enumerate();
    let left = sides.filter(|(axis, _)| !axes.contains(axis));
    let sides: Vec<usize> = left.map(|(_, &side)| side).collect();
    Ok(vec![x.reshaped(sides)?])
}

/// Axes as for [`squeeze`], counted in the result.
pub(super) fn unsqueeze(call: &mut Call) -> Outputs {
    let axes = axes(call)?.ok_or("no axes are given")?;
    let x = call.take(0)?;
    let axes = shape::axes(&axes, x.rank() + axes.len())?;
    let mut old = x.shape().iter();
    let side = |axis| {
        if axes.contains(&axis) {
            return 1;
        }
        old.next().copied().unwrap_or(1)
    };
    let sides: Vec<usize> = (0..x.rank() + axes.len()).map(side).collect();
    Ok(vec![x.reshaped(sides)?])
}

fn axes(call: &Call) -> Result<Option<Vec<i64>>, String> {
    if call.opset() < 13 {
        return Ok(call.attributes().ints("axes")?.map(<[i64]>::to_vec));
    }
    let axes = call.optional(1);
    axes.map(|axes| axes.integers("the axes")).transpose()
}

/// From `start` up to but not including `end` of the axes.
pub(super) fn shape(call: &mut Call) -> Outputs {
    let shape = call.input(0)?.shape();
    let rank = shape.len() as i64;
    let place = |given: i64| {
        let from_start = if given < 0 {
            given.saturating_add(rank)
        } else {
            given
        };
        from_start.clamp(0, rank) as usize
    };
    let start = place(call.attributes().int_or("start", 0)?);
    let end = place(call.attributes().int_or("end", rank)?).max(start);
    let sides: Vec<i64> = shape[start..end].iter().map(|&side| side as i64).collect();
    one([sides.len()], sides)
}

pub(super) fn size(call: &mut Call) -> Outputs {
    one([], vec![call.input(0)?.len() as i64])
}
