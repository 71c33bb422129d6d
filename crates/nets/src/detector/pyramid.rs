//! Feature pyramid network (Lin et al. 2017, arXiv:1612.03144): maps of several strides, each as rich as the coarsest.
//!
//! N images, L levels, finest first; C channels on every level of the result.

use burn::module::Module;

use super::normed_conv::NormedConv;
use crate::layers::{Initializer, Mode};
use crate::ops::{Maps, Pool};
use recipe::Pyramid;

/// Every level is a 1x1 convolution of the backbone's map, plus the next coarser level enlarged, then a 3x3
/// convolution.
#[derive(Module, Debug)]
pub struct FeaturePyramid {
    lateral: Vec<NormedConv>,
    output: Vec<NormedConv>,
    #[module(skip)]
    extra_level: bool,
}

impl FeaturePyramid {
    /// For backbone maps of these channels, finest first.
    pub fn new(channels: &[usize], recipe: &Pyramid, init: &mut Initializer) -> Self {
        let outputs = recipe.channels;
        let mut conv =
            |inputs, kernel| NormedConv::new([inputs, outputs], kernel, recipe.norm, false, init);
        Self {
            lateral: channels.iter().map(|&inputs| conv(inputs, 1)).collect(),
            output: channels.iter().map(|_| conv(outputs, 3)).collect(),
            extra_level: recipe.extra_level,
        }
    }

    /// L maps `[N, C_l, H_l, W_l]` to L maps `[N, C, H_l, W_l]`, and where the recipe asks for it one more with every
    /// second cell of the last (torchvision's `LastLevelMaxPool`).
    pub fn forward(&self, maps: Vec<Maps>, mode: Mode) -> Vec<Maps> {
        let mut coarser: Option<Maps> = None;
        let mut levels = Vec::with_capacity(maps.len() + 1);
        let layers = self.lateral.iter().zip(&self.output);
        for (map, (lateral, output)) in maps.into_iter().zip(layers).rev() {
            let mut inner = lateral.forward(map, mode);
            if let Some(coarser) = coarser {
                inner = inner.add_upsampled(coarser);
            }
            levels.push(output.forward(inner.clone(), mode));
            coarser = Some(inner);
        }
        levels.reverse();
        if let (true, Some(coarsest)) = (self.extra_level, levels.last()) {
            levels.push(coarsest.clone().max_pool(&Pool {
                kernel: [1, 1],
                stride: [2, 2],
                padding: [0, 0],
            }));
        }
        levels
    }
}
