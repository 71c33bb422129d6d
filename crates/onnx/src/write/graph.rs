//! A graph of ONNX operators under construction: nodes, constants and readable names.
//!
//! A [`Value`] is a tensor of the graph. Names are given where they help a reader of the graph: a node and its output are
//! called like the layer they come from, with the operator behind it, as in `layers.3.relu`.

use std::collections::{HashMap, HashSet};

use crate::proto::{
    AttributeProto, AttributeType, DataType, DimensionProto, GraphProto, ModelProto, NodeProto,
    OperatorSetIdProto, StringStringEntryProto, TensorProto, TensorShapeProto, TensorTypeProto,
    TypeProto, ValueInfoProto,
};

/// The version of ONNX's operators that is written: the first with `num_outputs` of Split and axes of ReduceSum as input.
pub const OPSET: i64 = 18;

/// The version of the file format that came with [`OPSET`].
const IR_VERSION: i64 = 8;

/// A tensor of a graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Value(usize);

/// One side of a tensor's shape.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Its length.
    Fixed(usize),
    /// A name for a length that is only known when the graph runs.
    Named(&'static str),
}

impl From<usize> for Side {
    fn from(length: usize) -> Self {
        Self::Fixed(length)
    }
}

/// The side that counts images.
pub const BATCH: Side = Side::Named("N");

