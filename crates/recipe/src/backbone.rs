//! Networks that a recipe can name instead of listing their layers, down to the last map.
//!
//! Layers, shapes and weights are those of torchvision's networks of the same names.

use super::layer::{
    Block, BlockActivation, Groups, Inverted, Layer, Pool, ResidualStage, unbiased,
};
use serde::de::{self, Deserializer, MapAccess, Visitor, value::MapAccessDeserializer};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The names, in the order in which errors list them.
const NAMES: [&str; 5] = [
    "resnet-18",
    "resnet-34",
    "resnet-50",
    "mobilenet-v3-large",
    "mobilenet-v3-small",
];

/// The convolutional layers that all regions share.
///
/// In TOML a table with `layers`, or the name of a known network, which stands for its layers: `"resnet-50"`, or
/// `{ name = "resnet-50", epsilon = 0.0 }` with another `momentum` or `epsilon` of its batch normalisations.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Backbone {
    /// In order, `[C, H, W]` in and out: no flatten, linear or global-avg-pool.
    pub layers: Vec<Layer>,
}

/// The layers of a backbone of a known name, which is all that a recipe may give here.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct NamedBackbone(pub Vec<Layer>);

impl<'de> Deserialize<'de> for NamedBackbone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let name = String::deserialize(deserializer)?;
        named(&name).map(Self)
    }
}

impl<'de> Deserialize<'de> for Backbone {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Keys {
            layers: Option<Vec<Layer>>,
            name: Option<String>,
            momentum: Option<f64>,
            epsilon: Option<f64>,
        }

        struct BackboneVisitor;

        impl<'de> Visitor<'de> for BackboneVisitor {
            type Value = Backbone;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a table with `layers`, or the name of a network")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Backbone, E> {
                named(name).map(|layers| Backbone { layers })
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Backbone, A::Error> {
                let keys = Keys::deserialize(MapAccessDeserializer::new(map))?;
                let mut layers = match (keys.layers, keys.name) {
                    (Some(layers), None) => layers,
                    (None, Some(name)) => named(&name)?,
                    (None, None) => return Err(de::Error::missing_field("layers")),
                    (Some(_), Some(_)) => {
                        return Err(de::Error::custom(
                            "`layers` and `name` are both given: a name stands for layers; keep one of them",
                        ));
                    }
                };
                for layer in &mut layers {
                    layer.set_norms(keys.momentum, keys.epsilon);
                }
                Ok(Backbone { layers })
            }
        }

        deserializer.deserialize_any(BackboneVisitor)
    }
}

fn named<E: de::Error>(name: &str) -> Result<Vec<Layer>, E> {
    Ok(match name {
        "resnet-18" => resnet(Block::Basic, [2, 2, 2, 2]),
        "resnet-34" => resnet(Block::Basic, [3, 4, 6, 3]),
        "resnet-50" => resnet(Block::Bottleneck, [3, 4, 6, 3]),
        "mobilenet-v3-large" => mobilenet(&LARGE, 960),
        "mobilenet-v3-small" => mobilenet(&SMALL, 576),
        _ => return Err(E::unknown_variant(name, &NAMES)),
    })
}

/// He et al. 2015, table 1.
fn resnet(block: Block, blocks: [usize; 4]) -> Vec<Layer> {
    let (momentum, epsilon) = (0.1, 1e-5);
    let stem = [
        unbiased(64, 7, 2, Groups::default()),
        Layer::BatchNorm { momentum, epsilon },
        Layer::Relu,
        Layer::MaxPool(Pool {
            size: [3, 3],
            stride: [2, 2],
            padding: [1, 1],
        }),
    ];
    let stages = blocks.into_iter().enumerate().map(|(number, blocks)| {
        let width = 64 << number;
        Layer::Stage(ResidualStage {
            blocks,
            block,
            channels: match block {
                Block::Basic => width,
                Block::Bottleneck => 4 * width,
            },
            stride: if number == 0 { 1 } else { 2 },
            width,
            groups: 1,
            momentum,
            epsilon,
        })
    });
    stem.into_iter().chain(stages).collect()
}

/// A block: kernel, channels inside, channels out, features of squeeze-and-excitation (0: none), hard-swish instead of ReLU,
/// stride.
type Row = (usize, usize, usize, usize, bool, usize);

/// Howard et al. 2019, table 1.
const LARGE: [Row; 15] = [
    (3, 16, 16, 0, false, 1),
    (3, 64, 24, 0, false, 2),
    (3, 72, 24, 0, false, 1),
    (5, 72, 40, 24, false, 2),
    (5, 120, 40, 32, false, 1),
    (5, 120, 40, 32, false, 1),
    (3, 240, 80, 0, true, 2),
    (3, 200, 80, 0, true, 1),
    (3, 184, 80, 0, true, 1),
    (3, 184, 80, 0, true, 1),
    (3, 480, 112, 120, true, 1),
    (3, 672, 112, 168, true, 1),
    (5, 672, 160, 168, true, 2),
    (5, 960, 160, 240, true, 1),
    (5, 960, 160, 240, true, 1),
];

/// Howard et al. 2019, table 2.
const SMALL: [Row; 11] = [
    (3, 16, 16, 8, false, 2),
    (3, 72, 24, 0, false, 2),
    (3, 88, 24, 0, false, 1),
    (5, 96, 40, 24, true, 2),
    (5, 240, 40, 64, true, 1),
    (5, 240, 40, 64, true, 1),
    (5, 120, 48, 32, true, 1),
    (5, 144, 48, 40, true, 1),
    (5, 288, 96, 72, true, 2),
    (5, 576, 96, 144, true, 1),
    (5, 576, 96, 144, true, 1),
];

fn mobilenet(rows: &[Row], last: usize) -> Vec<Layer> {
    let (momentum, epsilon) = (0.01, 1e-3);
    let conv = |channels, kernel, stride| {
        [
            unbiased(channels, kernel, stride, Groups::default()),
            Layer::BatchNorm { momentum, epsilon },
            Layer::HardSwish,
        ]
    };
    let blocks = rows
        .iter()
        .map(|&(kernel, expand, channels, squeeze, swish, stride)| {
            Layer::Inverted(Inverted {
                channels,
                kernel,
                expand,
                stride,
                squeeze: (squeeze > 0).then_some(squeeze),
                activation: if swish {
                    BlockActivation::HardSwish
                } else {
                    BlockActivation::Relu
                },
                momentum,
                epsilon,
            })
        });
    let first = conv(16, 3, 2).into_iter();
    first.chain(blocks).chain(conv(last, 1, 1)).collect()
}
