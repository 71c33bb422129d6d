//! Products of matrices, by whichever kernel suits their sizes.

use kernels::conv::Conv;
use kernels::{channels, linear};
use rayon::prelude::*;

use super::Float;

/// Rows up to which reading the second matrix takes most of the time.
const FEW: usize = 8;

/// `[rows, inner]` times `[inner, columns]`.
pub(super) fn product(a: &[f32], b: &[f32], [rows, inner, columns]: [usize; 3]) -> Vec<f32> {
    if rows * columns == 0 || inner == 0 {
        return vec![0.0; rows * columns];
    }
    if rows <= FEW {
        return linear::few(a, b, &vec![0.0; columns], inner, false);
    }
    if columns <= FEW {
        // The transposed product has few rows.
        let (a, b) = (
            transposed(a, [rows, inner]),
            transposed(b, [inner, columns]),
        );
        let c = linear::few(&b, &a, &vec![0.0; rows], inner, false);
        return transposed(&c, [columns, rows]);
    }
    // A convolution with one tap: columns are pixels, rows output channels.
    let conv = Conv {
        in_channels: inner,
        out_channels: rows,
        kernel: [1, 1],
        stride: [1, 1],
        padding: [0, 0],
        dilation: [1, 1],
    };
    let weights = channels::Weights::new(&conv, a, &vec![0.0; rows]);
    let pixels = channels::pack(b, inner, columns);
    let made = channels::conv(&conv, &pixels, [1, columns], &weights, false);
    channels::unpack(&made, rows, columns)
}

/// As [`product`], as simple loops: for 64 bits.
pub(super) fn simple_product<T: Copy>(
    a: &[T],
    b: &[T],
    [rows, inner, columns]: [usize; 3],
    zero: T,
    add: impl Fn(T, T, T) -> T,
) -> Vec<T> {
    let mut c = vec![zero; rows * columns];
    for row in 0..rows {
        let to = &mut c[row * columns..][..columns];
        for k in 0..inner {
            let factor = a[row * inner + k];
            for (to, &b) in to.iter_mut().zip(&b[k * columns..][..columns]) {
                *to = add(*to, factor, b);
            }
        }
    }
    c
}

/// As [`product`], for floats of either size.
pub(super) fn float_product<T: Float>(a: &[T], b: &[T], sizes: [usize; 3]) -> Vec<T> {
    simple_product(a, b, sizes, T::default(), |sum, a, b| {
        T::nearest(sum.into() + a.into() * b.into())
    })
}

/// Sides of the squares that [`transposed`] moves at a time, so that both sides stay in the cache.
const SQUARE: usize = 32;

/// `[rows, columns]` with its axes exchanged.
pub(super) fn transposed<T: Copy + Default + Send + Sync>(
    x: &[T],
    [rows, columns]: [usize; 2],
) -> Vec<T> {
    let mut out = vec![T::default(); x.len()];
    if x.is_empty() {
        return out;
    }
    out.par_chunks_mut(rows * SQUARE)
        .enumerate()
        .for_each(|(strip, out)| {
            let first = strip * SQUARE;
            let count = out.len() / rows;
            for start in (0..rows).step_by(SQUARE) {
                for c in 0..count {
                    for r in start..(start + SQUARE).min(rows) {
                        out[c * rows + r] = x[r * columns + first + c];
                    }
                }
            }
        });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_paths_give_the_same_product() {
        let cases = [
            ("few rows", [2, 5, 33]),
            ("few columns", [40, 7, 3]),
            ("many", [37, 19, 770]),
            ("a prime number of columns", [9, 4, 797]),
            ("nothing to add", [3, 0, 2]),
            ("nothing at all", [0, 3, 2]),
        ];
        for (name, sizes) in cases {
            let [rows, inner, columns] = sizes;
            let numbers = |count: usize, step: usize| -> Vec<f32> {
                (0..count).map(|i| (i * step % 17) as f32 - 8.0).collect()
            };
            let (a, b) = (numbers(rows * inner, 5), numbers(inner * columns, 7));
            assert_eq!(
                product(&a, &b, sizes),
                float_product(&a, &b, sizes),
                "{name}"
            );
        }
        assert_eq!(transposed(&[1, 2, 3, 4, 5, 6], [2, 3]), [1, 4, 2, 5, 3, 6]);
    }
}
