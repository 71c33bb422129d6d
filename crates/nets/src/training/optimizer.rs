//! The optimizer: from a module's gradients and moments to the next values of its parameters.

use std::collections::BTreeMap;

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Gradients, Tensor, TensorData};
use rayon::prelude::*;

use super::muon::{Direction, Muon, hidden_weights};
use crate::ops::{self, Scalar, Step, to_host};
use crate::weights::{Names, Weight, Weights, WeightsError, read};

/// An optimizer with its state: a step counter, up to two moments a parameter, and the gradients of the running step.
#[derive(Debug)]
pub struct Optimizer {
    settings: recipe::Optimizer,
    /// Factors of the learning rate of parameters whose names begin so; all others have 1.
    factors: Vec<(String, f64)>,
    steps: u64,
    moments: BTreeMap<String, Vec<Tensor<1>>>,
    /// Sums over the batches since the last step, flat, by parameter.
    gradients: BTreeMap<String, Tensor<1>>,
    /// The parameters that Muon changes, and their shapes; found in the first step.
    hidden: Option<BTreeMap<String, Vec<usize>>>,
}

impl Optimizer {
    /// A fresh optimizer.
    pub fn new(settings: recipe::Optimizer) -> Self {
        Self {
            settings,
            factors: Vec::new(),
            steps: 0,
            moments: BTreeMap::new(),
            gradients: BTreeMap::new(),
            hidden: None,
        }
    }

    /// The same with factors of the learning rate of parameters whose names begin so.
    pub fn with_factors(self, factors: Vec<(String, f64)>) -> Self {
        Self { factors, ..self }
    }

    /// Steps taken.
    pub fn steps(&self) -> u64 {
        self.steps
    }

    /// [`Optimizer::accumulate`] and [`Optimizer::update`] in one.
    pub fn step<M: Module>(
        &mut self,
        module: M,
        gradients: Gradients,
        learning_rate: f64,
        clip_norm: Option<f64>,
    ) -> (M, Option<Scalar>) {
        self.accumulate(&module, gradients, 1.0);
        self.update(module, learning_rate, clip_norm)
    }

    /// Adds the gradients of one batch to those of the running step; their loss was multiplied by `scale`.
    pub fn accumulate(&mut self, module: &impl Module, gradients: Gradients, scale: f64) {
        self.add(flat_gradients(module, gradients, scale));
    }

    /// Adds gradients by the names of their parameters, on the device of those of the running step.
    pub fn add(&mut self, gradients: impl IntoIterator<Item = (String, Tensor<1>)>) {
        for (name, gradient) in gradients {
            let sum = match self.gradients.remove(&name) {
                Some(sum) => sum + gradient,
                None => gradient,
            };
            self.gradients.insert(name, sum);
        }
    }

    /// Whether all accumulated gradients are finite; if not, they are dropped. Waits for the device.
    pub fn has_finite_gradients(&mut self) -> bool {
        let norm = ops::read(vec![norm(&self.gradients)]);
        let finite = norm.iter().all(|norm| norm.is_finite());
        if !finite {
            self.gradients.clear();
        }
        finite
    }

    /// One step along the accumulated gradients: the module with new parameters, and the global norm of the gradient
    /// before clipping (2-norm over all parameters; only computed where `clip_norm` is given).
    pub fn update<M: Module>(
        &mut self,
        module: M,
        learning_rate: f64,
        clip_norm: Option<f64>,
    ) -> (M, Option<Scalar>) {
        let norm = clip_norm.map(|_| norm(&self.gradients));
        // As PyTorch's clip_grad_norm_: the gradient is never scaled up.
        let scale = match (clip_norm, &norm) {
            (Some(limit), Some(Scalar::Known(norm))) => (limit / (norm + 1e-6)).min(1.0),
            (Some(limit), Some(Scalar::Pending(norm))) => {
                // The factor stays on the device, so that nothing waits for it.
                let scale = ((norm.clone() + 1e-6).recip() * limit).clamp_max(1.0);
                let gradients = std::mem::take(&mut self.gradients).into_iter();
                self.gradients = gradients
                    .map(|(name, gradient)| (name, gradient * scale.clone()))
                    .collect();
                1.0
            }
            _ => 1.0,
        };
        self.steps += 1;
        let directions = match self.settings {
            recipe::Optimizer::Muon(settings) => {
                self.hidden.get_or_insert_with(|| hidden_weights(&module));
                self.directions(|rate| Muon::new(settings, rate, scale), learning_rate)
            }
            _ => BTreeMap::new(),
        };
        let mut updater = Updater {
            names: Names::default(),
            gradients: std::mem::take(&mut self.gradients),
            step: &|factor: f64| {
                let rate = learning_rate * factor;
                Step::new(&self.settings, rate, self.steps, scale)
            },
            factors: &self.factors,
            directions,
            moments: &mut self.moments,
        };
        (module.map(&mut updater), norm)
    }

