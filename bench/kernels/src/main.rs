//! Times every kernel of the lab's networks against what the machine can do, as a Markdown table (a roofline).
//!
//! `RAYON_NUM_THREADS=1 cargo run --release --manifest-path bench/kernels/Cargo.toml [FILTER]`

use std::hint::black_box;
use std::time::{Duration, Instant};

use kernels::boxes::Xyxy;
use kernels::conv::{self, Conv, Epilogue};
use kernels::lanes::LANES;
use kernels::optimizer::{self, Adam};
use kernels::roi_align::{MapLayout, RoiAlign};
use kernels::simd::{Lanes, Simd, Task};
use kernels::channels::winograd::{self, TransformedWeights};
use kernels::{channels, lanes, linear, nms, norm};
use rayon::prelude::*;

/// As in `atelier`: without it every call would fault its pages in again.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Time given to each measurement.
const TIME: Duration = Duration::from_millis(400);

/// Seconds of the fastest call, which other work on the machine disturbed least.
fn time<T>(mut call: impl FnMut() -> T) -> f64 {
    call();
    let mut times = Vec::new();
    let start = Instant::now();
    while start.elapsed() < TIME || times.len() < 5 {
        let begin = Instant::now();
        black_box(call());
        times.push(begin.elapsed().as_secs_f64());
    }
    times.into_iter().fold(f64::INFINITY, f64::min)
}

/// Multiply-adds in registers only.
struct Peak;

/// Loop rounds of [`Peak`].
const ROUNDS: usize = 100_000;

impl Task for Peak {
    type Output = f32;

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) -> f32 {
        let (a, b) = (l.splat(black_box(0.999)), l.splat(black_box(0.001)));
        let mut sums = [l.zero(); 6];
        for _ in 0..ROUNDS {
            for r in 0..6 {
                sums[r] = l.mul_add(sums[r], a, b);
            }
        }
        let mut all = l.zero();
        for r in 0..6 {
            all = l.add(all, sums[r]);
        }
        l.sum(all)
    }
}

/// Floating-point operations a second of all threads together.
fn peak() -> f64 {
    let threads = rayon::current_num_threads();
    let seconds = time(|| {
        (0..threads)
            .into_par_iter()
            .map(|_| Simd::current().run(Peak))
            .sum::<f32>()
    });
    (threads * ROUNDS * 6 * LANES * 2) as f64 / seconds
}

/// Bytes a second from memory, by summing more than any cache holds.
fn bandwidth() -> f64 {
    let values = vec![1f32; 64 << 20];
    let seconds = time(|| {
        values
            .par_chunks(1 << 16)
            .map(|chunk| {
                let mut sums = [0f32; 64];
                for part in chunk.as_chunks::<64>().0 {
                    for i in 0..64 {
                        sums[i] += part[i];
                    }
                }
                sums.iter().sum::<f32>()
            })
            .sum::<f32>()
    });
    (values.len() * 4) as f64 / seconds
}

struct Table {
    filter: String,
    peak: f64,
    bandwidth: f64,
}

impl Table {
    /// One line: `flops` that the direct formula needs, and the fewest `bytes` that must move.
    fn line<T>(&self, name: &str, flops: f64, bytes: f64, call: impl FnMut() -> T) {
        if !name.contains(&self.filter) {
            return;
        }
        let seconds = time(call);
        let bound = (flops / self.peak).max(bytes / self.bandwidth);
        println!(
            "| {name} | {:.3} | {:.1} | {:.1} | {:.0} % |",
            seconds * 1e3,
            flops / seconds / 1e9,
            bytes / seconds / 1e9,
            100.0 * bound / seconds
        );
    }
}

