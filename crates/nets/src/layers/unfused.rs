//! A chain whose layers work one by one, to look between them.

use std::collections::VecDeque;

use super::chain::{HALVING, Plain, plain};
use super::{BatchNormLayer, ConvLayer, LayerModule, LinearLayer};
use crate::ops::Epilogue;

/// The same chain with each layer on its own: the output of number i is what layer i of the recipe gives.
pub(crate) fn unfused(layers: &[LayerModule]) -> Vec<LayerModule> {
    let mut fused = VecDeque::new();
    let each = layers.iter().map(|layer| match layer {
        LayerModule::Conv(layer) => {
            fused = VecDeque::from(match layer.epilogue {
                Epilogue::None => vec![],
                Epilogue::Relu => vec![Plain::Relu],
                Epilogue::ReluPool => vec![Plain::Relu, Plain::MaxPool(HALVING)],
            });
            LayerModule::Conv(ConvLayer {
                epilogue: Epilogue::None,
                ..layer.clone()
            })
        }
        LayerModule::Linear(layer) => {
            fused = VecDeque::from_iter(layer.relu.then_some(Plain::Relu));
            LayerModule::Linear(LinearLayer {
                relu: false,
                ..layer.clone()
            })
        }
        LayerModule::BatchNorm(layer) => {
            fused = VecDeque::from_iter(layer.relu.then_some(Plain::Relu));
            LayerModule::BatchNorm(BatchNormLayer {
                relu: false,
                ..layer.clone()
            })
        }
        LayerModule::Plain(layer) if layer.plain == Plain::Fused => {
            plain(fused.pop_front().unwrap_or(Plain::Fused))
        }
        LayerModule::Plain(layer) => plain(layer.plain),
    });
    each.collect()
}
