//! Optimizer steps in one pass over parameter, gradient and moments, with the semantics of `torch.optim`.
//!
//! A step is bound by memory, so each value is read and written once, in place. Hyperparameters are `f64`: 1 - 0.999
//! in f32 is off by 1e-5.

#![expect(
    clippy::needless_range_loop,
    reason = "iterator adaptors may stay separate functions, without the vector instructions"
)]

#[cfg(test)]
mod tests;

use rayon::prelude::*;

use crate::lanes::LANES;
use crate::micro::{read, update};
use crate::simd::{Lanes, Simd, Task};

/// Values of one task: its four streams fit the second-level cache.
const CHUNK: usize = 1 << 14;

/// Adam (Kingma and Ba 2014, arXiv:1412.6980), and AdamW (Loshchilov and Hutter 2017, arXiv:1711.05101).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Adam {
    /// Step size.
    pub learning_rate: f64,
    /// Decay of the first moment.
    pub beta1: f64,
    /// Decay of the second moment.
    pub beta2: f64,
    /// Added to the square root of the second moment.
    pub epsilon: f64,
    /// Weight decay.
    pub weight_decay: f64,
    /// Weight decay shrinks the parameter itself (AdamW) instead of being added to the gradient.
    pub decoupled: bool,
    /// This step's number, from 1 on, for the correction of the moments' bias.
    pub step: u64,
    /// Multiplies the gradient first.
    pub grad_scale: f64,
}

/// Stochastic gradient descent; momentum without dampening, as `torch.optim.SGD` has it by default.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sgd {
    /// Step size.
    pub learning_rate: f64,
    /// Factor of the momentum buffer; used only if there is a buffer.
    pub momentum: f64,
    /// Looks ahead along the momentum.
    pub nesterov: bool,
    /// Added to the gradient, times the parameter.
    pub weight_decay: f64,
    /// Multiplies the gradient first.
    pub grad_scale: f64,
}

/// RMSprop (Hinton's lecture 6), not centred.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RmsProp {
    /// Step size.
    pub learning_rate: f64,
    /// Decay of the squares' average.
    pub alpha: f64,
    /// Added to the square root of the average.
    pub epsilon: f64,
    /// Factor of the momentum buffer; used only if there is a buffer.
    pub momentum: f64,
    /// Added to the gradient, times the parameter.
    pub weight_decay: f64,
    /// Multiplies the gradient first.
    pub grad_scale: f64,
}

/// One step of Adam on `param`; `m` and `v`, zero before the first step, are updated.
///
/// # Panics
/// If the slices differ in length or `step` is zero.
pub fn adam(param: &mut [f32], grad: &[f32], m: &mut [f32], v: &mut [f32], options: &Adam) {
    assert!(options.step > 0, "adam: steps count from 1");
    let bias1 = 1.0 - options.beta1.powf(options.step as f64);
    let bias2 = 1.0 - options.beta2.powf(options.step as f64);
    let (decay, shrink) = if options.decoupled {
        (0.0, 1.0 - options.learning_rate * options.weight_decay)
    } else {
        (options.weight_decay, 1.0)
    };
    let rule = AdamRule {
        options: *options,
        decay,
        shrink,
        step_size: options.learning_rate / bias1,
        unbias: 1.0 / bias2.sqrt(),
    };
    step(param, grad, [m, v], rule);
}

/// One step of SGD on `param`; `momentum`, zero before the first step, is updated.
///
/// # Panics
/// If the slices differ in length.
pub fn sgd(param: &mut [f32], grad: &[f32], momentum: Option<&mut [f32]>, options: &Sgd) {
    match momentum {
        Some(momentum) => step(param, grad, [momentum], *options),
        None => step(param, grad, [], *options),
    }
}

/// One step of RMSprop on `param`; `squares` and `momentum`, zero before the first step, are updated.
///
/// # Panics
/// If the slices differ in length.
pub fn rmsprop(
    param: &mut [f32],
    grad: &[f32],
    squares: &mut [f32],
    momentum: Option<&mut [f32]>,
    options: &RmsProp,
) {
    match momentum {
        Some(momentum) => step(param, grad, [squares, momentum], *options),
        None => step(param, grad, [squares], *options),
    }
}

/// One step of an exponential moving average: moves each of `mean` by `share` of the distance to `value` (0: not at
/// all, 1: all the way).
///
/// # Panics
/// If the slices differ in length.
pub fn average(mean: &mut [f32], value: &[f32], share: f64) {
    step(mean, value, [], Average { share });
}

