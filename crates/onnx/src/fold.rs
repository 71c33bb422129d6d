//! What depends on constants alone is computed once, when a model is read.

use super::error::OnnxError;
use super::memory::Memory;
use super::model::Model;
use super::run::compute;

/// Computes every node whose inputs are all known, and forgets constants that nothing reads any more.
pub(super) fn fold(model: &mut Model) -> Result<(), OnnxError> {
    let memory = Memory::default();
    let mut rest = Vec::with_capacity(model.nodes.len());
    for node in std::mem::take(&mut model.nodes) {
        let known = |input: &Option<usize>| match input {
            Some(value) => model.constants[*value].clone().map(Some),
            None => Some(None),
        };
        let Some(inputs) = node.inputs.iter().map(known).collect() else {
            rest.push(node);
            continue;
        };
        let made = compute(&node, inputs, &model.constants, &memory)?;
        for (tensor, output) in made.into_iter().zip(&node.outputs) {
            if let Some(value) = output {
                model.constants[*value] = Some(tensor);
            }
        }
    }
    model.nodes = rest;
    drop_unused(model);
    Ok(())
}

/// Forgets constants that nothing reads.
pub(super) fn drop_unused(model: &mut Model) {
    let mut used = vec![false; model.constants.len()];
    let inputs = model
        .nodes
        .iter()
        .flat_map(|node| node.inputs.iter().flatten());
    for &value in inputs.chain(&model.output_values) {
        used[value] = true;
    }
    for (constant, used) in model.constants.iter_mut().zip(used) {
        if !used {
            *constant = None;
        }
    }
}
