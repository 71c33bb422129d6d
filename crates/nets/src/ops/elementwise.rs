//! Functions of single elements: activations, masks and sums. Burn's own are fast enough in any layout.

use burn::tensor::{Tensor, activation};

use super::maps::{Maps, has_lanes, like, pack};

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

    /// Multiplies every value by its element of `mask`, `[N, C, H, W]`.
    pub fn masked(self, mask: Tensor<4>) -> Self {
        let lanes = mask.clone();
        self.map(
            |x| x * pack(lanes),
            |x| {
                let mask = like(mask, &x);
                x * mask
            },
        )
    }

    /// The sum of two maps of one shape, `[N, C, H, W]`.
    pub fn plus(self, other: Self) -> Self {
        self.zip(other, |a, b| a + b, |a, b| a + b)
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
    }
}
