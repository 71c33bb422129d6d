//! Compares an operator on the kernels with the same one composed of Burn's own, on the CPU and on every other device
//! there is: values and gradients. The cases are in each operator's file.

use std::sync::OnceLock;

use burn::tensor::{Device, Tensor, TensorData};

use super::{Maps, to_host};
use crate::device::{open_all, probe};
use data::random::{Key, Purpose};

/// Normal random values; each `index` gives others.
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

pub(super) fn leaf<const D: usize>(index: u64, shape: [usize; D]) -> Tensor<D> {
    leaf_on(&Device::flex().autodiff(), index, shape)
}

pub(super) fn leaf_on<const D: usize>(device: &Device, index: u64, shape: [usize; D]) -> Tensor<D> {
    let data = TensorData::new(values(index, shape.iter().product()), shape);
    Tensor::from_data(data, device).require_grad()
}

/// Every device except the CPU.
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

/// The CPU as a remote device, served by this process.
#[cfg(feature = "remote")]
fn remote() -> crate::device::Computer {
    use std::sync::atomic::AtomicBool;

    use crate::device::worker::{Worker, WorkerSettings};
    use crate::device::{Computer, open};

    static NEVER: AtomicBool = AtomicBool::new(false);
    let folder = tempfile::tempdir().expect("a folder");
    let settings = WorkerSettings {
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
pub(super) fn assert_near(name: &str, what: &str, fast: &[f32], plain: &[f32]) {
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

/// How images become maps.
type Enter = fn(Tensor<4>) -> Maps;

/// Compares `operator` on the kernels and on other devices with its composition on the CPU; `parameters` are its inputs
/// besides the maps.
#[track_caller]
pub(super) fn check<const P: usize>(
    name: &str,
    shape: [usize; 4],
    parameters: [Tensor<1>; P],
    operator: impl Fn(Maps, &[Tensor<1>; P]) -> Maps,
) {
    let run = |device: &Device, enter: Enter| {
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
    let layouts: [(&str, Enter); 3] = [
        ("", Maps::new),
        (" on images side by side", |x| Maps::plain(x).into_lanes()),
        (" on channels side by side", |x| {
            Maps::plain(x).into_channels()
        }),
    ];
    for (layout, enter) in layouts {
        compare(&format!("{name}{layout}"), 2e-5, &run(&cpu, enter));
    }
    for (device, other) in others() {
        let name = format!("{name} on {device}");
        compare(&name, 1e-4, &run(other, Maps::new));
    }
}
