//! The classifier: a chain of layers from images to one logit a class.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::layers::{self, Initializer, LayerModule, Mode};
use crate::network::argmax;
use crate::ops::{Maps, to_host};
use crate::recipe::{self, ShapeError};
use crate::weights::{Weight, read};

/// What some layers gave out for one image.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Their outputs, each `[1, C, H, W]`.
    pub maps: Vec<Weight>,
    /// How the greatest logit grows with the last of these outputs; as many values as that has.
    pub gradient: Vec<f32>,
    /// One a class.
    pub logits: Vec<f32>,
}

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

    /// Follows one image `[1, C, H, W]` and keeps the outputs of the layers with these numbers, in ascending order.
    pub fn trace(&self, image: Tensor<4>, layers: &[usize]) -> Trace {
        let mut maps = Vec::with_capacity(layers.len());
        let mut last = None;
        // Gradients need autodiff, whatever device the network is on.
        let network = self.clone().train();
        let mut x = Maps::new(image.autodiff());
        for (number, layer) in layers::unfused(&network.layers).iter().enumerate() {
            x = layers::forward(std::slice::from_ref(layer), x, Mode::Inference);
            if layers.contains(&number) {
                let output = x.into_nchw();
                maps.push(read(output.clone()));
                // Cut off from what was before: only what follows is differentiated.
                let output = output.detach().require_grad();
                x = Maps::new(output.clone());
                last = Some(output);
            }
        }
        let rows = x.into_rows();
        let logits = to_host(rows.clone());
        let gradient = last.and_then(|last| {
            let class = argmax(&logits);
            let gradients = rows.narrow(1, class, 1).sum().backward();
            last.grad(&gradients).map(to_host)
        });
        let size = maps.last().map_or(0, |last| last.values.len());
        Trace {
            gradient: gradient.unwrap_or_else(|| vec![0.0; size]),
            maps,
            logits,
        }
    }
}
