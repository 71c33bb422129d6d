//! Every operator on the kernels against the same operator composed of Burn's own, on the CPU and on every other device
//! there is: values and gradients.

use std::sync::OnceLock;

use burn::tensor::{Device, Tensor, TensorData};

use super::{Conv, Epilogue, Maps, Pool, RoiAlign, Weights, to_host};
use crate::device::{open_all, probe};
use data::random::{Key, Purpose};

/// Normal values that differ from test to test by `index`.
fn values(index: u64, count: usize) -> Vec<f32> {
    let key = Key {
        seed: 7,
        purpose: Purpose::Weights,
        epoch: 0,
        index,
    };
    let mut stream = key.stream();
    (0..count).map(|_| stream.normal() as f32).collect()
}

fn leaf<const D: usize>(index: u64, shape: [usize; D]) -> Tensor<D> {
    leaf_on(&Device::flex().autodiff(), index, shape)
}

fn leaf_on<const D: usize>(device: &Device, index: u64, shape: [usize; D]) -> Tensor<D> {
    let data = TensorData::new(values(index, shape.iter().product()), shape);
    Tensor::from_data(data, device).require_grad()
}

/// Devices beside the CPU.
fn others() -> &'static [(String, Device)] {
    static OTHERS: OnceLock<Vec<(String, Device)>> = OnceLock::new();
    OTHERS.get_or_init(|| {
        let all = open_all(&probe::in_thread);
        let others = all.into_iter().filter(|computer| computer.info.is_some());
        #[cfg(feature = "remote")]
        let others = others.chain([remote()]);
        others
            .map(|computer| (computer.name, computer.device.autodiff()))
            .collect()
    })
}

/// The processor as the device of another process, which this one plays.
#[cfg(feature = "remote")]
fn remote() -> crate::device::Computer {
    use std::sync::atomic::AtomicBool;

    use crate::device::worker::{Settings, Worker};
    use crate::device::{Computer, open};

    static NEVER: AtomicBool = AtomicBool::new(false);
    let folder = tempfile::tempdir().expect("a folder");
    let settings = Settings {
        key: folder.path().join("key"),
        token: folder.path().join("token"),
        port: 0,
        relays: false,
    };
    let worker = Worker::new(&Computer::cpu(), &settings, |_| {}).expect("a free port");
    let (_, name) = worker.addresses().swap_remove(0);
    std::thread::spawn(move || worker.serve(&NEVER));
    let token = std::fs::read_to_string(&settings.token).expect("made");
    open(&name, &probe::in_thread, Some(token.trim())).expect("a worker on loopback")
}

#[track_caller]
fn assert_near(name: &str, what: &str, fast: &[f32], plain: &[f32]) {
    assert_within(2e-5, name, what, fast, plain);
}

#[track_caller]
fn assert_within(tolerance: f32, name: &str, what: &str, fast: &[f32], plain: &[f32]) {
    assert_eq!(fast.len(), plain.len(), "{name}: {what}");
    let scale = plain
        .iter()
        .fold(1e-3, |most: f32, value| most.max(value.abs()));
    for (i, (fast, plain)) in fast.iter().zip(plain).enumerate() {
        let near = (fast - plain).abs() <= tolerance * scale;
        assert!(
            near,
            "{name}: {what}, element {i}: {fast}, composed on the CPU {plain}"
        );
    }
}

/// Runs `operator` both ways, and on other devices, on the same inputs; `parameters` are what it has beside its maps.
#[track_caller]
fn check<const P: usize>(
    name: &str,
    shape: [usize; 4],
    parameters: [Tensor<1>; P],
    operator: impl Fn(Maps, &[Tensor<1>; P]) -> Maps,
) {
    let run = |device: &Device, enter: fn(Tensor<4>) -> Maps| {
        let x = leaf_on(device, 1, shape);
        let parameters = parameters.clone().map(|parameter| {
            let data = parameter.detach().into_data();
            Tensor::<1>::from_data(data, device).require_grad()
        });
        let y = operator(enter(x.clone()), &parameters).into_nchw();
        let weights = values(2, y.shape().num_elements());
        let weights = Tensor::from_data(TensorData::new(weights, y.dims()), &y.device());
        let gradients = (y.clone() * weights).sum().backward();
        let mut found = vec![
            to_host(y),
            to_host(x.grad(&gradients).expect("of the maps")),
        ];
        found.extend(
            parameters
                .iter()
                .filter_map(|p| p.grad(&gradients))
                .map(to_host),
        );
        found
    };
    let cpu = Device::flex().autodiff();
    let plain = run(&cpu, Maps::plain);
    let compare = |name: &str, tolerance: f32, found: &[Vec<f32>]| {
        assert_eq!(found.len(), plain.len(), "{name}: as many gradients");
        for (i, (found, plain)) in found.iter().zip(&plain).enumerate() {
            let what = ["output", "gradient of the maps"]
                .get(i)
                .unwrap_or(&"gradient of a parameter");
            assert_within(tolerance, name, what, found, plain);
        }
    };
    compare(name, 2e-5, &run(&cpu, Maps::new));
    for (device, other) in others() {
        let name = format!("{name} on {device}");
        compare(&name, 1e-4, &run(other, Maps::new));
    }
}

