//! Values that are written, added and so on, at places that are given.

use super::binary::mixed;
use super::gather::{along, places};
use super::{Call, Outputs, unsuited};
use crate::shape::axis;
use crate::tensor::{Element, Kind, Tensor, with_values};

/// Value by value along one axis.
pub(super) fn elements(call: &mut Call) -> Outputs {
    let mut x = call.take(0)?;
    let (indices, updates) = (call.input(1)?, call.input(2)?);
    let axis = axis(call.attributes().int_or("axis", 0)?, x.rank())?;
    if indices.shape() != updates.shape() {
        return Err(format!(
            "indices {:?} and updates {:?} differ",
            indices.shape(),
            updates.shape()
        ));
    }
    let places = along(x.shape(), indices, axis)?;
    write(call, &mut x, &places, 1, updates)?;
    Ok(vec![x])
}

/// Slices at places that rows of the indices name.
pub(super) fn nd(call: &mut Call) -> Outputs {
    let mut x = call.take(0)?;
    let (indices, updates) = (call.input(1)?, call.input(2)?);
    let fail = || {
        format!(
            "indices {:?} and updates {:?} do not fit {:?}",
            indices.shape(),
            updates.shape(),
            x.shape()
        )
    };
    let (&depth, rows) = indices.shape().split_last().ok_or_else(fail)?;
    if depth > x.rank() {
        return Err(fail());
    }
    let (sides, behind) = x.shape().split_at(depth);
    if updates.shape() != [rows, behind].concat() {
        return Err(fail());
    }
    let len = behind.iter().product();
    let places = places(indices, sides, len)?;
    write(call, &mut x, &places, len, updates)?;
    Ok(vec![x])
}

/// Runs of `len` updates, each to one of `places`, in order.
fn write(
    call: &Call,
    x: &mut Tensor,
    places: &[usize],
    len: usize,
    updates: &Tensor,
) -> Result<(), String> {
    fn change<T: Element>(
        x: &mut Tensor,
        places: &[usize],
        len: usize,
        updates: &[T],
        f: impl Fn(&T, &T) -> T,
    ) {
        let Some(x) = x.values_mut::<T>() else {
            return;
        };
        if len == 0 {
            return;
        }
        for (&place, updates) in places.iter().zip(updates.chunks_exact(len)) {
            for (to, update) in x[place..].iter_mut().zip(updates) {
                *to = f(to, update);
            }
        }
    }
    if x.kind() != updates.kind() {
        return Err(mixed(x, updates));
    }
    let reduction = call.attributes().text_or("reduction", "none")?;
    if reduction == "none" {
        with_values!(updates.data(), u => change(x, places, len, u, |_, new| new.clone()));
        return Ok(());
    }
    // Arithmetic on the few types that have it here, then back.
    let kind = x.kind();
    let wide = match kind {
        Kind::F32 | Kind::F64 | Kind::I64 => kind,
        Kind::F16 | Kind::BF16 => Kind::F32,
        Kind::Bool | Kind::Text | Kind::U64 => return Err(unsuited(kind)),
        _ => Kind::I64,
    };
    let (mut values, updates) = (x.cast(wide)?, updates.cast(wide)?);
    macro_rules! reduce {
        ($type:ty, $add:expr, $multiply:expr) => {{
            let u = updates.expect::<$type>("the updates")?;
            match reduction {
                "add" => change(&mut values, places, len, u, |a: &$type, b: &$type| {
                    $add(*a, *b)
                }),
                "mul" => change(&mut values, places, len, u, |a: &$type, b: &$type| {
                    $multiply(*a, *b)
                }),
                "max" => change(
                    &mut values,
                    places,
                    len,
                    u,
                    |a, b| if b > a { *b } else { *a },
                ),
                "min" => change(
                    &mut values,
                    places,
                    len,
                    u,
                    |a, b| if b < a { *b } else { *a },
                ),
                other => return Err(format!("attribute 'reduction' can't be '{other}'")),
            }
        }};
    }
    match wide {
        Kind::F32 => reduce!(f32, |a: f32, b: f32| a + b, |a: f32, b: f32| a * b),
        Kind::F64 => reduce!(f64, |a: f64, b: f64| a + b, |a: f64, b: f64| a * b),
        _ => reduce!(i64, i64::wrapping_add, i64::wrapping_mul),
    }
    *x = values.cast(kind)?;
    Ok(())
}