/// The sum of the squares in f64, in an order that does not depend on the number of threads.
pub fn sum_of_squares(x: &[f32]) -> f64 {
    let simd = Simd::current();
    let sums: Vec<f64> = x.par_chunks(CHUNK).map(|x| simd.run(Squares(x))).collect();
    sums.iter().sum()
}

struct Squares<'a>(&'a [f32]);

impl Task for Squares<'_> {
    type Output = f64;

    #[inline(always)]
    fn run<L: Lanes>(self, _: L) -> f64 {
        let mut sums = [0f64; LANES];
        let (rows, rest) = self.0.as_chunks::<LANES>();
        for i in 0..rows.len() {
            for lane in 0..LANES {
                let x = f64::from(rows[i][lane]);
                sums[lane] += x * x;
            }
        }
        for lane in 0..rest.len() {
            let x = f64::from(rest[lane]);
            sums[lane] += x * x;
        }
        let mut sum = 0.0;
        for lane in 0..LANES {
            sum += sums[lane];
        }
        sum
    }
}

/// The arithmetic of an optimizer with `S` state values for each parameter.
trait Rule<const S: usize>: Copy + Send + Sync {
    /// The new parameter; updates the state.
    fn apply<L: Lanes>(&self, l: L, param: L::V, grad: L::V, state: &mut [L::V; S]) -> L::V;
}

/// Adam with what depends on the step alone worked out once.
#[derive(Clone, Copy)]
struct AdamRule {
    options: Adam,
    /// Added to the gradient, times the parameter.
    decay: f64,
    /// Multiplies the parameter.
    shrink: f64,
    step_size: f64,
    unbias: f64,
}

impl Rule<2> for AdamRule {
    #[inline(always)]
    fn apply<L: Lanes>(&self, l: L, param: L::V, grad: L::V, state: &mut [L::V; 2]) -> L::V {
        let options = &self.options;
        let g = scaled(l, param, grad, options.grad_scale, self.decay);
        let m = l.mul_add(
            l.sub(g, state[0]),
            constant(l, 1.0 - options.beta1),
            state[0],
        );
        let old = l.mul(state[1], constant(l, options.beta2));
        let v = l.mul_add(l.mul(g, g), constant(l, 1.0 - options.beta2), old);
        *state = [m, v];
        let (unbias, epsilon) = (constant(l, self.unbias), constant(l, options.epsilon));
        let deviation = l.mul_add(l.sqrt(v), unbias, epsilon);
        let step = l.div(l.mul(m, constant(l, self.step_size)), deviation);
        l.sub(l.mul(param, constant(l, self.shrink)), step)
    }
}

impl Rule<0> for Sgd {
    #[inline(always)]
    fn apply<L: Lanes>(&self, l: L, param: L::V, grad: L::V, _: &mut [L::V; 0]) -> L::V {
        let g = scaled(l, param, grad, self.grad_scale, self.weight_decay);
        l.neg_mul_add(g, constant(l, self.learning_rate), param)
    }
}

impl Rule<1> for Sgd {
    #[inline(always)]
    fn apply<L: Lanes>(&self, l: L, param: L::V, grad: L::V, state: &mut [L::V; 1]) -> L::V {
        let g = scaled(l, param, grad, self.grad_scale, self.weight_decay);
        let momentum = constant(l, self.momentum);
        let buffer = l.mul_add(state[0], momentum, g);
        state[0] = buffer;
        let direction = if self.nesterov {
            l.mul_add(buffer, momentum, g)
        } else {
            buffer
        };
        l.neg_mul_add(direction, constant(l, self.learning_rate), param)
    }
}

impl RmsProp {
    /// The gradient over the root of its average square.
    #[inline(always)]
    fn direction<L: Lanes>(&self, l: L, param: L::V, grad: L::V, squares: &mut L::V) -> L::V {
        let g = scaled(l, param, grad, self.grad_scale, self.weight_decay);
        let old = l.mul(*squares, constant(l, self.alpha));
        *squares = l.mul_add(l.mul(g, g), constant(l, 1.0 - self.alpha), old);
        l.div(g, l.add(l.sqrt(*squares), constant(l, self.epsilon)))
    }
}

