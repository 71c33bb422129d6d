//! Convolution, with ReLU and pooling in the same pass over memory.

mod transformed;

use std::sync::Arc;

use burn::tensor::ops::ConvOptions;
use burn::tensor::{Tensor, activation, module};
pub use kernels::conv::{Conv, Epilogue};
use kernels::conv::{bias_gradient, relu_backward, relu_pool_backward};
use kernels::lanes::LANES;
use kernels::small_batch::{self, winograd};

use super::cpu::{self, FlexTensor, Gradients, Operator, dims, floats, tensor};
use super::maps::{Layout, Maps, like};
use super::pool::{HALVING, composed_max_pool};

/// Where a convolution's weights come from. Preparing a parameter's weights pays, because they are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WeightSource {
    /// They are a layer's own, and stay the same from call to call.
    Parameter,
    /// They were computed for this call.
    Computed,
}

impl Maps {
    /// Convolution, bias and `epilogue`: `[N, in, H, W] -> [N, out, H', W']`, halved again where it pools; `weight`
    /// `[out, in, rows, columns]`, `bias` `[out]`.
    pub fn conv(
        self,
        weight: Tensor<4>,
        bias: Tensor<1>,
        conv: &Conv,
        epilogue: Epilogue,
        source: WeightSource,
    ) -> Self {
        let conv = *conv;
        let images = self.images;
        let layout = match self.layout {
            Layout::SmallBatch(_) if !small_batch::supports(&conv, images) => {
                let lanes = self.into_lanes();
                return lanes.conv(weight, bias, &conv, epilogue, source);
            }
            Layout::SmallBatch(x) => {
                Layout::SmallBatch(cpu::compute_owned(cpu::inputs(x, weight, bias), |inputs| {
                    small_batch_conv(inputs, &conv, epilogue, source)
                }))
            }
            Layout::Lanes(x) => Layout::Lanes(cpu::apply(
                ConvOperator { conv, epilogue },
                cpu::inputs(x, weight, bias),
            )),
            Layout::Plain(x) => Layout::Plain(composed(x, weight, bias, &conv, epilogue)),
        };
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

/// On `[N, in, H, W]`, with stride 1.
fn small_batch_conv(
    [x, weight, bias]: [FlexTensor; 3],
    conv: &Conv,
    epilogue: Epilogue,
    source: WeightSource,
) -> FlexTensor {
    let [images, _, height, width] = dims(&x);
    let size = [height, width];
    let (x, bias) = (floats(&x), floats(&bias));
    let y = if source == WeightSource::Parameter && winograd::supports(conv, images, size) {
        let weight = transformed::weights(conv, &weight);
        winograd::conv(conv, x, size, &weight, bias, epilogue)
    } else {
        small_batch::conv(conv, x, size, floats(&weight), bias, epilogue)
    };
    let [rows, columns] = output(conv, size).map(|len| len / epilogue.factor());
    tensor(y, [images, conv.out_channels, rows, columns])
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
                    x.conv(
                        kernel,
                        bias.clone(),
                        &conv,
                        epilogue,
                        WeightSource::Parameter,
                    )
                });
            }
        }
    }

    /// A few images without gradients; weights that are kept transformed must never be mistaken for others.
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
        let x = inner(leaf::<1>(1, [2 * 17 * 9 * 6])).reshape([2, 17, 9, 6]);
        let bias = inner(leaf::<1>(2, [33]));
        let mut weight = inner(leaf::<1>(3, [33 * 17 * 9])).reshape([33, 17, 3, 3]);
        for _ in 0..3 {
            let of = |maps: Maps, source| {
                let (weight, bias) = (weight.clone(), bias.clone());
                let y = maps.conv(weight, bias, &conv, Epilogue::Relu, source);
                to_host(y.into_nchw())
            };
            let lanes = of(Maps::plain(x.clone()).into_lanes(), WeightSource::Parameter);
            for (name, source) in [
                ("first time", WeightSource::Parameter),
                ("second time", WeightSource::Parameter),
                ("computed", WeightSource::Computed),
            ] {
                assert_near(name, "output", &of(Maps::new(x.clone()), source), &lanes);
            }
            // In place, as an optimizer's step: nobody else holds it.
            weight = weight * -1.5;
        }
    }
}
