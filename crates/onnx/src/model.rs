//! Reading a model: its graph is checked, put into order of computation and reduced to what its outputs need.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::fmt;
use std::sync::OnceLock;

use super::attributes::Attributes;
use super::error::OnnxError;
use super::initial::tensor;
use super::ops::{self, Node};
use super::proto::{GraphProto, ModelProto, NodeProto, ValueInfoProto};
use super::tensor::{Kind, Tensor};

/// Versions of ONNX's operators that are understood: from the first with today's broadcasting to the newest that the
/// operators were tested with.
const OPSETS: std::ops::RangeInclusive<i64> = 7..=28;
/// Versions of its operators for classical machine learning.
const ML_OPSETS: std::ops::RangeInclusive<i64> = 1..=5;

/// One side of an input or output.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Dimension {
    /// A number.
    Fixed(usize),
    /// Any number, the same wherever this name stands.
    Named(String),
    /// Any number.
    Any,
}

impl fmt::Display for Dimension {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        match self {
            Dimension::Fixed(side) => write!(f, "{side}"),
            Dimension::Named(name) => f.write_str(name),
            Dimension::Any => f.write_str("?"),
        }
    }
}

/// An input or output: what the model says about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Port {
    /// Its name.
    pub name: String,
    /// The type of its elements; none where that is not noted or not a tensor.
    pub kind: Option<Kind>,
    /// Its sides; none where even their number is not noted.
    pub shape: Option<Vec<Dimension>>,
}

impl fmt::Display for Port {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        write!(f, "'{}'", self.name)?;
        if let Some(kind) = self.kind {
            write!(f, " ({kind}")?;
            if let Some(shape) = &self.shape {
                let sides: Vec<String> = shape.iter().map(Dimension::to_string).collect();
                write!(f, " [{}]", sides.join(", "))?;
            }
            f.write_str(")")?;
        }
        Ok(())
    }
}

/// A model, ready to run.
#[derive(Debug)]
pub struct Model {
    pub(super) inputs: Vec<Port>,
    pub(super) outputs: Vec<Port>,
    /// The values' numbers, in the same order.
    pub(super) input_values: Vec<usize>,
    pub(super) output_values: Vec<usize>,
    /// In order of computation.
    pub(super) nodes: Vec<Node>,
    /// By value; none where it is computed.
    pub(super) constants: Vec<Option<Tensor>>,
    parameters: u64,
    metadata: BTreeMap<String, String>,
    producer: String,
}

impl Model {
    /// The model of a message, as it stands there.
    pub(super) fn parse(model: ModelProto) -> Result<Self, OnnxError> {
        let Some(graph) = model.graph else {
            return Err(OnnxError::Damaged("it holds no graph".into()));
        };
        let mut opsets = HashMap::new();
        for set in model.opset_import {
            let (range, domain) = match domain(&set.domain) {
                "" => (OPSETS, ""),
                ops::ML => (ML_OPSETS, ops::ML),
                _ => continue,
            };
            let version = set.version.unwrap_or(1);
            if !range.contains(&version) {
                return Err(OnnxError::Unsuitable(format!(
                    "the model uses version {version} of ONNX's operators{}{domain}; versions {} to {} are supported: \
                     export it with one of these",
                    if domain.is_empty() { "" } else { " of " },
                    range.start(),
                    range.end()
                )));
            }
            opsets.insert(domain, version);
        }
        let has_functions = !model.functions.is_empty();
        let mut read = Self::graph(graph, &opsets, has_functions)?;
        read.producer = [model.producer_name, model.producer_version]
            .join(" ")
            .trim()
            .into();
        let entries = model.metadata_props.into_iter();
        read.metadata = entries.map(|entry| (entry.key, entry.value)).collect();
        Ok(read)
    }

    /// What has to be given, in the file's order.
    pub fn inputs(&self) -> &[Port] {
        &self.inputs
    }

    /// What is computed, in the file's order.
    pub fn outputs(&self) -> &[Port] {
        &self.outputs
    }

    /// Floating-point numbers that the file holds.
    pub fn parameters(&self) -> u64 {
        self.parameters
    }

    /// What the file says about itself, by key.
    pub fn metadata(&self) -> &BTreeMap<String, String> {
        &self.metadata
    }

    /// The program that wrote the file, with its version; may be empty.
    pub fn producer(&self) -> &str {
        &self.producer
    }

    /// Names of classes, where an operator of a classical model has them as an attribute; empty otherwise.
    pub(crate) fn labels(&self) -> Vec<String> {
        let attributes = self.nodes.iter().map(|node| &node.attributes);
        let named = attributes.filter_map(|attributes| {
            let texts = attributes.texts("classlabels_strings").unwrap_or_default();
            if !texts.is_empty() {
                return Some(texts.to_vec());
            }
            let numbers = ["classlabels_int64s", "classlabels_ints"].into_iter();
            let mut numbers = numbers.filter_map(|name| attributes.ints(name).ok().flatten());
            let numbers = numbers.find(|numbers| !numbers.is_empty())?;
            Some(numbers.iter().map(i64::to_string).collect())
        });
        named.last().unwrap_or_default()
    }

