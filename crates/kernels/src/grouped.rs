//! Convolution whose channels are divided into groups: outputs see the inputs of their group only.
//!
//! A depthwise convolution, one group a channel, has loops of its own (`depthwise`). Other groups are gathered and given to
//! the dense convolution one by one.
//!
//! Re-check the speed: cargo test --release -p atelier-kernels grouped_speed -- --ignored --nocapture

mod depthwise;
#[cfg(test)]
mod tests;

use rayon::prelude::*;

use crate::conv::{Conv, Epilogue};
use crate::lanes::{LANES, whole_blocks};

/// A convolution of all channels, in groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Grouped {
    /// Of all channels.
    pub conv: Conv,
    /// Divides the channels in and out.
    pub groups: usize,
}

impl Grouped {
    /// y = conv(x, weight) + bias, then ReLU if `relu`.
    ///
    /// `x` `[blocks, in, H, W, 16]` of `size` H x W, `weight` `[out, in / groups, kh, kw]`, `bias` `[out]` ->
    /// `[blocks, out, OH, OW, 16]`.
    ///
    /// # Panics
    /// If a length does not match, the kernel does not fit, or the groups do not divide the channels.
    pub fn forward(
        &self,
        x: &[f32],
        size: [usize; 2],
        weight: &[f32],
        bias: &[f32],
        relu: bool,
    ) -> Vec<f32> {
        self.check(weight);
        assert_eq!(bias.len(), self.conv.out_channels, "convolution: bias");
        if self.is_depthwise() {
            return depthwise::forward(&self.conv, x, size, weight, bias, relu);
        }
        let part = self.part();
        let [rows, columns] = self.conv.checked_output(size);
        let epilogue = if relu { Epilogue::Relu } else { Epilogue::None };
        let parts = self.each_group(|group| {
            let x = gather(
                x,
                [self.groups, group],
                part.in_channels * size[0] * size[1],
            );
            let weight = share(weight, [self.groups, group]);
            let bias = share(bias, [self.groups, group]);
            part.forward(&x, size, weight, Some(bias), epilogue)
        });
        scatter(&parts, part.out_channels * rows * columns)
    }

    /// The gradient of x from the gradient `dy` `[blocks, out, OH, OW, 16]`; `size` is the size of x.
    ///
    /// # Panics
    /// As [`Grouped::forward`].
    pub fn backward_data(&self, dy: &[f32], size: [usize; 2], weight: &[f32]) -> Vec<f32> {
        self.check(weight);
        if self.is_depthwise() {
            return depthwise::backward_data(&self.conv, dy, size, weight);
        }
        let part = self.part();
        let [rows, columns] = self.conv.checked_output(size);
        let parts = self.each_group(|group| {
            let dy = gather(dy, [self.groups, group], part.out_channels * rows * columns);
            part.backward_data(&dy, size, share(weight, [self.groups, group]))
        });
        scatter(&parts, part.in_channels * size[0] * size[1])
    }

    /// The gradient of the weight `[out, in / groups, kh, kw]`; `size` is the size of x.
    ///
    /// # Panics
    /// As [`Grouped::forward`].
    pub fn backward_weights(&self, x: &[f32], dy: &[f32], size: [usize; 2]) -> Vec<f32> {
        if self.is_depthwise() {
            return depthwise::backward_weights(&self.conv, x, dy, size);
        }
        let part = self.part();
        let [rows, columns] = self.conv.checked_output(size);
        let parts = self.each_group(|group| {
            let x = gather(
                x,
                [self.groups, group],
                part.in_channels * size[0] * size[1],
            );
            let dy = gather(dy, [self.groups, group], part.out_channels * rows * columns);
            part.backward_weights(&x, &dy, size)
        });
        parts.concat()
    }

    /// Whether each channel has kernels of its own.
    pub fn is_depthwise(&self) -> bool {
        self.groups == self.conv.in_channels
    }

    fn each_group(&self, compute: impl Fn(usize) -> Vec<f32> + Send + Sync) -> Vec<Vec<f32>> {
        (0..self.groups).into_par_iter().map(compute).collect()
    }

    /// The convolution of one group.
    fn part(&self) -> Conv {
        Conv {
            in_channels: self.conv.in_channels / self.groups,
            out_channels: self.conv.out_channels / self.groups,
            ..self.conv
        }
    }

    fn check(&self, weight: &[f32]) {
        let Conv {
            in_channels,
            out_channels,
            kernel,
            ..
        } = self.conv;
        let divides = |channels: usize| self.groups > 0 && channels.is_multiple_of(self.groups);
        assert!(
            divides(in_channels) && divides(out_channels),
            "convolution: {self:?}"
        );
        assert_eq!(
            weight.len(),
            out_channels * (in_channels / self.groups) * kernel[0] * kernel[1],
            "convolution: weight of {self:?}"
        );
    }
}

/// What one of `groups` has of parameters of all channels.
fn share(values: &[f32], [groups, group]: [usize; 2]) -> &[f32] {
    let len = values.len() / groups;
    &values[group * len..][..len]
}

/// The channels of one group, `[blocks, groups * features, 16] -> [blocks, features, 16]`.
fn gather(x: &[f32], [groups, group]: [usize; 2], features: usize) -> Vec<f32> {
    let len = features * LANES;
    let blocks = whole_blocks(x.len(), groups * features, "convolution");
    let parts = (0..blocks).flat_map(|block| &x[(block * groups + group) * len..][..len]);
    parts.copied().collect()
}

/// The channels of all groups, each `[blocks, features, 16]`, as `[blocks, groups * features, 16]`.
fn scatter(parts: &[Vec<f32>], features: usize) -> Vec<f32> {
    let len = features * LANES;
    let mut y = vec![0.0; parts.iter().map(Vec::len).sum()];
    if len == 0 {
        return y;
    }
    y.par_chunks_mut(len).enumerate().for_each(|(index, to)| {
        let (block, group) = (index / parts.len(), index % parts.len());
        to.copy_from_slice(&parts[group][block * len..][..len]);
    });
    y
}
