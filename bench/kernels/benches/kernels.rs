//! Every kernel beside its reference: `cargo bench --manifest-path bench/kernels/Cargo.toml [FILTER]`.
//!
//! The references are simple loops, so the sizes here are small; `src/main.rs` compares the kernels at the lab's sizes
//! with what the machine can do.

use std::hint::black_box;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use kernels::boxes::Xyxy;
use kernels::conv::{Conv, Epilogue};
use kernels::norm::{self, Affine};
use kernels::optimizer::{self, Adam};
use kernels::pool::{self, Pool};
use kernels::roi_align::{MapLayout, RoiAlign};
use kernels::{channels, lanes, linear, nms, reference};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Values in -1..1.
fn noise(len: usize) -> Vec<f32> {
    let mut state = 1u32;
    (0..len)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / (1 << 23) as f32 - 1.0
        })
        .collect()
}

fn wide(x: &[f32]) -> Vec<f64> {
    x.iter().map(|&x| f64::from(x)).collect()
}

fn convolutions(criterion: &mut Criterion) {
    let images = 16;
    for (name, channels, kernel, stride, side) in [
        ("3x3, 1 to 16", [1, 16], 3, 1, 28),
        ("3x3, 16 to 16", [16, 16], 3, 1, 14),
        ("1x1, 32 to 32", [32, 32], 1, 1, 14),
        ("5x5 stride 2, 8 to 16", [8, 16], 5, 2, 14),
    ] {
        let conv = Conv {
            in_channels: channels[0],
            out_channels: channels[1],
            kernel: [kernel; 2],
            stride: [stride; 2],
            padding: [kernel / 2; 2],
            dilation: [1, 1],
        };
        let size = [side, side];
        let out = conv.output(size).expect("the kernel fits");
        let x = noise(images * channels[0] * side * side);
        let dy = noise(images * channels[1] * out[0] * out[1]);
        let weight = noise(channels[0] * channels[1] * kernel * kernel);
        let bias = noise(channels[1]);
        let xl = lanes::pack(&x, images, x.len() / images);
        let dyl = lanes::pack(&dy, images, dy.len() / images);
        let mut group = criterion.benchmark_group(format!("convolution {name}"));
        let products = dy.len() * channels[0] * kernel * kernel;
        group.throughput(Throughput::Elements(2 * products as u64));
        group.sample_size(20);
        group.bench_function("forward", |b| {
            b.iter(|| conv.forward(black_box(&xl), size, &weight, Some(&bias), Epilogue::None))
        });
        group.bench_function("forward, reference", |b| {
            b.iter(|| reference::conv(&conv, black_box(&x), images, size, &weight, Some(&bias)))
        });
        let area = size[0] * size[1];
        let packed = channels::pack(&x, conv.in_channels, area);
        let weights = channels::Weights::new(&conv, &weight, &bias);
        group.bench_function("forward, channels side by side", |b| {
            b.iter(|| channels::conv(&conv, black_box(&packed), size, &weights, false))
        });
        group.bench_function("backward data", |b| {
            b.iter(|| conv.backward_data(black_box(&dyl), size, &weight))
        });
        group.bench_function("backward data, reference", |b| {
            b.iter(|| reference::conv_backward_data(&conv, black_box(&dy), images, size, &weight))
        });
        group.bench_function("backward weights", |b| {
            b.iter(|| conv.backward_weights(black_box(&xl), &dyl, size))
        });
        group.bench_function("backward weights, reference", |b| {
            b.iter(|| reference::conv_backward_weights(&conv, black_box(&x), &dy, images, size))
        });
    }
}