    /// Muon's directions for the parameters that it changes. Takes their moments.
    fn directions(
        &mut self,
        muon: impl Fn(f64) -> Muon + Sync,
        learning_rate: f64,
    ) -> BTreeMap<String, Direction> {
        let mut work = Vec::new();
        for (name, shape) in self.hidden.iter().flatten() {
            if let Some(gradient) = self.gradients.get(name) {
                let moments = self.moments.remove(name);
                let momentum = moments.and_then(|mut moments| moments.pop());
                let muon = muon(learning_rate * factor(&self.factors, name));
                work.push((name.clone(), gradient.clone(), momentum, (muon, shape)));
            }
        }
        let on_cpu = |(_, gradient, ..): &(_, Tensor<1>, _, _)| ops::has_lanes(&gradient.device());
        let direction =
            |(name, gradient, momentum, (muon, shape)): (String, _, _, (Muon, &Vec<usize>))| {
                (name, muon.direction(gradient, momentum, shape))
            };
        // On the CPU, Burn multiplies matrices on one thread each: there weights are processed in parallel.
        if work.first().is_some_and(on_cpu) {
            work.into_par_iter().map(direction).collect()
        } else {
            work.into_iter().map(direction).collect()
        }
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

    /// The gradients accumulated since the last step, by name; none right after one.
    pub fn accumulated(&self) -> Weights {
        let gradients = self.gradients.iter();
        gradients
            .map(|(name, gradient)| (name.clone(), read(gradient.clone())))
            .collect()
    }

    /// Restores what [`Optimizer::accumulated`] gave.
    pub fn restore_accumulated(&mut self, gradients: Weights, device: &Device) {
        let gradients = gradients.into_iter();
        self.gradients = gradients
            .map(|(name, gradient)| (name, flat(gradient, device)))
            .collect();
    }

    /// Restores a state that [`Optimizer::state`] gave.
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
        for (key, weight) in state {
            let (name, number) = key.rsplit_once('.').unwrap_or((&key, ""));
            let moments = self.moments.entry(name.to_string()).or_default();
            if number != moments.len().to_string() {
                return Err(WeightsError::Missing {
                    name: format!("{name}.{}", moments.len()),
                });
            }
            moments.push(flat(weight, device));
        }
        Ok(())
    }
}

/// The factor of the learning rate of the parameter with this name.
fn factor(factors: &[(String, f64)], name: &str) -> f64 {
    let mut found = factors
        .iter()
        .filter(|(prefix, _)| name.starts_with(prefix));
    found.next().map_or(1.0, |(_, factor)| *factor)
}

/// The gradients of a module's parameters, flat, by parameter; their loss was multiplied by `scale`.
pub fn flat_gradients(
    module: &impl Module,
    mut gradients: Gradients,
    scale: f64,
) -> BTreeMap<String, Tensor<1>> {
    let mut collector = GradientCollector {
        names: Names::default(),
        gradients: &mut gradients,
        scale,
        flat: BTreeMap::new(),
    };
    module.visit(&mut collector);
    collector.flat
}

fn flat(weight: Weight, device: &Device) -> Tensor<1> {
    let shape = [weight.values.len()];
    Tensor::from_data(TensorData::new(weight.values, shape), device)
}

/// The 2-norm over all gradients, the names in their order.
fn norm(gradients: &BTreeMap<String, Tensor<1>>) -> Scalar {
    let sums: Vec<Tensor<1>> = gradients
        .values()
        .map(|gradient| ops::sum_of_squares(gradient.clone()))
        .collect();
    if sums.is_empty() {
        return Scalar::Known(0.0);
    }
    let sums = Tensor::cat(sums, 0);
    if !ops::has_lanes(&sums.device()) {
        return Scalar::of(sums.sum().sqrt());
    }
    let sums = to_host(sums);
    Scalar::Known(sums.into_iter().map(f64::from).sum::<f64>().sqrt())
}

/// Takes each parameter's gradient and flattens it.
struct GradientCollector<'a> {
    names: Names,
    gradients: &'a mut Gradients,
    /// The factor of their loss.
    scale: f64,
    flat: BTreeMap<String, Tensor<1>>,
}

impl ModuleVisitor for GradientCollector<'_> {
    fn enter_module(&mut self, name: &str, container: &str) {
        self.names.enter(name, container);
    }

    fn exit_module(&mut self, _: &str, _: &str) {
        self.names.exit();
    }

    fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
        // None: a running statistic, or not part of this loss.
        let Some(gradient) = param.val().grad_remove(self.gradients) else {
            return;
        };
        let length = gradient.shape().num_elements();
        let mut gradient = gradient.reshape([length]);
        if self.scale != 1.0 {
            gradient = gradient / self.scale;
        }
        self.flat.insert(self.names.current(), gradient);
    }
}

/// Gives each parameter its next value.
struct Updater<'a> {
    names: Names,
    gradients: BTreeMap<String, Tensor<1>>,
    /// The step at a learning rate that is multiplied by this.
    step: &'a dyn Fn(f64) -> Step,
    factors: &'a [(String, f64)],
    /// Where the parameters that Muon changes are to go.
    directions: BTreeMap<String, Direction>,
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
        let name = self.names.current();
        let Some(gradient) = self.gradients.remove(&name) else {
            return param;
        };
        let (id, tensor, mapper) = param.consume();
        let shape = tensor.dims();
        let flat = tensor.inner().reshape([gradient.dims()[0]]);
        let (next, moments) = match self.directions.remove(&name) {
            Some(direction) => {
                let (next, momentum) = direction.follow(flat);
                (next, vec![momentum])
            }
            None => {
                let moments = self.moments.remove(&name).unwrap_or_default();
                (self.step)(factor(self.factors, &name)).apply(flat, gradient, moments)
            }
        };
        self.moments.insert(name, moments);
        let next = Tensor::from_inner(next.reshape(shape)).require_grad();
        Param::from_mapped_value(id, next, mapper)
    }
}
