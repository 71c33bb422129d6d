//! What the tests share: random values, every instruction set, several thread counts.

use crate::lanes::{pack, unpack};
use crate::simd::{Simd, with_simd};

/// `count` values in -1..1 from a seed.
pub(crate) fn random(seed: u64, count: usize) -> Vec<f32> {
    let mut state = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1;
    (0..count)
        .map(|_| {
            state = state
                .wrapping_mul(6364136223846793005)
                .wrapping_add(1442695040888963407);
            (state >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        })
        .collect()
}

pub(crate) fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&x| f64::from(x)).collect()
}

/// Runs `f` with every instruction set of this processor; the best must give the same on 1, 2 and 4 threads.
pub(crate) fn everywhere<R: PartialEq + std::fmt::Debug + Send>(
    f: impl Fn() -> R + Sync,
) -> Vec<R> {
    let on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new()
            .num_threads(threads)
            .build()
            .unwrap();
        pool.install(&f)
    };
    let best = on(1);
    assert_eq!(on(2), best, "two threads");
    assert_eq!(on(4), best, "four threads");
    let others = Simd::available().into_iter().skip(1);
    let others = others.map(|simd| with_simd(simd, &f));
    std::iter::once(best).chain(others).collect()
}

/// Runs a check with every instruction set of this processor.
pub(crate) fn on_each(check: impl Fn()) {
    for simd in Simd::available() {
        with_simd(simd, &check);
    }
}

/// Lanes -> `[n, features]`; fails if a lane without an image is not zero.
pub(crate) fn unpack_with_zeros(x: &[f32], n: usize) -> Vec<f32> {
    let features = x.len() / crate::lanes::blocks(n).max(1) / 16;
    let rows = unpack(x, n, features);
    assert_eq!(
        pack(&rows, n, features),
        x,
        "lanes without an image are zero"
    );
    rows
}

/// Fails, naming `what`, where `got` is further from `expected` than `tolerance` times the greatest magnitude.
pub(crate) fn assert_close(got: &[f32], expected: &[f64], tolerance: f64, what: &str) {
    assert_close_on_scale(1e-3, got, expected, tolerance, what);
}

/// As [`assert_close`], for sums of terms that reach to 1: where a few of them cancel and there is no greater sum beside
/// them, the sum is no more exact than they are.
pub(crate) fn assert_sums_close(got: &[f32], expected: &[f64], tolerance: f64, what: &str) {
    assert_close_on_scale(1.0, got, expected, tolerance, what);
}

fn assert_close_on_scale(least: f64, got: &[f32], expected: &[f64], tolerance: f64, what: &str) {
    assert_eq!(got.len(), expected.len(), "{what}: length");
    let scale = expected.iter().fold(least, |top, x| top.max(x.abs()));
    for (i, (&got, &expected)) in got.iter().zip(expected).enumerate() {
        let error = (f64::from(got) - expected).abs();
        assert!(
            error <= tolerance * scale,
            "{what} at {i}: {got} instead of {expected}"
        );
    }
}
