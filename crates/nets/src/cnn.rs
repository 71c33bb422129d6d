//! The classifier: a chain of layers from images to one logit a class.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::layers::{self, Initializer, LayerModule, Mode};
use crate::ops::{Maps, to_host};
use crate::outputs::{argmax, softmax};
use crate::weights::{Weight, read};
use recipe::{self, ShapeError};

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
    #[module(skip)]
    answering: Answering,
}

/// How logits become the probabilities of an answer.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answering {
    /// Pixels: the probabilities of all positions of the image up to so far away are averaged (test-time augmentation).
    pub test_shift: usize,
    /// Logits are divided by it: above 1 probabilities are less sure, below 1 surer (Guo et al. 2017).
    pub temperature: f64,
}

impl Default for Answering {
    fn default() -> Self {
        Self {
            test_shift: 0,
            temperature: 1.0,
        }
    }
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
        Ok(Self {
            layers,
            answering: Answering::default(),
        })
    }

    /// The same network, answering in this way; a new one answers by its logits alone.
    pub fn answering(self, answering: Answering) -> Self {
        Self { answering, ..self }
    }

    /// What answers are made of, a row an image: logits or, where several positions are looked at, the logarithms of
    /// their mean probabilities. The temperature has not been applied.
    pub fn evidence(&self, images: Tensor<4>) -> Vec<Vec<f32>> {
        let shift = self.answering.test_shift;
        let rows = |images| {
            let logits = self.forward(images, Mode::Inference);
            let [_, classes] = logits.dims();
            let logits = to_host(logits);
            let rows = logits.chunks_exact(classes).map(<[f32]>::to_vec);
            rows.collect::<Vec<_>>()
        };
        if shift == 0 {
            return rows(images);
        }
        let [count, _, height, width] = images.dims();
        let wide = bordered(bordered(images, 2, shift), 3, shift);
        let mut sums: Vec<Vec<f32>> = vec![Vec::new(); count];
        let side = 2 * shift + 1;
        for position in 0..side * side {
            let [top, left] = [position / side, position % side];
            let moved = wide.clone().narrow(2, top, height).narrow(3, left, width);
            for (sum, row) in sums.iter_mut().zip(rows(moved)) {
                let probabilities = softmax(&row);
                sum.resize(probabilities.len(), 0.0);
                for (sum, probability) in sum.iter_mut().zip(probabilities) {
                    *sum += probability;
                }
            }
        }
        let positions = (side * side) as f32;
        // A probability that is 0 in f32 stays a number.
        let logarithm = |sum: &f32| (sum / positions).max(f32::MIN_POSITIVE).ln();
        sums.iter()
            .map(|row| row.iter().map(logarithm).collect())
            .collect()
    }

    /// The probabilities of a row of [`Cnn::evidence`], or of logits.
    pub fn probabilities(&self, row: &[f32]) -> Vec<f32> {
        let temperature = self.answering.temperature;
        if temperature == 1.0 {
            return softmax(row);
        }
        let scaled = row
            .iter()
            .map(|value| (f64::from(*value) / temperature) as f32);
        softmax(&scaled.collect::<Vec<_>>())
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

/// Images `[N, C, H, W]` with `size` more pixels at both ends of a side (2: rows, 3: columns), like those at the ends.
fn bordered(images: Tensor<4>, side: usize, size: usize) -> Tensor<4> {
    let last = images.dims()[side] - 1;
    let first = images.clone().narrow(side, 0, 1);
    let last = images.clone().narrow(side, last, 1);
    let mut parts = vec![first; size];
    parts.push(images);
    parts.extend(vec![last; size]);
    Tensor::cat(parts, side)
}
