//! The feature pyramid, and regions pooled from its levels, forward and gradient.

use burn::tensor::{Device, Tensor, TensorData};
use kernels::boxes::Xyxy;
use kernels::roi_align::Levels;
use kernels::roi_align::RoiAlign;
use nets::detector::pyramid::FeaturePyramid;
use nets::detector::region_pooling::pool;
use nets::layers::{Initializer, Mode};
use nets::ops::{Maps, to_host};
use nets::weights::{Weight, Weights, apply};
use recipe::Pyramid;

use super::{Golden, assert_near};

fn tensor(golden: &Golden, key: &str, device: &Device) -> Tensor<4> {
    let data = TensorData::new(golden.floats(key).to_vec(), golden.shape::<4>(key));
    Tensor::from_data(data, device)
}

#[test]
fn feature_pyramid() {
    let golden = Golden::load("feature_pyramid_network");
    let device = Device::flex();
    for case in golden.cases() {
        let channels: Vec<usize> = case.get("in_channels");
        let recipe = Pyramid {
            channels: case.get("out_channels"),
            extra_level: true,
            ..Pyramid::default()
        };
        let mut weights = Weights::new();
        for (theirs, ours) in [("inner_blocks", "lateral"), ("layer_blocks", "output")] {
            for level in 0..channels.len() {
                for part in ["weight", "bias"] {
                    let key = format!("weights.{theirs}.{level}.0.{part}");
                    let shape = golden.any_shape(&key).to_vec();
                    let values = golden.floats(&key).to_vec();
                    let name = format!("{ours}.{level}.conv.{part}");
                    weights.insert(name, Weight { shape, values });
                }
            }
        }
        let mut init = Initializer::new(0, &device);
        let pyramid = FeaturePyramid::new(&channels, &recipe, &mut init);
        let pyramid = apply(pyramid, &weights).expect("weights that fit");
        let maps = (0..channels.len())
            .map(|level| Maps::new(tensor(&golden, &format!("input.{level}"), &device)))
            .collect();
        let levels: Vec<String> = case.get("levels");
        let outputs = pyramid.forward(maps, Mode::Inference);
        assert_eq!(outputs.len(), levels.len());
        for (output, level) in outputs.into_iter().zip(levels) {
            let key = format!("output.{level}");
            let output = output.into_nchw();
            assert_eq!(output.dims(), golden.shape::<4>(&key), "{key}");
            assert_near(&key, &to_host(output), golden.floats(&key));
        }
    }
}

#[test]
fn regions_of_every_level() {
    let golden = Golden::load("multiscale_roi_align");
    let device = Device::flex().autodiff();
    let regions: Vec<(usize, Xyxy)> = (0..2)
        .flat_map(|image| {
            let boxes = golden.boxes(&format!("boxes_image{image}"));
            boxes.into_iter().map(move |bounds| (image, bounds))
        })
        .collect();
    for case in golden.cases() {
        let name = case.name();
        let scales: Vec<f32> = case.get("scales");
        let levels = Levels {
            aligns: scales
                .iter()
                .map(|&scale| RoiAlign {
                    output: case.get("output_size"),
                    scale,
                    sampling_ratio: case.get("sampling_ratio"),
                    aligned: case.get("aligned"),
                })
                .collect(),
            canonical_size: case.get("canonical_scale"),
            canonical_level: case.get("canonical_level"),
        };
        let read: Vec<usize> = regions.iter().map(|region| levels.of(region.1)).collect();
        assert_eq!(read, golden.indices(&format!("{name}.levels")), "{name}");

        let features: Vec<Tensor<4>> = (0..scales.len())
            .map(|level| tensor(&golden, &format!("feature{level}"), &device).require_grad())
            .collect();
        let maps: Vec<Maps> = features.iter().cloned().map(Maps::new).collect();
        let pooled = pool(&levels, &maps, &regions).into_nchw();
        assert_near(
            name,
            &to_host(pooled.clone()),
            golden.floats(&format!("{name}.output")),
        );
        let weights = tensor(&golden, &format!("{name}.grad_output"), &device);
        let gradients = (pooled * weights).sum().backward();
        for (level, feature) in features.iter().enumerate() {
            let expected = golden.floats(&format!("{name}.grad_feature{level}"));
            // No region may lie on a level: then nothing is read from it.
            let found = match feature.grad(&gradients) {
                Some(gradient) => to_host(gradient),
                None => vec![0.0; expected.len()],
            };
            assert_near(&format!("{name}, level {level}"), &found, expected);
        }
    }
}
