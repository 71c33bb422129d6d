//! Convolution, with ReLU and pooling in the same pass over memory.

mod on_channels;
mod prepared;

use std::sync::Arc;

use burn::tensor::ops::ConvOptions;
use burn::tensor::{Tensor, activation, module};
use kernels::channels;
pub use kernels::conv::{Conv, Epilogue};
use kernels::conv::{bias_gradient, relu_backward, relu_pool_backward};
use kernels::lanes::LANES;

use super::cpu::{self, FlexTensor, Gradients, Operator, dims, floats, tensor};
use super::maps::{Layout, Maps, like};
use super::norm::{Affine, Statistics};
use super::pool::{HALVING, composed_max_pool};
use on_channels::{ChannelsConv, convolved};
use prepared::Parameters;

impl Maps {
    /// Convolution, bias and `epilogue`: `[N, in, H, W] -> [N, out, H', W']`, halved again where it pools; `weight`
    /// `[out, in / groups, rows, columns]`, `bias` `[out]`.
    pub fn conv(
        self,
        weight: Tensor<4>,
        bias: Option<Tensor<1>>,
        conv: &Conv,
        groups: usize,
        epilogue: Epilogue,
    ) -> Self {
        if self.has_no_kernel_for(conv) {
            let y = self.into_lanes().conv(weight, bias, conv, groups, epilogue);
            return y.into_channels();
        }
        if self.keeps_parameters() {
            return self.channels_conv(weight, bias, None, conv, groups, epilogue);
        }
        let bias = bias.unwrap_or_else(|| Tensor::zeros([conv.out_channels], &self.device()));
        if groups > 1 {
            return self.grouped_conv(weight, bias, conv, groups, epilogue == Epilogue::Relu);
        }
        let conv = *conv;
        let images = self.images;
        let layout = match self.layout {
            Layout::Plain(x) => Layout::Plain(composed(x, weight, bias, &conv, epilogue)),
            Layout::Lanes(x) => Layout::Lanes(cpu::apply(
                ConvOperator { conv, epilogue },
                cpu::inputs(x, weight, bias),
            )),
            Layout::Channels(x, _) => {
                let relu = epilogue != Epilogue::None;
                let operator = ChannelsConv { conv, relu };
                let y = cpu::apply(operator, cpu::inputs(x, weight, bias));
                let layout = Layout::Channels(y, conv.out_channels);
                let y = Self { layout, images };
                return match epilogue {
                    Epilogue::ReluPool => y.max_pool(&HALVING),
                    Epilogue::None | Epilogue::Relu => y,
                };
            }
        };
        Self { layout, images }
    }

    /// Whether channels lie side by side and this convolution has kernels for the other layouts only.
    fn has_no_kernel_for(&self, conv: &Conv) -> bool {
        let [_, height, width] = self.shape();
        matches!(self.layout, Layout::Channels(..)) && !channels::supports(conv, [height, width])
    }

    /// Whether parameters are prepared once for many calls: with channels side by side, unless they are being trained.
    fn keeps_parameters(&self) -> bool {
        matches!(self.layout, Layout::Channels(..)) && !self.device().is_autodiff()
    }

    /// The same, followed by a normalisation by given statistics, which becomes part of the weights, and then by `epilogue`.
    pub fn normalized_conv(
        self,
        weight: Tensor<4>,
        bias: Option<Tensor<1>>,
        norm: Statistics,
        conv: &Conv,
        groups: usize,
        epilogue: Epilogue,
    ) -> Self {
        if self.keeps_parameters() && !self.has_no_kernel_for(conv) {
            return self.channels_conv(weight, bias, Some(norm), conv, groups, epilogue);
        }
        let Statistics {
            mean,
            variance,
            affine,
        } = norm;
        let scale = affine.gamma / (variance + affine.epsilon).sqrt();
        let shift = affine.beta - mean * scale.clone();
        let bias = match bias {
            Some(bias) => bias * scale.clone() + shift,
            None => shift,
        };
        let weight = weight * scale.reshape([conv.out_channels, 1, 1, 1]);
        self.conv(weight, Some(bias), conv, groups, epilogue)
    }

