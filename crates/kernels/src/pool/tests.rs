//! Both kinds of pooling against the reference and slopes.

use proptest::prelude::*;

use super::*;
use crate::lanes::{pack, unpack};
use crate::reference;
use crate::tests::{assert_close, assert_sums_close, everywhere, random, unpack_with_zeros, wide};

fn pools() -> impl Strategy<Value = (Pool, [usize; 2])> {
    let axis =
        (1..5usize, 1..4usize, 0..3usize, 1..9usize).prop_map(|(kernel, stride, padding, size)| {
            let padding = padding.min(kernel / 2);
            (kernel, stride, padding, size.max(kernel - 2 * padding))
        });
    (axis.clone(), axis).prop_map(|(y, x)| {
        let pool = Pool {
            kernel: [y.0, x.0],
            stride: [y.1, x.1],
            padding: [y.2, x.2],
        };
        (pool, [y.3, x.3])
    })
}

/// Values no two of which are as close as a difference quotient's step.
fn distinct(count: usize) -> Vec<f32> {
    let mut values = vec![0.0; count];
    let key = random(1, count);
    let mut order: Vec<usize> = (0..count).collect();
    order.sort_by(|&a, &b| key[a].total_cmp(&key[b]));
    for (i, &to) in order.iter().enumerate() {
        values[to] = i as f32 / 1024.0 - 1.0;
    }
    values
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]
    #[test]
    fn agrees_with_the_reference_and_slopes((pool, size) in pools(), n in 1..20usize, channels in 1..3usize) {
        let area = size[0] * size[1];
        let outputs = pool.output(size).iter().product::<usize>();
        let (x, dy) = (distinct(n * channels * area), random(2, n * channels * outputs));
        let (xl, dyl) = (pack(&x, n, channels * area), pack(&dy, n, channels * outputs));
        let (x, dy) = (wide(&x), wide(&dy));
        let (values, offsets) = reference::max_pool(&x, size, pool);
        for got in everywhere(|| max_forward(&xl, size, pool)) {
            assert_close(&unpack(&got.y, n, channels * outputs), &values, 0.0, "maximum");
            let as_floats: Vec<f32> = got.offset.iter().map(|&o| f32::from(o)).collect();
            let offsets: Vec<f64> = offsets.iter().map(|&o| f64::from(o)).collect();
            assert_close(&unpack(&as_floats, n, channels * outputs), &offsets, 0.0, "offset");
            let dx = unpack_with_zeros(&max_backward(&dyl, &got.offset, size, pool), n);
            let plane = |image: usize| image * channels * area..(image + 1) * channels * area;
            let of = |image: usize| image * channels * outputs..(image + 1) * channels * outputs;
            for image in [0, n - 1] {
                let slopes = reference::gradient(&x[plane(image)], &dy[of(image)], |x| reference::max_pool(x, size, pool).0);
                assert_close(&dx[plane(image)], &slopes, 1e-5, "gradient of the maximum");
            }
        }
        let averages = reference::average_pool(&x, size, pool);
        for got in everywhere(|| average_forward(&xl, size, pool)) {
            assert_sums_close(&unpack_with_zeros(&got, n), &averages, 1e-6, "average");
        }
        let slopes = reference::gradient(&x[..channels * area], &dy[..channels * outputs], |x| {
            reference::average_pool(x, size, pool)
        });
        for got in everywhere(|| average_backward(&dyl, size, pool)) {
            assert_close(&unpack_with_zeros(&got, n)[..channels * area], &slopes, 1e-5, "gradient of the average");
        }
    }
}

const TWO: Pool = Pool {
    kernel: [2, 2],
    stride: [2, 2],
    padding: [0, 0],
};

#[test]
fn the_first_of_equals_the_last_nan_and_infinities() {
    let (nan, low) = (f32::NAN, f32::NEG_INFINITY);
    for (name, window, offset) in [
        ("all equal", [3.0, 3.0, 3.0, 3.0], 0),
        ("two greatest", [1.0, 5.0, 5.0, 2.0], 1),
        ("nan wins", [9.0, nan, 10.0, 1.0], 1),
        ("a later nan too", [nan, 1.0, nan, 2.0], 2),
        ("only -infinity", [low, low, low, low], 0),
        ("zeros of both signs", [-0.0, 0.0, 0.0, 0.0], 0),
    ] {
        for got in everywhere(|| max_forward(&pack(&window, 1, 4), [2, 2], TWO).offset) {
            assert_eq!(got[0], offset, "{name}");
        }
    }
}

#[test]
fn offsets_count_the_padding_and_large_windows_fit() {
    let pool = Pool {
        kernel: [3, 3],
        stride: [2, 2],
        padding: [1, 1],
    };
    let got = max_forward(&pack(&[1.0], 1, 1), [1, 1], pool);
    assert_eq!(
        got.offset[0], 4,
        "the middle of a window whose border is padding"
    );
    let whole = Pool {
        kernel: [28, 28],
        stride: [1, 1],
        padding: [0, 0],
    };
    let mut x = vec![0.0; 784];
    x[783] = 1.0;
    assert_eq!(
        max_forward(&pack(&x, 1, 784), [28, 28], whole).offset[0],
        783
    );
}

#[test]
fn the_average_of_whole_planes_and_no_planes() {
    let whole = Pool {
        kernel: [1, 3],
        stride: [1, 1],
        padding: [0, 0],
    };
    let x = pack(&[1.0, 2.0, 3.0, 10.0, 20.0, 60.0], 1, 6);
    let y = average_forward(&x, [1, 3], whole);
    assert_eq!([y[0], y[16]], [2.0, 30.0]);
    let dx = average_backward(&y, [1, 3], whole);
    assert_close(
        &unpack_with_zeros(&dx, 1),
        &[2.0 / 3.0, 2.0 / 3.0, 2.0 / 3.0, 10.0, 10.0, 10.0],
        1e-6,
        "dx",
    );
    assert!(max_forward(&[], [2, 2], TWO).y.is_empty());
    assert!(average_backward(&[], [2, 2], TWO).is_empty());
}
