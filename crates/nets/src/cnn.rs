//! The classifier: a chain of layers from images to one logit a class.

use burn::module::Module;
use burn::tensor::{Device, Tensor};

use crate::batch::Batch;
use crate::layers::{self, Initializer, LayerModule, Mode};
use crate::loss::{ClassificationLoss, Losses};
use crate::ops::{Maps, Scalar, to_host};
use crate::prediction::{Prediction, count_correct, tempered_softmax};
use crate::weights::{Weight, read};
use kernels::scores::{argmax, softmax};
use recipe::{self, ShapeError};

/// The outputs of some layers for one image.
#[derive(Clone, Debug, PartialEq)]
pub struct Trace {
    /// Their outputs, each `[1, C, H, W]`.
    pub maps: Vec<Weight>,
    /// The gradient of the greatest logit with respect to one of these outputs.
    pub gradient: Vec<f32>,
    /// One a class.
    pub logits: Vec<f32>,
}

/// A convolutional neural network as its recipe defines it.
#[derive(Module, Debug)]
pub struct Cnn {
    layers: Vec<LayerModule>,
    #[module(skip)]
    options: PredictionOptions,
}

/// How logits become the probabilities of a prediction.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PredictionOptions {
    /// Test-time augmentation: probabilities are averaged over all shifts of the image by up to this many pixels.
    pub test_shift: usize,
    /// Logits are divided by it: above 1 makes probabilities less confident, below 1 more (Guo et al. 2017).
    pub temperature: f64,
}

impl Default for PredictionOptions {
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
            options: PredictionOptions::default(),
        })
    }

    /// The same network, predicting with these options.
    pub fn predicting_with(self, options: PredictionOptions) -> Self {
        Self { options, ..self }
    }

    /// The same network, with these layers frozen in training, and with `norms` all batch normalisations.
    pub(crate) fn freezing(self, frozen: &[bool], norms: bool) -> Self {
        Self {
            layers: layers::freeze(self.layers, frozen, norms),
            ..self
        }
    }

    /// Its layers.
    pub(crate) fn layers(&self) -> &[LayerModule] {
        &self.layers
    }

    /// How it predicts.
    pub fn options(&self) -> PredictionOptions {
        self.options
    }

    /// The loss of a batch `[1]`, to be minimised, and its value.
    pub fn losses(
        &self,
        batch: &Batch,
        loss: &ClassificationLoss,
        mode: Mode,
    ) -> (Tensor<1>, Losses) {
        let logits = self.forward(batch.images.clone(), mode);
        let total = loss.of(logits.clone(), batch);
        let expected = match &batch.mixed {
            Some(mixed) if mixed.share < 0.5 => &mixed.labels,
            _ => &batch.labels,
        };
        let losses = Losses {
            parts: vec![("classification", Scalar::of(total.clone()))],
            correct: count_correct(logits, expected),
            counted: batch.labels.iter().flatten().count(),
        };
        (total, losses)
    }

    /// One prediction for each image of `[N, C, H, W]`.
    pub fn predict(&self, images: Tensor<4>) -> Vec<Prediction> {
        let predict = |scores: Vec<f32>| {
            let probabilities = self.probabilities(&scores);
            // Of the scores before the temperature, which thus can't change the class.
            let class = argmax(&scores);
            Prediction {
                class,
                score: probabilities[class],
                probabilities,
                detections: Vec::new(),
            }
        };
        self.scores(images).into_iter().map(predict).collect()
    }

    /// What probabilities are made of, a row an image: logits or, with test-time augmentation, the logarithms of the mean
    /// probabilities. The temperature has not been applied.
    pub fn scores(&self, images: Tensor<4>) -> Vec<Vec<f32>> {
        let shift = self.options.test_shift;
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

    /// The probabilities of a row of [`Cnn::scores`], or of logits.
    pub fn probabilities(&self, row: &[f32]) -> Vec<f32> {
        tempered_softmax(row, self.options.temperature)
    }

    /// Images `[N, C, H, W]` to logits `[N, K]`.
    pub fn forward(&self, images: Tensor<4>, mode: Mode) -> Tensor<2> {
        layers::forward(&self.layers, Maps::new(images), mode).into_rows()
    }

    /// Follows one image `[1, C, H, W]` and keeps the outputs of the layers with these numbers, in ascending order, and the
    /// gradient with respect to that of `differentiated`, one of them.
    pub fn trace(&self, image: Tensor<4>, layers: &[usize], differentiated: usize) -> Trace {
        let mut maps = Vec::with_capacity(layers.len());
        let mut source = None;
        // Gradients need autodiff, whatever device the network is on.
        let network = self.clone().train();
        let mut x = Maps::new(image.autodiff());
        for (number, layer) in layers::unfused(&network.layers).iter().enumerate() {
            x = layers::forward(std::slice::from_ref(layer), x, Mode::Inference);
            if !layers.contains(&number) {
                continue;
            }
            let mut output = x.into_nchw();
            maps.push(read(output.clone()));
            if number == differentiated {
                // Cut off from what was before: only what follows is differentiated.
                output = output.detach().require_grad();
                source = Some(output.clone());
            }
            x = Maps::new(output);
        }
        let rows = x.into_rows();
        let logits = to_host(rows.clone());
        let gradient = source.and_then(|source| {
            let class = argmax(&logits);
            let gradients = rows.narrow(1, class, 1).sum().backward();
            source.grad(&gradients).map(to_host)
        });
        Trace {
            gradient: gradient.unwrap_or_default(),
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