fn noise(len: usize) -> Vec<f32> {
    let mut state = 1u32;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

fn convolution(table: &Table, name: &str, conv: &Conv, images: usize, side: usize, pooled: bool) {
    let size = [side, side];
    let [rows, columns] = conv.output(size).expect("fits");
    let blocks = lanes::blocks(images);
    let (input, output) = (
        blocks * LANES * conv.in_channels * side * side,
        blocks * LANES * conv.out_channels * rows * columns,
    );
    let (x, dy) = (noise(input), noise(output));
    let weight = noise(conv.out_channels * conv.in_channels * conv.kernel[0] * conv.kernel[1]);
    let bias = noise(conv.out_channels);
    let flops = 2.0 * (output * conv.in_channels * conv.kernel[0] * conv.kernel[1]) as f64;
    let bytes = 4.0 * (input + output) as f64;
    if pooled {
        table.line(&format!("{name} forward, pooled"), flops, bytes, || {
            conv.forward_relu_pool(&x, size, &weight, Some(&bias))
        });
        let (y, argmax) = conv.forward_relu_pool(&x, size, &weight, Some(&bias));
        table.line(
            &format!("{name} unpool"),
            0.0,
            4.0 * (output + y.len()) as f64,
            || conv::relu_pool_backward(&argmax, &y, conv.out_channels, [rows, columns]),
        );
    } else {
        table.line(&format!("{name} forward"), flops, bytes, || {
            conv.forward(&x, size, &weight, Some(&bias), Epilogue::Relu)
        });
        table.line(
            &format!("{name} relu backward"),
            0.0,
            12.0 * output as f64,
            || conv::relu_backward(&dy, &dy, conv.out_channels, rows * columns),
        );
    }
    if conv.in_channels > 1 {
        table.line(&format!("{name} backward data"), flops, bytes, || {
            conv.backward_data(&dy, size, &weight)
        });
    }
    table.line(&format!("{name} backward weights"), flops, bytes, || {
        conv.backward_weights(&x, &dy, size)
    });
}

fn fully_connected(table: &Table, name: &str, images: usize, inputs: usize, outputs: usize) {
    let blocks = lanes::blocks(images);
    let (x, dy) = (
        noise(blocks * inputs * LANES),
        noise(blocks * outputs * LANES),
    );
    let weight = noise(inputs * outputs);
    let bias = noise(outputs);
    let flops = 2.0 * (blocks * LANES * inputs * outputs) as f64;
    let bytes = 4.0 * (x.len() + dy.len() + weight.len()) as f64;
    table.line(&format!("{name} forward"), flops, bytes, || {
        linear::forward(&x, inputs, outputs, &weight, Some(&bias), true)
    });
    table.line(&format!("{name} backward data"), flops, bytes, || {
        linear::backward_data(&dy, inputs, outputs, &weight)
    });
    table.line(&format!("{name} backward weights"), flops, bytes, || {
        linear::backward_weights(&x, &dy, inputs, outputs)
    });
}

/// What one image costs: the lab's layers, and some of ResNet-50's.
fn one_image(table: &Table) {
    let square = |inputs, outputs, kernel, padding| Conv {
        in_channels: inputs,
        out_channels: outputs,
        kernel: [kernel; 2],
        stride: [1; 2],
        padding: [padding; 2],
        dilation: [1; 2],
    };
    let halving = |conv: Conv| Conv {
        stride: [2; 2],
        ..conv
    };
    for (conv, side) in [
        (square(1, 32, 3, 1), 28),
        (square(32, 64, 3, 1), 14),
        (square(64, 128, 3, 1), 7),
        (halving(square(3, 64, 7, 3)), 224),
        (square(64, 256, 1, 0), 56),
        (square(64, 64, 3, 1), 56),
        (square(128, 128, 3, 1), 28),
        (square(512, 128, 1, 0), 28),
        (halving(square(256, 256, 3, 1)), 28),
        (square(256, 256, 3, 1), 14),
        (square(2048, 512, 1, 0), 7),
        (square(512, 512, 3, 1), 7),
    ] {
        let size = [side; 2];
        let [kernel, stride] = [conv.kernel[0], conv.stride[0]];
        let (inputs, outputs) = (conv.in_channels, conv.out_channels);
        let name = format!("conv {inputs} to {outputs}, {kernel}x{kernel} / {stride}, {side}x{side}");
        let x = channels::pack(&noise(inputs * side * side), inputs, side * side);
        let weight = noise(inputs * outputs * kernel * kernel);
        let bias = noise(outputs);
        let area = side.div_ceil(stride).pow(2);
        let flops = 2.0 * (weight.len() * area) as f64;
        let bytes = 4.0 * (x.len() + weight.len()) as f64;
        let weights = channels::Weights::new(&conv, &weight, &bias);
        table.line(&name, flops, bytes, || {
            channels::conv(&conv, &x, size, &weights, true)
        });
        if winograd::supports(&conv, 1, size) {
            let weights = TransformedWeights::new(&conv, &weight, &bias);
            let bytes = 4.0 * (x.len() + 4 * weight.len()) as f64;
            table.line(&format!("{name}, Winograd"), flops, bytes, || {
                winograd::conv(&conv, &x, size, &weights, true)
            });
            let bytes = 4.0 * (5 * weight.len()) as f64;
            table.line(&format!("{name}, transforming the weights"), 0.0, bytes, || {
                TransformedWeights::new(&conv, &weight, &bias)
            });
        }
    }
    let (inputs, outputs) = (6272, 512);
    let (weight, bias) = (noise(inputs * outputs), noise(outputs));
    for (name, every) in [("", 1), (", half of the inputs zero", 2)] {
        let mut x = noise(inputs);
        if every > 1 {
            x.iter_mut().step_by(every).for_each(|x| *x = 0.0);
        }
        let bytes = 4.0 * (weight.len() / every) as f64;
        table.line(
            &format!("linear 6272 to 512, one image{name}"),
            bytes / 2.0,
            bytes,
            || linear::few(&x, &weight, &bias, inputs, true),
        );
    }
}

/// What the detector of scenes of 128 x 128 pixels adds to convolutions and products.
fn regions(table: &Table) {
    let (images, channels, side, each) = (32, 64, 32, 100);
    let shape = [images, channels, side, side];
    let maps = noise(images * channels * side * side);
    let at = noise(images * each * 4);
    let rois: Vec<(usize, Xyxy)> = at
        .as_chunks::<4>()
        .0
        .iter()
        .enumerate()
        .map(|(i, [x, y, width, height])| {
            let (x, y) = (50.0 + 50.0 * x, 50.0 + 50.0 * y);
            let (width, height) = (15.0 + 8.0 * width, 20.0 + 8.0 * height);
            (i / each, Xyxy::new(x, y, x + width, y + height))
        })
        .collect();
    let align = RoiAlign {
        output: [5, 5],
        scale: 0.25,
        sampling_ratio: 2,
        aligned: true,
    };
    let pooled = (rois.len() * channels * 25) as f64;
    // Four samples of four cells for each value.
    let (flops, bytes) = (pooled * 32.0, 4.0 * (maps.len() as f64 + pooled));
    let name = format!("RoIAlign, {images} maps 64 x 32 x 32, {each} regions each");
    table.line(&format!("{name}: forward"), flops, bytes, || {
        align.forward(MapLayout::Lanes, &maps, shape, &rois)
    });
    let grad = noise(rois.len() * channels * 25);
    table.line(&format!("{name}: backward"), flops, bytes, || {
        align.backward(MapLayout::Lanes, &grad, shape, &rois)
    });
    let boxes: Vec<Xyxy> = rois.iter().map(|roi| roi.1).collect();
    let scores = noise(boxes.len());
    let name = format!("suppression, {} boxes", boxes.len());
    table.line(&name, 0.0, 20.0 * boxes.len() as f64, || {
        nms::nms(&boxes, &scores, 0.7)
    });
    let rows = norm::Shape {
        images: 1024,
        channels: 256,
        area: 1,
    };
    let x = noise(1024 * 256);
    let (gamma, beta) = (noise(256), noise(256));
    let affine = norm::Affine {
        gamma: &gamma,
        beta: &beta,
        epsilon: 1e-5,
        relu: true,
    };
    let bytes = 8.0 * x.len() as f64;
    table.line("group-norm, 1024 regions, 256 features", 0.0, bytes, || {
        norm::group_forward(&x, rows, 32, affine)
    });
    table.line("batch-norm, 1024 regions, 256 features", 0.0, bytes, || {
        norm::batch_forward(&x, rows, affine)
    });
}

fn square(in_channels: usize, out_channels: usize, side: usize, padding: usize) -> Conv {
    Conv {
        in_channels,
        out_channels,
        kernel: [side; 2],
        stride: [1, 1],
        padding: [padding; 2],
        dilation: [1, 1],
    }
}

fn main() {
    // On a thread of the pool, as the program's commands run: waking one costs more than a small kernel.
    rayon::scope(|_| tables());
}

fn tables() {
    let filter = std::env::args().nth(1).unwrap_or_default();
    let table = Table {
        filter,
        peak: peak(),
        bandwidth: bandwidth(),
    };
    println!(
        "{} threads, {:.1} GFLOP/s of multiply-adds, {:.1} GB/s from memory",
        rayon::current_num_threads(),
        table.peak / 1e9,
        table.bandwidth / 1e9
    );
    println!("\n| kernel | ms | GFLOP/s | GB/s | of the bound |\n| --- | --- | --- | --- | --- |");
    for images in [64, 500] {
        let name = |what: &str| format!("{what}, {images} images:");
        convolution(
            &table,
            &name("conv 1 to 32, 28x28"),
            &square(1, 32, 3, 1),
            images,
            28,
            true,
        );
        convolution(
            &table,
            &name("conv 32 to 64, 14x14"),
            &square(32, 64, 3, 1),
            images,
            14,
            true,
        );
        convolution(
            &table,
            &name("conv 64 to 128, 7x7"),
            &square(64, 128, 3, 1),
            images,
            7,
            false,
        );
        fully_connected(&table, &name("linear 6272 to 512"), images, 6272, 512);
        fully_connected(&table, &name("linear 512 to 10"), images, 512, 10);
    }
    one_image(&table);
    regions(&table);
    for images in [256] {
        let name = |what: &str| format!("{what}, {images} images:");
        convolution(
            &table,
            &name("5x5 conv 8 to 16, 12x12"),
            &square(8, 16, 5, 0),
            images,
            12,
            true,
        );
    }
    let count = 6272 * 512;
    let (mut parameter, gradient) = (noise(count), noise(count));
    let (mut first, mut second) = (vec![0.0; count], vec![0.0; count]);
    let step = Adam {
        learning_rate: 1e-3,
        beta1: 0.9,
        beta2: 0.999,
        epsilon: 1e-8,
        weight_decay: 0.0,
        decoupled: false,
        step: 3,
        grad_scale: 1.0,
    };
    table.line(
        "Adam, 3.2 million parameters",
        0.0,
        28.0 * count as f64,
        || optimizer::adam(&mut parameter, &gradient, &mut first, &mut second, &step),
    );
}
