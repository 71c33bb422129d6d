//! Functions of single elements: activations, masks and sums. Burn's own are fast enough in any layout, except where one
//! function is several of them.

use burn::tensor::{Tensor, activation};
use kernels::elementwise;
use kernels::gate;

use super::cpu::{self, FlexTensor, Gradients, Operator, dims, floats, tensor};
use super::maps::{Layout, Maps, has_lanes, like, pack, pack_channels};

impl Maps {
    /// ReLU, max(0, x): `[N, C, H, W] -> [N, C, H, W]`.
    pub fn relu(self) -> Self {
        self.map(activation::relu, activation::relu)
    }

    /// GELU, x * Φ(x) (the exact one, by the error function): `[N, C, H, W] -> [N, C, H, W]`.
    pub fn gelu(self) -> Self {
        self.map(activation::gelu, |x| {
            if has_lanes(&x.device()) {
                activation::gelu(x)
            } else {
                // The gradient of Burn's own is off by 3e-4 on GPUs.
                x.clone() * ((x / std::f64::consts::SQRT_2).erf() + 1.0) * 0.5
            }
        })
    }

    /// SiLU, x * sigmoid(x): `[N, C, H, W] -> [N, C, H, W]`.
    pub fn silu(self) -> Self {
        self.map(activation::silu, activation::silu)
    }

    /// Leaky ReLU, with the given slope for negative values: `[N, C, H, W] -> [N, C, H, W]`.
    pub fn leaky_relu(self, slope: f64) -> Self {
        self.map(
            |x| activation::leaky_relu(x, slope),
            |x| activation::leaky_relu(x, slope),
        )
    }

    /// The logistic function: `[N, C, H, W] -> [N, C, H, W]`.
    pub fn sigmoid(self) -> Self {
        self.map(activation::sigmoid, activation::sigmoid)
    }

    /// min(max(x + 3, 0), 6) / 6: `[N, C, H, W] -> [N, C, H, W]`.
    pub fn hard_sigmoid(self) -> Self {
        self.map(
            |x| cpu::apply(Hard::Sigmoid, [x.into_dispatch()]),
            composed_hard_sigmoid,
        )
    }

    /// x times its hard sigmoid: `[N, C, H, W] -> [N, C, H, W]`.
    pub fn hard_swish(self) -> Self {
        self.map(
            |x| cpu::apply(Hard::Swish, [x.into_dispatch()]),
            |x| x.clone() * composed_hard_sigmoid(x),
        )
    }

    /// Every channel times its value in `gate`: `[N, C, H, W] x [N, C, 1, 1] -> [N, C, H, W]`.
    pub fn gated(self, gate: Self) -> Self {
        self.zip(
            gate,
            |x, gate| cpu::apply(Gated, [x, gate].map(Tensor::into_dispatch)),
            |x, gate| x * gate,
        )
    }

    /// Multiplies every value by its element of `mask`, `[N, C, H, W]`.
    pub fn masked(self, mask: Tensor<4>) -> Self {
        let layout = match self.layout {
            Layout::Lanes(x) => Layout::Lanes(x * pack(mask)),
            Layout::Channels(x, channels) => Layout::Channels(x * pack_channels(mask), channels),
            Layout::Plain(x) => {
                let mask = like(mask, &x);
                Layout::Plain(x * mask)
            }
        };
        Self { layout, ..self }
    }

    /// The sum of two maps of one shape, `[N, C, H, W]`.
    pub fn plus(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b, |a, b| a + b)
    }

    /// ReLU of the sum of two maps of one shape, `[N, C, H, W]`.
    pub fn plus_relu(self, other: Self) -> Self {
        self.zip(
            other,
            |a, b| cpu::apply(AddRelu, [a, b].map(Tensor::into_dispatch)),
            |a, b| activation::relu(a + b),
        )
    }
}

/// Of Burn's operators.
fn composed_hard_sigmoid(x: Tensor<4>) -> Tensor<4> {
    (x + 3.0).clamp(0.0, 6.0) / 6.0
}

