//! `MatMul` and `Gemm`.

use super::binary::{mixed, zip};
use super::product::{float_product, product, simple_product, transposed};
use super::{Call, Outputs, Prepared, unsuited};
use crate::shape::{Walk, broadcast, repeated};
use crate::tensor::{Element, Kind, Tensor};

/// Matrices in the last two axes; the others are repeated as for sums.
pub(super) fn matmul(call: &mut Call) -> Outputs {
    let (a, b) = (call.input(0)?, call.input(1)?);
    match (a.kind(), b.kind()) {
        (Kind::F32, Kind::F32) => multiply(call, a, b, product),
        (Kind::F64, Kind::F64) => multiply::<f64>(call, a, b, float_product),
        (Kind::I64, Kind::I64) => multiply(call, a, b, whole_product),
        _ => Err(mixed(a, b)),
    }
}

fn whole_product(a: &[i64], b: &[i64], sizes: [usize; 3]) -> Vec<i64> {
    simple_product(a, b, sizes, 0, |sum, a, b| {
        sum.wrapping_add(a.wrapping_mul(b))
    })
}

fn multiply<T: Element + Copy>(
    call: &Call,
    a: &Tensor,
    b: &Tensor,
    product: fn(&[T], &[T], [usize; 3]) -> Vec<T>,
) -> Outputs {
    let fail = || format!("matrices {:?} and {:?} do not fit", a.shape(), b.shape());
    let (x, y) = (a.expect::<T>("an input")?, b.expect::<T>("an input")?);
    // A vector is a row on the left and a column on the right; its axis is dropped from the result.
    let (a_batch, rows, inner) = match a.shape() {
        [] => return Err(fail()),
        &[inner] => (&[][..], None, inner),
        [batch @ .., rows, inner] => (batch, Some(*rows), *inner),
    };
    let (b_batch, columns) = match b.shape() {
        [] => return Err(fail()),
        &[other] if other == inner => (&[][..], None),
        [batch @ .., other, columns] if *other == inner => (batch, Some(*columns)),
        _ => return Err(fail()),
    };
    let batch = broadcast(&[a_batch, b_batch]).map_err(|_| fail())?;
    let mut shape = batch.clone();
    shape.extend(rows);
    shape.extend(columns);
    let count = call.room(&shape)?;
    let [rows, columns] = [rows, columns].map(|side| side.unwrap_or(1));
    if b_batch.iter().all(|&side| side == 1) {
        // One matrix on the right: all rows on the left are those of one matrix.
        let rows = count.checked_div(columns).unwrap_or(0);
        return Ok(vec![Tensor::of(
            shape,
            product(x, y, [rows, inner, columns]),
        )]);
    }
    let walk = Walk::new(
        &batch,
        [&repeated(a_batch, &batch), &repeated(b_batch, &batch)],
    );
    let mut out = Vec::with_capacity(count);
    let (a_size, b_size) = (rows * inner, inner * columns);
    for start in walk.starts(0, walk.rows()) {
        for i in 0..walk.row() as isize {
            let at: [usize; 2] = std::array::from_fn(|n| (start[n] + i * walk.step()[n]) as usize);
            let (x, y) = (
                &x[at[0] * a_size..][..a_size],
                &y[at[1] * b_size..][..b_size],
            );
            out.extend(product(x, y, [rows, inner, columns]));
        }
    }
    Ok(vec![Tensor::of(shape, out)])
}

/// `alpha * A * B + beta * C`, where A and B may be transposed and C repeated.
pub(super) fn gemm(call: &mut Call) -> Outputs {
    let (a, b) = (call.input(0)?, call.input(1)?);
    let alpha = call.attributes().float_or("alpha", 1.0)?;
    let beta = call.attributes().float_or("beta", 1.0)?;
    let turn_a = call.attributes().flag("transA", false)?;
    let turn_b = call.attributes().flag("transB", false)?;
    let fail = || format!("matrices {:?} and {:?} do not fit", a.shape(), b.shape());
    let (&[a0, a1], &[b0, b1]) = (a.shape(), b.shape()) else {
        return Err(fail());
    };
    let (rows, inner) = if turn_a { (a1, a0) } else { (a0, a1) };
    let (other, columns) = if turn_b { (b1, b0) } else { (b0, b1) };
    if inner != other {
        return Err(fail());
    }
    let shape = [rows, columns];
    call.room(&shape)?;
    let sizes = [rows, inner, columns];
    let mut result = match (a.kind(), b.kind()) {
        (Kind::F32, Kind::F32) => {
            let (x, y) = (a.expect::<f32>("A")?, b.expect::<f32>("B")?);
            let turned_a = turn_a.then(|| transposed(x, [a0, a1]));
            let x = turned_a.as_deref().unwrap_or(x);
            let turned_b;
            let y = if !turn_b {
                y
            } else if call.is_constant(1) {
                let turn = || Prepared::Transposed(transposed(y, [b0, b1]));
                match call.node.prepared.get_or_init(turn) {
                    Prepared::Transposed(turned) => turned,
                    _ => return Err("weights of another operator".into()),
                }
            } else {
                turned_b = transposed(y, [b0, b1]);
                &turned_b
            };
            let mut c = product(x, y, sizes);
            if alpha != 1.0 {
                c.iter_mut().for_each(|c| *c *= alpha);
            }
            Tensor::of(shape, c)
        }
        (Kind::F64, Kind::F64) => {
            let turned = |x: &[f64], turn, shape| {
                if turn {
                    transposed(x, shape)
                } else {
                    x.to_vec()
                }
            };
            let x = turned(a.expect("A")?, turn_a, [a0, a1]);
            let y = turned(b.expect("B")?, turn_b, [b0, b1]);
            let c = float_product(&x, &y, sizes);
            Tensor::of(shape, c.iter().map(|c| c * f64::from(alpha)).collect())
        }
        (Kind::I64, Kind::I64) if alpha == 1.0 && beta == 1.0 => {
            let turned = |x: &[i64], turn, shape| {
                if turn {
                    transposed(x, shape)
                } else {
                    x.to_vec()
                }
            };
            let x = turned(a.expect("A")?, turn_a, [a0, a1]);
            let y = turned(b.expect("B")?, turn_b, [b0, b1]);
            Tensor::of(shape, whole_product(&x, &y, sizes))
        }
        _ => return Err(mixed(a, b)),
    };
    if let Some(c) = call.optional(2) {
        if broadcast(&[c.shape(), &shape])? != shape {
            return Err(format!("C of {:?} does not fit {shape:?}", c.shape()));
        }
        result = match c.kind() {
            Kind::F32 => {
                let (x, y) = (result.expect::<f32>("A")?, c.expect::<f32>("C")?);
                zip(call, (&shape, x), (c.shape(), y), |x, c| x + beta * c)?
            }
            Kind::F64 => {
                let (x, y) = (result.expect::<f64>("A")?, c.expect::<f64>("C")?);
                zip(call, (&shape, x), (c.shape(), y), |x, c| {
                    x + f64::from(beta) * c
                })?
            }
            Kind::I64 => {
                let (x, y) = (result.expect::<i64>("A")?, c.expect::<i64>("C")?);
                zip(call, (&shape, x), (c.shape(), y), i64::wrapping_add)?
            }
            kind => return Err(unsuited(kind)),
        };
    }
    Ok(vec![result])
}
