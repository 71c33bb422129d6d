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
    /// Factor of the momentum buffer; used only where there is one.
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
    /// Factor of the momentum buffer; used only where there is one.
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
    let (l2, shrink) = if options.decoupled {
        (0.0, 1.0 - options.learning_rate * options.weight_decay)
    } else {
        (options.weight_decay, 1.0)
    };
    let rule = AdamRule {
        grad_scale: options.grad_scale as f32,
        l2: l2 as f32,
        shrink: shrink as f32,
        new1: (1.0 - options.beta1) as f32,
        beta2: options.beta2 as f32,
        new2: (1.0 - options.beta2) as f32,
        step_size: (options.learning_rate / bias1) as f32,
        unbias: (1.0 / bias2.sqrt()) as f32,
        epsilon: options.epsilon as f32,
    };
    step(param, grad, [m, v], rule);
}

/// One step of SGD on `param`; `momentum`, zero before the first step, is updated.
///
/// # Panics
/// If the slices differ in length.
pub fn sgd(param: &mut [f32], grad: &[f32], momentum: Option<&mut [f32]>, options: &Sgd) {
    let rule = SgdRule {
        learning_rate: options.learning_rate as f32,
        momentum: options.momentum as f32,
        nesterov: options.nesterov,
        l2: options.weight_decay as f32,
        grad_scale: options.grad_scale as f32,
    };
    match momentum {
        Some(momentum) => step(param, grad, [momentum], rule),
        None => step(param, grad, [], rule),
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
    let rule = RmsPropRule {
        learning_rate: options.learning_rate as f32,
        alpha: options.alpha as f32,
        new: (1.0 - options.alpha) as f32,
        epsilon: options.epsilon as f32,
        momentum: options.momentum as f32,
        l2: options.weight_decay as f32,
        grad_scale: options.grad_scale as f32,
    };
    match momentum {
        Some(momentum) => step(param, grad, [squares, momentum], rule),
        None => step(param, grad, [squares], rule),
    }
}

/// Moves each of `mean` by `share` of its way to `value`: one step of an exponential moving average, which is where it
/// was for a share of 0 and `value` for a share of 1.
///
/// # Panics
/// If the slices differ in length.
pub fn average(mean: &mut [f32], value: &[f32], share: f64) {
    let share = share as f32;
    step(mean, value, [], AverageRule { share });
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

#[derive(Clone, Copy)]
struct AdamRule {
    grad_scale: f32,
    l2: f32,
    shrink: f32,
    new1: f32,
    beta2: f32,
    new2: f32,
    step_size: f32,
    unbias: f32,
    epsilon: f32,
}

impl Rule<2> for AdamRule {
    #[inline(always)]
    fn apply<L: Lanes>(&self, l: L, param: L::V, grad: L::V, state: &mut [L::V; 2]) -> L::V {
        let g = scaled(l, param, grad, self.grad_scale, self.l2);
        let m = l.mul_add(l.sub(g, state[0]), l.splat(self.new1), state[0]);
        let v = l.mul_add(
            l.mul(g, g),
            l.splat(self.new2),
            l.mul(state[1], l.splat(self.beta2)),
        );
        *state = [m, v];
        let deviation = l.mul_add(l.sqrt(v), l.splat(self.unbias), l.splat(self.epsilon));
        let step = l.div(l.mul(m, l.splat(self.step_size)), deviation);
        l.sub(l.mul(param, l.splat(self.shrink)), step)
    }
}

#[derive(Clone, Copy)]
struct SgdRule {
    learning_rate: f32,
    momentum: f32,
    nesterov: bool,
    l2: f32,
    grad_scale: f32,
}

impl Rule<0> for SgdRule {
    #[inline(always)]
    fn apply<L: Lanes>(&self, l: L, param: L::V, grad: L::V, _: &mut [L::V; 0]) -> L::V {
        let g = scaled(l, param, grad, self.grad_scale, self.l2);
        l.neg_mul_add(g, l.splat(self.learning_rate), param)
    }
}

impl Rule<1> for SgdRule {
    #[inline(always)]
    fn apply<L: Lanes>(&self, l: L, param: L::V, grad: L::V, state: &mut [L::V; 1]) -> L::V {
        let g = scaled(l, param, grad, self.grad_scale, self.l2);
        let momentum = l.splat(self.momentum);
        let buffer = l.mul_add(state[0], momentum, g);
        state[0] = buffer;
        let direction = if self.nesterov {
            l.mul_add(buffer, momentum, g)
        } else {
            buffer
        };
        l.neg_mul_add(direction, l.splat(self.learning_rate), param)
    }
}

#[derive(Clone, Copy)]
struct RmsPropRule {
    learning_rate: f32,
    alpha: f32,
    new: f32,
    epsilon: f32,
    momentum: f32,
    l2: f32,
    grad_scale: f32,
}

impl RmsPropRule {
    /// The gradient over the root of its average square.
    #[inline(always)]
    fn direction<L: Lanes>(&self, l: L, param: L::V, grad: L::V, squares: &mut L::V) -> L::V {
        let g = scaled(l, param, grad, self.grad_scale, self.l2);
        *squares = l.mul_add(
            l.mul(g, g),
            l.splat(self.new),
            l.mul(*squares, l.splat(self.alpha)),
        );
        l.div(g, l.add(l.sqrt(*squares), l.splat(self.epsilon)))
    }
}

impl Rule<1> for RmsPropRule {
    #[inline(always)]
    fn apply<L: Lanes>(&self, l: L, param: L::V, grad: L::V, state: &mut [L::V; 1]) -> L::V {
        let direction = self.direction(l, param, grad, &mut state[0]);
        l.neg_mul_add(direction, l.splat(self.learning_rate), param)
    }
}

impl Rule<2> for RmsPropRule {
    #[inline(always)]
    fn apply<L: Lanes>(&self, l: L, param: L::V, grad: L::V, state: &mut [L::V; 2]) -> L::V {
        let direction = self.direction(l, param, grad, &mut state[0]);
        state[1] = l.mul_add(state[1], l.splat(self.momentum), direction);
        l.neg_mul_add(state[1], l.splat(self.learning_rate), param)
    }
}

#[derive(Clone, Copy)]
struct AverageRule {
    share: f32,
}

impl Rule<0> for AverageRule {
    #[inline(always)]
    fn apply<L: Lanes>(&self, l: L, mean: L::V, value: L::V, _: &mut [L::V; 0]) -> L::V {
        l.mul_add(l.sub(value, mean), l.splat(self.share), mean)
    }
}

#[inline(always)]
fn scaled<L: Lanes>(l: L, param: L::V, grad: L::V, scale: f32, l2: f32) -> L::V {
    l.mul_add(param, l.splat(l2), l.mul(grad, l.splat(scale)))
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
                let new = self.rule.apply(l, param, grad, &mut state);
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
        let new = self
            .rule
            .apply(l, read(l, &param), read(l, &grad), &mut state);
        update(l, &mut param, new);
        self.param[whole..].copy_from_slice(&param[..rest]);
        for s in 0..S {
            update(l, &mut rows[s], state[s]);
            self.state[s][whole..].copy_from_slice(&rows[s][..rest]);
        }
    }
}
