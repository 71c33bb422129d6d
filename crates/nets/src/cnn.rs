//! The classifier: a chain of layers from images to one logit a class.

use burn::module::Module;
use burn::tensor::{Device, Tensor, activation};

use crate::layers::{self, Initializer, LayerModule, Mode};
use crate::ops::Maps;
use crate::recipe::{self, ShapeError};

/// A convolutional neural network as its recipe defines it.
#[derive(Module, Debug)]
pub struct Cnn {
    layers: Vec<LayerModule>,
}

impl Cnn {
    /// The network for images `[C, H, W]`.
    ///
    /// # Errors
    /// [`ShapeError`] naming the layer that does not fit.
    pub fn new(
        recipe: &recipe::Cnn,
        input: [usize; 3],
        seed: u64,
        device: &Device,
    ) -> Result<Self, ShapeError> {
        let mut init = Initializer::new(seed, device);
        let (layers, _) = layers::build(&recipe.layers, input, &[], &mut init)?;
        Ok(Self { layers })
    }

    /// Images `[N, C, H, W]` to logits `[N, K]`.
    pub fn forward(&self, images: Tensor<4>, mode: Mode) -> Tensor<2> {
        layers::forward(&self.layers, Maps::new(images), mode).into_rows()
    }

    /// Images `[N, C, H, W]` to class probabilities, one row of K an image.
    pub fn probabilities(&self, images: Tensor<4>) -> Tensor<2> {
        activation::softmax(self.forward(images, Mode::Inference), 1)
    }
}