impl Rule<1> for RmsProp {
    #[inline(always)]
    fn apply<L: Lanes>(&self, l: L, param: L::V, grad: L::V, state: &mut [L::V; 1]) -> L::V {
        let direction = self.direction(l, param, grad, &mut state[0]);
        l.neg_mul_add(direction, constant(l, self.learning_rate), param)
    }
}

impl Rule<2> for RmsProp {
    #[inline(always)]
    fn apply<L: Lanes>(&self, l: L, param: L::V, grad: L::V, state: &mut [L::V; 2]) -> L::V {
        let direction = self.direction(l, param, grad, &mut state[0]);
        state[1] = l.mul_add(state[1], constant(l, self.momentum), direction);
        l.neg_mul_add(state[1], constant(l, self.learning_rate), param)
    }
}

/// The rule of [`average`].
#[derive(Clone, Copy)]
struct Average {
    share: f64,
}

impl Rule<0> for Average {
    #[inline(always)]
    fn apply<L: Lanes>(&self, l: L, mean: L::V, value: L::V, _: &mut [L::V; 0]) -> L::V {
        l.mul_add(l.sub(value, mean), constant(l, self.share), mean)
    }
}

/// A hyperparameter in every lane.
#[inline(always)]
fn constant<L: Lanes>(l: L, value: f64) -> L::V {
    l.splat(value as f32)
}

/// The scaled gradient, with weight decay added.
#[inline(always)]
fn scaled<L: Lanes>(l: L, param: L::V, grad: L::V, scale: f64, decay: f64) -> L::V {
    l.mul_add(param, constant(l, decay), l.mul(grad, constant(l, scale)))
}

fn step<const S: usize, R: Rule<S>>(
    param: &mut [f32],
    grad: &[f32],
    state: [&mut [f32]; S],
    rule: R,
) {
    assert_eq!(grad.len(), param.len(), "optimizer: gradient");
    for state in &state {
        assert_eq!(state.len(), param.len(), "optimizer: state");
    }
    let simd = Simd::current();
    // One chunk of every state, for each chunk of the parameter.
    let mut states = state.map(|state| state.chunks_mut(CHUNK));
    let tasks: Vec<_> = param
        .chunks_mut(CHUNK)
        .zip(grad.chunks(CHUNK))
        .map(|(param, grad)| Step {
            param,
            grad,
            state: states
                .each_mut()
                .map(|chunks| chunks.next().unwrap_or_default()),
            rule,
        })
        .collect();
    tasks.into_par_iter().for_each(|task| simd.run(task));
}

struct Step<'a, const S: usize, R> {
    param: &'a mut [f32],
    grad: &'a [f32],
    state: [&'a mut [f32]; S],
    rule: R,
}

impl<const S: usize, R: Rule<S>> Task for Step<'_, S, R> {
    type Output = ();

    #[inline(always)]
    fn run<L: Lanes>(self, l: L) {
        let rule = self.rule;
        let len = self.param.len();
        assert!(self.grad.len() == len);
        for s in 0..S {
            assert!(self.state[s].len() == len);
        }
        let whole = len / LANES * LANES;
        for at in (0..whole).step_by(LANES) {
            // SAFETY: at + 16 <= len, the length of every slice.
            unsafe {
                let param = l.load(self.param.as_ptr().add(at));
                let grad = l.load(self.grad.as_ptr().add(at));
                let mut state = [l.zero(); S];
                for s in 0..S {
                    state[s] = l.load(self.state[s].as_ptr().add(at));
                }
                let new = rule.apply(l, param, grad, &mut state);
                l.store(self.param.as_mut_ptr().add(at), new);
                for s in 0..S {
                    l.store(self.state[s].as_mut_ptr().add(at), state[s]);
                }
            }
        }
        let rest = len - whole;
        let (mut param, mut grad) = ([0f32; LANES], [0f32; LANES]);
        param[..rest].copy_from_slice(&self.param[whole..]);
        grad[..rest].copy_from_slice(&self.grad[whole..]);
        let mut rows = [[0f32; LANES]; S];
        let mut state = [l.zero(); S];
        for s in 0..S {
            rows[s][..rest].copy_from_slice(&self.state[s][whole..]);
            state[s] = read(l, &rows[s]);
        }
        let new = rule.apply(l, read(l, &param), read(l, &grad), &mut state);
        update(l, &mut param, new);
        self.param[whole..].copy_from_slice(&param[..rest]);
        for s in 0..S {
            update(l, &mut rows[s], state[s]);
            self.state[s][whole..].copy_from_slice(&rows[s][..rest]);
        }
    }
}
