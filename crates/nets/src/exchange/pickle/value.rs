//! The values of a pickle.

use std::rc::Rc;

use crate::exchange::number::Number;

/// A value's place in [`Values`].
///
/// Values refer to each other by place: however deep a hostile file nests them, nothing here recurses.
pub type Id = u32;

/// A value of which nothing is needed. All of them are one, so that a million cost nothing.
pub const OTHER: Id = 0;
/// Python's `True`.
pub const TRUE: Id = 1;

/// A value that a state dict may hold.
#[derive(Clone, Debug, PartialEq)]
pub enum Value {
    /// Of no use here: a float, a list, bytes, a set, ...
    Other,
    True,
    Int(i64),
    Text(Rc<str>),
    Tuple(Vec<Id>),
    Dict(Vec<(Id, Id)>),
    Callable(Callable),
    Storage(Storage),
    Tensor(Rc<TensorView>),
}

/// What a pickle may name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Callable {
    OrderedDict,
    RebuildTensor,
    RebuildParameter,
    Storage(Number),
    /// It makes a value of which nothing is needed.
    Other,
}

impl Callable {
    /// What a pickle means by this name.
    pub fn named(module: &str, name: &str) -> Result<Self, String> {
        Ok(match (module, name) {
            ("collections", "OrderedDict") => Self::OrderedDict,
            ("torch._utils", "_rebuild_tensor_v2" | "_rebuild_tensor") => Self::RebuildTensor,
            ("torch._utils", "_rebuild_parameter") => Self::RebuildParameter,
            ("torch", "Size" | "device")
            | ("collections", "Counter")
            | ("_codecs", "encode")
            | ("builtins" | "__builtin__", "set" | "frozenset" | "bytearray" | "complex") => {
                Self::Other
            }
            ("torch", class) if class.ends_with("Storage") => {
                let number = Number::of_storage(class);
                Self::Storage(number.ok_or_else(|| {
                    format!("it holds a {class}; only real numbers of 8 to 64 bits can be read")
                })?)
            }
            // A type of numbers, as torch.float32.
            (
                "torch",
                "float16" | "float32" | "float64" | "bfloat16" | "int8" | "int16" | "int32"
                | "int64" | "uint8" | "bool",
            ) => Self::Other,
            _ => {
                return Err(format!(
                    "it asks for {module}.{name}; only tensors are read and nothing is executed. \
                     Save the weights alone: torch.save(model.state_dict(), PATH)"
                ));
            }
        })
    }
}

/// Numbers in an entry of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Storage {
    pub number: Number,
    /// The entry's name behind `data/`.
    pub key: Rc<str>,
}

/// A tensor as a view of a storage; places are counted in elements.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TensorView {
    pub storage: Storage,
    pub offset: usize,
    pub shape: Vec<usize>,
    pub strides: Vec<usize>,
    /// Whether every element counts with the other sign (PyTorch's negative bit).
    pub negative: bool,
}

/// All values of a pickle.
#[derive(Debug)]
pub struct Values {
    pub(super) all: Vec<Value>,
}

impl Values {
    pub fn get(&self, id: Id) -> &Value {
        &self.all[id as usize]
    }

    /// All values, in the order in which they were made.
    pub fn iter(&self) -> impl Iterator<Item = &Value> {
        self.all.iter()
    }

    /// The entries of a dictionary whose keys are text; none for other values.
    pub fn named(&self, id: Id) -> impl Iterator<Item = (&str, Id)> {
        let pairs = match self.get(id) {
            Value::Dict(pairs) => pairs.as_slice(),
            _ => &[],
        };
        pairs
            .iter()
            .filter_map(|(key, value)| match self.get(*key) {
                Value::Text(name) => Some((&**name, *value)),
                _ => None,
            })
    }
}
