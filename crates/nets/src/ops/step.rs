//! Optimizer steps on one parameter: fused kernels on the CPU, Burn's own operations elsewhere.

use burn::backend::flex::FlexTensor;
use burn::backend::tensor::FloatTensor;
use burn::backend::{Backend, Dispatch, Flex, backend_extension};
use burn::tensor::Tensor;
use kernels::optimizer::{self, Adam, RmsProp, Sgd};

use super::extension::{floats, tensor};
use super::has_lanes;

/// One pass over a parameter, its gradient and its moments, all `[len]`; gives the new parameter and moments.
#[backend_extension(Flex)]
pub trait StepOps: Backend {
    /// Adam and AdamW: first and second moment.
    fn step_adam(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        first: FloatTensor<Self>,
        second: FloatTensor<Self>,
        step: Adam,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
    /// SGD with momentum: velocity.
    fn step_sgd(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        velocity: FloatTensor<Self>,
        step: Sgd,
    ) -> (FloatTensor<Self>, FloatTensor<Self>);
    /// RMSprop: mean square and velocity.
    fn step_rms_prop(
        parameter: FloatTensor<Self>,
        gradient: FloatTensor<Self>,
        square: FloatTensor<Self>,
        velocity: FloatTensor<Self>,
        step: RmsProp,
    ) -> (FloatTensor<Self>, FloatTensor<Self>, FloatTensor<Self>);
    /// A step of an exponential moving average: `share` of the way from `mean` to `value`.
    fn step_average(
        mean: FloatTensor<Self>,
        value: FloatTensor<Self>,
        share: f64,
    ) -> FloatTensor<Self>;
    /// The sum of all squares, `[1]`.
    fn sum_squares(x: FloatTensor<Self>) -> FloatTensor<Self>;
}

/// The elements, to be changed in place (copied first if anyone else holds them).
fn floats_mut(x: &mut FlexTensor) -> &mut [f32] {
    x.storage_mut::<f32>()
}

/// Consumes its argument, so that the result is not shared with it.
fn contiguous(x: FlexTensor) -> FlexTensor {
    x.to_contiguous()
}

impl StepOps for Flex {
    fn step_adam(
        parameter: FlexTensor,
        gradient: FlexTensor,
        mut first: FlexTensor,
        mut second: FlexTensor,
        step: Adam,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let (mut parameter, gradient) = (contiguous(parameter), contiguous(gradient));
        optimizer::adam(
            floats_mut(&mut parameter),
            floats(&gradient),
            floats_mut(&mut first),
            floats_mut(&mut second),
            &step,
        );
        (parameter, first, second)
    }

    fn step_sgd(
        parameter: FlexTensor,
        gradient: FlexTensor,
        mut velocity: FlexTensor,
        step: Sgd,
    ) -> (FlexTensor, FlexTensor) {
        let (mut parameter, gradient) = (contiguous(parameter), contiguous(gradient));
        let momentum = (step.momentum != 0.0).then(|| floats_mut(&mut velocity));
        optimizer::sgd(
            floats_mut(&mut parameter),
            floats(&gradient),
            momentum,
            &step,
        );
        (parameter, velocity)
    }

    fn step_rms_prop(
        parameter: FlexTensor,
        gradient: FlexTensor,
        mut square: FlexTensor,
        mut velocity: FlexTensor,
        step: RmsProp,
    ) -> (FlexTensor, FlexTensor, FlexTensor) {
        let (mut parameter, gradient) = (contiguous(parameter), contiguous(gradient));
        let momentum = (step.momentum != 0.0).then(|| floats_mut(&mut velocity));
        optimizer::rmsprop(
            floats_mut(&mut parameter),
            floats(&gradient),
            floats_mut(&mut square),
            momentum,
            &step,
        );
        (parameter, square, velocity)
    }

    fn step_average(mean: FlexTensor, value: FlexTensor, share: f64) -> FlexTensor {
        let (mut mean, value) = (contiguous(mean), contiguous(value));
        optimizer::average(floats_mut(&mut mean), floats(&value), share);
        mean
    }

