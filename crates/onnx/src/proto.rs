//! The messages of an ONNX file, as ONNX's `onnx.proto` numbers their fields: what graphs with static types need, no more.
//!
//! Derived by hand rather than generated, so that building needs no protobuf compiler. Fields that are not listed here
//! are skipped when a file is read. Scalars that ONNX declares optional are `Option`, so that a 0 that is set differs
//! from one that is not.

use prost::Message;

/// A whole file.
#[derive(Clone, PartialEq, Message)]
pub struct ModelProto {
    /// The version of the file format.
    #[prost(int64, optional, tag = "1")]
    pub ir_version: Option<i64>,
    /// The program that wrote the file.
    #[prost(string, tag = "2")]
    pub producer_name: String,
    /// Its version.
    #[prost(string, tag = "3")]
    pub producer_version: String,
    /// Whose model it is, as a reversed domain name.
    #[prost(string, tag = "4")]
    pub domain: String,
    /// The version of the model.
    #[prost(int64, optional, tag = "5")]
    pub model_version: Option<i64>,
    /// A description for people.
    #[prost(string, tag = "6")]
    pub doc_string: String,
    /// What is computed.
    #[prost(message, optional, tag = "7")]
    pub graph: Option<GraphProto>,
    /// The sets of operators that the graph uses.
    #[prost(message, repeated, tag = "8")]
    pub opset_import: Vec<OperatorSetIdProto>,
    /// Anything else, by name.
    #[prost(message, repeated, tag = "14")]
    pub metadata_props: Vec<StringStringEntryProto>,
    /// Operators that the file defines itself, not decoded.
    #[prost(bytes = "vec", repeated, tag = "25")]
    pub functions: Vec<Vec<u8>>,
}

/// A set of operators and its version.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct OperatorSetIdProto {
    /// Empty for ONNX's own operators.
    #[prost(string, tag = "1")]
    pub domain: String,
    /// The version, called opset.
    #[prost(int64, optional, tag = "2")]
    pub version: Option<i64>,
}

/// A text by its name.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct StringStringEntryProto {
    /// The name.
    #[prost(string, tag = "1")]
    pub key: String,
    /// The text.
    #[prost(string, tag = "2")]
    pub value: String,
}

/// Nodes in the order of computation, with constants, inputs and outputs.
#[derive(Clone, PartialEq, Message)]
pub struct GraphProto {
    /// Sorted: every node behind those whose outputs it reads.
    #[prost(message, repeated, tag = "1")]
    pub node: Vec<NodeProto>,
    /// The graph's name.
    #[prost(string, tag = "2")]
    pub name: String,
    /// Constants: weights, mostly.
    #[prost(message, repeated, tag = "5")]
    pub initializer: Vec<TensorProto>,
    /// A description for people.
    #[prost(string, tag = "10")]
    pub doc_string: String,
    /// What the graph is given; in old files also the names of constants.
    #[prost(message, repeated, tag = "11")]
    pub input: Vec<ValueInfoProto>,
    /// What it gives.
    #[prost(message, repeated, tag = "12")]
    pub output: Vec<ValueInfoProto>,
    /// Types of values in between, where they are noted.
    #[prost(message, repeated, tag = "13")]
    pub value_info: Vec<ValueInfoProto>,
    /// Sparse constants, not decoded.
    #[prost(bytes = "vec", repeated, tag = "15")]
    pub sparse_initializer: Vec<Vec<u8>>,
}

/// One operator and the names of what it reads and makes.
#[derive(Clone, PartialEq, Message)]
pub struct NodeProto {
    /// Names of its inputs; an empty name stands for an optional input that is left out.
    #[prost(string, repeated, tag = "1")]
    pub input: Vec<String>,
    /// Names of its outputs; likewise.
    #[prost(string, repeated, tag = "2")]
    pub output: Vec<String>,
    /// The node's own name, for people.
    #[prost(string, tag = "3")]
    pub name: String,
    /// The operator.
    #[prost(string, tag = "4")]
    pub op_type: String,
    /// The operator's options.
    #[prost(message, repeated, tag = "5")]
    pub attribute: Vec<AttributeProto>,
    /// A description for people.
    #[prost(string, tag = "6")]
    pub doc_string: String,
    /// The set of operators it belongs to; empty for ONNX's own.
    #[prost(string, tag = "7")]
    pub domain: String,
}

/// An option of an operator.
#[derive(Clone, PartialEq, Message)]
pub struct AttributeProto {
    /// The option's name.
    #[prost(string, tag = "1")]
    pub name: String,
    /// A number.
    #[prost(float, optional, tag = "2")]
    pub f: Option<f32>,
    /// A whole number.
    #[prost(int64, optional, tag = "3")]
    pub i: Option<i64>,
    /// A text in UTF-8.
    #[prost(bytes = "vec", optional, tag = "4")]
    pub s: Option<Vec<u8>>,
    /// A tensor.
    #[prost(message, optional, tag = "5")]
    pub t: Option<TensorProto>,
    /// A graph, for operators that branch or loop.
    #[prost(message, optional, boxed, tag = "6")]
    pub g: Option<Box<GraphProto>>,
    /// Numbers.
    #[prost(float, repeated, packed = "false", tag = "7")]
    pub floats: Vec<f32>,
    /// Whole numbers.
    #[prost(int64, repeated, packed = "false", tag = "8")]
    pub ints: Vec<i64>,
    /// Texts.
    #[prost(bytes = "vec", repeated, tag = "9")]
    pub strings: Vec<Vec<u8>>,
    /// Which of the fields holds the value.
    #[prost(enumeration = "AttributeType", tag = "20")]
    pub r#type: i32,
}