    /// Both of them on channels side by side, without gradients.
    fn channels_conv(
        self,
        weight: Tensor<4>,
        bias: Option<Tensor<1>>,
        norm: Option<Statistics>,
        conv: &Conv,
        groups: usize,
        epilogue: Epilogue,
    ) -> Self {
        let is_depthwise = groups > 1 && groups == conv.in_channels && groups == conv.out_channels;
        if groups > 1 && !is_depthwise {
            // These have no kernels here.
            let x = self.into_lanes();
            let y = match norm {
                Some(norm) => x.normalized_conv(weight, bias, norm, conv, groups, epilogue),
                None => x.conv(weight, bias, conv, groups, epilogue),
            };
            return y.into_channels();
        }
        let images = self.images;
        let Layout::Channels(x, _) = self.into_channels().layout else {
            unreachable!("they were just brought into this layout")
        };
        let epsilon = norm.as_ref().map(|norm| norm.affine.epsilon as f32);
        let has_bias = bias.is_some();
        let mut inputs = vec![x.into_dispatch(), weight.into_dispatch()];
        inputs.extend(bias.map(Tensor::into_dispatch));
        if let Some(norm) = norm {
            let Affine { gamma, beta, .. } = norm.affine;
            let parameters = [gamma, beta, norm.mean, norm.variance];
            inputs.extend(parameters.map(Tensor::into_dispatch));
        }
        let compute = |inputs: Vec<FlexTensor>| {
            let norm = &inputs[2 + usize::from(has_bias)..];
            let parameters = Parameters {
                weight: &inputs[1],
                bias: has_bias.then(|| &inputs[2]),
                norm: epsilon.map(|epsilon| ([&norm[0], &norm[1], &norm[2], &norm[3]], epsilon)),
            };
            vec![convolved(
                &inputs[0],
                &parameters,
                conv,
                is_depthwise,
                epilogue,
            )]
        };
        let y = cpu::compute_all(inputs, compute).swap_remove(0);
        let layout = Layout::Channels(y, conv.out_channels);
        Self { layout, images }
    }
}

/// Rows and columns of the convolution's output, before pooling.
fn output(conv: &Conv, size: [usize; 2]) -> [usize; 2] {
    conv.output(size)
        .expect("the layer's shape was checked when the model was built")
}

/// On lanes `[B, in, H, W, 16]`.
#[derive(Clone, Debug)]
struct ConvOperator {
    conv: Conv,
    epilogue: Epilogue,
}

/// What the backward pass of a convolution or linear layer needs.
#[derive(Clone, Debug)]
pub(super) struct Saved {
    pub(super) x: FlexTensor,
    pub(super) weight: FlexTensor,
    pub(super) passed: Passed,
}

/// Which outputs the epilogue let through.
#[derive(Clone, Debug)]
pub(super) enum Passed {
    All,
    /// Where this output of ReLU is positive.
    Positive(FlexTensor),
    /// These pixels of the pooled squares.
    Argmax(Arc<Vec<u8>>),
}

impl Passed {
    /// Of a ReLU, if there was one, with this output.
    pub(super) fn relu(relu: bool, y: &FlexTensor) -> Self {
        if relu {
            Self::Positive(y.clone())
        } else {
            Self::All
        }
    }

    /// From the gradient behind the epilogue: the gradient before it, where they differ, and the bias's. `size`: rows
    /// and columns before the epilogue.
    pub(super) fn backward(
        &self,
        dy: &[f32],
        channels: usize,
        size: [usize; 2],
    ) -> (Option<Vec<f32>>, Vec<f32>) {
        let area = size[0] * size[1];
        let (before, bias) = match self {
            Self::All => return (None, bias_gradient(dy, channels, area)),
            Self::Positive(y) => relu_backward(floats(y), dy, channels, area),
            Self::Argmax(argmax) => relu_pool_backward(argmax, dy, channels, size),
        };
        (Some(before), bias)
    }
}

impl Operator<3> for ConvOperator {
    type Saved = Saved;

    fn forward(&self, inputs: [FlexTensor; 3], training: bool) -> (FlexTensor, Saved) {
        let [x, weight, bias] = inputs;
        let [blocks, _, height, width, _] = dims(&x);
        let size = [height, width];
        let [rows, columns] = output(&self.conv, size).map(|len| len / self.epilogue.factor());
        let shape = [blocks, self.conv.out_channels, rows, columns, LANES];
        let (values, kernel, bias) = (floats(&x), floats(&weight), Some(floats(&bias)));
        let (y, passed) = if self.epilogue == Epilogue::ReluPool && training {
            let (y, argmax) = self.conv.forward_relu_pool(values, size, kernel, bias);
            (tensor(y, shape), Passed::Argmax(Arc::new(argmax)))
        } else {
            let y = self.conv.forward(values, size, kernel, bias, self.epilogue);
            let y = tensor(y, shape);
            let passed = Passed::relu(self.epilogue == Epilogue::Relu, &y);
            (y, passed)
        };
        (y, Saved { x, weight, passed })
    }

    fn backward(
        &self,
        saved: Saved,
        dy: FlexTensor,
        [x_wanted, weight_wanted, bias_wanted]: [bool; 3],
    ) -> Gradients<3> {
        let Saved { x, weight, passed } = saved;
        let shape = dims::<5>(&x);
        let size = [shape[2], shape[3]];
        let channels = self.conv.out_channels;
        let dy = floats(&dy);
        let (before, bias) = passed.backward(dy, channels, output(&self.conv, size));
        let dy = before.as_deref().unwrap_or(dy);
        let weight_gradient = weight_wanted.then(|| {
            let gradient = self.conv.backward_weights(floats(&x), dy, size);
            tensor(gradient, dims::<4>(&weight))
        });
        let x_gradient = x_wanted.then(|| {
            let gradient = self.conv.backward_data(dy, size, floats(&weight));
            tensor(gradient, shape)
        });
        let bias_gradient = bias_wanted.then(|| tensor(bias, [channels]));
        [x_gradient, weight_gradient, bias_gradient]
    }
}

