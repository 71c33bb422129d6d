//! Convolution on activations in the layout 'lanes', and which path computes what.
//!
//! - 3x3 with stride 1 and enough channels: Winograd's F(4x4, 3x3), see `winograd`.
//! - Everything else (1x1, strides, dilation, first layers): tap by tap, see `direct` and `direct_weights`.

mod direct;
mod direct_weights;
pub(crate) mod epilogue;
mod epilogue_backward;
mod geometry;
#[cfg(test)]
mod tests;
pub(crate) mod winograd;

use crate::buffer::{Fill, Shared};
use crate::lanes::{LANES, whole_blocks};
pub use epilogue::Epilogue;
use epilogue::Target;
pub use epilogue_backward::{bias_gradient, relu_backward, relu_pool_backward};
pub use geometry::Conv;
use geometry::Pass;

impl Conv {
    /// y = epilogue(conv(x, weight) + bias).
    ///
    /// `x` `[blocks, in, H, W, 16]` of `size` H x W, `weight` `[out, in, kh, kw]`, `bias` `[out]` ->
    /// `[blocks, out, OH, OW, 16]`, halved where pooled. Lanes without an image hold the result for an image of zeros.
    ///
    /// # Panics
    /// If a length does not match, or the kernel does not fit.
    pub fn forward(
        &self,
        x: &[f32],
        size: [usize; 2],
        weight: &[f32],
        bias: Option<&[f32]>,
        epilogue: Epilogue,
    ) -> Vec<f32> {
        let path = self.path(self.checked_output(size), TRANSFORM);
        self.forward_by(path, x, size, weight, bias, epilogue, false)
            .0
    }

    /// [`Conv::forward`] with [`Epilogue::ReluPool`], and what its gradient needs: for each value which of its four
    /// pixels it was, row by row (0 to 3, the first of equals), or 4 where ReLU made it zero.
    ///
    /// # Panics
    /// If a length does not match, or the kernel does not fit.
    pub fn forward_relu_pool(
        &self,
        x: &[f32],
        size: [usize; 2],
        weight: &[f32],
        bias: Option<&[f32]>,
    ) -> (Vec<f32>, Vec<u8>) {
        let path = self.path(self.checked_output(size), TRANSFORM);
        self.forward_by(path, x, size, weight, bias, Epilogue::ReluPool, true)
    }

    /// The gradient of x `[blocks, in, H, W, 16]` from the gradient `dy` `[blocks, out, OH, OW, 16]`; `size` is the size
    /// of x.
    ///
    /// # Panics
    /// If a length does not match, or the kernel does not fit.
    pub fn backward_data(&self, dy: &[f32], size: [usize; 2], weight: &[f32]) -> Vec<f32> {
        self.backward_data_by(self.path(size, TRANSFORM), dy, size, weight)
    }

    fn backward_data_by(
        &self,
        path: Path,
        dy: &[f32],
        size: [usize; 2],
        weight: &[f32],
    ) -> Vec<f32> {
        let out = self.checked_output(size);
        self.check_weight(weight);
        let blocks = whole_blocks(
            dy.len(),
            self.out_channels * out[0] * out[1],
            "convolution: dy",
        );
        let mut values = Fill::new(blocks * self.in_channels * size[0] * size[1] * LANES);
        path.run(&Pass {
            conv: self,
            backward: true,
            source: dy,
            source_channels: self.out_channels,
            source_size: out,
            channels: self.in_channels,
            size,
            blocks,
            weight,
            bias: vec![0.0; self.in_channels],
            target: Target {
                epilogue: Epilogue::None,
                values: values.shared(),
                argmax: None,
            },
        });
        // SAFETY: both paths write every pixel of every channel.
        unsafe { values.finish() }
    }

    /// The gradient of the weight `[out, in, kh, kw]`; `size` is the size of x, shapes as in [`Conv::forward`].
    ///
    /// # Panics
    /// If a length does not match, or the kernel does not fit.
    pub fn backward_weights(&self, x: &[f32], dy: &[f32], size: [usize; 2]) -> Vec<f32> {
        let path = self.path(self.checked_output(size), TRANSFORM_WEIGHTS);
        self.backward_weights_by(path, x, dy, size)
    }

