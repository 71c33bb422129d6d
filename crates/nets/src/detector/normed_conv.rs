//! A convolution that keeps the map's size, with the normalisation that the recipe names.

use burn::module::Module;

use crate::layers::{BatchNormLayer, ConvLayer, GroupNormLayer, Initializer, Mode};
use crate::ops::{Conv, Maps};
use recipe::Norm;

/// Convolution, with optional normalisation and ReLU.
#[derive(Module, Debug)]
pub struct NormedConv {
    conv: ConvLayer,
    batch_norm: Option<BatchNormLayer>,
    group_norm: Option<GroupNormLayer>,
}

/// A convolution with stride 1 whose padding keeps the size of the map, for odd kernels.
pub(super) fn same_size(inputs: usize, outputs: usize, kernel: usize) -> Conv {
    Conv {
        in_channels: inputs,
        out_channels: outputs,
        kernel: [kernel, kernel],
        stride: [1, 1],
        padding: [kernel / 2, kernel / 2],
        dilation: [1, 1],
    }
}

impl NormedConv {
    /// From `inputs` to `outputs` channels with a `kernel` x `kernel` window. Where a normalisation follows, which has a
    /// shift of its own, the convolution has no bias, as in torchvision's `Conv2dNormActivation`.
    pub fn new(
        [inputs, outputs]: [usize; 2],
        kernel: usize,
        norm: Norm,
        relu: bool,
        init: &mut Initializer,
    ) -> Self {
        let conv = same_size(inputs, outputs, kernel);
        let bare = norm == Norm::None;
        Self {
            conv: ConvLayer::for_pyramid(conv, bare, bare && relu, init),
            batch_norm: (norm == Norm::Batch)
                .then(|| BatchNormLayer::new(outputs, 0.1, 1e-5, relu, init)),
            group_norm: (norm == Norm::Group).then(|| GroupNormLayer::new(outputs, relu, init)),
        }
    }

    /// `[N, in, H, W] -> [N, out, H, W]`
    pub fn forward(&self, x: Maps, mode: Mode) -> Maps {
        let mut x = self.conv.forward(x);
        if let Some(norm) = &self.batch_norm {
            x = norm.forward(x, mode);
        }
        if let Some(norm) = &self.group_norm {
            x = norm.forward(x);
        }
        x
    }
}