/// An option of an operator.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Attribute<'a> {
    /// A whole number.
    Int(i64),
    /// Several of them.
    Ints(&'a [i64]),
    /// A number.
    Float(f32),
    /// A word.
    Text(&'a str),
}

/// Options of an operator by their names.
pub type Attributes<'a> = &'a [(&'a str, Attribute<'a>)];

struct Node {
    operator: String,
    name: String,
    /// `None` for an optional input that is left out.
    inputs: Vec<Option<Value>>,
    outputs: Vec<Value>,
    attributes: Vec<AttributeProto>,
}

struct Typed {
    value: Value,
    element: DataType,
    shape: Vec<Side>,
}

/// A graph to which nodes are added in the order of computation.
#[derive(Default)]
pub struct Graph {
    /// Names of values, by their numbers.
    values: Vec<String>,
    taken: HashSet<String>,
    scope: String,
    nodes: Vec<Node>,
    constants: Vec<(Value, TensorProto)>,
    weights: HashMap<String, Value>,
    /// Constants without names of their own, which are shared.
    unnamed: HashMap<(i32, Vec<i64>, Vec<u8>), Value>,
    inputs: Vec<Typed>,
    outputs: Vec<Typed>,
    described: Vec<Typed>,
}

impl Graph {
    /// What the graph is given.
    pub fn input(&mut self, name: &str, element: DataType, shape: &[Side]) -> Value {
        let value = self.value(name);
        self.inputs.push(Typed {
            value,
            element,
            shape: shape.to_vec(),
        });
        value
    }

    /// Lets the graph give `value`, which a node made, under this name.
    pub fn output(&mut self, name: &str, value: Value, element: DataType, shape: &[Side]) {
        let free = self.free_name(name);
        self.values[value.0] = free;
        self.described.retain(|typed| typed.value != value);
        self.outputs.push(Typed {
            value,
            element,
            shape: shape.to_vec(),
        });
    }

    /// Notes the shape of a value of 32-bit floats, for people who look at the graph.
    pub fn describe(&mut self, value: Value, shape: &[Side]) {
        self.described.push(Typed {
            value,
            element: DataType::Float,
            shape: shape.to_vec(),
        });
    }

    /// What nodes that follow belong to: their names begin with it.
    pub fn enter(&mut self, scope: &str) {
        self.scope = scope.to_string();
    }

    /// A constant of 32-bit floats with a name, such as a weight; the same one whenever that name is given again.
    pub fn weight(&mut self, name: &str, shape: &[usize], values: &[f32]) -> Value {
        if let Some(&value) = self.weights.get(name) {
            return value;
        }
        let value = self.value(name);
        self.weights.insert(name.to_string(), value);
        let tensor = TensorProto {
            dims: shape.iter().map(|&side| side as i64).collect(),
            data_type: DataType::Float.into(),
            raw_data: Some(values.iter().flat_map(|it| it.to_le_bytes()).collect()),
            ..TensorProto::default()
        };
        self.constants.push((value, tensor));
        value
    }

    /// A single 32-bit float.
    pub fn number(&mut self, value: f32) -> Value {
        self.unnamed(DataType::Float, Vec::new(), value.to_le_bytes().to_vec())
    }

    /// A list of 32-bit floats.
    pub fn numbers(&mut self, values: &[f32]) -> Value {
        let bytes = values.iter().flat_map(|it| it.to_le_bytes()).collect();
        self.unnamed(DataType::Float, vec![values.len() as i64], bytes)
    }

    /// A single whole number of 64 bits.
    pub fn int(&mut self, value: i64) -> Value {
        self.unnamed(DataType::Int64, Vec::new(), value.to_le_bytes().to_vec())
    }

    /// A list of whole numbers of 64 bits: axes, shapes, indices.
    pub fn ints(&mut self, values: &[i64]) -> Value {
        let bytes = values.iter().flat_map(|it| it.to_le_bytes()).collect();
        self.unnamed(DataType::Int64, vec![values.len() as i64], bytes)
    }

    fn unnamed(&mut self, element: DataType, dims: Vec<i64>, bytes: Vec<u8>) -> Value {
        let key = (i32::from(element), dims, bytes);
        if let Some(&value) = self.unnamed.get(&key) {
            return value;
        }
        let (_, dims, bytes) = key.clone();
        let value = self.value(&format!("constant.{}", self.unnamed.len()));
        self.unnamed.insert(key, value);
        let tensor = TensorProto {
            dims,
            data_type: element.into(),
            raw_data: Some(bytes),
            ..TensorProto::default()
        };
        self.constants.push((value, tensor));
        value
    }

    /// Adds a node with one output, called after the scope and the operator.
    pub fn node(&mut self, operator: &str, inputs: &[Value], attributes: Attributes) -> Value {
        self.layer(&self.named(operator), operator, inputs, attributes)
    }

    /// Adds a node with one output and a name of its own.
    pub fn layer(
        &mut self,
        name: &str,
        operator: &str,
        inputs: &[Value],
        attributes: Attributes,
    ) -> Value {
        let [output] = self.add(name, operator, &given(inputs), attributes);
        output
    }

    /// Adds a node with one output, some of whose inputs are left out.
    pub fn node_with_gaps(
        &mut self,
        operator: &str,
        inputs: &[Option<Value>],
        attributes: Attributes,
    ) -> Value {
        let [output] = self.add(&self.named(operator), operator, inputs, attributes);
        output
    }

    /// Adds a node with two outputs.
    pub fn pair(&mut self, operator: &str, inputs: &[Value], attributes: Attributes) -> [Value; 2] {
        self.add(&self.named(operator), operator, &given(inputs), attributes)
    }

    fn named(&self, operator: &str) -> String {
        let operator = kebab(operator);
        if self.scope.is_empty() {
            return operator;
        }
        format!("{}.{operator}", self.scope)
    }

    fn add<const OUTPUTS: usize>(
        &mut self,
        name: &str,
        operator: &str,
        inputs: &[Option<Value>],
        attributes: Attributes,
    ) -> [Value; OUTPUTS] {
        let outputs = [(); OUTPUTS].map(|()| self.value(name));
        let attributes = attributes
            .iter()
            .map(|(name, value)| attribute(name, *value));
        self.nodes.push(Node {
            operator: operator.to_string(),
            name: self.values[outputs[0].0].clone(),
            inputs: inputs.to_vec(),
            outputs: outputs.to_vec(),
            attributes: attributes.collect(),
        });
        outputs
    }

    /// A new value with this name, or the next that is free.
    fn value(&mut self, name: &str) -> Value {
        let name = self.free_name(name);
        self.values.push(name);
        Value(self.values.len() - 1)
    }

    /// `name`, or with a number behind it where it is taken: `layers.1.mul`, `layers.1.mul.2`.
    fn free_name(&mut self, name: &str) -> String {
        let numbered = (2..).map(|number| format!("{name}.{number}"));
        let mut names = std::iter::once(name.to_string()).chain(numbered);
        let free = names.find(|name| !self.taken.contains(name));
        let free = free.unwrap_or_default(); // there are always more numbers
        self.taken.insert(free.clone());
        free
    }

    /// The whole file, with `metadata` as texts by their names.
    pub fn into_model(self, name: &str, about: &str, metadata: &[(&str, String)]) -> ModelProto {
        let names = &self.values;
        let named = |value: &Value| names[value.0].clone();
        let node = |node: Node| NodeProto {
            input: node
                .inputs
                .iter()
                .map(|input| input.as_ref().map(named).unwrap_or_default())
                .collect(),
            output: node.outputs.iter().map(named).collect(),
            name: node.name,
            op_type: node.operator,
            attribute: node.attributes,
            ..NodeProto::default()
        };
        let typed = |list: &[Typed]| {
            list.iter()
                .map(|it| value_info(named(&it.value), it))
                .collect()
        };
        let graph = GraphProto {
            name: name.to_string(),
            input: typed(&self.inputs),
            output: typed(&self.outputs),
            value_info: typed(&self.described),
            initializer: self
                .constants
                .into_iter()
                .map(|(value, tensor)| TensorProto {
                    name: named(&value),
                    ..tensor
                })
                .collect(),
            node: self.nodes.into_iter().map(node).collect(),
            ..GraphProto::default()
        };
        let entry = |(key, value): &(&str, String)| StringStringEntryProto {
            key: (*key).to_string(),
            value: value.clone(),
        };
        ModelProto {
            ir_version: Some(IR_VERSION),
            producer_name: "atelier".to_string(),
            producer_version: env!("CARGO_PKG_VERSION").to_string(),
            doc_string: about.to_string(),
            graph: Some(graph),
            opset_import: vec![OperatorSetIdProto {
                domain: String::new(),
                version: Some(OPSET),
            }],
            metadata_props: metadata.iter().map(entry).collect(),
            ..ModelProto::default()
        }
    }
}

fn given(inputs: &[Value]) -> Vec<Option<Value>> {
    inputs.iter().copied().map(Some).collect()
}

fn value_info(name: String, typed: &Typed) -> ValueInfoProto {
    let side = |side: &Side| match side {
        Side::Fixed(length) => DimensionProto {
            dim_value: Some(*length as i64),
            dim_param: None,
        },
        Side::Named(name) => DimensionProto {
            dim_value: None,
            dim_param: Some((*name).to_string()),
        },
    };
    let tensor_type = TensorTypeProto {
        elem_type: typed.element.into(),
        shape: Some(TensorShapeProto {
            dim: typed.shape.iter().map(side).collect(),
        }),
    };
    ValueInfoProto {
        name,
        r#type: Some(TypeProto {
            tensor_type: Some(tensor_type),
        }),
        doc_string: String::new(),
    }
}

fn attribute(name: &str, value: Attribute) -> AttributeProto {
    let mut attribute = AttributeProto {
        name: name.to_string(),
        ..AttributeProto::default()
    };
    let kind = match value {
        Attribute::Int(value) => {
            attribute.i = Some(value);
            AttributeType::Int
        }
        Attribute::Ints(values) => {
            attribute.ints = values.to_vec();
            AttributeType::Ints
        }
        Attribute::Float(value) => {
            attribute.f = Some(value);
            AttributeType::Float
        }
        Attribute::Text(text) => {
            attribute.s = Some(text.as_bytes().to_vec());
            AttributeType::String
        }
    };
    attribute.set_type(kind);
    attribute
}

/// `MaxPool` to `max-pool`, as recipes name layers.
fn kebab(operator: &str) -> String {
    let mut name = String::new();
    let mut last_is_small = false;
    for letter in operator.chars() {
        if letter.is_ascii_uppercase() && last_is_small {
            name.push('-');
        }
        last_is_small = letter.is_ascii_lowercase();
        name.push(letter.to_ascii_lowercase());
    }
    name
}