#[test]
fn convolutions() {
    let conv = |inputs, outputs, kernel, stride, padding, dilation| Conv {
        in_channels: inputs,
        out_channels: outputs,
        kernel: [kernel, kernel],
        stride: [stride, stride],
        padding: [padding, padding],
        dilation: [dilation, dilation],
    };
    let cases = [
        ("3x3, one channel", conv(1, 8, 3, 1, 1, 1), [5, 1, 9, 10]),
        (
            "3x3, many channels",
            conv(16, 20, 3, 1, 1, 1),
            [17, 16, 14, 14],
        ),
        ("3x3 unpadded", conv(18, 16, 3, 1, 0, 1), [3, 18, 7, 8]),
        ("5x5, stride 2", conv(3, 6, 5, 2, 2, 1), [4, 3, 13, 12]),
        ("dilated", conv(4, 5, 3, 1, 2, 2), [2, 4, 9, 9]),
        ("1x1", conv(12, 7, 1, 1, 0, 1), [16, 12, 5, 5]),
    ];
    for (name, conv, shape) in cases {
        let [rows, columns] = conv.kernel;
        let weight = [conv.out_channels, conv.in_channels, rows, columns];
        for epilogue in [Epilogue::None, Epilogue::Relu, Epilogue::ReluPool] {
            let parameters = [
                leaf::<1>(3, [weight.iter().product()]),
                leaf::<1>(4, [conv.out_channels]),
            ];
            check(
                &format!("{name}, {epilogue:?}"),
                shape,
                parameters,
                |x, [kernel, bias]| {
                    x.conv(
                        kernel.clone().reshape(weight),
                        bias.clone(),
                        &conv,
                        epilogue,
                        Weights::Parameter,
                    )
                },
            );
        }
    }
}

/// A few images without gradients; weights that are kept transformed must never be mistaken for others.
#[test]
fn convolutions_of_a_few_images() {
    let conv = Conv {
        in_channels: 17,
        out_channels: 33,
        kernel: [3, 3],
        stride: [1, 1],
        padding: [1, 1],
        dilation: [1, 1],
    };
    let inner = |x: Tensor<1>| x.inner();
    let x = inner(leaf::<1>(1, [2 * 17 * 9 * 6])).reshape([2, 17, 9, 6]);
    let bias = inner(leaf::<1>(2, [33]));
    let mut weight = inner(leaf::<1>(3, [33 * 17 * 9])).reshape([33, 17, 3, 3]);
    for _ in 0..3 {
        let of = |maps: Maps, weights| {
            let (weight, bias) = (weight.clone(), bias.clone());
            to_host(
                maps.conv(weight, bias, &conv, Epilogue::Relu, weights)
                    .into_nchw(),
            )
        };
        let plain = of(Maps::plain(x.clone()).into_lanes(), Weights::Parameter);
        for (name, weights) in [
            ("first time", Weights::Parameter),
            ("second time", Weights::Parameter),
            ("computed", Weights::Computed),
        ] {
            let few = of(Maps::new(x.clone()), weights);
            assert_near(name, "output", &few, &plain);
        }
        // In place, as an optimizer's step: nobody else holds it.
        weight = weight * -1.5;
    }
}

