//! Convolution in groups of channels, with ReLU in the same pass over memory.

use burn::tensor::ops::ConvOptions;
use burn::tensor::{Tensor, activation, module};
use kernels::conv::Conv;
use kernels::grouped::Grouped;
use kernels::lanes::LANES;

use super::conv::{Passed, Saved};
use super::cpu::{self, FlexTensor, Gradients, Operator, dims, floats, tensor};
use super::maps::{Layout, Maps, like};

impl Maps {
    /// Convolution in `groups`, bias, and ReLU if `relu`: `[N, in, H, W] -> [N, out, H', W']`; `weight`
    /// `[out, in / groups, rows, columns]`, `bias` `[out]`.
    pub(super) fn grouped_conv(
        self,
        weight: Tensor<4>,
        bias: Tensor<1>,
        conv: &Conv,
        groups: usize,
        relu: bool,
    ) -> Self {
        let grouped = Grouped {
            conv: *conv,
            groups,
        };
        let images = self.images;
        let layout = match self.layout {
            // In lanes, and back at once: what follows may have kernels for few images.
            Layout::Channels(..) => {
                let x = self.into_lanes();
                let y = x.grouped_conv(weight, bias, conv, groups, relu);
                return y.into_channels();
            }
            Layout::Lanes(x) => Layout::Lanes(cpu::apply(
                GroupedOperator { grouped, relu },
                cpu::inputs(x, weight, bias),
            )),
            Layout::Plain(x) => Layout::Plain(composed(x, weight, bias, &grouped, relu)),
        };
        Self { layout, images }
    }
}

/// Rows and columns of the output.
fn output(grouped: &Grouped, size: [usize; 2]) -> [usize; 2] {
    let output = grouped.conv.output(size);
    output.expect("the layer's shape was checked when the model was built")
}

/// On lanes `[B, in, H, W, 16]`.
#[derive(Clone, Debug)]
struct GroupedOperator {
    grouped: Grouped,
    relu: bool,
}

impl Operator<3> for GroupedOperator {
    type Saved = Saved;

    fn forward(&self, [x, weight, bias]: [FlexTensor; 3], _: bool) -> (FlexTensor, Saved) {
        let [blocks, _, height, width, _] = dims(&x);
        let size = [height, width];
        let [rows, columns] = output(&self.grouped, size);
        let (values, kernel, bias) = (floats(&x), floats(&weight), floats(&bias));
        let y = self.grouped.forward(values, size, kernel, bias, self.relu);
        let y = tensor(
            y,
            [blocks, self.grouped.conv.out_channels, rows, columns, LANES],
        );
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
        let shape = dims::<5>(&x);
        let size = [shape[2], shape[3]];
        let channels = self.grouped.conv.out_channels;
        let dy = floats(&dy);
        let (before, bias) = passed.backward(dy, channels, output(&self.grouped, size));
        let dy = before.as_deref().unwrap_or(dy);
        let weight_gradient = weight_wanted.then(|| {
            let gradient = self.grouped.backward_weights(floats(&x), dy, size);
            tensor(gradient, dims::<4>(&weight))
        });
        let x_gradient = x_wanted.then(|| {
            let gradient = self.grouped.backward_data(dy, size, floats(&weight));
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
    grouped: &Grouped,
    relu: bool,
) -> Tensor<4> {
    let Grouped { conv, groups } = grouped;
    let options = ConvOptions::new(conv.stride, conv.padding, conv.dilation, *groups);
    let (weight, bias) = (like(weight, &x), like(bias, &x));
    let y = module::conv2d(x, weight, Some(bias), options);
    if relu { activation::relu(y) } else { y }
}

#[cfg(test)]
mod tests {
    use kernels::conv::Epilogue;

    use super::*;
    use crate::ops::tests::{check, leaf};

    #[test]
    fn grouped_convolutions() {
        let conv = |inputs, outputs, kernel, stride, padding| Conv {
            in_channels: inputs,
            out_channels: outputs,
            kernel: [kernel, kernel],
            stride: [stride, stride],
            padding: [padding, padding],
            dilation: [1, 1],
        };
        let cases = [
            ("depthwise 3x3", conv(6, 6, 3, 1, 1), 6, [18, 6, 7, 8]),
            (
                "depthwise 5x5, stride 2",
                conv(4, 4, 5, 2, 2),
                4,
                [3, 4, 9, 8],
            ),
            (
                "two outputs a channel",
                conv(3, 6, 3, 1, 1),
                3,
                [4, 3, 6, 6],
            ),
            ("two groups", conv(8, 12, 3, 1, 1), 2, [17, 8, 6, 5]),
            (
                "four groups, stride 2",
                conv(8, 8, 3, 2, 1),
                4,
                [2, 8, 7, 7],
            ),
        ];
        for (name, conv, groups, shape) in cases {
            let [rows, columns] = conv.kernel;
            let weight = [conv.out_channels, conv.in_channels / groups, rows, columns];
            for epilogue in [Epilogue::None, Epilogue::Relu] {
                let parameters = [
                    leaf::<1>(3, [weight.iter().product()]),
                    leaf::<1>(4, [conv.out_channels]),
                ];
                check(name, shape, parameters, |x, [kernel, bias]| {
                    let kernel = kernel.clone().reshape(weight);
                    x.conv(kernel, Some(bias.clone()), &conv, groups, epilogue)
                });
            }
        }
    }
}
