//! Layers that training leaves as they are.

use burn::module::Module;

use super::{LayerModule, PartsLayer, ResidualLayer};

/// The same layers, of which those that are `frozen` are not trained: they have no gradients, and their batch
/// normalisations keep their statistics. With `norms`, the batch normalisations of the others are frozen too.
///
/// Burn records no backward pass of what depends on nothing that is trained.
pub(crate) fn freeze(layers: Vec<LayerModule>, frozen: &[bool], norms: bool) -> Vec<LayerModule> {
    let layers = layers.into_iter().enumerate();
    let each = |(number, layer): (usize, LayerModule)| match frozen.get(number) {
        Some(true) => with_frozen_norms(layer).no_grad(),
        _ if norms => with_frozen_norms(layer),
        _ => layer,
    };
    layers.map(each).collect()
}

fn with_frozen_norms(layer: LayerModule) -> LayerModule {
    let all = |layers: Vec<LayerModule>| layers.into_iter().map(with_frozen_norms).collect();
    match layer {
        LayerModule::BatchNorm(norm) => LayerModule::BatchNorm(norm.frozen()),
        LayerModule::Residual(block) => LayerModule::Residual(ResidualLayer {
            residual: all(block.residual),
            shortcut: all(block.shortcut),
            ..block
        }),
        LayerModule::Parts(parts) => LayerModule::Parts(PartsLayer {
            blocks: all(parts.blocks),
            ..parts
        }),
        other => other,
    }
}
