//! Running a model: node by node, each value freed after its last use.

use std::collections::HashMap;

use super::error::OnnxError;
use super::memory::Memory;
use super::model::{Dimension, Model, Port};
use super::ops::{Call, Node};
use super::tensor::Tensor;

impl Model {
    /// The outputs, in the file's order, for inputs given by name in any order.
    ///
    /// # Errors
    /// When an input is missing, unknown or of another type or shape than the model says; when a node can't be
    /// computed, or the memory that is free does not suffice.
    pub fn run(&self, inputs: &[(&str, Tensor)]) -> Result<Vec<(String, Tensor)>, OnnxError> {
        self.check(inputs)?;
        let mut values: Vec<Option<Tensor>> = vec![None; self.constants.len()];
        for (port, &value) in self.inputs.iter().zip(&self.input_values) {
            let given = inputs.iter().find(|(name, _)| *name == port.name);
            values[value] = given.map(|(_, tensor)| tensor.clone());
        }
        let uses_left = &mut self.uses();
        let memory = Memory::default();
        for node in &self.nodes {
            let mut given = Vec::with_capacity(node.inputs.len());
            for &input in &node.inputs {
                let Some(value) = input else {
                    given.push(None);
                    continue;
                };
                uses_left[value] -= 1;
                let tensor = match &self.constants[value] {
                    Some(constant) => Some(constant.clone()),
                    // Moved at its last use, so that the operator may write over it.
                    None if uses_left[value] == 0 => values[value].take(),
                    None => values[value].clone(),
                };
                if tensor.is_none() {
                    return Err(node.error("an input was not computed".into()));
                }
                given.push(tensor);
            }
            let made = compute(node, given, &self.constants, &memory)?;
            for (tensor, &output) in made.into_iter().zip(&node.outputs) {
                if let Some(value) = output
                    && uses_left[value] > 0
                {
                    values[value] = Some(tensor);
                }
            }
        }
        let output = |(port, &value): (&Port, &usize)| {
            let tensor = self.constants[value]
                .clone()
                .or_else(|| values[value].clone());
            tensor
                .map(|tensor| (port.name.clone(), tensor))
                .ok_or_else(|| {
                    OnnxError::Unsuitable(format!("the output '{}' was not computed", port.name))
                })
        };
        self.outputs
            .iter()
            .zip(&self.output_values)
            .map(output)
            .collect()
    }

    /// How often each value is read, by nodes or as an output.
    fn uses(&self) -> Vec<usize> {
        let mut uses = vec![0; self.constants.len()];
        let inputs = self
            .nodes
            .iter()
            .flat_map(|node| node.inputs.iter().flatten());
        for &value in inputs.chain(&self.output_values) {
            uses[value] += 1;
        }
        uses
    }

    /// Every input is there, nothing else is, and types and shapes fit.
    fn check(&self, given: &[(&str, Tensor)]) -> Result<(), OnnxError> {
        let fail = |reason: String| {
            let ports: Vec<String> = self.inputs.iter().map(Port::to_string).collect();
            Err(OnnxError::Inputs {
                reason,
                inputs: ports.join(", "),
            })
        };
        if let Some((name, _)) = given
            .iter()
            .find(|(name, _)| self.inputs.iter().all(|port| port.name != *name))
        {
            return fail(format!("there is no input '{name}'"));
        }
        let mut named: HashMap<&str, usize> = HashMap::new();
        for port in &self.inputs {
            let name = &port.name;
            let Some((_, tensor)) = given.iter().find(|(own, _)| own == name) else {
                return fail(format!("the input '{name}' is missing"));
            };
            if port.kind.is_some_and(|kind| kind != tensor.kind()) {
                return fail(format!("the input '{name}' is given as {}", tensor.kind()));
            }
            let Some(shape) = &port.shape else {
                continue;
            };
            let fits = |(side, &len): (_, &usize)| match side {
                &Dimension::Fixed(side) => side == len,
                Dimension::Named(name) => *named.entry(name).or_insert(len) == len,
                Dimension::Any => true,
            };
            if shape.len() != tensor.rank() || !shape.iter().zip(tensor.shape()).all(fits) {
                return fail(format!(
                    "the input '{name}' has the shape {:?}",
                    tensor.shape()
                ));
            }
        }
        Ok(())
    }
}

/// The outputs of one node, as many as it has at least.
pub(super) fn compute(
    node: &Node,
    inputs: Vec<Option<Tensor>>,
    constants: &[Option<Tensor>],
    memory: &Memory,
) -> Result<Vec<Tensor>, OnnxError> {
    let mut call = Call {
        node,
        inputs,
        constants,
        memory,
    };
    let made = call.compute().map_err(|reason| node.error(reason))?;
    let wanted = node.outputs.iter().rposition(Option::is_some);
    if made.len() < wanted.map_or(0, |last| last + 1) {
        return Err(node.error(format!("it has only {} outputs", made.len())));
    }
    Ok(made)
}