    fn backward_weights_by(&self, path: Path, x: &[f32], dy: &[f32], size: [usize; 2]) -> Vec<f32> {
        let out = self.checked_output(size);
        let blocks = whole_blocks(
            x.len(),
            self.in_channels * size[0] * size[1],
            "convolution: x",
        );
        assert_eq!(
            dy.len(),
            blocks * self.out_channels * out[0] * out[1] * LANES,
            "convolution: dy must hold {blocks} blocks of {} x {out:?} x {LANES}",
            self.out_channels
        );
        let mut dw = vec![0.0; self.weights()];
        if dw.is_empty() || dy.is_empty() {
            return dw;
        }
        if path == Path::Winograd {
            winograd::backward_weights(self, x, dy, [size, out], Shared::new(&mut dw));
        } else {
            direct_weights::backward_weights(self, x, dy, [size, out], Shared::new(&mut dw));
        }
        dw
    }

    #[expect(
        clippy::too_many_arguments,
        reason = "the public functions' arguments, and a path"
    )]
    fn forward_by(
        &self,
        path: Path,
        x: &[f32],
        size: [usize; 2],
        weight: &[f32],
        bias: Option<&[f32]>,
        epilogue: Epilogue,
        keep_argmax: bool,
    ) -> (Vec<f32>, Vec<u8>) {
        let out = self.checked_output(size);
        self.check_weight(weight);
        let bias = bias.map_or_else(|| vec![0.0; self.out_channels], <[f32]>::to_vec);
        assert_eq!(bias.len(), self.out_channels, "convolution: bias");
        let blocks = whole_blocks(
            x.len(),
            self.in_channels * size[0] * size[1],
            "convolution: x",
        );
        let [rows, columns] = out.map(|len| len / epilogue.factor());
        let len = blocks * self.out_channels * rows * columns * LANES;
        let mut values = Fill::new(len);
        let mut argmax = Fill::new(if keep_argmax { len } else { 0 });
        path.run(&Pass {
            conv: self,
            backward: false,
            source: x,
            source_channels: self.in_channels,
            source_size: size,
            channels: self.out_channels,
            size: out,
            blocks,
            weight,
            bias,
            target: Target {
                epilogue,
                values: values.shared(),
                argmax: keep_argmax.then(|| argmax.shared()),
            },
        });
        // SAFETY: both paths write every pixel of every channel, and the argmax where there is one.
        unsafe { (values.finish(), argmax.finish()) }
    }

    /// The faster path for planes of this size; `transform` is what transforming a tile of one channel costs.
    fn path(&self, out: [usize; 2], transform: usize) -> Path {
        let tiles = out[0].div_ceil(4) * out[1].div_ceil(4);
        let products = self.in_channels * self.out_channels;
        let transforms = transform * (self.in_channels + self.out_channels);
        let saves = tiles * (36 * products + transforms) < 9 * out[0] * out[1] * products;
        if saves && self.allows_winograd() {
            Path::Winograd
        } else {
            Path::Direct
        }
    }

    fn allows_winograd(&self) -> bool {
        self.kernel == [3, 3]
            && self.stride == [1, 1]
            && self.dilation == [1, 1]
            && self.padding.iter().all(|&padding| padding <= 2)
    }
}

/// How a convolution is computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Path {
    Winograd,
    Direct,
}

impl Path {
    /// Computes all of the pass's target.
    fn run(self, pass: &Pass) {
        let factor = pass.target.epilogue.factor();
        if pass.blocks * pass.channels * (pass.size[0] / factor) * (pass.size[1] / factor) == 0 {
            return;
        }
        match self {
            Path::Winograd => winograd::convolve(pass),
            Path::Direct => direct::convolve(pass),
        }
    }
}

/// What transforming a tile of one channel costs, in multiply-adds of sixteen lanes: Winograd overtakes the
/// direct path at about 4 x 16 channels. Re-check: cargo test --release path_crossover -- --ignored --nocapture
const TRANSFORM: usize = 230;

/// The same for the gradient of the weights, which transforms line by line: it overtakes at about 16 x 16 channels.
const TRANSFORM_WEIGHTS: usize = 550;
