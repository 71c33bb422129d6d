//! An exponential moving average of a network's weights (Polyak and Juditsky 1992).
//!
//! Steps of stochastic gradient descent wander around a minimum; their average is closer to it. Running statistics of batch
//! normalisation are averaged too, because they belong to the weights they were measured with.

use std::vec::IntoIter;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::Tensor;

use crate::network::Network;
use crate::ops::average;
use crate::weights::{self, Weights, WeightsError};

/// The average and its decay.
#[derive(Debug)]
pub struct Ema {
    decay: f64,
    /// For predictions; `None` only during an update.
    network: Option<Network>,
}

impl Ema {
    /// An average that starts with the weights of `network`.
    pub fn new(decay: f64, network: &Network) -> Self {
        Self {
            decay,
            network: Some(network.valid()),
        }
    }

    /// The decay of the `step`-th update (from 1): smaller in the first steps, so that the initial weights are soon
    /// forgotten. TensorFlow's rule: at most (1 + t) / (10 + t).
    pub fn decay(decay: f64, step: u64) -> f64 {
        let step = step as f64;
        decay.min((1.0 + step) / (10.0 + step))
    }

    /// Updates the average with the weights of `network` after its `step`-th step (from 1).
    pub fn update(&mut self, network: &Network, step: u64) {
        let mut values = FlatValues(Vec::new());
        network.valid().visit(&mut values);
        let mut blend = Blend {
            values: values.0.into_iter(),
            share: 1.0 - Self::decay(self.decay, step),
        };
        self.network = self.network.take().map(|network| network.map(&mut blend));
    }

    /// The network of the average, for predictions.
    pub fn network(&self) -> Network {
        let network = self.network.as_ref();
        // `valid` and not `clone`: clones share the running statistics, which the next update changes.
        network
            .expect("an update puts the network back before it returns")
            .valid()
    }

    /// Restores weights that [`collect`](weights::collect) read from the average.
    ///
    /// # Errors
    /// [`WeightsError`] for the first that does not fit.
    pub fn restore(&mut self, weights: &Weights) -> Result<(), WeightsError> {
        self.network = Some(weights::apply(self.network(), weights)?);
        Ok(())
    }
}

/// All tensors, flattened, in the order of visiting.
struct FlatValues(Vec<Tensor<1>>);

impl ModuleVisitor for FlatValues {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let value = param.val().inner();
        let length = value.shape().num_elements();
        self.0.push(value.reshape([length]));
    }
}

/// Moves each tensor towards its value; visits in the order of [`FlatValues`].
struct Blend {
    values: IntoIter<Tensor<1>>,
    share: f64,
}

impl ModuleMapper for Blend {
    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(value) = self.values.next() else {
            return param; // never happens: both networks have the same recipe
        };
        let (id, mean, mapper) = param.consume();
        let shape = mean.dims();
        let mean = average(mean.reshape([value.dims()[0]]), value, self.share);
        Param::from_mapped_value(id, mean.reshape(shape), mapper)
    }
}
