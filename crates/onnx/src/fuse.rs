//! Nodes that are computed together: a convolution takes the batch normalization and the ReLU that follow it.

use super::fold::drop_unused;
use super::model::Model;
use super::ops::Node;
use super::tensor::Tensor;

/// Joins what can be joined.
pub(super) fn fuse(model: &mut Model) {
    let next = only_readers(model);
    let mut gone = vec![false; model.nodes.len()];
    for index in 0..model.nodes.len() {
        if model.nodes[index].kind != "Conv" {
            continue;
        }
        let follower = |node: &Node| {
            node.outputs
                .first()
                .copied()
                .flatten()
                .and_then(|value| next[value])
        };
        if let Some(after) = follower(&model.nodes[index])
            && model.nodes[after].kind == "BatchNormalization"
            && let Some([weights, bias]) = normalized(model, index, after)
        {
            let first = model.constants.len();
            model.constants.extend([Some(weights), Some(bias)]);
            model.nodes[index].inputs.truncate(1);
            model.nodes[index]
                .inputs
                .extend([Some(first), Some(first + 1)]);
            model.nodes[index].outputs = model.nodes[after].outputs.clone();
            gone[after] = true;
        }
        if let Some(after) = follower(&model.nodes[index])
            && model.nodes[after].kind == "Relu"
        {
            model.nodes[index].relu = true;
            model.nodes[index].outputs = model.nodes[after].outputs.clone();
            gone[after] = true;
        }
    }
    let mut gone = gone.into_iter();
    model.nodes.retain(|_| gone.next() != Some(true));
    drop_unused(model);
}

/// For each value the only node that reads it, once; none for the model's outputs.
fn only_readers(model: &Model) -> Vec<Option<usize>> {
    let mut readers = vec![Vec::new(); model.constants.len()];
    for (index, node) in model.nodes.iter().enumerate() {
        for &value in node.inputs.iter().flatten() {
            readers[value].push(index);
        }
    }
    for &value in &model.output_values {
        readers[value].clear();
    }
    let only = |readers: Vec<usize>| match readers[..] {
        [reader] => Some(reader),
        _ => None,
    };
    readers.into_iter().map(only).collect()
}

/// Weights and bias of a convolution with a batch normalization behind it, where all of them are known.
fn normalized(model: &Model, conv: usize, norm: usize) -> Option<[Tensor; 2]> {
    let (conv, norm) = (&model.nodes[conv], &model.nodes[norm]);
    let constant = |node: &Node, input: usize| {
        let value = node.inputs.get(input).copied().flatten()?;
        model.constants[value].as_ref()
    };
    // Anything unusual is left to the operator itself, which says what is wrong with it.
    let plain = !norm.attributes.flag("training_mode", false).ok()?
        && norm.attributes.flag("spatial", true).ok()?
        && norm.outputs.iter().skip(1).all(Option::is_none);
    let has_bias = conv.inputs.get(2).copied().flatten().is_some();
    if !plain || norm.inputs.first() != conv.outputs.first() {
        return None;
    }
    let weights = constant(conv, 1)?;
    let (&filters, _) = weights.shape().split_first()?;
    let values = weights.values::<f32>()?;
    let numbers = |node: &Node, input: usize| {
        let tensor = constant(node, input)?;
        let values = tensor.values::<f32>()?;
        (tensor.shape() == [filters]).then(|| values.to_vec())
    };
    let bias = if has_bias {
        numbers(conv, 2)?
    } else {
        vec![0.0; filters]
    };
    let [scale, shift] = [numbers(norm, 1)?, numbers(norm, 2)?];
    let [mean, variance] = [numbers(norm, 3)?, numbers(norm, 4)?];
    let epsilon = norm.attributes.float_or("epsilon", 1e-5).ok()?;
    let factor = |filter: usize| {
        let deviation = (f64::from(variance[filter]) + f64::from(epsilon)).sqrt();
        f64::from(scale[filter]) / deviation
    };
    let taps = values.len().checked_div(filters)?;
    let scaled = |(at, v): (usize, &f32)| (f64::from(*v) * factor(at / taps)) as f32;
    let shifted = |filter: usize| {
        let centred = f64::from(bias[filter]) - f64::from(mean[filter]);
        (centred * factor(filter) + f64::from(shift[filter])) as f32
    };
    if taps == 0 {
        return None;
    }
    Some([
        Tensor::of(
            weights.shape(),
            values.iter().enumerate().map(scaled).collect(),
        ),
        Tensor::of([filters], (0..filters).map(shifted).collect()),
    ])
}
