//! Rounding: the same bits on any number of threads, and the bound of Winograd's error.

use super::*;

#[test]
fn the_number_of_threads_does_not_change_a_bit() {
    for (conv, n, size) in [
        (conv([20, 33], 3, 1, 1), 40, [14, 14]),
        (conv([3, 17], 5, 2, 2), 40, [15, 14]),
        (conv([1, 32], 3, 1, 1), 64, [28, 28]),
    ] {
        let p = problem(conv, n, size).unwrap();
        let (x, dy) = (
            pack(&p.x, n, p.in_features()),
            pack(&p.dy, n, p.out_features()),
        );
        let all = || {
            let y = conv.forward(&x, size, &p.weight, Some(&p.bias), Epilogue::Relu);
            let (pooled, argmax) = conv.forward_relu_pool(&x, size, &p.weight, Some(&p.bias));
            let dx = conv.backward_data(&dy, size, &p.weight);
            let dw = conv.backward_weights(&x, &dy, size);
            let relu = relu_backward(&y, &dy, conv.out_channels, p.out[0] * p.out[1]);
            let floats = [y, pooled, dx, dw, relu.0, relu.1].concat();
            (
                floats.into_iter().map(f32::to_bits).collect::<Vec<_>>(),
                argmax,
            )
        };
        let [one, two, four] = [1, 2, 4].map(|threads| {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(threads)
                .build()
                .unwrap();
            pool.install(all)
        });
        assert!(one == two && one == four, "{conv:?}");
    }
}

/// The bound that `winograd` states: the error relative to the sum of the products' magnitudes.
#[test]
fn winograd_error_is_bounded() {
    let conv = conv([64, 64], 3, 1, 1);
    let p = problem(conv, 16, [14, 14]).unwrap();
    let x = pack(&p.x, p.n, p.in_features());
    let expected = reference::conv(&conv, &p.x, p.n, p.size, &p.weight, None);
    let magnitudes = |values: &[f32]| values.iter().map(|v| v.abs()).collect::<Vec<_>>();
    let scale = reference::conv(
        &conv,
        &magnitudes(&p.x),
        p.n,
        p.size,
        &magnitudes(&p.weight),
        None,
    );
    for (path, bound) in [(Path::Winograd, 3e-6), (Path::Direct, 4e-7)] {
        let y = conv
            .forward_by(path, &x, p.size, &p.weight, None, Epilogue::None, false)
            .0;
        let y = unpack(&y, p.n, p.out_features());
        let worst = y
            .iter()
            .zip(&expected)
            .zip(&scale)
            .map(|((y, e), s)| (y - e).abs() / s)
            .fold(0.0, f32::max);
        eprintln!("{path:?}: {worst:e}");
        assert!(worst < bound, "{path:?}: {worst:e}");
    }
}
