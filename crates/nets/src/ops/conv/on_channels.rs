//! Convolution with channels side by side.

use kernels::channels::winograd::TransformedWeights;
use kernels::conv::{Conv, Epilogue};
use kernels::lanes::{self, LANES};
use kernels::{channels, elementwise};

use super::prepared::{Form, Parameters, Prepared};
use super::{Passed, Saved, output};
use crate::ops::cpu::{FlexTensor, Gradients, Operator, dims, floats, tensor};

/// On channels side by side, `[N, blocks, H, W, 16]`, in training.
#[derive(Clone, Debug)]
pub(super) struct ChannelsConv {
    pub conv: Conv,
    pub relu: bool,
}

impl ChannelsConv {
    /// The gradient of x, which is of this shape, from that of y.
    fn backward_data(&self, dy: &[f32], weight: &[f32], shape: [usize; 5]) -> Vec<f32> {
        let conv = &self.conv;
        let size = [shape[2], shape[3]];
        let Some(back) = channels::transposed(conv) else {
            return backward_data_in_lanes(conv, dy, weight, shape);
        };
        let weight = channels::transposed_weights(conv, weight);
        let bias = vec![0.0; conv.in_channels];
        let run = |dy: &[f32], size: [usize; 2]| match Form::of(&back, shape[0], size) {
            Form::Winograd => {
                let weights = TransformedWeights::new(&back, &weight, &bias);
                channels::winograd::conv(&back, dy, size, &weights, false)
            }
            _ => {
                let weights = channels::Weights::new(&back, &weight, &bias);
                channels::conv(&back, dy, size, &weights, false)
            }
        };
        if conv.stride == [1, 1] {
            run(dy, output(conv, size))
        } else if conv.kernel == [1, 1] && conv.padding == [0, 0] {
            channels::spread_pixels(conv, &run(dy, output(conv, size)), size)
        } else {
            let (dy, size) = channels::spread(conv, dy, size);
            run(&dy, size)
        }
    }
}

/// Where the padding is wider than the kernel.
fn backward_data_in_lanes(conv: &Conv, dy: &[f32], weight: &[f32], shape: [usize; 5]) -> Vec<f32> {
    let [images, _, height, width, _] = shape;
    let size = [height, width];
    let [rows, columns] = output(conv, size);
    let dy = channels::unpack(dy, conv.out_channels, rows * columns);
    let dy = lanes::pack(&dy, images, conv.out_channels * rows * columns);
    let dx = conv.backward_data(&dy, size, weight);
    let dx = lanes::unpack(&dx, images, conv.in_channels * height * width);
    channels::pack(&dx, conv.in_channels, height * width)
}

impl Operator<3> for ChannelsConv {
    type Saved = Saved;

    fn forward(&self, [x, weight, bias]: [FlexTensor; 3], _: bool) -> (FlexTensor, Saved) {
        let [images, _, height, width, _] = dims(&x);
        let size = [height, width];
        // Not by Winograd: where its rounding turns a sign before a ReLU, gradients of deep networks change by more than rounding.
        let weights = channels::Weights::new(&self.conv, floats(&weight), floats(&bias));
        let y = channels::conv(&self.conv, floats(&x), size, &weights, self.relu);
        let [rows, columns] = output(&self.conv, size);
        let blocks = channels::blocks(self.conv.out_channels);
        let y = tensor(y, [images, blocks, rows, columns, LANES]);
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
        let channels = self.conv.out_channels;
        let [rows, columns] = output(&self.conv, size);
        let before = match &passed {
            Passed::Positive(y) => Some(elementwise::relu_backward(floats(y), floats(&dy))),
            Passed::All | Passed::Argmax(_) => None,
        };
        let dy = before.as_deref().unwrap_or(floats(&dy));
        let weight_gradient = weight_wanted.then(|| {
            let gradient = channels::backward_weights(&self.conv, floats(&x), dy, size);
            tensor(gradient, dims::<4>(&weight))
        });
        let x_gradient =
            x_wanted.then(|| tensor(self.backward_data(dy, floats(&weight), shape), shape));
        let bias_gradient = bias_wanted.then(|| {
            tensor(
                channels::channel_sums(dy, channels, rows * columns),
                [channels],
            )
        });
        [x_gradient, weight_gradient, bias_gradient]
    }
}

/// On channels side by side, `[N, blocks, H, W, 16]`.
pub(super) fn convolved(
    x: &FlexTensor,
    parameters: &Parameters<'_>,
    conv: &Conv,
    is_depthwise: bool,
    epilogue: Epilogue,
) -> FlexTensor {
    let [images, _, height, width, _] = dims(x);
    let size = [height, width];
    let form = if is_depthwise {
        Form::Depthwise
    } else {
        Form::of(conv, images, size)
    };
    let (x, relu) = (floats(x), epilogue != Epilogue::None);
    let mut y = match &*parameters.prepared(conv, form) {
        Prepared::Direct(weights) => channels::conv(conv, x, size, weights, relu),
        Prepared::Winograd(weights) => channels::winograd::conv(conv, x, size, weights, relu),
        Prepared::Depthwise(weights) => channels::depthwise(conv, x, size, weights, relu),
    };
    let mut out = output(conv, size);
    if epilogue == Epilogue::ReluPool {
        y = channels::halve(&y, out);
        out = out.map(|side| side / 2);
    }
    let blocks = channels::blocks(conv.out_channels);
    tensor(y, [images, blocks, out[0], out[1], LANES])
}