/// Which field of an [`AttributeProto`] holds its value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum AttributeType {
    /// Not noted.
    Undefined = 0,
    /// `f`
    Float = 1,
    /// `i`
    Int = 2,
    /// `s`
    String = 3,
    /// `t`
    Tensor = 4,
    /// `g`
    Graph = 5,
    /// `floats`
    Floats = 6,
    /// `ints`
    Ints = 7,
    /// `strings`
    Strings = 8,
    /// Several tensors, which are not read.
    Tensors = 9,
    /// Several graphs, which are not read.
    Graphs = 10,
}

/// A constant. Its elements are in `raw_data`, or in the list for its type.
#[derive(Clone, PartialEq, Message)]
pub struct TensorProto {
    /// The shape; empty for a single number.
    #[prost(int64, repeated, packed = "false", tag = "1")]
    pub dims: Vec<i64>,
    /// The type of its elements, a [`DataType`].
    #[prost(enumeration = "DataType", tag = "2")]
    pub data_type: i32,
    /// Elements of type `Float`.
    #[prost(float, repeated, tag = "4")]
    pub float_data: Vec<f32>,
    /// Elements of all types of at most 32 bits that have no list of their own; 16-bit floats by their bits.
    #[prost(int32, repeated, tag = "5")]
    pub int32_data: Vec<i32>,
    /// Elements of type `String`.
    #[prost(bytes = "vec", repeated, tag = "6")]
    pub string_data: Vec<Vec<u8>>,
    /// Elements of type `Int64`.
    #[prost(int64, repeated, tag = "7")]
    pub int64_data: Vec<i64>,
    /// The name that nodes use.
    #[prost(string, tag = "8")]
    pub name: String,
    /// All elements in a row, little-endian.
    #[prost(bytes = "vec", optional, tag = "9")]
    pub raw_data: Option<Vec<u8>>,
    /// Elements of type `Double`.
    #[prost(double, repeated, tag = "10")]
    pub double_data: Vec<f64>,
    /// Elements of type `Uint32` and `Uint64`.
    #[prost(uint64, repeated, tag = "11")]
    pub uint64_data: Vec<u64>,
    /// A description for people.
    #[prost(string, tag = "12")]
    pub doc_string: String,
    /// Where the elements are, when they are in another file.
    #[prost(message, repeated, tag = "13")]
    pub external_data: Vec<StringStringEntryProto>,
    /// 1 when they are in another file.
    #[prost(int32, optional, tag = "14")]
    pub data_location: Option<i32>,
}

/// Types of elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, prost::Enumeration)]
#[repr(i32)]
pub enum DataType {
    /// Not noted.
    Undefined = 0,
    /// 32-bit float.
    Float = 1,
    /// Unsigned byte.
    Uint8 = 2,
    /// Signed byte.
    Int8 = 3,
    /// 16 bits, unsigned.
    Uint16 = 4,
    /// 16 bits, signed.
    Int16 = 5,
    /// 32 bits, signed.
    Int32 = 6,
    /// 64 bits, signed.
    Int64 = 7,
    /// Text.
    String = 8,
    /// True or false, a byte each.
    Bool = 9,
    /// IEEE half precision.
    Float16 = 10,
    /// 64-bit float.
    Double = 11,
    /// 32 bits, unsigned.
    Uint32 = 12,
    /// 64 bits, unsigned.
    Uint64 = 13,
    /// Two 32-bit floats.
    Complex64 = 14,
    /// Two 64-bit floats.
    Complex128 = 15,
    /// The upper half of a 32-bit float.
    Bfloat16 = 16,
}

/// The name and type of a value.
#[derive(Clone, PartialEq, Message)]
pub struct ValueInfoProto {
    /// The name that nodes use.
    #[prost(string, tag = "1")]
    pub name: String,
    /// Its type.
    #[prost(message, optional, tag = "2")]
    pub r#type: Option<TypeProto>,
    /// A description for people.
    #[prost(string, tag = "3")]
    pub doc_string: String,
}

/// The type of a value: a tensor, or something that is not read (a sequence, a map, an optional value).
#[derive(Clone, PartialEq, Message)]
pub struct TypeProto {
    /// A tensor's type.
    #[prost(message, optional, tag = "1")]
    pub tensor_type: Option<TensorTypeProto>,
}

/// Elements and shape of a tensor.
#[derive(Clone, PartialEq, Message)]
pub struct TensorTypeProto {
    /// The type of its elements, a [`DataType`].
    #[prost(enumeration = "DataType", tag = "1")]
    pub elem_type: i32,
    /// Its shape; none when even the number of sides is unknown.
    #[prost(message, optional, tag = "2")]
    pub shape: Option<TensorShapeProto>,
}

/// The sides of a tensor.
#[derive(Clone, PartialEq, Message)]
pub struct TensorShapeProto {
    /// Outermost first.
    #[prost(message, repeated, tag = "1")]
    pub dim: Vec<DimensionProto>,
}

/// One side of a tensor: a number, a name, or neither when it is unknown (`TensorShapeProto.Dimension` in ONNX).
#[derive(Clone, PartialEq, Eq, Message)]
pub struct DimensionProto {
    /// Its length.
    #[prost(int64, optional, tag = "1")]
    pub dim_value: Option<i64>,
    /// Its name, when its length is only known when the graph runs.
    #[prost(string, optional, tag = "2")]
    pub dim_param: Option<String>,
}
