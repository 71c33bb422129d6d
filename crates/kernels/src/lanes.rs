//! The activation layout 'lanes': sixteen images side by side in the innermost dimension.
//!
//! N images of `features` values (for NCHW: C * H * W) become `[ceil(N / 16), features, 16]`. Every operator that
//! treats images alike is then sixteen lanes wide whatever the image's size, with no remainder and no shuffle.
//! In an activation, lanes without an image (in the last block) hold what an image of zeros gives: finite, not
//! always zero. In a gradient they are exactly zero; sums over lanes rely on both.

use rayon::prelude::*;

/// Images in a block.
pub const LANES: usize = 16;

/// Values of each image that one task converts: small enough for the first-level cache, sixteen images at a time.
const CHUNK: usize = 256;

/// Blocks that hold `n` images.
pub fn blocks(n: usize) -> usize {
    n.div_ceil(LANES)
}

/// `[n, features]` row-major -> `[blocks(n), features, 16]`, lanes without an image zero.
///
/// # Panics
/// If `x` does not hold `n * features` values.
pub fn pack(x: &[f32], n: usize, features: usize) -> Vec<f32> {
    assert_eq!(x.len(), n * features, "pack: values for {n} x {features}");
    let mut out = vec![0.0; blocks(n) * features * LANES];
    if out.is_empty() {
        return out;
    }
    out.par_chunks_mut(features * LANES)
        .enumerate()
        .for_each(|(block, out)| {
            let images = (n - block * LANES).min(LANES);
            let x = &x[block * LANES * features..][..images * features];
            out.par_chunks_mut(CHUNK * LANES)
                .enumerate()
                .for_each(|(chunk, out)| {
                    let start = chunk * CHUNK;
                    if images == LANES {
                        let rows: [&[f32]; LANES] = std::array::from_fn(|lane| {
                            &x[lane * features + start..][..out.len() / LANES]
                        });
                        for (i, to) in out.as_chunks_mut::<LANES>().0.iter_mut().enumerate() {
                            for lane in 0..LANES {
                                to[lane] = rows[lane][i];
                            }
                        }
                    } else {
                        for (lane, row) in x.chunks_exact(features).enumerate() {
                            for (to, &value) in
                                out.as_chunks_mut::<LANES>().0.iter_mut().zip(&row[start..])
                            {
                                to[lane] = value;
                            }
                        }
                    }
                });
        });
    out
}

/// `[blocks(n), features, 16]` -> `[n, features]` row-major; what the unused lanes hold is dropped.
///
/// # Panics
/// If `x` does not hold `blocks(n) * features * 16` values.
pub fn unpack(x: &[f32], n: usize, features: usize) -> Vec<f32> {
    assert_eq!(
        x.len(),
        blocks(n) * features * LANES,
        "unpack: values for {n} x {features}"
    );
    let mut out = vec![0.0; n * features];
    if out.is_empty() {
        return out;
    }
    out.par_chunks_mut(features)
        .enumerate()
        .for_each(|(image, out)| {
            let block = &x[image / LANES * features * LANES..][..features * LANES];
            let lane = image % LANES;
            for (to, from) in out.iter_mut().zip(block.as_chunks::<LANES>().0) {
                *to = from[lane];
            }
        });
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_and_back_for_full_and_partial_blocks() {
        for n in [0, 1, 15, 16, 17, 40] {
            for features in [1, 3, 255, 256, 257, 784] {
                let x: Vec<f32> = (0..n * features).map(|i| i as f32 + 1.0).collect();
                let packed = pack(&x, n, features);
                assert_eq!(packed.len(), blocks(n) * features * LANES);
                for (i, value) in packed.iter().enumerate() {
                    let (lane, rest) = (i % LANES, i / LANES);
                    let image = rest / features * LANES + lane;
                    let expected = if image < n {
                        x[image * features + rest % features]
                    } else {
                        0.0
                    };
                    assert_eq!(*value, expected, "n {n}, features {features}, at {i}");
                }
                assert_eq!(
                    unpack(&packed, n, features),
                    x,
                    "n {n}, features {features}"
                );
            }
        }
    }

    #[test]
    fn no_features_is_empty() {
        assert!(pack(&[], 5, 0).is_empty());
        assert!(unpack(&[], 5, 0).is_empty());
    }
}
