//! Every path against the reference, on the best instruction set and the portable one.

mod activations;
mod crossover;
mod geometry;
mod rounding;

use super::*;
use crate::lanes::{pack, unpack};
use crate::reference;
use crate::tests::on_each;

/// Numbers in -1..1 that depend on their index only.
fn noise(seed: u64, len: usize) -> Vec<f32> {
    (0..len as u64)
        .map(|i| {
            let mut z = (i + 1)
                .wrapping_add(seed << 32)
                .wrapping_mul(0x9e37_79b9_7f4a_7c15);
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            ((z ^ (z >> 31)) >> 40) as f32 / (1u64 << 23) as f32 - 1.0
        })
        .collect()
}

/// A convolution with its operands in NCHW.
struct Problem {
    conv: Conv,
    n: usize,
    size: [usize; 2],
    out: [usize; 2],
    x: Vec<f32>,
    weight: Vec<f32>,
    bias: Vec<f32>,
    dy: Vec<f32>,
}

fn problem(conv: Conv, n: usize, size: [usize; 2]) -> Option<Problem> {
    let out = conv.output(size)?;
    Some(Problem {
        conv,
        n,
        size,
        out,
        x: noise(1, n * conv.in_channels * size[0] * size[1]),
        weight: noise(2, conv.weights()),
        bias: noise(3, conv.out_channels),
        dy: noise(4, n * conv.out_channels * out[0] * out[1]),
    })
}

fn close(what: &str, got: &[f32], expected: &[f32], terms: usize) {
    assert_eq!(got.len(), expected.len(), "{what}: length");
    // Products of numbers in -1..1: Winograd loses a few bits more than plain summation.
    let tolerance = 4e-6 * (terms as f32).sqrt().max(1.0) * 4.0;
    for (i, (g, e)) in got.iter().zip(expected).enumerate() {
        assert!(
            (g - e).abs() <= tolerance,
            "{what}: at {i} {g} instead of {e} ({tolerance})"
        );
    }
}

impl Problem {
    fn in_features(&self) -> usize {
        self.conv.in_channels * self.size[0] * self.size[1]
    }

    fn out_features(&self) -> usize {
        self.conv.out_channels * self.out[0] * self.out[1]
    }

    fn paths(&self) -> Vec<Path> {
        if self.conv.allows_winograd() {
            vec![Path::Direct, Path::Winograd]
        } else {
            vec![Path::Direct]
        }
    }

    /// Compares every operator by every path with the reference.
    fn check(&self) {
        let Problem {
            conv, n, size, out, ..
        } = self;
        let (n, size, out) = (*n, *size, *out);
        let taps = conv.kernel[0] * conv.kernel[1];
        let x = pack(&self.x, n, self.in_features());
        let dy = pack(&self.dy, n, self.out_features());
        let y = reference::conv(conv, &self.x, n, size, &self.weight, Some(&self.bias));
        let unbiased = reference::conv(conv, &self.x, n, size, &self.weight, None);
        let relu: Vec<f32> = y.iter().map(|y| y.max(0.0)).collect();
        let dx = reference::conv_backward_data(conv, &self.dy, n, size, &self.weight);
        let dw = reference::conv_backward_weights(conv, &self.x, &self.dy, n, size);
        for path in self.paths() {
            let forward = |bias, epilogue| {
                let values = conv
                    .forward_by(path, &x, size, &self.weight, bias, epilogue, false)
                    .0;
                unpack(&values, n, self.out_features())
            };
            let name = |what| format!("{what} by {path:?} of {conv:?} on {n} of {size:?}");
            let terms = conv.in_channels * taps;
            let bias = Some(&self.bias[..]);
            close(&name("y"), &forward(bias, Epilogue::None), &y, terms);
            close(
                &name("y without bias"),
                &forward(None, Epilogue::None),
                &unbiased,
                terms,
            );
            close(&name("relu"), &forward(bias, Epilogue::Relu), &relu, terms);
            self.check_pool(path, &x, &y, terms);
            let back = conv.backward_data_by(path, &dy, size, &self.weight);
            let terms = conv.out_channels * taps;
            close(
                &name("dx"),
                &unpack(&back, n, self.in_features()),
                &dx,
                terms,
            );
            let weights = conv.backward_weights_by(path, &x, &dy, size);
            close(&name("dw"), &weights, &dw, n * out[0] * out[1]);
        }
    }

    /// Pooled values against the reference's; the argmax must name the value, which may be any of nearly equal ones.
    fn check_pool(&self, path: Path, x: &[f32], y: &[f32], terms: usize) {
        let [rows, columns] = self.out.map(|len| len / 2);
        let planes = self.n * self.conv.out_channels;
        let bias = Some(&self.bias[..]);
        let [(values, argmax), (alone, none)] = [true, false].map(|keep_argmax| {
            let (weight, pool) = (&self.weight, Epilogue::ReluPool);
            self.conv
                .forward_by(path, x, self.size, weight, bias, pool, keep_argmax)
        });
        assert!(
            alone == values && none.is_empty(),
            "pooling without the argmax"
        );
        let features = self.conv.out_channels * rows * columns;
        let values = unpack(&values, self.n, features);
        let argmax: Vec<f32> = argmax.iter().map(|&k| f32::from(k)).collect();
        let argmax = unpack(&argmax, self.n, features);
        let (mut expected, mut named) = (Vec::new(), Vec::new());
        for (plane, row, column) in (0..planes)
            .flat_map(|p| (0..rows).flat_map(move |r| (0..columns).map(move |c| (p, r, c))))
        {
            let square = [(0, 0), (0, 1), (1, 0), (1, 1)].map(|(i, j)| {
                y[(plane * self.out[0] + 2 * row + i) * self.out[1] + 2 * column + j]
            });
            expected.push(square.into_iter().fold(0.0, f32::max));
            let k = argmax[named.len()] as usize;
            named.push(if k == 4 { 0.0 } else { square[k] });
        }
        close("pooled", &values, &expected, terms);
        close("argmax", &named, &expected, terms);
    }
}

fn conv(channels: [usize; 2], kernel: usize, stride: usize, padding: usize) -> Conv {
    Conv {
        in_channels: channels[0],
        out_channels: channels[1],
        kernel: [kernel; 2],
        stride: [stride; 2],
        padding: [padding; 2],
        dilation: [1; 2],
    }
}