    fn graph(
        graph: GraphProto,
        opsets: &HashMap<&str, i64>,
        has_functions: bool,
    ) -> Result<Self, OnnxError> {
        if !graph.sparse_initializer.is_empty() {
            return Err(OnnxError::Unsuitable(
                "the model holds sparse tensors, which are not supported; store them as ordinary ones".into(),
            ));
        }
        let mut values = Values::default();
        for initial in graph.initializer {
            let name = initial.name.clone();
            let tensor = tensor(initial)
                .map_err(|reason| OnnxError::Unsuitable(format!("tensor '{name}' {reason}")))?;
            let value = values.define(&name)?;
            values.constants[value] = Some(tensor);
        }
        let floats = values.constants.iter().flatten();
        let floats = floats.filter(|tensor| tensor.kind().is_float());
        let parameters = floats.map(|tensor| tensor.shape().iter().product::<usize>() as u64);
        let parameters = parameters.sum();
        let mut inputs = Vec::new();
        let mut input_values = Vec::new();
        for input in graph.input {
            // Old files list constants as inputs too.
            if values.numbers.contains_key(&input.name) {
                continue;
            }
            input_values.push(values.define(&input.name)?);
            inputs.push(port(input));
        }
        let needed = needed(&graph.node, &graph.output);
        let mut wanted = graph.node;
        let mut flags = needed.iter();
        wanted.retain(|_| flags.next().is_some_and(|needed| *needed));
        check_operators(&wanted, has_functions)?;
        let mut outputs_of = Vec::with_capacity(wanted.len());
        for node in &wanted {
            let define = |name: &String| match name.as_str() {
                "" => Ok(None),
                name => values.define(name).map(Some),
            };
            outputs_of.push(
                node.output
                    .iter()
                    .map(define)
                    .collect::<Result<Vec<_>, _>>()?,
            );
        }
        let mut nodes = Vec::with_capacity(wanted.len());
        for (node, outputs) in wanted.into_iter().zip(outputs_of) {
            nodes.push(read_node(node, outputs, &values, opsets)?);
        }
        let output_values: Result<Vec<usize>, OnnxError> = graph
            .output
            .iter()
            .map(|output| values.find(&output.name, "the model's outputs"))
            .collect();
        Ok(Self {
            inputs,
            outputs: graph.output.into_iter().map(port).collect(),
            input_values,
            output_values: output_values?,
            nodes: sorted(nodes, values.constants.len())?,
            constants: values.constants,
            parameters,
            metadata: BTreeMap::new(),
            producer: String::new(),
        })
    }
}

/// The names of values, and what is known of them.
#[derive(Default)]
struct Values {
    numbers: HashMap<String, usize>,
    constants: Vec<Option<Tensor>>,
}

impl Values {
    fn define(&mut self, name: &str) -> Result<usize, OnnxError> {
        let number = self.constants.len();
        if self.numbers.insert(name.to_string(), number).is_some() {
            return Err(OnnxError::Unsuitable(format!(
                "the value '{name}' is defined twice"
            )));
        }
        self.constants.push(None);
        Ok(number)
    }

    fn find(&self, name: &str, reader: &str) -> Result<usize, OnnxError> {
        self.numbers.get(name).copied().ok_or_else(|| {
            OnnxError::Unsuitable(format!(
                "the value '{name}', which {reader} need, is computed nowhere"
            ))
        })
    }
}

/// ONNX's own operators have two names for their domain.
fn domain(name: &str) -> &str {
    if name == "ai.onnx" { "" } else { name }
}

fn operator_name(node: &NodeProto) -> String {
    match domain(&node.domain) {
        "" => node.op_type.clone(),
        domain => format!("{domain}.{}", node.op_type),
    }
}

fn node_name(node: &NodeProto) -> String {
    if node.name.is_empty() {
        node.output.first().cloned().unwrap_or_default()
    } else {
        node.name.clone()
    }
}

/// Which nodes the outputs depend on.
fn needed(nodes: &[NodeProto], outputs: &[ValueInfoProto]) -> Vec<bool> {
    let mut makers = HashMap::new();
    for (index, node) in nodes.iter().enumerate() {
        for output in &node.output {
            makers.insert(output.as_str(), index);
        }
    }
    let mut needed = vec![false; nodes.len()];
    let mut open: Vec<&str> = outputs.iter().map(|output| output.name.as_str()).collect();
    while let Some(name) = open.pop() {
        let Some(&index) = makers.get(name) else {
            continue;
        };
        if !needed[index] {
            needed[index] = true;
            open.extend(nodes[index].input.iter().map(String::as_str));
        }
    }
    needed
}