/// Functions drawn with straight lines.
#[derive(Clone, Copy, Debug)]
enum Hard {
    Sigmoid,
    Swish,
}

impl Operator<1> for Hard {
    /// The input.
    type Saved = FlexTensor;

    fn forward(&self, [x]: [FlexTensor; 1], _: bool) -> (FlexTensor, FlexTensor) {
        let function = match self {
            Self::Sigmoid => elementwise::hard_sigmoid,
            Self::Swish => elementwise::hard_swish,
        };
        (tensor(function(floats(&x)), dims::<5>(&x)), x)
    }

    fn backward(&self, x: FlexTensor, dy: FlexTensor, _: [bool; 1]) -> Gradients<1> {
        let function = match self {
            Self::Sigmoid => elementwise::hard_sigmoid_backward,
            Self::Swish => elementwise::hard_swish_backward,
        };
        let dx = function(floats(&x), floats(&dy));
        [Some(tensor(dx, dims::<5>(&x)))]
    }
}

/// On lanes, `[B, C, H, W, 16]` and `[B, C, 1, 1, 16]`.
#[derive(Clone, Debug)]
struct Gated;

impl Operator<2> for Gated {
    /// The inputs.
    type Saved = [FlexTensor; 2];

    fn forward(&self, [x, gate]: [FlexTensor; 2], _: bool) -> (FlexTensor, Self::Saved) {
        let [_, _, height, width, _] = dims(&x);
        let y = gate::forward(floats(&x), floats(&gate), height * width);
        (tensor(y, dims::<5>(&x)), [x, gate])
    }

    fn backward(&self, [x, gate]: Self::Saved, dy: FlexTensor, _: [bool; 2]) -> Gradients<2> {
        let [_, _, height, width, _] = dims(&x);
        let [dx, of_gate] = gate::backward(floats(&x), floats(&gate), floats(&dy), height * width);
        [
            Some(tensor(dx, dims::<5>(&x))),
            Some(tensor(of_gate, dims::<5>(&gate))),
        ]
    }
}

/// On lanes `[B, C, H, W, 16]`.
#[derive(Clone, Debug)]
struct AddRelu;

impl Operator<2> for AddRelu {
    /// The output.
    type Saved = FlexTensor;

    fn forward(&self, [a, b]: [FlexTensor; 2], _: bool) -> (FlexTensor, FlexTensor) {
        let y = tensor(elementwise::add_relu(floats(&a), floats(&b)), dims::<5>(&a));
        (y.clone(), y)
    }

    fn backward(&self, y: FlexTensor, dy: FlexTensor, _: [bool; 2]) -> Gradients<2> {
        let dx = elementwise::relu_backward(floats(&y), floats(&dy));
        let dx = tensor(dx, dims::<5>(&y));
        [Some(dx.clone()), Some(dx)]
    }
}

#[cfg(test)]
mod tests {
    use crate::ops::tests::{check, leaf_on};

    #[test]
    fn activations_masks_and_sums() {
        let shape = [17, 3, 4, 5];
        check("relu", shape, [], |x, []| x.relu());
        check("gelu", shape, [], |x, []| x.gelu());
        check("silu", shape, [], |x, []| x.silu());
        check("leaky relu", shape, [], |x, []| x.leaky_relu(0.1));
        check("mask", shape, [], |x, []| {
            let mask = leaf_on(&x.device(), 5, shape);
            x.masked(mask.detach())
        });
        check("flatten", shape, [], |x, []| x.flatten());
        check("sum", shape, [], |x, []| x.clone().plus(x.relu()));
        check("sigmoid", shape, [], |x, []| x.sigmoid());
        check("hard sigmoid", shape, [], |x, []| x.hard_sigmoid());
        check("hard swish", shape, [], |x, []| x.hard_swish());
        check("sum with relu", shape, [], |x, []| {
            x.clone().plus_relu(x.gelu())
        });
        check("gate", shape, [], |x, []| {
            let gate = x.clone().global_average_pool().sigmoid();
            x.gated(gate)
        });
    }
}