#[test]
fn linear_layers() {
    for (inputs, outputs, relu) in [(37, 10, false), (128, 33, true), (1, 1, true)] {
        let parameters = [leaf::<1>(3, [inputs * outputs]), leaf::<1>(4, [outputs])];
        let name = format!("linear {inputs} to {outputs}");
        check(
            &name,
            [19, inputs, 1, 1],
            parameters,
            |x, [weight, bias]| {
                x.linear(
                    weight.clone().reshape([inputs, outputs]),
                    bias.clone(),
                    relu,
                )
            },
        );
    }
}

#[test]
fn pools() {
    for (kernel, stride, padding) in [(2, 2, 0), (3, 2, 1), (3, 1, 0)] {
        let pool = Pool {
            kernel: [kernel, kernel],
            stride: [stride, stride],
            padding: [padding, padding],
        };
        let shape = [18, 3, 8, 9];
        check(&format!("max {pool:?}"), shape, [], |x, []| {
            x.max_pool(&pool)
        });
        check(&format!("average {pool:?}"), shape, [], |x, []| {
            x.average_pool(&pool)
        });
    }
}

#[test]
fn normalisations() {
    for relu in [false, true] {
        let parameters = || [leaf::<1>(3, [6]), leaf::<1>(4, [6])];
        check(
            "batch-norm",
            [21, 6, 4, 5],
            parameters(),
            |x, [gamma, beta]| x.batch_norm(gamma.clone(), beta.clone(), 1e-5, relu).0,
        );
        check(
            "group-norm",
            [21, 6, 4, 5],
            parameters(),
            |x, [gamma, beta]| x.group_norm(gamma.clone(), beta.clone(), 3, 1e-5, relu),
        );
    }
}

#[test]
fn batch_statistics() {
    let statistics = |enter: fn(Tensor<4>) -> Maps| {
        let x = enter(leaf(1, [21, 6, 4, 5]));
        let (_, mean, variance) = x.batch_norm(leaf(3, [6]), leaf(4, [6]), 1e-5, false);
        [to_host(mean), to_host(variance)]
    };
    let ([mean, variance], [plain_mean, plain_variance]) =
        (statistics(Maps::new), statistics(Maps::plain));
    assert_near("batch-norm", "mean", &mean, &plain_mean);
    assert_near("batch-norm", "variance", &variance, &plain_variance);
}

#[test]
fn elementwise_functions_and_masks() {
    let shape = [17, 3, 4, 5];
    check("relu", shape, [], |x, []| x.relu());
    check("gelu", shape, [], |x, []| x.gelu());
    check("silu", shape, [], |x, []| x.silu());
    check("leaky relu", shape, [], |x, []| x.leaky_relu(0.1));
    check("mask", shape, [], |x, []| {
        let mask = leaf_on(&x.device(), 5, shape);
        x.masked(mask.detach())
    });
    check("flatten", shape, [], |x, []| x.flatten());
}

#[test]
fn region_pooling() {
    for aligned in [false, true] {
        let align = RoiAlign {
            output: [3, 2],
            scale: 0.5,
            sampling_ratio: 2,
            aligned,
        };
        let rois = [
            [0.0, 1.0, 2.0, 9.0, 11.0],
            [16.0, 0.0, 0.0, 15.0, 13.0],
            [3.0, 7.5, 3.25, 8.0, 4.0],
            [3.0, -4.0, 10.0, 30.0, 40.0],
        ];
        check(&format!("aligned {aligned}"), [17, 5, 7, 8], [], |x, []| {
            x.roi_align(&rois, &align)
        });
    }
}

#[test]
fn upsampling_and_sums() {
    for (coarse, fine) in [([2, 3], [4, 6]), ([4, 4], [8, 7]), ([1, 2], [3, 2])] {
        let shape = [18, 3, coarse[0], coarse[1]];
        let larger = [18, 3, fine[0], fine[1]];
        let parameters = [leaf::<1>(3, [larger.iter().product()])];
        check(
            &format!("{coarse:?} added to {fine:?}"),
            shape,
            parameters.clone(),
            |x, [other]| {
                let other = other.clone().reshape(larger);
                let other = match x.values {
                    super::Values::Lanes(_) => Maps::new(other),
                    super::Values::Plain(_) => Maps::plain(other),
                };
                other.add_upsampled(x)
            },
        );
    }
    check("sum", [18, 3, 4, 5], [], |x, []| x.clone().plus(x.relu()));
}
