//! The optimizer: gradients of a module and its moments to the next values of its parameters.

use std::collections::BTreeMap;
use std::vec::IntoIter;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};

use crate::ops::{self, Step};
use crate::recipe;
use crate::weights::{Names, Weight, Weights, WeightsError, read};

/// An optimizer with its state: a step counter and up to two moments a parameter.
#[derive(Debug)]
pub struct Optimizer {
    settings: recipe::Optimizer,
    steps: u64,
    moments: BTreeMap<String, Vec<Tensor<1>>>,
}

impl Optimizer {
    /// A fresh optimizer.
    pub fn new(settings: recipe::Optimizer) -> Self {
        Self {
            settings,
            steps: 0,
            moments: BTreeMap::new(),
        }
    }

    /// One step along `gradients`: the module with new parameters, and the global norm of the gradient before
    /// clipping (2-norm over all parameters; only computed where `clip_norm` is given).
    pub fn step<M: Module>(
        &mut self,
        module: M,
        mut gradients: Gradients,
        learning_rate: f64,
        clip_norm: Option<f64>,
    ) -> (M, Option<f64>) {
        let mut collector = Collector {
            gradients: &mut gradients,
            collected: Vec::new(),
        };
        module.visit(&mut collector);
        let collected = collector.collected;
        drop(gradients);

        let norm = clip_norm.map(|_| {
            collected
                .iter()
                .flatten()
                .map(|g| ops::sum_of_squares(g.clone()))
                .sum::<f64>()
                .sqrt()
        });
        // As PyTorch's clip_grad_norm_: the gradient is never scaled up.
        let scale = match (clip_norm, norm) {
            (Some(limit), Some(norm)) => (limit / (norm + 1e-6)).min(1.0),
            _ => 1.0,
        };
        self.steps += 1;
        let mut updater = Updater {
            names: Names::default(),
            gradients: collected.into_iter(),
            step: Step::new(&self.settings, learning_rate, self.steps, scale),
            moments: &mut self.moments,
        };
        (module.map(&mut updater), norm)
    }

    /// The moments by name (`NAME.0`, `NAME.1`) and the number of steps taken.
    pub fn state(&self) -> (Weights, u64) {
        let weights = self.moments.iter().flat_map(|(name, moments)| {
            moments
                .iter()
                .enumerate()
                .map(move |(i, moment)| (format!("{name}.{i}"), read(moment.clone())))
        });
        (weights.collect(), self.steps)
    }

    /// Takes over a state that [`Optimizer::state`] gave.
    ///
    /// # Errors
    /// [`WeightsError::Missing`] when a second moment stands without its first.
    pub fn restore(
        &mut self,
        state: Weights,
        steps: u64,
        device: &Device,
    ) -> Result<(), WeightsError> {
        self.steps = steps;
        self.moments.clear();
        for (key, Weight { values, .. }) in state {
            let (name, number) = key.rsplit_once('.').unwrap_or((&key, ""));
            let moments = self.moments.entry(name.to_string()).or_default();
            if number != moments.len().to_string() {
                return Err(WeightsError::Missing {
                    name: format!("{name}.{}", moments.len()),
                });
            }
            let shape = [values.len()];
            moments.push(Tensor::from_data(TensorData::new(values, shape), device));
        }
        Ok(())
    }
}

/// Takes each parameter's gradient, flattened, in the order of visiting.
struct Collector<'a> {
    gradients: &'a mut Gradients,
    collected: Vec<Option<Tensor<1>>>,
}

impl ModuleVisitor for Collector<'_> {
    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        let gradient = param.val().grad_remove(self.gradients);
        self.collected.push(gradient.map(|gradient| {
            let length = gradient.shape().num_elements();
            gradient.reshape([length])
        }));
    }
}

/// Gives each parameter its next value; visits in the collector's order.
struct Updater<'a> {
    names: Names,
    gradients: IntoIter<Option<Tensor<1>>>,
    step: Step,
    moments: &'a mut BTreeMap<String, Vec<Tensor<1>>>,
}

impl ModuleMapper for Updater<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.names.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.names.exit();
    }

    fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
        let Some(gradient) = self.gradients.next().flatten() else {
            return param; // a running statistic, or not part of this loss
        };
        let moments = self
            .moments
            .remove(&self.names.current())
            .unwrap_or_default();
        let (id, tensor, mapper) = param.consume();
        let shape = tensor.dims();
        let flat = tensor.inner().reshape([gradient.dims()[0]]);
        let (next, moments) = self.step.apply(flat, gradient, moments);
        self.moments.insert(self.names.current(), moments);
        let next = Tensor::from_inner(next.reshape(shape)).require_grad();
        Param::from_mapped_value(id, next, mapper)
    }
}