    fn sum_squares(x: FlexTensor) -> FlexTensor {
        let sum = optimizer::sum_of_squares(floats(&contiguous(x)));
        tensor(vec![sum as f32], [1])
    }
}

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
    /// The `number`-th step (from 1) of a run; gradients are multiplied by `grad_scale` first. Of Muon: AdamW's step,
    /// which parameters take that Muon leaves alone.
    pub fn new(
        settings: &recipe::Optimizer,
        learning_rate: f64,
        number: u64,
        grad_scale: f64,
    ) -> Self {
        match *settings {
            recipe::Optimizer::Adam(adam) => Self::Adam(Adam {
                learning_rate,
                beta1: adam.beta_1,
                beta2: adam.beta_2,
                epsilon: adam.epsilon,
                weight_decay: adam.weight_decay,
                decoupled: false,
                step: number,
                grad_scale,
            }),
            recipe::Optimizer::AdamW(adam) => Self::Adam(Adam {
                learning_rate,
                beta1: adam.beta_1,
                beta2: adam.beta_2,
                epsilon: adam.epsilon,
                weight_decay: adam.weight_decay,
                decoupled: true,
                step: number,
                grad_scale,
            }),
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
            recipe::Optimizer::Muon(muon) => Self::Adam(Adam {
                // The schedule speaks of Muon's rate; this one keeps its proportion to it.
                learning_rate: learning_rate * (muon.adam_learning_rate / muon.learning_rate),
                beta1: muon.beta_1,
                beta2: muon.beta_2,
                epsilon: muon.epsilon,
                weight_decay: muon.weight_decay,
                decoupled: true,
                step: number,
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

    fn fused(
        &self,
        parameter: Tensor<1>,
        gradient: Tensor<1>,
        moments: Vec<Tensor<1>>,
    ) -> (Tensor<1>, Vec<Tensor<1>>) {
        let (parameter, gradient) = (parameter.into_dispatch(), gradient.into_dispatch());
        let mut moments = moments.into_iter().map(Tensor::into_dispatch);
        let mut moment = || {
            moments
                .next()
                .expect("apply() made as many as the optimizer has")
        };
        match self {
            Self::Adam(step) => {
                let (first, second) = (moment(), moment());
                let (next, first, second) =
                    Dispatch::step_adam(parameter, gradient, first, second, *step);
                let moments = [first, second].map(Tensor::from_dispatch);
                (Tensor::from_dispatch(next), moments.into())
            }
            Self::Sgd(step) => {
                let (next, velocity) = Dispatch::step_sgd(parameter, gradient, moment(), *step);
                (
                    Tensor::from_dispatch(next),
                    vec![Tensor::from_dispatch(velocity)],
                )
            }
            Self::RmsProp(step) => {
                let (square, velocity) = (moment(), moment());
                let (next, square, velocity) =
                    Dispatch::step_rms_prop(parameter, gradient, square, velocity, *step);
                let moments = [square, velocity].map(Tensor::from_dispatch);
                (Tensor::from_dispatch(next), moments.into())
            }
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
                let direction = match (momentum != 0.0, step.nesterov) {
                    (false, _) => gradient,
                    (true, false) => velocity.clone(),
                    (true, true) => gradient + velocity.clone() * momentum,
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
        let (mean, value) = (mean.into_dispatch(), value.into_dispatch());
        Tensor::from_dispatch(Dispatch::step_average(mean, value, share))
    } else {
        mean.clone() + (value - mean) * share
    }
}

/// The sum of the squares of all elements, `[1]`, in an order that does not depend on the number of threads.
pub fn sum_of_squares(x: Tensor<1>) -> Tensor<1> {
    if has_lanes(&x.device()) {
        Tensor::from_dispatch(Dispatch::sum_squares(x.into_dispatch()))
    } else {
        x.square().sum()
    }
}
