//! Optimizer steps on one parameter: fused kernels on the CPU, Burn's own operations elsewhere.

use burn::tensor::Tensor;
use kernels::optimizer::{self, Adam, RmsProp, Sgd};

use super::cpu::{self, FlexTensor, floats, floats_mut};
use super::maps::has_lanes;

/// One step of an optimizer: its settings at this step's learning rate.
#[derive(Clone, Debug)]
pub enum Step {
    /// Adam (Kingma & Ba 2015) and AdamW (Loshchilov & Hutter 2019).
    Adam(Adam),
    /// Stochastic gradient descent with momentum.
    Sgd(Sgd),
    /// RMSprop (Hinton 2012).
    RmsProp(RmsProp),
}

impl Step {
    /// The `number`-th step (from 1) of a run; gradients are multiplied by `grad_scale` first. For Muon: the AdamW step
    /// of the parameters that Muon leaves alone.
    pub fn new(
        settings: &recipe::Optimizer,
        learning_rate: f64,
        number: u64,
        grad_scale: f64,
    ) -> Self {
        let adam = |learning_rate, [beta1, beta2]: [f64; 2], epsilon, weight_decay, decoupled| {
            Self::Adam(Adam {
                learning_rate,
                beta1,
                beta2,
                epsilon,
                weight_decay,
                decoupled,
                step: number,
                grad_scale,
            })
        };
        match *settings {
            recipe::Optimizer::Adam(of) => {
                let betas = [of.beta_1, of.beta_2];
                adam(learning_rate, betas, of.epsilon, of.weight_decay, false)
            }
            recipe::Optimizer::AdamW(of) => {
                let betas = [of.beta_1, of.beta_2];
                adam(learning_rate, betas, of.epsilon, of.weight_decay, true)
            }
            recipe::Optimizer::Muon(of) => {
                // The schedule gives Muon's learning rate; AdamW's keeps its proportion to it.
                let rate = learning_rate * (of.adam_learning_rate / of.learning_rate);
                let betas = [of.beta_1, of.beta_2];
                adam(rate, betas, of.epsilon, of.weight_decay, true)
            }
            recipe::Optimizer::Sgd(sgd) => Self::Sgd(Sgd {
                learning_rate,
                momentum: sgd.momentum,
                nesterov: sgd.nesterov,
                weight_decay: sgd.weight_decay,
                grad_scale,
            }),
            recipe::Optimizer::RmsProp(rms) => Self::RmsProp(RmsProp {
                learning_rate,
                alpha: rms.alpha,
                epsilon: rms.epsilon,
                momentum: rms.momentum,
                weight_decay: rms.weight_decay,
                grad_scale,
            }),
        }
    }

    /// The next value of a parameter and of its moments (none yet in a first step); all `[len]`.
    pub fn apply(
        &self,
        parameter: Tensor<1>,
        gradient: Tensor<1>,
        mut moments: Vec<Tensor<1>>,
    ) -> (Tensor<1>, Vec<Tensor<1>>) {
        let count = match self {
            Self::Sgd(_) => 1,
            Self::Adam(_) | Self::RmsProp(_) => 2,
        };
        moments.resize_with(count, || parameter.zeros_like());
        if has_lanes(&parameter.device()) {
            self.fused(parameter, gradient, moments)
        } else {
            self.composed(parameter, gradient, moments)
        }
    }

    /// In one pass over all of them.
    fn fused(
        &self,
        parameter: Tensor<1>,
        gradient: Tensor<1>,
        moments: Vec<Tensor<1>>,
    ) -> (Tensor<1>, Vec<Tensor<1>>) {
        let mut inputs = vec![gradient, parameter];
        inputs.extend(moments);
        let inputs = inputs.into_iter().map(Tensor::into_dispatch).collect();
        let mut values = cpu::compute_all(inputs, |mut values| {
            let gradient = values.remove(0);
            self.advance(floats(&gradient), &mut values);
            values
        });
        (values.remove(0), values)
    }

