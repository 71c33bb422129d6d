//! The weights of a network as one row of numbers, as devices send them to each other.

use burn::module::{Module, ModuleMapper, ModuleVisitor, Param};
use burn::tensor::{Device, Tensor, TensorData};

use crate::network::Network;

/// The values of all parameters and running statistics of a network, concatenated, without gradients; a single 0 where
/// there are none. Frozen layers compute with their statistics, and a copy does not have those that the network started
/// from.
pub(super) fn flat_parameters(network: &Network) -> Tensor<1> {
    struct Parameters(Vec<Tensor<1>>);

    impl ModuleVisitor for Parameters {
        fn visit_float<const D: usize>(&mut self, param: &Param<Tensor<D>>) {
            let value = param.val();
            let length = value.shape().num_elements();
            self.0.push(value.inner().reshape([length]));
        }
    }

    let mut parameters = Parameters(Vec::new());
    network.visit(&mut parameters);
    if parameters.0.is_empty() {
        return Tensor::zeros([1], &Device::flex());
    }
    Tensor::cat(parameters.0, 0)
}

/// The network with the parameters of another one of the same recipe, as [`flat_parameters`] gave them.
pub(super) fn with_parameters(network: Network, parameters: &[f32], device: &Device) -> Network {
    struct Taker {
        parameters: Tensor<1>,
        first: usize,
    }

    impl ModuleMapper for Taker {
        fn map_float<const D: usize>(&mut self, param: Param<Tensor<D>>) -> Param<Tensor<D>> {
            let (id, old, mapper) = param.consume();
            let shape = old.dims();
            let length = old.shape().num_elements();
            let piece = self.parameters.clone().narrow(0, self.first, length);
            self.first += length;
            let value = Tensor::from_inner(piece.reshape(shape));
            let value = value.set_require_grad(old.is_require_grad());
            Param::from_mapped_value(id, value, mapper)
        }
    }

    let row = TensorData::new(parameters.to_vec(), [parameters.len()]);
    let mut taker = Taker {
        parameters: Tensor::from_data(row, &device.clone().inner()),
        first: 0,
    };
    network.map(&mut taker)
}