/// Every operator is there; or the error names the first that is not, with its node, and the others.
fn check_operators(nodes: &[NodeProto], has_functions: bool) -> Result<(), OnnxError> {
    let unknown = |node: &&NodeProto| ops::find(domain(&node.domain), &node.op_type).is_none();
    let missing: Vec<&NodeProto> = nodes.iter().filter(unknown).collect();
    let Some(first) = missing.first() else {
        return Ok(());
    };
    let operator = operator_name(first);
    let mut others: BTreeSet<String> = missing.iter().map(|node| operator_name(node)).collect();
    others.remove(&operator);
    let mut hint = String::new();
    if !others.is_empty() {
        let others: Vec<String> = others.into_iter().collect();
        hint = format!("; nor is {}", others.join(", "));
    }
    if has_functions {
        hint += "; the file defines operators itself, which is not supported either: inline them \
                 (in Python: onnx.inliner.inline_local_functions)";
    }
    Err(OnnxError::Operator {
        node: node_name(first),
        operator,
        hint,
    })
}

fn read_node(
    node: NodeProto,
    outputs: Vec<Option<usize>>,
    values: &Values,
    opsets: &HashMap<&str, i64>,
) -> Result<Node, OnnxError> {
    let (name, kind) = (node_name(&node), operator_name(&node));
    let set = domain(&node.domain);
    let fail = |reason: String| OnnxError::Node {
        node: name.clone(),
        operator: kind.clone(),
        reason,
    };
    let operator = ops::find(set, &node.op_type)
        .ok_or_else(|| fail("this operator is not supported".into()))?;
    let Some(&opset) = opsets.get(set) else {
        return Err(fail(
            "the file does not say which version of its operators it uses".into(),
        ));
    };
    let find = |input: &String| match input.as_str() {
        "" => Ok(None),
        input => values.find(input, &format!("node '{name}'")).map(Some),
    };
    let inputs = node.input.iter().map(find).collect::<Result<_, _>>()?;
    let attributes = Attributes::read(node.attribute).map_err(fail)?;
    Ok(Node {
        name,
        kind,
        operator,
        opset,
        inputs,
        outputs,
        attributes,
        relu: false,
        prepared: OnceLock::new(),
    })
}

/// The nodes, each behind those whose outputs it reads; otherwise in the file's order.
fn sorted(nodes: Vec<Node>, values: usize) -> Result<Vec<Node>, OnnxError> {
    let mut maker = vec![None; values];
    for (index, node) in nodes.iter().enumerate() {
        for output in node.outputs.iter().flatten() {
            maker[*output] = Some(index);
        }
    }
    let mut readers = vec![Vec::new(); nodes.len()];
    let mut waits_for = vec![0usize; nodes.len()];
    for (index, node) in nodes.iter().enumerate() {
        for input in node.inputs.iter().flatten() {
            if let Some(before) = maker[*input] {
                readers[before].push(index);
                waits_for[index] += 1;
            }
        }
    }
    let all = 0..nodes.len();
    let mut ready: BTreeSet<usize> = all.filter(|&index| waits_for[index] == 0).collect();
    let mut waiting: Vec<Option<Node>> = nodes.into_iter().map(Some).collect();
    let mut order = Vec::with_capacity(waiting.len());
    while let Some(index) = ready.pop_first() {
        order.extend(waiting[index].take());
        for &reader in &readers[index] {
            waits_for[reader] -= 1;
            if waits_for[reader] == 0 {
                ready.insert(reader);
            }
        }
    }
    match waiting.into_iter().flatten().next() {
        None => Ok(order),
        Some(node) => Err(node.error("it depends on its own output".into())),
    }
}

fn port(info: ValueInfoProto) -> Port {
    let tensor = info.r#type.and_then(|kind| kind.tensor_type);
    let kind = tensor
        .as_ref()
        .and_then(|tensor| Kind::from_code(i64::from(tensor.elem_type)));
    let shape = tensor.and_then(|tensor| tensor.shape).map(|shape| {
        let side = |(value, name): (Option<i64>, Option<String>)| match (value, name) {
            (Some(side), _) => usize::try_from(side).map_or(Dimension::Any, Dimension::Fixed),
            (None, Some(name)) if !name.is_empty() => Dimension::Named(name),
            _ => Dimension::Any,
        };
        let sides = shape.dim.into_iter();
        sides
            .map(|dim| side((dim.dim_value, dim.dim_param)))
            .collect()
    });
    Port {
        name: info.name,
        kind,
        shape,
    }
}
