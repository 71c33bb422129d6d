//! Shorthand for several layers: stages of residual blocks, and the blocks of MobileNets.

use super::{Gate, Groups, Layer};
use crate::options::{
    Check, Checked, MOST_PIXELS, at, count, need, not_negative, positive_fraction, within,
};
use serde::{Deserialize, Serialize};

/// Most blocks of a stage: no network in use has a hundred.
const MOST_BLOCKS: usize = 100;

/// Residual blocks, one after the other (He et al. 2015).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(from = "StageKeys")]
pub struct ResidualStage {
    /// The number of blocks.
    #[serde(rename = "stage")]
    pub blocks: usize,
    /// What a block is made of.
    pub block: Block,
    /// Channels out of each block.
    pub channels: usize,
    /// Pixels between neighbouring outputs of the first block; the others have 1.
    pub stride: usize,
    /// Channels inside of a block; default: a quarter of the channels in a bottleneck, all of them in a basic block.
    pub width: usize,
    /// Groups of a bottleneck's 3x3 convolution.
    pub groups: usize,
    /// Of the batch-norms.
    pub momentum: f64,
    /// Of the batch-norms.
    pub epsilon: f64,
}

/// A residual block.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Block {
    /// Two 3x3 convolutions.
    Basic,
    /// 1x1 to fewer channels, 3x3, and 1x1 back.
    Bottleneck,
}

impl Block {
    /// The channels inside of a block where a recipe does not say.
    pub(super) fn usual_width(self, channels: usize) -> usize {
        match self {
            Self::Basic => channels,
            Self::Bottleneck => (channels / 4).max(1),
        }
    }
}

/// The keys of a stage, of which some may be left out.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct StageKeys {
    stage: usize,
    block: Block,
    channels: usize,
    #[serde(default = "one")]
    stride: usize,
    width: Option<usize>,
    #[serde(default = "one")]
    groups: usize,
    #[serde(default = "super::batch_norm_momentum")]
    momentum: f64,
    #[serde(default = "super::batch_norm_epsilon")]
    epsilon: f64,
}

impl From<StageKeys> for ResidualStage {
    fn from(keys: StageKeys) -> Self {
        Self {
            blocks: keys.stage,
            block: keys.block,
            channels: keys.channels,
            stride: keys.stride,
            width: keys.width.unwrap_or(keys.block.usual_width(keys.channels)),
            groups: keys.groups,
            momentum: keys.momentum,
            epsilon: keys.epsilon,
        }
    }
}

impl Check for ResidualStage {
    fn check(&self) -> Checked {
        at("stage", within(1..=MOST_BLOCKS)(&self.blocks))?;
        at("channels", count(&self.channels))?;
        at("stride", within(1..=MOST_PIXELS)(&self.stride))?;
        at("width", count(&self.width))?;
        at("groups", Groups::Number(self.groups).check(self.width))?;
        let plain = self.groups == 1 || self.block == Block::Bottleneck;
        at("groups", need(plain, "1 in basic blocks", self.groups))?;
        at("momentum", positive_fraction(&self.momentum))?;
        at("epsilon", not_negative(&self.epsilon))
    }
}

impl ResidualStage {
    /// The layers that it stands for on a map of this many channels.
    fn parts(&self, channels: usize) -> Vec<Layer> {
        let mut parts = Vec::with_capacity(2 * self.blocks);
        for block in 0..self.blocks {
            let (from, stride) = match block {
                0 => (channels, self.stride),
                _ => (self.channels, 1),
            };
            parts.extend([self.block(from, stride), Layer::Relu]);
        }
        parts
    }

    fn block(&self, from: usize, stride: usize) -> Layer {
        let norm = Layer::BatchNorm {
            momentum: self.momentum,
            epsilon: self.epsilon,
        };
        let conv = |channels, kernel, stride, groups| {
            let conv = unbiased(channels, kernel, stride, Groups::Number(groups));
            [conv, norm.clone()]
        };
        let layers = match self.block {
            Block::Basic => [
                conv(self.width, 3, stride, 1).to_vec(),
                vec![Layer::Relu],
                conv(self.channels, 3, 1, 1).to_vec(),
            ]
            .concat(),
            // The stride is in the 3x3, as in torchvision; the paper has it in the first 1x1.
            Block::Bottleneck => [
                conv(self.width, 1, 1, 1).to_vec(),
                vec![Layer::Relu],
                conv(self.width, 3, stride, self.groups).to_vec(),
                vec![Layer::Relu],
                conv(self.channels, 1, 1, 1).to_vec(),
            ]
            .concat(),
        };
        let shortcut = if stride == 1 && from == self.channels {
            Vec::new()
        } else {
            conv(self.channels, 1, stride, 1).to_vec()
        };
        Layer::Residual { layers, shortcut }
    }
}

/// An inverted residual block (Sandler et al. 2018; with squeeze-and-excitation: Howard et al. 2019): 1x1 to more channels,
/// a depthwise convolution, and 1x1 to fewer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Inverted {
    /// Channels out.
    #[serde(rename = "inverted")]
    pub channels: usize,
    /// Side of the depthwise convolution's kernel, odd; default 3.
    #[serde(default = "three")]
    pub kernel: usize,
    /// Channels inside; without a 1x1 convolution before the depthwise one where as many come in.
    pub expand: usize,
    /// Pixels between neighbouring outputs; default 1. With 1, and as many channels out as in, what comes in is added.
    #[serde(default = "one")]
    pub stride: usize,
    /// Features of squeeze-and-excitation behind the depthwise convolution; default "none": it has none.
    #[serde(default, with = "crate::value::optional")]
    pub squeeze: Option<usize>,
    /// The function behind the first two convolutions; default "relu".
    #[serde(default)]
    pub activation: BlockActivation,
    /// Of the batch-norms; default 0.01, as in torchvision's MobileNetV3.
    #[serde(default = "mobile_momentum")]
    pub momentum: f64,
    /// Of the batch-norms; default 0.001, as in torchvision's MobileNetV3.
    #[serde(default = "mobile_epsilon")]
    pub epsilon: f64,
}