fn fully_connected(criterion: &mut Criterion) {
    let (images, inputs, outputs) = (64, 512, 128);
    let (x, dy) = (noise(images * inputs), noise(images * outputs));
    let (weight, bias) = (noise(inputs * outputs), noise(outputs));
    let (xl, dyl) = (
        lanes::pack(&x, images, inputs),
        lanes::pack(&dy, images, outputs),
    );
    let [wide_x, wide_dy, wide_weight, wide_bias] = [&x, &dy, &weight, &bias].map(|x| wide(x));
    let mut group = criterion.benchmark_group("linear 512 to 128");
    group.throughput(Throughput::Elements((2 * images * inputs * outputs) as u64));
    group.sample_size(20);
    group.bench_function("forward", |b| {
        b.iter(|| linear::forward(black_box(&xl), inputs, outputs, &weight, Some(&bias), true))
    });
    group.bench_function("forward, reference", |b| {
        b.iter(|| reference::linear(black_box(&wide_x), &wide_weight, &wide_bias, images))
    });
    group.bench_function("backward data", |b| {
        b.iter(|| linear::backward_data(black_box(&dyl), inputs, outputs, &weight))
    });
    group.bench_function("backward data, reference", |b| {
        b.iter(|| {
            reference::linear_backward_data(black_box(&wide_dy), &wide_weight, images, outputs)
        })
    });
    group.bench_function("backward weights", |b| {
        b.iter(|| linear::backward_weights(black_box(&xl), &dyl, inputs, outputs))
    });
    group.bench_function("backward weights, reference", |b| {
        b.iter(|| reference::linear_backward_weights(black_box(&wide_x), &wide_dy, images, inputs))
    });
    group.bench_function("forward, one image", |b| {
        b.iter(|| linear::few(black_box(&x[..inputs]), &weight, &bias, inputs, true))
    });
}

fn others(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("others");
    group.sample_size(20);
    let (images, channels, side) = (64, 32, 14);
    let x = noise(images * channels * side * side);
    let (gamma, beta) = (noise(channels), noise(channels));
    let affine = Affine {
        gamma: &gamma,
        beta: &beta,
        epsilon: 1e-5,
        relu: true,
    };
    let shape = norm::Shape {
        images,
        channels,
        area: side * side,
    };
    group.throughput(Throughput::Bytes(8 * x.len() as u64));
    group.bench_function("batch norm", |b| {
        b.iter(|| norm::batch_forward(black_box(&x), shape, affine))
    });
    let halving = Pool {
        kernel: [2, 2],
        stride: [2, 2],
        padding: [0, 0],
    };
    group.throughput(Throughput::Bytes(5 * x.len() as u64));
    group.bench_function("max pool", |b| {
        b.iter(|| pool::max_forward(black_box(&x), [side, side], halving))
    });
    let mut parameter = noise(1 << 20);
    let gradient = noise(1 << 20);
    let (mut first, mut second) = (vec![0.0; 1 << 20], vec![0.0; 1 << 20]);
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
    group.throughput(Throughput::Bytes(28 << 20));
    group.bench_function("Adam, a million parameters", |b| {
        b.iter(|| {
            optimizer::adam(
                &mut parameter,
                black_box(&gradient),
                &mut first,
                &mut second,
                &step,
            )
        })
    });
    let rois: Vec<(usize, Xyxy)> = (0..16 * 16)
        .map(|i| {
            let (x1, y1) = ((i % 11) as f32, (i % 7) as f32);
            let roi = Xyxy {
                x1,
                y1,
                x2: x1 + 14.0,
                y2: y1 + 17.0,
            };
            (i / 16, roi)
        })
        .collect();
    let align = RoiAlign {
        output: [5, 5],
        scale: 0.25,
        sampling_ratio: 2,
        aligned: true,
    };
    let maps = noise(16 * 64 * 7 * 7);
    group.throughput(Throughput::Elements(rois.len() as u64));
    group.bench_function("RoIAlign of 256 regions", |b| {
        b.iter(|| align.forward(MapLayout::Lanes, black_box(&maps), [16, 64, 7, 7], &rois))
    });
    let boxes: Vec<Xyxy> = rois.iter().map(|(_, roi)| *roi).collect();
    let scores = noise(boxes.len());
    group.throughput(Throughput::Elements(boxes.len() as u64));
    group.bench_function("NMS of 256 boxes", |b| {
        b.iter(|| nms::nms(black_box(&boxes), &scores, 0.5))
    });
}

criterion_group!(benches, convolutions, fully_connected, others);
criterion_main!(benches);
