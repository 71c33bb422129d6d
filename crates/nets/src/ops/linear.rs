//! Linear layers on rows of features.

use burn::tensor::{Tensor, activation};
use kernels::lanes::LANES;
use kernels::linear;

use super::conv::{Passed, Saved};
use super::cpu::{self, FlexTensor, Gradients, Operator, dims, floats, tensor};
use super::maps::{Layout, Maps, like, pack_channels};

impl Maps {
    /// Linear layer, with ReLU if `relu`: `[N, in, 1, 1] -> [N, out, 1, 1]`; `weight` `[in, out]`, `bias` `[out]`.
    pub fn linear(self, weight: Tensor<2>, bias: Tensor<1>, relu: bool) -> Self {
        let images = self.images;
        let [inputs, outputs] = weight.dims();
        let layout = match self.layout {
            Layout::Channels(x, channels) => {
                let x = Self {
                    layout: Layout::Channels(x, channels),
                    images,
                };
                if x.device().is_autodiff() {
                    return x.into_lanes().linear(weight, bias, relu);
                }
                let y = cpu::compute(
                    cpu::inputs(x.into_nchw(), weight, bias),
                    [images, outputs, 1, 1],
                    |[x, weight, bias]| linear::few(x, weight, bias, inputs, relu),
                );
                Layout::Channels(pack_channels(y), outputs)
            }
            Layout::Lanes(x) => Layout::Lanes(cpu::apply(
                LinearOperator { relu },
                cpu::inputs(x, weight, bias),
            )),
            Layout::Plain(x) => {
                let (weight, bias) = (like(weight, &x), like(bias, &x));
                let y = x.reshape([images, inputs]).matmul(weight) + bias.unsqueeze();
                let y = if relu { activation::relu(y) } else { y };
                Layout::Plain(y.reshape([images, outputs, 1, 1]))
            }
        };
        Self { layout, images }
    }
}

/// On lanes `[B, in, 1, 1, 16]`.
#[derive(Clone, Debug)]
struct LinearOperator {
    relu: bool,
}

impl Operator<3> for LinearOperator {
    type Saved = Saved;

    fn forward(&self, [x, weight, bias]: [FlexTensor; 3], _: bool) -> (FlexTensor, Saved) {
        let [blocks, ..] = dims::<5>(&x);
        let [inputs, outputs] = dims(&weight);
        let y = linear::forward(
            floats(&x),
            inputs,
            outputs,
            floats(&weight),
            Some(floats(&bias)),
            self.relu,
        );
        let y = tensor(y, [blocks, outputs, 1, 1, LANES]);
        let passed = Passed::relu(self.relu, &y);
        (y, Saved { x, weight, passed })
    }

    fn backward(
        &self,
        saved: Saved,
        dy: FlexTensor,
        [x_wanted, weight_wanted, bias_wanted]: [bool; 3],
    ) -> Gradients<3> {
        let Saved { x, weight, passed } = saved;
        let [inputs, outputs] = dims(&weight);
        let dy = floats(&dy);
        let (before, bias) = passed.backward(dy, outputs, [1, 1]);
        let dy = before.as_deref().unwrap_or(dy);
        let weight_gradient = weight_wanted.then(|| {
            let gradient = linear::backward_weights(floats(&x), dy, inputs, outputs);
            tensor(gradient, [inputs, outputs])
        });
        let x_gradient = x_wanted.then(|| {
            let gradient = linear::backward_data(dy, inputs, outputs, floats(&weight));
            tensor(gradient, dims::<5>(&x))
        });
        let bias_gradient = bias_wanted.then(|| tensor(bias, [outputs]));
        [x_gradient, weight_gradient, bias_gradient]
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::tests::{check, leaf};

    #[test]
    fn linear_layers() {
        for (inputs, outputs, relu) in [(37, 10, false), (128, 33, true), (1, 1, true)] {
            let parameters = [leaf::<1>(3, [inputs * outputs]), leaf::<1>(4, [outputs])];
            let name = format!("linear {inputs} to {outputs}");
            let shape = [19, inputs, 1, 1];
            check(&name, shape, parameters, |x, [weight, bias]| {
                let weight = weight.clone().reshape([inputs, outputs]);
                x.linear(weight, bias.clone(), relu)
            });
        }
    }
}