/// Of Burn's operators.
fn composed(
    x: Tensor<4>,
    weight: Tensor<4>,
    bias: Tensor<1>,
    conv: &Conv,
    epilogue: Epilogue,
) -> Tensor<4> {
    let options = ConvOptions::new(conv.stride, conv.padding, conv.dilation, 1);
    let (weight, bias) = (like(weight, &x), like(bias, &x));
    let y = module::conv2d(x, weight, Some(bias), options);
    match epilogue {
        Epilogue::None => y,
        Epilogue::Relu => activation::relu(y),
        Epilogue::ReluPool => composed_max_pool(activation::relu(y), &HALVING),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ops::tests::{assert_near, check, leaf};
    use crate::ops::to_host;

    #[test]
    fn convolutions() {
        let conv = |inputs, outputs, kernel, stride, padding, dilation| Conv {
            in_channels: inputs,
            out_channels: outputs,
            kernel: [kernel, kernel],
            stride: [stride, stride],
            padding: [padding, padding],
            dilation: [dilation, dilation],
        };
        let cases = [
            ("3x3, one channel", conv(1, 8, 3, 1, 1, 1), [5, 1, 9, 10]),
            (
                "3x3, many channels",
                conv(16, 20, 3, 1, 1, 1),
                [17, 16, 14, 14],
            ),
            ("3x3 unpadded", conv(18, 16, 3, 1, 0, 1), [3, 18, 7, 8]),
            ("5x5, stride 2", conv(3, 6, 5, 2, 2, 1), [4, 3, 13, 12]),
            ("dilated", conv(4, 5, 3, 1, 2, 2), [2, 4, 9, 9]),
            ("1x1", conv(12, 7, 1, 1, 0, 1), [16, 12, 5, 5]),
            (
                "padding far beyond the kernel",
                conv(3, 4, 3, 300, 300, 1),
                [2, 3, 4, 5],
            ),
        ];
        for (name, conv, shape) in cases {
            let [rows, columns] = conv.kernel;
            let weight = [conv.out_channels, conv.in_channels, rows, columns];
            for epilogue in [Epilogue::None, Epilogue::Relu, Epilogue::ReluPool] {
                let parameters = [
                    leaf::<1>(3, [weight.iter().product()]),
                    leaf::<1>(4, [conv.out_channels]),
                ];
                let name = format!("{name}, {epilogue:?}");
                check(&name, shape, parameters, |x, [kernel, bias]| {
                    let kernel = kernel.clone().reshape(weight);
                    x.conv(kernel, Some(bias.clone()), &conv, 1, epilogue)
                });
            }
        }
    }

    /// A few images without gradients; parameters that are kept prepared must never be mistaken for others.
    #[test]
    fn convolutions_of_a_few_images() {
        let conv = Conv {
            in_channels: 17,
            out_channels: 33,
            kernel: [3, 3],
            stride: [1, 1],
            padding: [1, 1],
            dilation: [1, 1],
        };
        let inner = |x: Tensor<1>| x.inner();
        let x = inner(leaf::<1>(1, [2 * 17 * 29 * 16])).reshape([2, 17, 29, 16]);
        let bias = inner(leaf::<1>(2, [33]));
        let mut weight = inner(leaf::<1>(3, [33 * 17 * 9])).reshape([33, 17, 3, 3]);
        let mut gamma = inner(leaf::<1>(4, [33]));
        for _ in 0..3 {
            let statistics = || Statistics {
                mean: inner(leaf::<1>(5, [33])),
                variance: inner(leaf::<1>(6, [33])).square(),
                affine: Affine {
                    gamma: gamma.clone(),
                    beta: inner(leaf::<1>(7, [33])),
                    epsilon: 1e-3,
                    relu: false,
                },
            };
            let of = |maps: Maps, has_bias: bool, norm: bool, epilogue| {
                let bias = has_bias.then(|| bias.clone());
                let y = if norm {
                    maps.normalized_conv(weight.clone(), bias, statistics(), &conv, 1, epilogue)
                } else {
                    maps.conv(weight.clone(), bias, &conv, 1, epilogue)
                };
                to_host(y.into_nchw())
            };
            for has_bias in [false, true] {
                for norm in [false, true] {
                    for epilogue in [Epilogue::None, Epilogue::Relu, Epilogue::ReluPool] {
                        let name = format!("bias {has_bias}, norm {norm}, {epilogue:?}");
                        let lanes = Maps::plain(x.clone()).into_lanes();
                        let lanes = of(lanes, has_bias, norm, epilogue);
                        for time in ["first time", "second time"] {
                            let got = of(Maps::new(x.clone()), has_bias, norm, epilogue);
                            assert_near(&name, time, &got, &lanes);
                        }
                    }
                }
            }
            // In place, as an optimizer's step: nobody else holds it.
            weight = weight * -1.5;
            gamma = gamma * 0.5;
        }
    }
}
