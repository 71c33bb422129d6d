//! A measurement, run by hand: where Winograd overtakes the direct path.

use super::*;

/// Prints where Winograd overtakes the direct path, in time of one thread; for choosing `TRANSFORM`.
#[test]
#[ignore = "a measurement"]
fn path_crossover() {
    let best = |f: &dyn Fn()| {
        let time = || {
            let start = std::time::Instant::now();
            f();
            start.elapsed().as_secs_f64()
        };
        (0..200).map(|_| time()).fold(f64::MAX, f64::min)
    };
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(1)
        .build()
        .unwrap();
    for (channels, side) in [
        ([1, 16], 28),
        ([2, 16], 14),
        ([3, 16], 28),
        ([4, 8], 14),
        ([4, 16], 14),
        ([8, 8], 14),
        ([16, 16], 14),
        ([8, 8], 7),
        ([16, 16], 7),
        ([64, 64], 4),
        ([64, 64], 3),
        ([64, 64], 2),
        ([64, 64], 5),
    ] {
        let p = problem(conv(channels, 3, 1, 1), 16, [side; 2]).unwrap();
        let (x, dy) = (
            pack(&p.x, p.n, p.in_features()),
            pack(&p.dy, p.n, p.out_features()),
        );
        let [direct, winograd] = [Path::Direct, Path::Winograd].map(|path| {
            pool.install(|| {
                [
                    best(&|| {
                        drop(p.conv.forward_by(
                            path,
                            &x,
                            p.size,
                            &p.weight,
                            None,
                            Epilogue::None,
                            false,
                        ))
                    }),
                    best(&|| drop(p.conv.backward_data_by(path, &dy, p.size, &p.weight))),
                    best(&|| drop(p.conv.backward_weights_by(path, &x, &dy, p.size))),
                ]
            })
        });
        let gain: Vec<f64> = direct.iter().zip(winograd).map(|(d, w)| d / w).collect();
        let chosen = [TRANSFORM, TRANSFORM_WEIGHTS].map(|cost| p.conv.path(p.out, cost));
        eprintln!("{channels:?} {side}: forward, data, weights x{gain:.2?}, chosen {chosen:?}");
    }
}