    /// Changes a parameter and its moments in place.
    fn advance(&self, gradient: &[f32], values: &mut [FlexTensor]) {
        let [parameter, moments @ ..] = values else {
            unreachable!("fused() gives the parameter first")
        };
        let parameter = floats_mut(parameter);
        match (self, moments) {
            (Self::Adam(step), [first, second]) => {
                let (first, second) = (floats_mut(first), floats_mut(second));
                optimizer::adam(parameter, gradient, first, second, step);
            }
            (Self::Sgd(step), [velocity]) => {
                let momentum = (step.momentum != 0.0).then(|| floats_mut(velocity));
                optimizer::sgd(parameter, gradient, momentum, step);
            }
            (Self::RmsProp(step), [square, velocity]) => {
                let momentum = (step.momentum != 0.0).then(|| floats_mut(velocity));
                optimizer::rmsprop(parameter, gradient, floats_mut(square), momentum, step);
            }
            _ => unreachable!("apply() made as many moments as the optimizer has"),
        }
    }

    /// The same arithmetic as the kernels', in Burn's operations.
    fn composed(
        &self,
        parameter: Tensor<1>,
        gradient: Tensor<1>,
        moments: Vec<Tensor<1>>,
    ) -> (Tensor<1>, Vec<Tensor<1>>) {
        match self {
            Self::Adam(step) => {
                let decay = step.weight_decay;
                let rate = step.learning_rate;
                let (beta1, beta2) = (step.beta1, step.beta2);
                let mut gradient = gradient * step.grad_scale;
                let mut parameter = parameter;
                if step.decoupled {
                    parameter = parameter * (1.0 - rate * decay);
                } else if decay != 0.0 {
                    gradient = gradient + parameter.clone() * decay;
                }
                let first = moments[0].clone() * beta1 + gradient.clone() * (1.0 - beta1);
                let second = moments[1].clone() * beta2 + gradient.square() * (1.0 - beta2);
                let correction1 = 1.0 - beta1.powf(step.step as f64);
                let correction2 = 1.0 - beta2.powf(step.step as f64);
                let root = second.clone().sqrt() / correction2.sqrt() + step.epsilon;
                let next = parameter - first.clone() / root * (rate / correction1);
                (next, vec![first, second])
            }
            Self::Sgd(step) => {
                let momentum = step.momentum;
                let gradient = gradient * step.grad_scale + parameter.clone() * step.weight_decay;
                let velocity = moments[0].clone() * momentum + gradient.clone();
                let direction = if momentum == 0.0 {
                    gradient
                } else if step.nesterov {
                    gradient + velocity.clone() * momentum
                } else {
                    velocity.clone()
                };
                (parameter - direction * step.learning_rate, vec![velocity])
            }
            Self::RmsProp(step) => {
                let alpha = step.alpha;
                let momentum = step.momentum;
                let gradient = gradient * step.grad_scale + parameter.clone() * step.weight_decay;
                let square = moments[0].clone() * alpha + gradient.clone().square() * (1.0 - alpha);
                let scaled = gradient / (square.clone().sqrt() + step.epsilon);
                let velocity = moments[1].clone() * momentum + scaled;
                let next = parameter - velocity.clone() * step.learning_rate;
                (next, vec![square, velocity])
            }
        }
    }
}

/// A step of an exponential moving average of `[len]` values: `share` of the way from `mean` to `value`.
pub fn average(mean: Tensor<1>, value: Tensor<1>, share: f64) -> Tensor<1> {
    if has_lanes(&mean.device()) {
        let inputs = [mean, value].map(Tensor::into_dispatch);
        cpu::compute_owned(inputs, |[mut mean, value]| {
            optimizer::average(floats_mut(&mut mean), floats(&value), share);
            mean
        })
    } else {
        mean.clone() + (value - mean) * share
    }
}

/// The sum of the squares of all elements, `[1]`, in an order that does not depend on the number of threads.
pub fn sum_of_squares(x: Tensor<1>) -> Tensor<1> {
    if has_lanes(&x.device()) {
        cpu::compute([x.into_dispatch()], [1], |[x]| {
            vec![optimizer::sum_of_squares(x) as f32]
        })
    } else {
        x.square().sum()
    }
}