/// An activation function inside of a block.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum BlockActivation {
    /// max(x, 0).
    #[default]
    Relu,
    /// x times its hard sigmoid.
    HardSwish,
    /// x times the logistic function of x.
    Silu,
    /// x times the normal distribution function of x.
    Gelu,
}

impl BlockActivation {
    fn layer(self) -> Layer {
        match self {
            Self::Relu => Layer::Relu,
            Self::HardSwish => Layer::HardSwish,
            Self::Silu => Layer::Silu,
            Self::Gelu => Layer::Gelu,
        }
    }
}

impl Check for Inverted {
    fn check(&self) -> Checked {
        at("inverted", count(&self.channels))?;
        let odd = self.kernel % 2 == 1 && self.kernel <= MOST_PIXELS;
        let rule = format!("odd, from 1 to {}", MOST_PIXELS - 1);
        at("kernel", need(odd, &rule, self.kernel))?;
        at("expand", count(&self.expand))?;
        at("stride", within(1..=MOST_PIXELS)(&self.stride))?;
        at("squeeze", self.squeeze.as_ref().map_or(Ok(()), count))?;
        at("momentum", positive_fraction(&self.momentum))?;
        at("epsilon", not_negative(&self.epsilon))
    }
}

impl Inverted {
    /// The layers that it stands for on a map of this many channels.
    fn parts(&self, channels: usize) -> Vec<Layer> {
        let norm = Layer::BatchNorm {
            momentum: self.momentum,
            epsilon: self.epsilon,
        };
        let active = self.activation.layer();
        let mut layers = Vec::new();
        if self.expand != channels {
            let conv = unbiased(self.expand, 1, 1, Groups::default());
            layers.extend([conv, norm.clone(), active.clone()]);
        }
        let depthwise = unbiased(self.expand, self.kernel, self.stride, Groups::Depthwise);
        layers.extend([depthwise, norm.clone(), active]);
        layers.extend(self.squeeze.map(|features| Layer::SqueezeExcitation {
            features,
            gate: Gate::HardSigmoid,
        }));
        layers.extend([unbiased(self.channels, 1, 1, Groups::default()), norm]);
        if self.stride == 1 && channels == self.channels {
            let shortcut = Vec::new();
            return vec![Layer::Residual { layers, shortcut }];
        }
        layers
    }
}

/// A convolution that a normalisation follows, and that keeps the size of its map at stride 1.
pub(crate) fn unbiased(channels: usize, kernel: usize, stride: usize, groups: Groups) -> Layer {
    Layer::Conv {
        channels,
        kernel: [kernel; 2],
        stride: [stride; 2],
        padding: [kernel / 2; 2],
        dilation: [1, 1],
        groups,
        bias: false,
    }
}

impl Layer {
    /// The layers that it stands for on an input with this many channels; `None` if it is not shorthand.
    pub fn parts(&self, channels: usize) -> Option<Vec<Layer>> {
        match self {
            Self::Stage(stage) => Some(stage.parts(channels)),
            Self::Inverted(inverted) => Some(inverted.parts(channels)),
            _ => None,
        }
    }
}

/// The same layers without shorthand, on an image of this many `channels`.
pub(crate) fn expanded(layers: &[Layer], channels: usize) -> Vec<Layer> {
    let mut channels = channels;
    let mut all = Vec::new();
    for layer in layers {
        match layer {
            Layer::Residual { layers, shortcut } => all.push(Layer::Residual {
                layers: expanded(layers, channels),
                shortcut: expanded(shortcut, channels),
            }),
            _ => match layer.parts(channels) {
                Some(parts) => all.extend(parts),
                None => all.push(layer.clone()),
            },
        }
        channels = layer.channels_after(channels);
    }
    all
}

impl Layer {
    /// Gives the batch normalisations in it this momentum and epsilon, where given.
    pub(crate) fn set_norms(&mut self, new_momentum: Option<f64>, new_epsilon: Option<f64>) {
        let (momentum, epsilon) = match self {
            Self::BatchNorm { momentum, epsilon } => (momentum, epsilon),
            Self::Stage(stage) => (&mut stage.momentum, &mut stage.epsilon),
            Self::Inverted(inverted) => (&mut inverted.momentum, &mut inverted.epsilon),
            Self::Residual { layers, shortcut } => {
                let inside = layers.iter_mut().chain(shortcut);
                inside.for_each(|layer| layer.set_norms(new_momentum, new_epsilon));
                return;
            }
            _ => return,
        };
        *momentum = new_momentum.unwrap_or(*momentum);
        *epsilon = new_epsilon.unwrap_or(*epsilon);
    }

    /// The channels, or features, of its output; those of maps that are flattened are not known here, and nothing behind
    /// them is shorthand.
    fn channels_after(&self, channels: usize) -> usize {
        match self {
            Self::Conv { channels, .. } => *channels,
            Self::Stage(stage) => stage.channels,
            Self::Inverted(inverted) => inverted.channels,
            Self::Linear { features, .. } => *features,
            Self::Residual { layers, .. } => layers
                .iter()
                .fold(channels, |channels, layer| layer.channels_after(channels)),
            _ => channels,
        }
    }
}

fn one() -> usize {
    1
}

fn three() -> usize {
    3
}

fn mobile_momentum() -> f64 {
    0.01
}

fn mobile_epsilon() -> f64 {
    1e-3
}
